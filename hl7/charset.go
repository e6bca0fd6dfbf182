package hl7

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"kmcr"
)

// charsets are the single byte character sets of table 0211 that we read.
var charsets = map[string]*charmap.Charmap{
	"8859/1": charmap.ISO8859_1, "8859/2": charmap.ISO8859_2, "8859/3": charmap.ISO8859_3,
	"8859/4": charmap.ISO8859_4, "8859/5": charmap.ISO8859_5, "8859/6": charmap.ISO8859_6,
	"8859/7": charmap.ISO8859_7, "8859/8": charmap.ISO8859_8, "8859/9": charmap.ISO8859_9,
	"8859/15": charmap.ISO8859_15, "WINDOWS-1252": charmap.Windows1252, "CP1252": charmap.Windows1252,
}

// afterMark passes over a UTF-8 byte-order mark, and refuses UTF-16 and UTF-32.
func afterMark(raw []byte) ([]byte, error) {
	body := bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	wide := bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) ||
		bytes.HasPrefix(body, []byte("M\x00S\x00")) || bytes.HasPrefix(body, []byte("\x00M\x00S")) ||
		bytes.HasPrefix(body, []byte("\x00\x00\x00M")) || bytes.HasPrefix(body, []byte("M\x00\x00\x00"))
	if wide {
		return nil, unsupportedCharset("the message is in UTF-16 or UTF-32")
	}
	return body, nil
}

// trimBlank takes white space and stray framing from both ends.
func trimBlank(b []byte) []byte { return bytes.Trim(b, " \t\r\n\v\x1c") }

// decode reads bytes as a character set of table 0211. Where none is named,
// or the name says ASCII and the bytes do not, valid UTF-8 stays and anything
// else is windows-1252, the usual case of an undeclared British sender. A
// message that says UTF-8 and holds a byte that is not has that byte
// read as windows-1252. No input gives invalid UTF-8.
func decode(b []byte, charset string) (string, error) {
	name := strings.ToUpper(strings.TrimSpace(charset))
	name = strings.TrimPrefix(name, "ISO-")
	name = strings.ReplaceAll(name, "8859-", "8859/")
	name = strings.TrimPrefix(name, "ISO ")
	switch name {
	case "", `""`, "ASCII", "US-ASCII", "ISO IR6", "IR6":
		if utf8.Valid(b) {
			return string(b), nil
		}
		return through(charmap.Windows1252, b), nil
	case "UNICODE", "UNICODE UTF-8", "UTF-8", "UTF8", "UNICODE UTF8":
		return mendUTF8(b), nil
	}
	if table, ok := charsets[name]; ok {
		if utf8.Valid(b) && isASCII(b) {
			return string(b), nil
		}
		return through(table, b), nil
	}
	if isASCII(b) && !strings.HasPrefix(name, "UNICODE UTF-") {
		return string(b), nil
	}
	return "", unsupportedCharset("the character set that MSH-18 names is not one we read")
}

func unsupportedCharset(message string) error {
	return &kmcr.Error{Kind: kmcr.Unsupported, Where: "MSH-18", Message: message, Remedy: "Send UNICODE UTF-8, ASCII, 8859/1, 8859/15 or windows-1252."}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// through decodes single bytes by a table.
func through(table *charmap.Charmap, b []byte) string {
	var s strings.Builder
	s.Grow(len(b) + len(b)/8)
	for _, c := range b {
		s.WriteRune(table.DecodeByte(c))
	}
	return s.String()
}

// mendUTF8 keeps what is valid and reads other bytes as windows-1252.
func mendUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(b[0])
		}
		s.WriteRune(r)
		b = b[size:]
	}
	return s.String()
}
