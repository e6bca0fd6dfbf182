package ingest

import (
	"kmcr"
	"kmcr/match"
)

// mostReplacements bounds a chain of numbers of which each replaced the one before.
const mostReplacements = 8

// inForce gives those who go by a number that has been replaced the number in force, where one of those compared says which
// replaced which (an identifier of use "old" beside the number in force), so that they are not taken for two people.
func inForce(ids []*match.Identity) {
	by := map[kmcr.NHSNumber]kmcr.NHSNumber{}
	for _, id := range ids {
		for _, old := range id.Superseded {
			if id.NHS != "" && old != id.NHS {
				by[old] = id.NHS
			}
		}
	}
	if len(by) == 0 {
		return
	}
	for _, id := range ids {
		for range mostReplacements {
			now, replaced := by[id.NHS]
			if !replaced {
				break
			}
			id.Superseded = append(id.Superseded[:len(id.Superseded):len(id.Superseded)], id.NHS)
			id.NHS = now
		}
	}
}
