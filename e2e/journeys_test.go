package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmcr/synth"
)

// A message, from feed to record: an admission arrives over a socket, and the
// practice that the person is registered with sees where and why.
func TestAnAdmissionReachesTheRecord(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database)
		p.must("user", "add", "dr-one", "--name", "Dr One", "--role", "gp", "--organisation", "G82050")
		p.serve("--demo", "--people", "0")
		defer p.stop()
		if got := p.client("practice").do("POST", "/fhir/R4", practiceBundle); got.status != 200 {
			t.Fatalf("the practice's Bundle was answered %d: %s", got.status, got.body)
		}
		p.sender().accepted(admission("C1", "20261120101500"))
		p.settled("hospital")

		dr := p.user("dr-one")
		ref := dr.find("999 000 0018")
		record := dr.do("GET", "/people/"+ref, "")
		if record.status != 200 {
			t.Fatalf("the record was answered %d: %s", record.status, record.body)
		}
		admitted, _ := record.json(t)["admittedNow"].(map[string]any)
		if admitted == nil || !strings.Contains(fmt.Sprint(admitted["ward"]), "Invicta") || !strings.Contains(strings.ToLower(string(record.body)), "pneumonia") {
			t.Errorf("the record does not say where and why she is in hospital: %v", admitted)
		}
		for _, page := range []string{"medicines", "allergies", "problems", "results", "encounters", "documents", "timeline", "contacts", "social-care", "plans", "conflicts", "access"} {
			if got := dr.do("GET", "/people/"+ref+"/"+page, ""); got.status != 200 {
				t.Errorf("/people/{ref}/%s answered %d: %.200s", page, got.status, got.body)
			}
			if got := dr.do("GET", "/people/"+ref+"/"+page, "", "Accept", "text/html"); got.status != 200 || !strings.Contains(string(got.body), "PERRIN") {
				t.Errorf("/people/{ref}/%s as a page answered %d without the banner", page, got.status)
			}
		}
		if out, code := p.run("audit", "verify"); code != 0 {
			t.Errorf("audit verify ended with %d: %s", code, out)
		}
	})
}

const practiceBundle = `{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:aaaaaaaa-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"},{"system":"urn:practice","value":"77"}],"name":[{"use":"official","family":"Perrin","given":["Ada"],"prefix":["Mrs"]}],"gender":"female","birthDate":"1941-05-09","address":[{"line":["3 Mill Lane"],"city":"Ashford","postalCode":"TN24 8DN"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}]},"request":{"method":"POST","url":"Patient"}},
{"fullUrl":"urn:uuid:aaaaaaaa-0000-4000-8000-000000000002","resource":{"resourceType":"AllergyIntolerance","patient":{"reference":"urn:uuid:aaaaaaaa-0000-4000-8000-000000000001"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"764146007","display":"Penicillin"}],"text":"Penicillin"}},"request":{"method":"POST","url":"AllergyIntolerance"}},
{"fullUrl":"urn:uuid:aaaaaaaa-0000-4000-8000-000000000003","resource":{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"text":"Serum potassium level","coding":[{"system":"http://snomed.info/sct","code":"1000651000000109"}]},"subject":{"reference":"urn:uuid:aaaaaaaa-0000-4000-8000-000000000001"},"effectiveDateTime":"2026-10-01","valueQuantity":{"value":4.50,"unit":"mmol/L"}},"request":{"method":"POST","url":"Observation"}}]}`

func admission(control, at string) string {
	return strings.Join([]string{
		`MSH|^~\&|PAS|RVV|KMCR|QKS|` + at + `||ADT^A01|` + control + `|P|2.4`,
		`EVN|A01|` + at,
		`PID|1||H0012345^^^RVV^PI~9990000018^^^NHS^NH||PERRIN^Ada^^^Mrs||19410509|F|||3 Mill Lane^^Ashford^^TN24 8DN||01233496001|||||||||||||||||N||01`,
		`PV1|1|I|Invicta^Bay 2^Bed 4^RVV|21|||C1^Fairhurst^Tom^^^Dr|||300||||19|||||SP77|||||||||||||||||||||||||` + at,
		`PV2|||^chest infection`,
		`DG1|1||233604007^Pneumonia^SCT|||A`, ""}, "\r")
}

