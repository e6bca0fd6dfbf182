package store

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"kmcr"
)

// ids draws numbers that grow with time: 40 bits of milliseconds since 2026,
// 5 bits of this process, 8 bits of a counter. They fit in 53 bits, so that
// every reader of JSON reads them exactly. Two processes may by chance have
// the same 5 bits; whoever then finds a number taken calls move and draws again.
type ids struct {
	mu          sync.Mutex
	slot, count int64
	node        int64
}

const (
	idEpoch     = 1767225600000 // 2026-01-01T00:00:00Z in milliseconds
	idCountBits = 8
	idNodeBits  = 5
)

func newIDs() *ids {
	g := &ids{}
	g.move()
	return g
}

// move gives this process other bits.
func (g *ids) move() {
	bits := int64(random64() & (1<<idNodeBits - 1))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.node = bits
}

// next draws a number, greater than any that this process has drawn before (unless it moved within the millisecond).
func (g *ids) next(now time.Time) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	ms := max(now.UnixMilli()-idEpoch, 1)
	switch {
	case ms > g.slot:
		g.slot, g.count = ms, 0
	case g.count == 1<<idCountBits-1:
		g.slot, g.count = g.slot+1, 0
	default:
		g.count++
	}
	return g.slot<<(idNodeBits+idCountBits) | g.node<<idCountBits | g.count
}

// patient draws the id of a patient: later ones are greater, so that new patients are written side by side; the rest is chance.
func (g *ids) patient(now time.Time) kmcr.PatientID {
	return kmcr.PatientID(g.next(now)<<10 | int64(random64()&(1<<10-1)))
}

// person draws the id of a person, which says nothing at all.
func (g *ids) person() kmcr.PersonID {
	for {
		if n := int64(random64() >> 1); n != 0 {
			return kmcr.PersonID(n)
		}
	}
}

func random64() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}
