package disclose

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// Staff is who somebody at work is as a person, as an administrator has said; it is read for nothing but how near a viewer stands to
// whom a record is about.
type Staff struct {
	Person       kmcr.PersonID `json:"person"`
	Organisation kmcr.ODS      `json:"organisation"`
}

// tie tells how the viewer stands to the person apart from care.
func (s *Service) tie(ctx context.Context, o *opening) (access.Tie, error) {
	if len(o.parties.staff) == 0 || o.facts.Viewer.Account == "" {
		return "", nil
	}
	same := func(p kmcr.PersonID) bool { return p != 0 && (p == o.person || slices.Contains(o.former, p)) }
	own := o.parties.staff[o.facts.Viewer.Account].Person
	if same(own) {
		return access.TieOwn, nil
	}
	if own != 0 {
		near, err := s.livesWith(ctx, own, o.patients)
		if err != nil {
			return "", err
		}
		if near {
			compartments, err := s.compartments(ctx, o.patients)
			if err != nil {
				return "", err
			}
			if !hides(current(compartments)) { // a refusal must not tell where somebody is who must not be found
				return access.TieFamily, nil
			}
		}
	}
	for _, one := range o.parties.staff {
		if one.Organisation == o.facts.Viewer.Organisation && same(one.Person) {
			return access.TieColleague, nil
		}
	}
	return "", nil
}

// livesWith tells whether somebody is stated at an address of these patients.
func (s *Service) livesWith(ctx context.Context, person kmcr.PersonID, patients []*store.Patient) (bool, error) {
	person, err := s.db.PersonNow(ctx, person)
	if err != nil {
		return false, err
	}
	mine, err := s.db.Links(ctx, person)
	if err != nil {
		return false, err
	}
	for _, m := range mine {
		for _, a := range readClaims(m).Addresses {
			for _, p := range patients {
				if slices.ContainsFunc(readClaims(p).Addresses, func(b claimedAddress) bool { return homeOf(a.line()) != "" && homeOf(a.line()) == homeOf(b.line()) }) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}
