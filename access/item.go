package access

import (
	"slices"

	"kmcr"
)

// Item judges one statement inside a permitted record; the sentence says why.
func (d Decision) Item(f Facts, s *kmcr.Statement) (bool, string) {
	if d.Outcome != Permitted || s == nil || s.Internal {
		return false, "Only what belongs to a permitted record is shown."
	}
	p := f.Policy.of(f.Viewer.Role)
	if !p.section(s.Section, s.Type) {
		return false, "This role does not see this section."
	}
	if d.labelled(p, s) {
		return false, "This is withheld because of how confidential it is."
	}
	return true, ""
}

// label tells whether a label lets the viewer see a statement.
func (d Decision) label(p *permissions, s *kmcr.Statement, l kmcr.Label) bool {
	switch l {
	case kmcr.VeryRestricted:
		return false
	case kmcr.DoorCode:
		return true // it is masked, see MaskDoor
	case kmcr.Restricted:
		// A restricted Patient is one whose whereabouts are hidden (PDS sensitive flag): from everybody.
		return p.kind == kindClinical && d.Kind != "self-claimed" && s.Section != kmcr.Demographics
	case kmcr.TopicThirdParty:
		return p.topics[l] && d.Reveals == l // what concerns other people is told when it is asked for
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

// Items judges the statements of a permitted record. What hangs together with
// something withheld for its labels (its encounter and what came of it, what
// refers to it, what it is made of) is withheld with it. All statements of a
// contributor's patient must be given, so that nothing is missed.
func (d Decision) Items(f Facts, statements []*kmcr.Statement) (permitted []*kmcr.Statement, withheld []Withheld) {
	permitted = make([]*kmcr.Statement, 0, len(statements))
	var sealed []*kmcr.Statement
	p := f.Policy.of(f.Viewer.Role)
	for _, s := range statements {
		if ok, _ := d.Item(f, s); ok {
			permitted = append(permitted, s)
			continue
		}
		byLabel := d.labelled(p, s)
		withheld = append(withheld, Withheld{s, byLabel && p.section(s.Section, s.Type)})
		if byLabel && s.Section != kmcr.Demographics && !d.Protected(f, s) {
			sealed = append(sealed, s)
		}
	}
	if len(sealed) == 0 {
		return permitted, withheld
	}
	together := clusterOf(sealed)
	permitted, sealed, withheld = divide(permitted, sealed, withheld, together.holds)
	only := onlyOf(sealed, permitted)
	permitted, _, withheld = divide(permitted, nil, withheld, func(s *kmcr.Statement) bool { return only[nameOf(s)] })
	return permitted, withheld
}

// Protected tells whether a statement is withheld only until it is asked for by an act of its own: it concerns other people, and the role
// may be told. What hangs together with it is not withheld.
func (d Decision) Protected(f Facts, s *kmcr.Statement) bool {
	if !slices.Contains(s.Labels, kmcr.TopicThirdParty) {
		return false
	}
	plain, _ := d.Item(f, s)
	d.Reveals = kmcr.TopicThirdParty
	asked, _ := d.Item(f, s)
	return asked && !plain
}

// divide moves those statements that hold from the permitted to the withheld.
func divide(permitted, sealed []*kmcr.Statement, withheld []Withheld, holds func(*kmcr.Statement) bool) (kept, together []*kmcr.Statement, all []Withheld) {
	kept = permitted[:0]
	for _, s := range permitted {
		if holds(s) {
			sealed, withheld = append(sealed, s), append(withheld, Withheld{s, true})
			continue
		}
		kept = append(kept, s)
	}
	return kept, sealed, withheld
}

// labelled tells whether a label keeps a statement from a role.
func (d Decision) labelled(p *permissions, s *kmcr.Statement) bool {
	for _, l := range s.Labels {
		if !d.label(p, s, l) {
			return true
		}
	}
	return false
}
