package web

import "kmcr/disclose"

// aboutView is the public account: in words, and from the agreement and the policies in force.
type aboutView struct {
	Topics    []topic
	Agreement *disclose.Agreement
}

// about says in plain words what is brought together, from whom, who may see it and how it is kept.
func (s *site) about(q *ask) error {
	a, err := s.out.Agreement(q.Context())
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"service": "Kent and Medway Care Record", "about": aboutText, "agreement": a})
	}
	return s.show(q, "about", page{Title: "About the Kent and Medway Care Record", Here: "/about", Body: aboutView{aboutText, a}})
}

// topic is one heading of the public account of the record, with its paragraphs.
type topic struct {
	Heading string   `json:"heading"`
	Says    []string `json:"says"`
}

// aboutText is the public account, the same for page and JSON.
var aboutText = []topic{
	{"What it brings together", []string{
		"GP practices, hospitals, community and mental health services, the ambulance service and the councils of Kent and Medway each keep their own record of the people they care for. The care record shows them side by side as one.",
		"It shows medicines, allergies, health problems, test results, hospital stays and visits, letters, appointments, care and support from social services, plans and wishes, and who is involved.",
		"Nothing is copied over anything else. What an organisation said stays what it said, with its name and date beside it. Where two of them differ, both are shown.",
	}},
	{"Who may see it", []string{
		"Only people who are caring for you now, who work for an organisation that has signed the sharing agreement, and only the parts that their job needs. A social worker does not see what a doctor sees, and the other way round.",
		"Some things are kept back even from them, such as what is marked as restricted. Then the record says that something is withheld, never what.",
		"In an emergency a professional may open a record without being involved yet. They must give a reason, and the privacy officer looks at every such opening.",
	}},
	{"How it is kept", []string{
		"Every record is sealed with its own key. Whoever steals the database can read nothing in it.",
		"Every look is written down before anything is shown: who, in which job, for which organisation, why, and what they saw. If it cannot be written down, nothing is shown. The log is chained so that a change to it is found.",
		"Records are used for care, not for anything else, and are kept in the United Kingdom.",
	}},
	{"Your choices", []string{
		"You can ask who has looked at your record, ask for something to be put right, and object to sharing: with everybody, with one organisation, or with one kind of professional. Talk to your GP practice or to the organisation that is caring for you; its privacy officer records your objection, and it holds from then on. Only an emergency, with a reason, opens your record then.",
	}},
}
