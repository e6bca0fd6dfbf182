package web

import (
	"net/http"

	"kmcr"
	"kmcr/compose"
	"kmcr/disclose"
)

// othersView is what concerns other people, or the form that asks for it.
type othersView struct {
	Ref    string
	Asked  bool
	Items  []compose.Item
	Wrong  string
	Found  *disclose.Found
	Reason string
}

// othersForm asks why somebody needs what concerns other people.
func (s *site) othersForm(q *ask) error {
	return s.askForOthers(q, othersView{}, 0)
}

func (s *site) askForOthers(q *ask, v othersView, status int) error {
	why, err := s.out.Explain(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	if !why.Open {
		return &kmcr.Error{Kind: kmcr.Refused, Message: why.Reason, Remedy: why.Remedy}
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"person": why.Found})
	}
	v.Ref, v.Found = q.PathValue("ref"), &why.Found
	return s.show(q, "others", page{Title: "What concerns other people", Body: v, Status: status})
}

// others tells it to whoever says why; it stands in no other page.
func (s *site) others(q *ask) error {
	reason, err := q.reason()
	if err != nil {
		return err
	}
	v := othersView{Ref: q.PathValue("ref"), Asked: true, Reason: reason}
	v.Items, err = s.out.AboutOthers(q.Context(), q.viewer, v.Ref, reason)
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() {
		v.Asked, v.Wrong = false, describe(err).Message
		return s.askForOthers(q, v, http.StatusBadRequest)
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": v.Ref, "aboutOthers": list(v.Items)})
	}
	return s.show(q, "others", page{Title: "What concerns other people", Body: v})
}
