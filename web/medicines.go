package web

import (
	"slices"

	"kmcr"
	"kmcr/compose"
)

var medicines = recordPage{
	Stem: "medicines", Title: "Medicines", Begins: true, Sections: []kmcr.Section{kmcr.Medicines},
	Parts: func(r *compose.Record) []member { return []member{{"medicines", r.Medicines}} },
	Body:  medicinesBody,
}

// medicinesView is the list that is asked for: current unless past is chosen.
type medicinesView struct {
	Past                   bool
	Shown                  []compose.Medicine
	Stopped, Unclear       []compose.Medicine
	CurrentCount, PastSize int
}

func medicinesBody(q *ask, r *compose.Record) (any, error) {
	all := r.Medicines.Items
	current, past := inGroup(all, "current"), inGroup(all, "past", "recently-stopped")
	v := medicinesView{
		Past: q.URL.Query().Get("show") == "past", Shown: current, CurrentCount: len(current), PastSize: len(past),
		Stopped: inGroup(all, "recently-stopped"), Unclear: inGroup(all, "unknown"),
	}
	if v.Past {
		v.Shown = past
	}
	return v, nil
}

// inGroup keeps the medicines of some groups, in their order.
func inGroup(all []compose.Medicine, groups ...string) (some []compose.Medicine) {
	for _, m := range all {
		if slices.Contains(groups, m.Group) {
			some = append(some, m)
		}
	}
	return some
}
