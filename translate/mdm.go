package translate

import (
	"encoding/base64"
	"strings"

	"kmcr/hl7"
)

// documentTypes are HL7 table 0270.
var documentTypes = map[string]string{
	"AR": "Autopsy report", "CD": "Cardiodiagnostics", "CN": "Consultation", "DI": "Diagnostic imaging", "DS": "Discharge summary",
	"ED": "Emergency department report", "HP": "History and physical examination", "OP": "Operative report", "PC": "Psychiatric consultation",
	"PH": "Psychiatric history and physical examination", "PN": "Procedure note", "PR": "Progress note", "SP": "Surgical pathology", "TS": "Transfer summary",
}

// docStatuses are HL7 table 0271, the completion status of a document.
var docStatuses = map[string]string{
	"AU": "final", "LA": "final", "DO": "final", "DI": "preliminary", "IN": "preliminary", "IP": "preliminary", "PA": "preliminary",
}

// confidentialities are HL7 table 0272 as v3 Confidentiality.
var confidentialities = map[string]string{"V": "V", "R": "R", "U": "N", "UC": "N"}

// document reads MDM: a letter or report, with its content in OBX. Events
// that only announce it (T01, T05, T09) or tell of a change of its status (T03,
// T07) carry no content, and keep what there is. T11 takes the document back.
func (r *reader) document(g *group) {
	txa := r.read(g.first("TXA"))
	r.take("CON")
	if !txa.Exists() {
		r.note("TXA: the message %s has no document in it", r.event)
		r.looseObservations(g)
		return
	}
	observations := r.observations(g.segments)
	contents, notes := r.documentContents(observations)
	s := r.state(g, r.documentKey(txa), r.documentReference(g, txa, contents, notes, observations))
	s.Deleted = r.event == "T11"
	if len(contents) == 0 && !s.Deleted {
		s.Keeps = []string{"content", "description"}
	}
	if !s.Deleted && !has("T03 T07", r.event) {
		r.out.Event = "new-document"
	}
	for _, name := range []string{"ORC", "OBR", "TQ1", "NTE"} { // the order that led to it is in the context of the document
		for _, one := range g.named(name) {
			if name != "NTE" {
				r.read(one)
			}
		}
	}
}

// documentKey names a document by its unique number (TXA-12), else by type and time.
func (r *reader) documentKey(txa hl7.Segment) string {
	if n := entityKey(txa, 12); n != "" {
		return "DocumentReference|" + n
	}
	if n := clear(txa.Get(12, 3, 1)); n != "" {
		return "DocumentReference|" + n
	}
	r.flag("TXA-12: the document has no number")
	for _, field := range []int{6, 4} {
		if at := moment(txa.Get(field, 1)); at != "" {
			return "DocumentReference|" + clear(txa.Get(2, 1)) + "|" + at
		}
	}
	return "DocumentReference|message " + r.m.ControlID()
}

// documentContents gathers the files and the text of a document.
func (r *reader) documentContents(observations []observation) (contents []attachment, notes []string) {
	var lines []string
	heading, headings := "", map[string]bool{}
	for _, o := range observations {
		headings[title(o)] = true
	}
	for _, o := range observations {
		s := o.segments[0]
		notes = append(notes, o.notes...)
		if isAttachment(s) {
			if a := r.readAttachment(s); a.data != "" || a.url != "" {
				contents = append(contents, a)
			}
			continue
		}
		text := o.text()
		if text == "" {
			continue
		}
		if t := title(o); len(headings) > 2 && t != heading && t != "" {
			heading = t
			lines = append(lines, "", t)
		}
		lines = append(lines, text)
	}
	if text := strings.TrimLeft(strings.Join(lines, "\n"), "\n"); text != "" {
		contents = append(contents, attachment{contentType: "text/plain;charset=utf-8", data: base64.StdEncoding.EncodeToString([]byte(text))})
	}
	return contents, notes
}

func title(o observation) string {
	s := o.segments[0]
	return orElse(clear(s.Get(3, 2)), clear(s.Get(3, 1)))
}

