package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/disclose"
	"kmcr/ingest"
	"kmcr/store"
)

// The sample is a small house of invented people in every state that a page
// can be in. It stands where disclose and ingest stand in the program, so
// that pages are tried without a database.

var sampleNow = time.Date(2026, 10, 12, 14, 2, 0, 0, london)

const (
	refFull, refEmpty, refDead, refNotShown, refRefused, refNoGlass = kmcr.Ref("aaaaaaaaaaaaa"), kmcr.Ref("bbbbbbbbbbbbb"), kmcr.Ref("ddddddddddddd"),
		kmcr.Ref("eeeeeeeeeeeee"), kmcr.Ref("rrrrrrrrrrrrr"), kmcr.Ref("nnnnnnnnnnnnn")
)

func statementID(n int) string {
	return kmcr.StatementID{Patient: 7, Hash: uint64(n)}.String()
}

func from(source string, n int, on string) compose.Provenance {
	at, err := time.ParseInLocation("2006-01-02", on, london)
	if err != nil {
		panic(err)
	}
	return compose.Provenance{
		Statement: statementID(n), Version: 1, Type: "Observation", Contributor: "gp", Source: source, Author: "Dr Amara Osei",
		Recorded: at.Add(9*time.Hour + 5*time.Minute), Key: fmt.Sprint("K", n),
	}
}

func one(p compose.Provenance) []compose.Provenance { return []compose.Provenance{p} }

func notes(items int) []compose.SourceNote {
	return []compose.SourceNote{
		{Contributor: "gp", Name: "Ivy Court Surgery", LastHeard: sampleNow.Add(-4 * time.Minute), Linked: true, Items: items},
		{Contributor: "hospital-east", Name: "East Kent Hospitals", LastHeard: sampleNow.Add(-30 * time.Hour), Linked: true, Late: true},
	}
}

func partOf[T any](title string, section kmcr.Section, items ...T) compose.Part[T] {
	return compose.Part[T]{Title: title, Section: section, State: compose.Known, Words: title, Items: items, Updated: "2026-10-01", Sources: notes(len(items))}
}

func nothing[T any](title string, section kmcr.Section, state compose.Nothing, words string) compose.Part[T] {
	return compose.Part[T]{Title: title, Section: section, State: state, Words: words, Items: []T{}, Sources: notes(0)}
}

