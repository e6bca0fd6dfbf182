package ingest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/match"
	"kmcr/store"
)

// Whose patients are whose follows from what is known and from nothing else:
// what is claimed of each patient, the merges of their own systems, and what
// people have decided. When a decision or a merge is made or taken back, all
// whom it may touch are linked afresh, so that the order in which that was
// done, and in which they came, leaves no trace.

// mostTouched bounds how many patients are linked afresh at once.
const mostTouched = 400

// touched are patients who may belong together, by contributor and its key, with
// what is known of them and what was decided about them.
type touched struct {
	all     []*toucher
	byID    map[kmcr.PatientID]*toucher
	asides  map[kmcr.PersonID][]*toucher // people who are none of them, but of whom a person may be asked whether they are
	known   map[kmcr.PatientID]*toucher  // all of these
	near    [][2]*toucher                // candidates who are none of them, each after whom it was found by
	aside   map[kmcr.PersonID]bool       // of whom somebody has been asked, or may be
	reviews map[[2]kmcr.PatientID]store.Review
	bearers map[kmcr.NHSNumber]map[kmcr.PatientID]bearer
	persons map[kmcr.PersonID]bool // whose patients have been asked for
}

// decided is what people have decided about two, or that it is still to be decided; "" where nobody has been asked.
func (t *touched) decided(a, b kmcr.PatientID) string { return t.reviews[between(a, b)].State }

// toucher is one patient with its identity, from which a placeholder of a number is left out.
type toucher struct {
	patient *store.Patient
	profile *match.Profile
	claimed *match.Profile // with the number that is claimed, whatever it is worth: by this it is found
	number  kmcr.NHSNumber // as claimed
	id      match.Identity
}

func toucherOf(p *store.Patient) (*toucher, error) {
	claims, err := readClaims(p.Claims)
	if err != nil {
		return nil, err
	}
	x := &toucher{patient: p, id: identityOf(claims)}
	x.number, x.claimed = x.id.NHS, match.Prepare(x.id)
	x.profile = x.claimed
	return x, nil
}

// unit is patients that somebody keeps together: their own system by a merge, or a person by a decision.
type unit struct {
	members []*toucher
}

// between orders a pair.
func between(a, b kmcr.PatientID) [2]kmcr.PatientID { return [2]kmcr.PatientID{min(a, b), max(a, b)} }

// neighbourhood finds everybody whom a change about the seeds may touch: those
// linked to the same persons, those they are merged with, those a decision
// names, and whoever of the candidates of each may be the same. Errors:
// kmcr.TooLarge where they are more than can be looked at together, for of a
// part of them it does not follow who is who.
func (s *Service) neighbourhood(ctx context.Context, seeds ...kmcr.PatientID) (*touched, error) {
	t := &touched{byID: map[kmcr.PatientID]*toucher{}, asides: map[kmcr.PersonID][]*toucher{}, known: map[kmcr.PatientID]*toucher{}, aside: map[kmcr.PersonID]bool{},
		reviews: map[[2]kmcr.PatientID]store.Review{}, bearers: map[kmcr.NHSNumber]map[kmcr.PatientID]bearer{}, persons: map[kmcr.PersonID]bool{}}
	queue, queued := seeds, map[kmcr.PatientID]bool{}
	for i := 0; i < len(queue); i++ {
		id := queue[i]
		if queued[id] {
			continue
		}
		queued[id] = true
		if len(queued) > mostTouched {
			return nil, tooMany()
		}
		more, err := s.touch(ctx, t, id)
		if err != nil {
			return nil, err
		}
		if len(more) > mostTouched {
			return nil, tooMany()
		}
		queue = slices.Concat(queue, more)
	}
	if err := s.lookAside(ctx, t); err != nil {
		return nil, err
	}
	slices.SortFunc(t.all, func(a, b *toucher) int {
		return cmp.Or(cmp.Compare(a.patient.Contributor, b.patient.Contributor), cmp.Compare(a.patient.Key, b.patient.Key))
	})
	known := slices.Collect(maps.Values(t.known))
	t.leaveOutPlaceholders(known)
	putInForce(known)
	return t, nil
}

