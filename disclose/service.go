package disclose

import (
	"context"
	"log/slog"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Service is the one way out: it gathers facts, decides, filters, composes
// and audits; nothing leaves before the audit entry is committed.
type Service struct {
	opened   func(Seen) // nil: nobody is told
	db       *store.DB
	log      *slog.Logger
	now      func() time.Time
	tokens   func(Query) []string
	explain  func(kmcr.Contributor, store.Message, []byte) Explanation
	register register
	heard    heard
	searches kmcr.Rate
	sittings sittings
	used     used
	flagged  kmcr.Rate                                    // looks at children's flags of which their team is told
	keep     func(context.Context, ...*audit.Entry) error // writes audit entries
	happened func()
}

// Config is what the service needs.
type Config struct {
	DB  *store.DB
	Log *slog.Logger
	Now func() time.Time // nil: time.Now
	// Tokens gives the search tokens of what is looked for (match.Kept, handed over by cmd/kmcr). Query.NHSNumber is ten digits or "".
	Tokens func(Query) []string
	// Happened is called after something was written here that somebody may have to be told of (notify); nil: nobody is.
	Happened func()
	// Explain reads a message as it was kept (ingest.Explain, handed over by cmd/kmcr); nil: messages are not explained.
	Explain func(c kmcr.Contributor, m store.Message, raw []byte) Explanation
}

// New makes the service.
func New(c Config) *Service {
	s := &Service{
		searches: kmcr.Rate{Burst: searchesAtOnce, Every: searchesEvery}, flagged: kmcr.Rate{Burst: 1, Every: tellAgain},
		db: c.DB, log: c.Log, now: c.Now, tokens: c.Tokens, explain: c.Explain, keep: c.DB.AuditNow,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.happened = c.Happened; s.happened == nil {
		s.happened = func() {}
	}
	if s.tokens == nil {
		s.tokens = func(Query) []string { return nil }
	}
	return s
}

// commit writes an audit entry; while runs beside it. Nothing that it
// concerns may be shown before commit has returned nil.
func (s *Service) commit(ctx context.Context, e *audit.Entry, while func()) error {
	done := s.begin(ctx, e)
	while()
	return <-done
}

// begin has an audit entry written, and tells when it is.
func (s *Service) begin(ctx context.Context, e *audit.Entry) chan error {
	// Who goes away does not undo what was looked at.
	ctx = context.WithoutCancel(ctx)
	done := make(chan error, 1)
	go func() {
		err := s.keep(ctx, e)
		if err == nil {
			s.used.count(e)
		} else {
			s.log.Error("the audit entry could not be written; nothing was shown", "action", e.Action, "error", err)
			err = &kmcr.Error{
				Kind:    kmcr.Unavailable,
				Message: "the audit log cannot be written now, so nothing is shown",
				Remedy:  "Try again in a minute. If it lasts, tell your service desk; use your own organisation's record meanwhile.",
				Err:     err,
			}
		}
		done <- err
	}()
	return done
}

// commitBehind is commit that, under a context of Behind, leaves it to who answers to wait.
func (s *Service) commitBehind(ctx context.Context, e *audit.Entry, while func()) error {
	b, ok := ctx.Value(behindKey{}).(*behind)
	if !ok {
		return s.commit(ctx, e, while)
	}
	b.underWay = append(b.underWay, s.begin(ctx, e))
	while()
	return nil
}

func (s *Service) audit(ctx context.Context, e *audit.Entry) error {
	return s.commit(ctx, e, func() {})
}

// Refused writes down that something was asked for that nobody in the viewer's place may do; rule says why.
func (s *Service) Refused(ctx context.Context, v kmcr.Viewer, action, where, rule string) error {
	e := s.entry(v, action, where)
	e.Purpose, e.Rule = kmcr.Administration, rule
	return s.audit(ctx, e)
}

// unknown answers for a person who is not there, or whom the viewer may not know of: the same in both cases.
func unknown() error {
	_, err := kmcr.ParseRef("")
	return err
}

// unavailable says that the memory could not be read.
func unavailable(err error) error {
	if err == nil || kmcr.KindOf(err) != kmcr.Fault {
		return err
	}
	return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the record cannot be read now", Remedy: "Try again in a minute. If it lasts, tell your service desk.", Err: err}
}
