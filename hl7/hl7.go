package hl7

import (
	"strconv"
	"strings"
	"time"

	"kmcr"
)

// Limits of one message. Beyond them Parse answers kmcr.TooLarge.
const (
	// MaxRepetitions is the most repetitions that one field may have.
	MaxRepetitions = 10_000
	// MaxSegments is the most segments that a message may have.
	MaxSegments = 100_000
)

// Message is one HL7 v2 message: its original bytes and its segments, split
// lazily. Delimiters are those of MSH-1 and MSH-2; segments end in CR, LF or
// CRLF; a byte-order mark before MSH is passed over.
//
// A line that does not begin like a segment (three letters and the field
// separator) is the rest of the segment before it: senders let line feeds
// slip into text. Lines that hold nothing but white space and delimiters are
// passed over.
type Message struct {
	raw      []byte
	marks    delimiters
	segments []Segment
}

// Parse reads a message. The error is a *kmcr.Error with Where like "MSH" or
// "line 3". charset overrides MSH-18 when not "".
func Parse(raw []byte, charset string) (*Message, error) {
	text, marks, err := open(raw, charset)
	if err != nil {
		return nil, err
	}
	m := &Message{raw: raw, marks: marks}
	if err := m.split(text); err != nil {
		return nil, err
	}
	return m, nil
}

// open decodes raw and reads the delimiters at its beginning.
func open(raw []byte, charset string) (text string, marks delimiters, err error) {
	body, err := afterMark(raw)
	if err != nil {
		return "", marks, err
	}
	body = trimBlank(body)
	if len(body) == 0 {
		return "", marks, &kmcr.Error{Kind: kmcr.Invalid, Where: "line 1", Message: "the message is empty", Remedy: "Send a message that begins with MSH."}
	}
	if !beginsHeader(body) {
		return "", marks, &kmcr.Error{Kind: kmcr.Invalid, Where: "line 1", Message: "the message does not begin with an MSH segment", Remedy: "Send a message that begins with MSH and its field separator."}
	}
	header := headerLine(body)
	marks, err = readDelimiters(header)
	if err != nil {
		return "", marks, err
	}
	if charset == "" {
		charset = declaredCharset(header, marks)
	}
	marks.charset = charset
	text, err = decode(body, charset)
	return text, marks, err
}

// split cuts text into segments.
func (m *Message) split(text string) error {
	for len(text) > 0 {
		line := text
		if i := strings.IndexAny(text, "\r\n"); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		if m.marks.blank(line) {
			continue
		}
		if !m.marks.beginsSegment(line) {
			m.continueLast(line)
			continue
		}
		if len(m.segments) == MaxSegments {
			return &kmcr.Error{Kind: kmcr.TooLarge, Where: "segment " + strconv.Itoa(MaxSegments+1), Message: "the message has too many segments", Remedy: "Send it as several messages."}
		}
		m.segments = append(m.segments, Segment{text: line, marks: &m.marks, index: len(m.segments)})
	}
	for _, s := range m.segments {
		if err := s.checkRepetitions(); err != nil {
			return err
		}
	}
	return nil
}

// continueLast joins a line to the segment before it: with a line feed, but in
// the header with nothing, for no field of the header has lines.
func (m *Message) continueLast(line string) {
	if len(m.segments) == 0 {
		return
	}
	last := &m.segments[len(m.segments)-1]
	if last.index == 0 {
		last.text += line
		return
	}
	last.text += "\n" + line
}

// Raw is the message as received.
func (m *Message) Raw() []byte { return m.raw }

// Segments returns the segments named name ("PID", "OBX"), all of them when name is "".
func (m *Message) Segments(name string) []Segment {
	if name == "" {
		return m.segments
	}
	var named []Segment
	for _, s := range m.segments {
		if s.Name() == name {
			named = append(named, s)
		}
	}
	return named
}

// Segment returns the first segment named name; an absent one answers emptily.
func (m *Message) Segment(name string) Segment {
	for _, s := range m.segments {
		if s.Name() == name {
			return s
		}
	}
	return Segment{index: -1}
}

// Type is MSH-9.1, "ADT".
func (m *Message) Type() string { return m.Segment("MSH").Get(9, 1) }

// Event is MSH-9.2, or EVN-1, "A01".
func (m *Message) Event() string {
	if e := m.Segment("MSH").Get(9, 2); e != "" {
		return e
	}
	return m.Segment("EVN").Get(1, 1)
}

// ControlID is MSH-10, by which sender and receiver name the message.
func (m *Message) ControlID() string { return m.Segment("MSH").Get(10, 1) }

// Version is MSH-12.1, "2.4".
func (m *Message) Version() string { return m.Segment("MSH").Get(12, 1) }

// Sender is MSH-3.1 and MSH-4.1.
func (m *Message) Sender() (application, facility string) {
	h := m.Segment("MSH")
	return h.Get(3, 1, 1), h.Get(4, 1, 1)
}

// At is the time of the event by the sender's clock: EVN-2, else EVN-6, else
// MSH-7; ok is false where none of them is a time.
func (m *Message) At() (at time.Time, ok bool) {
	evn := m.Segment("EVN")
	for _, s := range []string{evn.Get(2, 1), evn.Get(6, 1), m.Segment("MSH").Get(7, 1)} {
		if d, err := ParseDate(s); err == nil {
			return d.Time, true
		}
	}
	return time.Time{}, false
}

// Segment is one segment of a message; fields count from 1 (MSH-1 is the separator).
type Segment struct {
	text  string
	marks *delimiters
	index int
}

// Name is the three letters.
func (s Segment) Name() string {
	if len(s.text) < 3 {
		return ""
	}
	return s.text[:3]
}

