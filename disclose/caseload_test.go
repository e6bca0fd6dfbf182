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
	"kmcr/store"
)

// listed is a caseload as its JSON has it.
type listed struct {
	People []struct {
		Ref, Name string
		Mine      bool
		ToDo      bool
		States    []struct {
			Kind, Words string
			New         bool
		}
		Acknowledged, Assigned, Noted *struct{ By, To, ToName, Words string }
	}
	Counts struct{ All, ToDo, Mine int }
}

func caseload(t *testing.T, a house.Asker, query string) listed {
	t.Helper()
	var l listed
	got := a.Get("/caseload" + query)
	if err := json.Unmarshal([]byte(got.Body), &l); err != nil || got.Status != 200 {
		t.Fatalf("the caseload answers %d, %v: %.300s", got.Status, err, got.Body)
	}
	return l
}

func (l listed) states(n int) string {
	var all []string
	for _, s := range l.People[n].States {
		kind := s.Kind
		if s.New {
			kind += "*"
		}
		all = append(all, kind)
	}
	return strings.Join(all, " ")
}

// someone sends a patient with entries, CANARY-free, and puts the person on the caseload of a team.
func someone(h *house.House, n int, c kmcr.ContributorCode, team string, entries ...string) (kmcr.PersonID, string) {
	all := []string{plantedPatient + " " + fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Load%s","given":["Ida"]}],"gender":"female","birthDate":"1941-0%d-1%d"}`, house.NHS(n), strings.Repeat("b", n), n%9+1, n%9)}
	for i, e := range entries {
		e = strings.NewReplacer("SUBJECT", `"subject":{"reference":"`+plantedPatient+`"}`, "PATIENT", `"patient":{"reference":"`+plantedPatient+`"}`).Replace(e)
		all = append(all, entryURL(i+1)+" "+e)
	}
	p := h.PersonOf(h.Sent(c, all...)[plantedPatient])
	if team != "" {
		h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "RVV", Team: team, From: h.Now.AddDate(0, -1, 0)})
	}
	return p, string(p.Ref())
}

func teamOf(h *house.House, names ...string) (all []house.Asker) {
	for _, n := range names {
		all = append(all, h.Somebody(kmcr.Viewer{Account: n, Name: "Sister " + n, Role: kmcr.RoleCommunityNurse, Organisation: "RVV", Team: "Frailty"}))
	}
	return all
}

func ago(h *house.House, days int) string { return h.Now.AddDate(0, 0, -days).Format(time.RFC3339) }

