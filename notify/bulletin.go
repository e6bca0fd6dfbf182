package notify

import (
	"context"
	"time"

	"kmcr/store"
)

// atOnce is how many events are read at a time.
const atOnce = 256

// together is how long is waited after something happened, so that what happens at the same time is read at once.
const together = 40 * time.Millisecond

// reader is how far this process has read the bulletin for its listeners.
type reader struct {
	after int64
	seen  map[int64]bool // events after `after` that have been told
}

// readBulletin tells listeners of what is new on the bulletin, whichever process put it there, and deals it to subscribers.
func (s *Service) readBulletin(ctx context.Context) {
	r := &reader{after: store.IDAt(s.now().Add(-overlap)), seen: map[int64]bool{}}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	tidied := s.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
			time.Sleep(together)
		}
		if err := s.tellListeners(ctx, r); err != nil && ctx.Err() == nil {
			s.log.Error("listeners could not be told", "error", err.Error())
		}
		if s.may != nil {
			for what, do := range map[string]func(context.Context) error{"dealt": s.deal, "greeted": s.greet, "sent": s.send} {
				if err := do(ctx); err != nil && ctx.Err() == nil {
					s.log.Error("notifications could not be "+what, "error", err.Error())
				}
			}
		}
		if now := s.now(); now.Sub(tidied) > tidyAfter/3 {
			tidied = now
			if err := s.db.Write(ctx, func(tx *store.Tx) error { return tx.TidyBulletin(store.IDAt(now.Add(-tidyAfter))) }); err != nil && ctx.Err() == nil {
				s.log.Error("the bulletin could not be tidied", "error", err.Error())
			}
		}
	}
}

// tellListeners signals what is new to those whose people it is about.
func (s *Service) tellListeners(ctx context.Context, r *reader) error {
	for {
		fresh, err := s.db.Bulletin(ctx, r.after, atOnce)
		if err != nil {
			return err
		}
		for _, n := range fresh {
			if r.seen[n.ID] {
				continue
			}
			if err := s.signal(ctx, n); err != nil {
				return err
			}
			r.seen[n.ID] = true
		}
		full := len(fresh) == atOnce
		if full {
			r.after = fresh[len(fresh)-1].ID
		}
		r.forget(store.IDAt(s.now().Add(-overlap)))
		if !full {
			return nil
		}
	}
}

// forget moves on to an event: what is before it is not read again.
func (r *reader) forget(before int64) {
	if before > r.after {
		r.after = before
	}
	for id := range r.seen {
		if id <= r.after {
			delete(r.seen, id)
		}
	}
}

func (s *Service) signal(ctx context.Context, n store.Notice) error {
	if n.Person == 0 || s.Listeners() == 0 {
		return nil
	}
	involved, err := s.db.InvolvementsOf(ctx, n.Person)
	if err != nil {
		return err
	}
	for _, l := range s.streams.concerned(involved, s.now()) {
		s.streams.send(l, signalOf(n))
	}
	return nil
}
