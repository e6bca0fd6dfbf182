package ingest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/audit"
	inside "kmcr/extract"
	"kmcr/fhir"
	"kmcr/store"
)

// plan is everything that one message changes, made ready outside the
// transaction and written in one.
type plan struct {
	contributor kmcr.Contributor
	ledger      *ledger
	received    time.Time
	raw         []byte // lives on in the block, where the statements are not the message themselves
	subjects    []*subject
	reviews     []store.Review
	whole       *subject // in whose block raw lives on
	events      []*kmcr.Event
	audits      []*audit.Entry
	where       string
	later       bool // nobody waits for the outcome
	unmapped    []string
	doubts      []string
}

// ledger is the place of a message in the ledger: of one that comes in with
// this very write, or of one that is there already.
type ledger struct {
	message store.Message
	raw     func() []byte // of one that comes in, as it is kept where it is parked
	there   bool
}

// settle records the outcome inside a write.
func (l *ledger) settle(tx *store.Tx, state store.State, reason, detail string) error {
	if l.there {
		return tx.Settle(l.message.ID, state, reason, detail)
	}
	m := l.message
	m.State, m.Reason, m.Detail = state, reason, detail
	var raw []byte
	if state == store.Parked {
		raw = l.raw()
	}
	dup, err := tx.Accept(&m, raw)
	if err != nil {
		return err
	}
	if dup != nil {
		return &sentBefore{*dup}
	}
	l.message.ID = m.ID
	return nil
}

// sentBefore ends a write: the same contributor has sent the same message before.
type sentBefore struct{ message store.Message }

func (e *sentBefore) Error() string { return "the message was sent before" }

// tries is how often a message is read and made again when somebody else
// wrote about the same patient meanwhile.
const tries = 12

// again repeats f while it ends in a conflict.
func again(ctx context.Context, f func() error) error {
	var err error
	for n := range tries {
		if err = f(); kmcr.KindOf(err) != kmcr.Conflict {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(n*n) * time.Millisecond):
		}
	}
	return err
}

// carryOut judges whose the subjects are, seals what is new and writes it all.
func (s *Service) carryOut(ctx context.Context, p *plan) error {
	for _, x := range p.subjects {
		if err := x.knowKin(); err != nil {
			return err
		}
	}
	others := s.db.Others()
	release, err := s.placeAll(ctx, p)
	if err != nil {
		return err
	}
	defer release()
	p.events = nil
	for _, x := range p.subjects {
		if err := s.seal(p, x); err != nil {
			return err
		}
		p.events = append(p.events, s.eventsOf(p, x)...)
	}
	write := s.db.Write
	if p.later {
		write = s.db.WriteLater
	}
	if err := write(ctx, func(tx *store.Tx) error { return s.write(tx, p) }); err != nil {
		return err
	}
	if s.db.Others() != others {
		s.lookAgain(ctx, p)
	}
	for _, e := range p.events {
		s.Happened(*e)
	}
	return nil
}

// placeAll finds the person of every subject whose claims have changed.
func (s *Service) placeAll(ctx context.Context, p *plan) (release func(), err error) {
	var hashes []uint64
	for _, x := range p.subjects {
		if x.toBePlaced() {
			for _, t := range x.tokens {
				hashes = append(hashes, hash64(t))
			}
		}
	}
	release = s.locks.tokens.hold(hashes)
	var placed []*subject
	for _, x := range p.subjects {
		if x.upset, err = s.upset(ctx, x); err != nil {
			release()
			return func() {}, err
		}
		if !x.toBePlaced() {
			continue
		}
		to, err := s.place(ctx, x, placed)
		if err != nil {
			release()
			return func() {}, err
		}
		x.settleIn(to)
		p.reviews = append(p.reviews, to.reviews...)
		placed = append(placed, x)
	}
	for _, x := range p.subjects {
		if x.follows != nil && x.person() != x.follows.person() {
			x.move, x.moveWords = x.follows.person(), mergeWords
		}
		if x.move == 0 {
			continue
		}
		left, err := s.db.Links(ctx, x.patient.Person)
		if err != nil {
			release()
			return func() {}, err
		}
		for _, l := range left { // who was with it may have been so because of it
			x.upset = append(x.upset, l.ID)
		}
	}
	return release, nil
}

// toBePlaced tells whether it has to be found out whose patient this is.
func (s *subject) toBePlaced() bool {
	return (s.fresh || s.before != nil) && !s.patient.Register && s.claims != nil && s.patient.MergedInto == 0
}

// settleIn takes the outcome of placing over.
func (s *subject) settleIn(to placing) {
	s.mixed, s.seen, s.upset = to.mixed, to.seen, append(s.upset, to.turned...)
	switch {
	case s.fresh:
		s.patient.Person = to.person
	case to.person != s.patient.Person:
		s.move, s.moveWords = to.person, to.words
	}
}

// seal makes the block of a subject and derives who is involved.
func (s *Service) seal(p *plan, x *subject) error {
	var raw []byte
	if x == p.whole {
		raw = p.raw
	}
	if len(x.said) == 0 && raw == nil {
		return nil
	}
	x.keepApart()
	var err error
	x.block, err = s.db.Seal(x.patient, x.compartment, x.said, raw, p.received)
	if err != nil || x.block == nil || x.patient.Register {
		return err
	}
	was := x.current()
	x.derived = s.Involvements(p.contributor, x.after())
	x.involve = len(x.derived) > 0 || !x.fresh
	if !x.fresh && len(was) > 0 {
		x.involve = !slices.Equal(x.derived, s.Involvements(p.contributor, was))
	}
	return nil
}

