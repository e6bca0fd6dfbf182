package web

import (
	"slices"

	"kmcr"
	"kmcr/compose"
)

// medicineTimes is the current medicines by time of day, for whoever gives them.
var medicineTimes = recordPage{
	Stem: "medicine-times", Title: "Medicines by time of day", Sections: []kmcr.Section{kmcr.Medicines},
	Parts: func(r *compose.Record) []member { return []member{{"times", byTime(r)}} },
	Body: func(_ *ask, r *compose.Record) (any, error) {
		return timesView{byTime(r), inGroup(r.Medicines.Items, "recently-stopped"), inGroup(r.Medicines.Items, "unknown")}, nil
	},
}

// timesView is what is given when, what has lately been stopped, and what may or may not be taken.
type timesView struct {
	Times            []timeOfDay
	Stopped, Unclear []compose.Medicine
}

// timeOfDay is one time of the day with the medicines of that time.
type timeOfDay struct {
	Name      string             `json:"name"`
	Medicines []compose.Medicine `json:"medicines"`
}

func byTime(r *compose.Record) (all []timeOfDay) {
	current := inGroup(r.Medicines.Items, "current")
	for _, name := range compose.TimesOfDay {
		t := timeOfDay{Name: name}
		for _, m := range current {
			if slices.Contains(m.TimesOfDay(), name) {
				t.Medicines = append(t.Medicines, m)
			}
		}
		if len(t.Medicines) > 0 {
			all = append(all, t)
		}
	}
	return all
}
