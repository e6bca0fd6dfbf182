package fhir

import (
	"slices"
	"strings"

	"kmcr"
)

// ToXML writes r as FHIR XML, its elements in the order of the definition.
// Unknown elements, JSON of the wrong kind, a narrative that is not well
// formed and characters that XML cannot hold are an error of kind Invalid: a
// resource that Validate finds no error in can be written.
func (r *Resource) ToXML() ([]byte, error) {
	w := xmlWriter{tables: r4(), out: make([]byte, 0, 2*len(r.Bytes())+256)}
	w.out = append(w.out, `<?xml version="1.0" encoding="UTF-8"?>`...)
	w.resource(r.root, ` xmlns="`+fhirNamespace+`"`)
	if w.err != nil {
		return nil, w.err
	}
	return w.out, nil
}

type xmlWriter struct {
	tables *tables
	out    []byte
	path   []string
	err    *kmcr.Error
}

func (w *xmlWriter) fail(message string) {
	if w.err == nil {
		w.err = &kmcr.Error{Kind: kmcr.Invalid, Message: message, Remedy: "ask for the resource as JSON", Where: strings.Join(w.path, ".")}
	}
}

func (w *xmlWriter) put(parts ...string) {
	for _, p := range parts {
		w.out = append(w.out, p...)
	}
}

func (w *xmlWriter) resource(v Value, attributes string) {
	name := v.Get("resourceType").Text()
	s := resourceStructure([]byte(name))
	if s == nil {
		w.fail("this is no R4 resource, so it cannot be written as XML")
		return
	}
	w.path = append(w.path, name)
	w.put("<", name, attributes)
	w.inside(v, s)
	w.put("</", name, ">")
	w.path = w.path[:len(w.path)-1]
}

// xmlItem is one element of an object with its value and what is beside it.
type xmlItem struct {
	member        *member
	value, beside Value
}

// inside writes the attributes of an element whose start tag is open, closes
// the tag, and writes the elements inside.
func (w *xmlWriter) inside(v Value, s *structure) {
	items := w.items(v, s)
	for _, item := range items {
		if isAttribute(s, item.member.name) {
			w.attribute(item.member.name, item.value)
		}
	}
	w.put(">")
	for _, item := range items {
		if !isAttribute(s, item.member.name) {
			w.path = append(w.path, item.member.name)
			w.item(item)
			w.path = w.path[:len(w.path)-1]
		}
	}
}

// items sorts the members of an object as the definition has its elements.
func (w *xmlWriter) items(v Value, s *structure) []xmlItem {
	var items []xmlItem
	v.Members(func(name string, value Value) {
		plain, beside := strings.CutPrefix(name, "_")
		m := s.members[plain]
		switch {
		case name == "resourceType" && s.resource:
			return
		case m == nil || beside && m.kind == notPrimitive:
			w.fail("there is an element that R4 does not have in " + s.name + ", so it cannot be written as XML")
			return
		}
		at := slices.IndexFunc(items, func(i xmlItem) bool { return i.member == m })
		if at < 0 {
			at = len(items)
			items = append(items, xmlItem{member: m})
		}
		if beside {
			items[at].beside = value
		} else {
			items[at].value = value
		}
	})
	slices.SortStableFunc(items, func(a, b xmlItem) int { return a.member.element - b.member.element })
	return items
}

func (w *xmlWriter) item(i xmlItem) {
	if !i.member.array {
		w.one(i.member, i.value, i.beside)
		return
	}
	values, besides := i.value.Items(), i.beside.Items()
	for at := range max(len(values), len(besides)) {
		var value, beside Value
		if at < len(values) {
			value = values[at]
		}
		if at < len(besides) {
			beside = besides[at]
		}
		w.one(i.member, value, beside)
	}
}

func (w *xmlWriter) one(m *member, value, beside Value) {
	switch {
	case m.kind == kindXHTML:
		w.narrative(value)
	case m.kind != notPrimitive:
		w.primitive(m, value, beside)
	case !value.IsObject():
		w.fail("must be a JSON object, so it cannot be written as XML")
	case m.resource:
		w.put("<", m.name, ">")
		w.resource(value, "")
		w.put("</", m.name, ">")
	default:
		w.put("<", m.name)
		w.inside(value, m.sub)
		w.put("</", m.name, ">")
	}
}

func (w *xmlWriter) primitive(m *member, value, beside Value) {
	w.put("<", m.name)
	element := w.tables.structures["Element"]
	var items []xmlItem
	if beside.IsObject() {
		items = w.items(beside, element)
	}
	inside := false
	for _, item := range items {
		if item.member.name == "id" {
			w.attribute("id", item.value)
		} else {
			inside = true
		}
	}
	if value.Exists() && value.kind() != 'n' {
		if !m.kind.fits(value.kind()) {
			w.fail("must be " + m.kind.jsonKind())
		}
		w.attribute("value", value)
	}
	if !inside {
		w.put("/>")
		return
	}
	w.put(">")
	for _, item := range items {
		if item.member.name != "id" {
			w.item(item)
		}
	}
	w.put("</", m.name, ">")
}

// narrative writes the div as it stands, once it is known to be well formed.
func (w *xmlWriter) narrative(v Value) {
	div := strings.TrimSpace(v.Text())
	if wrong := wrongXHTML([]byte(div)); wrong != "" || !v.IsString() {
		w.fail("cannot be written as XML: " + wrong)
		return
	}
	for i := range len(div) {
		if c := div[i]; c < ' ' && !isSpace(c) {
			w.fail("holds a control character, which XML cannot")
		}
	}
	tag, _, _ := strings.Cut(div, ">")
	if !strings.Contains(tag, "xmlns=") {
		div = `<div xmlns="` + xhtmlNamespace + `"` + strings.TrimPrefix(div, "<div")
	}
	w.put(div)
}

// attribute writes name="value", escaped so that white space survives.
func (w *xmlWriter) attribute(name string, v Value) {
	w.put(" ", name, `="`)
	for _, r := range v.Text() {
		switch {
		case r == '&':
			w.put("&amp;")
		case r == '<':
			w.put("&lt;")
		case r == '>':
			w.put("&gt;")
		case r == '"':
			w.put("&quot;")
		case r == '\n':
			w.put("&#xA;")
		case r == '\r':
			w.put("&#xD;")
		case r == '\t':
			w.put("&#x9;")
		case r < ' ', r == 0xFFFE, r == 0xFFFF:
			w.fail("holds a character that XML cannot")
		default:
			w.out = append(w.out, string(r)...)
		}
	}
	w.put(`"`)
}
