package disclose

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// heardBy are the parties without the contributors that are not there for a viewer (access.Hears).
func (p parties) heardBy(v kmcr.Viewer) parties {
	if !slices.ContainsFunc(p.contributors, func(c kmcr.Contributor) bool { return c.TestOnly }) {
		return p
	}
	var heard []kmcr.Contributor
	for _, c := range p.contributors {
		if access.Hears(v, c) {
			heard = append(heard, c)
		}
	}
	p.contributors = heard
	return p
}

// silent tells whether what a contributor states is not there for a viewer.
func (p parties) silent(v kmcr.Viewer, code kmcr.ContributorCode) bool {
	for _, c := range p.contributors {
		if c.Code == code {
			return !access.Hears(v, c)
		}
	}
	return false
}

// audible are the patients of contributors that are there for a viewer.
func (p parties) audible(v kmcr.Viewer, patients []*store.Patient) []*store.Patient {
	if !slices.ContainsFunc(patients, func(x *store.Patient) bool { return p.silent(v, x.Contributor) }) {
		return patients
	}
	var heard []*store.Patient
	for _, x := range patients {
		if !p.silent(v, x.Contributor) {
			heard = append(heard, x)
		}
	}
	return heard
}

// mute leaves out of the facts about a person what comes from contributors that are not there for the viewer.
func (o *opening) mute() {
	v := o.facts.Viewer
	heard := o.parties.audible(v, o.patients)
	if len(heard) != len(o.patients) {
		o.facts.Involvements = slices.DeleteFunc(slices.Clone(o.facts.Involvements), func(i kmcr.Involvement) bool {
			return i.Patient != 0 && !slices.ContainsFunc(heard, func(p *store.Patient) bool { return p.ID == i.Patient })
		})
		o.patients = heard
	}
	o.parties = o.parties.heardBy(v)
}

// silentPair tells whether either of two who may be one person is of a contributor that is not there for a viewer.
func (s *Service) silentPair(ctx context.Context, v kmcr.Viewer, p parties, r store.Review) (bool, error) {
	for _, id := range []kmcr.PatientID{r.A, r.B} {
		x, err := s.db.PatientByID(ctx, id)
		if err != nil {
			return false, unavailable(err)
		}
		if x != nil && p.silent(v, x.Contributor) {
			return true, nil
		}
	}
	return false, nil
}

// byToken finds the patients that may be who is sought, of contributors that are there for a viewer.
func (s *Service) byToken(ctx context.Context, v kmcr.Viewer, q Query) ([]*store.Patient, error) {
	patients, err := s.db.PatientsByToken(ctx, s.tokens(q), mostCandidates)
	if err != nil {
		return nil, unavailable(err)
	}
	p, err := s.parties(ctx)
	return p.audible(v, patients), err
}
