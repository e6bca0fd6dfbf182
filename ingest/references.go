package ingest

import (
	"context"
	"strings"

	"kmcr/store"
	"kmcr/translate"
)

// link notes under what address everything of this request will be found.
func (a *attempt) link() {
	a.links = make(map[string]string, len(a.tasks))
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.fullURL != "" {
			a.links[t.fullURL] = t.kind + "/" + t.id.String()
		}
	}
}

// linkIDs does the same for Type/id, which few senders use beside fullUrl.
func (a *attempt) linkIDs() {
	a.byID = make(map[string]string, len(a.tasks))
	for i := range a.tasks {
		t := &a.tasks[i]
		to := t.kind + "/" + t.id.String()
		if t.entry.id != "" {
			a.byID[t.kind+"/"+t.entry.id] = to
		}
		if t.resource != nil && t.resource.ID() != "" {
			a.byID[t.kind+"/"+t.resource.ID()] = to
		}
	}
}

// resolve gives the reference under which we keep what a contributor's
// reference leads to; "" leaves it as it was sent.
func (a *attempt) resolve(ctx context.Context, reference string) string {
	if to, ok := a.links[reference]; ok {
		return to
	}
	if reference == "" || reference[0] == '#' || strings.HasPrefix(reference, "urn:") || a.err != nil {
		return ""
	}
	if a.byID == nil {
		a.linkIDs()
	}
	reference, _, _ = strings.Cut(reference, "/_history/")
	if to, ok := a.byID[reference]; ok {
		return to
	}
	if to, ok := a.asked[reference]; ok {
		return to
	}
	to, err := a.lookUp(ctx, reference)
	if err != nil {
		a.err = err
		return ""
	}
	if a.asked == nil {
		a.asked = map[string]string{}
	}
	a.asked[reference] = to
	return to
}

// lookUp finds what this contributor sent before under a reference.
func (a *attempt) lookUp(ctx context.Context, reference string) (string, error) {
	kind, search, conditional := strings.Cut(reference, "?")
	if kind == "Patient" || strings.HasPrefix(reference, "Patient/") {
		return a.lookUpPatient(ctx, reference, search, conditional)
	}
	name := reference
	if conditional {
		q, err := parseSearch(search, "")
		if err != nil {
			return "", err
		}
		name = kind + "?identifier=" + identifierAlias(q.system, q.value)
		if to := a.inRequest(kind, q); to != "" {
			return to, nil
		}
	}
	id, ok, err := a.s.db.StatementByAlias(ctx, a.c.Code, name)
	switch {
	case err != nil:
		return "", err
	case ok:
		kind, _, _ = strings.Cut(kind, "/")
		return kind + "/" + id.String(), nil
	case conditional:
		return "", &parking{reason: "reference-unknown", detail: "a conditional reference to a " + kind + " finds none that this contributor has sent", missing: []string{name}}
	}
	return "", nil
}

func (a *attempt) lookUpPatient(ctx context.Context, reference, search string, conditional bool) (string, error) {
	x, err := a.cast.find(ctx, reference)
	if err == nil && x == nil && conditional {
		var found []*subject
		if found, err = a.patientsWhere(ctx, search, ""); len(found) == 1 {
			x = found[0]
		}
	}
	if err != nil || x == nil {
		return "", err
	}
	return "Patient/" + store.StatementIDFor(x.patient.ID, translate.PatientKey).String(), nil
}

// inRequest finds an entry of this request by its identifier.
func (a *attempt) inRequest(kind string, q search) string {
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.kind != kind || t.resource == nil {
			continue
		}
		for _, id := range t.resource.Root().Get("identifier").Items() {
			if id.Get("value").Text() == q.value && (q.system == "" || id.Get("system").Text() == q.system) {
				return kind + "/" + t.id.String()
			}
		}
	}
	return ""
}
