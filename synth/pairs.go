package synth

import (
	"math/rand/v2"
	"strings"
	"time"
)

// Pair is two entries as two contributors may have them, and whether they are of one person.
type Pair struct {
	Kind string
	A, B Person
	Same bool
}

// PairKinds are the ways in which two people come to look like one, or one
// like two.
var PairKinds = []string{"twins", "twins of like names", "siblings", "father and son of one name", "namesakes born on one day",
	"number misapplied to a relative", "number misapplied to a stranger", "one number for two babies", "surname changed", "moved house", "typing slips"}

// AdversarialPairs draws n pairs, of every kind as many. The same seed gives the same pairs.
func AdversarialPairs(seed uint64, n int, now time.Time) []Pair {
	w := &World{Now: now.Truncate(time.Hour), rng: rand.New(rand.NewPCG(seed, 0x70616972))}
	pairs := make([]Pair, n)
	for i := range pairs {
		pairs[i] = w.pair(PairKinds[i%len(PairKinds)])
		for _, p := range []*Person{&pairs[i].A, &pairs[i].B} {
			w.forget(p)
		}
	}
	return pairs
}

// likeNames are given names that twins bear and that a slip of the hand makes of one another.
var likeNames = [][2]string{{"Jayden", "Hayden"}, {"Ella", "Ellie"}, {"Paul", "Paula"}, {"Mia", "Mya"}, {"Aimee", "Amie"}, {"Kian", "Kieran"},
	{"Daniel", "Danielle"}, {"Christine", "Christina"}, {"Olivia", "Alivia"}, {"Zara", "Sara"}, {"Tariq", "Tarik"}, {"Amalia", "Amelia"},
	{"Harry", "Henry"}, {"Jack", "John"}, {"Xanthe", "Xanthia"}, {"Louis", "Louise"}, {"Anya", "Anaya"}, {"Ayaan", "Aryan"}}

func (w *World) pair(kind string) Pair {
	a := w.somebody(w.pick([]string{"female", "male"}), 20+w.rng.IntN(60))
	b := *a
	b.NHS = w.nhsNumber()
	p := Pair{Kind: kind}
	switch kind {
	case "twins":
		b.Given = w.otherGiven(a)
	case "twins of like names":
		names := likeNames[w.rng.IntN(len(likeNames))]
		a.Given, b.Given = names[0], names[1]
	case "siblings":
		b.Given, b.Born = w.otherGiven(a), a.Born.AddDate(1+w.rng.IntN(6), w.rng.IntN(12), 0)
	case "father and son of one name":
		b.Born = a.Born.AddDate(20+w.rng.IntN(2)*10, 0, 0)
		if w.chance(0.5) {
			b.Born = b.Born.AddDate(w.rng.IntN(9), w.rng.IntN(12), w.rng.IntN(28))
		}
	case "namesakes born on one day":
		w.move(&b)
	case "number misapplied to a relative":
		b.Given, b.NHS = w.otherGiven(a), a.NHS
		if w.chance(0.5) {
			b.Born = a.Born.AddDate(2+w.rng.IntN(5), w.rng.IntN(12), 0)
		}
	case "number misapplied to a stranger":
		b = *w.somebody(w.pick([]string{"female", "male"}), 20+w.rng.IntN(60))
		b.NHS = a.NHS
		if w.chance(0.2) {
			b.Born = a.Born
		}
		if w.chance(0.2) {
			b.Family = a.Family
		}
		if b.Given == a.Given { // with number, name and birth the same nobody could tell
			b.Given = w.otherGiven(&b)
		}
	case "one number for two babies":
		a.Born = w.days(-w.rng.IntN(60)).Truncate(day)
		b.Born, b.NHS, a.Given, b.Given = a.Born, a.NHS, w.pick([]string{"Baby", "Twin 1", "Boy"}), w.otherGiven(a)
	case "surname changed":
		p.Same, b.NHS, b.Family = true, a.NHS, w.pick(families)
	case "moved house":
		p.Same, b.NHS = true, a.NHS
		w.move(&b)
	case "typing slips":
		p.Same, b.NHS = true, a.NHS
		w.slip(&b)
	}
	p.A, p.B = *a, b
	return p
}

