package disclose_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/e2e/house"
	"kmcr/ingest"
)

// told are the alerts of somebody: topic, state and text.
func told(t *testing.T, a house.Asker) (all []string) {
	t.Helper()
	var r struct {
		Alerts []struct{ Topic, State, Text string }
	}
	if err := json.Unmarshal([]byte(a.Get("/alerts").Body), &r); err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Alerts {
		all = append(all, x.Topic+" "+x.State+": "+x.Text)
	}
	return all
}

// What was told and is put right is withdrawn, and does not stay on the list as something new; what was an error from the start is not told.
func TestWhatIsPutRightIsWithdrawn(t *testing.T) {
	now := time.Now()
	today := now.Format(time.DateOnly)
	slot := `"start":"` + now.Add(-2*time.Hour).Format(time.RFC3339) + `","end":"` + now.Add(-time.Hour).Format(time.RFC3339) + `","participant":[{"actor":SUBJECT,"status":"accepted"}]`
	for name, c := range map[string]struct {
		kind, wrong, right string
		want, state        string // of the alert, and on the caseload
	}{
		"a death that was none":       {"Patient", `"deceasedDateTime":"` + today + `"`, `"deceasedBoolean":false`, "death withdrawn", ""},
		"an appointment that was met": {"Appointment", `"status":"noshow",` + slot, `"status":"fulfilled",` + slot, "did-not-attend withdrawn", ""},
		"a concern recorded in error": {"Flag", `"status":"active","code":{"text":"Safeguarding adult concern"},"subject":SUBJECT,"period":{"start":"` + today + `"}`,
			`"status":"entered-in-error","code":{"text":"Safeguarding adult concern"},"subject":SUBJECT,"period":{"start":"` + today + `"}`, "safeguarding withdrawn", ""},
		"a concern that has ended": {"Flag", `"status":"active","code":{"text":"Safeguarding adult concern"},"subject":SUBJECT,"period":{"start":"` + today + `"}`,
			`"status":"inactive","code":{"text":"Safeguarding adult concern"},"subject":SUBJECT,"period":{"start":"` + today + `","end":"` + today + `"}`, "safeguarding changed: Safeguarding information that has ended", ""},
		"a plan recorded in error": {"CarePlan", `"status":"active","intent":"plan","title":"Plan","created":"` + today + `","subject":SUBJECT`, `"status":"entered-in-error","intent":"plan","title":"Plan","created":"` + today + `","subject":SUBJECT`, "plan-changed withdrawn", ""},
		"a death in hospital": {"Encounter", `"status":"in-progress","class":{"code":"IMP"},"subject":SUBJECT,"period":{"start":"` + now.Add(-9*time.Hour).Format(time.RFC3339) + `"}`,
			`"status":"finished","class":{"code":"IMP"},"subject":SUBJECT,"period":{"start":"` + now.Add(-9*time.Hour).Format(time.RFC3339) + `","end":"` + now.Add(-time.Hour).Format(time.RFC3339) + `"},"hospitalization":{"dischargeDisposition":{"coding":[{"code":"exp"}]}}`, "death", "died*"},
		"a stay that began at a time that was not sent": {"Encounter", `"status":"planned","class":{"code":"IMP"},"subject":SUBJECT`, `"status":"in-progress","class":{"code":"UNK"},"subject":SUBJECT`, "admission new", "in-hospital*"},
	} {
		t.Run(name, func(t *testing.T) {
			h := house.New(t)
			grace := h.Somebody(kmcr.Viewer{Account: "grace", Name: "Grace", Role: kmcr.RoleSocialWorker, Organisation: "RVV", Team: "Frailty"})
			who := `"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + house.NHS(1) + `"}],"name":[{"family":"Right"}],"birthDate":"1941-03-05"`
			ids := h.Sent("hospital", plantedPatient+` {"resourceType":"Patient",`+who+`}`)
			p := h.PersonOf(ids[plantedPatient])
			h.Involve(kmcr.Involvement{Person: p, Kind: "caseload", Organisation: "RVV", Team: "Frailty", From: h.Now.AddDate(0, -1, 0)})
			at := ids[plantedPatient]
			send := func(body string) {
				t.Helper()
				body = strings.ReplaceAll(body, "SUBJECT", `{"reference":"`+ids[plantedPatient]+`"}`)
				if c.kind == "Patient" {
					body = who + "," + body
				}
				in := ingest.Interaction{Contributor: "hospital", Method: "POST", Type: c.kind, Body: []byte(`{"resourceType":"` + c.kind + `",` + body + `}`)}
				if strings.HasPrefix(at, c.kind+"/") {
					id := strings.TrimPrefix(at, c.kind+"/")
					in.Method, in.ID, in.Body = "PUT", id, []byte(`{"resourceType":"`+c.kind+`","id":"`+id+`",`+body+`}`)
				}
				a, err := h.In.FHIR(t.Context(), in)
				h.Must(err)
				if a.Status > 201 {
					t.Fatalf("%d: %s", a.Status, a.Body)
				}
				if a.Location != "" {
					at = strings.Split(strings.TrimPrefix(a.Location, "/fhir/R4/"), "/_history")[0]
				}
			}
			send(c.wrong)
			h.Pass(time.Minute)
			for _, x := range told(t, grace) {
				if strings.Contains(x, "withdrawn") {
					t.Errorf("before it is put right: %s", x)
				}
			}
			send(c.right)
			h.Pass(time.Minute)
			all := told(t, grace)
			if len(all) != 1 || !strings.HasPrefix(all[0], strings.Replace(c.want, "changed:", "new:", 1)) {
				t.Errorf("told are %q, want %q", all, c.want)
			}
			if got := caseload(t, grace, "").states(0); got != c.state {
				t.Errorf("the caseload has %q, want %q", got, c.state)
			}
		})
	}
}
