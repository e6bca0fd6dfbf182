package compose_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
	"kmcr/translate"
)

// practiceRecord composes what a practice says in one structured record.
func practiceRecord(t *testing.T, stu3 []byte) *compose.Record {
	t.Helper()
	r, err := fhir.Parse(stu3)
	if err != nil {
		t.Fatal(err)
	}
	c, err := translate.STU3(r)
	if err != nil {
		t.Fatal(err)
	}
	r, err = fhir.Parse(c.Body)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	to := map[string]string{}
	var statements []*kmcr.Statement
	entries := r.Root().Get("entry").Items()
	id := func(i int) kmcr.StatementID { return kmcr.StatementID{Patient: 1, Hash: uint64(i + 1)} }
	for i, e := range entries {
		v := e.Get("resource")
		to[v.Get("resourceType").Text()+"/"+v.Get("id").Text()] = v.Get("resourceType").Text() + "/" + id(i).String()
	}
	for i, e := range entries {
		in := e.Get("resource").Resource()
		if in == nil {
			continue
		}
		s := &kmcr.Statement{ID: id(i), Version: 1, Type: in.Type(), Contributor: "gp", Key: in.ID(), At: now, Recorded: now}
		s.Body, s.Meta = in.Body(func(ref string) string { return to[ref] })
		s.Section, s.Labels = access.Classify(s.Type, s.Body, s.Meta)
		statements = append(statements, s)
	}
	return compose.Compose(compose.Input{Ref: "x", Now: now, Statements: statements, Sources: []compose.Source{{Contributor: "gp", Name: "The practice", LastHeard: now, LastHeardHere: now, Linked: true}}})
}

// one medicine of a practice: taken, authorised, issued three times.
const repeatMedicine = `{"resourceType":"Bundle","type":"collection","entry":[
{"resource":{"resourceType":"Patient","id":"p"}},
{"resource":{"resourceType":"Medication","id":"m","code":{"text":"Amlodipine 5mg tablets"}}},
{"resource":{"resourceType":"MedicationStatement","id":"s","status":"active","taken":"unk","subject":{"reference":"Patient/p"},"basedOn":[{"reference":"MedicationRequest/plan"}],"medicationReference":{"reference":"Medication/m"},"effectivePeriod":{"start":"2023-01-01","end":"2023-12-20"},"dosage":[{"text":"ONE DAILY"}],
 "extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-MedicationStatementLastIssueDate-1","valueDateTime":"2023-11-22"},{"url":"https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-MedicationStatementDosageLastChanged-1","valueDateTime":"2023-06-02"}]}},
{"resource":{"resourceType":"MedicationRequest","id":"plan","status":"active","intent":"plan","subject":{"reference":"Patient/p"},"medicationReference":{"reference":"Medication/m"},"dispenseRequest":{"validityPeriod":{"start":"2023-01-01","end":"2024-01-01"}},
 "extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-MedicationRepeatInformation-1","extension":[{"url":"numberOfRepeatPrescriptionsAllowed","valuePositiveInt":6},{"url":"numberOfRepeatPrescriptionsIssued","valuePositiveInt":3}]},{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-PrescriptionType-1","valueCodeableConcept":{"text":"Repeat"}}]}},
{"resource":{"resourceType":"MedicationRequest","id":"i1","status":"completed","intent":"order","basedOn":[{"reference":"MedicationRequest/plan"}],"subject":{"reference":"Patient/p"},"medicationReference":{"reference":"Medication/m"},"dispenseRequest":{"validityPeriod":{"start":"2023-01-01"}}}},
{"resource":{"resourceType":"MedicationRequest","id":"i2","status":"completed","intent":"order","basedOn":[{"reference":"MedicationRequest/plan"}],"subject":{"reference":"Patient/p"},"medicationReference":{"reference":"Medication/m"},"dispenseRequest":{"validityPeriod":{"start":"2023-06-01"}}}},
{"resource":{"resourceType":"MedicationRequest","id":"i3","status":"active","intent":"order","basedOn":[{"reference":"MedicationRequest/plan"}],"subject":{"reference":"Patient/p"},"medicationReference":{"reference":"Medication/m"},"dispenseRequest":{"validityPeriod":{"start":"2023-11-22"}}}},
{"resource":{"resourceType":"List","status":"current","mode":"snapshot","title":"Medications","code":{"coding":[{"system":"http://snomed.info/sct","code":"933361000000108"}]},"subject":{"reference":"Patient/p"},"extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-ListWarningCode-1","valueCode":"data-in-transit"}],"entry":[{"item":{"reference":"MedicationStatement/s"}}]}}]}`

