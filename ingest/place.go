package ingest

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// candidates is how many patients that share a token are looked at.
const candidates = 256

// placing is to whom a patient belongs, and what a person has to decide.
type placing struct {
	person  kmcr.PersonID
	words   string
	reviews []store.Review
	mixed   bool                               // it does not follow from this patient alone: all whom it may touch are to be linked afresh
	seen    map[kmcr.PersonID][]*store.Patient // by whom this was decided, as they were
	turned  []kmcr.PatientID                   // others who are to be linked afresh as well, for their number has become a placeholder
}

// member is one patient of a candidate person, with what is known of it.
type member struct {
	patient *store.Patient
	id      match.Identity
	profile *match.Profile
}

// circle is a candidate person and how the patient compares with each of its patients.
type circle struct {
	person   kmcr.PersonID
	agrees   []*member // the same as the patient
	against  []*member // something speaks against them
	doubted  bool      // with numbers that differ, and would be judged otherwise if either said nothing
	kept     bool      // a person decided, or a merge said, that they belong together
	apart    bool      // a person decided that they do not
	score    float64
	words    string
	inDoubt  *store.Review // the likeliest question about it; nil where there is none, or people have been asked already
	patients int
}

// place decides whose patient x is. A person is joined when the patient is the
// same as one of its patients and nothing speaks against any of them, and it
// touches nobody else; a verdict of Ask goes to a person to decide. Where there
// is more to it, all whom it touches are linked afresh right after, and until
// then it is nobody else's. beside are patients of the same message that have
// been placed already.
func (s *Service) place(ctx context.Context, x *subject, beside []*subject) (placing, error) {
	circles, p, err := s.circles(ctx, x, beside)
	if err != nil {
		return placing{}, err
	}
	joinable := 0
	var home *circle
	for i := range circles {
		c := &circles[i]
		if len(c.agrees) > 0 {
			joinable++
			p.mixed = p.mixed || len(c.against) > 0 || rivalled(c, circles)
		}
		p.mixed = p.mixed || c.doubted
		if c.joinable() && (home == nil || c.person == x.patient.Person) {
			home = c
		}
	}
	p.mixed = p.mixed || joinable > 1 || joinable == 1 && slices.ContainsFunc(circles, func(c circle) bool { return len(c.agrees) == 0 && c.inDoubt != nil })
	switch {
	case home != nil && (!p.mixed || home.person == x.patient.Person):
		p.person, p.words = home.person, home.words
	case alone(circles, x.patient.Person):
		p.person = x.patient.Person
	default:
		if p.person, err = s.personAlone(ctx, x, circles); err != nil {
			return placing{}, err
		}
		p.words = "nobody known is the same person"
	}
	for _, c := range circles {
		if !p.mixed && c.person != p.person && c.inDoubt != nil {
			p.reviews = append(p.reviews, *c.inDoubt)
		}
	}
	return p, nil
}

// rivalled tells whether somebody who is against the patient is the same as one of a circle with which it agrees.
func rivalled(c *circle, circles []circle) bool {
	for i := range circles {
		for _, m := range circles[i].against {
			if slices.ContainsFunc(c.agrees, func(o *member) bool { return same(m.profile, o.profile) }) {
				return true
			}
		}
	}
	return false
}

// personAlone is the person of a patient who is nobody else's: one that it was before and nobody is now, or a new one.
func (s *Service) personAlone(ctx context.Context, x *subject, circles []circle) (kmcr.PersonID, error) {
	if x.fresh {
		return s.db.NewPerson(), nil
	}
	taken := map[kmcr.PersonID]bool{x.patient.Person: true}
	for _, c := range circles {
		taken[c.person] = true
	}
	return s.formerPerson(ctx, []*toucher{{patient: x.patient}}, taken)
}

// joinable: the same as one and opposed to none, or brought together by
// somebody whose decision is not for us to change.
func (c *circle) joinable() bool {
	return !c.apart && (c.kept || len(c.agrees) > 0 && len(c.against) == 0)
}

// alone tells whether a patient has a person that is nobody else's.
func alone(circles []circle, person kmcr.PersonID) bool {
	return person != 0 && !slices.ContainsFunc(circles, func(c circle) bool { return c.person == person && c.patients > 0 })
}

