package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"kmcr"
	"kmcr/audit"
)

// chain is the head of an audit chain, as the transaction that holds it sees it.
type chain struct {
	id, number int64
	link       []byte
	grown      bool // since the transaction began
}

func (c chain) entryID() string { return audit.EntryID(c.id, c.number) }

// origin is the link before the first entry of a chain.
func (v *vault) origin(id int64) []byte { return audit.Link(v.chain, nil, about("chain", id)) }

// headMAC proves that the head of a chain was written by this service.
func (v *vault) headMAC(c chain) []byte {
	mac := hmac.New(sha256.New, v.heads)
	mac.Write(about("head", c.id, c.number))
	mac.Write(c.link)
	return mac.Sum(nil)
}

// lockChain takes whichever chain no other transaction holds, making one where there is none.
func lockChain(db *DB, s *session) (chain, error) {
	ctx := context.Background()
	free, err := s.stmt("select chain, number, link from chain order by chain limit 1" + db.d.lockFree)
	if err != nil {
		return chain{}, err
	}
	for {
		var c chain
		err := free.QueryRowContext(ctx).Scan(&c.id, &c.number, &c.link)
		if !errors.Is(err, sql.ErrNoRows) {
			return c, err
		}
		last, err := s.stmt("select coalesce(max(chain), 0) from chain")
		if err != nil {
			return chain{}, err
		}
		if err := last.QueryRowContext(ctx).Scan(&c.id); err != nil {
			return chain{}, err
		}
		c.id++
		c.link = db.vault.origin(c.id)
		n, err := s.exec("insert into chain (chain, number, link, mac) values ($1, $2, $3, $4) on conflict do nothing", c.id, c.number, c.link, db.vault.headMAC(c))
		if err != nil || n == 1 {
			return c, err
		}
	}
}

func putChain(db *DB, s *session, c chain) error {
	_, err := s.exec("update chain set number = $2, link = $3, mac = $4 where chain = $1", c.id, c.number, c.link, db.vault.headMAC(c))
	return err
}

// Audit appends an entry to a chain inside the transaction, and sets its ID.
func (tx *Tx) Audit(e *audit.Entry) error {
	if e.At.IsZero() {
		e.At = tx.db.now()
	}
	if tx.chain.id == 0 {
		c, err := lockChain(tx.db, tx.s)
		if err != nil {
			return tx.note(err)
		}
		tx.chain = c
	}
	next := chain{id: tx.chain.id, number: tx.chain.number + 1, grown: true}
	encoded := audit.Encode(e)
	next.link = audit.Link(tx.db.vault.chain, tx.chain.link, encoded)
	sealed := seal(tx.db.vault.entries, nil, encoded, about("entry", next.id, next.number))
	if _, err := tx.exec("insert into audit_entry (chain, number, at, person, sealed, link) values ($1, $2, $3, $4, $5, $6)",
		next.id, next.number, e.At.UnixMicro(), int64(e.Person), sealed, next.link); err != nil {
		return err
	}
	tx.chain = next
	e.ID = next.entryID()
	return nil
}

