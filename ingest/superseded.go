package ingest

import (
	"slices"

	"kmcr"
	"kmcr/match"
)

// mostReplacements bounds a chain of numbers of which each replaced the one before.
const mostReplacements = 8

// inForce gives those who go by a number that has been replaced the number in force, where one of those compared says which
// replaced which (an identifier of use "old" beside the number in force), so that they are not taken for two people. Where two
// say that it was replaced by two others, it is left as it is. It tells who has another number now.
func inForce(ids []*match.Identity) (replaced []*match.Identity) {
	by := map[kmcr.NHSNumber]kmcr.NHSNumber{}
	for _, id := range ids {
		for _, old := range id.Superseded {
			switch {
			case id.NHS == "" || old == id.NHS:
			case by[old] == "" || by[old] == id.NHS:
				by[old] = id.NHS
			default:
				by[old] = disputed
			}
		}
	}
	if len(by) == 0 {
		return nil
	}
	for _, id := range ids {
		was := id.NHS
		for range mostReplacements {
			now := by[id.NHS]
			if now == "" || now == disputed {
				break
			}
			id.Superseded = append(id.Superseded[:len(id.Superseded):len(id.Superseded)], id.NHS)
			id.NHS = now
		}
		if id.NHS != was {
			replaced = append(replaced, id)
		}
	}
	return replaced
}

// disputed stands for a number that several are said to be in force instead of.
const disputed = kmcr.NHSNumber("disputed")

// replaces tells whether one says which number replaced which, and the other goes by either.
func replaces(one, other match.Identity) bool {
	return one.NHS != "" && len(one.Superseded) > 0 && other.NHS != "" && (other.NHS == one.NHS || slices.Contains(one.Superseded, other.NHS))
}
