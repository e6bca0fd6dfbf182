package web

import (
	"kmcr"
	"kmcr/compose"
)

var documents = recordPage{
	Stem: "documents", Title: "Documents", Sections: []kmcr.Section{kmcr.Documents},
	Parts: func(r *compose.Record) []member { return []member{{"documents", r.Documents}} },
}
