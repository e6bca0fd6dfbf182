package ingest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
)

// Whose patients are whose follows from what is known and from nothing else:
// what is claimed of each patient, the merges of their own systems, and what
// people have decided. When a decision or a merge is made or taken back, all
// whom it may touch are linked afresh, so that the order in which that was
// done leaves no trace.

// mostTouched bounds how many patients are linked afresh at once.
const mostTouched = 400

// touched are patients who may belong together, in order of arrival, with
// what is known of them and what was decided about them.
type touched struct {
	all     []*toucher
	byID    map[kmcr.PatientID]*toucher
	reviews map[[2]kmcr.PatientID]store.Review
	bearers map[kmcr.NHSNumber]map[kmcr.PatientID]bearer
}

// decided is what people have decided about two, or that it is still to be decided; "" where nobody has been asked.
func (t *touched) decided(a, b kmcr.PatientID) string { return t.reviews[between(a, b)].State }

// toucher is one patient with its identity, from which a placeholder of a number is left out.
type toucher struct {
	patient *store.Patient
	profile *match.Profile
	number  kmcr.NHSNumber // as claimed
	id      match.Identity
}

// unit is patients that somebody keeps together: their own system by a merge, or a person by a decision.
type unit struct {
	members []*toucher
}

// between orders a pair.
func between(a, b kmcr.PatientID) [2]kmcr.PatientID { return [2]kmcr.PatientID{min(a, b), max(a, b)} }

// neighbourhood finds everybody whom a change about the seeds may touch: those
// linked to the same persons, those they are merged with, those a decision
// names, and the candidates of each.
func (s *Service) neighbourhood(ctx context.Context, seeds ...kmcr.PatientID) (*touched, error) {
	t := &touched{byID: map[kmcr.PatientID]*toucher{}, reviews: map[[2]kmcr.PatientID]store.Review{}, bearers: map[kmcr.NHSNumber]map[kmcr.PatientID]bearer{}}
	persons := map[kmcr.PersonID]bool{}
	queue := slices.Clone(seeds)
	for len(queue) > 0 && len(t.all) < mostTouched {
		id := queue[0]
		queue = queue[1:]
		if t.byID[id] != nil {
			continue
		}
		more, err := s.touch(ctx, t, id, persons)
		if err != nil {
			return nil, err
		}
		queue = append(queue, more...)
	}
	slices.SortFunc(t.all, func(a, b *toucher) int { return cmp.Compare(a.patient.ID, b.patient.ID) })
	t.leaveOutPlaceholders()
	t.putInForce()
	return t, nil
}

// touch adds one patient and tells who else is touched by it.
func (s *Service) touch(ctx context.Context, t *touched, id kmcr.PatientID, persons map[kmcr.PersonID]bool) ([]kmcr.PatientID, error) {
	p, err := s.db.PatientByID(ctx, id)
	if err != nil || p == nil || p.Register || p.Erased() {
		return nil, err
	}
	claims, err := readClaims(p.Claims)
	if err != nil {
		return nil, err
	}
	x := &toucher{patient: p, id: identityOf(claims)}
	x.number = x.id.NHS
	x.profile = match.Prepare(x.id)
	t.all = append(t.all, x)
	t.byID[id] = x
	t.bears(p, x.id)
	var more []kmcr.PatientID
	if p.MergedInto != 0 {
		more = append(more, p.MergedInto)
	}
	if !persons[p.Person] {
		persons[p.Person] = true
		linked, err := s.db.Links(ctx, p.Person)
		if err != nil {
			return nil, err
		}
		for _, l := range linked {
			more = append(more, l.ID)
		}
	}
	followers, err := s.followers(ctx, id)
	if err != nil {
		return nil, err
	}
	more = append(more, followers...)
	reviews, err := s.db.ReviewsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, r := range reviews {
		t.reviews[between(r.A, r.B)] = r
		if r.State == "same" || r.State == "different" {
			more = append(more, r.A, r.B)
		}
	}
	found, err := s.db.PatientsByToken(ctx, x.profile.Tokens(), candidates)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		c, err := readClaims(f.Claims)
		if err != nil {
			return nil, err
		}
		y := identityOf(c)
		t.bears(f, y)
		if f.ID != id && match.Standard().Compare(x.profile, match.Prepare(y)).Outcome == match.Same {
			more = append(more, f.ID)
		}
	}
	return more, nil
}

