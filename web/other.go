package web

import "kmcr/compose"

// other shows what has no page of its own, and what stands nowhere and why: nothing permitted is dropped in silence.
var other = recordPage{
	Stem: "other", Title: "Other statements",
	Parts: func(r *compose.Record) []member {
		return []member{{"other", r.Other}, {"notShown", r.NotShown}}
	},
}