func fullRecord() *compose.Record {
	gp, east, council := "Ivy Court Surgery", "East Kent Hospitals", "Kent County Council"
	item := func(title, kind, status string, active bool, on compose.Date, p compose.Provenance) compose.Item {
		return compose.Item{Title: title, Kind: kind, Status: status, Active: active, Date: on, From: one(p)}
	}
	admitted := compose.Encounter{
		Item: compose.Item{
			Title: "Admission", Kind: "Admission", Status: "in progress", Active: true, Date: "2026-10-10T22:15:00+01:00",
			From: one(from(east, 31, "2026-10-10")),
		},
		Class: "inpatient", Organisation: "William Harvey Hospital", Ward: "Cambridge K", Telephone: "01632 960018",
		Reason: "Fall at the care home; query fractured neck of femur", How: "Emergency: ambulance", Expected: "2026-10-16", Now: true,
	}
	warfarin := compose.Medicine{
		Item: compose.Item{
			Title: "Warfarin 3mg tablets", Plain: "Thins the blood to prevent clots", Kind: "Medicine", Status: "active", Active: true, Date: "2024-02-11",
			Conflict: "dose-warfarin", From: []compose.Provenance{from(gp, 11, "2026-09-28"), from(east, 12, "2026-10-10")},
		},
		Name: "Warfarin 3 mg tablets", Directions: "take as directed by the anticoagulant clinic, currently 3 mg", Route: "oral", Frequency: "once daily at 18:00",
		Group: "current", Dispensed: &compose.Supply{Date: "2026-09-29", Amount: "28 tablets, for 28 days", From: from(gp, 11, "2026-09-28")}, Given: &compose.Supply{Date: "2026-10-11T18:05:00+01:00", Amount: "3 mg", From: from(east, 12, "2026-10-10")},
		JoinedBy: "same dm+d code", LastIssued: "2026-09-28", Review: "2026-12-01",
		Says: []compose.MedicineSource{
			{Name: "Warfarin 3mg tablets", Directions: "3 mg once daily", Status: "active", Date: "2026-09-28", From: from(gp, 11, "2026-09-28")},
			{Name: "Warfarin", Directions: "4 mg once daily", Status: "active", Date: "2026-10-10", From: from(east, 12, "2026-10-10")},
		},
	}
	simple := func(name, dose, frequency, group string, n int, on compose.Date) compose.Medicine {
		p := from(gp, n, "2026-09-28")
		return compose.Medicine{
			Item: compose.Item{Title: name, Kind: "Medicine", Status: "active", Active: group == "current", Date: on, From: one(p)},
			Name: name, Directions: dose + " – oral – " + frequency, Route: "oral", Frequency: frequency, Group: group, LastIssued: "2026-09-28",
			Says: []compose.MedicineSource{{Name: name, Directions: dose, Status: "active", Date: on, From: p}},
		}
	}
	stopped := simple("Ibuprofen 400 mg tablets", "400 mg", "three times a day with food", "recently-stopped", 15, "2026-08-02")
	stopped.Stopped, stopped.Status = "2026-10-10", "stopped"
	undated := simple("Naproxen 250 mg tablets", "250 mg", "twice a day", "recently-stopped", 15, "2026-09-01")
	held := simple("Metformin 500 mg tablets", "500 mg", "twice a day with food", "current", 15, "2026-01-01")
	held.Status = "On hold"
	value := func(text string, number float64, on compose.Date, flag string, n int) compose.Value {
		return compose.Value{Text: text, Number: number, Date: on, Low: "60", Flag: flag, Status: "final", From: from(east, n, "2026-10-11")}
	}
	egfr := compose.Test{
		Name: "eGFR (CKD-EPI)", Code: "1020291000000106", Unit: "mL/min/1.73m2", Numeric: true, From: one(from(east, 40, "2026-10-11")),
		Values: []compose.Value{
			value("38", 38, "2026-10-11T06:20:00+01:00", "low", 40), value("44", 44, "2026-04-02", "low", 41), value("52", 52, "2025-10-20", "low", 42),
			value("61", 61, "2024-11", "", 43), value(">90", 90, "2019", "", 44),
		},
	}
	culture := compose.Test{
		Name: "Urine culture", From: one(from(east, 45, "2026-10-11")),
		Values: []compose.Value{{Text: "E. coli, more than 100 000 per mL", Date: "2026-10-11", Flag: "abnormal", Status: "preliminary", Note: "Sensitivities to follow", From: from(east, 45, "2026-10-11")}, {Text: "Cancelled: no result", Cancelled: true, Date: "2026-10-09", Status: "Cancelled", From: from(east, 45, "2026-10-11")}},
	}
	pressure := compose.Test{
		Name: "Systolic blood pressure", Unit: "mmHg", Numeric: true, From: one(from(gp, 46, "2026-09-01")),
		Values: []compose.Value{
			{Text: "142", Number: 142, Date: "2026-09-01", Status: "final", From: from(gp, 46, "2026-09-01")},
			{Text: "138", Number: 138, Date: "2026-03-01", Status: "final", From: from(gp, 47, "2026-03-01")},
		},
	}
	document := func(title, mediaType string, n int) compose.Document {
		return compose.Document{
			Item:        compose.Item{Title: title, Kind: "Letter", Status: "current", Active: true, Date: "2026-09-20", From: one(from(east, n, "2026-09-20"))},
			ContentType: mediaType, Size: 4000, HasContent: true,
		}
	}
	r := &compose.Record{
		Ref: refFull, AsOf: sampleNow,
		Banner: compose.Banner{
			Name: "WHITTAKER, Dorothy Ann (Mrs)", PreferredName: "Dot", Born: "1939-03-05", Age: "87y", Gender: "Female",
			NHSNumber: "999 000 0018", NHSVerified: true, Address: "Orchard View Care Home, 14 Example Lane, Ashford, TN23 9ZZ",
			Telephones: []string{"01632 960001", "07700 900123"}, Practice: "Ivy Court Surgery, Tenterden",
			PossibleDuplicate: true, AllergyTitle: "Known allergies", Allergies: []string{"Penicillin", "Co-trimoxazole", "Latex"}, From: one(from(gp, 1, "2026-09-01")),
		},
		Alerts: partOf("Alerts", kmcr.Alerts,
			item("Do not attempt cardiopulmonary resuscitation (ReSPECT in place)", "Alert", "active", true, "2026-02-14", from(gp, 2, "2026-02-14")),
			item("Hard of hearing: speak to the left side", "Reasonable adjustment", "active", true, "2025-06-01", from(council, 3, "2025-06-01"))),
		Safeguarding: partOf("Safeguarding", kmcr.Safeguarding, item("Adult safeguarding enquiry closed", "Flag", "closed", false, "2024-05-01", from(council, 4, "2024-05-01"))),
		Concerns: []compose.Concern{
			{Item: compose.Item{Title: "Adult safeguarding enquiry: neglect", Kind: "Safeguarding", Status: "active", Active: true, Date: "2026-09-21", Details: []compose.Detail{{Label: "Why", Value: "Two falls with no call for help"}}, From: one(from(council, 71, "2026-09-21"))},
				Category: compose.AdultEnquiry, Lead: "Ruth Adeyemi", Role: "Enquiry officer", Team: "Safeguarding", Organisation: council, Telephone: "01632 960080", DutyLine: "01632 960081", Hours: "duty line, every day 08:30 to 20:00", Review: "2026-10-01", Overdue: true, Do: "Ring the enquiry’s lead first."},
			{Item: compose.Item{Title: "Adult safeguarding enquiry closed", Status: "closed", Date: "2024-05-01", End: "2024-07-01", From: one(from(council, 4, "2024-05-01"))}, Category: compose.AdultEnquiry},
		},
		Moves: []compose.Move{{Date: "2025-05-19", To: "Orchard View, Ashford, TN23 9ZZ", From: one(from(council, 72, "2025-05-19"))}},
		Allergies: partOf("Allergies", kmcr.Allergies,
			compose.Allergy{
				Item:      compose.Item{Title: "Co-trimoxazole", Status: "active", Active: true, Date: "2011", From: one(from(gp, 5, "2011-05-02"))},
				Substance: "Co-trimoxazole", Reactions: []string{"Stevens-Johnson syndrome"}, Severity: "Severe", Certainty: "Confirmed", Coded: true,
			},
			compose.Allergy{
				Item:      compose.Item{Title: "Latex", Status: "active", Active: true, From: one(from(council, 6, "2023-01-20"))},
				Substance: "latex gloves - comes up in blisters", Coded: false,
			},
			compose.Allergy{
				Item:      compose.Item{Title: "Penicillin", Plain: "An antibiotic", Status: "active", Active: true, Date: "1987-11", Conflict: "allergy-penicillin", From: []compose.Provenance{from(gp, 7, "2009-03-01"), from(east, 8, "2026-10-10")}},
				Substance: "Penicillin", Reactions: []string{"Anaphylaxis", "Rash + facial swelling"}, Severity: "Severe", Coded: true,
			}),
		Medicines: partOf("Medicines", kmcr.Medicines, warfarin,
			simple("Bisoprolol 2.5 mg tablets", "2.5 mg", "once daily in the morning", "current", 13, "2023-05-30"),
			simple("Colecalciferol 800 unit capsules", "800 units", "once daily", "current", 14, "2022-01-10"),
			stopped, undated, held, simple("Amoxicillin 500 mg capsules", "500 mg", "three times a day", "past", 16, "2019-01-03"),
			simple("Oxygen", "2 litres a minute", "as required", "unknown", 17, "")),
		Problems: partOf("Problems", kmcr.Problems,
			item("Atrial fibrillation", "Condition", "active", true, "2016-07", from(gp, 18, "2016-07-01")),
			item("Chronic kidney disease stage 3", "Condition", "active", true, "2021", from(gp, 19, "2021-01-01")),
			item("Cataract", "Condition", "resolved", false, "2012-04-09", from(gp, 20, "2012-04-09"))),
		Procedures:    partOf("Procedures", kmcr.Problems, item("Phacoemulsification of cataract", "Procedure", "completed", false, "2012-06-18", from(east, 21, "2012-06-18"))),
		FamilyHistory: nothing[compose.Item]("Family history", kmcr.Problems, compose.NotRecorded, "Family history not recorded"),
		Results:       partOf("Results", kmcr.Results, egfr, culture),
		Observations:  partOf("Observations", kmcr.Observations, pressure),
		Reports:       partOf("Reports", kmcr.Results, item("X-ray of right hip", "Report", "final", true, "2026-10-10", from(east, 22, "2026-10-10"))),
		Assessments:   nothing[compose.Item]("Assessments", kmcr.Observations, compose.NotRecorded, "Assessments not recorded"),
		Vaccinations:  partOf("Vaccinations", kmcr.Vaccinations, item("Influenza vaccination", "Vaccination", "completed", true, "2025-10-02", from(gp, 23, "2025-10-02"))),
		Encounters: partOf("Admissions and visits", kmcr.Encounters, admitted, compose.Encounter{
			Item:  compose.Item{Title: "Attendance at the emergency department", Kind: "Attendance", Status: "finished", Date: "2026-06-01T10:00:00Z", End: "2026-06-01T15:40:00Z", From: one(from(east, 32, "2026-06-01"))},
			Class: "emergency", Organisation: "William Harvey Hospital", Reason: "Cut to hand", Destination: "usual place of residence",
		}),
		Admitted: &admitted,
		Appointments: partOf("Appointments", kmcr.Appointments,
			item("Anticoagulant clinic", "Appointment", "booked", true, "2026-10-20T10:30:00+01:00", from(east, 33, "2026-10-01")),
			item("Eye clinic", "Appointment", "missed", false, "2026-01-20T09:00:00Z", from(east, 34, "2026-01-20"))),
		Referrals: nothing[compose.Item]("Referrals", kmcr.Referrals, compose.NotRecorded, "Referrals not recorded"),
		Documents: partOf("Documents", kmcr.Documents, document("Discharge summary", "text/html", 50), document("Clinic letter", "application/rtf", 51),
			document("Scanned consent form", "application/pdf", 52), document("Photograph of wound", "image/png", 53), document("Telephone note", "text/plain", 54),
			compose.Document{Item: compose.Item{Title: "Letter kept elsewhere", Kind: "Letter", Date: "2020-01", From: one(from(east, 55, "2020-01-01"))}}),
		Contacts: partOf("Contacts", kmcr.Contacts,
			compose.Contact{Item: compose.Item{Active: true, Date: "2026-09-01", From: one(from(council, 61, "2026-01-01"))}, Name: "Grace Okafor", Role: "Social worker, allocated", Team: "Ashford older people", Organisation: "Kent County Council",
				Telephone: "01632 960070", DutyLine: "01632 960071", Hours: "duty line, every day 08:30 to 20:00", Last: "2026-10-06", Next: "2026-10-20T10:30:00+01:00", Lead: true, Involved: true, Why: "Leads the care"},
			compose.Contact{Item: compose.Item{Active: true, From: one(from(gp, 60, "2026-01-01"))}, Name: "Dr Amara Osei", Role: "Registered GP", Organisation: "Ivy Court Surgery", Telephone: "01632 960044", Involved: true, Why: "Often called by your role"},
			compose.Contact{Item: compose.Item{Active: true, Date: "2026-10-10T09:00:00Z", End: "2027-01-09T09:00:00Z", From: []compose.Provenance{{Type: "Involvement", Source: "Said here by the worker", Recorded: sampleNow}}}, Name: "Sister Joan Beckett", Role: "Community nurse", Organisation: "Kent Community Health", Involved: true, Involvement: 44},
			compose.Contact{Item: compose.Item{From: one(from(east, 64, "2025-01-01")), End: "2025-03-01"}, Name: "Mr Ian Fell", Role: "Clinician in charge", Organisation: east, Last: "2025-02-27", Why: "No longer involved"},
			compose.Contact{Item: compose.Item{Active: true, From: one(from(gp, 62, "2026-01-01"))}, Name: "Susan Whittaker", Role: "Daughter", Telephone: "07700 900456", Personal: true, NextOfKin: true, Attorney: true, Involved: true},
			compose.Contact{Item: compose.Item{Active: true, From: one(from(gp, 62, "2026-01-01"))}, Name: "Peter Whittaker", Role: "Son", Personal: true, Carer: true, Emergency: true, Involved: true}),
		SocialCare: partOf("Social care", kmcr.SocialCare, compose.Service{
			Item:     compose.Item{Title: "Long term support: residential care", Kind: "Service", Status: "open", Active: true, Date: "2025-05-19", From: one(from(council, 63, "2025-05-19"))},
			Provider: "Orchard View Care Home", Component: "Residential care", Delivery: "Managed by the council", Quantity: "7 days a week",
		}),
		Plans: partOf("Plans and wishes", kmcr.Plans, compose.Item{
			Title: "ReSPECT plan", Kind: "Plan", Status: "active", Active: true, Date: "2026-02-14", From: one(from(gp, 64, "2026-02-14")),
			Details: []compose.Detail{{Label: "Preferred place of care", Value: "Orchard View"}, {Label: "Review by", Value: "2027-02-14"}},
		}),
		Other: partOf("Other statements", kmcr.OtherSection, item("Device: hearing aid", "DeviceUseStatement", "active", true, "2021-04-01", from(gp, 65, "2021-04-01"))),
		Conflicts: []compose.Conflict{
			{ID: "dose-warfarin", Fact: "Dose of warfarin", Section: kmcr.Medicines, Reason: "it is the newer one", Values: []compose.ConflictValue{
				{Value: "4 mg once daily", Date: "2026-10-10", Preferred: true, From: from(east, 12, "2026-10-10")},
				{Value: "3 mg once daily", Date: "2026-09-28", From: from(gp, 11, "2026-09-28")}}},
			{ID: "allergy-penicillin", Fact: "Allergy to penicillin", Section: kmcr.Allergies, Reason: "an allergy outweighs none known", Values: []compose.ConflictValue{
				{Value: "Anaphylaxis", Date: "1987-11", Preferred: true, From: from(gp, 7, "2009-03-01")},
				{Value: "No known allergies", Date: "2026-10-10", From: from(east, 8, "2026-10-10")}}},
		},
		Sources: []compose.Source{
			{Contributor: "gp", Name: gp, OrganisationName: gp, Telephone: "01632 960044", LastHeard: sampleNow.Add(-4 * time.Minute), LastHeardHere: sampleNow.AddDate(0, 0, -14), Linked: true},
			{Contributor: "hospital-east", Name: "PAS", OrganisationName: east, LastHeard: sampleNow.Add(-30 * time.Hour), LastHeardHere: sampleNow.Add(-31 * time.Hour), Late: true, Linked: true},
			{Contributor: "adult-social-care", Name: council, OrganisationName: council, LastHeard: sampleNow.Add(-time.Hour), LastHeardHere: sampleNow.AddDate(0, -1, 0), Linked: true},
			{Contributor: "mental-health", Name: "Kent and Medway Mental Health", LastHeard: sampleNow.Add(-2 * time.Minute)},
		},
		NotShown: []compose.NotShown{{From: compose.Provenance{Statement: statementID(90), Type: "Provenance", Source: gp, Recorded: sampleNow}, Why: "says who wrote other entries"}},
	}
	r.Medicines.Incomplete = "may be incomplete: East Kent Hospitals last heard 11 October 2026"
	r.Documents.Withheld = true
	for i := range 400 {
		r.Timeline = append(r.Timeline, item(fmt.Sprint("Contact ", i), "Contact", "finished", false, compose.Date(sampleNow.AddDate(0, 0, -i*9).Format("2006-01-02")), from(gp, 100+i, "2020-01-01")))
	}
	r.Timeline[3].End = "2026-10-01"
	r.Timeline = append(r.Timeline, item("Note without a date", "Note", "", false, "", from(gp, 99, "2020-01-01")))
	return r
}

