package web

import (
	"kmcr"
	"kmcr/compose"
)

var encounters = recordPage{
	Stem: "encounters", Title: "Admissions and visits", Begins: true, Sections: []kmcr.Section{kmcr.Encounters},
	Parts: func(r *compose.Record) []member {
		return []member{{"admittedNow", r.Admitted}, {"encounters", r.Encounters}}
	},
}
