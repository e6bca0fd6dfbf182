package web

import (
	"testing"
	"time"

	"kmcr"
)

// Repeated looks of one person in a short time are one row; another person, purpose or answer, or a later look, is another.
func TestSittings(t *testing.T) {
	at := func(minutes int) time.Time { return sampleNow.Add(time.Duration(minutes) * time.Minute) }
	seen := func(account string, minutes, shown int, where string, allowed bool) look {
		return look{Account: account, At: at(minutes), Action: "read", Purpose: kmcr.DirectCare, Allowed: allowed, Where: where, Shown: shown}
	}
	got := sittings([]look{
		seen("gp", 50, 3, "/people/{ref}", true),
		seen("gp", 30, 9, "/people/{ref}/medicines", true),
		seen("nurse", 29, 9, "/people/{ref}/medicines", true),
		seen("gp", 28, 2, "/people/{ref}", true),
		seen("gp", 27, 0, "/people/{ref}", false),
		seen("gp", -60, 1, "/people/{ref}", true),
	})
	if len(got) != 4 {
		t.Fatalf("%d rows: %+v", len(got), got)
	}
	if s := got[0]; s.Looks != 3 || !s.From.Equal(at(28)) || !s.At.Equal(at(50)) || s.Shown != 9 || len(s.Wheres) != 2 {
		t.Errorf("%+v", s)
	}
}
