package web

import (
	"kmcr"
	"kmcr/compose"
)

var socialCare = recordPage{
	Stem: "social-care", Title: "Social care", Sections: []kmcr.Section{kmcr.SocialCare},
	Parts: func(r *compose.Record) []member { return []member{{"socialCare", r.SocialCare}} },
}