// Exists tells whether the segment is in the message.
func (s Segment) Exists() bool { return s.text != "" }

// Index is the position of the segment in its message, from 0; -1 for an absent one.
func (s Segment) Index() int { return s.index }

// Get returns a field of the first repetition, unescaped: Get(5) all of it,
// Get(5, 1) its first component, Get(5, 1, 1) the first sub-component of that.
// Missing ones are "". The HL7 null, two quotation marks, is returned as it
// was sent, so that "delete this" is not taken for "not said": see IsNull.
func (s Segment) Get(field int, component ...int) string {
	raw := s.field(field)
	if s.verbatim(field) {
		return raw
	}
	if i := strings.IndexByte(raw, s.repetitionMark()); i >= 0 && s.repetitionMark() != 0 {
		raw = raw[:i]
	}
	return Field{text: raw, marks: s.marks}.Get(component...)
}

// Repetitions returns the repetitions of a field; none where it is empty.
func (s Segment) Repetitions(field int) []Field {
	raw := s.field(field)
	if raw == "" {
		return nil
	}
	if s.verbatim(field) || s.repetitionMark() == 0 {
		return []Field{{text: raw, marks: s.marks}}
	}
	var all []Field
	for part := range strings.SplitSeq(raw, string(rune(s.repetitionMark()))) {
		all = append(all, Field{text: part, marks: s.marks})
	}
	return all
}

// IsNull tells whether the field was sent as the HL7 null: what was there is to be deleted.
func (s Segment) IsNull(field int) bool { return IsNull(s.field(field)) }

// IsNull tells whether a value is the HL7 null.
func IsNull(value string) bool { return value == `""` }

// Raw is the segment as received, decoded to UTF-8 but not unescaped.
func (s Segment) Raw() string { return s.text }

func (s Segment) repetitionMark() byte {
	if s.marks == nil {
		return 0
	}
	return s.marks.repetition
}

// header tells whether the segment's first field is its own separator.
func (s Segment) header() bool {
	n := s.Name()
	return n == "MSH" || n == "FHS" || n == "BHS"
}

// verbatim tells whether the field holds delimiters as values.
func (s Segment) verbatim(field int) bool { return field <= 2 && s.header() }

// field is field n as received.
func (s Segment) field(n int) string {
	if len(s.text) < 4 || n < 1 || s.marks == nil {
		return ""
	}
	if s.header() {
		if n == 1 {
			return s.text[3:4]
		}
		n--
	}
	rest := s.text[4:]
	for ; n > 1; n-- {
		i := strings.IndexByte(rest, s.marks.field)
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
	}
	if i := strings.IndexByte(rest, s.marks.field); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// Fields is the number of the last field.
func (s Segment) Fields() int {
	if len(s.text) < 4 || s.marks == nil {
		return 0
	}
	n := strings.Count(s.text, string(rune(s.marks.field)))
	if s.header() {
		n++
	}
	return n
}

// checkRepetitions refuses a field with more repetitions than anybody means.
func (s Segment) checkRepetitions() error {
	mark := s.repetitionMark()
	if mark == 0 || strings.Count(s.text, string(rune(mark))) < MaxRepetitions {
		return nil
	}
	field, n := 1, 1
	for i := 4; i < len(s.text); i++ {
		switch s.text[i] {
		case s.marks.field:
			field, n = field+1, 1
		case mark:
			if n++; n > MaxRepetitions {
				where := s.Name() + "-" + strconv.Itoa(field)
				return &kmcr.Error{Kind: kmcr.TooLarge, Where: where, Message: "the field has more than " + strconv.Itoa(MaxRepetitions) + " repetitions", Remedy: "Send it as several messages."}
			}
		}
	}
	return nil
}

// Field is one repetition of a field.
type Field struct {
	text  string
	marks *delimiters
}

// Get returns the repetition, a component, or a sub-component, unescaped: as
// much of it as is asked for.
func (f Field) Get(component ...int) string {
	if f.text == "" || f.marks == nil {
		return ""
	}
	part := f.text
	if len(component) > 0 {
		part = nth(part, f.marks.component, component[0])
	}
	if len(component) > 1 {
		part = nth(part, f.marks.subcomponent, component[1])
	}
	return f.marks.unescape(part)
}

// Raw is the repetition, not unescaped.
func (f Field) Raw() string { return f.text }

// IsNull tells whether the repetition was sent as the HL7 null.
func (f Field) IsNull() bool { return IsNull(f.text) }

// Leaves gives to says the value of every component, and of every
// sub-component where there are several, that is not empty; it returns the
// numbers of the components of which says was false, and how many components have a value.
func (f Field) Leaves(says func(string) bool) (not []int, all int) {
	if f.text == "" || f.marks == nil {
		return nil, 0
	}
	components := []string{f.text}
	if f.marks.component != 0 {
		components = strings.Split(f.text, string(rune(f.marks.component)))
	}
	for i, c := range components {
		if c == "" || IsNull(c) {
			continue
		}
		parts := []string{c}
		if f.marks.subcomponent != 0 {
			parts = strings.Split(c, string(rune(f.marks.subcomponent)))
		}
		all++
		for _, p := range parts {
			if p != "" && !says(f.marks.unescape(p)) {
				not = append(not, i+1)
				break
			}
		}
	}
	return not, all
}

// nth is the nth part of s, from 1, between marks; a mark of 0 is none.
func nth(s string, mark byte, n int) string {
	if mark == 0 {
		if n == 1 {
			return s
		}
		return ""
	}
	for ; n > 1; n-- {
		i := strings.IndexByte(s, mark)
		if i < 0 {
			return ""
		}
		s = s[i+1:]
	}
	if i := strings.IndexByte(s, mark); i >= 0 {
		return s[:i]
	}
	return s
}