// Outsiders and people who are not involved are refused in words that help,
// and a person whom one may not know of is not there.
func TestOnlyThoseInvolved(t *testing.T) {
	p := demonstration(t)
	w, err := synth.Generate(20261123, 60, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	margaret := w.Person("margaret-hollis").NHS.String()
	ref := p.user("gp").find(margaret)
	for account, want := range map[string]int{"gp": 200, "hospital-doctor": 200, "social-worker": 200, "community-nurse": 200, "carer": 200, "pharmacist": 200,
		"emergency-doctor": 403, "paramedic": 403, "mental-health-nurse": 403, "childrens-social-worker": 403, "outsider": 404} {
		u := p.user(account)
		for _, path := range []string{"/people/" + ref, "/people/" + ref + "/medicines", "/fhir/R4/Patient/" + ref + "/$everything", "/fhir/R4/Observation?patient=" + ref} {
			got := u.do("GET", path, "")
			if got.status != want {
				t.Errorf("%s: GET %s answered %d, want %d: %.200s", account, strings.ReplaceAll(path, ref, "{ref}"), got.status, want, got.body)
			}
			if got.status == 404 && strings.Contains(string(got.body), "HOLLIS") {
				t.Errorf("%s: a refusal tells who she is", account)
			}
			if account == "outsider" && strings.HasPrefix(path, "/people") && !strings.Contains(string(got.body), "has not signed the agreement") {
				t.Errorf("an outsider is not told why: %.300s", got.body)
			}
		}
	}
	crew := p.user("paramedic")
	if got := crew.do("POST", "/people/"+ref+"/break-glass", `{"reason":"x"}`); got.status < 400 {
		t.Errorf("a reason of one letter broke the glass: %d", got.status)
	}
	if got := crew.do("POST", "/people/"+ref+"/break-glass", `{"reason":"Unconscious at the roadside, no history available"}`); got.status >= 400 {
		t.Fatalf("break-glass with a reason answered %d: %s", got.status, got.body)
	}
	if got := crew.do("GET", "/people/"+ref, ""); got.status != 200 {
		t.Errorf("after break-glass the record is answered %d", got.status)
	}
	if got := p.user("privacy-officer").do("GET", "/privacy", ""); got.status != 200 || !strings.Contains(string(got.body), "Unconscious at the roadside") {
		t.Errorf("the privacy officer does not see the break-glass: %d %.300s", got.status, got.body)
	}
	if got := p.user("outsider").do("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, margaret)); got.status == 200 && strings.Contains(string(got.body), "HOLLIS") {
		t.Errorf("an outsider may search: %d %s", got.status, got.body)
	}
}

// Every look, allowed or refused, is in the audit log, and any change of the log is found.
func TestEveryLookIsRecorded(t *testing.T) {
	p := demonstration(t)
	ref := p.user("gp").find(demoNumber(t, "ronald-culpepper"))
	p.user("gp").do("GET", "/people/"+ref+"/medicines", "")
	p.user("emergency-doctor").do("GET", "/people/"+ref, "")
	got := p.user("gp").do("GET", "/people/"+ref+"/access", "")
	if got.status != 200 || !strings.Contains(string(got.body), "Nwosu") || !strings.Contains(string(got.body), "Raman") {
		t.Errorf("who looked does not name both the look and the refusal: %d %.600s", got.status, got.body)
	}
	if out, code := p.run("audit", "verify"); code != 0 {
		t.Errorf("audit verify ended with %d: %s", code, out)
	}
}

func demoNumber(t *testing.T, id string) string {
	t.Helper()
	w, err := synth.Generate(20261123, 60, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return w.Person(id).NHS.String()
}

// The stories that the demonstration promises are told by the record.
func TestTheStoriesAreTold(t *testing.T) {
	p := demonstration(t)
	gp := p.user("gp")
	open := func(id string) string {
		t.Helper()
		got := gp.do("GET", "/people/"+gp.find(demoNumber(t, id)), "")
		if got.status != 200 {
			t.Fatalf("%s: answered %d: %.300s", id, got.status, got.body)
		}
		return string(got.body)
	}
	for id, wants := range map[string][]string{
		"margaret-hollis":    {"Harbledown", "Apixaban 5 mg tablets", "Penicillin", "Orchard View"},
		"ella-marsh":         {"Child protection plan", "01622 496411"},
		"noah-marsh":         {"Child protection plan", "Marek Nowak"},
		"jordan-reeve":       {"looked-after-child", "03000 496400", `"reviewOverdue":true`},
		"amy-tolhurst":       {"unborn-child-protection-plan", "Ring the duty line"},
		"dennis-pocock":      {"adult-enquiry", "Ruth Adeyemi", "Stour Valley Home Care"},
		"ronald-culpepper":   {"Take one 2.5 mg tablet in the morning", "Take one 5 mg tablet in the morning", "Discharge summary"},
		"siobhan-fitzgerald": {"Codeine", "No known allerg"},
		"arjun-singh":        {"Chestnut Drive", "Oast Close", "Reablement"},
		"edith-pantling":     {"Heart failure"},
	} {
		body := open(id)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the record does not say %q", id, want)
			}
		}
	}
	var walter map[string]any
	got := gp.do("GET", "/people/"+gp.find(demoNumber(t, "walter-goldfinch")), "")
	walter, _ = got.json(t)["banner"].(map[string]any)
	if walter["deceased"] != true {
		t.Errorf("the banner of a man who died does not say so: %v", walter)
	}
	leo, theo := gp.find(demoNumber(t, "leo-sladden")), gp.find(demoNumber(t, "theo-sladden"))
	if leo == theo {
		t.Error("twins are one person")
	}
	if body := open("theo-sladden"); strings.Contains(body, "Peanut") {
		t.Error("one twin has the other's allergy")
	}
}
