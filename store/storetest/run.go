package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
)

// Database is one database that tests may open, close and open again.
type Database struct {
	// Address is what store.Open takes.
	Address string
	// Dir is the folder of the keys.
	Dir string
}

// Open opens the database with its keys, and closes it with the test.
func (d Database) Open(t testing.TB) *store.DB {
	t.Helper()
	return d.With(t, store.Options{})
}

// With opens the database with its keys and some options.
func (d Database) With(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	keys, err := store.OpenKeys(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	o.Keys = keys
	db, err := store.Open(context.Background(), d.Address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
	return db
}

// SQLite names a new embedded database in a folder of the test.
func SQLite(t testing.TB) Database {
	t.Helper()
	dir := t.TempDir()
	return Database{Address: "sqlite:" + filepath.Join(dir, "kmcr.db"), Dir: filepath.Join(dir, "keys")}
}

// OnPostgres names a new database on a real PostgreSQL.
func OnPostgres(t testing.TB) Database {
	t.Helper()
	return Database{Address: Postgres(t), Dir: filepath.Join(t.TempDir(), "keys")}
}

// Run runs the whole specification, each part on a new database.
func Run(t *testing.T, make func(t testing.TB) Database) {
	for _, part := range []struct {
		name  string
		tests map[string]func(*testing.T, Database)
	}{
		{"writing", writing},
		{"the ledger", ledger},
		{"patients", patients},
		{"statements", statements},
		{"people", people},
		{"files", files},
		{"what is told", told},
		{"registers and tickets", registers},
		{"the audit log", auditLog},
		{"opening", opening},
	} {
		t.Run(part.name, func(t *testing.T) {
			for name, test := range part.tests {
				t.Run(name, func(t *testing.T) { test(t, make(t)) })
			}
		})
	}
}

// --- what the parts have in common ---

const hospital = kmcr.ContributorCode("hospital-east")

func ctx() context.Context { return context.Background() }

// day is a moment of November 2026.
func day(n int) time.Time { return time.Date(2026, 11, n, 10, 0, 0, 0, time.UTC) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants fails unless err is of a kind.
func wants(t testing.TB, err error, k kmcr.Kind) {
	t.Helper()
	if kmcr.KindOf(err) != k {
		t.Fatalf("got %v (%s), want an error of kind %s", err, kmcr.KindOf(err), k)
	}
}

func write(t testing.TB, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	must(t, db.Write(ctx(), f))
}

// newPatient stores a patient of the hospital.
func newPatient(t testing.TB, db *store.DB, key string) *store.Patient {
	t.Helper()
	p := db.NewPatient(hospital, key)
	p.Person = db.NewPerson()
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(p, nil, nil) })
	return p
}

// said is a statement of a patient, keyed, with a body that says what.
func said(p *store.Patient, key, what string, at time.Time) *kmcr.Statement {
	return &kmcr.Statement{ID: store.StatementIDFor(p.ID, key), Type: "Observation", Section: kmcr.Observations, Key: key, At: at,
		Body: fmt.Appendf(nil, `{"resourceType":"Observation","status":"final","valueString":%q}`, what)}
}

// compartment reads one.
func compartment(t testing.TB, db *store.DB, id kmcr.PatientID) *store.Compartment {
	t.Helper()
	cs, err := db.Compartments(ctx(), id)
	must(t, err)
	return cs[0]
}

// tell seals and appends statements, and returns the block.
func tell(t testing.TB, db *store.DB, p *store.Patient, recorded time.Time, statements ...*kmcr.Statement) *store.Block {
	t.Helper()
	b, err := db.Seal(p, compartment(t, db, p.ID), statements, nil, recorded)
	must(t, err)
	if b != nil {
		write(t, db, func(tx *store.Tx) error { return tx.Append(b) })
	}
	return b
}
