package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"kmcr"
	"kmcr/store"
)

// Config is what the service needs.
type Config struct {
	DB  *store.DB
	Log *slog.Logger
	Now func() time.Time // nil: time.Now
	// May decides, at the moment of sending, whether a subscriber may have an event, and audits it: the type of the resource that it is about, "" for no;
	// listed asks that the person is on the subscriber's list (disclose.Service.MayHear).
	May func(ctx context.Context, v kmcr.Viewer, e kmcr.Event, listed bool) (focus string, err error)
	// MaySubscribe decides whether a viewer may ask to be told of one person ("": of those on a list), and audits a refusal (disclose.Service.MaySubscribe).
	MaySubscribe func(ctx context.Context, v kmcr.Viewer, person kmcr.Ref, topics []string) error
	// Owner is who a subscriber is now: role, organisation and team of an account may have changed; false where the account is gone or disabled.
	Owner func(ctx context.Context, v kmcr.Viewer) (kmcr.Viewer, bool, error)
	// Hooks are the receivers to which notifications may be sent (host, host:port, https://host:port, http://host:port).
	Hooks []string
	// MailRelay is the host:port of the e-mail relay ("": there is no e-mail), MailFrom the sender, MailDomains those to which it may be sent.
	MailRelay, MailFrom string
	MailDomains         []string
	// Pages is how browsers address this service, FHIR the base of the FHIR API.
	Pages, FHIR string
}

// Service is the one who tells.
type Service struct {
	db           *store.DB
	log          *slog.Logger
	now          func() time.Time
	wake         chan struct{}
	streams      streams
	may          func(context.Context, kmcr.Viewer, kmcr.Event, bool) (string, error)
	maySubscribe func(context.Context, kmcr.Viewer, kmcr.Ref, []string) error
	owner        func(context.Context, kmcr.Viewer) (kmcr.Viewer, bool, error)
	hooks        *hooks
	mail         mailer
	base         string
	kept         struct {
		mu   sync.Mutex
		read time.Time
		all  []Subscription
	}
	flying   sync.Mutex
	flight   flight
	greeting map[string]bool
	die      context.CancelFunc
	running  sync.WaitGroup
}

// How often the bulletin is read where nobody said that there is something on
// it (another process may have written), and how long it is kept.
const (
	lookAgain = 500 * time.Millisecond
	tidyAfter = 15 * time.Minute
)

// New makes the service and starts it. Errors: an entry of Hooks that is no host.
func New(c Config) (*Service, error) {
	hooks, err := newHooks(c.Hooks)
	if err != nil {
		return nil, err
	}
	s := &Service{db: c.DB, may: c.May, maySubscribe: c.MaySubscribe, owner: c.Owner, hooks: hooks, base: c.FHIR, mail: mailer{c.MailRelay, c.MailFrom, c.MailDomains, c.Pages},
		flight: flight{all: map[string]int{}, ids: map[int64]bool{}}, greeting: map[string]bool{}, log: c.Log, now: c.Now, wake: make(chan struct{}, 1)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.streams.open = map[*stream]bool{}
	ctx, die := context.WithCancel(context.Background())
	s.die = die
	s.running.Go(func() { s.readBulletin(ctx) })
	return s, nil
}

// Happened says that something is on the bulletin. It returns at once. A nil Service, in a process that does not serve, hears nothing.
func (s *Service) Happened(kmcr.Event) { s.Wake() }

// Wake has the bulletin read now.
func (s *Service) Wake() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Hush ends the streams, so that a server can drain.
func (s *Service) Hush() { s.streams.closeAll() }

// Close ends what runs.
func (s *Service) Close() {
	if s == nil {
		return
	}
	s.Hush()
	s.die()
	s.running.Wait()
}
