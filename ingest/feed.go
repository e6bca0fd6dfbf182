package ingest

import (
	"context"
	"strings"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Pause has a contributor's messages refused, or taken again: its connections are closed and its files wait, so that nothing is lost. Audited as by.
func (s *Service) Pause(ctx context.Context, code kmcr.ContributorCode, paused bool, by kmcr.Viewer) error {
	action := map[bool]string{true: "pause", false: "resume"}[paused]
	return s.change(ctx, code, action, "", by, func(c *kmcr.Contributor) { c.Paused = paused })
}

// Trial holds what a new contributor states back from everybody but testers
// (accounts), or lets it be seen. One whose statements are read already cannot be held
// back: what people have seen would be gone without a word. Audited as by.
func (s *Service) Trial(ctx context.Context, code kmcr.ContributorCode, testOnly bool, testers []string, by kmcr.Viewer) error {
	c, err := s.directory.contributor(ctx, code)
	if err != nil {
		return err
	}
	if testOnly && !c.TestOnly {
		all, err := s.db.Tallies(ctx)
		if err != nil {
			return err
		}
		if all[code].Applied > 0 {
			return &kmcr.Error{Kind: kmcr.Conflict, Message: "what this contributor states is being read; it cannot be held back now", Remedy: "Pause it, or add the new system as a contributor of its own."}
		}
	}
	action := map[bool]string{true: "test-only", false: "go-live"}[testOnly]
	return s.change(ctx, code, action, strings.Join(testers, " "), by, func(c *kmcr.Contributor) { c.TestOnly, c.Testers = testOnly, testers })
}

func (s *Service) change(ctx context.Context, code kmcr.ContributorCode, action, with string, by kmcr.Viewer, f func(*kmcr.Contributor)) error {
	var c kmcr.Contributor
	found, err := s.db.Get(ctx, store.KindContributor, string(code), &c)
	if err == nil && !found {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such contributor", Remedy: "The list of the feeds shows those there are."}
	}
	if err != nil {
		return err
	}
	f(&c)
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindContributor, string(code), c); err != nil {
			return err
		}
		e := &audit.Entry{At: s.Now(), Action: action, Viewer: by, Purpose: kmcr.Administration, Allowed: true, Rule: "who works on feeds may pause and resume them, and say who tries them out", Where: "ingest",
			Detail: map[string]string{"contributor": string(code)}}
		if with != "" {
			e.Detail["testers"] = with
		}
		return tx.Audit(e)
	})
}
