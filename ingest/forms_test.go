package ingest_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/ingest"
	"kmcr/store"
)

// twelve people of one number, which is not even a valid one, stay twelve; a
// file that is named for another person tells nothing by its name.
func TestTwelvePeopleOfOneNumberInTheirPracticesRecords(t *testing.T) {
	h := build(t)
	patients := map[kmcr.PatientID]bool{}
	persons := map[kmcr.PersonID]bool{}
	for name, data := range files(t, "gp-connect-stu3/structured-full-record/94657*_full_*.json") {
		h.taken(name, data)
	}
	for name, data := range files(t, "gp-connect-stu3/structured-full-record/94656*_full_*.json") {
		h.taken(name, data)
	}
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		if !p.Register {
			patients[p.ID], persons[p.Person] = true, true
		}
		return nil
	}))
	if len(patients) != 12 || len(persons) != 12 || persons[0] {
		t.Errorf("%d patients and %d persons of twelve people who share a number", len(patients), len(persons))
	}
	h.balanced()
}

// taken imports a file that is to be applied.
func (h *house) taken(name string, data []byte) {
	h.Helper()
	got, err := h.in.Import(h.ctx(), "practice", name, data, nil)
	h.must(err)
	if got.Applied+got.Duplicate != 1 {
		h.Errorf("%s: %+v", name, got)
	}
}

// what must be refused of the published sample, and why.
func TestStructuredRecordsThatAreRefused(t *testing.T) {
	h := build(t)
	want := map[string]string{
		"malformedDateStructuredRecord.json":                   "dateTime",
		"malformedStructuredRecordMissingPatientResource.json": "without its Patient",
		"gpc-access-structured-with-no-patient.json":           "without its Patient",
	}
	for _, set := range []string{"edge-cases", "structured-partial"} {
		for name, data := range files(t, "gp-connect-stu3/"+set+"/*.json") {
			why, refused := want[name]
			if !refused {
				continue
			}
			a, err := h.in.FHIR(h.ctx(), ingest.Interaction{Contributor: "practice", Method: "POST", Body: data})
			h.must(err)
			if a.Status < 400 || !strings.Contains(string(a.Body), why) {
				t.Errorf("%s is answered %d: %s", name, a.Status, a.Body)
			}
		}
	}
	h.balanced()
}

