package web

import (
	"kmcr"
	"kmcr/compose"
)

var observations = recordPage{
	Stem: "observations", Title: "Observations and assessments", Sections: []kmcr.Section{kmcr.Observations},
	Parts: func(r *compose.Record) []member {
		return []member{{"observations", r.Observations}, {"assessments", r.Assessments}}
	},
}
