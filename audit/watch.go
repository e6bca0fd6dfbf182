package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"kmcr"
)

// Concern is something about looks that a privacy officer should judge, with
// the entries that it rests on.
type Concern struct {
	// ID is the same whenever the log is watched again: rule, account, person and day.
	ID     string
	Rule   string // short and stable, as in WatchRules
	Says   string // what is striking, in words
	Viewer kmcr.Viewer
	Person kmcr.PersonID // 0 where it is about many people
	First  time.Time
	Last   time.Time
	Looks  int
	// Entries are the ids of the entries that it rests on, at most 50, in order of time.
	Entries []string
}

// The rules of the watch, by which a concern is raised.
const (
	Repeated     = "repeated"     // one page of one record, six times on a day
	Uninvolved   = "uninvolved"   // looks that rest on the viewer's own word alone, or refused three times on a day
	SameSurname  = "same-surname" // the viewer and the person have one surname
	OwnRecord    = "own-record"   // the viewer and the person have one name
	Colleague    = "colleague"    // the person has the name of somebody who works with records
	Sealed       = "sealed"       // the person must not be found
	Bulk         = "bulk"         // many people within an hour
	Alphabetical = "alphabetical" // people one after another in the order of the alphabet
	Hours        = "hours"        // at night, by somebody who has not looked at night before
	Volume       = "volume"       // far more people on a day than peers
)

// The measures of the rules.
const (
	repeatedOnADay = 6
	refusedOnADay  = 3
	bulkInAnHour   = 40
	inOrder        = 8  // people one after another by the alphabet
	knownByDay     = 20 // looks by day after which one at night is striking
	volumeTimes    = 5  // the median of peers
	volumeLeast    = 40
	mostEvidence   = 50
	// rareSurname is how many people who were looked at may have the viewer's surname for a look at one of them to be striking by
	// itself; a commoner name is striking only where the look rests on the viewer's own word.
	rareSurname = 3
)

// Named is what the watch has to know of a person to compare with viewers.
type Named struct {
	Family, Given string
	Sealed        bool
}

// Watch raises concerns about looks. Entries may be given in any order. named tells who a person is, and may be nil; zone is where
// day and night are.
func Watch(entries []*Entry, named func(kmcr.PersonID) Named, zone *time.Location) []Concern {
	w := &watch{named: named, zone: zone, raised: map[string]*Concern{}, names: map[kmcr.PersonID]Named{}}
	for _, e := range entries {
		if e.Viewer.Contributor == "" && e.Viewer.Account != "" && e.Person != 0 && (e.Action == "read" || e.Action == "break-glass" || e.Action == "self-claim") {
			w.looks = append(w.looks, e)
		}
	}
	slices.SortStableFunc(w.looks, func(a, b *Entry) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	w.byOne()
	w.byName()
	w.byPace()
	w.byHour()
	w.byVolume()
	out := make([]Concern, 0, len(w.raised))
	for _, c := range w.raised {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Concern) int { return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.ID, b.ID)) })
	return out
}

type watch struct {
	looks  []*Entry // in order of time
	named  func(kmcr.PersonID) Named
	zone   *time.Location
	raised map[string]*Concern
	names  map[kmcr.PersonID]Named
}

func (w *watch) day(e *Entry) string { return e.At.In(w.zone).Format(time.DateOnly) }

func (w *watch) name(p kmcr.PersonID) Named {
	n, ok := w.names[p]
	if !ok && w.named != nil {
		n = w.named(p)
		w.names[p] = n
	}
	return n
}

// raise makes a concern, or adds to it what has come since.
func (w *watch) raise(rule string, person kmcr.PersonID, says string, about ...*Entry) {
	last := about[len(about)-1]
	id := fmt.Sprintf("%s~%s~%s~%s", rule, last.Viewer.Account, person.Ref(), w.day(about[0]))
	c := w.raised[id]
	if c == nil {
		c = &Concern{ID: id, Rule: rule, Viewer: last.Viewer, Person: person, First: about[0].At}
		w.raised[id] = c
	}
	c.Says, c.Last = says, last.At
	for _, e := range about {
		if !slices.Contains(c.Entries, e.ID) {
			c.Looks++
			if len(c.Entries) < mostEvidence {
				c.Entries = append(c.Entries, e.ID)
			}
		}
	}
}

// byOne watches one viewer at one person on one day.
func (w *watch) byOne() {
	same := map[string][]*Entry{}
	refused := map[string][]*Entry{}
	for _, e := range w.looks {
		one := fmt.Sprint(e.Viewer.Account, "\x00", e.Person, "\x00", w.day(e))
		switch {
		case !e.Allowed:
			refused[one] = append(refused[one], e)
			if n := len(refused[one]); n >= refusedOnADay {
				w.raise(Uninvolved, e.Person, fmt.Sprintf("Tried %d times on a day to open one record without being involved", n), refused[one]...)
			}
		case e.Action != "read":
			w.raise(Uninvolved, e.Person, "Opened a record on the viewer’s own word", e)
		default:
			page := one + "\x00" + e.Where
			same[page] = append(same[page], e)
			if n := len(same[page]); n >= repeatedOnADay {
				w.raise(Repeated, e.Person, fmt.Sprintf("Looked at the same page of one record %d times on a day", n), same[page]...)
			}
			if e.Purpose == kmcr.BreakGlass {
				w.raise(Uninvolved, e.Person, "Looked at a record that was opened on the viewer’s own word", e)
			}
		}
	}
}

