package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// formats imports the published samples of each format as files, and says how many messages a second are taken in and applied.
func (b *bench) formats() error {
	fmt.Println("\nFiles of each format, embedded store")
	for _, f := range []struct{ name, folder, format, kind string }{
		{"HL7 v2", "hl7v2", "hl7v2", "acute"},
		{"FHIR R4, Synthea Bundles", "synthea-r4", "fhir-r4", "gp-practice"},
		{"FHIR R4, UK Core resources", "uk-core-r4/examples", "fhir-r4", "gp-practice"},
		{"GP Connect structured records (STU3)", "gp-connect-stu3/structured-full-record", "gpconnect-stu3", "gp-practice"},
		{"transfer of care documents", "transfer-of-care-documents", "fhir-r4", "acute"},
		{"Children in Need census", "social-care/children-in-need-census", "cin-xml", "council"},
		{"looked-after children (SSDA903)", "social-care/looked-after-children-903", "ssda903", "council"},
	} {
		folder := filepath.Join(b.data, f.folder)
		if _, err := os.Stat(folder); err != nil {
			say(f.name, "left out", "the sample data is not there")
			continue
		}
		if err := b.format(f.name, folder, f.format, f.kind); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

func (b *bench) format(name, folder, format, kind string) error {
	dir, err := os.MkdirTemp("", "kmcr-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &server{dir: dir, store: "sqlite", folder: dir + "/var", database: "sqlite:" + dir + "/var/kmcr.db"}
	for _, setup := range [][]string{
		{"organisation", "add", "RVV", "--name", "Bench", "--kind", kind, "--signatory"},
		{"contributor", "add", "bench", "--organisation", "RVV", "--format", format},
	} {
		if _, err := s.run(b.ctx, setup...); err != nil {
			return err
		}
	}
	start := time.Now()
	out, err := exec.CommandContext(b.ctx, "bin/kmcr", "import", "--contributor", "bench", folder, "--database", s.database, "--data", s.folder, "--json").Output()
	took := time.Since(start)
	var partly *exec.ExitError
	if err != nil && !(errors.As(err, &partly) && partly.ExitCode() == 5) { // 5: some of it was parked, as it should be
		return err
	}
	var t struct{ Received, Applied int }
	if err := json.Unmarshal(out, &t); err != nil {
		return err
	}
	say(name, fmt.Sprintf("%.0f messages/s", float64(t.Received)/took.Seconds()), fmt.Sprintf("%d of %d applied in %s", t.Applied, t.Received, took.Round(time.Second/100)))
	return nil
}
