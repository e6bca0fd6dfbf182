package access

import (
	_ "embed"

	"kmcr"
)

// matrixCSV is the role by section matrix as it is released: one line a role.
// The columns after the first six are sections and then topics ("topic MH");
// a cell is yes, no or, for the administrative section, context (the
// organisations, people and places that other entries refer to, without
// claims and bills).
//
//go:embed matrix.csv
var matrixCSV string

// The kinds of role.
const (
	kindClinical = "clinical"
	kindSocial   = "social"
)

// How far a role may look for people.
const (
	findsAll      = "all"
	findsInvolved = "involved" // only those whose record it may open
	findsNobody   = "nobody"
)

// permissions are one line of the matrix.
type permissions struct {
	kind        string
	finds       string
	breaksGlass bool
	visits      bool
	lists       map[WorkList]bool
	sections    map[kmcr.Section]string
	topics      map[kmcr.Label]bool
}

// section tells whether statements of a type that stand in a section are shown.
func (p *permissions) section(s kmcr.Section, resourceType string) bool {
	switch p.sections[s] {
	case "yes":
		return true
	case "context":
		return isContext(resourceType)
	}
	return false
}

// isContext tells whether resources of this type say only who and where other entries speak of.
func isContext(resourceType string) bool {
	switch resourceType {
	case "Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Endpoint",
		"OrganizationAffiliation", "Schedule", "Slot", "Provenance":
		return true
	}
	return false
}

// Section tells whether a role may see a section, whole or in part.
func (p *Policy) Section(r kmcr.Role, s kmcr.Section) bool {
	of := p.of(r)
	return of.sections[s] == "yes" || of.sections[s] == "context"
}

// Topic tells whether a role may see statements with a topic tag.
func (p *Policy) Topic(r kmcr.Role, l kmcr.Label) bool { return p.of(r).topics[l] }

// Clinical tells whether a role is one of health care.
func (p *Policy) Clinical(r kmcr.Role) bool { return p.of(r).kind == kindClinical }
