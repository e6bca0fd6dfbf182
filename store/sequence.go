package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kmcr"
	"kmcr/audit"
)

// sequenceMost is how many entries go into the transparency log at a time.
const sequenceMost = 4096

// LogKey is the public key that proves the transparency log of this database, as C2SP signed-note writes it.
func (db *DB) LogKey() string { return db.sequencer.public }

// LogName names the transparency log of this database; one that was restored from a backup has a log of its own, which goes on where the backup ends.
func (db *DB) LogName() string { return db.sequencer.name }

// logSigner is how the transparency log is signed.
type logSigner struct {
	name, public string
	signer       note.Signer
	dir          string // where its files are kept
}

func newLogSigner(v *vault, name, dir string) (logSigner, error) {
	signer, public, err := audit.LogKey(name, v.signing)
	return logSigner{name: name, public: public, signer: signer, dir: filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))}, err
}

// salt is the secret that goes into the commitment to an entry.
func (v *vault) salt(chain, number int64) []byte {
	mac := hmac.New(sha256.New, v.salts)
	mac.Write(about("salt", chain, number))
	return mac.Sum(nil)
}

// leafOf is what the transparency log holds of an entry.
func (db *DB) leafOf(k *keptEntry) (audit.Leaf, error) {
	_, encoded, err := db.openEntry(k)
	if err != nil {
		return audit.Leaf{}, err
	}
	return audit.Leaf{Chain: k.chain, Number: k.number, Commitment: audit.Commit(db.vault.salt(k.chain, k.number), encoded)}, nil
}

// LogCheckpoint is the newest signed checkpoint of the transparency log; empty before the first.
func (db *DB) LogCheckpoint(ctx context.Context) ([]byte, error) {
	_, signed, err := db.logHead(ctx)
	return signed, db.d.fault("the transparency log cannot be read", err)
}

func (db *DB) logHead(ctx context.Context) (size int64, signed []byte, err error) {
	err = db.row(ctx, "select size, checkpoint from log_head where one = 1").Scan(&size, &signed)
	return size, signed, err
}

// LogTile reads a tile of the transparency log as C2SP tlog-tiles has it in a file; one that there is not, or not so wide, is kmcr.NotFound.
func (db *DB) LogTile(ctx context.Context, level int, n int64, width int) ([]byte, error) {
	b, err := db.logTile(ctx, level, n, width)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "the transparency log has no such tile", Remedy: "Read the checkpoint first; it says how many entries there are."}
	}
	if level == audit.Entries {
		b = audit.FormatEntries(b)
	}
	return b, db.d.fault("the transparency log cannot be read", err)
}

// logTile reads a tile as it is kept, as wide as asked for.
func (db *DB) logTile(ctx context.Context, level int, n int64, width int) ([]byte, error) {
	var b []byte
	rows, err := db.readers.QueryContext(ctx, "select data from log_tile where level = $1 and n = $2", level, n)
	if err != nil {
		return nil, err
	}
	if err := eachRow(rows, func(scan func(...any) error) error { return scan(&b) }); err != nil {
		return nil, err
	}
	size := sha256.Size
	if level == audit.Entries {
		size = audit.LeafSize
	}
	if len(b) < width*size || width < 1 {
		return nil, &fs.PathError{Op: "read", Path: audit.TilePath(level, n, width), Err: fs.ErrNotExist}
	}
	return b[:width*size], nil
}

// Sequence puts what has been audited since into the transparency log and
// signs a checkpoint over it; it returns how many entries that were. Where
// another node does the same it leaves it to that.
func (db *DB) Sequence(ctx context.Context) (entries int, err error) {
	for {
		n, err := db.sequence(ctx)
		entries += n
		if err != nil || n < sequenceMost {
			return entries, db.d.fault("the audit log cannot be sequenced", err)
		}
	}
}

func (db *DB) sequence(ctx context.Context) (int, error) {
	size, _, err := db.logHead(ctx)
	if err != nil {
		return 0, err
	}
	cursors, err := db.logCursors(ctx)
	if err != nil {
		return 0, err
	}
	leaves, err := db.unsequenced(ctx, cursors)
	if err != nil || len(leaves) == 0 {
		return 0, err
	}
	tree, err := audit.OpenTree(size, func(level int, n int64, width int) ([]byte, error) { return db.logTile(ctx, level, n, width) })
	if err != nil {
		return 0, err
	}
	var tiles []audit.Tile
	for _, l := range leaves {
		tree.Add(l, func(t audit.Tile) { tiles = append(tiles, t) })
		cursors[l.Chain] = l.Number
	}
	signed, err := db.sequencer.sign(tree)
	if err != nil {
		return 0, err
	}
	n := len(leaves)
	err = db.WriteLater(ctx, func(tx *Tx) error {
		n = len(leaves)
		moved, err := tx.exec("update log_head set size = $1, checkpoint = $2 where one = 1 and size = $3", tree.Size, signed, size)
		if err != nil || moved == 0 {
			n = 0
			return err
		}
		return tx.putLog(append(tiles, tree.Partial()...), cursors)
	})
	return n, err
}

