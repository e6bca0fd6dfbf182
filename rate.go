package kmcr

import (
	"sync"
	"time"
)

// Rate bounds how often each of many askers may do something: Burst times at
// once, and from then on once in each Every. It is safe to use from many
// places at once, and reads no clock.
type Rate struct {
	Burst int
	Every time.Duration

	mu    sync.Mutex
	spent map[string]spending
}

// spending is how much of the burst is used up at an instant.
type spending struct {
	times float64
	at    time.Time
}

// mostAskers is how many are remembered before those who have nothing spent are forgotten.
const mostAskers = 10_000

// Allow tells whether an asker may do it at t, and counts it where it may.
func (r *Rate) Allow(asker string, t time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spent == nil {
		r.spent = map[string]spending{}
	}
	s := r.left(asker, t)
	if s.times+1 > float64(r.Burst) {
		r.spent[asker] = s
		return false
	}
	if len(r.spent) >= mostAskers {
		r.forget(t)
	}
	r.spent[asker] = spending{s.times + 1, t}
	return true
}

func (r *Rate) left(asker string, t time.Time) spending {
	s, known := r.spent[asker]
	if !known {
		return spending{0, t}
	}
	if gone := t.Sub(s.at); gone > 0 {
		s.times = max(0, s.times-float64(gone)/float64(r.Every))
		s.at = t
	}
	return s
}

// forget drops those who may do it as often as anybody new; where that is nobody, all, so that names that nobody has cannot fill it.
func (r *Rate) forget(t time.Time) {
	for asker := range r.spent {
		if r.left(asker, t).times == 0 {
			delete(r.spent, asker)
		}
	}
	if len(r.spent) >= mostAskers {
		clear(r.spent)
	}
}
