package web

import (
	"slices"
	"strings"

	"kmcr"
	"kmcr/compose"
)

// crew is what an ambulance crew needs on one screen of a telephone: what could harm, what is wished, what is taken, whom to ring.
var crew = recordPage{
	Stem: "crew", Title: "Crew view",
	Sections: []kmcr.Section{kmcr.Alerts, kmcr.Safeguarding, kmcr.Medicines, kmcr.Problems, kmcr.Observations, kmcr.Encounters, kmcr.Contacts, kmcr.SocialCare, kmcr.Plans},
	Parts: func(r *compose.Record) []member {
		return []member{{"alerts", r.Alerts}, {"allergies", r.Allergies}, {"plans", r.Plans}, {"medicines", r.Medicines}, {"problems", r.Problems}, {"contacts", r.Contacts}}
	},
	Body: func(_ *ask, r *compose.Record) (any, error) { return pickForCrew(r), nil },
}

// crewView is what the crew view picks out of the record.
type crewView struct {
	Wishes, Active []compose.Item
	Current        []compose.Medicine
	Stopped        []compose.Medicine
	Last           []result // the newest of each vital sign
	Home           []compose.Service
	Ring           []compose.Contact
}

func pickForCrew(r *compose.Record) crewView {
	v := crewView{Wishes: active(r.Plans.Items), Active: active(r.Problems.Items), Current: inGroup(r.Medicines.Items, "current"), Stopped: inGroup(r.Medicines.Items, "recently-stopped")}
	for _, t := range r.Observations.Items {
		if newest := t.Newest(); newest != nil && vital(t.Name) {
			v.Last = append(v.Last, result{t, *newest})
		}
	}
	for _, s := range r.SocialCare.Items {
		if s.Active && mentions(s.Title, "access", "key safe", "keysafe", "accommodation", "household", "lives", "mobility", "residential", "nursing") {
			v.Home = append(v.Home, s)
		}
	}
	for _, k := range r.Contacts.Items {
		if k.Active && k.Telephone != "" {
			v.Ring = append(v.Ring, k)
		}
	}
	slices.SortStableFunc(v.Wishes, func(a, b compose.Item) int { return decisionFirst(a) - decisionFirst(b) })
	slices.SortStableFunc(v.Ring, func(a, b compose.Contact) int { return ringFirst(a) - ringFirst(b) })
	return v
}

// decisionFirst puts what decides a crew's next minutes before other wishes, plans and risks.
func decisionFirst(i compose.Item) int {
	if mentions(i.Title, "resuscitat", "cpr", "dnar", "respect", "refuse") {
		return 0
	}
	return 1
}

// ringFirst puts next of kin first, then other people of the person's own, then professionals.
func ringFirst(k compose.Contact) int {
	switch {
	case k.NextOfKin:
		return 0
	case k.Personal:
		return 1
	}
	return 2
}

func vital(name string) bool {
	return mentions(name, "blood pressure", "systolic", "diastolic", "pulse", "heart rate", "respiratory rate", "oxygen saturation", "temperature", "glucose", "news", "conscious", "weight", "peak flow")
}

// mentions tells whether any of the words stands in a title.
func mentions(title string, words ...string) bool {
	title = strings.ToLower(title)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(title, w) })
}

func active(items []compose.Item) (some []compose.Item) {
	for _, i := range items {
		if i.Active {
			some = append(some, i)
		}
	}
	return some
}
