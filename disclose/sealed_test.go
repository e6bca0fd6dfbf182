package disclose_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/e2e/house"
)

// sealed is somebody who must not be found: the hospital says so; the practice, which knows where she lives, does not.
func sealed(h *house.House, number string) plantedPerson {
	patient := func(security, more string) string {
		return fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Hidden","given":["Ada"]}],"gender":"female","birthDate":"1981-02-03"%s}`, security, number, more)
	}
	home := `,"address":[{"line":["9 Refuge Row"],"city":"Sandgate","postalCode":"CT20 3ZZ"}],"telecom":[{"system":"phone","value":"07700 900123"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}],"contact":[{"name":{"text":"Keeper"},"address":{"line":["9 Refuge Row"]}}]`
	h.Sent("hospital", plantedPatient+" "+patient(`"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},`, ""),
		entryURL(1)+` {"resourceType":"Encounter","status":"in-progress","class":{"code":"IMP"},"reasonCode":[{"text":"chest pain"}],"location":[{"location":{"display":"Ward Nine"}}],"period":{"start":"2026-11-20T10:00:00Z"},"serviceProvider":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RVV"}},"subject":{"reference":"`+plantedPatient+`"}}`)
	ids := h.Sent("practice", plantedPatient+" "+patient("", home),
		entryURL(1)+` {"resourceType":"Condition","code":{"text":"asthmaword"},"note":[{"text":"Moved to 9 Refuge Row, call 07700900123"}],"subject":{"reference":"`+plantedPatient+`"}}`,
		entryURL(2)+` {"resourceType":"RelatedPerson","name":[{"text":"Sister Sue"}],"address":[{"line":["9 Refuge Row"]}],"telecom":[{"system":"phone","value":"07700 900124"}],"patient":{"reference":"`+plantedPatient+`"}}`,
		entryURL(3)+` {"resourceType":"DocumentReference","status":"current","description":"letterword","content":[{"attachment":{"contentType":"text/plain","data":"`+base64.StdEncoding.EncodeToString([]byte("Dear Ada, 9 Refuge Row"))+`"}}],"subject":{"reference":"`+plantedPatient+`"}}`,
		entryURL(4)+` {"resourceType":"Organization","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}],"name":"Whereabout Surgery"}`,
		entryURL(5)+` {"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"reasonCode":[{"text":"reviewword"}],"period":{"start":"2021-01-02T10:00:00Z","end":"2021-01-02T10:10:00Z"},"serviceProvider":{"reference":"`+entryURL(4)+`","display":"Whereabout Surgery"},"subject":{"reference":"`+plantedPatient+`"}}`)
	p := plantedPerson{id: h.PersonOf(ids[plantedPatient]), nhs: number, ids: ids}
	p.ref = string(p.id.Ref())
	return p
}

// where are the words by which she could be found, in the forms in which they may be told.
var where = []string{"refuge row", "sandgate", "ct20 3zz", "ct203zz", "07700", "g82050", "whereabout", "ward nine", ":\"practice\"", "contributor:practice", "keeper"}

