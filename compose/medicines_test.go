package compose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
)

// sources are a practice, a hospital, a council and a care home, as the register has them.
var testSources = []Source{
	{Contributor: "gp", Name: "Practice", Kind: "gp-practice", Linked: true, LastHeard: now, LastHeardHere: now},
	{Contributor: "hospital", Name: "Hospital", Kind: "acute", Linked: true, LastHeard: now, LastHeardHere: now},
	{Contributor: "council", Name: "Council", Kind: "council", Linked: true, LastHeard: now, LastHeardHere: now},
	{Contributor: "home", Name: "Care home", Kind: "care-home", Linked: true, LastHeard: now, LastHeardHere: now},
}

// saidBy is what a contributor says, for a record of several.
type saidBy struct {
	by   kmcr.ContributorCode
	body string
}

func recordOf(t *testing.T, all ...saidBy) *Record {
	t.Helper()
	var list []*kmcr.Statement
	for i, s := range all {
		list = append(list, statements(t, s.by, kmcr.PatientID(i+1), s.body)...)
	}
	r := Compose(Input{Statements: list, Sources: testSources, Now: now})
	mustConserve(t, t.Name(), list, r)
	return r
}

// taken is a MedicationStatement: its name, code of dm+d ("" none), directions, status, and how many days ago it began and ended (0: not).
func taken(name, code, directions, status string, began, ended int) string {
	coding := ""
	if code != "" {
		coding = `"coding":[{"system":"https://dmd.nhs.uk","code":"` + code + `"}],`
	}
	end := ""
	if ended > 0 {
		end = `,"end":"` + now.AddDate(0, 0, -ended).Format(time.DateOnly) + `"`
	}
	return `{"resourceType":"MedicationStatement","id":"x","status":"` + status + `","medicationCodeableConcept":{` + coding + `"text":"` + name + `"},"effectivePeriod":{"start":"` +
		now.AddDate(0, 0, -began).Format(time.DateOnly) + `"` + end + `},"dosage":[{"text":"` + directions + `"}]}`
}

// Statements of one medicine are one line, which says why; anything less sure is two.
func TestMedicinesOfSeveralContributors(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		lines      int
		why        string
		conflict   bool
	}{
		{"one code, other words", taken("Amlodipine 5mg tablets", "319284005", "once a day", "active", 90, 0), taken("Istin 5 mg", "319284005", "once a day", "active", 9, 0), 1, "same dm+d or SNOMED CT code", true},
		{"one code, one name", taken("Amlodipine 5mg tablets", "319284005", "once a day", "active", 90, 0), taken("Amlodipine 5mg tablets", "319284005", "Once a day.", "active", 9, 0), 1, "same dm+d or SNOMED CT code", false},
		{"one ingredient, no codes", taken("Furosemide 40mg tablets", "", "one in the morning", "active", 90, 0), taken("FRUSEMIDE 20 MG", "", "one in the morning", "active", 9, 0), 1, "same ingredient (furosemide)", true},
		{"a brand of one ingredient", taken("Ventolin 100micrograms/dose Evohaler", "", "2 puffs", "active", 90, 0), taken("Salbutamol 100micrograms/dose inhaler CFC free", "", "2 puffs", "active", 9, 0), 1, "same ingredient (salbutamol)", true},
		{"an American name with its salt", taken("24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", "", "two", "active", 90, 0), taken("Metformin 500mg tablets", "", "two", "active", 9, 0), 1, "same ingredient (metformin)", true},
		{"a cream is not a tablet", taken("Hydrocortisone 1% cream", "", "thinly", "active", 90, 0), taken("Hydrocortisone 10mg tablets", "", "two", "active", 9, 0), 2, "", false},
		{"an eye drop is not a tablet", taken("Timolol 0.5% eye drops", "", "one drop", "active", 90, 0), taken("Timolol 10mg tablets", "", "one", "active", 9, 0), 2, "", false},
		{"calcium carbonate is not calcium citrate", taken("Calcium carbonate 1.25g tablets", "", "one", "active", 90, 0), taken("Calcium citrate 1g tablets", "", "one", "active", 9, 0), 2, "", false},
		{"a pair is not one of it", taken("Paracetamol 500mg / Codeine 30mg tablets", "", "two", "active", 90, 0), taken("Paracetamol 500mg tablets", "", "two", "active", 9, 0), 2, "", false},
		{"stopped by one, active at another", taken("Ramipril 5mg capsules", "", "one", "stopped", 400, 20), taken("Ramipril 5mg capsules", "", "one", "active", 390, 0), 1, "same ingredient (ramipril)", true},
		{"stopped years before another began it", taken("Ramipril 5mg capsules", "", "one", "stopped", 4000, 2000), taken("Ramipril 5mg capsules", "", "one", "active", 30, 0), 1, "same ingredient (ramipril)", false},
		{"words alone, the same", taken("Dossette / blister pack", "", "weekly", "active", 90, 0), taken("DOSSETTE / Blister  pack", "", "weekly", "active", 9, 0), 1, "same name as written", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := recordOf(t, saidBy{"gp", c.a}, saidBy{"hospital", c.b})
			list := r.Medicines.Items
			if len(list) != c.lines {
				t.Fatalf("%d lines, want %d: %+v", len(list), c.lines, list)
			}
			if c.lines == 2 {
				return
			}
			if m := list[0]; m.JoinedBy != c.why || (m.Conflict != "") != c.conflict || len(m.Says) != 2 {
				t.Errorf("joined by %q, conflict %q, %d say", m.JoinedBy, m.Conflict, len(m.Says))
			}
		})
	}
}

