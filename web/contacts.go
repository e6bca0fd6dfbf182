package web

import (
	"kmcr"
	"kmcr/compose"
)

var contacts = recordPage{
	Stem: "contacts", Title: "Contacts", Begins: true,
	Sections: []kmcr.Section{kmcr.Contacts, kmcr.Encounters, kmcr.SocialCare, kmcr.Safeguarding, kmcr.Appointments, kmcr.Referrals, kmcr.Plans},
	Parts:    func(r *compose.Record) []member { return []member{{"contacts", r.Contacts}} },
	Body: func(q *ask, r *compose.Record) (any, error) {
		v := contactsView{Tasks: compose.Tasks, Task: q.URL.Query().Get("for")}
		for _, c := range r.Contacts.Items {
			switch {
			case c.Personal:
				v.Personal = append(v.Personal, c)
			case c.Involved:
				v.Professional = append(v.Professional, c)
			default:
				v.Ended = append(v.Ended, c)
			}
		}
		return v, nil
	},
}

// contactsView divides contacts into professionals who are involved, family and friends, and professionals who were.
type contactsView struct {
	Professional, Personal, Ended []compose.Contact
	Tasks                         []compose.Task
	Task                          string
}
