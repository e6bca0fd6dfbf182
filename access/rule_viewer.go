package access

var viewerKnown = Rule{
	Name:   "viewer known",
	Says:   "Only somebody who has signed in, at an organisation, may ask; a computer system is shown its own statements alone.",
	Source: "Data Protection Act 2018 s.40 (security); NHS Care Record Guarantee, commitment 3",
	judge: func(f Facts) Decision {
		v := f.Viewer
		if v.Account == "" || v.Organisation == "" || v.Contributor != "" {
			return Decision{Outcome: Unknown}
		}
		return Decision{}
	},
}
