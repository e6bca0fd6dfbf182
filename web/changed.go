package web

import "kmcr/compose"

// changed shows what was taken in since the viewer last looked.
var changed = recordPage{
	Stem: "changes", Title: "What has changed", Begins: true, Looks: 400,
	Parts: func(r *compose.Record) []member {
		return []member{{"since", r.Since}, {"looked", r.Looked}, {"changes", r.Changes}}
	},
}
