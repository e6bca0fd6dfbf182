package translate

import (
	"strings"

	"kmcr/hl7"
)

// orders reads what was asked for, prescribed, dispensed, given or vaccinated:
// ORM, OML, OMG, RDE, RDS, RAS, VXU. Each ORC begins one; the segments after
// it say what it is.
func (r *reader) orders(g *group) {
	var current []hl7.Segment
	began := false
	flush := func() {
		if len(current) > 0 && began {
			r.order(g, current)
		}
		current = nil
	}
	for _, s := range g.segments {
		switch name := s.Name(); {
		case name == "ORC", name == "OBR" && contains(current, "OBR"), name == "RXA" && contains(current, "RXA"):
			flush()
			began = true
		case name == "OBR" || name == "RXA" || name == "RXO" || name == "RXE" || name == "RXD" || name == "RXG":
			began = true
		}
		if began {
			current = append(current, s)
		}
	}
	flush()
}

func contains(segments []hl7.Segment, name string) bool { return find(segments, name).Exists() }

// find returns the first segment with a name among segments.
func find(segments []hl7.Segment, name string) hl7.Segment {
	for _, s := range segments {
		if s.Name() == name {
			return s
		}
	}
	return hl7.Segment{}
}

// order states one order by what its segments are.
func (r *reader) order(g *group, segments []hl7.Segment) {
	o := drugOrder{group: g, orc: r.read(find(segments, "ORC")), route: r.read(find(segments, "RXR")), timing: r.read(find(segments, "TQ1")), segments: segments}
	switch {
	case contains(segments, "RXA") && r.m.Type() == "VXU":
		r.immunization(o, r.read(find(segments, "RXA")))
	case contains(segments, "RXA"):
		r.administration(o, r.read(find(segments, "RXA")))
	case contains(segments, "RXD"):
		r.dispense(o, r.read(find(segments, "RXD")))
	case contains(segments, "RXE"):
		if rxo := find(segments, "RXO"); rxo.Exists() {
			r.note("RXO: the order as written by the prescriber; the order as the pharmacy encoded it (RXE) is stated")
			r.read(rxo)
		}
		r.prescription(o, r.read(find(segments, "RXE")), encoded)
	case contains(segments, "RXO"):
		r.prescription(o, r.read(find(segments, "RXO")), written)
	case contains(segments, "RXG"):
		r.prescription(o, r.read(find(segments, "RXG")), give)
	case contains(segments, "OBR"):
		r.serviceRequest(o, r.read(find(segments, "OBR")))
		return
	default:
		return
	}
	in := setting{key: o.key(r), group: g}
	for _, one := range r.observations(segments) {
		if isAttachment(one.segments[0]) {
			r.looseDocument(o.group, one.segments[0], in.key)
		} else if !emptyObservation(one) {
			r.observe(one, in)
		}
	}
}

// drugOrder is an order with the segments that say how a drug is given.
type drugOrder struct {
	group              *group
	orc, route, timing hl7.Segment
	segments           []hl7.Segment
}

// key names the order by the placer's number, else the filler's, else the message.
func (o drugOrder) key(r *reader) string {
	for _, s := range []hl7.Segment{o.orc, find(o.segments, "OBR")} {
		for _, field := range []int{2, 3} {
			if k := entityKey(s, field); k != "" {
				return k
			}
		}
	}
	return "message " + r.m.ControlID()
}

// status is ORC-1 and ORC-5 as a status of FHIR's requests.
func (o drugOrder) status() string {
	switch strings.ToUpper(clear(o.orc.Get(1, 1))) {
	case "CA", "DC", "OC", "OD", "CR", "DR", "RL", "OR":
		return "revoked"
	case "HD", "OH", "HR":
		return "on-hold"
	case "DE":
		return "entered-in-error"
	}
	switch strings.ToUpper(clear(o.orc.Get(5, 1))) {
	case "CM":
		return "completed"
	case "CA", "DC":
		return "revoked"
	case "HD":
		return "on-hold"
	case "ER":
		return "entered-in-error"
	}
	return "active"
}

// identifiers writes the placer's and the filler's numbers.
func (o drugOrder) identifiers(r *reader, d *doc) {
	d.array("identifier", func() {
		for i, kind := range []string{"PLAC", "FILL"} {
			s, field := o.orc, i+2
			if entityKey(s, field) == "" {
				s = find(o.segments, "OBR")
			}
			if system, value := r.entity(firstOf(s, field), strings.ToLower(kind)); value != "" {
				d.identifier("", system, value, kind)
			}
		}
	})
}

