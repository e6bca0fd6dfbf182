package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kmcr"
)

// Looked is one look of a synthetic member of staff at a synthetic person.
type Looked struct {
	At           time.Time
	Account      string
	Name         string
	Role         kmcr.Role
	Organisation kmcr.ODS
	Person       kmcr.PersonID
	Where        string
	Action       string // "read", "self-claim", "break-glass"
	Purpose      kmcr.Purpose
	Allowed      bool
	// Misuse labels what is wrong with it, "" for honest work. A watch must not see it.
	Misuse string
}

// LookedAt is who a synthetic person is.
type LookedAt struct {
	Family, Given string
	Sealed        bool
}

// Staff makes what accounts do with records over some days from a moment on: honest work by day and by night, with the
// namesakes, emergencies and odd hours that honest work has, and labelled misuse of ten kinds among it.
func Staff(seed uint64, accounts, days int, from time.Time) ([]Looked, map[kmcr.PersonID]LookedAt) {
	s := &staff{rng: rand.New(rand.NewPCG(seed, 0x57aff)), from: from.Truncate(24 * time.Hour), people: map[kmcr.PersonID]LookedAt{}}
	for i := range 30 * accounts {
		s.people[kmcr.PersonID(i+1)] = LookedAt{Family: s.family(), Given: s.given(), Sealed: i%500 == 499}
	}
	for i := range accounts {
		s.employ(i)
	}
	for _, m := range s.members {
		for d := range days {
			s.work(m, d)
		}
	}
	for i, kind := range misuses {
		for n := range max(2, accounts/40) {
			kind(s, s.members[(i*37+n*11)%len(s.members)], (i*3+n*5)%max(1, days-7))
		}
	}
	slices.SortStableFunc(s.looks, func(a, b Looked) int { return a.At.Compare(b.At) })
	return s.looks, s.people
}

// member is one account with whom it looks after.
type member struct {
	Looked
	given, surname string
	nights         bool
	caseload       []kmcr.PersonID
}

type staff struct {
	rng     *rand.Rand
	from    time.Time
	people  map[kmcr.PersonID]LookedAt
	members []*member
	looks   []Looked
}

var beginnings = []string{"Ash", "Bar", "Cald", "Dun", "Ell", "Fair", "Gar", "Hart", "Inge", "Kel", "Lang", "Mar", "Nor", "Oak", "Pem", "Quin", "Rad", "Stan", "Thorn", "Wal"}
var endings = []string{"bourne", "by", "combe", "den", "field", "ford", "gate", "ham", "hurst", "land", "ley", "low", "man", "more", "ridge", "shaw", "stead", "ton", "well", "wick"}

// family draws a surname as surnames are spread: one in a hundred has the commonest, most are rare.
func (s *staff) family() string {
	const names, flat = 4000, 20
	n := int(flat*pow(float64(names+flat)/flat, s.rng.Float64())) - flat
	name := beginnings[n%20] + endings[n/20%20]
	if n >= 400 {
		name += strings.ToLower(endings[n/400%20])
	}
	return name
}

func (s *staff) given() string {
	all := girls
	if s.rng.IntN(2) == 0 {
		all = boys
	}
	return all[s.rng.IntN(len(all))]
}

// pow is base to a power between 0 and 1, by squaring roots: enough for drawing names.
func pow(base, power float64) float64 {
	out, root := 1.0, base
	for range 24 {
		root = sqrt(root)
		power *= 2
		if power >= 1 {
			out, power = out*root, power-1
		}
	}
	return out
}

func sqrt(x float64) float64 {
	y := x
	for range 30 {
		y = (y + x/y) / 2
	}
	return y
}

var staffRoles = []kmcr.Role{kmcr.RoleGP, kmcr.RoleHospitalDoctor, kmcr.RoleCommunityNurse, kmcr.RoleSocialWorker, kmcr.RolePharmacist}
var staffHouses = []kmcr.ODS{"G82050", "RVV", "RPA", "RYY", "820"}

func (s *staff) employ(i int) {
	m := &member{given: s.given(), surname: s.family(), nights: i%8 == 7}
	m.Account, m.Name = fmt.Sprintf("staff-%03d", i), "Dr "+m.given+" "+m.surname
	m.Role, m.Organisation = staffRoles[i%5], staffHouses[i/5%5]
	m.Action, m.Purpose, m.Allowed = "read", kmcr.DirectCare, true
	for range 60 {
		p := s.anybody()
		if s.people[p].Sealed && i%20 != 0 { // few have such a person in their care
			p = 1
		}
		m.caseload = append(m.caseload, p)
	}
	s.members = append(s.members, m)
}

func (s *staff) anybody() kmcr.PersonID { return kmcr.PersonID(1 + s.rng.IntN(len(s.people))) }

var staffPages = []string{"/people/{ref}", "/people/{ref}/medicines", "/people/{ref}/results", "/people/{ref}/documents", "/people/{ref}/encounters"}

