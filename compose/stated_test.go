package compose

import (
	"strings"
	"testing"
	"time"

	"kmcr"
)

// A stopped medicine is dated by when it was stopped, as near as anybody says: never by when it was once asked for.
func TestWhenAMedicineWasStopped(t *testing.T) {
	day := func(n int) string { return now.AddDate(0, 0, -n).Format(time.DateOnly) }
	for _, c := range []struct {
		name, kind, rest, meta string
		version                int
		group                  string
		stopped                Date
	}{
		{"its own end", "MedicationStatement", `"status":"stopped","effectivePeriod":{"start":"2020-01-01","end":"` + day(10) + `"}`, "", 1, recentlyStopped, Date(day(10))},
		{"asserted as stopped", "MedicationStatement", `"status":"stopped","effectivePeriod":{"start":"2020-01-01"},"dateAsserted":"` + day(20) + `"`, "", 1, recentlyStopped, Date(day(20))},
		{"a later version says so", "MedicationRequest", `"status":"stopped","intent":"order","authoredOn":"2020-01-01"`, "", 2, recentlyStopped, dateOf(now.Add(-time.Hour))},
		{"the sender's own time of change", "MedicationRequest", `"status":"stopped","intent":"order","authoredOn":"2020-01-01"`, `{"lastUpdated":"` + day(200) + `T10:00:00Z"}`, 1, past, Date(day(200) + "T10:00:00Z")},
		{"the practice's date of the change", "MedicationStatement", `"status":"stopped","effectivePeriod":{"start":"2020-01-01"},"extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-MedicationStatusReason-1","extension":[{"url":"statusChangeDate","valueDateTime":"` + day(5) + `"}]}]`, "", 1, recentlyStopped, Date(day(5))},
		{"an end that is still to come", "MedicationRequest", `"status":"stopped","intent":"order","authoredOn":"2020-01-01","dispenseRequest":{"validityPeriod":{"end":"2027-06-01"}}`, "", 2, recentlyStopped, dateOf(now.Add(-time.Hour))},
		{"nobody says when", "MedicationRequest", `"status":"stopped","intent":"order","authoredOn":"2020-01-01"`, "", 1, past, ""},
		{"nobody says when, and it was begun lately", "MedicationRequest", `"status":"stopped","intent":"order","authoredOn":"` + day(30) + `"`, "", 1, recentlyStopped, ""},
		{"a course that was completed", "MedicationRequest", `"status":"completed","intent":"order","authoredOn":"2020-01-01"`, "", 1, past, "2020-01-01"},
	} {
		s := about(1, c.kind, kmcr.Medicines, c.rest+`,"medicationCodeableConcept":{"text":"Amlodipine 5mg tablets"}`)
		s.Version, s.Meta, s.Recorded, s.At = c.version, []byte(c.meta), now.Add(-time.Hour), now.Add(-time.Hour)
		r := Compose(Input{Statements: []*kmcr.Statement{s}, Sources: testSources, Now: now})
		if m := r.Medicines.Items; len(m) != 1 || m[0].Group != c.group || m[0].Stopped != c.stopped {
			t.Errorf("%s: %q on %q, want %q on %q", c.name, m[0].Group, m[0].Stopped, c.group, c.stopped)
		}
	}
}

// What is on hold with one contributor and taken according to another is a conflict; the reason names another contributor.
func TestMedicinesOnHold(t *testing.T) {
	held, active := taken("Ramipril 5mg capsules", "1", "once a day", "on-hold", 90, 0), taken("Ramipril 5mg capsules", "1", "once a day", "active", 90, 0)
	for _, c := range []struct {
		name     string
		said     []saidBy
		conflict bool
	}{
		{"on hold at one, active at another", []saidBy{{"gp", active}, {"hospital", held}}, true},
		{"on hold at both", []saidBy{{"gp", held}, {"hospital", held}}, false},
		{"active at both", []saidBy{{"gp", active}, {"hospital", active}}, false},
	} {
		r := recordOf(t, c.said...)
		if len(r.Medicines.Items) != 1 || (r.Medicines.Items[0].Conflict != "") != c.conflict {
			t.Errorf("%s: %+v", c.name, r.Conflicts)
		}
	}
}

