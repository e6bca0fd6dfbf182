package disclose_test

import (
	"regexp"
	"strings"
	"testing"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
)

// doorCode is the code by itself; a fraction of a second that holds the same digits is not it.
var doorCode = regexp.MustCompile(`\b4821\b`)

// Attack 64: what opens somebody's door is masked wherever it stands; who visits people at home asks for it, and that is an act of its own.
func TestADoorCodeIsToldByAnActOfItsOwn(t *testing.T) {
	h := house.New(t)
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000000"
	const flag = "urn:uuid:00000000-0000-4000-8000-000000000001"
	ids := h.Sent("hospital", patient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(4)+`"}],"name":[{"family":"Door"}],"birthDate":"1950-01-01"}`,
		flag+` {"resourceType":"Flag","status":"active","code":{"text":"Key safe beside the porch, code 4821"},"subject":{"reference":"`+patient+`"}}`)
	person := h.PersonOf(ids[patient])
	ref := string(person.Ref())
	h.Involve(kmcr.Involvement{Person: person, Kind: "registered", Organisation: "RVV"})
	nurse := h.Somebody(kmcr.Viewer{Account: "nurse", Role: kmcr.RoleCommunityNurse, Organisation: "RVV"})
	pharmacist := h.Somebody(kmcr.Viewer{Account: "pharmacist", Role: kmcr.RolePharmacist, Organisation: "RVV"})
	stranger := h.Somebody(kmcr.Viewer{Account: "stranger", Role: kmcr.RoleCommunityNurse, Organisation: "G82051"})

	for _, below := range pages {
		for _, form := range []string{"application/json", "text/html"} {
			if got := nurse.Ask("GET", "/people/"+ref+below, "", "Accept", form); doorCode.MatchString(got.Body) {
				t.Errorf("%s as %s shows the code", below, form)
			}
		}
	}
	for _, path := range []string{"/fhir/R4/Patient/" + ref + "/$everything", "/fhir/R4/Flag?patient=" + ref, "/fhir/R4/" + ids[flag], "/fhir/R4/" + ids[flag] + "/_history", "/fhir/R4/Patient/" + ref + "/$summary"} {
		if got := nurse.Get(path); doorCode.MatchString(got.Body) {
			t.Errorf("%s shows the code", path)
		}
	}
	if got := nurse.Get("/fhir/R4/Flag?patient=" + ref); !strings.Contains(got.Body, "Key safe beside the porch, code ••••") {
		t.Errorf("it does not stand masked: %s", got.Body)
	}
	if got := nurse.Ask("POST", "/people/"+ref+"/door", "{}"); got.Status != 200 || !doorCode.MatchString(got.Body) {
		t.Errorf("who visits is told %d %s", got.Status, got.Body)
	}
	for a, want := range map[house.Asker]int{pharmacist: 403, stranger: 403} {
		if got := a.Ask("POST", "/people/"+ref+"/door", "{}"); got.Status != want || doorCode.MatchString(got.Body) {
			t.Errorf("%s is told %d %s", a.Account, got.Status, got.Body)
		}
	}
	told := 0
	h.Must(h.DB.AuditAll(t.Context(), func(e *audit.Entry) error {
		if e.Action == "reveal" && e.Allowed && len(e.Shown) == 1 && e.Viewer.Account == "nurse" {
			told++
		}
		return nil
	}))
	if told != 1 {
		t.Errorf("%d acts of telling are written down", told)
	}
}