func TestNothingTellsWhereSomebodyIsWhoMustNotBeFound(t *testing.T) {
	h := house.New(t)
	p := sealed(h, house.NHS(900))
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Name: "Dr Whereabout", Role: kmcr.RoleGP, Organisation: "G82050"})
	record := gp.Get("/people/" + p.ref)
	for _, role := range kmcr.AllRoles {
		for _, relation := range []string{"spell", "break-glass", "none"} {
			v := kmcr.Viewer{Account: string(role) + relation, Role: role, Organisation: "RVV", Team: "Frailty"}
			if relation == "none" {
				v.Organisation = "G82051" // the hospital is involved
			}
			a := h.Somebody(v)
			switch relation {
			case "spell":
				h.Involve(kmcr.Involvement{Person: p.id, Kind: "spell", Organisation: "RVV", Account: v.Account})
			case "break-glass":
				h.Involve(kmcr.Involvement{Person: p.id, Kind: "break-glass", Organisation: "RVV", Account: v.Account, Reason: "collapsed in the street", Until: h.Now.Add(time.Hour)})
			}
			tell := func(what string, got house.Answer) {
				for _, w := range where {
					if strings.Contains(strings.ToLower(got.Body), w) {
						t.Errorf("%s by %s: %s tells %q: %.300s", role, relation, what, w, got.Body[max(0, strings.Index(strings.ToLower(got.Body), w)-150):])
						return
					}
				}
			}
			for _, page := range pages {
				if officers(page) && (role == kmcr.RolePrivacyOfficer || role == kmcr.RoleCaldicottGuardian) {
					continue // whose work it is to know who looked from where
				}
				tell(page, a.Get("/people/"+p.ref+page))
				tell(page+" as a page", a.Ask("GET", "/people/"+p.ref+page, "", "Accept", "text/html"))
			}
			for _, path := range []string{"/Patient/" + p.ref, "/Patient/" + p.ref + "/$everything", "/Patient?_id=" + p.ref, "/RelatedPerson?patient=" + p.ref, "/Encounter?patient=" + p.ref + "&_include=*",
				"/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|" + p.nhs, "/DocumentReference?patient=" + p.ref} {
				tell(path, a.Get("/fhir/R4"+path))
			}
			for _, id := range p.ids {
				if strings.HasPrefix(id, "Organization/") && a.Get("/fhir/R4/"+id).Status == http.StatusNotFound {
					continue
				}
				for _, more := range []string{"", "/_history", "/_history/1"} {
					tell(id+more, a.Get("/fhir/R4/"+id+more))
				}
			}
			for _, list := range []string{"/caseload", "/alerts", "/matches", "/matches/people/" + p.ref} {
				tell(list, a.Get(list))
			}
			tell("a search", a.Ask("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, p.nhs)))
			for _, q := range []string{`{"family":"Hidden","postcode":"CT20 3ZZ"}`, `{"family":"Hidden","born":"1981-02-03","postcode":"CT20 3ZZ"}`} {
				if got := a.Ask("POST", "/people/search", q); strings.Contains(got.Body, p.ref) {
					t.Errorf("%s: she is found by where she lives", role)
				}
			}
		}
	}
	for _, want := range []string{"asthmaword", "chest pain", "reviewword", "HIDDEN, Ada"} {
		if record.Status != 200 || !strings.Contains(record.Body, want) {
			t.Errorf("her own practice does not read %q", want)
		}
	}
	if strings.Contains(record.Body, "letterword") || !strings.Contains(record.Body, `"withheld":true`) {
		t.Error("letters are not declared as withheld")
	}
}

// While somebody still has to decide whether the person is one who must not be found, nobody is told where the person is; when it is
// decided that it is somebody else, it is told again.
func TestWhereSomebodyIsIsNotToldWhileTheyMayBeOneWhoMustNotBeFound(t *testing.T) {
	h := house.New(t)
	number := house.NHS(901)
	patient := func(security, family, more string) string {
		return fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":%q,"given":["Petra"]}],"gender":"female","birthDate":"1953-03-13"%s}`, security, number, family, more)
	}
	ids := h.Sent("practice", plantedPatient+" "+patient("", "Cartmel", `,"address":[{"line":["5 Cedar Mews"],"postalCode":"CT20 3ZZ"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}]`))
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "G82050"})
	ref := string(h.PersonOf(ids[plantedPatient]).Ref())
	tells := func() (told []string) {
		for _, path := range []string{"/people/" + ref, "/fhir/R4/Patient/" + ref, "/fhir/R4/Patient/" + ref + "/$everything"} {
			if strings.Contains(gp.Get(path).Body, "Cedar Mews") {
				told = append(told, path)
			}
		}
		if strings.Contains(gp.Ask("POST", "/people/search", `{"family":"Cartmel","born":"1953-03-13"}`).Body, "Cedar Mews") {
			told = append(told, "search")
		}
		return told
	}
	if got := tells(); len(got) != 4 {
		t.Fatalf("before there is a question it is told at %v", got)
	}
	h.Sent("hospital", plantedPatient+" "+patient(`"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},`, "Maidenhead", ""))
	open, err := h.DB.Reviews(t.Context(), "open")
	h.Must(err)
	if len(open) != 1 {
		t.Fatalf("%d questions are open", len(open))
	}
	if got := tells(); len(got) != 0 {
		t.Errorf("while the question is open it is told at %v", got)
	}
	if got := h.Somebody(kmcr.Viewer{Account: "first", Role: kmcr.RoleRecordsOfficer, Organisation: "G82050"}).Get("/matches").Body; !strings.Contains(got, "withheld") || strings.Contains(got, `:"practice"`) {
		t.Errorf("while the question is open the officer reads which practice: %s", got)
	}
	for _, officer := range []string{"first", "second"} {
		a := h.Somebody(kmcr.Viewer{Account: officer, Name: officer, Role: kmcr.RoleRecordsOfficer, Organisation: "G82050"})
		if got := a.Ask("POST", fmt.Sprint("/matches/", open[0].ID), `{"decision":"different"}`); got.Status >= 400 {
			t.Fatalf("deciding answers %d: %s", got.Status, got.Body)
		}
	}
	if got := tells(); len(got) != 4 {
		t.Errorf("when it is decided it is told at %v", got)
	}
}