// everyPart calls f on each part of a record.
func quietRecord(ref kmcr.Ref, name string, state compose.Nothing, words string) *compose.Record {
	it := func(title string, s kmcr.Section) compose.Part[compose.Item] {
		return nothing[compose.Item](title, s, state, title+" "+words)
	}
	title := map[compose.Nothing]string{compose.NoneKnown: "No known allergies", compose.NotRecorded: "Allergies not recorded", compose.Unavailable: "Allergies unavailable"}[state]
	r := &compose.Record{
		Ref: ref, AsOf: sampleNow,
		Banner: compose.Banner{Name: name, Born: "1990", Gender: "", Telephones: []string{}, AllergyTitle: title, Allergies: []string{}, From: one(from("Ivy Court Surgery", 1, "2026-09-01"))},
		Alerts: it("Alerts", kmcr.Alerts), Safeguarding: it("Safeguarding", kmcr.Safeguarding),
		Allergies: nothing[compose.Allergy]("Allergies", kmcr.Allergies, state, title), Medicines: nothing[compose.Medicine]("Medicines", kmcr.Medicines, state, "Medicines "+words),
		Problems: it("Problems", kmcr.Problems), Procedures: it("Procedures", kmcr.Problems), FamilyHistory: it("Family history", kmcr.Problems),
		Results:      nothing[compose.Test]("Results", kmcr.Results, state, "Results "+words),
		Observations: nothing[compose.Test]("Observations", kmcr.Observations, state, "Observations "+words),
		Reports:      it("Reports", kmcr.Results), Assessments: it("Assessments", kmcr.Observations), Vaccinations: it("Vaccinations", kmcr.Vaccinations),
		Encounters:   nothing[compose.Encounter]("Admissions and visits", kmcr.Encounters, state, "Admissions and visits "+words),
		Appointments: it("Appointments", kmcr.Appointments), Referrals: it("Referrals", kmcr.Referrals),
		Documents:  nothing[compose.Document]("Documents", kmcr.Documents, state, "Documents "+words),
		Contacts:   nothing[compose.Contact]("Contacts", kmcr.Contacts, state, "Contacts "+words),
		SocialCare: nothing[compose.Service]("Social care", kmcr.SocialCare, state, "Social care "+words),
		Plans:      it("Plans and wishes", kmcr.Plans), Other: it("Other statements", kmcr.OtherSection),
		Timeline: []compose.Item{}, Conflicts: []compose.Conflict{}, Sources: []compose.Source{}, NotShown: []compose.NotShown{},
	}
	return r
}

func deadRecord() *compose.Record {
	r := quietRecord(refDead, "MARSH, Edwin (Mr)", compose.NoneKnown, "none known")
	r.Banner.Deceased, r.Banner.Died, r.Banner.Age, r.Banner.Born = true, "2026-01-19", "at death 83y", "1942-06-30"
	r.Banner.NHSNumber, r.Banner.Gender = "999 000 0026", "Male"
	r.Allergies.StatedBy = one(from("Ivy Court Surgery", 8, "2025-11-03"))
	return r
}

// notShownRecord has parts hidden from the role, withheld and unavailable.
func notShownRecord() *compose.Record {
	r := quietRecord(refNotShown, "VANCE, Leo", compose.Unavailable, "unavailable")
	r.Results.Hidden, r.Allergies.Hidden, r.Safeguarding.Hidden = "social workers do not see test results", "carers do not see allergies here", "only safeguarding leads see this"
	r.Plans.Withheld, r.Alerts.Withheld, r.Medicines.Withheld = true, true, true
	r.Contacts.Incomplete = "may be incomplete: nothing heard from the council since 1 May 2026"
	return r
}

