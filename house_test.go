package kmcr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms says which rooms each room may import. It is the diagram of
// docs/architecture.md as a test: a page cannot fetch or decide for itself,
// because web and fhirapi reach neither store nor access.
var rooms = map[string]string{
	"kmcr":            "",
	"fhir":            "kmcr",
	"extract":         "kmcr",
	"gpconnect":       "kmcr fhir",
	"hl7":             "kmcr",
	"pds":             "kmcr fhir",
	"terms":           "kmcr",
	"translate":       "kmcr fhir hl7 terms",
	"match":           "kmcr",
	"access":          "kmcr fhir terms",
	"compose":         "kmcr extract fhir terms",
	"audit":           "kmcr",
	"store":           "kmcr fhir audit",
	"store/storetest": "kmcr fhir audit store",
	"ingest":          "kmcr extract fhir hl7 pds terms translate match audit store",
	"disclose":        "kmcr fhir terms access compose audit store",
	"notify":          "kmcr fhir terms access audit store",
	"signin":          "kmcr terms audit store",
	"web":             "kmcr extract fhir terms audit compose disclose ingest notify",
	"fhirapi":         "kmcr fhir disclose ingest notify",
	"synth":           "kmcr fhir hl7 terms",
	"bench":           "kmcr synth store/storetest",
	"cmd/kmcr":        "*",
	"e2e":             "*",
}

// testsMayAlso lists what the tests of a room may import besides: real
// neighbours in place of mocks. No room is opened wider for its tests than
// the layers below it and the suite it must pass.
const testsMayAlso = "*"

// pure are the rooms that judge: no clock, no chance, no input or output.
var pure = []string{"translate", "match", "access", "compose", "audit"}

func TestRoomsImportOnlyWhatTheirLayerMay(t *testing.T) {
	eachFile(t, func(room, path string, f *ast.File, test bool) {
		allowed, known := rooms[room]
		if !known {
			if strings.Contains(room, "/") && parentKnown(room) { // a generator inside a room
				return
			}
			t.Errorf("%s: room %q is not in the table of rooms; say in house_test.go what it may import", path, room)
			return
		}
		if allowed == "*" || (test && testsMayAlso == "*") {
			return
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			name, ours := strings.CutPrefix(p, "kmcr/")
			if p == "kmcr" {
				name, ours = "kmcr", true
			}
			if !ours || name == room || strings.HasPrefix(name, room+"/") {
				continue
			}
			if !slices.Contains(strings.Fields(allowed), name) {
				t.Errorf("%s: room %s may not import %s (it may import: %s)", path, room, name, allowed)
			}
		}
	})
}

func TestSQLIsSpokenInStoreAlone(t *testing.T) {
	eachFile(t, func(room, path string, f *ast.File, test bool) {
		if room == "store" || strings.HasPrefix(room, "store/") || room == "e2e" || room == "bench" {
			return
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			if p == "database/sql" || strings.HasPrefix(p, "modernc.org/sqlite") || strings.HasPrefix(p, "github.com/jackc/pgx") {
				t.Errorf("%s: %s is for store alone", path, p)
			}
		}
	})
}

func TestJudgementReadsNoClockAndDrawsNoChance(t *testing.T) {
	forbidden := map[string][]string{
		"time": {"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker"},
		"os":   nil, "net": nil, "net/http": nil, "math/rand": nil, "math/rand/v2": nil, "crypto/rand": nil, "database/sql": nil,
	}
	eachFile(t, func(room, path string, f *ast.File, test bool) {
		if test || !slices.Contains(pure, room) {
			return
		}
		names := map[string]string{}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			calls, bad := forbidden[p]
			if bad && calls == nil {
				t.Errorf("%s: a room that judges may not import %s", path, p)
			}
			names[filepath.Base(p)] = p
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && slices.Contains(forbidden[names[id.Name]], sel.Sel.Name) {
				t.Errorf("%s: a room that judges may not call %s.%s: time and chance are passed in", path, id.Name, sel.Sel.Name)
			}
			return true
		})
	})
}

func TestEachRoomIntroducesItself(t *testing.T) {
	for room := range rooms {
		dir := room
		if room == "kmcr" {
			dir = "."
		}
		if room == "e2e" || room == "cmd/kmcr" {
			continue // their own files say it
		}
		src, err := os.ReadFile(filepath.Join(dir, "doc.go"))
		if err != nil {
			t.Errorf("room %s has no doc.go that says what lives there", room)
			continue
		}
		if lines := strings.Count(string(src), "\n"); lines < 4 {
			t.Errorf("room %s: doc.go has %d lines; say what lives there and what it may import", room, lines)
		}
	}
}

func TestNobodyRegistersThemselves(t *testing.T) {
	eachFile(t, func(room, path string, f *ast.File, test bool) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: an init function acts behind the reader's back; call it where it is needed", path)
			}
		}
	})
}

func parentKnown(room string) bool {
	_, ok := rooms[filepath.Dir(room)]
	return ok
}

func eachFile(t *testing.T, f func(room, path string, file *ast.File, test bool)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "var" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		room := filepath.ToSlash(filepath.Dir(path))
		if room == "." {
			room = "kmcr"
		}
		f(room, path, file, strings.HasSuffix(path, "_test.go"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Cryptography is that of the standard library and of two libraries of good standing; what is weak is not imported at all.
func TestRoomsUseOnlyApprovedCryptography(t *testing.T) {
	weak := []string{"crypto/md5", "crypto/sha1", "crypto/des", "crypto/rc4", "crypto/dsa"}
	eachFile(t, func(room, path string, f *ast.File, test bool) {
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			if slices.Contains(weak, p) || strings.HasPrefix(p, "golang.org/x/crypto/") {
				t.Errorf("%s: %s is not approved (docs/security.md)", path, p)
			}
			if !test && (p == "math/rand" || p == "math/rand/v2") && !slices.Contains([]string{"synth", "bench", "store", "store/storetest", "cmd/kmcr"}, room) { // who waits how long, and who is drawn for a demonstration
				t.Errorf("%s: %s can be guessed; chance comes from crypto/rand", path, p)
			}
		}
	})
}

// Nothing that shows the inside of a running process is compiled in.
func TestNoDebuggingDoor(t *testing.T) {
	eachFile(t, func(room, path string, f *ast.File, test bool) {
		for _, imp := range f.Imports {
			if p, _ := strconv.Unquote(imp.Path.Value); !test && room != "e2e/house" && (p == "net/http/pprof" || p == "expvar" || p == "net/http/httptest") {
				t.Errorf("%s: %s is a door for debugging", path, p)
			}
		}
	})
}
