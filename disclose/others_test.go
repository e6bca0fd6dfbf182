package disclose_test

import (
	"strings"
	"testing"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
)

// What concerns other people stands in no record; a role that needs it is told that there is something, and told what when it says why.
// What hangs together with it stays where it was.
func TestWhatConcernsOthersIsToldWhenItIsAskedFor(t *testing.T) {
	h := house.New(t)
	visit := "urn:uuid:00000000-0000-4000-8000-000000000011"
	ref, _, person := planted3(h, visit)
	h.Involve(kmcr.Involvement{Person: person, Kind: "registered", Organisation: "RVV"})
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Name: "Dr Ann", Role: kmcr.RoleGP, Organisation: "RVV"})
	nurse := h.Somebody(kmcr.Viewer{Account: "nurse", Role: kmcr.RoleCommunityNurse, Organisation: "RVV"})
	stranger := h.Somebody(kmcr.Viewer{Account: "stranger", Role: kmcr.RoleGP, Organisation: "G82051"})

	record := gp.Get("/people/" + ref).Body
	if strings.Contains(record, "neighbour") || !strings.Contains(record, "visitplain") || !strings.Contains(record, `"others":1`) {
		t.Errorf("the record of a role that may be told: %s", record)
	}
	for _, path := range []string{"/people/" + ref + "/problems", "/fhir/R4/Patient/" + ref + "/$everything", "/fhir/R4/Condition?patient=" + ref, "/fhir/R4/Patient/" + ref + "/$summary"} {
		if strings.Contains(gp.Get(path).Body, "neighbour") {
			t.Errorf("%s tells what concerns others", path)
		}
	}
	if body := nurse.Get("/people/" + ref).Body; strings.Contains(body, `"others"`) || strings.Contains(body, "visitplain") {
		t.Errorf("a role that may not be told is told that there is something, or what hangs together with it: %s", body)
	}
	path := "/people/" + ref + "/others"
	const why = `{"reason":"to plan a safe visit with the neighbour"}`
	if got := gp.Ask("POST", path, why); got.Status != 200 || !strings.Contains(got.Body, "said by the neighbour") || strings.Contains(got.Body, "visitplain") {
		t.Errorf("asked for it is answered %d %s", got.Status, got.Body)
	}
	for name, c := range map[string]struct {
		by   house.Asker
		body string
		want int
	}{
		"no reason": {gp, `{"reason":""}`, 400}, "no words": {gp, `{"reason":"xxxxxxxxxxxx"}`, 400}, "a role that may not": {nurse, why, 403}, "nobody involved": {stranger, why, 403},
	} {
		if got := c.by.Ask("POST", path, c.body); got.Status != c.want || strings.Contains(got.Body, "neighbour)") || strings.Contains(got.Body, "said by") {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	reveals, allowed := 0, 0
	h.Must(h.DB.AuditAll(t.Context(), func(e *audit.Entry) error {
		if e.Action == "reveal" {
			reveals++
			if e.Allowed {
				allowed++
				if len(e.Shown) != 1 || e.Reason == "" {
					t.Errorf("the audit says %+v", e)
				}
			}
		}
		return nil
	}))
	if reveals != 5 || allowed != 1 {
		t.Errorf("the audit has %d reveals, %d of them allowed", reveals, allowed)
	}
}

func planted3(h *house.House, visit string) (ref string, ids map[string]string, person kmcr.PersonID) {
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000010"
	ids = h.Sent("hospital",
		patient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(1)+`"}],"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1941-03-05"}`,
		visit+` {"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"reasonCode":[{"text":"visitplain"}],"period":{"start":"2020-01-02T10:00:00Z","end":"2020-01-02T10:10:00Z"},"subject":{"reference":"`+patient+`"}}`,
		`urn:uuid:00000000-0000-4000-8000-000000000012 {"resourceType":"Condition","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"THIRD-PARTY"}]},"code":{"text":"said by the neighbour"},"encounter":{"reference":"`+visit+`"},"subject":{"reference":"`+patient+`"}}`)
	person = h.PersonOf(ids[patient])
	return string(person.Ref()), ids, person
}
