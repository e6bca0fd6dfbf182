package compose

import (
	"cmp"
	"slices"
)

// dated is what the order of a part is made from.
type dated interface {
	order() (active bool, date Date, tie [2]string)
}

func (i Item) order() (bool, Date, [2]string) {
	tie := [2]string{i.Title}
	if len(i.From) > 0 {
		tie[1] = i.From[0].Statement
	}
	return i.Active, i.Date, tie
}

func (t Test) order() (bool, Date, [2]string) {
	var d Date
	if len(t.Values) > 0 {
		d = t.Values[0].Date
	}
	return true, d, [2]string{t.Name, t.Unit + t.Code}
}

// newestFirst puts the values of a test in order; what came of one instant stands by its statement.
func (t *Test) newestFirst() {
	keys := make([]place, len(t.Values))
	for n := range t.Values {
		v := &t.Values[n]
		keys[n] = place{date: v.Date.key(), tie: [2]string{v.From.Statement}, at: n}
	}
	slices.SortFunc(keys, place.newest)
	for n := range keys {
		put(t.Values, keys, n)
	}
}

// place is where an item stands among others; made once for each, for dates are dear to compare.
type place struct {
	active bool
	date   string
	tie    [2]string // what it is called, and the statement that it is from
	at     int
}

// newest orders by date, the newest first, then by the tie, then as they stood.
func (p place) newest(o place) int {
	return cmp.Or(cmp.Compare(o.date, p.date), slices.Compare(p.tie[:], o.tie[:]), cmp.Compare(p.at, o.at))
}

// current orders what is active before what is not, and then by newest.
func (p place) current(o place) int {
	switch {
	case p.active && !o.active:
		return -1
	case o.active && !p.active:
		return 1
	}
	return p.newest(o)
}

// inOrder puts the items in an order where they stand, and answers the date of the newest.
func inOrder[T dated](items []T, order func(place, place) int) (updated Date) {
	places := make([]place, len(items))
	last := 0
	for n := range items {
		active, date, tie := items[n].order()
		places[n] = place{active, date.key(), tie, n}
		if places[n].date > places[last].date {
			last = n
		}
	}
	if len(items) > 0 {
		_, updated, _ = items[last].order()
	}
	slices.SortFunc(places, order)
	for n := range places {
		put(items, places, n)
	}
	return updated
}

// put moves the item that belongs at n there, and those that this displaces
// to where they belong, round the circle that they make; places that are
// done point to themselves.
func put[T any](items []T, places []place, n int) {
	if places[n].at == n {
		return
	}
	first := items[n]
	for at := n; ; {
		from := places[at].at
		places[at].at = at
		if from == n {
			items[at] = first
			return
		}
		items[at], at = items[from], from
	}
}