// sample answers as disclose and ingest would.
type sample struct {
	records map[string]*compose.Record
	asked   []string // routes named to the audit
	decided []string
}

func newSample() *sample {
	return &sample{records: map[string]*compose.Record{
		string(refFull): fullRecord(), string(refEmpty): quietRecord(refEmpty, "NEWMAN, Ola", compose.NotRecorded, "not recorded"),
		string(refDead): deadRecord(), string(refNotShown): notShownRecord(),
	}}
}

func (s *sample) Ask(ctx context.Context, v kmcr.Viewer, ref, where string, a disclose.Asking) (*compose.Record, error) {
	r, err := s.Record(ctx, v, ref, where)
	if err != nil || a.At.IsZero() {
		return r, err
	}
	past := *r
	past.AsOf, past.Past = a.At, true
	return &past, nil
}

func (s *sample) Orders(_ context.Context, v kmcr.Viewer) ([]compose.AuthorityOrder, bool, error) {
	return compose.DefaultAuthority(), v.Role == kmcr.RoleRecordsOfficer, nil
}

func (s *sample) AboutOthers(_ context.Context, _ kmcr.Viewer, ref, reason string) ([]compose.Item, error) {
	if len(reason) < 10 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the reason has to say why"}
	}
	return s.records[ref].Problems.Items[:1], nil
}

func (s *sample) Policies(_ context.Context, v kmcr.Viewer) (*disclose.Policies, error) {
	if v.Role != kmcr.RolePrivacyOfficer {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "this list belongs to another job"}
	}
	rights := func(r kmcr.Role, medicines string) []disclose.Right {
		return []disclose.Right{{Role: r, Right: "finds", Have: "all", Choice: []string{"all", "involved", "nobody"}}, {Role: r, Right: "medicines", Have: medicines, Choice: []string{"yes", "no"}},
			{Role: r, Right: "topic SEX", Have: "no", Choice: []string{"yes", "no"}}, {Role: r, Right: "list caseload", Have: "yes", Choice: []string{"yes", "no"}}}
	}
	changes := []disclose.Change{{Role: kmcr.RoleCarer, Right: "medicines", From: "no", To: "yes", Gain: true}, {Role: kmcr.RoleCarer, Right: "finds", From: "all", To: "involved"}}
	p := disclose.Policy{Number: 2, ID: "WAITING", State: disclose.PolicyProposed, Changes: changes, Reason: "carers give medicines", By: "Simon Achebe, Caldicott guardian", Proposed: sampleNow}
	old := p
	old.Number, old.ID, old.State, old.Second, old.Decided = 1, "OLD", disclose.PolicyInForce, "Helen Marsh, privacy officer", sampleNow
	return &disclose.Policies{Number: 1, Rights: [][]disclose.Right{rights(kmcr.RoleGP, "yes"), rights(kmcr.RoleCarer, "no")},
		Waiting: []disclose.Waiting{{Policy: p, Affected: s.affected(changes), MayApprove: true}}, Decided: []disclose.Policy{old}}, nil
}

func (s *sample) affected(changes []disclose.Change) []disclose.Affected {
	return []disclose.Affected{{Role: kmcr.RoleCarer, Name: "Care worker", Gains: changes[:1], Loses: changes[1:], Workers: []string{"Rita Adeyemi"}, Lookers: 3, Looks: 41}}
}

func (s *sample) WouldAffect(_ context.Context, _ kmcr.Viewer, changes []disclose.Right) ([]disclose.Affected, error) {
	if len(changes) == 0 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "nothing would change"}
	}
	return s.affected([]disclose.Change{{Role: changes[0].Role, Right: changes[0].Right, From: "no", To: changes[0].Have, Gain: true}}), nil
}

func (s *sample) Propose(_ context.Context, _ kmcr.Viewer, changes []disclose.Right, reason string) (*disclose.Policy, error) {
	if len(reason) < 10 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "a change of policy needs its reason"}
	}
	s.decided = append(s.decided, "propose "+changes[0].Right+" "+changes[0].Have)
	return &disclose.Policy{ID: "NEW"}, nil
}

func (s *sample) DecidePolicy(_ context.Context, _ kmcr.Viewer, id string, approve bool) error {
	s.decided = append(s.decided, id+" "+fmt.Sprint(approve))
	return nil
}

func (s *sample) SetOrder(_ context.Context, v kmcr.Viewer, fact compose.Fact, kinds []string, _ string) error {
	if v.Role != kmcr.RoleRecordsOfficer {
		return &kmcr.Error{Kind: kmcr.Refused, Message: "this list belongs to another job"}
	}
	s.decided = append(s.decided, string(fact)+" "+strings.Join(kinds, " "))
	return nil
}

func (s *sample) Report(_ context.Context, _ kmcr.Viewer, _, statement, says string) error {
	if len(says) < 5 {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "say what is wrong"}
	}
	s.decided = append(s.decided, "report "+statement)
	return nil
}

func (s *sample) Corrections(context.Context, kmcr.Viewer) ([]compose.Correction, error) {
	return []compose.Correction{
		{ID: 1, Statement: statementID(11), Type: "MedicationStatement", Contributor: "gp", Says: "She stopped taking this in June.", By: "Elena Petrova, Carer", Asked: sampleNow, State: compose.Asked},
		{ID: 2, Statement: statementID(11), Type: "MedicationStatement", Contributor: "gp", Says: "Wrong strength.", By: "Elena Petrova, Carer", Asked: sampleNow, State: compose.Stands, Answer: "Checked with the pharmacy.", Answered: sampleNow},
	}, nil
}

func (s *sample) Answer(_ context.Context, _ kmcr.Viewer, statement string, id int, state, _ string) error {
	s.decided = append(s.decided, fmt.Sprint(state, " ", statement, " ", id))
	return nil
}

func (s *sample) Record(_ context.Context, v kmcr.Viewer, ref, where string, _ ...kmcr.Section) (*compose.Record, error) {
	s.asked = append(s.asked, where)
	if ref == string(refRefused) || ref == string(refNoGlass) {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "you are not known to be involved"}
	}
	if ref == "unavailable" {
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the audit cannot be written"}
	}
	if ref == "fault" {
		panic("a secret cause")
	}
	if r, ok := s.records[ref]; ok {
		return r, nil
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such person, or you may not know of them"}
}

// evilHTML is a document that tries everything.
const evilHTML = `<html><head><title>t</title><script>alert(1)</script><style>body{display:none}</style></head><body onload="alert(2)">
<h1>Discharge summary</h1><p style="color:red" onclick="x()">Seen in <b>clinic</b>&nbsp;today.<br>Next line</p><iframe src="https://example.org"></iframe>
<img src=x onerror="alert(3)"><a href="javascript:alert(4)">a link</a><ul><li>One</li><li>Two</li></ul>
<table><tr><th>Drug</th><th>Dose</th></tr><tr><td>Warfarin</td><td>4 mg</td></tr></table><form action="/x"><button>go</button></form></body></html>`

const sampleRTF = `{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}{\colortbl;\red0\green0\blue0;}{\*\generator X;}\pard\b Dear Dr Osei\b0\par ` +
	`She is much better \endash  caf\'e9, 5 \u956 ?g daily, \{braces\}.{\pict\pngblip 89504e47}\par Regards}`

