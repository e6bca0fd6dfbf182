package hl7

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// unescape reads the escape sequences of HL7 v2 (2.7): delimiters \F\ \S\ \T\
// \R\ \E\, bytes \X0D0A\, line breaks \.br\ \.sp\ \.ce\, spaces \.sk4\; marks
// of emphasis and layout (\H\ \N\ \.in+4\ …) go, for they say nothing. What is
// unknown or local (\Zxx\) or not closed stays as text. It works on what
// has been cut already, so nothing that it yields is a delimiter or a segment.
func (d *delimiters) unescape(s string) string {
	if d.escape == 0 || strings.IndexByte(s, d.escape) < 0 {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, d.escape)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		j := strings.IndexByte(s[i+1:], d.escape)
		if j < 0 {
			b.WriteString(s[i:])
			return b.String()
		}
		sequence := s[i+1 : i+1+j]
		value, known := d.sequence(sequence)
		if !known && !looksLikeSequence(sequence) {
			// a lone escape character in the text: keep it, and look again from the next
			b.WriteString(s[i : i+1+j])
			s = s[i+1+j:]
			continue
		}
		if !known {
			value = s[i : i+j+2]
		}
		b.WriteString(value)
		s = s[i+j+2:]
	}
}

// looksLikeSequence tells whether the text between two escape characters is a
// sequence that we do not know, rather than words between two of them.
func looksLikeSequence(s string) bool {
	return s != "" && (s[0] == 'Z' || s[0] == 'C' || s[0] == 'M' || s[0] == 'X') && !strings.ContainsAny(s, " \n")
}

// sequence is the text that an escape sequence stands for.
func (d *delimiters) sequence(s string) (text string, known bool) {
	switch s {
	case "F":
		return string(rune(d.field)), true
	case "S":
		return string(rune(d.component)), true
	case "T":
		if d.subcomponent == 0 {
			return "&", true
		}
		return string(rune(d.subcomponent)), true
	case "R":
		if d.repetition == 0 {
			return "~", true
		}
		return string(rune(d.repetition)), true
	case "E":
		return string(rune(d.escape)), true
	case "P":
		return "#", true
	case "H", "N":
		return "", true
	}
	if strings.HasPrefix(s, "X") && len(s) > 1 {
		b, err := hex.DecodeString(s[1:])
		if err != nil {
			return "", false
		}
		text, err := decode(b, d.charset)
		return text, err == nil
	}
	if strings.HasPrefix(s, ".") && len(s) >= 3 {
		return layout(s[1:3], s[3:])
	}
	return "", false
}

// layout reads a formatting command of an FT field.
func layout(command, argument string) (text string, known bool) {
	n, err := strconv.Atoi(argument)
	if err != nil || n < 1 {
		n = 1
	}
	switch command {
	case "br", "ce":
		return "\n", true
	case "sp":
		return strings.Repeat("\n", min(n, 100)), true
	case "sk":
		return strings.Repeat(" ", min(n, 100)), true
	case "in", "ti", "fi", "nf":
		return "", true
	}
	return "", false
}

// Escape writes text as a value of a message with the delimiters |^~\&.
func Escape(text string) string { return standard.escapeText(text) }

// escapeText writes text so that it stands in one sub-component. A line break becomes \.br\.
func (d *delimiters) escapeText(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		letter := byte(0)
		switch {
		case c == d.field:
			letter = 'F'
		case c == d.component:
			letter = 'S'
		case c == d.subcomponent:
			letter = 'T'
		case c == d.repetition:
			letter = 'R'
		case c == d.escape:
			letter = 'E'
		}
		switch {
		case d.escape == 0 && (letter != 0 || c == '\r' || c == '\n'):
			b.WriteByte(' ')
		case letter != 0:
			b.Write([]byte{d.escape, letter, d.escape})
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
		case c == '\r' || c == '\n':
			b.WriteByte(d.escape)
			b.WriteString(".br")
			b.WriteByte(d.escape)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
