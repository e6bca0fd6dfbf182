package translate

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"kmcr/hl7"
)

// observation is an OBX, with the lines of text that follow it under the same
// code, and its notes.
type observation struct {
	segments []hl7.Segment
	notes    []string
}

// setting is what the observations of a request have in common.
type setting struct {
	key       string  // of the request, in the keys of its observations
	what      concept // of the request, for an observation that does not say what it is
	category  string
	effective string
	specimen  string // key of the Specimen statement
	status    string // where OBX-11 says nothing
	group     *group
}

// continues tells whether s is a further line of the text that o holds.
func (o observation) continues(s hl7.Segment) bool {
	first := o.segments[0]
	kind := strings.ToUpper(s.Get(2, 1))
	return has("TX FT", kind) && kind == strings.ToUpper(first.Get(2, 1)) && len(o.notes) == 0 &&
		s.Get(3) == first.Get(3) && s.Get(4) == first.Get(4) && s.Get(6) == first.Get(6) && s.Get(14) == first.Get(14)
}

// isAttachment tells whether an OBX holds a file or points to one.
func isAttachment(s hl7.Segment) bool { return has("ED RP", strings.ToUpper(s.Get(2, 1))) }

// observe states an observation and returns its key.
func (r *reader) observe(o observation, in setting) string {
	s := o.segments[0]
	what := r.first(s, 3, "OBX-3")
	key := "Observation|" + in.key + "|" + what.key()
	if sub := clear(s.Get(4)); sub != "" {
		key += "|" + sub
	}
	if what.empty() {
		what = in.what
	}
	if what.empty() {
		what = concept{text: "Not said"}
	}
	d := resource("Observation")
	d.array("identifier", func() {
		for _, f := range s.Repetitions(21) {
			system, value := r.entity(f, "observation")
			d.identifier("", system, value, "")
		}
	})
	status, known := observationStatuses[strings.ToUpper(clear(s.Get(11, 1)))]
	if !known {
		status = orElse(in.status, "unknown")
	}
	d.text("status", status)
	category := in.category
	if isVital(what) {
		category = "vital-signs"
	}
	if category != "" {
		d.concepts("category", concept{codings: []code{{hl7Terminology + "observation-category", category, ""}}})
	}
	d.concept("code", what)
	d.reference("subject", "patient:")
	r.encounter(d, in.group)
	d.text("effectiveDateTime", orElse(r.date(s, 14), in.effective))
	d.text("issued", instant(s.Get(19, 1)))
	d.array("performer", func() {
		for _, f := range append(s.Repetitions(16), r.takers(in.group.segments, s)...) {
			r.practitioner(d, "", f)
		}
		for _, f := range s.Repetitions(23) {
			r.organisation(d, "", r.identifierSystem(clear(f.Get(6, 1)), clear(f.Get(6, 2)), "organisation"), clear(f.Get(10, 1)), clear(f.Get(1, 1)))
		}
	})
	r.value(d, o)
	d.array("interpretation", func() {
		for _, f := range s.Repetitions(8) {
			if c := r.interpretation(f); !c.empty() {
				d.concept("", c)
			}
		}
	})
	d.array("note", func() {
		for _, n := range o.notes {
			d.object("", func() { d.text("text", n) })
		}
		if sent := clear(s.Get(11, 1)); !known && sent != "" {
			d.object("", func() { d.text("text", "Status as sent: "+sent) })
		}
	})
	if method := r.first(s, 17, "OBX-17"); !method.empty() {
		d.concept("method", method)
	}
	if in.specimen != "" {
		d.reference("specimen", "key:"+in.specimen)
	}
	r.referenceRange(d, s)
	key = r.unique(key)
	r.out.Statements = append(r.out.Statements, Statement{Patient: in.group.patient, Key: key, Resource: d.bytes(), At: r.at})
	return key
}

