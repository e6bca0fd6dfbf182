package store

import "context"

// reader runs a query and calls a function for every row, with the scanner of that row.
type reader func(f func(scan func(...any) error) error, text string, args ...any) error

// looking is reads that the writer is asked for.
type looking struct {
	f    func(each reader) error
	done chan error
}

// look runs reads that prepare a write. In SQLite every commit empties the page caches of all other connections, and what is read to
// find out whose somebody is lies scattered: so it is the writer that runs f where it has nothing else to do at this moment, and any
// other connection where it has. f must not write; what it reads need not be of one moment.
func (db *DB) look(ctx context.Context, f func(each reader) error) error {
	l := &looking{f: f, done: make(chan error, 1)}
	select {
	case db.looks <- l: // only a writer that waits for something to do takes it
		return <-l.done
	default:
		return f(db.anywhere(ctx))
	}
}

// anywhere reads on any connection.
func (db *DB) anywhere(ctx context.Context) reader {
	return func(f func(scan func(...any) error) error, text string, args ...any) error {
		return db.each(ctx, f, text, args...)
	}
}

// look runs what was asked for.
func (l *lane) look(asked *looking) {
	err := l.connect()
	if err == nil {
		err = guard(func() error { return asked.f(l.s.each) })
	}
	asked.done <- err
}
