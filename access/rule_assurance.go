package access

import (
	"fmt"
	"time"

	"kmcr"
)

var assurance = Rule{
	Name:   "assurance",
	Says:   "The viewer’s organisation asks for a stronger sign-in than the one in use.",
	Source: "NIST SP 800-63B; NHS CIS2 authentication assurance; the organisation’s own least level",
	judge: func(f Facts) Decision {
		if f.Organisation != nil && f.Viewer.Assurance < f.Organisation.Assurance {
			return Decision{Outcome: Unknown}
		}
		return Decision{}
	},
}

// ProvenLasts is how long after somebody has shown who they are they may do what asks for that.
const ProvenLasts = 5 * time.Minute

// Proven tells whether a viewer has just shown, strongly enough, who they are, as an emergency opening, an export and an un-merge
// ask for, and what is missing where not.
func Proven(v kmcr.Viewer, o *kmcr.Organisation, now time.Time) (bool, string) {
	switch {
	case o != nil && v.Assurance < o.StepUp:
		return false, fmt.Sprintf("This asks for a sign-in of level %d at least.", o.StepUp)
	case v.Proven.IsZero() || now.Sub(v.Proven) > ProvenLasts || v.Proven.Sub(now) > ProvenLasts:
		return false, "This asks that the viewer has just shown who they are."
	}
	return true, "The viewer has just shown who they are."
}