// A name that does not say how it is given meets no other where two ways are in the record.
func TestMedicineOfUnknownForm(t *testing.T) {
	r := recordOf(t, saidBy{"gp", taken("Hydrocortisone 1% cream", "", "thinly", "active", 9, 0)}, saidBy{"gp", taken("Hydrocortisone 10mg tablets", "", "two", "active", 9, 0)}, saidBy{"hospital", taken("Hydrocortisone", "", "as directed", "active", 9, 0)})
	if n := len(r.Medicines.Items); n != 3 {
		t.Errorf("%d lines, want 3: nothing is guessed", n)
	}
}

// The status map is whole and explicit: what it does not hold is not known, and never current.
func TestMedicineStatus(t *testing.T) {
	for _, c := range []struct {
		status string
		ended  int
		group  string
		said   string
	}{
		{"active", 0, "current", "Active"},
		{"active", 10, "recently-stopped", "Active"},
		{"active", 100, "past", "Active"},
		{"stopped", 89, "recently-stopped", "Stopped"},
		{"stopped", 91, "past", "Stopped"},
		{"completed", 400, "past", "Completed"},
		{"on-hold", 0, "current", "On hold"},
		{"unknown", 0, "unknown", "Status not known"},
		{"taking-it-sometimes", 0, "unknown", "Status not known"},
	} {
		r := recordOf(t, saidBy{"gp", taken("Ramipril 5mg capsules", "", "one", c.status, 500, c.ended)})
		if m := r.Medicines.Items[0]; m.Group != c.group || m.Status != c.said || m.Active != (c.group == "current") {
			t.Errorf("%s ended %d days ago: %s, %q, active %v", c.status, c.ended, m.Group, m.Status, m.Active)
		}
	}
}

// Two strengths that one contributor has current are both on the line, and never added up.
func TestTwoStrengthsOfOneMedicine(t *testing.T) {
	r := recordOf(t, saidBy{"gp", taken("Warfarin 1mg tablets", "", "as directed", "active", 9, 0)}, saidBy{"gp", taken("Warfarin 3mg tablets", "", "as directed", "active", 9, 0)})
	if len(r.Medicines.Items) != 1 || len(r.Medicines.Items[0].Also) != 1 || len(r.Medicines.Items[0].Says) != 2 {
		t.Fatalf("%+v", r.Medicines.Items)
	}
	m := r.Medicines.Items[0]
	names := []string{m.Name, m.Also[0].Name}
	slices.Sort(names)
	if !slices.Equal(names, []string{"Warfarin 1mg tablets", "Warfarin 3mg tablets"}) || m.Conflict != "" {
		t.Errorf("%v, conflict %q", names, m.Conflict)
	}
}

// Every part of how a medicine is taken is on its line.
func TestHowAMedicineIsTaken(t *testing.T) {
	r := recordOf(t, saidBy{"gp", `{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","medicationCodeableConcept":{"text":"Morphine 10mg/5ml oral solution"},"authoredOn":"2026-10-01",
		"reasonCode":[{"text":"Breathlessness"}],"extension":[{"url":"https://example.org/Extension-MedicationReviewDate","valueDate":"2027-01-05"},{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationStatementLastIssueDate","valueDateTime":"2026-11-02"}],
		"dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d","timeOfDay":["08:00:00","20:00:00"]}},"asNeededCodeableConcept":{"text":"breathlessness"},"route":{"text":"by mouth"},
		"doseAndRate":[{"doseQuantity":{"value":2.50,"unit":"ml"}}],"maxDosePerPeriod":{"numerator":{"value":10,"unit":"ml"},"denominator":{"value":24,"unit":"h"}}}]}`})
	m := r.Medicines.Items[0]
	if want := "2.50 ml – by mouth – twice a day – 08:00, 20:00 – when needed for breathlessness – no more than 10 ml in 24 h"; m.Directions != want {
		t.Errorf("directions %q, want %q", m.Directions, want)
	}
	if m.Indication != "Breathlessness" || m.Review != "2027-01-05" || m.LastIssued != "2026-11-02" || m.Date != "2026-10-01" || m.Maximum == "" || !slices.Equal(m.Times, []string{"08:00", "20:00"}) {
		t.Errorf("%+v", m)
	}
}

// The one who counts first for medicines stands largest, and the reason says so.
func TestWhoseDoseStandsFirst(t *testing.T) {
	r := recordOf(t, saidBy{"home", taken("Apixaban 5mg tablets", "", "one a day", "active", 1, 0)}, saidBy{"gp", taken("Apixaban 5mg tablets", "", "one twice a day", "active", 90, 0)})
	m := r.Medicines.Items[0]
	if m.Directions != "one twice a day" || len(r.Conflicts) != 1 || m.Conflict != r.Conflicts[0].ID {
		t.Fatalf("%+v %+v", m, r.Conflicts)
	}
	c := r.Conflicts[0]
	if !c.Values[0].Preferred || c.Values[0].From.Contributor != "gp" || !strings.Contains(c.Reason, "GP practice counts before a care home") {
		t.Errorf("%+v", c)
	}
}
