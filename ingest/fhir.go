package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/store"
)

// Interaction is one FHIR REST write of a contributor.
type Interaction struct {
	Contributor kmcr.ContributorCode
	Method      string // POST, PUT, DELETE
	Type, ID    string // from the path; both "" for a Bundle at the base
	Body        []byte // FHIR JSON, not yet proven
	IfMatch     string // W/"3"
	IfNoneExist string // search query
	Query       string // conditional update or delete: the search query
	// Whole says that a collection is all that the contributor says of its patient: what of a structured record it does not state again has ended.
	Whole bool

	original []byte   // as sent, where Body was made of another form
	unmapped []string // of it, what is in no statement
	filed    bool     // it comes from a file: nobody is waiting to be told
	tolerant bool     // what R4 must have may be missing
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
func (s *Service) FHIR(ctx context.Context, in Interaction) (Answer, error) {
	c, err := s.directory.contributor(ctx, in.Contributor)
	if kmcr.KindOf(err) == kmcr.NotFound {
		return refuse(http.StatusForbidden, "forbidden", "", "there is no such contributor", "Ask the service to add it."), nil
	}
	if err != nil {
		return Answer{}, err
	}
	if c.Paused {
		return refuse(http.StatusServiceUnavailable, "transient", "", "this contributor is paused", "Send it again later."), nil
	}
	s.feeds.heard(c.Code, s.Now(), 1)
	answer, _, err := s.interact(ctx, c, in, fresh(c, in, "", s.Now()), "fhir")
	return answer, err
}

// fresh is the ledger entry of an interaction that comes in now.
func fresh(c kmcr.Contributor, in Interaction, control string, now time.Time) *ledger {
	return &ledger{
		message: store.Message{Contributor: c.Code, Format: kmcr.FormatFHIR, ControlID: control, Hash: in.hash(), ReceivedAt: now},
		raw:     in.envelope,
	}
}

// hash tells a repeat of the same interaction.
func (in *Interaction) hash() [32]byte {
	if in.Type == "" && in.Query == "" && in.IfMatch == "" && in.IfNoneExist == "" {
		return sha256.Sum256(in.Body)
	}
	h := sha256.New()
	for _, part := range []string{in.Method, in.Type, in.ID, in.IfMatch, in.IfNoneExist, in.Query} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(in.Body)
	return [32]byte(h.Sum(nil))
}

// interact does one interaction, of a message that comes in or is taken up
// again, and counts what became of it.
func (s *Service) interact(ctx context.Context, c kmcr.Contributor, in Interaction, l *ledger, where string) (Answer, Totals, error) {
	r, err := s.decode(&in, c)
	if err != nil {
		return s.turnDown(ctx, l, err)
	}
	if r.kind == "batch" {
		return s.batch(ctx, c, r, where)
	}
	if l.message.ControlID == "" {
		l.message.ControlID = r.identifier
	}
	var done *attempt
	err = again(ctx, func() error {
		done = s.attempt(c, r, l, where)
		return done.run(ctx)
	})
	var repeat *sentBefore
	switch {
	case err == nil:
		s.arrived(c, done.plan.subjects)
		s.linkAfresh(ctx, done.plan)
		return done.answer(), count(store.Applied), nil
	case errors.As(err, &repeat):
		if repeat.message.State == store.Parked {
			return keptApart(&parking{reason: repeat.message.Reason, detail: repeat.message.Detail}), Totals{Duplicate: 1}, nil
		}
		return done.answer(), Totals{Duplicate: 1}, nil
	}
	return s.turnDown(ctx, l, err)
}

// turnDown parks or rejects what could not be done, and answers with why.
func (s *Service) turnDown(ctx context.Context, l *ledger, why error) (Answer, Totals, error) {
	var repeat *sentBefore
	if p := parkedBecause(why); p != nil {
		err := s.park(ctx, l, p)
		if errors.As(err, &repeat) {
			return keptApart(p), Totals{Duplicate: 1}, nil
		}
		return keptApart(p), count(store.Parked), err
	}
	answer, reason, ours := answerTo(why)
	if ours {
		return Answer{}, Totals{}, why
	}
	err := s.reject(ctx, l, reason, detailOf(why))
	if errors.As(err, &repeat) {
		return answer, Totals{Duplicate: 1}, nil
	}
	return answer, count(store.Rejected), err
}

// detailOf is an error in words for the ledger.
func detailOf(err error) string {
	var e *kmcr.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Where != "" {
		return e.Where + ": " + e.Message
	}
	return e.Message
}

// keptApart answers for what is kept but cannot be applied now.
func keptApart(p *parking) Answer {
	return Answer{Status: http.StatusAccepted, Body: fhir.Outcome(fhir.Issue{Severity: "warning", Code: "incomplete",
		Diagnostics: "It is kept, and parked (" + p.reason + "): " + p.detail + "."})}
}

// refuse answers with an OperationOutcome of severity error.
func refuse(status int, code, expression, message, remedy string) Answer {
	if remedy != "" {
		message += ". " + remedy
	}
	return Answer{Status: status, Body: fhir.Outcome(fhir.Issue{Severity: "error", Code: code, Expression: expression, Diagnostics: message})}
}

// answerTo gives the answer to a failure; ours is true where the failure is
// this service's and nothing was made durable.
func answerTo(err error) (a Answer, reason string, ours bool) {
	var bad *invalid
	if errors.As(err, &bad) {
		return Answer{Status: http.StatusUnprocessableEntity, Body: fhir.Outcome(bad.issues...)}, "not-valid", false
	}
	var e *kmcr.Error
	if !errors.As(err, &e) {
		return a, "", true
	}
	status, code := statusOf(e.Kind)
	var r *refusal
	if errors.As(err, &r) {
		reason = r.reason
		if r.status != 0 {
			status = r.status
		}
	}
	if status == 0 {
		return a, "", true
	}
	if reason == "" {
		reason = code
	}
	return refuse(status, code, e.Where, e.Message, e.Remedy), reason, false
}

// statusOf maps a kind of failure to HTTP and to the R4 issue type; 0 for this service's own.
func statusOf(k kmcr.Kind) (status int, code string) {
	switch k {
	case kmcr.Invalid:
		return http.StatusBadRequest, "invalid"
	case kmcr.NotFound:
		return http.StatusNotFound, "not-found"
	case kmcr.Gone:
		return http.StatusGone, "deleted"
	case kmcr.Conflict:
		return http.StatusConflict, "conflict"
	case kmcr.Precondition:
		return http.StatusPreconditionFailed, "conflict"
	case kmcr.Refused:
		return http.StatusForbidden, "forbidden"
	case kmcr.TooLarge:
		return http.StatusRequestEntityTooLarge, "too-long"
	case kmcr.Unsupported:
		return http.StatusNotImplemented, "not-supported"
	}
	return 0, ""
}

// invalid is a resource that breaks the structure of R4.
type invalid struct{ issues []fhir.Issue }

func (e *invalid) Error() string {
	first := e.issues[0]
	if first.Expression == "" {
		return first.Diagnostics
	}
	return first.Expression + ": " + first.Diagnostics
}
