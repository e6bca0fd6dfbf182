package web

import (
	"kmcr"
	"kmcr/compose"
)

var contacts = recordPage{
	Stem: "contacts", Title: "Contacts", Begins: true, Sections: []kmcr.Section{kmcr.Contacts, kmcr.Encounters, kmcr.SocialCare, kmcr.Safeguarding},
	Parts: func(r *compose.Record) []member { return []member{{"contacts", r.Contacts}} },
	Body: func(_ *ask, r *compose.Record) (any, error) {
		var v contactsView
		for _, c := range r.Contacts.Items {
			if c.Personal {
				v.Personal = append(v.Personal, c)
			} else {
				v.Professional = append(v.Professional, c)
			}
		}
		return v, nil
	},
}

// contactsView divides contacts into family and friends, and professionals.
type contactsView struct{ Personal, Professional []compose.Contact }
