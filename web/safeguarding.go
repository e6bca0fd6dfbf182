package web

import (
	"kmcr"
	"kmcr/compose"
)

var safeguarding = recordPage{
	Stem: "safeguarding", Title: "Safeguarding", Sections: []kmcr.Section{kmcr.Safeguarding, kmcr.Alerts},
	Parts: func(r *compose.Record) []member {
		return []member{{"safeguarding", r.Safeguarding}, {"alerts", r.Alerts}}
	},
}
