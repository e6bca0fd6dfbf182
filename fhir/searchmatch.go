package fhir

import (
	"math/big"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Match tells whether a resource of the query's type meets every criterion.
func (q *Query) Match(k Candidate) bool {
	if k.Type != q.Type {
		return false
	}
	for i := range q.criteria {
		if !q.criteria[i].match(k) {
			return false
		}
	}
	return true
}

func (c *criterion) match(k Candidate) bool {
	switch c.param.Name {
	case "_id":
		return c.any(func(v *searchValue) bool { return v.text == k.ID })
	case "_source":
		return c.any(func(v *searchValue) bool { return v.text == k.Source })
	case "_lastUpdated":
		return c.any(func(v *searchValue) bool { return v.spans(k.LastUpdated, k.LastUpdated.Add(time.Millisecond)) })
	case "_tag", "_security", "_profile":
		return c.matchIn(Trusted(k.Meta).Root())
	}
	return c.matchIn(k.Root)
}

func (c *criterion) any(f func(*searchValue) bool) bool {
	for i := range c.values {
		if f(&c.values[i]) {
			return true
		}
	}
	return false
}

func (c *criterion) matchIn(root Value) bool {
	found := c.param.values(root)
	if c.modifier == "missing" {
		return (len(found) == 0) == (c.values[0].text == "true")
	}
	if len(c.param.paths) == 1 && c.param.paths[0].exists {
		return c.existence(found)
	}
	hit := c.any(func(want *searchValue) bool {
		for _, v := range found {
			if c.param.one(v, want, c.modifier) {
				return true
			}
		}
		return false
	})
	return hit != (c.modifier == "not")
}

// existence is for a parameter that asks whether an element is there and not
// false (Patient.deceased).
func (c *criterion) existence(found []Value) bool {
	there := "false"
	for _, v := range found {
		if v.Text() != "false" {
			there = "true"
		}
	}
	hit := c.any(func(v *searchValue) bool { return v.text == there })
	return hit != (c.modifier == "not")
}

// one tells whether an element matches a value.
func (p SearchParam) one(v Value, want *searchValue, modifier string) bool {
	switch p.Kind {
	case "token":
		return matchToken(v, want, modifier)
	case "date":
		low, high, ok := dateBounds(v)
		return ok && want.spans(low, high)
	case "string":
		return matchString(v, want.text, modifier)
	case "reference":
		if modifier == "identifier" {
			return matchToken(v.Get("identifier"), want, "")
		}
		return matchReference(v, want.text)
	case "quantity", "number":
		return matchQuantity(v, want)
	case "uri":
		return matchURI(v.Text(), want.text, modifier)
	case "composite":
		return p.all(v, want)
	}
	return false
}

// all tells whether one element meets every part of a composite.
func (p SearchParam) all(v Value, want *searchValue) bool {
	for i, part := range p.parts {
		hit := false
		for _, item := range part.values(v) {
			hit = hit || part.one(item, &want.parts[i], "")
		}
		if !hit {
			return false
		}
	}
	return true
}

// matchToken compares with a Coding, a CodeableConcept, an Identifier, a
// ContactPoint, a code, a boolean or a string.
func matchToken(v Value, want *searchValue, modifier string) bool {
	switch modifier {
	case "text":
		return textBegins(v, fold(want.text))
	case "of-type":
		return v.Get("value").Is(want.parts[0].text) && matchToken(v.Get("type"), &searchValue{system: want.system, text: want.text}, "")
	}
	if !v.IsObject() {
		return v.Is(want.text) && (want.anySystem || ownSystem(want.system))
	}
	codings := v.Get("coding")
	if !codings.Exists() {
		return want.isCode(v.Get("system"), v.Get("code")) || want.isCode(v.Get("system"), v.Get("value"))
	}
	for _, c := range codings.Items() {
		if want.isCode(c.Get("system"), c.Get("code")) {
			return true
		}
	}
	return false
}

// ownSystem tells whether a system may be the one that a code element implies:
// those that R4 itself binds to, or none.
func ownSystem(system string) bool {
	return system == "" || strings.HasPrefix(system, "http://hl7.org/fhir/")
}

// isCode compares one code; a value without a text asks for the system alone.
func (v *searchValue) isCode(system, code Value) bool {
	return code.Exists() && (v.text == "" || code.Is(v.text)) && (v.anySystem || system.Text() == v.system)
}

// textBegins tells whether what a token says to people begins so (:text).
func textBegins(v Value, want string) bool {
	if v.IsString() {
		return strings.HasPrefix(fold(v.Text()), want)
	}
	for _, path := range [...]string{"text", "display", "coding.display", "type.text", "type.coding.display"} {
		for _, t := range v.Path(path) {
			if strings.HasPrefix(fold(t.Text()), want) {
				return true
			}
		}
	}
	return false
}

// matchReference compares exactly: an id, Type/id or an absolute address. What
// names another server's thing is not ours of the same id.
func matchReference(v Value, want string) bool {
	got := v.Get("reference").Text()
	if !v.IsObject() { // a canonical or uri, of which |version may be left out
		got = v.Text()
		url, _, _ := strings.Cut(got, "|")
		return got != "" && (got == want || url == want)
	}
	got, _, _ = strings.Cut(got, "/_history/")
	if got == want {
		return got != ""
	}
	if strings.Contains(got, ":") || strings.Contains(want, "/") || got == "" {
		return false
	}
	_, id := splitReference(got)
	return id == want
}

func matchURI(got, want, modifier string) bool {
	switch modifier {
	case "below":
		return got == want || strings.HasPrefix(got, strings.TrimSuffix(want, "/")+"/")
	case "above":
		return got == want || strings.HasPrefix(want, strings.TrimSuffix(got, "/")+"/")
	}
	return got == want
}

// stringParts are the parts of a name or an address that a string parameter
// looks at.
var stringParts = [...]string{"family", "given", "prefix", "suffix", "text", "line", "city", "district", "state", "postalCode", "country"}

// stringValues calls f for each text that a string parameter looks at.
func stringValues(v Value, f func(string) bool) {
	if !v.IsObject() {
		f(v.Text())
		return
	}
	for _, name := range stringParts {
		if !v.Get(name).Each("", func(part Value) bool { return f(part.Text()) }) {
			return
		}
	}
}

// matchString compares without case, accents and runs of space: the beginning,
// unless a modifier says otherwise.
func matchString(v Value, want, modifier string) bool {
	folded := fold(want)
	hit := false
	stringValues(v, func(got string) bool {
		switch {
		case got == "":
		case modifier == "exact":
			hit = got == want
		case modifier == "contains":
			hit = strings.Contains(fold(got), folded)
		default:
			hit = strings.HasPrefix(fold(got), folded)
		}
		return !hit
	})
	return hit
}

// fold takes away case, accents and runs of space.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			s = strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return r
			}, norm.NFD.String(s))
			break
		}
	}
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// matchQuantity compares with a number, a Quantity, Money or a Range.
func matchQuantity(v Value, want *searchValue) bool {
	if v.Get("low").Exists() || v.Get("high").Exists() {
		return matchRange(v, want)
	}
	value := v
	if v.IsObject() {
		value = v.Get("value")
		if !want.isUnit(v) {
			return false
		}
	}
	n := decimal(value.Text())
	return n != nil && want.compares(n, n)
}

