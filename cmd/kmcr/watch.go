package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/synth"
)

type auditWatch struct {
	Evaluate watchEvaluate `cmd:"" help:"Score the privacy watch on labelled synthetic staff: of what it raises, how much is misuse, and how much of the misuse it raises."`
}

type watchEvaluate struct {
	Staff int    `default:"200" help:"Accounts."`
	Days  int    `default:"28"`
	Seed  uint64 `default:"1"`
}

// watched is how well the watch did.
type watched struct {
	Looks     int     `json:"looks"`
	Concerns  int     `json:"concerns"`
	Precision float64 `json:"precision"` // concerns that rest on a look labelled as misuse
	Recall    float64 `json:"recall"`    // spells of misuse of which some concern tells
	// ByRule is precision by rule, and Missed the kinds of misuse of which nothing was raised.
	ByRule map[string]float64 `json:"byRule"`
	Missed []string           `json:"missed"`
}

// Run prints the scores.
func (c *watchEvaluate) Run(ctx context.Context, settings *Settings, s streams) error {
	w := evaluateWatch(c.Seed, c.Staff, c.Days)
	if settings.JSON {
		return printJSON(s.out, w)
	}
	fmt.Fprintf(s.out, "%d looks, %d concerns: precision %.2f, recall %.2f\n", w.Looks, w.Concerns, w.Precision, w.Recall)
	for _, rule := range slices.Sorted(keysOf(w.ByRule)) {
		fmt.Fprintf(s.out, "  %-14s precision %.2f\n", rule, w.ByRule[rule])
	}
	return nil
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// evaluateWatch runs the watch over synthetic staff whose looks are labelled. A spell is what one account does of one kind.
func evaluateWatch(seed uint64, staff, days int) watched {
	from := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	looks, people := synth.Staff(seed, staff, days, from)
	entries, labels := make([]*audit.Entry, len(looks)), map[string]string{}
	spells := map[string]bool{}
	for n, l := range looks {
		e := &audit.Entry{ID: fmt.Sprint("1/", n+1), At: l.At, Action: l.Action, Person: l.Person, Purpose: l.Purpose, Allowed: l.Allowed, Where: l.Where,
			Viewer: kmcr.Viewer{Account: l.Account, Name: l.Name, Role: l.Role, Organisation: l.Organisation}}
		entries[n] = e
		if l.Misuse != "" {
			labels[e.ID] = l.Misuse + " by " + l.Account
			spells[labels[e.ID]] = false
		}
	}
	concerns := audit.Watch(entries, func(p kmcr.PersonID) audit.Named {
		n := people[p]
		return audit.Named{Family: n.Family, Given: n.Given, Sealed: n.Sealed}
	}, time.UTC)
	w := watched{Looks: len(looks), Concerns: len(concerns), ByRule: map[string]float64{}}
	raised, right := map[string]int{}, map[string]int{}
	hits := 0
	for _, c := range concerns {
		raised[c.Rule]++
		if i := slices.IndexFunc(c.Entries, func(id string) bool { return labels[id] != "" }); i >= 0 {
			right[c.Rule]++
			hits++
			for _, id := range c.Entries {
				if labels[id] != "" {
					spells[labels[id]] = true
				}
			}
		}
	}
	for rule, n := range raised {
		w.ByRule[rule] = float64(right[rule]) / float64(n)
	}
	found := 0
	for name, seen := range spells {
		if seen {
			found++
		} else {
			w.Missed = append(w.Missed, name)
		}
	}
	slices.Sort(w.Missed)
	w.Precision, w.Recall = float64(hits)/float64(max(1, len(concerns))), float64(found)/float64(max(1, len(spells)))
	return w
}
