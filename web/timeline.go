package web

import (
	"slices"

	"kmcr/compose"
)

// timeline shows what happened, newest first, a year at a time where it is long.
var timeline = recordPage{
	Stem: "timeline", Title: "Timeline",
	Parts: func(r *compose.Record) []member { return []member{{"timeline", r.Timeline}} },
	Body:  timelineBody,
}

// timelineView is the items of the chosen year (or all of a short timeline) and how many each year has.
type timelineView struct {
	Years  []year
	Chosen string // "" all
	Kinds  []string
	Kind   string // "" all
	Items  []compose.Item
}

// year is one year of the timeline.
type year struct {
	Name  string
	Items int
	Share int // of the fullest year, in twelfths, for the bar beside it
}

// onePage is how many items of a timeline are shown together; a longer one begins with its newest year.
const onePage = 150

func timelineBody(q *ask, r *compose.Record) (any, error) {
	items := r.Timeline
	v := timelineView{Kinds: kindsOf(items), Kind: q.URL.Query().Get("kind"), Chosen: q.URL.Query().Get("year")}
	if slices.Contains(v.Kinds, v.Kind) {
		items = ofKind(items, v.Kind)
	} else {
		v.Kind = ""
	}
	v.Years = years(items)
	known := slices.ContainsFunc(v.Years, func(y year) bool { return y.Name == v.Chosen })
	if v.Chosen != "all" && !known {
		v.Chosen = ""
		if len(items) > onePage {
			v.Chosen = v.Years[0].Name
		}
	}
	if v.Chosen == "" || v.Chosen == "all" {
		v.Chosen, v.Items = "", items
		return v, nil
	}
	for _, i := range items {
		if yearOf(i.Date) == v.Chosen {
			v.Items = append(v.Items, i)
		}
	}
	return v, nil
}

// kindsOf lists the kinds of entries of a timeline, in the order of their names.
func kindsOf(items []compose.Item) (all []string) {
	for _, i := range items {
		all = append(all, i.Kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ofKind keeps the entries of one kind.
func ofKind(items []compose.Item, kind string) (some []compose.Item) {
	for _, i := range items {
		if i.Kind == kind {
			some = append(some, i)
		}
	}
	return some
}

// noYear is what stands for the year of an item without a date.
const noYear = "undated"

func yearOf(d compose.Date) string {
	if t, ok := d.Time(); ok {
		return t.In(london).Format("2006")
	}
	return noYear
}

// years counts the items of each year, in the order of the timeline.
func years(items []compose.Item) (all []year) {
	most := 1
	for _, i := range items {
		name := yearOf(i.Date)
		at := slices.IndexFunc(all, func(y year) bool { return y.Name == name })
		if at < 0 {
			at = len(all)
			all = append(all, year{Name: name})
		}
		all[at].Items++
		most = max(most, all[at].Items)
	}
	for i := range all {
		all[i].Share = (all[i].Items*12 + most - 1) / most
	}
	return all
}
