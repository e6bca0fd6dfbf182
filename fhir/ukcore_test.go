package fhir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmcr/fhir"
)

func TestUKCoreProfiles(t *testing.T) {
	claim := func(profile, rest string) string {
		kind, _, _ := strings.Cut(profile, "-")
		return `{"resourceType":"` + kind + `","meta":{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-` + profile + `"]},` + rest + `}`
	}
	cases := map[string]struct{ sent, severity, expression string }{
		"a heart rate as it should be":                {claim("Observation-VitalSigns-HeartRate", `"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":60,"unit":"per minute","system":"http://unitsofmeasure.org","code":"/min"}`), "", ""},
		"a heart rate in another unit":                {claim("Observation-VitalSigns-HeartRate", `"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":1,"unit":"per minute","system":"http://unitsofmeasure.org","code":"/s"}`), "error", "Observation.value.code"},
		"a heart rate of nobody, by the base profile": {claim("Observation-VitalSigns-HeartRate", `"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":60,"unit":"per minute","system":"http://unitsofmeasure.org","code":"/min"}`), "error", "Observation.subject"},
		"a vaccination not done, without why":         {claim("Immunization", `"status":"not-done","vaccineCode":{"text":"x"},"patient":{"reference":"Patient/1"},"occurrenceDateTime":"2020"`), "error", "Immunization"},
		"an allergy to nothing":                       {claim("AllergyIntolerance", `"patient":{"reference":"Patient/1"}`), "error", "AllergyIntolerance.code"},
		"an NHS number without its digits":            {claim("Patient", `"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number"}]`), "error", "Patient.identifier[0].value"},
		"a code that the binding does not have":       {claim("Appointment", `"specialty":[{"coding":[{"system":"x","code":"y"}]}]`), "warning", "Appointment.specialty"},
		"a profile that is not held":                  {claim("Elephant", `"x":1`), "", ""},
		"no profile at all":                           {`{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}}`, "warning", "AllergyIntolerance.code"},
	}
	for name, c := range cases {
		r, err := fhir.Parse([]byte(c.sent))
		if err != nil {
			t.Fatal(name, err)
		}
		issues := fhir.ValidateProfiles(r)
		switch {
		case c.severity == "" && len(issues) > 0:
			t.Errorf("%s: %+v", name, issues)
		case c.severity != "" && (len(issues) != 1 || issues[0].Severity != c.severity || issues[0].Expression != c.expression):
			t.Errorf("%s: %+v", name, issues)
		}
	}
}

// the published examples follow the profiles that they name.
func TestPublishedUKCoreExamples(t *testing.T) {
	names, _ := filepath.Glob("../../shared/data/uk-core-r4/examples/*.xml")
	if len(names) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the sample data is not beside this project")
	}
	checked := 0
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		body, err := fhir.FromXML(data)
		if err != nil {
			continue
		}
		r, err := fhir.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		if fhir.KnownProfile("https://fhir.hl7.org.uk/StructureDefinition/UKCore-" + r.Type()) {
			checked++
		}
		for _, i := range fhir.ValidateProfiles(r) {
			if i.Severity == "error" || !strings.Contains(i.Code, "code-invalid") {
				t.Errorf("%s: %s %s %s", filepath.Base(n), i.Severity, i.Expression, i.Diagnostics)
			}
		}
	}
	if checked < 150 {
		t.Errorf("%d examples are of a type whose profile is held", checked)
	}
}
