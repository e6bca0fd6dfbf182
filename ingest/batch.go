package ingest

import (
	"context"
	"errors"
	"sync"

	"kmcr"
)

// sideBySide is how many entries of a batch, or resources of a file, are under way at once.
const sideBySide = 16

// batch does each entry by itself: each is a message of its own in the
// ledger. Patients come first, so that the other entries may speak of them.
func (s *Service) batch(ctx context.Context, c kmcr.Contributor, r *request, where string) (Answer, Totals, error) {
	answers := make([]Answer, len(r.entries))
	totals := make([]Totals, len(r.entries))
	failures := make([]error, len(r.entries))
	do := func(i int) {
		answers[i], totals[i], failures[i] = s.batchEntry(ctx, c, &r.entries[i], r.filed, where)
	}
	for i := range r.entries {
		if r.entries[i].kind == "Patient" {
			do(i)
		}
	}
	var running sync.WaitGroup
	room := make(chan struct{}, sideBySide)
	for i := range r.entries {
		if r.entries[i].kind == "Patient" {
			continue
		}
		room <- struct{}{}
		running.Go(func() {
			defer func() { <-room }()
			do(i)
		})
	}
	running.Wait()
	var total Totals
	for i := range r.entries {
		total.add(totals[i])
		if failures[i] != nil {
			return Answer{}, total, failures[i]
		}
	}
	return batchAnswer(answers), total, nil
}

func (s *Service) batchEntry(ctx context.Context, c kmcr.Contributor, e *entry, filed bool, where string) (Answer, Totals, error) {
	in := Interaction{Contributor: c.Code, Method: e.method, Type: e.kind, ID: e.id, IfMatch: e.ifMatch, IfNoneExist: e.ifNoneExist, Query: e.query, filed: filed}
	if e.resource != nil {
		in.Body = e.resource.Bytes()
	}
	l := fresh(c, in, "", s.Now())
	var wrong *invalid
	if e.failed != nil && !(filed && errors.As(e.failed, &wrong)) {
		return s.turnDown(ctx, l, orFiled(filed, "Bundle", e.failed))
	}
	return s.interact(ctx, c, in, l, where)
}
