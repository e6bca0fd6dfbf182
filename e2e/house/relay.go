package house

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Relay is a real SMTP server that keeps what it took. It refuses the first Busy letters for a while.
type Relay struct {
	Address string

	mu      sync.Mutex
	busy    int
	letters []Letter
}

// Letter is one e-mail as it was taken.
type Letter struct{ From, To, Body string }

// NewRelay starts a server on loopback, to the end of the test.
func NewRelay(t testing.TB, busy int) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{Address: l.Addr().String(), busy: busy}
	server := smtp.NewServer(r)
	server.Domain = "relay.test"
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// Taken are the letters so far.
func (r *Relay) Taken() []Letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.letters
}

// NewSession begins a conversation.
func (r *Relay) NewSession(*smtp.Conn) (smtp.Session, error) { return &talk{relay: r}, nil }

type talk struct {
	relay *Relay
	Letter
}

// Mail takes the sender.
func (t *talk) Mail(from string, _ *smtp.MailOptions) error { t.From = from; return nil }

// Rcpt takes the recipient.
func (t *talk) Rcpt(to string, _ *smtp.RcptOptions) error { t.To = to; return nil }

// Reset forgets nothing: each letter is said whole.
func (t *talk) Reset() {}

// Logout ends the conversation.
func (t *talk) Logout() error { return nil }

// Data takes the letter.
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
	t.Body = string(b)
	t.relay.letters = append(t.relay.letters, t.Letter)
	return nil
}
