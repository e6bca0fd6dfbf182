package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"kmcr"
)

// Patient is one contributor's patient.
type Patient struct {
	ID          kmcr.PatientID
	Contributor kmcr.ContributorCode
	Key         string        // the contributor's own identifier
	Person      kmcr.PersonID // 0 for a register compartment
	Register    bool          // holds a statement about nobody
	MergedInto  kmcr.PatientID
	Claims      []byte // sealed at rest: what the contributor says of who it is (JSON, written and read by ingest)

	data     cipher.AEAD // seals what is said of the patient; nil once the key is destroyed
	wrapped  []byte
	revision int64 // how often the row was written
	aliases  [][]byte
	tokens   []int64 // in order
}

// Erased tells whether the patient's data key was destroyed: nothing said of it can be read any more.
func (p *Patient) Erased() bool { return p.data == nil }

// NewPatient makes a patient with an id and a data key of its own; it is not stored until PutPatient.
func (db *DB) NewPatient(c kmcr.ContributorCode, key string) *Patient {
	p := &Patient{ID: db.ids.patient(db.now()), Contributor: c, Key: key}
	dataKey := make([]byte, 32)
	rand.Read(dataKey)
	p.data = newAEAD(dataKey)
	p.wrapped = seal(db.vault.wrap, nil, dataKey, about("data key", int64(p.ID)))
	return p
}

const patientColumns = "p.id, p.contributor, p.person, p.register, p.merged_into, p.revision, p.wrapped, p.sealed"

// scanPatient reads a row and opens what is sealed in it.
func (db *DB) scanPatient(scan func(...any) error) (*Patient, error) {
	p := &Patient{}
	var sealed []byte
	if err := scan(&p.ID, &p.Contributor, &p.Person, &p.Register, &p.MergedInto, &p.revision, &p.wrapped, &sealed); err != nil {
		return nil, err
	}
	if destroyed(p.wrapped) {
		return p, nil
	}
	dataKey, err := unseal(db.vault.wrap, nil, p.wrapped, about("data key", int64(p.ID)))
	if err != nil {
		return nil, err
	}
	p.data = newAEAD(dataKey)
	plain, err := unseal(p.data, nil, sealed, about("patient", int64(p.ID)))
	if err != nil {
		return nil, err
	}
	return p, p.decode(plain)
}

// destroyed tells whether a wrapped key was overwritten with zeros.
func destroyed(wrapped []byte) bool {
	return !slices.ContainsFunc(wrapped, func(b byte) bool { return b != 0 })
}

// encode gives what is sealed of a patient: key, claims, and the keyed hashes that lead to it.
func (p *Patient) encode() []byte {
	b := make([]byte, 0, 8+len(p.Key)+len(p.Claims)+16*len(p.aliases)+8*len(p.tokens))
	b = append(binary.AppendUvarint(b, uint64(len(p.Key))), p.Key...)
	b = append(binary.AppendUvarint(b, uint64(len(p.Claims))), p.Claims...)
	b = binary.AppendUvarint(b, uint64(len(p.aliases)))
	for _, a := range p.aliases {
		b = append(b, a...)
	}
	b = binary.AppendUvarint(b, uint64(len(p.tokens)))
	for _, t := range p.tokens {
		b = binary.BigEndian.AppendUint64(b, uint64(t))
	}
	return b
}

func (p *Patient) decode(b []byte) error {
	r := packed{rest: b}
	p.Key = string(r.take(r.uvarint()))
	if n := r.uvarint(); n > 0 {
		p.Claims = r.take(n)
	}
	p.aliases = r.hashes()
	p.tokens = r.tokens()
	if r.bad {
		return errUnsealed()
	}
	return nil
}

// PatientByKey finds a contributor's patient by its own identifier or an alias of it; nil where there is none.
func (db *DB) PatientByKey(ctx context.Context, c kmcr.ContributorCode, key string) (*Patient, error) {
	return db.onePatient(ctx, "select "+patientColumns+" from alias a join patient p on p.id = a.patient where a.token = $1", db.vault.alias(c, key))
}

