package disclose

import (
	"context"
	"strings"

	"kmcr"
	"kmcr/access"
)

// Launched is who another system says is on its screen.
type Launched struct {
	Query         // NHSNumber where it is known; Family, Given and Born always
	System string // which system says it
}

// Arrival is whom a launch leads to.
type Arrival struct {
	// Ref is the person to open; "" where a reader has to look first.
	Ref kmcr.Ref
	// Found are those who may be meant, and Differs what the systems say differently of the only one.
	Found   []Found
	Differs []LaunchDifference
}

// LaunchDifference is a fact on which the launching system and the record do not agree.
type LaunchDifference struct{ Fact, There, Here string }

// Launch finds the person whom another system has on its screen, and compares
// what both say; only where it agrees is there a Ref to open. Nobody found is
// kmcr.NotFound. Audited like a search.
func (s *Service) Launch(ctx context.Context, v kmcr.Viewer, l Launched) (*Arrival, error) {
	q := l.Query
	if q.NHSNumber != "" {
		q = Query{NHSNumber: l.NHSNumber}
	}
	found, err := s.Find(ctx, v, q, "GET /launch/{id}")
	if err != nil {
		return nil, err
	}
	a := &Arrival{Found: found}
	switch len(found) {
	case 0:
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "the record knows nobody such as the system that you came from has on its screen", Remedy: "Check the details there, or find the person here by name and date of birth."}
	case 1:
	default:
		return a, nil
	}
	person, err := kmcr.ParseRef(string(found[0].Ref))
	if err != nil {
		return nil, err
	}
	o, err := s.gatherFor(ctx, v, person, "search", "")
	if err != nil {
		return nil, err
	}
	if o.decision.Outcome == access.Unknown {
		return nil, unknown()
	}
	if a.Differs = l.differs(o); len(a.Differs) == 0 {
		a.Ref = found[0].Ref
		return a, nil
	}
	facts := make([]string, len(a.Differs))
	for n, d := range a.Differs {
		facts[n] = d.Fact
	}
	e := s.entry(v, "launch-mismatch", "GET /launch/{id}")
	e.Person, e.Rule = person, "The launching system and the record do not agree on who this is."
	e.Detail = map[string]string{"differs": strings.Join(facts, ", ")}
	return a, s.audit(ctx, e)
}

// differs compares what the launching system says with what any contributor says.
func (l Launched) differs(o *opening) (all []LaunchDifference) {
	born, family, given := false, false, l.Given == ""
	var here claims
	for _, p := range o.patients {
		c := readClaims(p)
		if here.Born == "" {
			here.Born = c.Born
		}
		here.Names = append(here.Names, c.Names...)
		born = born || c.Born == l.Born
		given = given || c.called(l.Given)
		for _, n := range c.Names {
			family = family || plainWord(n.Family) == plainWord(l.Family)
		}
	}
	var first claimedName
	if len(here.Names) > 0 {
		first = here.Names[0]
	}
	if !family {
		all = append(all, LaunchDifference{"Family name", l.Family, first.Family})
	}
	if !given {
		all = append(all, LaunchDifference{"Given name", l.Given, first.Given})
	}
	if !born {
		all = append(all, LaunchDifference{"Born", l.Born, here.Born})
	}
	return all
}
