package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"database/sql"

	"kmcr"
)

// Acknowledge keeps that an account has read an alert as it stood, by a mark of what it said.
func (tx *Tx) Acknowledge(account, alert, mark string, at time.Time) error {
	_, err := tx.exec("insert into acknowledged (account, alert, mark, at) values ($1, $2, $3, $4) on conflict (account, alert) do update set mark = excluded.mark, at = excluded.at",
		account, alert, mark, micros(at))
	return err
}

// Acknowledgement is what an account has read of an alert.
type Acknowledgement struct {
	Mark string
	At   time.Time
}

// Acknowledged reads what an account has read of alerts.
func (db *DB) Acknowledged(ctx context.Context, account string, alerts []string) (map[string]Acknowledgement, error) {
	all := map[string]Acknowledgement{}
	err := listed(alerts, func(some []string) error {
		args := padded(some)
		return db.each(ctx, func(scan func(...any) error) error {
			var alert string
			var a Acknowledgement
			var at int64
			err := scan(&alert, &a.Mark, &at)
			a.At = fromMicros(at)
			all[alert] = a
			return err
		}, "select alert, mark, at from acknowledged where account = $1 and alert in ("+places(2, len(args))+")", append([]any{account}, args...)...)
	})
	return all, db.d.fault("what has been acknowledged cannot be read", err)
}

// Request is something asked of those who provide care to a person: kept as it was asked.
type Request struct {
	Patient kmcr.PatientID `json:"-"` // whose service it is about
	ID      int64          `json:"-"`
	At      time.Time      `json:"-"`
	Kind    string         // "suspend", "restart"
	// Service is the statement of the service, What its words; Episode is why.
	Service, Episode kmcr.StatementID
	What             string
	Words            string // of who asks
	Account, Name    string // who asked
	Role             kmcr.Role
	Organisation     kmcr.ODS
	Told             []Told
}

// Told is an organisation that was told, and those of its people who were by name.
type Told struct {
	Organisation kmcr.ODS `json:"organisation"`
	Name         string   `json:"name"`
	Telephone    string   `json:"telephone,omitempty"`
	Accounts     []string `json:"-"`
	People       []string `json:"people,omitempty"`
}

// AddRequest keeps one, and sets its ID and, where it is zero, At.
func (tx *Tx) AddRequest(r *Request) error {
	if r.At.IsZero() {
		r.At = tx.db.now()
	}
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for {
		r.ID = tx.db.ids.next(tx.db.now())
		n, err := tx.exec("insert into request (patient, id, at, sealed) values ($1, $2, $3, $4) on conflict do nothing",
			int64(r.Patient), r.ID, micros(r.At), seal(tx.db.vault.words, nil, body, about("request", int64(r.Patient), r.ID)))
		if err != nil || n == 1 {
			return err
		}
		tx.db.ids.move()
	}
}

// RequestsOf lists what was asked about patients, the oldest first for each.
func (db *DB) RequestsOf(ctx context.Context, ids []kmcr.PatientID) ([]Request, error) {
	var all []Request
	err := listed(ids, func(some []kmcr.PatientID) error {
		args := padded(some)
		for i := range args {
			args[i] = int64(args[i].(kmcr.PatientID))
		}
		return db.each(ctx, func(scan func(...any) error) error {
			var patient, id, at int64
			var sealed []byte
			if err := scan(&patient, &id, &at, &sealed); err != nil {
				return err
			}
			body, err := unseal(db.vault.words, nil, sealed, about("request", patient, id))
			if err != nil {
				return err
			}
			var r Request
			err = json.Unmarshal(body, &r)
			r.Patient, r.ID, r.At = kmcr.PatientID(patient), id, fromMicros(at)
			all = append(all, r)
			return err
		}, "select patient, id, at, sealed from request where patient in ("+places(1, len(args))+") order by patient, id", args...)
	})
	return all, db.d.fault("what was asked cannot be read", err)
}

// Notice is one event of the bulletin.
type Notice struct {
	kmcr.Event
	Person kmcr.PersonID // whose patient it is now
}

// announce puts an event on the bulletin.
func (tx *Tx) announce(e *kmcr.Event) error {
	_, err := tx.exec("insert into bulletin (id, patient, dealt) values ($1, $2, 0) on conflict do nothing", e.ID, int64(e.Patient))
	return err
}

