package disclose

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/fhir"
	"kmcr/store"
)

// Look is a record opened for the FHIR API: permitted statements, not yet shown.
type Look struct {
	Ref      kmcr.Ref
	Decision access.Decision
	// Statements are the permitted current ones of all contributors. The person as one Patient is not among them: see Patient.
	Statements []*kmcr.Statement
	// Patient is the person as one FHIR Patient resource (compact JSON with id = ref and meta), made from the preferred demographics.
	Patient []byte
	// Patients are the contributors' Patients for whom the person stands.
	Patients []kmcr.StatementID
	Withheld int

	entry        *audit.Entry
	opening      *opening
	compartments []*store.Compartment
}

// Open decides and filters, but shows nothing: the caller must call Shown with what leaves, before the first byte of it does.
func (s *Service) Open(ctx context.Context, v kmcr.Viewer, ref, where string) (*Look, error) {
	o, err := s.open(ctx, v, ref, "read", where)
	if err != nil {
		return nil, err
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	all := current(compartments)
	seen := o.see(all)
	l := &Look{Ref: o.person.Ref(), Decision: o.decision, Statements: seen.permitted, Withheld: seen.left, entry: o.entry, opening: o, compartments: compartments}
	for _, s := range all {
		if s.Type == "Patient" {
			l.Patients = append(l.Patients, s.ID)
		}
	}
	l.Patient = patientResource(l.Ref, seen.identities(o))
	return l, nil
}

// Shown commits the audit entry for what is about to leave; while is done beside it, and what it makes may leave once Shown returns nil.
func (s *Service) Shown(ctx context.Context, v kmcr.Viewer, l *Look, where string, statements []*kmcr.Statement, while ...func()) error {
	if l == nil || l.entry == nil || l.entry.Viewer != v {
		return &kmcr.Error{Kind: kmcr.Fault, Message: "this look was opened by somebody else"}
	}
	e := *l.entry
	e.Where, e.Shown, e.Withheld = where, shown(statements), l.Withheld
	err := s.commit(ctx, &e, func() {
		for _, f := range while {
			f()
		}
	})
	if err != nil {
		return err
	}
	return s.tellTeam(ctx, l.opening, statements)
}

// Statement opens one statement by its logical id: current version, or an earlier one when version > 0; decided and audited.
// A statement that its contributor has deleted is kmcr.Gone to those who may know of it.
func (s *Service) Statement(ctx context.Context, v kmcr.Viewer, id kmcr.StatementID, version int, where string) (*kmcr.Statement, error) {
	t, err := s.statement(ctx, v, id, where)
	if err != nil {
		return nil, err
	}
	found := t.head
	if version > 0 {
		found = nil
		for _, x := range t.versions {
			if x.Version == version {
				found = x
			}
		}
	}
	if found != nil {
		found = t.permits(found)
	}
	if found == nil {
		t.entry.Allowed = false
		t.entry.Rule = "There is no such entry, or the viewer may not see it."
		if err := s.audit(ctx, t.entry); err != nil {
			return nil, err
		}
		return nil, noStatement()
	}
	t.entry.Shown = shown([]*kmcr.Statement{found})
	if err := s.audit(ctx, t.entry); err != nil {
		return nil, err
	}
	if err := s.tellTeam(ctx, t.opening, []*kmcr.Statement{found}); err != nil {
		return nil, err
	}
	if found.Deleted {
		return nil, &kmcr.Error{Kind: kmcr.Gone, Message: "its contributor has deleted this entry", Remedy: "Earlier versions are in its history."}
	}
	return s.whole(ctx, found)
}

// whole gives a statement with the files that are kept apart from it; those that are not held are left out.
func (s *Service) whole(ctx context.Context, x *kmcr.Statement) (*kmcr.Statement, error) {
	body, err := fhir.Whole(x.Body, func(hash [32]byte) ([]byte, error) { return s.db.File(ctx, x.ID.Patient, hash) })
	switch {
	case kmcr.KindOf(err) == kmcr.NotFound || err == nil && len(body) == len(x.Body):
		return x, nil
	case err != nil:
		return nil, unavailable(err)
	}
	return &kmcr.Statement{ID: x.ID, Version: x.Version, Type: x.Type, Contributor: x.Contributor, Section: x.Section, Labels: x.Labels, Key: x.Key, At: x.At, Recorded: x.Recorded,
		Deleted: x.Deleted, Internal: x.Internal, Late: x.Late, MessageID: x.MessageID, Body: body, Meta: x.Meta, Hash: x.Hash}, nil
}

// Versions lists the versions of a statement, newest first; decided and audited.
func (s *Service) Versions(ctx context.Context, v kmcr.Viewer, id kmcr.StatementID, where string) ([]*kmcr.Statement, error) {
	t, err := s.statement(ctx, v, id, where)
	if err != nil {
		return nil, err
	}
	var out []*kmcr.Statement
	for _, x := range slices.Backward(t.versions) {
		if x = t.permits(x); x != nil {
			out = append(out, x)
		}
	}
	t.entry.Allowed = len(out) > 0
	t.entry.Shown = shown(out)
	if err := s.audit(ctx, t.entry); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, noStatement()
	}
	return out, s.tellTeam(ctx, t.opening, out)
}

