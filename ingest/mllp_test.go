package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"kmcr"
	"kmcr/hl7"
	"kmcr/ingest"
	"kmcr/store"
)

// listen opens the HL7 v2 listener on a socket of its own.
func (h *house) listen() string {
	h.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	ctx, stop := context.WithCancel(h.ctx())
	done := make(chan error, 1)
	go func() { done <- h.in.ServeMLLP(ctx, l) }()
	h.Cleanup(func() {
		stop()
		h.must(<-done)
	})
	return l.Addr().String()
}

// sender is an HL7 v2 system on the other end of a connection.
type sender struct {
	*house
	conn net.Conn
	r    *bufio.Reader
}

func (h *house) dial(address string) *sender {
	h.Helper()
	conn, err := net.Dial("tcp", address)
	h.must(err)
	h.Cleanup(func() { conn.Close() })
	return &sender{h, conn, bufio.NewReader(conn)}
}

// send sends a message and waits for the acknowledgement; "" where the connection is closed without one.
func (s *sender) send(message string) string {
	s.Helper()
	if err := hl7.WriteFrame(s.conn, []byte(message)); err != nil {
		return ""
	}
	return s.hear()
}

func (s *sender) hear() string {
	s.Helper()
	s.conn.SetReadDeadline(time.Now().Add(time.Minute))
	ack, err := hl7.ReadFrame(s.r, 1<<20)
	if err != nil {
		return ""
	}
	return string(ack)
}

// code is MSA-1.
func code(ack string) string {
	m, err := hl7.Parse([]byte(ack), "")
	if err != nil {
		return "none"
	}
	return m.Segment("MSA").Get(1)
}

// adt writes an ADT message of the hospital.
func adt(control, event, at, pid string, more ...string) string {
	return strings.Join(append([]string{
		"MSH|^~\\&|PAS|RVV|KMCR|QKS|" + at + "||ADT^" + event + "|" + control + "|P|2.4",
		"EVN|" + event + "|" + at,
		pid}, more...), "\r") + "\r"
}

const (
	jack = "PID|1||J1^^^RVV^PI~9990000018^^^NHS^NH||Smith^Jack||19511203|M|||12 High Street^^Ashford^^TN23 1AA||01233555123"
	jill = "PID|1||J2^^^RVV^PI~9990000026^^^NHS^NH||Jones^Jill||19620704|F|||1 Low Road^^Ashford^^TN23 1AB||01233555124"
)

func TestAcknowledgements(t *testing.T) {
	h := build(t)
	address := h.listen()
	msh := func(change func(f []string)) string {
		f := strings.Split(strings.TrimRight(adt("C0", "A28", "20260102101500", jack), "\r"), "\r")
		header := strings.Split(f[0], "|")
		for len(header) < 16 {
			header = append(header, "")
		}
		change(header)
		f[0] = strings.Join(header, "|")
		return strings.Join(f, "\r") + "\r"
	}
	cases := []struct {
		says, message, want string
	}{
		{"a message of a known sender", msh(func(f []string) { f[9] = "a1" }), "AA"},
		{"line feeds between segments", strings.ReplaceAll(msh(func(f []string) { f[9] = "a2" }), "\r", "\n"), "AA"},
		{"carriage return and line feed, and a byte-order mark", "\xef\xbb\xbf" + strings.ReplaceAll(msh(func(f []string) { f[9] = "a3" }), "\r", "\r\n"), "AA"},
		{"training data, where nobody is looked after by the record yet", msh(func(f []string) { f[9], f[10] = "a4", "T" }), "AA"},
		{"enhanced mode", msh(func(f []string) { f[9], f[14] = "a5", "AL" }), "CA"},
		{"nobody it can be about: kept and parked", strings.Replace(msh(func(f []string) { f[9] = "a6" }), jack, "PID|1||||Smith^Jack", 1), "AA"},
		{"an unknown sender", msh(func(f []string) { f[9], f[2] = "a7", "OTHER" }), "AR"},
		{"an unknown sender, enhanced", msh(func(f []string) { f[9], f[2], f[14] = "a8", "OTHER", "AL" }), "CR"},
		{"an unknown type", msh(func(f []string) { f[9], f[8] = "a9", "QBP^Q11" }), "AR"},
		{"no type", msh(func(f []string) { f[9], f[8] = "a10", "" }), "AR"},
		{"an unknown processing id", msh(func(f []string) { f[9], f[10] = "a11", "X" }), "AR"},
		{"an unknown version", msh(func(f []string) { f[9], f[11] = "a12", "3.0" }), "AR"},
		{"no control id", msh(func(f []string) { f[9] = "" }), "AR"},
		{"no header", "PID|1||J1", ""},
		{"a paused sender keeps its message", msh(func(f []string) { f[9], f[2], f[3] = "a13", "PAUSED", "RN7" }), ""},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			ack := h.dial(address).send(c.message)
			if c.want == "" && ack != "" || c.want != "" && code(ack) != c.want {
				t.Errorf("answered %q, want %q", ack, c.want)
			}
		})
	}
	h.quiet()
	sum := h.balanced()
	if sum.Parked != 1 || sum.Rejected != 8 || sum.Applied != 5 || sum.Waiting != 0 {
		t.Errorf("the ledger counts %+v", sum)
	}
}

