package access

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kmcr"
)

func TestClassify(t *testing.T) {
	const snomed = `"system":"http://snomed.info/sct",`
	for _, c := range []struct {
		name, body, meta string
		want             kmcr.Section
		labels           []kmcr.Label
	}{
		{"laboratory", `{"resourceType":"Observation","category":[{"coding":[{"code":"laboratory"}]}]}`, "", kmcr.Results, nil},
		{"vital signs", `{"resourceType":"Observation","category":[{"coding":[{"code":"vital-signs"}]}]}`, "", kmcr.Observations, nil},
		{"no category", `{"resourceType":"Observation"}`, "", kmcr.Observations, nil},
		{"social history", `{"resourceType":"Observation","category":[{"coding":[{"code":"social-history"}]}]}`, "", kmcr.SocialCare, nil},
		{"a claim", `{"resourceType":"Claim"}`, "", kmcr.Administrative, nil},
		{"a type without a page", `{"resourceType":"VisionPrescription"}`, "", kmcr.OtherSection, nil},
		{"a flag", `{"resourceType":"Flag","code":{"text":"Uses a hearing aid"}}`, "", kmcr.Alerts, nil},
		{"a child protection flag", `{"resourceType":"Flag","code":{"text":"Child protection plan"}}`, "", kmcr.Safeguarding, []kmcr.Label{kmcr.TopicSafeguardChild}},
		{"an adult safeguarding flag", `{"resourceType":"Flag","category":[{"text":"Adult safeguarding"}]}`, "", kmcr.Safeguarding, []kmcr.Label{kmcr.TopicSafeguardAdult}},
		{"a child looked after", `{"resourceType":"Flag","code":{"text":"Looked-after child: full care order"}}`, "", kmcr.Safeguarding, []kmcr.Label{kmcr.TopicSafeguardChild}},
		{"a plan for a child not yet born", `{"resourceType":"CarePlan","title":"Unborn Child protection plan"}`, "", kmcr.Safeguarding, []kmcr.Label{kmcr.TopicSafeguardChild}},
		{"written in capitals", `{"resourceType":"Flag","code":{"coding":[{"display":"CHILD PROTECTION PLAN"}]}}`, "", kmcr.Safeguarding, []kmcr.Label{kmcr.TopicSafeguardChild}},
		{"an enquiry about an adult", `{"resourceType":"EpisodeOfCare","type":[{"text":"Section 42 enquiry"}]}`, "", kmcr.Safeguarding, []kmcr.Label{kmcr.TopicSafeguardAdult}},
		{"a letter that speaks of safeguarding stays a letter", `{"resourceType":"DocumentReference","description":"Safeguarding concern about a child"}`, "", kmcr.Documents, []kmcr.Label{kmcr.TopicSafeguardChild}},
		{"a care package", `{"resourceType":"EpisodeOfCare","type":[{"text":"Long term support: Community"}]}`, "", kmcr.SocialCare, nil},
		{"an episode of health care", `{"resourceType":"EpisodeOfCare","type":[{"text":"Community nursing"}]}`, "", kmcr.Encounters, nil},
		{"very restricted", `{"resourceType":"Condition"}`, `{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}`, kmcr.Problems, []kmcr.Label{"V"}},
		{"normal", `{"resourceType":"Condition"}`, `{"security":[{"code":"N"}]}`, kmcr.Problems, nil},
		{"a label written with an escape", `{"resourceType":"Condition"}`, `{"securit\u0079":[{"code":"\u0056"}]}`, kmcr.Problems, []kmcr.Label{"V"}},
		{"two labels", `{"resourceType":"Condition"}`, `{"security":[{"code":"R"},{"code":"PSY"}]}`, kmcr.Problems, []kmcr.Label{"R", "MH"}},
		{"a sensitive code", `{"resourceType":"Condition","code":{"coding":[{` + snomed + `"code":"76272004"}]}}`, "", kmcr.Problems, []kmcr.Label{"R", "SEX"}},
		{"a sensitive code deep inside", `{"resourceType":"Encounter","contained":[{"resourceType":"Condition","code":{"coding":[{"code":"76272004",` + `"system":"http://snomed.info/sct"}]}}]}`, "", kmcr.Encounters, []kmcr.Label{"R", "SEX"}},
		{"a sensitive code written with an escape", `{"resourceType":"Condition","code":{"coding":[{"co\u0064e":"7627\u0032004"}]}}`, "", kmcr.Problems, []kmcr.Label{"R", "SEX"}},
		{"the same digits in another system", `{"resourceType":"Condition","code":{"coding":[{"system":"urn:local","code":"76272004"}]}}`, "", kmcr.Problems, nil},
		{"an ICD-10 category", `{"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"A51.0"}]}}`, "", kmcr.Problems, []kmcr.Label{"R", "SEX"}},
		{"an ICD-10 lookalike", `{"resourceType":"Condition","code":{"coding":[{"system":"urn:local","code":"A51"}]}}`, "", kmcr.Problems, nil},
		{"nothing at all", ``, "", kmcr.OtherSection, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			section, labels := Classify(string(text(member([]byte(c.body), "resourceType"))), []byte(c.body), []byte(c.meta))
			if section != c.want || !slices.Equal(labels, c.labels) {
				t.Errorf("got %s %v, want %s %v", section, labels, c.want, c.labels)
			}
		})
	}
}

func TestEveryExampleHasASection(t *testing.T) {
	files, _ := filepath.Glob("../../shared/data/fhir-r4-examples/resources/*.json")
	if len(files) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the FHIR examples are not beside the project")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r struct {
			ResourceType string          `json:"resourceType"`
			Meta         json.RawMessage `json:"meta"`
		}
		if json.Unmarshal(b, &r) != nil || r.ResourceType == "" {
			continue
		}
		section, _ := Classify(r.ResourceType, compact(t, b), r.Meta)
		if !slices.Contains(kmcr.AllSections, section) {
			t.Errorf("%s: section %q", filepath.Base(file), section)
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	body := []byte(`{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2339-0","display":"Glucose"}],"text":"Glucose"},"subject":{"reference":"Patient/00000000-0000-0001-0000-000000000002"},"encounter":{"reference":"Encounter/00000000-0000-0001-0000-000000000003"},"effectiveDateTime":"2012-09-11T23:02:18-04:00","issued":"2012-09-11T23:02:18.000-04:00","valueQuantity":{"value":82.1,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}`)
	b.ReportAllocs()
	for b.Loop() {
		Classify("Observation", body, nil)
	}
}

func TestAListOfAPracticesRecordStandsInItsSection(t *testing.T) {
	for code, want := range map[string]kmcr.Section{"933361000000108": kmcr.Medicines, "24781000000107": kmcr.Encounters, "1": kmcr.OtherSection} {
		body := `{"resourceType":"List","orderedBy":{"coding":[{"code":"x"}]},"code":{"coding":[{"extension":[{"url":"u","extension":[{"url":"d","valueString":"y"}]}],"system":"http://snomed.info/sct","code":"` + code + `"}]}}`
		if got, _ := Classify("List", []byte(body), nil); got != want {
			t.Errorf("%s stands in %s, want %s", code, got, want)
		}
	}
}
