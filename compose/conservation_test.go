package compose

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"kmcr"
	"kmcr/fhir"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// statements makes statements of resources as the store would hand them over.
func statements(t *testing.T, code kmcr.ContributorCode, patient kmcr.PatientID, resources ...string) []*kmcr.Statement {
	t.Helper()
	return statementsOf(t, code, patient, resources...)
}

func statementsOf(t testing.TB, code kmcr.ContributorCode, patient kmcr.PatientID, resources ...string) []*kmcr.Statement {
	t.Helper()
	var out []*kmcr.Statement
	for i, body := range resources {
		r, err := fhir.Parse([]byte(body))
		if err != nil {
			t.Fatalf("resource %d: %v", i, err)
		}
		kept, meta := r.Body(func(string) string { return "" })
		out = append(out, &kmcr.Statement{ID: kmcr.StatementID{Patient: patient, Hash: uint64(i + 1)}, Version: 1, Type: r.Type(), Contributor: code, Section: section(r), Key: r.ID(), Recorded: now, Body: kept, Meta: meta})
	}
	return out
}

// section stands in for the classification, as far as compose looks at it.
func section(r *fhir.Resource) kmcr.Section {
	switch r.Type() {
	case "Observation":
		for _, c := range r.Root().Path("category.coding.code") {
			switch c.Text() {
			case "laboratory":
				return kmcr.Results
			case "social-history":
				return kmcr.SocialCare
			}
		}
		return kmcr.Observations
	case "Flag":
		for _, c := range r.Root().Path("category.coding.code") {
			if c.Text() == "safeguarding" {
				return kmcr.Safeguarding
			}
		}
		return kmcr.Alerts
	case "AllergyIntolerance":
		return kmcr.Allergies
	case "MedicationStatement", "MedicationRequest":
		return kmcr.Medicines
	}
	return kmcr.OtherSection
}

// shown collects the statements that a record shows or explains.
func shown(r *Record) map[string]bool {
	out := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			if p, ok := v.Interface().(Provenance); ok {
				out[p.Statement] = true
				return
			}
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		}
	}
	walk(reflect.ValueOf(*r))
	return out
}

func mustConserve(t *testing.T, name string, list []*kmcr.Statement, r *Record) {
	t.Helper()
	have := shown(r)
	for _, s := range list {
		if !have[s.ID.String()] {
			t.Errorf("%s: a %s is neither shown nor explained: %.200s", name, s.Type, s.Body)
		}
	}
}

// Every statement is shown or listed with the reason: published Bundles and examples, none of them ours.
func TestEveryStatementIsShownOrExplained(t *testing.T) {
	bundles, _ := filepath.Glob("../../shared/data/synthea-r4/*.gz")
	examples, _ := filepath.Glob("../../shared/data/fhir-r4-examples/resources/*.json")
	if len(bundles) == 0 || len(examples) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the input data is not beside the project (synthea-r4, fhir-r4-examples)")
	}
	for _, f := range bundles[:12] {
		var b struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(gunzip(t, f), &b); err != nil {
			t.Fatal(err)
		}
		var resources []string
		for _, e := range b.Entry {
			resources = append(resources, string(e.Resource))
		}
		list := statements(t, "gp", 1, resources...)
		mustConserve(t, filepath.Base(f), list, Compose(Input{Statements: list, Now: now}))
	}
	var resources []string
	for _, f := range examples {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		resources = append(resources, string(body))
	}
	list := statements(t, "gp", 1, resources...)
	mustConserve(t, "examples", list, Compose(Input{Statements: list, Now: now}))
}

// What five contributors say by the UK Core examples is shown or explained, in whatever order it comes.
func TestUKCoreExamples(t *testing.T) {
	files, _ := filepath.Glob("../../shared/data/uk-core-r4/examples/*.xml")
	var list []*kmcr.Statement
	for i, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if body, err = fhir.FromXML(body); err != nil {
			continue // a fragment, or what this reader refuses: not stored
		}
		r, err := fhir.Parse(body)
		if err != nil || !instance[r.Type()] {
			continue
		}
		n := i % 5
		some := statements(t, kmcr.ContributorCode([]string{"gp", "hospital", "council", "home", "other"}[n]), kmcr.PatientID(n+1), string(body))
		some[0].ID.Hash = uint64(i + 1)
		list = append(list, some...)
	}
	if len(list) < 20 {
		t.Skipf("SKIPPED, NOT TESTED: the input data is not beside the project (uk-core-r4: %d examples)", len(list))
	}
	in := Input{Statements: list, Sources: testSources, Now: now}
	r := Compose(in)
	mustConserve(t, "UK Core", list, r)
	want, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got, err := json.Marshal(Compose(in)); err != nil || !bytes.Equal(want, got) {
			t.Fatal("another order gave another record")
		}
	}
	t.Logf("%d examples", len(list))
}

// instance are the types that a contributor sends of a person, of which there are examples.
var instance = map[string]bool{"AllergyIntolerance": true, "Appointment": true, "CarePlan": true, "CareTeam": true, "ClinicalImpression": true, "Composition": true, "Condition": true, "Consent": true, "Coverage": true, "Device": true, "DeviceMetric": true,
	"DiagnosticReport": true, "DocumentReference": true, "Encounter": true, "EpisodeOfCare": true, "FamilyMemberHistory": true, "Flag": true, "Goal": true, "HealthcareService": true, "ImagingStudy": true, "Immunization": true,
	"ImmunizationRecommendation": true, "List": true, "Location": true, "Medication": true, "MedicationAdministration": true, "MedicationDispense": true, "MedicationRequest": true, "MedicationStatement": true, "MessageHeader": true, "Observation": true,
	"Organization": true, "Patient": true, "Practitioner": true, "PractitionerRole": true, "Procedure": true, "Provenance": true, "QuestionnaireResponse": true, "RelatedPerson": true, "RiskAssessment": true, "Schedule": true, "ServiceRequest": true, "Slot": true,
	"Specimen": true, "Task": true, "Communication": true, "DeviceUseStatement": true}

// The order in which statements come changes nothing.
func TestOrderChangesNothing(t *testing.T) {
	bundles, _ := filepath.Glob("../../shared/data/synthea-r4/*.gz")
	if len(bundles) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the input data is not beside the project (synthea-r4)")
	}
	var b struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(gunzip(t, bundles[3]), &b); err != nil {
		t.Fatal(err)
	}
	var resources []string
	for _, e := range b.Entry {
		resources = append(resources, string(e.Resource))
	}
	list := statements(t, "gp", 1, resources...)
	want, err := json.Marshal(Compose(Input{Statements: list, Now: now}))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got, err := json.Marshal(Compose(Input{Statements: list, Now: now}))
		if err != nil || !bytes.Equal(want, got) {
			t.Fatal("another order gave another record")
		}
	}
}

func gunzip(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
