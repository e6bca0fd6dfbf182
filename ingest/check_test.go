package ingest_test

import (
	"strings"
	"testing"

	"kmcr"
	"kmcr/ingest"
)

// A contributor's report on its own files says what is read, what is in no statement, what is doubtful, and what is wrong: where, by which rule, and how to mend it.
func TestTheReportOnAFile(t *testing.T) {
	cases := []struct {
		says, name, content            string
		reads, notRead, doubt, problem string
		where                          string
	}{
		{"a message that is read", "a.hl7", adt("1", "A28", "20260102101500", jack, "ZU1|x"), "ADT^A28 about 1 patient(s): 1 Patient", "ZU1: a local segment", "", "", ""},
		{"a message about nobody", "a.hl7", adt("1", "A28", "20260102101500", "PID|1||||Fox"), "", "", "", "identity missing", "PID-3"},
		{"an event of the year 2099", "a.hl7", adt("1", "A28", "20990102101500", jack), "ADT^A28", "", "EVN-2", "", ""},
		{"a table", "a.csv", caseExtract("2026-11-01", "1"), "1 EpisodeOfCare", "", "", "", ""},
		{"a column that is not there", "a.csv", "CHILD,DECOM,RNE\n1,2,3\n", "", "", "", "columns are missing: LS", "line 1"},
		{"FHIR that breaks a rule", "a.json", `{"resourceType":"Patient","gender":"x"}`, "", "", "", "must be one of", "Patient.gender"},
		{"what is nothing that is known", "a.bin", "hello", "", "", "", "does not show of which format", "message"},
		{"in an archive", "a.zip", string(packedZip(t, "b.hl7", adt("1", "A28", "20260102101500", jack))), "ADT^A28", "", "", "", ""},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			found := ingest.Check("", c.name, []byte(c.content))
			if len(found) == 0 {
				t.Fatal("nothing is said")
			}
			f := found[0]
			for _, part := range []struct{ want, got string }{{c.reads, f.Reads}, {c.notRead, strings.Join(f.NotRead, "; ")}, {c.doubt, strings.Join(f.Doubts, "; ")}, {c.problem, f.Problem}, {c.where, f.Where}} {
				if !strings.Contains(part.got, part.want) {
					t.Errorf("%q is not in %q", part.want, part.got)
				}
			}
			if f.Problem != "" && (f.Rule == "" || f.Remedy == "") {
				t.Errorf("a problem without rule or remedy: %+v", f)
			}
		})
	}
	if found := ingest.Check(kmcr.FormatCLD, "a.csv", []byte("a,b\n1,2\n")); len(found) != 1 || !strings.Contains(found[0].Problem, "columns are missing") {
		t.Errorf("of a file of a named format: %+v", found)
	}
}
