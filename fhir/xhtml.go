package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// xhtmlElements are the elements that a narrative may use (R4, txt-1: the
// formatting of HTML 4.0 chapters 7 to 11 and 15, links and images).
var xhtmlElements = wordSet(`a abbr acronym b big blockquote br caption cite code col colgroup dd del dfn div dl dt em
	h1 h2 h3 h4 h5 h6 hr i img ins kbd li map area ol p pre q samp small span strike strong sub sup s table tbody td tfoot
	th thead tr tt u ul var center font bdo address`)

func wordSet(words string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, w := range strings.Fields(words) {
		set[w] = struct{}{}
	}
	return set
}

// maxXHTMLDepth is how deep the elements of a narrative may nest.
const maxXHTMLDepth = 256

// wrongXHTML says what is wrong with a narrative, "" when nothing is: it must
// be one div, well formed, of formatting elements alone. An empty div (against
// txt-2) is let pass: published examples have it, and it harms nobody.
func wrongXHTML(text []byte) string {
	s := xhtml{text: bytes.TrimSpace(text)}
	s.run()
	return s.wrong
}

// xhtml is one pass over a narrative.
type xhtml struct {
	text  []byte
	pos   int
	open  []string // elements
	names []string // attributes of the tag that is being read
	wrong string
}

func (x *xhtml) run() {
	if !bytes.HasPrefix(x.text, []byte("<div")) {
		x.fail("a narrative is one XHTML div element")
	}
	for x.pos < len(x.text) && x.wrong == "" {
		switch {
		case x.text[x.pos] == '<':
			x.markup()
		case len(x.open) == 0:
			x.fail("there is something after the div of the narrative")
		case x.text[x.pos] == '&':
			x.entity()
		default:
			x.pos++
		}
	}
	if len(x.open) > 0 {
		x.fail("an element of the narrative is not closed")
	}
}

func (x *xhtml) fail(wrong string) {
	if x.wrong == "" {
		x.wrong = wrong
	}
}

// markup reads what begins with <.
func (x *xhtml) markup() {
	rest := x.text[x.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		end := bytes.Index(rest[4:], []byte("--"))
		if end < 0 || !bytes.HasPrefix(rest[4+end:], []byte("-->")) {
			x.fail("a comment of the narrative is not well formed")
			return
		}
		x.pos += 4 + end + 3
	case bytes.HasPrefix(rest, []byte("<!")), bytes.HasPrefix(rest, []byte("<?")):
		x.fail("the narrative holds a declaration or a processing instruction")
	case bytes.HasPrefix(rest, []byte("</")):
		x.pos += 2
		x.close(x.name())
		x.space()
		if !x.take('>') {
			x.fail("an end tag of the narrative is not well formed")
		}
	default:
		x.pos++
		x.start()
	}
}

func (x *xhtml) close(name string) {
	last := len(x.open) - 1
	if last < 0 || x.open[last] != name {
		x.fail("the elements of the narrative are not nested as they should be")
		return
	}
	x.open = x.open[:last]
}

// start reads a start tag after its <.
func (x *xhtml) start() {
	x.names = x.names[:0]
	name := x.name()
	if len(x.open) == 0 && x.pos > len("<div") {
		x.fail("there is something after the div of the narrative")
	}
	if _, ok := xhtmlElements[name]; !ok {
		x.fail("the narrative holds an element that formats no text (txt-1)")
	}
	for x.wrong == "" {
		spaced := x.space()
		switch {
		case x.take('>'):
			x.open = append(x.open, name)
			if len(x.open) > maxXHTMLDepth {
				x.fail("the elements of the narrative are nested too deep")
			}
			return
		case x.take('/'):
			if !x.take('>') {
				x.fail("a tag of the narrative is not well formed")
			}
			return
		case !spaced:
			x.fail("a tag of the narrative is not well formed")
		default:
			x.attribute()
		}
	}
}

// attribute reads name="value".
func (x *xhtml) attribute() {
	name := x.name()
	if name == "" || strings.HasPrefix(name, "on") {
		x.fail("an attribute of the narrative is not well formed, or is a script (txt-1)")
	}
	if slices.Contains(x.names, name) {
		x.fail("an attribute of the narrative is there twice")
	}
	x.names = append(x.names, name)
	x.space()
	if !x.take('=') {
		x.fail("an attribute of the narrative has no value")
	}
	x.space()
	if x.pos >= len(x.text) {
		x.fail("a tag of the narrative does not end")
		return
	}
	quote := x.text[x.pos]
	if quote != '"' && quote != '\'' {
		x.fail("an attribute of the narrative has no quotes")
		return
	}
	x.pos++
	from := x.pos
	for x.pos < len(x.text) && x.text[x.pos] != quote && x.wrong == "" {
		switch x.text[x.pos] {
		case '<':
			x.fail("an attribute of the narrative holds <")
		case '&':
			x.entity()
		default:
			x.pos++
		}
	}
	if value := bytes.ToLower(bytes.TrimSpace(x.text[from:x.pos])); bytes.HasPrefix(value, []byte("javascript:")) {
		x.fail("the narrative holds a script (txt-1)")
	}
	if !x.take(quote) {
		x.fail("a tag of the narrative does not end")
	}
}

// entity reads &name; or &#number;.
func (x *xhtml) entity() {
	end := bytes.IndexByte(x.text[x.pos:min(len(x.text), x.pos+32)], ';')
	if end < 2 {
		x.fail("the narrative holds a bare &: write &amp;")
		return
	}
	name := x.text[x.pos+1 : x.pos+end]
	if !isEntityName(name) {
		x.fail("the narrative holds an entity other than those of XML: write the character itself")
	}
	x.pos += end + 1
}

func isEntityName(name []byte) bool {
	switch string(name) {
	case "lt", "gt", "amp", "quot", "apos":
		return true
	}
	if name[0] != '#' || len(name) < 2 {
		return false
	}
	hex := name[1] == 'x' && len(name) > 2
	for _, c := range name[1:] {
		if hex && c == 'x' {
			continue
		}
		if !isDigit(c) && !(hex && 'a' <= c|0x20 && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

// name reads the name of an element or attribute.
func (x *xhtml) name() string {
	from := x.pos
	for x.pos < len(x.text) {
		c := x.text[x.pos]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || isDigit(c) || c == ':' || c == '-' || c == '_' || c == '.') {
			break
		}
		x.pos++
	}
	return string(x.text[from:x.pos])
}

// space passes over white space and tells whether there was any.
func (x *xhtml) space() bool {
	from := x.pos
	for x.pos < len(x.text) && isSpace(x.text[x.pos]) {
		x.pos++
	}
	return x.pos > from
}

func (x *xhtml) take(c byte) bool {
	if x.pos < len(x.text) && x.text[x.pos] == c {
		x.pos++
		return true
	}
	return false
}