func (r *reader) documentReference(g *group, txa hl7.Segment, contents []attachment, notes []string, observations []observation) *doc {
	d := resource("DocumentReference")
	system, number := r.entity(firstOf(txa, 12), "document")
	d.identifier("masterIdentifier", system, orElse(number, clear(txa.Get(12, 3, 1))), "")
	d.text("status", r.documentStatus(txa))
	d.text("docStatus", docStatuses[strings.ToUpper(clear(txa.Get(17, 1)))])
	kind := r.documentType(txa)
	d.concept("type", kind)
	d.reference("subject", "patient:")
	d.text("date", r.documentDate(txa))
	r.authors(d, txa)
	authenticator := firstOf(txa, 22)
	if _, name := r.person(authenticator); name == "" {
		authenticator = firstOf(txa, 10)
	}
	r.practitioner(d, "authenticator", authenticator)
	r.provider(d, "custodian")
	d.array("relatesTo", func() { r.parent(d, txa) })
	name := r.documentTitle(txa, kind, observations)
	d.text("description", name)
	if c, ok := confidentialities[strings.ToUpper(clear(txa.Get(18, 1)))]; ok {
		d.concepts("securityLabel", concept{codings: []code{{hl7Terminology + "v3-Confidentiality", c, ""}}})
	}
	d.array("content", func() {
		for _, a := range contents {
			a.title = orElse(a.title, name)
			d.object("", func() { d.attachment("attachment", a, r.date(txa, 6)) })
		}
		if len(contents) == 0 {
			d.object("", func() { d.attachment("attachment", attachment{title: name + " (announced without its content)"}, "") })
		}
	})
	d.object("context", func() {
		d.array("encounter", func() {
			if n := clear(g.first("PV1").Get(19, 1, 1)); n != "" {
				d.object("", func() {
					d.text("type", "Encounter")
					d.identifier("identifier", r.visitSystem(g.first("PV1")), n, "VN")
				})
			}
		})
		if at := r.date(txa, 4); at != "" {
			d.object("period", func() { d.text("start", at) })
		}
		d.array("related", func() {
			for _, field := range []int{14, 15} {
				for _, f := range txa.Repetitions(field) {
					system, value := r.entity(f, "order")
					if value != "" {
						d.object("", func() { d.identifier("identifier", system, value, "") })
					}
				}
			}
		})
	})
	if len(notes) > 0 {
		r.note("NTE: a note beside a document has no place in it; kept in the message as received")
	}
	return d
}

// documentStatus is the status of the reference: taken back, replaced, or current.
func (r *reader) documentStatus(txa hl7.Segment) string {
	available := strings.ToUpper(clear(txa.Get(19, 1)))
	switch {
	case r.event == "T11" || available == "CA":
		return "entered-in-error"
	case available == "OB":
		return "superseded"
	}
	return "current"
}

func (r *reader) documentType(txa hl7.Segment) concept {
	c := r.first(txa, 2, "0270")
	if words, ok := documentTypes[strings.ToUpper(c.codings0())]; ok {
		if c.text == c.codings0() {
			c.text = words
		}
		if clear(txa.Get(2, 3)) == "" {
			c.codings[0] = code{hl7Terminology + "v2-0270", strings.ToUpper(c.codings0()), words}
		}
	}
	return orConcept(c, "Document")
}

// documentDate is when the document was made: FHIR asks for an instant here.
func (r *reader) documentDate(txa hl7.Segment) string {
	for _, field := range []int{6, 8, 7, 4} {
		if at := instant(txa.Get(field, 1)); at != "" {
			return at
		}
	}
	return ""
}

// authors are the originator (TXA-9) and the provider of the activity (TXA-5), once each.
func (r *reader) authors(d *doc, txa hl7.Segment) {
	var seen []string
	d.array("author", func() {
		for _, field := range []int{9, 5} {
			for _, f := range txa.Repetitions(field) {
				if _, name := r.person(f); len(appendOnce(seen, name)) > len(seen) {
					seen = appendOnce(seen, name)
					r.practitioner(d, "", f)
				}
			}
		}
	})
}

// parent writes the document that this one replaces (T09, T10) or is added to (T05, T06), TXA-13.
func (r *reader) parent(d *doc, txa hl7.Segment) {
	system, number := r.entity(firstOf(txa, 13), "document")
	if number == "" {
		return
	}
	relation := "appends"
	if has("T09 T10", r.event) {
		relation = "replaces"
	}
	d.object("", func() {
		d.text("code", relation)
		d.object("target", func() {
			d.text("type", "DocumentReference")
			d.identifier("identifier", system, number, "")
		})
	})
}

// documentTitle is what people call the document: the words of its file, else TXA's title or file name, else its type.
func (r *reader) documentTitle(txa hl7.Segment, kind concept, observations []observation) string {
	for _, o := range observations {
		if s := o.segments[0]; isAttachment(s) && clear(s.Get(3, 2)) != "" {
			return clear(s.Get(3, 2))
		}
	}
	return orElse(clear(txa.Get(25)), orElse(clear(txa.Get(16)), kind.words()))
}
