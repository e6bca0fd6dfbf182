package notify

import (
	"testing"
	"time"

	"kmcr"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func said(kind string, section kmcr.Section, rest string) *kmcr.Statement {
	return &kmcr.Statement{Type: kind, Section: section, Version: 1, At: now, Body: []byte(`{"resourceType":"` + kind + `",` + rest + `}`)}
}

func encounter(status, class, start, end string) *kmcr.Statement {
	return said("Encounter", kmcr.Encounters, `"status":"`+status+`","class":{"code":"`+class+`"},"period":{"start":"`+start+`"`+end+`}`)
}

func TestTopicOf(t *testing.T) {
	in := encounter("in-progress", "IMP", "2026-11-22T08:00:00Z", "")
	out := encounter("finished", "IMP", "2026-11-22T08:00:00Z", `,"end":"2026-11-23T08:00:00Z"`)
	cancelled := encounter("cancelled", "IMP", "2026-11-22T08:00:00Z", "")
	for _, c := range []struct {
		name          string
		was, is       *kmcr.Statement
		topic, detail string
	}{
		{"admitted", nil, in, Admission, ""},
		{"admitted again by the same words", in, in, "", ""},
		{"moved", in, encounter("in-progress", "IMP", "2026-11-22T08:30:00Z", ""), Admission, Changed},
		{"left", in, out, Discharge, ""},
		{"left before it was heard that they came", nil, out, Discharge, ""},
		{"did not leave after all", out, in, Admission, ""},
		{"cancelled", in, cancelled, Withdrawn, ""},
		{"cancelled, of which nobody had heard", nil, cancelled, "", ""},
		{"planned", nil, encounter("planned", "IMP", "2026-11-25T08:00:00Z", ""), "", ""},
		{"in 2099", nil, encounter("in-progress", "IMP", "2099-01-01T08:00:00Z", ""), "", ""},
		{"long ago", nil, encounter("finished", "IMP", "2019-01-01T08:00:00Z", `,"end":"2019-01-02T08:00:00Z"`), "", ""},
		{"in a clinic", nil, encounter("finished", "AMB", "2026-11-22T08:00:00Z", ""), "", ""},
		{"an emergency attendance", nil, encounter("arrived", "EMER", "2026-11-22T08:00:00Z", ""), Attendance, ""},
		{"an appointment missed", nil, said("Appointment", kmcr.Appointments, `"status":"noshow","start":"2026-11-20T10:00:00Z"`), DidNotAttend, ""},
		{"an appointment to come", nil, said("Appointment", kmcr.Appointments, `"status":"booked","start":"2026-11-25T10:00:00Z"`), Appointment, ""},
		{"a letter", nil, said("DocumentReference", kmcr.Documents, `"date":"2026-11-20T10:00:00Z"`), NewDocument, ""},
		{"a letter of 2019", nil, said("DocumentReference", kmcr.Documents, `"date":"2019-11-20T10:00:00Z"`), "", ""},
		{"a medicine", nil, said("MedicationRequest", kmcr.Medicines, `"authoredOn":"2026-11-20"`), Medicine, ""},
		{"an allergy", nil, said("AllergyIntolerance", kmcr.Allergies, `"recordedDate":"2026-11-20","code":{"coding":[{"code":"764146007"}]}`), NewAllergy, ""},
		{"no known allergy", nil, said("AllergyIntolerance", kmcr.Allergies, `"recordedDate":"2026-11-20","code":{"coding":[{"code":"716186003"}]}`), "", ""},
		{"a result, by its code", nil, said("DiagnosticReport", kmcr.Results, `"issued":"2026-11-20T10:00:00Z","code":{"coding":[{"code":"1000651000000109"}]}`), NewResult, "|1000651000000109"},
		{"safeguarding", nil, said("Flag", kmcr.Safeguarding, `"period":{"start":"2026-11-20"}`), Safeguarding, ""},
		{"a plan", nil, said("CarePlan", kmcr.Plans, `"created":"2026-11-20"`), PlanChanged, ""},
		{"a death", nil, said("Patient", kmcr.Demographics, `"deceasedDateTime":"2026-11-20"`), Death, ""},
	} {
		if topic, detail := TopicOf(now, c.was, c.is); topic != c.topic || detail != c.detail {
			t.Errorf("%s: %q %q, want %q %q", c.name, topic, detail, c.topic, c.detail)
		}
	}
}

func TestQuietHoursAndDigests(t *testing.T) {
	at := func(clock string) time.Time { return clockOn(now, clock) }
	night := Subscription{QuietFrom: "22:00", QuietUntil: "07:00"}
	for clock, want := range map[string]time.Time{"23:00": at("07:00").AddDate(0, 0, 1), "06:00": at("07:00"), "12:00": {}, "07:00": {}} {
		if got := night.quietUntil(at(clock)); !got.Equal(want) {
			t.Errorf("at %s it is quiet until %v, want %v", clock, got, want)
		}
	}
	digest := Subscription{Digest: true}
	if got := digest.digestAt(at("09:00")); !got.Equal(at("08:00").AddDate(0, 0, 1)) {
		t.Errorf("the digest is sent at %v", got)
	}
}

// A letter names nobody, whatever it is about.
func TestALetterNamesNobody(t *testing.T) {
	m := mailer{relay: "relay:25", from: "kmcr@example.nhs.uk", domains: []string{"kent.gov.uk"}, base: "https://kmcr.test"}
	for address, want := range map[string]bool{"a@kent.gov.uk": true, "a@KENT.GOV.UK": true, "a@gmail.com": false, "a@kent.gov.uk.evil.test": false, "a": false, "a@kent.gov.uk\r\nBcc: b@evil.test": false} {
		if m.allowed(address) != want {
			t.Errorf("%q allowed: %v", address, !want)
		}
	}
	if w := waitAfter(1); w != firstWait {
		t.Errorf("the first wait is %v", w)
	}
	if w := waitAfter(50); w != longestWait {
		t.Errorf("the longest wait is %v", w)
	}
}
