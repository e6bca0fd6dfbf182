package ingest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/hl7"
	"kmcr/store"
)

const (
	// connections is how many connections the listener holds at once, and perPeer how many of them from one address.
	connections = 1024
	perPeer     = 128
	// headerKept is how much of a frame is kept aside, so that one that is too long can still be answered.
	headerKept = 2048
	// drained is how many bytes of a frame that is too long are read and dropped, in multiples of the limit.
	drained = 16
	// writeTime is the longest time that an acknowledgement may take to be taken.
	writeTime = 10 * time.Second
	// mostFrame is the longest frame that may be agreed on with one sender.
	mostFrame = 32 << 20
)

// ServeMLLP listens until ctx ends.
func (s *Service) ServeMLLP(ctx context.Context, l net.Listener) error {
	open := &peers{byHost: map[string]int{}}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // too many files, for one: others may be closing theirs
			s.log.Warn("a connection could not be accepted", "error", err.Error())
			pauseFor(ctx, 50*time.Millisecond)
			continue
		}
		host := hostOf(conn)
		if !open.enter(host) {
			s.log.Warn("a connection was refused: there are too many")
			s.counts.answered("closed", false)
			conn.Close()
			continue
		}
		serving.Go(func() {
			defer open.leave(host)
			s.counts.connected(1)
			defer s.counts.connected(-1)
			s.serve(ctx, conn)
		})
	}
}

func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func hostOf(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return host
}

// peers counts connections.
type peers struct {
	mu     sync.Mutex
	all    int
	byHost map[string]int
}

func (p *peers) enter(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= connections || p.byHost[host] >= perPeer {
		return false
	}
	p.all++
	p.byHost[host]++
	return true
}

func (p *peers) leave(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.byHost[host]--; p.byHost[host] == 0 {
		delete(p.byHost, host)
	}
}

// line is one connection of a sender.
type line struct {
	s    *Service
	conn net.Conn
	// fingerprint is that of the client certificate by which the sender is known; "" where the listener has no TLS.
	fingerprint string
	batch       [][]byte   // acknowledgements of the messages of a batch, which are sent together; nil where each goes by itself
	mu          sync.Mutex // of writing: acknowledgements of acceptance and of application come from different sides
}

// serve answers the frames of one connection, one after the other, until it
// ends, falls silent, or something cannot be made durable.
func (s *Service) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	n := &line{s: s, conn: conn}
	if secure, ok := conn.(*tls.Conn); ok {
		if err := n.greet(ctx, secure); err != nil {
			s.log.Warn("a connection with no certificate that is known was closed", "error", err.Error())
			s.counts.answered("closed", false)
			return
		}
	}
	reader := bufio.NewReaderSize(conn, 8192)
	// Once draining, the frame that is under way is still answered; the wait for another is cut short.
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) })
	defer stop()
	for ctx.Err() == nil {
		conn.SetReadDeadline(time.Now().Add(s.Idle))
		if _, err := reader.Peek(1); err != nil || ctx.Err() != nil {
			return
		}
		conn.SetReadDeadline(time.Now().Add(s.FrameTime))
		beginning, _ := reader.Peek(min(reader.Buffered(), headerKept))
		beginning = bytes.Clone(beginning)
		frame, err := hl7.ReadFrame(reader, n.longest(ctx))
		if err != nil && !n.mend(reader, beginning, frame, err) {
			return
		}
		take := n.receive
		if hl7.IsBatch(frame) {
			take = n.receiveBatch
		}
		if err == nil && !take(context.WithoutCancel(ctx), frame) {
			return
		}
	}
}

// greet finds out by its certificate who is at the other end. The certificate itself is what was agreed on: nobody has to have signed it.
func (n *line) greet(ctx context.Context, secure *tls.Conn) error {
	within, cancel := context.WithTimeout(ctx, n.s.FrameTime)
	defer cancel()
	if err := secure.HandshakeContext(within); err != nil {
		return err
	}
	shown := secure.ConnectionState().PeerCertificates
	if len(shown) == 0 {
		return &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "no client certificate was shown"}
	}
	if now := n.s.Now(); now.After(shown[0].NotAfter) || now.Before(shown[0].NotBefore) {
		return &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "the client certificate has expired or is not valid yet", Remedy: "Add its successor: kmcr contributor certificate CODE FILE."}
	}
	n.fingerprint = Fingerprint(shown[0].Raw)
	_, known, err := n.s.directory.bearer(ctx, n.fingerprint)
	if err == nil && !known {
		err = &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "the client certificate belongs to no contributor", Remedy: "Add it: kmcr contributor certificate CODE FILE."}
	}
	return err
}

