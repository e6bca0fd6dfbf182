package fhir

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"kmcr"
)

// The namespaces of FHIR XML.
const (
	fhirNamespace  = "http://hl7.org/fhir"
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
	xsiNamespace   = "http://www.w3.org/2001/XMLSchema-instance"
)

// FromXML turns a FHIR XML resource into compact FHIR JSON (R4, 2.6.1). The
// structure tables say which elements are arrays and which are numbers, so an
// element that R4 does not have is refused; values are not checked further:
// Parse and Validate what comes out. Any DOCTYPE, entity other than the five
// of XML, processing instruction, or encoding other than UTF-8 is refused.
// The error is a *kmcr.Error of kind Invalid or TooLarge whose Where is
// FHIRPath, or a line and column where the XML itself is at fault.
func FromXML(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if len(data) > maxBytes {
		return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: fmt.Sprintf("the document is larger than %d bytes", maxBytes), Remedy: "send it in parts"}
	}
	if !utf8.Valid(data) {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "this is not UTF-8", Remedy: "send the document in UTF-8", Where: place(data, firstNotUTF8(data))}
	}
	x := xmlReader{data: data, decoder: xml.NewDecoder(bytes.NewReader(data)), tables: r4()}
	x.decoder.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	out := x.document()
	if x.err != nil {
		return nil, x.err
	}
	return out, nil
}

var errEncoding = errors.New("the encoding declared is not UTF-8")

// xmlReader is one pass of FromXML. Its methods give nothing of use once err
// is set.
type xmlReader struct {
	data    []byte
	decoder *xml.Decoder
	tables  *tables
	path    []string // names and indexes of the elements that are open
	started bool     // something has been read
	before  int64    // where the token read last begins
	err     *kmcr.Error
}

func (x *xmlReader) document() []byte {
	start := x.child()
	if start == nil {
		x.fail("there is no element here: expected a FHIR resource")
		return nil
	}
	out := x.resource(start)
	if x.err == nil && x.child() != nil {
		x.fail("there is more after the end of the resource")
	}
	return out
}

// fail sets an error at the element that is open.
func (x *xmlReader) fail(message string) {
	x.failWith(&kmcr.Error{Kind: kmcr.Invalid, Message: message, Remedy: "send the resource as R4, 2.6.1 has it", Where: strings.Join(x.path, "")})
}

// failHere sets an error at a line and column.
func (x *xmlReader) failHere(message, remedy string) {
	x.failWith(&kmcr.Error{Kind: kmcr.Invalid, Message: message, Remedy: remedy, Where: place(x.data, int(x.before))})
}

func (x *xmlReader) failWith(err *kmcr.Error) {
	if x.err == nil {
		x.err = err
	}
}

// token reads the next token that matters: a start, an end, or nil at the end
// of the document or after an error.
func (x *xmlReader) token() xml.Token {
	for x.err == nil {
		x.before = x.decoder.InputOffset()
		token, err := x.decoder.Token()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errEncoding):
			x.failHere("the encoding declared is not UTF-8", "send the document in UTF-8, and declare that or nothing")
			return nil
		case err != nil:
			x.syntax(err)
			return nil
		}
		first := !x.started
		x.started = true
		switch t := token.(type) {
		case xml.StartElement, xml.EndElement:
			return t
		case xml.Directive:
			x.failHere("a DOCTYPE or other declaration is not accepted", "send the resource without it")
		case xml.ProcInst:
			if t.Target != "xml" || !first {
				x.failHere("a processing instruction is not accepted", "send the resource without it")
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				x.fail("text stands between elements; FHIR values stand in the attribute value")
			}
		}
	}
	return nil
}

func (x *xmlReader) syntax(err error) {
	message := "the XML is not well formed"
	if s := new(xml.SyntaxError); errors.As(err, &s) && strings.HasPrefix(s.Msg, "invalid character entity") {
		message = "an entity other than those of XML is not accepted"
	}
	x.failHere(message, "send well-formed XML 1.0; write characters as themselves in UTF-8")
}

// child reads the next start element; nil when the parent, or the document,
// ends.
func (x *xmlReader) child() *xml.StartElement {
	if start, ok := x.token().(xml.StartElement); ok {
		return &start
	}
	return nil
}

