package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the national demographics service says is in the record soon after somebody is registered: the address is no longer
// shown to anybody once it says that where the person is must not be found, and a death is on the banner.
func TestTheNationalServiceIsAsked(t *testing.T) {
	const hidden, died = "9990000018", "9990000026"
	var mu sync.Mutex
	var asked []string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		mu.Lock()
		asked = append(asked, number)
		mu.Unlock()
		form := `{"resourceType":"Patient","id":%q,"meta":{"versionId":"2","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":%q}]},"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%[1]q}],"name":[{"use":"usual","family":%[3]q,"given":[%[4]q]}],"gender":"female","birthDate":%[5]q%[6]s}`
		switch number {
		case hidden:
			fmt.Fprintf(w, form, hidden, "R", "Hale", "Rosa", "1990-02-03", "")
		case died:
			fmt.Fprintf(w, form, died, "U", "Fox", "Ada", "1941-03-05", `,"deceasedDateTime":"2026-11-02"`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","details":{"coding":[{"code":"RESOURCE_NOT_FOUND"}]}}]}`)
		}
	}))
	defer service.Close()

	p := empty(t, "").serve()
	practice := p.client("practice")
	for number, who := range map[string][3]string{hidden: {"Hale", "Rosa", "1990-02-03"}, died: {"Fox", "Ada", "1941-03-05"}} {
		got := practice.do("POST", "/fhir/R4/Patient", fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":%q,"given":[%q]}],"gender":"female","birthDate":%q,
			"address":[{"line":["4 Secret Lane"],"postalCode":"CT1 2XY"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"G82050"}}]}`, number, who[0], who[1], who[2]))
		if got.status != http.StatusCreated {
			t.Fatalf("the practice's patient is answered %d: %s", got.status, got.body)
		}
	}
	p.stop()
	if out, code := (&program{t: t, dir: p.dir, database: p.database}).run("serve", "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--pds-url", service.URL); code == 0 || !strings.Contains(out, "kmcr contributor add pds") {
		t.Errorf("without a contributor for the answers the service starts: %d %s", code, out)
	}
	p.must("organisation", "add", "X26", "--name", "NHS England", "--kind", "national", "--signatory")
	p.must("contributor", "add", "pds", "--organisation", "X26", "--format", "fhir-r4", "--name", "National demographics service")
	p.serve("--demo", "--people", "0", "--pds-url", service.URL)
	defer p.stop()
	gp := p.user("gp")
	for number, want := range map[string]func(string) bool{
		hidden: func(page string) bool { return !strings.Contains(page, "Secret Lane") },
		died:   func(page string) bool { return strings.Contains(page, "2026-11-02") },
	} {
		ref := gp.find(number)
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			got := gp.do("GET", "/people/"+ref, "")
			if got.status == http.StatusOK && want(string(got.body)) {
				break
			}
			if time.Now().After(end) {
				mu.Lock()
				t.Fatalf("after 20 seconds the record still says what it said (%d); asked %d questions: %s\n%s", got.status, len(asked), got.body, p.stderr)
			}
		}
	}
	if strings.Contains(p.stderr.String(), hidden) || strings.Contains(p.stderr.String(), died) {
		t.Error("the log holds a number")
	}
}
