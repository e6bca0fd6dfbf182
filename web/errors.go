package web

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"kmcr"
	"kmcr/disclose"
)

// statuses are the HTTP status of each kind of failure.
var statuses = map[kmcr.Kind]int{
	kmcr.Invalid:         http.StatusBadRequest,
	kmcr.NotFound:        http.StatusNotFound,
	kmcr.Gone:            http.StatusGone,
	kmcr.Conflict:        http.StatusConflict,
	kmcr.Precondition:    http.StatusPreconditionFailed,
	kmcr.Unauthenticated: http.StatusUnauthorized,
	kmcr.StepUp:          http.StatusUnauthorized,
	kmcr.Refused:         http.StatusForbidden,
	kmcr.TooLarge:        http.StatusRequestEntityTooLarge,
	kmcr.TooOften:        http.StatusTooManyRequests,
	kmcr.Unsupported:     http.StatusUnsupportedMediaType,
	kmcr.Unavailable:     http.StatusServiceUnavailable,
	kmcr.Fault:           http.StatusInternalServerError,
}

// headings are what the page of each kind of failure is called.
var headings = map[kmcr.Kind]string{
	kmcr.Invalid:         "That cannot be done as it stands",
	kmcr.NotFound:        "Page not found",
	kmcr.Gone:            "This has been taken away by its source",
	kmcr.Conflict:        "Someone else got there first",
	kmcr.Precondition:    "Someone else got there first",
	kmcr.Unauthenticated: "Sign in first",
	kmcr.StepUp:          "Show once more that it is you",
	kmcr.Refused:         "You cannot open this",
	kmcr.TooLarge:        "That is too much at once",
	kmcr.TooOften:        "That is too often",
	kmcr.Unsupported:     "This form of data is not handled here",
	kmcr.Unavailable:     "This cannot be shown just now",
	kmcr.Fault:           "Something went wrong on our side",
}

// remedies are what a reader can do where the error itself does not say.
var remedies = map[kmcr.Kind]string{
	kmcr.NotFound:    "Check the address, or find the person again.",
	kmcr.Unavailable: "Try again in a minute. Nothing you typed elsewhere is lost.",
	kmcr.Fault:       "Try again. If it happens again, tell your service desk the reference below.",
}

// failure is what the error page and the JSON of an error say.
type failure struct {
	Kind      kmcr.Kind `json:"kind"`
	Message   string    `json:"message"`
	Remedy    string    `json:"remedy,omitempty"`
	Reference string    `json:"reference,omitempty"`
	// MayBreakGlass tells a refused professional that an emergency opening is theirs to take.
	MayBreakGlass bool `json:"mayBreakGlass,omitempty"`
	// MayClaim tells them that saying to be involved is.
	MayClaim bool `json:"mayClaim,omitempty"`
}

// fail turns an error into a page or JSON. It is the only place that does.
func (s *site) fail(q *ask, err error) {
	f := describe(err)
	status := statuses[f.Kind]
	switch {
	case f.Kind == kmcr.Unauthenticated && q.wantsPage():
		s.toSignIn(q)
		return
	case f.Kind == kmcr.StepUp && q.wantsPage():
		_ = q.see("/signin?again=1&return=" + url.QueryEscape(q.cameFrom()))
		return
	case f.Kind == kmcr.StepUp: // RFC 9470
		q.w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_user_authentication", max_age="0"`)
	case f.Kind == kmcr.Unauthenticated:
		q.w.Header().Set("WWW-Authenticate", `Bearer realm="kmcr"`)
	case f.Kind == kmcr.Refused && q.PathValue("ref") != "" && s.refused(q, &f):
		return
	case f.Kind == kmcr.TooOften:
		q.w.Header().Set("Retry-After", "60")
	case status >= 500:
		f.Reference = rand.Text()[:10]
		s.Log.LogAttrs(q.Context(), slog.LevelError, "page failed", slog.String("reference", f.Reference),
			slog.String("route", q.pattern), slog.String("kind", string(f.Kind)), slog.String("error", err.Error()))
	}
	if q.wantsJSON() || f.Kind == kmcr.Unauthenticated || f.Kind == kmcr.StepUp {
		_ = q.writeJSON(status, map[string]any{"error": f})
		return
	}
	if s.show(q, "error", page{Title: headings[f.Kind], Body: f, Status: status}) != nil {
		http.Error(q.w, f.Message, status)
	}
}

// describe says what a reader may know of an error: nothing of the cause of a fault.
func describe(err error) failure {
	var e *kmcr.Error
	if !errors.As(err, &e) || e.Kind == kmcr.Fault || statuses[e.Kind] == 0 {
		return failure{Kind: kmcr.Fault, Message: "This is a defect in the service, not something you did.", Remedy: remedies[kmcr.Fault]}
	}
	f := failure{Kind: e.Kind, Message: sentence(e.Message), Remedy: sentence(e.Remedy)}
	if f.Remedy == "" {
		f.Remedy = remedies[e.Kind]
	}
	return f
}

// cameFrom is the page to go on from: this one, or for what was sent the page of its form.
func (q *ask) cameFrom() string {
	if q.Method == http.MethodGet {
		return q.URL.RequestURI()
	}
	return q.URL.EscapedPath()
}

// toSignIn sends a browser to sign in and back to where it was going.
func (s *site) toSignIn(q *ask) {
	to := "/signin"
	if q.Method == http.MethodGet {
		to += "?return=" + url.QueryEscape(q.URL.RequestURI())
	}
	_ = q.see(to)
}

// refused answers a professional who may find a person but not open the
// record: who it is, why not, and what is lawful next. It reports false where
// they may not even know that much.
func (s *site) refused(q *ask, f *failure) bool {
	why, err := s.out.Explain(q.Context(), q.viewer, q.PathValue("ref"))
	if err != nil || why == nil {
		return false
	}
	if why.Reason != "" {
		f.Message = sentence(why.Reason)
	}
	if why.Remedy != "" {
		f.Remedy = sentence(why.Remedy)
	}
	f.MayBreakGlass, f.MayClaim = why.MayBreakGlass, why.MayClaim
	if q.wantsJSON() {
		_ = q.writeJSON(http.StatusForbidden, map[string]any{"error": f})
		return true
	}
	return s.show(q, "refused", page{Title: "You are not involved in this person’s care, as far as the record knows", Body: refusal{*why, *f}, Status: http.StatusForbidden}) == nil
}

// refusal is the body of the refused page.
type refusal struct {
	disclose.Denied
	Failure failure
}

// missing answers what no room does.
func (s *site) missing(q *ask) error {
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such page"}
}
