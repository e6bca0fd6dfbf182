package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
)

// Repeated looks of one person in a short time are one row; another person, purpose or answer, or a later look, is another.
func TestSittings(t *testing.T) {
	at := func(minutes int) time.Time { return sampleNow.Add(time.Duration(minutes) * time.Minute) }
	seen := func(account string, minutes, shown int, where string, allowed bool) look {
		return look{Account: account, At: at(minutes), Action: "read", Purpose: kmcr.DirectCare, Allowed: allowed, Where: where, Shown: shown}
	}
	got := sittings([]look{
		seen("gp", 50, 3, "/people/{ref}", true),
		seen("gp", 30, 9, "/people/{ref}/medicines", true),
		seen("nurse", 29, 9, "/people/{ref}/medicines", true),
		seen("gp", 28, 2, "/people/{ref}", true),
		seen("gp", 27, 0, "/people/{ref}", false),
		seen("gp", -60, 1, "/people/{ref}", true),
	})
	if len(got) != 4 {
		t.Fatalf("%d rows: %+v", len(got), got)
	}
	if s := got[0]; s.Looks != 3 || !s.From.Equal(at(28)) || !s.At.Equal(at(50)) || s.Shown != 9 || len(s.Wheres) != 2 {
		t.Errorf("%+v", s)
	}
}

// A change of policy is chosen in a form, shown with who gains and who loses, and proposed only from there.
func TestAChangeOfPolicyIsShownBeforeItIsProposed(t *testing.T) {
	s := newSample()
	h := sampleSite(s)
	form := url.Values{"role": {"carer"}, "right medicines": {"yes"}, "right finds": {"all"}}
	sent := func(v url.Values) *httptest.ResponseRecorder {
		return send(h, "privacy-officer", "POST", "/policies", v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	}
	w := sent(form)
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "Gains") || !strings.Contains(body, `name="right medicines" value="yes"`) || strings.Contains(body, `name="right finds"`) {
		t.Errorf("before it is proposed: %d\n%s", w.Code, body)
	}
	if len(s.decided) > 0 {
		t.Errorf("it is proposed already: %q", s.decided)
	}
	form.Set("step", "propose")
	if w := sent(form); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "needs its reason") {
		t.Errorf("without a reason: %d", w.Code)
	}
	form.Set("reason", "carers give medicines now")
	if w := sent(form); w.Code != http.StatusSeeOther || !slices.Equal(s.decided, []string{"propose medicines yes"}) {
		t.Errorf("with one: %d %q", w.Code, s.decided)
	}
	if w := sent(url.Values{"role": {"carer"}}); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Nothing would change") {
		t.Errorf("no change: %d", w.Code)
	}
}
