package disclose

import (
	"context"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
)

// AuditQuery says which audit entries are asked for; a field that is zero does not narrow.
type AuditQuery struct {
	Ref         string    // of the person
	Account     string    // who did it
	Action      string    // C, R, U, D or E, as AuditEvent.action has it
	Subtype     string    // what was done: "read", "break-glass", "merge", …
	Outcome     string    // "0" allowed, "4" refused
	From, Until time.Time // until is not included
	Most        int       // at most so many, newest first
}

// AuditEvent is one entry as FHIR has it.
type AuditEvent struct {
	ID   string // of the resource
	Body []byte // FHIR R4 AuditEvent
}

// AuditEvents lists audit entries as FHIR AuditEvent, newest first, for those
// whose work it is to see who did what; audited itself. A search names a
// person, an account or a day to begin with: the whole log is for kmcr audit export.
func (s *Service) AuditEvents(ctx context.Context, v kmcr.Viewer, q AuditQuery, where string) ([]AuditEvent, error) {
	_, e, err := s.work(ctx, v, access.WorkPrivacy)
	if err != nil {
		return nil, err
	}
	e.Action, e.Where = "looks", where
	if q.Ref == "" && q.Account == "" && q.From.IsZero() {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "http.patient", Message: "a search for audit events names a person, an account or a date to begin with", Remedy: "Add patient={ref}, agent={account} or date=ge{date}."}
	}
	var found []*audit.Entry
	take := func(e *audit.Entry) {
		if q.asksFor(e) {
			found = append(found, e)
		}
	}
	if q.Ref != "" {
		if e.Person, err = kmcr.ParseRef(q.Ref); err == nil {
			err = s.auditOf(ctx, e.Person, take)
		}
	} else {
		err = unavailable(s.db.AuditAll(ctx, func(e *audit.Entry) error { take(e); return nil }))
	}
	if err != nil && kmcr.KindOf(err) != kmcr.NotFound {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b *audit.Entry) int { return b.At.Compare(a.At) })
	if q.Most > 0 {
		found = found[:min(len(found), q.Most)]
	}
	out := make([]AuditEvent, len(found))
	for n, e := range found {
		out[n] = auditEvent(e)
	}
	return out, s.audit(ctx, e)
}

func (s *Service) auditOf(ctx context.Context, person kmcr.PersonID, take func(*audit.Entry)) error {
	now, err := s.db.PersonNow(ctx, person)
	if err != nil {
		return unavailable(err)
	}
	if now != 0 {
		person = now
	}
	entries, err := s.db.AuditOf(ctx, person, mostLooks)
	for _, e := range entries {
		take(e)
	}
	return unavailable(err)
}

func auditEvent(e *audit.Entry) AuditEvent {
	return AuditEvent{ID: strings.ReplaceAll(e.ID, "/", "-"), Body: audit.FHIR(e)}
}

// asksFor tells whether an entry is among those asked for.
func (q AuditQuery) asksFor(e *audit.Entry) bool {
	outcome := map[bool]string{true: "0", false: "4"}[e.Allowed]
	switch {
	case q.Account != "" && e.Viewer.Account != q.Account,
		q.Outcome != "" && outcome != q.Outcome,
		q.Subtype != "" && e.Action != q.Subtype,
		q.Action != "" && audit.Act(e.Action) != q.Action,
		!q.From.IsZero() && e.At.Before(q.From),
		!q.Until.IsZero() && !e.At.Before(q.Until):
		return false
	}
	return true
}

// AuditEvent reads one audit entry by the id of its AuditEvent, for those whose work it is to see who did what; audited itself.
func (s *Service) AuditEvent(ctx context.Context, v kmcr.Viewer, id, where string) (AuditEvent, error) {
	_, e, err := s.work(ctx, v, access.WorkPrivacy)
	if err != nil {
		return AuditEvent{}, err
	}
	e.Action, e.Where = "looks", where
	found, err := s.db.AuditEntry(ctx, strings.ReplaceAll(id, "-", "/"))
	if kmcr.KindOf(err) == kmcr.NotFound {
		e.Allowed, e.Rule = false, "There is no such audit event."
		if err := s.audit(ctx, e); err != nil {
			return AuditEvent{}, err
		}
		return AuditEvent{}, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such AuditEvent, or you may not know of it"}
	}
	if err != nil {
		return AuditEvent{}, unavailable(err)
	}
	e.Person = found.Person
	return auditEvent(found), s.audit(ctx, e)
}
