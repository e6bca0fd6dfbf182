package fhirapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kmcr/disclose"
	"kmcr/fhir"
)

// The most audit events that a page has, and how many where nobody says.
const (
	mostEvents = 1000
	someEvents = 100
)

// auditEvents answers AuditEvent?patient=…: who did what, for those whose work it is to see it.
func (a *api) auditEvents(w http.ResponseWriter, r *request, query url.Values) error {
	q, offset, issues := auditQuery(query)
	if len(issues) > 0 {
		return issuesError{http.StatusBadRequest, issues}
	}
	count := q.Most
	q.Most += offset + 1
	found, err := a.Disclose.AuditEvents(r.Context(), r.viewer, q, r.where)
	if err != nil {
		return err
	}
	more := len(found) > offset+count
	found = found[min(offset, len(found)):min(offset+count, len(found))]
	b := newBundle("searchset", -1)
	b.link("self", a.Base+"/AuditEvent")
	if more && count > 0 {
		next := url.Values{}
		for name, list := range query {
			if name != "_offset" {
				next[name] = list
			}
		}
		next.Set("_offset", strconv.Itoa(offset+count))
		b.link("next", a.Base+"/AuditEvent?"+next.Encode())
	}
	for _, e := range found {
		b.resource(a.Base+"/AuditEvent/"+e.ID, e.Body, "match")
	}
	a.reply(w, r, http.StatusOK, b.end())
	return nil
}

// auditQuery reads the search parameters of AuditEvent that are answered.
func auditQuery(values url.Values) (q disclose.AuditQuery, offset int, issues []fhir.Issue) {
	q.Most = someEvents
	wrong := func(name, says string) {
		issues = append(issues, fhir.Issue{Severity: "error", Code: "invalid", Expression: "http." + name, Diagnostics: says})
	}
	for name, list := range values {
		for _, v := range list {
			value := v[strings.LastIndexAny(v, "/|")+1:]
			switch name {
			case "patient", "entity", "patient:Patient":
				q.Ref = value
			case "agent", "agent:identifier":
				q.Account = value
			case "action":
				q.Action = value
			case "subtype":
				q.Subtype = value
			case "outcome":
				q.Outcome = value
			case "date":
				if !within(&q, v) {
					wrong(name, "date is a day or an instant, with ge, gt, le, lt or eq before it")
				}
			case "_count", "_offset":
				n, err := strconv.Atoi(v)
				if err != nil || n < 0 {
					wrong(name, "this is a number")
				}
				if name == "_offset" {
					offset = n
				} else {
					q.Most = min(n, mostEvents)
				}
			case "_sort", "_format", "_pretty":
			default:
				wrong(name, "audit events are searched by patient, agent, date, action, subtype and outcome")
			}
		}
	}
	return q, offset, issues
}

// within narrows a query by a date with its prefix; false where it is none.
func within(q *disclose.AuditQuery, v string) bool {
	prefix := "eq"
	if len(v) > 2 && v[0] >= 'a' && v[0] <= 'z' {
		prefix, v = v[:2], v[2:]
	}
	for _, form := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{time.RFC3339Nano, func(t time.Time) time.Time { return t.Add(time.Microsecond) }},
		{time.DateOnly, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	} {
		t, err := time.Parse(form.layout, v)
		if err != nil {
			continue
		}
		switch prefix {
		case "eq":
			q.From, q.Until = t, form.next(t)
		case "ge":
			q.From = t
		case "gt":
			q.From = form.next(t)
		case "le":
			q.Until = form.next(t)
		case "lt":
			q.Until = t
		default:
			return false
		}
		return true
	}
	return false
}