func matchRange(v Value, want *searchValue) bool {
	low, high := decimal(v.First("low.value").Text()), decimal(v.First("high.value").Text())
	if low == nil && high == nil {
		return false
	}
	for _, end := range [...]string{"low", "high"} {
		if q := v.Get(end); q.Exists() && !want.isUnit(q) {
			return false
		}
	}
	return want.compares(low, high)
}

// isUnit tells whether a quantity is in the unit asked for.
func (v *searchValue) isUnit(q Value) bool {
	if v.text != "" && !q.Get("code").Is(v.text) && !q.Get("unit").Is(v.text) && !q.Get("currency").Is(v.text) {
		return false
	}
	return v.system == "" || q.Get("system").Is(v.system)
}

// compares compares the range from low to high, of which either may be open
// (nil), with the number asked for: equal within its significant figures,
// otherwise as it stands (R4, 3.1.1.4.5).
func (v *searchValue) compares(low, high *big.Rat) bool {
	from, to := new(big.Rat).Sub(v.number, v.margin), new(big.Rat).Add(v.number, v.margin)
	within := func() bool {
		return low != nil && high != nil && low.Cmp(from) >= 0 && (high.Cmp(to) < 0 || high.Cmp(to) == 0 && low.Cmp(high) < 0)
	}
	above := func() bool { return high == nil || high.Cmp(v.number) > 0 }
	below := func() bool { return low == nil || low.Cmp(v.number) < 0 }
	switch v.prefix {
	case "eq":
		return within()
	case "ne":
		return !within()
	case "gt":
		return above()
	case "lt":
		return below()
	case "ge":
		return above() || low != nil && low.Cmp(v.number) == 0
	case "le":
		return below() || high != nil && high.Cmp(v.number) == 0
	case "sa":
		return low != nil && low.Cmp(v.number) > 0
	case "eb":
		return high != nil && high.Cmp(v.number) < 0
	case "ap": // within a tenth
		tenth := new(big.Rat).Abs(new(big.Rat).Quo(v.number, big.NewRat(10, 1)))
		return (high == nil || high.Cmp(new(big.Rat).Sub(v.number, tenth)) >= 0) && (low == nil || low.Cmp(new(big.Rat).Add(v.number, tenth)) <= 0)
	}
	return false
}

// The ends of a period that is open.
var farPast, farFuture = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// dateBounds is the time that an element spans: a date, a Period or a Timing;
// an open end reaches for ever.
func dateBounds(v Value) (low, high time.Time, ok bool) {
	if !v.IsObject() {
		return dateText(v.Text())
	}
	if p := v.First("repeat.boundsPeriod"); p.Exists() {
		return dateBounds(p)
	}
	if events := v.Get("event"); events.Exists() {
		return eventBounds(events.Items())
	}
	start, end := v.Get("start").Text(), v.Get("end").Text()
	if start == "" && end == "" {
		return low, high, false
	}
	low, high, ok = farPast, farFuture, true
	if start != "" {
		low, _, ok = dateText(start)
	}
	if end != "" && ok {
		_, high, ok = dateText(end)
	}
	return low, high, ok
}

// eventBounds spans all the times of a Timing.
func eventBounds(events []Value) (low, high time.Time, ok bool) {
	for _, e := range events {
		from, to, read := dateText(e.Text())
		if !read {
			continue
		}
		if !ok || from.Before(low) {
			low = from
		}
		if !ok || to.After(high) {
			high = to
		}
		ok = true
	}
	return low, high, ok
}

// spans compares the time that an element spans with that of the value (R4,
// 3.1.1.4.7). About (ap) is within the value's own length on either side.
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
		return high.After(v.high) || !low.Before(v.low)
	case "le":
		return low.Before(v.low) || !high.After(v.high)
	case "sa":
		return !low.Before(v.high)
	case "eb":
		return !high.After(v.low)
	case "ap":
		length := v.high.Sub(v.low)
		return low.Before(v.high.Add(length)) && high.After(v.low.Add(-length))
	}
	return false
}
