package translate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/translate"
)

// what STU3 says, and what is then said in R4.
func TestSTU3BecomesR4(t *testing.T) {
	const coded = `{"resourceType":"AllergyIntolerance","meta":{"profile":["https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-AllergyIntolerance-1"]},"patient":{"reference":"Patient/1"},`
	cases := map[string]struct {
		stu3 string
		want []string
		lost string
	}{
		"an allergy that has ended": {coded + `"clinicalStatus":"resolved","verificationStatus":"unconfirmed","assertedDate":"2020-01-02","code":{"text":"eggs"},"extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-AllergyIntoleranceEnd-1","extension":[{"url":"endDate","valueDateTime":"2021-01-01"},{"url":"reasonEnded","valueString":"tolerated"}]}]}`,
			[]string{`"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"resolved"}]}`, `"recordedDate":"2020-01-02"`, `Extension-UKCore-AllergyIntoleranceEnd","extension":[{"url":"endDate","valueDateTime":"2021-01-01"}`}, ""},
		"a referral": {`{"resourceType":"ReferralRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},"context":{"reference":"Encounter/2"},"requester":{"agent":{"reference":"Practitioner/3"},"onBehalfOf":{"reference":"Organization/4"}},"recipient":[{"reference":"Organization/5"}],"description":"knee","basedOn":[{"reference":"ProcedureRequest/6"}]}`,
			[]string{`"resourceType":"ServiceRequest"`, `"encounter":{"reference":"Encounter/2"}`, `"requester":{"reference":"Practitioner/3"}`, `"performer":[{"reference":"Organization/5"}]`, `"note":[{"text":"knee"}]`, `"ServiceRequest/6"`, `onBehalfOf","valueReference":{"reference":"Organization/4"}`}, ""},
		"an observation": {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"},"comment":"as told","related":[{"type":"has-member","target":{"reference":"Observation/2"}}],"interpretation":{"coding":[{"code":"H"}]}}`,
			[]string{`"note":[{"text":"as told"}]`, `"hasMember":[{"reference":"Observation/2"}]`, `"interpretation":[{"coding":[{"code":"H"}]}]`}, ""},
		"a medicine": {`{"resourceType":"MedicationStatement","status":"active","taken":"unk","subject":{"reference":"Patient/1"},"medicationReference":{"reference":"Medication/2"},"dosage":[{"text":"one","doseQuantity":{"value":1.50}}],"extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-MedicationStatementLastIssueDate-1","valueDateTime":"2020-02-03"}]}`,
			[]string{`"doseAndRate":[{"doseQuantity":{"value":1.50}}]`, `MedicationStatement.taken","valueString":"unk"`, `Extension-UKCore-MedicationStatementLastIssueDate","valueDateTime":"2020-02-03"`}, ""},
		"a medicine not taken": {`{"resourceType":"MedicationStatement","status":"active","taken":"n","subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"x"}}`, []string{`"status":"not-taken"`}, ""},
		"a vaccination refused": {`{"resourceType":"Immunization","status":"completed","notGiven":true,"vaccineCode":{"text":"MMR"},"patient":{"reference":"Patient/1"},"date":"2020-01-01","primarySource":true,"explanation":{"reasonNotGiven":[{"text":"ill"}]},"practitioner":[{"actor":{"reference":"Practitioner/1"}}]}`,
			[]string{`"status":"not-done"`, `"statusReason":{"text":"ill"}`, `"occurrenceDateTime":"2020-01-01"`, `"performer":[{"actor":{"reference":"Practitioner/1"}}]`}, ""},
		"a time without its zone": {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"context":{"reference":"Encounter/1"},"effectiveDateTime":"2019-07-01T10:30:00"}`,
			[]string{`"effectiveDateTime":"2019-07-01T10:30:00+01:00"`}, "British time"},
		"an end of a period without its zone": {`{"resourceType":"Encounter","status":"finished","incomingReferral":[{"reference":"ReferralRequest/1"}],"period":{"start":"2019-05-01T10:30:00+00:00","end":"2019-05-01T10:38:00"}}`,
			[]string{`"end":"2019-05-01T10:38:00+00:00"`, `"ServiceRequest/1"`}, ""},
		"what R4 has no place for": {`{"resourceType":"Patient","id":"1","animal":{"species":{"text":"cat"}}}`, []string{`"resourceType":"Patient"`}, "Patient.animal: R4 has no place for it"},
		"the one patient is meant": {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"7"}},{"resource":{"resourceType":"AllergyIntolerance","clinicalStatus":"active","code":{"text":"x"}}}]}`,
			[]string{`"patient":{"reference":"Patient/7"}`}, "the one Patient of the Bundle is meant"},
		"an ended allergy inside a list": {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"7"}},{"resource":{"resourceType":"List","id":"ended","subject":{"reference":"Patient/7"},"status":"current","mode":"snapshot","contained":[{"resourceType":"AllergyIntolerance","id":"a","clinicalStatus":"resolved","verificationStatus":"unconfirmed","code":{"text":"x"},"patient":{"reference":"Patient/7"}}],"entry":[{"item":{"reference":"#a"}}]}}]}`,
			[]string{`{"item":{"reference":"AllergyIntolerance/a"}}`, `{"resource":{"resourceType":"AllergyIntolerance","id":"a"`}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := parsed(t, []byte(c.stu3))
			if !translate.IsSTU3(r) {
				t.Fatal("not taken for STU3")
			}
			got, err := translate.STU3(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range c.want {
				if !strings.Contains(string(got.Body), w) {
					t.Errorf("no %s in\n%s", w, got.Body)
				}
			}
			if lost := strings.Join(got.Unmapped, "; "); !strings.Contains(lost, c.lost) || c.lost == "" && lost != "" {
				t.Errorf("not mapped: %q", lost)
			}
			for _, i := range fhir.Validate(parsed(t, got.Body)) {
				if i.Severity == "error" {
					t.Errorf("not R4: %s %s", i.Expression, i.Diagnostics)
				}
			}
		})
	}
}

func parsed(t testing.TB, b []byte) *fhir.Resource {
	t.Helper()
	r, err := fhir.Parse(b)
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return r
}

func TestR4IsNotTakenForSTU3(t *testing.T) {
	seen := 0
	for _, set := range []string{"fhir-r4-examples/resources/*.json", "nhs-api-r4/*/*.json", "nhs-api-r4/*/*/*.json"} {
		names, _ := filepath.Glob("../../shared/data/" + set)
		for _, n := range names {
			data, _ := os.ReadFile(n)
			r, err := fhir.Parse(data)
			if err != nil {
				continue
			}
			seen++
			if translate.IsSTU3(r) && !fhir.HasErrors(fhir.Validate(r)) {
				t.Errorf("%s is good R4 and taken for STU3", filepath.Base(n))
			}
		}
	}
	if seen == 0 {
		t.Skip("SKIPPED, NOT TESTED: the sample data is not beside this project")
	}
}

func TestAStructuredRecordWithoutItsPatientIsRefused(t *testing.T) {
	r := parsed(t, []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Condition","clinicalStatus":"active","subject":{"reference":"Patient/1"}}}]}`))
	if _, err := translate.STU3(r); kmcr.KindOf(err) != kmcr.Invalid {
		t.Errorf("got %v", err)
	}
}

