package fhir

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Value is one JSON value inside a Resource. The zero Value is "absent", and
// every method of it answers emptily, so that paths need no checks.
type Value struct {
	doc  *document
	node int32
}

// Exists tells whether the value is there.
func (v Value) Exists() bool { return v.doc != nil }

// kind is the first byte of the value: { [ " t f n, a digit or a minus; 0 for
// absent.
func (v Value) kind() byte {
	if v.doc == nil {
		return 0
	}
	return v.doc.data[v.doc.nodes[v.node].start]
}

// IsObject, IsArray and IsString tell what kind of JSON value it is.
func (v Value) IsObject() bool { return v.kind() == '{' }

// IsArray tells whether the value is a JSON array.
func (v Value) IsArray() bool { return v.kind() == '[' }

// IsString tells whether the value is a JSON string.
func (v Value) IsString() bool { return v.kind() == '"' }

// Get returns the member called name of an object.
func (v Value) Get(name string) Value {
	if v.kind() != '{' || name == "" {
		return Value{}
	}
	d := v.doc
	end := d.nodes[v.node].next
	for i := v.node + 1; i < end; {
		n := &d.nodes[i]
		if int(n.start-n.key) == len(name)+3 && d.data[n.key+1] == name[0] && string(d.data[n.key+1:n.start-2]) == name {
			return Value{d, i}
		}
		i = n.next
	}
	return Value{}
}

// Choice returns the member of an object that carries the choice element
// name[x], and the type that its name says: Choice("value") of an object with
// valueQuantity is that member and "Quantity".
func (v Value) Choice(name string) (Value, string) {
	if v.kind() != '{' {
		return Value{}, ""
	}
	d := v.doc
	end := d.nodes[v.node].next
	for i := v.node + 1; i < end; i = d.nodes[i].next {
		member := d.name(&d.nodes[i])
		if len(member) > len(name) && string(member[:len(name)]) == name && 'A' <= member[len(name)] && member[len(name)] <= 'Z' {
			return Value{d, i}, string(member[len(name):])
		}
	}
	return Value{}, ""
}

// Path follows member names separated by dots; arrays on the way (and at the
// end) are flattened, as in FHIRPath: v.Path("code.coding.code").
func (v Value) Path(path string) []Value {
	var found []Value
	v.Each(path, func(item Value) bool {
		found = append(found, item)
		return true
	})
	return found
}

// Each calls f for what Path would return, without making a slice, until f
// answers false; it tells whether f never did.
func (v Value) Each(path string, f func(Value) bool) bool {
	switch v.kind() {
	case 0:
		return true
	case '[':
		d := v.doc
		end := d.nodes[v.node].next
		for i := v.node + 1; i < end; i = d.nodes[i].next {
			if !(Value{d, i}).Each(path, f) {
				return false
			}
		}
		return true
	}
	if path == "" {
		return f(v)
	}
	name, rest, _ := strings.Cut(path, ".")
	return v.Get(name).Each(rest, f)
}

// First is the first of Path, or the absent value.
func (v Value) First(path string) Value {
	switch v.kind() {
	case 0:
		return Value{}
	case '[':
		d := v.doc
		end := d.nodes[v.node].next
		for i := v.node + 1; i < end; i = d.nodes[i].next {
			if found := (Value{d, i}).First(path); found.Exists() {
				return found
			}
		}
		return Value{}
	}
	if path == "" {
		return v
	}
	name, rest, _ := strings.Cut(path, ".")
	return v.Get(name).First(rest)
}

// Items returns the elements of an array; a value that is not an array is its
// own single item; absent gives none.
func (v Value) Items() []Value {
	switch v.kind() {
	case 0:
		return nil
	case '[':
		var items []Value
		end := v.doc.nodes[v.node].next
		for i := v.node + 1; i < end; i = v.doc.nodes[i].next {
			items = append(items, Value{v.doc, i})
		}
		return items
	}
	return []Value{v}
}

// Len is the number of Items.
func (v Value) Len() int {
	switch v.kind() {
	case 0:
		return 0
	case '[':
		count := 0
		end := v.doc.nodes[v.node].next
		for i := v.node + 1; i < end; i = v.doc.nodes[i].next {
			count++
		}
		return count
	}
	return 1
}

// Members calls f for each member of an object, in the order sent.
func (v Value) Members(f func(name string, member Value)) {
	if v.kind() != '{' {
		return
	}
	d := v.doc
	end := d.nodes[v.node].next
	for i := v.node + 1; i < end; i = d.nodes[i].next {
		f(unescape(d.name(&d.nodes[i])), Value{d, i})
	}
}

// Text is the string, unescaped; a number, true or false in the form sent; ""
// for anything else.
func (v Value) Text() string {
	switch v.kind() {
	case 0, '{', '[', 'n':
		return ""
	case '"':
		return unescape(v.inside())
	}
	return string(v.Raw())
}

// Is tells whether Text is s, without making a string.
func (v Value) Is(s string) bool {
	if v.kind() != '"' {
		return v.Text() == s
	}
	b := v.inside()
	if string(b) == s {
		return true
	}
	return len(b) > len(s) && unescape(b) == s
}

// Raw is the JSON of the value, nil for absent. The caller must not change it.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := &v.doc.nodes[v.node]
	return v.doc.data[n.start:n.end:n.end]
}

// inside is what stands between the quotes of a string.
func (v Value) inside() []byte {
	n := &v.doc.nodes[v.node]
	return v.doc.data[n.start+1 : n.end-1]
}

// Resource returns an object that has a resourceType as a Resource of its own
// (a Bundle entry, a contained resource), sharing the index; nil for anything
// else.
func (v Value) Resource() *Resource {
	if !v.Get("resourceType").IsString() {
		return nil
	}
	return &Resource{root: v}
}

// Unquote returns the text of a proven JSON string with its quotes.
func Unquote(quoted []byte) string {
	if len(quoted) < 2 {
		return ""
	}
	return unescape(quoted[1 : len(quoted)-1])
}

// unescape returns the text that the inside of a proven JSON string stands
// for.
func unescape(b []byte) string {
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return string(b)
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		r, size := unescapeOne(b[i:])
		out = utf8.AppendRune(out, r)
		i += size
	}
	return string(out)
}

// unescapeOne reads the escape at the start of b.
func unescapeOne(b []byte) (r rune, size int) {
	switch b[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = hex4(b[2:])
		if utf16.IsSurrogate(r) && len(b) >= 12 {
			return utf16.DecodeRune(r, hex4(b[8:])), 12
		}
		return r, 6
	}
	return rune(b[1]), 2
}

// hex4 is the number that four hexadecimal digits write, -1 where they are
// not that.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// appendString writes s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped writes s as the inside of a JSON string, in the one canonical
// form: only what must be escaped is.
func appendEscaped(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		i++
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i-1]...)
		from = i
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(dst, s[from:]...)
}
