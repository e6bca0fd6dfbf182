package web

import (
	"kmcr"
	"kmcr/compose"
)

var socialCare = recordPage{
	Stem: "social-care", Title: "Social care", Sections: []kmcr.Section{kmcr.SocialCare, kmcr.Safeguarding, kmcr.Contacts},
	Parts: func(r *compose.Record) []member { return []member{{"socialCare", r.SocialCare}} },
	Body:  func(_ *ask, r *compose.Record) (any, error) { return careAtAGlance(r), nil },
}

// careView is social care at a glance: what is open, what was, and how the person lives.
type careView struct {
	Open, Over, Context []compose.Service
}

func careAtAGlance(r *compose.Record) (v careView) {
	for _, s := range r.SocialCare.Items {
		switch {
		case s.Kind == "Social context":
			v.Context = append(v.Context, s)
		case s.Active:
			v.Open = append(v.Open, s)
		default:
			v.Over = append(v.Over, s)
		}
	}
	return v
}
