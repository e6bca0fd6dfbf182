package translate

import (
	"strings"

	"kmcr/hl7"
)

// relatedPersons reads NK1: next of kin and other people. The set of a message
// replaces the set of the message before.
func (r *reader) relatedPersons(g *group) {
	for _, s := range g.named("NK1") {
		r.read(s)
		names := s.Repetitions(2)
		organisation := clear(s.Get(13, 1))
		if (len(names) == 0 || readName(names[0]) == (Name{})) && organisation == "" {
			r.note("NK1: no name")
			continue
		}
		r.retire(g, "RelatedPerson|")
		r.state(g, "RelatedPerson|"+relatedKey(s), r.relatedPerson(s))
	}
}

// retire ends the statements of a set that this message states afresh.
func (r *reader) retire(g *group, prefix string) {
	for _, one := range r.out.Retire {
		if one.Patient == g.patient && one.Prefix == prefix {
			return
		}
	}
	r.out.Retire = append(r.out.Retire, Retirement{Patient: g.patient, Prefix: prefix, At: r.at})
}

// relatedKey is NK1-33, the person's own identifier, else name and relationship.
func relatedKey(s hl7.Segment) string {
	if id := clear(s.Get(33, 1, 1)); id != "" {
		return id
	}
	n := readName(firstOf(s, 2))
	return strings.ToUpper(n.Family + "," + n.Given + "," + clear(s.Get(13, 1)) + "," + clear(s.Get(3, 1)))
}

// firstOf is the first repetition of a field; an absent one answers emptily.
func firstOf(s hl7.Segment, field int) hl7.Field {
	for _, f := range s.Repetitions(field) {
		return f
	}
	return hl7.Field{}
}

func (r *reader) relatedPerson(s hl7.Segment) *doc {
	d := resource("RelatedPerson")
	d.array("identifier", func() {
		for _, f := range s.Repetitions(33) {
			d.identifier("", r.identifierSystem(clear(f.Get(4, 1)), clear(f.Get(4, 2)), "related-person"), clear(f.Get(1, 1)), clear(f.Get(5, 1)))
		}
	})
	d.reference("patient", "patient:")
	d.array("relationship", func() {
		if c := r.relationship(s); !c.empty() {
			d.concept("", c)
		}
		if c := r.contactRole(s); !c.empty() {
			d.concept("", c)
		}
	})
	d.array("name", func() {
		for _, f := range s.Repetitions(2) {
			d.humanName("", f)
		}
		if organisation := clear(s.Get(13, 1)); organisation != "" && readName(firstOf(s, 2)) == (Name{}) {
			d.object("", func() { d.text("text", organisation) })
		}
	})
	d.array("telecom", func() {
		d.telephones(s.Repetitions(5), "home")
		d.telephones(s.Repetitions(6), "work")
		d.telephones(s.Repetitions(40), "")
	})
	if sex, ok := sexes[strings.ToUpper(clear(s.Get(15, 1)))]; ok {
		d.text("gender", sex)
	}
	if born, err := hl7.ParseDate(s.Get(16, 1)); err == nil {
		d.text("birthDate", born.Day())
	}
	d.array("address", func() {
		for _, f := range s.Repetitions(4) {
			d.address("", f)
		}
	})
	from, until := r.date(s, 8), r.date(s, 9)
	d.object("period", func() {
		d.text("start", from)
		d.text("end", until)
	})
	if language := r.first(s, 20, "0296"); !language.empty() {
		d.list("communication", func() { d.concept("language", language) })
	}
	return d
}

// relationship is NK1-3: the code as sent, and v3's where table 0063 has one.
func (r *reader) relationship(s hl7.Segment) concept {
	c := r.first(s, 3, "0063")
	if v3, ok := relationships[strings.ToUpper(c.codings0())]; ok {
		c.codings = append([]code{v3}, c.codings...)
		if c.text == c.codings[1].code {
			c.text = v3.display
		}
	}
	return c
}

// contactRole is NK1-7, next of kin or emergency contact.
func (r *reader) contactRole(s hl7.Segment) concept {
	c := r.first(s, 7, "0131")
	if c.empty() {
		return c
	}
	sent := strings.ToUpper(c.codings0())
	if words, ok := contactRoles[sent]; ok {
		letter := map[string]string{"NK": "N", "EC": "C"}[sent]
		c.codings = append([]code{{hl7Terminology + "v2-0131", orElse(letter, sent), words}}, c.codings...)
		if c.text == sent {
			c.text = words
		}
	}
	return c
}
