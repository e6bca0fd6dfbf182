package disclose

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
		a.Roles = append(a.Roles, roleSees(p.policy, r))
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

func roleSees(p *access.Policy, r kmcr.Role) RoleSees {
	out := RoleSees{Role: r, Name: terms.RoleName(r), Sees: []string{}, Topics: []string{}, May: []string{}}
	for _, section := range kmcr.AllSections {
		if words := sectionWords[section]; words != "" && p.Section(r, section) {
			out.Sees = append(out.Sees, words)
		}
	}
	for _, t := range topicWords {
		if p.Topic(r, t.label) {
			out.Topics = append(out.Topics, t.words)
		}
	}
	me, mine := kmcr.Viewer{Account: "x", Role: r, Organisation: "x"}, &kmcr.Organisation{ODS: "x", Signatory: true}
	for _, c := range []struct {
		may  func(kmcr.Viewer, *kmcr.Organisation) (bool, string)
		says string
	}{{p.MayFind, "look for a person"}, {p.MayBreakGlass, "open a record in an emergency, with a reason"}, {p.MayClaim, "say to be involved, with a reason"},
		{p.Officer, "see who looked, and record objections"}} {
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

// RightName is a right of the matrix (access.Right) in words.
func RightName(right string) string {
	switch right {
	case "finds":
		return "look for people"
	case "break-glass":
		return "open a record in an emergency"
	case "visits":
		return "be told how to get into a home"
	case string(kmcr.Demographics):
		return "who the person is"
	case string(kmcr.Administrative):
		return "claims and bills"
	}
	if list, ok := strings.CutPrefix(right, "list "); ok {
		return map[access.WorkList]string{access.WorkCaseload: "a caseload", access.WorkPrivacy: "the privacy list", access.WorkMatches: "the matches", access.WorkFeeds: "the feeds",
			access.WorkUse: "how much the record is used", access.WorkPolicies: "this page"}[access.WorkList(list)]
	}
	for _, t := range topicWords {
		if right == "topic "+string(t.label) {
			return "sensitive: " + t.words
		}
	}
	return sectionWords[kmcr.Section(right)]
}

// RightValue is what a role has of a right, in words.
func RightValue(have string) string {
	switch have {
	case "context":
		return "only who and where entries speak of"
	case "all":
		return "everybody"
	case "involved":
		return "only whose record it may open"
	}
	return have
}

var topicWords = []struct {
	label kmcr.Label
	words string
}{
	{kmcr.TopicSexual, "sexual health, fertility and gender"}, {kmcr.TopicMental, "mental health"}, {kmcr.TopicSubstance, "alcohol and drugs"},
	{kmcr.TopicSafeguardChild, "safeguarding of children"}, {kmcr.TopicSafeguardAdult, "safeguarding of adults"}, {kmcr.TopicThirdParty, "what concerns other people"},
}
