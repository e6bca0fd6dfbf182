package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"kmcr"
	"kmcr/store"
)

const (
	// claimed is how many messages are taken up at a time.
	claimed = 512
	// ahead is how many messages may be pending before no more are taken up.
	ahead = 1024
	// lookAround is how often messages are looked for that another process has left behind.
	lookAround = 2 * time.Second
	// memory is how many bytes of messages that were just accepted are kept, so that they need not be read again.
	memory = 32 << 20
)

// inbox wakes the taking up of accepted messages and keeps their bytes at hand.
type inbox struct {
	mu       sync.Mutex
	changed  *sync.Cond
	accepted int64 // messages accepted so far
	seen     int64 // how many of them there were when nothing more was found waiting
	raw      map[int64][]byte
	size     int
	asked    bool // somebody wants a look to be taken
	closed   bool
}

func newInbox() *inbox {
	b := &inbox{raw: map[int64][]byte{}}
	b.changed = sync.NewCond(&b.mu)
	return b
}

func (b *inbox) add(id int64, raw []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted++
	if b.size+len(raw) > memory { // some were taken up before they came here, and nobody will ask for them again
		clear(b.raw)
		b.size = 0
	}
	b.raw[id] = raw
	b.size += len(raw)
	b.changed.Broadcast()
}

func (b *inbox) take(id int64) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	raw, ok := b.raw[id]
	if ok {
		delete(b.raw, id)
		b.size -= len(raw)
	}
	return raw
}

// ask has a look taken although nothing was accepted here.
func (b *inbox) ask() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = true
	b.changed.Broadcast()
}

// wait returns when there may be something to take up; ok is false at the end.
func (b *inbox) wait() (ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.seen == b.accepted && !b.asked && !b.closed {
		b.changed.Wait()
	}
	return !b.closed
}

func (b *inbox) shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.changed.Broadcast()
}

// keepTakingUp claims what is waiting in the ledger and gives it to the lanes.
func (s *Service) keepTakingUp() {
	for s.inbox.wait() {
		s.queue.wait(ahead)
		if err := s.takeUp(s.lives); err != nil && !s.queue.isShut() {
			s.log.Error("messages that are waiting could not be taken up", "error", err.Error())
			s.pause(time.Second)
		}
	}
}

// keepLookingAround asks for a look now and then, for what other processes left behind, and for what they did for us.
func (s *Service) keepLookingAround() {
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	for {
		select {
		case <-s.stopping:
			return
		case <-tick.C:
			s.inbox.ask()
			if err := s.askAfter(s.lives); err != nil {
				s.log.Error("what became of messages cannot be read", "error", err.Error())
			}
		}
	}
}

// takeUp claims messages once and puts them into their lanes.
func (s *Service) takeUp(ctx context.Context) error {
	s.inbox.mu.Lock()
	accepted := s.inbox.accepted
	s.inbox.asked = false
	s.inbox.mu.Unlock()
	messages, err := s.db.Claim(ctx, claimed)
	for _, m := range messages {
		s.queue.put(m.Lane, job{message: m, raw: s.inbox.take(m.ID)})
	}
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	switch {
	case err != nil:
	case len(messages) < claimed:
		s.inbox.seen = accepted
	default:
		s.inbox.asked = true // there may be more
	}
	s.inbox.changed.Broadcast()
	return err
}

// work does the jobs of one lane.
func (s *Service) work(l *lane) {
	for {
		j, ok := l.next()
		if !ok {
			return
		}
		s.do(j)
		s.queue.done()
	}
}

func (s *Service) do(j job) {
	if j.replay != 0 {
		err := s.replay(s.lives, j.replay, nil)
		if err != nil && kmcr.KindOf(err) != kmcr.Conflict && kmcr.KindOf(err) != kmcr.NotFound {
			s.log.Error("a parked message could not be taken up again", "message", j.replay, "error", err.Error())
		}
		return
	}
	for {
		err := s.take(s.lives, j)
		if err == nil || s.queue.isShut() {
			return
		}
		s.log.Error("a message could not be applied; it is tried again", "message", j.message.ID, "contributor", string(j.message.Contributor), "error", err.Error())
		s.pause(time.Second)
	}
}

// take applies one message, or parks it. The error is this service's own: nothing was decided about the message.
func (s *Service) take(ctx context.Context, j job) error {
	raw := j.raw
	if raw == nil {
		var err error
		if raw, err = s.db.Raw(ctx, j.message.ID); err != nil {
			return settledElsewhere(err)
		}
	}
	c, err := s.directory.contributor(ctx, j.message.Contributor)
	if err != nil {
		if kmcr.KindOf(err) != kmcr.NotFound {
			return err
		}
		return s.outcome(ctx, &ledger{message: j.message, there: true}, &parking{reason: "contributor-unknown", detail: "there is no such contributor any more"})
	}
	l := &ledger{message: j.message, there: true}
	return s.outcome(ctx, l, s.guarded(func() error { return s.apply(ctx, c, l, raw, "hl7v2") }))
}

// outcome parks a message that could not be applied, tells who waits for it, and counts.
func (s *Service) outcome(ctx context.Context, l *ledger, err error) error {
	var p *parking
	switch {
	case err == nil:
		s.settled(l.message, nil)
		return nil
	case errors.As(err, &p):
	case kmcr.KindOf(err) == kmcr.Conflict:
		m, e := s.db.MessageByID(ctx, l.message.ID)
		if e == nil && m.State == store.Waiting {
			return err // too many wrote about the same patient; it is tried again
		}
		return settledElsewhere(err)
	case passingFailure(err):
		return err
	default:
		s.log.Error("a message failed by a defect and is parked", "message", l.message.ID, "error", err.Error())
		p = &parking{reason: "fault", detail: "it could not be applied because of a defect in this service"}
	}
	if err := s.park(ctx, l, p); err != nil {
		return settledElsewhere(err)
	}
	s.settled(l.message, p)
	return nil
}

// passingFailure tells whether the same may succeed later.
func passingFailure(err error) bool {
	return kmcr.KindOf(err) == kmcr.Unavailable || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// settledElsewhere passes over that a message has been settled in the meantime.
func settledElsewhere(err error) error {
	if k := kmcr.KindOf(err); k == kmcr.Conflict || k == kmcr.NotFound {
		return nil
	}
	return err
}

// guarded makes an error of a panic: one message must not stop the others.
func (s *Service) guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = kmcr.Errorf(kmcr.Fault, "panic: %v", p)
		}
	}()
	return f()
}

// pause waits, but not beyond the end of the service.
func (s *Service) pause(d time.Duration) {
	select {
	case <-s.stopping:
	case <-time.After(d):
	}
}

// Quiet waits until nothing is waiting (tests, import).
func (s *Service) Quiet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.inbox.changed.Broadcast(); s.queue.changed.Broadcast() })
	defer stop()
	s.inbox.ask()
	for ctx.Err() == nil {
		if err := s.inbox.settle(ctx); err != nil {
			return err
		}
		s.queue.wait(1)
		s.inbox.mu.Lock()
		still := s.inbox.seen == s.inbox.accepted && !s.inbox.asked
		closed := s.inbox.closed
		s.inbox.mu.Unlock()
		if still || closed {
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// settle waits until a look has found nothing more waiting.
func (b *inbox) settle(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for (b.seen != b.accepted || b.asked) && !b.closed && ctx.Err() == nil {
		b.changed.Wait()
	}
	return ctx.Err()
}