func (s *sample) Statement(_ context.Context, _ kmcr.Viewer, id kmcr.StatementID, _ int, where string) (*kmcr.Statement, error) {
	s.asked = append(s.asked, where)
	body := func(mediaType string, data []byte) *kmcr.Statement {
		return &kmcr.Statement{ID: id, Body: []byte(`{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"` + mediaType + `","data":"` + base64.StdEncoding.EncodeToString(data) + `"}}]}`)}
	}
	switch id.Hash {
	case 50:
		return body("text/html", []byte(evilHTML)), nil
	case 51:
		return body("application/rtf", []byte(sampleRTF)), nil
	case 52:
		return &kmcr.Statement{ID: id, Body: []byte(`{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"application/pdf","url":"Binary/` + statementID(80) + `"}}]}`)}, nil
	case 80:
		return &kmcr.Statement{ID: id, Body: []byte(`{"resourceType":"Binary","contentType":"application/pdf","data":"` + base64.StdEncoding.EncodeToString([]byte("%PDF-1.4")) + `"}`)}, nil
	case 53:
		png, _ := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
		return body("image/png", png), nil
	case 54:
		return body("text/plain", []byte("Rang daughter.\n  She will visit <tomorrow>.")), nil
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such statement"}
}

func (s *sample) Find(_ context.Context, _ kmcr.Viewer, q disclose.Query, where string) ([]disclose.Found, error) {
	s.asked = append(s.asked, where)
	if q.Family == "Nobody" {
		return nil, nil
	}
	return []disclose.Found{
		{Ref: refFull, Name: "WHITTAKER, Dorothy Ann (Mrs)", Born: "1939-03-05", Gender: "Female", Address: "Orchard View Care Home, Ashford, TN23 9ZZ", PossibleDuplicate: true},
		{Ref: refEmpty, Name: "WHITTAKER, Doreen", Born: "1939-05-03", Gender: "Female"},
	}, nil
}

func (s *sample) SayInvolved(ctx context.Context, v kmcr.Viewer, ref string, why disclose.Why) (time.Time, error) {
	return sampleNow.AddDate(0, 0, 14), s.BreakGlass(ctx, v, ref, why)
}

func (s *sample) EndInvolved(_ context.Context, _ kmcr.Viewer, ref string, id int64) error {
	s.decided = append(s.decided, fmt.Sprint("end involved ", ref, " ", id))
	return nil
}

func (s *sample) Objections(context.Context, kmcr.Viewer, string) ([]disclose.Objection, error) {
	one := disclose.Objection{ID: 1, Words: "My sister works at the hospital", By: "demo|privacy-officer", Recorded: sampleNow}
	one.Organisation, one.From = "RVV", sampleNow.AddDate(0, 0, -2)
	ended := one
	ended.ID, ended.Organisation, ended.Until = 2, "", sampleNow.AddDate(0, 0, -1)
	return []disclose.Objection{one, ended}, nil
}

func (s *sample) Object(_ context.Context, _ kmcr.Viewer, ref string, o kmcr.ODS, r kmcr.Role, _ string) error {
	s.decided = append(s.decided, fmt.Sprint("object ", ref, o, r))
	return nil
}

func (s *sample) EndObjection(_ context.Context, _ kmcr.Viewer, ref string, id int, _ string) error {
	s.decided = append(s.decided, fmt.Sprint("end objection ", ref, id))
	return nil
}

func (s *sample) Concerns(context.Context, kmcr.Viewer) ([]disclose.Concern, error) {
	c := audit.Concern{ID: "repeated~demo|gp~x~1", Rule: audit.Repeated, Says: "Looked at the same page of one record 6 times on a day", Viewer: kmcr.Viewer{Account: "demo|gp", Name: "Amara Osei", Role: kmcr.RoleGP, Organisation: "G82001"},
		Person: 42, First: sampleNow.Add(-2 * time.Hour), Last: sampleNow, Looks: 6, Entries: []string{"1/4", "1/9"}}
	settled := disclose.Concern{Concern: c, Outcome: disclose.Outcome{Verdict: "appropriate", Words: "on the ward round", By: "demo|privacy-officer", At: sampleNow}}
	return []disclose.Concern{{Concern: c}, settled}, nil
}

func (s *sample) Settle(_ context.Context, _ kmcr.Viewer, id, verdict, _ string) error {
	s.decided = append(s.decided, "settle "+id+" "+verdict)
	return nil
}

func (s *sample) Agreement(context.Context) (*disclose.Agreement, error) {
	return &disclose.Agreement{
		Signatories: []disclose.Party{{ODS: "G82001", Name: "Ivy Court Surgery", Kind: "GP practices", Sends: true}},
		Roles:       []disclose.RoleSees{{Role: kmcr.RoleGP, Name: "GP", Sees: []string{"medicines"}, May: []string{"open a record in an emergency"}}},
		Rules:       []disclose.RuleSays{{Says: "The viewer must have signed in.", Source: "Data Protection Act 2018"}},
	}, nil
}

func (s *sample) Launch(_ context.Context, _ kmcr.Viewer, l disclose.Launched) (*disclose.Arrival, error) {
	return &disclose.Arrival{Found: []disclose.Found{{Ref: "abc", Name: "SAMPLE, Ada", Born: "1943-03-05"}}, Differs: []disclose.LaunchDifference{{Fact: "Born", There: l.Born, Here: "1943-03-05"}}}, nil
}

func (s *sample) Refused(context.Context, kmcr.Viewer, string, string, string) error { return nil }

func (s *sample) WaysIn(context.Context, kmcr.Viewer, string) ([]disclose.WayIn, error) {
	return []disclose.WayIn{{Says: "Key safe, code 4821", Contributor: "community", Recorded: sampleNow}}, nil
}

func (s *sample) MayCopy(context.Context, kmcr.Viewer, string) error { return nil }

func (s *sample) Copy(context.Context, kmcr.Viewer, string, string) (*disclose.Copy, error) {
	return &disclose.Copy{Patient: []byte(`{"resourceType":"Patient"}`)}, nil
}

func (s *sample) Proven(context.Context, kmcr.Viewer, string, string) error { return nil }

func (s *sample) BreakGlass(_ context.Context, _ kmcr.Viewer, ref string, why disclose.Why) error {
	if len(why.Words) < 10 {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the reason is too short", Remedy: "Write at least 10 characters."}
	}
	s.decided = append(s.decided, "glass "+ref)
	return nil
}

func (s *sample) Explain(_ context.Context, _ kmcr.Viewer, ref string) (*disclose.Denied, error) {
	if ref == string(refFull) {
		return &disclose.Denied{Found: disclose.Found{Ref: refFull, Name: "WHITTAKER, Dorothy Ann (Mrs)", Born: "1939-03-05", Gender: "Female"}, Open: true}, nil
	}
	if ref != string(refRefused) && ref != string(refNoGlass) {
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such person, or you may not know of them"}
	}
	return &disclose.Denied{
		Found:  disclose.Found{Ref: kmcr.Ref(ref), Name: "HOLT, Peter", Born: "1971-08-14", Gender: "Male", Address: "Deal, CT14 9ZZ"},
		Reason: "nothing here says that you are caring for this person now", Remedy: "ask the team that is caring for them to add you",
		MayBreakGlass: ref == string(refRefused), MayClaim: ref == string(refRefused), Emergencies: access.Emergencies, Claims: access.Claims,
	}, nil
}

func sampleEntry(action, reason string, allowed bool) *audit.Entry {
	return &audit.Entry{
		ID: "a/17", At: sampleNow.Add(-time.Hour), Action: action, Person: 42, Purpose: kmcr.DirectCare, Reason: reason, Allowed: allowed,
		Viewer: kmcr.Viewer{Account: "demo|gp", Name: "Amara Osei", Role: kmcr.RoleGP, Organisation: "G82001"},
		Rule:   "registered with the practice", Where: "/people/{ref}", Shown: []audit.Shown{{}, {}},
	}
}

func (s *sample) Looks(_ context.Context, _ kmcr.Viewer, ref string) ([]*audit.Entry, error) {
	if s.records[ref] == nil && ref != string(refRefused) {
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such person, or you may not know of them"}
	}
	return []*audit.Entry{sampleEntry("read", "", true), sampleEntry("break-glass", "found unconscious, medicines unknown", true), sampleEntry("read", "", false)}, nil
}

func (s *sample) Caseload(context.Context, kmcr.Viewer) ([]disclose.CaseloadEntry, error) {
	step := func(kind, to, words string) *disclose.Step {
		return &disclose.Step{At: sampleNow.Add(-3 * time.Hour), Kind: kind, By: "Grace Okafor", Role: kmcr.RoleSocialWorker, To: to, ToName: strings.ToUpper(to), Words: words}
	}
	return []disclose.CaseloadEntry{
		{
			Found: disclose.Found{Ref: refFull, Name: "WHITTAKER, Dorothy Ann (Mrs)", Born: "1939-03-05", Gender: "Female", Address: "Ashford, TN23 9ZZ"}, Kind: "caseload", Since: sampleNow.AddDate(0, -3, 0), Mine: true, ToDo: true,
			States: []disclose.State{
				{Kind: "new-safeguarding", Words: "New safeguarding information on 11-Oct-2026", New: true}, {Kind: "in-hospital", Words: "In hospital (William Harvey Hospital) since 10-Oct-2026", New: true},
				{Kind: "feed-late", Words: "Feed late: East Kent PAS"},
			},
			Badges: []string{"In hospital (William Harvey Hospital) since 10-Oct-2026"},
		},
		{
			Found: disclose.Found{Ref: refDead, Name: "MARSH, Edwin (Mr)", Born: "1942-06-30", Gender: "Male"}, Kind: "registered", States: []disclose.State{{Kind: "died", Words: "Died 19-Jan-2026"}}, Badges: []string{"Died 19-Jan-2026"},
			Seen: step("acknowledged", "", ""), Assigned: step("assigned", "sam", ""), Noted: step("noted", "", "Rang the daughter, who has the keys; the package was ended with the provider and the commode is to be collected on Friday by the equipment service"),
		},
		{Found: disclose.Found{Ref: refEmpty, Name: "WHITTAKER, Doreen", Born: "1939-05-03", Gender: "Female"}, Kind: "granted", States: []disclose.State{}, Assigned: step("assigned", "", "")},
	}, nil
}

func (s *sample) Use(_ context.Context, v kmcr.Viewer, days int) (*disclose.Usage, error) {
	if v.Role == kmcr.RoleGP {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "This list belongs to another job."}
	}
	u := disclose.Usage{Days: max(days, 7), Use: audit.Use{From: sampleNow.AddDate(0, 0, -7), Until: sampleNow, Looks: 12345, Openings: 2345, Refused: 3, Workers: 120, People: 900, WorkerDays: map[kmcr.Role]int{kmcr.RoleGP: 300, kmcr.RoleSocialWorker: 55},
		ByRole: []audit.Counted{{Role: kmcr.RoleGP, Looks: 12000, Openings: 2200}, {Role: kmcr.RoleSocialWorker, Looks: 345, Openings: 145}}, ByTask: []audit.Counted{{Task: "Read medicines", Looks: 7000}},
		Organisation: []audit.Counted{{Organisation: "G82001", Looks: 12345, Openings: 2345}}}}
	if days == 91 {
		u.Use = audit.Use{From: sampleNow, Until: sampleNow}
	}
	u.Saved = audit.Saved(u.Use)
	return &u, nil
}

