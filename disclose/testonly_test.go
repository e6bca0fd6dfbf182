package disclose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/e2e/house"
	"kmcr/store"
	"kmcr/web"
)

// What a contributor states while it tries out its feed is there for its
// testers and for nobody else: not on any page, not in the API, not by search,
// not as something withheld, and nobody is involved by it.
func TestATrialIsHeardByItsTestersAlone(t *testing.T) {
	h := house.New(t)
	h.Pass(10 * time.Minute)
	h.Write(func(tx *store.Tx) error {
		return tx.Put(store.KindContributor, "trial", kmcr.Contributor{Code: "trial", Organisation: "RVV", Name: "Trialsystem", Format: kmcr.FormatFHIR, TestOnly: true, Testers: []string{"tester"}})
	})
	time.Sleep(1100 * time.Millisecond) // what an administrator changes is in force within a second

	known := plant(h, 1, "hospital", "") // whom a contributor in earnest knows too
	h.Sent("trial", trialEntries(known.nhs, "Quorna", "1981-02-11")...)
	alone := h.Sent("trial", trialEntries(house.NHS(2), "Quornlone", "1950-01-01")...) // whom nobody else knows
	ref := string(h.PersonOf(alone["urn:uuid:1"]).Ref())

	for _, role := range kmcr.AllRoles {
		v := kmcr.Viewer{Account: "gp-" + string(role), Role: role, Organisation: "RVV", Team: "Frailty"}
		for _, p := range []kmcr.PersonID{known.id, h.PersonOf(alone["urn:uuid:1"])} {
			h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
		}
		a := h.Somebody(v)
		quiet := func(method, path, body string) {
			got := a.Ask(method, path, body)
			if strings.Contains(got.Body, "trialcanary") || strings.Contains(strings.ToLower(got.Body), "quornlone") || strings.Contains(got.Body, "Trialsystem") && path != "/feeds" {
				t.Errorf("%s: %s %s tells of a trial: %.300s", role, method, path, got.Body)
			}
			if strings.Contains(path, ref) && got.Status == 200 {
				t.Errorf("%s: %s opens somebody whom a trial alone knows", role, path)
			}
		}
		for _, pattern := range web.Patterns() {
			method, path, _ := strings.Cut(pattern, " ")
			if method != "GET" || strings.Contains(path, "{id}") || strings.Contains(path, "{name}") || strings.Contains(path, "{test}") {
				continue
			}
			for _, one := range []string{known.ref, ref} {
				quiet("GET", strings.ReplaceAll(path, "{ref}", one), "")
			}
		}
		for _, one := range []string{known.ref, ref} {
			quiet("GET", "/fhir/R4/Patient/"+one+"/$everything", "")
			quiet("GET", "/fhir/R4/Condition?patient="+one, "")
		}
		for _, id := range alone {
			quiet("GET", "/fhir/R4/"+id, "")
			quiet("GET", "/fhir/R4/"+id+"/_history", "")
		}
		quiet("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, house.NHS(2)))
		quiet("POST", "/people/search", `{"family":"Quornlone","born":"1950-01-01"}`)
	}

	tester := h.Somebody(kmcr.Viewer{Account: "tester", Role: kmcr.RoleGP, Organisation: "RVV"})
	if got := tester.Ask("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, house.NHS(2))); !strings.Contains(got.Body, "QUORNLONE") {
		t.Errorf("a tester does not find whom the trial knows: %s", got.Body)
	}
	for _, one := range []string{known.ref, ref} {
		if got := tester.Get("/people/" + one + "/problems"); !strings.Contains(got.Body, "trialcanary") {
			t.Errorf("a tester does not see what the trial states: %d %.300s", got.Status, got.Body)
		}
	}
	own := h.Somebody(kmcr.Viewer{Account: "trial", Contributor: "trial"})
	if got := own.Get("/fhir/R4/" + alone["urn:uuid:2"]); !strings.Contains(got.Body, "trialcanary") {
		t.Errorf("its own client does not read it back: %d %s", got.Status, got.Body)
	}
}

func trialEntries(nhs, family, born string) []string {
	return []string{
		fmt.Sprintf(`urn:uuid:1 {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":%q,"given":["Zoe"]}],"gender":"female","birthDate":%q}`, nhs, family, born),
		`urn:uuid:2 {"resourceType":"Condition","code":{"text":"trialcanary"},"subject":{"reference":"urn:uuid:1"}}`,
		`urn:uuid:3 {"resourceType":"EpisodeOfCare","status":"active","type":[{"text":"Social care: trialcanary"}],"patient":{"reference":"urn:uuid:1"},"period":{"start":"2020-01-02"}}`,
	}
}
