package kmcr

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRate(t *testing.T) {
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	r := Rate{Burst: 3, Every: time.Minute}
	for i, c := range []struct {
		asker string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", 0, true}, {"a", 0, true}, {"a", 0, false}, {"b", 0, true},
		{"a", 59 * time.Second, false}, {"a", 61 * time.Second, true}, {"a", 61 * time.Second, false},
		{"a", time.Hour, true}, {"a", time.Hour, true}, {"a", time.Hour, true}, {"a", time.Hour, false},
		{"a", 0, false}, // a clock that goes back gives nothing
	} {
		if got := r.Allow(c.asker, start.Add(c.after)); got != c.want {
			t.Errorf("%d: %s after %s: %v", i, c.asker, c.after, got)
		}
	}
	for i := range 3 * mostAskers {
		r.Allow(fmt.Sprint("made up ", i), start)
	}
	if len(r.spent) > mostAskers {
		t.Errorf("names that nobody has fill %d places", len(r.spent))
	}
}

// However it is asked, nobody may more often than the burst and what has come since.
func TestRateIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate{Burst: rapid.IntRange(1, 10).Draw(t, "burst"), Every: time.Second}
		start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
		now, allowed := start, 0
		for _, ms := range rapid.SliceOf(rapid.IntRange(0, 3000)).Draw(t, "gaps") {
			now = now.Add(time.Duration(ms) * time.Millisecond)
			if r.Allow("a", now) {
				allowed++
			}
		}
		if most := r.Burst + int(now.Sub(start)/time.Second) + 1; allowed > most {
			t.Fatalf("allowed %d times, at most %d", allowed, most)
		}
	})
}
