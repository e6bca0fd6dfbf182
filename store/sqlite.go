package store

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"kmcr"
)

const (
	// walQuiet is the size of the write-ahead log below which nobody copies it back.
	walQuiet = 8 << 20
	// walMost is the size at which the writer itself waits for it to be copied back and starts it anew.
	walMost = 96 << 20
)

func (db *DB) openSQLite(ctx context.Context, path string) error {
	db.d, db.path = sqliteDialect, path
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err != nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the folder of the database does not exist", Remedy: "Make the folder, or correct --database.", Err: err}
	}
	if name := networkFileSystem(dir); name != "" {
		return &kmcr.Error{Kind: kmcr.Unsupported, Message: "the folder of the database is on a network file system (" + name + "), where locks and syncs cannot be trusted", Remedy: "Put the database on a local disk, or use PostgreSQL."}
	}
	var err error
	if db.turn, err = openTurn(path); err != nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the lock files of the database cannot be made", Remedy: "Check that this user may write to the folder of the database.", Err: err}
	}
	if db.writers, err = openFile(path, "synchronous(full)", "foreign_keys(on)", "cache_size(-16384)", "wal_autocheckpoint(0)", "secure_delete(fast)"); err != nil {
		return db.d.fault("the database cannot be opened", err)
	}
	db.writers.SetMaxOpenConns(2) // the writer, and whoever copies the log back
	if err := retryBusy(ctx, db.d, func() error { return db.prepareFile(ctx) }); err != nil {
		return db.d.fault("the database cannot be opened", err)
	}
	if db.readers, err = openFile(path, "query_only(on)", "cache_size(-4096)"); err != nil {
		return db.d.fault("the database cannot be opened", err)
	}
	n := max(4, 2*runtime.NumCPU())
	db.readers.SetMaxOpenConns(n)
	db.readers.SetMaxIdleConns(n)
	return nil
}

func openFile(path string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{}
	for _, p := range append([]string{"busy_timeout(5000)", "trusted_schema(off)", "temp_store(memory)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	q.Set("_txlock", "immediate")
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
}

// prepareFile gives a new file its page size and puts it in write-ahead mode, for good.
func (db *DB) prepareFile(ctx context.Context) error {
	conn, err := db.writers.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var mode string
	if err := conn.QueryRowContext(ctx, "pragma journal_mode").Scan(&mode); err != nil || mode == "wal" {
		return err
	}
	if _, err := conn.ExecContext(ctx, "pragma page_size = 8192"); err != nil {
		return err
	}
	return conn.QueryRowContext(ctx, "pragma journal_mode = wal").Scan(&mode)
}

// retryBusy tries again while another process holds the file.
func retryBusy(ctx context.Context, d *dialect, f func() error) error {
	var err error
	for wait := 5 * time.Millisecond; wait < 10*time.Second; wait *= 2 {
		if err = f(); err == nil || d.classify(err) != busy && kmcr.KindOf(err) != kmcr.Unavailable {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// tidier copies the write-ahead log back into the file, beside the writer, so
// that commits do not wait for it and the log stays small.
type tidier struct {
	db   *DB
	wake chan struct{}
	next int64 // size of the log at which the writer tries to start it anew
}

func newTidier(db *DB) *tidier {
	return &tidier{db: db, wake: make(chan struct{}, 1), next: walMost}
}

// run copies back whenever it is woken, until wake is closed.
func (t *tidier) run() {
	for range t.wake {
		var blocked, pages, copied int
		err := t.db.writers.QueryRowContext(context.Background(), "pragma wal_checkpoint(passive)").Scan(&blocked, &pages, &copied)
		if err != nil {
			t.db.log.Warn("the write-ahead log could not be copied back", "error", err.Error())
		}
	}
}

// afterCommit looks at the size of the log: beyond a little it wakes the
// tidier, beyond a lot it waits a moment for readers and starts the log anew.
func (t *tidier) afterCommit(s *session) {
	info, err := os.Stat(t.db.path + "-wal")
	if err != nil || info.Size() < walQuiet {
		return
	}
	if info.Size() < t.next {
		select {
		case t.wake <- struct{}{}:
		default:
		}
		return
	}
	var blocked, pages, copied int
	_, _ = s.conn.ExecContext(context.Background(), "pragma busy_timeout = 50")
	err = s.conn.QueryRowContext(context.Background(), "pragma wal_checkpoint(truncate)").Scan(&blocked, &pages, &copied)
	_, _ = s.conn.ExecContext(context.Background(), "pragma busy_timeout = 5000")
	t.next = walMost
	if err != nil || blocked != 0 { // somebody reads for long (a backup): later
		t.next = info.Size() + walMost/2
	}
}
