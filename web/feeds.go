package web

import (
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
)

// feedsView is the counters of every contributor, and what could not be applied.
type feedsView struct {
	Feeds  []feedRow
	Parked []disclose.ParkedMessage
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

// counts are the counters of a contributor or of all, named as in kmcr status --json.
type counts struct {
	Received int64 `json:"received"`
	Applied  int64 `json:"applied"`
	Parked   int64 `json:"parked"`
	Rejected int64 `json:"rejected"`
	Waiting  int64 `json:"waiting"`
}

// feedJSON is one contributor for a reader of JSON.
type feedJSON struct {
	Contributor  kmcr.ContributorCode `json:"contributor"`
	Name         string               `json:"name"`
	Organisation kmcr.ODS             `json:"organisation"`
	Format       kmcr.Format          `json:"format"`
	Paused       bool                 `json:"paused"`
	Late         bool                 `json:"late"`
	LastHeard    time.Time            `json:"last_heard,omitzero"`
	counts
	ByReason map[string]int64 `json:"parkedByReason"`
}

// counters are the feeds for a reader of JSON, and their sum.
func counters(all []disclose.Feed) (feeds []feedJSON, total counts) {
	feeds = []feedJSON{}
	for _, f := range all {
		c := counts{f.Tally.Received, f.Tally.Applied, f.Tally.Parked, f.Tally.Rejected, f.Tally.Waiting}
		feeds = append(feeds, feedJSON{f.Contributor.Code, f.Contributor.Name, f.Contributor.Organisation, f.Contributor.Format, f.Contributor.Paused, f.Late, f.Tally.LastHeard, c, f.Parked})
		total = counts{total.Received + c.Received, total.Applied + c.Applied, total.Parked + c.Parked, total.Rejected + c.Rejected, total.Waiting + c.Waiting}
	}
	return feeds, total
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
		feeds, total := counters(all)
		return q.writeJSON(0, map[string]any{"feeds": feeds, "total": total, "parked": list(v.Parked)})
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
