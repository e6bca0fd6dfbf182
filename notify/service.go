package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"kmcr"
	"kmcr/store"
)

// Config is what the service needs.
type Config struct {
	DB  *store.DB
	Log *slog.Logger
	Now func() time.Time // nil: time.Now
}

// Service is the one who tells.
type Service struct {
	db      *store.DB
	log     *slog.Logger
	now     func() time.Time
	wake    chan struct{}
	streams streams
	die     context.CancelFunc
	running sync.WaitGroup
}

// How often the bulletin is read where nobody said that there is something on
// it (another process may have written), and how long it is kept.
const (
	lookAgain = 500 * time.Millisecond
	tidyAfter = 15 * time.Minute
)

// New makes the service and starts it.
func New(c Config) *Service {
	s := &Service{db: c.DB, log: c.Log, now: c.Now, wake: make(chan struct{}, 1)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.streams.open = map[*stream]bool{}
	ctx, die := context.WithCancel(context.Background())
	s.die = die
	s.running.Go(func() { s.readBulletin(ctx) })
	return s
}

// Happened says that something is on the bulletin. It returns at once. A nil Service, in a process that does not serve, hears nothing.
func (s *Service) Happened(kmcr.Event) { s.Wake() }

// Wake has the bulletin read now.
func (s *Service) Wake() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Hush ends the streams, so that a server can drain.
func (s *Service) Hush() { s.streams.closeAll() }

// Close ends what runs.
func (s *Service) Close() {
	if s == nil {
		return
	}
	s.Hush()
	s.die()
	s.running.Wait()
}
