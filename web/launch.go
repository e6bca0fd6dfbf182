package web

import (
	"net/http"

	"kmcr"
	"kmcr/disclose"
)

// launchView is the page between: who is on the other system's screen and whom the record would open.
type launchView struct {
	disclose.Arrival
	There disclose.Launched
}

// launched opens the person whom another system has on its screen; where what both say differs, it stops and shows it.
func (s *site) launched(q *ask) error {
	if s.Launched == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such page"}
	}
	l, err := s.Launched(q.Context(), q.viewer, q.PathValue("id"))
	if kmcr.KindOf(err) == kmcr.NotFound { // nothing was launched, and that is written down like any refusal
		if failed := s.out.Refused(q.Context(), q.viewer, "launch", q.where(), "There is no such launch, or it was made for somebody else."); failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	a, err := s.out.Launch(q.Context(), q.viewer, l)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": a.Ref, "people": list(a.Found), "differs": list(a.Differs)})
	}
	if a.Ref != "" {
		return q.see("/people/" + string(a.Ref))
	}
	return s.show(q, "launch", page{Title: "Check that this is the same person", Status: http.StatusConflict, Body: launchView{*a, l}})
}
