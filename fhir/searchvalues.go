package fhir

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// searchValue is one value of a criterion (comma means or), read by the kind of its parameter.
type searchValue struct {
	text        string
	prefix      string // eq ne gt lt ge le sa eb ap
	system      string
	anySystem   bool // no | in a token
	noSystem    bool // |code
	low, high   time.Time
	number      float64
	margin      float64
	code        string // of a quantity
	unitsSystem string
}

var prefixes = []string{"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}

// splitValues splits on commas that are not escaped.
func splitValues(s string, p SearchParam) []searchValue {
	var out []searchValue
	for _, part := range splitEscaped(s, ',') {
		out = append(out, searchValue{text: part})
	}
	return out
}

// splitEscaped splits at sep; \, \| \$ and \\ stand for themselves (R4 3.1.1.4.0). The parts keep escapes of other separators.
func splitEscaped(s string, sep byte) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == sep:
			b.WriteByte(sep)
			i++
		case s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
			b.WriteByte(s[i])
		case s[i] == sep:
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}

func unescapeValue(s string) string {
	return strings.NewReplacer(`\,`, ",", `\|`, "|", `\$`, "$", `\\`, `\`).Replace(s)
}

// parseValues reads the values of a parameter.
func parseValues(s string, p SearchParam, modifier string) ([]searchValue, error) {
	if modifier == "missing" {
		if s != "true" && s != "false" {
			return nil, fmt.Errorf(":missing is true or false")
		}
		return []searchValue{{text: s}}, nil
	}
	var out []searchValue
	for _, part := range splitEscaped(s, ',') {
		if part == "" {
			return nil, fmt.Errorf("a value is empty")
		}
		v, err := parseValue(part, p, modifier)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func parseValue(s string, p SearchParam, modifier string) (searchValue, error) {
	switch p.Kind {
	case "date":
		v := searchValue{}
		v.prefix, s = cutPrefixOf(s)
		var ok bool
		if v.low, v.high, ok = dateText(s); !ok {
			return v, fmt.Errorf("is no date: give YYYY, YYYY-MM, YYYY-MM-DD or an instant with its zone, with or without a prefix (ge, lt, …)")
		}
		return v, nil
	case "number", "quantity":
		return parseQuantity(s, p.Kind)
	case "token":
		parts := splitEscaped(s, '|')
		v := searchValue{text: unescapeValue(parts[len(parts)-1]), anySystem: len(parts) == 1}
		if len(parts) > 1 {
			v.system, v.noSystem = unescapeValue(parts[0]), parts[0] == ""
		}
		return v, nil
	case "reference":
		if modifier == "identifier" {
			return parseValue(s, SearchParam{Kind: "token"}, "")
		}
		v := searchValue{text: unescapeValue(s)}
		if modifier != "" {
			v.text = modifier + "/" + strings.TrimPrefix(v.text, modifier+"/")
		}
		return v, nil
	}
	return searchValue{text: unescapeValue(s)}, nil
}

func cutPrefixOf(s string) (prefix, rest string) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return p, rest
		}
	}
	return "eq", s
}

// parseQuantity reads [prefix]number|system|code; an equal number matches within its significant figures (R4 3.1.1.5).
func parseQuantity(s, kind string) (searchValue, error) {
	parts := splitEscaped(s, '|')
	v := searchValue{}
	var digits string
	v.prefix, digits = cutPrefixOf(parts[0])
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return v, fmt.Errorf("is no number")
	}
	v.number, v.margin = n, margin(digits)
	if len(parts) > 1 {
		if kind == "number" || len(parts) != 3 {
			return v, fmt.Errorf("is number, or number|system|code")
		}
		v.unitsSystem, v.code = unescapeValue(parts[1]), unescapeValue(parts[2])
	}
	return v, nil
}

// margin is half a unit in the last place given: 5.40 stands for 5.395 to 5.405.
func margin(digits string) float64 {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	places := 0
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		places = len(mantissa) - i - 1
	}
	e, _ := strconv.Atoi(exponent)
	return 0.5 * math.Pow(10, float64(e-places))
}

// one tells whether an element matches a value.
func (c *criterion) one(v Value, want *searchValue) bool {
	switch c.param.Kind {
	case "token":
		return matchToken(v, want, c.modifier)
	case "date":
		return matchDate(v, want)
	case "string":
		return matchString(v, want.text, c.modifier)
	case "reference":
		if c.modifier == "identifier" {
			return matchToken(v.Get("identifier"), want, "")
		}
		return matchReference(v, want.text)
	case "quantity", "number":
		return matchQuantity(v, want)
	case "uri":
		got := v.Text()
		switch c.modifier {
		case "below":
			return strings.HasPrefix(got, want.text)
		case "above":
			return strings.HasPrefix(want.text, got)
		}
		return got == want.text
	}
	return false
}

type tokenCode struct{ system, code string }

// tokenCodes are the codes that an element holds: of a Coding, CodeableConcept, Identifier, ContactPoint, code, boolean.
func tokenCodes(v Value) []tokenCode {
	if t := v.Text(); t != "" {
		return []tokenCode{{"", t}}
	}
	var out []tokenCode
	for _, c := range v.Get("coding").Items() {
		out = append(out, tokenCode{c.Get("system").Text(), c.Get("code").Text()})
	}
	if code := v.Get("code"); code.Exists() {
		out = append(out, tokenCode{v.Get("system").Text(), code.Text()})
	}
	if value := v.Get("value"); value.Exists() {
		out = append(out, tokenCode{v.Get("system").Text(), value.Text()})
	}
	return out
}

func matchToken(v Value, want *searchValue, modifier string) bool {
	if modifier == "text" {
		for _, t := range []Value{v.Get("text"), v.First("coding.display"), v.Get("display"), v.First("type.text")} {
			if t.Exists() && strings.HasPrefix(fold(t.Text()), fold(want.text)) {
				return true
			}
		}
		return false
	}
	if modifier == "of-type" {
		return false
	}
	for _, c := range tokenCodes(v) {
		if want.text != "" && c.code != want.text {
			continue
		}
		if want.anySystem || c.system == want.system && !(want.noSystem && c.system != "") {
			return true
		}
	}
	return false
}

func matchReference(v Value, want string) bool {
	got := v.Get("reference").Text()
	if got == "" {
		got = v.Text() // a canonical or uri
		return got != "" && got == want
	}
	if got == want {
		return true
	}
	gotType, gotID := splitReference(got)
	wantType, wantID := splitReference(want)
	if strings.Contains(want, "://") && strings.Contains(got, "://") {
		return false
	}
	return gotID == wantID && (wantType == "" || gotType == wantType)
}

// stringValues are the texts that a string parameter looks at: all parts of a name or an address.
func stringValues(v Value) []string {
	if t := v.Text(); t != "" {
		return []string{t}
	}
	var out []string
	for _, name := range []string{"family", "given", "prefix", "suffix", "text", "line", "city", "district", "state", "postalCode", "country", "display"} {
		for _, part := range v.Get(name).Items() {
			if t := part.Text(); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

func matchString(v Value, want, modifier string) bool {
	for _, got := range stringValues(v) {
		switch {
		case modifier == "exact":
			if got == want {
				return true
			}
		case modifier == "contains":
			if strings.Contains(fold(got), fold(want)) {
				return true
			}
		case strings.HasPrefix(fold(got), fold(want)):
			return true
		}
	}
	return false
}

// fold takes away case, accents and runs of space.
func fold(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if !ascii {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(s))
	}
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

func matchQuantity(v Value, want *searchValue) bool {
	n, err := strconv.ParseFloat(firstNonEmpty(v.Get("value").Text(), v.Text()), 64)
	if err != nil {
		return false
	}
	if want.code != "" && v.Get("code").Text() != want.code && v.Get("unit").Text() != want.code {
		return false
	}
	if want.unitsSystem != "" && v.Get("system").Text() != want.unitsSystem {
		return false
	}
	low, high := want.number-want.margin, want.number+want.margin
	switch want.prefix {
	case "eq":
		return n >= low && n < high
	case "ne":
		return n < low || n >= high
	case "gt", "sa":
		return n > want.number
	case "lt", "eb":
		return n < want.number
	case "ge":
		return n >= want.number
	case "le":
		return n <= want.number
	case "ap":
		return math.Abs(n-want.number) <= math.Abs(want.number)*0.1
	}
	return false
}

// dateText reads a date of any precision as the time that it spans, [low, high).
func dateText(s string) (low, high time.Time, ok bool) {
	for _, f := range []struct {
		layout string
		add    func(time.Time) time.Time
	}{
		{"2006-01-02T15:04:05.999999999Z07:00", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05.999999999", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	} {
		if t, err := time.Parse(f.layout, s); err == nil {
			if i := strings.IndexByte(s, '.'); i >= 0 {
				return t, t.Add(time.Millisecond), true
			}
			return t, f.add(t), true
		}
	}
	return time.Time{}, time.Time{}, false
}

var farFuture, farPast = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

func dateRange(s string) (low, high time.Time, ok bool) { return dateText(s) }

// dateBounds is the time that an element spans: a date, or a Period or Timing (open ends reach for ever).
func dateBounds(v Value) (low, high time.Time, ok bool) {
	if t := v.Text(); t != "" {
		return dateText(t)
	}
	if p := v.First("repeat.boundsPeriod"); p.Exists() {
		v = p
	}
	if events := v.Get("event").Items(); len(events) > 0 {
		low, _, ok1 := dateText(events[0].Text())
		_, high, ok2 := dateText(events[len(events)-1].Text())
		return low, high, ok1 && ok2
	}
	start, end := v.Get("start").Text(), v.Get("end").Text()
	if start == "" && end == "" {
		return farPast, farPast, false
	}
	low, high = farPast, farFuture
	if start != "" {
		if low, _, ok = dateText(start); !ok {
			return low, high, false
		}
	}
	if end != "" {
		if _, high, ok = dateText(end); !ok {
			return low, high, false
		}
	}
	return low, high, true
}

func matchDate(v Value, want *searchValue) bool {
	low, high, ok := dateBounds(v)
	return ok && want.spans(low, high)
}

func (c *criterion) anyDate(low, high time.Time, ok bool) bool {
	for i := range c.values {
		if ok && c.values[i].spans(low, high) {
			return true
		}
	}
	return false
}

// spans compares the range of an element with the range of the value (R4 3.1.1.4.6).
func (v *searchValue) spans(low, high time.Time) bool {
	switch v.prefix {
	case "eq":
		return !low.Before(v.low) && !high.After(v.high)
	case "ne":
		return low.Before(v.low) || high.After(v.high)
	case "gt":
		return high.After(v.high)
	case "lt":
		return low.Before(v.low)
	case "ge":
		return !low.Before(v.low) || high.After(v.high)
	case "le":
		return !high.After(v.high) || low.Before(v.low)
	case "sa":
		return !low.Before(v.high)
	case "eb":
		return !high.After(v.low)
	case "ap":
		return low.Before(v.high) && v.low.Before(high)
	}
	return false
}
