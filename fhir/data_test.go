package fhir_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shared = "../../shared/data/"

type file struct {
	name string
	data []byte
}

// files reads the files of a set of real input whose names end so; .gz is
// unpacked. The test is skipped where the set is not held.
func files(t testing.TB, set, suffix string) []file {
	t.Helper()
	var found []file
	err := filepath.WalkDir(shared+set, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".gz") {
			r, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return err
			}
			if data, err = io.ReadAll(r); err != nil {
				return err
			}
		}
		found = append(found, file{strings.TrimPrefix(path, shared), data})
		return nil
	})
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED, NOT TESTED: the set %s is not held here, so nothing of it is tested", set)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}
