package translate

import (
	"strings"

	"kmcr/hl7"
)

// request is one ORC and OBR of a message, with what hangs on it.
type request struct {
	orc, obr hl7.Segment
	notes    []string // NTE that follow OBR or ORC
	segments []hl7.Segment
	specimen hl7.Segment // SPM
}

// requests cuts a group at its ORC and OBR segments. A specimen that stands
// before the first request of an OUL belongs to those that follow it.
func (r *reader) requests(g *group) []*request {
	var all []*request
	var current *request
	var orc, specimen hl7.Segment
	noting := false
	for _, s := range g.segments {
		switch s.Name() {
		case "ORC":
			orc, current, noting = r.read(s), nil, false
		case "OBR":
			current = &request{orc: orc, obr: r.read(s), specimen: specimen}
			orc = hl7.Segment{}
			all = append(all, current)
			noting = true
		case "SPM":
			r.read(s)
			if current != nil && r.m.Type() != "OUL" {
				current.specimen, noting = s, false
				continue
			}
			specimen, current = s, nil
		case "NTE":
			if current != nil && noting {
				if text := noteText(r.read(s)); text != "" {
					current.notes = append(current.notes, text)
				}
				continue
			}
			fallthrough
		default:
			if s.Name() == "OBX" {
				noting = false
			}
			if current != nil {
				current.segments = append(current.segments, s)
			}
		}
	}
	return all
}

// placer and filler are the order's numbers at who asked and who answers.
func (q *request) placer() (hl7.Segment, int) {
	if entityKey(q.obr, 2) != "" {
		return q.obr, 2
	}
	return q.orc, 2
}

func (q *request) filler() (hl7.Segment, int) {
	if entityKey(q.obr, 3) != "" {
		return q.obr, 3
	}
	return q.orc, 3
}

// requestKey names the order: by its filler's number, else its placer's, else when
// it was observed or reported, else by the message.
func (r *reader) requestKey(q *request) string {
	if s, field := q.filler(); entityKey(s, field) != "" {
		return entityKey(s, field)
	}
	if s, field := q.placer(); entityKey(s, field) != "" {
		return "placer " + entityKey(s, field)
	}
	r.flag("OBR-2, OBR-3: neither a placer's nor a filler's order number")
	for _, field := range []int{7, 22} {
		if at := moment(q.obr.Get(field, 1)); at != "" {
			return "at " + at
		}
	}
	return "message " + r.m.ControlID()
}

// results reads ORU and OUL: a report for each request, its observations, its specimen.
func (r *reader) results(g *group) {
	requests := r.requests(g)
	for _, q := range requests {
		r.report(g, q)
	}
	if len(requests) == 0 {
		r.looseObservations(g)
	}
	r.out.Event = "new-result"
}

func (r *reader) report(g *group, q *request) {
	what := r.first(q.obr, 4, "OBR-4")
	key := r.requestKey(q) + "|" + what.key()
	effective := r.date(q.obr, 7)
	in := setting{key: key, what: what, effective: effective, group: g, category: reportCategory(q, what), specimen: r.specimen(g, q, key)}
	status, known := reportStatuses[strings.ToUpper(clear(q.obr.Get(25, 1)))]
	if status == "final" || status == "preliminary" || status == "corrected" {
		in.status = status
	}
	var results []string
	var files []attachment
	var statuses []string
	for _, o := range r.observations(q.segments) {
		s := o.segments[0]
		if isAttachment(s) {
			if a := r.readAttachment(s); a.data != "" || a.url != "" {
				files = append(files, a)
			}
			q.notes = append(q.notes, o.notes...)
			continue
		}
		if emptyObservation(o) {
			continue
		}
		results = append(results, r.observe(o, in))
		statuses = append(statuses, strings.ToUpper(clear(s.Get(11, 1))))
	}
	if !known {
		status = statusOf(statuses)
	}
	d := resource("DiagnosticReport")
	d.array("identifier", func() { r.orderIdentifiers(d, q) })
	d.array("basedOn", func() { r.requester(d, q) })
	d.text("status", status)
	if c := r.reportSection(q, in.category); !c.empty() {
		d.concepts("category", c)
	}
	d.concept("code", orConcept(what, "Report"))
	d.reference("subject", "patient:")
	r.encounter(d, g)
	d.text("effectiveDateTime", effective)
	d.text("issued", orElse(instant(q.obr.Get(22, 1)), ""))
	r.date(q.obr, 22)
	d.array("performer", func() { r.reporters(d, q) })
	d.array("resultsInterpreter", func() { r.interpreters(d, q) })
	if in.specimen != "" {
		d.array("specimen", func() { d.reference("", "key:"+in.specimen) })
	}
	d.array("result", func() {
		for _, k := range results {
			d.reference("", "key:"+k)
		}
	})
	d.text("conclusion", strings.Join(q.notes, "\n"))
	d.array("presentedForm", func() {
		for _, a := range files {
			d.attachment("", a, "")
		}
	})
	r.state(g, "DiagnosticReport|"+key, d)
}

// emptyObservation tells whether an OBX says nothing at all: neither what nor a value.
func emptyObservation(o observation) bool {
	s := o.segments[0]
	return clear(s.Get(3)) == "" && o.text() == "" && len(o.notes) == 0
}

