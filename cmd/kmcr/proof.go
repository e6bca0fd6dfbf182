package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kmcr"
	"kmcr/store"
)

type backupCommand struct {
	Args []string `arg:"" name:"file" help:"FILE to write; or: verify FILE."`
}

// Run backs up, or with "verify" restores a backup to a scratch place and checks it there.
func (c *backupCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	if len(c.Args) == 2 && c.Args[0] == "verify" {
		return verifyBackup(ctx, settings, s, c.Args[1])
	}
	if len(c.Args) != 1 {
		return exit{exitUsage, fmt.Errorf("one FILE, or: backup verify FILE")}
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	partial := c.Args[0] + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(partial)
	if err := h.db.Backup(ctx, f); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := h.administer(ctx, "backup", nil, func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	return os.Rename(partial, c.Args[0])
}

func verifyBackup(ctx context.Context, settings *Settings, s streams, file string) error {
	dir, err := os.MkdirTemp("", "kmcr-verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	scratch := "sqlite:" + filepath.Join(dir, "kmcr.db")
	if err := store.Restore(ctx, scratch, f); err != nil {
		return exit{exitFoundProblems, err}
	}
	keys, err := store.OpenKeys(settings.Data)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, scratch, store.Options{Keys: keys})
	if err != nil {
		return exit{exitFoundProblems, err}
	}
	defer db.Close()
	n, broken, why, err := db.AuditVerify(ctx)
	if err != nil {
		return err
	}
	if broken != "" {
		return exit{exitFoundProblems, fmt.Errorf("the backup's audit entry %s does not fit: %s", broken, why)}
	}
	patients, persons, _, err := db.Counts(ctx)
	if err != nil {
		return err
	}
	if settings.JSON {
		return printJSON(s.out, map[string]any{"ok": true, "patients": patients, "persons": persons, "audit_entries": n})
	}
	_, err = fmt.Fprintf(s.out, "restores whole: %d patients, %d persons, %d audit entries in their places\n", patients, persons, n)
	return err
}

type restoreCommand struct {
	File string `arg:""`
}

// Run makes the database from a backup; one that is there already is left alone.
func (c *restoreCommand) Run(ctx context.Context, settings *Settings) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	if path, embedded := strings.CutPrefix(settings.Database, "sqlite:"); embedded {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	if err := store.Restore(ctx, settings.Database, f); err != nil {
		return err
	}
	h, err := settings.open(ctx)
	if err != nil { // under other keys it is of no use, and would stand in the way of the next attempt
		path := strings.TrimPrefix(settings.Database, "sqlite:")
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(path + suffix)
		}
		return err
	}
	defer h.close()
	return h.administer(ctx, "restore", nil, func(*store.Tx) error { return nil })
}

type doctorCommand struct{}

type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// Run checks what an operator would be asked for first, and says what to do about each thing that is not right.
func (c *doctorCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	findings := settings.examine(ctx)
	bad := 0
	for _, f := range findings {
		if !f.OK {
			bad++
		}
		if !settings.JSON {
			fmt.Fprintf(s.out, "%-9s %-12s %s\n", map[bool]string{true: "ok", false: "NOT RIGHT"}[f.OK], f.What, f.Says)
		}
	}
	if settings.JSON {
		if err := printJSON(s.out, map[string]any{"ok": bad == 0, "findings": findings}); err != nil {
			return err
		}
	}
	if bad > 0 {
		return exit{exitFoundProblems, fmt.Errorf("%d of %d checks found something", bad, len(findings))}
	}
	return nil
}

func (s *Settings) examine(ctx context.Context) []finding {
	var out []finding
	say := func(what string, err error, good string) {
		f := finding{what, err == nil, good}
		if err != nil {
			f.Says = err.Error()
		}
		out = append(out, f)
	}
	say("data", writable(s.Data), "the data folder "+s.Data+" can be written")
	say("disk", roomOnDisk(s.Data), "there is room on disk")
	h, err := s.open(ctx)
	say("database", err, "opens and is up to date")
	if err != nil {
		return out
	}
	defer h.close()
	say("keys", keysPrivate(s.Data), "the keys are there and only their owner can read them")
	say("writing", h.db.Ping(ctx), "the database answers and can be written")
	clock, err := h.newestEntry(ctx)
	if err == nil && clock.After(time.Now().Add(time.Minute)) {
		err = fmt.Errorf("the newest audit entry is %s ahead of this machine's clock: set the clock", time.Until(clock).Round(time.Second))
	}
	say("clock", err, "this machine's clock is not behind what was recorded")
	n, broken, why, err := h.db.AuditVerify(ctx)
	if err == nil && broken != "" {
		err = fmt.Errorf("entry %s does not fit: %s", broken, why)
	}
	say("audit", err, fmt.Sprintf("%d entries, every one in its place", n))
	say("feeds", h.parkedFinding(ctx), "nothing is parked")
	return out
}

func (h *house) newestEntry(ctx context.Context) (time.Time, error) {
	tallies, err := h.db.Tallies(ctx)
	var newest time.Time
	for _, t := range tallies {
		if t.LastHeard.After(newest) {
			newest = t.LastHeard
		}
	}
	return newest, err
}

func (h *house) parkedFinding(ctx context.Context) error {
	tallies, err := h.db.Tallies(ctx)
	if err != nil {
		return err
	}
	var parked int64
	for _, t := range tallies {
		if t.Received != t.Applied+t.Parked+t.Rejected+t.Waiting {
			return fmt.Errorf("the ledger does not add up: received is not applied + parked + rejected + waiting")
		}
		parked += t.Parked
	}
	if parked > 0 {
		return fmt.Errorf("%d messages are parked: kmcr parked list says why", parked)
	}
	return nil
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, "ok")
	f.Close()
	os.Remove(f.Name())
	return err
}

func keysPrivate(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no key in the data folder", Remedy: "Put back the keys that belong to this database; without them nothing in it can be read."}
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("%s can be read by others: chmod 600 it", filepath.Base(f))
		}
	}
	return nil
}
