package fhirapi

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/fhir"
)

// statusError answers with a status that its kind alone would not give.
type statusError struct {
	status int
	error
}

// Unwrap gives the error with its kind.
func (s statusError) Unwrap() error { return s.error }

// issuesError answers with issues of their own.
type issuesError struct {
	status int
	issues []fhir.Issue
}

func (e issuesError) Error() string { return e.issues[0].Diagnostics }

var statuses = map[kmcr.Kind]struct {
	status int
	code   string // R4 issue-type
}{
	kmcr.Invalid:         {http.StatusBadRequest, "invalid"},
	kmcr.NotFound:        {http.StatusNotFound, "not-found"},
	kmcr.Gone:            {http.StatusGone, "deleted"},
	kmcr.Conflict:        {http.StatusConflict, "conflict"},
	kmcr.Precondition:    {http.StatusPreconditionFailed, "conflict"},
	kmcr.Unauthenticated: {http.StatusUnauthorized, "login"},
	kmcr.StepUp:          {http.StatusUnauthorized, "login"},
	kmcr.Refused:         {http.StatusForbidden, "forbidden"},
	kmcr.TooLarge:        {http.StatusRequestEntityTooLarge, "too-long"},
	kmcr.TooOften:        {http.StatusTooManyRequests, "throttled"},
	kmcr.Unsupported:     {http.StatusBadRequest, "not-supported"},
	kmcr.Unavailable:     {http.StatusServiceUnavailable, "transient"},
	kmcr.Fault:           {http.StatusInternalServerError, "exception"},
}

// fail writes an error as an OperationOutcome. A fault is logged whole and told without its cause.
func (a *api) fail(w http.ResponseWriter, r *request, err error) {
	var many issuesError
	if errors.As(err, &many) {
		a.reply(w, r, many.status, fhir.Outcome(many.issues...))
		return
	}
	var e *kmcr.Error
	if !errors.As(err, &e) {
		a.Log.Error("a FHIR request failed", "where", r.where, "error", err.Error())
		e = kmcr.Errorf(kmcr.Fault, "something went wrong here")
	} else if e.Kind == kmcr.Fault || e.Kind == kmcr.Unavailable {
		a.Log.Error("a FHIR request failed", "where", r.where, "error", err.Error())
	}
	s, known := statuses[e.Kind]
	if !known {
		s = statuses[kmcr.Fault]
	}
	var own statusError
	if errors.As(err, &own) {
		s.status = own.status
	}
	if s.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "60")
	}
	if s.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="kmcr"`)
	}
	text := e.Message
	if e.Remedy != "" {
		text += ". " + e.Remedy
	}
	a.reply(w, r, s.status, fhir.Outcome(fhir.Issue{Severity: "error", Code: s.code, Expression: e.Where, Diagnostics: text}))
}

// reply writes a whole JSON resource in the format that was asked for.
func (a *api) reply(w http.ResponseWriter, r *request, status int, body []byte) {
	kind := "application/fhir+json; charset=utf-8"
	if r.xml && len(body) > 0 {
		if xml, err := fhir.Trusted(body).ToXML(); err == nil {
			body, kind = xml, "application/fhir+xml; charset=utf-8"
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body) // whoever hung up is not told
	}
}

// wantsXML reads _format and Accept; JSON where either will do. Anything else alone is 406.
func wantsXML(r *http.Request) (bool, error) {
	if f := r.URL.Query().Get("_format"); f != "" {
		switch f {
		case "json", "application/json", "application/fhir+json", "application/fhir json":
			return false, nil
		case "xml", "application/xml", "text/xml", "application/fhir+xml", "application/fhir xml":
			return true, nil
		}
		return false, statusError{http.StatusNotAcceptable, &kmcr.Error{Kind: kmcr.Unsupported, Message: "_format is json or xml"}}
	}
	accept := r.Header.Get("Accept")
	if accept == "" {
		return false, nil
	}
	xml := false
	for _, part := range strings.Split(accept, ",") {
		kind, _, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		switch kind {
		case "application/fhir+json", "application/json", "text/json", "*/*", "application/*", "text/html":
			return false, nil
		case "application/fhir+xml", "application/xml", "text/xml":
			xml = true
		}
	}
	if !xml {
		return false, statusError{http.StatusNotAcceptable, &kmcr.Error{Kind: kmcr.Unsupported, Message: "answers are application/fhir+json or application/fhir+xml"}}
	}
	return true, nil
}
