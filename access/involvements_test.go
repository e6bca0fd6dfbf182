package access

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kmcr"
)

func organisation(code string) string {
	return `{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"` + code + `"}}`
}

func TestInvolvements(t *testing.T) {
	hospital := kmcr.Contributor{Code: "hospital-east", Organisation: "RVV", Format: kmcr.FormatFHIR}
	surgery := kmcr.Contributor{Code: "gp", Organisation: "G82001", Format: kmcr.FormatFHIR}
	council := kmcr.Contributor{Code: "adult-social-care", Organisation: "E10000016", Format: kmcr.FormatCLD}
	for _, c := range []struct {
		name string
		by   kmcr.Contributor
		kind string
		body string
		want []string
	}{
		{"a hospital names the practice", hospital, "Patient", `{"resourceType":"Patient","generalPractitioner":[` + organisation("g82111") + `]}`, []string{"registered G82111"}},
		{"a hospital names none", hospital, "Patient", `{"resourceType":"Patient"}`, nil},
		{"a practice names none", surgery, "Patient", `{"resourceType":"Patient"}`, []string{"registered G82001"}},
		{"a practice names another", surgery, "Patient", `{"resourceType":"Patient","managingOrganization":` + organisation("G82222") + `}`, []string{"registered G82222"}},
		{"no longer a patient", surgery, "Patient", `{"resourceType":"Patient","active":false}`, nil},
		{"an open spell", hospital, "Encounter", `{"resourceType":"Encounter","status":"in-progress","period":{"start":"2026-11-01T10:00:00Z"}}`, []string{"spell RVV from 2026-11-01"}},
		{"an open spell at a site of the sender", hospital, "Encounter", `{"resourceType":"Encounter","status":"arrived","serviceProvider":` + organisation("RVV01") + `}`, []string{"spell RVV"}},
		{"an open spell elsewhere", hospital, "Encounter", `{"resourceType":"Encounter","status":"arrived","serviceProvider":` + organisation("RPA") + `}`, []string{"spell RPA"}},
		{"a discharge", hospital, "Encounter", `{"resourceType":"Encounter","status":"finished","period":{"start":"2026-10-01","end":"2026-10-05"}}`, []string{"discharged RVV from 2026-10-01 until 2026-11-02"}},
		{"left open with an end", hospital, "Encounter", `{"resourceType":"Encounter","status":"in-progress","period":{"start":"2026-10-01","end":"2026-10-05"}}`, []string{"discharged RVV from 2026-10-01 until 2026-11-02"}},
		{"a cancelled visit", hospital, "Encounter", `{"resourceType":"Encounter","status":"cancelled"}`, nil},
		{"entered in error", hospital, "Encounter", `{"resourceType":"Encounter","status":"entered-in-error"}`, nil},
		{"staying in a care home", hospital, "Encounter", `{"resourceType":"Encounter","status":"in-progress","location":[{"location":` + organisation("VL123") + `}]}`, []string{"spell RVV", "placement VL123"}},
		{"a referral", surgery, "ServiceRequest", `{"resourceType":"ServiceRequest","status":"active","performer":[` + organisation("RVV") + `]}`, []string{"referral G82001", "referral RVV"}},
		{"a referral that is over", surgery, "ServiceRequest", `{"resourceType":"ServiceRequest","status":"completed"}`, nil},
		{"an appointment", hospital, "Appointment", `{"resourceType":"Appointment","status":"booked","start":"2026-11-20T09:00:00Z","end":"2026-11-20T09:30:00Z"}`, []string{"appointment RVV from 2026-11-06 until 2026-12-18"}},
		{"a cancelled appointment", hospital, "Appointment", `{"resourceType":"Appointment","status":"cancelled","start":"2026-11-20T09:00:00Z"}`, nil},
		{"open social care with a provider", council, "EpisodeOfCare", `{"resourceType":"EpisodeOfCare","status":"active","managingOrganization":` + organisation("VL123") + `}`, []string{"social-care E10000016", "placement VL123"}},
		{"social care that has ended", council, "EpisodeOfCare", `{"resourceType":"EpisodeOfCare","status":"finished"}`, nil},
		{"a suspended package stays open", council, "EpisodeOfCare", `{"resourceType":"EpisodeOfCare","status":"onhold"}`, []string{"social-care E10000016"}},
		{"a council's own system, age not said", kmcr.Contributor{Organisation: "820", Format: kmcr.FormatFHIR}, "EpisodeOfCare", `{"resourceType":"EpisodeOfCare","status":"active","period":{"start":"2026-01-01"},"team":[{"display":"Ashford children in need"}]}`, []string{"caseload 820 team Ashford children in need from 2026-01-01"}},
		{"a named worker and team", council, "CareTeam", `{"resourceType":"CareTeam","status":"active","name":"Ashford","participant":[{"member":{"identifier":{"system":"urn:kmcr:account","value":"social-worker"}}},{"member":{"display":"Son"}}]}`,
			[]string{"caseload E10000016 team Ashford", "caseload E10000016 account social-worker"}},
		{"a relative is not staff", hospital, "RelatedPerson", `{"resourceType":"RelatedPerson"}`, nil},
		{"not an object", hospital, "Encounter", `[]`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &kmcr.Statement{ID: kmcr.StatementID{Patient: 5}, Type: c.kind, Body: []byte(c.body)}
			var got []string
			for _, i := range Involvements(c.by, []*kmcr.Statement{s}) {
				if i.Patient != 5 || i.Person != 0 {
					t.Errorf("of patient %d, person %d", i.Patient, i.Person)
				}
				got = append(got, words(i))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			s.Internal = true
			if len(Involvements(c.by, []*kmcr.Statement{s})) != 0 {
				t.Error("derived from what is kept as evidence only")
			}
		})
	}
}

func TestCouncilServicesForChildrenInvolveTheTeamOnly(t *testing.T) {
	council := kmcr.Contributor{Organisation: "820", Format: kmcr.FormatFHIR}
	episode := &kmcr.Statement{Type: "EpisodeOfCare", Body: []byte(`{"resourceType":"EpisodeOfCare","status":"active","period":{"start":"2026-01-01"}}`)}
	for born, want := range map[string]int{"2019-04-02": 0, "2007-12-31": 1, "1940": 1} {
		patient := &kmcr.Statement{Type: "Patient", Body: []byte(`{"resourceType":"Patient","birthDate":"` + born + `"}`)}
		if got := Involvements(council, []*kmcr.Statement{episode, patient}); len(got) != want {
			t.Errorf("born %s: %+v", born, got)
		}
	}
}

func words(i kmcr.Involvement) string {
	s := i.Kind + " " + string(i.Organisation)
	for _, p := range []struct{ name, value string }{{"team", i.Team}, {"account", i.Account}, {"from", date(i.From)}, {"until", date(i.Until)}} {
		if p.value != "" {
			s += " " + p.name + " " + p.value
		}
	}
	return s
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func TestAHundredVisitsAreOneDischarge(t *testing.T) {
	var statements []*kmcr.Statement
	for n := range 100 {
		day := now.AddDate(0, -n, 0).Format(time.DateOnly)
		statements = append(statements, &kmcr.Statement{Type: "Encounter",
			Body: fmt.Appendf(nil, `{"resourceType":"Encounter","status":"finished","period":{"start":%q,"end":%q}}`, day, day)})
	}
	got := Involvements(kmcr.Contributor{Organisation: "RVV"}, statements)
	if len(got) != 1 || !got[0].Open(now) {
		t.Errorf("got %d: %+v", len(got), got)
	}
}
