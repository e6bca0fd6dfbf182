package ingest

import (
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/match"
	"kmcr/translate"

	"github.com/go-json-experiment/json"
)

// Identifier systems of an NHS number, and the extension that says how far it was traced (FHIR UK Core).
const (
	nhsNumberSystem  = "https://fhir.nhs.uk/Id/nhs-number"
	odsSystem        = "https://fhir.nhs.uk/Id/ods-organization-code"
	nhsNumberStatus  = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
	nhsNumberStatus3 = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-NHSNumberVerificationStatus-1"
)

// claimsOf reads what a FHIR Patient claims of who it is about. Key and
// aliases are the contributor's own identifiers, never the NHS number: a
// number alone never says whose a statement is.
func claimsOf(r *fhir.Resource, fullURL string) translate.Claims {
	root := r.Root()
	c := translate.Claims{Born: root.Get("birthDate").Text(), Sex: root.Get("gender").Text(), Died: died(root)}
	var own []string
	for _, i := range root.Get("identifier").Items() {
		system, value := i.Get("system").Text(), strings.TrimSpace(i.Get("value").Text())
		switch {
		case value == "":
		case isNHSNumber(system):
			readNumber(&c, i, value)
		case i.Get("use").Text() != "old":
			own = append(own, identifierAlias(system, value))
		}
	}
	slices.Sort(own)
	own = slices.Compact(own)
	c.Aliases = slices.Clone(own)
	if r.ID() != "" {
		c.Aliases = append(c.Aliases, "Patient/"+r.ID())
	}
	if strings.HasPrefix(fullURL, "http://") || strings.HasPrefix(fullURL, "https://") {
		c.Aliases = append(c.Aliases, fullURL)
	}
	for _, n := range root.Get("name").Items() {
		c.Names = append(c.Names, translate.Name{Use: useNow(n), Prefix: texts(n.Get("prefix")), Family: n.Get("family").Text(), Given: texts(n.Get("given")), Text: n.Get("text").Text()})
	}
	for _, a := range root.Get("address").Items() {
		address := translate.Address{Use: useNow(a), Postcode: a.Get("postalCode").Text()}
		for _, l := range a.Get("line").Items() {
			address.Lines = append(address.Lines, l.Text())
		}
		for _, name := range []string{"city", "district"} {
			if v := a.Get(name).Text(); v != "" && !slices.Contains(address.Lines, v) {
				address.Lines = append(address.Lines, v)
			}
		}
		if text := a.Get("text").Text(); text != "" && len(address.Lines) == 0 {
			address.Lines = []string{text}
		}
		c.Addresses = append(c.Addresses, address)
	}
	for _, t := range root.Get("telecom").Items() {
		if s := t.Get("system").Text(); (s == "phone" || s == "sms") && useNow(t) != "old" {
			c.Telephones = append(c.Telephones, t.Get("value").Text())
		}
	}
	for _, g := range root.Get("generalPractitioner").Items() {
		if i := g.Get("identifier"); i.Get("system").Text() == odsSystem {
			c.Practice = kmcr.ODS(i.Get("value").Text())
		}
	}
	c.Key = patientKey(c, own, r)
	return c
}

// useNow is the use of a name, an address or a number: old for one whose time has passed, whatever it was for.
func useNow(v fhir.Value) string {
	end := v.First("period.end").Text()
	for _, form := range []string{time.RFC3339Nano, time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(form, end); err == nil && t.AddDate(0, 0, 1).Before(time.Now()) && (len(form) > 7 || t.AddDate(1, 0, 0).Before(time.Now())) {
			return "old"
		}
	}
	return v.Get("use").Text()
}

// patientKey is the contributor's first own identifier of the patient; where
// there is none, who it says the patient is, so that the same Patient sent
// again is the same patient.
func patientKey(c translate.Claims, own []string, r *fhir.Resource) string {
	switch {
	case len(own) > 0:
		return own[0]
	case r.ID() != "":
		return "id|" + r.ID()
	case len(c.Aliases) > 0:
		return c.Aliases[0]
	}
	if key := whoTheySay(c); key != "" {
		return key
	}
	return "content|" + digest(r.Bytes())
}

