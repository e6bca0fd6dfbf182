package web

import (
	"slices"

	"kmcr"
	"kmcr/compose"
)

var safeguarding = recordPage{
	Stem: "safeguarding", Title: "Safeguarding",
	Sections: []kmcr.Section{kmcr.Safeguarding, kmcr.Alerts, kmcr.Contacts, kmcr.Appointments},
	Parts: func(r *compose.Record) []member {
		return []member{{"concerns", list(r.Concerns)}, {"safeguarding", r.Safeguarding}, {"alerts", r.Alerts}}
	},
}

// chronology shows what happened across organisations, newest first.
var chronology = recordPage{
	Stem: "chronology", Title: "Chronology",
	Sections: []kmcr.Section{kmcr.Safeguarding, kmcr.Encounters, kmcr.Appointments, kmcr.Referrals, kmcr.SocialCare},
	Moves:    true,
	Parts: func(r *compose.Record) []member {
		return []member{{"chronology", compose.Chronology(r)}, {"encounters", heardOf(r.Encounters)}, {"appointments", heardOf(r.Appointments)}, {"safeguarding", heardOf(r.Safeguarding)}, {"socialCare", heardOf(r.SocialCare)}}
	},
	Body: func(q *ask, r *compose.Record) (any, error) {
		return chronologyOf(compose.Chronology(r), q.URL.Query().Get("kind"), q.URL.Query().Get("years")), nil
	},
}

// heardOf is what a chronology says of a section besides its items: whether it may be incomplete or something is withheld.
func heardOf[T any](p compose.Part[T]) compose.Part[T] {
	p.Items = []T{}
	return p
}

// chronologyView is a chronology by year, of one kind or all.
type chronologyView struct {
	Years       []happenedIn
	Kinds       []string
	Kind, Since string
	Count       int
}

type happenedIn struct {
	Year  string
	Items []compose.Happening
}

// chronologyOf picks one kind, and the last five years unless all are asked for.
func chronologyOf(all []compose.Happening, kind, years string) chronologyView {
	v := chronologyView{Kind: kind, Since: years}
	for _, k := range compose.HappeningKinds {
		if slices.ContainsFunc(all, func(h compose.Happening) bool { return h.Kind == k }) {
			v.Kinds = append(v.Kinds, k)
		}
	}
	for _, h := range all {
		if kind != "" && h.Kind != kind {
			continue
		}
		year := "Without a date"
		if len(h.Date) >= 4 {
			year = string(h.Date[:4])
		}
		if n := len(v.Years); n == 0 || v.Years[n-1].Year != year {
			if n == 5 && years != "all" {
				break
			}
			v.Years = append(v.Years, happenedIn{Year: year})
		}
		last := &v.Years[len(v.Years)-1]
		last.Items = append(last.Items, h)
		v.Count++
	}
	return v
}

// household shows who lives with a person or is of the family, as far as it may be told.
func (s *site) household(q *ask) error {
	h, err := s.out.Household(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, h)
	}
	return s.show(q, "household", page{Title: "Household and family", Here: "/caseload", Body: h})
}
