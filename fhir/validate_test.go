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
	"ValidationRequest (HTTP Response) .json":                    "a urn:uuid with letters that are not hexadecimal",
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
