package web

import (
	"kmcr"
	"kmcr/compose"
)

var vaccinations = recordPage{
	Stem: "vaccinations", Title: "Vaccinations", Sections: []kmcr.Section{kmcr.Vaccinations},
	Parts: func(r *compose.Record) []member { return []member{{"vaccinations", r.Vaccinations}} },
}
