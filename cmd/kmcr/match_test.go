package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmcr/match"
	"kmcr/synth"
)

// FEBRL's three sets, without looking at their labels: nobody is joined to
// somebody else, nearly everybody is found, and few records go to a person.
func TestEvaluateFEBRL(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/identity-matching/febrl/dataset[123].csv")
	if len(files) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the FEBRL sets are not beside this project")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			records, err := labelledFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s := evaluate(records)
			t.Logf("%+v", s)
			if s.Precision < 1 || s.Found < 0.98 || s.Review >= 0.02 {
				t.Errorf("precision %.4f, found %.4f, review %.4f; want 1, at least 0.98, under 0.02", s.Precision, s.Found, s.Review)
			}
		})
	}
}

// Without the social security number there is less to go by: more is asked,
// and still nobody is joined to somebody else.
func TestEvaluateWithoutANumber(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/identity-matching/febrl/dataset[123].csv")
	if len(files) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the FEBRL sets are not beside this project")
	}
	for _, f := range files {
		records, err := labelledFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			records[i].id.Locals = nil
		}
		if s := evaluate(records); s.Precision < 1 || s.Found < 0.98 {
			t.Errorf("%s: precision %.4f, found %.4f; want 1 and at least 0.98", filepath.Base(f), s.Precision, s.Found)
		}
	}
}

// A register with households, where relatives share most of what is written
// down, is read by our own columns.
func TestEvaluateHouseholds(t *testing.T) {
	var file strings.Builder
	for _, row := range synth.Register(5, 3000, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		file.WriteString(strings.Join(row, ",") + "\n")
	}
	records, err := readLabelled(strings.NewReader(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	if s := evaluate(records); s.Precision < 1 || s.Found < 0.95 {
		t.Errorf("precision %.4f, found %.4f; want 1 and at least 0.95", s.Precision, s.Found)
	}
}

func TestLabelledFilesThatCannotBeRead(t *testing.T) {
	for says, text := range map[string]string{"no heading": "", "another heading": "a,b\n1,2\n", "a broken quotation": "rec_id,surname\n\"rec-1-org,x\n"} {
		if _, err := readLabelled(strings.NewReader(text)); err == nil {
			t.Errorf("%s: read without an error", says)
		}
	}
	if _, err := labelledFile(filepath.Join(t.TempDir(), "none.csv")); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// Few records, or none at all, are judged by the standard weights.
func TestEvaluateFewRecords(t *testing.T) {
	one := labelled{person: "1", id: match.Identity{Names: []match.Name{{Family: "Smith", Given: "Jack"}}, Born: "1951-12-03", Postcodes: []string{"ME7 4AB"}}}
	for _, records := range [][]labelled{nil, {one}, {one, one}} {
		if s := evaluate(records); s.Precision != 1 || s.Recall != 1 || s.Review != 0 {
			t.Errorf("%d records: %+v", len(records), s)
		}
	}
}
