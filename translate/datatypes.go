package translate

import (
	"strings"

	"kmcr"
	"kmcr/hl7"
)

// code is one FHIR Coding.
type code struct{ system, code, display string }

// concept is a FHIR CodeableConcept.
type concept struct {
	codings []code
	text    string
}

func (c concept) empty() bool { return len(c.codings) == 0 && c.text == "" }

// words are what a person reads of the concept.
func (c concept) words() string {
	if c.text != "" || len(c.codings) == 0 {
		return c.text
	}
	return c.codings[0].code
}

// key names the concept in a statement's key: its code, else its words.
func (c concept) key() string {
	if len(c.codings) > 0 {
		return c.codings[0].code
	}
	return c.text
}

func coded(system, value, text string) concept {
	return concept{codings: []code{{system, value, ""}}, text: text}
}

func (d *doc) coding(name string, c code) {
	d.object(name, func() {
		if c.code != "" {
			d.text("system", c.system)
		}
		d.token("code", c.code)
		d.text("display", c.display)
	})
}

func (d *doc) concept(name string, c concept) {
	d.object(name, func() {
		d.array("coding", func() {
			for _, one := range c.codings {
				d.coding("", one)
			}
		})
		d.text("text", c.text)
	})
}

// concepts writes an array of one concept.
func (d *doc) concepts(name string, all ...concept) {
	d.array(name, func() {
		for _, c := range all {
			d.concept("", c)
		}
	})
}

// clear is the value of a name, a code or another single line: "" for the HL7
// null, and a space where a line break slipped in.
func clear(s string) string {
	if hl7.IsNull(s) {
		return ""
	}
	if strings.ContainsAny(s, "\r\n") {
		return strings.Join(strings.Fields(s), " ")
	}
	return strings.TrimSpace(s)
}

// concept reads a coded element (CE, CWE, CNE): code, text, system, the same
// again of another system, and the original words. table names the field or
// the HL7 table of a code that comes without a system.
func (o origin) concept(f hl7.Field, table string) concept {
	var c concept
	for i := 1; i <= 4; i += 3 {
		value, text, system := clear(f.Get(i, 1)), clear(f.Get(i+1)), clear(f.Get(i+2, 1))
		if value != "" {
			c.codings = append(c.codings, code{o.codeSystem(system, table), value, text})
		}
		if c.text == "" {
			c.text = text
		}
	}
	if original := clear(f.Get(9)); original != "" {
		c.text = original
	}
	if c.text == "" && len(c.codings) > 0 {
		c.text = c.codings[0].code
	}
	return c
}

// first reads a coded element in the first repetition of a field.
func (o origin) first(s hl7.Segment, field int, table string) concept {
	for _, f := range s.Repetitions(field) {
		return o.concept(f, table)
	}
	return concept{}
}

// identifier writes an identifier with the type code of HL7 table 0203, where there is one.
func (d *doc) identifier(name, system, value, typeCode string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	d.object(name, func() {
		if typeCode != "" {
			d.concept("type", coded(hl7Terminology+"v2-0203", typeCode, ""))
		}
		d.text("system", system)
		d.text("value", value)
	})
}

// entity reads an entity identifier (EI): number^namespace^oid.
func (o origin) entity(f hl7.Field, table string) (system, value string) {
	value = clear(f.Get(1, 1))
	namespace, oid := clear(f.Get(2, 1)), clear(f.Get(3, 1))
	if namespace == "" {
		namespace, oid = clear(f.Get(1, 2)), orElse(oid, clear(f.Get(1, 3)))
	}
	return o.identifierSystem(namespace, oid, table), value
}

// entityKey is an entity identifier in a statement's key.
func entityKey(s hl7.Segment, field int) string {
	value := clear(s.Get(field, 1, 1))
	if ns := clear(s.Get(field, 2, 1)); ns != "" && value != "" {
		return value + "^" + ns
	}
	return value
}