// serviceRequest states a request for a test or a service (OBR), and the observations that came with it.
func (r *reader) serviceRequest(o drugOrder, obr hl7.Segment) {
	g := o.group
	what := orConcept(r.first(obr, 4, "OBR-4"), "Request")
	key := o.key(r) + "|" + what.key()
	q := &request{orc: o.orc, obr: obr, specimen: r.read(find(o.segments, "SPM"))}
	specimen := r.specimen(g, q, key)
	d := resource("ServiceRequest")
	o.identifiers(r, d)
	d.text("status", o.status())
	d.text("intent", "order")
	if c := r.first(obr, 24, "0074"); !c.empty() {
		d.concepts("category", c)
	}
	d.text("priority", priority(orElse(clear(obr.Get(5, 1)), orElse(clear(o.timing.Get(9, 1)), clear(obr.Get(27, 6))))))
	d.concept("code", what)
	d.reference("subject", "patient:")
	r.encounter(d, g)
	d.text("occurrenceDateTime", orElse(r.moment("OBR-6", obr.Get(6, 1)), r.moment("OBR-7", obr.Get(7, 1))))
	d.text("authoredOn", r.moment("ORC-9", o.orc.Get(9, 1)))
	requester := firstOf(o.orc, 12)
	if _, name := r.person(requester); name == "" {
		requester = firstOf(obr, 16)
	}
	r.practitioner(d, "requester", requester)
	d.array("reasonCode", func() {
		for _, f := range obr.Repetitions(31) {
			if c := r.concept(f, "OBR-31"); !c.empty() {
				d.concept("", c)
			}
		}
		if relevant := clear(obr.Get(13)); relevant != "" {
			d.concept("", concept{text: relevant})
		}
	})
	if specimen != "" {
		d.array("specimen", func() { d.reference("", "key:"+specimen) })
	}
	d.array("note", func() { r.orderNotes(d, o) })
	r.state(g, "ServiceRequest|"+key, d)
	in := setting{key: key, group: g}
	for _, one := range r.observations(o.segments) {
		if isAttachment(one.segments[0]) {
			r.looseDocument(g, one.segments[0], key)
		} else if !emptyObservation(one) {
			r.observe(one, in)
		}
	}
}

// orderNotes writes the NTE of an order that follow no observation.
func (r *reader) orderNotes(d *doc, o drugOrder) {
	for _, s := range o.segments {
		if s.Name() == "OBX" {
			return
		}
		if s.Name() == "NTE" {
			text := noteText(r.read(s))
			d.object("", func() { d.text("text", text) })
		}
	}
}

// priority is HL7 table 0485 as a FHIR priority.
func priority(sent string) string {
	switch strings.ToUpper(sent) {
	case "S", "STAT":
		return "stat"
	case "A", "ASAP":
		return "asap"
	case "U", "URGENT":
		return "urgent"
	case "R", "ROUTINE":
		return "routine"
	}
	return ""
}

// drugFields are the fields in which RXO, RXE and RXG say the same things.
type drugFields struct {
	drug, low, high, unit, quantity, quantityUnit, repeats, timing int
	instructions                                                   []int
	intent                                                         string // "" an order
}

var (
	written = drugFields{drug: 1, low: 2, high: 3, unit: 4, instructions: []int{7}, quantity: 11, quantityUnit: 12, repeats: 13}
	give    = drugFields{drug: 4, low: 5, high: 6, unit: 7, instructions: []int{13}, timing: 3, intent: "instance-order"}
	encoded = drugFields{drug: 2, low: 3, high: 4, unit: 5, instructions: []int{7, 21}, timing: 1, quantity: 10, quantityUnit: 11, repeats: 12}
)

// prescription states a MedicationRequest.
func (r *reader) prescription(o drugOrder, s hl7.Segment, at drugFields) {
	g := o.group
	what := orConcept(r.first(s, at.drug, s.Name()), "Medicine not said")
	status := o.status()
	if status == "revoked" {
		status = "cancelled"
	}
	if clear(o.orc.Get(1, 1)) == "DC" {
		status = "stopped"
	}
	d := resource("MedicationRequest")
	o.identifiers(r, d)
	d.text("status", status)
	d.text("intent", orElse(at.intent, "order"))
	d.concept("medicationCodeableConcept", what)
	d.reference("subject", "patient:")
	r.encounter(d, g)
	d.text("authoredOn", r.moment("ORC-9", o.orc.Get(9, 1)))
	r.practitioner(d, "requester", firstOf(o.orc, 12))
	d.array("note", func() {
		r.components(d, o)
		r.orderNotes(d, o)
	})
	d.list("dosageInstruction", func() {
		r.dosage(d, o, s, at)
		if c := r.first(o.route, 2, "0163"); !c.empty() {
			d.concept("site", c)
		}
		if c := r.first(o.route, 1, "0162"); !c.empty() {
			d.concept("route", c)
		}
		d.list("doseAndRate", func() { r.dose(d, s, at) })
	})
	d.object("dispenseRequest", func() {
		if n := clear(s.Get(at.repeats, 1)); isDigits(n) && len(n) < 4 && (len(n) == 1 || n[0] != '0') {
			d.raw("numberOfRepeatsAllowed", n)
		}
		d.object("quantity", func() { r.plainQuantity(d, s, at.quantity, at.quantityUnit) })
	})
	key := "MedicationRequest|" + o.key(r)
	if at.intent != "" {
		key += "|" + at.intent + "|" + clear(s.Get(1, 1)) + "|" + clear(s.Get(3, 4))
	}
	r.state(g, key, d)
}