func noStatement() error {
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such entry, or you may not see it"}
}

// opened is one statement with its history, in a record that may be opened.
type opened struct {
	head     *kmcr.Statement
	versions []*kmcr.Statement // oldest first
	entry    *audit.Entry
	opening  *opening // nil where it is about nobody, or asked for by its own contributor
	// may judges one version and gives it as it may be shown; nil where it may not be.
	may func(*kmcr.Statement) *kmcr.Statement
}

// permits gives a version as it may be shown, nil where it may not be: as it
// was, and under the labels that the statement has now. A deletion is judged
// as what was deleted.
func (t opened) permits(x *kmcr.Statement) *kmcr.Statement {
	if x.Internal || t.may(t.lastSaid(t.head)) == nil {
		return nil
	}
	allowed := t.may(t.lastSaid(x))
	if allowed == nil || x.Deleted {
		return sameIf(x, allowed != nil)
	}
	return allowed
}

func sameIf(x *kmcr.Statement, ok bool) *kmcr.Statement {
	if !ok {
		return nil
	}
	return x
}

// lastSaid is x, or where x is a deletion the version before it that was none.
func (t opened) lastSaid(x *kmcr.Statement) *kmcr.Statement {
	if !x.Deleted {
		return x
	}
	for _, earlier := range slices.Backward(t.versions) {
		if earlier.Version < x.Version && !earlier.Deleted {
			return earlier
		}
	}
	return x
}

// statement finds a statement and decides about the record it is in. Not
// found, not of a person whom the viewer may know of, and not the viewer's own
// are answered alike.
func (s *Service) statement(ctx context.Context, v kmcr.Viewer, id kmcr.StatementID, where string) (*opened, error) {
	p, err := s.db.PatientByID(ctx, id.Patient)
	if err != nil {
		return nil, unavailable(err)
	}
	t := &opened{entry: s.entry(v, "read", where)}
	rule := "There is no such entry, or the viewer may not see it."
	var refused error = noStatement()
	if p != nil {
		who, err := s.parties(ctx)
		if err != nil {
			return nil, err
		}
		if who.silent(v, p.Contributor) {
			p = nil
		}
	}
	if p != nil {
		t.entry.Patient = p.ID
		if rule, refused, err = s.mayOpen(ctx, v, p, t); err != nil {
			return nil, err
		}
	}
	t.entry.Allowed, t.entry.Rule = refused == nil, rule
	if refused == nil {
		compartments, err := s.compartments(ctx, []*store.Patient{p})
		if err != nil {
			return nil, err
		}
		for _, c := range compartments {
			t.head, t.versions = c.Head(id), c.Versions(id)
		}
		if t.head != nil {
			return t, nil
		}
		refused, t.entry.Allowed = noStatement(), false
	}
	if err := s.audit(ctx, t.entry); err != nil {
		return nil, err
	}
	return nil, refused
}

// mayOpen decides about the patient that a statement belongs to: a
// contributor's own client, somebody who asks about nobody, or somebody who
// asks about a person.
func (s *Service) mayOpen(ctx context.Context, v kmcr.Viewer, p *store.Patient, t *opened) (rule string, refused, err error) {
	if v.Contributor != "" {
		t.entry.Purpose = kmcr.Administration
		t.may = func(x *kmcr.Statement) *kmcr.Statement { return x }
		if p.Contributor != v.Contributor {
			return ownAlone, noStatement(), nil
		}
		return ownAlone, nil, nil
	}
	if !p.Register && p.Person == 0 {
		return "What is about somebody who is not known yet is shown to nobody.", noStatement(), nil
	}
	if p.Register {
		parties, err := s.parties(ctx)
		if err != nil {
			return "", nil, err
		}
		organisation := parties.organisation(v.Organisation)
		t.may = func(x *kmcr.Statement) *kmcr.Statement {
			ok, _ := parties.policy.MayRead(v, organisation, x)
			return sameIf(x, ok)
		}
		return "Who and where other entries speak of may be read by those who give care.", nil, nil
	}
	o, err := s.gatherFor(ctx, v, p.Person, "read", t.entry.Where)
	if err != nil {
		return "", nil, err
	}
	o.entry.Patient = p.ID
	t.entry, t.opening = o.entry, o
	if o.decision.Outcome != access.Permitted {
		return o.decision.Rule, noStatement(), nil
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return "", nil, err
	}
	all := current(compartments)
	t.may = func(x *kmcr.Statement) *kmcr.Statement { return o.sees(all, x) }
	return o.decision.Rule, nil, nil
}
