package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kmcr"
	"kmcr/ingest"
	"kmcr/store"
)

type importCommand struct {
	Contributor string   `required:"" help:"Whose messages they are."`
	Paths       []string `arg:"" help:"Files or folders; .gz, .zip and .ndjson are unpacked."`
}

type fileOutcome struct {
	File string `json:"file"`
	ingest.Totals
	Error string `json:"error,omitempty"`
}

// Run takes in each file, says per file what became of it, and the totals.
func (c *importCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	thrifty()
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if _, err := h.contributor(ctx, kmcr.ContributorCode(c.Contributor)); err != nil {
		return err
	}
	files, err := filesIn(c.Paths)
	if err != nil {
		return err
	}
	if err := h.takeIn(ctx); err != nil {
		return err
	}
	began := time.Now()
	bar := newProgress(s.err, len(files))
	var outcomes []fileOutcome
	for _, f := range files {
		outcomes = append(outcomes, c.one(ctx, h, f, bar))
	}
	imports := make([]*ingest.Totals, len(outcomes))
	for n := range outcomes {
		imports[n] = &outcomes[n].Totals
	}
	if err := h.in.Settle(ctx, kmcr.ContributorCode(c.Contributor), imports...); err != nil {
		return err
	}
	bar.done()
	problems, err := c.problems(ctx, h, began)
	if err != nil {
		return err
	}
	return c.report(settings, s, outcomes, problems)
}

// mostProblems is how many messages that were not applied are named in the report of one import.
const mostProblems = 20

// problems are the messages of this import that were not applied, with what keeps them.
func (c *importCommand) problems(ctx context.Context, h *house, since time.Time) ([]map[string]any, error) {
	var out []map[string]any
	for _, state := range []store.State{store.Rejected, store.Parked} {
		err := h.db.Messages(ctx, kmcr.ContributorCode(c.Contributor), state, func(m store.Message) error {
			if !m.ReceivedAt.Before(since.Truncate(time.Millisecond)) && len(out) < mostProblems {
				out = append(out, messageJSON(m))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *importCommand) one(ctx context.Context, h *house, file string, bar *progress) fileOutcome {
	o := fileOutcome{File: file}
	f, err := os.Open(file)
	if err == nil {
		defer f.Close()
		var about fs.FileInfo
		if about, err = f.Stat(); err == nil {
			o.Totals, err = h.in.ImportFrom(ctx, kmcr.ContributorCode(c.Contributor), filepath.Base(file), f, about.Size(), bar.step)
		}
	}
	if err != nil {
		o.Error = err.Error()
	}
	bar.next()
	return o
}

func (c *importCommand) report(settings *Settings, s streams, outcomes []fileOutcome, problems []map[string]any) error {
	var total ingest.Totals
	failed := 0
	for _, o := range outcomes {
		total.Received += o.Received
		total.Applied += o.Applied
		total.Parked += o.Parked
		total.Rejected += o.Rejected
		total.Duplicate += o.Duplicate
		if o.Error != "" {
			failed++
		}
		if settings.JSON {
			continue
		}
		fmt.Fprintf(s.out, "%s: received %d applied %d parked %d rejected %d", o.File, o.Received, o.Applied, o.Parked, o.Rejected)
		if o.Duplicate > 0 {
			fmt.Fprintf(s.out, " sent before %d", o.Duplicate)
		}
		if o.Error != "" {
			fmt.Fprintf(s.out, " (%s)", o.Error)
		}
		fmt.Fprintln(s.out)
	}
	if settings.JSON {
		if err := printJSON(s.out, map[string]any{"files": outcomes, "received": total.Received, "applied": total.Applied, "parked": total.Parked, "rejected": total.Rejected, "duplicate": total.Duplicate, "problems": problems}); err != nil {
			return err
		}
	} else {
		for _, m := range problems {
			fmt.Fprintf(s.out, "  %s %v (message %v): %v: %v\n", m["state"], m["control_id"], m["id"], m["reason"], m["detail"])
		}
		if n := total.Parked + total.Rejected; n > mostProblems {
			fmt.Fprintf(s.out, "  and %d more; kmcr message list --state rejected and kmcr parked list show them all\n", n-mostProblems)
		}
		fmt.Fprintf(s.out, "received %d applied %d parked %d rejected %d\n", total.Received, total.Applied, total.Parked, total.Rejected)
	}
	switch {
	case failed == len(outcomes):
		return exit{exitFailed, fmt.Errorf("no file could be taken in")}
	case failed > 0 || total.Parked > 0 || total.Rejected > 0:
		return exit{exitPartly, fmt.Errorf("not everything was applied; kmcr parked list says what waits for somebody, and why")}
	}
	return nil
}

func filesIn(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read what is to be imported: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, exit{exitUsage, fmt.Errorf("there is no file in what was named")}
	}
	return out, nil
}

// progress draws a line on a terminal, and nothing elsewhere.
type progress struct {
	w       *os.File
	files   int
	at      int
	started time.Time
	drawn   time.Time
}

func newProgress(w any, files int) *progress {
	p := &progress{files: files, started: time.Now()}
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		p.w = f
	}
	return p
}

func (p *progress) step(done, total int64) {
	if p.w == nil || time.Since(p.drawn) < 200*time.Millisecond {
		return
	}
	p.drawn = time.Now()
	percent := int64(100)
	if total > 0 {
		percent = 100 * done / total
	}
	fmt.Fprintf(p.w, "\rfile %d of %d, %3d%% of it, %s ", p.at+1, p.files, percent, time.Since(p.started).Round(time.Second))
}

func (p *progress) next() { p.at++ }

func (p *progress) done() {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r%d files in %s%20s\n", p.files, time.Since(p.started).Round(time.Second/10), "")
	}
}