const noticeColumns = "select b.id, b.patient, e.topic, e.at, e.recorded, e.about, e.statement, e.detail, coalesce(p.person, 0) from bulletin b" +
	" join event e on e.patient = b.patient and e.id = b.id left join patient p on p.id = b.patient where "

func (db *DB) notices(ctx context.Context, text string, args ...any) ([]Notice, error) {
	var all []Notice
	err := db.each(ctx, func(scan func(...any) error) error {
		var n Notice
		var at, recorded, hash int64
		err := scan(&n.ID, &n.Patient, &n.Topic, &at, &recorded, &n.Statement.Patient, &hash, &n.Detail, &n.Person)
		n.At, n.Recorded, n.Statement.Hash = fromMicros(at), fromMicros(recorded), uint64(hash)
		all = append(all, n)
		return err
	}, noticeColumns+text, args...)
	return all, db.d.fault("the bulletin cannot be read", err)
}

// Undealt lists events of which no deliveries have been made yet, in order.
func (db *DB) Undealt(ctx context.Context, limit int) ([]Notice, error) {
	return db.notices(ctx, "b.dealt = 0 order by b.id limit $1", limit)
}

// Bulletin lists events after an id, in order.
func (db *DB) Bulletin(ctx context.Context, after int64, limit int) ([]Notice, error) {
	return db.notices(ctx, "b.id > $1 order by b.id limit $2", after, limit)
}

// IDAt is the least id that is drawn at a time.
func IDAt(t time.Time) int64 {
	return max(t.UnixMilli()-idEpoch, 0) << (idNodeBits + idCountBits)
}

// Deal marks an event as dealt with; first is false where somebody else has done so.
func (tx *Tx) Deal(id int64) (first bool, err error) {
	n, err := tx.exec("update bulletin set dealt = 1 where id = $1 and dealt = 0", id)
	return n == 1, err
}

// TidyBulletin takes events off the bulletin that have been dealt with and were drawn before an id.
func (tx *Tx) TidyBulletin(before int64) error {
	_, err := tx.exec("delete from bulletin where id < $1 and dealt = 1", before)
	return err
}

// The states of a delivery.
const (
	DeliveryWaiting   = "waiting"
	DeliveryDone      = "delivered"
	DeliveryWithheld  = "withheld" // the subscriber may not have it any more: nothing was sent
	DeliveryHeld      = "held"     // kept back by the subscriber's own rules (quiet, digest, repeated): to be looked at, or sent together later
	DeliveryDead      = "dead"     // given up
	deliverySelection = "select subscription, id, person, state, due, attempts, sealed from delivery where "
)

// Delivery is one notice for one subscriber. It holds no content.
type Delivery struct {
	Subscription string
	ID           int64 // grows: the order, and by which a repeat is recognised
	Person       kmcr.PersonID
	State        string
	Due          time.Time
	Attempts     int
	Notice       DeliveryNotice
}

// DeliveryNotice is what a delivery is about, and how the last attempt ended.
type DeliveryNotice struct {
	Number    int64 // of the subscription's events, from 1; set when it is first sent
	Event     int64
	Patient   kmcr.PatientID
	Topic     string
	Type      string // of the statement; set when it is sent
	Statement kmcr.StatementID
	At        time.Time
	Recorded  time.Time
	Why       string // it is held, withheld or dead; or how the last attempt failed
	Last      time.Time
}

func aboutDelivery(d *Delivery) []byte {
	return append([]byte("delivery\x00"+d.Subscription+"\x00"), about("", d.ID)...)
}

// AddDelivery adds a delivery with a new ID.
func (tx *Tx) AddDelivery(d *Delivery) error {
	body, err := json.Marshal(d.Notice)
	if err != nil {
		return err
	}
	for {
		d.ID = tx.db.ids.next(tx.db.now())
		n, err := tx.exec("insert into delivery (subscription, id, person, state, due, attempts, sealed) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
			d.Subscription, d.ID, int64(d.Person), d.State, micros(d.Due), d.Attempts, seal(tx.db.vault.words, nil, body, aboutDelivery(d)))
		if err != nil || n == 1 {
			return err
		}
		tx.db.ids.move()
	}
}

// PutDelivery changes one.
func (tx *Tx) PutDelivery(d *Delivery) error {
	body, err := json.Marshal(d.Notice)
	if err != nil {
		return err
	}
	_, err = tx.exec("update delivery set state = $3, due = $4, attempts = $5, sealed = $6 where subscription = $1 and id = $2",
		d.Subscription, d.ID, d.State, micros(d.Due), d.Attempts, seal(tx.db.vault.words, nil, body, aboutDelivery(d)))
	return err
}

