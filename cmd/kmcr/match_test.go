package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kmcr"
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
	for says, text := range map[string]string{
		"no heading":         "",
		"no record":          "person_id,family\n",
		"another heading":    "a,b\n1,2\n",
		"a broken quotation": "rec_id,surname\n\"rec-1-org,x\n",
		"nobody is said":     "record_id,family,given\n17,Fox,Ada\n",
		"no names":           "person_id,postcode\n1,ME7 4AB\n",
	} {
		if _, err := readLabelled(strings.NewReader(text)); kmcr.KindOf(err) != kmcr.Invalid {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := labelledFile(filepath.Join(t.TempDir(), "none.csv")); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// However a file parts its columns, ends its lines, names its columns and writes dates and sexes: it says the same.
func TestLabelledFilesInManyForms(t *testing.T) {
	ours := "person_id,record_id,family,given,born,sex,postcode\n7,a,Fox,Ada,1941-03-05,female,ME7 4AB\n,b,Fox,Ada,1941-03-25,female,ME7 4AB\n"
	want, err := readLabelled(strings.NewReader(ours))
	if err != nil || len(want) != 2 || want[0].person != "7" || want[0].id.Born != "1941-03-05" || want[0].id.Sex != "female" {
		t.Fatalf("%+v %v", want, err)
	}
	changed := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(ours) }
	for says, text := range map[string]string{
		"a mark before a quoted heading": "\ufeff\"person_id\"" + strings.TrimPrefix(ours, "person_id"),
		"lines that end as on old Macs":  changed("\n", "\r"),
		"lines that end as on Windows":   changed("\n", "\r\n"),
		"semicolons":                     changed(",", ";"),
		"tabs":                           changed(",", "\t"),
		"other headings":                 changed("person_id", "Cluster ID", "family", "Last_Name", "given", "First Name", "born", "DOB", "sex", "Gender", "postcode", "ZIP code"),
		"British dates":                  changed("1941-03-05", "05/03/1941", "1941-03-25", "25/03/1941"),
		"American dates":                 changed("1941-03-05", "3/5/1941", "1941-03-25", "3/25/1941"),
		"dates without marks":            changed("1941-03-05", "19410305", "1941-03-25", "19410325"),
		"dates in words":                 changed("1941-03-05", "5 Mar 1941", "1941-03-25", "25 Mar 1941"),
		"instants":                       changed("1941-03-05", "1941-03-05T00:00:00", "1941-03-25", "1941-03-25 00:00:00"),
		"letters for sexes":              changed("female", "F"),
		"codes for sexes":                changed("female", "2"),
	} {
		got, err := readLabelled(strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v (%v)", says, got, want, err)
		}
	}
	parted, err := readLabelled(strings.NewReader("id,fname_c1,lname_c1,by,bm,bd,entity\n1,ADA,FOX,1941,3,5,x\n"))
	if err != nil || parted[0].id.Born != "1941-03-05" || parted[0].person != "x" {
		t.Errorf("a date in three columns: %+v %v", parted, err)
	}
	if s := scoreOf(want, match.Groups{Of: []int{0, 1}}); s.Unlabelled != 1 || s.TruePairs != 0 {
		t.Errorf("who is not said to be somebody is somebody else: %+v", s)
	}
}

func FuzzReadLabelled(f *testing.F) {
	f.Add("rec_id, surname, date_of_birth\nrec-1-org, fox, 19410305\nrec-1-dup-0, fox, 19410399\n")
	f.Add("\ufeff\"person_id\";given;by;bm\r1;Ada;1941;x\r")
	f.Fuzz(func(t *testing.T, text string) {
		records, err := readLabelled(strings.NewReader(text))
		if err == nil && len(records) == 0 {
			t.Error("nothing was read, and nothing said of it")
		}
		for _, r := range records {
			match.Prepare(r.id)
		}
	})
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
