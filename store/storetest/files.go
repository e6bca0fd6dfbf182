package storetest

import (
	"bytes"
	"testing"

	"kmcr"
	"kmcr/store"
)

// files are kept beside the blocks, by patient and content.
var files = map[string]func(*testing.T, Database){"a file is given back to its patient alone": fileOfItsPatient}

func fileOfItsPatient(t *testing.T, d Database) {
	db := d.Open(t)
	p, other := newPatient(t, db, "file-1"), newPatient(t, db, "file-2")
	text := bytes.Repeat([]byte("c2Nhbg=="), 40_000)
	hash := [32]byte{1, 2, 3}
	write(t, db, func(tx *store.Tx) error { return tx.PutFile(p, hash, text) })
	write(t, db, func(tx *store.Tx) error { return tx.PutFile(p, hash, text) }) // again: once is enough
	got, err := db.File(ctx(), p.ID, hash)
	must(t, err)
	if !bytes.Equal(got, text) {
		t.Error("a file is not given back as it was put")
	}
	_, err = db.File(ctx(), other.ID, hash)
	wants(t, err, kmcr.NotFound)
	_, err = db.File(ctx(), p.ID, [32]byte{9})
	wants(t, err, kmcr.NotFound)
}