// Fingerprint names a certificate, in its DER form, as kmcr.Certificate has it.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// whose finds the contributor of a message: by the certificate of the
// connection, else by MSH-3 and MSH-4. A sender that has a certificate is
// known by nothing else, and may speak for nobody else.
func (n *line) whose(ctx context.Context, m *hl7.Message) (kmcr.Contributor, *no) {
	unknown := kmcr.Contributor{Code: nobody}
	application, facility := m.Sender()
	named, known, err := n.s.directory.sender(ctx, application, facility)
	if err != nil { // the ledger will not be writable either, and the connection be closed
		return unknown, &no{hl7.ApplicationError, "MSH", "the senders cannot be looked up now", "fault"}
	}
	if n.fingerprint == "" {
		switch {
		case !known:
			return unknown, &no{hl7.UnknownKey, "MSH-3", "no contributor is known by this MSH-3 and MSH-4; ask for them to be added", "sender-unknown"}
		case len(named.Certificates) > 0:
			return unknown, &no{hl7.UnknownKey, "MSH-3", "this sender is known by its certificate; send over TLS", "certificate-missing"}
		}
		return named, nil
	}
	c, holds, err := n.s.directory.bearer(ctx, n.fingerprint)
	switch {
	case err != nil:
		return unknown, &no{hl7.ApplicationError, "MSH", "the senders cannot be looked up now", "fault"}
	case !holds:
		return unknown, &no{hl7.UnknownKey, "MSH", "the certificate belongs to no contributor any more", "sender-unknown"}
	case known && named.Code != c.Code:
		n.s.impostor(ctx, c.Code, named.Code)
		return c, &no{hl7.UnknownKey, "MSH-4", "MSH-3 and MSH-4 are those of another contributor than the certificate's", "sender-mismatch"}
	}
	return c, nil
}

// impostor leaves word in the audit that the holder of one contributor's certificate spoke in the name of another.
func (s *Service) impostor(ctx context.Context, holder, named kmcr.ContributorCode) {
	s.log.Error("a sender spoke in the name of another", "certificate", string(holder), "named", string(named))
	err := s.db.AuditNow(ctx, &audit.Entry{At: s.Now(), Action: "security-alert", Viewer: kmcr.Viewer{Account: "contributor:" + string(holder), Contributor: holder}, Purpose: kmcr.Administration,
		Rule: "a certificate speaks for its own contributor only", Where: "mllp", Detail: map[string]string{"contributor": string(holder), "named": string(named)}})
	if err != nil {
		s.log.Error("the alert could not be written to the audit", "error", err.Error())
	}
}

// longest is how many bytes a frame of this connection may have.
func (n *line) longest(ctx context.Context) int {
	if n.fingerprint == "" {
		return n.s.MaxFrame
	}
	c, _, err := n.s.directory.bearer(ctx, n.fingerprint)
	if err != nil {
		return n.s.MaxFrame
	}
	return max(n.s.MaxFrame, min(c.MaxFrame, mostFrame))
}

// mend answers a frame that could not be read, and tells whether the connection can go on.
func (n *line) mend(reader *bufio.Reader, beginning, frame []byte, err error) bool {
	switch kmcr.KindOf(err) {
	case kmcr.TooLarge:
		whole := n.drain(reader)
		if i := bytes.IndexByte(beginning, '\v'); i >= 0 {
			beginning = beginning[i+1:]
		}
		return n.refuseRaw(beginning, err, hl7.ApplicationError, "too-large") && whole
	case kmcr.Invalid:
		return n.refuseRaw(frame, err, hl7.SegmentSequenceError, "not-framed")
	}
	return false // the connection ended, or was silent for too long
}

// drain reads and drops the rest of a frame that is too long.
func (n *line) drain(reader *bufio.Reader) bool {
	for left := drained * n.s.MaxFrame; left > 0; {
		part, err := reader.ReadSlice(0x1C)
		left -= len(part)
		if err == nil {
			return true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return false
		}
	}
	return false
}

// receive makes a message durable and acknowledges it; false closes the connection.
func (n *line) receive(ctx context.Context, raw []byte) bool {
	began := time.Now()
	m, err := hl7.Parse(raw, "")
	if err != nil {
		return n.refuseRaw(raw, err, hl7.SegmentSequenceError, "not-readable")
	}
	c, no := n.admit(ctx, m)
	if no != nil {
		return n.refuse(ctx, m, c.Code, raw, no)
	}
	if c.Paused { // the sender keeps it and tries again: an AE would make many engines give up
		n.s.counts.answered("closed", false)
		return false
	}
	return n.acceptAndAnswer(ctx, c, m, raw, began)
}

