package compose

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"kmcr"
)

var episodeNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func about(n uint64, kind string, section kmcr.Section, body string) *kmcr.Statement {
	return &kmcr.Statement{ID: kmcr.StatementID{Patient: 1, Hash: n}, Version: 1, Type: kind, Contributor: "hospital", Section: section, Recorded: episodeNow.Add(-time.Hour), At: episodeNow.Add(-time.Hour),
		Body: []byte(`{"resourceType":"` + kind + `",` + body + `}`)}
}

func stayed(rest string) *kmcr.Statement {
	return about(1, "Encounter", kmcr.Encounters, `"class":{"code":"IMP"},"serviceProvider":{"display":"East Kent"},`+rest)
}

func episodesOf(s ...*kmcr.Statement) []Episode {
	return Episodes(Input{Now: episodeNow, Statements: s, Sources: []Source{{Contributor: "hospital", OrganisationName: "East Kent Hospitals", Telephone: "01233 1", Kind: "acute"}}}, episodeNow.AddDate(0, 0, -28))
}

func TestEpisodes(t *testing.T) {
	for _, c := range []struct{ name, encounter, topic, stands, text string }{
		{"in hospital", `"status":"in-progress","period":{"start":"2026-11-22T08:00:00Z"}`, TopicAdmission, EpisodeOpen, "Admitted to East Kent"},
		{"gone home", `"status":"finished","period":{"start":"2026-11-20","end":"2026-11-22"}`, TopicDischarge, EpisodeEnded, "Discharged from East Kent"},
		{"died there", `"status":"finished","period":{"start":"2026-11-20","end":"2026-11-22"},"hospitalization":{"dischargeDisposition":{"coding":[{"code":"79"}]}}`, TopicDeath, EpisodeEnded, "Died in East Kent"},
		{"cancelled", `"status":"cancelled","period":{"start":"2026-11-22"}`, TopicAdmission, EpisodeWithdrawn, "Withdrawn: the admission at East Kent was cancelled by the hospital"},
		{"to be admitted in 2099", `"status":"in-progress","period":{"start":"2099-01-01"}`, TopicAdmission, EpisodeDoubtful, "Held back: what East Kent sent does not fit together"},
		{"gone home before admitted", `"status":"finished","period":{"start":"2026-11-22T08:00:00Z","end":"2026-11-21T08:00:00Z"}`, TopicDischarge, EpisodeEnded, "Discharged from East Kent"},
	} {
		all := episodesOf(stayed(c.encounter))
		if len(all) != 1 || all[0].Topic != c.topic || all[0].Stands != c.stands || all[0].Text != c.text {
			t.Errorf("%s: %+v", c.name, all)
		}
	}
	for _, none := range []string{`"status":"planned","period":{"start":"2026-11-25"}`, `"status":"finished","period":{"start":"2019-01-01","end":"2019-01-02"}`} {
		if all := episodesOf(stayed(none)); len(all) != 0 {
			t.Errorf("%s is told: %+v", none, all)
		}
	}
}

// Services and visits of the next seven days stand with the provider's own telephone, whatever the order of what was sent.
func TestWhatAStayAffects(t *testing.T) {
	home := about(2, "Organization", kmcr.Administrative, `"name":"Weald Home Care","telecom":[{"system":"phone","value":"01233 496799"}]`)
	all := []*kmcr.Statement{
		stayed(`"status":"in-progress","period":{"start":"2026-11-22T08:00:00Z"}`), home,
		about(3, "EpisodeOfCare", kmcr.SocialCare, `"status":"active","type":[{"text":"Home care"}],"managingOrganization":{"reference":"Organization/`+home.ID.String()+`"}`),
		about(4, "Appointment", kmcr.Appointments, `"status":"booked","start":"2026-11-25T10:00:00Z","description":"Dressing","participant":[{"actor":{"display":"Nurses"}}]`),
		about(5, "Appointment", kmcr.Appointments, `"status":"booked","start":"2026-12-25T10:00:00Z","description":"Too far ahead"`),
		about(6, "Appointment", kmcr.Appointments, `"status":"cancelled","start":"2026-11-25T10:00:00Z","description":"Cancelled"`),
		about(7, "EpisodeOfCare", kmcr.SocialCare, `"status":"finished","type":[{"text":"Ended"}]`),
		about(8, "EpisodeOfCare", kmcr.SocialCare, `"status":"active","type":[{"text":"Meals"}],"managingOrganization":{"display":"Medway Homecare"},"extension":[{"url":"urn:kmcr:case:provider-telephone","valueString":"01634 496555"}]`),
		about(9, "ServiceRequest", kmcr.SocialCare, `"status":"active","intent":"order","code":{"text":"Visits"},"authoredOn":"2026-01-01","performer":[{"display":"Medway Homecare"}]`),
	}
	rapid.Check(t, func(t *rapid.T) {
		got := episodesOf(rapid.Permutation(all).Draw(t, "order")...)
		if len(got) != 1 || len(got[0].Affected) != 4 {
			t.Fatalf("%+v", got)
		}
		service, visit := got[0].Affected[0], got[0].Affected[3]
		for _, own := range got[0].Affected[1:3] {
			if own.By != "Medway Homecare" || own.Telephone != "01634 496555" || own.Whose != "" {
				t.Fatalf("the provider's own telephone is not that of %+v", own)
			}
		}
		if service.What != "Home care" || service.By != "Weald Home Care" || service.Telephone != "01233 496799" || service.Whose != "" {
			t.Fatalf("the service is %+v", service)
		}
		if visit.What != "Dressing" || visit.By != "Nurses" || visit.Telephone != "01233 1" || visit.Whose != "East Kent Hospitals" {
			t.Fatalf("the visit is %+v", visit)
		}
	})
}
