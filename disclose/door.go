package disclose

import (
	"context"
	"time"

	"kmcr"
	"kmcr/access"
)

// WayIn is what one statement says of how to get into a person's home.
type WayIn struct {
	Says        string               `json:"says"`
	Contributor kmcr.ContributorCode `json:"contributor"`
	Recorded    time.Time            `json:"recorded"`
}

// WaysIn tells how to get into a person's home, to roles that visit people at
// home and have the record open. Everywhere else it is masked; this is an act
// of its own in the audit ("reveal"). Errors: as Record; kmcr.Refused for other roles.
func (s *Service) WaysIn(ctx context.Context, v kmcr.Viewer, ref string) ([]WayIn, error) {
	o, err := s.open(ctx, v, ref, "reveal", "POST /people/{ref}/door")
	if err != nil {
		return nil, err
	}
	may, rule := o.facts.Policy.MayReveal(v, o.decision)
	o.entry.Allowed, o.entry.Rule = may, rule
	if !may {
		return nil, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "Ask whoever visits the person."})
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	out, all := []WayIn{}, current(compartments)
	var told []*kmcr.Statement
	for _, x := range o.see(all).permitted {
		for _, whole := range all {
			if whole.ID == x.ID && access.OpensDoor(whole) {
				out, told = append(out, WayIn{access.DoorText(whole), x.Contributor, whole.Recorded}), append(told, whole)
			}
		}
	}
	o.entry.Shown = shown(told)
	return out, s.audit(ctx, o.entry)
}