func (s *sample) Household(_ context.Context, _ kmcr.Viewer, ref string) (*disclose.Household, error) {
	h := &disclose.Household{Ref: kmcr.Ref(ref), Name: "WHITTAKER, Dorothy Ann (Mrs)", Members: []disclose.Housemate{}}
	switch kmcr.Ref(ref) {
	case refFull:
		h.Members = append(h.Members, disclose.Housemate{Found: disclose.Found{Ref: refEmpty, Name: "WHITTAKER, Doreen", Born: "1939-05-03"}, How: []string{"Same address", "Sister, as stated by Ivy Court Surgery"}, Concerns: fullRecord().Concerns[:1]})
	case refEmpty:
	case refNotShown:
		h.Why = "Your role does not see safeguarding, for which households are told."
	default:
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such person, or you may not know of them"}
	}
	return h, nil
}

func (s *sample) Case(ctx context.Context, v kmcr.Viewer, ref string) (*disclose.Case, error) {
	people, _ := s.Caseload(ctx, v)
	for _, p := range people {
		if string(p.Ref) == ref {
			c := &disclose.Case{CaseloadEntry: p, History: []disclose.Step{}, Colleagues: []disclose.Worker{{Account: "sam", Name: "Sam Whitlock", Role: kmcr.RoleDutyWorker}}}
			for _, step := range []*disclose.Step{p.Noted, p.Assigned, p.Seen} {
				if step != nil {
					c.History = append(c.History, *step)
				}
			}
			return c, nil
		}
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such person, or you may not know of them"}
}

func (s *sample) Acknowledge(_ context.Context, _ kmcr.Viewer, ref string) error {
	s.decided = append(s.decided, "acknowledge "+ref)
	return nil
}

func (s *sample) Assign(_ context.Context, _ kmcr.Viewer, ref, to string) error {
	s.decided = append(s.decided, "assign "+ref+" "+to)
	return nil
}

func (s *sample) Note(_ context.Context, _ kmcr.Viewer, ref, says string) error {
	s.decided = append(s.decided, "note "+ref+" "+says)
	return nil
}

func (s *sample) Alerts(context.Context, kmcr.Viewer) ([]disclose.Alert, error) {
	stay := disclose.Alert{ID: "5", Topic: "admission", Ref: refFull, Name: "WHITTAKER, Dorothy Ann (Mrs)", Born: "1939-03-05", At: sampleNow.Add(-40 * time.Hour), State: "new", Text: "Admitted to East Kent Hospitals", MayAsk: "suspend",
		Episode: &compose.Episode{Topic: "admission", Stands: "open", Admitted: "2026-10-10T08:45:00Z", Hospital: "East Kent Hospitals", Ward: "Cambridge J", Telephone: "01233 633331", How: "Emergency", Why: "chest infection", Expected: "2026-10-14",
			AsSent:   []compose.Coded{{Text: "Pneumonia", Code: "233604007", Meaning: "chest infection"}},
			Affected: []compose.Affected{{ID: "7", Kind: "service", What: "Long term support: home care", Pattern: "14 a week", By: "Weald Home Care", Telephone: "01233 496799"}, {ID: "8", Kind: "visit", What: "Leg ulcer dressing", When: "2026-10-13T10:00:00Z", By: "Community nursing"}}},
		Asked: []disclose.Asked{{What: "Long term support: home care", Kind: "suspend", At: sampleNow, By: "Grace Okafor", Role: kmcr.RoleSocialWorker, Words: "Please call me before Friday", Told: []store.Told{{Name: "Weald Home Care", Telephone: "01233 496799", People: []string{"Ann Lee"}}}}}}
	left := stay
	left.ID, left.State, left.Text, left.MayAsk, left.Asked, left.Acknowledged = "6", "acknowledged", "Discharged from East Kent Hospitals", "restart", nil, sampleNow
	left.Topic, left.Episode = "discharge", &compose.Episode{Topic: "discharge", Stands: "ended", Ended: "2026-10-12", Destination: "Usual place of residence", Medicines: []compose.MedicineChange{{Name: "Apixaban 5 mg tablets", Change: "stopped", Source: "East Kent PAS"}}}
	held := disclose.Alert{ID: "7", Topic: "admission", Ref: refFull, Name: stay.Name, State: "held", Text: "Held back: what East Kent Hospitals sent does not fit together", Episode: &compose.Episode{Topic: "admission", Stands: "doubtful", Flags: []string{"the admission is dated in the future (01-Jan-2099)"}}}
	document := disclose.Alert{ID: "new-document.9", Topic: "new-document", Ref: refDead, Name: "MARSH, Edwin (Mr)", At: sampleNow, State: "changed", Text: "A new document from East Kent Hospitals"}
	return []disclose.Alert{stay, left, held, document}, nil
}

func (s *sample) AlertByID(ctx context.Context, v kmcr.Viewer, id string) (*disclose.Alert, error) {
	all, err := s.Alerts(ctx, v)
	for _, a := range all {
		if a.ID == id {
			return &a, err
		}
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such alert on your list"}
}

func (s *sample) AlertsAbout(ctx context.Context, v kmcr.Viewer, _ kmcr.PersonID, _ string) ([]disclose.Alert, error) {
	return s.Alerts(ctx, v)
}

func (s *sample) AcknowledgeAlert(_ context.Context, _ kmcr.Viewer, id string) error {
	s.decided = append(s.decided, "read "+id)
	return nil
}

func (s *sample) AskProvider(_ context.Context, _ kmcr.Viewer, alert, service, words string) ([]disclose.Asked, error) {
	s.decided = append(s.decided, "ask "+alert+" "+service+" "+words)
	return nil, nil
}

func (s *sample) MayTend(context.Context, kmcr.Viewer, string) error { return nil }

func (s *sample) MayListen(context.Context, kmcr.Viewer) error { return nil }

func (s *sample) Feeds(_ context.Context, v kmcr.Viewer) ([]disclose.Feed, error) {
	if v.Role == kmcr.RoleGP {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "feeds are for integration engineers"}
	}
	return []disclose.Feed{
		{Contributor: kmcr.Contributor{Code: "hospital-east", Name: "East Kent PAS", Format: kmcr.FormatHL7v2}, Late: true, Parked: map[string]int64{"identity-missing": 3, "segment-unknown": 1},
			Waiting: sampleNow.Add(-time.Minute), Expires: sampleNow.AddDate(0, 1, 0),
			Tally: store.Tally{Received: 123456, Applied: 123450, Parked: 4, Rejected: 1, Waiting: 1, LastHeard: sampleNow.Add(-30 * time.Hour)}},
		{Contributor: kmcr.Contributor{Code: "gp", Name: "Ivy Court Surgery", Format: kmcr.FormatFHIR, Paused: true}},
	}, nil
}

func (s *sample) Matches(_ context.Context, v kmcr.Viewer, _ string, _ int) ([]disclose.Pair, int, error) {
	if v.Role == kmcr.RoleGP {
		return nil, 0, &kmcr.Error{Kind: kmcr.Refused, Message: "reviews are for records officers"}
	}
	d := compose.Demographics{Contributor: "gp", NHS: "9990000018", Names: []compose.Name{{Family: "Whittaker", Given: "Dorothy Ann", Prefix: "Mrs"}}, Born: "1939-03-05", Sex: "Female", Addresses: []string{"14 Example Lane, Ashford, TN23 9ZZ"}, Telephones: []string{"01632 960001"}}
	e := d
	e.Contributor, e.Born, e.NHS, e.Telephones = "hospital-east", "1939-05-03", "", nil
	return []disclose.Pair{{ID: 9, At: sampleNow.AddDate(0, 0, -2), Score: 0.81, Days: 2, Proposed: "same", ProposedBy: "another-officer", Took: 95 * time.Second, Reasons: "family name agrees; date of birth agrees with day and month changed over",
		Rule: "likely, but not certain", Why: []disclose.MatchReason{{Words: "family name agrees", Weight: 7.5, Says: "speaks strongly for one person"}, {Words: "date of birth agrees with day and month changed over", Weight: 9.1, Says: "speaks strongly for one person"}, {Words: "telephone differs", Weight: -2.8, Says: "speaks against"}, {Words: "sex agrees", Weight: 1, Says: "says little"}},
		Harm: disclose.Harm{Rank: 2, Words: "high: allergies, alerts, safeguarding or plans are recorded"}, A: d, B: e, SourceA: "Ivy Court Surgery", SourceB: "East Kent PAS", KinA: []string{"WHITTAKER, George, 01632 960002"}, EntriesA: 3, EntriesB: 1, RefA: refFull, RefB: refEmpty, State: "open"}}, 101, nil
}

func (s *sample) Entries(_ context.Context, v kmcr.Viewer, ref string) (*disclose.Entries, error) {
	if v.Role != kmcr.RoleRecordsOfficer {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "entries are for records officers"}
	}
	d := compose.Demographics{Contributor: "gp", NHS: "9990000018", Names: []compose.Name{{Family: "Whittaker", Given: "Dorothy Ann", Prefix: "Mrs"}}, Born: "1939-03-05", Addresses: []string{"14 Example Lane, Ashford, TN23 9ZZ"}}
	return &disclose.Entries{Ref: kmcr.Ref(ref), Hidden: true,
		Entries: []disclose.Entry{
			{ID: "71", Contributor: "gp", ContributorName: "Ivy Court Surgery", Demographics: d},
			{ID: "72", Contributor: "hospital-east", ContributorName: "East Kent PAS", Demographics: d, MergedInto: "73", History: []disclose.LinkStep{{At: sampleNow, By: "kmcr", Why: "number, date of birth and name agree", From: "b", To: kmcr.Ref(ref)}, {At: sampleNow, By: "officer", Why: "decided: different", From: kmcr.Ref(ref), To: "b"}}}},
		Decisions: []disclose.Decision{{Review: 9, State: "different", Entry: "71", Other: "80", OtherRef: refEmpty, OtherOf: "community", By: "officer", DecidedAt: sampleNow}, {Review: 10, State: "open", Entry: "72", Other: "81", OtherRef: kmcr.Ref(ref), OtherOf: "gp", Proposed: "unmerge", ProposedBy: "officer"}}}, nil
}

