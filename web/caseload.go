package web

import "kmcr/disclose"

// caseload lists my people and my team's.
func (s *site) caseload(q *ask) error {
	people, err := s.out.Caseload(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"people": list(people)})
	}
	return s.show(q, "caseload", page{Title: "My people", Here: "/caseload", Body: caseloadView{people}})
}

type caseloadView struct{ People []disclose.CaseloadEntry }
