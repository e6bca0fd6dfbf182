package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kmcr"
	"kmcr/audit"
)

// DB is the memory of the record: one SQLite file or one PostgreSQL database.
type DB struct {
	d         *dialect
	log       *slog.Logger
	now       func() time.Time
	node      string
	vault     *vault
	ids       *ids
	packer    *packer
	cache     *cache
	heads     *headFiles
	sequencer logSigner
	path      string // of the SQLite file
	writers   *sql.DB
	readers   *sql.DB
	stmts     sync.Map // text → *sql.Stmt on readers
	turn      *turn
	others    atomic.Uint64 // see Others

	gate   sync.RWMutex // held to read while a job is queued, to write while closing
	closed bool
	jobs   chan *job
	later  chan *job // of WriteLater
	looks  chan *looking
	lanes  sync.WaitGroup

	work      sync.Once // starts the heartbeat with the first Claim
	resting   context.CancelFunc
	heartbeat sync.WaitGroup
}

// Options are what a DB needs besides its address.
type Options struct {
	Keys *Keys
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger
	Node string // this process among several; "" makes a random one
	// Cache bounds the bytes of decoded compartments kept in memory; 0 is 48 MiB.
	Cache int64
	// AuditHeads is the folder where the newest head of each audit chain is
	// kept outside the database; "" is a folder beside the keys.
	AuditHeads string
	// AuditLog is the folder where the transparency log is kept as files
	// outside the database; "" is a folder beside the keys.
	AuditLog string
}

const defaultCache = 48 << 20

// Open opens "sqlite:PATH" or "postgres://…", brings its tables up to date and starts the writer.
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	if o.Keys == nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "a database is opened with its keys", Remedy: "Name the data folder that holds master.key."}
	}
	db, err := newDB(o)
	if err != nil {
		return nil, err
	}
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		err = db.openSQLite(ctx, path)
	} else if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		err = db.openPostgres(ctx, address)
	} else {
		err = &kmcr.Error{Kind: kmcr.Invalid, Message: "the address of a database is sqlite:PATH or postgres://…", Remedy: "Correct --database or KMCR_DATABASE."}
	}
	if err == nil {
		err = db.start(ctx, o)
	}
	if err != nil {
		db.shut()
		return nil, err
	}
	return db, nil
}

func newDB(o Options) (*DB, error) {
	packer, err := newPacker()
	if err != nil {
		return nil, err
	}
	db := &DB{log: o.Log, now: o.Now, node: o.Node, vault: newVault(o.Keys), ids: newIDs(), packer: packer, cache: newCache(o.Cache), jobs: make(chan *job, 1024), later: make(chan *job, 1024)}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.now == nil {
		db.now = time.Now
	}
	if db.node == "" {
		db.node = rand.Text()
	}
	return db, nil
}

// Others tells whether another process may have written meanwhile: where it is the same before something is read as after what follows
// from it was written, nobody else has. On an embedded database it changes with what others are seen to have committed; on PostgreSQL,
// where that is not seen, each time it is asked for.
func (db *DB) Others() uint64 {
	if db.d == sqliteDialect {
		return db.others.Load()
	}
	return db.others.Add(1)
}

// start proves the keys, brings the tables up to date and sets the writers going.
func (db *DB) start(ctx context.Context, o Options) error {
	conn, err := db.writers.Conn(ctx)
	if err != nil {
		return db.d.fault("the database cannot be opened", err)
	}
	err = retryBusy(ctx, db.d, func() error { return migrate(ctx, db.d, conn) })
	if err = errors.Join(err, conn.Close()); err != nil {
		return db.d.fault("the database cannot be opened", err)
	}
	for n := range db.d.lanes {
		db.lanes.Add(1)
		go newLane(db, n).run()
	}
	return db.identify(ctx, o)
}

// identify makes or proves the identity of the database. One that comes back
// from a backup says so in its own audit log and is from then on another
// incarnation, with audit heads of its own.
func (db *DB) identify(ctx context.Context, o Options) error {
	incarnation, mac, check, err := db.identity(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		if err = db.firstIdentity(ctx); err == nil {
			incarnation, mac, check, err = db.identity(ctx)
		}
	}
	if err != nil {
		return db.d.fault("the identity of the database cannot be read", err)
	}
	if !hmac.Equal(check, db.vault.check) {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "this database was made with another master key", Remedy: "Open it with the data folder that it was made with, or put its master.key back."}
	}
	dir := o.AuditHeads
	if dir == "" {
		dir = o.Keys.headsDir()
	}
	db.heads = newHeadFiles(dir, hex.EncodeToString(incarnation), db.vault.heads)
	files := o.AuditLog
	if files == "" {
		files = filepath.Join(o.Keys.dir, "audit-log")
	}
	if db.sequencer, err = newLogSigner(db.vault, audit.LogName(hex.EncodeToString(incarnation)), files); err != nil {
		return err
	}
	if !hmac.Equal(mac, db.incarnationMAC(incarnation)) {
		return db.welcomeBack(ctx, incarnation)
	}
	return nil
}

