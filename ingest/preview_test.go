package ingest_test

import (
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
)

var engineer = kmcr.Viewer{Account: "engineer", Role: kmcr.RoleIntegrationEngineer}

// parkedID is the one message that is parked.
func (h *house) parkedID() (id int64) {
	h.Helper()
	h.must(h.db.Messages(h.ctx(), "", store.Parked, func(m store.Message) error { id = m.ID; return nil }))
	return id
}

func TestWhatTakingAMessageUpWouldDoIsSaidBeforeItIsDone(t *testing.T) {
	h := build(t)
	s := h.dial(h.listen())
	s.send(adt("1", "A28", "20260102101500", jack))
	nobody := adt("2", "A28", "20260103101500", "PID|1||||Smith^Jack||19511203|M")
	s.send(nobody)
	h.quiet()
	id := h.parkedID()
	p, err := h.in.Preview(h.ctx(), id, nil)
	h.must(err)
	if p.Reason != "identity-missing" || len(p.Changes) != 0 {
		t.Errorf("as it is it would be %+v", p)
	}
	mended := []byte(strings.Replace(nobody, "PID|1||||", "PID|1||J1^^^RVV^PI||", 1))
	before := h.balanced()
	p, err = h.in.Preview(h.ctx(), id, mended)
	h.must(err)
	if p.Reason != "" || len(p.Changes) != 1 || p.Changes[0].What != "changed" || p.Changes[0].Type != "Patient" || len(p.Changes[0].Members) == 0 {
		t.Errorf("mended it would be %+v", p)
	}
	if h.balanced() != before {
		t.Error("to say what would happen has changed something")
	}
	if _, err := h.in.Correct(h.ctx(), id, mended, " ", engineer); kmcr.KindOf(err) != kmcr.Invalid {
		t.Errorf("corrected without a reason: %v", err)
	}
	next, err := h.in.Correct(h.ctx(), id, mended, "the trust agreed by telephone", engineer)
	h.must(err)
	h.quiet()
	was, err := h.db.MessageByID(h.ctx(), id)
	h.must(err)
	is, err := h.db.MessageByID(h.ctx(), next)
	h.must(err)
	if was.State != store.Rejected || was.Reason != "corrected" || is.State != store.Applied || !strings.HasPrefix(is.Flag, "corrected from message") {
		t.Errorf("the message is %s (%s), its correction %s (%s)", was.State, was.Reason, is.State, is.Flag)
	}
	if _, err := h.in.Preview(h.ctx(), id, nil); kmcr.KindOf(err) != kmcr.Conflict {
		t.Errorf("what is settled is looked at again: %v", err)
	}
	h.balanced()
}

func TestPausingHoldsAContributorBackWithoutLoss(t *testing.T) {
	h := build(t)
	h.must(h.in.Pause(h.ctx(), "hospital", true, engineer))
	time.Sleep(1100 * time.Millisecond)
	s := h.dial(h.listen())
	if got := s.send(adt("1", "A28", "20260102101500", jack)); got != "" {
		t.Errorf("a paused contributor is answered %q", got)
	}
	h.must(h.in.Pause(h.ctx(), "hospital", false, engineer))
	time.Sleep(1100 * time.Millisecond)
	if got := h.dial(h.listen()).send(adt("1", "A28", "20260102101500", jack)); code(got) != "AA" {
		t.Errorf("resumed, it is answered %q", got)
	}
	if err := h.in.Pause(h.ctx(), "nobody", true, engineer); kmcr.KindOf(err) != kmcr.NotFound {
		t.Errorf("nobody is paused: %v", err)
	}
	if l := h.in.Live()["hospital"]; l.LastHour != 1 {
		t.Errorf("the feed went %+v", l)
	}
}

func TestOnlyANewContributorIsTriedOut(t *testing.T) {
	h := build(t)
	h.must(h.in.Trial(h.ctx(), "hospital", true, []string{"tester"}, engineer))
	h.dial(h.listen()).send(adt("1", "A28", "20260102101500", jack))
	h.quiet()
	h.must(h.in.Trial(h.ctx(), "hospital", false, nil, engineer))
	time.Sleep(1100 * time.Millisecond)
	if err := h.in.Trial(h.ctx(), "hospital", true, nil, engineer); kmcr.KindOf(err) != kmcr.Conflict {
		t.Errorf("one that is read already is held back: %v", err)
	}
}
