package web

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
)

// oddStrings stand where others are meant; those that are no date are only kept where the structure takes any words.
var oddStrings = []string{"", " ", "x", "2026", "2026-02", "2026-02-30", "1899-12-31", "2099-01-01", "2026-03-29T01:30:00Z", "2026-10-25T01:30:00+01:00", "<script>alert(1)</script>", "javascript:alert(1)",
	strings.Repeat("long words ", 90), "unbrokenword" + strings.Repeat("z", 300), "Zoë 👩‍⚕️ \u202eevil", "http://snomed.info/sct", "active", "unknown", "entered-in-error", "99999999999999999999", "0", "%!s(MISSING)", "{{.}}", "&amp;"}

// altered changes a JSON value somewhere: a member is gone, twice in its list, or another value.
func altered(rng *rand.Rand, v any) any {
	switch x := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			if k != "resourceType" {
				keys = append(keys, k)
			}
		}
		if len(keys) == 0 {
			return x
		}
		slices.Sort(keys)
		k := keys[rng.IntN(len(keys))]
		if rng.IntN(6) == 0 {
			delete(x, k)
		} else {
			x[k] = altered(rng, x[k])
		}
		return x
	case []any:
		if len(x) == 0 {
			return x
		}
		n := rng.IntN(len(x))
		switch rng.IntN(6) {
		case 0:
			return append(x, x[n])
		case 1:
			if len(x) > 1 {
				return append(x[:n:n], x[n+1:]...)
			}
		}
		x[n] = altered(rng, x[n])
		return x
	case string:
		return oddStrings[rng.IntN(len(oddStrings))]
	case float64:
		return []any{0.0, -1.0, 1e30, 0.1, 12345678.9}[rng.IntN(5)]
	case bool:
		return !x
	}
	return v
}

// published are the resources of the published examples that say something of a patient.
func published(t *testing.T) (out [][]byte) {
	examples, _ := filepath.Glob("../../shared/data/fhir-r4-examples/resources/*.json")
	core, _ := filepath.Glob("../../shared/data/uk-core-r4/examples/*.xml")
	if len(examples) == 0 || len(core) == 0 {
		t.Skip("SKIPPED, NOT TESTED: the input data is not beside the project (fhir-r4-examples, uk-core-r4)")
	}
	for _, path := range append(examples, core...) {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, ".xml") {
			if body, err = fhir.FromXML(body); err != nil {
				continue
			}
		}
		if r, err := fhir.Parse(body); err == nil && r.Type() != "Bundle" {
			out = append(out, body)
		}
	}
	return out
}

// Published resources, changed in ways that the structure of R4 still permits, make records of which each page is whole and each
// statement is shown or explained. KMCR_MUTATIONS changes how many records; a failure names its seed.
func TestPagesOfMutatedRecords(t *testing.T) {
	all := published(t)
	records := 12
	if n, err := strconv.Atoi(os.Getenv("KMCR_MUTATIONS")); err == nil {
		records = n
	}
	kept := 0
	for seed := range records {
		rng := rand.New(rand.NewPCG(uint64(seed), 11))
		var list []*kmcr.Statement
		for n := range 60 {
			var v any
			if err := json.Unmarshal(all[rng.IntN(len(all))], &v); err != nil {
				t.Fatal(err)
			}
			for range rng.IntN(5) {
				v = altered(rng, v)
			}
			body, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			r, err := fhir.Parse(body)
			if err != nil || slices.ContainsFunc(fhir.Validate(r), func(i fhir.Issue) bool { return i.Severity == "error" || i.Severity == "fatal" }) {
				continue
			}
			kept++
			id := kmcr.StatementID{Patient: kmcr.PatientID(n%3 + 1), Hash: uint64(n + 1)}
			stored, meta := r.Body(func(string) string { return "" })
			section, labels := access.Classify(r.Type(), stored, meta)
			list = append(list, &kmcr.Statement{ID: id, Version: 1, Type: r.Type(), Contributor: []kmcr.ContributorCode{"gp", "hospital-east", "adult-social-care"}[n%3], Section: section, Labels: labels,
				Key: r.ID(), At: sampleNow, Recorded: sampleNow, Body: stored, Meta: meta})
		}
		s := newSample()
		record := compose.Compose(compose.Input{Ref: refFull, Statements: list, Now: sampleNow})
		s.records[string(refFull)] = record
		shown := map[string]bool{}
		provenances(reflect.ValueOf(*record), shown)
		for _, x := range list {
			if !shown[x.ID.String()] {
				t.Errorf("seed %d: a %s is neither shown nor explained: %.200s", seed, x.Type, x.Body)
			}
		}
		h := sampleSite(s)
		for _, l := range sections() {
			for _, role := range []string{"gp", "social-worker"} {
				path := strings.TrimSuffix(person+"/"+l.Stem, "/")
				w := get(h, role, path)
				if w.Code == http.StatusNotFound || w.Code == http.StatusForbidden {
					continue
				}
				ok := t.Run("", func(t *testing.T) {
					if w.Code != http.StatusOK {
						t.Fatalf("answered %d: %.300s", w.Code, words(w.Body.String()))
					}
					checkWhole(t, w.Body.String())
				})
				if !ok {
					t.Errorf("seed %d, %s %s", seed, role, path)
				}
			}
		}
	}
	t.Logf("%d resources in %d records", kept, records)
}

// checkWhole holds a page of odd content against what holds for every page: its structure, its addresses, and that nothing of it runs.
func checkWhole(t *testing.T, page string) {
	t.Helper()
	page = strings.ReplaceAll(page, "starting on  2015-02-10", "") // words of an example
	for _, said := range oddStrings {                              // what was said in words stands there as it was said
		if strings.Contains(said, "%!") || strings.Count(said, "-") > 1 {
			page = regexp.MustCompile(`([^"])`+regexp.QuoteMeta(said)).ReplaceAllString(page, "$1")
		}
	}
	checkPage(t, page)
	for _, bad := range []string{"01-Jan-0001", "<nil>", "&lt;nil&gt;", "map["} {
		if strings.Contains(page, bad) {
			at := strings.Index(page, bad)
			t.Errorf("%q stands in the page: %s", bad, page[max(0, at-120):min(len(page), at+120)])
		}
	}
}

// provenances collects the statements from which something in v comes.
func provenances(v reflect.Value, into map[string]bool) {
	switch v.Kind() {
	case reflect.Struct:
		if p, ok := v.Interface().(compose.Provenance); ok {
			into[p.Statement] = true
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				provenances(v.Field(i), into)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			provenances(v.Index(i), into)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			provenances(v.Elem(), into)
		}
	}
}