// The reason compares contributors that differ, or says that one contributor says both.
func TestReasonsOfConflicts(t *testing.T) {
	amlodipine := func(directions string, began int) string {
		return taken("Amlodipine 5mg tablets", "1", directions, "active", began, 0)
	}
	flag := func(words, since string) string {
		return `{"resourceType":"Flag","id":"f","status":"active","code":{"text":"` + words + `"},"period":{"start":"` + since + `"}}`
	}
	for _, c := range []struct {
		name string
		said []saidBy
		want string
	}{
		{"one dose beside two", []saidBy{{"gp", amlodipine("once a day", 90)}, {"gp", amlodipine("two a day", 80)}, {"hospital", amlodipine("once a day", 90)}}, "a GP practice counts before a hospital"},
		{"one contributor, two decisions", []saidBy{{"gp", flag("For full resuscitation", "2026-01-01")}, {"gp", flag("DNACPR in place", "2026-02-01")}}, "Practice says both; what it said last is shown first."},
		{"one contributor, two decisions of one day", []saidBy{{"gp", flag("For full resuscitation", "2026-01-01")}, {"gp", flag("DNACPR in place", "2026-01-01")}}, "Practice says both: neither is preferred, and the order means nothing."},
	} {
		r := recordOf(t, c.said...)
		if len(r.Conflicts) != 1 || !strings.Contains(r.Conflicts[0].Reason, c.want) {
			t.Errorf("%s: %+v, want %q", c.name, r.Conflicts, c.want)
		}
	}
}

// Decisions on resuscitation are compared wherever they are recorded: flags, plans, consents, problems and observations.
func TestResuscitationWhereverItIsRecorded(t *testing.T) {
	observation := func(rest string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","effectiveDateTime":"2026-03-01",` + rest + `}`
	}
	dnacpr := `{"resourceType":"Flag","id":"f","status":"active","code":{"text":"DNACPR in place"},"period":{"start":"2026-01-01"}}`
	for _, c := range []struct {
		name, body string
		conflict   bool
	}{
		{"an observation for it", observation(`"code":{"text":"For attempted cardiopulmonary resuscitation"}`), true},
		{"a value for it", observation(`"code":{"text":"Resuscitation status"},"valueCodeableConcept":{"text":"For full resuscitation"}`), true},
		{"a decision that is not made", observation(`"code":{"text":"DNACPR decision"},"valueBoolean":false`), true},
		{"a decision that is made", observation(`"code":{"text":"DNACPR decision"},"valueBoolean":true`), false},
		{"an observation against it", observation(`"code":{"text":"Not for attempted cardiopulmonary resuscitation"}`), false},
		{"no side taken", observation(`"code":{"text":"Cardiopulmonary resuscitation discussed with family"}`), false},
		{"a problem for it", `{"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"For attempted cardiopulmonary resuscitation"},"recordedDate":"2026-03-01"}`, true},
		{"a refusal of it", `{"resourceType":"Consent","id":"l","status":"active","category":[{"text":"Advance decision to refuse treatment"}],"dateTime":"2026-02-01","provision":{"type":"deny","code":[{"text":"Cardiopulmonary resuscitation"}]}}`, false},
		{"an agreement to it", `{"resourceType":"Consent","id":"l","status":"active","category":[{"text":"Wishes"}],"dateTime":"2026-02-01","provision":{"type":"permit","code":[{"text":"Cardiopulmonary resuscitation"}]}}`, true},
	} {
		r := recordOf(t, saidBy{"gp", dnacpr}, saidBy{"hospital", c.body})
		if (len(r.Conflicts) == 1) != c.conflict || r.Alerts.Items[0].Conflict != "" != c.conflict {
			t.Errorf("%s: %+v", c.name, r.Conflicts)
		}
	}
	for words, want := range map[string]string{
		"Not for full resuscitation": "not to be attempted", "Not suitable for CPR": "not to be attempted", "CPR not appropriate": "not to be attempted", "Full resuscitation": "to be attempted",
		"No decision yet for CPR": "", "CPR training given": "",
	} {
		if got := cprDecision(&Item{Title: words, Active: true}); got != want {
			t.Errorf("%q is read as %q, want %q", words, got, want)
		}
	}
}

