package ingest_test

import (
	"context"
	"strings"
	"testing"
)

// An import that breaks off is taken up by sending the file again: what was taken in is known, the rest follows, and nothing is ended before all of it was read.
func TestAnImportThatBrokeOffIsSentAgain(t *testing.T) {
	h := build(t)
	var people []string
	for n := range 300 {
		people = append(people, strings.Repeat("x", n%7)+string(rune('a'+n%26))+string(rune('a'+n/26)))
	}
	h.extract(caseExtract("2026-11-01", people...))
	file := []byte(caseExtract("2026-11-02", people...))
	ctx, stop := context.WithCancel(h.ctx())
	_, err := h.in.Import(ctx, "council", "big.csv", file, func(done, total int64) {
		if done > 0 {
			stop()
		}
	})
	stop()
	if err == nil {
		t.Log("it was quicker than its end")
	}
	h.quiet()
	h.balanced()
	if got := h.packages(people[0], people[299]); got != "open open" {
		t.Fatalf("a part of an extract has ended something: %s", got)
	}
	again, err := h.in.Import(h.ctx(), "council", "big.csv", file, nil)
	h.must(err)
	if again.Applied+again.Duplicate != 300 || again.Parked+again.Rejected != 0 {
		t.Errorf("sent again it became %+v", again)
	}
	if sum := h.balanced(); sum.Received != 600 {
		t.Errorf("%d messages of two files of 300", sum.Received)
	}
}
