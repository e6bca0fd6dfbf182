package synth

import "time"

const day = 24 * time.Hour

var girls = []string{"Olivia", "Amelia", "Isla", "Ava", "Ivy", "Freya", "Lily", "Florence", "Mia", "Willow", "Grace", "Hannah",
	"Margaret", "Jean", "Dorothy", "Patricia", "Susan", "Christine", "Linda", "Carol", "Janet", "Zainab", "Aisha", "Priya", "Chloe",
	"Katarzyna", "Siobhán", "Zoë", "Ngozi", "Mei", "Agnieszka", "Yasmin", "Ruth", "Edith", "Joyce", "Marjorie"}

var boys = []string{"Noah", "Oliver", "George", "Arthur", "Leo", "Oscar", "Theodore", "Henry", "Jack", "Thomas", "William", "James",
	"Ronald", "Kenneth", "Derek", "Alan", "Brian", "Peter", "Michael", "David", "Mohammed", "Imran", "Arjun", "Kwame", "Piotr",
	"Seán", "José", "Wei", "Tomasz", "Samuel", "Reginald", "Stanley", "Dennis", "Gordon", "Frank", "Walter"}

var families = []string{"Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel", "Wright", "Walker",
	"Robinson", "Thompson", "White", "Hughes", "Edwards", "Green", "Hall", "Wood", "Harris", "Khan", "Begum", "Ali", "Singh", "Kaur",
	"Kowalski", "Nowak", "Okonkwo", "Mensah", "O'Brien", "O'Connor", "Fitzgerald", "MacDonald", "Smith-Hughes", "Van der Berg",
	"Chen", "García", "Müller", "Featherstone", "Culpepper", "Hogben", "Sladden", "Twyman", "Goldfinch", "Marsh", "Pantling"}

var streets = []string{"High Street", "Church Road", "Station Road", "Mill Lane", "Stour Road", "Canterbury Road", "Dover Road",
	"Orchard Way", "Hop Garden Lane", "Oast Close", "Romney Avenue", "Chestnut Drive", "Weald View", "Harbour Street", "Castle Hill"}

var inward = []string{"A", "B", "D", "E", "F", "G", "H", "J", "L", "N", "P", "Q", "R", "S", "T", "U", "W", "X", "Y", "Z"}

var gps = []string{"Dr A Nwosu", "Dr R Patel", "Dr H Clarke", "Dr S Lindqvist"}
