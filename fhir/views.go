package fhir

import (
	"strconv"
	"strings"
	"time"
)

// The readers below turn values of the R4 data types into small Go values.
// They take what is there and never fail: an absent or misshapen part is "".

// Coding is one code as sent. A concept may carry several.
type Coding struct{ System, Version, Code, Display string }

// Codings reads every Coding of a Coding, a CodeableConcept, or an array of
// either, in the order sent.
func Codings(v Value) []Coding {
	var codings []Coding
	for _, item := range v.Items() {
		if nested := item.Get("coding"); nested.Exists() {
			codings = append(codings, Codings(nested)...)
			continue
		}
		c := Coding{item.Get("system").Text(), item.Get("version").Text(), item.Get("code").Text(), item.Get("display").Text()}
		if c != (Coding{}) {
			codings = append(codings, c)
		}
	}
	return codings
}

// Coded tells whether a Coding or CodeableConcept (or any of an array) holds
// this code of this system.
func Coded(v Value, system, code string) bool {
	for _, c := range Codings(v) {
		if c.System == system && c.Code == code {
			return true
		}
	}
	return false
}

// ConceptText is what a CodeableConcept (or the first of an array) says to a
// person: its text, else its first display, else its first code as sent.
func ConceptText(v Value) string {
	concept := v.First("")
	if text := concept.Get("text").Text(); text != "" {
		return text
	}
	codings := Codings(concept)
	for _, c := range codings {
		if c.Display != "" {
			return c.Display
		}
	}
	for _, c := range codings {
		if c.Code != "" {
			return c.Code
		}
	}
	return ""
}

// ReferenceText is what a Reference says to a person: its display, else "".
func ReferenceText(v Value) string { return v.First("display").Text() }

// Period reads the two ends of a Period, in the form sent.
func Period(v Value) (start, end string) {
	return v.First("start").Text(), v.First("end").Text()
}

// HumanName is one name as sent. Start and End are its period.
type HumanName struct {
	Use, Text, Family     string
	Given, Prefix, Suffix []string
	Start, End            string
}

// HumanNames reads a HumanName or an array of them.
func HumanNames(v Value) []HumanName {
	var names []HumanName
	for _, item := range v.Items() {
		n := HumanName{
			Use: item.Get("use").Text(), Text: item.Get("text").Text(), Family: item.Get("family").Text(),
			Given: Texts(item.Get("given")), Prefix: Texts(item.Get("prefix")), Suffix: Texts(item.Get("suffix")),
		}
		n.Start, n.End = Period(item.Get("period"))
		names = append(names, n)
	}
	return names
}

// Texts reads the texts of a value or of each item of an array; those without
// text are passed over.
func Texts(v Value) []string {
	var texts []string
	for _, item := range v.Items() {
		if text := item.Text(); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// Identifier is one business identifier as sent. Type is the text of its type.
type Identifier struct{ Use, Type, System, Value, Start, End string }

// Identifiers reads an Identifier or an array of them.
func Identifiers(v Value) []Identifier {
	var identifiers []Identifier
	for _, item := range v.Items() {
		id := Identifier{
			Use: item.Get("use").Text(), Type: ConceptText(item.Get("type")),
			System: item.Get("system").Text(), Value: item.Get("value").Text(),
		}
		id.Start, id.End = Period(item.Get("period"))
		identifiers = append(identifiers, id)
	}
	return identifiers
}

// Quantity is an amount as sent: Value keeps the digits of the sender.
type Quantity struct{ Comparator, Value, Unit, System, Code string }

// QuantityOf reads a Quantity (or the first of an array). Its unit is the
// unit for people, else the code.
func QuantityOf(v Value) Quantity {
	item := v.First("")
	q := Quantity{
		Comparator: item.Get("comparator").Text(), Value: item.Get("value").Text(), Unit: item.Get("unit").Text(),
		System: item.Get("system").Text(), Code: item.Get("code").Text(),
	}
	if q.Unit == "" {
		q.Unit = q.Code
	}
	return q
}

// String writes the quantity for people: "<= 5.40 mmol/L".
func (q Quantity) String() string {
	return strings.Join(strings.Fields(q.Comparator+" "+q.Value+" "+q.Unit), " ")
}

// Number is the value of the quantity as a number, for comparing and drawing;
// never for showing.
func (q Quantity) Number() (float64, bool) {
	f, err := strconv.ParseFloat(q.Value, 64)
	return f, err == nil
}

// Precision tells how exactly a date, dateTime or instant speaks: "year",
// "month", "day", "minute", "second", or "" where it is none of these.
// Fractions of a second count as "second".
func Precision(s string) string {
	_, precision := readTime(s)
	return precision
}

// Instant reads a date, dateTime or instant at any precision as the first
// instant that it covers: 2024-03 is the start of that month. What is said
// without a time zone is taken as UTC. A time to the minute is accepted,
// which R4 does not allow but senders write.
func Instant(s string) (time.Time, bool) {
	t, precision := readTime(s)
	return t, precision != ""
}

// timeForms are the forms of a date and time, by their length without zone
// and fraction.
var timeForms = map[int]struct{ layout, precision string }{
	4:  {"2006", "year"},
	7:  {"2006-01", "month"},
	10: {"2006-01-02", "day"},
	16: {"2006-01-02T15:04", "minute"},
	19: {"2006-01-02T15:04:05", "second"},
}

func readTime(s string) (time.Time, string) {
	local, zone := s, ""
	if len(s) > 10 {
		if i := strings.IndexAny(s[10:], "Z+-"); i >= 0 {
			local, zone = s[:10+i], s[10+i:]
		}
	}
	whole, fraction, _ := strings.Cut(local, ".")
	form, known := timeForms[len(whole)]
	if !known || fraction != "" && form.precision != "second" || len(fraction) > 9 && strings.Trim(fraction, "0123456789") != "" {
		return time.Time{}, ""
	}
	if len(fraction) > 9 {
		local = whole + "." + fraction[:9]
	}
	layout := form.layout
	if zone != "" {
		layout += "Z07:00"
	}
	t, err := time.Parse(layout, local+zone)
	if err != nil {
		return time.Time{}, ""
	}
	return t, form.precision
}
