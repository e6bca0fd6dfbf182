package kmcr_test

import (
	"encoding/csv"
	"go/ast"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Each requirement of docs/asvs.csv, and each attack of docs/attacks.csv, that is said to be met names a test that there is.
func TestASVSNamesItsTests(t *testing.T) { namesItsTests(t, "docs/asvs.csv", 2, 3) }

func TestAttacksNameTheirTests(t *testing.T) { namesItsTests(t, "docs/attacks.csv", 1, 2) }

// table reads the rows of a CSV below its heading.
func table(t *testing.T, path string) [][]string {
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
	return rows[1:]
}

// namesItsTests reads a table whose first column is an id, with the status and the name of the test in two others.
func namesItsTests(t *testing.T, path string, statusColumn, testColumn int) {
	t.Helper()
	tests := map[string]bool{}
	eachFile(t, func(_, _ string, file *ast.File, test bool) {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && test {
				tests[fn.Name.Name] = true
			}
		}
	})
	seen := map[string]bool{}
	for _, row := range table(t, path) {
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

// How many requirements of level 1 and 2 each chapter of ASVS 5.0.0 has, and of level 3 where we ask for it (8 authorization, 14 data
// protection, 16 logging).
var asvsChapters = map[string]int{"1": 27, "2": 11, "3": 19, "4": 10, "5": 9, "6": 35, "7": 18, "8": 13, "9": 7, "10": 29, "11": 14, "12": 9, "13": 13, "14": 13, "15": 13, "16": 17, "17": 7}

func TestEveryRequirementOfASVSHasItsRow(t *testing.T) {
	have := map[string]int{}
	for _, row := range table(t, "docs/asvs.csv") {
		chapter, _, _ := strings.Cut(row[0], ".")
		if row[1] != "3" || chapter == "8" || chapter == "14" || chapter == "16" {
			have[chapter]++
		}
	}
	for chapter, n := range asvsChapters {
		if have[chapter] != n {
			t.Errorf("chapter %s has %d rows and ASVS has %d requirements", chapter, have[chapter], n)
		}
	}
}

func TestEveryAttackHasItsRow(t *testing.T) {
	have := map[string]bool{}
	for _, row := range table(t, "docs/attacks.csv") {
		have[row[0]] = true
	}
	for n := 1; n <= 64; n++ {
		if !have[strconv.Itoa(n)] {
			t.Errorf("attack %d has no row", n)
		}
	}
}

// Each value in docs/security.md that is said to stand in the code as `room.name` `value` does, and what it must explain has its heading.
func TestTheSecurityGuideIsTrue(t *testing.T) {
	guide, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	values := regexp.MustCompile("`([a-z]+)\\.([A-Za-z]+)` `([^`]+)`").FindAllStringSubmatch(string(guide), -1)
	if len(values) < 12 {
		t.Fatalf("only %d values are stated", len(values))
	}
	stated := map[string]bool{} // "room.name value" as the code has it
	eachFile(t, func(room, path string, _ *ast.File, test bool) {
		if test {
			return
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^[ \t]*(?:const |c\.)?([A-Za-z]+)[ \t]*=[ \t]*([^/\n]+?)[ \t]*(?://.*)?$`).FindAllSubmatch(src, -1) {
			stated[room+"."+string(m[1])+" "+string(m[2])] = true
		}
	})
	for _, v := range values {
		if !stated[v[1]+"."+v[2]+" "+v[3]] {
			t.Errorf("docs/security.md says that %s.%s is %s, and the code does not", v[1], v[2], v[3])
		}
	}
	for _, heading := range []string{"What comes in, and how it is checked", "Who gets in", "What decides", "Keys", "What is kept, in four levels", "What is logged", "Whom we call", "What costs", "What we are made of"} {
		if !strings.Contains(string(guide), "\n## "+heading+"\n") {
			t.Errorf("docs/security.md does not say: %s", heading)
		}
	}
	// Every setting that makes us call somebody is named under "Whom we call".
	_, calls, _ := strings.Cut(string(guide), "\n## Whom we call\n")
	for _, setting := range []string{"KMCR_OIDC_ISSUER", "--pds-url", "--gpconnect-proxy", "--hook", "--mail-relay", "--database", "kmcr ehr add"} {
		if !strings.Contains(calls, setting) {
			t.Errorf("docs/security.md does not name %s", setting)
		}
	}
}
