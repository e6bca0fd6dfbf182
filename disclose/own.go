package disclose

import (
	"context"

	"kmcr"
	"kmcr/store"
)

const ownAlone = "A contributor's own system is shown its own statements, and nothing else."

// Own opens a contributor's own compartment for its API client: its patient by logical id, its own id or a statement's. The
// statement is that of the id, deleted ones too; nil where the id is a patient's without a statement. Audited.
func (s *Service) Own(ctx context.Context, v kmcr.Viewer, resourceType, id, where string) (*store.Compartment, *kmcr.Statement, error) {
	e := s.entry(v, "read", where)
	e.Purpose, e.Rule = kmcr.Administration, ownAlone
	c, statement, err := s.own(ctx, v, resourceType, id)
	if err != nil && kmcr.KindOf(err) != kmcr.NotFound {
		return nil, nil, err
	}
	e.Allowed = err == nil
	if c != nil {
		e.Patient = c.Patient.ID
	}
	switch { // who opens a patient may read everything in the compartment
	case statement != nil && resourceType != "Patient":
		e.Shown = shown([]*kmcr.Statement{statement})
	case c != nil:
		e.Shown = shown(c.Current())
	}
	if failed := s.audit(ctx, e); failed != nil {
		return nil, nil, failed
	}
	if statement != nil && err == nil {
		statement, err = s.whole(ctx, statement)
	}
	return c, statement, err
}

func (s *Service) own(ctx context.Context, v kmcr.Viewer, resourceType, id string) (*store.Compartment, *kmcr.Statement, error) {
	if v.Contributor == "" {
		return nil, nil, noStatement()
	}
	patient, logical, err := s.resolve(ctx, v.Contributor, resourceType, id)
	if err != nil {
		return nil, nil, unavailable(err)
	}
	if patient == nil || patient.Contributor != v.Contributor {
		return nil, nil, noStatement()
	}
	compartments, err := s.compartments(ctx, []*store.Patient{patient})
	if err != nil {
		return nil, nil, err
	}
	if len(compartments) == 0 {
		return nil, nil, noStatement()
	}
	c := compartments[0]
	if logical == nil {
		return c, nil, nil
	}
	statement := c.Head(*logical)
	if statement == nil || statement.Internal || resourceType != "" && statement.Type != resourceType {
		return nil, nil, noStatement()
	}
	return c, statement, nil
}

// resolve finds the patient, and the statement where the id is one's.
func (s *Service) resolve(ctx context.Context, c kmcr.ContributorCode, resourceType, id string) (*store.Patient, *kmcr.StatementID, error) {
	if logical, ok := kmcr.ParseStatementID(id); ok {
		p, err := s.db.PatientByID(ctx, logical.Patient)
		return p, &logical, err
	}
	key := resourceType + "/" + id
	logical, ok, err := s.db.StatementByAlias(ctx, c, key)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		p, err := s.db.PatientByID(ctx, logical.Patient)
		return p, &logical, err
	}
	p, err := s.db.PatientByKey(ctx, c, key)
	return p, nil, err
}
