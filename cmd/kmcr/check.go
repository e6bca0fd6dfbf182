package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"kmcr"
	"kmcr/ingest"
)

type checkCommand struct {
	Paths  []string `arg:"" help:"Files or folders."`
	Format string   `help:"Format of files that do not show by themselves what they are: hl7v2, fhir-r4, cld-csv, case-csv …"`
}

// Run says what would be read, and what is wrong and where, keeping nothing.
func (c *checkCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	if err := knownFormat(c.Format); c.Format != "" && err != nil {
		return err
	}
	files, err := filesIn(c.Paths)
	if err != nil {
		return err
	}
	problems := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		for _, finding := range ingest.Check(kmcr.Format(c.Format), filepath.Base(f), data) {
			if finding.Problem != "" {
				problems++
			}
			if settings.JSON {
				err = printJSON(s.out, map[string]any{"file": f, "message": finding.Message, "reads": finding.Reads, "where": finding.Where, "problem": finding.Problem, "remedy": finding.Remedy})
			} else if finding.Problem != "" {
				_, err = fmt.Fprintf(s.out, "%s, message %d: %s: %s. %s\n", f, finding.Message, finding.Where, finding.Problem, finding.Remedy)
			} else {
				_, err = fmt.Fprintf(s.out, "%s, message %d: %s\n", f, finding.Message, finding.Reads)
			}
			if err != nil {
				return err
			}
		}
	}
	if problems > 0 {
		return exit{exitFoundProblems, fmt.Errorf("%d problems", problems)}
	}
	return nil
}
