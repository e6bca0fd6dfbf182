package ingest

import (
	"context"
	"strconv"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Decide records what a records officer decided on a review: "same" links the two, "different" keeps them apart for good, "unsure" leaves it open.
// A decision may be changed by another.
func (s *Service) Decide(ctx context.Context, review int64, decision string, by kmcr.Viewer) error {
	if decision != "same" && decision != "different" && decision != "unsure" {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a decision is same, different or unsure", Remedy: "Choose one of the three."}
	}
	return again(ctx, func() error {
		r, err := s.review(ctx, review)
		if err != nil {
			return err
		}
		defer s.locks.patients.hold([]uint64{uint64(r.A), uint64(r.B)})()
		moves, err := s.consequences(ctx, r, decision)
		if err != nil {
			return err
		}
		r.State, r.By, r.DecidedAt = decision, by.Account, s.Now()
		return s.db.Write(ctx, func(tx *store.Tx) error {
			changed := *r
			if err := tx.PutReview(&changed); err != nil {
				return err
			}
			for _, m := range moves {
				if err := tx.Relink(m.patient, m.to, by.Account, "decided: "+decision); err != nil {
					return err
				}
			}
			return tx.Audit(&audit.Entry{At: r.DecidedAt, Action: "decide-match", Viewer: by, Patient: r.A, Purpose: kmcr.Administration, Allowed: true,
				Rule: "a records officer decides whether two are the same person", Where: "matches",
				Detail: map[string]string{"review": strconv.FormatInt(review, 10), "decision": decision, "other": strconv.FormatInt(int64(r.B), 10)}})
		})
	})
}

// review finds a review in whatever state.
func (s *Service) review(ctx context.Context, id int64) (*store.Review, error) {
	for _, state := range []string{"open", "unsure", "same", "different"} {
		all, err := s.db.Reviews(ctx, state)
		if err != nil {
			return nil, err
		}
		for i := range all {
			if all[i].ID == id {
				return &all[i], nil
			}
		}
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such review", Remedy: "Open the list again."}
}

// relinking moves one patient to a person.
type relinking struct {
	patient kmcr.PatientID
	to      kmcr.PersonID
}

// consequences are the links that a decision moves.
func (s *Service) consequences(ctx context.Context, r *store.Review, decision string) ([]relinking, error) {
	a, b, err := s.pair(ctx, r)
	if err != nil {
		return nil, err
	}
	switch {
	case decision == "same" && a.Person != b.Person:
		return s.together(ctx, a, b)
	case decision == "different" && a.Person == b.Person:
		return []relinking{{b.ID, s.db.NewPerson()}}, nil
	}
	return nil, nil
}

func (s *Service) pair(ctx context.Context, r *store.Review) (a, b *store.Patient, err error) {
	if a, err = s.db.PatientByID(ctx, r.A); err == nil {
		b, err = s.db.PatientByID(ctx, r.B)
	}
	if err == nil && (a == nil || b == nil) {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "one of the two is no longer there", Remedy: "Open the list again."}
	}
	return a, b, err
}

// together brings everybody of b's person to a's, unless somebody has decided
// that two of them are different.
func (s *Service) together(ctx context.Context, a, b *store.Patient) ([]relinking, error) {
	stay, err := s.db.Links(ctx, a.Person)
	if err != nil {
		return nil, err
	}
	come, err := s.db.Links(ctx, b.Person)
	if err != nil {
		return nil, err
	}
	staying := map[kmcr.PatientID]bool{}
	for _, p := range stay {
		staying[p.ID] = true
	}
	var moves []relinking
	for _, p := range come {
		reviews, err := s.db.ReviewsOf(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range reviews {
			decidedNow := (r.A == a.ID && r.B == b.ID) || (r.A == b.ID && r.B == a.ID)
			if r.State == "different" && !decidedNow && (staying[r.A] || staying[r.B]) {
				return nil, &kmcr.Error{Kind: kmcr.Conflict, Message: "two entries of these two people have been decided to be different", Remedy: "Look at that decision first; only then can the two be one person."}
			}
		}
		moves = append(moves, relinking{p.ID, a.Person})
	}
	return moves, nil
}
