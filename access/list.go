package access

import (
	"slices"

	"kmcr"
)

// OnList tells whether an involvement puts somebody on a list of work: a
// named worker's or team's does, and of an organisation's those that are care now.
func OnList(i kmcr.Involvement) bool { return !slices.Contains(offLists, i.Kind) }

// offLists are the kinds of involvement that put nobody on a list.
var offLists = []string{"break-glass", "discharged", "referral"}

// OffLists lists those kinds.
func OffLists() []string { return slices.Clone(offLists) }

// OnListOf tells whether an involvement puts somebody on a viewer's own list: it names the viewer, or the viewer's team.
func OnListOf(v kmcr.Viewer, i kmcr.Involvement) bool {
	if !OnList(i) {
		return false
	}
	return v.Account != "" && i.Account == v.Account || v.Team != "" && i.Team == v.Team && (i.Organisation == "" || i.Organisation == v.Organisation)
}
