package translate

import (
	"strings"
	"unicode/utf8"
)

// doc writes one FHIR resource as compact JSON, members in the order of the
// calls. An empty value writes nothing, and neither does an object or array in
// which nothing was written, for FHIR has no empty elements.
type doc struct{ b []byte }

// resource begins a resource.
func resource(resourceType string) *doc {
	d := &doc{b: make([]byte, 0, 1024)}
	d.b = append(d.b, `{"resourceType":"`...)
	d.b = append(d.b, resourceType...)
	d.b = append(d.b, '"')
	return d
}

// bytes ends the resource.
func (d *doc) bytes() []byte { return append(d.b, '}') }

// name writes a comma where one is due, and the member's name; in an array name is "".
func (d *doc) name(name string) {
	if last := d.b[len(d.b)-1]; last != '{' && last != '[' {
		d.b = append(d.b, ',')
	}
	if name != "" {
		d.b = append(d.b, '"')
		d.b = append(d.b, name...)
		d.b = append(d.b, '"', ':')
	}
}

// text writes a string.
func (d *doc) text(name, value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	d.name(name)
	d.b = appendString(d.b, value)
}

// token writes a FHIR code: white space at its ends and runs of it inside, which a code cannot have, become one space.
func (d *doc) token(name, value string) { d.text(name, strings.Join(strings.Fields(value), " ")) }

// raw writes JSON that is known to be right: a number, true or false.
func (d *doc) raw(name, value string) {
	if value == "" {
		return
	}
	d.name(name)
	d.b = append(d.b, value...)
}

// object writes an object of what f writes.
func (d *doc) object(name string, f func()) { d.nest(name, '{', '}', f) }

// array writes an array of what f writes, with names of "".
func (d *doc) array(name string, f func()) { d.nest(name, '[', ']', f) }

func (d *doc) nest(name string, open, end byte, f func()) {
	before := len(d.b)
	d.name(name)
	d.b = append(d.b, open)
	inside := len(d.b)
	f()
	if len(d.b) == inside {
		d.b = d.b[:before]
		return
	}
	d.b = append(d.b, end)
}

// list writes an array of one object.
func (d *doc) list(name string, f func()) { d.array(name, func() { d.object("", f) }) }

// reference writes a literal reference.
func (d *doc) reference(name, to string) { d.object(name, func() { d.text("reference", to) }) }

// extension writes an extension with a value; none where there is no value.
func (d *doc) extension(url string, value func()) {
	before, empty := len(d.b), false
	d.object("", func() {
		d.text("url", url)
		inside := len(d.b)
		value()
		empty = len(d.b) == inside
	})
	if empty {
		d.b = d.b[:before]
	}
}

// appendString writes a JSON string. Control characters that FHIR strings may
// not hold are written as their visible pictures (U+2400 …), so that nothing
// disappears; the message as received has them as they were.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20:
			b = utf8.AppendRune(b, 0x2400+r)
		case r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[7], hex[15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
