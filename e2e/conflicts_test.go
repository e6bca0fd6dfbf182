package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kmcr/compose"
)

// conflict is the one about medicines in Ronald Culpepper's record: his practice and his community nurse disagree on a dose.
func conflict(t *testing.T, reader as, ref string) compose.Conflict {
	t.Helper()
	got := reader.do("GET", "/people/"+ref+"/conflicts", "")
	var v struct{ Conflicts []compose.Conflict }
	if err := json.Unmarshal(got.body, &v); got.status != http.StatusOK || err != nil {
		t.Fatalf("the conflicts are answered %d: %v %.300s", got.status, err, got.body)
	}
	for _, c := range v.Conflicts {
		if c.About == "medicines" {
			return c
		}
	}
	t.Fatalf("there is no conflict about a medicine: %.600s", got.body)
	return compose.Conflict{}
}

func preferred(c compose.Conflict) (source, statement string) {
	for _, v := range c.Values {
		if v.Preferred {
			source, statement = string(v.From.Contributor), v.From.Statement
		}
	}
	return source, statement
}

// Two sources disagree on a dose: both stand there, one is preferred for a reason that a records officer can change; a reader reports
// the other, the line is marked until it is answered; and the record can be read as it stood before.
func TestADisagreementFromReportToAnswer(t *testing.T) {
	p := demonstration(t)
	gp, officer := p.user("gp"), p.user("records-officer")
	ref := gp.find(demoNumber(t, "ronald-culpepper"))

	c := conflict(t, gp, ref)
	if source, _ := preferred(c); source != "gp" || len(c.Values) != 2 || c.Reason == "" {
		t.Errorf("the practice's word counts first for medicines: %+v", c)
	}
	order := func(kinds ...string) {
		t.Helper()
		body, _ := json.Marshal(map[string]any{"kinds": kinds, "why": "The team that gives it knows the dose."})
		if got := officer.do("POST", "/authority/medicines", string(body)); got.status != http.StatusOK {
			t.Fatalf("the order is answered %d: %s", got.status, got.body)
		}
	}
	if got := gp.do("POST", "/authority/medicines", `{"kinds":["community"],"why":"x"}`); got.status != http.StatusForbidden {
		t.Errorf("a GP changes whose word counts: %d", got.status)
	}
	order("community", "gp-practice")
	c = conflict(t, gp, ref)
	if source, _ := preferred(c); source != "community" || !strings.Contains(c.Reason, "community service") {
		t.Errorf("after the officer's order: %+v", c)
	}
	order("gp-practice", "community")

	source, statement := preferred(conflict(t, gp, ref))
	if source != "gp" {
		t.Errorf("the order was not put back: %s", source)
	}
	if got := gp.do("POST", "/people/"+ref+"/report/"+statement, `{"says":"He takes 5 mg since the clinic of last week."}`); got.status != http.StatusCreated {
		t.Fatalf("the report is answered %d: %s", got.status, got.body)
	}
	marked := func() bool {
		t.Helper()
		var v struct {
			Medicines struct{ Items []compose.Medicine }
		}
		if err := json.Unmarshal(gp.do("GET", "/people/"+ref+"/medicines", "").body, &v); err != nil {
			t.Fatal(err)
		}
		for _, m := range v.Medicines.Items {
			if m.Reported {
				return true
			}
		}
		return false
	}
	if !marked() {
		t.Error("the line is not marked while the report waits")
	}
	var list struct {
		Corrections []struct {
			ID        json.Number `json:"id"`
			Statement string      `json:"statement"`
			State     string      `json:"state"`
		} `json:"corrections"`
	}
	if err := json.Unmarshal(officer.do("GET", "/corrections", "").body, &list); err != nil || len(list.Corrections) == 0 {
		t.Fatalf("the officer's list: %v %+v", err, list)
	}
	for _, k := range list.Corrections {
		if k.Statement == statement && k.State == compose.Asked {
			if got := officer.do("POST", "/corrections/"+k.Statement+"/"+k.ID.String(), `{"state":"stands","answer":"The practice has looked: 2.5 mg is right."}`); got.status != http.StatusOK {
				t.Errorf("the answer is answered %d: %s", got.status, got.body)
			}
		}
	}
	if marked() {
		t.Error("the line is marked though it was answered")
	}
}

// The record as it stood, and as somebody saw it: before anything was sent there is nothing, and a look shows what was seen then.
func TestTheRecordAsItStood(t *testing.T) {
	p := demonstration(t)
	gp := p.user("gp")
	ref := gp.find(demoNumber(t, "ronald-culpepper"))
	if got := gp.do("GET", "/people/"+ref+"/medicines", ""); got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	type medicines struct {
		Medicines struct{ Items []compose.Medicine }
	}
	at := func(query string) medicines {
		t.Helper()
		var v medicines
		got := gp.do("GET", "/people/"+ref+"/medicines?"+query, "")
		if err := json.Unmarshal(got.body, &v); got.status != http.StatusOK || err != nil {
			t.Fatalf("%s is answered %d: %v %.200s", query, got.status, err, got.body)
		}
		return v
	}
	if before := at("at=2020-01-01"); len(before.Medicines.Items) != 0 {
		t.Errorf("years before anything was sent there were %d medicines", len(before.Medicines.Items))
	}
	instant := time.Now().Truncate(time.Second).Add(time.Second) // whole, as it is written, and after all that was sent
	time.Sleep(time.Until(instant.Add(100 * time.Millisecond)))
	now := at("at=" + url.QueryEscape(instant.Format(time.RFC3339)))
	if len(now.Medicines.Items) == 0 {
		t.Error("a moment ago there were no medicines")
	}
	var looks struct {
		Looks []struct{ ID, Where string }
	}
	if err := json.Unmarshal(gp.do("GET", "/people/"+ref+"/access", "").body, &looks); err != nil || len(looks.Looks) == 0 {
		t.Fatal("nobody has looked")
	}
	for _, l := range looks.Looks {
		if strings.HasSuffix(l.Where, "/medicines") {
			if seen := at("look=" + url.QueryEscape(l.ID)); len(seen.Medicines.Items) == 0 {
				t.Errorf("look %s saw no medicines", l.ID)
			}
			break
		}
	}
}