func tooMany() error {
	return &kmcr.Error{Kind: kmcr.TooLarge, Message: "more than " + strconv.Itoa(mostTouched) + " entries may be of the same people; they stay linked as they are",
		Remedy: "Ask the contributors why they have so many entries for one person."}
}

// touch adds one patient and tells who else is touched by it.
func (s *Service) touch(ctx context.Context, t *touched, id kmcr.PatientID) (more []kmcr.PatientID, err error) {
	p, err := s.db.PatientByID(ctx, id)
	if err != nil || p == nil || p.Register || p.Erased() {
		return nil, err
	}
	x, err := toucherOf(p)
	if err != nil {
		return nil, err
	}
	t.all = append(t.all, x)
	t.byID[id], t.known[id] = x, x
	t.bears(p, x.id)
	if p.MergedInto != 0 {
		more = append(more, p.MergedInto)
	}
	if !t.persons[p.Person] {
		t.persons[p.Person] = true
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
	var asked []kmcr.PatientID
	for _, r := range reviews {
		t.reviews[between(r.A, r.B)] = r
		switch r.State {
		case "same", "different":
			more = append(more, r.A, r.B)
		case "open":
			asked = append(asked, r.A, r.B)
		}
	}
	for _, a := range asked {
		if p, err := s.db.PatientByID(ctx, a); err != nil {
			return nil, err
		} else if p != nil {
			t.aside[p.Person] = true
		}
	}
	found, err := s.db.PatientsByToken(ctx, x.claimed.Tokens(), candidates)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		y, err := toucherOf(f)
		if err != nil {
			return nil, err
		}
		t.bears(f, y.id)
		switch {
		case f.Register || t.byID[f.ID] != nil:
		case touches(x.id, x.claimed, y.id, y.claimed):
			more = append(more, f.ID)
		default:
			t.near = append(t.near, [2]*toucher{x, y})
		}
	}
	return more, nil
}

// lookAside reads those of whom a person may be asked whether they are one with somebody touched, and who carries their numbers.
func (s *Service) lookAside(ctx context.Context, t *touched) error {
	searched := map[kmcr.NHSNumber]bool{}
	for _, x := range t.all {
		searched[x.number] = true
	}
	found := slices.Clone(t.all)
	for _, pair := range t.near {
		found = append(found, pair[1])
	}
	t.leaveOutPlaceholders(found)
	for _, pair := range t.near {
		if mayBeAsked(pair[0].profile, pair[1].profile) {
			t.aside[pair[1].patient.Person] = true
		}
	}
	for _, person := range slices.Sorted(maps.Keys(t.aside)) {
		if t.persons[person] || len(t.known) > 2*mostTouched {
			continue
		}
		linked, err := s.db.Links(ctx, person)
		if err != nil {
			return err
		}
		for _, p := range linked {
			if p.Register || p.Erased() {
				continue
			}
			y, err := toucherOf(p)
			if err != nil {
				return err
			}
			t.asides[person], t.known[p.ID] = append(t.asides[person], y), y
			if searched[y.number] {
				continue
			}
			searched[y.number] = true
			found, err := s.db.PatientsByToken(ctx, []string{match.NumberToken(y.number)}, candidates)
			if err != nil {
				return err
			}
			for _, f := range found {
				z, err := toucherOf(f)
				if err != nil {
					return err
				}
				t.bears(f, z.id)
			}
		}
	}
	return nil
}

// touches tells whether two may be found the same once it is known which numbers are placeholders and which have been replaced, or
// one says the latter of the other's.
func touches(one match.Identity, p *match.Profile, other match.Identity, q *match.Profile) bool {
	return replaces(one, other) || replaces(other, one) || same(p, q) || same(p.WithNumber(""), q.WithNumber("")) ||
		one.NHS != "" && other.NHS != "" && one.NHS != other.NHS && same(p, q.WithNumber(one.NHS))
}

// mayBeAsked tells whether a person may have to be asked about two, once it is known which numbers are placeholders.
func mayBeAsked(p, q *match.Profile) bool {
	return match.Standard().Compare(p, q).Outcome != match.Different || match.Standard().Compare(p.WithNumber(""), q.WithNumber("")).Outcome != match.Different
}

