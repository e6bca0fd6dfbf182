package compose_test

import (
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/compose"
)

// What is about safeguarding says whom to ring and when it is reviewed, of whatever type the entry is; what is in force stands first.
func TestSafeguardingSaysWhomToRing(t *testing.T) {
	statements := said(kmcr.Safeguarding,
		`Flag {"status":"inactive","code":{"text":"Child protection plan: neglect"},"period":{"start":"2024-01-02","end":"2024-09-01"}}`,
		`Flag {"status":"active","code":{"text":"Looked after child: full care order"},"period":{"start":"2026-05-01"},"author":{"display":"Marek Nowak"},"extension":[{"url":"https://example.org/next-review","valueDate":"2026-10-01"}]}`,
		`CarePlan {"status":"active","intent":"plan","title":"Unborn child protection plan","period":{"start":"2026-10-01"},"activity":[{"detail":{"description":"Review child protection conference","scheduledPeriod":{"start":"2026-12-09"}}}]}`,
		`EpisodeOfCare {"status":"active","type":[{"text":"Section 42 enquiry"}],"period":{"start":"2026-11-02"},"careManager":{"display":"Ruth Adeyemi"}}`,
		`Flag {"status":"active","code":{"text":"Adult safeguarding concern"},"period":{"start":"2026-11-01"}}`,
		`Flag {"status":"entered-in-error","code":{"text":"Adult safeguarding concern"}}`,
	)
	team := said(kmcr.Contacts, `CareTeam {"status":"active","name":"Ashford children in need","participant":[{"member":{"display":"Ann Admin"},"role":[{"text":"Administrator"}]},{"member":{"display":"Marek Nowak"},"role":[{"text":"Lead social worker, allocated"}]}],"telecom":[{"system":"phone","value":"01622 496411"},{"system":"phone","value":"03000 411111","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/contactpoint-comment","valueString":"duty line, every day"}]}]}`)
	team[0].ID.Hash = 50
	r := compose.Compose(compose.Input{
		Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Statements: append(statements, team...),
		Sources: []compose.Source{{Contributor: "council", Name: "Council system", Kind: "council", OrganisationName: "Kent County Council", Telephone: "03000 416161"}},
	})
	var got []string
	for _, k := range r.Concerns {
		line := k.Category + " " + k.Lead + " " + k.Telephone + " " + k.DutyLine + " " + string(k.Review)
		if k.Overdue {
			line += " overdue"
		}
		if !k.Active {
			line += " ended"
		}
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"unborn-child-protection-plan Marek Nowak 01622 496411 03000 411111 2026-12-09",
		"looked-after-child Marek Nowak 01622 496411 03000 411111 2026-10-01 overdue",
		"adult-enquiry Ruth Adeyemi 03000 416161",
		"adult-concern Marek Nowak 01622 496411 03000 411111",
		"child-protection-plan Marek Nowak 01622 496411 03000 411111 ended",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("concerns are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if k := r.Concerns[0]; !k.Child || k.Do == "" || k.Organisation != "Kent County Council" || k.Team != "Ashford children in need" {
		t.Errorf("the first is %+v", k)
	}
}

// A chronology holds what happened across organisations in the order of time, and nothing that the record does not show.
func TestAChronologyGoesAcrossOrganisations(t *testing.T) {
	statements := said(kmcr.Encounters,
		`Encounter {"status":"finished","class":{"code":"EMER"},"period":{"start":"2026-10-20T10:00:00Z","end":"2026-10-20T12:00:00Z"},"reasonCode":[{"text":"Burn to the arm"}]}`,
		`Appointment {"status":"noshow","start":"2026-09-02T10:00:00Z","description":"Health visitor","participant":[{"status":"accepted","actor":{"display":"Health visiting"}}]}`,
		`Encounter {"status":"finished","class":{"code":"IMP"},"period":{"start":"2025-01-02T10:00:00Z","end":"2025-01-09T12:00:00Z"}}`)
	flag := said(kmcr.Safeguarding, `Flag {"status":"active","code":{"text":"Child protection plan"},"period":{"start":"2026-10-25"}}`)
	flag[0].ID.Hash = 60
	r := compose.Compose(compose.Input{
		Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Statements: append(statements, flag...),
		Moves: []compose.Move{{Date: "2026-09-15", To: "8 Stour Road, TN24 9QR"}},
	})
	var got []string
	for _, h := range compose.Chronology(r) {
		got = append(got, string(h.Date[:10])+" "+h.Kind)
	}
	want := "2026-10-25 Concern, 2026-10-20 Attendance, 2026-09-15 Move, 2026-09-02 Missed appointment, 2025-01-02 Admission"
	if strings.Join(got, ", ") != want {
		t.Errorf("the chronology is %s, want %s", strings.Join(got, ", "), want)
	}
}
