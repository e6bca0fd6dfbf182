package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"kmcr"
)

// Links returns the patients linked to a person.
func (db *DB) Links(ctx context.Context, p kmcr.PersonID) ([]*Patient, error) {
	if p == 0 {
		return nil, nil
	}
	return db.patients(ctx, "select "+patientColumns+" from patient p where p.person = $1 and p.person <> 0 order by p.id", int64(p))
}

// Circles finds to whom somebody may belong: the persons of the patients that PatientsByToken would find, in its order, after those
// that are named in also, each with every patient linked to it.
func (db *DB) Circles(ctx context.Context, tokens []string, limit int, also ...kmcr.PersonID) (persons []kmcr.PersonID, patients map[kmcr.PersonID][]*Patient, err error) {
	ids, err := db.sharing(ctx, tokens, limit)
	if err != nil || len(ids)+len(also) == 0 {
		return nil, nil, err
	}
	args := padded(append(ids, 0)) // nobody has the id 0
	text := "select q.person from patient q where q.id in (" + places(1, len(args)) + ")"
	for _, p := range also {
		args = append(args, int64(p))
		text += " union all select cast(" + places(len(args), 1) + " as bigint)"
	}
	found, err := db.patients(ctx, "select "+patientColumns+" from patient p where p.person in ("+text+") and p.person <> 0 order by p.id", args...)
	if err != nil {
		return nil, nil, err
	}
	patients = map[kmcr.PersonID][]*Patient{}
	personOf := make(map[int64]kmcr.PersonID, len(found))
	for _, p := range found {
		patients[p.Person] = append(patients[p.Person], p)
		personOf[int64(p.ID)] = p.Person
	}
	add := func(p kmcr.PersonID) {
		if p != 0 && !slices.Contains(persons, p) {
			persons = append(persons, p)
		}
	}
	for _, p := range also {
		add(p)
	}
	for _, id := range ids {
		add(personOf[id])
	}
	return persons, patients, nil
}

// formerPersons selects the persons whose every patient has moved, some of them to person $1: what was
// said of such a person by its reference (a relationship, an objection, a look) is said of this one.
const formerPersons = "select l.from_person from patient p join link l on l.patient = p.id where p.person = $1 and p.person <> 0 and l.from_person not in (0, $1)" +
	" and not exists (select 1 from patient q where q.person = l.from_person)"

// leftLast narrows formerPersons to those whose last patient is now of person $1, as PersonNow tells it.
const leftLast = "$1 = (select q.person from link k join patient q on q.id = k.patient where k.from_person = l.from_person and q.person <> 0 order by k.id desc limit 1)"

// FormerPersons lists the persons that have become p: all their patients have moved, some of them to p.
func (db *DB) FormerPersons(ctx context.Context, p kmcr.PersonID) ([]kmcr.PersonID, error) {
	var all []kmcr.PersonID
	err := db.each(ctx, func(scan func(...any) error) error {
		var former kmcr.PersonID
		err := scan(&former)
		all = append(all, former)
		return err
	}, "select distinct from_person from ("+formerPersons+") f order by from_person", int64(p))
	return all, db.d.fault("the links cannot be read", err)
}

// PersonNow is whom p has become: p while a patient is linked to it, else the person of the patient that left it last.
func (db *DB) PersonNow(ctx context.Context, p kmcr.PersonID) (kmcr.PersonID, error) {
	if p == 0 {
		return 0, nil
	}
	now := p
	err := db.each(ctx, func(scan func(...any) error) error { return scan(&now) },
		"select p.person from link l join patient p on p.id = l.patient where l.from_person = $1 and l.from_person <> 0 and p.person <> 0"+
			" and not exists (select 1 from patient q where q.person = $1) order by l.id desc limit 1", int64(p))
	return now, db.d.fault("the links cannot be read", err)
}

// NewPerson draws a person id.
func (db *DB) NewPerson() kmcr.PersonID { return db.ids.person() }

// Relink moves a patient to a person and keeps the history of it (by whom, why).
func (tx *Tx) Relink(p kmcr.PatientID, to kmcr.PersonID, by, reason string) error {
	var from, revision int64
	found, err := tx.row("select person, revision from patient where id = $1"+tx.db.d.lock, []any{int64(p)}, &from, &revision)
	if err != nil {
		return err
	}
	if !found {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such patient to link", Remedy: "Read it again; it may have been changed."}
	}
	now := tx.db.now()
	id := tx.db.ids.next(now)
	sealed := seal(tx.db.vault.words, nil, []byte(by+"\x00"+reason), about("link", int64(p), id))
	if _, err := tx.exec("insert into link (patient, id, at, from_person, to_person, sealed) values ($1, $2, $3, $4, $5, $6)", int64(p), id, micros(now), from, int64(to), sealed); err != nil {
		return err
	}
	_, err = tx.exec("update patient set person = $2, revision = revision + 1 where id = $1", int64(p), int64(to))
	tx.revise(p, revision+1)
	return err
}

// Hold keeps a patient as it was read until the end of the Write, so that what was judged of it still stands: one
// that somebody else has changed since is a kmcr.Conflict, and whoever read it before this Write conflicts in turn.
func (tx *Tx) Hold(p *Patient) error {
	revision := tx.revision(p)
	n, err := tx.exec("update patient set revision = revision + 1 where id = $1 and revision = $2", int64(p.ID), revision)
	if err == nil && n == 0 {
		err = &kmcr.Error{Kind: kmcr.Conflict, Message: "the patient was changed by somebody else", Remedy: "Read it again and do it again."}
	}
	if err == nil {
		tx.revise(p.ID, revision+1)
	}
	return err
}

// LinkChange is one step of a patient's link history.
type LinkChange struct {
	Patient    kmcr.PatientID
	From, To   kmcr.PersonID
	At         time.Time
	By, Reason string
}

// LinkHistory lists the changes of a patient's link, oldest first.
func (db *DB) LinkHistory(ctx context.Context, p kmcr.PatientID) ([]LinkChange, error) {
	var all []LinkChange
	err := db.each(ctx, func(scan func(...any) error) error {
		c := LinkChange{Patient: p}
		var id, at int64
		var sealed []byte
		if err := scan(&id, &at, &c.From, &c.To, &sealed); err != nil {
			return err
		}
		plain, err := unseal(db.vault.words, nil, sealed, about("link", int64(p), id))
		c.At = fromMicros(at)
		c.By, c.Reason, _ = strings.Cut(string(plain), "\x00")
		all = append(all, c)
		return err
	}, "select id, at, from_person, to_person, sealed from link where patient = $1 order by id", int64(p))
	return all, db.d.fault("the link history cannot be read", err)
}
