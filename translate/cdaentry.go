package translate

import "strings"

// sectionReaders read the coded entries of a section, by the LOINC or SNOMED CT code of the section.
var sectionReaders = map[string]func(*cdaReader, *xmlNode) bool{
	"48765-2": (*cdaReader).allergyEntry, "11450-4": (*cdaReader).problemEntry, "11348-0": (*cdaReader).problemEntry, "46240-8": (*cdaReader).encounterEntry,
	"10160-0": (*cdaReader).medicineEntry, "75311-1": (*cdaReader).medicineEntry, "10183-2": (*cdaReader).medicineEntry, "11535-2": (*cdaReader).problemEntry,
	"11369-6": (*cdaReader).vaccinationEntry, "47519-4": (*cdaReader).procedureEntry, "29554-3": (*cdaReader).procedureEntry,
	"30954-2": (*cdaReader).resultEntry, "8716-3": (*cdaReader).resultEntry, "29762-2": (*cdaReader).resultEntry, "47420-5": (*cdaReader).resultEntry, "10190-7": (*cdaReader).resultEntry,
	"886921000000105": (*cdaReader).allergyEntry, "933361000000108": (*cdaReader).medicineEntry, "717711000000103": (*cdaReader).problemEntry,
}

// section reads the entries of one section, and of those inside it.
func (r *cdaReader) section(s *xmlNode) {
	code := s.at("code").attr("code")
	read := sectionReaders[code]
	r.of = code
	for _, e := range s.all("entry") {
		if read != nil && read(r, e) {
			continue
		}
		for _, p := range e.content {
			if p.element != nil && p.element.name != "templateId" && p.element.name != "contentId" {
				r.lose("section "+orElse(code, "without a code")+", "+p.element.name, "an entry that is not read: it stands in the text of its section")
			}
		}
	}
	for _, c := range s.all("component") {
		for _, inner := range c.all("section") {
			r.section(inner)
		}
	}
}

// state adds what an entry states, with its own identifiers.
func (r *cdaReader) state(kind string, e *xmlNode, members ...any) *node {
	n := object(append([]any{"resourceType", word(kind), "identifier", identifiers(e.all("id"))}, members...)...)
	what := kind + " " + r.ids(e) + sum(e.words())
	for r.used[what] {
		what += "+"
	}
	r.used[what] = true
	r.add(r.address(what), n)
	return n
}

// ids are the identifiers of an entry in one string.
func (r *cdaReader) ids(e *xmlNode) string {
	var b strings.Builder
	for _, id := range e.all("id") {
		b.WriteString(id.attr("root") + "^" + id.attr("extension") + " ")
	}
	return b.String()
}

// related calls f for the observations that stand in an act.
func related(act *xmlNode, f func(*xmlNode)) {
	for _, er := range act.all("entryRelationship") {
		for _, o := range er.all("observation") {
			f(o)
		}
	}
}

func done(e *xmlNode) bool {
	s := strings.ToLower(e.at("statusCode").attr("code"))
	return s == "completed" || s == "aborted" || s == "cancelled"
}

func (r *cdaReader) allergyEntry(entry *xmlNode) bool {
	act := entry.at("act")
	found := false
	related(act, func(o *xmlNode) {
		substance := r.concept(o.at("participant", "participantRole", "playingEntity", "code"))
		if substance == nil {
			if name := o.at("participant", "participantRole", "playingEntity", "name").words(); name != "" {
				substance = object("text", word(name))
			}
		}
		negated := o.attr("negationInd") == "true"
		none := negated && substance == nil // of no allergy at all, or none of a kind; else it is of this one that it is said
		switch {
		case none:
			substance = noneOf(o.at("value").attr("code"))
		case substance == nil:
			substance = r.concept(o.at("value"))
		}
		if substance == nil {
			return
		}
		found = true
		status := "active"
		if o.at("effectiveTime", "high").attr("value") != "" || done(act) && act.at("effectiveTime", "high").attr("value") != "" {
			status = "resolved"
		}
		n := r.state("AllergyIntolerance", o, "clinicalStatus", codedAs(hl7Terminology+"allergyintolerance-clinical", status), "code", substance, "patient", r.subject(),
			"onsetDateTime", orNil(said(o.at("effectiveTime"))), "recordedDate", orNil(said(act.at("author", "time"))))
		if none {
			return
		}
		if negated {
			n.set("verificationStatus", codedAs(hl7Terminology+"allergyintolerance-verification", "refuted"))
			return
		}
		related(o, func(x *xmlNode) {
			if what := r.concept(x.at("value")); what != nil && x.at("value").attr("type") != "" {
				n.add("reaction", object("manifestation", list(what)))
			}
		})
	})
	return found
}

