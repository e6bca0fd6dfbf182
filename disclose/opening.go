package disclose

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/store"
)

// opening is one look at one person: the facts, and what was decided.
type opening struct {
	person   kmcr.PersonID
	former   []kmcr.PersonID // who have become person
	patients []*store.Patient
	parties  parties
	facts    access.Facts
	decision access.Decision
	entry    *audit.Entry
	shy      bool // the person may be one who must not be found
	masked   bool // what says where the person is was left out of what was seen
}

// entry begins an audit entry.
func (s *Service) entry(v kmcr.Viewer, action, where string) *audit.Entry {
	return &audit.Entry{At: s.now(), Action: action, Viewer: v, Where: where, Purpose: kmcr.DirectCare}
}

// gather reads the facts about a person and decides. A person who is not
// there is decided upon like one of whom the viewer may not know.
func (s *Service) gather(ctx context.Context, v kmcr.Viewer, ref, action, where string) (*opening, error) {
	person, err := kmcr.ParseRef(ref)
	if err != nil {
		person = 0
	}
	return s.gatherFor(ctx, v, person, action, where)
}

func (s *Service) gatherFor(ctx context.Context, v kmcr.Viewer, person kmcr.PersonID, action, where string) (*opening, error) {
	o := &opening{person: person, entry: s.entry(v, action, where)}
	o.entry.Person = person
	var err error
	if o.parties, err = s.parties(ctx); err != nil {
		return nil, err
	}
	o.facts = access.Facts{
		Policy: o.parties.policy,
		Viewer: v, Organisation: o.parties.organisation(v.Organisation),
		Person: person, Purpose: kmcr.DirectCare, Now: s.now(),
	}
	if person != 0 {
		if err := s.gatherPerson(ctx, o); err != nil {
			return nil, unavailable(err)
		}
	}
	o.mute()
	o.decide()
	return o, nil
}

func (s *Service) gatherPerson(ctx context.Context, o *opening) (err error) {
	if o.patients, err = s.db.Links(ctx, o.person); err != nil {
		return err
	}
	if len(o.patients) == 0 { // the reference may be of one who has been found to be somebody else
		if o.person, err = s.db.PersonNow(ctx, o.person); err != nil {
			return err
		}
		if o.patients, err = s.db.Links(ctx, o.person); err != nil {
			return err
		}
		o.facts.Person, o.entry.Person = o.person, o.person
	}
	if o.facts.Involvements, err = s.db.InvolvementsOf(ctx, o.person); err != nil {
		return err
	}
	if o.shy, err = s.maybeHidden(ctx, o.patients); err != nil {
		return err
	}
	if o.former, err = s.db.FormerPersons(ctx, o.person); err != nil {
		return err
	}
	if o.facts.Tie, err = s.tie(ctx, o); err != nil {
		return err
	}
	for _, p := range append(slices.Clone(o.former), o.person) {
		objections, err := s.objections(ctx, p)
		if err != nil {
			return err
		}
		o.facts.Objections = append(o.facts.Objections, objections...)
	}
	return nil
}

func (o *opening) decide() {
	o.decision = access.Decide(o.facts)
	if len(o.patients) == 0 {
		o.decision = access.Decision{Outcome: access.Unknown, Rule: "There is no such person."}
	}
	o.entry.Allowed = o.decision.Outcome == access.Permitted
	o.entry.Rule = o.decision.Rule
	o.entry.Purpose = o.decision.Purpose()
	if o.decision.Basis != "" {
		o.entry.Detail = map[string]string{"basis": o.decision.Basis}
		if n := o.facts.Policy.Number; n > 0 { // 0 is what the release brings
			o.entry.Detail["policy"] = strconv.Itoa(n)
		}
	}
}

// notSigned is what somebody of an organisation outside the agreement can do.
const notSigned = "Your organisation has not signed the agreement by which organisations in Kent and Medway share records, so no record opens to you. " +
	"Ask the person's own team for what you need, or your information governance lead about joining."

// refusal is the error for what was decided; nil where it is permitted.
func (o *opening) refusal() error {
	switch o.decision.Outcome {
	case access.Permitted:
		return nil
	case access.NotInvolved:
		return &kmcr.Error{Kind: kmcr.Refused, Message: o.decision.Rule, Remedy: o.decision.Remedy}
	}
	if own := o.parties.organisation(o.facts.Viewer.Organisation); own == nil || !own.Signatory { // the same for every address, whoever there is
		var e *kmcr.Error
		if errors.As(unknown(), &e) {
			told := *e
			told.Remedy = notSigned
			return &told
		}
	}
	return unknown()
}

// open gathers, decides, and audits a refusal; it returns an opening only
// where the record may be opened, and the caller must still commit its entry.
func (s *Service) open(ctx context.Context, v kmcr.Viewer, ref, action, where string) (*opening, error) {
	o, err := s.gather(ctx, v, ref, action, where)
	if err != nil {
		return nil, err
	}
	return o, s.refuse(ctx, o)
}

func (s *Service) refuse(ctx context.Context, o *opening) error {
	refused := o.refusal()
	if refused == nil {
		return nil
	}
	if err := s.audit(ctx, o.entry); err != nil {
		return err
	}
	return refused
}

// compartments reads everything about the person, in one snapshot.
func (s *Service) compartments(ctx context.Context, patients []*store.Patient) ([]*store.Compartment, error) {
	ids := make([]kmcr.PatientID, len(patients))
	for i, p := range patients {
		ids[i] = p.ID
	}
	c, err := s.db.Compartments(ctx, ids...)
	return c, unavailable(err)
}

// current lists the current statements of all compartments.
func current(compartments []*store.Compartment) []*kmcr.Statement {
	if len(compartments) == 1 {
		return compartments[0].Current()
	}
	var all []*kmcr.Statement
	for _, c := range compartments {
		all = append(all, c.Current()...)
	}
	return all
}

// newest is when the newest of statements was taken in.
func newest(statements []*kmcr.Statement) time.Time {
	var t time.Time
	for _, s := range statements {
		if s.Recorded.After(t) {
			t = s.Recorded
		}
	}
	return t
}

func shown(statements []*kmcr.Statement) []audit.Shown {
	out := make([]audit.Shown, len(statements))
	for i, s := range statements {
		out[i] = audit.Shown{ID: s.ID, Version: s.Version}
	}
	return out
}