func TestRepeatsAreAnsweredAsBefore(t *testing.T) {
	h := build(t)
	s := h.dial(h.listen())
	first := s.send(adt("D1", "A28", "20260102101500", jack))
	h.quiet()
	if again := s.send(adt("D1", "A28", "20260102101500", jack)); again != first {
		t.Errorf("answered %q first and %q then", first, again)
	}
	if other := s.send(adt("D1", "A28", "20260102101500", jill)); code(other) != "AA" || other == first {
		t.Errorf("another message of the same control id is answered %q", other)
	}
	h.quiet()
	all := h.messages("")
	if len(all) != 2 || all[0].Flag != "" || all[1].Flag == "" {
		t.Errorf("the ledger holds %+v", all)
	}
	h.balanced()
}

func TestApplicationAcknowledgementsFollowWhereAskedFor(t *testing.T) {
	h := build(t)
	s := h.dial(h.listen())
	ask := func(control, pid string) string {
		return strings.Replace(adt(control, "A28", "20260102101500", pid), "|P|2.4", "|P|2.4|||AL|AL", 1)
	}
	if c := code(s.send(ask("E1", jack))); c != "CA" {
		t.Fatalf("accepted with %s", c)
	}
	if c := code(s.hear()); c != "AA" {
		t.Errorf("applied with %s", c)
	}
	if c := code(s.send(ask("E2", "PID|1||||Smith^Jack"))); c != "CA" {
		t.Fatalf("accepted with %s", c)
	}
	if c := code(s.hear()); c != "AE" {
		t.Errorf("parked with %s", c)
	}
}

