package access

// Tie is how a viewer stands to a person apart from care.
type Tie string

// The ties, as an administrator has said who somebody at work is: the viewer's own record, somebody who lives with the viewer, somebody who
// works for the same organisation.
const (
	TieOwn       Tie = "own"
	TieFamily    Tie = "family"
	TieColleague Tie = "colleague"
)

var near = Rule{
	Name:   "own, family and colleagues",
	Says:   "Nobody opens their own record here. That of somebody they live or work with opens only on a relationship that names them or their team, or in an emergency.",
	Source: "Data Protection Act 2018 s.170; NHS Care Record Guarantee, commitment 4; local staff access policies",
	judge: func(f Facts) Decision {
		switch f.Tie {
		case "":
			return Decision{}
		case TieOwn:
			return refuse(f, "Your own record is shown to you as it is to everybody: ask the privacy officer for a copy.")
		}
		if d := breakGlass.judge(f); d.Outcome == Permitted {
			return Decision{} // it counts in its own place
		}
		named := f
		named.Involvements = nil
		for _, i := range f.Involvements {
			if (i.Account != "" || i.Team != "") && i.Kind != "self-claimed" {
				named.Involvements = append(named.Involvements, i)
			}
		}
		if relationship.judge(named).Outcome == Permitted {
			return Decision{}
		}
		return refuse(f, "Somebody who does not know this person at home or at work can open the record; or have your own part in the care recorded. "+nextInEmergency(f))
	},
}
