package compose

import (
	"strings"
	"time"
	_ "time/tzdata" // the record is read in London time wherever it runs

	"kmcr/fhir"
	"kmcr/terms"
)

var london = mustLondon()

func mustLondon() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // embedded above
	}
	return l
}

// key orders dates of any precision: instants by UTC, parts by their beginning.
func (d Date) key() string {
	s := string(d)
	if len(s) == len("2006-01-02T15:04:05Z") && s[len(s)-1] == 'Z' || len(s) == len("2006-01-02T15:04:05+00:00") && s[19:] == "+00:00" {
		return s[:19] // as below, without reading it
	}
	if len(s) < len("2006-01-02T15:04:05") {
		return s
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC().Format("2006-01-02T15:04:05.999")
	}
	return s
}

// layouts are the forms in which dates are sent, each with the length of the shortest date of that form: an hour may have one digit.
var layouts = [...]struct {
	form  string
	least int
}{{time.RFC3339Nano, 19}, {"2006-01-02T15:04:05", 18}, {"2006-01-02T15:04", 15}, {"2006-01-02", 10}, {"2006-01", 7}, {"2006", 4}}

// Time is the beginning of the date; ok is false where it cannot be read.
func (d Date) Time() (t time.Time, ok bool) {
	for _, l := range layouts {
		if len(d) < l.least {
			continue
		}
		if t, err := time.ParseInLocation(l.form, string(d), london); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// moment is the date as words has it, with its time where it has one.
func (d Date) moment() string {
	if t, ok := d.Time(); ok && len(d) > len("2006-01-02") {
		return t.In(london).Format("02-Jan-2006 15:04")
	}
	return d.words()
}

// span is a Period in words.
func span(p fhir.Value) string {
	start, end := Date(p.Get("start").Text()).moment(), Date(p.Get("end").Text()).moment()
	switch {
	case end == "":
		return "from " + start
	case start == "":
		return "until " + end
	}
	return start + " to " + end
}

// isDate tells whether words are a date of FHIR and nothing else: year, month and day at least.
func isDate(s string) bool {
	if len(s) < len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return false
	}
	_, ok := Date(s).Time()
	return ok
}

// words is the date as it is read among other words (ISB 1502): 05-Mar-2019, Mar-2019, 2019.
func (d Date) words() string {
	t, ok := d.Time()
	switch {
	case !ok:
		return string(d)
	case len(d) == 4:
		return t.Format("2006")
	case len(d) == 7:
		return t.Format("Jan-2006")
	}
	return t.In(london).Format("02-Jan-2006")
}

// before tells whether the whole of d has passed at t.
func (d Date) before(t time.Time) bool {
	start, ok := d.Time()
	if !ok {
		return false
	}
	switch len(d) {
	case 4:
		start = start.AddDate(1, 0, 0)
	case 7:
		start = start.AddDate(0, 1, 0)
	case 10:
		start = start.AddDate(0, 0, 1)
	}
	return start.Before(t)
}

// when is the first date that stands at any of the paths.
func when(v fhir.Value, paths ...string) Date {
	for _, p := range paths {
		if s := v.First(p).Text(); s != "" {
			return Date(s)
		}
	}
	return ""
}

// said is a CodeableConcept as its contributor said it.
type said struct {
	text, code, system string
	codes              []terms.Code
}

// concept reads a CodeableConcept (or a list's first, or a Coding, or a plain code or string).
func concept(v fhir.Value) said {
	items := v.Items()
	if len(items) == 0 {
		return said{}
	}
	v = items[0]
	if t := v.Text(); t != "" {
		return said{text: t, code: t}
	}
	s := said{text: v.Get("text").Text()}
	codings := v.Get("coding").Items()
	if v.Get("code").Exists() || v.Get("display").Exists() {
		codings = append(codings, v)
	}
	for _, c := range codings {
		code := terms.Code{System: c.Get("system").Text(), Code: c.Get("code").Text()}
		if code.Code != "" {
			s.codes = append(s.codes, code)
			if s.code == "" {
				s.code, s.system = code.Code, code.System
			}
		}
		if s.text == "" {
			s.text = c.Get("display").Text()
		}
	}
	if s.text == "" {
		s.text = s.code
	}
	return s
}

// concepts joins the texts of a list of CodeableConcepts.
func concepts(v fhir.Value) string {
	var out []string
	for _, i := range v.Items() {
		if t := concept(i).text; t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, ", ")
}

// quantity is a Quantity as recorded: comparator, digits and unit, never converted.
func quantity(v fhir.Value) string {
	n := v.Get("value").Text()
	if n == "" {
		return ""
	}
	unit := v.Get("unit").Text()
	if unit == "" {
		unit = v.Get("code").Text()
	}
	return strings.TrimSpace(v.Get("comparator").Text() + n + " " + unit)
}

func details(kv ...string) []Detail {
	var out []Detail
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			out = append(out, Detail{kv[i], kv[i+1]})
		}
	}
	return out
}

func notes(v fhir.Value) string {
	var out []string
	for _, n := range v.Path("note.text") {
		out = append(out, n.Text())
	}
	return strings.Join(out, " ")
}

func status(v fhir.Value) string { return terms.Say(terms.Status, v.Text()) }
