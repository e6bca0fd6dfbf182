package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"

	"kmcr"
)

// PutFile keeps long data of a patient's statements outside its blocks, sealed
// with the patient's key, once for each content.
func (tx *Tx) PutFile(p *Patient, hash [32]byte, text []byte) error {
	if p.data == nil {
		return errErased()
	}
	_, err := tx.exec("insert into file (patient, hash, data) values ($1, $2, $3) on conflict do nothing", int64(p.ID), hash[:], tx.db.packer.pack(p, aboutFile(p.ID, hash), text))
	return err
}

// File gives what PutFile kept of a patient; kmcr.Gone once its key is destroyed, kmcr.NotFound for what is not there.
func (db *DB) File(ctx context.Context, id kmcr.PatientID, hash [32]byte) ([]byte, error) {
	p, err := db.PatientByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if p == nil || p.data == nil {
		return nil, errErased()
	}
	var sealed []byte
	err = db.row(ctx, "select data from file where patient = $1 and hash = $2", int64(id), hash[:]).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "this document's content is not held"}
	}
	if err != nil {
		return nil, db.d.fault("the document cannot be read", err)
	}
	return db.packer.unpack(p, aboutFile(id, hash), sealed)
}

func aboutFile(id kmcr.PatientID, hash [32]byte) []byte {
	return about("file "+hex.EncodeToString(hash[:]), int64(id))
}
