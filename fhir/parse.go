package fhir

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"kmcr"
)

// The limits of what Parse accepts. They are far above any real resource and
// low enough that nothing sent can exhaust the service.
const (
	maxDepth       = 64        // objects and arrays inside each other
	maxValues      = 2_000_000 // values in one document
	maxNumber      = 128       // characters of one number
	maxBytes       = 1 << 30   // bytes of one document
	fewKeys        = 24        // up to here duplicate keys are sought by comparing one by one
	everyByte      = 0x0101010101010101
	highBits       = everyByte * 0x80
	eightSpaces    = everyByte * ' '
	bytesPerNode   = 40 // of indented JSON, for the first size of the index
	minimumOfNodes = 16
)

// Parse proves data strict, compacts it and indexes it, in one pass. The
// error is a *kmcr.Error of kind Invalid or TooLarge with Where set to the
// line and column. A byte-order mark at the start is passed over. Strings and
// numbers keep the form in which they were sent; a member name written with
// escapes is rewritten without those it does not need. Data is not kept.
func Parse(data []byte) (*Resource, error) {
	s := scanner{in: data}
	if len(data) > maxBytes {
		s.tooLarge(fmt.Sprintf("the document is larger than %d bytes", maxBytes), "send it in parts")
		return nil, s.err
	}
	if bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")) {
		s.pos = 3
	}
	s.out = make([]byte, len(data)+8)
	s.nodes = make([]node, 0, len(data)/bytesPerNode+minimumOfNodes)
	if !s.document() {
		return nil, s.err
	}
	return newResource(s.out[:s.o:s.o], s.nodes), nil
}

func newResource(data []byte, nodes []node) *Resource {
	made := struct {
		Resource
		document
	}{document: document{data: data, nodes: nodes}}
	r := &made
	r.root = Value{doc: &r.document}
	return &r.Resource
}

// scanner is one pass of Parse: it reads in at pos, writes out at o, and adds
// to nodes. Its methods answer false once err is set.
type scanner struct {
	in    []byte
	pos   int
	out   []byte // as long as in and 8 bytes more, so that eight can always be written
	o     int
	nodes []node
	depth int
	err   *kmcr.Error
}

func (s *scanner) document() bool {
	c, ok := s.next()
	if !ok {
		return s.invalid("there is nothing here: expected a FHIR resource", "send a resource as JSON")
	}
	if c != '{' {
		return s.invalid("a FHIR resource is a JSON object", "begin it with { and a resourceType")
	}
	if !s.object(0) {
		return false
	}
	if _, more := s.next(); more {
		return s.invalid("there is more after the end of the resource", "send one resource; to send several, put them in a Bundle")
	}
	return true
}

// next passes over white space and tells the byte that comes.
func (s *scanner) next() (c byte, ok bool) {
	in, i := s.in, s.pos
	for i < len(in) {
		c := in[i]
		if c > ' ' {
			s.pos = i
			return c, true
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			s.pos = i
			return c, true // the caller finds that it fits nowhere
		}
		i++
		for i+8 <= len(in) && binary.LittleEndian.Uint64(in[i:]) == eightSpaces {
			i += 8
		}
	}
	s.pos = i
	return 0, false
}

// put writes one byte of punctuation that has been read.
func (s *scanner) put(c byte) {
	s.out[s.o] = c
	s.o++
	s.pos++
}

// open begins the node of a container.
func (s *scanner) open(key uint32) (at int, ok bool) {
	s.depth++
	if s.depth > maxDepth {
		return 0, s.tooLarge(fmt.Sprintf("objects and arrays are nested more than %d deep", maxDepth), "send a flatter resource: no R4 resource needs this depth")
	}
	s.nodes = append(s.nodes, node{start: uint32(s.o), key: key})
	return len(s.nodes) - 1, true
}

// close ends the node of a container whose last byte stands at pos.
func (s *scanner) close(at int, c byte) bool {
	s.put(c)
	s.nodes[at].end = uint32(s.o)
	s.nodes[at].next = int32(len(s.nodes))
	s.depth--
	return true
}

func (s *scanner) object(key uint32) bool {
	at, ok := s.open(key)
	if !ok {
		return false
	}
	s.put('{')
	c, _ := s.next()
	if c == '}' {
		return s.close(at, c)
	}
	var names names
	for {
		if c != '"' {
			return s.expected("a member name in double quotes")
		}
		key, begin := uint32(s.o), s.pos
		if !s.name() {
			return false
		}
		if !names.add(s, at, s.out[key+1:s.o-1]) {
			s.pos = begin
			return s.invalid("the member "+printable(s.out[key+1:s.o-1])+" stands twice in one object", "send each member once; put several values in an array")
		}
		if c, _ = s.next(); c != ':' {
			return s.expected("a colon after the member name")
		}
		s.put(':')
		if c, _ = s.next(); !s.value(c, key) {
			return false
		}
		switch c, _ = s.next(); c {
		case ',':
			s.put(c)
			c, _ = s.next()
		case '}':
			return s.close(at, c)
		default:
			return s.expected("a comma or } after the value of a member")
		}
	}
}

