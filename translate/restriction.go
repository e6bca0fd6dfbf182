package translate

import (
	"strings"

	"kmcr/hl7"
)

// restrictions are HL7 table 0717, what access is restricted to.
var restrictions = map[string]string{
	"ALL": "All", "DEM": "Demographics", "DRG": "Drugs", "HIV": "HIV status and results", "LOC": "Location of the patient", "NO": "None", "OI": "Opt in all registries",
	"OO": "Opt out all registries", "PID-7": "Date of birth", "PID-17": "Religion", "PSY": "Psychiatric mental health", "SMD": "Sensitive medical data", "STD": "Sexually transmitted diseases",
}

// restricted states what ARV restricts, each as a Flag: a sender's wish is
// shown to who reads the record and not enforced beyond what hides.
func (r *reader) restricted(g *group) {
	for _, s := range g.named("ARV") {
		r.read(s)
		what := r.first(s, 3, "0717")
		if words := restrictions[strings.ToUpper(what.codings0())]; words != "" && what.text == what.codings0() {
			what.text = words
		}
		if what.empty() {
			r.note("ARV: does not say what is restricted")
			continue
		}
		d := resource("Flag")
		d.text("status", "active")
		d.concepts("category", concept{text: "Access restriction"})
		reason := r.first(s, 4, "0719")
		d.concept("code", concept{codings: append(what.codings, reason.codings...), text: join(": ", "Access restricted by the sender", what.words(), clear(s.Get(5)))})
		d.reference("subject", "patient:")
		d.object("period", func() {
			start, end := r.moment("ARV-6", s.Get(6, 1)), r.moment("ARV-6", s.Get(6, 2))
			d.text("start", start)
			if start == "" || end == "" || start <= end {
				d.text("end", end)
			}
		})
		r.provider(d, "author")
		st := r.state(g, "Flag|restriction|"+what.key(), d)
		st.Deleted = strings.EqualFold(clear(s.Get(2, 1)), "D")
	}
}

// hides tells whether the sender asks that the patient is not found: PD1-12
// (protection), or a restriction (ARV) on demographics, the location or all
// that is in force. Who lives where is then shown to nobody, as with a
// restricted record of the national service.
func (r *reader) hides(g *group, pd1 hl7.Segment) bool {
	if strings.EqualFold(clear(pd1.Get(12, 1)), "Y") {
		return true
	}
	for _, s := range g.named("ARV") {
		until, err := hl7.ParseDate(s.Get(6, 2))
		over := err == nil && !r.at.IsZero() && until.Time.Before(r.at)
		if !over && !strings.EqualFold(clear(s.Get(2, 1)), "D") && has("ALL DEM LOC", strings.ToUpper(clear(s.Get(3, 1)))) {
			return true
		}
	}
	return false
}

// participations states PRT that stand with the patient or the visit: who has
// which part in it, as ROL does. Those of an order or an observation are its own.
func (r *reader) participations(g *group) {
	var named []hl7.Segment
	for _, s := range g.segments {
		if has("ORC OBR OBX TXA SCH RXA RXE RXO", s.Name()) {
			break
		}
		if s.Name() != "PRT" || strings.EqualFold(clear(s.Get(2, 1)), "DE") {
			continue
		}
		if number, name := r.person(firstOf(s, 5)); number+name != "" {
			named = append(named, r.read(s))
		}
	}
	r.team(g, "participations", named, parts{role: 4, roles: "0912", who: 5, start: 11, end: 12, behalf: []int{8, 7}})
}

// takers are the people of the PRT that follow a segment, up to the next segment of another kind.
func (r *reader) takers(segments []hl7.Segment, after hl7.Segment) (people []hl7.Field) {
	on := false
	for _, s := range segments {
		switch {
		case s.Index() == after.Index():
			on = true
		case !on || s.Name() == "NTE" || s.Name() == "TQ1":
		case s.Name() != "PRT":
			return people
		default:
			if number, name := r.person(firstOf(s, 5)); number+name != "" {
				people = append(people, firstOf(r.read(s), 5))
			}
		}
	}
	return people
}

// death states the causes of death of PDA.
func (r *reader) death(g *group) {
	for _, s := range g.named("PDA") {
		r.read(s)
		for _, f := range s.Repetitions(1) {
			cause := r.concept(f, "PDA-1")
			if cause.empty() {
				continue
			}
			d := resource("Observation")
			d.text("status", "final")
			d.concept("code", concept{[]code{{loinc, "69453-9", "Cause of death"}}, "Cause of death"})
			d.reference("subject", "patient:")
			d.text("effectiveDateTime", r.date(s, 4))
			d.array("performer", func() { r.practitioner(d, "", firstOf(s, 5)) })
			d.concept("valueCodeableConcept", cause)
			if strings.EqualFold(clear(s.Get(6, 1)), "Y") {
				d.list("note", func() { d.text("text", "An autopsy was made or asked for") })
			}
			r.state(g, "Observation|cause of death|"+cause.key(), d)
		}
	}
}
