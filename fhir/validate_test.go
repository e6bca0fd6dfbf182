package fhir_test

import (
	"strings"
	"testing"

	"kmcr/fhir"
)

func TestPublishedResourcesAreValid(t *testing.T) {
	for _, f := range append(append(files(t, "fhir-r4-examples", ".json"), files(t, "nhs-api-r4", ".json")...), files(t, "synthea-r4", ".json.gz")...) {
		r, err := fhir.Parse(f.data)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		for _, issue := range fhir.Validate(r) {
			t.Errorf("%s: %s: %s: %s", strings.TrimPrefix(f.name, "fhir-r4-examples/"), issue.Code, issue.Expression, issue.Diagnostics)
		}
	}
}
