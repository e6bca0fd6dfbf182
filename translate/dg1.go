package translate

import (
	"strings"

	"kmcr/hl7"
)

// diagnoses reads DG1: diagnoses of a visit, as Conditions.
func (r *reader) diagnoses(g *group) {
	for _, s := range g.named("DG1") {
		r.read(s)
		what := r.first(s, 3, "DG1-3")
		if what.empty() {
			what = concept{text: clear(s.Get(4))}
		}
		if what.empty() {
			r.note("DG1: does not say what the diagnosis is")
			continue
		}
		if description := clear(s.Get(4)); description != "" && what.text == what.codings0() {
			what.text = description
		}
		key := "Condition|" + orElse(clear(s.Get(20, 1, 1)), g.visit+"|"+what.key())
		st := r.state(g, key, r.diagnosis(g, s, what))
		st.Deleted = strings.EqualFold(clear(s.Get(21, 1)), "D")
	}
}

func (r *reader) diagnosis(g *group, s hl7.Segment, what concept) *doc {
	d := resource("Condition")
	d.array("identifier", func() {
		for _, f := range s.Repetitions(20) {
			system, value := r.entity(f, "diagnosis")
			d.identifier("", system, value, "")
		}
	})
	switch strings.ToUpper(clear(s.Get(6, 1))) {
	case "F":
		d.concept("verificationStatus", coded(hl7Terminology+"condition-ver-status", "confirmed", ""))
	case "A", "W":
		d.concept("verificationStatus", coded(hl7Terminology+"condition-ver-status", "provisional", ""))
	}
	d.concepts("category", coded(hl7Terminology+"condition-category", "encounter-diagnosis", "Encounter Diagnosis"))
	d.concept("code", what)
	d.reference("subject", "patient:")
	r.encounter(d, g)
	d.text("recordedDate", orElse(r.date(s, 19), r.date(s, 5)))
	r.practitioner(d, "asserter", firstOf(s, 16))
	d.array("note", func() {
		if description := clear(s.Get(4)); description != "" && description != what.text {
			d.object("", func() { d.text("text", description) })
		}
	})
	return d
}

// encounter refers to the visit: to its statement in a message that makes it, else by its number.
func (r *reader) encounter(d *doc, g *group) {
	if g.visit == "" {
		return
	}
	if r.m.Type() == "ADT" && isVisitEvent(r.event) {
		d.reference("encounter", "key:"+g.visit)
		return
	}
	pv1 := g.first("PV1")
	if n := clear(pv1.Get(19, 1, 1)); n != "" {
		d.object("encounter", func() {
			d.text("type", "Encounter")
			d.identifier("identifier", r.visitSystem(pv1), n, "VN")
		})
	}
}

// procedures reads PR1.
func (r *reader) procedures(g *group) {
	for _, s := range g.named("PR1") {
		r.read(s)
		what := r.first(s, 3, "PR1-3")
		if description := clear(s.Get(4)); description != "" && (what.empty() || what.text == what.codings0()) {
			what.text = description
		}
		if what.empty() {
			r.note("PR1: does not say what was done")
			continue
		}
		key := "Procedure|" + orElse(clear(s.Get(19, 1, 1)), g.visit+"|"+what.key()+"|"+clear(s.Get(5, 1)))
		d := resource("Procedure")
		d.array("identifier", func() {
			system, value := r.entity(firstOf(s, 19), "procedure")
			d.identifier("", system, value, "")
		})
		d.text("status", "completed")
		d.concept("code", what)
		d.reference("subject", "patient:")
		r.encounter(d, g)
		d.text("performedDateTime", r.date(s, 5))
		d.array("performer", func() {
			for _, field := range []int{11, 8, 12} {
				for _, f := range s.Repetitions(field) {
					d.object("", func() { r.practitioner(d, "actor", f) })
				}
			}
		})
		if reason := r.first(s, 15, "PR1-15"); !reason.empty() {
			d.concepts("reasonCode", reason)
		}
		st := r.state(g, key, d)
		st.Deleted = strings.EqualFold(clear(s.Get(20, 1)), "D")
	}
}

// problems reads PRB: problems of a problem list.
func (r *reader) problems(g *group) {
	notes := r.notesAfter(g, "PRB")
	for _, s := range g.named("PRB") {
		r.read(s)
		what := r.first(s, 3, "PRB-3")
		if what.empty() {
			r.note("PRB: does not say what the problem is")
			continue
		}
		d := resource("Condition")
		d.array("identifier", func() {
			system, value := r.entity(firstOf(s, 4), "problem")
			d.identifier("", system, value, "")
		})
		resolved := r.date(s, 9)
		status := "active"
		if resolved != "" {
			status = "resolved"
		}
		d.concept("clinicalStatus", coded(hl7Terminology+"condition-clinical", status, clear(s.Get(14, 2))))
		if c := r.first(s, 13, "PRB-13"); !c.empty() {
			verification := "unconfirmed"
			if has("C CONFIRMED", strings.ToUpper(c.codings0())) || strings.EqualFold(c.text, "confirmed") {
				verification = "confirmed"
			}
			d.concept("verificationStatus", coded(hl7Terminology+"condition-ver-status", verification, c.text))
		}
		d.concepts("category", coded(hl7Terminology+"condition-category", "problem-list-item", "Problem List Item"))
		d.concept("code", what)
		d.reference("subject", "patient:")
		onset := r.date(s, 16)
		d.text("onsetDateTime", onset)
		if onset == "" {
			d.text("onsetString", clear(s.Get(17)))
		}
		d.text("abatementDateTime", resolved)
		d.text("recordedDate", orElse(r.date(s, 7), r.date(s, 2)))
		d.array("note", func() {
			for _, n := range notes[s.Index()] {
				d.object("", func() { d.text("text", n) })
			}
		})
		st := r.state(g, "Problem|"+orElse(entityKey(s, 4), what.key()), d)
		st.Deleted = strings.EqualFold(clear(s.Get(1, 1)), "DE")
	}
}
