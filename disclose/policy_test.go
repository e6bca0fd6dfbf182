package disclose_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
)

// A change of who may see what is shown with who gains and who loses, proposed by one and approved by another, and holds from the
// next request on.
func TestAPolicyIsChangedByTwo(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	therapist := h.Somebody(kmcr.Viewer{Account: "ot", Name: "Tom Ley", Role: kmcr.RoleOccupationalTherapist, Organisation: "RVV", Assurance: 3})
	resultsHidden := func() string {
		var r struct{ Results struct{ Hidden string } }
		if err := json.Unmarshal([]byte(therapist.Get("/people/"+p.ref).Body), &r); err != nil {
			t.Fatal(err)
		}
		return r.Results.Hidden
	}
	officer := h.Somebody(kmcr.Viewer{Account: "officer", Name: "Helen Marsh", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV", Assurance: 3, Proven: h.Now})
	guardian := h.Somebody(kmcr.Viewer{Account: "guardian", Name: "Simon Achebe", Role: kmcr.RoleCaldicottGuardian, Organisation: "RVV", Assurance: 3, Proven: h.Now})

	if resultsHidden() == "" {
		t.Fatal("the therapist sees results before anything was changed")
	}
	change := `{"changes":[{"role":"occupational-therapist","right":"results","have":"yes"},{"role":"paramedic","right":"documents","have":"no"}],"reason":"therapists plan by results","preview":`
	preview := officer.Ask("POST", "/policies", change+`true}`)
	for _, want := range []string{`"role":"occupational-therapist"`, `"gains":[{"role":"occupational-therapist","right":"results","from":"no","to":"yes"`, `"loses":[{"role":"paramedic","right":"documents"`, `"lookers":1`} {
		if !strings.Contains(preview.Body, want) {
			t.Errorf("before it is proposed it does not say %s: %d %s", want, preview.Status, preview.Body)
		}
	}
	var proposed struct{ ID string }
	answer := officer.Ask("POST", "/policies", change+`false}`)
	if err := json.Unmarshal([]byte(answer.Body), &proposed); err != nil || answer.Status != 201 {
		t.Fatalf("a proposal is answered %d %s", answer.Status, answer.Body)
	}
	approve := "/policies/" + proposed.ID + "/approve"
	if got := officer.Ask("POST", approve, "{}"); got.Status != 403 {
		t.Errorf("who proposed it may approve it: %d %s", got.Status, got.Body)
	}
	if resultsHidden() == "" {
		t.Error("it holds before it is approved")
	}
	weary := h.Somebody(kmcr.Viewer{Account: "guardian", Role: kmcr.RoleCaldicottGuardian, Organisation: "RVV", Assurance: 3, Proven: h.Now.Add(-time.Hour)})
	if got := weary.Ask("POST", approve, "{}"); got.Status != 401 {
		t.Errorf("approving does not ask for a step-up: %d", got.Status)
	}
	for _, other := range []kmcr.Role{kmcr.RoleGP, kmcr.RoleAdministrator, kmcr.RoleRecordsOfficer} {
		x := h.Somebody(kmcr.Viewer{Account: "x" + string(other), Role: other, Organisation: "RVV", Assurance: 3, Proven: h.Now})
		if x.Get("/policies").Status != 403 || x.Ask("POST", approve, "{}").Status != 403 || x.Ask("POST", "/policies", change+`true}`).Status != 403 {
			t.Errorf("%s may change policies", other)
		}
	}
	if got := guardian.Ask("POST", approve, "{}"); got.Status != 200 {
		t.Fatalf("the second person cannot approve it: %d %s", got.Status, got.Body)
	}
	if resultsHidden() != "" {
		t.Error("the change does not hold on the next request")
	}
	if got := guardian.Ask("POST", approve, "{}"); got.Status != 409 {
		t.Errorf("it is approved twice: %d", got.Status)
	}
	if got := officer.Get("/policies"); !strings.Contains(got.Body, `"number":1`) || !strings.Contains(got.Body, `"state":"in-force"`) {
		t.Errorf("the list does not say what is in force: %s", got.Body)
	}
	if got := officer.Get("/about"); got.Status != 200 {
		t.Error(got.Status)
	}
	said := map[string]bool{}
	h.Must(h.DB.AuditAll(t.Context(), func(e *audit.Entry) error {
		said[e.Action+" "+e.Detail["policy"]] = true
		return nil
	}))
	for _, want := range []string{"propose-policy 1", "approve-policy 1", "read 1"} {
		if !said[want] {
			t.Errorf("the audit does not say %q", want)
		}
	}

	// Two proposals from the same state: the second has been overtaken.
	first := propose(t, officer, `{"role":"carer","right":"documents","have":"yes"}`)
	second := propose(t, guardian, `{"role":"carer","right":"problems","have":"yes"}`)
	if got := guardian.Ask("POST", "/policies/"+first+"/approve", "{}"); got.Status != 200 {
		t.Fatal(got.Status, got.Body)
	}
	if got := officer.Ask("POST", "/policies/"+second+"/approve", "{}"); got.Status != 409 {
		t.Errorf("a proposal that was overtaken comes into force: %d", got.Status)
	}
	if got := officer.Ask("POST", "/policies/"+second+"/refuse", "{}"); got.Status != 200 {
		t.Errorf("it cannot be refused: %d %s", got.Status, got.Body)
	}
}

func propose(t *testing.T, by house.Asker, change string) string {
	t.Helper()
	var p struct{ ID string }
	got := by.Ask("POST", "/policies", `{"changes":[`+change+`],"reason":"a reason of some length"}`)
	if err := json.Unmarshal([]byte(got.Body), &p); err != nil || got.Status != 201 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	return p.ID
}

// What no policy may do cannot be proposed, by anybody.
func TestNoPolicyMayHarm(t *testing.T) {
	h := house.New(t)
	officer := h.Somebody(kmcr.Viewer{Account: "officer", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV", Assurance: 3, Proven: h.Now})
	for says, change := range map[string]string{
		"allergies hidden from who sees medicines":   `{"role":"carer","right":"allergies","have":"no"}`,
		"an administrator who opens records":         `{"role":"administrator","right":"medicines","have":"yes"}`,
		"an emergency for who gives no care":         `{"role":"records-officer","right":"break-glass","have":"yes"}`,
		"sensitive entries for a privacy officer":    `{"role":"privacy-officer","right":"topic SEX","have":"yes"}`,
		"another kind of job":                        `{"role":"administrator","right":"kind","have":"clinical"}`,
		"a role that there is not":                   `{"role":"king","right":"medicines","have":"yes"}`,
		"a right that there is not":                  `{"role":"gp","right":"everything","have":"yes"}`,
		"a value that there is not":                  `{"role":"gp","right":"medicines","have":"perhaps"}`,
		"a list that there is not":                   `{"role":"gp","right":"list secrets","have":"yes"}`,
		"nothing that would change":                  `{"role":"gp","right":"medicines","have":"yes"}`,
		"nobody left who looks after policies":       `{"role":"privacy-officer","right":"list policies","have":"no"},{"role":"caldicott-guardian","right":"list policies","have":"no"}`,
		"a record of nobody: demographics are taken": `{"role":"gp","right":"demographics","have":"no"}`,
	} {
		if got := officer.Ask("POST", "/policies", `{"changes":[`+change+`],"reason":"a reason of some length"}`); got.Status != 400 && got.Status != 422 {
			t.Errorf("%s: %d %s", says, got.Status, got.Body)
		}
	}
	if got := officer.Ask("POST", "/policies", `{"changes":[{"role":"gp","right":"results","have":"no"}],"reason":"x"}`); got.Status != 400 && got.Status != 422 {
		t.Errorf("without a reason: %d", got.Status)
	}
}
