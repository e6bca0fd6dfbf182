package disclose

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
)

// AboutOthers tells what a record holds that concerns other people, to roles that need it for the person in their care and have the
// record open. It stands in no record; asking for it, with a reason in words, is an act of its own in the audit ("reveal").
// Errors: as Record; kmcr.Refused for other roles, kmcr.Invalid without a reason.
func (s *Service) AboutOthers(ctx context.Context, v kmcr.Viewer, ref, reason string) ([]compose.Item, error) {
	o, err := s.open(ctx, v, ref, "reveal", "POST /people/{ref}/others")
	if err != nil {
		return nil, err
	}
	may, rule := o.facts.Policy.MayHearOfOthers(v, o.decision)
	o.entry.Allowed, o.entry.Rule, o.entry.Reason = may, rule, reason
	if !may {
		return nil, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "Ask whoever leads on the person's care."})
	}
	if err := checkReason(reason); err != nil {
		return nil, s.turnDown(ctx, o, "There was no reason.", err)
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	o.decision.Reveals = kmcr.TopicThirdParty
	var told []*kmcr.Statement
	for _, x := range o.see(current(compartments)).permitted {
		if slices.Contains(x.Labels, kmcr.TopicThirdParty) {
			told = append(told, access.MaskDoor(x))
		}
	}
	o.entry.Shown = shown(told)
	return compose.Plainly(compose.Input{Ref: o.person.Ref(), Statements: told, Now: o.facts.Now, Organisations: o.parties.organisation}), s.audit(ctx, o.entry)
}
