package web

import (
	"kmcr"
	"kmcr/compose"
)

var allergies = recordPage{
	Stem: "allergies", Title: "Allergies", Sections: []kmcr.Section{kmcr.Allergies},
	Parts: func(r *compose.Record) []member { return []member{{"allergies", r.Allergies}} },
}
