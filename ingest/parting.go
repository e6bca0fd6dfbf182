package ingest

import (
	"context"
	"slices"
	"time"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
)

// mostPairs bounds how many pairs one deed of an officer decides about.
const mostPairs = 400

// Part records that some entries of one person are of somebody else than its other entries: each of them is decided to be different
// from each of the others, as Decide does it, whether anybody has asked or not. Those that are parted are linked afresh by what is
// known of them. Errors: kmcr.Invalid where they are not some, but not all, of one person's entries; otherwise as Decide.
func (s *Service) Part(ctx context.Context, entries []kmcr.PatientID, took time.Duration, by kmcr.Viewer) (made bool, err error) {
	persons, err := s.personsOf(ctx, entries)
	if err != nil {
		return false, err
	}
	if len(persons) != 1 {
		return false, &kmcr.Error{Kind: kmcr.Invalid, Message: "the entries to be parted are not of one person", Remedy: "Tick entries of one person, and not all of them."}
	}
	linked, err := s.db.Links(ctx, persons[0])
	if err != nil {
		return false, err
	}
	var pairs [][2]kmcr.PatientID
	for _, l := range linked {
		if l.Register || slices.Contains(entries, l.ID) {
			continue
		}
		for _, e := range entries {
			pairs = append(pairs, between(e, l.ID))
		}
	}
	return s.decidePairs(ctx, pairs, "different", took, by)
}

// Join records that entries of several persons are of one: the first of each person is decided to be the same as the first of all,
// as Decide does it, whether anybody has asked or not.
func (s *Service) Join(ctx context.Context, entries []kmcr.PatientID, took time.Duration, by kmcr.Viewer) (made bool, err error) {
	var pairs [][2]kmcr.PatientID
	persons := map[kmcr.PersonID]bool{}
	for _, e := range entries {
		p, err := s.entry(ctx, e)
		if err != nil {
			return false, err
		}
		if !persons[p.Person] && len(persons) > 0 {
			pairs = append(pairs, between(entries[0], e))
		}
		persons[p.Person] = true
	}
	return s.decidePairs(ctx, pairs, "same", took, by)
}

// TakeBack takes several decisions back, all of them or none, as Decide takes back one.
func (s *Service) TakeBack(ctx context.Context, reviews []int64, by kmcr.Viewer) (made bool, err error) {
	var all []store.Review
	for _, id := range reviews {
		r, err := s.db.Review(ctx, id)
		if err != nil {
			return false, err
		}
		if r == nil || r.State == "open" || r.State == "withdrawn" {
			return false, &kmcr.Error{Kind: kmcr.NotFound, Message: "one of the decisions is not there, or has been taken back", Remedy: "Open the page again."}
		}
		all = append(all, *r)
	}
	if len(all) == 0 || len(all) > mostPairs {
		return false, &kmcr.Error{Kind: kmcr.Invalid, Message: "there is no decision to take back, or there are too many at once", Remedy: "Choose a decision."}
	}
	return s.decideAll(ctx, all, "undo", 0, by)
}

// entry is a patient that is somebody's.
func (s *Service) entry(ctx context.Context, id kmcr.PatientID) (*store.Patient, error) {
	p, err := s.db.PatientByID(ctx, id)
	if err == nil && (p == nil || p.Register || p.Person == 0 || p.Erased()) {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "one of the entries is not there", Remedy: "Open the page again."}
	}
	return p, err
}

// personsOf are the persons of entries, each once.
func (s *Service) personsOf(ctx context.Context, entries []kmcr.PatientID) (persons []kmcr.PersonID, err error) {
	for _, e := range entries {
		p, err := s.entry(ctx, e)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(persons, p.Person) {
			persons = append(persons, p.Person)
		}
	}
	return persons, nil
}

// decidePairs decides about pairs of whom nobody need have asked.
func (s *Service) decidePairs(ctx context.Context, pairs [][2]kmcr.PatientID, decision string, took time.Duration, by kmcr.Viewer) (made bool, err error) {
	if len(pairs) == 0 || len(pairs) > mostPairs {
		return false, &kmcr.Error{Kind: kmcr.Invalid, Message: "there is nothing to part or to link among these entries, or too much at once", Remedy: "To part, tick some of a person's entries and not all; to link, entries of two people."}
	}
	reviews := make([]store.Review, len(pairs))
	for i, pair := range pairs {
		if reviews[i], err = s.reviewOf(ctx, pair); err != nil {
			return false, err
		}
	}
	return s.decideAll(ctx, reviews, decision, took, by)
}

// reviewOf is the review of a pair: that which there is, or a new one with what speaks for and against it.
func (s *Service) reviewOf(ctx context.Context, pair [2]kmcr.PatientID) (store.Review, error) {
	reviews, err := s.db.ReviewsOf(ctx, pair[0])
	if err != nil {
		return store.Review{}, err
	}
	for _, r := range reviews {
		if between(r.A, r.B) == pair {
			return r, nil
		}
	}
	var ids [2]match.Identity
	for i, id := range pair {
		p, err := s.entry(ctx, id)
		if err != nil {
			return store.Review{}, err
		}
		claims, err := readClaims(p.Claims)
		if err != nil {
			return store.Review{}, err
		}
		ids[i] = identityOf(claims)
	}
	v := match.Compare(ids[0], ids[1])
	return store.Review{A: pair[0], B: pair[1], Score: v.Score, Reasons: v.Account(), State: "open"}, nil
}

// UndoMerge takes back a merge that a contributor has made of its patient. Both are linked afresh, by what is known of them without
// it. Where either must not be found, two officers take it back, as Decide says.
func (s *Service) UndoMerge(ctx context.Context, from kmcr.PatientID, by kmcr.Viewer) (made bool, err error) {
	p, err := s.entry(ctx, from)
	if err != nil {
		return false, err
	}
	if p.MergedInto == 0 {
		return false, notMerged()
	}
	r, err := s.reviewOf(ctx, between(from, p.MergedInto))
	if err != nil {
		return false, err
	}
	if made, err = s.seconded(ctx, []store.Review{r}, "unmerge", by); !made || err != nil {
		return false, err
	}
	err = s.takeBack(ctx, from, r, by)
	return err == nil, err
}
