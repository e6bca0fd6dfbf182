package web

import (
	"slices"
	"strings"

	"kmcr/disclose"
)

// feedsView is the counters of every contributor, and what could not be applied.
type feedsView struct {
	Feeds  []feedRow
	Parked []ParkedMessage
	Listed bool // Parked is known
}

// feedRow is one contributor with its parked messages by reason, most first.
type feedRow struct {
	disclose.Feed
	Reasons []reasonCount
}

type reasonCount struct {
	Reason string
	Count  int64
}

// feeds is the integration engineer's work list.
func (s *site) feeds(q *ask) error {
	all, err := s.out.Feeds(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v := feedsView{Listed: s.Parked != nil}
	if v.Listed {
		if v.Parked, err = s.Parked(q.Context(), q.viewer); err != nil {
			return err
		}
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"feeds": list(all), "parked": list(v.Parked)})
	}
	for _, f := range all {
		v.Feeds = append(v.Feeds, feedRow{f, reasons(f.Parked)})
	}
	return s.show(q, "feeds", page{Title: "Feeds", Here: "/feeds", Body: v})
}

func reasons(counts map[string]int64) (all []reasonCount) {
	for r, n := range counts {
		all = append(all, reasonCount{r, n})
	}
	slices.SortFunc(all, func(a, b reasonCount) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Reason, b.Reason)
	})
	return all
}
