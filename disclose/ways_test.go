package disclose_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/e2e/house"
	"kmcr/store"
)

func doctor(h *house.House) house.Asker {
	return h.Somebody(kmcr.Viewer{Account: "dr", Name: "Dr Ines Vale", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV"})
}

func privacyOfficer(h *house.House) house.Asker {
	return h.Somebody(kmcr.Viewer{Account: "officer", Name: "Priya Officer", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV"})
}

func reads(t *testing.T, a house.Asker, ref string, want int) string {
	t.Helper()
	got := a.Get("/people/" + ref)
	if got.Status != want {
		t.Errorf("the record answers %d, want %d: %.300s", got.Status, want, got.Body)
	}
	return got.Body
}

// Attack 55: without a reason, with one that says nothing, or twenty times an hour.
func TestAnEmergencyOpening(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	dr := doctor(h)
	path := "/people/" + p.ref + "/break-glass"
	for name, body := range map[string]string{
		"no reason": `{"reason":""}`, "one letter": `{"reason":"x"}`, "the same letter": `{"reason":"xxxxxxxxxxxxxxx"}`, "no words": `{"reason":"1234567890 ..."}`,
		"a reason that is not on the list": `{"ground":"nosy","reason":"collapsed in the street"}`, "not JSON": `reason`, "more than is asked": `{"reason":"collapsed in the street","role":"gp"}`,
	} {
		if got := dr.Ask("POST", path, body); got.Status != 400 {
			t.Errorf("%s: answered %d", name, got.Status)
		}
	}
	reads(t, dr, p.ref, 403)
	if got := dr.Ask("POST", path, `{"ground":"life","reason":"collapsed in the street"}`); got.Status != 200 {
		t.Fatalf("answered %d: %s", got.Status, got.Body)
	}
	reads(t, dr, p.ref, 200)
	officer := privacyOfficer(h)
	if seen := officer.Get("/privacy").Body; !strings.Contains(seen, "collapsed in the street") || !strings.Contains(seen, "life is in danger") || !strings.Contains(seen, `"rule":"uninvolved"`) {
		t.Errorf("the privacy officer does not see it: %.500s", seen)
	}
	reads(t, h.Somebody(kmcr.Viewer{Account: "colleague", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV"}), p.ref, 403)
	h.Pass(8*time.Hour - time.Minute)
	reads(t, dr, p.ref, 200)
	h.Pass(2 * time.Minute)
	reads(t, dr, p.ref, 403)

	refused := 0
	for n := 2; n < 22; n++ {
		q := plant(h, n, "hospital", "")
		if got := dr.Ask("POST", "/people/"+q.ref+"/break-glass", `{"reason":"collapsed in the street"}`); got.Status == 403 {
			refused++
		}
	}
	if refused < 10 {
		t.Errorf("of twenty openings in an hour %d were refused", refused)
	}
}

func TestSayingToBeInvolved(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	dr := doctor(h)
	path := "/people/" + p.ref + "/involved"
	if got := dr.Ask("POST", path, `{"reason":"short"}`); got.Status != 400 {
		t.Errorf("a short reason: %d", got.Status)
	}
	if got := dr.Get("/people/" + p.ref); !strings.Contains(got.Body, `"mayClaim":true`) {
		t.Errorf("it is not offered: %s", got.Body)
	}
	got := dr.Ask("POST", path, `{"ground":"seeing","reason":"in my falls clinic this morning"}`)
	if got.Status != 200 || !strings.Contains(got.Body, `"until"`) {
		t.Fatalf("answered %d: %s", got.Status, got.Body)
	}
	body := reads(t, dr, p.ref, 200)
	if strings.Contains(body, named("restricted").word()) || strings.Contains(body, named("clinicdiagnosis").word()) {
		t.Error("a claim opens what is restricted")
	}
	officer := privacyOfficer(h)
	if seen := officer.Get("/privacy").Body; !strings.Contains(seen, "in my falls clinic this morning") {
		t.Error("the privacy officer does not see it")
	}
	h.Pass(14*24*time.Hour + time.Second)
	reads(t, dr, p.ref, 403)

	q := plant(h, 2, "hospital", "")
	h.Object(q.id, access.Objection{})
	if got := dr.Ask("POST", "/people/"+q.ref+"/involved", `{"reason":"in my falls clinic this morning"}`); got.Status != 403 {
		t.Errorf("a claim gets round an objection: %d", got.Status)
	}
	if got := dr.Get("/people/" + q.ref); strings.Contains(got.Body, "mayClaim") {
		t.Error("it is offered where it would open nothing")
	}
	for _, a := range []house.Asker{
		h.Somebody(kmcr.Viewer{Account: "carer", Role: kmcr.RoleCarer, Organisation: "RVV"}), h.Somebody(kmcr.Viewer{Account: "out", Role: kmcr.RoleGP, Organisation: "RZZ"}),
		h.Somebody(kmcr.Viewer{Account: "none", Role: "R9999", Organisation: "RVV"}),
	} {
		if got := a.Ask("POST", "/people/"+p.ref+"/involved", `{"reason":"in my falls clinic this morning"}`); got.Status != 404 || strings.Contains(got.Body, "Quorn") {
			t.Errorf("%s: %d %s", a.Account, got.Status, got.Body)
		}
	}
}

// A person's objection is recorded by a privacy officer and holds on the next request, and until it is taken back.
func TestObjectionsAreRecordedAndInForceAtOnce(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	dr, officer := doctor(h), privacyOfficer(h)
	nurse := h.Somebody(kmcr.Viewer{Account: "nurse", Role: kmcr.RoleCommunityNurse, Organisation: "RVV"})
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "spell", Organisation: "RVV"})
	path := "/people/" + p.ref + "/objections"
	for _, a := range []house.Asker{dr, nurse} {
		if got := a.Ask("POST", path, `{"reason":"I do not want to be seen"}`); got.Status != 403 {
			t.Errorf("%s records an objection: %d", a.Account, got.Status)
		}
		reads(t, a, p.ref, 200)
	}
	for _, bad := range []string{`{"reason":"x"}`, `{"role":"wizard","reason":"I do not want to be seen"}`, `{"organisation":"Q99","reason":"I do not want to be seen"}`} {
		if got := officer.Ask("POST", path, bad); got.Status != 400 {
			t.Errorf("%s: %d", bad, got.Status)
		}
	}
	if got := officer.Ask("POST", path, `{"role":"community-nurse","reason":"my neighbour is a nurse here"}`); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	reads(t, nurse, p.ref, 403)
	reads(t, dr, p.ref, 200)
	officer.Ask("POST", path, `{"organisation":"RVV","reason":"I do not want the hospital to look"}`)
	reads(t, dr, p.ref, 403)
	if got := officer.Get(path); got.Status != 200 || strings.Count(got.Body, `"id":`) != 2 {
		t.Errorf("the list: %d %s", got.Status, got.Body)
	}
	if got := officer.Ask("POST", path+"/2/end", `{"reason":"taken back by telephone"}`); got.Status != 200 {
		t.Errorf("ending it: %d %s", got.Status, got.Body)
	}
	reads(t, dr, p.ref, 200)
	reads(t, nurse, p.ref, 403)
	if got := officer.Ask("POST", path+"/2/end", `{"reason":"taken back by telephone"}`); got.Status != 404 {
		t.Errorf("ending it twice: %d", got.Status)
	}
	reads(t, officer, p.ref, 403)
}

// The sixth look on a day is raised with its evidence, and what came of it is recorded.
func TestTheSixthLookIsRaised(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	dr, officer := doctor(h), privacyOfficer(h)
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "spell", Organisation: "RVV"})
	type concern struct {
		ID, Rule, Outcome string
		Looks             int
		Evidence          []string
	}
	raised := func() (out []concern) {
		var v struct{ Concerns []concern }
		if err := json.Unmarshal([]byte(officer.Get("/privacy").Body), &v); err != nil {
			t.Fatal(err)
		}
		for _, c := range v.Concerns {
			if c.Rule == "repeated" {
				out = append(out, c)
			}
		}
		return out
	}
	for range 5 {
		reads(t, dr, p.ref, 200)
	}
	if got := raised(); len(got) != 0 {
		t.Errorf("five looks are raised: %+v", got)
	}
	reads(t, dr, p.ref, 200)
	got := raised()
	if len(got) != 1 || got[0].Looks != 6 || len(got[0].Evidence) != 6 {
		t.Fatalf("the sixth look is not raised: %+v", got)
	}
	settle := fmt.Sprintf(`{"id":%q,"outcome":"appropriate","reason":"on the ward that day"}`, got[0].ID)
	if a := dr.Ask("POST", "/privacy/concerns", settle); a.Status != 403 {
		t.Errorf("the one who looked settles it: %d", a.Status)
	}
	if a := officer.Ask("POST", "/privacy/concerns", settle); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if got := raised(); len(got) != 1 || got[0].Outcome != "appropriate" {
		t.Errorf("the outcome is not kept: %+v", got)
	}
	for _, bad := range []string{`{"id":"x","outcome":"appropriate","reason":"on the ward that day"}`, `{"id":"` + got[0].ID + `","outcome":"fine","reason":"on the ward that day"}`} {
		if a := officer.Ask("POST", "/privacy/concerns", bad); a.Status != 404 && a.Status != 400 {
			t.Errorf("%s: %d", bad, a.Status)
		}
	}
}

// The public page is made from the register and the policies, and says nothing of anybody.
func TestAboutIsMadeFromWhatIsInForce(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	nobody := h.Somebody(kmcr.Viewer{})
	for _, accept := range []string{"application/json", "text/html"} {
		got := nobody.Ask("GET", "/about", "", "Accept", accept)
		for _, want := range []string{"East Kent Hospitals", "Plain Surgery", "medicines", "emergency"} {
			if got.Status != 200 || !strings.Contains(got.Body, want) {
				t.Errorf("%s does not say %q", accept, want)
			}
		}
		if strings.Contains(got.Body, "Outside Hospitals") || strings.Contains(got.Body, p.nhs) {
			t.Errorf("%s names who has not signed, or somebody", accept)
		}
	}
}

// Somebody who searches without end is stopped, and the searches are in the log.
func TestSearchesAreBounded(t *testing.T) {
	h := house.New(t)
	dr := doctor(h)
	stopped := 0
	for n := range 605 {
		if got := dr.Ask("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, house.NHS(n))); got.Status == 429 {
			stopped++
		} else if got.Status != 200 {
			t.Fatalf("answered %d", got.Status)
		}
	}
	if stopped != 5 {
		t.Errorf("%d of 605 searches were stopped", stopped)
	}
	if got := dr.Get("/fhir/R4/Patient?identifier=" + house.NHS(1)); got.Status != 429 || !strings.Contains(got.Body, "throttled") {
		t.Errorf("the FHIR search is another way: %d", got.Status)
	}
	if n := h.Audited(); n < 606 {
		t.Errorf("%d searches are in the log", n)
	}
	h.Pass(time.Minute)
	if got := dr.Ask("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, house.NHS(1))); got.Status != 200 {
		t.Errorf("a minute later: %d", got.Status)
	}
}

// Attack 58: what was shown cannot be framed, kept or guessed by another site.
func TestHeadersOfEveryAnswer(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	dr := doctor(h)
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "spell", Organisation: "RVV"})
	for _, path := range []string{"/", "/about", "/people/" + p.ref, "/people/nobody", "/nowhere", "/caseload", "/fhir/R4/Patient/" + p.ref, "/fhir/R4/Patient/nobody", "/fhir/R4/metadata"} {
		got := dr.Get(path)
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
		policy := got.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %q", path, policy)
		}
	}
}