// interpretation is an abnormal flag, OBX-8.
func (r *reader) interpretation(f hl7.Field) concept {
	c := r.concept(f, "0078")
	if len(c.codings) > 0 && has(strings.TrimSpace(interpretations), strings.ToUpper(c.codings[0].code)) && clear(f.Get(3, 1)) == "" {
		c.codings[0].system = hl7Terminology + "v3-ObservationInterpretation"
		c.codings[0].code = strings.ToUpper(c.codings[0].code)
	}
	return c
}

// vitalCodes are the LOINC codes of vital signs in FHIR R4, and their parts.
const vitalCodes = "85353-1 9279-1 8867-4 2708-6 59408-5 8310-5 8302-2 9843-4 29463-7 39156-5 85354-9 8480-6 8462-4 8478-0"

func isVital(c concept) bool {
	for _, one := range c.codings {
		if one.system == loinc && has(vitalCodes, one.code) {
			return true
		}
	}
	return false
}

var comparison = regexp.MustCompile(`^\s*(<=|>=|<|>)\s*([+-]?[0-9]*\.?[0-9]+)\s*$`)

// value writes OBX-5 by the type that OBX-2 says; what does not fit its type
// is written as the text that was sent.
func (r *reader) value(d *doc, o observation) {
	s := o.segments[0]
	values := s.Repetitions(5)
	if len(values) == 0 && len(o.segments) == 1 {
		return
	}
	if len(values) > 0 && values[0].IsNull() && len(values) == 1 && len(o.segments) == 1 {
		return
	}
	kind := strings.ToUpper(s.Get(2, 1))
	if len(values) == 1 {
		v := values[0]
		switch kind {
		case "NM", "":
			if r.quantity(d, s, "", v.Get(1)) {
				return
			}
		case "SN":
			if r.structuredNumeric(d, s, v) {
				return
			}
		case "CE", "CWE", "CNE", "CF", "IS":
			if c := r.concept(v, "OBX-5"); !c.empty() {
				d.concept("valueCodeableConcept", c)
				return
			}
		case "DT", "TS", "DTM":
			if m := moment(v.Get(1)); m != "" {
				d.text("valueDateTime", m)
				return
			}
		case "ST":
			if strings.TrimSpace(s.Get(6)) != "" && r.quantity(d, s, "", v.Get()) {
				return
			}
		}
	}
	d.text("valueString", o.text())
}

// text is the value as words: the lines of text of all its segments.
func (o observation) text() string {
	var lines []string
	for _, s := range o.segments {
		var parts []string
		for _, f := range s.Repetitions(5) {
			if !f.IsNull() {
				parts = append(parts, words(f, strings.ToUpper(s.Get(2, 1))))
			}
		}
		separator := ", "
		if has("TX FT ST", strings.ToUpper(s.Get(2, 1))) {
			separator = "\n"
		}
		lines = append(lines, strings.Join(parts, separator))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), " \n")
}

