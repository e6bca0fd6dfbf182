package translate

import (
	"strings"

	"kmcr/hl7"
)

// allergies reads AL1 and IAM. An AL1 set replaces the sender's earlier set; a
// message without one says nothing about allergies. An IAM adds, changes or
// deletes one (IAM-6).
func (r *reader) allergies(g *group) {
	stated := map[string]bool{}
	notes := r.notesAfter(g, "AL1", "IAM")
	for _, s := range g.named("AL1") {
		r.read(s)
		what := r.first(s, 3, "AL1-3")
		if what.empty() {
			r.note("AL1: does not say what the allergy is to")
			continue
		}
		r.retire(g, "AllergyIntolerance|")
		key := "AllergyIntolerance|" + what.key() + "|" + clear(s.Get(6, 1))
		if stated[key] {
			r.note("AL1: the same allergy and date twice; stated once")
			continue
		}
		stated[key] = true
		r.state(g, key, r.allergy(s, what, allergyFields{category: 2, severity: 4, reaction: 5, onset: 6}, notes[s.Index()]))
	}
	for _, s := range g.named("IAM") {
		r.read(s)
		what := r.first(s, 3, "IAM-3")
		if what.empty() {
			r.note("IAM: does not say what the allergy is to")
			continue
		}
		key := "Allergy|" + orElse(clear(s.Get(7, 1, 1)), what.key())
		st := r.state(g, key, r.allergy(s, what, allergyFields{category: 2, severity: 4, reaction: 5, onset: 11, reported: 13, identifier: 7, status: 17}, notes[s.Index()]))
		st.Deleted = strings.EqualFold(clear(s.Get(6, 1)), "D")
	}
}

// allergyFields are the fields in which AL1 and IAM say the same things.
type allergyFields struct{ category, severity, reaction, onset, reported, identifier, status int }

func (r *reader) allergy(s hl7.Segment, what concept, at allergyFields, notes []string) *doc {
	d := resource("AllergyIntolerance")
	if at.identifier != 0 {
		d.array("identifier", func() {
			for _, f := range s.Repetitions(at.identifier) {
				system, value := r.entity(f, "allergy")
				d.identifier("", system, value, "")
			}
		})
	}
	d.concept("clinicalStatus", r.allergyStatus(s, at))
	kind := strings.ToUpper(clear(s.Get(at.category, 1)))
	if c, ok := allergyCategories[kind]; ok {
		d.array("category", func() { d.text("", c) })
	}
	d.concept("code", what)
	d.reference("patient", "patient:")
	onset := r.date(s, at.onset)
	d.text("onsetDateTime", onset)
	if at.reported != 0 {
		d.text("recordedDate", r.date(s, at.reported))
	}
	severity := r.first(s, at.severity, "0128")
	known, sure := severities[strings.ToUpper(severity.codings0())]
	var reactions []concept
	for _, f := range s.Repetitions(at.reaction) {
		if c := r.concept(f, "AL1-5"); !c.empty() {
			reactions = append(reactions, c)
		}
	}
	reaction := len(reactions) > 0
	d.array("note", func() {
		for _, n := range notes {
			d.object("", func() { d.text("text", n) })
		}
		if _, ok := allergyCategories[kind]; !ok && kind != "" {
			d.object("", func() { d.text("text", "Type as sent: "+r.first(s, at.category, "0127").words()) })
		}
		if !severity.empty() && !(sure && reaction) {
			d.object("", func() { d.text("text", "Severity as sent: "+orElse(known, severity.words())) })
		}
	})
	d.array("reaction", func() {
		d.object("", func() {
			if !reaction {
				return
			}
			d.array("manifestation", func() {
				for _, c := range reactions {
					d.concept("", c)
				}
			})
			d.text("severity", known)
		})
	})
	return d
}

// allergyStatus is IAM-17 where it is one that FHIR has; an allergy that is sent at all is active.
func (r *reader) allergyStatus(s hl7.Segment, at allergyFields) concept {
	status := "active"
	if at.status != 0 {
		switch strings.ToUpper(clear(s.Get(at.status, 1))) {
		case "I", "INACTIVE":
			status = "inactive"
		case "R", "RESOLVED":
			status = "resolved"
		}
	}
	return coded(hl7Terminology+"allergyintolerance-clinical", status, "")
}

// notesAfter gives the NTE segments that follow segments with these names, by
// the index of the segment that they follow.
func (r *reader) notesAfter(g *group, names ...string) map[int][]string {
	notes := map[int][]string{}
	last := -1
	for _, s := range g.segments {
		switch {
		case s.Name() == "NTE":
			if last >= 0 {
				if text := noteText(r.read(s)); text != "" {
					notes[last] = append(notes[last], text)
				}
			}
		case has(strings.Join(names, " "), s.Name()):
			last = s.Index()
		case s.Name() != "IAR" && s.Name() != "PRT" && s.Name() != "ROL":
			last = -1
		}
	}
	return notes
}

// noteText is the words of an NTE; each repetition of NTE-3 is a line.
func noteText(s hl7.Segment) string {
	var lines []string
	for _, f := range s.Repetitions(3) {
		if !f.IsNull() {
			lines = append(lines, f.Get())
		}
	}
	return strings.TrimRight(strings.Join(lines, "\n"), " \n")
}