// somebody is a person with a home and no history.
func (w *World) somebody(sex string, age int) *Person {
	p := w.newPerson(sex, w.pick(families), age)
	w.move(p)
	return p
}

// move gives a person another home.
func (w *World) move(p *Person) {
	h := w.home()
	p.Line, p.Town, p.Postcode, p.Telephone, p.Practice = h.Line, h.Town, h.Postcode, h.Telephone, h.Practice
}

func (w *World) otherGiven(p *Person) string {
	names := girls
	if p.Sex == "male" {
		names = boys
	}
	for {
		if n := w.pick(names); n != p.Given {
			return n
		}
	}
}

// slip makes one or two typing slips.
func (w *World) slip(p *Person) {
	for range 1 + w.rng.IntN(2) {
		switch w.rng.IntN(6) {
		case 0:
			p.Given = w.mistype(p.Given)
		case 1:
			p.Family = w.mistype(p.Family)
		case 2:
			p.Line = w.mistype(p.Line)
		case 3:
			if d := p.Born.Day(); d <= 12 {
				p.Born = time.Date(p.Born.Year(), time.Month(d), int(p.Born.Month()), 0, 0, 0, 0, time.UTC)
			}
		case 4:
			p.Postcode = w.mistype(p.Postcode)
		case 5:
			p.Given, p.Family = p.Family, p.Given
		}
	}
}

// mistype leaves a letter out, puts one in, or changes two over.
func (w *World) mistype(s string) string {
	r := []rune(s)
	if len(r) < 3 {
		return s
	}
	i := 1 + w.rng.IntN(len(r)-2)
	switch w.rng.IntN(3) {
	case 0:
		return string(r[:i]) + string(r[i+1:])
	case 1:
		return string(r[:i]) + w.pick([]string{"a", "e", "n", "s"}) + string(r[i:])
	}
	r[i], r[i+1] = r[i+1], r[i]
	return string(r)
}

// forget leaves out what a contributor often does not have.
func (w *World) forget(p *Person) {
	if w.chance(0.4) {
		p.NHS = ""
	}
	if w.chance(0.3) {
		p.Telephone = ""
	}
	if w.chance(0.15) {
		p.Postcode, p.Line = "", ""
	}
	if w.chance(0.1) {
		p.Practice = ""
	}
}

// Register draws the entries of a register of n people, households and all,
// as several contributors have them, one to three of each: with slips, moves
// and gaps. The head line names the columns (kmcr match estimate, evaluate).
func Register(seed uint64, n int, now time.Time) [][]string {
	w := &World{Now: now.Truncate(time.Hour), rng: rand.New(rand.NewPCG(seed, 0x72656769)), size: n}
	rows := [][]string{{"record_id", "person_id", "nhs_number", "given", "family", "born", "sex", "postcode", "address", "town", "telephone", "practice"}}
	for _, p := range w.More(n) {
		for range 1 + w.rng.IntN(3) {
			e := *p
			if w.chance(0.2) {
				w.slip(&e)
			}
			if w.chance(0.1) {
				w.move(&e)
			}
			if e.Sex == "female" && w.chance(0.03) {
				e.Family = w.pick(families)
			}
			w.forget(&e)
			rows = append(rows, []string{"r" + strings.TrimPrefix(p.ID, "p") + "-" + string(rune('a'+len(rows)%26)), p.ID, string(e.NHS), e.Given, e.Family,
				e.Born.Format(time.DateOnly), e.Sex, e.Postcode, e.Line, e.Town, e.Telephone, string(e.Practice)})
		}
	}
	return rows
}
