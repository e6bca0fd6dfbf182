package web

import "kmcr/compose"

// duty is what a duty worker needs to decide today: where sources differ, what is open, who can be rung.
var duty = recordPage{
	Stem: "duty", Title: "Duty view",
	Parts: func(r *compose.Record) []member {
		return []member{{"conflicts", r.Conflicts}, {"safeguarding", r.Safeguarding}, {"admittedNow", r.Admitted}, {"socialCare", r.SocialCare}, {"contacts", r.Contacts}}
	},
	Body: func(_ *ask, r *compose.Record) (any, error) {
		v := dutyView{Wishes: active(r.Plans.Items)}
		for _, s := range r.SocialCare.Items {
			if s.Active {
				v.Open = append(v.Open, s)
			}
		}
		v.Ring = pickForCrew(r).Ring
		return v, nil
	},
}

// dutyView is what the duty view picks out of the record.
type dutyView struct {
	Open   []compose.Service
	Wishes []compose.Item
	Ring   []compose.Contact
}
