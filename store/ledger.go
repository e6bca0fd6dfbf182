package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kmcr"
)

// State of a message in the ledger.
type State string

// The states: received = applied + parked + rejected + waiting, always. A discarded one is rejected with its reason.
const (
	Waiting  State = "waiting"
	Applied  State = "applied"
	Parked   State = "parked"
	Rejected State = "rejected"
)

// FlagControlIDReused marks a message whose control id its contributor has used before with another payload.
const FlagControlIDReused = "control id used before with another payload"

// Message is one ledger entry.
type Message struct {
	ID          int64
	Contributor kmcr.ContributorCode
	Format      kmcr.Format
	ControlID   string // MSH-10, Bundle.identifier, file and row
	Hash        [32]byte
	ReceivedAt  time.Time
	State       State
	// Lane orders messages: those of one lane are applied one after the other in order of ID.
	Lane   uint64
	Reason string // code of why parked or rejected: "identity-missing", "reference-unknown", …
	Detail string // in words, with the place; never an identifier in clear
	Answer []byte // the acknowledgement that was sent
	Flag   string // data-quality flag ("control id used before with another payload")
}

const messageColumns = "m.id, m.contributor, m.format, m.control_id, m.hash, m.received_at, m.state, m.lane, m.reason, m.detail, m.answer, m.flag"

func (m *Message) scan(scan func(...any) error) error {
	var hash []byte
	var lane, at int64
	if err := scan(&m.ID, &m.Contributor, &m.Format, &m.ControlID, &hash, &at, &m.State, &lane, &m.Reason, &m.Detail, &m.Answer, &m.Flag); err != nil {
		return err
	}
	copy(m.Hash[:], hash)
	m.Lane, m.ReceivedAt = uint64(lane), fromMicros(at)
	return nil
}

// Accept makes messages durable: raw bytes (sealed), ledger entry, work entry.
// Where the same contributor has sent the same ControlID with the same Hash before (and ControlID is not ""), nothing
// is kept and dup is that earlier message, its Answer included.
//
// A message whose State is set already is entered in that state: one that is
// applied in the same transaction needs no Settle, one that is parked or
// waiting keeps its raw bytes. An empty State is Waiting, a zero ReceivedAt is
// now, a zero Hash is the SHA-256 of raw. ID and, where the control id was
// used before, Flag are set.
func (tx *Tx) Accept(m *Message, raw []byte) (dup *Message, err error) {
	if m.State == "" {
		m.State = Waiting
	}
	if m.ReceivedAt.IsZero() {
		m.ReceivedAt = tx.db.now()
	}
	if m.Hash == ([32]byte{}) && raw != nil {
		m.Hash = sha256.Sum256(raw)
	}
	for {
		if dup, err := tx.sentBefore(m); dup != nil || err != nil {
			return dup, err
		}
		m.ID = tx.db.ids.next(tx.db.now())
		n, err := tx.exec("insert into message (id, contributor, format, control_id, hash, received_at, state, lane, reason, detail, answer, flag) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing",
			m.ID, string(m.Contributor), string(m.Format), m.ControlID, m.Hash[:], micros(m.ReceivedAt), string(m.State), int64(m.Lane), m.Reason, m.Detail, m.Answer, m.Flag)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			break
		}
		tx.db.ids.move() // the id is taken, or somebody else was accepting the same at this moment
	}
	tx.tally(m.Contributor, tallyOf(m.State, 1).plus(Tally{Received: 1, LastHeard: m.ReceivedAt}))
	if m.State == Applied || m.State == Rejected {
		return nil, nil
	}
	sealed := seal(tx.db.vault.inbox(m.Contributor), nil, raw, about("inbox", m.ID))
	_, err = tx.exec("insert into inbox (message, contributor, lane, waiting, node, raw) values ($1, $2, $3, $4, '', $5)",
		m.ID, string(m.Contributor), int64(m.Lane), truth(m.State == Waiting), sealed)
	return nil, err
}

