package fhir

import (
	"bytes"
	"unicode/utf8"
)

// primitiveKind is one of the R4 primitive types (R4, 2.24.0.1).
type primitiveKind uint8

const (
	notPrimitive primitiveKind = iota
	kindBoolean
	kindInteger
	kindUnsignedInt
	kindPositiveInt
	kindDecimal
	kindString
	kindMarkdown
	kindCode
	kindID
	kindURI
	kindOID
	kindUUID
	kindBase64
	kindDate
	kindDateTime
	kindInstant
	kindTime
	kindXHTML
)

var primitiveKinds = map[string]primitiveKind{
	"boolean": kindBoolean, "integer": kindInteger, "unsignedInt": kindUnsignedInt, "positiveInt": kindPositiveInt, "decimal": kindDecimal,
	"string": kindString, "markdown": kindMarkdown, "code": kindCode, "id": kindID, "uri": kindURI, "url": kindURI, "canonical": kindURI,
	"oid": kindOID, "uuid": kindUUID, "base64Binary": kindBase64, "date": kindDate, "dateTime": kindDateTime, "instant": kindInstant,
	"time": kindTime, "xhtml": kindXHTML,
}

// jsonKind says what JSON value carries a primitive, for an error.
func (k primitiveKind) jsonKind() string {
	switch k {
	case kindBoolean:
		return "true or false, without quotes"
	case kindInteger, kindUnsignedInt, kindPositiveInt, kindDecimal:
		return "a JSON number, without quotes"
	}
	return "a JSON string"
}

// fits tells whether JSON of the first byte c carries the primitive.
func (k primitiveKind) fits(c byte) bool {
	switch k {
	case kindBoolean:
		return c == 't' || c == 'f'
	case kindInteger, kindUnsignedInt, kindPositiveInt, kindDecimal:
		return c == '-' || '0' <= c && c <= '9'
	}
	return c == '"'
}

// wrong says what is wrong with the text of a primitive, "" when nothing is.
// Text is a number, or the inside of a string without its escapes.
func (k primitiveKind) wrong(text []byte) string {
	if len(text) == 0 {
		return "is empty: leave the element out instead"
	}
	switch k {
	case kindInteger:
		return say(isInteger(text), "is not a whole number from -2147483648 to 2147483647")
	case kindUnsignedInt:
		return say(isInteger(text) && text[0] != '-', "is not a whole number from 0 to 2147483647")
	case kindPositiveInt:
		return say(isInteger(text) && text[0] != '-' && text[0] != '0', "is not a whole number from 1 to 2147483647")
	case kindString, kindMarkdown:
		return wrongString(text)
	case kindCode:
		return say(isCode(text), "is not a code: it has white space at an end, or more than one space together")
	case kindID:
		return say(isID(text), "is not an id: 1 to 64 letters, digits, hyphens and full stops")
	case kindURI:
		return say(isURI(text), "is not a URI: it holds white space")
	case kindOID:
		return say(isOID(text), "is not an OID, such as urn:oid:1.2.3")
	case kindUUID:
		return say(isUUID(text), "is not a UUID, such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520")
	case kindBase64:
		return say(isBase64(text), "is not base64")
	case kindDate:
		return say(isDate(text), "is not a date: YYYY, YYYY-MM or YYYY-MM-DD of a real day")
	case kindDateTime:
		return say(isDateTime(text), "is not a dateTime: a date, or YYYY-MM-DDThh:mm:ss with a time zone (Z or +hh:mm)")
	case kindInstant:
		return say(isInstant(text), "is not an instant: YYYY-MM-DDThh:mm:ss with a time zone (Z or +hh:mm)")
	case kindTime:
		n, ok := timeOfDay(text)
		return say(ok && n == len(text), "is not a time: hh:mm:ss, without a time zone")
	}
	return ""
}

func say(ok bool, otherwise string) string {
	if ok {
		return ""
	}
	return otherwise
}

// maxString is the number of characters of a string (R4, 2.24.0.1).
const maxString = 1024 * 1024

