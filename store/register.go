package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kmcr"
)

// The kinds of register.
const (
	KindOrganisation = "organisation" // kmcr.Organisation by ODS
	KindContributor  = "contributor"  // kmcr.Contributor by code
	KindAccount      = "account"      // signin.Account by name
	KindClient       = "client"       // signin.Client by code
	KindObjection    = "objection"    // []disclose.Objection by person ref
	KindConcern      = "concern"      // disclose.Outcome by audit.Concern.ID
	KindAfresh       = "afresh"       // who is still to be linked afresh, by PatientID; written by ingest
	KindTrace        = "trace"        // what the national demographics service said of a patient, by PatientID; written by ingest
	KindEHR          = "ehr"          // signin.EHR by its FHIR base address
	KindRetention    = "retention"    // disclose.Kept by class of record
	KindGroup        = "group"        // signin.Group by the provider's name of the group
	KindSetting      = "setting"
	KindCorrection   = "correction"   // list of compose.Correction by PatientID
	KindSensitive    = "sensitive"    // access.SensitiveSet by name
	KindStaff        = "staff"        // disclose.Staff by account
	KindPolicy       = "policy"       // disclose.Policy by number, and the one "in-force"
	KindSubscription = "subscription" // notify.Subscription by id
	KindWanted       = "wanted"       // notify.Wanted by account
	KindWorker       = "worker"       // disclose.Worker by account
)

func registerAbout(kind, key string) []byte { return []byte("register\x00" + kind + "\x00" + key) }

// Put stores v as JSON under kind and key ("organisation", "RVV").
func (tx *Tx) Put(kind, key string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return &kmcr.Error{Kind: kmcr.Fault, Message: "this cannot be kept as JSON", Err: err}
	}
	_, err = tx.exec("insert into register (kind, key, sealed) values ($1, $2, $3) on conflict (kind, key) do update set sealed = excluded.sealed",
		kind, key, seal(tx.db.vault.words, nil, body, registerAbout(kind, key)))
	return err
}

// Remove takes an entry out of a register.
func (tx *Tx) Remove(kind, key string) error {
	_, err := tx.exec("delete from register where kind = $1 and key = $2", kind, key)
	return err
}

// Get reads an entry; found is false where there is none.
func (db *DB) Get(ctx context.Context, kind, key string, v any) (found bool, err error) {
	var sealed []byte
	err = db.row(ctx, "select sealed from register where kind = $1 and key = $2", kind, key).Scan(&sealed)
	return db.opened(sealed, err, kind, key, v)
}

// Get reads an entry as the transaction sees it, so that what is put depends on what is there.
func (tx *Tx) Get(kind, key string, v any) (found bool, err error) {
	var sealed []byte
	found, err = tx.row("select sealed from register where kind = $1 and key = $2"+tx.db.d.lock, []any{kind, key}, &sealed)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return tx.db.opened(sealed, err, kind, key, v)
}

func (db *DB) opened(sealed []byte, err error, kind, key string, v any) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		var body []byte
		if body, err = unseal(db.vault.words, nil, sealed, registerAbout(kind, key)); err == nil {
			err = json.Unmarshal(body, v)
		}
	}
	return err == nil, db.d.fault("the register cannot be read", err)
}

// List reads every key of a register with its JSON, in order of key.
func (db *DB) List(ctx context.Context, kind string, f func(key string, body []byte) error) error {
	type entry struct {
		key  string
		body []byte
	}
	var all []entry
	err := db.each(ctx, func(scan func(...any) error) error {
		var e entry
		var sealed []byte
		err := scan(&e.key, &sealed)
		if err == nil {
			e.body, err = unseal(db.vault.words, nil, sealed, registerAbout(kind, e.key))
		}
		all = append(all, e)
		return err
	}, "select key, sealed from register where kind = $1 order by key", kind)
	if err != nil {
		return db.d.fault("the register cannot be read", err)
	}
	for _, e := range all {
		if err := f(e.key, e.body); err != nil {
			return err
		}
	}
	return nil
}

// PutTicket keeps a short-lived value (a sign-in, an authorisation code, a used jti) until expires; a second ticket of the same
// kind and key is a kmcr.Conflict when once is true, unless the first has expired. The key is kept as a keyed hash and the
// body sealed, so that a stolen database opens no session.
func (tx *Tx) PutTicket(kind, key string, body []byte, expires time.Time, once bool) error {
	token := tx.db.vault.token("ticket", kind, key)
	now := micros(tx.db.now())
	if _, err := tx.exec("delete from ticket where expires <= $1", now); err != nil {
		return err
	}
	n, err := tx.exec("insert into ticket (kind, token, sealed, expires) values ($1, $2, $3, $4) on conflict (kind, token) do update set sealed = excluded.sealed, expires = excluded.expires where $5 = 0 or ticket.expires <= $6",
		kind, token, seal(tx.db.vault.words, nil, body, append([]byte("ticket"), token...)), micros(expires), truth(once), now)
	if err == nil && n == 0 {
		err = &kmcr.Error{Kind: kmcr.Conflict, Message: "this was used already", Remedy: "Begin again."}
	}
	return err
}

// Ticket reads one that has not expired.
func (db *DB) Ticket(ctx context.Context, kind, key string) (body []byte, ok bool, err error) {
	token := db.vault.token("ticket", kind, key)
	var sealed []byte
	err = db.row(ctx, "select sealed from ticket where kind = $1 and token = $2 and expires > $3", kind, token, micros(db.now())).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err == nil {
		body, err = unseal(db.vault.words, []byte{}, sealed, append([]byte("ticket"), token...))
	}
	return body, err == nil, db.d.fault("the ticket cannot be read", err)
}

// DropTicket removes one.
func (tx *Tx) DropTicket(kind, key string) error {
	_, err := tx.exec("delete from ticket where kind = $1 and token = $2", kind, tx.db.vault.token("ticket", kind, key))
	return err
}

// TakeTicket reads one and removes it, so that of many who ask for it one gets it.
func (tx *Tx) TakeTicket(kind, key string) (body []byte, ok bool, err error) {
	token := tx.db.vault.token("ticket", kind, key)
	var sealed []byte
	ok, err = tx.row("delete from ticket where kind = $1 and token = $2 and expires > $3 returning sealed", []any{kind, token, micros(tx.db.now())}, &sealed)
	if ok {
		body, err = unseal(tx.db.vault.words, []byte{}, sealed, append([]byte("ticket"), token...))
	}
	return body, ok && err == nil, err
}
