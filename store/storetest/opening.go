package storetest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"kmcr"
	"kmcr/store"
)

var opening = map[string]func(*testing.T, Database){
	"what was written is there when it is opened again": openedAgain,
	"several processes may start together":              startTogether,
	"another master key is refused":                     otherKey,
	"an address that says nothing is refused":           badAddress,
	"its size is told":                                  size,
}

func openedAgain(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	tell(t, db, p, day(1), said(p, "a", "one", day(1)))
	m := message("C1", "one")
	accept(t, db, m, "one")
	must(t, db.AuditNow(ctx(), entry(7, 1)))
	must(t, db.Close())

	db = d.Open(t)
	readsAs(t, compartment(t, db, p.ID), "[a=one.v1]")
	if dup := accept(t, db, message("C1", "one"), "one"); dup == nil || dup.ID != m.ID {
		t.Error("the ledger has forgotten")
	}
	must(t, db.AuditNow(ctx(), entry(7, 2)))
	verifies(t, db, 2)
	tallyIs(t, db, 1, 0, 0, 0, 1)
}

func startTogether(t *testing.T, d Database) {
	var mu sync.Mutex
	var all []*store.DB
	sideBySide(6, func(int) {
		keys, err := store.OpenKeys(d.Dir)
		if err != nil {
			t.Error(err)
			return
		}
		db, err := store.Open(ctx(), d.Address, store.Options{Keys: keys})
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, db)
	})
	for i, db := range all {
		must(t, db.AuditNow(ctx(), entry(7, i)))
		must(t, db.Close())
	}
	verifies(t, d.Open(t), 6)
}

func otherKey(t *testing.T, d Database) {
	db := d.Open(t)
	must(t, db.Close())
	must(t, os.Remove(filepath.Join(d.Dir, "master.key")))
	keys, err := store.OpenKeys(d.Dir)
	must(t, err)
	_, err = store.Open(ctx(), d.Address, store.Options{Keys: keys})
	wants(t, err, kmcr.Invalid)
}

func badAddress(t *testing.T, d Database) {
	keys, err := store.OpenKeys(d.Dir)
	must(t, err)
	for _, address := range []string{"", "kmcr.db", "mysql://x"} {
		_, err := store.Open(ctx(), address, store.Options{Keys: keys})
		wants(t, err, kmcr.Invalid)
	}
	_, err = store.Open(ctx(), d.Address, store.Options{})
	wants(t, err, kmcr.Invalid)
}

func size(t *testing.T, d Database) {
	if n, err := d.Open(t).Size(ctx()); err != nil || n < 4096 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
