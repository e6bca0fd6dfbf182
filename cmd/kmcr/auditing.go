package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Prove that nothing in the audit log was altered, removed, reordered or rolled back."`
	Export auditExport `cmd:"" help:"Write the audit log as FHIR AuditEvent, one a line; or, with --files, the transparency log as files."`
	Key    auditKey    `cmd:"" help:"Print the public key that proves the audit log."`
	Watch  auditWatch  `cmd:"" help:"The privacy watch."`
	Prove  auditProve  `cmd:"" help:"Print the proof that one entry is in the log that the newest checkpoint is about."`
}

type auditVerify struct {
	Files     string   `type:"path" placeholder:"DIR" help:"Prove the files of the transparency log in this folder (checkpoint, tile/…, and opened/… where entries are given in clear). Needs --key and nothing else: no database, no keys of the service, no network."`
	Key       string   `placeholder:"KEY|FILE" help:"Public key of the log, as kmcr audit key prints it, or a file that holds it."`
	Witnessed []string `type:"existingfile" placeholder:"FILE" help:"A signed checkpoint that somebody outside has kept; a log that was put back to an earlier state, or written anew, does not go on from it. May be repeated."`
}

// Run proves the log; the first entry that does not fit is named.
func (c *auditVerify) Run(ctx context.Context, settings *Settings, s streams) error {
	var witnessed [][]byte
	for _, name := range c.Witnessed {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		witnessed = append(witnessed, b)
	}
	if c.Files != "" {
		return c.files(settings, s, witnessed)
	}
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	n, broken, why, err := h.db.AuditVerify(ctx, witnessed...)
	if err != nil {
		return err
	}
	var notes []string
	if broken == "" {
		notes, err = h.earlierLogs(ctx)
		if err != nil {
			return err
		}
	}
	return c.tell(settings, s, audit.Finding{Entries: n, Broken: broken, Why: why}, notes)
}

// files proves what is in a folder with the public key alone.
func (c *auditVerify) files(settings *Settings, s streams, witnessed [][]byte) error {
	if c.Key == "" {
		return exit{exitUsage, errors.New("--files needs --key: a key found beside the files would prove nothing")}
	}
	key := c.Key
	if b, err := os.ReadFile(c.Key); err == nil {
		key = string(b)
	}
	from, err := audit.Files(func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(c.Files, filepath.FromSlash(name)))
	})
	if err != nil {
		return err
	}
	f, err := audit.Verify(from, strings.TrimSpace(key), witnessed...)
	if err != nil {
		return err
	}
	return c.tell(settings, s, f, nil)
}

func (c *auditVerify) tell(settings *Settings, s streams, f audit.Finding, notes []string) error {
	if settings.JSON {
		if err := printJSON(s.out, map[string]any{"entries": f.Entries, "ok": f.Broken == "", "broken": f.Broken, "why": f.Why, "notes": notes}); err != nil {
			return err
		}
	} else if f.Broken == "" {
		fmt.Fprintf(s.out, "%d entries, every one in its place\n", f.Entries)
		for _, n := range notes {
			fmt.Fprintln(s.out, n)
		}
	}
	if f.Broken != "" {
		return exit{exitFoundProblems, fmt.Errorf("audit entry %s does not fit: %s (%d before it do)", f.Broken, f.Why, f.Entries)}
	}
	return nil
}

// earlierLogs says which logs this database had before it was restored from a backup, and whether all of them is still there.
func (h *house) earlierLogs(ctx context.Context) (notes []string, err error) {
	all, err := h.db.EarlierLogs(ctx)
	for _, l := range all {
		if l.Held {
			notes = append(notes, fmt.Sprintf("the database was restored from a backup; all %d entries of the log %s are in it", l.Size, l.Name))
		} else {
			notes = append(notes, fmt.Sprintf("the database was restored from a backup; not all of the %d entries of the log %s are in it: those since the backup are only in its files", l.Size, l.Name))
		}
	}
	return notes, err
}

type auditExport struct {
	Files  string `type:"path" placeholder:"DIR" help:"Write the transparency log to this folder: checkpoint, key.pub, tile/…; nothing in it tells of anybody."`
	Opened bool   `help:"With --files: also each entry in clear (opened/…), with what proves it to be the one in the log. This is personal data."`
}

