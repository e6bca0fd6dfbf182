package compose_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/compose"
)

// said makes statements of one patient; each is "Type body" and has its place as its number.
func said(section kmcr.Section, resources ...string) (all []*kmcr.Statement) {
	for n, r := range resources {
		resourceType, body, _ := strings.Cut(r, " ")
		all = append(all, &kmcr.Statement{
			ID: kmcr.StatementID{Patient: 1, Hash: uint64(n + 1)}, Version: 1, Type: resourceType, Contributor: "council", Section: section,
			Body: []byte(`{"resourceType":"` + resourceType + `",` + strings.NewReplacer("\n", "", "\t", "").Replace(strings.TrimPrefix(body, "{"))), Recorded: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC),
		})
	}
	return all
}

func id(patient kmcr.PatientID, n int) string {
	return kmcr.StatementID{Patient: patient, Hash: uint64(n)}.String()
}

func contactsOf(in compose.Input) []compose.Contact {
	in.Now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	in.Sources = []compose.Source{{Contributor: "council", Name: "Council system", Kind: "council", OrganisationName: "Kent County Council", Telephone: "03000 416161"}}
	return compose.Compose(in).Contacts.Items
}

func find(t *testing.T, all []compose.Contact, name string) compose.Contact {
	t.Helper()
	i := slices.IndexFunc(all, func(k compose.Contact) bool { return k.Name == name })
	if i < 0 {
		t.Fatalf("%s is not among %+v", name, all)
	}
	return all[i]
}