// followers are those who were merged into a patient when it was another person's than now: they were of one person then.
func (s *Service) followers(ctx context.Context, id kmcr.PatientID) (ids []kmcr.PatientID, err error) {
	history, err := s.db.LinkHistory(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, h := range history {
		if h.From == 0 {
			continue
		}
		linked, err := s.db.Links(ctx, h.From)
		if err != nil {
			return nil, err
		}
		for _, l := range linked {
			if l.MergedInto == id {
				ids = append(ids, l.ID)
			}
		}
	}
	return ids, nil
}

// bears notes who carries a number, also of those who are not touched: whether it is a placeholder shows in all of them.
func (t *touched) bears(p *store.Patient, id match.Identity) {
	if id.NHS == "" || p.Register {
		return
	}
	if t.bearers[id.NHS] == nil {
		t.bearers[id.NHS] = map[kmcr.PatientID]bearer{}
	}
	t.bearers[id.NHS][p.ID] = bearer{p.Contributor, id}
}

// leaveOutPlaceholders takes numbers that say nothing out of the identities.
func (t *touched) leaveOutPlaceholders() {
	for n, bearers := range t.bearers {
		var all []bearer
		for _, id := range slices.Sorted(maps.Keys(bearers)) {
			all = append(all, bearers[id])
		}
		for _, c := range placeholderOf(all) {
			for _, x := range t.all {
				if x.number == n && x.patient.Contributor == c {
					x.id.NHS = ""
					x.profile = match.Prepare(x.id)
				}
			}
		}
	}
}

// putInForce gives those who go by a replaced number the one in force.
func (t *touched) putInForce() {
	ids := make([]*match.Identity, len(t.all))
	before := make([]kmcr.NHSNumber, len(t.all))
	for i, x := range t.all {
		ids[i], before[i] = &x.id, x.id.NHS
	}
	inForce(ids)
	for i, x := range t.all {
		if x.id.NHS != before[i] {
			x.profile = match.Prepare(x.id)
		}
	}
}

// derive parts the patients into groups, each a person. Those that somebody
// keeps together come as one; then each joins, in order of arrival, the group
// with which it agrees best, as it would have when it came.
func (t *touched) derive() [][]*toucher {
	units := t.units()
	var groups [][]*unit
	for _, u := range units {
		best, score := -1, 0.0
		for i, g := range groups {
			if s, ok := t.joins(u, g); ok && (best < 0 || s > score) {
				best, score = i, s
			}
		}
		if best < 0 {
			groups = append(groups, []*unit{u})
			continue
		}
		groups[best] = append(groups[best], u)
	}
	out := make([][]*toucher, len(groups))
	for i, g := range groups {
		for _, u := range g {
			out[i] = append(out[i], u.members...)
		}
	}
	return out
}

// units joins those that merges and decisions keep together, in order of their first.
func (t *touched) units() []*unit {
	root := map[kmcr.PatientID]kmcr.PatientID{}
	find := func(id kmcr.PatientID) kmcr.PatientID {
		for root[id] != 0 {
			id = root[id]
		}
		return id
	}
	join := func(a, b kmcr.PatientID) {
		if a, b = find(a), find(b); a != b {
			root[max(a, b)] = min(a, b)
		}
	}
	for _, x := range t.all {
		if t.byID[x.patient.MergedInto] != nil {
			join(x.patient.ID, x.patient.MergedInto)
		}
	}
	for pair, r := range t.reviews {
		if r.State == "same" && t.byID[pair[0]] != nil && t.byID[pair[1]] != nil {
			join(pair[0], pair[1])
		}
	}
	var units []*unit
	byRoot := map[kmcr.PatientID]*unit{}
	for _, x := range t.all {
		r := find(x.patient.ID)
		if byRoot[r] == nil {
			byRoot[r] = &unit{}
			units = append(units, byRoot[r])
		}
		byRoot[r].members = append(byRoot[r].members, x)
	}
	return units
}

// joins tells whether a unit belongs to a group: the same as somebody in it,
// against nobody in it, and parted from nobody by a decision.
func (t *touched) joins(u *unit, group []*unit) (score float64, ok bool) {
	for _, other := range group {
		s, agrees, opposed, apart := t.compare(u, other)
		if apart || opposed && !agrees {
			return 0, false
		}
		if agrees && (!ok || s > score) {
			score, ok = s, true
		}
	}
	return score, ok
}

func (t *touched) compare(u, other *unit) (score float64, agrees, opposed, apart bool) {
	for _, x := range u.members {
		for _, y := range other.members {
			if t.decided(x.patient.ID, y.patient.ID) == "different" {
				apart = true
			}
			if x.patient.MergedInto != 0 || y.patient.MergedInto != 0 {
				continue // an entry that its own system has given up says nothing more
			}
			v := match.Standard().Compare(x.profile, y.profile)
			switch {
			case v.Outcome == match.Same:
				if !agrees || v.Score > score {
					score = v.Score
				}
				agrees = true
			case v.Contradicts():
				opposed = true
			}
		}
	}
	return score, agrees, opposed, apart
}

// questions are the reviews that change with who is who. Of two people who may be one a person is asked once, about the two entries
// of theirs that are likeliest; an open question is asked by what is known now, and withdrawn when the two have become one person, or
// a decision that nothing but an officer's knowledge spoke for has been taken back.
func (t *touched) questions(groups [][]*toucher) []store.Review {
	group := map[kmcr.PatientID]int{}
	for i, g := range groups {
		for _, x := range g {
			group[x.patient.ID] = i
		}
	}
	var out []store.Review
	asked := map[[2]int]bool{}
	for _, pair := range slices.SortedFunc(maps.Keys(t.reviews), func(a, b [2]kmcr.PatientID) int { return slices.Compare(a[:], b[:]) }) {
		x, y, r := t.byID[pair[0]], t.byID[pair[1]], t.reviews[pair]
		if x == nil || y == nil {
			continue
		}
		i, k := group[pair[0]], group[pair[1]]
		asked[[2]int{min(i, k), max(i, k)}] = r.State != "withdrawn" || asked[[2]int{min(i, k), max(i, k)}]
		if r.State == "open" && r.Proposed == "" {
			was := r
			if v := match.Standard().Compare(x.profile, y.profile); i == k || r.By != "" && v.Outcome == match.Different {
				r.State = "withdrawn"
			} else {
				r.Score, r.Reasons = v.Score, v.Account()
			}
			if r != was {
				out = append(out, r)
			}
		}
	}
	for i := range groups {
		for k := i + 1; k < len(groups); k++ {
			if !asked[[2]int{i, k}] {
				if r, ok := likeliest(groups[i], groups[k]); ok {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// likeliest is the question about two groups, if there is one: the pair of theirs that is likeliest to be one person.
func likeliest(g, h []*toucher) (best store.Review, ok bool) {
	for _, x := range g {
		for _, y := range h {
			if x.patient.MergedInto != 0 || y.patient.MergedInto != 0 {
				continue
			}
			v := match.Standard().Compare(x.profile, y.profile)
			if v.Outcome != match.Different && (!ok || v.Score > best.Score) {
				best, ok = store.Review{A: x.patient.ID, B: y.patient.ID, Score: v.Score, Reasons: v.Account(), State: "open"}, true
			}
		}
	}
	return best, ok
}

// held is the reason why two cannot be parted, or joined; "" where they can.
func (t *touched) held(decision string, a, b kmcr.PatientID) string {
	for _, u := range t.units() {
		in := func(id kmcr.PatientID) bool {
			return slices.ContainsFunc(u.members, func(x *toucher) bool { return x.patient.ID == id })
		}
		if decision == "different" && in(a) && in(b) {
			return "the two are held together by a merge of their own system or by other decisions"
		}
		for pair, r := range t.reviews {
			if decision == "same" && r.State == "different" && in(pair[0]) && in(pair[1]) {
				return "two entries of these two people have been decided to be different"
			}
		}
	}
	return ""
}

// relinking moves one patient to a person.
type relinking struct {
	patient kmcr.PatientID
	to      kmcr.PersonID
}

// relinkings are the links that have to move so that each group is one person.
// A person stays with the group that holds most of those who were it from the
// beginning, and then most of its patients: who was only linked to it takes its
// reference, and what was said by that, along from nobody. A group that is left
// without one goes back to a person that one of it had before, as its heir, and
// nobody has now, or else gets a new one.
func (s *Service) relinkings(ctx context.Context, groups [][]*toucher) ([]relinking, error) {
	taken := map[kmcr.PersonID]bool{}
	for _, g := range groups {
		for _, x := range g {
			taken[x.patient.Person] = true
		}
	}
	given := map[kmcr.PersonID]bool{}
	to := make([]kmcr.PersonID, len(groups))
	stakes, err := s.stakes(ctx, groups)
	if err != nil {
		return nil, err
	}
	for _, want := range stakes {
		if to[want.group] == 0 && !given[want.person] {
			to[want.group], given[want.person] = want.person, true
		}
	}
	var moves []relinking
	for i, g := range groups {
		if to[i] == 0 {
			person, err := s.formerPerson(ctx, g, taken)
			if err != nil {
				return nil, err
			}
			to[i], taken[person] = person, true
		}
		for _, x := range g {
			if x.patient.Person != to[i] {
				moves = append(moves, relinking{x.patient.ID, to[i]})
			}
		}
	}
	return moves, nil
}

// stake is what a group holds of a person: how many of its patients, and of those who were never of anybody else before.
type stake struct {
	group, first, patients int
	person                 kmcr.PersonID
	eldest                 kmcr.PatientID
}

// stakes lists what the groups hold of persons, the greatest first.
func (s *Service) stakes(ctx context.Context, groups [][]*toucher) ([]stake, error) {
	var stakes []stake
	for i, g := range groups {
		at := map[kmcr.PersonID]int{}
		for _, x := range g {
			k, ok := at[x.patient.Person]
			if !ok {
				k = len(stakes)
				at[x.patient.Person] = k
				stakes = append(stakes, stake{group: i, person: x.patient.Person, eldest: x.patient.ID})
			}
			history, err := s.db.LinkHistory(ctx, x.patient.ID)
			if err != nil {
				return nil, err
			}
			stakes[k].patients++
			if len(history) == 0 || history[0].From == x.patient.Person {
				stakes[k].first++
			}
		}
	}
	slices.SortStableFunc(stakes, func(a, b stake) int {
		return cmp.Or(cmp.Compare(b.first, a.first), cmp.Compare(b.patients, a.patients), cmp.Compare(a.eldest, b.eldest), cmp.Compare(a.group, b.group))
	})
	return stakes, nil
}

// formerPerson is a person whose heir is of the group and which nobody has now, or a new one.
func (s *Service) formerPerson(ctx context.Context, group []*toucher, taken map[kmcr.PersonID]bool) (kmcr.PersonID, error) {
	for _, x := range group {
		history, err := s.db.LinkHistory(ctx, x.patient.ID)
		if err != nil {
			return 0, err
		}
		for _, h := range slices.Backward(history) {
			if h.From == 0 || taken[h.From] {
				continue
			}
			heir, err := s.db.Heir(ctx, h.From)
			if err != nil {
				return 0, err
			}
			if !slices.ContainsFunc(group, func(y *toucher) bool { return y.patient.ID == heir }) {
				continue
			}
			if linked, err := s.db.Links(ctx, h.From); err != nil || len(linked) == 0 {
				return h.From, err
			}
		}
	}
	return s.db.NewPerson(), nil
}

// relinkAll links everybody afresh whom a change touches. change alters what is
// known (outside the store), and refuses by an error; save writes the same
// change down. Both may be tried again.
func (s *Service) relinkAll(ctx context.Context, by kmcr.Viewer, words string, seeds []kmcr.PatientID, change func(*touched) error, save func(*store.Tx, *touched, []relinking) error) error {
	var refused error
	err := again(ctx, func() error {
		t, release, err := s.heldNeighbourhood(ctx, seeds)
		if err != nil {
			return err
		}
		defer release()
		if refused = change(t); refused != nil {
			return nil
		}
		groups := t.derive()
		moves, err := s.relinkings(ctx, groups)
		if err != nil {
			return err
		}
		questions := t.questions(groups)
		return s.db.Write(ctx, func(tx *store.Tx) error {
			for _, x := range t.all { // whoever has been changed meanwhile: again
				if err := tx.Hold(x.patient); err != nil {
					return err
				}
			}
			if err := save(tx, t, moves); err != nil {
				return err
			}
			for _, q := range questions {
				if err := tx.PutReview(&q); err != nil {
					return err
				}
			}
			for _, m := range moves {
				if err := tx.Relink(m.patient, m.to, by.Account, words); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return refused
}

// heldNeighbourhood reads those touched while nobody of this process places
// patients that could be candidates of theirs.
func (s *Service) heldNeighbourhood(ctx context.Context, seeds []kmcr.PatientID) (*touched, func(), error) {
	t, err := s.neighbourhood(ctx, seeds...)
	if err != nil {
		return nil, nil, err
	}
	var ids, hashes []uint64
	for _, x := range t.all {
		ids = append(ids, uint64(x.patient.ID))
		for _, token := range x.profile.Tokens() {
			hashes = append(hashes, hash64(token))
		}
	}
	patients := s.locks.patients.hold(ids)
	tokens := s.locks.tokens.hold(hashes)
	release := func() { tokens(); patients() }
	t, err = s.neighbourhood(ctx, seeds...)
	if err != nil {
		release()
		return nil, nil, err
	}
	return t, release, nil
}
