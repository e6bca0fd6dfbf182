package ingest

import (
	"context"

	"kmcr"
	"kmcr/store"
)

// Derived links everybody there is afresh at once, and tells who is one person with whom and what a person is to be asked about.
// Nothing is written. It is what the links that were made one by one have to be.
func (s *Service) Derived(ctx context.Context) (groups [][]kmcr.PatientID, asked []store.Review, err error) {
	var all []kmcr.PatientID
	err = s.db.EachPatient(ctx, func(p *store.Patient) error {
		if !p.Register && p.Person != 0 {
			all = append(all, p.ID)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	t, err := s.neighbourhood(ctx, all...)
	if err != nil {
		return nil, nil, err
	}
	derived := t.derive()
	for _, g := range derived {
		var ids []kmcr.PatientID
		for _, x := range g {
			ids = append(ids, x.patient.ID)
		}
		groups = append(groups, ids)
	}
	return groups, t.questions(derived), nil
}
