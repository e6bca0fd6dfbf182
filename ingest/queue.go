package ingest

import (
	"sync"

	"kmcr/store"
)

// underWay is how many lanes each worker keeps under way: for most of the
// time a message waits for its commit, and commits are shared.
const underWay = 16

// job is one thing to be done in a lane: a message to be applied, or a parked one to be taken up again.
type job struct {
	message store.Message
	raw     []byte // nil: to be read
	replay  int64
}

// queue holds what is to be done, in lanes: one after the other within a
// lane, lanes side by side.
type queue struct {
	lanes []*lane

	mu      sync.Mutex
	changed *sync.Cond
	pending int // put and not yet done
	closed  bool
}

type lane struct {
	q    *queue
	jobs []job
}

func newQueue(lanes int) *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mu)
	for range lanes {
		q.lanes = append(q.lanes, &lane{q: q})
	}
	return q
}

// put adds a job to the lane of a hash.
func (q *queue) put(hash uint64, j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return // it stays waiting, or parked, in the ledger
	}
	l := q.lanes[hash%uint64(len(q.lanes))]
	l.jobs = append(l.jobs, j)
	q.pending++
	q.changed.Broadcast()
}

// next waits for the next job of a lane; ok is false when there will be none.
func (l *lane) next() (j job, ok bool) {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	for len(l.jobs) == 0 && !l.q.closed {
		l.q.changed.Wait()
	}
	if l.q.closed {
		return job{}, false
	}
	j = l.jobs[0]
	l.jobs[0] = job{}
	l.jobs = l.jobs[1:]
	return j, true
}

// done says that a job is finished.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	q.changed.Broadcast()
}

// wait returns when fewer than n jobs are pending, or the queue is shut.
func (q *queue) wait(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.pending >= n && !q.closed {
		q.changed.Wait()
	}
}

// shut lets the lanes end after what they are doing; the rest stays in the ledger.
func (q *queue) shut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

func (q *queue) isShut() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
