package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/disclose"
	"kmcr/ingest"
	"kmcr/match"
	"kmcr/notify"
	"kmcr/store"
)

// house is the memory with the door in and the door out, as every command needs them.
type house struct {
	keys *store.Keys
	db   *store.DB
	in   *ingest.Service
	out  *disclose.Service
	told *notify.Service // nil but in a process that serves: what others write is read from the bulletin
	log  *slog.Logger
}

// open opens the memory at the addresses of the settings.
func (s *Settings) open(ctx context.Context) (*house, error) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return s.openLogging(ctx, log)
}

func (s *Settings) openLogging(ctx context.Context, log *slog.Logger) (*house, error) {
	if path, embedded := strings.CutPrefix(s.Database, "sqlite:"); embedded {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("the folder of the database cannot be made: %w", err)
		}
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	keys, err := store.OpenKeys(s.Data)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, s.Database, store.Options{Keys: keys, Log: log})
	if err != nil {
		return nil, err
	}
	h := &house{keys: keys, db: db, log: log}
	h.out = disclose.New(disclose.Config{DB: db, Log: log, Tokens: searchTokens, Explain: explainMessage, Happened: func() { h.told.Wake() }})
	return h, nil
}

// takeIn starts the door in; a command that only reads does without.
func (h *house) takeIn(ctx context.Context) error {
	in, err := ingest.New(ctx, ingest.Config{DB: h.db, Log: h.log, Workers: runtime.NumCPU(), Involvements: access.Involvements, Classify: access.Classify, Topic: notify.TopicOf, Happened: h.told.Happened})
	h.in = in
	return err
}

func (h *house) close() {
	if h.in != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := h.in.Close(ctx); err != nil {
			h.log.Error("closing the door in", "error", err.Error())
		}
	}
	h.told.Close()
	if err := h.db.Close(); err != nil {
		h.log.Error("closing the database", "error", err.Error())
	}
}

// searchTokens are the strings by which the store finds who is looked for.
func searchTokens(q disclose.Query) []string {
	id := match.Identity{Names: []match.Name{{Family: q.Family, Given: q.Given}}, Born: q.Born, Postcodes: []string{q.Postcode}}
	if n, err := kmcr.ParseNHSNumber(q.NHSNumber); err == nil {
		id.NHS = n
	}
	return match.Kept(id)
}

// explainMessage reads a message for the engineer's page.
func explainMessage(c kmcr.Contributor, m store.Message, raw []byte) disclose.Explanation {
	e := ingest.Explain(c, m, raw)
	return disclose.Explanation{States: e.States, Unmapped: e.Unmapped, Flags: e.Flags, Problem: e.Problem}
}

// operator is who the audit says did what a command does.
func operator() kmcr.Viewer {
	name := os.Getenv("USER")
	if name == "" {
		name = fmt.Sprintf("uid %d", os.Getuid())
	}
	return kmcr.Viewer{Account: "operator:" + name, Name: name, Role: kmcr.RoleAdministrator}
}

// administer does one act of administration and audits it, in one commit.
func (h *house) administer(ctx context.Context, what string, detail map[string]string, f func(tx *store.Tx) error) error {
	return h.db.Write(ctx, func(tx *store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return tx.Audit(&audit.Entry{At: time.Now(), Action: "administer", Viewer: operator(), Purpose: kmcr.Administration, Allowed: true, Rule: "an operator with the keys of this service", Where: "kmcr " + what, Detail: detail})
	})
}

// contributor reads one contributor, with an error that says what to do where there is none.
func (h *house) contributor(ctx context.Context, code kmcr.ContributorCode) (kmcr.Contributor, error) {
	var c kmcr.Contributor
	found, err := h.db.Get(ctx, store.KindContributor, string(code), &c)
	if err == nil && !found {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: fmt.Sprintf("there is no contributor %q", code), Remedy: "kmcr contributor list shows those there are; kmcr contributor add makes one."}
	}
	return c, err
}

func printJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, string(b))
	return err
}