// practitioner writes a reference to a person by number and name (XCN):
// 1 number, 2 family, 3 given, 4 further, 5 suffix, 6 prefix, 9 authority.
func (o origin) practitioner(d *doc, name string, f hl7.Field) {
	number, display := o.person(f)
	if number == "" && display == "" {
		return
	}
	d.object(name, func() {
		d.text("type", "Practitioner")
		authority, oid := clear(f.Get(9, 1)), clear(f.Get(9, 2))
		system, known := personSystems[strings.ToUpper(authority)]
		if !known {
			system = o.identifierSystem(authority, oid, "practitioner")
		}
		d.identifier("identifier", system, number, "")
		d.text("display", display)
	})
}

// person is the number and the name of an XCN. Some senders write a name in the first component.
func (o origin) person(f hl7.Field) (number, display string) {
	part := func(n int) string { return clear(f.Get(n, 1)) }
	display = strings.Join(strings.Fields(strings.Join([]string{part(6), part(3), part(4), part(2), part(5)}, " ")), " ")
	number = part(1)
	if display == "" && strings.Contains(number, " ") {
		return "", number
	}
	return number, display
}

// organisation writes a reference to an organisation by name and number.
func (o origin) organisation(d *doc, name, system, number, display string) {
	if number == "" && display == "" {
		return
	}
	d.object(name, func() {
		d.text("type", "Organization")
		d.identifier("identifier", system, number, "")
		d.text("display", display)
	})
}

// provider writes a reference to the contributor's own organisation.
func (o origin) provider(d *doc, name string) {
	if o.c.Organisation == "" {
		return
	}
	o.organisation(d, name, odsSystem, string(o.c.Organisation), o.c.Name)
}

// place is a location in a hospital (PL): ward, bay, bed, site, building, floor, description.
type place struct{ ward, bay, bed, site, building, floor, description string }

func readPlace(f hl7.Field) place {
	part := func(n int) string { return clear(f.Get(n, 1)) }
	return place{part(1), part(2), part(3), part(4), part(7), part(8), part(9)}
}

func (p place) empty() bool { return p == place{} }

// display is the place in words, the ward first.
func (p place) display(c kmcr.Contributor) string {
	var words []string
	for _, w := range []string{p.ward, p.bay, p.bed, p.description, p.floor, p.building, p.site} {
		if w != "" && w != string(c.Organisation) && w != c.SendingFacility {
			words = append(words, w)
		}
	}
	return strings.Join(words, ", ")
}

// locationOf writes a reference to a place.
func (o origin) location(d *doc, name string, p place) {
	if p.empty() {
		return
	}
	d.object(name, func() {
		d.text("type", "Location")
		d.identifier("identifier", o.identifierSystem("location", "", ""), strings.TrimRight(strings.Join([]string{p.ward, p.bay, p.bed, p.site, p.building, p.floor}, "^"), "^"), "")
		d.text("display", p.display(o.c))
	})
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// moment is a date of a message: FHIR's writing of it, "" where there is none or it is not a date.
func moment(s string) string {
	if d, err := hl7.ParseDate(s); err == nil {
		return d.FHIR
	}
	return ""
}

// instant is a moment that has a time of day: FHIR's instant; "" for a date alone.
func instant(s string) string {
	if d, err := hl7.ParseDate(s); err == nil && d.HasTime {
		return d.FHIR
	}
	return ""
}

// number is a decimal in the form in which JSON writes it and otherwise as it
// was sent, trailing zeros and all; ok is false for anything else.
func number(s string) (n string, ok bool) {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(s, "+")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	if whole == "" && fraction == "" || whole != "" && !isDigits(whole) || fraction != "" && !isDigits(fraction) || len(s) > 40 {
		return "", false
	}
	for len(whole) > 1 && whole[0] == '0' {
		whole = whole[1:]
	}
	whole = orElse(whole, "0")
	if dotted && fraction != "" {
		whole += "." + fraction
	}
	return sign + whole, true
}