// PatientByKeys finds the contributor's patient to which the first of several keys leads that leads to any; nil where none does.
func (db *DB) PatientByKeys(ctx context.Context, c kmcr.ContributorCode, keys []string) (found *Patient, err error) {
	at := map[string]int{}
	for i, k := range keys {
		if h := string(db.vault.alias(c, k)); at[h] == 0 {
			at[h] = i + 1
		}
	}
	hashes := make([][]byte, 0, len(at))
	for h := range at {
		hashes = append(hashes, []byte(h))
	}
	err = db.look(ctx, func(each reader) error {
		first, id := 0, int64(0)
		err := listed(hashes, func(some [][]byte) error {
			args := padded(some)
			return each(func(scan func(...any) error) error {
				var token []byte
				var patient int64
				err := scan(&token, &patient)
				if n := at[string(token)]; first == 0 || n < first {
					first, id = n, patient
				}
				return err
			}, "select token, patient from alias where token in ("+places(1, len(args))+")", args...)
		})
		if err != nil || first == 0 {
			return err
		}
		return each(func(scan func(...any) error) error {
			found, err = db.scanPatient(scan)
			return err
		}, "select "+patientColumns+" from patient p where p.id = $1", id)
	})
	return found, db.d.fault("the patient cannot be read", err)
}

// PatientByID finds a patient; nil where there is none.
func (db *DB) PatientByID(ctx context.Context, id kmcr.PatientID) (*Patient, error) {
	return db.onePatient(ctx, "select "+patientColumns+" from patient p where p.id = $1", int64(id))
}