func same(p, q *match.Profile) bool { return match.Standard().Compare(p, q).Outcome == match.Same }

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
	t.bearers[id.NHS][p.ID] = bearerOf(p, id)
}

// leaveOutPlaceholders takes numbers that say nothing out of the identities.
func (t *touched) leaveOutPlaceholders(all []*toucher) {
	for n, bearers := range t.bearers {
		for _, c := range placeholderOf(slices.Collect(maps.Values(bearers))) {
			for _, x := range all {
				if x.number == n && x.patient.Contributor == c {
					x.id.NHS, x.profile = "", x.claimed.WithNumber("")
				}
			}
		}
	}
}

// putInForce gives those who go by a replaced number the one in force.
func putInForce(all []*toucher) {
	ids := make([]*match.Identity, len(all))
	of := map[*match.Identity]*toucher{}
	for i, x := range all {
		ids[i], of[&x.id] = &x.id, x
	}
	for _, id := range inForce(ids) {
		of[id].profile = match.Prepare(*id)
	}
}

// bond is two units that are the same by what is known of them.
type bond struct {
	a, b  int // places in the units, a first
	score float64
}

// asLikely is within how much of one another (log2 odds) two possibilities are no more than a guess: a thousand to one, which is
// what a link has to be anyway.
const asLikely = 10

// derive parts the patients into groups, each a person. Those that somebody
// keeps together come as one. Two that are the same are brought together, the
// likeliest first, where nobody of the one's is against anybody of the
// other's. Where somebody is the same as two who are against one another, and
// is not a thousand times likelier to be the one, nobody guesses which: it
// stays by itself, and a person is asked.
func (t *touched) derive() [][]*toucher {
	units := t.units()
	bonds, against := t.compareAll(units)
	of := make([]int, len(units))
	groups := make([][]int, len(units))
	for i := range units {
		of[i], groups[i] = i, []int{i}
	}
	for _, b := range bonds {
		g, h := of[b.a], of[b.b]
		if g == h || opposed(groups[g], groups[h], against) || guessed(b, bonds, against) {
			continue
		}
		groups[g] = append(groups[g], groups[h]...)
		for _, i := range groups[h] {
			of[i] = g
		}
		groups[h] = nil
	}
	var out [][]*toucher
	for _, g := range groups {
		if g == nil {
			continue
		}
		var all []*toucher
		for _, i := range g {
			all = append(all, units[i].members...)
		}
		out = append(out, all)
	}
	return out
}

// compareAll compares every unit with every other: which are the same, the likeliest first, and which are against one another.
func (t *touched) compareAll(units []*unit) (bonds []bond, against map[[2]int]bool) {
	against = map[[2]int]bool{}
	for i, u := range units {
		for k := i + 1; k < len(units); k++ {
			score, agrees, opposed, apart := t.compare(u, units[k])
			switch {
			case apart || opposed && !agrees:
				against[[2]int{i, k}], against[[2]int{k, i}] = true, true
			case agrees:
				bonds = append(bonds, bond{i, k, score})
			}
		}
	}
	slices.SortStableFunc(bonds, func(x, y bond) int { return cmp.Compare(y.score, x.score) })
	return bonds, against
}

func opposed(g, h []int, against map[[2]int]bool) bool {
	return slices.ContainsFunc(g, func(i int) bool {
		return slices.ContainsFunc(h, func(k int) bool { return against[[2]int{i, k}] })
	})
}