func (s *scanner) array(key uint32) bool {
	at, ok := s.open(key)
	if !ok {
		return false
	}
	s.put('[')
	c, _ := s.next()
	if c == ']' {
		return s.close(at, c)
	}
	for {
		if !s.value(c, 0) {
			return false
		}
		switch c, _ = s.next(); c {
		case ',':
			s.put(c)
			c, _ = s.next()
		case ']':
			return s.close(at, c)
		default:
			return s.expected("a comma or ] after an item of an array")
		}
	}
}

// value reads the value that begins with c.
func (s *scanner) value(c byte, key uint32) bool {
	if len(s.nodes) >= maxValues {
		return s.tooLarge(fmt.Sprintf("there are more than %d values in the document", maxValues), "send it in parts, such as smaller Bundles")
	}
	switch c {
	case '{':
		return s.object(key)
	case '[':
		return s.array(key)
	}
	start := uint32(s.o)
	ok := false
	switch c {
	case '"':
		_, ok = s.text()
	case 't':
		ok = s.literal("true")
	case 'f':
		ok = s.literal("false")
	case 'n':
		ok = s.literal("null")
	default:
		ok = s.number()
	}
	s.nodes = append(s.nodes, node{start: start, end: uint32(s.o), key: key, next: int32(len(s.nodes)) + 1})
	return ok
}

func (s *scanner) literal(word string) bool {
	if len(s.in)-s.pos < len(word) || string(s.in[s.pos:s.pos+len(word)]) != word {
		return s.expected("a value")
	}
	s.o += copy(s.out[s.o:], word)
	s.pos += len(word)
	return true
}

// text reads a string, its quotes included, and tells whether it has escapes.
// It looks at eight bytes at a time and writes them as it goes.
func (s *scanner) text() (escaped, ok bool) {
	in, out := s.in, s.out
	begin := s.pos
	i, o := s.pos+1, s.o+1
	out[s.o] = '"'
	var seen uint64 // bytes of the string, and of some after it, or-ed together
	for {
		var c byte
		if i+8 <= len(in) {
			w := binary.LittleEndian.Uint64(in[i:])
			binary.LittleEndian.PutUint64(out[o:], w)
			seen |= w
			m := special(w)
			if m == 0 {
				i, o = i+8, o+8
				continue
			}
			skip := bits.TrailingZeros64(m) / 8
			i, o = i+skip, o+skip
			c = in[i]
		} else {
			if i == len(in) {
				s.pos = begin
				return false, s.invalid("a string begins here and does not end", "close it with a double quote")
			}
			c = in[i]
			out[o] = c
			seen |= uint64(c)
			if c >= ' ' && c != '"' && c != '\\' {
				i, o = i+1, o+1
				continue
			}
		}
		switch c {
		case '"':
			if seen&highBits != 0 && !utf8.Valid(in[begin:i]) {
				s.pos = begin + firstNotUTF8(in[begin:i])
				return false, s.invalid("this is not UTF-8", "send the document in UTF-8")
			}
			out[o] = c
			s.pos, s.o = i+1, o+1
			return escaped, true
		case '\\':
			escaped = true
			size := s.escape(i)
			if size == 0 {
				return false, false
			}
			o += copy(out[o:], in[i:i+size])
			i += size
		default:
			s.pos = i
			return false, s.invalid("a control character stands in a string", `write it as an escape, such as \n`)
		}
	}
}

// special marks (with the high bit of the byte) the first byte of w, in
// little-endian order, that is a quote, a backslash or a control character;
// marks after the first may be wrong.
func special(w uint64) uint64 {
	quote := w ^ (everyByte * '"')
	slash := w ^ (everyByte * '\\')
	return ((quote-everyByte)&^quote | (slash-everyByte)&^slash | (w-everyByte*' ')&^w) & highBits
}

// escape checks the escape at i and returns its length, 0 when it is none.
func (s *scanner) escape(i int) int {
	s.pos = i
	if i+1 < len(s.in) {
		switch s.in[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return 2
		case 'u':
			return s.unicodeEscape(i)
		}
	}
	s.invalid("a backslash begins no known escape", `write \\ for a backslash`)
	return 0
}

func (s *scanner) unicodeEscape(i int) int {
	r := hex4(s.in[i+2:])
	switch {
	case r < 0:
		s.invalid(`\u is not followed by four hexadecimal digits`, `write \u0041 for A`)
		return 0
	case !utf16.IsSurrogate(r):
		return 6
	}
	if rest := s.in[i+6:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' && utf16.DecodeRune(r, hex4(rest[2:])) != utf8.RuneError {
		return 12
	}
	s.invalid("half of a surrogate pair stands alone", "send the whole character, in UTF-8 or as two escapes")
	return 0
}

// name reads a member name and writes it in its canonical form.
func (s *scanner) name() bool {
	start := s.o
	escaped, ok := s.text()
	if ok && escaped {
		plain := unescape(s.out[start+1 : s.o-1])
		s.o = len(appendString(s.out[:start], plain))
	}
	return ok
}

