package compose

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"

	"kmcr"
)

// prefer orders two contributors for a fact: the one that counts for more first, 0 where they count alike.
func (c *composer) prefer(fact Fact, a, b kmcr.ContributorCode) int {
	return cmp.Or(cmp.Compare(c.rank(fact, a), c.rank(fact, b)), cmp.Compare(c.authorityOf(b), c.authorityOf(a)))
}

// rank is the place of a contributor's kind of organisation in the authority order of a fact; one that is not in it comes after those that are.
func (c *composer) rank(fact Fact, code kmcr.ContributorCode) int {
	order := c.orders[fact].Kinds
	if s := c.sources[code]; s != nil {
		if at := slices.Index(order, s.Kind); at >= 0 {
			return at
		}
	}
	return len(order)
}

func (c *composer) authorityOf(code kmcr.ContributorCode) int {
	if s := c.sources[code]; s != nil {
		return s.Authority
	}
	return 0
}

// conflict records a fact on which contributors disagree, prefers by authority and then recency, says why, and answers its id.
func (c *composer) conflict(about Fact, fact string, section kmcr.Section, key string, values []ConflictValue) string {
	slices.SortStableFunc(values, func(a, b ConflictValue) int {
		return cmp.Or(c.prefer(about, a.From.Contributor, b.From.Contributor), cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.From.Statement, b.From.Statement), cmp.Compare(a.Value, b.Value))
	})
	return c.conflictBecause(about, fact, section, key, values, c.reason(about, values[0], rival(values)))
}

// rival is the value to which the first is preferred: of those of other contributors the first that differs, else any of theirs,
// else another of its own.
func rival(values []ConflictValue) ConflictValue {
	best, next := values[0], values[0]
	for _, v := range values[1:] {
		differs, others := v.Value != best.Value, v.From.Contributor != best.From.Contributor
		switch {
		case differs && others:
			return v
		case others && next.From.Contributor == best.From.Contributor || differs && next.Value == best.Value && next.From.Contributor == best.From.Contributor:
			next = v
		}
	}
	return next
}

// reason says in one sentence why the first value is preferred to the next different one.
func (c *composer) reason(about Fact, best, next ConflictValue) string {
	name := best.From.Source
	switch {
	case best.From.Contributor == next.From.Contributor && best.Date.key() > next.Date.key():
		return fmt.Sprintf("%s says both; what it said last is shown first.", name)
	case best.From.Contributor == next.From.Contributor:
		return fmt.Sprintf("%s says both: neither is preferred, and the order means nothing.", name)
	case c.rank(about, best.From.Contributor) < c.rank(about, next.From.Contributor):
		return fmt.Sprintf("%s is shown first because for %s %s counts before %s.", name, c.orders[about].Title, aKind(c.kind(best)), aKind(c.kind(next)))
	case c.authorityOf(best.From.Contributor) > c.authorityOf(next.From.Contributor):
		return fmt.Sprintf("%s is shown first because it is ranked above %s.", name, next.From.Source)
	case best.Date.key() > next.Date.key():
		return fmt.Sprintf("%s is shown first because what it says is the most recent of those that count alike for %s.", name, c.orders[about].Title)
	}
	return fmt.Sprintf("%s and %s count alike and say it of the same time: neither is preferred, and the order means nothing.", name, next.From.Source)
}

func (c *composer) kind(v ConflictValue) string {
	if s := c.sources[v.From.Contributor]; s != nil {
		return s.Kind
	}
	return ""
}

func (c *composer) conflictBecause(about Fact, fact string, section kmcr.Section, key string, values []ConflictValue, reason string) string {
	h := fnv.New64a()
	h.Write([]byte(key))
	id := fmt.Sprintf("c%x", h.Sum64())
	values[0].Preferred = true
	c.r.Conflicts = append(c.r.Conflicts, Conflict{ID: id, About: about, Fact: fact, Section: section, Values: values, Reason: reason})
	return id
}
