package web

import (
	"kmcr"
	"kmcr/compose"
)

var plans = recordPage{
	// A decision on resuscitation stands in any of these, and is compared with the others.
	Stem: "plans", Title: "Plans and wishes", Sections: []kmcr.Section{kmcr.Plans, kmcr.Alerts, kmcr.Observations, kmcr.Problems},
	Parts: func(r *compose.Record) []member { return []member{{"plans", r.Plans}} },
}