// AuditNow appends entries, committed and synced on return; calls made side by side share a commit.
func (db *DB) AuditNow(ctx context.Context, entries ...*audit.Entry) error {
	return db.Write(ctx, func(tx *Tx) error {
		for _, e := range entries {
			if err := tx.Audit(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// keptEntry is a row of the audit log.
type keptEntry struct {
	chain, number, at, person int64
	sealed, link              []byte
}

const entryColumns = "chain, number, at, person, sealed, link"

func (k *keptEntry) scan(scan func(...any) error) error {
	return scan(&k.chain, &k.number, &k.at, &k.person, &k.sealed, &k.link)
}

// open unseals an entry; encoded is what its link is made over.
func (db *DB) openEntry(k *keptEntry) (e *audit.Entry, encoded []byte, err error) {
	if encoded, err = unseal(db.vault.entries, nil, k.sealed, about("entry", k.chain, k.number)); err != nil {
		return nil, nil, err
	}
	if e, err = audit.Decode(encoded); err != nil {
		return nil, nil, err
	}
	e.ID = chain{id: k.chain, number: k.number}.entryID()
	return e, encoded, nil
}

// AuditOf lists the entries about a person, also under a reference that has become this one, newest first.
func (db *DB) AuditOf(ctx context.Context, p kmcr.PersonID, limit int) ([]*audit.Entry, error) {
	var all []*audit.Entry
	if p == 0 || limit <= 0 {
		return nil, nil
	}
	err := db.each(ctx, func(scan func(...any) error) error {
		var k keptEntry
		if err := k.scan(scan); err != nil {
			return err
		}
		e, _, err := db.openEntry(&k)
		all = append(all, e)
		return err
	}, "select "+entryColumns+" from audit_entry where person <> 0 and (person = $1 or person in ("+formerPersons+")) order by at desc, chain, number desc limit $2", int64(p), limit)
	return all, db.d.fault("the audit log cannot be read", err)
}

// AuditAll walks every entry, chain by chain in order.
func (db *DB) AuditAll(ctx context.Context, f func(*audit.Entry) error) error {
	chains, err := db.chains(ctx, db.readers)
	if err != nil {
		return db.d.fault("the audit log cannot be read", err)
	}
	for _, c := range chains {
		err := walkEntries(ctx, db.readers, c.id, func(k *keptEntry) error {
			e, _, err := db.openEntry(k)
			if err != nil {
				return err
			}
			return f(e)
		})
		if err != nil {
			return db.d.fault("the audit log cannot be read", err)
		}
	}
	return nil
}

// querier reads: the pool, or a transaction that sees one state.
type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// keptChain is a chain with the proof of its head.
type keptChain struct {
	chain
	mac []byte
}

// chains lists the chains that have a head, in order.
func (db *DB) chains(ctx context.Context, q querier) (all []keptChain, err error) {
	rows, err := q.QueryContext(ctx, "select chain, number, link, mac from chain order by chain")
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(scan func(...any) error) error {
		var c keptChain
		err := scan(&c.id, &c.number, &c.link, &c.mac)
		all = append(all, c)
		return err
	})
	return all, err
}

// walkEntries reads a chain in pages, so that no reader is in the way for long.
func walkEntries(ctx context.Context, q querier, id int64, f func(*keptEntry) error) error {
	const page = 500
	for last, n := int64(-1<<62), page; n == page; {
		n = 0
		rows, err := q.QueryContext(ctx, "select "+entryColumns+" from audit_entry where chain = $1 and number > $2 order by number limit $3", id, last, page)
		if err != nil {
			return err
		}
		var entries []keptEntry
		err = eachRow(rows, func(scan func(...any) error) error {
			var k keptEntry
			err := k.scan(scan)
			entries = append(entries, k)
			return err
		})
		if err != nil {
			return err
		}
		for i := range entries {
			if err := f(&entries[i]); err != nil {
				return err
			}
		}
		if n = len(entries); n > 0 {
			last = entries[n-1].number
		}
	}
	return nil
}

// misfit is the first entry of the audit log that does not fit.
type misfit struct{ id, why string }

func (m *misfit) Error() string { return m.id + ": " + m.why }

func misfitAt(c, number int64, why string) error {
	return &misfit{chain{id: c, number: number}.entryID(), why}
}

// AuditVerify proves every chain; it returns how many entries fit, and the id of and reason for the first that does not ("" where all fit).
// Where checkpoints are given that somebody outside witnessed, the log must also go on from them.
func (db *DB) AuditVerify(ctx context.Context, witnessed ...[]byte) (entries int64, broken, why string, err error) {
	kept, err := db.heads.read() // before the database, so that it can only be older
	var remembered [][]byte
	if err == nil {
		remembered, err = db.rememberedCheckpoints()
	}
	if err == nil {
		entries, err = db.verifyAll(ctx, kept, append(remembered, witnessed...))
	}
	var m *misfit
	if errors.As(err, &m) {
		return entries, m.id, m.why, nil
	}
	return entries, "", "", db.d.fault("the audit log cannot be proved", err)
}

func (db *DB) verifyAll(ctx context.Context, kept map[int64]chain, remembered [][]byte) (entries int64, err error) {
	tx, err := db.readers.BeginTx(ctx, db.d.snapshot)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	heads, err := db.chains(ctx, tx)
	if err != nil {
		return 0, err
	}
	known := map[int64]bool{}
	for _, h := range heads {
		known[h.id] = true
		n, err := db.verifyChain(ctx, tx, h, kept[h.id])
		entries += n
		if err != nil {
			return entries, err
		}
	}
	for id, k := range kept {
		if !known[id] {
			return entries, misfitAt(id, k.number, "the whole chain is missing, but its head is kept beside the keys")
		}
	}
	if err := db.verifyNoOthers(ctx, tx, known); err != nil {
		return entries, err
	}
	return entries, db.verifyLog(ctx, tx, remembered)
}

// verifyNoOthers finds entries of a chain that has no head.
func (db *DB) verifyNoOthers(ctx context.Context, q querier, known map[int64]bool) error {
	rows, err := q.QueryContext(ctx, "select distinct chain from audit_entry order by chain")
	if err != nil {
		return err
	}
	return eachRow(rows, func(scan func(...any) error) error {
		var id int64
		if err := scan(&id); err != nil {
			return err
		}
		if !known[id] {
			return misfitAt(id, 1, "the head of this chain is missing")
		}
		return nil
	})
}

// verifyChain walks one chain from its origin to its head; kept is the head beside the keys, number 0 where there is none.
func (db *DB) verifyChain(ctx context.Context, q querier, head keptChain, kept chain) (fit int64, err error) {
	at := chain{id: head.id, link: db.vault.origin(head.id)}
	err = walkEntries(ctx, q, head.id, func(k *keptEntry) error {
		if k.number != at.number+1 {
			return misfitAt(head.id, at.number+1, "it is missing: the entry after the one before it has another number")
		}
		link, err := db.verifyEntry(k, at.link)
		if err != nil {
			return err
		}
		at.number, at.link = k.number, link
		if at.number == kept.number && !bytes.Equal(at.link, kept.link) {
			return misfitAt(head.id, at.number, "it is not the one whose proof is kept beside the keys: history was written anew")
		}
		return nil
	})
	switch {
	case err != nil:
	case at.number < head.number:
		err = misfitAt(head.id, at.number+1, fmt.Sprintf("it is missing: the head of the chain says that there are %d entries", head.number))
	case at.number > head.number:
		err = misfitAt(head.id, head.number+1, fmt.Sprintf("it was added: the head of the chain says that there are %d entries", head.number))
	case !bytes.Equal(at.link, head.link), !hmac.Equal(head.mac, db.vault.headMAC(head.chain)):
		err = misfitAt(head.id, head.number, "the head of the chain was replaced")
	case at.number < kept.number:
		err = misfitAt(head.id, at.number+1, fmt.Sprintf("it is missing: the head kept beside the keys says that there were %d entries; the database was put back to an earlier state", kept.number))
	}
	return at.number, err
}

// verifyEntry proves one entry and what is kept beside it, and gives its link.
func (db *DB) verifyEntry(k *keptEntry, previous []byte) ([]byte, error) {
	e, encoded, err := db.openEntry(k)
	if err != nil {
		return nil, misfitAt(k.chain, k.number, "it was altered: it cannot be opened")
	}
	link := audit.Link(db.vault.chain, previous, encoded)
	switch {
	case !hmac.Equal(link, k.link):
		return nil, misfitAt(k.chain, k.number, "it does not follow the one before it")
	case e.At.UnixMicro() != k.at, int64(e.Person) != k.person:
		return nil, misfitAt(k.chain, k.number, "the index beside it was altered")
	}
	return link, nil
}

// headFiles keeps the newest head of each audit chain outside the database,
// one small file for each chain. They may be older than the database, never newer.
type headFiles struct {
	dir, name string
	key       []byte

	mu    sync.Mutex
	files map[int64]*os.File
}

// headsDir is where the heads are kept unless said otherwise.
func (k *Keys) headsDir() string { return filepath.Join(k.dir, "audit-heads") }

func newHeadFiles(dir, incarnation string, key []byte) *headFiles {
	return &headFiles{dir: dir, name: incarnation, key: key, files: map[int64]*os.File{}}
}

// record is number, link and proof, always of one length, so that one write replaces it.
func (h *headFiles) record(c chain) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.number))
	b = append(b, c.link...)
	mac := hmac.New(sha256.New, h.key)
	mac.Write(about("kept head", c.id))
	mac.Write([]byte(h.name))
	mac.Write(b)
	return append(hex.AppendEncode(nil, mac.Sum(b)), '\n')
}

// keep writes the head of a chain.
func (h *headFiles) keep(c chain) error {
	if h == nil { // while the database is being opened for the first time
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.files[c.id]
	if f == nil {
		if err := os.MkdirAll(h.dir, 0o700); err != nil {
			return err
		}
		var err error
		if f, err = os.OpenFile(filepath.Join(h.dir, fmt.Sprintf("%s-%d", h.name, c.id)), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
			return err
		}
		h.files[c.id] = f
	}
	_, err := f.WriteAt(h.record(c), 0)
	return err
}

// read gives the kept head of every chain.
func (h *headFiles) read() (map[int64]chain, error) {
	names, err := filepath.Glob(filepath.Join(h.dir, h.name+"-*"))
	if err != nil {
		return nil, err
	}
	all := map[int64]chain{}
	for _, name := range names {
		id, err := strconv.ParseInt(name[strings.LastIndexByte(name, '-')+1:], 10, 64)
		if err != nil {
			continue
		}
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c := chain{id: id}
		if b, err := hex.DecodeString(strings.TrimSpace(string(text))); err == nil && len(b) == 72 {
			c.number, c.link = int64(binary.BigEndian.Uint64(b)), b[8:40]
		}
		if !bytes.Equal(text, h.record(c)) {
			return nil, misfitAt(id, c.number, "the head kept beside the keys was altered")
		}
		all[id] = c
	}
	return all, nil
}

func (h *headFiles) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var err error
	for _, f := range h.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// AuditEntry reads one entry by its id, chain "/" number; one that there is not is kmcr.NotFound.
func (db *DB) AuditEntry(ctx context.Context, id string) (*audit.Entry, error) {
	c, n, _ := strings.Cut(id, "/")
	chain, err := strconv.ParseInt(c, 10, 64)
	number, wrong := strconv.ParseInt(n, 10, 64)
	if err == nil && wrong == nil {
		k, err := (&rowsOf{db: db, q: db.readers}).at(ctx, chain, number)
		if err != nil {
			return nil, db.d.fault("the audit log cannot be read", err)
		}
		if k != nil {
			e, _, err := db.openEntry(k)
			return e, err
		}
	}
	return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such audit entry"}
}
