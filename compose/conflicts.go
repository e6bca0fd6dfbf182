package compose

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"

	"kmcr"
)

// authority is how much a contributor counts where two disagree; higher is preferred.
func (c *composer) authority(e *entry) int { return c.authorityOf(e.Contributor) }

func (c *composer) authorityOf(code kmcr.ContributorCode) int {
	if s := c.sources[code]; s != nil {
		return s.Authority
	}
	return 0
}

// conflict records a fact on which contributors disagree, prefers by authority and then recency, says why, and answers its id.
func (c *composer) conflict(fact string, section kmcr.Section, key string, values []ConflictValue) string {
	slices.SortStableFunc(values, func(a, b ConflictValue) int {
		return cmp.Or(cmp.Compare(c.authorityOf(b.From.Contributor), c.authorityOf(a.From.Contributor)), cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.From.Statement, b.From.Statement), cmp.Compare(a.Value, b.Value))
	})
	best := values[0]
	reason := fmt.Sprintf("%s is preferred: it ranks highest for this fact among those that state it", best.From.Source)
	for _, v := range values[1:] {
		if c.authorityOf(v.From.Contributor) == c.authorityOf(best.From.Contributor) {
			reason = fmt.Sprintf("%s is preferred: of those that rank equally for this fact it is the most recent", best.From.Source)
		}
	}
	return c.conflictBecause(fact, section, key, values, 0, reason)
}

func (c *composer) conflictBecause(fact string, section kmcr.Section, key string, values []ConflictValue, preferred int, reason string) string {
	h := fnv.New64a()
	h.Write([]byte(key))
	id := fmt.Sprintf("c%x", h.Sum64())
	values[preferred].Preferred = true
	c.r.Conflicts = append(c.r.Conflicts, Conflict{ID: id, Fact: fact, Section: section, Values: values, Reason: reason})
	return id
}
