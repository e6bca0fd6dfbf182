package access

import (
	"time"

	"kmcr"
)

// Facts are everything a decision is made from. A missing fact means no.
type Facts struct {
	Policy       *Policy // what is in force
	Viewer       kmcr.Viewer
	Organisation *kmcr.Organisation // the viewer's; nil: not known
	Person       kmcr.PersonID
	Involvements []kmcr.Involvement // of the person, all kinds, with everybody
	Objections   []Objection
	Tie          Tie // how the viewer stands to the person apart from care; "" not at all, as far as is known
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
	// Kind is the kind of that involvement (kmcr.Involvement); "" where nothing is permitted.
	Kind string
	// Remedy says what is lawful next, for NotInvolved.
	Remedy string
	// Until is when the basis ends; zero: no end.
	Until time.Time
	// Reveals is the protected topic that the viewer has asked for by an act of its own (kmcr.TopicThirdParty); "" none.
	Reveals kmcr.Label
}

// Rule is one step of the decision about a record.
type Rule struct {
	Name   string // short, stable
	Says   string // the sentence a person can read
	Source string // the law, standard or agreement it comes from
	judge  func(Facts) Decision
}

// Rules lists the rules in the order in which they are asked: the first that
// has something to say decides, and the last always has.
func Rules() []Rule {
	return []Rule{viewerKnown, assurance, roleKnown, signatory, purposeKnown, opensRecords, near, objection, relationship, breakGlass, notInvolved}
}

var rules = Rules()

// Decide judges one viewer, one person, one purpose, one instant.
func Decide(f Facts) Decision {
	for _, r := range rules {
		d := r.judge(f)
		if d.Outcome == "" {
			continue
		}
		if d.Rule == "" {
			d.Rule = r.Says
		}
		return d
	}
	return Decision{Outcome: Unknown, Rule: "No rule permits this, so it is refused."}
}

// refuse is NotInvolved for a viewer who may search all people, and Unknown for everybody else.
func refuse(f Facts, remedy string) Decision {
	if f.Policy.of(f.Viewer.Role).finds != findsAll {
		return Decision{Outcome: Unknown}
	}
	return Decision{Outcome: NotInvolved, Remedy: remedy}
}

// first asks the rules about the viewer alone, in their order; nil where none objects.
func (p *Policy) first(v kmcr.Viewer, o *kmcr.Organisation) *Rule {
	f := Facts{Policy: p, Viewer: v, Organisation: o}
	for _, r := range []Rule{viewerKnown, assurance, roleKnown, signatory} {
		if r.judge(f).Outcome != "" {
			return &r
		}
	}
	return nil
}

// MayFind tells whether a viewer may search for people at all, and the rule
// that said so. What is found is still for Decide: a person whom it calls
// Unknown is left out of what is found.
func (p *Policy) MayFind(v kmcr.Viewer, o *kmcr.Organisation) (bool, string) {
	if r := p.first(v, o); r != nil {
		return false, r.Says
	}
	if p.of(v.Role).finds == findsNobody {
		return false, "This role does not look for people."
	}
	return true, "People who work with care records for an organisation that has signed the agreement may look for a person."
}

// MayBreakGlass tells whether a viewer may open a record in an emergency
// without a relationship, and the rule that said so.
func (p *Policy) MayBreakGlass(v kmcr.Viewer, o *kmcr.Organisation) (bool, string) {
	if r := p.first(v, o); r != nil {
		return false, r.Says
	}
	if !p.of(v.Role).breaksGlass {
		return false, "Only roles that give care may open a record in an emergency."
	}
	return true, breakGlass.Says
}

// WorkList is a list that belongs to a job, not to a relationship with a person.
type WorkList string

// The work lists.
const (
	WorkCaseload WorkList = "caseload" // my people and what happened to them
	WorkPrivacy  WorkList = "privacy"  // who looked at what
	WorkMatches  WorkList = "matches"  // pairs of records that may be one person
	WorkFeeds    WorkList = "feeds"    // what contributors send
	WorkUse      WorkList = "use"      // how much the record is used, without anybody's name
	WorkPolicies WorkList = "policies" // what each role may, and changing it
)

// MayWork tells whether a viewer may open a work list, and the rule that said so.
func (p *Policy) MayWork(v kmcr.Viewer, o *kmcr.Organisation, l WorkList) (bool, string) {
	if r := p.first(v, o); r != nil {
		return false, r.Says
	}
	if !p.of(v.Role).lists[l] {
		return false, "This list belongs to another job."
	}
	return true, "The list belongs to this job."
}

// MayRead tells whether a viewer may read a statement about nobody (an
// organisation, a practitioner, a place that other statements refer to), and
// the rule that said so.
func (p *Policy) MayRead(v kmcr.Viewer, o *kmcr.Organisation, s *kmcr.Statement) (bool, string) {
	if r := p.first(v, o); r != nil {
		return false, r.Says
	}
	if opensRecords.judge(Facts{Policy: p, Viewer: v}).Outcome != "" {
		return false, opensRecords.Says
	}
	if s == nil || s.Internal || len(s.Labels) > 0 || s.Section != kmcr.Administrative || !isContext(s.Type) {
		return false, "Only who and where other entries speak of may be read without a person."
	}
	return true, "Those who give care may read who and where the entries of a record speak of."
}