func (s *logSigner) sign(t *audit.Tree) ([]byte, error) {
	root, err := t.Root()
	if err != nil {
		return nil, err
	}
	return audit.Checkpoint{Origin: s.name, Size: t.Size, Root: root}.Sign(s.signer)
}

func (tx *Tx) putLog(tiles []audit.Tile, cursors map[int64]int64) error {
	for _, t := range tiles {
		if _, err := tx.exec("insert into log_tile (level, n, data) values ($1, $2, $3) on conflict (level, n) do update set data = excluded.data", t.Level, t.N, t.Data); err != nil {
			return err
		}
	}
	for c, n := range cursors {
		if _, err := tx.exec("insert into log_cursor (chain, number) values ($1, $2) on conflict (chain) do update set number = excluded.number", c, n); err != nil {
			return err
		}
	}
	return nil
}

// logCursors are how far each chain is in the transparency log.
func (db *DB) logCursors(ctx context.Context) (map[int64]int64, error) {
	all := map[int64]int64{}
	return all, db.each(ctx, func(scan func(...any) error) error {
		var c, n int64
		err := scan(&c, &n)
		all[c] = n
		return err
	}, "select chain, number from log_cursor")
}

// unsequenced lists the leaves that are not in the transparency log yet, as many as go in at a time.
func (db *DB) unsequenced(ctx context.Context, cursors map[int64]int64) (leaves []audit.Leaf, err error) {
	chains, err := db.chains(ctx, db.readers)
	if err != nil {
		return nil, err
	}
	for _, c := range chains {
		rows, err := db.readers.QueryContext(ctx, "select "+entryColumns+" from audit_entry where chain = $1 and number > $2 order by number limit $3", c.id, cursors[c.id], sequenceMost-len(leaves))
		if err != nil {
			return nil, err
		}
		next := cursors[c.id] + 1
		err = eachRow(rows, func(scan func(...any) error) error {
			var k keptEntry
			if err := k.scan(scan); err != nil {
				return err
			}
			if k.number != next {
				return misfitAt(k.chain, next, "it is missing: the entry after the one before it has another number")
			}
			next++
			l, err := db.leafOf(&k)
			leaves = append(leaves, l)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

// resign signs the log of a restored backup under the name that it has from here on.
func (db *DB) resign(tx *Tx) error {
	var size int64
	var signed []byte
	if _, err := tx.row("select size, checkpoint from log_head where one = 1", nil, &size, &signed); err != nil || size == 0 {
		return err
	}
	name, _, _ := strings.Cut(string(signed), "\n")
	old, err := newLogSigner(db.vault, name, "")
	if err != nil {
		return nil // it is left as it is, for AuditVerify to name
	}
	c, err := audit.OpenCheckpoint(signed, old.public)
	if err != nil {
		return nil
	}
	c.Origin = db.sequencer.name
	if signed, err = c.Sign(db.sequencer.signer); err != nil {
		return err
	}
	_, err = tx.exec("update log_head set checkpoint = $1 where one = 1", signed)
	return err
}

// LogFiles is the folder beside the keys where this service keeps the transparency log as files.
func (db *DB) LogFiles() string { return db.sequencer.dir }

// WriteLog brings the files of the transparency log in a folder up to date:
// checkpoint, key.pub and tile/…, as C2SP tlog-tiles has them. A folder that
// remembers more, or another beginning, is left as it is, and that is a
// kmcr.Conflict.
func (db *DB) WriteLog(ctx context.Context, dir string) (audit.Checkpoint, error) {
	signed, err := db.LogCheckpoint(ctx)
	if err != nil || len(signed) == 0 {
		return audit.Checkpoint{}, err
	}
	c, err := audit.OpenCheckpoint(signed, db.sequencer.public)
	if err != nil {
		return c, err
	}
	before, err := db.rememberedIn(dir)
	if err != nil {
		return c, err
	}
	if err := db.grown(ctx, c, before); err != nil {
		return c, err
	}
	for _, t := range audit.TilesSince(before.Size, c.Size) {
		b, err := db.LogTile(ctx, t.Level, t.N, t.Width())
		if err != nil {
			return c, err
		}
		if err := writeWhole(filepath.Join(dir, filepath.FromSlash(audit.TilePath(t.Level, t.N, t.Width()))), b); err != nil {
			return c, unwritten("the transparency log", err)
		}
	}
	err = writeWhole(filepath.Join(dir, "key.pub"), []byte(db.sequencer.public+"\n"))
	if err == nil {
		err = writeWhole(filepath.Join(dir, "checkpoint"), signed)
	}
	if err != nil {
		return c, unwritten("the transparency log", err)
	}
	tidyTiles(dir, audit.TilesSince(before.Size, c.Size))
	return c, nil
}

// rememberedIn is the checkpoint in a folder; none, or one of another log, is that of an empty log.
func (db *DB) rememberedIn(dir string) (audit.Checkpoint, error) {
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return audit.Checkpoint{}, nil
	}
	if err != nil {
		return audit.Checkpoint{}, unwritten("the transparency log", err)
	}
	return audit.OpenCheckpoint(signed, db.sequencer.public)
}

// grown proves that the log in the database begins with what a checkpoint is about.
func (db *DB) grown(ctx context.Context, now, before audit.Checkpoint) error {
	rolledBack := &kmcr.Error{Kind: kmcr.Conflict, Message: fmt.Sprintf("the audit log remembered in files has %d entries that the database does not have in the same places: the database was put back to an earlier state or altered", before.Size), Remedy: "Run kmcr audit verify; keep the files, they are the evidence."}
	if before.Size > now.Size {
		return rolledBack
	}
	if before.Size == 0 || before.Size == now.Size && before.Root == now.Root {
		return nil
	}
	proof, err := audit.ProveGrowth(now.Size, before.Size, func(level int, n int64, width int) ([]byte, error) { return db.logTile(ctx, level, n, width) })
	if err != nil {
		return db.d.fault("the transparency log cannot be read", err)
	}
	if err := audit.CheckGrowth(proof, now, before); err != nil {
		rolledBack.Err = err
		return rolledBack
	}
	return nil
}

// writeWhole puts a file in its place at once, synced.
func writeWhole(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// tidyTiles removes narrower tiles that wider ones have taken the place of.
func tidyTiles(dir string, tiles []audit.Tile) {
	for _, t := range tiles {
		path := filepath.Join(dir, filepath.FromSlash(audit.TilePath(t.Level, t.N, audit.TileWidth))) + ".p"
		if t.Width() == audit.TileWidth {
			_ = os.RemoveAll(path)
			continue
		}
		names, _ := filepath.Glob(filepath.Join(path, "*"))
		for _, name := range names {
			if filepath.Base(name) != fmt.Sprint(t.Width()) {
				_ = os.Remove(name)
			}
		}
	}
}

// WriteOpened writes the entries of the transparency log in clear beside its
// files, with what proves each to be the one in the log.
func (db *DB) WriteOpened(ctx context.Context, dir string, size int64) error {
	for n := int64(0); n*audit.TileWidth < size; n++ {
		width := min(audit.TileWidth, size-n*audit.TileWidth)
		b, err := db.logTile(ctx, audit.Entries, n, int(width))
		if err != nil {
			return db.d.fault("the transparency log cannot be read", err)
		}
		var lines bytes.Buffer
		rows := &rowsOf{db: db, q: db.readers}
		for i := range width {
			l, err := audit.ParseLeaf(b[i*audit.LeafSize : (i+1)*audit.LeafSize])
			if err != nil {
				return err
			}
			o, err := rows.opened(ctx, l)
			if err != nil {
				return db.d.fault("the audit log cannot be read", err)
			}
			o.Position = n*audit.TileWidth + i + 1
			line, err := json.Marshal(o)
			if err != nil {
				return err
			}
			lines.Write(append(line, '\n'))
		}
		if err := writeWhole(filepath.Join(dir, filepath.FromSlash(audit.OpenedPath(n))), lines.Bytes()); err != nil {
			return unwritten("the audit log", err)
		}
	}
	return nil
}

// rowsOf reads entries by their place, a page ahead.
type rowsOf struct {
	db   *DB
	q    querier
	page []keptEntry
}

// at gives the entry at a place, nil where there is none.
func (r *rowsOf) at(ctx context.Context, chain, number int64) (*keptEntry, error) {
	find := func() *keptEntry {
		i := slices.IndexFunc(r.page, func(k keptEntry) bool { return k.chain == chain && k.number == number })
		if i < 0 {
			return nil
		}
		k := r.page[i]
		r.page = r.page[i+1:]
		return &k
	}
	if k := find(); k != nil {
		return k, nil
	}
	rows, err := r.q.QueryContext(ctx, "select "+entryColumns+" from audit_entry where chain = $1 and number >= $2 order by number limit 256", chain, number)
	if err != nil {
		return nil, err
	}
	r.page = r.page[:0]
	err = eachRow(rows, func(scan func(...any) error) error {
		var k keptEntry
		err := k.scan(scan)
		r.page = append(r.page, k)
		return err
	})
	return find(), err
}

func (r *rowsOf) opened(ctx context.Context, l audit.Leaf) (audit.Opened, error) {
	k, err := r.at(ctx, l.Chain, l.Number)
	if err == nil && k == nil {
		err = misfitAt(l.Chain, l.Number, "it is missing, but the transparency log has it")
	}
	if err != nil {
		return audit.Opened{}, err
	}
	e, encoded, err := r.db.openEntry(k)
	if err != nil {
		return audit.Opened{}, misfitAt(l.Chain, l.Number, "it was altered: it cannot be opened")
	}
	return audit.Opened{ID: e.ID, Salt: r.db.vault.salt(l.Chain, l.Number), Encoded: encoded, Event: audit.FHIR(e)}, nil
}

// verifyLog proves the transparency log against the entries, its tiles and
// signature, and the checkpoints that are remembered in files.
func (db *DB) verifyLog(ctx context.Context, q querier, remembered [][]byte) error {
	head, err := oneRow(ctx, q, "select size, checkpoint from log_head where one = 1", func(scan func(...any) error, h *logState) error { return scan(&h.size, &h.signed) })
	if err != nil {
		return err
	}
	if head.size == 0 && len(head.signed) == 0 && len(remembered) == 0 {
		return noTilesLeft(ctx, q)
	}
	rows := &rowsOf{db: db, q: q}
	from := audit.Source{Checkpoint: head.signed, Tile: tilesIn(ctx, q), Leaf: func(l audit.Leaf) (string, error) { return rows.fits(ctx, l) }}
	f, err := audit.Verify(from, db.sequencer.public, remembered...)
	switch {
	case err != nil:
		return err
	case f.Broken != "":
		return &misfit{f.Broken, f.Why}
	case f.Checkpoint.Size != head.size:
		return &misfit{"checkpoint", "the size kept beside it was altered"}
	}
	return db.verifyCursors(ctx, q, f.Last)
}

type logState struct {
	size   int64
	signed []byte
}

func oneRow[T any](ctx context.Context, q querier, text string, f func(scan func(...any) error, v *T) error) (v T, err error) {
	rows, err := q.QueryContext(ctx, text)
	if err != nil {
		return v, err
	}
	return v, eachRow(rows, func(scan func(...any) error) error { return f(scan, &v) })
}

func noTilesLeft(ctx context.Context, q querier) error {
	n, err := oneRow(ctx, q, "select (select count(*) from log_tile) + (select count(*) from log_cursor)", func(scan func(...any) error, n *int64) error { return scan(n) })
	if err == nil && n > 0 {
		err = &misfit{"checkpoint", "it was taken out: there are tiles of the transparency log"}
	}
	return err
}

// tilesIn reads tiles within a transaction, in the form that audit.Verify reads; one that is wider than the log is not as it was written.
func tilesIn(ctx context.Context, q querier) audit.Tiles {
	return func(level int, n int64, width int) ([]byte, error) {
		rows, err := q.QueryContext(ctx, "select data from log_tile where level = $1 and n = $2", level, n)
		if err != nil {
			return nil, err
		}
		var b []byte
		err = eachRow(rows, func(scan func(...any) error) error { return scan(&b) })
		if err == nil && b == nil {
			err = &fs.PathError{Op: "read", Path: audit.TilePath(level, n, width), Err: fs.ErrNotExist}
		}
		if level == audit.Entries && err == nil {
			if len(b)%audit.LeafSize != 0 {
				return audit.FormatEntries(b[:len(b)-len(b)%audit.LeafSize]), nil
			}
			b = audit.FormatEntries(b)
		}
		return b, err
	}
}

// fits tells whether the entry in the database is the one that a leaf commits to.
func (r *rowsOf) fits(ctx context.Context, l audit.Leaf) (why string, err error) {
	k, err := r.at(ctx, l.Chain, l.Number)
	if err != nil {
		return "", err
	}
	if k == nil {
		return "it is missing, but the transparency log has it", nil
	}
	if kept, err := r.db.leafOf(k); err != nil || kept != l {
		return "it is not the entry that the transparency log has in its place", nil
	}
	return "", nil
}

// verifyCursors proves how far each chain is said to be in the transparency log.
func (db *DB) verifyCursors(ctx context.Context, q querier, last map[int64]int64) error {
	rows, err := q.QueryContext(ctx, "select chain, number from log_cursor order by chain")
	if err != nil {
		return err
	}
	seen := 0
	err = eachRow(rows, func(scan func(...any) error) error {
		var c, n int64
		if err := scan(&c, &n); err != nil {
			return err
		}
		seen++
		if last[c] != n {
			return misfitAt(c, min(last[c], n)+1, "how far the chain is in the transparency log was altered")
		}
		return nil
	})
	if err == nil && seen != len(last) {
		err = &misfit{"checkpoint", "how far a chain is in the transparency log was taken out"}
	}
	return err
}

// rememberedCheckpoints are those in the folder of this log's files.
func (db *DB) rememberedCheckpoints() ([][]byte, error) {
	b, err := os.ReadFile(filepath.Join(db.sequencer.dir, "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := audit.OpenCheckpoint(b, db.sequencer.public); err != nil {
		return nil, &misfit{"checkpoint", "the one that is remembered in files was altered"}
	}
	return [][]byte{b}, nil
}

// EarlierLog is a transparency log that this service kept before its database was restored from a backup.
type EarlierLog struct {
	Name string
	Size int64 // entries
	Held bool  // all of them are in the log of today, in the same places
}

// EarlierLogs lists the logs that are remembered in files beside the one of today.
func (db *DB) EarlierLogs(ctx context.Context) (all []EarlierLog, err error) {
	_, signed, err := db.logHead(ctx)
	if err != nil || len(signed) == 0 {
		return nil, db.d.fault("the transparency log cannot be read", err)
	}
	now, err := audit.OpenCheckpoint(signed, db.sequencer.public)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(db.sequencer.dir), "*", "checkpoint"))
	if err != nil {
		return nil, err
	}
	for _, file := range names {
		signed, err := os.ReadFile(file)
		if err != nil {
			return nil, unwritten("the transparency log", err)
		}
		name, _, _ := strings.Cut(string(signed), "\n")
		other, err := newLogSigner(db.vault, name, "")
		if err != nil || name == db.sequencer.name {
			continue
		}
		if c, err := audit.OpenCheckpoint(signed, other.public); err == nil {
			all = append(all, EarlierLog{name, c.Size, db.grown(ctx, now, c) == nil})
		}
	}
	return all, nil
}

// Inclusion proves that an entry is in the transparency log.
type Inclusion struct {
	Position   int64 // from 1
	Leaf       audit.Leaf
	Hashes     tlog.RecordProof
	Checkpoint []byte
}

// ProveEntry proves that an entry is in the log that the newest checkpoint is about; one that is not is kmcr.NotFound.
func (db *DB) ProveEntry(ctx context.Context, id string) (Inclusion, error) {
	size, signed, err := db.logHead(ctx)
	if err != nil {
		return Inclusion{}, db.d.fault("the transparency log cannot be read", err)
	}
	read := func(level int, n int64, width int) ([]byte, error) { return db.logTile(ctx, level, n, width) }
	for at := int64(0); at < size; at += audit.TileWidth {
		row, err := read(audit.Entries, at/audit.TileWidth, int(min(audit.TileWidth, size-at)))
		if err != nil {
			return Inclusion{}, db.d.fault("the transparency log cannot be read", err)
		}
		for i := range int64(len(row) / audit.LeafSize) {
			l, err := audit.ParseLeaf(row[i*audit.LeafSize : (i+1)*audit.LeafSize])
			if err != nil || l.ID() != id {
				continue
			}
			hashes, err := audit.ProveEntry(size, at+i, read)
			return Inclusion{at + i + 1, l, hashes, signed}, db.d.fault("the transparency log cannot be read", err)
		}
	}
	return Inclusion{}, &kmcr.Error{Kind: kmcr.NotFound, Message: "the transparency log has no such entry", Remedy: "Name it as chain/number; kmcr audit export shows the ids."}
}
