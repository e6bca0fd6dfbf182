package kmcr_test

import (
	"encoding/csv"
	"go/ast"
	"os"
	"testing"
)

// Each requirement of docs/asvs.csv, and each attack of docs/attacks.csv, that is said to be met names a test that there is.
func TestASVSNamesItsTests(t *testing.T) { namesItsTests(t, "docs/asvs.csv", 2, 3) }

func TestAttacksNameTheirTests(t *testing.T) { namesItsTests(t, "docs/attacks.csv", 1, 2) }

// namesItsTests reads a table whose first column is an id, with the status and the name of the test in two others.
func namesItsTests(t *testing.T, path string, statusColumn, testColumn int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	eachFile(t, func(_, _ string, file *ast.File, test bool) {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && test {
				tests[fn.Name.Name] = true
			}
		}
	})
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		id, status, name := row[0], row[statusColumn], row[testColumn]
		switch {
		case seen[id]:
			t.Errorf("%s stands twice", id)
		case status == "met" && !tests[name]:
			t.Errorf("%s is said to be met by %q, which is no test", id, name)
		case status != "met" && status != "partly" && status != "not met" && status != "not applicable":
			t.Errorf("%s has the status %q", id, status)
		}
		seen[id] = true
	}
}
