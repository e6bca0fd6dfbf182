package disclose

import (
	"context"
	"slices"
	"strconv"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
)

// Copy is what a person is given of their own record (UK GDPR Article 15).
type Copy struct {
	Found      Found
	Patient    []byte // the person as one FHIR Patient
	Statements []*kmcr.Statement
	// Withheld is how many statements a person has to judge before they are given: about somebody else, or from safeguarding
	// (Data Protection Act 2018, schedules 2 and 3).
	Withheld int
	Looks    []*audit.Entry // who looked, newest first
}

// withheldFromCopy are the topics that are judged one by one before they are given.
var withheldFromCopy = []kmcr.Label{kmcr.TopicThirdParty, kmcr.TopicSafeguardChild, kmcr.TopicSafeguardAdult}

// Copy makes the copy of a record that the person has asked for: for privacy
// officers who have just shown who they are, with a reason; audited with all
// that is in it. Errors: kmcr.Refused, kmcr.NotFound, kmcr.StepUp, kmcr.Invalid for a reason that is none.
func (s *Service) Copy(ctx context.Context, v kmcr.Viewer, ref, reason string) (*Copy, error) {
	const where = "POST /people/{ref}/copy"
	o, err := s.mayCopy(ctx, v, ref, where)
	if err != nil {
		return nil, err
	}
	e, p := o.entry, o.parties
	e.Reason = reason
	if err := s.stepUp(ctx, v, p.organisation(v.Organisation), e); err != nil {
		return nil, err
	}
	if err := checkReason(reason); err != nil {
		e.Allowed, e.Rule = false, "A reason in words is asked for."
		if failed := s.audit(ctx, e); failed != nil {
			return nil, failed
		}
		return nil, err
	}
	return s.copyOf(ctx, o, e, p)
}

// MayCopy tells whether a viewer may make such a copy; audited.
func (s *Service) MayCopy(ctx context.Context, v kmcr.Viewer, ref string) error {
	o, err := s.mayCopy(ctx, v, ref, "GET /people/{ref}/copy")
	if err != nil {
		return err
	}
	return s.audit(ctx, o.entry)
}

// mayCopy decides who may make a copy. A person whom the viewer may not know of is answered like one who is not there.
func (s *Service) mayCopy(ctx context.Context, v kmcr.Viewer, ref, where string) (*opening, error) {
	o, err := s.gather(ctx, v, ref, "export", where)
	if err != nil {
		return nil, err
	}
	may, rule := o.facts.Policy.MayWork(v, o.facts.Organisation, access.WorkPrivacy)
	switch {
	case may && len(o.patients) > 0:
		o.entry.Allowed, o.entry.Rule, o.entry.Purpose = true, rule, kmcr.Administration
		return o, nil
	case o.decision.Outcome == access.Unknown:
		return nil, s.refuse(ctx, o)
	}
	return nil, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "A privacy officer makes a copy for a person who asks for it."})
}

func (s *Service) copyOf(ctx context.Context, o *opening, e *audit.Entry, p parties) (*Copy, error) {
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	c := &Copy{}
	for _, x := range o.parties.labelled(current(compartments)) {
		switch {
		case x.Internal || x.Deleted:
		case slices.ContainsFunc(withheldFromCopy, func(l kmcr.Label) bool { return slices.Contains(x.Labels, l) }):
			c.Withheld++
		default:
			c.Statements = append(c.Statements, x)
		}
	}
	if c.Found, err = s.found(ctx, o.facts.Viewer, o.person, o.patients, p); err != nil {
		return nil, err
	}
	if c.Looks, err = s.db.AuditOf(ctx, o.person, mostLooks); err != nil {
		return nil, unavailable(err)
	}
	c.Looks = slices.DeleteFunc(c.Looks, func(e *audit.Entry) bool { return e.Action == "ingest" })
	identities := o.see(current(compartments))
	c.Patient = patientResource(o.person.Ref(), identities.identities(o))
	e.Rule = "A person is given a copy of their own record when they ask for it (UK GDPR Article 15)."
	e.Shown, e.Withheld = shown(c.Statements), c.Withheld
	e.Detail = map[string]string{"looks": strconv.Itoa(len(c.Looks))}
	return c, s.audit(ctx, e)
}
