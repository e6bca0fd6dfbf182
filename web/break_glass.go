package web

import (
	"context"
	"net/http"
	"time"

	"kmcr"
	"kmcr/disclose"
)

// wayView is the interruption before a record is opened that is not open: who it is, what will happen, and the reason as typed.
type wayView struct {
	disclose.Denied
	Ground, Reason, Wrong string
}

// way is one of the two ways.
type way struct {
	stem, title, template string
	open                  func(ctx context.Context, v kmcr.Viewer, ref string, why disclose.Why) (until time.Time, err error)
}

func (s *site) emergency() way {
	return way{"break-glass", "Open this record in an emergency", "break_glass", func(ctx context.Context, v kmcr.Viewer, ref string, why disclose.Why) (time.Time, error) {
		return time.Time{}, s.out.BreakGlass(ctx, v, ref, why)
	}}
}

func (s *site) claim() way {
	return way{"involved", "Say that you are involved in this person’s care", "involved", s.out.SayInvolved}
}

// breakGlassForm interrupts before a record is opened in an emergency.
func (s *site) breakGlassForm(q *ask) error { return s.wayForm(q, s.emergency()) }

// breakGlass opens a record in an emergency with the viewer's reason, and goes there.
func (s *site) breakGlass(q *ask) error { return s.take(q, s.emergency()) }

func (s *site) wayForm(q *ask, w way) error {
	why, err := s.out.Explain(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"person": why.Found, "mayBreakGlass": why.MayBreakGlass, "mayClaim": why.MayClaim, "reason": why.Reason, "remedy": why.Remedy,
			"open": why.Open, "emergencies": list(why.Emergencies), "claims": list(why.Claims)})
	}
	return s.show(q, w.template, page{Title: w.title, Body: wayView{Denied: *why}})
}

func (s *site) take(q *ask, w way) error {
	why, err := q.why()
	if err != nil {
		return err
	}
	ref := q.PathValue("ref")
	until, err := w.open(q.Context(), q.viewer, ref, why)
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() {
		return s.askAgain(q, w, why, err)
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		answer := map[string]any{"ref": ref, "record": "/people/" + ref}
		if !until.IsZero() {
			answer["until"] = until
		}
		return q.writeJSON(0, answer)
	}
	return q.see("/people/" + ref)
}

func (s *site) askAgain(q *ask, w way, typed disclose.Why, cause error) error {
	why, err := s.out.Explain(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil {
		return err
	}
	return s.show(q, w.template, page{
		Title: w.title, Status: http.StatusBadRequest,
		Body: wayView{Denied: *why, Ground: typed.Ground, Reason: typed.Words, Wrong: describe(cause).Message},
	})
}

// why reads the ground and reason that somebody gives for opening a record, as a form or JSON.
func (q *ask) why() (disclose.Why, error) {
	if q.sentJSON() {
		var v struct {
			Ground    string `json:"ground"`
			Reason    string `json:"reason"`
			Until     string `json:"until"`
			Telephone string `json:"telephone"`
			Hours     string `json:"hours"`
		}
		if err := q.readJSON(&v); err != nil {
			return disclose.Why{}, err
		}
		until, err := untilDay(v.Until)
		return disclose.Why{Ground: v.Ground, Words: v.Reason, Until: until, Telephone: v.Telephone, Hours: v.Hours}, err
	}
	if err := q.form(); err != nil {
		return disclose.Why{}, err
	}
	until, err := untilDay(q.PostFormValue("until"))
	return disclose.Why{Ground: q.PostFormValue("ground"), Words: q.PostFormValue("reason"), Until: until, Telephone: q.PostFormValue("telephone"), Hours: q.PostFormValue("hours")}, err
}

// untilDay reads a day, the whole of which counts, or an instant; zero for none.
func untilDay(typed string) (time.Time, error) {
	if typed == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, typed, london); err == nil {
		return t.AddDate(0, 0, 1), nil
	}
	t, err := time.Parse(time.RFC3339, typed)
	if err != nil {
		return t, &kmcr.Error{Kind: kmcr.Invalid, Where: "until", Message: "the day on which it ends cannot be read", Remedy: "Write it as year, month and day: 2026-12-24."}
	}
	return t, nil
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