func TestFrames(t *testing.T) {
	h := build(t)
	address := h.listen()
	good := func(control string) string { return adt(control, "A28", "20260102101500", jack) }

	t.Run("two frames at once", func(t *testing.T) {
		s := h.dial(address)
		fmt.Fprintf(s.conn, "\v%s\x1c\r\v%s\x1c\r", good("f1"), good("f2"))
		for _, which := range []string{"first", "second"} {
			if code(s.hear()) != "AA" {
				t.Errorf("the %s is not acknowledged", which)
			}
		}
	})
	t.Run("noise before a frame", func(t *testing.T) {
		s := h.dial(address)
		fmt.Fprintf(s.conn, "GET / HTTP/1.1\r\n\r\n")
		if code(s.send(good("f3"))) != "AA" {
			t.Error("not acknowledged")
		}
	})
	t.Run("a frame broken off is not acknowledged", func(t *testing.T) {
		s := h.dial(address)
		fmt.Fprintf(s.conn, "\v%s", good("f4")[:60])
		s.conn.(*net.TCPConn).CloseWrite()
		if ack := s.hear(); ack != "" {
			t.Errorf("answered %q", ack)
		}
	})
	t.Run("a frame over the limit is refused, and the next taken", func(t *testing.T) {
		s := h.dial(address)
		if c := code(s.send(good("f5") + "NTE|1||" + strings.Repeat("x", 3<<20))); c != "AR" {
			t.Errorf("answered %s", c)
		}
		if c := code(s.send(good("f6"))); c != "AA" {
			t.Errorf("the next is answered %s", c)
		}
	})
	h.quiet()
	if sum := h.balanced(); sum.Rejected != 1 || sum.Applied != 4 {
		t.Errorf("the ledger counts %+v", sum)
	}
}

func TestSlowAndSilentSendersAreLeft(t *testing.T) {
	h := build(t)
	h.must(h.in.Close(h.ctx()))
	var err error
	h.in, err = ingest.New(h.ctx(), ingest.Config{DB: h.db, Idle: 50 * time.Millisecond, FrameTime: 50 * time.Millisecond})
	h.must(err)
	address := h.listen()
	silent := h.dial(address)
	slow := h.dial(address)
	fmt.Fprint(slow.conn, "\vMSH|")
	for _, s := range []*sender{silent, slow} {
		s.conn.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := s.r.ReadByte(); err != io.EOF {
			t.Errorf("the connection is still there: %v", err)
		}
	}
}

// What a sender marks as training or debugging is for nobody's record, unless nobody but testers sees it or the sender marks everything so.
func TestARehearsalIsNobodysRecord(t *testing.T) {
	h := build(t)
	h.in.InUse = true
	for code, change := range map[kmcr.ContributorCode]func(*kmcr.Contributor){"trial": func(c *kmcr.Contributor) { c.TestOnly = true }, "always": func(c *kmcr.Contributor) { c.Training = true }} {
		c := kmcr.Contributor{Code: code, Organisation: "RVV", Name: string(code), Format: kmcr.FormatHL7v2, SendingApplication: strings.ToUpper(string(code)), SendingFacility: "RVV"}
		change(&c)
		h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error { return tx.Put(store.KindContributor, string(code), c) }))
	}
	address := h.listen()
	as := func(sender, processing, control string) string {
		m := strings.Replace(adt(control, "A28", "20260102101500", jack), "|PAS|RVV|", "|"+sender+"|RVV|", 1)
		return strings.Replace(m, "|P|2.4", "|"+processing+"|2.4", 1)
	}
	for _, c := range []struct {
		sender, processing string
		state              store.State
		reason             string
	}{
		{"PAS", "P", store.Applied, ""}, {"PAS", "", store.Applied, ""},
		{"PAS", "T", store.Parked, "training"}, {"PAS", "D", store.Parked, "debugging"}, {"PAS", "T^T", store.Parked, "training"},
		{"TRIAL", "T", store.Applied, ""}, {"ALWAYS", "D", store.Applied, ""},
	} {
		control := c.sender + strings.ReplaceAll(c.processing, "^", "-")
		if got := code(h.dial(address).send(as(c.sender, c.processing, control))); got != "AA" {
			t.Errorf("%s is answered %s", control, got)
		}
		h.quiet()
		found := false
		for _, m := range h.messages(c.state) {
			found = found || m.ControlID == control && m.Reason == c.reason
		}
		if !found {
			t.Errorf("%s is not %s %s", control, c.state, c.reason)
		}
	}
	h.balanced()
	training := h.messages(store.Parked)[0]
	h.must(h.in.Replay(h.ctx(), training.ID, kmcr.Viewer{Account: "engineer"}))
	if m, err := h.db.MessageByID(h.ctx(), training.ID); err != nil || m.State != store.Applied {
		t.Errorf("replayed it is %+v, %v", m, err)
	}
	enhanced := strings.Replace(as("PAS", "T", "E1"), "|T|2.4", "|T|2.4|||AL|AL", 1)
	line := h.dial(address)
	if first, second := code(line.send(enhanced)), code(line.hear()); first != "CA" || second != "AE" {
		t.Errorf("in enhanced mode the answers are %s and %s", first, second)
	}
	h.balanced()
}