// number reads a number by the grammar of RFC 8259, section 6.
func (s *scanner) number() bool {
	in, begin := s.in, s.pos
	i := begin
	if i < len(in) && in[i] == '-' {
		i++
	}
	whole := i
	i = digits(in, i)
	switch {
	case i == whole && i == begin:
		return s.expected("a value")
	case i == whole:
		return s.badNumber("a minus without a number")
	case in[whole] == '0' && i > whole+1:
		return s.badNumber("a number that begins with 0")
	}
	if i < len(in) && in[i] == '.' {
		fraction := i + 1
		if i = digits(in, fraction); i == fraction {
			return s.badNumber("a decimal point without digits after it")
		}
	}
	exponent := i < len(in) && in[i]|0x20 == 'e'
	if exponent {
		i++
		if i < len(in) && (in[i] == '+' || in[i] == '-') {
			i++
		}
		from := i
		if i = digits(in, i); i == from {
			return s.badNumber("an exponent without digits")
		}
	}
	if i-begin > maxNumber || exponent && !bounded(in[begin:i]) {
		return s.invalid("a number is too large, too small or too long to be kept exactly", "send a number of at most 128 characters between 1e-307 and 1e308 in size")
	}
	s.o += copy(s.out[s.o:], in[begin:i])
	s.pos = i
	return true
}

// bounded tells whether the number, which has an exponent, is one that a
// 64-bit floating point number can stand near.
func bounded(number []byte) bool {
	f, err := strconv.ParseFloat(string(number), 64)
	return err == nil && !math.IsInf(f, 0) && (f != 0 || !bytes.ContainsAny(mantissa(number), "123456789"))
}

func mantissa(number []byte) []byte {
	return number[:bytes.IndexAny(number, "eE")]
}

func digits(in []byte, i int) int {
	for i < len(in) && '0' <= in[i] && in[i] <= '9' {
		i++
	}
	return i
}

// names finds a member name that stands twice in an object: by a filter of 64
// bits first, then by comparing with the names before it, then, in an object
// of many members, by a set.
type names struct {
	filter uint64
	count  int
	set    map[string]struct{}
}

func (k *names) add(s *scanner, object int, name []byte) bool {
	k.count++
	if k.set == nil {
		bit := filterBit(name)
		if k.filter&bit == 0 && k.count <= fewKeys {
			k.filter |= bit
			return true
		}
		if k.count <= fewKeys {
			return !s.named(object, name)
		}
		k.set = make(map[string]struct{}, 4*fewKeys)
		for i := object + 1; i < len(s.nodes); i = int(s.nodes[i].next) {
			k.set[string(s.nameOf(i))] = struct{}{}
		}
	}
	before := len(k.set)
	k.set[string(name)] = struct{}{}
	return len(k.set) > before
}

func filterBit(name []byte) uint64 {
	if len(name) == 0 {
		return 1
	}
	h := uint(name[0])*7 + uint(name[len(name)-1])*31 + uint(name[len(name)/2])*3 + uint(len(name))*13
	return 1 << (h & 63)
}

func (s *scanner) named(object int, name []byte) bool {
	for i := object + 1; i < len(s.nodes); i = int(s.nodes[i].next) {
		if bytes.Equal(s.nameOf(i), name) {
			return true
		}
	}
	return false
}

func (s *scanner) nameOf(i int) []byte {
	return s.out[s.nodes[i].key+1 : s.nodes[i].start-2]
}

func (s *scanner) expected(what string) bool {
	if s.pos >= len(s.in) {
		return s.invalid("the document ends too early: expected "+what, "send the whole document; it may have been cut off on the way")
	}
	return s.invalid("expected "+what, "send JSON as RFC 8259 has it: no comments, no trailing commas, names and strings in double quotes")
}

func (s *scanner) badNumber(what string) bool {
	return s.invalid(what+" is not a JSON number", "write numbers as RFC 8259 has it: 12, -0.5, 1.20")
}

func (s *scanner) invalid(message, remedy string) bool {
	return s.fail(kmcr.Invalid, message, remedy)
}

func (s *scanner) tooLarge(message, remedy string) bool {
	return s.fail(kmcr.TooLarge, message, remedy)
}

func (s *scanner) fail(kind kmcr.Kind, message, remedy string) bool {
	if s.err == nil {
		s.err = &kmcr.Error{Kind: kind, Message: message, Remedy: remedy, Where: place(s.in, s.pos)}
	}
	return false
}

// place says where byte pos of in stands, as people count.
func place(in []byte, pos int) string {
	before := in[:min(pos, len(in))]
	line := bytes.Count(before, []byte{'\n'})
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d column %d", line+1, column+1)
}

func firstNotUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// printable returns a member name for an error when it looks like one of
// FHIR's own, and otherwise only says that it does not: a mistaken document
// may carry anything there.
func printable(name []byte) string {
	if len(name) == 0 || len(name) > 64 {
		return "(of no FHIR form)"
	}
	for i, c := range name {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || i > 0 && '0' <= c && c <= '9') {
			return "(of no FHIR form)"
		}
	}
	return string(name)
}
