package compose

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Putting items in order where they stand gives what sorting a copy gives, and the newest date.
func TestItemsAreOrderedWhereTheyStand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		item := rapid.Custom(func(t *rapid.T) Item {
			return Item{Title: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "title"), Active: rapid.Bool().Draw(t, "active"),
				Date: rapid.SampledFrom([]Date{"", "2020", "2020-05-06", "2020-05-06T10:00:00Z", "2020-05-06T10:00:00.5Z", "2020-05-06T11:00:00+01:00"}).Draw(t, "date")}
		})
		items := rapid.SliceOf(item).Draw(t, "items")
		for i := range items {
			items[i].Kind = string(rune('A' + i%26)) // tells those that are otherwise alike apart
		}
		want := slices.Clone(items)
		slices.SortStableFunc(want, func(a, b Item) int {
			if a.Active != b.Active {
				return map[bool]int{true: -1, false: 1}[a.Active]
			}
			return cmp.Or(cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.Title, b.Title))
		})
		newest := ""
		for _, i := range items {
			newest = max(newest, i.Date.key())
		}
		if updated := inOrder(items, place.current); updated.key() != newest {
			t.Errorf("the newest is %q, not %q", updated, newest)
		}
		if !slices.EqualFunc(items, want, func(a, b Item) bool {
			return a.Title == b.Title && a.Date == b.Date && a.Active == b.Active && a.Kind == b.Kind
		}) {
			t.Errorf("in the order %v, not %v", items, want)
		}
	})
}
