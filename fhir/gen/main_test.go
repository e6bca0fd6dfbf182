package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The tables committed are those that the definitions give.
func TestTablesAreThoseOfTheDefinitions(t *testing.T) {
	const from = "../../../shared/data/fhir-r4-definitions"
	if _, err := os.Stat(from); err != nil {
		t.Skip("SKIPPED, NOT TESTED: the R4 definitions are not held here, so the tables are not compared")
	}
	to := t.TempDir()
	if err := run(from, to); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"compartment.tsv", "r4.txt.gz"} {
		want, err := os.ReadFile(filepath.Join(to, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the definitions give: run go run ./fhir/gen", name)
		}
	}
}
