package web

import (
	"kmcr"
	"kmcr/compose"
)

var results = recordPage{
	Stem: "results", Title: "Results", Sections: []kmcr.Section{kmcr.Results},
	Parts: func(r *compose.Record) []member { return []member{{"results", r.Results}, {"reports", r.Reports}} },
}
