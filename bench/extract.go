package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// extract imports a case extract of so many MiB, one message a row, and says
// how fast and in how much memory; and that the same file again changes nothing.
func (b *bench) extract(mib int) error {
	fmt.Printf("\nA whole extract of %d MiB, embedded store\n", mib)
	dir, err := os.MkdirTemp("", "kmcr-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &server{dir: dir, store: "sqlite", folder: dir + "/var", database: "sqlite:" + dir + "/var/kmcr.db"}
	for _, setup := range [][]string{
		{"organisation", "add", "820", "--name", "Bench council", "--kind", "council", "--signatory"},
		{"contributor", "add", "bench-case", "--organisation", "820", "--format", "case-csv"},
	} {
		if _, err := s.run(b.ctx, setup...); err != nil {
			return err
		}
	}
	file := filepath.Join(dir, "extract.csv")
	rows, err := writeExtract(file, int64(mib)<<20)
	if err != nil {
		return err
	}
	took, peak, err := b.imported(s, file)
	if err != nil {
		return err
	}
	say(fmt.Sprintf("%d rows taken in", rows), fmt.Sprintf("%.0f rows/s", float64(rows)/took.Seconds()), fmt.Sprintf("in %s", took.Round(time.Second)))
	say("resident memory of the import at its highest", fmt.Sprintf("%d MiB", peak>>20), "aim under 512 MiB for 2 GiB")
	took, peak, err = b.imported(s, file)
	if err != nil {
		return err
	}
	say("the same file again", fmt.Sprintf("%.0f rows/s", float64(rows)/took.Seconds()), fmt.Sprintf("in %s, %d MiB", took.Round(time.Second), peak>>20))
	return nil
}

// writeExtract writes a case extract of about so many bytes, ten rows a person.
func writeExtract(file string, size int64) (rows int, err error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	written := int64(0)
	line := func(format string, args ...any) {
		n, e := fmt.Fprintf(w, format, args...)
		written += int64(n)
		if e != nil {
			err = e
		}
	}
	line("Extract Date,Record,Record Id,Person Id,Family Name,Given Name,Date of Birth,Start Date,Worker Name,Worker Telephone,Team,Package,Provider,Units Per Week,Tasks,Note\n")
	for person := 0; written < size && err == nil; person++ {
		born := fmt.Sprintf("19%02d-%02d-%02d", 20+person%70, 1+person/70%12, 1+person/840%28)
		line("2026-11-01,worker,W%d,P%d,Family%d,Given%d,%s,2026-01-01,Grace Okafor,01233 496111,Ashford older people,,,,,\n", person, person, person, person, born)
		rows++
		for n := range 9 {
			line("2026-11-01,package,K%d-%d,P%d,,,,2026-0%d-01,,,,Long term support: Community,Homecare %d,%d,\"Washing, dressing, breakfast and medicines\",A note of some words as case systems have them and as people write them\n", person, n, person, 1+n, n, 7+n)
			rows++
		}
	}
	if err == nil {
		err = w.Flush()
	}
	return rows, err
}

// imported runs kmcr import and watches its memory.
func (b *bench) imported(s *server, file string) (took time.Duration, peak int64, err error) {
	begun := time.Now()
	s.cmd = exec.CommandContext(b.ctx, "bin/kmcr", "import", "--contributor", "bench-case", file, "--database", s.database, "--data", s.folder, "--json")
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return 0, 0, err
	}
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return time.Since(begun), peak, err
		case <-tick.C:
			peak = max(peak, s.peak())
		}
	}
}
