package access

import (
	"time"

	"kmcr"
)

// Facts are everything a decision is made from. A missing fact means no.
type Facts struct {
	Viewer       kmcr.Viewer
	Organisation *kmcr.Organisation // the viewer's; nil: not known
	Person       kmcr.PersonID
	Involvements []kmcr.Involvement // of the person, all kinds, with everybody
	Objections   []Objection
	Purpose      kmcr.Purpose
	Now          time.Time
}

// Objection is a person's objection to sharing: whole, or to one organisation or role.
type Objection struct {
	Organisation kmcr.ODS  // "" any
	Role         kmcr.Role // "" any
	From, Until  time.Time
}

// Outcome of a decision about a record.
type Outcome string

// The outcomes: NotInvolved may find the person and is told what is lawful next (403); Unknown may not know that there is such a person (404).
const (
	Permitted   Outcome = "permitted"
	NotInvolved Outcome = "not-involved"
	Unknown     Outcome = "unknown"
)

// Decision is the answer for a record; Item is the answer for each thing in it.
type Decision struct {
	Outcome Outcome
	// Rule says in words which rule decided; Basis is the involvement it rests on ("registered with Ashford practice").
	Rule, Basis string
	// Remedy says what is lawful next, for NotInvolved.
	Remedy string
	// Until is when the basis ends; zero: no end.
	Until time.Time
}

// Decide judges one viewer, one person, one purpose, one instant.
func Decide(f Facts) Decision { panic("not built") }

// MayFind tells whether a viewer may search for people at all, and the rule that said so.
func MayFind(v kmcr.Viewer, o *kmcr.Organisation) (bool, string) { panic("not built") }

// Item judges one statement inside a permitted record.
func (d Decision) Item(f Facts, s *kmcr.Statement) (bool, string) { panic("not built") }

// Section tells whether a role may see a section: full, or not (the role by section matrix, which is data in matrix.csv).
func Section(r kmcr.Role, s kmcr.Section) bool { panic("not built") }

// Involvements derives who is involved from the current statements of one contributor's patient: registration with a practice,
// open spell, recent discharge (for a stated time), referral, appointment, open social care, placement.
func Involvements(c kmcr.Contributor, statements []*kmcr.Statement) []kmcr.Involvement {
	panic("not built")
}

// Classify gives the section and labels of a FHIR resource (compact JSON).
func Classify(resourceType string, body, meta []byte) (kmcr.Section, []kmcr.Label) {
	panic("not built")
}
