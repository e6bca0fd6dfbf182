package disclose_test

import (
	"strings"
	"testing"

	"kmcr"
	"kmcr/e2e/house"
)

// What a reader reports reaches the system that said it, and only that system; it answers, and the reader sees the answer.
func TestAContributorReadsAndAnswersWhatIsReportedOfItsStatements(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Name: "Dr Grey", Role: kmcr.RoleGP, Organisation: "RVV"})
	hospital := h.Somebody(kmcr.Viewer{Account: "hospital", Contributor: "hospital"})
	other := h.Somebody(kmcr.Viewer{Account: "community", Contributor: "community"})
	_, condition, _ := strings.Cut(p.ids[record[0].word()], "/")
	if got := gp.Ask("POST", "/people/"+p.ref+"/report/"+condition, `{"says":"This is her sister's, not hers"}`); got.Status >= 400 {
		t.Fatalf("reporting answers %d: %s", got.Status, got.Body)
	}
	const list, answer = "/fhir/R4/Task/$corrections", "/fhir/R4/Task/$answer-correction"
	task := condition + "-1"
	if got := hospital.Get(list); got.Status != 200 || !strings.Contains(got.Body, `"id":"`+task+`"`) || !strings.Contains(got.Body, `"status":"requested"`) || !strings.Contains(got.Body, "her sister's") {
		t.Errorf("its contributor reads %d: %s", got.Status, got.Body)
	}
	if got := other.Get(list); got.Status != 200 || strings.Contains(got.Body, condition) {
		t.Errorf("another contributor reads %d: %s", got.Status, got.Body)
	}
	if got := gp.Get(list); got.Status != 403 {
		t.Errorf("a reader of records reads the list: %d", got.Status)
	}
	says := func(outcome, words string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"task","valueString":"` + task + `"},{"name":"outcome","valueCode":"` + outcome + `"},{"name":"answer","valueString":"` + words + `"}]}`
	}
	for _, c := range []struct {
		name   string
		who    house.Asker
		body   string
		status int
	}{
		{"another contributor's", other, says("corrected", "Taken out today"), 404},
		{"no outcome that there is", hospital, says("perhaps", "Taken out today"), 400},
		{"no words", hospital, says("stands", ""), 400},
		{"no task", hospital, strings.Replace(says("stands", "It is hers"), task, "nothing", 1), 400},
		{"no FHIR", hospital, `{"resourceType":`, 400},
		{"an answer", hospital, says("stands", "Confirmed with her today"), 204},
	} {
		before := h.Audited()
		if got := c.who.Ask("POST", answer, c.body); got.Status != c.status {
			t.Errorf("%s: answered %d, not %d: %s", c.name, got.Status, c.status, got.Body)
		} else if c.status != 400 && c.status != 404 && h.Audited() == before {
			t.Errorf("%s: left no audit entry", c.name)
		}
	}
	if got := hospital.Get(list); !strings.Contains(got.Body, `"status":"rejected"`) {
		t.Errorf("after the answer it reads %s", got.Body)
	}
	if got := gp.Get("/people/" + p.ref); !strings.Contains(got.Body, "Confirmed with her today") {
		t.Errorf("the reader does not see the answer")
	}
}
