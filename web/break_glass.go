package web

import (
	"net/http"

	"kmcr"
	"kmcr/disclose"
)

// breakGlassView is the interruption before an emergency opening: who it is, what will happen, and the reason as typed.
type breakGlassView struct {
	disclose.Denied
	Reason, Wrong string
}

// breakGlassForm interrupts before a record is opened in an emergency.
func (s *site) breakGlassForm(q *ask) error {
	why, err := s.out.Explain(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"person": why.Found, "mayBreakGlass": why.MayBreakGlass, "reason": why.Reason, "remedy": why.Remedy})
	}
	return s.show(q, "break_glass", page{Title: "Open this record in an emergency", Body: breakGlassView{Denied: *why}})
}

// breakGlass opens a record in an emergency with the viewer's reason, and goes there.
func (s *site) breakGlass(q *ask) error {
	reason, err := q.reason()
	if err != nil {
		return err
	}
	ref := q.PathValue("ref")
	err = s.out.BreakGlass(q.Context(), q.viewer, ref, reason)
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() {
		return s.askReasonAgain(q, reason, err)
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"ref": ref, "record": "/people/" + ref})
	}
	return q.see("/people/" + ref)
}

func (s *site) askReasonAgain(q *ask, reason string, cause error) error {
	why, err := s.out.Explain(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	return s.show(q, "break_glass", page{
		Title: "Open this record in an emergency", Status: http.StatusBadRequest,
		Body: breakGlassView{Denied: *why, Reason: reason, Wrong: describe(cause).Message},
	})
}

// reason reads the reason that somebody gives for something, as a form or JSON.
func (q *ask) reason() (string, error) {
	if q.sentJSON() {
		var v struct {
			Reason string `json:"reason"`
		}
		err := q.readJSON(&v)
		return v.Reason, err
	}
	if err := q.form(); err != nil {
		return "", err
	}
	return q.PostFormValue("reason"), nil
}

// wrongReason is what is wrong with the reason, for the summary of errors.
func wrongReason(says string) []wrong { return []wrong{{"reason", says}} }
