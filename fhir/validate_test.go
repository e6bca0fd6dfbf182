package fhir_test

import (
	"strings"
	"testing"

	"kmcr/fhir"
)

// broken lists published resources that truly break base R4, and how.
var broken = map[string]string{
	"500-REC_SERVER_ERROR-too costly.json": "an issue code of two words, not of the value set issue-type",
	"_status.json":                         "not a resource at all",
	"PATCH-body.json":                      "a part of an Appointment, without participant",
	"GET-success-empty.json":               "an empty array",
	"invalid-base64.json":                  "an HTTP status as issue code",
	"unavailable.json":                     "an HTTP status as issue code",
	"MessageDefinition_ServiceRequest-request_CaseTransfer.json": "an array for a Coding that may be there once",
	"process_message/POST-success.json":                          "a template: {ScheduleItem} as id, Schedule for schedule",
	"Booking (HTTP Response) .json":                              "a template: {ScheduleItem} as id, Schedule for schedule",
	"service_request/GET-success.json":                           "a resource beside, not in, entry.resource",
	"service_request/POST-success.json":                          "PatientInstruction for patientInstruction, an object for an array",
	"service_request/id/GET-success.json":                        "PatientInstruction for patientInstruction, an object for an array",
	"FHIRDocument-DischargeReport.json":                          "a Composition without author",
	"Personal_Details_RelatedPersonBundle.json":                  "an empty object for a patient",
	"prescription-order-update/bundle-success.json":              "an empty display",
	"Extension-UKCore-ConditionEpisode-Example.xml":              "an extension with two values",
}

// wantValid wants no error of a resource, or some of one that is broken.
func wantValid(t *testing.T, name string, r *fhir.Resource) {
	t.Helper()
	issues := fhir.Validate(r)
	for suffix, how := range broken {
		if strings.HasSuffix(name, suffix) {
			if !fhir.HasErrors(issues) {
				t.Errorf("%s is broken (%s), and nothing is said", name, how)
			}
			return
		}
	}
	for _, issue := range issues {
		if issue.Severity == "error" {
			t.Errorf("%s: %s: %s: %s", name, issue.Code, issue.Expression, issue.Diagnostics)
		}
	}
}

func TestPublishedResourcesAreValid(t *testing.T) {
	published := append(files(t, "fhir-r4-examples", ".json"), files(t, "nhs-api-r4", ".json")...)
	for _, f := range append(published, files(t, "synthea-r4", ".json.gz")...) {
		r, err := fhir.Parse(f.data)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		wantValid(t, f.name, r)
	}
}

