package fhirapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"kmcr"
	"kmcr/e2e/house"
	"kmcr/fhir"
)

// Who did what is read as AuditEvent by those whose work it is, and by nobody else.
func TestAuditEventsAreReadByPrivacyOfficers(t *testing.T) {
	h := house.New(t)
	ref, ids, person := record(h, 1, condition("1", "Asthma"))
	doctor := gp(h, person)
	_, id, _ := strings.Cut(ids["urn:uuid:00000000-0000-4000-8000-000000000001"], "/")
	doctor.Get("/people/" + ref)
	doctor.Get("/fhir/R4/Condition/" + id)
	stranger := h.Somebody(kmcr.Viewer{Account: "stranger", Role: kmcr.RoleGP, Organisation: "G82051"})
	stranger.Get("/fhir/R4/Patient/" + ref)
	officer := h.Somebody(kmcr.Viewer{Account: "officer", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV"})

	type bundle struct {
		Link  []struct{ Relation, URL string }
		Entry []struct{ Resource json.RawMessage }
	}
	ask := func(query string) (b bundle, text string) {
		t.Helper()
		got := officer.Get("/fhir/R4/AuditEvent?" + query)
		if got.Status != 200 {
			t.Fatalf("%s: %d %s", query, got.Status, got.Body)
		}
		if err := json.Unmarshal([]byte(got.Body), &b); err != nil {
			t.Fatal(err)
		}
		return b, got.Body
	}
	all, text := ask("patient=" + ref)
	for _, want := range []string{`"value":"gp"`, `"code":"gp"`, `"value":"RVV"`, `"Patient/` + ref + `"`, id, `"type":"version"`, `"code":"TREAT"`, `"outcome":"4"`, `"code":"ingest"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no event says %s:\n%.3000s", want, text)
		}
	}
	if strings.Contains(text, house.NHS(1)) || strings.Contains(text, "Asthma") {
		t.Error("an audit event holds an identifier or what the record says")
	}
	for _, e := range all.Entry {
		r, err := fhir.Parse(e.Resource)
		if err != nil {
			t.Fatal(err)
		}
		for _, issue := range fhir.Validate(r) {
			if issue.Severity == "error" {
				t.Errorf("%s: %s in %s", issue.Expression, issue.Diagnostics, e.Resource)
			}
		}
	}
	if refused, _ := ask("patient=" + ref + "&outcome=4"); len(refused.Entry) != 1 {
		t.Errorf("%d refusals", len(refused.Entry))
	}
	if reads, text := ask("patient=" + ref + "&agent=gp&subtype=read&_count=1"); len(reads.Entry) != 1 || len(reads.Link) != 2 {
		t.Errorf("one of several: %s", text)
	}
	if none, _ := ask("patient=" + ref + "&date=lt2001-01-01"); len(none.Entry) != 0 {
		t.Errorf("%d before there was anything", len(none.Entry))
	}
	if none, _ := ask("patient=" + string(kmcr.PersonID(99).Ref())); len(none.Entry) != 0 {
		t.Errorf("%d of nobody", len(none.Entry))
	}
	var first struct{ ID string }
	if err := json.Unmarshal(all.Entry[0].Resource, &first); err != nil {
		t.Fatal(err)
	}
	if got := officer.Get("/fhir/R4/AuditEvent/" + first.ID); got.Status != 200 || !strings.Contains(got.Body, first.ID) {
		t.Errorf("one by its id: %d", got.Status)
	}
	for _, q := range []string{"", "date=soon", "given=Ada"} {
		if got := officer.Get("/fhir/R4/AuditEvent?" + q); got.Status != 400 {
			t.Errorf("%q: %d", q, got.Status)
		}
	}
	if got := officer.Get("/fhir/R4/AuditEvent/1-99999"); got.Status != 404 {
		t.Errorf("one that is not there: %d", got.Status)
	}
	for _, path := range []string{"?patient=" + ref, "/" + first.ID, "?agent=gp"} {
		if got := doctor.Get("/fhir/R4/AuditEvent" + path); got.Status != 403 || strings.Contains(got.Body, "IRCP") {
			t.Errorf("a doctor asks for AuditEvent%s: %d", path, got.Status)
		}
	}
}