// whoTheySay names the patient by number, name, birth and sex as claimed; "" where none of them is said.
func whoTheySay(c translate.Claims) string {
	said := []string{string(c.NHS), c.NHSAsSent, c.Born, c.Sex}
	for _, n := range c.Names {
		said = append(said, n.Family, n.Given, n.Text)
	}
	if strings.Join(said, "") == "" {
		return ""
	}
	return "said|" + digest([]byte(strings.Join(said, "\x00")))
}

func isNHSNumber(system string) bool {
	return system == nhsNumberSystem || strings.EqualFold(system, "http://fhir.nhs.net/Id/nhs-number") || system == "urn:oid:2.16.840.1.113883.2.1.4.1"
}

func readNumber(c *translate.Claims, identifier fhir.Value, value string) {
	n, err := kmcr.ParseNHSNumber(value)
	if err != nil {
		if c.NHS == "" {
			c.NHSAsSent = value
		}
		return
	}
	if identifier.Get("use").Text() == "old" {
		c.Superseded = append(c.Superseded, n)
		return
	}
	c.NHS, c.NHSAsSent = n, ""
	for _, e := range identifier.Get("extension").Items() {
		if u := e.Get("url").Text(); u == nhsNumberStatus || u == nhsNumberStatus3 {
			c.NHSStatus = e.First("valueCodeableConcept.coding.code").Text()
		}
	}
}

func identifierAlias(system, value string) string { return system + "|" + value }

func died(root fhir.Value) string {
	if d := root.Get("deceasedDateTime").Text(); d != "" {
		return d
	}
	if root.Get("deceasedBoolean").Text() == "true" {
		return "yes"
	}
	return ""
}

func texts(v fhir.Value) string {
	items := v.Items()
	parts := make([]string, 0, len(items))
	for _, i := range items {
		if t := i.Text(); t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, " ")
}

// identityOf prepares claims for comparison.
func identityOf(c *translate.Claims) match.Identity {
	id := match.Identity{NHS: c.NHS, Superseded: c.Superseded, NHSStatus: c.NHSStatus, Born: c.Born, Sex: c.Sex, Telephones: slices.Concat(c.Telephones, c.FormerTelephones), Practice: c.Practice}
	if len(id.Born) > 10 {
		id.Born = id.Born[:10]
	}
	for _, n := range c.Names {
		family, given := n.Family, n.Given
		if family == "" && given == "" {
			family, given = splitName(n.Text)
		}
		id.Names = append(id.Names, match.Name{Family: family, Given: given})
	}
	for _, f := range c.FormerFamilies { // a name without given names goes with those of the first
		id.Names = append(id.Names, match.Name{Family: f})
	}
	for _, a := range slices.Concat(c.Addresses, c.Former) {
		id.Postcodes = append(id.Postcodes, a.Postcode)
		if len(a.Lines) > 0 {
			id.Lines = append(id.Lines, a.Lines[0])
			id.Localities = append(id.Localities, a.Lines[1:]...)
		}
	}
	for _, k := range c.Kin {
		id.Kin = append(id.Kin, match.Kin{Name: match.Name{Family: k.Name.Family, Given: k.Name.Given}, Telephones: k.Telephones})
	}
	for _, a := range c.Aliases {
		shared := strings.HasPrefix(a, "http") || strings.HasPrefix(a, translate.CouncilNumber)
		if shared && strings.Contains(a, "|") { // a number of a register that others may know too
			id.Locals = append(id.Locals, a)
		}
	}
	return id
}

// splitName takes the last word of a name that was sent as one text as the family name.
func splitName(text string) (family, given string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return "", ""
	}
	return words[len(words)-1], strings.Join(words[:len(words)-1], " ")
}

// keepClaims and readClaims are the form in which claims stand with a patient in the store.
func keepClaims(c *translate.Claims) ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, kmcr.Errorf(kmcr.Fault, "claims cannot be written: %w", err)
	}
	return b, nil
}

func readClaims(b []byte) (*translate.Claims, error) {
	if len(b) == 0 {
		return &translate.Claims{}, nil
	}
	var c translate.Claims
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, kmcr.Errorf(kmcr.Fault, "the claims of a patient cannot be read: %w", err)
	}
	return &c, nil
}
