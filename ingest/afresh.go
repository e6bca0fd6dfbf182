package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"kmcr"
	"kmcr/store"
)

// mergeWords is the reason of a link that a merge moved.
const mergeWords = "merged by its own system, or linked afresh after that"

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
		if x.mixed {
			seeds = append(seeds, x.patient.ID)
		}
		for _, y := range []*subject{x.follows, x.parted} {
			if y != nil {
				seeds = append(seeds, x.patient.ID, y.patient.ID)
			}
		}
	}
	return seeds
}

// putDue writes down, with the message, who is to be linked afresh after it.
func (p *plan) putDue(tx *store.Tx) error {
	for _, id := range p.seeds() {
		if err := tx.Put(store.KindAfresh, dueKey(id), dueAfresh{p.received, p.contributor.Code}); err != nil {
			return err
		}
	}
	return nil
}

func dueKey(id kmcr.PatientID) string { return strconv.FormatInt(int64(id), 10) }

// linkAfresh links those afresh who are due after a message.
func (s *Service) linkAfresh(ctx context.Context, p *plan) {
	seeds := p.seeds()
	if len(seeds) == 0 {
		return
	}
	if err := s.afresh(ctx, contributorViewer(p.contributor), seeds...); err != nil {
		s.log.ErrorContext(ctx, "patients are linked as they were; it is tried again soon", "error", err)
	}
}

// afresh links everybody afresh whom the seeds touch, who are then no longer due.
func (s *Service) afresh(ctx context.Context, by kmcr.Viewer, seeds ...kmcr.PatientID) error {
	done := func(tx *store.Tx, _ *touched, _ []relinking) error {
		for _, id := range seeds {
			if err := tx.Remove(store.KindAfresh, dueKey(id)); err != nil {
				return err
			}
		}
		return nil
	}
	return s.relinkAll(ctx, by, mergeWords, seeds, func(*touched) error { return nil }, done)
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
			failed = append(failed, s.doDue(ctx, key, due.By))
		}
		return nil
	})
	return errors.Join(append(failed, err)...)
}

func (s *Service) doDue(ctx context.Context, key string, by kmcr.ContributorCode) error {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return err
	}
	c, err := s.directory.contributor(ctx, by)
	if err != nil {
		return err
	}
	return s.afresh(ctx, contributorViewer(c), kmcr.PatientID(id))
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
