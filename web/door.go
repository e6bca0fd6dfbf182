package web

import "kmcr/disclose"

type doorView struct {
	Ref  string
	Ways []disclose.WayIn
}

// door says, to whoever asks for it, how to get into the person's home; it is masked everywhere else.
func (s *site) door(q *ask) error {
	ways, err := s.out.WaysIn(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": q.PathValue("ref"), "waysIn": list(ways)})
	}
	return s.show(q, "door", page{Title: "How to get in", Body: doorView{q.PathValue("ref"), ways}})
}