// sentBefore finds the message of the same contributor, control id and hash, and flags m where the control id was used with another.
func (tx *Tx) sentBefore(m *Message) (dup *Message, err error) {
	if m.ControlID == "" {
		return nil, nil
	}
	var hash []byte
	reused, err := tx.row("select hash from message where contributor = $1 and control_id = $2 and control_id <> '' limit 1", []any{string(m.Contributor), m.ControlID}, &hash)
	if err != nil || !reused {
		return nil, err
	}
	err = tx.each(func(scan func(...any) error) error {
		dup = &Message{}
		return dup.scan(scan)
	}, "select "+messageColumns+" from message m where m.contributor = $1 and m.control_id = $2 and m.hash = $3 and m.control_id <> ''", string(m.Contributor), m.ControlID, m.Hash[:])
	if err == nil && dup == nil && m.Flag == "" {
		m.Flag = FlagControlIDReused
	}
	return dup, err
}

// Settle records the outcome of a message; the raw bytes are kept while it is
// waiting or parked, and given up when it is applied (they live on in the block) or rejected.
// Settling as Waiting puts it back for any node to claim (replay). A message that is applied
// or rejected already is settled: that is a kmcr.Conflict, so that nothing is applied twice.
func (tx *Tx) Settle(id int64, s State, reason, detail string) error {
	var c kmcr.ContributorCode
	var was State
	found, err := tx.row("select contributor, state from message where id = $1"+tx.db.d.lock, []any{id}, &c, &was)
	switch {
	case err != nil:
		return err
	case !found:
		return noMessage()
	case was != Waiting && was != Parked:
		return &kmcr.Error{Kind: kmcr.Conflict, Message: "the message is " + string(was) + " already", Remedy: "There is nothing left to do with it."}
	}
	if _, err := tx.exec("update message set state = $2, reason = $3, detail = $4 where id = $1", id, string(s), reason, detail); err != nil {
		return err
	}
	tx.tally(c, tallyOf(was, -1).plus(tallyOf(s, 1)))
	if s == Waiting || s == Parked {
		_, err = tx.exec("update inbox set waiting = $2, node = '' where message = $1", id, truth(s == Waiting))
	} else {
		_, err = tx.exec("delete from inbox where message = $1", id)
	}
	return err
}

// SetAnswer keeps the acknowledgement of a message that was not known when it was accepted.
func (tx *Tx) SetAnswer(id int64, answer []byte) error {
	n, err := tx.exec("update message set answer = $2 where id = $1", id, answer)
	if err == nil && n == 0 {
		return noMessage()
	}
	return err
}

func noMessage() error {
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such message", Remedy: "kmcr message list shows those there are."}
}

// Raw opens the raw bytes of a message that is waiting or parked, or (from its block) applied.
func (db *DB) Raw(ctx context.Context, id int64) ([]byte, error) {
	var c kmcr.ContributorCode
	var sealed []byte
	err := db.row(ctx, "select contributor, raw from inbox where message = $1", id).Scan(&c, &sealed)
	if err == nil {
		return unseal(db.vault.inbox(c), nil, sealed, about("inbox", id))
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, db.d.fault("the message cannot be read", err)
	}
	var patient kmcr.PatientID
	var seq int64
	err = db.row(ctx, "select patient, seq from message where id = $1", id).Scan(&patient, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noMessage()
	}
	if err != nil {
		return nil, db.d.fault("the message cannot be read", err)
	}
	return db.rawOfBlock(ctx, patient, seq)
}

