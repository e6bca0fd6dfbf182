package ingest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// decisions lead from what an officer decides on a review to its state after that; taking a merge back leaves it as it is.
var decisions = map[string]string{"same": "same", "different": "different", "unsure": "unsure", "undo": "open"}

// Decide records what a records officer decided on a review: "same" links the two, "different" keeps them apart, "unsure" leaves it
// undecided, "undo" takes a decision back. Whoever is touched is linked afresh, by what is known and decided then. A decision that
// another one or a merge contradicts is a kmcr.Conflict. Where either of the two must not be found, what one officer decides is a
// proposal until another decides the same: made tells which. took is how long the officer looked at it.
func (s *Service) Decide(ctx context.Context, review int64, decision string, took time.Duration, by kmcr.Viewer) (made bool, err error) {
	if decisions[decision] == "" {
		return false, &kmcr.Error{Kind: kmcr.Invalid, Message: "a decision is same, different, unsure or undo", Remedy: "Choose one of the four."}
	}
	r, err := s.db.Review(ctx, review)
	if err != nil {
		return false, err
	}
	if r == nil {
		return false, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such review", Remedy: "Open the list again."}
	}
	if took > 0 && r.By != "" && r.By != by.Account && r.State != "unsure" && r.State != decisions[decision] && r.DecidedAt.After(s.Now().Add(-took)) {
		return false, &kmcr.Error{Kind: kmcr.Conflict, Message: "another officer has decided this since you opened the page", Remedy: "Open the list again and look at what was decided; it can be taken back there."}
	}
	return s.decideAll(ctx, []store.Review{*r}, decision, took, by)
}

// decideAll decides the same about several pairs, all of them or none.
func (s *Service) decideAll(ctx context.Context, reviews []store.Review, decision string, took time.Duration, by kmcr.Viewer) (made bool, err error) {
	if made, err = s.seconded(ctx, reviews, decision, by); !made || err != nil {
		return false, err
	}
	decided := slices.Clone(reviews)
	var seeds []kmcr.PatientID
	for i := range decided {
		r := &decided[i]
		r.State, r.By, r.DecidedAt, r.Took = decisions[decision], by.Account, s.Now(), min(max(took, 0), longestLook)
		r.Proposed, r.ProposedBy = "", ""
		seeds = append(seeds, r.A, r.B)
	}
	change := func(t *touched) error { return t.take(decided, decision) }
	err = s.relinkAll(ctx, by, "decided: "+decision, seeds, change, func(tx *store.Tx, _ *touched, moves []relinking) error {
		for i, r := range decided {
			if err := tx.PutReview(&r); err != nil {
				return err
			}
			if err := tx.Audit(&audit.Entry{At: r.DecidedAt, Action: "decide-match", Viewer: by, Patient: r.A, Purpose: kmcr.Administration, Allowed: true,
				Rule: "a records officer decides whether two are the same person", Where: "matches",
				Detail: map[string]string{"review": strconv.FormatInt(r.ID, 10), "decision": decision, "other": strconv.FormatInt(int64(r.B), 10), "moved": strconv.Itoa(len(moves)), "proposed by": reviews[i].ProposedBy}}); err != nil {
				return err
			}
		}
		return nil
	})
	return err == nil, err
}

// take takes decisions over, unless something that stands contradicts one of them.
func (t *touched) take(decided []store.Review, decision string) error {
	for _, r := range decided {
		if t.byID[r.A] == nil || t.byID[r.B] == nil {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "one of the two is no longer there", Remedy: "Open the list again."}
		}
		if decision != "same" {
			r.State = "open"
		}
		t.reviews[between(r.A, r.B)] = r
	}
	for _, r := range decided {
		if why := t.held(decision, r.A, r.B); why != "" {
			return &kmcr.Error{Kind: kmcr.Conflict, Message: why, Remedy: "Look at that first and take it back; then decide this."}
		}
	}
	for _, r := range decided {
		t.reviews[between(r.A, r.B)] = r
	}
	return nil
}

// longestLook bounds how long somebody is believed to have looked at a pair: after that the page was left open.
const longestLook = time.Hour

// seconded tells whether a decision may be made now: always, unless somebody whom it concerns must not be found and nobody else has
// proposed the same, when it is kept as a proposal. Leaving it undecided needs nobody.
func (s *Service) seconded(ctx context.Context, reviews []store.Review, decision string, by kmcr.Viewer) (bool, error) {
	var all []kmcr.PatientID
	for _, r := range reviews {
		all = append(all, r.A, r.B)
	}
	sealed, err := s.mustNotBeFound(ctx, all...)
	if err != nil || !sealed || decision == "unsure" {
		return err == nil, err
	}
	byMe := func(r store.Review) bool { return r.ProposedBy == by.Account }
	switch {
	case slices.ContainsFunc(reviews, func(r store.Review) bool { return r.Proposed != decision }):
	case !slices.ContainsFunc(reviews, byMe):
		return true, nil
	default:
		return false, &kmcr.Error{Kind: kmcr.Conflict, Message: "you have proposed this already, and one of the two must not be found", Remedy: "Ask another records officer to look at it and decide."}
	}
	return false, s.db.Write(ctx, func(tx *store.Tx) error {
		for _, r := range reviews {
			r.Proposed, r.ProposedBy = decision, by.Account
			if err := tx.PutReview(&r); err != nil {
				return err
			}
			if err := tx.Audit(&audit.Entry{At: s.Now(), Action: "propose-match", Viewer: by, Patient: r.A, Purpose: kmcr.Administration, Allowed: true,
				Rule: "two records officers decide about somebody who must not be found", Where: "matches",
				Detail: map[string]string{"review": strconv.FormatInt(r.ID, 10), "decision": decision, "other": strconv.FormatInt(int64(r.B), 10)}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// mustNotBeFound tells whether somebody to whom one of the patients belongs must not be found, by anybody's word.
func (s *Service) mustNotBeFound(ctx context.Context, patients ...kmcr.PatientID) (bool, error) {
	all := map[kmcr.PatientID]bool{}
	for _, id := range patients {
		if all[id] {
			continue
		}
		p, err := s.db.PatientByID(ctx, id)
		if err != nil {
			return false, err
		}
		if p == nil {
			continue
		}
		all[p.ID] = true
		linked, err := s.db.Links(ctx, p.Person)
		if err != nil {
			return false, err
		}
		for _, l := range linked {
			all[l.ID] = true
		}
	}
	compartments, err := s.db.Compartments(ctx, slices.Sorted(maps.Keys(all))...)
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
