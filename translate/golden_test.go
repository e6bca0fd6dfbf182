package translate

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmcr/hl7"
)

var update = flag.Bool("update", false, "write the golden files anew")

// show writes a reading so that people can read it.
func show(out Reading) string {
	var b bytes.Buffer
	for _, p := range out.Patients {
		fmt.Fprintf(&b, "patient %+v\n", p)
	}
	for _, m := range out.Merges {
		fmt.Fprintf(&b, "merge %s into %s\n", m.From, m.Into)
	}
	for _, r := range out.Retire {
		fmt.Fprintf(&b, "retire %s at %s\n", r.Prefix, r.At.UTC().Format("2006-01-02T15:04:05Z"))
	}
	fmt.Fprintf(&b, "event %q\nunmapped %q\nflags %q\n", out.Event, out.Unmapped, out.Flags)
	for _, s := range out.Statements {
		fmt.Fprintf(&b, "\n%s at %s", s.Key, s.At.UTC().Format("2006-01-02T15:04:05Z"))
		if s.Fold != "" {
			fmt.Fprintf(&b, " a fragment of %s", s.Fold)
		}
		b.WriteByte('\n')
		_ = json.Indent(&b, s.Resource, "", "  ")
		b.WriteByte('\n')
		if s.Fold != "" {
			f, _ := ReadFragment(s.Resource)
			whole, _ := Fold(s.Fold, []Fragment{f})
			fmt.Fprintf(&b, "\n%s, folded\n", whole.Key)
			_ = json.Indent(&b, whole.Resource, "", "  ")
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestGoldenMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hl7")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden messages", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := hl7.Parse(raw, "")
		if err != nil {
			t.Fatal(file, err)
		}
		out, err := HL7(m, hospital)
		if err != nil {
			t.Fatal(file, err)
		}
		checkReading(t, file, out)
		golden := strings.TrimSuffix(file, ".hl7") + ".golden"
		got := show(out)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: not as in %s; compare, and run with -update if it is meant:\n%s", file, golden, got)
		}
	}
}
