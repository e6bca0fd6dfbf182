package store

import (
	"time"

	"kmcr"
)

// SaidAt is when the latest version of a statement was last said by its
// sender's clock: its At, or the later time at which it was said again as it
// stood. It is zero where there is none.
func (c *Compartment) SaidAt(id kmcr.StatementID) time.Time {
	head := c.Head(id)
	if head == nil {
		return time.Time{}
	}
	if again := fromMicros(c.affirmed[id.Hash]); again.After(head.At) {
		return again
	}
	return head.At
}
