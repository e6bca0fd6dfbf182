package disclose

import (
	"encoding/json"
	"strings"
	"time"

	"kmcr"
)

// The FHIR R4 Patient that stands for a person, as far as a record needs it.
type patient struct {
	ResourceType     string      `json:"resourceType"`
	ID               kmcr.Ref    `json:"id"`
	Meta             meta        `json:"meta"`
	Identifier       []nhsNumber `json:"identifier,omitempty"`
	Name             []humanName `json:"name,omitempty"`
	Telecom          []telecom   `json:"telecom,omitempty"`
	Gender           string      `json:"gender,omitempty"`
	BirthDate        string      `json:"birthDate,omitempty"`
	DeceasedBoolean  bool        `json:"deceasedBoolean,omitempty"`
	DeceasedDateTime string      `json:"deceasedDateTime,omitempty"`
	Address          []address   `json:"address,omitempty"`
	Practice         []reference `json:"generalPractitioner,omitempty"`
}

type meta struct {
	LastUpdated string `json:"lastUpdated,omitempty"`
	Source      string `json:"source"`
}

type nhsNumber struct {
	Extension []extension    `json:"extension,omitempty"`
	System    string         `json:"system"`
	Value     kmcr.NHSNumber `json:"value"`
}

type extension struct {
	URL   string  `json:"url"`
	Value concept `json:"valueCodeableConcept"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

type coding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

type humanName struct {
	Use    string   `json:"use,omitempty"`
	Text   string   `json:"text,omitempty"`
	Family string   `json:"family,omitempty"`
	Given  []string `json:"given,omitempty"`
	Prefix []string `json:"prefix,omitempty"`
}

type telecom struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type address struct {
	Use      string   `json:"use,omitempty"`
	Line     []string `json:"line,omitempty"`
	Postcode string   `json:"postalCode,omitempty"`
}

type reference struct {
	Type       string     `json:"type"`
	Identifier identifier `json:"identifier"`
}

type identifier struct {
	System string   `json:"system"`
	Value  kmcr.ODS `json:"value"`
}

// patientResource writes a person as one FHIR Patient: from the preferred
// contributor, and where that says nothing of something, from the next.
func patientResource(ref kmcr.Ref, ids []identity) []byte {
	p := patient{ResourceType: "Patient", ID: ref, Meta: meta{Source: "urn:kmcr:record"}}
	var last time.Time
	for _, i := range ids {
		p.fill(i.claims)
		if i.recorded.After(last) {
			last = i.recorded
		}
	}
	if !last.IsZero() {
		p.Meta.LastUpdated = last.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	b, _ := json.Marshal(p) // of strings alone: it cannot fail
	return b
}

func (p *patient) fill(c claims) {
	if p.Identifier == nil && c.NHS != "" {
		p.Identifier = []nhsNumber{identifierOf(c)}
	}
	if p.Name == nil {
		for _, n := range c.Names {
			p.Name = append(p.Name, nameOf(n))
		}
	}
	if p.Gender == "" {
		p.Gender = c.Sex
	}
	if p.BirthDate == "" && isDate(c.Born) {
		p.BirthDate = c.Born
	}
	p.die(c.Died)
	if p.Address == nil {
		for _, a := range c.Addresses {
			p.Address = append(p.Address, address{Use: oneOf(a.Use, "home", "work", "temp", "old", "billing"), Line: a.Lines, Postcode: a.Postcode})
		}
	}
	if p.Telecom == nil {
		for _, t := range c.Telephones {
			p.Telecom = append(p.Telecom, telecom{"phone", t})
		}
	}
	if p.Practice == nil && c.Practice != "" {
		p.Practice = []reference{{"Organization", identifier{"https://fhir.nhs.uk/Id/ods-organization-code", c.Practice}}}
	}
}

// die notes a death, with its date where any contributor gives one.
func (p *patient) die(died string) {
	switch {
	case p.DeceasedDateTime != "" || died == "":
	case isDate(died) || isInstant(died):
		p.DeceasedDateTime, p.DeceasedBoolean = died, false
	default:
		p.DeceasedBoolean = true
	}
}

func identifierOf(c claims) nhsNumber {
	n := nhsNumber{System: "https://fhir.nhs.uk/Id/nhs-number", Value: c.NHS}
	if c.NHSStatus != "" {
		n.Extension = []extension{{
			URL:   "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
			Value: concept{[]coding{{"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", c.NHSStatus}}},
		}}
	}
	return n
}

func nameOf(n claimedName) humanName {
	return humanName{
		Use:  oneOf(n.Use, "usual", "official", "temp", "nickname", "anonymous", "old", "maiden"),
		Text: n.Text, Family: n.Family, Given: strings.Fields(n.Given), Prefix: strings.Fields(n.Prefix),
	}
}

// oneOf is s where it is one of the codes, else "".
func oneOf(s string, codes ...string) string {
	for _, c := range codes {
		if s == c {
			return s
		}
	}
	return ""
}

func isDate(s string) bool {
	for _, form := range []string{time.DateOnly, "2006-01", "2006"} {
		if _, err := time.Parse(form, s); err == nil {
			return true
		}
	}
	return false
}

func isInstant(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}
