package web

import (
	"slices"

	"kmcr/compose"
)

// summary is the first page of a record: what must be seen with no click.
var summary = recordPage{Title: "Summary", Looks: 8, Body: summaryBody}

// summaryView is the record with what the summary picks out of it.
type summaryView struct {
	Current, Stopped, Unclear []compose.Medicine
	Active                    []compose.Item // problems
	Ahead                     []compose.Item // appointments to come, next first
	Abnormal                  []result       // the newest value of each test that is out of range
	Open                      []compose.Service
}

// result is one value with the test it is of.
type result struct {
	Test  compose.Test
	Value compose.Value
}

func summaryBody(_ *ask, r *compose.Record) (any, error) {
	v := summaryView{
		Current: inGroup(r.Medicines.Items, "current"),
		Stopped: inGroup(r.Medicines.Items, "recently-stopped"),
		Unclear: inGroup(r.Medicines.Items, "unknown"),
		Ahead:   ahead(r),
		Open:    careAtAGlance(r).Open,
	}
	for _, p := range r.Problems.Items {
		if p.Active {
			v.Active = append(v.Active, p)
		}
	}
	for _, t := range slices.Concat(r.Results.Items, r.Observations.Items) {
		if newest := t.Newest(); newest != nil && newest.Flag != "" && newest.Flag != "normal" {
			v.Abnormal = append(v.Abnormal, result{t, *newest})
		}
	}
	slices.SortStableFunc(v.Abnormal, func(a, b result) int { return byInstant(b.Value.Date, a.Value.Date) })
	return v, nil
}

// ahead lists the appointments that are still to come, next first.
func ahead(r *compose.Record) (some []compose.Item) {
	for _, a := range r.Appointments.Items {
		if t, ok := a.Date.Time(); ok && a.Active && !t.Before(r.AsOf) {
			some = append(some, a)
		}
	}
	slices.SortStableFunc(some, func(a, b compose.Item) int { return byInstant(a.Date, b.Date) })
	return some
}

// byInstant orders recorded dates; what has none comes first.
func byInstant(a, b compose.Date) int {
	x, _ := a.Time()
	y, _ := b.Time()
	return x.Compare(y)
}
