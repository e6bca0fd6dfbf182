package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"kmcr"
	"kmcr/store"
)

var writing = map[string]func(*testing.T, Database){
	"what is written is there":                         writtenIsThere,
	"a failing closure takes back its own writes only": failingClosure,
	"a panic is an error of its own closure":           panicking,
	"a caller that gave up writes nothing":             gaveUp,
	"many writers share commits and lose nothing":      manyWriters,
	"an ignored failure is not committed":              ignoredFailure,
	"a closed database says so":                        closedSaysSo,
}

func setting(t testing.TB, db *store.DB, key string) (v string, found bool) {
	t.Helper()
	found, err := db.Get(ctx(), store.KindSetting, key, &v)
	must(t, err)
	return v, found
}

func writtenIsThere(t *testing.T, d Database) {
	db := d.Open(t)
	write(t, db, func(tx *store.Tx) error { return tx.Put(store.KindSetting, "a", "one") })
	if v, _ := setting(t, db, "a"); v != "one" {
		t.Errorf("got %q", v)
	}
	must(t, db.Ping(ctx()))
}

// sideBySide runs n closures so that they are queued together.
func sideBySide(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func failingClosure(t *testing.T, d Database) {
	db := d.Open(t)
	no := errors.New("no")
	var wrong sync.Map
	sideBySide(200, func(i int) {
		err := db.Write(ctx(), func(tx *store.Tx) error {
			if err := tx.Put(store.KindSetting, fmt.Sprint(i), "v"); err != nil {
				return err
			}
			if i%3 == 0 {
				return no
			}
			return nil
		})
		if (i%3 == 0) != errors.Is(err, no) {
			wrong.Store(i, err)
		}
	})
	wrong.Range(func(i, err any) bool { t.Errorf("closure %v was told %v", i, err); return true })
	for i := range 200 {
		if _, found := setting(t, db, fmt.Sprint(i)); found == (i%3 == 0) {
			t.Errorf("closure %d: found is %v", i, found)
		}
	}
}

func panicking(t *testing.T, d Database) {
	db := d.Open(t)
	wants(t, db.Write(ctx(), func(*store.Tx) error { panic("a defect") }), kmcr.Fault)
	write(t, db, func(tx *store.Tx) error { return tx.Put(store.KindSetting, "after", "still here") })
}

func gaveUp(t *testing.T, d Database) {
	db := d.Open(t)
	gone, cancel := context.WithCancel(ctx())
	cancel()
	for i := range 20 {
		name := fmt.Sprint("gone-", i)
		err := db.Write(gone, func(tx *store.Tx) error { return tx.Put(store.KindSetting, name, "v") })
		if _, found := setting(t, db, name); found != (err == nil) {
			t.Fatalf("Write said %v and the value is there: %v", err, found)
		}
	}
}

func manyWriters(t *testing.T, d Database) {
	db := d.Open(t)
	sideBySide(64, func(i int) {
		for n := range 10 {
			if err := db.Write(ctx(), func(tx *store.Tx) error { return tx.Put(store.KindSetting, fmt.Sprintf("%02d-%d", i, n), i*n) }); err != nil {
				t.Error(err)
			}
		}
	})
	count := 0
	must(t, db.List(ctx(), store.KindSetting, func(string, []byte) error { count++; return nil }))
	if count != 640 {
		t.Errorf("%d of 640 are there", count)
	}
}

func ignoredFailure(t *testing.T, d Database) {
	db := d.Open(t)
	err := db.Write(ctx(), func(tx *store.Tx) error {
		if err := tx.Put(store.KindSetting, "a", "v"); err != nil {
			return err
		}
		_ = tx.PutTicket("bad\x00kind", "k", nil, day(30), false) // PostgreSQL takes no NUL in text
		return nil
	})
	if _, found := setting(t, db, "a"); found != (err == nil) {
		t.Errorf("Write said %v and the value is there: %v", err, found)
	}
}

func closedSaysSo(t *testing.T, d Database) {
	db := d.Open(t)
	must(t, db.Close())
	wants(t, db.Write(ctx(), func(*store.Tx) error { return nil }), kmcr.Unavailable)
	must(t, db.Close())
}
