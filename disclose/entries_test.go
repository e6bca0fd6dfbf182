package disclose_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
)

// A records officer parts two entries of which nobody asked: record, caseload and audit follow, and again when it is taken back.
func TestWhatFollowsWhenAnOfficerPartsTwoEntries(t *testing.T) {
	h := house.New(t)
	patient := fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Fenwick","given":["Petra"]}],"gender":"female","birthDate":"1953-03-13","address":[{"line":["5 Cedar Mews"],"postalCode":"CT20 3ZZ"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}]}`, house.NHS(902))
	condition := func(word string) string {
		return `{"resourceType":"Condition","code":{"text":"` + word + `"},"subject":{"reference":"urn:uuid:patient"}}`
	}
	one := h.Sent("practice", plantedPatient+" "+patient, "urn:uuid:c1 "+strings.ReplaceAll(condition("practiceword"), "urn:uuid:patient", plantedPatient))
	two := h.Sent("hospital", plantedPatient+" "+patient, "urn:uuid:c2 "+strings.ReplaceAll(condition("hospitalword"), "urn:uuid:patient", plantedPatient))
	if h.PersonOf(one[plantedPatient]) != h.PersonOf(two[plantedPatient]) {
		t.Fatal("the two are not one person to begin with")
	}
	ref := string(h.PersonOf(one[plantedPatient]).Ref())
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "G82050"})
	officer := h.Somebody(kmcr.Viewer{Account: "officer", Role: kmcr.RoleRecordsOfficer, Organisation: "G82050"})
	reads := func(says string, hospital bool) {
		t.Helper()
		body := gp.Get("/people/" + ref + "/problems").Body
		if !strings.Contains(body, "practiceword") || strings.Contains(body, "hospitalword") != hospital {
			t.Errorf("%s: the hospital's problem is read: %v, want %v", says, !hospital, hospital)
		}
	}
	reads("before", true)
	if got := gp.Get("/matches/people/" + ref); got.Status != 403 {
		t.Errorf("a doctor is answered %d", got.Status)
	}
	var linked struct {
		Entries   []struct{ ID, Contributor, Name string }
		Decisions []struct {
			Review int64
			State  string
		}
	}
	look := func() {
		t.Helper()
		h.Must(json.Unmarshal([]byte(officer.Get("/matches/people/"+ref).Body), &linked))
	}
	do := func(deed string) {
		t.Helper()
		if got := officer.Ask("POST", "/matches/people/"+ref, deed); got.Status != 200 {
			t.Errorf("%s: %d %s", deed, got.Status, got.Body)
		}
	}
	look()
	if len(linked.Entries) != 2 || linked.Entries[0].Name != "FENWICK, Petra" {
		t.Fatalf("entries: %+v", linked)
	}
	for _, e := range linked.Entries {
		if e.Contributor == "hospital" {
			do(`{"do":"part","entries":["` + e.ID + `"]}`)
		}
	}
	reads("parted", false)
	look()
	if len(linked.Entries) != 1 || len(linked.Decisions) != 1 || linked.Decisions[0].State != "different" {
		t.Errorf("after they were parted: %+v", linked)
	}
	do(fmt.Sprintf(`{"do":"take-back","reviews":[%d]}`, linked.Decisions[0].Review))
	reads("taken back", true)
	said := map[string]int{}
	h.Must(h.DB.AuditAll(context.Background(), func(e *audit.Entry) error {
		said[e.Action+" "+e.Detail["decision"]]++
		return nil
	}))
	if said["decide-match different"] != 1 || said["decide-match undo"] != 1 || said["entries "] < 2 {
		t.Errorf("audited: %v", said)
	}
}
