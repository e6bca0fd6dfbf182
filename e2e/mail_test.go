package e2e

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// relay is an SMTP server that is busy the first time and takes what comes after that.
type relay struct {
	mu      sync.Mutex
	busy    int
	letters []letter
}

type letter struct{ from, to, body string }

// NewSession begins a conversation.
func (r *relay) NewSession(*smtp.Conn) (smtp.Session, error) { return &talk{relay: r}, nil }

type talk struct {
	relay *relay
	letter
}

func (t *talk) Mail(from string, _ *smtp.MailOptions) error { t.from = from; return nil }
func (t *talk) Rcpt(to string, _ *smtp.RcptOptions) error   { t.to = to; return nil }
func (t *talk) Reset()                                      {}
func (t *talk) Logout() error                               { return nil }

func (t *talk) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	t.relay.mu.Lock()
	defer t.relay.mu.Unlock()
	if t.relay.busy > 0 {
		t.relay.busy--
		return &smtp.SMTPError{Code: 451, Message: "come back later"}
	}
	t.body = string(b)
	t.relay.letters = append(t.relay.letters, t.letter)
	return nil
}

func (r *relay) taken() []letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.letters
}

// An admission is told by e-mail through a relay that was busy at first: once, to an address of a listed domain, and it names nobody.
func TestAnEmailArrivesAndNamesNobody(t *testing.T) {
	r := &relay{busy: 1}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(r)
	server.Domain = "relay.test"
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	}()
	defer server.Close()
	p, grace, _ := caseworker(t, "--mail-relay", l.Addr().String(), "--mail-from", "kmcr@kent.nhs.test", "--mail-domain", "kent.gov.test")
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
		if len(r.taken()) > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(time.Second) // a second one would come at once
	letters := r.taken()
	if len(letters) != 1 {
		t.Fatalf("%d letters arrived", len(letters))
	}
	got := letters[0]
	if got.from != "kmcr@kent.nhs.test" || got.to != "grace@kent.gov.test" || !strings.Contains(got.body, p.http+"/alerts") || !strings.Contains(got.body, "Message-ID: <") {
		t.Errorf("%+v", got)
	}
	for _, secret := range []string{"PERRIN", "Perrin", "Ada", "9990000018", "999 000 0018", "Invicta", "admi", "Admi", "hospital", "SP9"} {
		if strings.Contains(got.body, secret) {
			t.Errorf("the letter says %q:\n%s", secret, got.body)
		}
	}
}
