package access

import "kmcr"

// OnList tells whether an involvement puts somebody on a list of work: a
// named worker's or team's does, and of an organisation's those that are care now.
func OnList(i kmcr.Involvement) bool {
	switch i.Kind {
	case "break-glass", "discharged", "referral":
		return false
	}
	return true
}

// OnListOf tells whether an involvement puts somebody on a viewer's own list: it names the viewer, or the viewer's team.
func OnListOf(v kmcr.Viewer, i kmcr.Involvement) bool {
	if !OnList(i) {
		return false
	}
	return v.Account != "" && i.Account == v.Account || v.Team != "" && i.Team == v.Team && (i.Organisation == "" || i.Organisation == v.Organisation)
}
