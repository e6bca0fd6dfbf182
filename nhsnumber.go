package kmcr

import "strings"

// NHSNumber is ten digits that pass the modulus 11 check (NHS Data
// Dictionary, NHS NUMBER). The zero value is "not known".
type NHSNumber string

// ParseNHSNumber accepts ten digits with any spaces or hyphens between them
// and checks the check digit. The error never repeats the number.
func ParseNHSNumber(s string) (NHSNumber, error) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '\u00a0' || r == '\u2011':
		default:
			return "", &Error{Kind: Invalid, Message: "an NHS number has ten digits; this holds another character", Remedy: "Type the ten digits, with or without spaces."}
		}
	}
	d := b.String()
	if len(d) != 10 {
		return "", &Error{Kind: Invalid, Message: "an NHS number has ten digits; this has another count", Remedy: "Type all ten digits, with or without spaces."}
	}
	sum := 0
	for i := range 9 {
		sum += int(d[i]-'0') * (10 - i)
	}
	check := 11 - sum%11
	if check == 11 {
		check = 0
	}
	if check == 10 || check != int(d[9]-'0') {
		return "", &Error{Kind: Invalid, Message: "this is not a valid NHS number: its check digit does not fit", Remedy: "Compare it with the letter or screen it came from."}
	}
	return NHSNumber(d), nil
}

// String returns the digits without spaces, for exchange.
func (n NHSNumber) String() string { return string(n) }

// Display returns the number as people read it, 3-3-4 (ISB 1504).
func (n NHSNumber) Display() string {
	if len(n) != 10 {
		return string(n)
	}
	return string(n[:3]) + " " + string(n[3:6]) + " " + string(n[6:])
}

// Placeholder tells whether it is one digit ten times: each passes the check and stands where no number is known.
func (n NHSNumber) Placeholder() bool {
	return n != "" && strings.Count(string(n), string(n[:1])) == len(n)
}

// Test tells whether the number is from the range that is never issued to
// anybody (999 000 0000 to 999 999 9999).
func (n NHSNumber) Test() bool { return strings.HasPrefix(string(n), "999") }