// circles finds the persons that the patient may belong to, its present one
// first, and compares it with every patient of each. The placing tells whether
// a number of theirs is not what it seems, or people have decided about x, or
// it is known otherwise than before.
func (s *Service) circles(ctx context.Context, x *subject, beside []*subject) (circles []circle, p placing, err error) {
	decided, err := s.decided(ctx, x)
	if err != nil {
		return nil, p, err
	}
	near := []kmcr.PersonID{x.patient.Person}
	for _, b := range beside {
		if slices.ContainsFunc(b.tokens, func(t string) bool { return slices.Contains(x.tokens, t) }) {
			near = append(near, b.person())
		}
	}
	persons, linked, err := s.db.Circles(ctx, x.tokens, candidates, near...)
	if err != nil {
		return nil, p, err
	}
	all := make([][]member, len(persons))
	for i, person := range persons {
		if all[i], err = members(person, linked[person], x, beside); err != nil {
			return nil, p, err
		}
	}
	own := identityOf(x.claims)
	numbered, turned := numbersMislead(bearerOf(x.patient, own), all)
	p = placing{mixed: numbered || x.redescribed() || len(decided) > 0, seen: linked, turned: turned}
	circles = make([]circle, 0, len(persons))
	for i, person := range persons {
		circles = append(circles, compare(person, x, own, all[i], decided))
	}
	return circles, p, nil
}

// members are the patients of a person but x, as they are or as this message makes them.
func members(person kmcr.PersonID, linked []*store.Patient, x *subject, beside []*subject) ([]member, error) {
	var out []member
	for _, p := range linked {
		if p.ID == x.patient.ID || p.Register || slices.ContainsFunc(beside, func(b *subject) bool { return b.patient.ID == p.ID }) {
			continue
		}
		claims, err := readClaims(p.Claims)
		if err != nil {
			return nil, err
		}
		out = append(out, memberOf(p, claims))
	}
	for _, b := range beside {
		if b.person() == person {
			out = append(out, memberOf(b.patient, b.claims))
		}
	}
	return out, nil
}

func memberOf(p *store.Patient, claims *translate.Claims) member {
	id := identityOf(claims)
	return member{p, id, match.Prepare(id)}
}

// person is that to whom the patient will be linked.
func (s *subject) person() kmcr.PersonID {
	if s.move != 0 {
		return s.move
	}
	return s.patient.Person
}

func compare(person kmcr.PersonID, x *subject, own match.Identity, members []member, decided map[kmcr.PatientID]string) circle {
	c := circle{person: person, patients: len(members)}
	profile := match.Prepare(own)
	unnumbered := profile.WithNumber("")
	asked := false
	for i := range members {
		m := &members[i]
		state, ever := decided[m.patient.ID]
		asked = asked || ever && state != "withdrawn"
		if m.patient.MergedInto == x.patient.ID || x.patient.MergedInto == m.patient.ID && m.patient.ID != 0 {
			c.kept = true
			continue
		}
		if m.patient.MergedInto != 0 {
			continue // an entry that its own system has given up says nothing more
		}
		v := match.Standard().Compare(profile, m.profile)
		switch state {
		case "same":
			c.kept = true
			continue
		case "different":
			c.apart = true
			continue
		}
		switch {
		case v.Outcome == match.Same:
			c.agrees = append(c.agrees, m)
			if v.Score > c.score || c.words == "" {
				c.score, c.words = v.Score, v.Words()
			}
		case v.Contradicts():
			c.against = append(c.against, m)
			c.doubted = c.doubted || own.NHS != "" && m.id.NHS != "" && own.NHS != m.id.NHS &&
				match.Standard().Compare(unnumbered, m.profile.WithNumber("")).Outcome != v.Outcome
		}
		if (v.Outcome != match.Different || person == x.patient.Person) && (c.inDoubt == nil || v.Score > c.inDoubt.Score) {
			c.inDoubt = &store.Review{A: x.patient.ID, B: m.patient.ID, Score: v.Score, Reasons: v.Account(), State: "open"}
		}
	}
	if asked {
		c.inDoubt = nil
	}
	return c
}

// decided is what people have decided about the patient and others.
func (s *Service) decided(ctx context.Context, x *subject) (map[kmcr.PatientID]string, error) {
	if x.fresh {
		return nil, nil
	}
	reviews, err := s.db.ReviewsOf(ctx, x.patient.ID)
	if err != nil {
		return nil, err
	}
	decided := map[kmcr.PatientID]string{}
	for _, r := range reviews {
		other := r.A
		if other == x.patient.ID {
			other = r.B
		}
		decided[other] = r.State
	}
	return decided, nil
}