// noneOf is what it means that there is no allergy of a kind (SNOMED CT: to drugs, to food, to a substance).
func noneOf(kind string) *node {
	code, words := "716186003", "No known allergies"
	switch kind {
	case "416098002", "419511003", "59037007":
		code, words = "409137002", "No known drug allergies"
	case "414285001", "418471000", "235719002":
		code, words = "429625007", "No known food allergies"
	}
	return object("coding", list(object("system", word("http://snomed.info/sct"), "code", word(code), "display", word(words))), "text", word(words))
}

func (r *cdaReader) problemEntry(entry *xmlNode) bool {
	act := entry.at("act")
	observations := []*xmlNode{}
	related(act, func(o *xmlNode) { observations = append(observations, o) })
	if o := entry.at("observation"); o != nil {
		observations = append(observations, o)
	}
	found := false
	for _, o := range observations {
		what := r.concept(o.at("value"))
		if what == nil || o.attr("negationInd") == "true" {
			continue
		}
		found = true
		end := cdaMoment(o.at("effectiveTime", "high").attr("value"))
		status := "active"
		if end != "" {
			status = "resolved"
		}
		r.state("Condition", o, "clinicalStatus", codedAs(hl7Terminology+"condition-clinical", status), "code", what, "subject", r.subject(),
			"onsetDateTime", orNil(said(o.at("effectiveTime"))), "abatementDateTime", orNil(end), "recordedDate", orNil(said(act.at("author", "time"))))
	}
	return found
}

func (r *cdaReader) medicineEntry(entry *xmlNode) bool {
	sa := entry.at("substanceAdministration")
	if sa == nil {
		sa = entry.at("act", "entryRelationship", "substanceAdministration")
	}
	if sa == nil {
		return false
	}
	product := sa.at("consumable", "manufacturedProduct", "manufacturedMaterial")
	what := r.concept(product.at("code"))
	if what == nil {
		if name := product.at("name").words(); name != "" {
			what = object("text", word(name))
		}
	}
	negated := sa.attr("negationInd") == "true"
	if what == nil || negated && product.at("code").attr("code") == anyMedicine {
		return false // that there are none stands in the text
	}
	status := map[string]string{"active": "active", "completed": "completed", "aborted": "stopped", "suspended": "on-hold"}[sa.at("statusCode").attr("code")]
	period, dosage := object(), object("text", orNil(r.reference(sa.at("text"))))
	for _, t := range sa.all("effectiveTime") {
		if low, high := cdaMoment(t.at("low").attr("value")), cdaMoment(t.at("high").attr("value")); low != "" || high != "" {
			period.set("start", orNil(low))
			period.set("end", orNil(high))
		}
		if p := t.at("period"); p.attr("value") != "" {
			dosage.set("timing", object("code", object("text", word("every "+p.attr("value")+" "+p.attr("unit")))))
		}
	}
	if period.get("end") != nil && status == "completed" {
		status = "completed"
	} else if status == "completed" {
		status = "active" // C-CDA: the statement is complete; whether it is taken still is said by its time
	}
	if negated {
		status = "not-taken"
	}
	dose := sa.at("doseQuantity")
	if q := r.quantity(dose); q != nil {
		dosage.set("doseAndRate", list(object("doseQuantity", q)))
	} else if between := object("low", r.quantity(dose.at("low")), "high", r.quantity(dose.at("high"))); !between.empty() {
		dosage.set("doseAndRate", list(object("doseRange", between)))
	}
	if route := r.concept(sa.at("routeCode")); route != nil {
		dosage.set("route", route)
	}
	n := r.state("MedicationStatement", sa, "status", word(orElse(status, "unknown")), "medicationCodeableConcept", what, "subject", r.subject(), "dateAsserted", orNil(r.date))
	if !period.empty() {
		n.set("effectivePeriod", period)
	}
	if !dosage.empty() {
		n.set("dosage", list(dosage))
	}
	return true
}

