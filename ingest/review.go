package ingest

import (
	"context"
	"slices"
	"strconv"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Decide records what a records officer decided on a review: "same" links the two, "different" keeps them apart, "unsure" leaves it
// undecided, "undo" takes a decision back. Whoever is touched is linked afresh, by what is known and decided then. A decision that
// another one or a merge contradicts is a kmcr.Conflict.
func (s *Service) Decide(ctx context.Context, review int64, decision string, by kmcr.Viewer) error {
	if !slices.Contains([]string{"same", "different", "unsure", "undo"}, decision) {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a decision is same, different, unsure or undo", Remedy: "Choose one of the four."}
	}
	state := decision
	if decision == "undo" {
		state = "open"
	}
	r, err := s.db.Review(ctx, review)
	if err != nil {
		return err
	}
	if r == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such review", Remedy: "Open the list again."}
	}
	change := func(t *touched) error {
		if t.byID[r.A] == nil || t.byID[r.B] == nil {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "one of the two is no longer there", Remedy: "Open the list again."}
		}
		t.decided[between(r.A, r.B)] = "open"
		if decision == "same" {
			t.decided[between(r.A, r.B)] = state
		}
		if why := t.held(decision, r.A, r.B); why != "" {
			return &kmcr.Error{Kind: kmcr.Conflict, Message: why, Remedy: "Look at that first and take it back; then decide this."}
		}
		t.decided[between(r.A, r.B)] = state
		return nil
	}
	return s.relinkAll(ctx, by, "decided: "+decision, []kmcr.PatientID{r.A, r.B}, change, func(tx *store.Tx, _ *touched, moves []relinking) error {
		changed := *r
		changed.State, changed.By, changed.DecidedAt = state, by.Account, s.Now()
		if err := tx.PutReview(&changed); err != nil {
			return err
		}
		return tx.Audit(&audit.Entry{At: changed.DecidedAt, Action: "decide-match", Viewer: by, Patient: r.A, Purpose: kmcr.Administration, Allowed: true,
			Rule: "a records officer decides whether two are the same person", Where: "matches",
			Detail: map[string]string{"review": strconv.FormatInt(review, 10), "decision": decision, "other": strconv.FormatInt(int64(r.B), 10), "moved": strconv.Itoa(len(moves))}})
	})
}