// words are one value as words.
func words(f hl7.Field, kind string) string {
	if !has("CE CWE CNE CF XCN XPN XAD XON CX EI HD PL SN", kind) {
		return f.Get()
	}
	var parts []string
	for i := 1; i <= 9; i++ {
		if p := clear(f.Get(i)); p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// quantity writes a number with its unit, exactly as sent; false where the value is no number.
func (r *reader) quantity(d *doc, s hl7.Segment, comparator, value string) bool {
	if m := comparison.FindStringSubmatch(value); m != nil {
		comparator, value = m[1], m[2]
	}
	n, ok := number(value)
	if !ok {
		return false
	}
	d.object("valueQuantity", func() { r.measure(d, s, comparator, n) })
	return true
}

// measure writes the members of a Quantity; the unit is OBX-6 as sent.
func (r *reader) measure(d *doc, s hl7.Segment, comparator, n string) {
	d.raw("value", n)
	d.text("comparator", comparator)
	unit := orElse(clear(s.Get(6, 1)), clear(s.Get(6, 2)))
	d.text("unit", unit)
	if strings.EqualFold(clear(s.Get(6, 3, 1)), "UCUM") {
		d.text("system", ucum)
		d.token("code", unit)
	}
}

// structuredNumeric writes an SN: comparator^number^separator^number.
func (r *reader) structuredNumeric(d *doc, s hl7.Segment, f hl7.Field) bool {
	comparator, separator := clear(f.Get(1)), clear(f.Get(3))
	low, okLow := number(clear(f.Get(2)))
	high, okHigh := number(clear(f.Get(4)))
	if comparator == "=" {
		comparator = ""
	}
	switch {
	case !okLow || comparator != "" && !has("< <= >= >", comparator):
		return false
	case separator == "" && !okHigh:
		d.object("valueQuantity", func() { r.measure(d, s, comparator, low) })
	case separator == "-" && okHigh && comparator == "":
		d.object("valueRange", func() {
			d.object("low", func() { r.measure(d, s, "", low) })
			d.object("high", func() { r.measure(d, s, "", high) })
		})
	case has(": /", separator) && okHigh && comparator == "":
		d.object("valueRatio", func() {
			d.object("numerator", func() { d.raw("value", low) })
			d.object("denominator", func() { d.raw("value", high) })
		})
	default:
		return false
	}
	return true
}

var between = regexp.MustCompile(`^\s*([+-]?[0-9]*\.?[0-9]+)\s*(?:-|–|_|to)\s*([+-]?[0-9]*\.?[0-9]+)\s*$`)

// referenceRange writes OBX-7: always as sent, and as numbers where it is plainly a range of them.
func (r *reader) referenceRange(d *doc, s hl7.Segment) {
	sent := clear(s.Get(7))
	if strings.Trim(sent, "[] -") == "" {
		return
	}
	d.list("referenceRange", func() {
		limit := func(name, value string) {
			if n, ok := number(value); ok {
				d.object(name, func() { r.measure(d, s, "", n) })
			}
		}
		if m := between.FindStringSubmatch(sent); m != nil {
			limit("low", m[1])
			limit("high", m[2])
		} else if m := comparison.FindStringSubmatch(sent); m != nil {
			if m[1][0] == '<' {
				limit("high", m[2])
			} else {
				limit("low", m[2])
			}
		}
		d.text("text", sent)
	})
}

// attachment is a file that came in an OBX.
type attachment struct {
	contentType, data, url, title string
}

// readAttachment reads an ED (source^type^subtype^encoding^data) or RP
// (pointer^application^type^subtype). Data that cannot be decoded is left out
// and noted; the message as received has it.
func (r *reader) readAttachment(s hl7.Segment) attachment {
	a := attachment{title: orElse(clear(s.Get(3, 2)), clear(s.Get(3, 1)))}
	f := firstOf(s, 5)
	if strings.ToUpper(s.Get(2, 1)) == "RP" {
		a.url = strings.Join(strings.Fields(clear(f.Get(1))), "%20")
		a.contentType = declaredType(clear(f.Get(3)), clear(f.Get(4)))
		return a
	}
	sent := f.Get(5)
	kind, subtype, encoding := clear(f.Get(2)), clear(f.Get(3)), strings.ToUpper(clear(f.Get(4)))
	content, ok := decodeData(encoding, sent)
	a.contentType = declaredType(kind, subtype)
	switch {
	case strings.TrimSpace(sent) == "" || hl7.IsNull(sent):
	case !ok:
		r.note("OBX-5: the embedded document cannot be decoded; kept in the message as received")
	default:
		if seen := detectType(content); seen != "" {
			a.contentType = seen
		}
		a.data = base64.StdEncoding.EncodeToString(content)
	}
	return a
}

func decodeData(encoding, sent string) ([]byte, bool) {
	switch encoding {
	case "BASE64", "":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(sent), ""))
		if err != nil {
			b, err = base64.RawStdEncoding.DecodeString(strings.Join(strings.Fields(sent), ""))
		}
		return b, err == nil
	case "HEX":
		b, err := hex.DecodeString(strings.Join(strings.Fields(sent), ""))
		return b, err == nil
	}
	return []byte(sent), true
}

