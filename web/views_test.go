package web

import (
	"regexp"
	"strings"
	"testing"
)

// A record that is not shown as of now says so, and carries the instant on to its other pages; an instant that cannot be read is refused.
func TestRecordAsItStood(t *testing.T) {
	h := sampleSite(newSample())
	person := "/people/" + string(refFull)
	body := get(h, "gp", person+"/medicines?at=2026-01-05T10:00").Body.String()
	for _, want := range []string{"as it stood on", "not as it is now", person + `/allergies?at=2026-01-05T10%3A00"`, `href="` + person + `/medicines?at=">Show it as it is now`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	for path, want := range map[string]string{"/results": `/results/[^"?]+\?at=2026-01-05T10%3A00"`, "/documents": `/documents/[^"?]+\?at=2026-01-05T10%3A00"`, "/timeline": `timeline\?year=\d+&amp;at=2026-01-05T10%3A00"`} {
		body := get(h, "gp", person+path+"?at=2026-01-05T10:00").Body.String()
		if found := regexp.MustCompile(want).MatchString(body); !found {
			t.Errorf("%s as it stood leads to what is now: no %s", path, want)
		}
	}
	for _, path := range []string{"/results/" + testKey(fullRecord().Results.Items[0]), "/documents/" + statementID(50)} {
		if body := get(h, "gp", person+path+"?at=2026-01-05T10:00").Body.String(); !strings.Contains(body, "as it stood on") {
			t.Errorf("%s does not say that it is of the past", path)
		}
	}
	if strings.Contains(get(h, "gp", person+"/medicines").Body.String(), "as it stood on <span") {
		t.Error("the record of now says that it is of the past")
	}
	if code := get(h, "gp", person+"?at=yesterday").Code; code != 400 {
		t.Errorf("an instant that cannot be read is answered %d", code)
	}
}

// Each role is led to the page that is made for its work.
func TestOwnViews(t *testing.T) {
	h := sampleSite(newSample())
	person := "/people/" + string(refFull)
	for role, page := range map[string]string{"paramedic": "crew", "carer": "medicine-times", "occupational-therapist": "assessment-pack", "duty-worker": "duty"} {
		if body := get(h, role, person).Body.String(); !strings.Contains(body, `<p class="kmcr-own"><a href="`+person+"/"+page+`"`) {
			t.Errorf("a %s is not led to %s", role, page)
		}
	}
}
