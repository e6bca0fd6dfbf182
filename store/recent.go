package store

import (
	"context"
	"time"

	"kmcr"
)

// lookedThrough is how many of the newest ledger entries are looked through for those of one contributor.
const lookedThrough = 20_000

// Recent lists the newest ledger entries of a contributor, newest first, as far as they are among the newest of all.
func (db *DB) Recent(ctx context.Context, c kmcr.ContributorCode, most int) ([]Message, error) {
	var all []Message
	err := db.each(ctx, func(scan func(...any) error) error {
		var m Message
		err := m.scan(scan)
		all = append(all, m)
		return err
	}, "select "+messageColumns+" from (select * from message order by id desc limit $1) m where m.contributor = $2 order by m.id desc limit $3", lookedThrough, string(c), most)
	return all, db.d.fault("the ledger cannot be read", err)
}

// PatientOfMessage is the patient in whose block the bytes of an applied message live on; 0 for a message that has none.
func (db *DB) PatientOfMessage(ctx context.Context, id int64) (kmcr.PatientID, error) {
	var p kmcr.PatientID
	err := db.each(ctx, func(scan func(...any) error) error { return scan(&p) }, "select patient from message where id = $1", id)
	return p, db.d.fault("the ledger cannot be read", err)
}

// OldestWaiting is since when, per contributor, the message that has waited longest has waited.
func (db *DB) OldestWaiting(ctx context.Context) (map[kmcr.ContributorCode]time.Time, error) {
	all := map[kmcr.ContributorCode]time.Time{}
	err := db.each(ctx, func(scan func(...any) error) error {
		var c kmcr.ContributorCode
		var at int64
		err := scan(&c, &at)
		all[c] = fromMicros(at)
		return err
	}, "select m.contributor, min(m.received_at) from inbox i join message m on m.id = i.message where i.waiting = 1 group by m.contributor")
	return all, db.d.fault("the inbox cannot be read", err)
}
