package ingest

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Decide records what a records officer decided on a review: "same" links the two, "different" keeps them apart, "unsure" leaves it
// undecided, "undo" takes a decision back. Whoever is touched is linked afresh, by what is known and decided then. A decision that
// another one or a merge contradicts is a kmcr.Conflict. Where either of the two must not be found, what one officer decides is a
// proposal until another decides the same: made tells which. took is how long the officer looked at it.
func (s *Service) Decide(ctx context.Context, review int64, decision string, took time.Duration, by kmcr.Viewer) (made bool, err error) {
	if !slices.Contains([]string{"same", "different", "unsure", "undo"}, decision) {
		return false, &kmcr.Error{Kind: kmcr.Invalid, Message: "a decision is same, different, unsure or undo", Remedy: "Choose one of the four."}
	}
	state := decision
	if decision == "undo" {
		state = "open"
	}
	r, err := s.db.Review(ctx, review)
	if err != nil {
		return false, err
	}
	if r == nil {
		return false, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such review", Remedy: "Open the list again."}
	}
	if made, err = s.seconded(ctx, r, decision, by); !made || err != nil {
		return false, err
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
	err = s.relinkAll(ctx, by, "decided: "+decision, []kmcr.PatientID{r.A, r.B}, change, func(tx *store.Tx, _ *touched, moves []relinking) error {
		changed := *r
		changed.State, changed.By, changed.DecidedAt, changed.Took = state, by.Account, s.Now(), min(max(took, 0), longestLook)
		changed.Proposed, changed.ProposedBy = "", ""
		if err := tx.PutReview(&changed); err != nil {
			return err
		}
		return tx.Audit(&audit.Entry{At: changed.DecidedAt, Action: "decide-match", Viewer: by, Patient: r.A, Purpose: kmcr.Administration, Allowed: true,
			Rule: "a records officer decides whether two are the same person", Where: "matches",
			Detail: map[string]string{"review": strconv.FormatInt(review, 10), "decision": decision, "other": strconv.FormatInt(int64(r.B), 10), "moved": strconv.Itoa(len(moves)), "proposed by": r.ProposedBy}})
	})
	return err == nil, err
}

// longestLook bounds how long somebody is believed to have looked at a pair: after that the page was left open.
const longestLook = time.Hour

// seconded tells whether a decision may be made now: always, unless one of the two must not be found and nobody else has
// proposed the same, when it is kept as a proposal. Leaving it undecided needs nobody.
func (s *Service) seconded(ctx context.Context, r *store.Review, decision string, by kmcr.Viewer) (bool, error) {
	sealed, err := s.mustNotBeFound(ctx, r.A, r.B)
	switch {
	case err != nil || !sealed || decision == "unsure":
		return err == nil, err
	case r.Proposed == decision && r.ProposedBy != by.Account:
		return true, nil
	case r.Proposed == decision:
		return false, &kmcr.Error{Kind: kmcr.Conflict, Message: "you have proposed this already, and one of the two must not be found", Remedy: "Ask another records officer to look at it and decide."}
	}
	return false, s.db.Write(ctx, func(tx *store.Tx) error {
		changed := *r
		changed.Proposed, changed.ProposedBy = decision, by.Account
		if err := tx.PutReview(&changed); err != nil {
			return err
		}
		return tx.Audit(&audit.Entry{At: s.Now(), Action: "propose-match", Viewer: by, Patient: r.A, Purpose: kmcr.Administration, Allowed: true,
			Rule: "two records officers decide about somebody who must not be found", Where: "matches",
			Detail: map[string]string{"review": strconv.FormatInt(r.ID, 10), "decision": decision, "other": strconv.FormatInt(int64(r.B), 10)}})
	})
}

// mustNotBeFound tells whether somebody to whom one of the patients belongs must not be found, by anybody's word.
func (s *Service) mustNotBeFound(ctx context.Context, patients ...kmcr.PatientID) (bool, error) {
	var all []kmcr.PatientID
	for _, id := range patients {
		p, err := s.db.PatientByID(ctx, id)
		if err != nil {
			return false, err
		}
		if p == nil {
			continue
		}
		all = append(all, p.ID)
		linked, err := s.db.Links(ctx, p.Person)
		if err != nil {
			return false, err
		}
		for _, l := range linked {
			all = append(all, l.ID)
		}
	}
	compartments, err := s.db.Compartments(ctx, all...)
	if err != nil {
		return false, err
	}
	for _, c := range compartments {
		for _, st := range c.Current() {
			if st.Section == kmcr.Demographics && (slices.Contains(st.Labels, kmcr.Restricted) || slices.Contains(st.Labels, kmcr.VeryRestricted)) {
				return true, nil
			}
		}
	}
	return false, nil
}