// What carries a modifierExtension is shown with a warning, and is no fact of its section.
func TestAQualificationThatIsNotUnderstood(t *testing.T) {
	r := recordOf(t, saidBy{"gp", `{"resourceType":"AllergyIntolerance","id":"a","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"Penicillin"},"modifierExtension":[{"url":"https://example.org/is-of-a-relative","valueBoolean":true}]}`})
	if len(r.Allergies.Items) != 0 || len(r.Banner.Allergies) != 0 || !strings.Contains(r.Allergies.Incomplete, "a qualification that this record does not understand") {
		t.Errorf("it counts as an allergy: %+v %q", r.Allergies.Items, r.Allergies.Incomplete)
	}
	if o := r.Other.Items; len(o) != 1 || o[0].Title != "Penicillin (not understood)" || o[0].Status != "Do not rely on this" || o[0].Details[0].Label != "Warning" {
		t.Errorf("it is shown as %+v", o)
	}
}

// Directions name a time of day where they say it, not where they deny it or speak of something else.
func TestTimesOfDayThatAreSaid(t *testing.T) {
	for directions, want := range map[string]string{
		"One at night": Night, "One before bed": Night, "Take one at bedtime": Night, "One in the morning, not at night": Morning, "Do not take at night": TimeNotSaid, "Don't take in the morning but at night": Night,
		"Apply after a bed bath": TimeNotSaid, "One daily with a cup of tea": TimeNotSaid, "No more than two at night": Night, "Avoid in the evening; take in the morning": Morning, "One when needed": WhenNeeded, "5 ml at tea": Evening,
	} {
		if got := strings.Join((Medicine{Directions: directions}).TimesOfDay(), ", "); got != want {
			t.Errorf("%q is given %q, want %q", directions, got, want)
		}
	}
}

// Statements of one problem or allergy are one line by any code that they share; a code that says too little joins nothing.
func TestLinesThatShareACode(t *testing.T) {
	coding := func(system, code string) string { return `{"system":"` + system + `","code":"` + code + `"}` }
	sct, icd := "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10"
	of := func(kind, text string, codings ...string) string {
		return `{"resourceType":"` + kind + `","id":"x","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[` + strings.Join(codings, ",") + `],"text":"` + text + `"}}`
	}
	for _, c := range []struct {
		name  string
		said  []string
		lines int
	}{
		{"the second coding of one is the first of another", []string{of("Condition", "Heart failure", coding(icd, "I50"), coding(sct, "84114007")), of("Condition", "CCF", coding(sct, "84114007"))}, 1},
		{"a statement with several codings joins two others", []string{of("Condition", "A", coding(sct, "1")), of("Condition", "B", coding(icd, "I50")), of("Condition", "AB", coding(sct, "1"), coding(icd, "I50"))}, 1},
		{"one class of diseases, two diseases", []string{of("Condition", "A", coding(sct, "1"), coding(icd, "I50")), of("Condition", "B", coding(sct, "2"), coding(icd, "I50")), of("Condition", "C", coding(icd, "I50"))}, 3},
		{"an allergy by its code", []string{of("AllergyIntolerance", "Penicillin", coding(sct, "91936005")), of("AllergyIntolerance", "Allergy to benzylpenicillin", coding(sct, "91936005"))}, 1},
		{"an allergy by its name", []string{of("AllergyIntolerance", "Latex", coding(sct, "300916003")), of("AllergyIntolerance", "latex allergy", coding("urn:local", "9"))}, 1},
		{"a code for any allergy to a drug", []string{of("AllergyIntolerance", "Penicillin", coding(sct, "416098002")), of("AllergyIntolerance", "Aspirin", coding(sct, "416098002"))}, 2},
	} {
		var said []saidBy
		for n, body := range c.said {
			said = append(said, saidBy{testSources[n].Contributor, body})
		}
		r := recordOf(t, said...)
		if n := len(r.Problems.Items) + len(r.Allergies.Items); n != c.lines {
			t.Errorf("%s: %d lines, want %d: %+v %+v", c.name, n, c.lines, r.Problems.Items, r.Allergies.Items)
		}
	}
}