// see is one look, with what is changed of it.
func (s *staff) see(m *member, p kmcr.PersonID, at time.Time, change ...func(*Looked)) {
	l := m.Looked
	l.At, l.Person, l.Where = at, p, staffPages[s.rng.IntN(len(staffPages))]
	for _, f := range change {
		f(&l)
	}
	s.looks = append(s.looks, l)
}

func misuse(name string) func(*Looked) { return func(l *Looked) { l.Misuse = name } }

func page(l *Looked) { l.Where = staffPages[0] }

// work is an honest day: up to 18 people, mostly of the caseload, one to four pages each; now and then an emergency, a refusal, a late hour.
func (s *staff) work(m *member, d int) {
	if d%7 > 4 && !m.nights || s.rng.IntN(10) == 0 {
		return
	}
	start := s.from.Add(time.Duration(d)*24*time.Hour + 8*time.Hour)
	if m.nights {
		start = start.Add(12 * time.Hour)
	}
	for range 6 + s.rng.IntN(12) {
		p := m.caseload[s.rng.IntN(len(m.caseload))]
		at := start.Add(time.Duration(s.rng.IntN(9*60)) * time.Minute)
		for n := range 1 + s.rng.IntN(4) {
			s.see(m, p, at.Add(time.Duration(n)*40*time.Second))
		}
		switch s.rng.IntN(4000) {
		case 0:
			s.see(m, s.anybody(), at, func(l *Looked) { l.Action, l.Purpose = "break-glass", kmcr.BreakGlass })
		case 1, 2, 3:
			s.see(m, s.anybody(), at, func(l *Looked) { l.Allowed = false })
		case 4:
			s.see(m, p, start.Add(16*time.Hour))
		}
	}
}

// ownWord is a look that rests on saying to be involved.
func (s *staff) ownWord(m *member, p kmcr.PersonID, at time.Time, name string) {
	s.see(m, p, at, func(l *Looked) { l.Action = "self-claim" }, misuse(name))
	s.see(m, p, at.Add(time.Minute), misuse(name))
}

// misuses are ten kinds, each by one member from a day on.
var misuses = []func(s *staff, m *member, d int){
	func(s *staff, m *member, d int) { // one record over and over, for weeks
		p := s.anybody()
		for day := range 5 {
			for n := range 10 + s.rng.IntN(40) {
				s.see(m, p, s.day(d+day, 9).Add(time.Duration(n)*7*time.Minute), page, misuse("repeated"))
			}
		}
	},
	func(s *staff, m *member, d int) { // a relative
		s.ownWord(m, s.put(LookedAt{Family: m.surname, Given: s.given()}), s.day(d, 12), "same-surname")
	},
	func(s *staff, m *member, d int) { // oneself
		s.see(m, s.put(LookedAt{Family: m.surname, Given: m.given}), s.day(d, 13), misuse("own-record"))
	},
	func(s *staff, m *member, d int) { // somebody from work
		other := s.members[(slices.Index(s.members, m)+25)%len(s.members)]
		s.ownWord(m, s.put(LookedAt{Family: other.surname, Given: other.given}), s.day(d, 14), "colleague")
	},
	func(s *staff, m *member, d int) { // somebody who must not be found
		s.see(m, s.put(LookedAt{Family: s.family(), Given: s.given(), Sealed: true}), s.day(d, 15), misuse("sealed"))
	},
	func(s *staff, m *member, d int) { // a whole list at once
		for n := range 60 {
			s.see(m, s.anybody(), s.day(d, 16).Add(time.Duration(n)*40*time.Second), misuse("bulk"))
		}
	},
	func(s *staff, m *member, d int) { // by the alphabet
		var some []kmcr.PersonID
		for range 16 {
			some = append(some, s.anybody())
		}
		slices.SortFunc(some, func(a, b kmcr.PersonID) int { return strings.Compare(s.people[a].Family, s.people[b].Family) })
		for n, p := range some {
			s.see(m, p, s.day(d, 19).Add(time.Duration(n)*90*time.Second), misuse("alphabetical"))
		}
	},
	func(s *staff, m *member, d int) { // at night, by somebody who works by day
		if m.nights {
			m = s.members[(slices.Index(s.members, m)+1)%len(s.members)]
		}
		s.see(m, s.anybody(), s.day(d+6, 2), misuse("hours"))
	},
	func(s *staff, m *member, d int) { // far more than peers
		for n := range 110 {
			s.see(m, s.anybody(), s.day(d, 8).Add(time.Duration(n)*5*time.Minute), misuse("volume"))
		}
	},
	func(s *staff, m *member, d int) { // trying doors
		for n := range 5 {
			s.see(m, s.anybody(), s.day(d, 11).Add(time.Duration(n)*time.Minute), func(l *Looked) { l.Allowed = false; l.Person = kmcr.PersonID(7) }, misuse("uninvolved"))
		}
	},
}

func (s *staff) day(d, hour int) time.Time {
	return s.from.Add(time.Duration(d)*24*time.Hour + time.Duration(hour)*time.Hour)
}

// put adds somebody to the people.
func (s *staff) put(p LookedAt) kmcr.PersonID {
	id := kmcr.PersonID(1_000_000 + len(s.people))
	s.people[id] = p
	return id
}
