package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A records officer decides about a pair by the real forms, takes it back, and parts and links entries of which nobody asked; both
// records say that they may be one person for as long as nobody has decided; no address holds an identifier.
func TestARecordsOfficerInABrowser(t *testing.T) {
	dir := t.TempDir()
	p := (&program{t: t, dir: dir, database: "sqlite:" + dir + "/kmcr.db"}).serve("--demo", "--people", "0")
	defer p.stop()
	for contributor, given := range map[string]string{"gp": "Elizabeth", "community": "Betty"} {
		got := p.client(contributor).do("POST", "/fhir/R4/Patient", fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"Harmer","given":[%q]}],"gender":"female","birthDate":"1962-04-17",
			"address":[{"line":["14 Orchard Way"],"postalCode":"ME13 8QZ"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}],
			"contact":[{"name":{"family":"Harmer","given":["Doris"]},"telecom":[{"system":"phone","value":"01795 531177"}]}]}`, given))
		if got.status != http.StatusCreated {
			t.Fatalf("%s is answered %d: %s", contributor, got.status, got.body)
		}
	}
	ctx := browser(t, 1280, 1400)
	main := func() string { return read(t, ctx, chromedp.Text("main")) }
	says := func(where string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if body := main(); !strings.Contains(body, want) {
				t.Errorf("%s does not say %q:\n%s", where, want, body)
			}
		}
	}
	press := func(words string) {
		t.Helper()
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector("main").setAttribute("data-left", "")`), chromedp.Click(`//main//section[contains(., "HARMER")]//button[contains(., "`+words+`")]`), chromedp.WaitNotPresent("main[data-left]"), chromedp.WaitVisible("main h1"))
	}
	do(t, ctx, signIn(p.http, "records-officer"), chromedp.Navigate(p.http+"/matches"))
	says("the list", "HARMER, Elizabeth and HARMER, Betty", "given name does not confirm it", "next of kin agrees by name and telephone", "HARMER, Doris", "Harm if wrong")
	press("Same person")
	if body := main(); strings.Contains(body, "HARMER") {
		t.Errorf("it is still to be decided:\n%s", body)
	}
	do(t, ctx, chromedp.Navigate(p.http+"/matches?state=decided"))
	says("what was decided", "HARMER, Elizabeth and HARMER, Betty", "same person by records-officer", "Half of the decisions took less than")
	do(t, ctx, chromedp.Click(`//main//a[contains(., "All 2 entries")]`), chromedp.WaitVisible("#linked"))
	says("the person", "2 entries are linked as this person", "decided: same")
	do(t, ctx, chromedp.Click(`//label[contains(., "Entry 2")]`))
	press("Part the ticked entries")
	says("the person after parting", "1 entry is linked as this person", "Different people")
	if address := read(t, ctx, chromedp.Location()); regexp.MustCompile(`(?i)harmer|1962|\d{10}`).MatchString(address) {
		t.Errorf("an identifier stands in the address: %s", address)
	}
	do(t, ctx, chromedp.Navigate(p.http+"/matches?state=decided"))
	press("Take the decision back")
	do(t, ctx, chromedp.Navigate(p.http+"/matches"))
	says("the list after it was taken back", "HARMER, Elizabeth and HARMER, Betty")
	for _, width := range []int64{320, 1280} {
		do(t, ctx, chromedp.EmulateViewport(width, 1000))
		if wide := read(t, ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > width {
			t.Errorf("the list at %d px is %d wide", width, wide)
		}
	}
	gp := p.user("gp")
	for _, given := range []string{"Elizabeth", "Betty"} {
		found := gp.do("POST", "/people/search", fmt.Sprintf(`{"family":"Harmer","given":%q,"born":"1962-04-17"}`, given))
		ref := regexp.MustCompile(`"ref": ?"([a-z0-9]+)"`).FindSubmatch(found.body)
		if ref == nil {
			t.Fatalf("%s is not found: %s", given, found.body)
		}
		if page := gp.do("GET", "/people/"+string(ref[1]), ""); !strings.Contains(string(page.body), `"possibleDuplicate":true`) {
			t.Errorf("the record of %s does not say that it may be of somebody who has another", given)
		}
	}
}
