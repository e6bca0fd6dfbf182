package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const person = "/people/" + string(refFull)

func TestWhoHasNotSignedIn(t *testing.T) {
	h := sampleSite(newSample())
	t.Run("a browser is sent to sign in and back", func(t *testing.T) {
		w := get(h, "", person+"/medicines?show=past")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/signin?return=%2Fpeople%2Faaaaaaaaaaaaa%2Fmedicines%3Fshow%3Dpast" {
			t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
		}
	})
	for _, accept := range []string{"application/json", "*/*"} {
		t.Run("a program that accepts "+accept+" is told", func(t *testing.T) {
			w := get(h, "", person, "Accept", accept)
			if w.Code != http.StatusUnauthorized || errorOf(t, w.Body.String()).Kind != "unauthenticated" || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		})
	}
}

func errorOf(t *testing.T, body string) failure {
	t.Helper()
	var v struct{ Error failure }
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v.Error
}

func TestWhatIsAnsweredToWhom(t *testing.T) {
	for _, c := range []struct {
		accept, contentType string
		json                bool
	}{
		{"text/html,application/xhtml+xml,*/*;q=0.8", "", false},
		{"application/json", "", true},
		{"application/json, text/html;q=0.5", "", true},
		{"text/html, application/json;q=0.5", "", false},
		{"*/*", "", false},
		{"", "", false},
		{"*/*", "application/json", true},
		{"", "application/json; charset=utf-8", true},
		{"text/html", "application/json", false},
	} {
		r, _ := http.NewRequest("POST", "/", nil)
		r.Header.Set("Accept", c.accept)
		r.Header.Set("Content-Type", c.contentType)
		if got := (&ask{Request: r}).wantsJSON(); got != c.json {
			t.Errorf("Accept %q, Content-Type %q: JSON %v, want %v", c.accept, c.contentType, got, c.json)
		}
	}
}

