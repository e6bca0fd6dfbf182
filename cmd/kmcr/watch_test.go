package main

import "testing"

// Of what the watch raises on labelled synthetic staff at least half is misuse, and little misuse is missed.
func TestThePrivacyWatchOnLabelledStaff(t *testing.T) {
	for seed := range uint64(3) {
		w := evaluateWatch(seed, 120, 28)
		t.Logf("%+v", w)
		if w.Precision < 0.5 || w.Recall < 0.9 {
			t.Errorf("seed %d: precision %.2f, recall %.2f, missed %v", seed, w.Precision, w.Recall, w.Missed)
		}
	}
}
