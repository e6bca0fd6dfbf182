package web

import "kmcr/compose"

// duty is what a duty worker needs to decide today: where sources differ, what is open, who can be rung.
var duty = recordPage{
	Stem: "duty", Title: "Duty view",
	Parts: func(r *compose.Record) []member {
		return []member{{"conflicts", r.Conflicts}, {"safeguarding", r.Safeguarding}, {"admittedNow", r.Admitted}, {"socialCare", r.SocialCare}, {"contacts", r.Contacts}}
	},
	Body: func(_ *ask, r *compose.Record) (any, error) {
		return dutyView{Open: careAtAGlance(r).Open, Wishes: active(r.Plans.Items), Ring: pickForCrew(r).Ring}, nil
	},
}

// dutyView is what the duty view picks out of the record.
type dutyView struct {
	Open   []compose.Service
	Wishes []compose.Item
	Ring   []compose.Contact
}