// Run exports, audited itself.
func (c *auditExport) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.administer(ctx, "audit export", nil, func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	if c.Files != "" {
		return c.files(ctx, h, s)
	}
	return h.db.AuditAll(ctx, func(e *audit.Entry) error {
		_, err := fmt.Fprintf(s.out, "%s\n", audit.FHIR(e))
		return err
	})
}

func (c *auditExport) files(ctx context.Context, h *house, s streams) error {
	if _, err := h.db.Sequence(ctx); err != nil {
		return err
	}
	checkpoint, err := h.db.WriteLog(ctx, c.Files)
	if err == nil && c.Opened {
		err = h.db.WriteOpened(ctx, c.Files, checkpoint.Size)
	}
	if err == nil {
		_, err = fmt.Fprintf(s.out, "%d entries of %s\n", checkpoint.Size, checkpoint.Origin)
	}
	return err
}

type auditKey struct{}

// Run prints the public key.
func (c *auditKey) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	_, err = fmt.Fprintln(s.out, h.db.LogKey())
	return err
}

type auditProve struct {
	ID string `arg:"" help:"An entry: chain/number, as the work list and AuditEvent name it."`
}

// Run prints the proof: the leaf, its position, the hashes up to the root, and the checkpoint.
func (c *auditProve) Run(ctx context.Context, settings *Settings, s streams) error {
	h, err := settings.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	if _, err := h.db.Sequence(ctx); err != nil {
		return err
	}
	p, err := h.db.ProveEntry(ctx, strings.ReplaceAll(c.ID, "-", "/"))
	if err != nil {
		return err
	}
	hashes := make([]string, len(p.Hashes))
	for i, h := range p.Hashes {
		hashes[i] = h.String()
	}
	return printJSON(s.out, map[string]any{"id": c.ID, "position": p.Position, "leaf": p.Leaf.Append(nil), "hashes": hashes, "checkpoint": string(p.Checkpoint)})
}

// sequenceEvery is how often what was audited is put into the transparency log, and filesEvery how often its files are brought up to date.
const (
	sequenceEvery = time.Second
	filesEvery    = 5 * time.Second
)

// keepLog sequences the audit log until the service ends, and once more then.
func (h *house) keepLog(ctx context.Context) {
	tick := time.NewTicker(sequenceEvery)
	defer tick.Stop()
	var written time.Time
	behind, failing := true, ""
	for {
		last := ctx.Err() != nil
		n, err := h.db.Sequence(context.WithoutCancel(ctx))
		behind = behind || n > 0
		if err == nil && behind && (last || time.Since(written) >= filesEvery) {
			var c audit.Checkpoint
			if c, err = h.db.WriteLog(context.WithoutCancel(ctx), h.db.LogFiles()); c.Size > 0 {
				written, behind = time.Now(), err != nil
			}
		}
		if err != nil && err.Error() != failing {
			h.log.Error("the transparency log of the audit log is not kept up", "error", err.Error())
		}
		failing = ""
		if err != nil {
			failing = err.Error()
		}
		if last {
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// serveLog serves checkpoint and tiles to witnesses, as C2SP tlog-tiles has
// them. It is for the administrators' address: how fast the log grows would
// tell a reader of the record what it is not to be told.
func (h *house) serveLog(mux *http.ServeMux) {
	mux.HandleFunc("GET /audit-log/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		b, err := h.db.LogCheckpoint(r.Context())
		answerLog(w, b, err, "no-store")
	})
	mux.HandleFunc("GET /audit-log/key.pub", func(w http.ResponseWriter, r *http.Request) {
		answerLog(w, []byte(h.db.LogKey()+"\n"), nil, "no-store")
	})
	mux.HandleFunc("GET /audit-log/tile/{path...}", func(w http.ResponseWriter, r *http.Request) {
		level, n, width, ok := audit.ParseTilePath("tile/" + r.PathValue("path"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		b, err := h.db.LogTile(r.Context(), level, n, width)
		answerLog(w, b, err, "max-age="+strconv.Itoa(365*24*60*60)+", immutable")
	})
}

func answerLog(w http.ResponseWriter, b []byte, err error, cache string) {
	if kmcr.KindOf(err) == kmcr.NotFound || err == nil && len(b) == 0 {
		http.Error(w, "not there", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, "the transparency log cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", cache)
	_, _ = w.Write(b)
}