// enter opens an element on the path.
func (x *xmlReader) enter(step string) {
	x.path = append(x.path, step)
	if len(x.path) > maxDepth {
		x.failWith(&kmcr.Error{Kind: kmcr.TooLarge, Message: fmt.Sprintf("elements are nested more than %d deep", maxDepth), Remedy: "send a flatter resource: no R4 resource needs this depth"})
	}
}

func (x *xmlReader) leave() { x.path = x.path[:len(x.path)-1] }

// resource reads a resource whose start has been read.
func (x *xmlReader) resource(start *xml.StartElement) []byte {
	s := resourceStructure([]byte(start.Name.Local))
	if len(x.path) == 0 && s != nil {
		x.enter(s.name)
		defer x.leave()
	}
	if s == nil || start.Name.Space != fhirNamespace {
		x.fail("this is no R4 resource of the namespace " + fhirNamespace)
		return nil
	}
	fields := x.attributes(start, nil, nil)
	out := append([]byte(typePrefix), s.name...)
	out = append(out, '"')
	if inside := x.fields(s, fields); len(inside) > 2 {
		return append(append(out, ','), inside[1:]...)
	}
	return append(out, '}')
}

// xmlField is one element of an object: its values and what stands beside
// them (_name), in order; nil where there is none.
type xmlField struct {
	member         *member
	values, beside [][]byte
}

// attributes reads the attributes of an element: those allowed make fields.
// The value of a primitive is put into value.
func (x *xmlReader) attributes(start *xml.StartElement, s *structure, value *string) []xmlField {
	var fields []xmlField
	seen := map[string]bool{}
	for _, a := range start.Attr {
		name := a.Name.Local
		switch {
		case a.Name.Space == "xmlns", a.Name.Space == "" && name == "xmlns", a.Name.Space == xsiNamespace:
			continue
		case a.Name.Space != "", seen[name]:
			x.fail("an attribute is there that FHIR does not have, or twice")
		case value != nil && name == "value":
			*value = a.Value
		case s != nil && s.members[name] != nil && isAttribute(s, name):
			fields = append(fields, xmlField{member: s.members[name], values: [][]byte{appendString(nil, a.Value)}, beside: [][]byte{nil}})
		default:
			x.fail("an attribute is there that FHIR does not have")
		}
		seen[name] = true
	}
	return fields
}

// isAttribute tells whether the element stands as an XML attribute: the id of
// anything but a resource, and the url of an extension.
func isAttribute(s *structure, name string) bool {
	return name == "id" && !s.resource || name == "url" && s.name == "Extension"
}

// object reads a complex element whose start has been read.
func (x *xmlReader) object(start *xml.StartElement, s *structure) []byte {
	return x.fields(s, x.attributes(start, s, nil))
}

// fields reads elements up to the end of their parent and writes the object.
func (x *xmlReader) fields(s *structure, fields []xmlField) []byte {
	for start := x.child(); start != nil; start = x.child() {
		m := s.members[start.Name.Local]
		if m == nil || isAttribute(s, m.name) || start.Name.Space != namespaceOf(m) {
			x.enter("." + printable([]byte(start.Name.Local)))
			x.fail("R4 has no such element in " + s.name + " (or not in this namespace)")
			return nil
		}
		f := fieldOf(&fields, m)
		if len(f.values) > 0 && !m.array {
			x.enter("." + m.name)
			x.fail("may be there only once")
			return nil
		}
		x.enter("." + m.name)
		if m.array {
			x.path[len(x.path)-1] += "[" + strconv.Itoa(len(f.values)) + "]"
		}
		value, beside := x.element(start, m)
		if x.err != nil {
			return nil
		}
		x.leave()
		f.values, f.beside = append(f.values, value), append(f.beside, beside)
	}
	return appendFields(nil, fields)
}

func namespaceOf(m *member) string {
	if m.kind == kindXHTML {
		return xhtmlNamespace
	}
	return fhirNamespace
}

func fieldOf(fields *[]xmlField, m *member) *xmlField {
	for i := range *fields {
		if (*fields)[i].member == m {
			return &(*fields)[i]
		}
	}
	*fields = append(*fields, xmlField{member: m})
	return &(*fields)[len(*fields)-1]
}