func TestAPracticesMedicineIsOneLine(t *testing.T) {
	r := practiceRecord(t, []byte(repeatMedicine))
	if len(r.Medicines.Items) != 1 {
		t.Fatalf("%d lines of one medicine", len(r.Medicines.Items))
	}
	m := r.Medicines.Items[0]
	if m.Group != "current" || m.LastIssued != "2023-11-22" || m.Course != "Repeat" || m.Changed != "2023-06-02" || m.Directions != "ONE DAILY" {
		t.Errorf("group %q, last issued %q, course %q, changed %q, directions %q", m.Group, m.LastIssued, m.Course, m.Changed, m.Directions)
	}
	said := map[string]string{}
	for _, d := range m.Details {
		said[d.Label] = d.Value
	}
	for label, want := range map[string]string{"Issues": "3 of 6", "Authorised until": "01-Jan-2024", "Dose last changed": "02-Jun-2023"} {
		if said[label] != want {
			t.Errorf("%s: %q, want %q", label, said[label], want)
		}
	}
	if len(m.Says) != 1 {
		t.Errorf("%d statements that it is taken; authorisation and issues say nothing of it", len(m.Says))
	}
	if !strings.Contains(r.Medicines.Incomplete, "transferred from another practice") {
		t.Errorf("the practice's warning does not reach the reader: %q", r.Medicines.Incomplete)
	}
}

func TestAStoppedMedicineWithAnIssueStillOpenIsNotCurrent(t *testing.T) {
	stopped := strings.Replace(repeatMedicine, `"id":"s","status":"active"`, `"id":"s","status":"stopped"`, 1)
	if m := practiceRecord(t, []byte(stopped)).Medicines.Items[0]; m.Group == "current" {
		t.Error("an issue that is still open keeps a stopped medicine current")
	}
}

func TestAConsultationTellsWhatWasNotedInIt(t *testing.T) {
	const list = `"status":"current","mode":"snapshot","subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"}`
	r := practiceRecord(t, []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}},
{"resource":{"resourceType":"Encounter","id":"e","status":"finished","type":[{"text":"Surgery"}],"subject":{"reference":"Patient/p"},"period":{"start":"2023-05-01"}}},
{"resource":{"resourceType":"List","id":"c",`+list+`,"code":{"coding":[{"system":"http://snomed.info/sct","code":"325851000000107"}]},"title":"Surgery","entry":[{"item":{"reference":"List/t"}}]}},
{"resource":{"resourceType":"List","id":"t",`+list+`,"code":{"coding":[{"system":"http://snomed.info/sct","code":"25851000000105"}]},"title":"Knee pain","entry":[{"item":{"reference":"List/h"}}]}},
{"resource":{"resourceType":"List","id":"h",`+list+`,"code":{"coding":[{"system":"http://snomed.info/sct","code":"24781000000107"}]},"title":"History","entry":[{"item":{"reference":"Observation/o"}},{"item":{"reference":"List/t"}}]}},
{"resource":{"resourceType":"Observation","id":"o","status":"final","code":{"text":"Comment"},"subject":{"reference":"Patient/p"},"comment":"worse on stairs"}}]}`))
	if len(r.Other.Items) != 0 {
		t.Errorf("%d lists stand among the other statements", len(r.Other.Items))
	}
	for _, d := range r.Encounters.Items[0].Details {
		if d.Label == "Knee pain, History" && d.Value == "Comment: worse on stairs" {
			return
		}
	}
	t.Errorf("the consultation says %+v", r.Encounters.Items[0].Details)
}

// every statement of the published sample records is shown or listed with a reason, and no section is lost.
func TestPublishedPracticeRecords(t *testing.T) {
	names, _ := filepath.Glob("../../shared/data/gp-connect-stu3/structured-full-record/*.json")
	if len(names) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the sample data is not beside this project")
	}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		r := practiceRecord(t, data)
		if len(r.Encounters.Items) == 0 || len(r.Observations.Items) == 0 || len(r.Other.Items) > 0 {
			t.Errorf("%s: %d encounters, %d observations, %d others", filepath.Base(n), len(r.Encounters.Items), len(r.Observations.Items), len(r.Other.Items))
		}
		for _, x := range r.NotShown {
			if x.Why == "" || strings.Contains(x.Why, "could not be displayed") {
				t.Errorf("%s: %s: %q", filepath.Base(n), x.From.Type, x.Why)
			}
		}
	}
}

// words inside a document are found, with the passage; words of its line are found as before.
func TestWordsInsideDocumentsAreFound(t *testing.T) {
	letter := base64.StdEncoding.EncodeToString([]byte("{\\rtf1 Dear Dr Ash, please stop the amiodarone and check thyroid function.}"))
	r := practiceRecord(t, []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}},
{"resource":{"resourceType":"DocumentReference","id":"d","status":"current","indexed":"2020-01-01T00:00:00Z","type":{"text":"Clinic letter"},"subject":{"reference":"Patient/p"},"content":[{"attachment":{"contentType":"application/rtf","data":"`+letter+`"}}]}},
{"resource":{"resourceType":"Composition","id":"c","status":"final","type":{"text":"Discharge"},"date":"2020-02-01","author":[{"display":"x"}],"title":"Discharge","subject":{"reference":"Patient/p"},"section":[{"title":"Plan","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Repeat echocardiogram in a year</div>"}}]}}]}`))
	for words, want := range map[string]string{"amiodarone": "stop the amiodarone", "letter thyroid": "thyroid function", "echocard": "Repeat echocardiogram", "digoxin": ""} {
		hits := r.Find(words)
		switch {
		case want == "" && len(hits) > 0:
			t.Errorf("%q is found in %s", words, hits[0].Title)
		case want != "" && (len(hits) != 1 || len(hits[0].Details) == 0 || !strings.Contains(hits[0].Details[0].Value, want)):
			t.Errorf("%q: %+v", words, hits)
		}
	}
}
