package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"kmcr/match"
	"kmcr/synth"
)

// country is what people and places are called somewhere.
type country struct{ families, given, streets, towns []string }

var abroad = map[string]country{
	"Germany": {strings.Fields("Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange"),
		strings.Fields("Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Maria Ursula Monika Petra Elisabeth Sabine Renate Helga Karin Lena Hannah Jonas"),
		strings.Fields("Hauptstraße Schulstraße Gartenstraße Bahnhofstraße Dorfstraße Birkenweg Lindenallee Amselweg"), strings.Fields("Berlin Hamburg München Köln Essen Leipzig Bremen")},
	"Poland": {strings.Fields("Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Woźniak Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Zając Król Wróbel Pawlak Walczak Baran"),
		strings.Fields("Jan Andrzej Piotr Krzysztof Stanisław Tomasz Paweł Marcin Anna Maria Katarzyna Małgorzata Agnieszka Ewa Zofia Joanna Danuta Irena"),
		strings.Fields("Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Brzozowa"), strings.Fields("Warszawa Kraków Łódź Wrocław Poznań Gdańsk Lublin")},
	"India": {strings.Fields("Sharma Verma Gupta Singh Kumar Patel Reddy Nair Iyer Rao Das Ghosh Banerjee Joshi Mehta Shah Desai Kulkarni Patil Yadav Mishra Pandey"),
		strings.Fields("Amit Rahul Raj Sanjay Vijay Anil Sunil Ravi Suresh Ramesh Priya Anjali Neha Pooja Kavita Sunita Anita Geeta Lakshmi Usha"),
		strings.Fields("Gandhi Nehru Station Temple Church Market Lake Hill"), strings.Fields("Mumbai Delhi Bangalore Chennai Hyderabad Pune Jaipur")},
}

// register writes 1,000 people of a country and 1,000 copies of some of them, with up to so many slips in each, in FEBRL's columns.
// Postcodes go with towns, as they do. So many in a hundred live with the one before; of so many in a thousand copies somebody wrote
// down the number of the one before.
func (c country) register(r *rand.Rand, slips, relatives, mistaken int) string {
	pick := func(from []string) string { return from[min(r.IntN(len(from)), r.IntN(len(from)))] }
	var b strings.Builder
	b.WriteString("rec_id,given_name,surname,street_number,address_1,suburb,postcode,date_of_birth,soc_sec_id\n")
	people := make([][]string, 1000)
	for i := range people {
		town := r.IntN(len(c.towns))
		people[i] = []string{pick(c.given), pick(c.families), fmt.Sprint(1 + r.IntN(200)), pick(c.streets), c.towns[town], fmt.Sprintf("%02d%03d", 10+town, r.IntN(12)*7),
			fmt.Sprintf("%d%02d%02d", 1920+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28)), fmt.Sprint(1_000_000 + r.IntN(8_999_999))}
		if i > 0 && r.IntN(100) < relatives {
			copy(people[i][1:6], people[i-1][1:6])
		}
		fmt.Fprintf(&b, "rec-%d-org,%s\n", i, strings.Join(people[i], ","))
	}
	for n := range 1000 {
		i := r.IntN(len(people))
		row := append([]string{}, people[i]...)
		for range 1 + r.IntN(slips) {
			at := r.IntN(len(row))
			row[at] = slipped(r, row[at])
		}
		if i > 0 && r.IntN(1000) < mistaken {
			row[7] = people[i-1][7]
		}
		fmt.Fprintf(&b, "rec-%d-dup-%d,%s\n", i, n, strings.Join(row, ","))
	}
	return b.String()
}

// slipped is a text with one slip of the hand, or without anything.
func slipped(r *rand.Rand, s string) string {
	letters := []rune(s)
	if len(letters) < 2 || r.IntN(12) == 0 {
		return ""
	}
	at := r.IntN(len(letters) - 1)
	switch r.IntN(3) {
	case 0:
		letters[at], letters[at+1] = letters[at+1], letters[at]
	case 1:
		letters = append(letters[:at], letters[at+1:]...)
	default:
		letters[at] = letters[r.IntN(len(letters))]
	}
	return string(letters)
}

