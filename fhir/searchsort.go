package fhir

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// sortKey is one parameter to sort by.
type sortKey struct {
	param SearchParam
	desc  bool
}

// sortValue is what a resource is ordered by: one of the three, as the
// parameter's kind has it.
type sortValue struct {
	there  bool
	time   time.Time
	number *big.Rat
	text   string
}

// sortBy reads _sort: names separated by commas, - before one for the other way round.
func (q *Query) sortBy(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		var k sortKey
		name, k.desc = strings.CutPrefix(name, "-")
		p, ok := q.param(name)
		if !ok || p.Kind == "composite" || metaParams()[name].Name != "" {
			return fmt.Errorf("%s cannot be sorted by %q", q.Type, name)
		}
		k.param = p
		q.sorts = append(q.sorts, k)
	}
	return nil
}

// Sort gives the order in which _sort asks for the candidates, as positions in
// the list; what it does not order keeps its place, and what has no value
// comes last either way.
func (q *Query) Sort(list []Candidate) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	if len(q.sorts) == 0 {
		return order
	}
	values := make([][]sortValue, len(list))
	for i, c := range list {
		values[i] = make([]sortValue, len(q.sorts))
		for j, k := range q.sorts {
			values[i][j] = k.value(c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		for j, k := range q.sorts {
			if c := k.compare(values[a][j], values[b][j]); c != 0 {
				return c
			}
		}
		return 0
	})
	return order
}

func (k sortKey) compare(a, b sortValue) int {
	switch {
	case !a.there && !b.there:
		return 0
	case !a.there:
		return 1
	case !b.there:
		return -1
	}
	c := a.compare(b)
	if k.desc {
		return -c
	}
	return c
}

func (a sortValue) compare(b sortValue) int {
	if a.number != nil && b.number != nil {
		return a.number.Cmp(b.number)
	}
	return cmp.Or(a.time.Compare(b.time), strings.Compare(a.text, b.text))
}

// value is what a candidate is ordered by: the least of its values, or the
// greatest when the order is descending.
func (k sortKey) value(c Candidate) sortValue {
	switch k.param.Name {
	case "_lastUpdated":
		return sortValue{there: true, time: c.LastUpdated}
	case "_id":
		return sortValue{there: true, text: c.ID}
	case "_source":
		return sortValue{there: true, text: c.Source}
	}
	var best sortValue
	for _, v := range k.param.values(c.Root) {
		if s := k.read(v); s.there && (!best.there || k.compare(s, best) < 0) {
			best = s
		}
	}
	return best
}

func (k sortKey) read(v Value) sortValue {
	switch k.param.Kind {
	case "date":
		low, high, ok := dateBounds(v)
		if low.Equal(farPast) {
			low = high
		}
		return sortValue{there: ok, time: low}
	case "quantity", "number":
		if v.IsObject() {
			v = v.Get("value")
		}
		n := decimal(v.Text())
		return sortValue{there: n != nil, number: n}
	}
	text := sortText(v, k.param.Kind)
	return sortValue{there: text != "", text: text}
}

// sortText is the text by which an element is ordered.
func sortText(v Value, kind string) string {
	switch {
	case !v.IsObject():
		return fold(v.Text())
	case kind == "reference":
		return v.Get("reference").Text()
	case kind == "token":
		return fold(cmp.Or(v.First("coding.code").Text(), v.Get("code").Text(), v.Get("value").Text(), v.Get("text").Text()))
	}
	var first string
	stringValues(v, func(s string) bool {
		first = fold(s)
		return first == ""
	})
	return first
}
