package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"kmcr"
)

// Backup writes a consistent copy of an embedded database to w while it runs; PostgreSQL answers kmcr.Unsupported and says to use its own tools.
// What is sealed in the database is sealed in the copy; the master key is not in it.
func (db *DB) Backup(ctx context.Context, w io.Writer) error {
	if db.d != sqliteDialect {
		return ownTools()
	}
	dir, err := os.MkdirTemp(filepath.Dir(db.path), ".backup-*")
	if err != nil {
		return unwritten("the backup", err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "copy.db")
	if err := db.copyTo(ctx, copied); err != nil {
		return db.d.fault("the backup cannot be made", err)
	}
	f, err := os.Open(copied)
	if err != nil {
		return unwritten("the backup", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, sum), f); err != nil {
		return unwritten("the backup", err)
	}
	if _, err := fmt.Fprintf(w, backupEnd, sum.Sum(nil)); err != nil {
		return unwritten("the backup", err)
	}
	return nil
}

// backupEnd stands at the end of every backup, with the SHA-256 of all that goes before: SQLite's own proof does not
// look at every byte of what is sealed.
const backupEnd = "\nkmcr backup, sha256 %x\n"

// endOfBackup proves that f is all that Backup wrote, unaltered, and cuts off what proves it.
func endOfBackup(f *os.File) error {
	want := make([]byte, len(fmt.Sprintf(backupEnd, [sha256.Size]byte{})))
	info, err := f.Stat()
	if err != nil {
		return unwritten("the database", err)
	}
	size := info.Size() - int64(len(want))
	if size < 0 {
		return notABackup(io.ErrUnexpectedEOF)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size)); err != nil {
		return unwritten("the database", err)
	}
	if _, err := f.ReadAt(want, size); err != nil {
		return unwritten("the database", err)
	}
	if string(want) != fmt.Sprintf(backupEnd, sum.Sum(nil)) {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the backup is damaged: it is not, byte for byte, what was written", Remedy: "Use another backup."}
	}
	if err := f.Truncate(size); err != nil {
		return unwritten("the database", err)
	}
	return nil
}

// copyTo makes a compact copy as of one moment, on a connection of its own.
func (db *DB) copyTo(ctx context.Context, path string) error {
	from, err := openFile(db.path)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = from.ExecContext(ctx, "vacuum into $1", path)
	return err
}

// Restore makes the database at address (which must not exist yet) from what Backup wrote.
// It is checked before it takes its place. When it is next opened it says in its audit log that it was restored.
func Restore(ctx context.Context, address string, r io.Reader) error {
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok {
		return ownTools()
	}
	if _, err := os.Lstat(path); err == nil {
		return &kmcr.Error{Kind: kmcr.Conflict, Message: "there is a database at this address already", Remedy: "Restore to another path, or move the old files away first."}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unwritten("the database", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".restore-*")
	if err != nil {
		return unwritten("the database", err)
	}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			os.Remove(f.Name() + suffix)
		}
	}()
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(unwritten("the database", err), f.Close())
	}
	if err := endOfBackup(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return unwritten("the database", err)
	}
	if err := adopt(ctx, f.Name()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return unwritten("the database", err)
	}
	return syncDir(filepath.Dir(path))
}

// adopt proves a copied file and makes it an incarnation of its own.
func adopt(ctx context.Context, path string) error {
	db, err := openFile(path, "synchronous(full)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := checkFile(ctx, db); err != nil {
		return err
	}
	incarnation := make([]byte, 16)
	rand.Read(incarnation)
	if _, err := db.ExecContext(ctx, "update identity set incarnation = $1, mac = $2", incarnation, []byte{}); err != nil {
		return notABackup(err)
	}
	return db.Close()
}

// checkFile runs SQLite's own proof that a file is whole.
func checkFile(ctx context.Context, db *sql.DB) error {
	var tables int
	if err := db.QueryRowContext(ctx, "select count(*) from sqlite_schema where name in ('identity', 'message', 'patient', 'block', 'audit_entry')").Scan(&tables); err != nil || tables != 5 {
		return notABackup(err)
	}
	var result string
	if err := db.QueryRowContext(ctx, "pragma integrity_check(1)").Scan(&result); err != nil || result != "ok" {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the database is damaged", Remedy: "Use another backup.", Err: err}
	}
	return nil
}

func notABackup(err error) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Message: "this is not a backup of a care record", Remedy: "Name a file that kmcr backup wrote.", Err: err}
}

func unwritten(what string, err error) error {
	return &kmcr.Error{Kind: kmcr.Unavailable, Message: what + " cannot be written", Remedy: "Check that there is room and that this user may write there.", Err: err}
}

func ownTools() error {
	return &kmcr.Error{Kind: kmcr.Unsupported, Message: "a PostgreSQL database is backed up and restored with its own tools", Remedy: "Use pg_basebackup with WAL archiving, or pg_dump and pg_restore; keep master.key apart from it."}
}

// Check proves that the database is whole: SQLite's integrity check, and that
// the counters say what the ledger says. What is wrong is a kmcr.Invalid.
func (db *DB) Check(ctx context.Context) error {
	if db.d == sqliteDialect {
		if err := checkFile(ctx, db.readers); err != nil {
			return err
		}
	}
	tx, err := db.readers.BeginTx(ctx, db.d.snapshot)
	if err != nil {
		return db.d.fault("the database cannot be checked", err)
	}
	defer tx.Rollback()
	var wrong int
	err = tx.QueryRowContext(ctx, `select count(*) from (
		select contributor, sum(received) r, sum(applied) a, sum(parked) p, sum(rejected) x, sum(waiting) w from tally group by contributor) t
		full join (select contributor, count(*) r, sum(case state when 'applied' then 1 else 0 end) a, sum(case state when 'parked' then 1 else 0 end) p,
			sum(case state when 'rejected' then 1 else 0 end) x, sum(case state when 'waiting' then 1 else 0 end) w from message group by contributor) m
		on m.contributor = t.contributor
		where coalesce(t.r, 0) <> coalesce(m.r, 0) or coalesce(t.a, 0) <> coalesce(m.a, 0) or coalesce(t.p, 0) <> coalesce(m.p, 0)
			or coalesce(t.x, 0) <> coalesce(m.x, 0) or coalesce(t.w, 0) <> coalesce(m.w, 0)`).Scan(&wrong)
	if err == nil && wrong > 0 {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the counters of the ledger do not agree with its messages", Remedy: "Restore the newest backup that kmcr backup verify accepts, and report this."}
	}
	return db.d.fault("the database cannot be checked", err)
}

// Size is the bytes that the database takes on disk.
func (db *DB) Size(ctx context.Context) (int64, error) {
	if db.d == postgresDialect {
		var n int64
		err := db.row(ctx, "select pg_database_size(current_database())").Scan(&n)
		return n, db.d.fault("the size of the database cannot be read", err)
	}
	var n int64
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(db.path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the size of the database cannot be read", Err: err}
		}
		if err == nil {
			n += info.Size()
		}
	}
	return n, nil
}
