package access

import (
	"bytes"

	"kmcr"
)

// Item judges one statement inside a permitted record; the sentence says why.
func (d Decision) Item(f Facts, s *kmcr.Statement) (bool, string) {
	if d.Outcome != Permitted || s == nil || s.Internal {
		return false, "Only what belongs to a permitted record is shown."
	}
	p := permissionsOf[f.Viewer.Role]
	if p == nil || !p.section(s.Section, s.Type) {
		return false, "This role does not see this section."
	}
	for _, l := range s.Labels {
		if !d.label(p, s, l) {
			return false, "This is withheld because of how confidential it is."
		}
	}
	return true, ""
}

// label tells whether a label lets the viewer see a statement.
func (d Decision) label(p *permissions, s *kmcr.Statement, l kmcr.Label) bool {
	switch l {
	case kmcr.VeryRestricted:
		return false
	case kmcr.Restricted:
		// A restricted Patient is one whose whereabouts are hidden (PDS sensitive flag): from everybody.
		return p.kind == kindClinical && d.Kind != "self-claimed" && s.Section != kmcr.Demographics
	default:
		return p.topics[l]
	}
}

// HidesWhereabouts tells whether a label on a person's demographics hides
// where the person lives, is registered and can be telephoned.
func HidesWhereabouts(labels []kmcr.Label) bool {
	for _, l := range labels {
		if l == kmcr.Restricted || l == kmcr.VeryRestricted {
			return true
		}
	}
	return false
}

// Withheld is one statement that is left out of a permitted record, and why:
// because the role does not see its section, or because of its labels (or
// those of what it is about).
type Withheld struct {
	Statement *kmcr.Statement
	ByLabel   bool
}

// Items judges the statements of a permitted record. What is administrative
// follows what it is about: a claim that refers to something withheld for its
// labels is withheld with it.
func (d Decision) Items(f Facts, statements []*kmcr.Statement) (permitted []*kmcr.Statement, withheld []Withheld) {
	permitted = make([]*kmcr.Statement, 0, len(statements))
	var sealed [][]byte
	for _, s := range statements {
		if ok, _ := d.Item(f, s); ok {
			permitted = append(permitted, s)
			continue
		}
		byLabel := len(s.Labels) > 0 && d.inSection(f, s)
		withheld = append(withheld, Withheld{s, byLabel})
		if byLabel {
			sealed = append(sealed, []byte(s.Type+"/"+s.ID.String()))
		}
	}
	if len(sealed) == 0 {
		return permitted, withheld
	}
	kept := permitted[:0]
	for _, s := range permitted {
		if s.Section == kmcr.Administrative && refersTo(s.Body, sealed) {
			withheld = append(withheld, Withheld{s, true})
			continue
		}
		kept = append(kept, s)
	}
	return kept, withheld
}

func (d Decision) inSection(f Facts, s *kmcr.Statement) bool {
	p := permissionsOf[f.Viewer.Role]
	return p != nil && p.section(s.Section, s.Type)
}

func refersTo(body []byte, references [][]byte) bool {
	for _, r := range references {
		if bytes.Contains(body, r) {
			return true
		}
	}
	return false
}