// anyMedicine is SNOMED CT's code of any medicine, which an entry negates that says that there are none.
const anyMedicine = "410942007"

func (r *cdaReader) quantity(e *xmlNode) *node {
	v := e.attr("value")
	if v == "" || !isNumeral(v) {
		return nil
	}
	q := object("value", scalar(strings.TrimPrefix(v, "+")))
	if u := e.attr("unit"); u != "" && u != "1" {
		q.set("unit", word(u))
	}
	return q
}

func (r *cdaReader) vaccinationEntry(entry *xmlNode) bool {
	sa := entry.at("substanceAdministration")
	material := sa.at("consumable", "manufacturedProduct", "manufacturedMaterial")
	what := r.concept(material.at("code"))
	if what == nil {
		return false
	}
	status := "completed"
	if sa.attr("negationInd") == "true" {
		status = "not-done"
	}
	n := r.state("Immunization", sa, "status", word(status), "vaccineCode", what, "patient", r.subject(), "lotNumber", orNil(material.at("lotNumberText").words()))
	if at := said(sa.at("effectiveTime")); at != "" {
		n.set("occurrenceDateTime", word(at))
	} else {
		n.set("occurrenceString", word("not stated"))
	}
	return true
}

func (r *cdaReader) procedureEntry(entry *xmlNode) bool {
	for _, name := range []string{"procedure", "act", "observation"} {
		p := entry.at(name)
		what := r.concept(p.at("code"))
		if what == nil {
			continue
		}
		status := map[string]string{"completed": "completed", "active": "in-progress", "aborted": "stopped", "cancelled": "not-done"}[p.at("statusCode").attr("code")]
		switch mood := p.attr("moodCode"); {
		case p.attr("negationInd") == "true":
			status = "not-done"
		case mood != "" && mood != "EVN": // intended, asked for, promised: not done yet
			status = "preparation"
		}
		r.state("Procedure", p, "status", word(orElse(status, "unknown")), "code", what, "subject", r.subject(), "performedDateTime", orNil(said(p.at("effectiveTime"))))
		return true
	}
	return false
}

func (r *cdaReader) encounterEntry(entry *xmlNode) bool {
	e := entry.at("encounter")
	what := r.concept(e.at("code"))
	if what == nil {
		return false
	}
	n := r.state("Encounter", e, "status", word("finished"), "class", object("system", word(hl7Terminology+"v3-NullFlavor"), "code", word("NI"), "display", word("No information")), "type", list(what), "subject", r.subject())
	if p := object("start", orNil(said(e.at("effectiveTime"))), "end", orNil(cdaMoment(e.at("effectiveTime", "high").attr("value")))); !p.empty() {
		n.set("period", p)
	}
	return true
}

// categoryOf is of what kind the observations of a section are.
var categoryOf = map[string]string{"30954-2": "laboratory", "8716-3": "vital-signs", "29762-2": "social-history"}

// resultEntry reads observations, alone or in an organizer, with their values.
func (r *cdaReader) resultEntry(entry *xmlNode) bool {
	var all []*xmlNode
	if o := entry.at("observation"); o != nil {
		all = append(all, o)
	}
	for _, c := range entry.at("organizer").all("component") {
		all = append(all, c.all("observation")...)
	}
	found := false
	for _, o := range all {
		found = r.result(o, entry.at("organizer")) || found
	}
	return found
}

