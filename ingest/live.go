package ingest

import (
	"slices"
	"sync"
	"time"

	"kmcr"
)

// Live is how a contributor's feed goes, as this process has seen it.
type Live struct {
	// LastHour is how many messages came in within the last sixty minutes.
	LastHour int64 `json:"last_hour"`
	// Ack50 and Ack99 are how long the sender waited for half, and for 99 of a hundred, of its latest HL7 v2 acknowledgements.
	Ack50 time.Duration `json:"ack_p50"`
	Ack99 time.Duration `json:"ack_p99"`
}

// latest is how many acknowledgements the waits are reckoned from.
const latest = 512

// feeds counts what comes in from each contributor.
type feeds struct {
	mu     sync.Mutex
	byCode map[kmcr.ContributorCode]*feed
}

type feed struct {
	minutes [60]struct{ minute, count int64 }
	waits   []time.Duration
	next    int
}

func (f *feeds) of(c kmcr.ContributorCode) *feed {
	if f.byCode == nil {
		f.byCode = map[kmcr.ContributorCode]*feed{}
	}
	if f.byCode[c] == nil {
		f.byCode[c] = &feed{}
	}
	return f.byCode[c]
}

// heard counts n messages at a time.
func (f *feeds) heard(c kmcr.ContributorCode, at time.Time, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	minute := at.Unix() / 60
	m := &f.of(c).minutes[minute%60]
	if m.minute != minute {
		m.minute, m.count = minute, 0
	}
	m.count += n
}

// answered notes how long a sender waited.
func (f *feeds) answered(c kmcr.ContributorCode, after time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of(c)
	if len(one.waits) < latest {
		one.waits = append(one.waits, after)
		return
	}
	one.waits[one.next] = after
	one.next = (one.next + 1) % latest
}

// Live is how each feed goes, as this process has seen it.
func (s *Service) Live() map[kmcr.ContributorCode]Live {
	now := s.Now().Unix() / 60
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	all := map[kmcr.ContributorCode]Live{}
	for code, f := range s.feeds.byCode {
		var l Live
		for _, m := range f.minutes {
			if now-m.minute < 60 {
				l.LastHour += m.count
			}
		}
		if waits := slices.Clone(f.waits); len(waits) > 0 {
			slices.Sort(waits)
			l.Ack50, l.Ack99 = waits[len(waits)/2], waits[len(waits)*99/100]
		}
		all[code] = l
	}
	return all
}
