package web

import "kmcr/compose"

// conflicts needs the whole record: sources may differ about anything.
var conflicts = recordPage{
	Stem: "conflicts", Title: "Where sources differ", Begins: true,
	Parts: func(r *compose.Record) []member { return []member{{"conflicts", r.Conflicts}} },
}