// Attack 57: another site's page opens nothing in the name of who has signed in.
func TestAnotherSitesPageChangesNothing(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	dr, officer := doctor(h), privacyOfficer(h)
	for _, path := range []string{"/break-glass", "/involved", "/objections"} {
		for _, a := range []house.Asker{dr, officer} {
			for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
				got := a.Ask("POST", "/people/"+p.ref+path, `{"reason":"collapsed in the street"}`, from...)
				if got.Status != 403 || !strings.Contains(got.Body, "another site") {
					t.Errorf("%s from %v: %d %s", path, from, got.Status, got.Body)
				}
			}
		}
	}
	reads(t, dr, p.ref, 403)
}

// An emergency opening asks that the viewer has just shown who they are, and as strongly as their organisation asks.
func TestAnEmergencyOpeningAsksForAStepUp(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	path := "/people/" + p.ref + "/break-glass"
	long := kmcr.Viewer{Account: "long", Role: kmcr.RoleHospitalDoctor, Organisation: "G82051", Assurance: 2, Proven: h.Now.Add(-6 * time.Minute)}
	const why = `{"reason":"collapsed in the street"}`
	stale := h.Somebody(long)
	got := stale.Ask("POST", path, why)
	if got.Status != 401 || !strings.Contains(got.Header.Get("WWW-Authenticate"), "insufficient_user_authentication") {
		t.Errorf("six minutes after the sign-in: %d %s", got.Status, got.Body)
	}
	got = stale.Ask("POST", path, "reason=collapsed+in+the+street", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	if got.Status != 303 || !strings.HasPrefix(got.Header.Get("Location"), "/signin?again=1&return=") {
		t.Errorf("a browser is sent to %d %s", got.Status, got.Header.Get("Location"))
	}
	if got := stale.Get("/people/" + p.ref); got.Status != 403 {
		t.Errorf("the record opens without a step-up: %d", got.Status)
	}
	h.Write(func(tx *store.Tx) error {
		return tx.Put(store.KindOrganisation, "G82051", kmcr.Organisation{ODS: "G82051", Name: "Plain Surgery", Signatory: true, StepUp: 3})
	})
	time.Sleep(1100 * time.Millisecond) // what the registers say is read again by then
	long.Proven = h.Now
	fresh := h.Somebody(long)
	if got := fresh.Ask("POST", path, why); got.Status != 401 || !strings.Contains(got.Body, "level 3") {
		t.Errorf("a sign-in of level 2 where 3 is asked for: %d %s", got.Status, got.Body)
	}
	long.Assurance = 3
	if got := h.Somebody(long).Ask("POST", path, why); got.Status != 200 {
		t.Errorf("just shown, and strongly enough: %d %s", got.Status, got.Body)
	}
}

// An organisation that asks for a stronger sign-in than the one in use is shown nothing.
func TestTooWeakASignInOpensNothing(t *testing.T) {
	h := house.New(t)
	p := plant(h, 1, "hospital", "")
	h.Involve(kmcr.Involvement{Person: p.id, Kind: "registered", Organisation: "RVV"})
	h.Write(func(tx *store.Tx) error {
		return tx.Put(store.KindOrganisation, "RVV", kmcr.Organisation{ODS: "RVV", Name: "East Kent Hospitals", Signatory: true, Assurance: 2})
	})
	for level, want := range map[int]int{1: 404, 2: 200, 3: 200} {
		gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV", Assurance: level})
		for _, path := range []string{"/people/" + p.ref, "/fhir/R4/Patient/" + p.ref} {
			if got := gp.Get(path); got.Status != want {
				t.Errorf("level %d, %s: %d", level, path, got.Status)
			}
		}
	}
}