func FuzzSTU3(f *testing.F) {
	for _, s := range []string{`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"List","contained":[{}],"entry":[{"item":{"reference":"#x"}}]}}]}`,
		`{"resourceType":"MedicationRequest","requester":[{"agent":{}}],"dosageInstruction":[{"doseQuantity":{}}],"substitution":{"allowed":true}}`,
		`{"resourceType":"Questionnaire","item":[{"enableWhen":[{"hasAnswer":true}],"initialString":"x","options":{"reference":"y"}}]}`,
		`{"resourceType":"Goal","status":"on-target"}`, `{"resourceType":"Consent","action":[{}]}`, `{"resourceType":"Device","udi":{"issuer":"x"},"version":"1"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := fhir.Parse(data)
		if err != nil {
			return
		}
		c, err := translate.STU3(r)
		if err != nil {
			return
		}
		if _, err := fhir.Parse(c.Body); err != nil {
			t.Fatalf("%v: %s", err, c.Body)
		}
	})
}

// what is mended in R4 without taking anything away, and what is not.
func TestMending(t *testing.T) {
	cases := map[string]struct{ sent, want, lost, mended string }{
		"a single value where R4 has an array": {`{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},"basedOn":{"reference":"CarePlan/1"}}`, `"basedOn":[{"reference":"CarePlan/1"}]`, "", "array"},
		"a list of one where R4 has a value":   {`{"resourceType":"Observation","status":["final"],"code":{"text":"x"}}`, `"status":"final"`, "", "array"},
		"what is empty":                        {`{"resourceType":"Bundle","type":"collection","entry":[]}`, `"type":"collection"}`, "", "empty"},
		"a capital letter":                     {`{"resourceType":"Observation","Status":"final","code":{"text":"x"}}`, `"status":"final"`, "", "capital"},
		"an id that is none":                   {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Condition","id":"a_b","subject":{"reference":"Patient/1"}}},{"resource":{"resourceType":"List","status":"current","mode":"working","entry":[{"item":{"reference":"Condition/a_b"}}]}}]}`, `"reference":"Condition/a-b-`, "", "another stands for it"},
		"what R4 does not have":                {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"mood":"glad"}`, `"status":"final"`, "Observation.mood", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, mended := translate.Mend(parsed(t, []byte(c.sent)))
			if !strings.Contains(string(got.Body), c.want) {
				t.Errorf("made %s", got.Body)
			}
			if lost := strings.Join(got.Unmapped, ";"); !strings.Contains(lost, c.lost) || c.lost == "" && lost != "" {
				t.Errorf("taken away: %q", lost)
			}
			if !strings.Contains(strings.Join(mended, ";"), c.mended) {
				t.Errorf("mended: %q", mended)
			}
		})
	}
}
