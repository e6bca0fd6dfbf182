package disclose

import (
	"cmp"
	"context"
	"slices"

	"kmcr"
	"kmcr/access"
	"kmcr/terms"
)

// Agreement is who takes part and who may see what, as it is in force now: for everybody to read. It says nothing of anybody.
type Agreement struct {
	Signatories []Party    `json:"organisations"`
	Roles       []RoleSees `json:"roles"`
	Rules       []RuleSays `json:"rules"`
	Kept        []Kept     `json:"kept"` // for how long
}

// Party is an organisation that has signed.
type Party struct {
	ODS   kmcr.ODS `json:"ods"`
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`  // in words
	Sends bool     `json:"sends"` // its systems send to the record; the others only read
}

// RoleSees is what somebody of a role sees, of people in whose care they are involved.
type RoleSees struct {
	Role   kmcr.Role `json:"role"`
	Name   string    `json:"name"`
	Sees   []string  `json:"sees"`   // sections, in words
	Topics []string  `json:"topics"` // of what is sensitive, in words
	May    []string  `json:"may"`    // anything else
}

// RuleSays is a rule of the decision, in words, with where it comes from.
type RuleSays struct {
	Says   string `json:"says"`
	Source string `json:"source"`
}

// Agreement reads what is in force.
func (s *Service) Agreement(ctx context.Context) (*Agreement, error) {
	p, err := s.parties(ctx)
	if err != nil {
		return nil, err
	}
	a := &Agreement{Signatories: p.signatories()}
	if a.Kept, err = s.Retention(ctx); err != nil {
		return nil, err
	}
	for _, r := range kmcr.AllRoles {
		a.Roles = append(a.Roles, roleSees(r))
	}
	for _, r := range access.Rules() {
		a.Rules = append(a.Rules, RuleSays{r.Says, r.Source})
	}
	return a, nil
}

func (p parties) signatories() []Party {
	sends := map[kmcr.ODS]bool{}
	for _, c := range p.contributors {
		sends[c.Organisation] = sends[c.Organisation] || !c.TestOnly
	}
	out := []Party{}
	for _, o := range p.organisations {
		if o.Signatory {
			out = append(out, Party{o.ODS, p.name(o.ODS), kindOf(o.Kind), sends[o.ODS]})
		}
	}
	slices.SortFunc(out, func(a, b Party) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return out
}

func kindOf(kind string) string {
	switch kind {
	case "gp-practice":
		return "GP practices"
	case "acute":
		return "Hospitals"
	case "community":
		return "Community services"
	case "mental-health":
		return "Mental health services"
	case "council":
		return "Councils"
	case "ambulance":
		return "Ambulance services"
	case "care-home":
		return "Care homes"
	case "hospice":
		return "Hospices"
	case "national":
		return "National services"
	}
	return "Other organisations"
}

func roleSees(r kmcr.Role) RoleSees {
	out := RoleSees{Role: r, Name: terms.RoleName(r), Sees: []string{}, Topics: []string{}, May: []string{}}
	for _, section := range kmcr.AllSections {
		if words := sectionWords[section]; words != "" && access.Section(r, section) {
			out.Sees = append(out.Sees, words)
		}
	}
	for _, t := range topicWords {
		if access.Topic(r, t.label) {
			out.Topics = append(out.Topics, t.words)
		}
	}
	me, mine := kmcr.Viewer{Account: "x", Role: r, Organisation: "x"}, &kmcr.Organisation{ODS: "x", Signatory: true}
	for _, c := range []struct {
		may  func(kmcr.Viewer, *kmcr.Organisation) (bool, string)
		says string
	}{{access.MayFind, "look for a person"}, {access.MayBreakGlass, "open a record in an emergency, with a reason"}, {access.MayClaim, "say to be involved, with a reason"},
		{access.Officer, "see who looked, and record objections"}} {
		if ok, _ := c.may(me, mine); ok {
			out.May = append(out.May, c.says)
		}
	}
	return out
}

var sectionWords = map[kmcr.Section]string{
	kmcr.Demographics: "who you are", kmcr.Alerts: "alerts and adjustments", kmcr.Safeguarding: "safeguarding", kmcr.Allergies: "allergies", kmcr.Medicines: "medicines",
	kmcr.Problems: "health problems", kmcr.Results: "test results", kmcr.Observations: "measurements and examinations", kmcr.Vaccinations: "vaccinations",
	kmcr.Encounters: "hospital stays and visits", kmcr.Appointments: "appointments", kmcr.Referrals: "referrals", kmcr.Documents: "letters", kmcr.Contacts: "who is involved",
	kmcr.SocialCare: "social care", kmcr.Plans: "plans and wishes", kmcr.OtherSection: "anything else",
}

var topicWords = []struct {
	label kmcr.Label
	words string
}{
	{kmcr.TopicSexual, "sexual health, fertility and gender"}, {kmcr.TopicMental, "mental health"}, {kmcr.TopicSubstance, "alcohol and drugs"},
	{kmcr.TopicSafeguardChild, "safeguarding of children"}, {kmcr.TopicSafeguardAdult, "safeguarding of adults"}, {kmcr.TopicThirdParty, "what concerns other people"},
}
