package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kmcr/e2e/house"
)

// An admission is told by e-mail through a relay that was busy at first: once, to an address of a listed domain, and it names nobody.
func TestAnEmailArrivesAndNamesNobody(t *testing.T) {
	r := house.NewRelay(t, 1)
	p, grace, _ := caseworker(t, "--mail-relay", r.Address, "--mail-from", "kmcr@kent.nhs.test", "--mail-domain", "kent.gov.test")
	subscribe := func(to string) int {
		return grace.do("POST", "/subscriptions", `{"channel":"email","endpoint":"`+to+`","topics":["admission"]}`).status
	}
	for _, to := range []string{"grace@elsewhere.test", "grace@kent.gov.test.evil.test", `grace@kent.gov.test\r\nBcc: x@evil.test`, "nobody"} {
		if got := subscribe(to); got < 400 || got > 422 {
			t.Errorf("e-mail to %q is answered %d", to, got)
		}
	}
	if got := subscribe("grace@kent.gov.test"); got != http.StatusCreated && got != http.StatusOK {
		t.Fatalf("subscribing is answered %d", got)
	}
	if got := grace.do("POST", "/subscriptions/wanted", `{"topics":["admission","discharge"]}`); got.status >= 400 {
		t.Errorf("what is wanted in pages is answered %d: %s", got.status, got.body)
	}
	p.sender().accepted(movement("A01", "SP9", "Invicta", 0))
	for range 300 {
		if len(r.Taken()) > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(time.Second) // a second one would come at once
	letters := r.Taken()
	if len(letters) != 1 {
		t.Fatalf("%d letters arrived", len(letters))
	}
	got := letters[0]
	if got.From != "kmcr@kent.nhs.test" || got.To != "grace@kent.gov.test" || !strings.Contains(got.Body, p.http+"/alerts") || !strings.Contains(got.Body, "Message-ID: <") {
		t.Errorf("%+v", got)
	}
	for _, secret := range []string{"PERRIN", "Perrin", "Ada", "9990000018", "999 000 0018", "Invicta", "admi", "Admi", "hospital", "SP9"} {
		if strings.Contains(got.Body, secret) {
			t.Errorf("the letter says %q:\n%s", secret, got.Body)
		}
	}
}
