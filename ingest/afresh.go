package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/match"
	"kmcr/store"
)

// mergeWords is the reason of a link that a merge moved.
const mergeWords = "merged by its own system"

// afreshWords is the reason of a link that followed from something that was said of this patient or of others.
const afreshWords = "linked afresh, by what is known now"

// dueAfresh is kept of a patient who is to be linked afresh, from the message by which that became due until it is done: whatever
// stops in between, the next process does it.
type dueAfresh struct {
	Since time.Time
	By    kmcr.ContributorCode // whose message it was
}

// dueAgain is after how long somebody else does what is due.
const dueAgain = 30 * time.Second

// seeds are those whom the merges of a message touch, for what the entry that was given up said of others no longer counts; and
// whom placing alone could not settle.
func (p *plan) seeds() (seeds []kmcr.PatientID) {
	for _, x := range p.subjects {
		if x.mixed || len(x.upset) > 0 {
			seeds = append(append(seeds, x.patient.ID), x.upset...)
		}
		for _, y := range []*subject{x.follows, x.parted} {
			if y != nil {
				seeds = append(seeds, x.patient.ID, y.patient.ID)
			}
		}
	}
	return seeds
}

// upset are those of whom what was known may not hold any more when x is described otherwise than before: who was, or might have been,
// the same, and who carries a number that becomes a placeholder by it or is one no longer.
func (s *Service) upset(ctx context.Context, x *subject) (all []kmcr.PatientID, err error) {
	if !x.redescribed() {
		return nil, nil
	}
	was, is := identityOf(x.before), identityOf(x.claims)
	for _, id := range []match.Identity{was, is} {
		profile := match.Prepare(id)
		found, err := s.db.PatientsByToken(ctx, profile.Tokens(), candidates)
		if err != nil {
			return nil, err
		}
		var others []bearer
		for _, p := range found {
			y, err := toucherOf(p)
			if err != nil {
				return nil, err
			}
			if p.ID == x.patient.ID || p.Register {
				continue
			}
			if id.NHS != "" && y.number == id.NHS {
				others = append(others, bearerOf(p, y.id))
			}
			if touches(id, profile, y.id, y.claimed) {
				all = append(all, p.ID)
			}
		}
		carriers, _ := turned(bearerOf(x.patient, id), others)
		all = append(all, carriers...)
	}
	return all, nil
}

// putDue writes down, with the message, who is to be linked afresh after it.
func (p *plan) putDue(tx *store.Tx) error {
	for _, id := range p.seeds() {
		if err := putDue(tx, id, dueAfresh{p.received, p.contributor.Code}); err != nil {
			return err
		}
	}
	return nil
}

func putDue(tx *store.Tx, id kmcr.PatientID, due dueAfresh) error {
	return tx.Put(store.KindAfresh, dueKey(id), due)
}

func dueKey(id kmcr.PatientID) string { return strconv.FormatInt(int64(id), 10) }

// linkAfresh links those afresh who are due after a message.
func (s *Service) linkAfresh(ctx context.Context, p *plan) {
	if seeds := p.seeds(); len(seeds) > 0 {
		s.soon(ctx, s.afresh(ctx, contributorViewer(p.contributor), seeds...))
	}
}

// soon tells that what is due could not be done now.
func (s *Service) soon(ctx context.Context, err error) {
	if err != nil {
		s.log.ErrorContext(ctx, "patients are linked as they were; it is tried again soon", "error", err)
	}
}

// afresh links everybody afresh whom the seeds touch, who are then no longer due. Where they are too many to be looked at together
// they stay linked as they are, and that is said.
func (s *Service) afresh(ctx context.Context, by kmcr.Viewer, seeds ...kmcr.PatientID) error {
	done := func(tx *store.Tx, _ *touched, moves []relinking) error {
		for _, id := range seeds {
			if err := tx.Remove(store.KindAfresh, dueKey(id)); err != nil {
				return err
			}
		}
		for _, m := range moves {
			if err := tx.Audit(&audit.Entry{At: s.Now(), Action: "link", Viewer: by, Patient: m.patient, Person: m.to, Allowed: true, Purpose: kmcr.DirectCare,
				Rule: "whose record something belongs to follows from what is stated, merged and decided", Where: "matches", Detail: map[string]string{"after a message about": dueKey(seeds[0])}}); err != nil {
				return err
			}
		}
		return nil
	}
	err := s.relinkAll(ctx, by, afreshWords, seeds, func(*touched) error { return nil }, done)
	if kmcr.KindOf(err) == kmcr.TooLarge {
		s.log.ErrorContext(ctx, "patients are linked as they were", "error", err, "patient", int64(seeds[0]))
		return s.db.Write(ctx, func(tx *store.Tx) error { return done(tx, nil, nil) })
	}
	return err
}

// lookAgain finds whom another process has placed, moved or described otherwise while the patients of a message were being placed: of
// two processes that write at the same time the one that is done last sees the other's. Those patients are then due as well.
func (s *Service) lookAgain(ctx context.Context, p *plan) {
	own := func(q *store.Patient) bool {
		return slices.ContainsFunc(p.subjects, func(x *subject) bool { return x.patient.ID == q.ID })
	}
	state := func(linked map[kmcr.PersonID][]*store.Patient) map[kmcr.PatientID]string {
		out := map[kmcr.PatientID]string{}
		for _, all := range linked {
			for _, q := range all {
				if !own(q) {
					out[q.ID] = fmt.Sprint(q.Person, q.MergedInto, string(q.Claims))
				}
			}
		}
		return out
	}
	var overtaken []kmcr.PatientID
	for _, x := range p.subjects {
		if x.mixed || !x.toBePlaced() {
			continue
		}
		_, linked, err := s.db.Circles(ctx, x.tokens, candidates, x.person())
		if err != nil {
			s.soon(ctx, err)
			continue
		}
		if !maps.Equal(state(x.seen), state(linked)) {
			x.mixed = true
			overtaken = append(overtaken, x.patient.ID)
		}
	}
	if len(overtaken) > 0 {
		s.soon(ctx, s.db.Write(ctx, p.putDue))
	}
}

// takeUpDue links those afresh who have been due for a while: whoever should have done it has stopped.
func (s *Service) takeUpDue(ctx context.Context, since time.Duration) error {
	var failed []error
	err := s.db.List(ctx, store.KindAfresh, func(key string, body []byte) error {
		var due dueAfresh
		if err := json.Unmarshal(body, &due); err != nil {
			return err
		}
		if s.Now().Sub(due.Since) >= since {
			id, err := strconv.ParseInt(key, 10, 64)
			if err != nil {
				return err
			}
			failed = append(failed, s.doDue(ctx, kmcr.PatientID(id), due.By))
		}
		return nil
	})
	return errors.Join(append(failed, err)...)
}

func (s *Service) doDue(ctx context.Context, id kmcr.PatientID, by kmcr.ContributorCode) error {
	c, err := s.directory.contributor(ctx, by)
	if err != nil {
		return err
	}
	return s.afresh(ctx, contributorViewer(c), id)
}

// keepTakingUpDue looks for them at the start and now and then.
func (s *Service) keepTakingUpDue() {
	tick := time.NewTicker(dueAgain)
	defer tick.Stop()
	for since := time.Duration(0); ; since = dueAgain {
		if err := s.takeUpDue(s.lives, since); err != nil {
			s.log.Error("patients who are to be linked afresh are linked as they were; it is tried again soon", "error", err.Error())
		}
		select {
		case <-s.stopping:
			return
		case <-tick.C:
		}
	}
}
