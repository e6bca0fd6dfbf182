package ingest

import (
	"context"
	"log/slog"
	"net"
	"time"

	"kmcr"
	"kmcr/store"
)

// Service is the one way in.
type Service struct{}

// Config is what the service needs.
type Config struct {
	DB      *store.DB
	Log     *slog.Logger
	Now     func() time.Time
	Workers int // 0: one a processor
	// Involvements derives who is involved from a patient's current statements (access.Involvements, handed over by cmd/kmcr).
	Involvements func(c kmcr.Contributor, statements []*kmcr.Statement) []kmcr.Involvement
	// Labels gives the section and labels of a statement (access.Classify).
	Classify func(resourceType string, body, meta []byte) (kmcr.Section, []kmcr.Label)
	// Happened is called after a message has been applied whose reading had an event (notify).
	Happened  func(kmcr.Event)
	MaxFrame  int           // bytes of an MLLP frame; 0: 2 MiB
	Idle      time.Duration // 0: 5 minutes
	FrameTime time.Duration // longest time for one frame to arrive; 0: 30 seconds
}

// New starts the workers; what was waiting when the last process ended is taken up first.
func New(ctx context.Context, c Config) (*Service, error) { panic("not built") }

// Close stops taking in, finishes what has begun, and returns.
func (s *Service) Close(ctx context.Context) error { panic("not built") }

// ServeMLLP listens until ctx ends.
func (s *Service) ServeMLLP(ctx context.Context, l net.Listener) error { panic("not built") }

// Idle waits until nothing is waiting (tests, import).
func (s *Service) Quiet(ctx context.Context) error { panic("not built") }

// Interaction is one FHIR REST write of a contributor.
type Interaction struct {
	Contributor kmcr.ContributorCode
	Method      string // POST, PUT, DELETE
	Type, ID    string // from the path; both "" for a Bundle at the base
	Body        []byte // FHIR JSON, not yet proven
	IfMatch     string // W/"3"
	IfNoneExist string // search query
	Query       string // conditional update or delete: the search query
}

// Answer is what FHIR REST says back.
type Answer struct {
	Status       int
	Location     string // relative to the base
	ETag         string
	LastModified time.Time
	Body         []byte // resource, transaction-response Bundle or OperationOutcome
}

// FHIR takes one interaction in, durable when it returns. Every failure is an Answer with an OperationOutcome; err is only for
// what could not be made durable.
func (s *Service) FHIR(ctx context.Context, in Interaction) (Answer, error) { panic("not built") }

// Totals count an import.
type Totals struct{ Received, Applied, Parked, Rejected, Duplicate int64 }

// Import takes in one file's content: one message or many, of the contributor's format, .gz/.zip/.ndjson unpacked by name.
// progress is called now and then with bytes done. It returns when everything in it is durable; Quiet waits for it to be applied.
func (s *Service) Import(ctx context.Context, c kmcr.ContributorCode, name string, data []byte, progress func(done, total int64)) (Totals, error) {
	panic("not built")
}

// Replay takes a parked message up again; Discard gives it up with a reason; both are audited as by.
func (s *Service) Replay(ctx context.Context, id int64, by kmcr.Viewer) error { panic("not built") }

// Discard gives a parked message up.
func (s *Service) Discard(ctx context.Context, id int64, reason string, by kmcr.Viewer) error {
	panic("not built")
}

// Decide records what a records officer decided on a review: "same" links the two, "different" keeps them apart for good, "unsure" leaves it open.
func (s *Service) Decide(ctx context.Context, review int64, decision string, by kmcr.Viewer) error {
	panic("not built")
}

// UndoMerge takes back an A40 merge of a contributor's patient.
func (s *Service) UndoMerge(ctx context.Context, from kmcr.PatientID, by kmcr.Viewer) error {
	panic("not built")
}
