package access

import (
	_ "embed"
	"encoding/csv"
	"strings"

	"kmcr"
)

// matrixCSV is the role by section matrix: one line a role. The columns after
// the first five are sections and then topics ("topic MH"); a cell is yes, no
// or, for the administrative section, context (the organisations, people and
// places that other entries refer to, without claims and bills).
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
	lists       map[WorkList]bool
	sections    map[kmcr.Section]string
	topics      map[kmcr.Label]bool
}

var permissionsOf = readMatrix(matrixCSV)

func readMatrix(text string) map[kmcr.Role]*permissions {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic("access: matrix.csv: " + err.Error())
	}
	m := make(map[kmcr.Role]*permissions, len(rows))
	for _, row := range rows[1:] {
		m[kmcr.Role(row[0])] = readRow(rows[0], row)
	}
	return m
}

func readRow(head, row []string) *permissions {
	p := &permissions{
		kind: row[1], finds: row[2], breaksGlass: row[3] == "yes",
		lists:    map[WorkList]bool{},
		sections: map[kmcr.Section]string{},
		topics:   map[kmcr.Label]bool{},
	}
	for _, l := range strings.Fields(row[4]) {
		p.lists[WorkList(l)] = true
	}
	for n := 5; n < len(head); n++ {
		if topic, ok := strings.CutPrefix(head[n], "topic "); ok {
			p.topics[kmcr.Label(topic)] = row[n] == "yes"
		} else {
			p.sections[kmcr.Section(head[n])] = row[n]
		}
	}
	return p
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

// Section tells whether a role may see a section: full, or not (the role by section matrix, which is data in matrix.csv).
func Section(r kmcr.Role, s kmcr.Section) bool {
	p := permissionsOf[r]
	return p != nil && (p.sections[s] == "yes" || p.sections[s] == "context")
}

// Topic tells whether a role may see statements with a topic tag.
func Topic(r kmcr.Role, l kmcr.Label) bool {
	p := permissionsOf[r]
	return p != nil && p.topics[l]
}
