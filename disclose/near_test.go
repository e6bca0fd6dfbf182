package disclose_test

import (
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/e2e/house"
	"kmcr/store"
)

// Nobody opens their own record; that of family and of a colleague opens on a relationship that names the viewer, or in an emergency,
// and not because the organisation is involved or the viewer says to be.
func TestOwnFamilyAndColleagues(t *testing.T) {
	h := house.New(t)
	at := func(n int, more string) (kmcr.PersonID, string) {
		ids := h.Sent("hospital", `urn:uuid:00000000-0000-4000-8000-00000000000`+string(rune('0'+n))+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(n)+`"}],"name":[{"family":"Fox`+string(rune('0'+n))+`","given":["Ada"]}],"birthDate":"194`+string(rune('0'+n))+`-03-05"`+more+`}`)
		for _, location := range ids {
			p := h.PersonOf(location)
			h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
			return p, string(p.Ref())
		}
		return 0, ""
	}
	home := `,"address":[{"line":["12 High Street"],"city":"Ashford","postalCode":"TN23 1AA"}]`
	own, ownRef := at(1, home)
	wife, wifeRef := at(2, home)
	_, sealedRef := at(3, home+`,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}`)
	colleague, colleagueRef := at(4, "")
	_, otherRef := at(5, `,"address":[{"line":["14 High Street"],"city":"Ashford","postalCode":"TN23 1AA"}]`)
	dr := h.Somebody(kmcr.Viewer{Account: "dr", Name: "Ada Fox", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV"})
	elsewhere := h.Somebody(kmcr.Viewer{Account: "elsewhere", Role: kmcr.RoleGP, Organisation: "G82051"})
	h.Write(func(tx *store.Tx) error {
		if err := tx.Put(store.KindStaff, "dr", disclose.Staff{Person: own, Organisation: "RVV"}); err != nil {
			return err
		}
		return tx.Put(store.KindStaff, "sam", disclose.Staff{Person: colleague, Organisation: "RVV"})
	})
	h.Involve(kmcr.Involvement{Person: colleague, Kind: "registered", Organisation: "G82051"})
	time.Sleep(1100 * time.Millisecond) // registers are read again after a second

	for name, c := range map[string]struct {
		by   house.Asker
		ref  string
		want int
	}{
		"own": {dr, ownRef, 403}, "family": {dr, wifeRef, 403}, "a colleague": {dr, colleagueRef, 403}, "a neighbour": {dr, otherRef, 200},
		"somebody at the same address who must not be found": {dr, sealedRef, 200}, "a colleague of others": {elsewhere, colleagueRef, 200},
	} {
		got := c.by.Get("/people/" + c.ref)
		if got.Status != c.want {
			t.Errorf("%s: %d, want %d: %.200s", name, got.Status, c.want, got.Body)
		}
		if c.want == 403 && !strings.Contains(got.Body, "own record") {
			t.Errorf("%s is refused without saying why: %s", name, got.Body)
		}
	}
	const why = `{"ground":"seeing","reason":"I am treating her on the ward today"}`
	if got := dr.Ask("POST", "/people/"+wifeRef+"/involved", why); got.Status == 200 && dr.Get("/people/"+wifeRef).Status == 200 {
		t.Error("saying to be involved opens a wife's record")
	}
	h.Involve(kmcr.Involvement{Person: wife, Kind: "caseload", Organisation: "RVV", Account: "dr"})
	if got := dr.Get("/people/" + wifeRef); got.Status != 200 {
		t.Errorf("a relationship that names the viewer does not open it: %d", got.Status)
	}
	if got := dr.Ask("POST", "/people/"+colleagueRef+"/break-glass", `{"ground":"life","reason":"collapsed in the corridor, no history"}`); got.Status != 200 || dr.Get("/people/"+colleagueRef).Status != 200 {
		t.Errorf("an emergency does not open a colleague's record: %d %s", got.Status, got.Body)
	}
	dr.Ask("POST", "/people/"+ownRef+"/break-glass", `{"ground":"life","reason":"collapsed in the corridor, no history"}`)
	if got := dr.Get("/people/" + ownRef); got.Status != 403 {
		t.Errorf("an emergency opens one's own record: %d", got.Status)
	}
}
