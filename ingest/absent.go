package ingest

import (
	"context"
	"slices"
	"sync"

	"kmcr"
	"kmcr/store"
)

// absent remembers which parked messages wait for which thing of their
// contributor's, so that they are taken up again when it arrives.
type absent struct {
	mu      sync.Mutex
	missing map[absence][]int64
}

// absence is one thing that is waited for; with no name, anything that may come.
type absence struct {
	contributor kmcr.ContributorCode
	name        string
}

// reasons for which a message is taken up again by itself.
var passing = []string{"reference-unknown", "merge-unknown"}

// atOnce is how many parked messages one arrival takes up.
const atOnce = 256

// rememberAbsent reads what was parked before this process began: what each
// of them waits for is found out by trying once.
func (s *Service) rememberAbsent(ctx context.Context) error {
	return s.db.Messages(ctx, "", store.Parked, func(m store.Message) error {
		if slices.Contains(passing, m.Reason) {
			s.absent.remember(m.Contributor, []string{""}, m.ID)
		}
		return nil
	})
}

func (a *absent) remember(c kmcr.ContributorCode, names []string, ids ...int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range names {
		k := absence{c, n}
		for _, id := range ids {
			if !slices.Contains(a.missing[k], id) {
				a.missing[k] = append(a.missing[k], id)
			}
		}
	}
}

// take gives the messages that waited for any of the names, and forgets them.
func (a *absent) take(c kmcr.ContributorCode, names []string) []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.missing) == 0 {
		return nil
	}
	var ids []int64
	for _, n := range append(names, "") {
		k := absence{c, n}
		waiting := a.missing[k]
		if room := atOnce - len(ids); len(waiting) > room {
			ids, a.missing[k] = append(ids, waiting[:room]...), waiting[room:]
			break
		}
		ids = append(ids, waiting...)
		delete(a.missing, k)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// all gives every message of a contributor that waits for something.
func (a *absent) all(c kmcr.ContributorCode) []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []int64
	for k, waiting := range a.missing {
		if k.contributor == c {
			ids = append(ids, waiting...)
			delete(a.missing, k)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// arrived takes up again what waited for anything that a message brought.
func (s *Service) arrived(c kmcr.Contributor, subjects []*subject) {
	var names []string
	for _, x := range subjects {
		if !x.fresh && len(x.aliases) == 0 {
			continue
		}
		names = append(names, x.patient.Key)
		if x.claims != nil {
			names = append(names, x.claims.Aliases...)
		}
		for _, a := range x.aliases {
			names = append(names, a.key)
		}
		if x.claims != nil && x.claims.NHS != "" {
			names = append(names, identifierAlias(nhsNumberSystem, string(x.claims.NHS)))
		}
	}
	if len(names) == 0 {
		return
	}
	for _, id := range s.absent.take(c.Code, names) {
		s.queue.put(hash64("parked", string(c.Code)), job{replay: id})
	}
}
