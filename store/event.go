package store

import (
	"context"
	"slices"
	"time"

	"kmcr"
)

// AddEvent adds one, puts it on the bulletin, and sets its ID and, where it is zero, Recorded.
func (tx *Tx) AddEvent(e *kmcr.Event) error {
	if e.Recorded.IsZero() {
		e.Recorded = tx.db.now()
	}
	for {
		e.ID = tx.db.ids.next(tx.db.now())
		n, err := tx.exec("insert into event (patient, id, topic, at, recorded, about, statement, detail) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
			int64(e.Patient), e.ID, e.Topic, micros(e.At), micros(e.Recorded), int64(e.Statement.Patient), int64(e.Statement.Hash), e.Detail)
		if err != nil {
			return err
		}
		if n == 1 {
			return tx.announce(e)
		}
		tx.db.ids.move()
	}
}

// EventsOf lists events of patients recorded since a time, newest (by when they were recorded) first.
func (db *DB) EventsOf(ctx context.Context, ids []kmcr.PatientID, since time.Time, limit int) ([]kmcr.Event, error) {
	var all []kmcr.Event
	if limit <= 0 {
		return nil, nil
	}
	err := listed(ids, func(some []kmcr.PatientID) error {
		args := padded(some)
		for i := range args {
			args[i] = int64(args[i].(kmcr.PatientID))
		}
		n := len(args)
		return db.each(ctx, func(scan func(...any) error) error {
			var e kmcr.Event
			var at, recorded, hash int64
			err := scan(&e.Patient, &e.ID, &e.Topic, &at, &recorded, &e.Statement.Patient, &hash, &e.Detail)
			e.At, e.Recorded, e.Statement.Hash = fromMicros(at), fromMicros(recorded), uint64(hash)
			all = append(all, e)
			return err
		}, "select patient, id, topic, at, recorded, about, statement, detail from event where patient in ("+places(1, n)+") and recorded >= "+places(n+1, 1)+" order by recorded desc, id desc limit "+places(n+2, 1),
			append(args, micros(since), limit)...)
	})
	if err != nil {
		return nil, db.d.fault("the events cannot be read", err)
	}
	slices.SortStableFunc(all, func(a, b kmcr.Event) int {
		if c := b.Recorded.Compare(a.Recorded); c != 0 {
			return c
		}
		return int(b.ID - a.ID)
	})
	return all[:min(limit, len(all))], nil
}
