package disclose_test

import (
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/e2e/house"
	"kmcr/store"
)

// A set of codes that an organisation adds makes what its systems have sent sensitive, with what hangs together with it, from the next
// request on and for what was sent before too; what others sent stays as it was, and taking the set away opens it again.
func TestASensitiveSetThatAnOrganisationAdds(t *testing.T) {
	h := house.New(t)
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000010"
	said := func(c kmcr.ContributorCode, word string) kmcr.PersonID {
		ids := h.Sent(c,
			patient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(1)+`"}],"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1941-03-05"}`,
			`urn:uuid:00000000-0000-4000-8000-000000000011 {"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"reasonCode":[{"text":"visit`+word+`"}],"period":{"start":"2020-01-02T10:00:00Z","end":"2020-01-02T10:10:00Z"},"subject":{"reference":"`+patient+`"}}`,
			`urn:uuid:00000000-0000-4000-8000-000000000012 {"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"777000111"}],"text":"problem`+word+`"},"encounter":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000011"},"subject":{"reference":"`+patient+`"}}`,
			`urn:uuid:00000000-0000-4000-8000-000000000013 {"resourceType":"Condition","code":{"coding":[{"system":"http://example.org/other","code":"777000111"}],"text":"otherwise`+word+`"},"subject":{"reference":"`+patient+`"}}`)
		return h.PersonOf(ids[patient])
	}
	person := said("hospital", "ours")
	if said("practice", "theirs") != person {
		t.Fatal("they are two persons")
	}
	h.Involve(kmcr.Involvement{Person: person, Kind: "registered", Organisation: "RVV"})
	nurse := h.Somebody(kmcr.Viewer{Account: "nurse", Role: kmcr.RoleCommunityNurse, Organisation: "RVV"})
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
	path := "/people/" + string(person.Ref())
	all := []string{"problemours", "visitours", "problemtheirs", "visittheirs", "otherwiseours", "otherwisetheirs"}
	sees := func(when string, who house.Asker, not ...string) {
		t.Helper()
		for _, address := range []string{path, "/fhir/R4/Patient/" + string(person.Ref()) + "/$everything"} {
			body := who.Get(address).Body
			for _, word := range all {
				if address == path && strings.HasSuffix(word, "theirs") { // one line may stand for what two sources say
					continue
				}
				hidden := false
				for _, n := range not {
					hidden = hidden || n == word
				}
				if strings.Contains(body, word) == hidden {
					t.Errorf("%s, %s at %s: %s hidden should be %v", when, who.Account, address, word, hidden)
				}
			}
		}
	}
	sees("before", nurse)
	set := access.SensitiveSet{Name: "own", Organisation: "RVV", System: "snomed", Topic: kmcr.TopicSexual, Codes: []string{"777000111"}, Source: "local policy 7"}
	h.Must(set.Check())
	h.Write(func(tx *store.Tx) error { return tx.Put(store.KindSensitive, set.Name, set) })
	time.Sleep(1100 * time.Millisecond) // registers are read again after a second
	sees("with the set", nurse, "problemours", "visitours")
	sees("with the set", gp)
	h.Write(func(tx *store.Tx) error { return tx.Remove(store.KindSensitive, set.Name) })
	time.Sleep(1100 * time.Millisecond)
	sees("after it", nurse)

	for says, bad := range map[string]access.SensitiveSet{
		"no codes": {Name: "x", Organisation: "RVV", Topic: "SEX", Source: "y"}, "no topic": {Name: "x", Organisation: "RVV", Codes: []string{"777000111"}, Source: "y"},
		"a code of one sign": {Name: "x", Organisation: "RVV", Topic: "SEX", Codes: []string{"7"}, Source: "y"}, "everything": {Name: "x", Organisation: "RVV", Topic: "SEX", Codes: []string{"*"}, Source: "y"},
		"nobody's": {Name: "x", Topic: "SEX", Codes: []string{"777000111"}, Source: "y"}, "from nowhere": {Name: "x", Organisation: "RVV", Topic: "SEX", Codes: []string{"777000111"}},
	} {
		if kmcr.KindOf(bad.Check()) != kmcr.Invalid {
			t.Errorf("a set with %s is taken", says)
		}
	}
}
