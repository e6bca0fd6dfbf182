package ingest

import (
	"context"
	"sync"
	"time"
)

// countedFor is how long a report stands before everybody is counted again; waitForCount is how long somebody waits for the first.
const (
	countedFor   = 10 * time.Minute
	waitForCount = 3 * time.Second
)

// counted is the link rates as they were counted last. Counting reads every patient twice, which takes a minute for a million.
type counted struct {
	mu      sync.Mutex
	rates   []LinkRate
	at      time.Time
	running chan struct{} // closed when the count that is under way has ended; nil for none
}

// Linked gives the link rates of every contributor and when they were counted; zero where the first count is still under way, which goes
// on behind. They are counted again when they are ten minutes old.
func (s *Service) Linked(ctx context.Context) ([]LinkRate, time.Time, error) {
	c := &s.linked
	c.mu.Lock()
	if c.running == nil && s.Now().Sub(c.at) > countedFor {
		c.running = make(chan struct{})
		done := c.running
		s.running.Go(func() { s.countLinked(done) })
	}
	running, first := c.running, c.at.IsZero()
	c.mu.Unlock()
	if first && running != nil {
		select {
		case <-running:
		case <-time.After(waitForCount):
		case <-ctx.Done():
			return nil, time.Time{}, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rates, c.at, nil
}

func (s *Service) countLinked(done chan struct{}) {
	started := s.Now()
	rates, err := LinkRates(s.lives, s.db)
	c := &s.linked
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		s.log.Error("the link rates were not counted; they will be when they are asked for again", "error", err)
	} else {
		c.rates, c.at = rates, started
	}
	c.running = nil
	close(done)
}
