package store

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"kmcr"
)

const (
	// walQuiet is the size of the write-ahead log below which nobody copies it back.
	walQuiet = 8 << 20
	// tidyEvery is how long the log is left alone after it was copied back: each time costs two syncs and a sort of the log.
	tidyEvery = 500 * time.Millisecond
	// walMost is the size from which the writer starts the log anew whenever most of it has been copied back.
	walMost = 32 << 20
	// walIdle is how long nothing has been written when the log is cut off.
	walIdle = 2 * time.Second
)

func (db *DB) openSQLite(ctx context.Context, path string) error {
	db.d, db.path, db.looks = sqliteDialect, path, make(chan *looking)
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
	if _, err := conn.ExecContext(ctx, "pragma page_size = 4096"); err != nil {
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
	db     *DB
	wake   chan struct{}
	last   time.Time   // when copying back was last begun
	copied atomic.Bool // most of the log has been copied back since it was last started anew
}

func newTidier(db *DB) *tidier { return &tidier{db: db, wake: make(chan struct{}, 1)} }

// run copies back whenever it is woken, until wake is closed; what is left of the log it cuts off when nobody writes.
func (t *tidier) run() {
	idle := time.NewTimer(walIdle)
	defer idle.Stop()
	for {
		idle.Reset(walIdle)
		select {
		case _, ok := <-t.wake:
			if !ok {
				return
			}
			t.copyBack("passive")
			t.copied.Store(true)
		case <-idle.C:
			if t.size() >= walQuiet {
				t.copyBack("truncate")
			}
		}
	}
}

func (t *tidier) copyBack(how string) {
	var blocked, pages, copied int
	if err := t.db.writers.QueryRowContext(context.Background(), "pragma wal_checkpoint("+how+")").Scan(&blocked, &pages, &copied); err != nil && t.db.d.classify(err) != busy {
		t.db.log.Warn("the write-ahead log could not be copied back", "error", err.Error())
	}
}

// size is that of the log in bytes.
func (t *tidier) size() int64 {
	info, err := os.Stat(t.db.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// afterCommit looks at the log: beyond a little it wakes the tidier every now
// and then; beyond more, once the tidier has copied most of it, it copies the
// rest and starts the log anew. Where somebody reads for long (a backup) that
// is left for another time.
func (t *tidier) afterCommit(s *session) {
	if time.Since(t.last) >= tidyEvery && t.size() >= walQuiet {
		t.last = time.Now()
		select {
		case t.wake <- struct{}{}:
		default:
		}
		return
	}
	if !t.copied.Swap(false) || t.size() < walMost {
		return
	}
	var blocked, pages, copied int
	_, _ = s.conn.ExecContext(context.Background(), "pragma busy_timeout = 10")
	_ = s.conn.QueryRowContext(context.Background(), "pragma wal_checkpoint(restart)").Scan(&blocked, &pages, &copied)
	_, _ = s.conn.ExecContext(context.Background(), "pragma busy_timeout = 5000")
}
