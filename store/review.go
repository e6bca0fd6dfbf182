package store

import (
	"context"
	"slices"
	"time"

	"kmcr"
)

// Review is a pair of patients about whom a person has to decide.
type Review struct {
	ID      int64
	A, B    kmcr.PatientID
	Score   float64
	Reasons string
	At      time.Time
	// State is "open", "same", "different", "unsure", or "withdrawn": there is nothing to be asked any more.
	State     string
	By        string
	DecidedAt time.Time
	// Proposed is the decision that one officer proposes and another has to make; ProposedBy is the first.
	Proposed, ProposedBy string
	// Took is how long the officer who decided looked at it; 0 where that is not known. Kept to the millisecond.
	Took time.Duration
}

// PutReview adds a review, or changes the one of the same pair, and sets its
// ID. A pair is the same whichever stands first. An empty State is "open". A zero At is now.
func (tx *Tx) PutReview(r *Review) error {
	a, b := min(r.A, r.B), max(r.A, r.B)
	if r.State == "" {
		r.State = "open"
	}
	if r.At.IsZero() {
		r.At = tx.db.now()
	}
	id := tx.db.ids.next(tx.db.now())
	for {
		found, err := tx.row("select id from review where a = $1 and b = $2"+tx.db.d.lock, []any{int64(a), int64(b)}, &r.ID)
		if err != nil {
			return err
		}
		if found {
			_, err := tx.exec("update review set score = $2, sealed = $3, state = $4, decided_by = $5, decided_at = $6, proposed = $7, proposed_by = $8, took = $9 where id = $1",
				r.ID, r.Score, tx.sealReasons(r, a, b), r.State, r.By, micros(r.DecidedAt), r.Proposed, r.ProposedBy, r.Took.Milliseconds())
			return err
		}
		n, err := tx.exec("insert into review (id, a, b, score, sealed, at, state, decided_by, decided_at, proposed, proposed_by, took) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing",
			id, int64(a), int64(b), r.Score, tx.sealReasons(r, a, b), micros(r.At), r.State, r.By, micros(r.DecidedAt), r.Proposed, r.ProposedBy, r.Took.Milliseconds())
		if n == 1 {
			r.ID = id
		}
		if err != nil || n == 1 {
			return err
		}
		tx.db.ids.move()
		id = tx.db.ids.next(tx.db.now())
	}
}

func (tx *Tx) sealReasons(r *Review, a, b kmcr.PatientID) []byte {
	return seal(tx.db.vault.words, nil, []byte(r.Reasons), about("review", int64(a), int64(b)))
}

const reviewColumns = "id, a, b, score, sealed, at, state, decided_by, decided_at, proposed, proposed_by, took"

// Reviews lists reviews in a state, oldest first.
func (db *DB) Reviews(ctx context.Context, state string) ([]Review, error) {
	return db.reviews(ctx, "select "+reviewColumns+" from review where state = $1 order by id", state)
}

// Review finds one by its id; nil where there is none.
func (db *DB) Review(ctx context.Context, id int64) (*Review, error) {
	found, err := db.reviews(ctx, "select "+reviewColumns+" from review where id = $1", id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// ReviewsOf lists the reviews that concern a patient.
func (db *DB) ReviewsOf(ctx context.Context, p kmcr.PatientID) ([]Review, error) {
	return db.reviews(ctx, "select "+reviewColumns+" from review where a = $1 or b = $1 order by id", int64(p))
}

// InQuestion lists the patients of whom somebody still has to decide whether they are one with any of ids (open, unsure).
func (db *DB) InQuestion(ctx context.Context, ids ...kmcr.PatientID) (all []kmcr.PatientID, err error) {
	err = listed(ids, func(some []kmcr.PatientID) error {
		args := padded(some)
		for i, id := range args {
			args[i] = int64(id.(kmcr.PatientID))
		}
		these := places(1, len(args))
		return db.each(ctx, func(scan func(...any) error) error {
			var a, b kmcr.PatientID
			err := scan(&a, &b)
			for _, p := range []kmcr.PatientID{a, b} {
				if !slices.Contains(ids, p) && !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
			return err
		}, "select a, b from review where a in ("+these+") and state in ('open', 'unsure') union all select a, b from review where b in ("+these+") and state in ('open', 'unsure')", args...)
	})
	return all, db.d.fault("the reviews cannot be read", err)
}

func (db *DB) reviews(ctx context.Context, text string, args ...any) ([]Review, error) {
	var all []Review
	err := db.each(ctx, func(scan func(...any) error) error {
		var r Review
		var sealed []byte
		var at, decided, took int64
		if err := scan(&r.ID, &r.A, &r.B, &r.Score, &sealed, &at, &r.State, &r.By, &decided, &r.Proposed, &r.ProposedBy, &took); err != nil {
			return err
		}
		reasons, err := unseal(db.vault.words, nil, sealed, about("review", int64(r.A), int64(r.B)))
		r.Reasons, r.At, r.DecidedAt = string(reasons), fromMicros(at), fromMicros(decided)
		r.Took = time.Duration(took) * time.Millisecond
		all = append(all, r)
		return err
	}, text, args...)
	return all, db.d.fault("the reviews cannot be read", err)
}
