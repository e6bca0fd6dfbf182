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
		n, err := c.report(settings, s, f, ingest.Check(kmcr.Format(c.Format), filepath.Base(f), data))
		if err != nil {
			return err
		}
		problems += n
	}
	if problems > 0 {
		return exit{exitFoundProblems, fmt.Errorf("%d problems", problems)}
	}
	return nil
}

// report prints the findings of one file, and counts the problems.
func (c *checkCommand) report(settings *Settings, s streams, file string, findings []ingest.Finding) (problems int, err error) {
	for _, f := range findings {
		if f.Problem != "" {
			problems++
		}
		place := fmt.Sprintf("%s, message %d", file, f.Message)
		switch {
		case settings.JSON:
			err = printJSON(s.out, map[string]any{"file": file, "message": f.Message, "reads": f.Reads, "not_read": f.NotRead, "doubts": f.Doubts,
				"where": f.Where, "rule": f.Rule, "problem": f.Problem, "remedy": f.Remedy})
		case f.Problem != "":
			_, err = fmt.Fprintf(s.out, "%s: %s: %s. Rule: %s. %s\n", place, f.Where, f.Problem, f.Rule, f.Remedy)
		default:
			_, err = fmt.Fprintf(s.out, "%s: %s\n", place, f.Reads)
			for _, one := range f.NotRead {
				fmt.Fprintf(s.out, "    kept, in no statement: %s\n", one)
			}
			for _, one := range f.Doubts {
				fmt.Fprintf(s.out, "    doubtful: %s\n", one)
			}
		}
		if err != nil {
			return problems, err
		}
	}
	if !settings.JSON {
		_, err = fmt.Fprintf(s.out, "%s: %d messages or problems, %d problems\n", file, len(findings), problems)
	}
	return problems, err
}