func (s *sample) MayReport(_ context.Context, v kmcr.Viewer) (map[kmcr.ContributorCode]string, error) {
	if v.Role != kmcr.RoleRecordsOfficer {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "the report is for records officers"}
	}
	return map[kmcr.ContributorCode]string{"gp": "Ivy Court Surgery"}, nil
}

func (s *sample) Linked(context.Context) ([]ingest.LinkRate, time.Time, error) {
	return []ingest.LinkRate{{Contributor: "gp", Patients: 1234, Linked: 1100, Rate: 0.8914, Unlinked: map[string]int{"no date of birth": 30, "waits for a person to decide": 104}, Conflicts: 104, Placeholders: 1, Carriers: 12, Traced: map[ingest.Traced]int{"confirmed": 900}}, {Contributor: "community"}}, sampleNow, nil
}

func (s *sample) Part(_ context.Context, entries []kmcr.PatientID, _ time.Duration, _ kmcr.Viewer) (bool, error) {
	s.decided = append(s.decided, fmt.Sprint("part ", entries))
	return true, nil
}

func (s *sample) Join(_ context.Context, entries []kmcr.PatientID, _ time.Duration, _ kmcr.Viewer) (bool, error) {
	s.decided = append(s.decided, fmt.Sprint("join ", entries))
	return true, nil
}

func (s *sample) UndoMerge(_ context.Context, from kmcr.PatientID, _ kmcr.Viewer) (bool, error) {
	s.decided = append(s.decided, fmt.Sprint("unmerge ", from))
	return true, nil
}

func (s *sample) TakeBack(_ context.Context, reviews []int64, _ kmcr.Viewer) (bool, error) {
	s.decided = append(s.decided, fmt.Sprint("take back ", reviews))
	return true, nil
}

func (s *sample) Privacy(context.Context, kmcr.Viewer) ([]disclose.PrivacyItem, error) {
	return []disclose.PrivacyItem{{Entry: sampleEntry("break-glass", "found unconscious, medicines unknown", true), What: "Emergency opening"}, {Entry: sampleEntry("read", "", false), What: "Refused"}}, nil
}

func (s *sample) Replay(_ context.Context, id int64, _ kmcr.Viewer) error {
	s.decided = append(s.decided, fmt.Sprint("replay ", id))
	return nil
}

func (s *sample) Discard(_ context.Context, id int64, reason string, _ kmcr.Viewer) error {
	s.decided = append(s.decided, fmt.Sprint("discard ", id, " ", reason))
	return nil
}

func (s *sample) Correct(_ context.Context, id int64, raw []byte, reason string, _ kmcr.Viewer) (int64, error) {
	s.decided = append(s.decided, fmt.Sprintf("correct %d %q %s", id, raw, reason))
	return id + 1, nil
}