// Everyone whom any kind of statement speaks of is a contact, with all that is said of how to reach them.
func TestContactsAreDrawnFromAllKinds(t *testing.T) {
	nurse := "PractitionerRole/" + id(9, 1)
	context := []*kmcr.Statement{
		{ID: kmcr.StatementID{Patient: 9, Hash: 1}, Type: "PractitionerRole", Body: []byte(`{"resourceType":"PractitionerRole","practitioner":{"reference":"Practitioner/` + id(9, 2) + `"},"organization":{"reference":"Organization/` + id(9, 3) + `"},"code":[{"text":"District nurse"}],"healthcareService":[{"reference":"HealthcareService/` + id(9, 4) + `"}],"availableTime":[{"daysOfWeek":["mon","tue","wed","thu","fri"],"availableStartTime":"08:30:00","availableEndTime":"17:00:00"}]}`)},
		{ID: kmcr.StatementID{Patient: 9, Hash: 2}, Type: "Practitioner", Body: []byte(`{"resourceType":"Practitioner","name":[{"prefix":["Sister"],"given":["Joan"],"family":"Beckett"}],"telecom":[{"system":"email","value":"j@example.org"},{"system":"phone","value":"01632 960011"}]}`)},
		{ID: kmcr.StatementID{Patient: 9, Hash: 3}, Type: "Organization", Body: []byte(`{"resourceType":"Organization","name":"Kent Community Health"}`)},
		{ID: kmcr.StatementID{Patient: 9, Hash: 4}, Type: "HealthcareService", Body: []byte(`{"resourceType":"HealthcareService","name":"Ashford community nursing","telecom":[{"system":"phone","value":"01632 960012"}]}`)},
	}
	all := contactsOf(compose.Input{Context: context, Statements: said(kmcr.Contacts,
		`CareTeam {"status":"active","name":"Community nursing","participant":[{"member":{"reference":"`+nurse+`"},"role":[{"text":"Key worker"}]},{"member":{"display":"Sam Left"},"period":{"end":"2026-10-01"}}]}`,
		`Encounter {"status":"finished","class":{"code":"HH"},"period":{"start":"2026-11-18T10:00:00Z","end":"2026-11-18T10:30:00Z"},"participant":[{"individual":{"reference":"`+nurse+`"}}]}`,
		`Appointment {"status":"booked","start":"2026-11-25T10:00:00Z","participant":[{"status":"accepted","actor":{"reference":"`+nurse+`"}},{"status":"accepted","actor":{"display":"Dr Clinic"}},{"status":"accepted","actor":{"reference":"Patient/x","display":"The person"}}]}`,
		`ServiceRequest {"status":"active","intent":"order","authoredOn":"2026-11-02","requester":{"display":"Dr Refers"},"performer":[{"display":"Falls service"}]}`,
		`EpisodeOfCare {"status":"active","careManager":{"display":"Grace Okafor"},"team":[{"type":"CareTeam","display":"Ashford older people"}],"managingOrganization":{"display":"Sunrise Home Care"},"period":{"start":"2026-01-02"},"type":[{"text":"Home care"}]}`,
		`CarePlan {"status":"active","intent":"plan","title":"Plan","author":{"display":"Beth Lowry"}}`,
		`Patient {"generalPractitioner":[{"display":"Dr Amara Nwosu","type":"Practitioner"}],"contact":[{"relationship":[{"coding":[{"code":"N"}],"text":"Daughter"}],"name":{"text":"Susan Hollis"},"telecom":[{"system":"phone","value":"07700 900456"}]}]}`,
		`RelatedPerson {"relationship":[{"coding":[{"code":"POWATT"}],"text":"Son"}],"name":[{"text":"Paul Hollis"}]}`,
		`RelatedPerson {"relationship":[{"text":"Neighbour"}],"name":[{"text":"Ended Nora"}],"period":{"end":"2020-01-01"}}`,
		`PractitionerRole {"active":true,"practitioner":{"display":"Carl Coordinator"},"code":[{"text":"Care coordinator"}],"telecom":[{"system":"phone","value":"01622 960033"}]}`,
		`PractitionerRole {"active":true,"practitioner":{"display":"Lab Signer"}}`,
		`Observation {"status":"final","code":{"text":"Sodium"},"valueString":"140","performer":[{"reference":"PractitionerRole/`+id(1, 11)+`"}]}`,
		`Consent {"status":"active","provision":{"actor":[{"role":{"coding":[{"code":"HPOWATT"}],"text":"Attorney"},"reference":{"display":"Ann Attorney"}}]}}`,
	)})
	joan := find(t, all, "Sister Joan Beckett")
	if joan.Role != "District nurse, Key worker" || joan.Team != "Ashford community nursing" || joan.Organisation != "Kent Community Health" || joan.Telephone != "01632 960011" ||
		joan.DutyLine != "01632 960012" || joan.Hours != "Mon to Fri 08:30 to 17:00" || joan.Last != "2026-11-18T10:30:00Z" || joan.Next != "2026-11-25T10:00:00Z" || !joan.Lead || !joan.Involved || len(joan.From) != 3 {
		t.Errorf("the nurse is %+v", joan)
	}
	for name, want := range map[string]string{
		"Sam Left": "ended", "Dr Clinic": "involved", "Dr Refers": "ended", "Falls service": "involved", "Grace Okafor": "involved lead", "Ashford older people": "involved",
		"Sunrise Home Care": "involved", "Beth Lowry": "involved", "Dr Amara Nwosu": "involved", "Susan Hollis": "involved personal kin", "Paul Hollis": "involved personal attorney",
		"Ended Nora": "ended personal", "Ann Attorney": "involved personal attorney",
	} {
		k := find(t, all, name)
		got := map[bool]string{true: "involved", false: "ended"}[k.Involved]
		for _, is := range []struct {
			yes  bool
			word string
		}{{k.Lead, " lead"}, {k.Personal, " personal"}, {k.NextOfKin, " kin"}, {k.Attorney, " attorney"}} {
			if is.yes {
				got += is.word
			}
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if k := find(t, all, "Grace Okafor"); k.Telephone != "03000 416161" || k.Organisation != "Kent County Council" {
		t.Errorf("the care manager is %+v", k)
	}
	if k := find(t, all, "Carl Coordinator"); !k.Lead || k.Telephone != "01622 960033" || k.Organisation != "Kent County Council" {
		t.Errorf("the coordinator is %+v", k)
	}
	for _, name := range []string{"The person", "Lab Signer"} {
		if slices.ContainsFunc(all, func(k compose.Contact) bool { return k.Name == name }) {
			t.Errorf("%s is a contact", name)
		}
	}
}

// Whom somebody needs stands first: who leads, whom the role calls, who saw the person lately; who has left stands last.
func TestContactsStandAsTheViewerNeedsThem(t *testing.T) {
	statements := said(kmcr.Contacts,
		`CareTeam {"status":"active","participant":[
			{"member":{"display":"Old Surgeon"},"role":[{"text":"Surgeon"}],"period":{"end":"2020-01-01"}},
			{"member":{"display":"Home Carers"},"role":[{"text":"Home care agency"}]},
			{"member":{"display":"Dr Practice"},"role":[{"text":"GP"}]},
			{"member":{"display":"Pharma Cist"},"role":[{"text":"Pharmacist"}]},
			{"member":{"display":"Lena Lead"},"role":[{"text":"Lead professional"}]}]}`)
	order := func(r kmcr.Role, task string) string {
		var names []string
		for _, k := range contactsOf(compose.Input{Statements: statements, For: kmcr.Viewer{Role: r}, Task: task}) {
			names = append(names, k.Name)
		}
		return strings.Join(names, ", ")
	}
	for _, c := range []struct {
		role kmcr.Role
		task string
		want string
	}{
		{kmcr.RoleSocialWorker, "", "Lena Lead, Home Carers, Dr Practice, Pharma Cist, Old Surgeon"},
		{kmcr.RoleCarer, "", "Lena Lead, Dr Practice, Pharma Cist, Home Carers, Old Surgeon"},
		{kmcr.RoleHospitalDoctor, "medicines", "Dr Practice, Pharma Cist, Lena Lead, Home Carers, Old Surgeon"},
		{kmcr.RoleGP, "visit", "Home Carers, Lena Lead, Pharma Cist, Dr Practice, Old Surgeon"},
	} {
		if got := order(c.role, c.task); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.role, c.task, got, c.want)
		}
	}
}

// Of an entry that may not be seen, who is involved is told, and nothing else: no part in it, no reason, not which entry it is.
func TestOfWhatIsNotSeenOnlyWhoIsTold(t *testing.T) {
	seen := said(kmcr.Referrals, `ServiceRequest {"status":"active","intent":"order","code":{"text":"Heart failure"},"reasonCode":[{"text":"Breathless"}],"performer":[{"display":"Ashford district nurses"}]}`)
	r := compose.Compose(compose.Input{Seen: seen, Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)})
	if len(r.Contacts.Items) != 1 || len(r.Referrals.Items) != 0 || len(r.NotShown) != 0 {
		t.Fatalf("contacts are %+v, referrals %+v", r.Contacts.Items, r.Referrals.Items)
	}
	k := r.Contacts.Items[0]
	if k.Name != "Ashford district nurses" || k.Role != "" || !k.Involved || k.From[0].Statement != "" || k.From[0].Type != "" || k.From[0].Key != "" {
		t.Errorf("told is %+v", k)
	}
}
