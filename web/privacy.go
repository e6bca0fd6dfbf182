package web

import (
	"time"

	"kmcr"
	"kmcr/disclose"
)

// privacyItem is one thing for the privacy officer.
type privacyItem struct {
	What string `json:"what"`
	// Ref leads to who else looked at the same record; never to the record by itself.
	Ref kmcr.Ref `json:"ref,omitempty"`
	look
}

// concern is something striking about looks, with its evidence and what came of it.
type concern struct {
	ID           string    `json:"id"`
	Rule         string    `json:"rule"`
	Says         string    `json:"says"`
	Account      string    `json:"account"`
	Name         string    `json:"name"`
	Role         kmcr.Role `json:"role"`
	Organisation kmcr.ODS  `json:"organisation"`
	Team         string    `json:"team,omitempty"`
	Ref          kmcr.Ref  `json:"ref,omitempty"`
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Looks        int       `json:"looks"`
	Evidence     []string  `json:"evidence"` // ids of audit entries
	Outcome      string    `json:"outcome,omitempty"`
	Found        string    `json:"found,omitempty"`
	By           string    `json:"by,omitempty"`
}

func concernOf(c disclose.Concern) concern {
	out := concern{
		ID: c.ID, Rule: c.Rule, Says: c.Says, Account: c.Viewer.Account, Name: c.Viewer.Name, Role: c.Viewer.Role, Organisation: c.Viewer.Organisation, Team: c.Viewer.Team,
		First: c.First, Last: c.Last, Looks: c.Looks, Evidence: c.Entries, Outcome: c.Outcome.Verdict, Found: c.Outcome.Words, By: c.Outcome.By,
	}
	if c.Person != 0 {
		out.Ref = c.Person.Ref()
	}
	return out
}

// privacyView lists them.
type privacyView struct {
	Items    []privacyItem
	Concerns []concern
	Verdicts []string
}

// privacy is the privacy officer's work list: what is striking about looks; emergency openings, self-claimed involvement, refusals.
func (s *site) privacy(q *ask) error {
	entries, err := s.out.Privacy(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	concerns, err := s.out.Concerns(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v := privacyView{Items: []privacyItem{}, Concerns: []concern{}, Verdicts: disclose.Verdicts}
	for _, e := range entries {
		i := privacyItem{What: e.What, look: lookOf(e.Entry)}
		if e.Entry.Person != 0 {
			i.Ref = e.Entry.Person.Ref()
		}
		v.Items = append(v.Items, i)
	}
	for _, c := range concerns {
		v.Concerns = append(v.Concerns, concernOf(c))
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"privacy": v.Items, "concerns": v.Concerns})
	}
	return s.show(q, "privacy", page{Title: "Privacy: openings to look at", Here: "/privacy", Body: v})
}

// settleConcern records what came of looking into a concern. Its id stands in the body: it names an account.
func (s *site) settleConcern(q *ask) error {
	var v struct {
		ID      string `json:"id"`
		Outcome string `json:"outcome"`
		Reason  string `json:"reason"`
	}
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return err
		}
	} else {
		if err := q.form(); err != nil {
			return err
		}
		v.ID, v.Outcome, v.Reason = q.PostFormValue("id"), q.PostFormValue("outcome"), q.PostFormValue("reason")
	}
	if err := s.out.Settle(q.Context(), q.viewer, v.ID, v.Outcome, v.Reason); err != nil {
		return err
	}
	return q.done("/privacy")
}
