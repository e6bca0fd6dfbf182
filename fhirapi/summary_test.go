package fhirapi

import (
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
)

func statement(t *testing.T, hash uint64, section kmcr.Section, body string) *kmcr.Statement {
	t.Helper()
	r, err := fhir.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	kept, meta := r.Body(func(ref string) string { return ref })
	return &kmcr.Statement{ID: kmcr.StatementID{Patient: 1, Hash: hash}, Version: 1, Type: r.Type(), Contributor: "gp", Section: section, Body: kept, Meta: meta}
}

// The summary is a document that stands by itself: valid, its Composition first, every reference within it, what is empty with its reason.
func TestSummary(t *testing.T) {
	who := kmcr.StatementID{Patient: 1, Hash: 9}.String()
	statements := []*kmcr.Statement{
		statement(t, 1, kmcr.Medicines, `{"resourceType":"MedicationStatement","id":"a","status":"active","medicationCodeableConcept":{"text":"Apixaban <5 mg> & \"more\""},"subject":{"reference":"Patient/x"},"informationSource":{"reference":"Practitioner/`+who+`"}}`),
		statement(t, 2, kmcr.Medicines, `{"resourceType":"MedicationStatement","id":"b","status":"stopped","medicationCodeableConcept":{"text":"Old"},"subject":{"reference":"Patient/x"},"effectivePeriod":{"end":"2020-01-01"}}`),
		statement(t, 3, kmcr.Problems, `{"resourceType":"Condition","id":"c","code":{"text":"Gout"},"subject":{"reference":"Patient/x"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}}`),
		statement(t, 9, kmcr.Administrative, `{"resourceType":"Practitioner","id":"p","name":[{"text":"Dr A"}]}`),
	}
	v := &view{ref: "abcdefghijkmn", patient: []byte(`{"resourceType":"Patient","id":"abcdefghijkmn"}`), statements: statements, withheld: 1}
	v.index()
	issue := disclose.Difference{ID: "c1", Body: []byte(`{"resourceType":"DetectedIssue","id":"c1","status":"preliminary"}`)}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	d := document{base: "http://example.org/fhir/R4", view: v, differ: []disclose.Difference{issue}, in: map[string]bool{}}
	composition := d.compose(now)
	d.follow()
	r, err := fhir.Parse(d.bundle(composition, now))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range fhir.Validate(r) {
		if i.Severity == "error" || i.Severity == "fatal" {
			t.Errorf("%+v", i)
		}
	}
	var types []string
	for _, e := range r.Root().Path("entry.resource.resourceType") {
		types = append(types, e.Text())
	}
	if got := strings.Join(types, " "); got != "Composition Patient MedicationStatement Practitioner DetectedIssue" {
		t.Errorf("the document holds %s", got)
	}
	text := string(composition)
	for _, want := range []string{`"48765-2"`, `"11450-4"`, `"withheld"`, "Where sources differ", `&lt;5 mg&gt; &amp; &#34;more&#34;`} {
		if !strings.Contains(text, want) {
			t.Errorf("the Composition does not say %s", want)
		}
	}
}
