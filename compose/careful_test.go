package compose

import (
	"strings"
	"testing"

	"kmcr"
)

// What a statement denies, limits or only proposes is not shown as what it would mean without that.
func TestNothingIsShownAsMoreThanWasSaid(t *testing.T) {
	compose := func(kind string, section kmcr.Section, body string) *Record {
		return Compose(Input{Statements: []*kmcr.Statement{about(1, kind, section, body)}, Sources: testSources, Now: now})
	}
	directions := func(dosage string) string {
		r := compose("MedicationRequest", kmcr.Medicines, `"status":"active","intent":"order","authoredOn":"2026-01-01","medicationCodeableConcept":{"text":"Amlodipine"},"dosageInstruction":[`+dosage+`]`)
		if len(r.Medicines.Items) != 1 {
			t.Fatalf("%s makes %d lines", dosage, len(r.Medicines.Items))
		}
		return r.Medicines.Items[0].Directions
	}
	for dosage, want := range map[string]string{
		`{"text":"Once daily in the morning","doseAndRate":[{"doseQuantity":{"value":5,"unit":"mg"}}]}`:                                                                    "5 mg – Once daily in the morning",
		`{"text":"Take one tablet daily","doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}`:                                                                    "Take one tablet daily",
		`{"text":"5mg daily","doseAndRate":[{"doseQuantity":{"value":5,"unit":"mg"}}]}`:                                                                                    "5mg daily",
		`{"doseAndRate":[{"doseQuantity":{"value":10,"unit":"mg"}}],"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d","dayOfWeek":["mon"]}}}`:                  "10 mg – once – on Monday",
		`{"text":"One tablet","timing":{"repeat":{"dayOfWeek":["sun"]}}}`:                                                                                                  "One tablet – on Sunday",
		`{"doseAndRate":[{"doseQuantity":{"value":1,"unit":"g"}}],"timing":{"repeat":{"frequency":1,"period":4,"periodMax":6,"periodUnit":"h"}}}`:                          "1 g – once every 4 to 6 hours",
		`{"sequence":2,"text":"20 mg daily"},{"sequence":1,"text":"40 mg daily"}`:                                                                                          "40 mg daily; then 20 mg daily",
		`{"doseAndRate":[{"doseQuantity":{"value":200,"unit":"mg"}}],"timing":{"code":{"text":"twice a day"}},"additionalInstruction":[{"text":"Not with methotrexate"}]}`: "200 mg – twice a day – Not with methotrexate",
	} {
		if got := directions(dosage); got != want {
			t.Errorf("%s is read as %q, want %q", dosage, got, want)
		}
	}

	r := compose("MedicationRequest", kmcr.Medicines, `"status":"active","intent":"order","doNotPerform":true,"medicationCodeableConcept":{"text":"Codeine"}`)
	if len(r.Medicines.Items) != 0 || len(r.Alerts.Items) != 1 || r.Alerts.Items[0].Title != "Must not be given: Codeine" || !r.Alerts.Items[0].Active {
		t.Errorf("what must not be given: %+v, %+v", r.Medicines.Items, r.Alerts.Items)
	}
	r = compose("MedicationRequest", kmcr.Medicines, `"status":"active","intent":"proposal","medicationCodeableConcept":{"text":"Ibuprofen"}`)
	if len(r.Medicines.Items) != 1 || r.Medicines.Items[0].Group == current {
		t.Errorf("what is only proposed: %+v", r.Medicines.Items)
	}
	r = compose("Condition", kmcr.Problems, `"clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"refuted"}]},"code":{"text":"Myocardial infarction"}`)
	if p := r.Problems.Items; len(p) != 1 || p[0].Active || p[0].Status != "Ruled out" {
		t.Errorf("a problem that was ruled out: %+v", p)
	}
	r = compose("Flag", kmcr.Alerts, `"status":"active","code":{"text":"Dangerous dog"},"period":{"start":"2020-01-01","end":"2021-01-01"}`)
	if a := r.Alerts.Items; len(a) != 1 || a[0].Active || a[0].Status != "Ended" {
		t.Errorf("an alert that has ended: %+v", a)
	}

	for a, b := range map[string]string{"2.5 ml four times a day": "2-5 ml four times a day", "5 mg daily": "10 mg daily"} {
		if normalDose(a) == normalDose(b) {
			t.Errorf("%s is taken for %s", a, b)
		}
	}
	if normalDose("Take one - daily.") != normalDose("take one daily") {
		t.Error("a stop makes another dose")
	}
	for words, want := range map[string]string{
		"Not for attempted cardiopulmonary resuscitation": "not to be attempted", "For attempted cardiopulmonary resuscitation": "to be attempted", "CPR attempts NOT recommended. Adult or child": "not to be attempted",
		"CPR attempts recommended. Adult or child": "to be attempted", "DNACPR decision revoked 01/02/2026": "a decision against it that is no longer in force", "DNACPR in place": "not to be attempted",
	} {
		if got := cprDecision(&Item{Title: words, Active: true}); got != want {
			t.Errorf("%q is read as %q, want %q", words, got, want)
		}
	}

	for body, want := range map[string]string{
		`"code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003"}],"text":"No known allergy"}`: "No known allergies",
		`"code":{"text":"Nil known"}`: "No known allergies", `"code":{"text":"NKDA"}`: "Allergies not recorded", `"code":{"text":"No known latex allergy"}`: "Allergies not recorded",
		`"code":{"coding":[{"system":"http://snomed.info/sct","code":"429625007"}],"text":"No known food allergy"}`:               "Allergies not recorded",
		`"verificationStatus":{"coding":[{"code":"refuted"}]},"code":{"coding":[{"code":"716186003"}],"text":"No known allergy"}`: "Allergies not recorded",
		`"clinicalStatus":{"coding":[{"code":"resolved"}]},"code":{"coding":[{"code":"716186003"}],"text":"No known allergy"}`:    "Allergies not recorded",
	} {
		r := compose("AllergyIntolerance", kmcr.Allergies, body)
		if r.Banner.AllergyTitle != want || len(r.Banner.Allergies) != 0 {
			t.Errorf("%s: the banner says %q %v, want %q", body, r.Banner.AllergyTitle, r.Banner.Allergies, want)
		}
		if strings.Contains(body, "food") && (len(r.Allergies.Items) != 1 || r.Allergies.Items[0].Title != "No known food allergy") {
			t.Errorf("what is said of food is %+v", r.Allergies.Items)
		}
	}
}