// mostInside is how long a statement, and one file in it, may be to stand in a
// block: a longer file is kept apart, so that nobody reads it who has not opened it.
const (
	mostInside = 128 << 10
	mostFile   = 64 << 10
)

// keepApart takes long files out of what is said.
func (x *subject) keepApart() {
	x.files = nil
	for _, st := range x.said {
		if len(st.Body) > mostInside {
			stub, files := fhir.Apart(st.Body, mostFile, inside.Words)
			st.Body, x.files = stub, append(x.files, files...)
		}
	}
}

// after is what the compartment will say when the block is written.
func (s *subject) after() []*kmcr.Statement {
	written := make(map[kmcr.StatementID]*kmcr.Statement, len(s.block.Written))
	for _, w := range s.block.Written {
		if !w.Late {
			written[w.ID] = w
		}
	}
	var out []*kmcr.Statement
	for _, w := range s.current() {
		if written[w.ID] == nil {
			out = append(out, w)
		}
	}
	for _, w := range s.block.Written {
		if written[w.ID] == w && !w.Deleted && !w.Internal {
			out = append(out, w)
		}
	}
	return out
}

// write is the whole of a message in one transaction.
func (s *Service) write(tx *store.Tx, p *plan) error {
	if err := p.ledger.settle(tx, store.Applied, "", p.note()); err != nil {
		return err
	}
	for _, x := range p.subjects {
		if x.block != nil {
			x.block.Message = p.ledger.message.ID
		}
		if err := x.write(tx, p.contributor); err != nil {
			return err
		}
	}
	for _, r := range p.reviews {
		r.At = p.received
		if err := tx.PutReview(&r); err != nil {
			return err
		}
	}
	if err := p.putDue(tx); err != nil {
		return err
	}
	for _, e := range p.events {
		if err := tx.AddEvent(e); err != nil {
			return err
		}
	}
	for _, e := range p.audits {
		if err := tx.Audit(e); err != nil {
			return err
		}
	}
	return tx.Audit(p.entry())
}

func (x *subject) write(tx *store.Tx, c kmcr.Contributor) error {
	if x.changed {
		if err := tx.PutPatient(x.patient, x.names(), x.kept); err != nil {
			return err
		}
	}
	if x.follows != nil && !x.follows.fresh { // what was judged of it has to stand: it may be merged itself meanwhile
		if err := tx.Hold(x.follows.patient); err != nil {
			return err
		}
	}
	if x.move != 0 {
		if err := tx.Relink(x.patient.ID, x.move, "kmcr", x.moveWords); err != nil {
			return err
		}
	}
	for _, a := range x.aliases {
		if err := tx.AddAlias(c.Code, a.key, x.patient.ID, a.statement); err != nil {
			return err
		}
	}
	if x.block != nil {
		for _, f := range x.files {
			if err := tx.PutFile(x.patient, f.Hash, f.Text); err != nil {
				return err
			}
		}
		if err := tx.Append(x.block); err != nil {
			return err
		}
	}
	if x.involve {
		return tx.SetInvolvements(x.patient.ID, x.derived)
	}
	return nil
}

// entry is what the audit says of a message: that it came in, what it was
// about by our ids, and how much of it was new.
func (p *plan) entry() *audit.Entry {
	e := &audit.Entry{At: p.received, Action: "ingest", Viewer: contributorViewer(p.contributor), Purpose: kmcr.DirectCare, Allowed: true,
		Rule: "a contributor may state what it knows of its own patients", Where: p.where}
	fresh := 0
	for _, x := range p.subjects {
		if e.Patient == 0 && !x.patient.Register {
			e.Patient, e.Person = x.patient.ID, x.person()
		}
		if x.block != nil {
			fresh += len(x.block.Written)
		}
	}
	e.Detail = map[string]string{"message": strconv.FormatInt(p.ledger.message.ID, 10), "written": strconv.Itoa(fresh)}
	return e
}

func contributorViewer(c kmcr.Contributor) kmcr.Viewer {
	return kmcr.Viewer{Account: string(c.Code), Name: c.Name, Organisation: c.Organisation, Contributor: c.Code}
}

// park keeps a message that cannot be applied now.
func (s *Service) park(ctx context.Context, l *ledger, why *parking) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if why.review != nil {
			r := *why.review
			if r.At.IsZero() {
				r.At = s.Now()
			}
			if err := tx.PutReview(&r); err != nil {
				return err
			}
			if err := putDue(tx, r.A, dueAfresh{s.Now(), l.message.Contributor}); err != nil {
				return err
			}
		}
		return l.settle(tx, store.Parked, why.reason, why.detail)
	})
	if err != nil {
		return err
	}
	s.absent.remember(l.message.Contributor, why.missing, l.message.ID)
	if why.review != nil { // the same may have been asked about others of theirs
		s.soon(ctx, s.doDue(ctx, why.review.A, l.message.Contributor))
	}
	return nil
}

// reject counts a message that breaks a rule, with what it broke.
func (s *Service) reject(ctx context.Context, l *ledger, reason, detail string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error { return l.settle(tx, store.Rejected, reason, detail) })
}

// parking is why a message is kept but cannot be applied now.
type parking struct {
	reason, detail string
	missing        []string // names of this contributor's things without which it cannot be applied
	review         *store.Review
}

func (p *parking) Error() string { return p.reason + ": " + p.detail }

// refusal is why a message is not taken at all.
type refusal struct {
	reason string
	status int // of HTTP
	err    *kmcr.Error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

func parkedBecause(err error) *parking {
	var p *parking
	if errors.As(err, &p) {
		return p
	}
	return nil
}