func (db *DB) identity(ctx context.Context) (incarnation, mac, check []byte, err error) {
	err = db.row(ctx, "select incarnation, mac, key_check from identity where one = 1").Scan(&incarnation, &mac, &check)
	return incarnation, mac, check, err
}

func (db *DB) incarnationMAC(incarnation []byte) []byte {
	mac := hmac.New(sha256.New, db.vault.heads)
	mac.Write([]byte("incarnation"))
	mac.Write(incarnation)
	return mac.Sum(nil)
}

func (db *DB) firstIdentity(ctx context.Context) error {
	incarnation := make([]byte, 16)
	rand.Read(incarnation)
	return db.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("insert into identity (one, incarnation, mac, key_check) values (1, $1, $2, $3) on conflict do nothing", incarnation, db.incarnationMAC(incarnation), db.vault.check)
		return err
	})
}

// welcomeBack notes in the audit log that the database was restored, and takes it as it is from here on.
func (db *DB) welcomeBack(ctx context.Context, incarnation []byte) error {
	return db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec("update identity set mac = $1 where one = 1", db.incarnationMAC(incarnation)); err != nil {
			return err
		}
		if err := db.resign(tx); err != nil {
			return err
		}
		return tx.Audit(&audit.Entry{At: db.now(), Action: "restore", Viewer: kmcr.Viewer{Account: "kmcr"}, Purpose: kmcr.Administration, Allowed: true, Rule: "the database was restored from a backup"})
	})
}

// Close drains the writer and closes.
func (db *DB) Close() error {
	db.gate.Lock()
	if db.closed {
		db.gate.Unlock()
		return nil
	}
	db.gate.Unlock()
	db.rest()
	db.gate.Lock()
	db.closed = true
	close(db.jobs)
	close(db.later)
	db.gate.Unlock()
	db.lanes.Wait()
	return db.shut()
}

// shut closes what was opened, in whatever state.
func (db *DB) shut() error {
	if !db.closed {
		db.closed = true
		close(db.jobs)
		close(db.later)
		db.lanes.Wait()
	}
	var err error
	db.stmts.Range(func(_, s any) bool {
		err = errors.Join(err, s.(*sql.Stmt).Close())
		return true
	})
	if db.readers != nil {
		err = errors.Join(err, db.readers.Close())
	}
	if db.writers != nil && db.writers != db.readers {
		err = errors.Join(err, db.writers.Close())
	}
	if db.turn != nil {
		err = errors.Join(err, db.turn.close())
	}
	if db.heads != nil {
		err = errors.Join(err, db.heads.close())
	}
	db.packer.close()
	return err
}

// Ping tells whether the database answers and can be written (readiness).
func (db *DB) Ping(ctx context.Context) error {
	return db.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("update identity set one = 1 where one = 0")
		return err
	})
}

// --- reading ---

// stmt gives a prepared statement; a text is prepared once.
func (db *DB) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := db.stmts.Load(text); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := db.readers.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if kept, loaded := db.stmts.LoadOrStore(text, s); loaded {
		s.Close()
		return kept.(*sql.Stmt), nil
	}
	return s, nil
}

// answer is one row, or why there is none.
type answer struct {
	row *sql.Row
	err error
}

// Scan reads the row.
func (a answer) Scan(to ...any) error {
	if a.err != nil {
		return a.err
	}
	return a.row.Scan(to...)
}

func (db *DB) row(ctx context.Context, text string, args ...any) answer {
	s, err := db.stmt(ctx, text)
	if err != nil {
		return answer{err: err}
	}
	return answer{row: s.QueryRowContext(ctx, args...)}
}

// each runs a query and calls f for every row, with the scanner of that row.
func (db *DB) each(ctx context.Context, f func(scan func(...any) error) error, text string, args ...any) error {
	s, err := db.stmt(ctx, text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, f)
}

func eachRow(rows *sql.Rows, f func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// --- times as they are kept ---

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
