package disclose_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/e2e/house"
)

type contact struct {
	Name, Role, Team, Organisation, Telephone, DutyLine, Hours string
	Involved, Lead, Personal                                   bool
	End                                                        string
	Involvement                                                int64
	From                                                       []struct{ Statement, Type string }
}

func contactsOf(t *testing.T, a house.Asker, ref, query string) (all []contact, body string) {
	t.Helper()
	got := a.Get("/people/" + ref + "/contacts" + query)
	var r struct {
		Contacts struct{ Items []contact }
	}
	if err := json.Unmarshal([]byte(got.Body), &r); err != nil || got.Status != 200 {
		t.Fatalf("the contacts answer %d, %v: %.300s", got.Status, err, got.Body)
	}
	return r.Contacts.Items, got.Body
}

func nameOf(all []contact, name string) *contact {
	if i := slices.IndexFunc(all, func(k contact) bool { return k.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// Who is involved is shown to a role that does not see what they are involved in; not from what is withheld for its labels, from what
// hangs together with it, nor of a service whose name tells why.
func TestWhoIsInvolvedIsShownWhereTheDetailIsNot(t *testing.T) {
	h := house.New(t)
	p, ref := someone(h, 1, "hospital", "",
		`{"resourceType":"ServiceRequest","status":"active","intent":"order","code":{"text":"Heart failure clinic"},"performer":[{"display":"Dana District-Nurse"}],SUBJECT}`,
		`{"resourceType":"EpisodeOfCare","status":"active","type":[{"text":"Social care: long term support"}],"careManager":{"display":"Grace Okafor"},PATIENT}`,
		`{"resourceType":"ServiceRequest","status":"active","intent":"order","code":{"text":"Assessment"},"performer":[{"display":"Kent domestic abuse service"}],SUBJECT}`,
		`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"period":{"start":"2026-01-02T10:00:00Z","end":"2026-01-02T10:10:00Z"},"participant":[{"individual":{"display":"Dr Clinic"}}],SUBJECT}`,
		`{"resourceType":"Condition","meta":{"security":[{"code":"V"}]},"code":{"text":"Very quiet"},"encounter":{"reference":"`+entryURL(4)+`"},SUBJECT}`,
		`{"resourceType":"ServiceRequest","status":"active","intent":"order","code":{"text":"Follow up"},"encounter":{"reference":"`+entryURL(4)+`"},"performer":[{"display":"Nurse of the clinic"}],SUBJECT}`,
		`{"resourceType":"Flag","status":"active","code":{"text":"Child protection plan"},"author":{"display":"Marek Nowak"},SUBJECT}`,
		`{"resourceType":"AllergyIntolerance","code":{"text":"Penicillin"},PATIENT}`,
	)
	h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
	ask := func(r kmcr.Role) ([]contact, string) {
		return contactsOf(t, h.Somebody(kmcr.Viewer{Account: string(r), Role: r, Organisation: "RVV"}), ref, "")
	}
	pharmacist, body := ask(kmcr.RolePharmacist)
	for name, want := range map[string]bool{"Dana District-Nurse": true, "Grace Okafor": true, "Kent domestic abuse service": false, "Dr Clinic": false, "Nurse of the clinic": false, "Marek Nowak": false} {
		if got := nameOf(pharmacist, name); (got != nil) != want {
			t.Errorf("the pharmacist is told of %s: %v", name, got)
		}
	}
	if strings.Contains(body, "Heart failure") || strings.Contains(body, "long term") {
		t.Error("the pharmacist is told what they are involved in")
	}
	if k := nameOf(pharmacist, "Dana District-Nurse"); k != nil && (k.From[0].Statement != "" || k.From[0].Type != "") {
		t.Errorf("which entry it is is told: %+v", k)
	}
	if gp, _ := ask(kmcr.RoleGP); nameOf(gp, "Marek Nowak") == nil || nameOf(gp, "Kent domestic abuse service") == nil {
		t.Errorf("the GP has %+v", gp)
	}
}

// Staff and services that a contributor sent by themselves are named, with how to reach them.
func TestContactsKnowStaffWhoWereSentByThemselves(t *testing.T) {
	h := house.New(t)
	staff := h.Sent("hospital",
		entryURL(1)+` {"resourceType":"Practitioner","name":[{"given":["Ada"],"family":"Ward"}],"telecom":[{"system":"phone","value":"01233 600001"}]}`,
		entryURL(2)+` {"resourceType":"HealthcareService","name":"Stroke service","telecom":[{"system":"phone","value":"01233 600002"}]}`,
		entryURL(3)+` {"resourceType":"PractitionerRole","practitioner":{"reference":"`+entryURL(1)+`"},"healthcareService":[{"reference":"`+entryURL(2)+`"}],"code":[{"text":"Stroke nurse"}]}`)
	p, ref := someone(h, 1, "hospital", "", `{"resourceType":"CareTeam","status":"active","name":"Stroke","participant":[{"member":{"reference":"`+staff[entryURL(3)]+`"}}],SUBJECT}`)
	h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
	all, body := contactsOf(t, doctor(h), ref, "")
	if k := nameOf(all, "Ada Ward"); k == nil || k.Telephone != "01233 600001" || k.DutyLine != "01233 600002" || k.Team != "Stroke service" || k.Role != "Stroke nurse" {
		t.Errorf("the contacts are %s", body)
	}
}

// Somebody to whom the record is open adds themselves to the contacts until a day, and ends it.
func TestIAmInvolved(t *testing.T) {
	h := house.New(t)
	p, ref := someone(h, 1, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV", Until: h.Now.AddDate(0, 0, 20)})
	dr, colleague := doctor(h), h.Somebody(kmcr.Viewer{Account: "other", Name: "Dr Other", Role: kmcr.RoleGP, Organisation: "RVV"})
	path := "/people/" + ref + "/involved"
	for _, body := range []string{`{"until":"yesterday"}`, `{"until":"2019-01-01"}`, fmt.Sprintf(`{"until":%q}`, h.Now.AddDate(2, 0, 0).Format(time.DateOnly))} {
		if got := dr.Ask("POST", path, body); got.Status != 400 {
			t.Errorf("%s answers %d", body, got.Status)
		}
	}
	until := h.Now.AddDate(0, 0, 30).Format(time.DateOnly)
	got := dr.Ask("POST", path, `{"until":"`+until+`","telephone":"01233 600009","hours":"Mon to Thu"}`)
	if got.Status != 200 || !strings.Contains(got.Body, `"until"`) {
		t.Fatalf("answers %d: %s", got.Status, got.Body)
	}
	all, _ := contactsOf(t, colleague, ref, "")
	k := nameOf(all, "Dr Ines Vale")
	if k == nil || k.Role != "Hospital doctor" || k.Organisation != "East Kent Hospitals" || k.Telephone != "01233 600009" || k.Hours != "Mon to Thu" || !k.Involved || k.Involvement != 0 || k.End == "" {
		t.Fatalf("a colleague sees %+v", k)
	}
	if l := caseload(t, dr, "?show=mine"); len(l.People) != 1 {
		t.Errorf("it is not on the list of my people: %+v", l)
	}
	own, _ := contactsOf(t, dr, ref, "")
	end := fmt.Sprintf("%s/%d/end", path, nameOf(own, "Dr Ines Vale").Involvement)
	if got := colleague.Ask("POST", end, "{}"); got.Status != 404 {
		t.Errorf("a colleague ends it: %d", got.Status)
	}
	h.Pass(time.Minute)
	if got := dr.Ask("POST", end, "{}"); got.Status != 200 {
		t.Errorf("it is not ended: %d %s", got.Status, got.Body)
	}
	h.Pass(time.Minute)
	if all, _ = contactsOf(t, colleague, ref, ""); nameOf(all, "Dr Ines Vale").Involved {
		t.Error("it is shown as involved still")
	}
	dr.Ask("POST", path, `{}`)
	h.Pass(21 * 24 * time.Hour)
	reads(t, dr, ref, 403) // it opens nothing by itself

	_, other := someone(h, 2, "hospital", "")
	if got := dr.Ask("POST", "/people/"+other+"/involved", fmt.Sprintf(`{"reason":"in my falls clinic this morning","until":%q}`, h.Now.AddDate(0, 0, 3).Format(time.RFC3339))); got.Status != 200 {
		t.Fatalf("a claim with an end answers %d: %s", got.Status, got.Body)
	}
	h.Pass(3*24*time.Hour + time.Minute)
	reads(t, dr, other, 403)
}

// A long record, in which hundreds of visits name staff who were sent by themselves, is opened at once.
func BenchmarkALongRecord(b *testing.B) {
	h := house.New(b)
	var staff []string
	for i := range 30 {
		staff = append(staff, fmt.Sprintf(`%s {"resourceType":"Practitioner","name":[{"given":["Ada"],"family":"Ward%d"}]}`, entryURL(i+1), i))
	}
	ids := h.Sent("hospital", staff...)
	var entries []string
	for i := range 250 {
		entries = append(entries, fmt.Sprintf(`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"period":{"start":"20%02d-01-02T10:00:00Z","end":"20%02d-01-02T10:30:00Z"},"participant":[{"individual":{"reference":%q}}],SUBJECT}`, i%25+1, i%25+1, ids[entryURL(i%30+1)]),
			fmt.Sprintf(`{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Test %d"},"valueString":"%d","effectiveDateTime":"2025-01-02",SUBJECT}`, i%40, i))
	}
	p, ref := someone(h, 1, "hospital", "", entries...)
	h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
	dr := doctor(h)
	b.ResetTimer()
	for b.Loop() {
		if got := dr.Get("/people/" + ref); got.Status != 200 {
			b.Fatal(got.Body)
		}
	}
}