// an id that is good inside one set alone does not make one patient of two people.
func TestOneIDForTwoPeople(t *testing.T) {
	h := build(t)
	record := func(family, born string) []byte {
		return []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"2","name":[{"family":"` + family + `"}],"birthDate":"` + born + `"}},` +
			`{"resource":{"resourceType":"Observation","status":"final","code":{"text":"of ` + family + `"},"subject":{"reference":"Patient/2"}}}]}`)
	}
	h.fhir(200, ingest.Interaction{Method: "POST", Body: record("Ash", "1950-01-01")})
	h.fhir(200, ingest.Interaction{Method: "POST", Body: record("Birch", "1999-12-31")})
	n := 0
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		n++
		if got := len(h.compartment(p.ID).Current()); got != 2 {
			t.Errorf("%d statements of one of two people", got)
		}
		return nil
	}))
	if n != 2 {
		t.Errorf("%d patients", n)
	}
	a := h.fhir(202, ingest.Interaction{Method: "PUT", Type: "Patient", ID: "2", Body: []byte(`{"resourceType":"Patient","id":"2","name":[{"family":"Cedar"}],"birthDate":"1931-05-05"}`)})
	if !strings.Contains(string(a.Body), "identity-changed") {
		t.Errorf("somebody else under a known id is answered %s", a.Body)
	}
}

// of the published FHIR, GP Connect and document samples every file is applied,
// or parked or refused for a reason that is known here; at least 98 in a hundred are applied.
func TestEveryPublishedFileIsAppliedOrHasItsReason(t *testing.T) {
	reasons := map[string]string{
		"malformedDateStructuredRecord.json": "faulty on purpose", "malformedStructuredRecordMissingPatientResource.json": "faulty on purpose", "gpc-access-structured-with-no-patient.json": "faulty on purpose",
		"duplicated-resource-bundle.json": "a record without its Patient", "get_capability_statement_response_example.json": "a date that is a template", "read_patient_response_example.json": "an id that is another person's in other files",
		"Extension-UKCore-ConditionEpisode-Example.xml": "an extension with two values", "UKCore-Bundle-Batch-Example.xml": "a batch that asks to read", "Bundle-bundle-request-simplesummary.json": "a batch that asks to read",
		"Bundle-ussg-fht.json": "a transaction with an operation", "_status.json": "no FHIR", "500-REC_SERVER_ERROR-too costly.json": "a template of an answer", "invalid-base64.json": "a template of an answer", "unavailable.json": "a template of an answer",
		"MessageDefinition_ServiceRequest-request_CaseTransfer.json": "two values where R4 has one", "GET-success.json": "an entry without resource",
	}
	h := build(t)
	all, applied := 0, 0
	for contributor, sets := range map[kmcr.ContributorCode][]string{
		"gp":        {"uk-core-r4/examples/*", "fhir-r4-examples/resources/*"},
		"community": {"nhs-api-r4/*/*.json", "nhs-api-r4/*/*/*.json", "nhs-api-r4/*/*/*/*.json", "transfer-of-care-documents/*/*"},
		"practice":  {"gp-connect-stu3/document-binary/*", "gp-connect-stu3/edge-cases/*", "gp-connect-stu3/specification-examples/*/*", "gp-connect-stu3/structured-*/*", "gp-connect-stu3/terminology/*/*"},
	} {
		for _, set := range sets {
			for name, data := range files(t, set) {
				got, err := h.in.Import(h.ctx(), contributor, name, data, nil)
				h.must(err)
				all++
				switch {
				case got.Parked+got.Rejected == 0:
					applied++
				case reasons[name] == "":
					t.Errorf("%s: %+v, for no reason that is known here", name, got)
				}
			}
		}
	}
	if applied*100 < all*98 {
		t.Errorf("%d of %d files applied", applied, all)
	}
	t.Logf("%d of %d files applied", applied, all)
	h.balanced()
}

// a long document stands apart: the record is as short without it, the document whole for who opens it.
func TestALongDocumentStandsApart(t *testing.T) {
	h := build(t)
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("Dear colleague, warfarin was stopped. "), 8<<10))
	body := `{"resourceType":"DocumentReference","status":"current","subject":{"reference":"Patient/p1"},"content":[{"attachment":{"contentType":"text/plain","data":"` + long + `"}}]}`
	h.fhir(201, ingest.Interaction{Method: "PUT", Type: "Patient", ID: "p1", Body: []byte(patientBody("p1", ""))})
	a := h.fhir(201, ingest.Interaction{Method: "POST", Type: "DocumentReference", Body: []byte(body)})
	if !bytes.Contains(a.Body, []byte(long)) {
		t.Error("who sent it is not answered with it")
	}
	h.fhir(200, ingest.Interaction{Method: "POST", Type: "DocumentReference", Body: []byte(body)})
	p, err := h.db.PatientByKey(h.ctx(), "gp", "Patient/p1")
	h.must(err)
	for _, s := range h.compartment(p.ID).Current() {
		if s.Type != "DocumentReference" {
			continue
		}
		if len(s.Body) > 300<<10 || s.Version != 1 {
			t.Errorf("it takes %d bytes of the record, version %d", len(s.Body), s.Version)
		}
		whole, err := fhir.Whole(s.Body, func(hash [32]byte) ([]byte, error) { return h.db.File(h.ctx(), p.ID, hash) })
		if err != nil || !bytes.Contains(whole, []byte(long)) {
			t.Errorf("it cannot be put back: %v", err)
		}
		var other [32]byte
		if _, err := h.db.File(h.ctx(), p.ID, other); kmcr.KindOf(err) != kmcr.NotFound {
			t.Errorf("a file that is not there: %v", err)
		}
	}
}

// what a whole record does not state again has ended, unless a part of it is still on its way.
func TestAWholeRecordEndsWhatItDoesNotState(t *testing.T) {
	h := build(t)
	entry := func(kind, id, more string) string {
		return `,{"resource":{"resourceType":"` + kind + `","id":"` + id + `",` + more + `}}`
	}
	send := func(whole bool, entries ...string) {
		body := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + patientBody("p1", "") + `}` + strings.Join(entries, "") + `]}`
		h.fhir(200, ingest.Interaction{Contributor: "practice", Method: "POST", Body: []byte(body), Whole: whole})
	}
	of := func(id string) string {
		return entry("Condition", id, `"clinicalStatus":"active","code":{"text":"`+id+`"},"subject":{"reference":"Patient/p1"}`)
	}
	warned := entry("List", "l", `"status":"current","mode":"snapshot","subject":{"reference":"Patient/p1"},"extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-ListWarningCode-1","valueCode":"data-in-transit"}]`)
	current := func() int {
		p, err := h.db.PatientByKey(h.ctx(), "practice", "Patient/p1")
		h.must(err)
		n := 0
		for _, s := range h.compartment(p.ID).Current() {
			if s.Type == "Condition" {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		says    string
		whole   bool
		entries []string
		want    int
	}{
		{"two problems", true, []string{of("a"), of("b")}, 2},
		{"one of them, of a record in transit", true, []string{of("a"), warned}, 2},
		{"one of them, in a part of the record", false, []string{of("a"), entry("Observation", "o", `"status":"final","code":{"text":"x"},"comment":"y","subject":{"reference":"Patient/p1"}`)}, 2},
		{"one of them, in the whole record", true, []string{of("a"), of("c")}, 2},
		{"none of them, in the whole record", true, []string{of("d")}, 1},
	} {
		send(step.whole, step.entries...)
		if got := current(); got != step.want {
			t.Errorf("%s: %d problems stand, want %d", step.says, got, step.want)
		}
	}
	h.balanced()
}
