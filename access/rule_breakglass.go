package access

import "kmcr"

var breakGlass = Rule{
	Name:   "break-glass",
	Says:   "In an emergency somebody who gives care may open a record for eight hours, with a reason that a privacy officer reads.",
	Source: "UK GDPR Article 9(2)(c) (vital interests); SCR emergency access",
	judge: func(f Facts) Decision {
		if !f.Policy.of(f.Viewer.Role).breaksGlass {
			return Decision{}
		}
		for _, i := range f.Involvements {
			if i.Kind != "break-glass" || i.Account == "" || i.Account != f.Viewer.Account || i.Reason == "" || i.Until.IsZero() || !i.Open(f.Now) {
				continue
			}
			if i.Organisation == "" || i.Organisation == f.Viewer.Organisation {
				return Decision{Outcome: Permitted, Kind: i.Kind, Until: i.Until, Basis: "opened in an emergency by the viewer"}
			}
		}
		return Decision{}
	},
}

// Purpose is why the record is looked at: an emergency where the decision
// rests on break-glass, else direct care.
func (d Decision) Purpose() kmcr.Purpose {
	if d.Kind == "break-glass" {
		return kmcr.BreakGlass
	}
	return kmcr.DirectCare
}
