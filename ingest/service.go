package ingest

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"kmcr"
	"kmcr/store"
)

// Config is what the service needs.
type Config struct {
	DB      *store.DB
	Log     *slog.Logger
	Now     func() time.Time
	Workers int // 0: one a processor
	// Involvements derives who is involved from a patient's current statements (access.Involvements, handed over by cmd/kmcr).
	Involvements func(c kmcr.Contributor, statements []*kmcr.Statement) []kmcr.Involvement
	// Classify gives the section and labels of a statement (access.Classify).
	Classify func(resourceType string, body, meta []byte) (kmcr.Section, []kmcr.Label)
	// Topic says of what those who follow a patient should be told when a statement becomes is (was nil: it is new), "" for nothing
	// (notify.TopicOf). Detail is "changed" where they have been told of the same before.
	Topic func(now time.Time, was, is *kmcr.Statement) (topic, detail string)
	// Happened is called after something was written of which somebody should be told (notify).
	Happened  func(kmcr.Event)
	MaxFrame  int           // bytes of an MLLP frame; 0: 2 MiB
	Idle      time.Duration // 0: 5 minutes
	FrameTime time.Duration // longest time for one frame to arrive; 0: 30 seconds
	// InUse says that people are looked after by this record: what a feed marks as training or debugging (MSH-11) is parked. Elsewhere
	// (a demonstration, a system on trial) it is applied like everything else.
	InUse bool
}

// Service is the one way in.
type Service struct {
	Config
	db        *store.DB
	log       *slog.Logger
	directory directory
	locks     locks
	queue     *queue
	inbox     *inbox
	absent    absent
	waiters   waiters
	counts    counters
	feeds     feeds
	linked    counted
	lives     context.Context // of the work; ends when what had begun is finished
	die       context.CancelFunc
	stopping  chan struct{}
	stopOnce  sync.Once
	running   sync.WaitGroup
}

// New starts the workers; what was waiting when the last process ended is taken up first.
func New(ctx context.Context, c Config) (*Service, error) {
	s := &Service{Config: withDefaults(c)}
	s.db, s.log = s.DB, s.Log
	s.directory = directory{db: s.DB}
	s.absent.missing = map[absence][]int64{}
	s.waiters = waiters{byID: map[int64]func(*parking){}, outcome: map[int64]*parking{}}
	s.queue, s.inbox, s.stopping = newQueue(s.Workers*underWay), newInbox(), make(chan struct{})
	if err := s.renewTokens(ctx); err != nil {
		return nil, err
	}
	if err := s.rememberAbsent(ctx); err != nil {
		return nil, err
	}
	s.lives, s.die = context.WithCancel(context.WithoutCancel(ctx))
	for _, l := range s.queue.lanes {
		s.running.Go(func() { s.work(l) })
	}
	if err := s.takeUp(ctx); err != nil {
		s.stop()
		return nil, err
	}
	s.running.Go(s.keepTakingUp)
	s.running.Go(s.keepLookingAround)
	s.running.Go(s.keepTakingUpDue)
	return s, nil
}

func withDefaults(c Config) Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Involvements == nil {
		c.Involvements = func(kmcr.Contributor, []*kmcr.Statement) []kmcr.Involvement { return nil }
	}
	if c.Classify == nil {
		c.Classify = func(string, []byte, []byte) (kmcr.Section, []kmcr.Label) { return kmcr.OtherSection, nil }
	}
	if c.Topic == nil {
		c.Topic = func(time.Time, *kmcr.Statement, *kmcr.Statement) (string, string) { return "", "" }
	}
	if c.Happened == nil {
		c.Happened = func(kmcr.Event) {}
	}
	if c.MaxFrame <= 0 {
		c.MaxFrame = 2 << 20
	}
	if c.Idle <= 0 {
		c.Idle = 5 * time.Minute
	}
	if c.FrameTime <= 0 {
		c.FrameTime = 30 * time.Second
	}
	return c
}

// Close stops taking in, finishes what has begun, and returns.
func (s *Service) Close(ctx context.Context) error {
	finished := make(chan struct{})
	go func() {
		s.stop()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "what had begun did not finish in time; it is kept and taken up at the next start", Err: ctx.Err()}
	}
}

// stop lets the lanes finish what they are doing; what has not begun stays in the ledger.
func (s *Service) stop() {
	s.stopOnce.Do(func() { close(s.stopping) })
	s.inbox.shut()
	s.queue.shut()
	s.running.Wait()
	s.die()
}