// Each person on a caseload shows what they are in; what asks for something stands first; what the team has seen stands below.
func TestACaseloadIsInOrderOfWhatNeedsDoing(t *testing.T) {
	h := house.New(t)
	someone(h, 1, "hospital", "Frailty")
	_, inside := someone(h, 2, "hospital", "Frailty", `{"resourceType":"Encounter","status":"in-progress","class":{"code":"IMP"},"period":{"start":"`+ago(h, 2)+`"},SUBJECT}`)
	_, emergency := someone(h, 3, "hospital", "Frailty", `{"resourceType":"Encounter","status":"in-progress","class":{"code":"EMER"},"period":{"start":"`+ago(h, 0)+`"},SUBJECT}`)
	_, home := someone(h, 4, "hospital", "Frailty", `{"resourceType":"Encounter","status":"finished","class":{"code":"IMP"},"period":{"start":"`+ago(h, 9)+`","end":"`+ago(h, 3)+`"},SUBJECT}`,
		`{"resourceType":"CarePlan","status":"active","intent":"plan","created":"`+ago(h, 1)+`","title":"Plan",SUBJECT}`)
	_, worried := someone(h, 5, "hospital", "Frailty", `{"resourceType":"Flag","status":"active","code":{"text":"Safeguarding adult concern"},"period":{"start":"`+ago(h, 1)+`"},SUBJECT}`)
	_, tested := someone(h, 6, "hospital", "Frailty",
		`{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Potassium"},"valueString":"Haemolysed, repeat it","effectiveDateTime":"`+ago(h, 1)+`",SUBJECT}`,
		`{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Sodium"},"valueString":"140","effectiveDateTime":"2019-01-01",SUBJECT}`)
	someone(h, 7, "hospital", "Frailty", `{"resourceType":"Encounter","status":"in-progress","class":{"code":"IMP"},"period":{"start":"2099-01-01T10:00:00Z"},SUBJECT}`)
	someone(h, 8, "hospital", "Another team")
	h.Pass(time.Minute)

	joan := teamOf(h, "joan")[0]
	l := caseload(t, joan, "")
	var order []string
	for n, p := range l.People {
		order = append(order, p.Ref+" "+l.states(n))
	}
	want := []string{worried + " new-safeguarding* safeguarding", emergency + " emergency-department*", inside + " in-hospital*", home + " discharged* new-plan*", tested + " new-result*"}
	if len(order) != 7 || !slices.Equal(order[:5], want) {
		t.Fatalf("the order is\n%s\nwant\n%s\nand two with nothing", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
	if l.Counts.ToDo != 5 || l.Counts.All != 7 || l.Counts.Mine != 0 {
		t.Errorf("counts are %+v", l.Counts)
	}
	if todo := caseload(t, joan, "?show=to-do"); len(todo.People) != 5 {
		t.Errorf("%d are to do", len(todo.People))
	}
	if body := joan.Get("/caseload").Body; strings.Contains(body, "Potassium") || strings.Contains(body, "Haemolysed") {
		t.Error("the list holds clinical content")
	}

	for _, path := range []string{worried, emergency} {
		if got := joan.Ask("POST", "/caseload/"+path+"/acknowledged", "{}"); got.Status != 200 {
			t.Fatalf("acknowledging answers %d: %s", got.Status, got.Body)
		}
	}
	after := caseload(t, teamOf(h, "sam")[0], "")
	if after.People[0].Ref != inside || after.Counts.ToDo != 3 {
		t.Errorf("after two were seen a colleague has %s first, %d to do", after.states(0), after.Counts.ToDo)
	}
	for n, p := range after.People {
		if p.Ref == worried && (after.states(n) != "new-safeguarding safeguarding" || p.ToDo || p.Acknowledged == nil || p.Acknowledged.By != "Sister joan") {
			t.Errorf("what was seen is %+v", p)
		}
	}
}

// A death and a feed that has gone quiet are told on the list; a late feed asks for nothing of those who look after people.
func TestDeathsAndLateFeedsOnACaseload(t *testing.T) {
	h := house.New(t)
	h.Write(func(tx *store.Tx) error {
		return tx.Put(store.KindContributor, "hospital", kmcr.Contributor{Code: "hospital", Organisation: "RVV", Name: "Hospital system", Format: kmcr.FormatFHIR, Rhythm: time.Hour})
	})
	person, ref := someone(h, 1, "hospital", "Frailty", `{"resourceType":"AllergyIntolerance","code":{"text":"Penicillin"},PATIENT}`)
	joan := teamOf(h, "joan")[0]
	if l := caseload(t, joan, ""); l.states(0) != "" {
		t.Errorf("at first the states are %s", l.states(0))
	}
	h.Pass(3 * time.Hour)
	if l := caseload(t, joan, ""); l.states(0) != "feed-late" || l.People[0].ToDo {
		t.Errorf("when nothing was heard the states are %s", l.states(0))
	}
	h.Sent("hospital", plantedPatient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(1)+`"}],"name":[{"family":"Loadb","given":["Ida"]}],"gender":"female","birthDate":"1941-02-11","deceasedDateTime":"`+h.Now.AddDate(0, 0, -1).Format(time.DateOnly)+`"}`)
	if l := caseload(t, joan, ""); len(l.People) != 1 || l.People[0].Ref != ref || !strings.HasPrefix(l.states(0), "died*") {
		t.Errorf("of %s the states are %s", person.Ref(), l.states(0))
	}
}

// A person is given to a colleague of the team, with notes of what was done, and all of it can be read again; nobody else reads it.
func TestAPersonIsGivenToAColleague(t *testing.T) {
	h := house.New(t)
	person, ref := someone(h, 1, "hospital", "")
	team := teamOf(h, "joan", "sam")
	joan, sam := team[0], team[1]
	h.Involve(kmcr.Involvement{Person: person, Kind: "caseload", Organisation: "RVV", Account: "joan", From: h.Now.AddDate(0, -1, 0), Until: h.Now.AddDate(0, 1, 0)})
	do := func(a house.Asker, step, body string, want int) string {
		t.Helper()
		got := a.Ask("POST", "/caseload/"+ref+"/"+step, body)
		if got.Status != want {
			t.Errorf("%s: %s %s answers %d, want %d: %.200s", a.Account, step, body, got.Status, want, got.Body)
		}
		return got.Body
	}
	reads(t, sam, ref, 403)
	do(sam, "notes", `{"says":"rang the ward"}`, 403)
	do(joan, "assigned", `{"to":"sam"}`, 400) // nobody knows of Sam yet
	caseload(t, sam, "")
	do(joan, "assigned", `{"to":"sam"}`, 200)
	do(joan, "assigned", `{"to":"a stranger"}`, 400)
	do(joan, "notes", `{"says":"rang the ward, calls stopped until Friday"}`, 200)
	do(joan, "notes", `{"says":"  "}`, 400)
	reads(t, sam, ref, 200)
	if l := caseload(t, sam, "?show=mine"); len(l.People) != 1 || l.People[0].Assigned.By != "Sister joan" || l.People[0].Noted.Words != "rang the ward, calls stopped until Friday" {
		t.Errorf("Sam has %+v", l)
	}
	if l := caseload(t, joan, "?show=mine"); len(l.People) != 0 {
		t.Errorf("Joan still has %+v", l)
	}
	var c struct {
		History    []struct{ Kind, By, To, Words string }
		Colleagues []struct{ Account string }
	}
	h.Must(json.Unmarshal([]byte(sam.Get("/caseload/"+ref).Body), &c))
	if len(c.History) != 2 || c.History[0].Kind != "noted" || c.History[1].To != "sam" || len(c.Colleagues) != 2 {
		t.Errorf("the history is %+v", c)
	}

	other := h.Somebody(kmcr.Viewer{Account: "dr", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV", Team: "Stroke"})
	h.Involve(kmcr.Involvement{Person: person, Kind: "caseload", Organisation: "RVV", Team: "Stroke"})
	if body := other.Get("/caseload/" + ref).Body; strings.Contains(body, "rang the ward") || !strings.Contains(body, `"history":[]`) {
		t.Errorf("another team reads %.300s", body)
	}
	do(joan, "assigned", `{"to":""}`, 200)
	h.Pass(time.Second)
	reads(t, sam, ref, 403)
	do(joan, "assigned", `{"to":"sam"}`, 200)
	h.Pass(32 * 24 * time.Hour)
	reads(t, sam, ref, 403) // no longer than Joan herself
}

// What is open on somebody's own word is not handed on.
func TestARecordOpenOnOnesOwnWordIsNotGiven(t *testing.T) {
	h := house.New(t)
	_, ref := someone(h, 1, "hospital", "")
	team := teamOf(h, "joan", "sam")
	caseload(t, team[1], "")
	if got := team[0].Ask("POST", "/people/"+ref+"/involved", `{"reason":"in my clinic this morning"}`); got.Status != 200 {
		t.Fatal(got.Body)
	}
	if got := team[0].Ask("POST", "/caseload/"+ref+"/assigned", `{"to":"sam"}`); got.Status != 403 {
		t.Errorf("answers %d: %s", got.Status, got.Body)
	}
	reads(t, team[1], ref, 403)
}

// A long caseload is read in one go.
func BenchmarkCaseload(b *testing.B) {
	h := house.New(b)
	for n := range 200 {
		var entries []string
		for i := range 60 {
			entries = append(entries, fmt.Sprintf(`{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Test %d"},"valueString":"%d","effectiveDateTime":"2025-01-02",SUBJECT}`, i, i))
		}
		someone(h, n+1, "hospital", "Frailty", entries...)
	}
	joan := teamOf(h, "joan")[0]
	for b.Loop() {
		if got := joan.Get("/caseload"); got.Status != 200 {
			b.Fatal(got.Body)
		}
	}
}
