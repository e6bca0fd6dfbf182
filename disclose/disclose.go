package disclose

import (
	"context"
	"log/slog"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/store"
)

// Service is the one way out: it gathers facts, decides, filters, composes
// and audits; nothing leaves before the audit entry is committed.
type Service struct{}

// Config is what the service needs.
type Config struct {
	DB  *store.DB
	Log *slog.Logger
	Now func() time.Time
}

// New makes the service.
func New(c Config) *Service { panic("not built") }

// Record opens a person's record for a page: decided, filtered, composed, audited. where names the route; only names the sections
// that the page shows (all when empty). Errors: kmcr.Refused with what is lawful next, kmcr.NotFound, kmcr.Unavailable when the audit cannot be written.
func (s *Service) Record(ctx context.Context, v kmcr.Viewer, ref, where string, only ...kmcr.Section) (*compose.Record, error) {
	panic("not built")
}

// Look is a record opened for the FHIR API: permitted statements, not yet shown.
type Look struct {
	Ref      kmcr.Ref
	Decision access.Decision
	// Statements are the permitted current ones, with the composed Patient of the person first (see Patient).
	Statements []*kmcr.Statement
	// Patient is the person as one FHIR Patient resource (compact JSON with id = ref and meta), made from the preferred demographics.
	Patient  []byte
	Withheld int
}

// Open decides and filters, but shows nothing: the caller must call Shown with what leaves, before the first byte of it does.
func (s *Service) Open(ctx context.Context, v kmcr.Viewer, ref, where string) (*Look, error) {
	panic("not built")
}

// Shown commits the audit entry for what is about to leave.
func (s *Service) Shown(ctx context.Context, v kmcr.Viewer, l *Look, where string, shown []*kmcr.Statement) error {
	panic("not built")
}

// Statement opens one statement by its logical id: current version, or an earlier one when version > 0; decided and audited.
func (s *Service) Statement(ctx context.Context, v kmcr.Viewer, id kmcr.StatementID, version int, where string) (*kmcr.Statement, error) {
	panic("not built")
}

// Versions lists the versions of a statement, newest first; decided and audited.
func (s *Service) Versions(ctx context.Context, v kmcr.Viewer, id kmcr.StatementID, where string) ([]*kmcr.Statement, error) {
	panic("not built")
}

// Query is what a person is looked for by: the number, or name with date of birth or postcode.
type Query struct {
	NHSNumber                     string `json:"nhs_number"`
	Family, Given, Born, Postcode string
}

// Found is one person who may be the one.
type Found struct {
	Ref               kmcr.Ref `json:"ref"`
	Name              string   `json:"name"`
	Born              string   `json:"born"`
	Gender            string   `json:"gender,omitempty"`
	Address           string   `json:"address,omitempty"`
	PossibleDuplicate bool     `json:"possibleDuplicate,omitempty"`
}

// Find looks for people; audited.
func (s *Service) Find(ctx context.Context, v kmcr.Viewer, q Query, where string) ([]Found, error) {
	panic("not built")
}

// BreakGlass opens a record in an emergency: reason is the viewer's own words, at least 10 characters; it lasts 8 hours and goes to the privacy officer.
func (s *Service) BreakGlass(ctx context.Context, v kmcr.Viewer, ref, reason string) error {
	panic("not built")
}

// Denied is what a refused viewer may know: enough to be sure it is the right person and what is lawful next.
type Denied struct {
	Found          Found
	Reason, Remedy string
	MayBreakGlass  bool
}

// Explain tells a refused viewer why and what next; audited.
func (s *Service) Explain(ctx context.Context, v kmcr.Viewer, ref string) (*Denied, error) {
	panic("not built")
}

// Looks lists who looked at a record; audited itself.
func (s *Service) Looks(ctx context.Context, v kmcr.Viewer, ref string) ([]*audit.Entry, error) {
	panic("not built")
}

// Caseload lists my people and my team's.
func (s *Service) Caseload(ctx context.Context, v kmcr.Viewer) ([]CaseloadEntry, error) {
	panic("not built")
}

// CaseloadEntry is one person on a caseload.
type CaseloadEntry struct {
	Found
	Kind   string    `json:"relationship"`
	Since  time.Time `json:"since"`
	Badges []string  `json:"badges"` // "in hospital since …", "died …"
}

// Alert is one thing that happened to somebody on my caseload.
type Alert struct {
	ID    string    `json:"id"`
	Topic string    `json:"topic"`
	Ref   kmcr.Ref  `json:"ref"`
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Text  string    `json:"text"`
}

// Alerts lists what happened to my people, newest first.
func (s *Service) Alerts(ctx context.Context, v kmcr.Viewer) ([]Alert, error) { panic("not built") }

// Feed is one contributor's counters, for the integration engineer.
type Feed struct {
	Contributor kmcr.Contributor `json:"contributor"`
	Tally       store.Tally      `json:"tally"`
	Late        bool             `json:"late"`
	Parked      map[string]int64 `json:"parkedByReason"`
}

// Feeds lists them; only for roles that work on feeds.
func (s *Service) Feeds(ctx context.Context, v kmcr.Viewer) ([]Feed, error) { panic("not built") }

// Pair is one match review, side by side.
type Pair struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Score   float64   `json:"score"`
	Reasons string    `json:"reasons"`
	A, B    compose.Demographics
	State   string `json:"state"`
}

// Matches lists the reviews in a state; only for records officers.
func (s *Service) Matches(ctx context.Context, v kmcr.Viewer, state string) ([]Pair, error) {
	panic("not built")
}

// PrivacyItem is one thing for the privacy officer: a break-glass, a self-claim, a refusal.
type PrivacyItem struct {
	Entry *audit.Entry `json:"entry"`
	What  string       `json:"what"`
}

// Privacy lists them, newest first.
func (s *Service) Privacy(ctx context.Context, v kmcr.Viewer) ([]PrivacyItem, error) {
	panic("not built")
}

// Own opens a contributor's own compartment for its API client: its patient by logical id, its own id or a statement's.
func (s *Service) Own(ctx context.Context, v kmcr.Viewer, resourceType, id, where string) (*store.Compartment, *kmcr.Statement, error) {
	panic("not built")
}
