package compose

import (
	"cmp"
	"slices"
	"time"
)

// changes lists what was taken in since the viewer last looked, newest first. Of a test it is one line however many values came.
func (c *composer) changes() {
	if c.in.Since.IsZero() {
		return
	}
	since := c.in.Since
	r := c.r
	r.Since, r.Looked = &since, c.in.Looked
	add := func(page string, items ...Item) {
		for _, i := range items {
			r.Changes = appendChange(r.Changes, since, page, i)
		}
	}
	add("allergies", itemsOf(r.Allergies.Items, func(a Allergy) Item { return a.Item })...)
	for _, m := range r.Medicines.Items {
		had := len(r.Changes)
		if add("medicines", m.Item); len(r.Changes) > had {
			change := &r.Changes[had]
			change.Again = !change.New && !slices.ContainsFunc(change.From, func(p Provenance) bool { return !m.issues[p.Statement] })
		}
	}
	add("problems", slices.Concat(r.Problems.Items, r.Procedures.Items, r.FamilyHistory.Items)...)
	add("results", itemsOf(r.Results.Items, testItem)...)
	add("results", r.Reports.Items...)
	add("observations", itemsOf(r.Observations.Items, testItem)...)
	add("observations", r.Assessments.Items...)
	add("vaccinations", r.Vaccinations.Items...)
	add("encounters", itemsOf(r.Encounters.Items, func(e Encounter) Item { return e.Item })...)
	add("appointments", slices.Concat(r.Appointments.Items, r.Referrals.Items)...)
	add("documents", itemsOf(r.Documents.Items, func(d Document) Item { return d.Item })...)
	add("social-care", itemsOf(r.SocialCare.Items, func(s Service) Item { return s.Item })...)
	add("plans", r.Plans.Items...)
	add("safeguarding", r.Safeguarding.Items...)
	add("", r.Alerts.Items...)
	add("other", r.Other.Items...)
	r.Changes = latest(r.Changes)
}

// latest orders changes by when they were taken in, then by their own date, the newest first.
func latest(changes []Change) []Change {
	type key struct {
		recorded    time.Time
		date, title string
		at          int
	}
	keys := make([]key, len(changes))
	for n, c := range changes {
		keys[n] = key{newestOf(c.From), c.Date.key(), c.Title, n}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(b.recorded.Compare(a.recorded), cmp.Compare(b.date, a.date), cmp.Compare(a.title, b.title), cmp.Compare(a.at, b.at))
	})
	out := make([]Change, len(changes))
	for n, k := range keys {
		out[n] = changes[k.at]
	}
	return out
}

func itemsOf[T any](list []T, item func(T) Item) []Item {
	out := make([]Item, len(list))
	for n, x := range list {
		out[n] = item(x)
	}
	return out
}

// testItem is the newest value of a test as one line.
func testItem(t Test) Item {
	i := Item{Title: t.Name, Kind: "Result", From: t.From}
	if len(t.Values) > 0 {
		i.Title += " " + t.Values[0].Text
		if !t.Values[0].Cancelled {
			i.Title += orNothing(" ", t.Unit)
		}
		i.Date = t.Values[0].Date
	}
	return i
}

func appendChange(to []Change, since time.Time, page string, i Item) []Change {
	change := Change{Title: i.Title, Kind: i.Kind, Page: page, New: true, Date: i.Date}
	for _, p := range i.From {
		if p.Recorded.After(since) {
			change.From = append(change.From, p)
			change.New = change.New && p.Version == 1
		} else if i.Kind != "Result" {
			change.New = false
		}
	}
	if len(change.From) == 0 {
		return to
	}
	return append(to, change)
}

func newestOf(from []Provenance) (t time.Time) {
	for _, p := range from {
		if p.Recorded.After(t) {
			t = p.Recorded
		}
	}
	return t
}
