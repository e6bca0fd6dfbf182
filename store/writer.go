package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"kmcr"
)

const (
	// most is how many closures share one commit.
	most = 256
	// mostLater is how many of WriteLater do; fewLater when there was a Write a moment ago, so that the next does not wait long.
	mostLater, fewLater = 64, 4
	moment              = 50 * time.Millisecond
	// patience is how long those of WriteLater wait at most while there are always others.
	patience = 10 * time.Millisecond
)

// job is one Write that waits for its turn.
type job struct {
	ctx   context.Context
	f     func(*Tx) error
	state atomic.Int32 // queued, running or abandoned: whoever is first decides, the writer that runs it or the caller that gives up
	done  chan error
	after []func() // to do once it is committed
}

// The states of a job.
const (
	queued int32 = iota
	running
	abandoned
)

// Write runs f in one transaction that is committed and synced when Write
// returns nil. Many Writes share one commit, each in its own savepoint; f may
// be run again after a conflict, so it must not do anything but use tx. Work
// that costs processor time (sealing) is done before. An error of f takes back
// what f wrote, and is returned as it is. A kmcr.Unavailable after the
// connection to PostgreSQL broke may have been committed all the same.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	return db.write(ctx, db.jobs, f)
}

// WriteLater is Write for work behind which nobody waits: a Write goes first,
// and many share a commit. Where Writes never cease it still has its turn.
func (db *DB) WriteLater(ctx context.Context, f func(tx *Tx) error) error {
	return db.write(ctx, db.later, f)
}

func (db *DB) write(ctx context.Context, to chan<- *job, f func(tx *Tx) error) error {
	j := &job{ctx: ctx, f: f, done: make(chan error, 1)}
	if err := db.queue(j, to); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(queued, abandoned) {
			return gaveUp(ctx)
		}
		return <-j.done
	}
}

func (db *DB) queue(j *job, to chan<- *job) error {
	db.gate.RLock()
	defer db.gate.RUnlock()
	if db.closed {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the database is closed", Remedy: "Try again when the service has started."}
	}
	select {
	case to <- j:
		return nil
	case <-j.ctx.Done():
		return gaveUp(j.ctx)
	}
}

func gaveUp(ctx context.Context) error {
	return &kmcr.Error{Kind: kmcr.Unavailable, Message: "nothing was written: the asker stopped waiting", Remedy: "Try again.", Err: ctx.Err()}
}

// session is a writer's connection with its prepared statements.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (s *session) stmt(text string) (*sql.Stmt, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(context.Background(), text)
	if err == nil {
		s.stmts[text] = st
	}
	return st, err
}

