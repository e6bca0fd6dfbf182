package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"kmcr"
)

// dialect is where the two databases differ; everything else is one text for both.
type dialect struct {
	name  string
	begin string // of a writing transaction
	// lock and lockFree end a SELECT that takes the rows, or the first of them that nobody holds. SQLite's writer is alone anyway.
	lock, lockFree string
	// clock is the database's own time in milliseconds.
	clock string
	// lanes is how many writers there are side by side in one process.
	lanes int
	// snapshot starts a transaction that sees one state of the database and changes nothing.
	snapshot *sql.TxOptions
	classify func(error) failure
}

// failure is what an error of a database means to a writer.
type failure int

const (
	failed   failure = iota // nothing more is known
	taken                   // a unique key is there already
	busy                    // try again: locked, deadlocked, could not be serialised
	full                    // no room, or the disk does not take it
	lost                    // the connection is gone; what was under way may or may not be committed
	readonly                // the database answers but takes no writes
)

var sqliteDialect = &dialect{
	name:     "sqlite",
	begin:    "begin immediate",
	clock:    "cast(unixepoch('subsec') * 1000 as integer)",
	lanes:    1,
	snapshot: &sql.TxOptions{ReadOnly: true},
	classify: classifySQLite,
}

var postgresDialect = &dialect{
	name:     "postgres",
	begin:    "begin",
	lock:     " for update",
	lockFree: " for update skip locked",
	clock:    "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
	lanes:    4,
	snapshot: &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	classify: classifyPostgres,
}

// classifySQLite reads the result codes of sqlite3.h (the low 8 bits are the primary code).
func classifySQLite(err error) failure {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return failed
	}
	switch e.Code() & 0xff {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return busy
	case 8: // SQLITE_READONLY
		return readonly
	case 10, 13, 14: // SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
		return full
	case 19: // SQLITE_CONSTRAINT: PRIMARYKEY and UNIQUE
		if e.Code() == 1555 || e.Code() == 2067 {
			return taken
		}
	}
	return failed
}

// classifyPostgres reads SQLSTATE (PostgreSQL manual, appendix A).
func classifyPostgres(err error) failure {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var n net.Error
		if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &n) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "failed to connect") {
			return lost
		}
		return failed
	}
	switch {
	case e.Code == "23505":
		return taken
	case e.Code == "40001", e.Code == "40P01", e.Code == "55P03":
		return busy
	case e.Code == "25006":
		return readonly
	case strings.HasPrefix(e.Code, "53"): // out of disk, memory, connections
		return full
	case strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"): // shutting down, connection
		return lost
	}
	return failed
}

// fault puts an error of the database into our words; one that is in our words already stays.
func (d *dialect) fault(what string, err error) error {
	var e *kmcr.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: what + ": the asker stopped waiting", Err: err}
	}
	out := &kmcr.Error{Kind: kmcr.Fault, Message: what, Remedy: "Look in the log for the cause and run kmcr doctor.", Err: err}
	switch d.classify(err) {
	case taken:
		out.Kind, out.Remedy = kmcr.Conflict, "Somebody else was first: read it again and do it again."
	case busy:
		out.Kind, out.Remedy = kmcr.Unavailable, "The database is busy: try again."
	case full:
		out.Kind, out.Remedy = kmcr.Unavailable, "The disk is full or does not answer: make room and try again."
	case lost:
		out.Kind, out.Remedy = kmcr.Unavailable, "The database cannot be reached: try again."
	case readonly:
		out.Kind, out.Remedy = kmcr.Unavailable, "The database takes no writes: check that it is the primary and that its files may be written."
	}
	return out
}

// places writes "$from,$from+1,…" for n values.
func places(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// padded makes of keys the arguments of an IN list whose length is a power of
// two (the last is repeated), so that few different texts need to be prepared.
func padded[K any](keys []K) []any {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	args := make([]any, n)
	for i := range args {
		args[i] = keys[min(i, len(keys)-1)]
	}
	return args
}

// listed calls f with no more keys at a time than a statement takes arguments.
func listed[K any](keys []K, f func([]K) error) error {
	const most = 512
	for len(keys) > 0 {
		n := min(most, len(keys))
		if err := f(keys[:n]); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}
