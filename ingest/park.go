package ingest

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Replay takes a parked message up again; Discard gives it up with a reason; both are audited as by.
// That it can still not be applied is no error: it stays parked, with what keeps it now.
func (s *Service) Replay(ctx context.Context, id int64, by kmcr.Viewer) error {
	return s.replay(ctx, id, &by)
}

func (s *Service) replay(ctx context.Context, id int64, by *kmcr.Viewer) error {
	m, err := s.parked(ctx, id)
	if err != nil {
		return err
	}
	raw, err := s.db.Raw(ctx, id)
	if err != nil {
		return err
	}
	if by != nil {
		if err := s.auditAct(ctx, "replay", m, "", *by); err != nil {
			return err
		}
	}
	c, err := s.directory.contributor(ctx, m.Contributor)
	if err != nil {
		return err
	}
	l := &ledger{message: *m, there: true}
	if m.Format != kmcr.FormatFHIR {
		return s.outcome(ctx, l, s.guarded(func() error { return s.apply(ctx, c, l, raw, "replay") }))
	}
	in, err := openEnvelope(c, raw)
	if err != nil {
		return s.outcome(ctx, l, &parking{reason: "not-readable", detail: err.Error()})
	}
	return s.guarded(func() error {
		_, _, err := s.interact(ctx, c, in, l, "replay")
		return settledElsewhere(err)
	})
}

func (s *Service) parked(ctx context.Context, id int64) (*store.Message, error) {
	m, err := s.db.MessageByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if m.State != store.Parked {
		return nil, &kmcr.Error{Kind: kmcr.Conflict, Message: "the message is " + string(m.State) + ", not parked", Remedy: "kmcr parked list shows those that are."}
	}
	return m, nil
}

// Discard gives a parked message up.
func (s *Service) Discard(ctx context.Context, id int64, reason string, by kmcr.Viewer) error {
	if strings.TrimSpace(reason) == "" {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a message is not given up without a reason", Remedy: "Say why."}
	}
	m, err := s.parked(ctx, id)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Settle(id, store.Rejected, "discarded", reason); err != nil {
			return err
		}
		return tx.Audit(s.act("discard", m, reason, by))
	})
}

func (s *Service) auditAct(ctx context.Context, action string, m *store.Message, reason string, by kmcr.Viewer) error {
	return s.db.AuditNow(ctx, s.act(action, m, reason, by))
}

func (s *Service) act(action string, m *store.Message, reason string, by kmcr.Viewer) *audit.Entry {
	return &audit.Entry{At: s.Now(), Action: action, Viewer: by, Purpose: kmcr.Administration, Reason: reason, Allowed: true,
		Rule: "a parked message may be taken up again or given up", Where: "ingest",
		Detail: map[string]string{"message": strconv.FormatInt(m.ID, 10), "contributor": string(m.Contributor)}}
}

// replayAll takes up what of a contributor waits for something else, until that brings nothing more.
func (s *Service) replayAll(ctx context.Context, c kmcr.ContributorCode) error {
	for before := -1; ; {
		ids := s.absent.all(c)
		if len(ids) == 0 || len(ids) == before {
			s.absent.remember(c, []string{""}, ids...)
			return nil
		}
		before = len(ids)
		for _, id := range ids {
			err := s.replay(ctx, id, nil)
			if k := kmcr.KindOf(err); err != nil && k != kmcr.Conflict && k != kmcr.NotFound {
				return err
			}
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
		}
	}
}
