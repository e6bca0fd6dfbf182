package notify

import (
	"context"
	"sync"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// Signal says that something has happened to somebody on a listener's list. What, is for disclose to say.
type Signal struct {
	Event    int64 // by which a listener goes on after an interruption
	Person   kmcr.PersonID
	Recorded time.Time
}

// stream is one listener.
type stream struct {
	viewer  kmcr.Viewer
	own     bool // has a list by name or team, and so hears nothing of the organisation's others
	signals chan Signal
	once    sync.Once
}

func (l *stream) close() { l.once.Do(func() { close(l.signals) }) }

// streams are all listeners of this process.
type streams struct {
	mu     sync.Mutex
	open   map[*stream]bool
	closed bool
}

// mostSignals is how many signals wait for a listener who does not take them; then the stream ends, and the listener comes back
// and goes on after the last that arrived.
const mostSignals = 64

// overlap is how far before the last event a listener begins again: events of several processes are not numbered in one order.
const overlap = 5 * time.Second

// Since is the event after which a page that is made now goes on.
func (s *Service) Since() int64 { return store.IDAt(s.now().Add(-overlap)) }

// Listen tells of what happens to the people on a viewer's list, from an event on (0: from now), until ctx ends. The channel is closed
// where the listener should come back.
func (s *Service) Listen(ctx context.Context, v kmcr.Viewer, since int64) (<-chan Signal, error) {
	own, err := s.hasList(ctx, v)
	if err != nil {
		return nil, err
	}
	l := &stream{viewer: v, own: own, signals: make(chan Signal, mostSignals)}
	s.streams.mu.Lock()
	if s.streams.closed {
		s.streams.mu.Unlock()
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "this process is ending", Remedy: "Come back in a moment."}
	}
	s.streams.open[l] = true
	s.streams.mu.Unlock()
	context.AfterFunc(ctx, func() { s.streams.end(l) })
	if since > 0 {
		if err := s.replay(ctx, l, since); err != nil {
			s.streams.end(l)
			return nil, err
		}
	}
	return l.signals, nil
}

// Listeners counts those who listen to this process.
func (s *Service) Listeners() int {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return len(s.streams.open)
}

// hasList tells whether somebody has people by name or team.
func (s *Service) hasList(ctx context.Context, v kmcr.Viewer) (bool, error) {
	all, err := s.db.PeopleOf(ctx, v.Account, v.Team, "", s.now(), 20)
	if err != nil {
		return false, err
	}
	for _, i := range all {
		if access.OnListOf(v, i) {
			return true, nil
		}
	}
	return false, nil
}

// mostMissed is how many events are looked through for somebody who comes back.
const mostMissed = 5000

// replay tells a listener of what has happened since an event.
func (s *Service) replay(ctx context.Context, l *stream, since int64) error {
	missed, err := s.db.Bulletin(ctx, since, mostMissed)
	if err != nil {
		return err
	}
	for _, n := range missed {
		involved, err := s.db.InvolvementsOf(ctx, n.Person)
		if err != nil {
			return err
		}
		if concerns(l.viewer, l.own, involved, s.now()) {
			s.streams.send(l, signalOf(n))
		}
	}
	return nil
}

func signalOf(n store.Notice) Signal {
	return Signal{Event: n.ID, Person: n.Person, Recorded: n.Recorded}
}

// concerns tells whether somebody has a person on the list: by name or team, else, without a list of one's own, by the organisation.
func concerns(v kmcr.Viewer, own bool, involved []kmcr.Involvement, now time.Time) bool {
	for _, i := range involved {
		if !access.OnList(i) || !i.Open(now) {
			continue
		}
		if access.OnListOf(v, i) || !own && v.Organisation != "" && i.Organisation == v.Organisation && i.Account == "" && i.Team == "" {
			return true
		}
	}
	return false
}

// send gives a listener a signal; one who does not take them is sent away, to come back.
func (all *streams) send(l *stream, signal Signal) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if !all.open[l] {
		return
	}
	select {
	case l.signals <- signal:
	default:
		delete(all.open, l)
		l.close()
	}
}

func (all *streams) end(l *stream) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, l)
	l.close()
}

func (all *streams) closeAll() {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.closed = true
	for l := range all.open {
		delete(all.open, l)
		l.close()
	}
}

// concerned lists the listeners who have a person on their list.
func (all *streams) concerned(involved []kmcr.Involvement, now time.Time) []*stream {
	all.mu.Lock()
	defer all.mu.Unlock()
	var out []*stream
	for l := range all.open {
		if concerns(l.viewer, l.own, involved, now) {
			out = append(out, l)
		}
	}
	return out
}