// A value is held against a normal range in its own unit only; what was cancelled is no result before another.
func TestRangesAndCancelledResults(t *testing.T) {
	potassium := func(day, status, value, ranges string) string {
		return `{"resourceType":"Observation","id":"o","status":"` + status + `","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Potassium"},"effectiveDateTime":"` + day + `","valueQuantity":{"value":` + value + `,"unit":"mmol/L"},"referenceRange":[` + ranges + `]}`
	}
	for ranges, want := range map[string][2]string{
		`{"low":{"value":3.5,"unit":"mmol/L"},"high":{"value":5.3,"unit":"mmol/L"}}`:                        {"3.5", "5.3"},
		`{"low":{"value":3.5},"high":{"value":5.3}}`:                                                        {"3.5", "5.3"},
		`{"low":{"value":13,"unit":"mg/dL"},"high":{"value":20,"unit":"mg/dL"}}`:                            {"", ""},
		`{"type":{"coding":[{"code":"critical"}]},"low":{"value":2}},{"low":{"value":3.5,"unit":"mmol/L"}}`: {"3.5", ""},
		`{"text":"3.5 to 5.3 in adults"}`:                                                                   {"3.5 to 5.3 in adults", ""},
	} {
		v := recordOf(t, saidBy{"hospital", potassium("2026-01-01", "final", "4.1", ranges)}).Results.Items[0].Values[0]
		if v.Low != want[0] || v.High != want[1] {
			t.Errorf("%s is read as %q to %q", ranges, v.Low, v.High)
		}
	}
	r := recordOf(t, saidBy{"hospital", potassium("2026-01-01", "final", "4.1", "")}, saidBy{"hospital", potassium("2026-01-02", "cancelled", "9.9", "")}, saidBy{"hospital", potassium("2026-01-03", "final", "4.2", "")})
	if v := r.Results.Items[0]; len(v.Values) != 3 || v.Before().Text != "4.1" || v.Values[1].Text != "Cancelled (was 9.9 mmol/L)" {
		t.Errorf("%+v", v.Values)
	}
}

// Every type of value is said: what was sent never reads as if nothing had been.
func TestEveryTypeOfValueIsSaid(t *testing.T) {
	for value, want := range map[string]string{
		`"valueDecimal":1.50`: "1.50", `"valueInteger":3`: "3", `"valueBoolean":false`: "no", `"valueDate":"2026-03-05"`: "05-Mar-2026", `"valueTime":"08:30:00"`: "08:30", `"valueUri":"urn:x"`: "urn:x",
		`"valueCoding":{"code":"c","display":"Independent"}`: "Independent", `"valueReference":{"display":"Dr Field"}`: "Dr Field", `"valueAttachment":{"title":"Wound","contentType":"image/png"}`: "a file: Wound",
		`"valueRange":{"low":{"value":4,"unit":"kg"}}`: "from 4 kg", `"valueRange":{"high":{"value":9,"unit":"kg"}}`: "up to 9 kg", `"valueRatio":{"numerator":{"value":1},"denominator":{"value":8}}`: "1 : 8",
		`"valuePeriod":{"start":"2026-01-01","end":"2026-01-03"}`: "01-Jan-2026 to 03-Jan-2026", `"valueSampledData":{"origin":{"value":0},"period":1,"dimensions":1}`: "a recorded trace",
	} {
		r := recordOf(t, saidBy{"hospital", `{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","item":[{"linkId":"1","text":"Asked","answer":[{` + value + `}]}]}`})
		if d := r.Assessments.Items[0].Details; len(d) != 1 || d[0].Value != want {
			t.Errorf("%s is said as %+v, want %q", value, d, want)
		}
	}
}

