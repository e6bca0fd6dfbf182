package fhir

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a date without a zone is a day in London, on any server
)

// searchValue is one value of a criterion, read by the kind of its parameter.
type searchValue struct {
	text      string
	prefix    string // eq ne gt lt ge le sa eb ap
	system    string
	anySystem bool          // a token without |
	low, high time.Time     // the time that a date spans, [low, high)
	number    *big.Rat      // the number as given
	margin    *big.Rat      // half a unit in its last place
	parts     []searchValue // of a composite
}

// splitEscaped splits at sep where it is not escaped; the parts keep their
// escapes (R4, 3.1.1.4).
func splitEscaped(s string, sep byte) []string {
	var out []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

var escapes = strings.NewReplacer(`\,`, ",", `\|`, "|", `\$`, "$", `\\`, `\`)

func unescapeValue(s string) string { return escapes.Replace(s) }

// mostValues is how many alternatives one parameter may give.
const mostValues = 1000

// parseValues reads the alternatives of a parameter: comma means or.
func parseValues(s string, p SearchParam, modifier string) ([]searchValue, error) {
	if modifier == "missing" {
		if s != "true" && s != "false" {
			return nil, errors.New("is true or false")
		}
		return []searchValue{{text: s}}, nil
	}
	alternatives := splitEscaped(s, ',')
	if len(alternatives) > mostValues {
		return nil, fmt.Errorf("has more than %d values", mostValues)
	}
	out := make([]searchValue, len(alternatives))
	for i, part := range alternatives {
		v, err := parseValue(part, p, modifier)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func parseValue(s string, p SearchParam, modifier string) (searchValue, error) {
	if s == "" {
		return searchValue{}, errors.New("a value is empty")
	}
	switch p.Kind {
	case "date":
		return parseDate(s)
	case "number", "quantity":
		return parseQuantity(s, p.Kind)
	case "token":
		return parseToken(s, modifier)
	case "composite":
		return parseComposite(s, p)
	case "reference":
		if modifier == "identifier" {
			return parseToken(s, "")
		}
		v := searchValue{text: unescapeValue(s)}
		if modifier != "" {
			v.text = modifier + "/" + strings.TrimPrefix(v.text, modifier+"/")
		}
		return v, nil
	}
	return searchValue{text: unescapeValue(s)}, nil
}

// parseToken reads code, system|code, |code or system|; with :of-type
// system|code|value of an identifier.
func parseToken(s, modifier string) (searchValue, error) {
	parts := splitEscaped(s, '|')
	for i := range parts {
		parts[i] = unescapeValue(parts[i])
	}
	switch {
	case modifier == "of-type":
		if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
			return searchValue{}, errors.New("is system|code|value")
		}
		return searchValue{system: parts[0], text: parts[1], parts: []searchValue{{text: parts[2]}}}, nil
	case len(parts) == 1 || modifier == "text":
		return searchValue{text: unescapeValue(s), anySystem: true}, nil
	case len(parts) == 2 && parts[0]+parts[1] != "":
		return searchValue{system: parts[0], text: parts[1]}, nil
	}
	return searchValue{}, errors.New("is code, system|code, |code or system|")
}

// parseComposite reads the parts of a composite, which $ separates.
func parseComposite(s string, p SearchParam) (searchValue, error) {
	parts := splitEscaped(s, '$')
	if len(parts) != len(p.parts) {
		return searchValue{}, fmt.Errorf("has %d parts, separated by $", len(p.parts))
	}
	v := searchValue{parts: make([]searchValue, len(parts))}
	for i := range parts {
		part, err := parseValue(parts[i], p.parts[i], "")
		if err != nil {
			return v, err
		}
		v.parts[i] = part
	}
	return v, nil
}

// cutPrefix takes the two letters off that say how to compare.
func cutPrefix(s string) (prefix, rest string) {
	if len(s) > 2 {
		switch s[:2] {
		case "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap":
			return s[:2], s[2:]
		}
	}
	return "eq", s
}

// parseQuantity reads a number, or number|system|code.
func parseQuantity(s, kind string) (searchValue, error) {
	parts := splitEscaped(s, '|')
	var v searchValue
	var digits string
	v.prefix, digits = cutPrefix(parts[0])
	if v.number, v.margin = decimal(digits), margin(digits); v.number == nil {
		return v, errors.New("is no number")
	}
	switch {
	case len(parts) == 1:
	case len(parts) == 3 && kind == "quantity":
		v.system, v.text = unescapeValue(parts[1]), unescapeValue(parts[2])
	default:
		return v, fmt.Errorf("a %s is a number%s", kind, map[string]string{"quantity": ", or number|system|code"}[kind])
	}
	return v, nil
}

// maxExponent is the largest power of ten that a number may have here.
const maxExponent = 400

// decimal reads a number exactly; nil for what is none.
func decimal(s string) *big.Rat {
	mantissa, exponent := cutExponent(s)
	if mantissa == "" || len(s) > maxNumber || strings.Trim(mantissa, "+-.0123456789") != "" || exponent < -maxExponent || exponent > maxExponent {
		return nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

func cutExponent(s string) (mantissa string, exponent int) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0
	}
	n, err := strconv.Atoi(s[i+1:])
	if err != nil {
		return "", 0
	}
	return s[:i], n
}

// margin is half a unit in the last place given: an equal number is one within
// the significant figures of what is asked for, so that 5.40 stands for 5.395
// to 5.405 (R4, 3.1.1.4.8).
func margin(digits string) *big.Rat {
	mantissa, exponent := cutExponent(digits)
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		exponent -= len(mantissa) - i - 1
	}
	half, _ := new(big.Rat).SetString("5e" + strconv.Itoa(max(-2*maxExponent, min(exponent-1, maxExponent))))
	return half
}

// london is where a date without a time zone is a day (R4, 3.1.1.4.7: the
// server's own).
var london = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC
	}
	return l
})

func parseDate(s string) (searchValue, error) {
	var v searchValue
	var ok bool
	v.prefix, s = cutPrefix(s)
	if v.low, v.high, ok = dateText(s); !ok {
		return v, errors.New("is no date: give YYYY, YYYY-MM, YYYY-MM-DD or a time with its zone, with or without a prefix (ge, lt …)")
	}
	return v, nil
}

// dateForms are the forms of a date and time without zone, and how to come to
// the end of what each spans.
var dateForms = map[int]struct {
	layout              string
	years, months, days int
	time                time.Duration
}{
	4:  {"2006", 1, 0, 0, 0},
	7:  {"2006-01", 0, 1, 0, 0},
	10: {"2006-01-02", 0, 0, 1, 0},
	16: {"2006-01-02T15:04", 0, 0, 0, time.Minute},
	19: {"2006-01-02T15:04:05", 0, 0, 0, time.Second},
}

// dateText reads a date of any precision as the time that it spans, [low, high).
func dateText(s string) (low, high time.Time, ok bool) {
	local, zone := s, ""
	if len(s) > 10 {
		if i := strings.IndexAny(s[10:], "Z+-"); i >= 0 {
			local, zone = s[:10+i], s[10+i:]
		}
	}
	whole, fraction, _ := strings.Cut(local, ".")
	form, known := dateForms[len(whole)]
	if !known || len(local) > len(whole) && (fraction == "" || form.time != time.Second) {
		return low, high, false
	}
	layout := form.layout
	if zone != "" {
		layout += "Z07:00"
	}
	low, err := time.ParseInLocation(layout, local+zone, london())
	if err != nil {
		return low, high, false
	}
	if fraction != "" {
		return low, low.Add(max(1, time.Second/time.Duration(power10(len(fraction))))), true
	}
	return low, low.AddDate(form.years, form.months, form.days).Add(form.time), true
}

// power10 is ten to the n, up to that of nanoseconds.
func power10(n int) int64 {
	p := int64(1)
	for range min(n, 9) {
		p *= 10
	}
	return p
}
