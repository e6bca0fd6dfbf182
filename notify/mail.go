package notify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"time"

	"kmcr/store"
)

// mailer sends e-mail by the operator's relay. What is sent names nobody: only that there is something to read here.
type mailer struct {
	relay, from string
	domains     []string
	base        string // of the pages
}

// allowed tells whether e-mail may be sent to an address: to domains of the operator's list.
func (m mailer) allowed(address string) bool {
	_, domain, ok := strings.Cut(address, "@")
	if !ok || m.relay == "" || strings.ContainsAny(address, "\r\n<> ") {
		return false
	}
	for _, d := range m.domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}

// letter is the message: the same for everybody and everything, but for its number, by which a repeat is known.
func (m mailer) letter(x *Subscription, d *store.Delivery, at time.Time) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nDate: %s\r\nMessage-ID: <%s.%d@kmcr>\r\nSubject: There is something new for you in the care record\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n"+
		"Something has happened that you asked to be told of.\r\n\r\nSign in to read it: %s/alerts\r\n\r\nThis message names nobody, so that it can be sent by e-mail.\r\n",
		m.from, x.Endpoint, at.Format(time.RFC1123Z), x.ID, d.ID, m.base)
}

// send hands a message to the relay.
func (m mailer) send(ctx context.Context, x *Subscription, d *store.Delivery) error {
	if !m.allowed(x.Endpoint) {
		return fmt.Errorf("e-mail may not be sent to this domain any more: %w", errFinal)
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", m.relay)
	if err != nil {
		return fmt.Errorf("the e-mail relay could not be reached")
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // a connection takes one
	host, _, _ := net.SplitHostPort(m.relay)
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return fmt.Errorf("the e-mail relay does not answer as one")
	}
	if err := m.hand(c, x, d); err != nil {
		return fmt.Errorf("the e-mail relay did not take the message")
	}
	return nil
}

func (m mailer) hand(c *smtp.Client, x *Subscription, d *store.Delivery) error {
	if offered, _ := c.Extension("STARTTLS"); offered {
		host, _, _ := net.SplitHostPort(m.relay)
		if err := c.StartTLS(&tls.Config{ServerName: host}); err != nil {
			return err
		}
	}
	if err := c.Mail(m.from); err != nil {
		return err
	}
	if err := c.Rcpt(x.Endpoint); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.letter(x, d, d.Notice.Last)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the message has been taken
	return nil
}