func wrongString(text []byte) string {
	for _, c := range text {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return "holds a control character"
		}
	}
	if len(text) > maxString && utf8.RuneCount(text) > maxString {
		return "is longer than 1,048,576 characters"
	}
	return ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isInteger(b []byte) bool {
	digits := bytes.TrimPrefix(b, []byte("-"))
	if len(digits) == 0 || len(digits) > 10 || digits[0] == '0' && (len(digits) > 1 || len(digits) < len(b)) {
		return false
	}
	n := 0
	for _, c := range digits {
		if !isDigit(c) {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n <= 1<<31-1 || n == 1<<31 && len(digits) < len(b)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isCode(b []byte) bool {
	space := true
	for _, c := range b {
		if c < ' ' && !isSpace(c) || isSpace(c) && space {
			return false
		}
		space = isSpace(c)
	}
	return !space
}

func isID(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	for _, c := range b {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

func isURI(b []byte) bool {
	for _, c := range b {
		if c <= ' ' {
			return false
		}
	}
	return true
}

func isOID(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte("urn:oid:"))
	if !ok || len(rest) < 3 || rest[0] < '0' || rest[0] > '2' || rest[1] != '.' {
		return false
	}
	for i := 2; ; {
		from := i
		for i < len(rest) && isDigit(rest[i]) {
			i++
		}
		switch {
		case i == from, rest[from] == '0' && i > from+1:
			return false
		case i == len(rest):
			return true
		case rest[i] != '.':
			return false
		}
		i++
	}
}

func isUUID(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte("urn:uuid:"))
	if !ok || len(rest) != 36 {
		return false
	}
	for i, c := range rest {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !(isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f') {
				return false
			}
		}
	}
	return true
}

// isBase64 accepts white space between the characters, as R4 does.
func isBase64(b []byte) bool {
	count, padding := 0, 0
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', isDigit(c), c == '+', c == '/':
			if padding > 0 {
				return false
			}
			count++
		case c == '=':
			padding++
		case !isSpace(c):
			return false
		}
	}
	return padding <= 2 && (count+padding)%4 == 0 && count > 0
}

// number2 reads two digits, -1 where they are not that.
func number2(b []byte) int {
	if len(b) < 2 || !isDigit(b[0]) || !isDigit(b[1]) {
		return -1
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

// isDate accepts YYYY, YYYY-MM and YYYY-MM-DD of real days from the year 1.
func isDate(b []byte) bool {
	if len(b) != 4 && len(b) != 7 && len(b) != 10 {
		return false
	}
	century, year := number2(b), number2(b[2:])
	if century < 0 || year < 0 || century+year == 0 {
		return false
	}
	if len(b) == 4 {
		return true
	}
	month := number2(b[5:])
	if b[4] != '-' || month < 1 || month > 12 {
		return false
	}
	if len(b) == 7 {
		return true
	}
	day := number2(b[8:])
	return b[7] == '-' && day >= 1 && day <= daysIn(century*100+year, month)
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// isDateTime accepts a date, or an instant.
func isDateTime(b []byte) bool {
	if len(b) <= 10 {
		return isDate(b)
	}
	return isInstant(b)
}

func isInstant(b []byte) bool {
	if len(b) < len("2024-01-01T00:00:00Z") || b[10] != 'T' || !isDate(b[:10]) {
		return false
	}
	n, ok := timeOfDay(b[11:])
	return ok && isZone(b[11+n:])
}

// timeOfDay reads hh:mm:ss and a fraction, and tells how long it is. A leap
// second is accepted.
func timeOfDay(b []byte) (n int, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	hour, minute, second := number2(b), number2(b[3:]), number2(b[6:])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	if len(b) == 8 || b[8] != '.' {
		return 8, true
	}
	n = digits(b, 9)
	return n, n > 9
}

func isZone(b []byte) bool {
	if len(b) == 1 {
		return b[0] == 'Z'
	}
	if len(b) != 6 || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return false
	}
	hour, minute := number2(b[1:]), number2(b[4:])
	return hour >= 0 && minute >= 0 && minute <= 59 && (hour < 14 || hour == 14 && minute == 0)
}