// Of each type of resource what a reader would need stands in its details.
func TestDetailsThatReadersNeed(t *testing.T) {
	for _, c := range []struct{ body, label, value string }{
		{`"resourceType":"RiskAssessment","status":"final","code":{"text":"Falls"},"prediction":[{"outcome":{"text":"Fall"},"qualitativeRisk":{"text":"high"},"probabilityDecimal":0.6}],"mitigation":"Frame"`, "Risk", "Fall: high, probability 0.6"},
		{`"resourceType":"RiskAssessment","status":"final","code":{"text":"Falls"},"mitigation":"Walking frame"`, "To lessen it", "Walking frame"},
		{`"resourceType":"Consent","status":"active","category":[{"text":"ADRT"}],"provision":{"type":"deny","code":[{"text":"Artificial ventilation"}],"actor":[{"role":{"text":"any clinician"},"reference":{"display":"East Kent"}}]}`, "Decision", "Refuses Artificial ventilation by East Kent (any clinician)"},
		{`"resourceType":"AllergyIntolerance","code":{"text":"Nuts"},"reaction":[{"manifestation":[{"text":"Rash"}],"description":"Within minutes","onset":"2019-05-01","exposureRoute":{"text":"Oral"}}]`, "Reaction", "Rash: Within minutes; by Oral; on 01-May-2019"},
		{`"resourceType":"AllergyIntolerance","code":{"text":"Nuts"},"clinicalStatus":{"coding":[{"code":"resolved"}]},"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AllergyIntoleranceEnd","extension":[{"url":"endDate","valueDateTime":"2024-06-01"},{"url":"reasonEnded","valueString":"Challenge was negative"}]}]`, "Why ended", "Challenge was negative"},
		{`"resourceType":"Procedure","status":"not-done","code":{"text":"Colonoscopy"},"statusReason":{"text":"Declined"}`, "Why not done, or stopped", "Declined"},
		{`"resourceType":"Procedure","status":"completed","code":{"text":"Hip"},"complication":[{"text":"Wound infection"}]`, "Complication", "Wound infection"},
		{`"resourceType":"FamilyMemberHistory","status":"completed","relationship":{"text":"Father"},"deceasedAge":{"value":52,"unit":"a"}`, "Died", "at the age of 52 years"},
		{`"resourceType":"Immunization","status":"not-done","vaccineCode":{"text":"MMR"},"statusReason":{"text":"Refused"}`, "Reason not given", "Refused"},
		{`"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"MMR"},"protocolApplied":[{"doseNumberString":"2","seriesDosesPositiveInt":2}]`, "Dose", "2 of 2"},
		{`"resourceType":"Condition","code":{"text":"Cancer"},"stage":[{"summary":{"text":"Stage III"}}]`, "Stage", "Stage III"},
		{`"resourceType":"CarePlan","status":"active","title":"Legs","addresses":[{"display":"Leg ulcer"}],"goal":[{"display":"Healed by May"}]`, "For", "Leg ulcer"},
		{`"resourceType":"CarePlan","status":"active","title":"Legs","activity":[{"detail":{"status":"cancelled","description":"Compression"}}]`, "Activities", "Compression (cancelled)"},
		{`"resourceType":"ServiceRequest","status":"active","intent":"order","code":{"text":"X-ray"},"occurrenceDateTime":"2026-12-01","reasonReference":[{"display":"Cough"}]`, "Because of", "Cough"},
		{`"resourceType":"ClinicalImpression","status":"completed","finding":[{"itemCodeableConcept":{"text":"Frail"},"basis":"Rockwood 6"}]`, "Finding", "Frail (Rockwood 6)"},
		{`"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"Weight"},"target":[{"measure":{"text":"Weight"},"detailQuantity":{"value":70,"unit":"kg"},"dueDate":"2027-01-01"}]`, "Target", "Weight 70 kg by 01-Jan-2027"},
	} {
		r := recordOf(t, saidBy{"gp", `{` + strings.Replace(c.body, `",`, `","id":"x",`, 1) + `}`})
		var all []Detail
		for _, i := range append(append(append(append(append(append(append(r.Plans.Items, r.Referrals.Items...), r.Assessments.Items...), r.Procedures.Items...), r.FamilyHistory.Items...), r.Vaccinations.Items...), r.Problems.Items...), itemsOf(r.Allergies.Items, func(a Allergy) Item { return a.Item })...) {
			all = append(all, i.Details...)
		}
		found := false
		for _, d := range all {
			found = found || d == Detail{c.label, c.value}
		}
		if !found {
			t.Errorf("%s does not say %q: %+v", c.body, c.value, all)
		}
	}
}

// What has ended is not in force, whatever its status says, and a document says how far it can be relied on.
func TestWhatHasEnded(t *testing.T) {
	r := recordOf(t,
		saidBy{"gp", `{"resourceType":"CarePlan","id":"p","status":"active","title":"Winter","period":{"start":"2025-01-01","end":"2025-03-01"}}`},
		saidBy{"hospital", `{"resourceType":"DocumentReference","id":"d","status":"current","docStatus":"preliminary","type":{"text":"Discharge letter"}}`})
	if p := r.Plans.Items[0]; p.Active || p.Status != "Ended" {
		t.Errorf("an ended plan is %+v", p)
	}
	if d := r.Documents.Items[0]; d.Status != "Current, preliminary" {
		t.Errorf("a preliminary letter is %+v", d.Item)
	}
}