func TestEveryPublishedMessageIsAnsweredAndCounted(t *testing.T) {
	h := build(t)
	address := h.listen()
	line := h.dial(address)
	sent := int64(0)
	for _, pattern := range []string{"hl7v2/*/*.hl7", "hl7v2/*/*.txt", "hl7v2/*/*/*.hl7"} {
		for name, data := range files(t, pattern) {
			for _, raw := range hl7.SplitBatch(data) {
				message := string(raw)
				if m, err := hl7.Parse(raw, ""); err == nil { // as if the hospital sent it
					fields := strings.Split(strings.SplitN(strings.ReplaceAll(m.Segment("MSH").Raw(), "\n", ""), "\r", 2)[0], "|")
					if len(fields) > 9 && len(m.Segment("MSH").Get(1)) == 1 && m.Segment("MSH").Get(1) == "|" {
						fields[2], fields[3], fields[9] = "PAS", "RVV", name+fields[9]
						rest := strings.TrimPrefix(strings.TrimLeft(message, "\ufeff"), m.Segment("MSH").Raw())
						message = strings.Join(fields, "|") + rest
					}
				}
				sent++
				if m, err := hl7.Parse([]byte(message), ""); err == nil && m.Segment("MSH").Get(15, 1) == "NE" {
					h.must(hl7.WriteFrame(line.conn, []byte(message)))
				} else if line.send(message) == "" { // it was closed
					line = h.dial(address)
				}
			}
		}
	}
	h.quiet()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && h.balanced().Received < sent; { // those that nobody waits for an answer to
		time.Sleep(10 * time.Millisecond)
	}
	h.quiet()
	sum := h.balanced()
	t.Logf("%d messages sent: %+v", sent, sum)
	if sum.Received != sent || sum.Waiting != 0 || sum.Applied < sent/2 {
		t.Errorf("the ledger counts %+v", sum)
	}
	for _, m := range append(h.messages(store.Parked), h.messages(store.Rejected)...) {
		t.Logf("%s %s: %s (%s)", m.State, m.Reason, m.Detail, m.ControlID)
		if m.Reason == "fault" {
			t.Errorf("a defect: %+v", m)
		}
	}
}

func TestTheSimulatedHospital(t *testing.T) {
	h := build(t)
	address := h.listen()
	messages := hl7.SplitBatch(files(t, "hl7v2/simulated-hospital/messages.out")["messages.out"])
	var senders sync.WaitGroup
	for lane := range 16 {
		s := h.dial(address)
		senders.Go(func() {
			for i := lane; i < len(messages); i += 16 {
				if c := code(s.send(string(messages[i]))); c != "CA" && c != "AA" {
					t.Errorf("message %d is answered %s", i, c)
				}
			}
		})
	}
	senders.Wait()
	h.quiet()
	sum := h.balanced()
	patients, persons, _, err := h.db.Counts(h.ctx())
	h.must(err)
	t.Logf("%d messages, %d patients, %d persons: %+v", len(messages), patients, persons, sum)
	for _, m := range h.messages(store.Parked) { // the generator merges people whom nothing holds together
		if m.Reason != "merge-disagrees" {
			t.Errorf("parked as %s: %s", m.Reason, m.Detail)
		}
	}
	if sum.Applied+sum.Parked != sum.Received || persons > patients {
		t.Errorf("the ledger counts %+v", sum)
	}
}
