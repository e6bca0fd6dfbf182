package ingest

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats are counts since the process began, for the metrics.
type Stats struct {
	Received    int64            // frames and interactions
	Answers     map[string]int64 // by acknowledgement code (AA, CA, AR …), "closed" where none was sent, and HTTP status
	Repeats     int64            // sent before
	Applied     int64            // messages that workers have applied
	Parked      int64            // messages that workers have parked
	Pending     int              // taken up and not yet done
	Connections int              // open to the HL7 v2 listener
	// AckSeconds is how long HL7 v2 senders waited for their acknowledgement: how many waited up to each of AckBounds, and longer.
	AckSeconds []int64
	AckSum     float64 // seconds in all
}

// AckBounds are the upper bounds of Stats.AckSeconds, in seconds.
var AckBounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

type counters struct {
	mu    sync.Mutex
	drawn atomic.Int64
	Stats
}

// next draws a number for an acknowledgement: different in this process, and most likely from those of others.
func (c *counters) next() int64 {
	c.drawn.CompareAndSwap(0, time.Now().UnixNano())
	return c.drawn.Add(1)
}

// Stats returns the counts so far.
func (s *Service) Stats() Stats {
	s.counts.mu.Lock()
	out := s.counts.Stats
	out.Answers = make(map[string]int64, len(s.counts.Answers))
	for code, n := range s.counts.Answers {
		out.Answers[code] = n
	}
	out.AckSeconds = append([]int64(nil), s.counts.AckSeconds...)
	s.counts.mu.Unlock()
	s.queue.mu.Lock()
	out.Pending = s.queue.pending
	s.queue.mu.Unlock()
	return out
}

func (c *counters) answered(code string, repeat bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Received++
	if repeat {
		c.Repeats++
	}
	if c.Answers == nil {
		c.Answers = map[string]int64{}
	}
	c.Answers[code]++
}

func (c *counters) acknowledged(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.AckSeconds == nil {
		c.AckSeconds = make([]int64, len(AckBounds)+1)
	}
	i := 0
	for i < len(AckBounds) && after.Seconds() > AckBounds[i] {
		i++
	}
	c.AckSeconds[i]++
	c.AckSum += after.Seconds()
}

func (c *counters) settled(why *parking) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if why != nil {
		c.Parked++
		return
	}
	c.Applied++
}

func (c *counters) connected(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Connections += n
}