func (s *sample) Preview(_ context.Context, _ int64, raw []byte) (*ingest.Preview, error) {
	if raw == nil {
		return &ingest.Preview{Reason: "identity-missing", Detail: "PID-3: no identifier"}, nil
	}
	return &ingest.Preview{NewPatients: 1, Unmapped: []string{"ZU1: a local segment"}, Changes: []ingest.Change{{What: "new", Type: "Patient", Section: kmcr.Demographics}, {What: "changed", Type: "Encounter", Section: kmcr.Encounters, Members: []string{"location", "status"}}}}, nil
}

func (s *sample) Live() map[kmcr.ContributorCode]ingest.Live {
	return map[kmcr.ContributorCode]ingest.Live{"hospital-east": {LastHour: 1234, Ack50: 900 * time.Microsecond, Ack99: 4 * time.Millisecond}}
}

func (s *sample) Pause(_ context.Context, c kmcr.ContributorCode, paused bool, _ kmcr.Viewer) error {
	s.decided = append(s.decided, fmt.Sprint("pause ", c, " ", paused))
	return nil
}

func (s *sample) Trial(_ context.Context, c kmcr.ContributorCode, testOnly bool, testers []string, _ kmcr.Viewer) error {
	s.decided = append(s.decided, fmt.Sprint("trial ", c, " ", testOnly, " ", testers))
	return nil
}

func (s *sample) Message(_ context.Context, v kmcr.Viewer, id int64, reason string) (*disclose.Message, error) {
	if v.Role == kmcr.RoleGP {
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: "feeds are for integration engineers"}
	}
	m := &disclose.Message{ParkedMessage: disclose.ParkedMessage{ID: id, Contributor: "hospital-east", Format: kmcr.FormatHL7v2, ReceivedAt: sampleNow, Raw: "MSH|^~\\&|PAS|EAST\nPID|9||x9^^^xxx"}, State: store.Applied, Masked: reason == "",
		Answer: "MSH|^~\\&|KMCR\nMSA|AA|31", Parts: []disclose.Part{{Name: "MSH", Count: 1}, {Name: "OBX", Count: 3}},
		Explained:  disclose.Explanation{States: []string{"Patient", "Basic"}, Unmapped: []string{"ZU1: a local segment; kept in the message as received"}, Flags: []string{"EVN-2: not a time"}},
		Statements: []disclose.MessageStatement{{Type: "Patient", Section: kmcr.Demographics, Version: 2, At: sampleNow, Standing: "current", Shows: "the summary"}, {Type: "Basic", Version: 1, Standing: "evidence"}}}
	if !m.Masked {
		m.Raw = "MSH|^~\\&|PAS|EAST\nPID|1||A7^^^RVV"
	}
	return m, nil
}

func (s *sample) Recent(context.Context, kmcr.Viewer, kmcr.ContributorCode) ([]disclose.Message, error) {
	return []disclose.Message{{ParkedMessage: disclose.ParkedMessage{ID: 31, Contributor: "hospital-east", ReceivedAt: sampleNow, Reason: "identity-missing"}, State: store.Parked, Masked: true}, {ParkedMessage: disclose.ParkedMessage{ID: 30, ReceivedAt: sampleNow}, State: store.Applied, Masked: true}}, nil
}

func (s *sample) Decide(_ context.Context, id int64, decision string, _ time.Duration, _ kmcr.Viewer) (bool, error) {
	s.decided = append(s.decided, fmt.Sprint("decide ", id, " ", decision))
	return true, nil
}

// sampleSite serves the sample. The header As names the role of who asks; without it nobody has signed in.
func sampleSite(s *sample) http.Handler {
	mux := http.NewServeMux()
	parked := disclose.ParkedMessage{ID: 31, Contributor: "hospital-east", Format: kmcr.FormatHL7v2, ReceivedAt: sampleNow, Reason: "identity-missing", Detail: "PID-3: no identifier that this contributor uses"}
	err := mount(mux, Config{
		Demo: true,
		Launched: func(_ context.Context, _ kmcr.Viewer, id string) (disclose.Launched, error) {
			return disclose.Launched{System: "practice", Query: disclose.Query{NHSNumber: "9990000018", Family: "Sample", Given: "Ada", Born: "1943-05-03"}}, nil
		},
		Viewer: func(r *http.Request) (kmcr.Viewer, error) {
			role := r.Header.Get("As")
			if c, err := r.Cookie("as"); err == nil {
				role = c.Value
			}
			if role == "" {
				return kmcr.Viewer{}, &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "nobody has signed in", Remedy: "Sign in."}
			}
			return kmcr.Viewer{Account: "demo|" + role, Name: "Amara Osei", Role: kmcr.Role(role), Organisation: "G82001"}, nil
		},
		Parked: func(context.Context, kmcr.Viewer) ([]disclose.ParkedMessage, error) {
			return []disclose.ParkedMessage{parked}, nil
		},
		ShowParked: func(_ context.Context, _ kmcr.Viewer, id int64) (*disclose.ParkedMessage, error) {
			if id != parked.ID {
				return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such message"}
			}
			m := parked
			m.Raw = "MSH|^~\\&|PAS|EAST\rEVN|A01"
			return &m, nil
		},
		Organisation: func(o kmcr.ODS) string { return map[kmcr.ODS]string{"G82001": "Ivy Court Surgery"}[o] },
	}, s, s)
	if err != nil {
		panic(err)
	}
	return mux
}

// samplePages lists every page that can be looked at, with the role that looks.
func samplePages() (all []struct{ Role, Path string }) {
	add := func(role string, paths ...string) {
		for _, p := range paths {
			all = append(all, struct{ Role, Path string }{role, p})
		}
	}
	add("", "/", "/about", "/nowhere")
	add("gp", "/", "/people/search", "/caseload", "/caseload?show=to-do", "/alerts", "/alerts/6")
	add("social-worker", "/caseload/"+string(refFull), "/caseload/"+string(refDead), "/caseload/"+string(refEmpty))
	for _, ref := range []kmcr.Ref{refFull, refEmpty, refDead, refNotShown} {
		for _, l := range sections() {
			add("gp", strings.TrimSuffix("/people/"+string(ref)+"/"+l.Stem, "/"))
		}
	}
	person := "/people/" + string(refFull)
	for _, ref := range []kmcr.Ref{refFull, refEmpty, refNotShown} {
		add("childrens-social-worker", "/people/"+string(ref)+"/household")
	}
	add("gp", person+"/chronology?kind=Move&years=all")
	add("gp", person+"/contacts?for=discharge", person+"/involved", person+"/others")
	add("gp", person+"?at=2026-01-05T10:00", person+"/timeline?kind=Admission")
	add("gp", person+"/medicines?show=past", person+"/timeline?year=all", person+"/timeline?year=2024")
	r := fullRecord()
	for _, t := range slices.Concat(r.Results.Items, r.Observations.Items) {
		add("gp", person+"/results/"+testKey(t))
	}
	for n := 50; n < 55; n++ {
		add("gp", person+"/documents/"+statementID(n))
	}
	add("gp", "/people/"+string(refRefused), "/people/"+string(refRefused)+"/break-glass", "/people/"+string(refRefused)+"/involved", "/people/"+string(refNoGlass)+"/involved", "/people/"+string(refNoGlass), "/people/"+string(refNoGlass)+"/break-glass",
		"/people/unavailable", "/people/fault", "/people/zzzzzzzzzzzzz")
	add("citizen", "/", person, person+"/medicines")
	add("gp", "/launch/sample")
	add("privacy-officer", "/", "/privacy", "/policies", "/policies?role=carer", "/people/"+string(refRefused)+"/objections", "/people/"+string(refRefused)+"/copy", "/people/"+string(refRefused)+"/access")
	add("administrator", "/use", "/use?days=91")
	add("records-officer", "/matches", "/authority", "/corrections", "/matches/report", "/matches/people/"+string(refFull)+"?with="+string(refEmpty))
	add("gp", person+"/report/"+statementID(11))
	add("gp", "/authority")
	add("integration-engineer", "/", "/feeds", "/feeds/hospital-east", "/feeds/messages/30", "/feeds/parked/31")
	return all
}
