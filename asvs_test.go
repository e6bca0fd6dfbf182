package kmcr_test

import (
	"encoding/csv"
	"go/ast"
	"os"
	"testing"
)

// Each requirement of docs/asvs.csv that is said to be met names a test that there is.
func TestASVSNamesItsTests(t *testing.T) {
	f, err := os.Open("docs/asvs.csv")
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
		id, status, name := row[0], row[2], row[3]
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