// Registers of other countries: nobody is joined to somebody else, and hardly anything is left to a person.
func TestEvaluateAbroad(t *testing.T) {
	for name, c := range abroad {
		for _, slips := range []int{1, 4} {
			t.Run(fmt.Sprint(name, " ", slips), func(t *testing.T) {
				records, err := readLabelled(strings.NewReader(c.register(rand.New(rand.NewPCG(7, uint64(slips))), slips, 0, 0)))
				if err != nil {
					t.Fatal(err)
				}
				if s := evaluate(records); s.Precision < 1 || s.Found < 0.98 || s.Review >= 0.02 {
					t.Errorf("%+v", s)
				}
			})
		}
	}
}

// Where relatives live together, a number of their own still says who is who: little is left to a person. Where such numbers are
// mistaken now and then, more is, and nobody is joined to a relative.
func TestEvaluateHomesAbroad(t *testing.T) {
	for name, c := range abroad {
		for mistaken, most := range map[int]float64{0: 0.06, 20: 0.3} {
			t.Run(fmt.Sprint(name, " ", mistaken), func(t *testing.T) {
				records, err := readLabelled(strings.NewReader(c.register(rand.New(rand.NewPCG(8, 0)), 2, 30, mistaken)))
				if err != nil {
					t.Fatal(err)
				}
				if s := evaluate(records); s.Precision < 1 || s.Found < 0.98 || s.Review > most {
					t.Errorf("%+v", s)
				}
			})
		}
	}
}

// A few relatives and namesakes hidden among people of whom none else live together: the rules that keep relatives apart are eased
// for what is a slip, and still none of them is joined to another.
func TestEvaluateFewRelativesAbroad(t *testing.T) {
	kin := []struct {
		kind  string
		given [2]string
		born  [2]string
		away  bool // the second lives elsewhere
	}{
		{"twins", [2]string{"Anna", "Maria"}, [2]string{"19710602", "19710602"}, false},
		{"twins of like names", [2]string{"Maria", "Mario"}, [2]string{"19710602", "19710602"}, false},
		{"father and son of one name", [2]string{"Jan", "Jan"}, [2]string{"19310602", "19610602"}, false},
		{"father and son born on other days", [2]string{"Jan", "Jan"}, [2]string{"19310602", "19581124"}, false},
		{"brothers", [2]string{"Jan", "Peter"}, [2]string{"19710602", "19740811"}, false},
		{"namesakes born on one day", [2]string{"Anna", "Anna"}, [2]string{"19710602", "19710602"}, true},
	}
	for name, c := range abroad {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString(c.register(rand.New(rand.NewPCG(9, 0)), 2, 0, 0))
			for i, k := range kin {
				for who := range 2 {
					home := fmt.Sprintf("%d,%s,%s,10000", 300+i, c.streets[0], c.towns[0])
					if k.away && who == 1 {
						home = fmt.Sprintf("7,%s,%s,10077", c.streets[1], c.towns[0])
					}
					row := strings.Join([]string{k.given[who], c.families[i], home, k.born[who], fmt.Sprint(2_111_111 + 1_234_567*i + 3_456_789*who)}, ",")
					fmt.Fprintf(&b, "rec-%d-org,%s\nrec-%d-dup-0,%s\n", 5000+2*i+who, row, 5000+2*i+who, row)
				}
			}
			records, err := readLabelled(strings.NewReader(b.String()))
			if err != nil {
				t.Fatal(err)
			}
			if s := evaluate(records); s.Precision < 1 || s.Found < 0.98 || s.Review >= 0.03 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// Files of nothing but pairs that are made to mislead, all kinds together and each alone: what is the same in all of them is not taken
// for what is the same of one person.
func TestEvaluateAdversarialPairs(t *testing.T) {
	pairs := synth.AdversarialPairs(11, 3_300, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, kind := range append([]string{""}, synth.PairKinds...) {
		var records []labelled
		for i, p := range pairs {
			if kind != "" && p.Kind != kind {
				continue
			}
			a := labelled{person: fmt.Sprint(i), id: identityOf(p.A)}
			b := labelled{person: a.person, id: identityOf(p.B)}
			if !p.Same {
				b.person += " other"
			}
			records = append(records, a, b)
		}
		if s := evaluate(records); s.Precision < 1 || s.Found < 0.95 {
			t.Errorf("%q: %+v", kind, s)
		}
	}
}

func identityOf(p synth.Person) match.Identity {
	row := map[string]string{"nhs_number": string(p.NHS), "given": p.Given, "family": p.Family, "born": p.Born.Format(time.DateOnly), "sex": p.Sex,
		"postcode": p.Postcode, "address": p.Line, "town": p.Town, "telephone": p.Telephone, "practice": string(p.Practice)}
	return identityIn(func(column string) string { return row[column] }, dayFirst)
}
