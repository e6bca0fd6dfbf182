package access

import "kmcr"

// Ground is a reason that is chosen from a list, before the words.
type Ground struct {
	Code string `json:"code"`
	Says string `json:"says"`
}

// Emergencies are the grounds on which somebody who is not involved may open a record in an emergency.
var Emergencies = []Ground{
	{"life", "Somebody’s life is in danger"},
	{"cannot-say", "The person cannot say what is needed, and it cannot wait"},
	{"safeguarding", "Somebody is at risk of serious harm from somebody else"},
	{"urgent", "Urgent care is being given now and the referral is not recorded yet"},
	{"other", "Something else, as written below"},
}

// Claims are the grounds on which somebody who gives care may say to be involved.
var Claims = []Ground{
	{"seeing", "I am seeing this person now, or within two weeks"},
	{"referred", "This person was referred to me or my team and that is not recorded yet"},
	{"advice", "A colleague has asked my advice about this person"},
	{"team", "My team looks after this person and I am standing in"},
	{"other", "Something else, as written below"},
}

// GroundOf finds a ground by its code; "" is "other".
func GroundOf(list []Ground, code string) (Ground, bool) {
	if code == "" {
		code = "other"
	}
	for _, g := range list {
		if g.Code == code {
			return g, true
		}
	}
	return Ground{}, false
}

// MayClaim tells whether a viewer may say to be involved with a person, who
// then can be seen for a stated time, and the rule that said so. An objection
// in force is not got round by it: see WouldOpen.
func (p *Policy) MayClaim(v kmcr.Viewer, o *kmcr.Organisation) (bool, string) {
	if r := p.first(v, o); r != nil {
		return false, r.Says
	}
	of := p.of(v.Role)
	if of.finds != findsAll || of.kind != kindClinical && of.kind != kindSocial {
		return false, "Only roles that give care, and that may look for anybody, may say that they are involved."
	}
	return true, "Somebody who gives care may say to be involved, with a reason that a privacy officer reads; it ends by itself."
}

// WouldOpen judges as if an involvement were in force already.
func WouldOpen(f Facts, i kmcr.Involvement) Decision {
	f.Involvements = append(f.Involvements[:len(f.Involvements):len(f.Involvements)], i)
	return Decide(f)
}

// Officer tells whether a viewer may record a person's objection, and the rule that said so.
func (p *Policy) Officer(v kmcr.Viewer, o *kmcr.Organisation) (bool, string) {
	may, rule := p.MayWork(v, o, WorkPrivacy)
	if !may {
		return false, rule
	}
	return true, "A person's objection is recorded by a privacy officer."
}
