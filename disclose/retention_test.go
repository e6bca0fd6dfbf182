package disclose_test

import (
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
)

// What is past its period is destroyed, and nothing else; that it was stays written down.
func TestRecordsAreDestroyedAtTheEndOfTheirPeriod(t *testing.T) {
	h := house.New(t)
	h.Now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000000"
	n := 0
	person := func(c kmcr.ContributorCode, born, died, last string) kmcr.PersonID {
		n++
		deceased := ""
		if died != "" {
			deceased = `,"deceasedDateTime":"` + died + `"`
		}
		ids := h.Sent(c, patient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(n)+`"}],"name":[{"family":"Kept`+strings.Repeat("a", n)+`"}],"birthDate":"`+born+`"`+deceased+`}`,
			`urn:uuid:00000000-0000-4000-8000-000000000001 {"resourceType":"Observation","status":"final","code":{"text":"Something old"},"subject":{"reference":"`+patient+`"},"effectiveDateTime":"`+last+`"}`)
		p := h.PersonOf(ids[patient])
		h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
		return p
	}
	old := person("hospital", "1930-01-01", "", "2010-05-05T10:00:00Z")
	recent := person("hospital", "1930-01-01", "", "2020-05-05T10:00:00Z")
	child := person("hospital", "2008-01-01", "", "2012-05-05T10:00:00Z")
	living := person("practice", "1930-01-01", "", "2010-05-05T10:00:00Z")
	dead := person("practice", "1930-01-01", "2012-01-01", "2011-05-05T10:00:00Z")
	due, err := h.Out.Due(t.Context())
	h.Must(err)
	if len(due) != 2 || due[0].Class != "acute" && due[0].Class != "gp-practice" {
		t.Fatalf("due are %+v", due)
	}
	operator := kmcr.Viewer{Account: "operator:x"}
	if _, err := h.Out.Destroy(t.Context(), operator, due, "no"); kmcr.KindOf(err) != kmcr.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	destroyed, err := h.Out.Destroy(t.Context(), operator, due, "end of the period, approved by the board")
	if err != nil || destroyed != 2 {
		t.Fatalf("%d %v", destroyed, err)
	}
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
	for p, want := range map[kmcr.PersonID]int{old: 404, dead: 404, recent: 200, child: 200, living: 200} {
		got := gp.Get("/fhir/R4/Patient/" + string(p.Ref()) + "/$everything")
		if got.Status != want || want == 404 && strings.Contains(got.Body, "Something old") {
			t.Errorf("%d: %d", p, got.Status)
		}
	}
	entries := 0
	h.Must(h.DB.AuditAll(t.Context(), func(e *audit.Entry) error {
		if e.Action == "destroy" {
			entries++
			if e.Patient == 0 || e.Reason == "" || e.Detail["class"] == "" {
				t.Errorf("%+v", e)
			}
		}
		return nil
	}))
	if entries != 2 {
		t.Errorf("%d destructions are written down", entries)
	}
	if due, err := h.Out.Due(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("still due: %+v %v", due, err)
	}
}
