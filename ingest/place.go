package ingest

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
)

// candidates is how many patients that share a token are looked at.
const candidates = 256

// placing is to whom a patient belongs, and what a person has to decide.
type placing struct {
	person  kmcr.PersonID
	words   string
	reviews []store.Review
	mixed   bool // those whom it may touch are to be linked afresh: what was known of them may not hold any more
}

// member is one patient of a candidate person, with what is known of it.
type member struct {
	patient *store.Patient
	id      match.Identity
}

// circle is a candidate person and how the patient compares with each of its patients.
type circle struct {
	person   kmcr.PersonID
	agrees   bool // with one of them at least
	opposed  bool // something speaks against one of them
	kept     bool // a person decided, or a merge said, that they belong together
	apart    bool // a person decided that they do not
	score    float64
	words    string
	inDoubt  *store.Review // the likeliest question about it; nil where there is none, or people have been asked already
	patients int
}

// place decides whose patient x is. A person is joined when the patient is the
// same as one of its patients and nothing speaks against any of them; two
// persons that could both be joined, and every verdict of Ask, go to a person
// to decide. beside are patients of the same message that have been placed
// already.
func (s *Service) place(ctx context.Context, x *subject, beside []*subject) (placing, error) {
	circles, stripped, err := s.circles(ctx, x, beside)
	if err != nil {
		return placing{}, err
	}
	var home *circle
	for i := range circles {
		c := &circles[i]
		if !c.joinable() {
			continue
		}
		if home == nil || c.person == x.patient.Person || home.person != x.patient.Person && c.score > home.score {
			home = c
		}
	}
	// That a number was replaced may make one person of two who were known before, that it is a placeholder two of one; and whoever
	// is described otherwise than before may have held others together.
	p := placing{mixed: len(x.claims.Superseded) > 0 && len(circles) > 1 || stripped || x.redescribed}
	switch {
	case home != nil:
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
		p.mixed = p.mixed || c.agrees && c.opposed
		if c.person != p.person && c.inDoubt != nil {
			p.reviews = append(p.reviews, *c.inDoubt)
		}
	}
	return p, nil
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
func (c *circle) joinable() bool { return !c.apart && (c.kept || c.agrees && !c.opposed) }

// alone tells whether a patient has a person that is nobody else's.
func alone(circles []circle, person kmcr.PersonID) bool {
	return person != 0 && !slices.ContainsFunc(circles, func(c circle) bool { return c.person == person && c.patients > 0 })
}

// circles finds the persons that the patient may belong to, its present one
// first, and compares it with every patient of each. stripped tells that a
// number some of them carry is a placeholder.
func (s *Service) circles(ctx context.Context, x *subject, beside []*subject) (circles []circle, stripped bool, err error) {
	decided, err := s.decided(ctx, x)
	if err != nil {
		return nil, false, err
	}
	near := []kmcr.PersonID{x.patient.Person}
	for _, b := range beside {
		if slices.ContainsFunc(b.tokens, func(t string) bool { return slices.Contains(x.tokens, t) }) {
			near = append(near, b.person())
		}
	}
	persons, linked, err := s.db.Circles(ctx, x.tokens, candidates, near...)
	if err != nil {
		return nil, false, err
	}
	all := make([][]member, len(persons))
	for i, person := range persons {
		if all[i], err = members(person, linked[person], x, beside); err != nil {
			return nil, false, err
		}
	}
	own := identityOf(x.claims)
	placeholding := placeholders(x, own, all)
	if slices.Contains(placeholding, x.patient.Contributor) {
		own.NHS = ""
	}
	circles = make([]circle, 0, len(persons))
	for i, person := range persons {
		self := own
		together := []*match.Identity{&self}
		for j := range all[i] {
			m := &all[i][j]
			if slices.Contains(placeholding, m.patient.Contributor) && m.id.NHS == x.claims.NHS {
				m.id.NHS = ""
			}
			together = append(together, &m.id)
		}
		inForce(together)
		circles = append(circles, compare(person, x, self, all[i], decided))
	}
	return circles, len(placeholding) > 0, nil
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
		out = append(out, member{p, identityOf(claims)})
	}
	for _, b := range beside {
		if b.person() == person {
			out = append(out, member{b.patient, identityOf(b.claims)})
		}
	}
	return out, nil
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
	asked := false
	for _, m := range members {
		state, ever := decided[m.patient.ID]
		asked = asked || ever && state != "withdrawn"
		if m.patient.MergedInto == x.patient.ID || x.patient.MergedInto == m.patient.ID && m.patient.ID != 0 {
			c.kept = true
			continue
		}
		if m.patient.MergedInto != 0 {
			continue // an entry that its own system has given up says nothing more
		}
		v := match.Standard().Compare(profile, match.Prepare(m.id))
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
			c.agrees = true
			if v.Score > c.score || c.words == "" {
				c.score, c.words = v.Score, v.Words()
			}
		case v.Contradicts():
			c.opposed = true
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
