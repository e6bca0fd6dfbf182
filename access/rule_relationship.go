package access

import (
	"time"

	"kmcr"
)

var relationship = Rule{
	Name:   "relationship",
	Says:   "The viewer, the viewer's team or the viewer's organisation is involved in this person's care.",
	Source: "Health and Social Care (Safety and Quality) Act 2015 s.3; legitimate relationships (NHS Care Record Guarantee)",
	judge: func(f Facts) Decision {
		if f.Purpose == kmcr.BreakGlass {
			return Decision{}
		}
		best, at := kmcr.Involvement{}, len(bases)
		for _, i := range f.Involvements {
			n := standing(i.Kind)
			if n > at || !holds(f, i) || (n == at && !later(i.Until, best.Until)) {
				continue
			}
			best, at = i, n
		}
		if at == len(bases) {
			return Decision{}
		}
		return Decision{Outcome: Permitted, Kind: best.Kind, Until: best.Until, Basis: bases[at].words + whose(f, best)}
	},
}

// basis is one kind of involvement that opens a record.
type basis struct {
	kind  string
	words string
	// whole tells whether it may be an organisation's as a whole; otherwise it is a team's or an account's.
	whole bool
}

// bases lists the kinds, the firmest first: where several hold, a decision names the first.
var bases = []basis{
	{"registered", "registered with ", true},
	{"spell", "under the care of ", true},
	{"caseload", "on the caseload of ", false},
	{"social-care", "open care with ", true},
	{"placement", "placed with ", true},
	{"referral", "referred to or by ", true},
	{"granted", "granted by a colleague to ", false},
	{"appointment", "an appointment with ", true},
	{"discharged", "recently in the care of ", true},
	{"self-claimed", "claimed by ", false},
}

func standing(kind string) int {
	for n, b := range bases {
		if b.kind == kind {
			return n
		}
	}
	return len(bases)
}

// holds tells whether an involvement is in force and is this viewer's: by
// account, or else by team, or else by organisation where the kind allows it.
// One that names an organisation counts at that organisation alone.
func holds(f Facts, i kmcr.Involvement) bool {
	n := standing(i.Kind)
	if n == len(bases) || !i.Open(f.Now) {
		return false
	}
	v := f.Viewer
	if i.Organisation != "" && i.Organisation != v.Organisation {
		return false
	}
	switch {
	case i.Account != "":
		return i.Account == v.Account
	case i.Team != "":
		return i.Organisation != "" && i.Team == v.Team
	default:
		return i.Organisation != "" && bases[n].whole && !ofAdults(v.Role, i.Kind)
	}
}

// ofAdults tells whether an involvement of the whole organisation is that of
// adult social care, which does not involve those who work for children:
// they are involved by team or caseload.
func ofAdults(r kmcr.Role, kind string) bool {
	return r == kmcr.RoleChildrenSocialWorker && kind == "social-care"
}

func later(a, b time.Time) bool { return !b.IsZero() && (a.IsZero() || a.After(b)) }

func whose(f Facts, i kmcr.Involvement) string {
	switch {
	case i.Account != "":
		return "the viewer"
	case i.Team != "":
		return "the team " + i.Team
	default:
		return f.Organisation.Name
	}
}
