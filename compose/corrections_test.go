package compose

import "testing"

// What was reported is marked on its line until it is answered; what was reported of a statement that is not shown is not told.
func TestCorrections(t *testing.T) {
	list := statements(t, "gp", 1, taken("Ramipril 5mg capsules", "", "one", "active", 9, 0))
	id := list[0].ID.String()
	for _, c := range []struct {
		about, state string
		listed       int
		marked       bool
	}{
		{id, Asked, 1, true}, {id, Stands, 1, false}, {id, Corrected, 1, false}, {"00000000-0000-0001-0000-0000000000ff", Asked, 0, false},
	} {
		r := Compose(Input{Statements: list, Now: now, Corrections: []Correction{{ID: 1, Statement: c.about, State: c.state}}})
		if len(r.Corrections) != c.listed || r.Medicines.Items[0].Reported != c.marked {
			t.Errorf("%+v: %d listed, marked %v", c, len(r.Corrections), r.Medicines.Items[0].Reported)
		}
		if hit := r.Standing(id); hit == nil || hit.Page != "medicines" {
			t.Errorf("it stands at %+v", hit)
		}
	}
}

// Words are found as typed, misspelt, and by another name of the ingredient; every word has to be met.
func TestFind(t *testing.T) {
	r := recordOf(t, saidBy{"gp", taken("Apixaban 5mg tablets", "", "one twice a day", "active", 9, 0)}, saidBy{"gp", taken("Paracetamol 500mg tablets", "", "two when needed", "active", 9, 0)})
	for words, want := range map[string]int{"apixaban": 1, "APIX": 1, "apixiban": 1, "eliquis": 1, "acetaminophen": 1, "tablets": 2, "apixaban twice": 1, "apixaban when": 0, "ramipril": 0, "": 0, "!?": 0} {
		if got := r.Find(words); len(got) != want {
			t.Errorf("%q finds %d, want %d", words, len(got), want)
		}
	}
}
