package web

import (
	"kmcr"
	"kmcr/compose"
)

var plans = recordPage{
	Stem: "plans", Title: "Plans and wishes", Sections: []kmcr.Section{kmcr.Plans},
	Parts: func(r *compose.Record) []member { return []member{{"plans", r.Plans}} },
}
