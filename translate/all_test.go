package translate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/hl7"
)

var hospital = kmcr.Contributor{Code: "hospital-east", Organisation: "RVV", Name: "East Kent Hospitals", Format: kmcr.FormatHL7v2, SendingApplication: "PAS", SendingFacility: "RVV"}

// realMessages are all HL7 v2 messages of the shared data set, by file.
func realMessages(tb testing.TB, f func(path string, raw []byte)) {
	const root = "../../shared/data/hl7v2"
	if _, err := os.Stat(root); err != nil {
		tb.Skip("SKIPPED, NOT TESTED: the shared data is not here: ", err)
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") || strings.HasSuffix(path, ".yml") {
			return err
		}
		file, err := os.ReadFile(path)
		for _, raw := range hl7.SplitBatch(file) {
			f(strings.TrimPrefix(path, root+"/"), raw)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func TestEveryRealMessageIsReadOrHasATrueReason(t *testing.T) {
	read, refused := 0, 0
	unmapped := map[string]int{}
	realMessages(t, func(path string, raw []byte) {
		m, err := hl7.Parse(raw, "")
		if err == nil {
			var out Reading
			out, err = HL7(m, hospital)
			if err == nil {
				read++
				checkReading(t, path, out)
				for _, u := range append(out.Unmapped, out.Flags...) {
					unmapped[u]++
				}
				return
			}
		}
		var e *kmcr.Error
		if !errors.As(err, &e) || e.Kind == kmcr.Fault || e.Message == "" || e.Remedy == "" {
			t.Errorf("%s: %v", path, err)
		}
		refused++
		t.Logf("%s: %v", path, err)
	})
	t.Logf("%d read, %d refused", read, refused)
	for u, n := range unmapped {
		t.Logf("%5d %s", n, u)
	}
	if read < 1165 {
		t.Errorf("only %d were read", read)
	}
}

// checkReading checks what every reading must be.
func checkReading(t *testing.T, path string, out Reading) {
	t.Helper()
	if len(out.Patients) == 0 || out.Patients[0].Key == "" {
		t.Errorf("%s: about nobody", path)
	}
	keys := map[string]bool{}
	for _, s := range out.Statements {
		at := string(rune('0'+s.Patient)) + s.Key
		if keys[at] {
			t.Errorf("%s: key %s twice", path, s.Key)
		}
		keys[at] = true
		checkResource(t, path, s)
		if s.Fold != "" {
			whole, err := Fold(s.Fold, fragmentsOf(t, s.Resource))
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			checkResource(t, path, whole)
		}
	}
}

func checkResource(t *testing.T, path string, s Statement) {
	t.Helper()
	var v any
	if err := json.Unmarshal(s.Resource, &v); err != nil || !strings.HasPrefix(string(s.Resource), `{"resourceType":"`) {
		t.Errorf("%s: %s is not JSON: %v %s", path, s.Key, err, s.Resource)
	}
	checkFilled(t, path+" "+s.Key, v)
	r, err := fhir.Parse(s.Resource)
	if err != nil {
		t.Errorf("%s: %s: %v", path, s.Key, err)
		return
	}
	resolved, _ := r.Body(func(reference string) string { // as the door in does it
		if key, ok := strings.CutPrefix(reference, "key:"); ok {
			kind, _, _ := strings.Cut(key, "|")
			return kind + "/1"
		}
		return "Patient/1"
	})
	if r, err = fhir.Parse(resolved); err != nil {
		t.Errorf("%s: %s: %v", path, s.Key, err)
		return
	}
	for _, issue := range fhir.Validate(r) {
		if issue.Severity == "error" || issue.Severity == "fatal" {
			t.Errorf("%s: %s: %s %s: %s", path, s.Key, issue.Code, issue.Expression, issue.Diagnostics)
		}
	}
}

// checkFilled checks that nothing in a resource is empty, and nothing stands in it twice.
func checkFilled(t *testing.T, where string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%s is null", where)
	case string:
		if strings.TrimSpace(v) == "" {
			t.Errorf("%s is an empty string", where)
		}
	case []any:
		if len(v) == 0 {
			t.Errorf("%s is an empty array", where)
		}
		for _, one := range v {
			checkFilled(t, where, one)
		}
	case map[string]any:
		if len(v) == 0 {
			t.Errorf("%s is an empty object", where)
		}
		for name, one := range v {
			checkFilled(t, where+"."+name, one)
		}
	}
}
