package compose

import "slices"

// Fact is a kind of fact on which contributors may disagree.
type Fact string

// The facts.
const (
	aboutBirth      Fact = "birth"
	aboutGender     Fact = "gender"
	aboutAddress    Fact = "address"
	aboutTelephone  Fact = "telephone"
	aboutPractice   Fact = "practice"
	aboutDeath      Fact = "death"
	aboutNHSNumber  Fact = "nhs-number"
	aboutName       Fact = "name"
	aboutNextOfKin  Fact = "next-of-kin"
	aboutAllergies  Fact = "allergies"
	aboutMedicines  Fact = "medicines"
	aboutProblems   Fact = "problems"
	aboutEndOfLife  Fact = "end-of-life"
	aboutLegal      Fact = "legal"
	aboutSocialCare Fact = "social-care"
)

// AuthorityOrder says whose word counts first for a fact: kinds of organisation (kmcr.Organisation.Kind), the first counts most.
// Those that it does not name count alike, after those that it names; among those that count alike the most recent is preferred.
type AuthorityOrder struct {
	Fact  Fact     `json:"fact"`
	Title string   `json:"title"` // the fact, for readers
	Kinds []string `json:"kinds"`
	Why   string   `json:"why"`
}

// DefaultAuthority is the order that holds until a records officer changes it.
func DefaultAuthority() []AuthorityOrder {
	registered := []string{"national", "gp-practice", "acute", "mental-health", "community", "council"}
	home := []string{"national", "gp-practice", "council", "care-home", "community", "mental-health", "acute", "ambulance"}
	return []AuthorityOrder{
		{aboutName, "the name", registered, "The practice keeps the registration that the national index traces."},
		{aboutBirth, "the date of birth", registered, "The practice keeps the registration that the national index traces."},
		{aboutGender, "the gender", registered, "The practice keeps the registration that the national index traces."},
		{aboutNHSNumber, "the NHS number", registered, "The practice keeps the registration that the national index traces."},
		{aboutPractice, "the GP practice", []string{"national", "gp-practice"}, "A practice knows who is registered with it."},
		{aboutDeath, "the death", []string{"national"}, "The national index holds the registrar's notice; without it, whoever last heard of it."},
		{aboutAddress, "the address", home, "The practice and the council write to the person at home."},
		{aboutTelephone, "the telephone", home, "The practice and the council telephone the person at home."},
		{aboutNextOfKin, "the next of kin", nil, "The person says who it is, and may change it: the latest word counts."},
		{aboutAllergies, "allergies", []string{"gp-practice", "acute", "mental-health", "community", "hospice"}, "The practice keeps the lifelong list."},
		{aboutMedicines, "medicines", []string{"gp-practice", "hospice", "mental-health", "acute", "community", "care-home", "ambulance", "council"}, "The practice keeps the repeat list; a hospital's list is of one stay."},
		{aboutProblems, "problems", []string{"gp-practice", "acute", "mental-health", "hospice", "community"}, "The practice keeps the lifelong list."},
		{aboutEndOfLife, "resuscitation and emergency treatment", nil, "A later decision replaces an earlier one, whoever recorded it."},
		{aboutLegal, "legal decisions", nil, "A later registration or revocation replaces an earlier one, whoever recorded it."},
		{aboutSocialCare, "services and care", []string{"council"}, "The council commissions the package and knows whether it is open."},
	}
}

// KindWords is a kind of organisation for readers.
func KindWords(kind string) string { return kindWords[kind] }

var kindWords = map[string]string{"gp-practice": "GP practice", "acute": "hospital", "community": "community service", "mental-health": "mental health service", "council": "council", "ambulance": "ambulance service", "care-home": "care home", "hospice": "hospice", "national": "national register", "other": "other organisation", "": "other organisation"}

func aKind(kind string) string {
	switch w := kindWords[kind]; kind {
	case "other", "":
		return "another organisation"
	case "ambulance":
		return "an " + w
	default:
		return "a " + w
	}
}

// Kinds lists the kinds of organisation, in the order of their names.
func Kinds() []string {
	var all []string
	for k := range kindWords {
		if k != "" {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}
