package access

import (
	"slices"

	"kmcr"
)

// Hears tells whether what a contributor states is there at all for a viewer:
// while it tries out its feed (TestOnly), for its own client and its testers and
// for nobody else. For everybody else it is as if it had not been sent: not
// shown, not found, not counted as withheld, and nobody is involved by it.
func Hears(v kmcr.Viewer, c kmcr.Contributor) bool {
	if !c.TestOnly {
		return true
	}
	return v.Contributor == c.Code || v.Contributor == "" && v.Account != "" && slices.Contains(c.Testers, v.Account)
}
