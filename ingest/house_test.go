package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/ingest"
	"kmcr/store"
)

const shared = "../../shared/data/"

// house is a store with the way in open, and contributors that may use it.
type house struct {
	testing.TB
	dir   string // of the keys, and of the database where it is an embedded one
	where string // address of the database
	db    *store.DB
	in    *ingest.Service
}

var contributors = []kmcr.Contributor{
	{Code: "gp", Organisation: "G82001", Name: "GP system", Format: kmcr.FormatFHIR},
	{Code: "community", Organisation: "RYY", Name: "Community", Format: kmcr.FormatFHIR},
	{Code: "hospital", Organisation: "RVV", Name: "Hospital", Format: kmcr.FormatHL7v2, SendingApplication: "PAS", SendingFacility: "RVV"},
	{Code: "simulator", Organisation: "RPA", Name: "Simulated hospital", Format: kmcr.FormatHL7v2, SendingApplication: "SIMHOSP", SendingFacility: "SFAC"},
	{Code: "council", Organisation: "820", Name: "Adult social care", Format: kmcr.FormatCLD},
	{Code: "pds", Organisation: "X26", Name: "Demographics service", Format: kmcr.FormatFHIR},
	{Code: "paused", Organisation: "RN7", Name: "Paused", Format: kmcr.FormatHL7v2, SendingApplication: "PAUSED", SendingFacility: "RN7", Paused: true},
	{Code: "practice", Organisation: "G82002", Name: "Practice", Format: kmcr.FormatGPC},
}

func build(t testing.TB) *house { return buildAt(t, t.Cleanup, "") }

// buildAt builds a house on a database, by itself an embedded one, which is left when cleanup comes.
func buildAt(t testing.TB, cleanup func(func()), at string) *house {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	h := &house{TB: t, dir: dir, where: at}
	h.must(err)
	if at == "" {
		h.where = "sqlite:" + filepath.Join(dir, "kmcr.db")
	}
	h.open()
	h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error {
		for _, c := range contributors {
			if err := tx.Put(store.KindContributor, string(c.Code), c); err != nil {
				return err
			}
		}
		return nil
	}))
	cleanup(func() {
		h.close()
		h.must(os.RemoveAll(dir))
	})
	return h
}

// another is a second process on the same database.
func (h *house) another(cleanup func(func())) *house {
	other := &house{TB: h.TB, dir: h.dir, where: h.where}
	other.open()
	cleanup(other.close)
	return other
}

func (h *house) ctx() context.Context { return context.Background() }

// open opens the house, as a process that starts does.
func (h *house) open() {
	keys, err := store.OpenKeys(filepath.Join(h.dir, "keys"))
	h.must(err)
	h.db, err = store.Open(h.ctx(), h.where, store.Options{Keys: keys})
	h.must(err)
	h.in, err = ingest.New(h.ctx(), ingest.Config{DB: h.db, Classify: access.Classify, Involvements: access.Involvements,
		Log: slog.New(slog.NewTextHandler(testWriter{h.TB}, nil))})
	h.must(err)
}

func (h *house) close() {
	ctx, cancel := context.WithTimeout(h.ctx(), time.Minute)
	defer cancel()
	h.must(h.in.Close(ctx))
	h.must(h.db.Close())
}

// testWriter puts the log where the test says what went wrong.
type testWriter struct{ testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.Logf("log: %s", bytes.TrimSpace(p))
	return len(p), nil
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// fhir sends one interaction and holds its answer against the status that is expected.
func (h *house) fhir(want int, in ingest.Interaction) ingest.Answer {
	h.Helper()
	if in.Contributor == "" {
		in.Contributor = "gp"
	}
	a, err := h.in.FHIR(h.ctx(), in)
	h.must(err)
	if a.Status != want {
		h.Fatalf("%s %s/%s is answered %d, want %d: %s", in.Method, in.Type, in.ID, a.Status, want, a.Body)
	}
	return a
}

// balanced tells whether the ledger is conserved, and returns the whole of it.
func (h *house) balanced() store.Tally {
	h.Helper()
	all, err := h.db.Tallies(h.ctx())
	h.must(err)
	var sum store.Tally
	for c, t := range all {
		if t.Received != t.Applied+t.Parked+t.Rejected+t.Waiting {
			h.Errorf("%s: received %d, applied %d + parked %d + rejected %d + waiting %d", c, t.Received, t.Applied, t.Parked, t.Rejected, t.Waiting)
		}
		sum.Received += t.Received
		sum.Applied += t.Applied
		sum.Parked += t.Parked
		sum.Rejected += t.Rejected
		sum.Waiting += t.Waiting
	}
	return sum
}

func (h *house) compartment(id kmcr.PatientID) *store.Compartment {
	h.Helper()
	c, err := h.db.Compartments(h.ctx(), id)
	h.must(err)
	if len(c) != 1 || c[0] == nil {
		h.Fatal("there is no such compartment")
	}
	return c[0]
}

func (h *house) quiet() {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.ctx(), 5*time.Minute)
	defer cancel()
	h.must(h.in.Quiet(ctx))
}

// parked lists the reasons of parked messages.
func (h *house) messages(s store.State) (all []store.Message) {
	h.Helper()
	h.must(h.db.Messages(h.ctx(), "", s, func(m store.Message) error {
		all = append(all, m)
		return nil
	}))
	return all
}

// files reads published sample data; a test without it is skipped, loudly.
func files(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	names, _ := filepath.Glob(shared + pattern)
	if len(names) == 0 {
		t.Skipf("SKIPPED, NOT TESTED: the sample data %s is not beside this project", pattern)
	}
	out := map[string][]byte{}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(n) == ".gz" {
			r, err := gzip.NewReader(bytes.NewReader(data))
			if err == nil {
				data, err = io.ReadAll(r)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		out[filepath.Base(n)] = data
	}
	return out
}
