package audit

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kmcr"
)

var monday = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// people of the watch: 1 to 26 by the alphabet, 30 a namesake, 31 sealed.
func whoIs(p kmcr.PersonID) Named {
	switch {
	case p >= 1 && p <= 26:
		return Named{Family: string(rune('A'-1+p)) + "son", Given: "Pat"}
	case p == 30:
		return Named{Family: "Okafor", Given: "Chidi"}
	case p == 31:
		return Named{Family: "Hidden", Given: "Ada", Sealed: true}
	case p == 32:
		return Named{Family: "Osei", Given: "Amara"}
	}
	return Named{Family: fmt.Sprint("Quorn", (int64(p)*7919)%1000), Given: "Sam"}
}

type look struct {
	by     string
	person kmcr.PersonID
	after  time.Duration
	where  string
	no     bool
	action string
	why    kmcr.Purpose
}

func watched(looks ...look) []Concern {
	var all []*Entry
	for n, l := range looks {
		e := &Entry{ID: fmt.Sprint("1/", n+1), At: monday.Add(l.after), Action: "read", Person: l.person, Allowed: !l.no, Where: l.where, Purpose: kmcr.DirectCare,
			Viewer: kmcr.Viewer{Account: l.by, Name: map[string]string{"a": "Dr Amara Osei", "b": "Ngozi Okafor", "c": "Lee Park", "d": "Jo Wren"}[l.by], Role: kmcr.RoleGP}}
		if l.where == "" {
			e.Where = "/people/{ref}"
		}
		if l.action != "" {
			e.Action = l.action
		}
		if l.why != "" {
			e.Purpose = l.why
		}
		all = append(all, e)
	}
	return Watch(all, whoIs, time.UTC)
}

func times(n int, f func(i int) look) (all []look) {
	for i := range n {
		all = append(all, f(i))
	}
	return all
}

func TestWhatTheWatchRaises(t *testing.T) {
	minute := func(i int) time.Duration { return time.Duration(i) * time.Minute }
	for _, c := range []struct {
		name  string
		looks []look
		want  string // rule; "" for nothing
	}{
		{"five looks at one record on a day", times(5, func(i int) look { return look{by: "c", person: 100, after: minute(i)} }), ""},
		{"the sixth", times(6, func(i int) look { return look{by: "c", person: 100, after: minute(i)} }), Repeated},
		{"six looks on six days", times(6, func(i int) look { return look{by: "c", person: 100, after: time.Duration(i) * 24 * time.Hour} }), ""},
		{"six pages of one record, once each", times(6, func(i int) look { return look{by: "c", person: 100, after: minute(i), where: fmt.Sprint("/page", i)} }), ""},
		{"six people", times(6, func(i int) look { return look{by: "c", person: kmcr.PersonID(100 + i), after: minute(i)} }), ""},
		{"refused twice", times(2, func(i int) look { return look{by: "c", person: 100, no: true, after: minute(i)} }), ""},
		{"refused a third time", times(3, func(i int) look { return look{by: "c", person: 100, no: true, after: minute(i)} }), Uninvolved},
		{"an emergency opening", []look{{by: "c", person: 100, action: "break-glass"}}, Uninvolved},
		{"a claim to be involved", []look{{by: "c", person: 100, action: "self-claim"}}, Uninvolved},
		{"a look in an emergency", []look{{by: "c", person: 100, why: kmcr.BreakGlass}}, Uninvolved},
		{"the same surname", []look{{by: "b", person: 30}}, SameSurname},
		{"one's own record", []look{{by: "a", person: 32}}, OwnRecord},
		{"a colleague's", []look{{by: "a", person: 100}, {by: "c", person: 32}}, Colleague},
		{"somebody who must not be found", []look{{by: "c", person: 31}}, Sealed},
		{"39 people in an hour", times(39, func(i int) look { return look{by: "c", person: kmcr.PersonID(200 + 13*i%97), after: minute(i)} }), ""},
		{"40 people in an hour", times(40, func(i int) look { return look{by: "c", person: kmcr.PersonID(200 + 13*i%97), after: minute(i)} }), Bulk},
		{"seven by the alphabet", times(7, func(i int) look { return look{by: "c", person: kmcr.PersonID(i + 1), after: minute(i)} }), ""},
		{"eight by the alphabet", times(8, func(i int) look { return look{by: "c", person: kmcr.PersonID(i + 1), after: minute(i)} }), Alphabetical},
		{"at night after many days", append(times(20, func(i int) look {
			return look{by: "c", person: kmcr.PersonID(300 + i%3), after: time.Duration(i) * 24 * time.Hour}
		}), look{by: "c", person: 300, after: 20*24*time.Hour + 16*time.Hour}), Hours},
		{"at night by who works nights", times(21, func(i int) look {
			return look{by: "c", person: kmcr.PersonID(300 + i%3), after: time.Duration(i)*24*time.Hour + 16*time.Hour}
		}), ""},
		{"far more than peers", slices.Concat(times(45, func(i int) look {
			return look{by: "c", person: kmcr.PersonID(400 + 13*i%97), after: time.Duration(i) * 5 * time.Minute}
		}),
			times(3, func(i int) look { return look{by: "d", person: kmcr.PersonID(100 + i), after: minute(i)} }), times(3, func(i int) look { return look{by: "a", person: kmcr.PersonID(150 + i), after: minute(i)} })), Volume},
		{"a computer system", []look{{by: "", person: 31}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := watched(c.looks...)
			var rules []string
			for _, g := range got {
				rules = append(rules, g.Rule)
				if len(g.Entries) == 0 || g.Looks == 0 || g.Says == "" || g.First.After(g.Last) {
					t.Errorf("without evidence: %+v", g)
				}
			}
			if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(rules, c.want) {
				t.Errorf("raised %v, want %q", rules, c.want)
			}
		})
	}
}

func TestTheWatchSaysTheSameInAnyOrder(t *testing.T) {
	looks := times(279, func(i int) look { return look{by: "c", person: 100, after: time.Duration(i) * 110 * time.Minute} })
	a := watched(looks...)
	if len(a) == 0 {
		t.Fatal("279 looks in three weeks raise nothing")
	}
	first := a[len(a)-1]
	for _, c := range a {
		if c.Rule == Repeated && c.First.Before(first.First) {
			first = c
		}
	}
	if first.Looks < 6 || !first.First.Equal(monday) {
		t.Errorf("the first day is not raised: %+v", first)
	}
}