func (r *cdaReader) result(o, organizer *xmlNode) bool {
	code := r.concept(o.at("code"))
	if code == nil {
		return false
	}
	at := said(o.at("effectiveTime"))
	if at == "" {
		at = said(organizer.at("effectiveTime"))
	}
	n := r.state("Observation", o, "status", word("final"), "code", code, "subject", r.subject(), "effectiveDateTime", orNil(at))
	if kind := categoryOf[r.of]; kind != "" {
		n.set("category", list(codedAs(hl7Terminology+"observation-category", kind)))
	}
	r.setValue(n, o.at("value"))
	if i := r.concept(o.at("interpretationCode")); i != nil {
		n.set("interpretation", list(i))
	}
	for _, ref := range o.all("referenceRange") {
		x := ref.at("observationRange")
		limits := object("low", r.quantity(x.at("value", "low")), "high", r.quantity(x.at("value", "high")), "text", orNil(r.reference(x.at("text"))))
		if !limits.empty() {
			n.add("referenceRange", limits)
		}
	}
	return true
}

// setValue reads the value of an observation (CDA R2, abstract data types): one that is not known may be put into words all the same.
func (r *cdaReader) setValue(n *node, value *xmlNode) {
	switch kind := value.attr("type"); {
	case value == nil:
	case value.attr("nullFlavor") != "":
		n.set("valueString", orNil(orElse(r.reference(value.at("originalText")), r.reference(value))))
	case strings.HasSuffix(kind, "IVL_PQ") || strings.HasSuffix(kind, "IVL_INT") || strings.HasSuffix(kind, "IVL_REAL"):
		r.setInterval(n, value)
	case strings.HasSuffix(kind, "RTO") || strings.HasSuffix(kind, "RTO_PQ_PQ"):
		n.set("valueRatio", orNoNode(object("numerator", r.quantity(value.at("numerator")), "denominator", r.quantity(value.at("denominator")))))
	case strings.HasSuffix(kind, "TS"):
		n.set("valueDateTime", orNil(cdaMoment(value.attr("value"))))
	case strings.HasSuffix(kind, "BL"):
		if v := value.attr("value"); v == "true" || v == "false" {
			n.set("valueBoolean", scalar(v))
		}
	case strings.HasSuffix(kind, "PQ") || strings.HasSuffix(kind, "INT") || strings.HasSuffix(kind, "REAL"):
		n.set("valueQuantity", r.quantity(value))
	case strings.HasSuffix(kind, "CD") || strings.HasSuffix(kind, "CE") || strings.HasSuffix(kind, "CO"):
		n.set("valueCodeableConcept", r.concept(value))
	default:
		n.set("valueString", orNil(r.reference(value)))
	}
	if value != nil && !holdsValue(n) && (value.attr("value") != "" || len(value.content) > 0) {
		r.lose("observation value of type "+orElse(value.attr("type"), "that is not said"), "a value that is not read: it stands in the text of its section")
	}
}

// setInterval reads a value between two limits; with one of them it is above or below.
func (r *cdaReader) setInterval(n *node, value *xmlNode) {
	low, high := value.at("low"), value.at("high")
	from, to := r.quantity(low), r.quantity(high)
	within := func(q *node, limit *xmlNode, open, closed string) {
		comparator := closed
		if limit.attr("inclusive") == "false" {
			comparator = open
		}
		q.set("comparator", word(comparator))
		n.set("valueQuantity", q)
	}
	switch {
	case from != nil && to != nil:
		n.set("valueRange", object("low", from, "high", to))
	case from != nil:
		within(from, low, ">", ">=")
	case to != nil:
		within(to, high, "<", "<=")
	}
}

func holdsValue(n *node) bool {
	for _, kind := range []string{"Quantity", "Range", "Ratio", "DateTime", "Boolean", "CodeableConcept", "String"} {
		if n.get("value"+kind) != nil {
			return true
		}
	}
	return false
}

func orNoNode(n *node) *node {
	if n.empty() {
		return nil
	}
	return n
}