func (n *line) acceptAndAnswer(ctx context.Context, c kmcr.Contributor, m *hl7.Message, raw []byte, began time.Time) bool {
	now := n.s.Now()
	ack := hl7.Ack(m, hl7.Answer{Verdict: hl7.Accepted, ControlID: n.s.controlID(), At: now, Condition: hl7.MessageAccepted})
	entry := &store.Message{Contributor: c.Code, Format: kmcr.FormatHL7v2, ControlID: m.ControlID(), ReceivedAt: now, State: store.Waiting, Lane: laneOf(c.Code, m), Answer: ack}
	aside := n.s.rehearsal(m, c)
	if aside != nil {
		entry.State, entry.Reason, entry.Detail = store.Parked, aside.reason, aside.detail
	}
	dup, err := n.s.accept(ctx, entry, raw, func(id int64) { n.promise(m, id) })
	if err != nil { // no acknowledgement: the sender keeps it and tries again
		n.s.log.Error("a message could not be made durable; the connection is closed", "contributor", string(c.Code), "error", err.Error())
		n.s.counts.answered("closed", false)
		return false
	}
	if dup != nil && dup.Answer != nil {
		ack = dup.Answer
	}
	n.s.counts.answered(m.Code(hl7.Accepted), dup != nil)
	if aside != nil && dup == nil {
		defer n.setAside(m, *entry, aside)
	}
	if neverAcknowledge(m) {
		return true
	}
	ok := n.answer(ack)
	n.s.counts.acknowledged(time.Since(began))
	n.s.feeds.answered(c.Code, time.Since(began))
	return ok
}

// setAside counts a message that was parked when it came, and tells its sender where that was asked for.
func (n *line) setAside(m *hl7.Message, entry store.Message, why *parking) {
	n.promise(m, entry.ID)
	n.s.settled(entry, why)
}

// neverAcknowledge tells whether a sender in enhanced mode asks for no acknowledgement of acceptance (MSH-15).
func neverAcknowledge(m *hl7.Message) bool {
	if !m.Enhanced() {
		return false
	}
	when := m.Segment("MSH").Get(15, 1)
	return when == "NE" || when == "ER"
}

// promise sends the acknowledgement of application, where MSH-16 asks for one, when the message has been applied or parked.
func (n *line) promise(m *hl7.Message, id int64) {
	if !m.Enhanced() || !m.WantsApplication(hl7.Accepted) && !m.WantsApplication(hl7.Failed) {
		return
	}
	n.s.waiters.await(id, func(why *parking) {
		a := hl7.Answer{Verdict: hl7.Accepted, Application: true, ControlID: n.s.controlID(), At: n.s.Now()}
		if why != nil {
			a.Verdict, a.Condition, a.Text = hl7.Failed, hl7.ApplicationError, "kept and parked: "+why.reason
		}
		if m.WantsApplication(a.Verdict) {
			n.write(hl7.Ack(m, a))
		}
	})
}

// answer sends the acknowledgement of a message, or keeps it with those of the same batch.
func (n *line) answer(ack []byte) bool {
	if n.batch != nil {
		n.batch = append(n.batch, ack)
		return true
	}
	return n.write(ack)
}

// receiveBatch takes in the messages of a frame that holds a batch (FHS, BHS),
// each by itself, and answers them with a batch of their acknowledgements.
// Where one cannot be made durable the connection is closed: those before it are known when the batch comes again.
func (n *line) receiveBatch(ctx context.Context, raw []byte) bool {
	n.batch = [][]byte{}
	defer func() { n.batch = nil }()
	for _, message := range hl7.SplitBatch(raw) {
		if !n.receive(ctx, message) {
			return false
		}
	}
	acks := n.batch
	n.batch = nil
	return n.write(hl7.AckBatch(raw, acks, n.s.controlID(), n.s.Now()))
}

func (n *line) write(ack []byte) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conn.SetWriteDeadline(time.Now().Add(writeTime))
	return hl7.WriteFrame(n.conn, ack) == nil
}

// controlID draws an MSH-10 for an acknowledgement.
func (s *Service) controlID() string {
	return strconv.FormatInt(s.counts.next(), 36)
}
