package web

import (
	"kmcr"
	"kmcr/compose"
)

var problems = recordPage{
	Stem: "problems", Title: "Problems", Sections: []kmcr.Section{kmcr.Problems},
	Parts: func(r *compose.Record) []member {
		return []member{{"problems", r.Problems}, {"procedures", r.Procedures}, {"familyHistory", r.FamilyHistory}}
	},
}