func TestFindingAPerson(t *testing.T) {
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	asJSON := []string{"Content-Type", "application/json", "Accept", "application/json"}
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		says       string
	}{
		{"by number", "nhs_number=999+000+0018", form, 200, "2 people found"},
		{"by a number that is not one", "nhs_number=999+000+0019", form, 400, "check digit"},
		{"by name and birth", "family=Whittaker&born=5/3/1939", form, 200, "2 people found"},
		{"by name and birth in letters", "family=Whittaker&born=5+mar+1939", form, 200, "2 people found"},
		{"by name and a birth that is no date", "family=Whittaker&born=31+feb+1939", form, 400, "Write the date of birth"},
		{"by name alone", "family=Whittaker", form, 400, "date of birth or a postcode"},
		{"by nothing", "", form, 400, "Type an NHS number"},
		{"nobody", "family=Nobody&postcode=TN23", form, 200, "Nobody found"},
		{"as JSON", `{"family":"Whittaker","born":"1939-03-05"}`, asJSON, 200, `{"people":[{"ref":"aaaaaaaaaaaaa","name":"WHITTAKER, Dorothy Ann (Mrs)","born":"1939-03-05"`},
		{"nobody as JSON", `{"family":"Nobody","postcode":"TN23"}`, asJSON, 200, `{"people":[]}`},
		{"a number as JSON", `{"nhs_number":"9990000019"}`, asJSON, 400, `"kind":"invalid"`},
		{"not JSON", `{"family":`, asJSON, 400, `"kind":"invalid"`},
		{"a form that is answered as JSON", "nhs_number=9990000018", append([]string{"Accept", "application/json"}, form...), 200, `"ref":"aaaaaaaaaaaaa"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := send(sampleSite(newSample()), "gp", "POST", "/people/search", c.body, c.headers...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d, want %d saying %q: %s", w.Code, c.status, c.says, w.Body)
			}
			if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				checkPage(t, w.Body.String())
			}
		})
	}
}

func TestARefusedReaderIsToldWhatIsLawfulNext(t *testing.T) {
	h := sampleSite(newSample())
	page := get(h, "gp", "/people/"+string(refRefused)+"/medicines")
	w := words(page.Body.String())
	for _, want := range []string{"HOLT, Peter", "14-Aug-1971", "Nothing here says that you are caring for this person now.", "Ask the team", "emergency opening"} {
		if !strings.Contains(w, want) {
			t.Errorf("the page does not say %q: %s", want, w)
		}
	}
	if page.Code != http.StatusForbidden {
		t.Errorf("answered %d", page.Code)
	}
	e := errorOf(t, get(h, "gp", "/people/"+string(refRefused), "Accept", "application/json").Body.String())
	if e.Kind != "refused" || !e.MayBreakGlass || e.Remedy == "" {
		t.Errorf("%+v", e)
	}
	if w := words(get(h, "gp", "/people/"+string(refNoGlass)).Body.String()); strings.Contains(w, "emergency opening") {
		t.Error("a role that may not is offered an emergency opening")
	}
}

func TestAnEmergencyOpening(t *testing.T) {
	s := newSample()
	h := sampleSite(s)
	path := "/people/" + string(refRefused) + "/break-glass"
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if w := send(h, "gp", "POST", path, "reason=short", form...); w.Code != 400 || !strings.Contains(w.Body.String(), ">short</textarea>") {
		t.Errorf("a short reason: %d, and what was typed is not kept: %s", w.Code, w.Body)
	}
	if w := send(h, "gp", "POST", path, "reason=unconscious+in+the+department", form...); w.Code != 303 || w.Header().Get("Location") != "/people/"+string(refRefused) {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := send(h, "gp", "POST", path, `{"reason":"unconscious in the department"}`, "Content-Type", "application/json", "Accept", "application/json"); w.Code != 200 {
		t.Errorf("as JSON: %d %s", w.Code, w.Body)
	}
	if len(s.decided) != 2 {
		t.Errorf("opened %d times, want 2", len(s.decided))
	}
	if w := send(h, "gp", "POST", path, "reason=unconscious+in+the+department", append([]string{"Sec-Fetch-Site", "cross-site"}, form...)...); w.Code != 403 || len(s.decided) != 2 {
		t.Errorf("from another site: %d", w.Code)
	}
}

func TestFailuresSayWhatToDoAndNothingElse(t *testing.T) {
	h := sampleSite(newSample())
	for _, c := range []struct {
		path   string
		status int
		kind   string
	}{
		{"/people/unavailable", 503, "unavailable"}, {"/people/fault", 500, "fault"}, {"/people/zzzzzzzzzzzzz", 404, "not-found"}, {"/nowhere", 404, "not-found"},
		{person + "/results/none", 404, "not-found"}, {person + "/documents/none", 404, "not-found"}, {person + "/documents/" + statementID(11), 404, "not-found"},
		{"/feeds", 403, "refused"}, {"/matches", 403, "refused"}, {"/feeds/parked/x", 404, "not-found"},
	} {
		w := get(h, "gp", c.path, "Accept", "application/json")
		e := errorOf(t, w.Body.String())
		if w.Code != c.status || string(e.Kind) != c.kind || e.Message == "" {
			t.Errorf("%s: %d %+v, want %d %s", c.path, w.Code, e, c.status, c.kind)
		}
		if strings.Contains(w.Body.String()+get(h, "gp", c.path).Body.String(), "secret cause") {
			t.Errorf("%s tells the cause of a fault", c.path)
		}
		if c.status >= 500 && e.Reference == "" {
			t.Errorf("%s: no reference", c.path)
		}
	}
}

func TestAuditedRoutesHoldNoReference(t *testing.T) {
	s := newSample()
	h := sampleSite(s)
	for _, p := range samplePages() {
		get(h, p.Role, p.Path)
	}
	for _, where := range s.asked {
		if !strings.HasPrefix(where, "/people/") || strings.Contains(where, string(refFull)) || strings.Contains(where, "00000000-") {
			t.Errorf("the audit is told %q", where)
		}
	}
}

func TestWorkListsDecide(t *testing.T) {
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, c := range []struct {
		role, path, body string
		status           int
		did              string
	}{
		{"records-officer", "/matches/9", "decision=same", 303, "decide 9 same"},
		{"records-officer", "/matches/9", "decision=undo", 303, "decide 9 undo"},
		{"records-officer", "/matches/9", "decision=perhaps", 400, ""},
		{"gp", "/matches/9", "decision=same", 403, ""},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=part&entry=72", 303, "part [72]"},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=part&entry=72&entry=71", 303, "part [72 71]"},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=part", 400, ""},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=part&entry=99", 404, ""},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=join&with=bbbbbbbbbbbbb", 303, "join [71 71]"},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=unmerge&entry=72", 303, "unmerge 72"},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=unmerge&entry=71&entry=72", 400, ""},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=take-back&review=9&review=10", 303, "take back [9 10]"},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=look&family=Whittaker&born=5+mar+1939", 200, ""},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=look&family=Whittaker", 400, ""},
		{"records-officer", "/matches/people/aaaaaaaaaaaaa", "do=anything", 400, ""},
		{"gp", "/matches/people/aaaaaaaaaaaaa", "do=part&entry=72", 403, ""},
		{"integration-engineer", "/feeds/parked/31/replay", "", 303, "replay 31"},
		{"integration-engineer", "/feeds/parked/31/discard", "reason=a+test+message", 303, "discard 31 a test message"},
		{"integration-engineer", "/feeds/parked/31/discard", "reason=", 400, ""},
		{"integration-engineer", "/feeds/parked/31/correct", "raw=MSH%7Ca%0D%0APID%7C1&reason=agreed+with+the+trust", 303, "correct 31 \"MSH|a\\rPID|1\" agreed with the trust"},
		{"integration-engineer", "/feeds/parked/31/correct", "raw=&reason=agreed", 400, ""},
		{"integration-engineer", "/feeds/hospital-east", "state=paused", 303, "pause hospital-east true"},
		{"integration-engineer", "/feeds/hospital-east", "state=test-only&testers=gp+tester", 303, "trial hospital-east true [gp tester]"},
		{"integration-engineer", "/feeds/hospital-east", "state=live", 303, "trial hospital-east false []"},
		{"integration-engineer", "/feeds/hospital-east", "state=deleted", 400, ""},
		{"integration-engineer", "/feeds/nobody", "state=paused", 404, ""},
		{"gp", "/feeds/hospital-east", "state=paused", 403, ""},
		{"gp", "/feeds/parked/31/correct", "raw=x&reason=y", 403, ""},
		{"gp", "/feeds/parked/31/replay", "", 403, ""},
		{"social-worker", "/caseload/aaaaaaaaaaaaa/acknowledged", "", 303, "acknowledge aaaaaaaaaaaaa"},
		{"social-worker", "/caseload/aaaaaaaaaaaaa/assigned", "to=sam", 303, "assign aaaaaaaaaaaaa sam"},
		{"social-worker", "/caseload/aaaaaaaaaaaaa/notes", "says=rang+the+ward", 303, "note aaaaaaaaaaaaa rang the ward"},
		{"social-worker", "/people/aaaaaaaaaaaaa/involved/44/end", "", 303, "end involved aaaaaaaaaaaaa 44"},
		{"", "/caseload/aaaaaaaaaaaaa/notes", "says=rang+the+ward", 303, ""},
		{"", "/feeds/parked/31/replay", "", 303, ""},
	} {
		s := newSample()
		w := send(sampleSite(s), c.role, "POST", c.path, c.body, form...)
		if w.Code != c.status || strings.Join(s.decided, "; ") != c.did {
			t.Errorf("%s %s %q: %d, did %q; want %d, %q", c.role, c.path, c.body, w.Code, s.decided, c.status, c.did)
		}
	}
}

func TestEveryPageAnswersAsJSON(t *testing.T) {
	h := sampleSite(newSample())
	want := map[string]string{
		person: "medicines", person + "/medicines": "medicines", person + "/allergies": "allergies", person + "/problems": "procedures",
		person + "/results": "results", person + "/encounters": "admittedNow", person + "/documents": "documents", person + "/timeline": "timeline",
		person + "/contacts": "contacts", person + "/social-care": "socialCare", person + "/plans": "plans", person + "/conflicts": "conflicts",
		person + "/safeguarding": "safeguarding", person + "/access": "looks", "/caseload": "people", "/alerts": "alerts", "/privacy": "privacy",
	}
	for _, p := range samplePages() {
		if p.Role == "" || p.Path == "/people/search" {
			continue
		}
		w := get(h, p.Role, p.Path, "Accept", "application/json")
		var v map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v: %.200s", p.Path, err, w.Body)
			continue
		}
		if m := want[p.Path]; m != "" && v[m] == nil {
			t.Errorf("%s holds no %q", p.Path, m)
		}
		if strings.HasPrefix(p.Path, person) && v["banner"] == nil && v["looks"] == nil && v["person"] == nil && v["name"] == nil {
			t.Errorf("%s does not say whose it is", p.Path)
		}
	}
}

func TestTheBannerStandsOnEveryPageOfARecordInItsOrder(t *testing.T) {
	h := sampleSite(newSample())
	const want = "WHITTAKER, Dorothy Ann (Mrs) | Preferred name Dot | Born 05-Mar-1939 5 March 1939 (87y) | Gender Female | " +
		"NHS No. 999 000 0018 9 9 9 0 0 0 0 0 1 8 | Known allergies: Penicillin, Co-trimoxazole, Latex | Address | Phone | GP practice"
	for _, l := range sections() {
		path := strings.TrimSuffix(person+"/"+l.Stem, "/")
		root, err := html.Parse(strings.NewReader(get(h, "gp", path).Body.String()))
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		each(root, func(n *html.Node) {
			if attribute(n, "aria-label") == "Person" {
				said = squashed(text(n))
			}
		})
		for _, next := range strings.Split(want, " | ") {
			_, after, found := strings.Cut(said, squashed(next))
			if !found {
				t.Fatalf("%s: the banner does not go on with %q: %s", path, next, said)
			}
			said = after
		}
	}
}

// squashed is s without white space.
func squashed(s string) string { return strings.Join(strings.Fields(s), "") }

func TestTheFourKindsOfNothing(t *testing.T) {
	h := sampleSite(newSample())
	for ref, want := range map[string]string{string(refFull): "Known allergies", string(refDead): "No known allergies", string(refEmpty): "Allergies not recorded"} {
		for _, path := range []string{"", "/allergies", "/medicines"} {
			if w := words(get(h, "gp", "/people/"+ref+path).Body.String()); !strings.Contains(w, want) {
				t.Errorf("%s%s does not say %q", ref, path, want)
			}
		}
	}
	w := words(get(h, "gp", "/people/"+string(refNotShown)).Body.String())
	for _, want := range []string{"Not shown to your role. Social workers do not see test results.", "Something in this section is withheld from you.", "Medicines unavailable", "May be incomplete: nothing heard from the council"} {
		if !strings.Contains(w, want) {
			t.Errorf("the summary does not say %q", want)
		}
	}
	if strings.Contains(w, "Current medicines 0") {
		t.Error("a count of none stands where nothing is known")
	}
}

func TestDeathIsPlain(t *testing.T) {
	page := get(sampleSite(newSample()), "gp", "/people/"+string(refDead)).Body.String()
	if w := words(page); !strings.Contains(page, "kmcr-banner--deceased") || !strings.Contains(squashed(w), "Ageatdeath83y") {
		t.Error("the banner does not say that the person has died, and at what age")
	}
}

func TestMedicinesSayWhichListIsShown(t *testing.T) {
	h := sampleSite(newSample())
	now, past := words(get(h, "gp", person+"/medicines").Body.String()), words(get(h, "gp", person+"/medicines?show=past").Body.String())
	if !strings.Contains(now, "Showing all 4 current medicines of 8 recorded.") || !strings.Contains(now, "On hold") || !strings.Contains(now, "the day is not recorded") || !strings.Contains(now, "Recently stopped:") || !strings.Contains(now, "Oxygen") || strings.Contains(now, "Amoxicillin") {
		t.Error("the current list is not what it says")
	}
	if !strings.Contains(past, "Showing all 3 past medicines of 8 recorded.") || !strings.Contains(past, "Amoxicillin") || strings.Contains(past, "Bisoprolol") {
		t.Error("the past list is not what it says")
	}
}

func TestTheCitizenReadsDatesInWords(t *testing.T) {
	page := get(sampleSite(newSample()), "citizen", person).Body.String()
	if strings.Contains(page, "05-Mar-1939") || !strings.Contains(page, ">5 March 1939<") {
		t.Error("the person's own page does not write dates in words")
	}
}

func TestNamesAreNotTranslated(t *testing.T) {
	root, err := html.Parse(strings.NewReader(get(sampleSite(newSample()), "gp", person).Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	each(root, func(n *html.Node) {
		if n.Data == "title" || n.FirstChild == nil || n.FirstChild.Type != html.TextNode || !strings.Contains(n.FirstChild.Data, "WHITTAKER") {
			return
		}
		if attribute(n, "translate") != "no" {
			t.Errorf("a name stands in a <%s> that may be translated", n.Data)
		}
	})
}

func TestStaticFiles(t *testing.T) {
	h := sampleSite(newSample())
	files, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	address := files.address("style.css")
	w := get(h, "", address)
	if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := get(h, "", address, "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 6<<10 {
		t.Errorf("compressed: %v, %d bytes", w.Header(), w.Body.Len())
	}
	if w := get(h, "", address, "If-None-Match", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("unchanged: %d", w.Code)
	}
	if w := get(h, "", "/static/README"); w.Code != 404 {
		t.Errorf("a file that is not for readers: %d", w.Code)
	}
	for name, f := range files {
		for _, bad := range []string{"http://", "https://", "url(//", "@import"} {
			css := strings.NewReplacer("http://www.w3.org/2000/svg", "", "https://github.com/nhsuk/nhsuk-frontend", "").Replace(string(f.content))
			if strings.Contains(css, bad) {
				t.Errorf("%s would fetch from elsewhere: %s", name, bad)
			}
		}
	}
}
