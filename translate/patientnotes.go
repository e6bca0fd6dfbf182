package translate

import (
	"strconv"
	"strings"

	"kmcr/hl7"
)

// looseNotes states the notes (NTE) that stand with the patient, the visit or
// a segment whose statement has no notes, and not with an order or a result.
func (r *reader) looseNotes(g *group) {
	var lines []string
	for _, s := range g.segments {
		if s.Name() == "NTE" && !r.taken[s.Index()] {
			if text := noteText(r.read(s)); text != "" {
				lines = append(lines, text)
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	d := resource("Observation")
	d.text("status", "final")
	d.concept("code", concept{text: "Note with a message"})
	d.reference("subject", "patient:")
	r.performer(d)
	d.text("valueString", strings.Join(lines, "\n"))
	r.state(g, "Observation|note|"+orElse(strings.TrimPrefix(g.visit, "Encounter|"), r.m.ControlID()), d)
}

// disabilities states DB1: that a disability of the patient is recorded, and since when.
func (r *reader) disabilities(g *group) {
	for i, s := range g.named("DB1") {
		if who := strings.ToUpper(clear(s.Get(2, 1))); who != "" && who != "PT" {
			continue // of a guarantor or insured person: it stays listed as not mapped
		}
		r.read(s)
		said := map[string]string{"Y": "Yes", "N": "No"}[strings.ToUpper(clear(s.Get(4, 1)))]
		d := resource("Observation")
		d.text("status", "final")
		d.concept("code", concept{text: "Disability recorded"})
		d.reference("subject", "patient:")
		d.object("effectivePeriod", func() {
			start, end := r.date(s, 5), r.date(s, 6)
			d.text("start", start)
			if start == "" || end == "" || start <= end {
				d.text("end", end)
			}
		})
		r.performer(d)
		d.text("valueString", orElse(said, orElse(clear(s.Get(4, 1)), "Not said whether")))
		r.state(g, "Observation|disability|"+strconv.Itoa(i+1), d)
	}
}

// performer writes the contributor's organisation as who performed an observation.
func (r *reader) performer(d *doc) {
	d.array("performer", func() { r.provider(d, "") })
}

// roles states ROL: who has which part in the care of the patient, as one team of the visit or of the patient.
func (r *reader) roles(g *group) {
	var named []hl7.Segment
	for _, s := range g.named("ROL") {
		if number, name := r.person(firstOf(s, 4)); number+name != "" {
			named = append(named, r.read(s))
		}
	}
	r.team(g, "roles", named, parts{role: 3, roles: "0443", who: 4, start: 5, end: 6})
}

// parts says in which fields a segment has the part that somebody takes: ROL and PRT have the same in different places.
type parts struct {
	role, who, start, end int
	roles                 string // the table of roles
	behalf                []int  // of which organisation, the first that is filled; none where it is not said
}

// team states who has which part in the care of the patient or the visit, as one CareTeam.
func (r *reader) team(g *group, kind string, named []hl7.Segment, at parts) {
	if len(named) == 0 {
		return
	}
	d := resource("CareTeam")
	d.text("status", "active")
	d.reference("subject", "patient:")
	r.encounter(d, g)
	d.array("participant", func() {
		for _, s := range named {
			d.object("", func() {
				if c := r.first(s, at.role, at.roles); !c.empty() {
					d.concepts("role", c)
				}
				r.practitioner(d, "member", firstOf(s, at.who))
				d.object("onBehalfOf", func() {
					for _, n := range at.behalf {
						if name := clear(s.Get(n, 1)); name != "" {
							d.text("type", "Organization")
							d.text("display", name)
							return
						}
					}
				})
				d.object("period", func() {
					start, end := r.date(s, at.start), r.date(s, at.end)
					d.text("start", start)
					if start == "" || end == "" || start <= end {
						d.text("end", end)
					}
				})
			})
		}
	})
	d.array("managingOrganization", func() { r.provider(d, "") })
	r.state(g, "CareTeam|"+kind+"|"+orElse(strings.TrimPrefix(g.visit, "Encounter|"), "patient"), d)
}