// element reads one value, and what stands beside it.
func (x *xmlReader) element(start *xml.StartElement, m *member) (value, beside []byte) {
	switch {
	case m.kind == kindXHTML:
		return x.narrative(start), nil
	case m.kind != notPrimitive:
		return x.primitive(start, m)
	case m.resource:
		return x.inner(start), nil
	}
	value = x.object(start, m.sub)
	if len(value) == len("{}") {
		x.fail("is empty: leave the element out instead")
	}
	return value, nil
}

// inner reads the one resource inside an element such as contained.
func (x *xmlReader) inner(start *xml.StartElement) []byte {
	x.attributes(start, nil, nil)
	inside := x.child()
	if inside == nil {
		x.fail("must hold a resource")
		return nil
	}
	out := x.resource(inside)
	if x.err == nil && x.child() != nil {
		x.fail("holds more than one resource")
	}
	return out
}

// missing is what the value of a primitive is before the attribute is met:
// no XML document can hold it.
const missing = "\x00"

func (x *xmlReader) primitive(start *xml.StartElement, m *member) (value, beside []byte) {
	said := missing
	element := x.tables.structures["Element"]
	beside = x.fields(element, x.attributes(start, element, &said))
	if len(beside) == len("{}") {
		beside = nil
	}
	switch {
	case said == missing && beside == nil:
		x.fail("has neither a value nor an extension")
	case said == missing:
	case m.kind.fits('"'):
		value = appendString(nil, said)
	case m.kind == kindBoolean && (said == "true" || said == "false"), m.kind != kindBoolean && isNumber(said):
		value = []byte(said)
	default:
		x.fail("must be " + m.kind.jsonKind())
	}
	return value, beside
}

// isNumber tells whether s is a number by the grammar of JSON, which is that
// of the FHIR decimal.
func isNumber(s string) bool {
	check := scanner{in: []byte(s), out: make([]byte, len(s)+8)}
	return s != "" && check.number() && check.pos == len(s)
}

// narrative reads the div of a narrative as it stands.
func (x *xmlReader) narrative(start *xml.StartElement) []byte {
	from := x.before
	declared := false
	for _, a := range start.Attr {
		declared = declared || a.Name.Space == "" && a.Name.Local == "xmlns"
	}
	if !declared || !bytes.HasPrefix(x.data[from:], []byte("<div")) {
		x.fail("must be a div element that declares the namespace " + xhtmlNamespace + " itself, without a prefix")
		return nil
	}
	for depth := 1; depth > 0 && x.err == nil; {
		before := x.decoder.InputOffset()
		token, err := x.decoder.Token()
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.Directive, xml.ProcInst:
			x.before = before
			x.failHere("a declaration or processing instruction is not accepted", "send the narrative without it")
		}
		if depth > maxXHTMLDepth {
			x.fail("the elements of the narrative are nested too deep")
		}
		if err != nil {
			x.before = before
			x.syntax(err)
		}
	}
	return appendString(nil, string(x.data[from:x.decoder.InputOffset()]))
}

// appendFields writes fields as a JSON object.
func appendFields(dst []byte, fields []xmlField) []byte {
	dst = append(dst, '{')
	first := len(dst)
	for _, f := range fields {
		if some(f.values) {
			dst = append(append(append(appendComma(dst, first), '"'), f.member.name...), `":`...)
			dst = appendItems(dst, f.values, f.member.array)
		}
		if some(f.beside) {
			dst = append(append(append(appendComma(dst, first), `"_`...), f.member.name...), `":`...)
			dst = appendItems(dst, f.beside, f.member.array)
		}
	}
	return append(dst, '}')
}

func some(values [][]byte) bool {
	for _, v := range values {
		if v != nil {
			return true
		}
	}
	return false
}

func appendItems(dst []byte, values [][]byte, array bool) []byte {
	if !array {
		return append(dst, values[0]...)
	}
	dst = append(dst, '[')
	first := len(dst)
	for _, v := range values {
		dst = appendComma(dst, first)
		if v == nil {
			v = []byte("null")
		}
		dst = append(dst, v...)
	}
	return append(dst, ']')
}
