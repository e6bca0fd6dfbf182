package ingest

import (
	"context"
	"net/url"
	"strings"

	"kmcr"
	"kmcr/fhir"
)

// search is a condition of a conditional create, update, delete or reference:
// one identifier, or an id. A patient may be named beside it.
type search struct {
	system, value string
	id            string
	patient       string // reference
}

// parseSearch reads the conditions that we hold ourselves to; others are
// refused, for a condition that is not understood must not be passed over.
func parseSearch(s, expression string) (search, error) {
	var q search
	values, err := url.ParseQuery(s)
	if err != nil {
		return q, badSearch(expression, "the search cannot be read")
	}
	for name, all := range values {
		if len(all) != 1 {
			return q, badSearch(expression, "the search gives a parameter more than once")
		}
		switch v := all[0]; name {
		case "identifier":
			system, value, ok := strings.Cut(v, "|")
			if !ok {
				system, value = "", v
			}
			q.system, q.value = system, value
		case "_id":
			q.id = v
		case "patient", "subject", "patient.identifier", "subject.identifier":
			q.patient = v
			if kind, by, _ := strings.Cut(name, "."); by != "" && kind != "" {
				q.patient = "Patient?identifier=" + url.QueryEscape(v)
			} else if !strings.Contains(v, "/") && !strings.Contains(v, ":") {
				q.patient = "Patient/" + v
			}
		default:
			return q, badSearch(expression, "a conditional interaction is offered by identifier, _id and patient only")
		}
	}
	if q.value == "" && q.id == "" {
		return q, badSearch(expression, "the search has no identifier")
	}
	return q, nil
}

func badSearch(expression, message string) error {
	return &refusal{"condition-unsupported", 412, &kmcr.Error{Kind: kmcr.Precondition, Where: expression, Message: message, Remedy: "Search by identifier=system|value."}}
}

func escapeToken(system, value string) string {
	return url.QueryEscape(system + "|" + value)
}

// matches tells whether a statement is what a search is for.
func (q search) matches(s *kmcr.Statement) bool {
	if q.id != "" {
		return s.ID.String() == q.id
	}
	for _, i := range fhir.Trusted(s.Body).Root().Get("identifier").Items() {
		if i.Get("value").Text() == q.value && (q.system == "" || i.Get("system").Text() == q.system) {
			return true
		}
	}
	return false
}

// findInCompartment finds what a conditional create or update is about among
// what the patient's compartment says.
func (a *attempt) findInCompartment(t *task, search string) error {
	q, err := parseSearch(search, t.expression)
	if err != nil {
		return err
	}
	var found []*kmcr.Statement
	for _, s := range t.of.current() {
		if s.Type == t.kind && q.matches(s) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		t.id, t.known, t.head = found[0].ID, true, found[0]
		t.keep = t.method == "POST"
		return nil
	}
	return manyMatch(t)
}

// findToDelete finds what a conditional delete is about.
func (a *attempt) findToDelete(ctx context.Context, t *task) error {
	found, err := a.registered(ctx, t)
	if err != nil || found {
		return err
	}
	q, err := parseSearch(t.query, t.expression)
	if err != nil {
		return err
	}
	if q.patient == "" {
		return unknownHere(t)
	}
	t.of, err = a.patient(ctx, t, q.patient)
	if parkedBecause(err) != nil || err == nil && t.of.fresh {
		return unknownHere(t)
	}
	return err
}