// orConcept is the concept, or words in its place.
func orConcept(c concept, words string) concept {
	if c.empty() {
		return concept{text: words}
	}
	return c
}

// statusOf is the status of a report that does not say it, by its observations.
func statusOf(observations []string) string {
	if len(observations) == 0 {
		return "unknown"
	}
	for _, s := range observations {
		if s != "F" {
			return "unknown"
		}
	}
	return "final"
}

// reportCategory is the category of the observations of a report.
func reportCategory(q *request, what concept) string {
	section := strings.ToUpper(clear(q.obr.Get(24, 1)))
	switch {
	case strings.Contains(strings.ToLower(what.words()), "vital sign"):
		return "vital-signs"
	case has(strings.TrimSpace(imagingSections), section):
		return "imaging"
	}
	return "laboratory"
}

// reportSection is OBR-24; a report of vital signs that does not say has none.
func (r *reader) reportSection(q *request, category string) concept {
	c := r.first(q.obr, 24, "0074")
	if c.empty() {
		if category == "laboratory" {
			return coded(hl7Terminology+"v2-0074", "LAB", "Laboratory")
		}
		return c
	}
	if has(strings.TrimSpace(serviceSections), strings.ToUpper(c.codings0())) {
		c.codings[0].system, c.codings[0].code = hl7Terminology+"v2-0074", strings.ToUpper(c.codings[0].code)
	}
	return c
}

func (r *reader) orderIdentifiers(d *doc, q *request) {
	for _, one := range []struct {
		find func() (hl7.Segment, int)
		kind string
	}{{q.filler, "FILL"}, {q.placer, "PLAC"}} {
		s, field := one.find()
		if f := firstOf(s, field); f.Raw() != "" {
			system, value := r.entity(f, map[string]string{"FILL": "filler", "PLAC": "placer"}[one.kind])
			d.identifier("", system, value, one.kind)
		}
	}
}

// requester writes who asked, as the request on which the report is based.
func (r *reader) requester(d *doc, q *request) {
	f := firstOf(q.obr, 16)
	if _, display := r.person(f); display == "" {
		f = firstOf(q.orc, 12)
	}
	_, display := r.person(f)
	s, field := q.placer()
	system, value := r.entity(firstOf(s, field), "placer")
	if display == "" {
		return
	}
	d.object("", func() {
		d.text("type", "ServiceRequest")
		d.identifier("identifier", system, value, "PLAC")
		d.text("display", "Requested by "+display)
	})
}

// reporters are the laboratory or department: the contributor's own organisation.
func (r *reader) reporters(d *doc, q *request) { r.provider(d, "") }

// interpreters are OBR-32 and OBR-33 (NDL: person in the first component).
func (r *reader) interpreters(d *doc, q *request) {
	for _, field := range []int{32, 33} {
		for _, f := range q.obr.Repetitions(field) {
			part := func(n int) string { return clear(f.Get(1, n)) }
			display := strings.Join(strings.Fields(strings.Join([]string{part(6), part(3), part(4), part(2), part(5)}, " ")), " ")
			if display == "" {
				r.practitioner(d, "", f)
				continue
			}
			d.object("", func() {
				d.text("type", "Practitioner")
				d.identifier("identifier", r.identifierSystem("practitioner", "", ""), part(1), "")
				d.text("display", display)
			})
		}
	}
}

// specimen states the specimen of a request, SPM or OBR-15, and returns its key.
func (r *reader) specimen(g *group, q *request, key string) string {
	s := q.specimen
	var kind concept
	var number, collected, received string
	if s.Exists() {
		kind = r.first(s, 4, "0487")
		number = orElse(clear(s.Get(2, 2, 1)), clear(s.Get(2, 1, 1)))
		collected, received = r.date(s, 17), r.date(s, 18)
	} else if f := firstOf(q.obr, 15); f.Raw() != "" {
		if c := clear(f.Get(1, 1)); c != "" {
			kind = concept{codings: []code{{r.codeSystem(clear(f.Get(1, 3)), "0070"), c, clear(f.Get(1, 2))}}, text: orElse(clear(f.Get(1, 2)), c)}
		}
		received = r.date(q.obr, 14)
	}
	if kind.empty() && number == "" {
		return ""
	}
	d := resource("Specimen")
	d.array("identifier", func() {
		if number != "" {
			d.identifier("", r.identifierSystem(clear(s.Get(2, 2, 2)), clear(s.Get(2, 2, 3)), "specimen"), number, "")
		}
	})
	if !kind.empty() {
		d.concept("type", kind)
	}
	d.reference("subject", "patient:")
	d.text("receivedTime", received)
	d.object("collection", func() {
		d.text("collectedDateTime", collected)
		if site := r.first(s, 8, "SPM-8"); !site.empty() {
			d.concept("bodySite", site)
		}
	})
	d.array("note", func() {
		if s.Exists() {
			d.object("", func() { d.text("text", clear(s.Get(14))) })
		}
	})
	specimenKey := "Specimen|" + orElse(number, key)
	if r.keys[specimenKey] > 0 { // the same specimen under several requests
		return specimenKey
	}
	r.state(g, specimenKey, d)
	return specimenKey
}
