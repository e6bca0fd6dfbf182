package ingest

import (
	"slices"
	"sync"
)

// locks keep what this process does to one thing in order, so that two
// messages about one patient do not make the same block and start again. They
// are a courtesy: the store refuses what would conflict, also between processes.
//
// They are taken in three steps, never backwards: the names under which a
// contributor's patients are known, the patients, and the tokens by which
// candidates are found.
type locks struct{ names, patients, tokens stripes }

// stripes are locks by hash; different things may share one.
type stripes [1024]sync.Mutex

// hold takes the locks of all hashes and returns how to give them back.
func (s *stripes) hold(hashes []uint64) (release func()) {
	if len(hashes) == 0 {
		return func() {}
	}
	places := make([]int, len(hashes))
	for i, h := range hashes {
		places[i] = int(h % uint64(len(s)))
	}
	slices.Sort(places)
	places = slices.Compact(places)
	for _, p := range places {
		s[p].Lock()
	}
	return func() {
		for _, p := range places {
			s[p].Unlock()
		}
	}
}

// hash64 is FNV-1a over the parts, each ended by a byte that is in none of them.
func hash64(parts ...string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * prime
		}
		h = (h ^ 0xff) * prime
	}
	h ^= h >> 32 // so that a remainder depends on all of it
	return h
}