// declaredType is the media type that an ED or RP declares.
func declaredType(kind, subtype string) string {
	subtype = strings.ToLower(subtype)
	if i := strings.LastIndexAny(subtype, "/"); i >= 0 {
		subtype = subtype[i+1:]
	}
	switch subtype {
	case "pdf":
		return "application/pdf"
	case "rtf":
		return "text/rtf"
	case "html", "htm":
		return "text/html"
	case "plain", "txt", "text":
		return "text/plain"
	case "jpeg", "jpg":
		return "image/jpeg"
	case "png", "gif", "tiff":
		return "image/" + subtype
	case "tif":
		return "image/tiff"
	case "xml", "x-hl7-cda-level-one":
		return "application/xml"
	}
	switch {
	case strings.EqualFold(kind, "TEXT") || strings.EqualFold(kind, "TX") || strings.EqualFold(kind, "FT"):
		return "text/plain"
	case kind == "" && subtype == "":
		return ""
	}
	return "application/octet-stream"
}

// detectType is the media type that the content itself shows, "" for none.
func detectType(b []byte) string {
	for _, m := range []struct{ begins, contentType string }{
		{"%PDF-", "application/pdf"}, {`{\rtf`, "text/rtf"}, {"\x89PNG", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"GIF8", "image/gif"},
		{"II*\x00", "image/tiff"}, {"MM\x00*", "image/tiff"}, {"<!DOCTYPE html", "text/html"}, {"<html", "text/html"}, {"<HTML", "text/html"},
	} {
		if strings.HasPrefix(string(b[:min(len(b), 16)]), m.begins) {
			return m.contentType
		}
	}
	return ""
}

// attachment writes an Attachment.
func (d *doc) attachment(name string, a attachment, created string) {
	d.object(name, func() {
		d.token("contentType", a.contentType)
		d.text("data", a.data)
		d.text("url", a.url)
		d.text("title", a.title)
		d.text("creation", created)
	})
}

// looseObservations states the OBX of a message that has no request to hang them on.
func (r *reader) looseObservations(g *group) {
	key := orElse(strings.TrimPrefix(g.visit, "Encounter|"), r.m.ControlID())
	in := setting{key: "visit|" + key, group: g, effective: ""}
	if !r.at.IsZero() {
		in.effective = moment(orElse(clear(r.m.Segment("EVN").Get(2, 1)), r.m.Segment("MSH").Get(7, 1)))
	}
	for _, o := range r.observations(g.segments) {
		s := o.segments[0]
		if isAttachment(s) {
			r.looseDocument(g, s, in.key)
			continue
		}
		r.observe(o, in)
	}
}

// looseDocument states a file that came with a visit or an order, and not as a letter or a result.
func (r *reader) looseDocument(g *group, s hl7.Segment, of string) {
	a := r.readAttachment(s)
	if a.data == "" && a.url == "" {
		return
	}
	what := orConcept(r.first(s, 3, "OBX-3"), "Document")
	d := resource("DocumentReference")
	d.text("status", "current")
	d.concept("type", what)
	d.reference("subject", "patient:")
	at := s.Get(14, 1)
	if instant(at) == "" {
		at = r.m.Segment("MSH").Get(7, 1)
	}
	d.text("date", instant(at))
	r.provider(d, "custodian")
	d.text("description", what.words())
	d.list("content", func() {
		a.title = orElse(a.title, what.words())
		d.attachment("attachment", a, r.date(s, 14))
	})
	r.state(g, "DocumentReference|"+of+"|"+what.key()+"|"+clear(s.Get(4)), d)
}

// observations gathers the OBX among segments, each with its lines and its notes.
func (r *reader) observations(segments []hl7.Segment) []observation {
	var all []observation
	open := false
	for _, s := range segments {
		switch s.Name() {
		case "OBX":
			r.read(s)
			if n := len(all); n > 0 && open && all[n-1].continues(s) {
				all[n-1].segments = append(all[n-1].segments, s)
			} else {
				all = append(all, observation{segments: []hl7.Segment{s}})
			}
			open = true
		case "NTE":
			if open {
				if text := noteText(r.read(s)); text != "" {
					all[len(all)-1].notes = append(all[len(all)-1].notes, text)
				}
			}
		case "PRT", "ROL":
		default:
			open = false
		}
	}
	return all
}