// components writes what a mixture is made of (RXC) as notes.
func (r *reader) components(d *doc, o drugOrder) {
	for _, s := range o.segments {
		if s.Name() == "RXC" {
			what := r.first(r.read(s), 2, "RXC-2")
			d.object("", func() { d.text("text", join(" ", "Component:", what.words(), clear(s.Get(3, 1)), clear(s.Get(4, 1)))) })
		}
	}
}

func nonEmpty(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// dose writes a quantity, or a range where the least and the most differ.
func (r *reader) dose(d *doc, s hl7.Segment, at drugFields) {
	high, isRange := number(clear(s.Get(at.high, 1)))
	if !isRange {
		d.object("doseQuantity", func() { r.plainQuantity(d, s, at.low, at.unit) })
		return
	}
	d.object("doseRange", func() {
		d.object("low", func() { r.plainQuantity(d, s, at.low, at.unit) })
		d.object("high", func() {
			d.raw("value", high)
			d.text("unit", orElse(clear(s.Get(at.unit, 2)), clear(s.Get(at.unit, 1))))
		})
	})
}

// plainQuantity writes the members of a quantity by its fields of number and unit.
func (r *reader) plainQuantity(d *doc, s hl7.Segment, value, unit int) {
	n, ok := number(clear(s.Get(value, 1)))
	if !ok {
		return
	}
	d.raw("value", n)
	if unit != 0 {
		d.text("unit", orElse(clear(s.Get(unit, 2)), clear(s.Get(unit, 1))))
	}
}

// dispense states a MedicationDispense (RXD).
func (r *reader) dispense(o drugOrder, s hl7.Segment) {
	d := resource("MedicationDispense")
	o.identifiers(r, d)
	d.text("status", "completed")
	d.concept("medicationCodeableConcept", orConcept(r.first(s, 2, "RXD-2"), "Medicine not said"))
	d.reference("subject", "patient:")
	d.object("quantity", func() { r.plainQuantity(d, s, 4, 5) })
	d.text("whenHandedOver", r.date(s, 3))
	d.array("note", func() { r.orderNotes(d, o) })
	d.list("dosageInstruction", func() {
		d.text("text", clear(s.Get(9)))
		if c := r.first(o.route, 1, "0162"); !c.empty() {
			d.concept("route", c)
		}
	})
	r.state(o.group, "MedicationDispense|"+orElse(clear(s.Get(7, 1)), o.key(r))+"|"+clear(s.Get(1, 1)), d)
}

// administration states a MedicationAdministration (RXA).
func (r *reader) administration(o drugOrder, s hl7.Segment) {
	when := r.date(s, 3)
	if when == "" {
		r.note("RXA-3: a medicine given at no said time has no place in a statement; kept in the message as received")
		return
	}
	d := resource("MedicationAdministration")
	o.identifiers(r, d)
	d.text("status", givenStatus(s, "not-done"))
	d.concept("medicationCodeableConcept", orConcept(r.first(s, 5, "RXA-5"), "Medicine not said"))
	d.reference("subject", "patient:")
	d.text("effectiveDateTime", when)
	d.array("performer", func() {
		for _, f := range s.Repetitions(10) {
			if number, name := r.person(f); number+name != "" {
				d.object("", func() { r.practitioner(d, "actor", f) })
			}
		}
	})
	d.array("note", func() { r.orderNotes(d, o) })
	d.object("dosage", func() {
		if c := r.first(o.route, 1, "0162"); !c.empty() {
			d.concept("route", c)
		}
		d.object("dose", func() { r.plainQuantity(d, s, 6, 7) })
	})
	r.state(o.group, "MedicationAdministration|"+o.key(r)+"|"+clear(s.Get(3, 1)), d)
}

// givenStatus is RXA-20 and RXA-21: given, refused or not given, deleted.
func givenStatus(s hl7.Segment, notDone string) string {
	switch {
	case strings.EqualFold(clear(s.Get(21, 1)), "D"):
		return "entered-in-error"
	case has("RE NA", strings.ToUpper(clear(s.Get(20, 1)))):
		return notDone
	}
	return "completed"
}

// immunization states a vaccination (VXU: RXA, RXR).
func (r *reader) immunization(o drugOrder, s hl7.Segment) {
	what := orConcept(r.first(s, 5, "RXA-5"), "Vaccine not said")
	d := resource("Immunization")
	o.identifiers(r, d)
	status := givenStatus(s, "not-done")
	d.text("status", status)
	if c := r.first(s, 18, "RXA-18"); !c.empty() {
		d.concept("statusReason", c)
	}
	d.concept("vaccineCode", what)
	d.reference("patient", "patient:")
	if when := r.date(s, 3); when != "" {
		d.text("occurrenceDateTime", when)
	} else {
		d.text("occurrenceString", "Not said when")
	}
	if source := clear(s.Get(9, 1)); source != "" {
		d.raw("primarySource", map[bool]string{true: "true", false: "false"}[source == "00"])
	}
	if maker := r.first(s, 17, "0227"); !maker.empty() {
		r.organisation(d, "manufacturer", "", "", maker.words())
	}
	d.text("lotNumber", clear(s.Get(15, 1)))
	if expiry, err := hl7.ParseDate(s.Get(16, 1)); err == nil {
		d.text("expirationDate", expiry.Day())
	}
	if c := r.first(o.route, 2, "0163"); !c.empty() {
		d.concept("site", c)
	}
	if c := r.first(o.route, 1, "0162"); !c.empty() {
		d.concept("route", c)
	}
	d.object("doseQuantity", func() {
		if !has("999 998 0", clear(s.Get(6, 1))) { // 999: not known
			r.plainQuantity(d, s, 6, 7)
		}
	})
	d.array("performer", func() {
		for _, f := range s.Repetitions(10) {
			if number, name := r.person(f); number+name != "" {
				d.object("", func() { r.practitioner(d, "actor", f) })
			}
		}
	})
	d.array("note", func() { r.orderNotes(d, o) })
	if reason := r.first(s, 19, "RXA-19"); !reason.empty() {
		d.concepts("reasonCode", reason)
	}
	st := r.state(o.group, "Immunization|"+o.key(r)+"|"+what.key()+"|"+clear(s.Get(3, 1)), d)
	st.Deleted = status == "entered-in-error"
}

// referral reads REF: a ServiceRequest with who refers to whom.
func (r *reader) referral(g *group) {
	rf1 := r.read(g.first("RF1"))
	r.take("PRD", "CTD")
	if !rf1.Exists() {
		r.note("RF1: the message %s has no referral in it", r.event)
		return
	}
	r.referralOf(g, rf1)
	r.out.Event = "referral"
	r.orders(g)
}

// referralOf states the referral of RF1.
func (r *reader) referralOf(g *group, rf1 hl7.Segment) {
	d := resource("ServiceRequest")
	d.array("identifier", func() {
		for _, field := range []int{6, 11} {
			if system, value := r.entity(firstOf(rf1, field), "referral"); value != "" {
				d.identifier("", system, value, "")
			}
		}
	})
	status := map[string]string{"E": "completed", "R": "revoked"}[strings.ToUpper(clear(rf1.Get(1, 1)))] // table 0283: expired, rejected
	d.text("status", orElse(status, "active"))
	d.text("intent", "order")
	d.concepts("category", coded(snomed, "3457005", "Patient referral"))
	d.text("priority", priority(clear(rf1.Get(2, 1))))
	d.concept("code", orConcept(r.first(rf1, 3, "0281"), "Referral"))
	d.reference("subject", "patient:")
	r.encounter(d, g)
	d.text("authoredOn", r.date(rf1, 7))
	d.array("reasonCode", func() {
		for _, f := range rf1.Repetitions(10) {
			if c := r.concept(f, "0336"); !c.empty() {
				d.concept("", c)
			}
		}
	})
	r.referralParties(d, g)
	r.state(g, "ServiceRequest|referral|"+orElse(entityKey(rf1, 6), "message "+r.m.ControlID()), d)
}

// referralParties are the providers of PRD: RP refers, RT is referred to.
func (r *reader) referralParties(d *doc, g *group) {
	write := func(role string, name string, many bool) {
		for _, s := range g.segments {
			if s.Name() != "PRD" || !strings.EqualFold(clear(s.Get(1, 1)), role) {
				continue
			}
			n := readName(firstOf(s, 2))
			display := strings.Join(strings.Fields(n.Prefix+" "+n.Given+" "+n.Family), " ")
			if display == "" {
				continue
			}
			party := func(member string) {
				d.object(member, func() {
					d.text("type", "Practitioner")
					d.text("display", display)
				})
			}
			if many {
				d.array(name, func() { party("") })
			} else {
				party(name)
			}
			return
		}
	}
	write("RP", "requester", false)
	write("RT", "performer", true)
}
