package ingest

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"kmcr"
	"kmcr/hl7"
	"kmcr/store"
)

// nobody is the contributor under which the ledger counts what came from a
// sender that is not known.
const nobody kmcr.ContributorCode = "unknown"

// accept makes a message durable, to be applied by the workers. Where it was
// sent before, nothing is kept and dup is the earlier one. before, where it is
// not nil, is called once it is durable and before a worker can begin.
func (s *Service) accept(ctx context.Context, m *store.Message, raw []byte, before func(id int64)) (dup *store.Message, err error) {
	if m.Hash == ([32]byte{}) {
		m.Hash = sha256.Sum256(raw)
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		n := *m
		if dup, err = tx.Accept(&n, kept(m, raw)); err == nil {
			m.ID, m.Flag = n.ID, n.Flag
		}
		return err
	})
	if err == nil && dup == nil {
		s.feeds.heard(m.Contributor, m.ReceivedAt, 1)
	}
	if err == nil && dup == nil && m.State == store.Waiting {
		if before != nil {
			before(m.ID)
		}
		s.inbox.add(m.ID, raw)
	}
	return dup, err
}

// kept is what is kept of a message: of one that is rejected nothing but its header and hash.
func kept(m *store.Message, raw []byte) []byte {
	if m.State == store.Rejected {
		return nil
	}
	return raw
}

// laneOf is the lane of a message: messages about one patient, by the
// sender's first identifier of them, are applied in order.
func laneOf(c kmcr.ContributorCode, m *hl7.Message) uint64 {
	pid := m.Segment("PID")
	for _, field := range []int{3, 2, 4} {
		if id := pid.Get(field, 1); id != "" {
			return hash64(string(c), id)
		}
	}
	return hash64(string(c), m.ControlID())
}

// waiters are told when a message has been applied or parked.
type waiters struct {
	mu      sync.Mutex
	byID    map[int64]func(*parking)
	outcome map[int64]*parking // of messages for which nobody waited yet
	order   []int64            // of outcome, oldest first
}

// remembered is how many outcomes are kept for those who ask late.
const remembered = 4096

// await has tell called when the message is settled, or now where it is already.
func (w *waiters) await(id int64, tell func(*parking)) {
	w.mu.Lock()
	why, settled := w.outcome[id]
	if settled {
		delete(w.outcome, id)
	} else {
		w.byID[id] = tell
	}
	w.mu.Unlock()
	if settled {
		tell(why)
	}
}

// take gives who waits for a message; where nobody does, the outcome is remembered for a while.
func (w *waiters) take(id int64, why *parking) (tell func(*parking)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	tell = w.byID[id]
	delete(w.byID, id)
	if tell == nil {
		w.outcome[id] = why
		if w.order = append(w.order, id); len(w.order) > remembered {
			delete(w.outcome, w.order[0])
			w.order = w.order[1:]
		}
	}
	return tell
}

// awaited are messages for which somebody waits, the oldest first, not more than some.
func (w *waiters) awaited(most int) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := slices.Sorted(maps.Keys(w.byID))
	return ids[:min(len(ids), most)]
}

// askedAfter is how many messages are asked after at a time.
const askedAfter = 256

// askAfter tells those who wait for messages that another process has settled.
func (s *Service) askAfter(ctx context.Context) error {
	for _, id := range s.waiters.awaited(askedAfter) {
		m, err := s.db.MessageByID(ctx, id)
		if err != nil {
			return err
		}
		var why *parking
		switch m.State {
		case store.Waiting:
			continue
		case store.Parked, store.Rejected:
			why = &parking{reason: m.Reason, detail: m.Detail}
		}
		if tell := s.waiters.take(id, why); tell != nil {
			tell(why)
		}
	}
	return nil
}

// settled tells who waits for a message, and counts.
func (s *Service) settled(m store.Message, why *parking) {
	s.counts.settled(why)
	if tell := s.waiters.take(m.ID, why); tell != nil {
		tell(why)
	}
}