// byName compares who looks with who is looked at.
func (w *watch) byName() {
	if w.named == nil {
		return
	}
	staff := map[string]map[kmcr.ODS]bool{} // organisations in which somebody of a name works
	people := map[string]map[kmcr.PersonID]bool{}
	for _, e := range w.looks {
		add(staff, plain(e.Viewer.Name), e.Viewer.Organisation)
		add(people, plain(w.name(e.Person).Family), e.Person)
	}
	for _, e := range w.looks {
		n := w.name(e.Person)
		whole := plain(n.Given + " " + n.Family)
		switch {
		case n.Family == "":
		case plain(e.Viewer.Name) == whole:
			w.raise(OwnRecord, e.Person, "The viewer has the name of the person whose record it is", e)
		case surname(e.Viewer.Name) == plain(n.Family) && (ownWord(e) || len(people[plain(n.Family)]) <= rareSurname):
			w.raise(SameSurname, e.Person, "The viewer and the person have one surname", e)
		case e.Allowed && (staff[whole][e.Viewer.Organisation] || len(staff[whole]) > 0 && ownWord(e)):
			w.raise(Colleague, e.Person, "The person has the name of somebody who works with this record", e)
		}
		if n.Sealed {
			w.raise(Sealed, e.Person, "The record is that of somebody who must not be found", e)
		}
	}
}

// ownWord tells whether a look rests on nothing but what the viewer said.
func ownWord(e *Entry) bool {
	return e.Action == "self-claim" || e.Action == "break-glass" || e.Purpose == kmcr.BreakGlass
}

func add[K, V comparable](to map[K]map[V]bool, k K, v V) {
	if to[k] == nil {
		to[k] = map[V]bool{}
	}
	to[k][v] = true
}

// titles are left out of a name before it is compared.
var titles = map[string]bool{"dr": true, "mr": true, "mrs": true, "ms": true, "miss": true, "sister": true, "prof": true, "professor": true, "nurse": true}

func plain(name string) string {
	words := strings.Fields(strings.ToLower(name))
	words = slices.DeleteFunc(words, func(s string) bool { return titles[strings.Trim(s, ".")] })
	return strings.Join(words, " ")
}

func surname(name string) string {
	n := plain(name)
	return n[strings.LastIndexByte(n, ' ')+1:]
}

// byPace watches how fast a viewer goes from person to person, and in what order.
func (w *watch) byPace() {
	for _, looks := range w.byAccount() {
		var firsts []*Entry // the first look at each other person in turn
		for _, e := range looks {
			if len(firsts) == 0 || firsts[len(firsts)-1].Person != e.Person {
				firsts = append(firsts, e)
			}
		}
		from := 0
		ordered := 0
		for i, e := range firsts {
			for e.At.Sub(firsts[from].At) > time.Hour {
				from++
			}
			if people := different(firsts[from : i+1]); people >= bulkInAnHour {
				w.raise(Bulk, 0, fmt.Sprintf("Opened the records of %d people within an hour", people), firsts[from:i+1]...)
			}
			if i > 0 && w.follows(firsts[i-1], e) {
				ordered++
			} else {
				ordered = 0
			}
			if ordered >= inOrder-1 {
				w.raise(Alphabetical, 0, fmt.Sprintf("Opened the records of %d people in the order of the alphabet", ordered+1), firsts[i-ordered:i+1]...)
			}
		}
	}
}

// follows tells whether b's surname comes after a's in the alphabet, within an hour.
func (w *watch) follows(a, b *Entry) bool {
	x, y := plain(w.name(a.Person).Family), plain(w.name(b.Person).Family)
	return x != "" && x < y && b.At.Sub(a.At) <= time.Hour
}

func different(looks []*Entry) int {
	seen := map[kmcr.PersonID]bool{}
	for _, e := range looks {
		seen[e.Person] = true
	}
	return len(seen)
}

// byHour watches for looks at night by those who have looked by day alone.
func (w *watch) byHour() {
	for _, looks := range w.byAccount() {
		byDay := 0
		for _, e := range looks {
			if h := e.At.In(w.zone).Hour(); h >= 6 && h < 22 {
				byDay++
				continue
			}
			if byDay >= knownByDay {
				w.raise(Hours, e.Person, "Looked at night, which this viewer has not done before", e)
			}
			if byDay < knownByDay {
				break // somebody who works nights
			}
		}
	}
}

// byVolume compares how many people's records each viewer opens on a day with the median of the same role on that day.
func (w *watch) byVolume() {
	type on struct {
		role kmcr.Role
		day  string
	}
	people := map[on]map[string]map[kmcr.PersonID]*Entry{}
	for _, e := range w.looks {
		k := on{e.Viewer.Role, w.day(e)}
		if people[k] == nil {
			people[k] = map[string]map[kmcr.PersonID]*Entry{}
		}
		if people[k][e.Viewer.Account] == nil {
			people[k][e.Viewer.Account] = map[kmcr.PersonID]*Entry{}
		}
		people[k][e.Viewer.Account][e.Person] = e
	}
	for _, accounts := range people {
		if len(accounts) < 3 {
			continue // nobody to compare with
		}
		var counts []int
		for _, seen := range accounts {
			counts = append(counts, len(seen))
		}
		slices.Sort(counts)
		median := counts[(len(counts)-1)/2]
		for _, seen := range accounts {
			if len(seen) >= volumeLeast && len(seen) >= volumeTimes*median {
				var all []*Entry
				for _, e := range seen {
					all = append(all, e)
				}
				slices.SortFunc(all, func(a, b *Entry) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
				w.raise(Volume, 0, fmt.Sprintf("Opened the records of %d people on a day; the median of the same role was %d", len(seen), median), all...)
			}
		}
	}
}

func (w *watch) byAccount() map[string][]*Entry {
	all := map[string][]*Entry{}
	for _, e := range w.looks {
		all[e.Viewer.Account] = append(all[e.Viewer.Account], e)
	}
	return all
}
