package synth

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"kmcr"
)

// World is a synthetic population and what is said about it.
type World struct {
	Now    time.Time
	People []*Person
	size   int // how many there are to be
	drawn  int // how many More has given
	cast   int // how many of People the stories need; Forget keeps these
	gone   int // how many Forget has let go
	rng    *rand.Rand
	next   int // for NHS numbers
}

// Person is one synthetic person as they really are; what contributors say
// of them may differ (stories set that).
type Person struct {
	ID        string // "p17", or the story's own name for the person
	NHS       kmcr.NHSNumber
	Title     string
	Given     string
	Family    string
	Preferred string
	Sex       string // "female", "male"
	Born      time.Time
	Died      time.Time
	Line      string // first line of address
	Town      string
	Postcode  string
	Telephone string
	Practice  kmcr.ODS
	Kin       *Person // next of kin
	KinHow    string  // "wife", "mother"
	Events    []Event
}

// Event is one thing that happened to a person, as one contributor has it.
// Fields depend on Do; see stories.json for examples of each.
type Event struct {
	From   kmcr.ContributorCode
	Do     string
	At     time.Time
	Fields map[string]string
}

// Generate makes a world of n people (stories included) as it stands at now.
// The same seed, n and day give the same world.
func Generate(seed uint64, n int, now time.Time) (*World, error) {
	w, err := Begin(seed, n, now)
	if err == nil {
		w.More(n)
	}
	return w, err
}

// Begin makes the world of Generate with nobody in it but the people of the stories; More draws the others.
func Begin(seed uint64, n int, now time.Time) (*World, error) {
	w := &World{Now: now.Truncate(time.Hour), rng: rand.New(rand.NewPCG(seed, 0x6b6d6372))}
	if err := w.addStories(); err != nil {
		return nil, err
	}
	w.size, w.cast = n, len(w.People)
	return w, nil
}

// More draws the next people of the world, household by household, at least so
// many; the people of the stories come first. Nil when there are no more.
func (w *World) More(people int) []*Person {
	from := w.drawn - w.gone
	for w.made() < w.size && len(w.People)-from < people {
		w.addHousehold(w.size - w.made())
	}
	w.drawn = w.made()
	return w.People[from:]
}

// Forget lets go of everybody that More has given, the slices too, but the people of the stories: a great population is not held at once.
func (w *World) Forget() {
	w.gone += len(w.People) - w.cast
	clear(w.People[w.cast:])
	w.People = w.People[:w.cast]
}

// made is how many people the world has had so far, forgotten ones too.
func (w *World) made() int { return w.gone + len(w.People) }

// Person finds a person by ID; nil where there is none.
func (w *World) Person(id string) *Person {
	for _, p := range w.People {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// nhsNumber draws the next valid number of the test range.
func (w *World) nhsNumber() kmcr.NHSNumber {
	for {
		// 999 then six digits that walk the range without order (7919 is prime to 10^6).
		w.next++
		nine := fmt.Sprintf("999%06d", (w.next*7919+100003)%1000000)
		for d := '0'; d <= '9'; d++ {
			if n, err := kmcr.ParseNHSNumber(nine + string(d)); err == nil {
				return n
			}
		}
	}
}

func (w *World) pick(list []string) string { return list[w.rng.IntN(len(list))] }

func (w *World) chance(p float64) bool { return w.rng.Float64() < p }

func (w *World) days(n int) time.Time { return w.Now.AddDate(0, 0, n) }

// home draws a place to live, as what it sets of a person.
func (w *World) home() Person {
	t := towns[w.rng.IntN(len(towns))]
	return Person{
		Town:      t.name,
		Line:      fmt.Sprintf("%d %s", 1+w.rng.IntN(180), w.pick(streets)),
		Postcode:  fmt.Sprintf("%s %d%s%s", t.outward, 1+w.rng.IntN(9), w.pick(inward), w.pick(inward)),
		Telephone: fmt.Sprintf("%s 496%04d", t.dial, w.rng.IntN(10000)),
		Practice:  t.practices[w.rng.IntN(len(t.practices))],
	}
}

// addHousehold makes one to five people at one address, at most limit.
func (w *World) addHousehold(limit int) {
	h := w.home()
	family := w.pick(families)
	from := len(w.People)
	member := func(sex string, age int) *Person {
		p := w.newPerson(sex, family, age)
		p.Line, p.Town, p.Postcode, p.Telephone, p.Practice = h.Line, h.Town, h.Postcode, h.Telephone, h.Practice
		w.People = append(w.People, p)
		return p
	}
	age := 20 + w.rng.IntN(70)
	first := member(w.pick([]string{"female", "male"}), age)
	if limit > 1 && w.chance(0.6) {
		other := "male"
		if first.Sex == "male" {
			other = "female"
		}
		second := member(other, max(19, age-5+w.rng.IntN(10)))
		first.Kin, first.KinHow, second.Kin, second.KinHow = second, "partner", first, "partner"
	}
	for children := w.rng.IntN(4); children > 0 && age > 22 && age < 58 && limit > 5; children-- {
		child := member(w.pick([]string{"female", "male"}), w.rng.IntN(min(18, age-19)))
		child.Kin, child.KinHow = first, map[string]string{"female": "mother", "male": "father"}[first.Sex]
	}
	for _, p := range w.People[from:] {
		w.liveALife(p)
	}
}

func (w *World) newPerson(sex, family string, age int) *Person {
	born := w.Now.AddDate(-age, 0, -w.rng.IntN(365)).Truncate(24 * time.Hour)
	p := &Person{ID: fmt.Sprintf("p%d", w.made()+1), NHS: w.nhsNumber(), Sex: sex, Family: family, Born: born}
	switch {
	case sex == "female" && age < 18:
		p.Title, p.Given = "Miss", w.pick(girls)
	case sex == "female":
		p.Title, p.Given = w.pick([]string{"Mrs", "Ms", "Miss", "Dr"}), w.pick(girls)
	case age < 18:
		p.Title, p.Given = "Master", w.pick(boys)
	default:
		p.Title, p.Given = "Mr", w.pick(boys)
	}
	return p
}

func (p *Person) age(at time.Time) int {
	years := at.Year() - p.Born.Year()
	if at.YearDay() < p.Born.YearDay() {
		years--
	}
	return years
}

// local is the identifier that a contributor's own system has for the person:
// no two people of a contributor share one, for no two share a number.
func (p *Person) local(from kmcr.ContributorCode) string {
	h := uint32(2166136261)
	for _, c := range from {
		h = (h ^ uint32(c)) * 16777619
	}
	drawn, _ := strconv.Atoi(string(p.NHS)[3:9])
	return fmt.Sprintf("%s%07d", strings.ToUpper(string(from[:1])), 1000000+(drawn*7919+int(h%1000000))%1000000) // 7919 is prime to 10^6
}
