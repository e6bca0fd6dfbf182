// Gen derives the tables of room fhir from the published HL7 FHIR R4 (4.0.1)
// definitions, CC0:
//
//	go run ./fhir/gen ../shared/data/fhir-r4-definitions fhir
//
// reads profiles-resources, profiles-types, valuesets, v3-codesystems,
// v2-tables, valueset-expansions, search-parameters and the patient
// CompartmentDefinition from the first folder and writes compartment.tsv and
// r4.txt.gz into the second. Run again, it writes the same bytes.
package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen FOLDER-OF-DEFINITIONS FOLDER-TO-WRITE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	table, err := compartment(from)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "compartment.tsv"), table, 0o644)
}

// readJSON decodes a gzip file of JSON.
func readJSON(path string, into any) error {
	r, err := open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}