// When a medicine was last dispensed or given, and how much, stands on its line; to issue it again changes nothing about it.
func TestMedicinesThatAreSupplied(t *testing.T) {
	n := uint64(0)
	of := func(kind, rest string) *kmcr.Statement {
		n++
		return about(n, kind, kmcr.Medicines, `"medicationCodeableConcept":{"text":"Amlodipine 5mg tablets"},`+rest)
	}
	request := of("MedicationRequest", `"status":"active","intent":"order","authoredOn":"2026-01-01","dosageInstruction":[{"text":"One daily"}]`)
	request.Recorded = now.AddDate(0, -6, 0)
	older := of("MedicationDispense", `"status":"completed","whenHandedOver":"2026-10-01","quantity":{"value":14,"unit":"tablets"}`)
	newer := of("MedicationDispense", `"status":"completed","whenHandedOver":"2026-11-20","quantity":{"value":28,"unit":"tablets"},"daysSupply":{"value":28,"unit":"days"}`)
	declined := of("MedicationDispense", `"status":"declined","whenPrepared":"2026-11-22","quantity":{"value":56,"unit":"tablets"}`)
	given := of("MedicationAdministration", `"status":"completed","effectiveDateTime":"2026-11-21T08:00:00Z","dosage":{"dose":{"value":5,"unit":"mg"}}`)
	record := func(all ...*kmcr.Statement) *Record {
		return Compose(Input{Statements: all, Sources: testSources, Now: now, Since: now.Add(-24 * time.Hour)})
	}
	older.Recorded, declined.Recorded, given.Recorded = now.AddDate(0, 0, -20), now.AddDate(0, 0, -20), now.AddDate(0, 0, -20)
	r := record(request, older, newer, declined, given)
	m := r.Medicines.Items
	if len(m) != 1 || m[0].Group != current || m[0].Dispensed == nil || m[0].Dispensed.Date != "2026-11-20" || m[0].Dispensed.Amount != "28 tablets, for 28 days" || m[0].Given == nil || m[0].Given.Amount != "5 mg" {
		t.Fatalf("%+v", m)
	}
	if ch := r.Changes; len(ch) != 1 || ch[0].New || !ch[0].Again {
		t.Errorf("a supply is told as %+v", ch)
	}
	again := of("MedicationRequest", `"status":"active","intent":"order","authoredOn":"2026-11-22","dosageInstruction":[{"text":"One daily"}],"note":[]`)
	if ch := record(request, again).Changes; len(ch) != 1 || !ch[0].Again {
		t.Errorf("an issue of what was asked for before is told as %+v", ch)
	}
	more := of("MedicationRequest", `"status":"active","intent":"order","authoredOn":"2026-11-22","dosageInstruction":[{"text":"Two daily"}]`)
	if ch := record(request, more).Changes; len(ch) != 1 || ch[0].Again {
		t.Errorf("another dose is told as %+v", ch)
	}
}

// A name that is not used any more gives way to the one that is; what an extension holds is said, also inside another.
func TestNamesAndExtensionsAsTheyAreUsed(t *testing.T) {
	r := recordOf(t, saidBy{"gp", `{"resourceType":"RelatedPerson","id":"r","active":true,"name":[{"use":"old","text":"Jane Smith"},{"use":"official","text":"Jane Field"}],"telecom":[{"system":"phone","use":"old","value":"01632 960001"},{"system":"phone","value":"01632 960002"}]}`})
	if k := r.Contacts.Items[0]; k.Name != "Jane Field" || k.Telephone != "01632 960002" {
		t.Errorf("%+v", k)
	}
	s := about(1, "EpisodeOfCare", kmcr.SocialCare, `"status":"finished","extension":[{"url":"urn:kmcr:ended-by-absence","valueDate":"2026-09-30"},{"url":"urn:x:factors","extension":[{"url":"factor","valueCode":"3A"},{"url":"none"}]}]`)
	care := Compose(Input{Statements: []*kmcr.Statement{s}, Sources: testSources, Now: now}).SocialCare.Items
	if d := care[0].Details; len(d) != 2 || d[0].Value != "30-Sep-2026" || d[1] != (Detail{"Factors", "Factor: 3A"}) {
		t.Errorf("%+v", d)
	}
}