func (db *DB) onePatient(ctx context.Context, text string, args ...any) (*Patient, error) {
	p, err := db.scanPatient(db.row(ctx, text, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return p, db.d.fault("the patient cannot be read", err)
}

// patientsAtOnce is how many patients EachPatient reads at a time.
const patientsAtOnce = 500

// EachPatient walks all patients by id, registers and erased ones too, until f returns an error.
func (db *DB) EachPatient(ctx context.Context, f func(*Patient) error) error {
	after := int64(math.MinInt64)
	for {
		some, err := db.patients(ctx, "select "+patientColumns+" from patient p where p.id > $1 order by p.id limit $2", after, patientsAtOnce)
		if err != nil {
			return err
		}
		for _, p := range some {
			if err := f(p); err != nil {
				return err
			}
			after = int64(p.ID)
		}
		if len(some) < patientsAtOnce {
			return nil
		}
	}
}

// patients reads those that a query finds.
func (db *DB) patients(ctx context.Context, text string, args ...any) ([]*Patient, error) {
	return db.patientsBy(db.anywhere(ctx), text, args...)
}

func (db *DB) patientsBy(each reader, text string, args ...any) ([]*Patient, error) {
	var all []*Patient
	err := each(func(scan func(...any) error) error {
		p, err := db.scanPatient(scan)
		all = append(all, p)
		return err
	}, text, args...)
	return all, db.d.fault("the patients cannot be read", err)
}

func (v *vault) alias(c kmcr.ContributorCode, key string) []byte {
	return v.token("alias", string(c), key)
}

// PutPatient stores a new patient or the changed Person, Register, MergedInto and Claims of one; a second patient with the same
// contributor and key is a kmcr.Conflict, and so is one that somebody else has changed since p was read.
// Aliases and search tokens ("near|kind|value", kept keyed) replace those there were; nil leaves them as they are, and
// an alias that leads to another patient already stays there. p may be put again after the Write.
func (tx *Tx) PutPatient(p *Patient, aliases, tokens []string) error {
	if p.data == nil {
		return errErased()
	}
	was, err := tx.stored(p)
	if err != nil {
		return err
	}
	now := *p
	if was != nil {
		now.aliases, now.tokens = was.aliases, was.tokens
		if tx.revision(p) != was.revision {
			return &kmcr.Error{Kind: kmcr.Conflict, Message: "the patient was changed by somebody else", Remedy: "Read it again and do it again."}
		}
	} else {
		was = &Patient{}
	}
	if aliases != nil {
		now.aliases = hashAll(aliases, func(s string) []byte { return tx.db.vault.alias(p.Contributor, s) })
	}
	if tokens != nil {
		now.tokens = tx.db.searchTokens(tokens)
	}
	if was.revision == 0 {
		err = tx.insertPatient(&now)
	} else {
		err = tx.updatePatient(&now, was.revision)
	}
	if err == nil {
		err = tx.replaceAliases(&now, was.aliases)
	}
	if err == nil {
		err = tx.replaceTokens(&now, was.tokens)
	}
	if err != nil {
		return err
	}
	tx.revise(p.ID, was.revision+1)
	tx.then(func() { p.revision = was.revision + 1 })
	return nil
}

// stored is p as it stands, held; nil for one that was made and not put yet: there is nothing to read.
func (tx *Tx) stored(p *Patient) (*Patient, error) {
	if tx.revision(p) == 0 {
		return nil, nil
	}
	return tx.patient(p.ID)
}

// revision is the one that p was read at, or has by what this transaction did to it.
func (tx *Tx) revision(p *Patient) int64 {
	if r, ok := tx.revised[p.ID]; ok {
		return r
	}
	return p.revision
}

func (tx *Tx) revise(id kmcr.PatientID, revision int64) {
	if tx.revised == nil {
		tx.revised = map[kmcr.PatientID]int64{}
	}
	tx.revised[id] = revision
}

// patient reads a patient inside the transaction, and holds it; nil where there is none.
func (tx *Tx) patient(id kmcr.PatientID) (p *Patient, err error) {
	err = tx.each(func(scan func(...any) error) error {
		p, err = tx.db.scanPatient(scan)
		return err
	}, "select "+patientColumns+" from patient p where p.id = $1"+tx.db.d.lock, int64(id))
	return p, err
}

func hashAll(texts []string, hash func(string) []byte) [][]byte {
	all := make([][]byte, 0, len(texts))
	for _, t := range texts {
		all = append(all, hash(t))
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal)
}

func (tx *Tx) insertPatient(p *Patient) error {
	sealed := seal(p.data, nil, p.encode(), about("patient", int64(p.ID)))
	n, err := tx.exec("insert into patient (id, contributor, person, register, merged_into, revision, wrapped, sealed) values ($1, $2, $3, $4, $5, 1, $6, $7) on conflict do nothing",
		int64(p.ID), string(p.Contributor), int64(p.Person), truth(p.Register), int64(p.MergedInto), p.wrapped, sealed)
	if err != nil {
		return err
	}
	if n == 1 {
		n, err = tx.exec("insert into alias (token, patient, statement) values ($1, $2, null) on conflict do nothing", tx.db.vault.alias(p.Contributor, p.Key), int64(p.ID))
	}
	if err == nil && n == 0 {
		err = &kmcr.Error{Kind: kmcr.Conflict, Message: "the contributor has this patient already", Remedy: "Read it and do it again."}
	}
	tx.tally(p.Contributor, Tally{patients: 1})
	return err
}

func (tx *Tx) updatePatient(p *Patient, revision int64) error {
	sealed := seal(p.data, nil, p.encode(), about("patient", int64(p.ID)))
	_, err := tx.exec("update patient set person = $2, register = $3, merged_into = $4, sealed = $5, revision = $6 where id = $1",
		int64(p.ID), int64(p.Person), truth(p.Register), int64(p.MergedInto), sealed, revision+1)
	return err
}

func (tx *Tx) replaceAliases(p *Patient, was [][]byte) error {
	own := tx.db.vault.alias(p.Contributor, p.Key)
	for _, t := range without(was, p.aliases, bytes.Compare) {
		if bytes.Equal(t, own) {
			continue
		}
		if _, err := tx.exec("delete from alias where token = $1 and patient = $2 and statement is null", t, int64(p.ID)); err != nil {
			return err
		}
	}
	fresh := without(p.aliases, was, bytes.Compare)
	return listed(fresh, func(some [][]byte) error {
		return tx.insertEach("alias (token, patient, statement)", ", $1, null", p.ID, padded(some))
	})
}

// insertEach adds a row for each value; rest is what follows it in the row, where $1 is the patient. A row that is there already stays.
func (tx *Tx) insertEach(into, rest string, p kmcr.PatientID, values []any) error {
	rows := make([]string, len(values))
	for i := range rows {
		rows[i] = "(" + places(i+2, 1) + rest + ")"
	}
	_, err := tx.exec("insert into "+into+" values "+strings.Join(rows, ", ")+" on conflict do nothing", append([]any{int64(p)}, values...)...)
	return err
}

func (tx *Tx) replaceTokens(p *Patient, was []int64) error {
	for _, t := range without(was, p.tokens, cmp.Compare[int64]) {
		if _, err := tx.exec("delete from token where token = $1 and patient = $2", t, int64(p.ID)); err != nil {
			return err
		}
	}
	return listed(without(p.tokens, was, cmp.Compare[int64]), func(some []int64) error {
		return tx.insertEach("token (token, patient)", ", $1", p.ID, padded(some))
	})
}

// without lists those of a that are not in b; both are sorted.
func without[T any](a, b []T, order func(T, T) int) []T {
	var rest []T
	for _, t := range a {
		if _, ok := slices.BinarySearchFunc(b, t, order); !ok {
			rest = append(rest, t)
		}
	}
	return rest
}

// AddAlias lets key lead to patient p, and statement s where it is not nil (a client's own id: "Observation/abc").
// A key that leads elsewhere already is a kmcr.Conflict.
func (tx *Tx) AddAlias(c kmcr.ContributorCode, key string, p kmcr.PatientID, s *kmcr.StatementID) error {
	token := tx.db.vault.alias(c, key)
	var statement sql.NullInt64
	if s != nil {
		statement = sql.NullInt64{Int64: int64(s.Hash), Valid: true}
	}
	n, err := tx.exec("insert into alias (token, patient, statement) values ($1, $2, $3) on conflict do nothing", token, int64(p), statement)
	if err != nil || n == 1 {
		return err
	}
	var patient int64
	var to sql.NullInt64
	if _, err := tx.row("select patient, statement from alias where token = $1", []any{token}, &patient, &to); err != nil {
		return err
	}
	if patient != int64(p) || to != statement {
		return &kmcr.Error{Kind: kmcr.Conflict, Message: "this identifier stands for something else already", Remedy: "Read it again and do it again."}
	}
	return nil
}

// StatementByAlias finds what AddAlias wrote.
func (db *DB) StatementByAlias(ctx context.Context, c kmcr.ContributorCode, key string) (id kmcr.StatementID, ok bool, err error) {
	var patient int64
	var statement sql.NullInt64
	err = db.row(ctx, "select patient, statement from alias where token = $1", db.vault.alias(c, key)).Scan(&patient, &statement)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !statement.Valid {
		return kmcr.StatementID{}, false, nil
	}
	if err != nil {
		return kmcr.StatementID{}, false, db.d.fault("the identifier cannot be looked up", err)
	}
	return kmcr.StatementID{Patient: kmcr.PatientID(patient), Hash: uint64(statement.Int64)}, true, nil
}

// commonToken bounds how many patients are looked at for one token, so that a token that half of Kent has costs no more than another.
const commonToken = 2000

// PatientsByToken finds candidates: patients that share any of the tokens, at most limit. Those whose tokens few others have come first,
// so that nobody is crowded out by those who share nothing but what half of the county shares.
func (db *DB) PatientsByToken(ctx context.Context, tokens []string, limit int) ([]*Patient, error) {
	ids, err := db.sharing(db.anywhere(ctx), tokens, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	args := padded(ids)
	found, err := db.patients(ctx, "select "+patientColumns+" from patient p where p.id in ("+places(1, len(args))+")", args...)
	if err != nil {
		return nil, err
	}
	at := make(map[kmcr.PatientID]int, len(ids))
	for i, id := range ids {
		at[kmcr.PatientID(id)] = i
	}
	slices.SortFunc(found, func(a, b *Patient) int { return cmp.Compare(at[a.ID], at[b.ID]) })
	return found, nil
}

// sharing lists the patients that PatientsByToken finds, by id.
func (db *DB) sharing(each reader, tokens []string, limit int) ([]int64, error) {
	hashes := db.searchTokens(tokens)
	having, rows := map[int64][]int64{}, 0
	collect := func(text string, args ...any) error {
		return each(func(scan func(...any) error) error {
			var token, patient int64
			err := scan(&token, &patient)
			having[token] = append(having[token], patient)
			rows++
			return err
		}, text+" limit "+strconv.Itoa(commonToken), args...)
	}
	err := listed(hashes, func(some []int64) error {
		args := padded(some)
		return collect("select token, patient from token where token in ("+places(1, len(args))+")", args...)
	})
	if rows >= commonToken { // those of one token may have left no room for those of the others: each by itself
		clear(having)
		for _, h := range hashes {
			err = errors.Join(err, collect("select token, patient from token where token = $1", h))
		}
	}
	if err != nil {
		return nil, db.d.fault("the patients cannot be found", err)
	}
	worth := map[int64]float64{}
	for _, h := range hashes { // in their order: sums of fractions depend on it
		for _, patient := range having[h] {
			worth[patient] += 1 / float64(len(having[h]))
		}
	}
	ids := slices.Collect(maps.Keys(worth))
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Or(cmp.Compare(worth[b], worth[a]), cmp.Compare(a, b)) })
	return ids[:max(0, min(len(ids), limit))], nil
}

// searchTokens are the keyed hashes of tokens, in order. Half of each is the hash of what stands before the first bar, so that tokens
// which have that in common lie side by side: whoever is put down is put down in few places, however many people there are.
func (db *DB) searchTokens(tokens []string) []int64 {
	all := make([]int64, len(tokens))
	known := map[string]uint64{}
	for i, t := range tokens {
		near, _, _ := strings.Cut(t, "|")
		place, ok := known[near]
		if !ok {
			place = uint64(binary.BigEndian.Uint32(db.vault.token("near", near)))
			known[near] = place
		}
		all[i] = int64(place<<32 | uint64(binary.BigEndian.Uint32(db.vault.token("search", t))))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// EraseKey destroys a patient's data key, and what leads to it: nothing that was
// said of the patient can be read from this database again. Backups made
// before hold the wrapped key until they are discarded.
func (tx *Tx) EraseKey(id kmcr.PatientID) error {
	p, err := tx.patient(id)
	if err != nil || p == nil || p.data == nil {
		return err
	}
	zeros := make([]byte, len(p.wrapped)) // of the same length, so that they are written over the key itself
	if _, err := tx.exec("update patient set wrapped = $2, revision = revision + 1 where id = $1", int64(id), zeros); err != nil {
		return err
	}
	for _, t := range p.tokens {
		if _, err := tx.exec("delete from token where token = $1 and patient = $2", t, int64(id)); err != nil {
			return err
		}
	}
	for _, t := range append(p.aliases, tx.db.vault.alias(p.Contributor, p.Key)) {
		if _, err := tx.exec("delete from alias where token = $1 and patient = $2", t, int64(id)); err != nil {
			return err
		}
	}
	tx.then(func() { tx.db.cache.drop(id) })
	return nil
}

func errErased() error {
	return &kmcr.Error{Kind: kmcr.Gone, Message: "the data key of this patient was destroyed, or the patient does not come from this store", Remedy: "Make a new patient."}
}