// guessed tells whether one of the two is, by another bond that is about as likely, the same as somebody who is against the other.
func guessed(b bond, bonds []bond, against map[[2]int]bool) bool {
	for _, c := range bonds {
		if c.score <= b.score-asLikely {
			return false // and so are all that follow
		}
		for _, x := range [][2]int{{c.a, c.b}, {c.b, c.a}} {
			if x[0] == b.a && against[[2]int{x[1], b.b}] || x[0] == b.b && against[[2]int{x[1], b.a}] {
				return true
			}
		}
	}
	return false
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

// compare tells what speaks for two units being one person, and against it; apart: a decision parts them.
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

// questions are the reviews that change with who is who. Of two people who may be one a person is asked once, about two entries of
// theirs: not where somebody has decided about them, or is about to, and not where nothing speaks for it any more. Where their own
// system says that two are one, a person is asked whatever else is known.
func (t *touched) questions(groups [][]*toucher) (out []store.Review) {
	people := slices.Clone(groups)
	for _, person := range slices.Sorted(maps.Keys(t.asides)) {
		people = append(people, t.asides[person])
	}
	of := map[kmcr.PatientID]int{}
	for i, g := range people {
		for _, x := range g {
			of[x.patient.ID] = i
		}
	}
	reviews := map[[2]int][]store.Review{}
	for _, r := range t.reviews {
		if t.known[r.A] != nil && t.known[r.B] != nil {
			i, k := of[r.A], of[r.B]
			reviews[[2]int{min(i, k), max(i, k)}] = append(reviews[[2]int{min(i, k), max(i, k)}], r)
		}
	}
	for i := range groups {
		for k := i; k < len(people); k++ {
			out = append(out, t.question(people[i], people[k], i == k, reviews[[2]int{i, k}])...)
		}
	}
	return out
}

// question are the reviews that change between two people, or of one.
func (t *touched) question(g, h []*toucher, one bool, reviews []store.Review) (changed []store.Review) {
	best, ask := likeliest(g, h)
	ask = ask && !one
	var open []store.Review
	for _, r := range reviews {
		switch {
		case r.State == "open" && r.Proposed == "":
			v := match.Standard().Compare(t.known[r.A].profile, t.known[r.B].profile)
			r.Score = v.Score
			if said := strings.HasPrefix(r.Reasons, mergeAsks); said && !one {
				r.Reasons = mergeAsks + v.Account()
				ask = false
			} else {
				r.Reasons = v.Account()
				open = append(open, r)
				continue
			}
			if r != t.reviews[between(r.A, r.B)] {
				changed = append(changed, r)
			}
		case r.State != "withdrawn":
			ask = false
		}
	}
	slices.SortFunc(open, func(a, b store.Review) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	for _, r := range open {
		if !ask {
			r.State = "withdrawn"
		}
		ask = false
		if r != t.reviews[between(r.A, r.B)] {
			changed = append(changed, r)
		}
	}
	if ask {
		changed = append(changed, best)
	}
	return changed
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
			if x.patient.Person == 0 {
				continue // nobody's yet
			}
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
	var done *touched
	others := s.db.Others()
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
		done = t
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
	if refused == nil && s.db.Others() != others {
		later, err := s.neighbourhood(ctx, seeds...)
		if err == nil && !done.holds(later) { // another process has put somebody beside them meanwhile
			err = s.afresh(ctx, by, seeds...)
		}
		s.soon(ctx, err)
	}
	return refused
}

// heldNeighbourhood reads those touched while nobody of this process places
// patients that could be candidates of theirs.
func (s *Service) heldNeighbourhood(ctx context.Context, seeds []kmcr.PatientID) (*touched, func(), error) {
	t, err := s.neighbourhood(ctx, seeds...)
	for range tries {
		if err != nil {
			return nil, nil, err
		}
		var ids, hashes []uint64
		for _, x := range t.all {
			ids = append(ids, uint64(x.patient.ID))
			for _, token := range x.claimed.Tokens() {
				hashes = append(hashes, hash64(token))
			}
		}
		patients := s.locks.patients.hold(ids)
		tokens := s.locks.tokens.hold(hashes)
		release := func() { tokens(); patients() }
		held := t
		if t, err = s.neighbourhood(ctx, seeds...); err == nil && held.holds(t) {
			return t, release, nil
		}
		release()
	}
	return nil, nil, &kmcr.Error{Kind: kmcr.Conflict, Message: "more and more people were touched while this was being done", Remedy: "Try again."}
}

// holds tells whether all of later are among those touched, and described as they were.
func (t *touched) holds(later *touched) bool {
	for _, x := range later.all {
		y := t.byID[x.patient.ID]
		if y == nil || !slices.Equal(x.claimed.Tokens(), y.claimed.Tokens()) {
			return false
		}
	}
	return true
}
