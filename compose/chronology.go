package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr/terms"
)

// Happening is one line of a chronology: what happened, by whose word, in the order of time.
type Happening struct {
	Date Date `json:"date"`
	End  Date `json:"end,omitempty"`
	// Kind is one of HappeningKinds.
	Kind         string       `json:"kind"`
	What         string       `json:"what"`
	Why          string       `json:"why,omitempty"`
	Organisation string       `json:"organisation,omitempty"`
	Page         string       `json:"page,omitempty"` // of the record where it stands
	From         []Provenance `json:"from"`
}

// HappeningKinds lists the kinds of what happened.
var HappeningKinds = []string{"Concern", "Attendance", "Admission", "Missed appointment", "Appointment", "Contact", "Move", "Referral", "Service", "Death"}

// Move is a change of address as contributors say it.
type Move struct {
	Date Date         `json:"date"`
	To   string       `json:"to"`
	From []Provenance `json:"from"`
}

// Chronology tells a record as what happened across organisations, the newest first: attendances, missed appointments, moves,
// concerns, services. It holds nothing that the record does not show.
func Chronology(r *Record) []Happening {
	out := []Happening{}
	for _, e := range r.Encounters.Items {
		out = append(out, Happening{Date: e.Date, End: e.End, Kind: encounterKind(e), What: e.Title, Why: e.Reason, Organisation: e.Organisation, Page: "encounters", From: e.From})
	}
	for _, a := range r.Appointments.Items {
		kind := "Appointment"
		if a.Status == terms.Say(terms.Status, "noshow") {
			kind = "Missed appointment"
		}
		out = append(out, Happening{Date: a.Date, Kind: kind, What: a.Title, Why: detail(a, "Reason"), Organisation: detail(a, "With"), Page: "appointments", From: a.From})
	}
	for _, k := range r.Concerns {
		out = append(out, Happening{Date: k.Date, End: k.End, Kind: "Concern", What: k.Title, Organisation: k.Organisation, Page: "safeguarding", From: k.From})
	}
	for _, s := range r.SocialCare.Items {
		if s.Kind == "Service" {
			out = append(out, Happening{Date: s.Date, End: s.End, Kind: "Service", What: s.Title, Organisation: s.Provider, Page: "social-care", From: s.From})
		}
	}
	for _, f := range r.Referrals.Items {
		out = append(out, Happening{Date: f.Date, Kind: "Referral", What: f.Title, Why: detail(f, "Reason"), Organisation: detail(f, "To"), Page: "referrals", From: f.From})
	}
	for _, m := range r.Moves {
		out = append(out, Happening{Date: m.Date, Kind: "Move", What: "Moved to " + m.To, From: m.From})
	}
	if r.Banner.Deceased {
		out = append(out, Happening{Date: r.Banner.Died, Kind: "Death", What: "Died", From: r.Banner.From})
	}
	slices.SortStableFunc(out, func(a, b Happening) int {
		return cmp.Or(cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.What, b.What))
	})
	return out
}

func encounterKind(e Encounter) string {
	switch {
	case strings.HasPrefix(e.Class, "emergency"):
		return "Attendance"
	case e.Class == "inpatient" || e.Class == "observation" || e.Class == "day or short stay":
		return "Admission"
	}
	return "Contact"
}

func detail(i Item, label string) string {
	for _, d := range i.Details {
		if d.Label == label {
			return d.Value
		}
	}
	return ""
}