// DueDeliveries lists those that are to be sent by a time, in order, but none of a person behind one that waits for longer.
func (db *DB) DueDeliveries(ctx context.Context, at time.Time, limit int) ([]Delivery, error) {
	return db.deliveries(ctx, "state = 'waiting' and due <= $1 and not exists (select 1 from delivery o where o.subscription = delivery.subscription and o.person = delivery.person and o.state = 'waiting' and o.id < delivery.id) order by due, id limit $2", micros(at), limit)
}

// DeliveriesOf lists those of a subscription in a state ("": any), the newest first.
func (db *DB) DeliveriesOf(ctx context.Context, subscription, state string, limit int) ([]Delivery, error) {
	return db.deliveries(ctx, "subscription = $1 and ($2 = '' or state = $2) order by id desc limit $3", subscription, state, limit)
}

// HeldDeliveries lists those that are kept back until a time that has come.
func (db *DB) HeldDeliveries(ctx context.Context, at time.Time, limit int) ([]Delivery, error) {
	return db.deliveries(ctx, "state = 'held' and due > 0 and due <= $1 order by subscription, id limit $2", micros(at), limit)
}

// Troubled lists deliveries of all subscriptions that wait after a failure or were given up or withheld, the newest first.
func (db *DB) Troubled(ctx context.Context, limit int) ([]Delivery, error) {
	return db.deliveries(ctx, "state = 'dead' or state = 'withheld' or state = 'waiting' and attempts > 0 order by id desc limit $1", limit)
}

// DeliveryByID reads one; nil where there is none.
func (db *DB) DeliveryByID(ctx context.Context, subscription string, id int64) (*Delivery, error) {
	all, err := db.deliveries(ctx, "subscription = $1 and id = $2", subscription, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func (db *DB) deliveries(ctx context.Context, text string, args ...any) ([]Delivery, error) {
	var all []Delivery
	err := db.each(ctx, func(scan func(...any) error) error {
		var d Delivery
		var due int64
		var sealed []byte
		if err := scan(&d.Subscription, &d.ID, &d.Person, &d.State, &due, &d.Attempts, &sealed); err != nil {
			return err
		}
		body, err := unseal(db.vault.words, nil, sealed, aboutDelivery(&d))
		if err != nil {
			return err
		}
		d.Due = fromMicros(due)
		err = json.Unmarshal(body, &d.Notice)
		all = append(all, d)
		return err
	}, deliverySelection+text, args...)
	return all, db.d.fault("the deliveries cannot be read", err)
}

// DeliveryCounts counts the deliveries of a subscription since a time, by state.
func (db *DB) DeliveryCounts(ctx context.Context, subscription string, since time.Time) (map[string]int, error) {
	all := map[string]int{}
	err := db.each(ctx, func(scan func(...any) error) error {
		var state string
		var n int
		err := scan(&state, &n)
		all[state] = n
		return err
	}, "select state, count(*) from delivery where subscription = $1 and id >= $2 group by state", subscription, IDAt(since))
	return all, db.d.fault("the deliveries cannot be counted", err)
}

// EventByID reads one event of a patient; nil where there is none.
func (db *DB) EventByID(ctx context.Context, p kmcr.PatientID, id int64) (*kmcr.Event, error) {
	e := &kmcr.Event{ID: id, Patient: p}
	var at, recorded, hash int64
	err := db.row(ctx, "select topic, at, recorded, about, statement, detail from event where patient = $1 and id = $2", int64(p), id).
		Scan(&e.Topic, &at, &recorded, &e.Statement.Patient, &hash, &e.Detail)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	e.At, e.Recorded, e.Statement.Hash = fromMicros(at), fromMicros(recorded), uint64(hash)
	return e, db.d.fault("the events cannot be read", err)
}

// ClaimDelivery moves the due time of a waiting delivery, where it still is as it was read; claimed is false where somebody else has it.
func (tx *Tx) ClaimDelivery(d *Delivery, was time.Time) (claimed bool, err error) {
	n, err := tx.exec("update delivery set due = $4 where subscription = $1 and id = $2 and state = 'waiting' and due = $3", d.Subscription, d.ID, micros(was), micros(d.Due))
	return n == 1, err
}
