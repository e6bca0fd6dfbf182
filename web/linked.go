package web

import (
	"maps"
	"slices"
	"time"

	"kmcr/ingest"
)

// linkedView is how well each contributor's patients are linked.
type linkedView struct {
	At    time.Time // when it was counted; zero while it is being counted for the first time
	Rates []linkedRow
}

// linkedRow is one contributor.
type linkedRow struct {
	ingest.LinkRate
	Name string
	Why  []linkedReason
}

// linkedReason is how many are not linked, or were answered by the national service, for one reason.
type linkedReason struct {
	Words string
	Count int
}

// linkRates shows how well each contributor's patients are linked, and why the others are not, for the contributor to mend at source.
func (s *site) linkRates(q *ask) error {
	names, err := s.out.MayReport(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	rates, at, err := s.in.Linked(q.Context())
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"contributors": list(rates), "at": at})
	}
	v := linkedView{At: at}
	for _, r := range rates {
		v.Rates = append(v.Rates, linkedRow{r, names[r.Contributor], slices.Concat(inCounts(r.Unlinked, ""), inCounts(r.Traced, "national service: "))})
	}
	return s.show(q, "linked", page{Title: "How well patients are linked", Here: "/matches", Body: v})
}

// inCounts puts reasons in order: the most frequent first.
func inCounts[K ~string](counts map[K]int, before string) (all []linkedReason) {
	for _, words := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, linkedReason{before + string(words), counts[words]})
	}
	slices.SortStableFunc(all, func(a, b linkedReason) int { return b.Count - a.Count })
	return all
}
