package hl7

import (
	"bytes"
	"strings"

	"kmcr"
)

// delimiters are the marks by which a message is cut; 0 is "there is none".
type delimiters struct {
	field, component, repetition, escape, subcomponent byte
	charset                                            string // by which \X..\ is read
}

// standard are the delimiters that HL7 recommends.
var standard = delimiters{field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&'}

// beginsHeader tells whether text begins with an MSH segment.
func beginsHeader(text []byte) bool {
	return len(text) > 3 && bytes.HasPrefix(text, []byte("MSH")) && text[3] != '\r' && text[3] != '\n'
}

// headerLine is the MSH segment, with the lines that continue it.
func headerLine(text []byte) []byte {
	var header []byte
	for line := range bytes.FieldsFuncSeq(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if header != nil && (&delimiters{field: header[3]}).beginsSegment(string(line[:min(4, len(line))])) {
			break
		}
		header = append(header, line...)
		if len(header) > 64<<10 {
			break
		}
	}
	return header
}

// bareSegments are segments that senders leave in a message without a field.
// Any other three letters alone on a line are words of a text.
const bareSegments = "EVN PID PD1 NK1 PV1 PV2 OBX AL1 DG1 PR1 ORC OBR NTE TXA SCH RGS AIS AIG AIL AIP GT1 IN1 IN2 IN3 ROL MRG SPM TQ1"

// beginsSegment tells whether a line begins with the name of a segment, two
// letters and a letter or digit (Z segments may have digits in both places),
// and the field separator.
func (d *delimiters) beginsSegment(line string) bool {
	if len(line) < 3 || !isName(line[:3]) {
		return false
	}
	return len(line) == 3 && strings.Contains(bareSegments, line) || len(line) > 3 && line[3] == d.field
}

func isName(s string) bool {
	letter := func(b byte) bool { return b >= 'A' && b <= 'Z' }
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	return letter(s[0]) && (letter(s[1]) || s[0] == 'Z' && digit(s[1])) && (letter(s[2]) || digit(s[2]))
}

// readDelimiters reads MSH-1 and MSH-2. Four characters are, in order, the
// marks of component, repetition, escape and sub-component; a fifth (v2.7) is
// the truncation mark. Where a sender leaves some out, those that are there
// keep the meaning that HL7 recommends for them: ^~& has no escape.
func readDelimiters(header []byte) (delimiters, error) {
	d := delimiters{field: header[3]}
	if !isMark(d.field) {
		return d, badDelimiters("MSH-1", "the field separator is a letter, a digit or not printable")
	}
	marks, _, _ := bytes.Cut(header[4:], header[3:4])
	if len(marks) == 0 || len(marks) > 5 {
		return d, badDelimiters("MSH-2", "there are not one to five encoding characters")
	}
	seen := []byte{d.field}
	for _, c := range marks {
		if !isMark(c) {
			return d, badDelimiters("MSH-2", "an encoding character is a letter, a digit or not printable")
		}
		if bytes.IndexByte(seen, c) >= 0 {
			return d, badDelimiters("MSH-2", "a delimiter stands for two things")
		}
		seen = append(seen, c)
	}
	if len(marks) >= 4 {
		d.component, d.repetition, d.escape, d.subcomponent = marks[0], marks[1], marks[2], marks[3]
		return d, nil
	}
	d.component = marks[0]
	for i, c := range marks[1:] {
		switch {
		case c == standard.repetition:
			d.repetition = c
		case c == standard.escape:
			d.escape = c
		case c == standard.subcomponent:
			d.subcomponent = c
		case i == 0:
			d.repetition = c
		case i == 1:
			d.escape = c
		}
	}
	return d, nil
}

func isMark(c byte) bool {
	return c > ' ' && c < 0x7f && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

func badDelimiters(where, message string) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: message, Remedy: `Begin the message with MSH|^~\& or other delimiters that differ from each other.`}
}

// declaredCharset is MSH-18, the first of them where there are several.
func declaredCharset(header []byte, d delimiters) string {
	s := Segment{text: string(header), marks: &d}
	return strings.TrimSpace(s.Get(18, 1))
}

// blank tells whether a line holds nothing but white space and delimiters.
func (d *delimiters) blank(line string) bool {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\v', 0x1c, d.field:
		default:
			return false
		}
	}
	return true
}
