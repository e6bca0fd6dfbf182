package web

import "kmcr"

// privacyItem is one thing for the privacy officer.
type privacyItem struct {
	What string `json:"what"`
	// Ref leads to who else looked at the same record; never to the record by itself.
	Ref kmcr.Ref `json:"ref,omitempty"`
	look
}

// privacyView lists them.
type privacyView struct{ Items []privacyItem }

// privacy is the privacy officer's work list: emergency openings, self-claimed involvement, refusals.
func (s *site) privacy(q *ask) error {
	entries, err := s.out.Privacy(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v := privacyView{Items: []privacyItem{}}
	for _, e := range entries {
		i := privacyItem{What: e.What, look: lookOf(e.Entry)}
		if e.Entry.Person != 0 {
			i.Ref = e.Entry.Person.Ref()
		}
		v.Items = append(v.Items, i)
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"privacy": v.Items})
	}
	return s.show(q, "privacy", page{Title: "Privacy: openings to look at", Here: "/privacy", Body: v})
}
