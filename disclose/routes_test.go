package disclose_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
	"kmcr/fhirapi"
	"kmcr/web"
)

// public are the addresses that say nothing of anybody.
var public = map[string]bool{
	"GET /static/{name}": true, "GET /{$}": true, "GET /about": true, "/": true, "GET /people/search": true,
	"GET /fhir/R4/metadata": true,
}

// Whatever address is added to the record answers with a decision and an
// audit entry, or this fails: for somebody who may, for somebody who may not,
// and for a person who is not there.
func TestEveryRouteDecidesAndIsAudited(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	contributor := h.Somebody(kmcr.Viewer{Account: "hospital", Contributor: "hospital"})
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	stranger := h.Somebody(kmcr.Viewer{Account: "stranger", Role: kmcr.RoleGP, Organisation: "G82051"})
	outsider := h.Somebody(kmcr.Viewer{Account: "outsider", Role: kmcr.RoleGP, Organisation: "RZZ"})
	officer := h.Somebody(kmcr.Viewer{Account: "officer", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV"})

	patterns := append(web.Patterns(), fhirapi.Patterns()...)
	if len(patterns) < 40 {
		t.Fatalf("only %d routes are known", len(patterns))
	}
	for _, pattern := range patterns {
		if public[pattern] {
			continue
		}
		method, path, _ := strings.Cut(pattern, " ")
		_, condition, _ := strings.Cut(p.ids[record[0].word()], "/")
		for _, ref := range []string{p.ref, string(kmcr.PersonID(99).Ref())} {
			id := condition
			if strings.Contains(path, "Patient") {
				id = ref
			}
			where := strings.NewReplacer("{ref}", ref, "{type}", "Condition", "{id}", id, "{version}", "1", "{test}", "x").Replace(path)
			if strings.Contains(path, "/matches/") || strings.Contains(path, "/parked/") || strings.Contains(path, "/messages/") || strings.Contains(path, "/objections/") || strings.Contains(path, "/involved/") {
				where = strings.Replace(where, id, "1", 1)
			}
			for _, a := range []house.Asker{gp, stranger, outsider, officer, contributor} {
				t.Run(a.Account+" "+method+" "+path, func(t *testing.T) {
					before := h.Audited()
					got := a.Ask(method, query(where, ref), body(method, path, p))
					if got.Status >= 500 {
						t.Fatalf("answered %d: %s", got.Status, got.Body)
					}
					if a == contributor && !strings.HasPrefix(path, "/fhir") && got.Status < 400 {
						t.Errorf("a contributor's client opens a page: %d", got.Status)
					}
					nothingAsked := got.Status == 400 || a == contributor && method != "GET" // what a contributor sends stands in the ledger, where it can be read at all
					if h.Audited() == before && !nothingAsked {
						t.Errorf("answered %d and left no audit entry: %.200s", got.Status, got.Body)
					}
				})
			}
		}
	}
	h.Must(h.DB.AuditAll(context.Background(), func(e *audit.Entry) error {
		if e.Rule == "" && e.Action != "ingest" {
			t.Errorf("an entry (%s %s) names no rule", e.Action, e.Where)
		}
		if strings.Contains(e.Where, p.ref) || strings.Contains(e.Where, p.nhs) {
			t.Errorf("an entry names a person in its place: %s", e.Where)
		}
		return nil
	}))
}

// query names the person where a search of the API needs one.
func query(path, ref string) string {
	if strings.HasSuffix(path, "/Condition") {
		return path + "?patient=" + ref
	}
	return path
}

func body(method, path string, p plantedPerson) string {
	switch {
	case strings.HasSuffix(path, "/people/search"):
		return `{"nhs_number":"` + p.nhs + `"}`
	case strings.HasSuffix(path, "/break-glass") && method == "POST":
		return `{"reason":"collapsed in the street"}`
	case strings.Contains(path, "/objections"):
		return `{"reason":"I do not want to be seen"}`
	case method == "POST" && strings.HasSuffix(path, "/Subscription"):
		return `{"resourceType":"Subscription","status":"requested","reason":"test","criteria":"http://kmcr.test/fhir/R4/SubscriptionTopic/admission","channel":{"type":"message"}}`
	case strings.HasSuffix(path, "/notes"):
		return `{"says":"rang the ward"}`
	case strings.HasSuffix(path, "/assigned"):
		return `{"to":"gp"}`
	case strings.HasSuffix(path, "/involved"):
		return `{"reason":"in my clinic this morning"}`
	case strings.HasSuffix(path, "/concerns"):
		return `{"id":"x","outcome":"appropriate","reason":"on the ward that day"}`
	case strings.Contains(path, "/matches/people/"):
		return `{"do":"part","entries":["1"]}`
	case strings.Contains(path, "/matches/"):
		return `{"decision":"same"}`
	case method == "POST" && strings.HasSuffix(path, "/preview"):
		return `{"raw":"MSH|"}`
	case method == "POST" && strings.HasSuffix(path, "/correct"):
		return `{"raw":"MSH|","reason":"sent by mistake"}`
	case method == "POST" && strings.HasSuffix(path, "/{contributor}"):
		return `{"state":"paused"}`
	case method == "POST" && (strings.Contains(path, "/parked/") || strings.Contains(path, "/messages/")):
		return `{"reason":"sent by mistake"}`
	}
	return ""
}

// If the audit entry cannot be written, nothing is shown, and the answer says so.
func TestNoAuditNoAccess(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
	if got := gp.Get("/people/" + p.ref); got.Status != 200 {
		t.Fatalf("before: %d", got.Status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	h.Must(h.In.Close(ctx))
	h.Must(h.DB.Close())
	for _, path := range []string{"/people/" + p.ref, "/people/" + p.ref + "/medicines", "/fhir/R4/Patient/" + p.ref + "/$everything", "/caseload"} {
		got := gp.Get(path)
		if got.Status != 503 {
			t.Errorf("%s answers %d without an audit log", path, got.Status)
		}
		for _, e := range record {
			if strings.Contains(got.Body, e.word()) {
				t.Errorf("%s shows %s without an audit entry", path, e.name)
			}
		}
	}
}