func (s *session) exec(text string, args ...any) (int64, error) {
	st, err := s.stmt(text)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each calls f for every row.
func (s *session) each(f func(scan func(...any) error) error, text string, args ...any) error {
	st, err := s.stmt(text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	return eachRow(rows, f)
}

func (s *session) close() error {
	var err error
	for _, st := range s.stmts {
		err = errors.Join(err, st.Close())
	}
	return errors.Join(err, s.conn.Close())
}

// lane is one writer.
type lane struct {
	db     *DB
	s      *session
	tidier *tidier
	seen   int64 // the version of an embedded database that other processes had made of it by the last transaction

	jobs, later <-chan *job // nil once there will be no more
	asked       time.Time   // when there last was a Write
	waited      time.Time   // when jobs of WriteLater last had their turn
}

// newLane makes the nth writer. Of several the first keeps itself free for Writes, so that who waits for one does not wait for the
// long work of WriteLater that all the others may be at.
func newLane(db *DB, n int) *lane {
	l := &lane{db: db, jobs: db.jobs}
	if n > 0 || db.d.lanes == 1 {
		l.later = db.later
	}
	if db.d == sqliteDialect {
		l.tidier = newTidier(db)
		db.lanes.Go(l.tidier.run)
	}
	return l
}

// run takes jobs until there will be no more.
func (l *lane) run() {
	defer l.db.lanes.Done()
	for first := l.next(); first != nil; first = l.next() {
		l.commit([]*job{first}, true)
	}
	if l.s != nil {
		_ = l.s.close()
	}
	if l.tidier != nil {
		close(l.tidier.wake)
	}
}

// next waits for a job, a Write first; nil when there will be no more.
func (l *lane) next() *job {
	if j := take(&l.jobs); j != nil {
		l.asked = time.Now()
		return j
	}
	for l.jobs != nil || l.later != nil {
		select {
		case j, ok := <-l.jobs:
			if ok {
				l.asked = time.Now()
				return j
			}
			l.jobs = nil
		case j, ok := <-l.later:
			if ok {
				l.waited = time.Time{}
				return j
			}
			l.later = nil
		case asked := <-l.db.looks:
			l.look(asked)
		}
	}
	return nil
}

// take is the next job of a queue, nil where there is none now.
func take(from *<-chan *job) *job {
	select {
	case j, ok := <-*from:
		if !ok {
			*from = nil
		}
		return j
	default:
		return nil
	}
}

// attempts is how often what could not be serialised is tried again by itself.
const attempts = 10

// commit runs jobs in one transaction and answers them. Where the transaction
// as a whole fails, each job is tried by itself.
func (l *lane) commit(jobs []*job, gather bool) {
	for n := 1; ; n++ {
		committing, err := l.transact(&jobs, gather)
		if err == nil {
			return
		}
		kind := l.db.d.classify(err)
		if kind == lost {
			l.drop()
		}
		switch {
		case committing && kind == lost, n == attempts, kind == full, kind == readonly:
			l.fail(jobs, err)
			return
		case len(jobs) > 1:
			for _, j := range jobs {
				l.commit([]*job{j}, false)
			}
			return
		case kind != busy && kind != lost:
			l.fail(jobs, err)
			return
		}
		time.Sleep(time.Duration(rand.Int64N(int64(n * n * int(4*time.Millisecond)))))
		gather = false
	}
}

func (l *lane) fail(jobs []*job, err error) {
	for _, j := range jobs {
		j.done <- l.db.d.fault("nothing was written", err)
	}
}

// transact runs jobs (and, where gather is set, those that are queued as well)
// in one transaction. When it returns an error nobody has been answered, and
// committing tells whether the commit itself was under way.
func (l *lane) transact(jobs *[]*job, gather bool) (committing bool, err error) {
	if l.db.turn != nil {
		if err := l.db.turn.take(); err != nil {
			return false, err
		}
		defer l.db.turn.leave()
	}
	if err := l.begin(); err != nil {
		return false, err
	}
	if gather {
		*jobs = l.gather(*jobs)
	}
	b := &batch{}
	results, err := l.runAll(*jobs, b)
	if err == nil {
		err = b.flush(l)
	}
	if err != nil {
		l.rollback()
		return false, err
	}
	if err := l.end(b); err != nil {
		l.rollback()
		return true, err
	}
	for i, j := range *jobs {
		if results[i] == nil {
			for _, f := range j.after {
				f()
			}
		}
		j.done <- results[i]
	}
	return false, nil
}

// begin opens the transaction.
func (l *lane) begin() error {
	if err := l.connect(); err != nil {
		return err
	}
	if _, err := l.s.exec(l.db.d.begin); err != nil || l.db.d != sqliteDialect {
		return err
	}
	return l.lookForOthers()
}

// lookForOthers notes that another process has written since the last transaction of this writer.
func (l *lane) lookForOthers() error {
	st, err := l.s.stmt("pragma data_version")
	if err != nil {
		return err
	}
	var version int64
	if err := st.QueryRowContext(context.Background()).Scan(&version); err != nil {
		return err
	}
	if version != l.seen {
		l.db.others.Add(1)
		l.seen = version
	}
	return nil
}

// connect opens the connection where there is none.
func (l *lane) connect() error {
	if l.s != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := l.db.writers.Conn(ctx)
	if err != nil {
		return err
	}
	l.s = &session{conn: conn, stmts: map[string]*sql.Stmt{}}
	if l.db.d == postgresDialect {
		return durable(ctx, conn)
	}
	return nil
}

func (l *lane) rollback() {
	if _, err := l.s.exec("rollback"); err != nil && l.db.d != sqliteDialect {
		l.drop()
	}
}

// drop gives up a connection that does not answer.
func (l *lane) drop() {
	if l.s != nil {
		_ = l.s.conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = l.s.close()
		l.s = nil
	}
}

// gather adds what is queued by now: every Write, and those of WriteLater when it is their turn.
func (l *lane) gather(jobs []*job) []*job {
	for len(jobs) < most {
		j := take(&l.jobs)
		if j == nil {
			break
		}
		jobs = append(jobs, j)
	}
	if now := time.Now(); now.Sub(l.waited) >= patience {
		l.waited = now
		n := mostLater
		if now.Sub(l.asked) < moment {
			n = fewLater
		}
		for range n {
			j := take(&l.later)
			if j == nil {
				break
			}
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// runAll runs every job in its savepoint. An error means that the whole transaction is spoilt.
func (l *lane) runAll(jobs []*job, b *batch) (results []error, err error) {
	results = make([]error, len(jobs))
	for i, j := range jobs {
		if !j.state.CompareAndSwap(queued, running) && j.state.Load() == abandoned {
			continue
		}
		alone := len(jobs) == 1
		if results[i], err = l.runOne(j, b, alone); err != nil {
			return results, err
		}
	}
	return results, nil
}

// runOne runs a job. result is what its caller is told; err means that the transaction is spoilt.
func (l *lane) runOne(j *job, b *batch, alone bool) (result, err error) {
	if !alone {
		if _, err := l.s.exec("savepoint one"); err != nil {
			return nil, err
		}
	}
	j.after = nil
	tx := &Tx{db: l.db, s: l.s, job: j, chain: b.chain}
	result = guard(func() error { return j.f(tx) })
	if result == nil && tx.broken != nil { // a failure that f did not pass on would be committed as if it were none
		result = l.db.d.fault("nothing was written", tx.broken)
	}
	if result == nil {
		if !alone {
			if _, err := l.s.exec("release savepoint one"); err != nil {
				return nil, err
			}
		}
		b.take(tx)
		return nil, nil
	}
	if tx.broken != nil && l.db.d.classify(tx.broken) != failed && l.db.d.classify(tx.broken) != taken {
		return nil, tx.broken // a deadlock or the like: it is for the whole transaction to be tried again
	}
	if alone {
		b.none = true
		return result, nil
	}
	if _, err := l.s.exec("rollback to savepoint one"); err != nil {
		return nil, err
	}
	_, err = l.s.exec("release savepoint one")
	return result, err
}

// guard runs f and makes of a panic an error, for a writer must go on.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &kmcr.Error{Kind: kmcr.Fault, Message: "a write failed by a defect", Remedy: "Report it with the log.", Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	return f()
}

// end commits, or takes back where there is nothing to commit.
func (l *lane) end(b *batch) error {
	if b.none {
		_, err := l.s.exec("rollback")
		return err
	}
	if _, err := l.s.exec("commit"); err != nil {
		return err
	}
	if b.chain.grown {
		if err := l.db.heads.keep(b.chain); err != nil {
			l.db.log.Error("the head of an audit chain could not be kept beside the keys", "error", err.Error())
		}
	}
	if l.tidier != nil {
		l.tidier.afterCommit(l.s)
	}
	return nil
}

// batch is what the jobs of one transaction have in common.
type batch struct {
	chain   chain
	tallies map[kmcr.ContributorCode]Tally
	none    bool // the only job failed: there is nothing to commit
}

// take adds what a job did.
func (b *batch) take(tx *Tx) {
	b.chain = tx.chain
	if b.tallies == nil {
		b.tallies = tx.tallies
		return
	}
	for c, t := range tx.tallies {
		b.tallies[c] = b.tallies[c].plus(t)
	}
}

// flush writes the counters and the head of the chain, once for all jobs.
func (b *batch) flush(l *lane) error {
	if b.none || len(b.tallies) == 0 && !b.chain.grown {
		return nil
	}
	if b.chain.id == 0 {
		c, err := lockChain(l.db, l.s)
		if err != nil {
			return err
		}
		b.chain = c
	}
	for c, t := range b.tallies {
		if err := putTally(l.s, c, b.chain.id, t); err != nil {
			return err
		}
	}
	if b.chain.grown {
		return putChain(l.db, l.s, b.chain)
	}
	return nil
}

// Tx is a running Write.
type Tx struct {
	db      *DB
	s       *session
	job     *job
	chain   chain
	tallies map[kmcr.ContributorCode]Tally
	revised map[kmcr.PatientID]int64
	broken  error // the last failure of a statement
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(text string, args ...any) (int64, error) {
	n, err := tx.s.exec(text, args...)
	return n, tx.note(err)
}

// row reads one row; found is false where there is none.
func (tx *Tx) row(text string, args []any, to ...any) (found bool, err error) {
	st, err := tx.s.stmt(text)
	if err != nil {
		return false, tx.note(err)
	}
	err = st.QueryRowContext(context.Background(), args...).Scan(to...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, tx.note(err)
}

// each calls f for every row. f may not use tx.
func (tx *Tx) each(f func(scan func(...any) error) error, text string, args ...any) error {
	return tx.note(tx.s.each(f, text, args...))
}

// note remembers a failure, which spoils the transaction where it is one of serialisation or connection.
func (tx *Tx) note(err error) error {
	if err == nil {
		return nil
	}
	var e *kmcr.Error
	if !errors.As(err, &e) {
		tx.broken = err
	}
	return tx.db.d.fault("nothing was written", err)
}

// then asks for f once the transaction is committed.
func (tx *Tx) then(f func()) { tx.job.after = append(tx.job.after, f) }

// tally counts for a contributor.
func (tx *Tx) tally(c kmcr.ContributorCode, t Tally) {
	if tx.tallies == nil {
		tx.tallies = map[kmcr.ContributorCode]Tally{}
	}
	tx.tallies[c] = tx.tallies[c].plus(t)
}