// MessageByID reads one ledger entry.
func (db *DB) MessageByID(ctx context.Context, id int64) (*Message, error) {
	m := &Message{}
	err := m.scan(db.row(ctx, "select "+messageColumns+" from message m where m.id = $1", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noMessage()
	}
	if err != nil {
		return nil, db.d.fault("the ledger cannot be read", err)
	}
	return m, nil
}

// Messages walks the ledger of a contributor ("" all), in state s ("" any), newest last, in pages inside.
func (db *DB) Messages(ctx context.Context, c kmcr.ContributorCode, s State, f func(Message) error) error {
	where := "m.id > $1"
	switch s {
	case "":
	case Waiting: // they are few, and all in the inbox
		where += " and m.state = 'waiting' and m.id in (select message from inbox where waiting = 1)"
	case Applied, Parked, Rejected: // written out, for the index of those that are open
		where += fmt.Sprintf(" and m.state = '%s'", s)
	default:
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a message is waiting, applied, parked or rejected", Remedy: "Name one of the four states."}
	}
	text := "select " + messageColumns + " from message m where " + where + " and (m.contributor = $2 or $2 = '') order by m.id limit $3"
	const page = 500
	for last, n := int64(0), page; n == page; {
		all := make([]Message, 0, page)
		err := db.each(ctx, func(scan func(...any) error) error {
			var m Message
			err := m.scan(scan)
			all = append(all, m)
			return err
		}, text, last, string(c), page)
		if err != nil {
			return db.d.fault("the ledger cannot be read", err)
		}
		for _, m := range all {
			if err := f(m); err != nil {
				return err
			}
			last = m.ID
		}
		n = len(all)
	}
	return nil
}

// Tally is the conservation counter of one contributor.
type Tally struct {
	Received, Applied, Parked, Rejected, Waiting int64
	LastHeard                                    time.Time

	patients, blocks int64
}

// tallyOf counts n messages in a state.
func tallyOf(s State, n int64) (t Tally) {
	switch s {
	case Waiting:
		t.Waiting = n
	case Applied:
		t.Applied = n
	case Parked:
		t.Parked = n
	case Rejected:
		t.Rejected = n
	}
	return t
}

func (t Tally) plus(o Tally) Tally {
	t.Received += o.Received
	t.Applied += o.Applied
	t.Parked += o.Parked
	t.Rejected += o.Rejected
	t.Waiting += o.Waiting
	t.patients += o.patients
	t.blocks += o.blocks
	if o.LastHeard.After(t.LastHeard) {
		t.LastHeard = o.LastHeard
	}
	return t
}

// putTally adds what a transaction counted to a shard that no other transaction holds.
func putTally(s *session, c kmcr.ContributorCode, shard int64, t Tally) error {
	args := []any{string(c), shard, t.Received, t.Applied, t.Parked, t.Rejected, t.Waiting, t.patients, t.blocks, micros(t.LastHeard)}
	n, err := s.exec("update tally set received = received + $3, applied = applied + $4, parked = parked + $5, rejected = rejected + $6, waiting = waiting + $7, patients = patients + $8, blocks = blocks + $9, heard = case when heard > $10 then heard else $10 end where contributor = $1 and shard = $2", args...)
	if err != nil || n == 1 {
		return err
	}
	_, err = s.exec("insert into tally (contributor, shard, received, applied, parked, rejected, waiting, patients, blocks, heard) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", args...)
	return err
}

// Tallies counts the ledger, per contributor.
func (db *DB) Tallies(ctx context.Context) (map[kmcr.ContributorCode]Tally, error) {
	all := map[kmcr.ContributorCode]Tally{}
	err := db.each(ctx, func(scan func(...any) error) error {
		var c kmcr.ContributorCode
		var t Tally
		var heard int64
		if err := scan(&c, &t.Received, &t.Applied, &t.Parked, &t.Rejected, &t.Waiting, &t.patients, &t.blocks, &heard); err != nil {
			return err
		}
		t.LastHeard = fromMicros(heard)
		all[c] = all[c].plus(t)
		return nil
	}, "select contributor, received, applied, parked, rejected, waiting, patients, blocks, heard from tally")
	return all, db.d.fault("the counters cannot be read", err)
}

// Counts tells how many patients, persons and blocks there are.
func (db *DB) Counts(ctx context.Context) (patients, persons, blocks int64, err error) {
	all, err := db.Tallies(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	for _, t := range all {
		patients += t.patients
		blocks += t.blocks
	}
	err = db.row(ctx, "select count(distinct person) from patient where person <> 0").Scan(&persons)
	return patients, persons, blocks, db.d.fault("the counters cannot be read", err)
}

// truth is how a truth is kept: 1 or 0.
func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