func TestValidateFinds(t *testing.T) {
	patient := func(inside string) string { return `{"resourceType":"Patient",` + inside + `}` }
	observation := func(inside string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},` + inside + `}`
	}
	for _, c := range []struct{ name, in, code, expression string }{
		{"no resourceType", `{"id":"1"}`, "required", "Resource"},
		{"an unknown resourceType", `{"resourceType":"Patiant"}`, "not-supported", "Resource"},
		{"an abstract resourceType", `{"resourceType":"DomainResource"}`, "not-supported", "Resource"},
		{"a datatype for a resource", `{"resourceType":"HumanName"}`, "not-supported", "Resource"},
		{"a resourceType that is no string", `{"resourceType":1}`, "not-supported", "Resource"},
		{"an unknown element", patient(`"nam":[]`), "structure", "Patient.nam"},
		{"an unknown element inside", patient(`"contact":[{"name":{"famly":"x"}}]`), "structure", "Patient.contact[0].name.famly"},
		{"resourceType inside a datatype", patient(`"contact":[{"resourceType":"x"}]`), "structure", "Patient.contact[0].resourceType"},
		{"a name of another case", patient(`"Active":true`), "structure", "Patient.Active"},
		{"a name that tells something", patient(`"999 000 0000":true`), "structure", "Patient"},
		{"a missing element", `{"resourceType":"Observation","status":"final"}`, "required", "Observation.code"},
		{"a missing element inside", patient(`"link":[{"type":"seealso"}]`), "required", "Patient.link[0].other"},
		{"an array that should be one", patient(`"birthDate":["1950"]`), "structure", "Patient.birthDate"},
		{"one that should be an array", patient(`"name":{"text":"x"}`), "structure", "Patient.name"},
		{"an empty array", patient(`"name":[]`), "structure", "Patient.name"},
		{"an empty object", patient(`"name":[{"text":"x"},{}]`), "structure", "Patient.name[1]"},
		{"an empty string", patient(`"name":[{"text":""}]`), "value", "Patient.name[0].text"},
		{"null", patient(`"birthDate":null`), "structure", "Patient.birthDate"},
		{"null without extension", patient(`"name":[{"given":["A",null]}]`), "structure", "Patient.name[0].given[1]"},
		{"null for an object", patient(`"name":[null]`), "structure", "Patient.name[0]"},
		{"a string for an object", patient(`"name":["x"]`), "structure", "Patient.name[0]"},
		{"an array in an array", patient(`"name":[[{"text":"x"}]]`), "structure", "Patient.name[0]"},
		{"an object for a string", patient(`"name":[{"text":{"a":1}}]`), "structure", "Patient.name[0].text"},
		{"a string for a boolean", patient(`"active":"true"`), "structure", "Patient.active"},
		{"a string for a number", patient(`"multipleBirthInteger":"2"`), "structure", "Patient.multipleBirth.ofType(integer)"},
		{"a number for a string", patient(`"gender":1`), "structure", "Patient.gender"},
		{"a fraction for an integer", patient(`"multipleBirthInteger":2.0`), "value", "Patient.multipleBirth.ofType(integer)"},
		{"a day that is not", patient(`"birthDate":"1950-02-30"`), "value", "Patient.birthDate"},
		{"a code that is not", patient(`"gender":"M"`), "code-invalid", "Patient.gender"},
		{"a code of another case", patient(`"gender":"Male"`), "code-invalid", "Patient.gender"},
		{"a concept that is not", `{"resourceType":"Condition","subject":{"display":"x"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"well"}]}}`, "code-invalid", "Condition.clinicalStatus"},
		{"a concept of another system", `{"resourceType":"Condition","subject":{"display":"x"},"clinicalStatus":{"coding":[{"code":"active"}]}}`, "code-invalid", "Condition.clinicalStatus"},
		{"two of a choice", patient(`"deceasedBoolean":true,"deceasedDateTime":"2020"`), "structure", "Patient.deceased"},
		{"two of a choice, one beside", patient(`"deceasedBoolean":true,"_deceasedDateTime":{"id":"x"}`), "structure", "Patient.deceased"},
		{"a choice of a type it may not be", patient(`"deceasedString":"x"`), "structure", "Patient.deceasedString"},
		{"a choice without type", observation(`"value":"x"`), "structure", "Observation.value"},
		{"an extension without url", patient(`"extension":[{"valueString":"x"}]`), "required", "Patient.extension[0].url"},
		{"an extension without value", patient(`"extension":[{"url":"u"}]`), "invariant", "Patient.extension[0]"},
		{"an extension of both kinds", patient(`"extension":[{"url":"u","valueString":"x","extension":[{"url":"v","valueString":"y"}]}]`), "invariant", "Patient.extension[0]"},
		{"an extension beside with another member", patient(`"_birthDate":{"value":"x"}`), "structure", "Patient.birthDate.value"},
		{"beside of the wrong form", patient(`"name":[{"given":["A"],"_given":{"id":"x"}}]`), "structure", "Patient.name[0].given"},
		{"beside of a complex type", patient(`"_name":[{"id":"x"}]`), "structure", "Patient._name"},
		{"an id that is not", patient(`"id":"a b"`), "value", "Patient.id"},
		{"a resource inside", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","gender":"x"}}]}`, "code-invalid", "Bundle.entry[0].resource.gender"},
		{"a resource inside without type", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"id":"x"}}]}`, "required", "Bundle.entry[0].resource"},
		{"a contained inside a contained", patient(`"contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"c"}]}]`), "invariant", "Patient.contained[0].contained"},
		{"content by reference", observation(`"component":[{"code":{"text":"x"},"referenceRange":[{"low":{"value":"1"}}]}]`), "structure", "Observation.component[0].referenceRange[0].low.value"},
		{"a reference to what is not contained", observation(`"subject":{"reference":"#x"}`), "not-found", "Observation.subject.reference"},
		{"a reference with white space", observation(`"subject":{"reference":"Patient/1 2"}`), "value", "Observation.subject.reference"},
		{"a reference to an unknown type", observation(`"subject":{"reference":"Patiant/1"}`), "value", "Observation.subject.reference"},
		{"a narrative with a script", patient(`"text":{"status":"generated","div":"<div><script>alert(1)</script></div>"}`), "value", "Patient.text.div"},
	} {
		t.Run(c.name, func(t *testing.T) {
			issues := fhir.Validate(read(t, c.in))
			for _, issue := range issues {
				if issue.Severity == "error" && issue.Code == c.code && issue.Expression == c.expression && issue.Diagnostics != "" {
					return
				}
			}
			t.Errorf("%s: got %+v", c.in, issues)
		})
	}
}

func TestValidateLetsPass(t *testing.T) {
	for _, in := range []string{
		`{"resourceType":"Patient"}`,
		`{"resourceType":"Patient","_gender":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}`,
		`{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"x"}]}]}`,
		`{"resourceType":"Observation","_status":{"id":"x"},"code":{"text":"x"},"valueString":"a\tb"}`,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"#o"}},{"resourceType":"Organization","id":"o"}]}`,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1/_history/2"},"encounter":{"reference":"Encounter?identifier=a|b"},"focus":[{"reference":"urn:oid:1.2.3"},{"reference":"http://x/y"}]}`,
		`{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"},"subject":{"reference":"#"}}]}`,
	} {
		if issues := fhir.Validate(read(t, in)); len(issues) > 0 {
			t.Errorf("%s: %+v", in, issues)
		}
	}
}

func TestValidateWarnsOfReferencesThatLeadNowhere(t *testing.T) {
	for _, reference := range []string{"Practitioner/1", "1", "urn:uuid:1", "urn:oid:x"} {
		in := `{"resourceType":"Encounter","status":"planned","class":{"code":"x"},"subject":{"reference":"` + reference + `"}}`
		issues := fhir.Validate(read(t, in))
		if len(issues) != 1 || issues[0].Severity != "warning" || issues[0].Expression != "Encounter.subject.reference" {
			t.Errorf("%s: %+v", reference, issues)
		}
	}
}

func TestValidateStopsCounting(t *testing.T) {
	in := `{"resourceType":"Patient","name":[` + strings.Repeat(`{},`, 500) + `{}]}`
	if n := len(fhir.Validate(read(t, in))); n != 101 {
		t.Errorf("got %d issues", n)
	}
}

func TestTypes(t *testing.T) {
	types := fhir.Types()
	// the 146 of 4.0.1 that are not abstract, and SubscriptionStatus, which the published examples use
	if len(types) != 146+1 || types[0] != "Account" || !fhir.KnownType("Patient") || fhir.KnownType("Resource") || fhir.KnownType("Patient.contact") {
		t.Errorf("got %d types", len(types))
	}
}
