package translate

import (
	"strings"

	"kmcr"
	"kmcr/fhir"
)

// fhirSpace is the namespace of FHIR XML.
const fhirSpace = "http://hl7.org/fhir"

// XML brings an XML message that is no FHIR R4 into R4: FHIR STU3, or CDA,
// alone or in the envelopes of ITK. FHIR of which it does not show is taken
// for STU3 where stu3 says so. The error is kmcr.Unsupported for any other.
func XML(data []byte, stu3 bool) (Converted, error) {
	root, err := readXML(data)
	if err != nil {
		return Converted{}, err
	}
	switch {
	case root.space == fhirSpace, root.space == "" && (fhir.KnownType(root.name) || stu3Types[root.name] != ""):
		return stu3XML(root, stu3)
	case root.name == "ClinicalDocument":
		return cda(data, []*xmlNode{root})
	}
	var documents []*xmlNode
	root.find("ClinicalDocument", func(e *xmlNode) { documents = append(documents, e) })
	if len(documents) == 0 {
		return Converted{}, &kmcr.Error{Kind: kmcr.Unsupported, Where: "line 1 column 1", Message: "this XML is neither FHIR nor CDA, nor an envelope of it", Remedy: "Send FHIR R4, FHIR STU3 or CDA."}
	}
	return cda(data, documents)
}

// stu3XML converts FHIR XML of which the tables of R4 do not say what is an
// array and what a number: the conversion into R4 does.
func stu3XML(root *xmlNode, stu3 bool) (Converted, error) {
	body := looseResource(root).append(nil)
	r, err := fhir.Parse(body)
	if err != nil {
		return Converted{}, err
	}
	if !stu3 && !IsSTU3(r) {
		return Converted{}, &kmcr.Error{Kind: kmcr.Unsupported, Where: root.name, Message: "this FHIR is neither R4 nor STU3", Remedy: "Send FHIR R4 or FHIR STU3."}
	}
	return STU3(r)
}

func looseResource(e *xmlNode) *node {
	n := looseObject(e)
	n.members = append([]member{{"resourceType", word(e.name)}}, n.members...)
	return n
}

// looseObject makes an object of an element: each name once, an array where it repeats.
func looseObject(e *xmlNode) *node {
	n := &node{kind: '{'}
	for _, a := range e.attrs {
		if a.Name.Space == "" && (a.Name.Local == "id" || a.Name.Local == "url") {
			n.set(a.Name.Local, word(a.Value))
		}
	}
	for _, p := range e.content {
		if p.element == nil {
			continue
		}
		name := p.element.name
		value, extra := looseValue(p.element)
		if extra != nil && n.get(name) == nil {
			n.set("_"+name, extra)
		}
		if value == nil {
			continue
		}
		switch was := n.get(name); {
		case was == nil:
			n.set(name, value)
		case was.kind == '[':
			was.items = append(was.items, value)
		default:
			n.set(name, list(was, value))
		}
	}
	return n
}

// looseValue is a scalar with what stands beside it, an object, a resource or a narrative.
func looseValue(e *xmlNode) (value, extra *node) {
	switch {
	case e.name == "div" && e.space != fhirSpace:
		var b strings.Builder
		b.WriteString(`<div xmlns="http://www.w3.org/1999/xhtml">`)
		writeXHTML(&b, e, xhtmlNames)
		b.WriteString("</div>")
		return word(b.String()), nil
	case hasAttr(e, "value"):
		value = word(e.attr("value"))
		if ext := looseObject(e); ext.get("extension") != nil {
			if x := ext.get("extension"); x.kind != '[' {
				ext.set("extension", list(x))
			}
			extra = ext
		}
		return value, extra
	case e.name == "resource" || e.name == "contained":
		for _, p := range e.content {
			if p.element != nil {
				return looseResource(p.element), nil
			}
		}
		return nil, nil
	}
	return looseObject(e), nil
}

func hasAttr(e *xmlNode, name string) bool {
	for _, a := range e.attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return true
		}
	}
	return false
}

// xhtmlNames are the elements of XHTML that a narrative keeps; of others the words remain.
var xhtmlNames = map[string]string{
	"p": "p", "br": "br", "div": "div", "span": "span", "b": "b", "i": "i", "em": "em", "strong": "strong", "u": "span", "ul": "ul", "ol": "ol", "li": "li", "dl": "dl", "dt": "dt", "dd": "dd",
	"table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot", "tr": "tr", "td": "td", "th": "th", "caption": "caption", "h1": "h1", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6",
	"pre": "pre", "sub": "sub", "sup": "sup", "small": "small", "blockquote": "blockquote", "hr": "hr", "code": "code",
}

var xhtmlEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// writeXHTML writes what is inside an element with the elements that names
// gives, without any attribute: words and their order, nothing that acts.
func writeXHTML(b *strings.Builder, e *xmlNode, names map[string]string) {
	for _, p := range e.content {
		if p.element == nil {
			b.WriteString(xhtmlEscape.Replace(p.words))
			continue
		}
		name := names[p.element.name]
		switch {
		case p.element.name == "script" || p.element.name == "style":
		case name == "br" || name == "hr":
			b.WriteString("<" + name + "/>")
		case name == "":
			b.WriteByte(' ')
			writeXHTML(b, p.element, names)
		default:
			b.WriteString("<" + name + ">")
			writeXHTML(b, p.element, names)
			b.WriteString("</" + name + ">")
		}
	}
}
