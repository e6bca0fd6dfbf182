package hl7

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // so that local times are read alike on every machine

	"kmcr"
)

// Date is a time as HL7 writes it, YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ],
// with the precision at which it was recorded.
type Date struct {
	// FHIR is the FHIR dateTime: YYYY, YYYY-MM, YYYY-MM-DD, or an instant with
	// seconds and offset. FHIR has no time without minutes and seconds: they are zero where they were not sent.
	FHIR string
	// Time is the first instant of it, for ordering. A time without an offset is local time in London.
	Time time.Time
	// HasTime tells whether hours were sent.
	HasTime bool
}

// Day is the date alone, at its precision: a FHIR date.
func (d Date) Day() string {
	if len(d.FHIR) > 10 {
		return d.FHIR[:10]
	}
	return d.FHIR
}

// London is the time of the United Kingdom.
var London = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // cannot be: the table is embedded
	}
	return l
})

// ParseDate reads an HL7 date or time. Values written as ISO 8601 are read
// too. The error is kmcr.Invalid and does not repeat the value.
func ParseDate(s string) (Date, error) {
	digits, fraction, zone, ok := dateParts(strings.TrimSpace(s))
	if !ok {
		return Date{}, badDate()
	}
	layout := "20060102150405"[:len(digits)]
	location := London()
	if zone != "" {
		z, err := time.Parse("-0700", zone)
		if _, offset := z.Zone(); err != nil || offset > 14*3600 || offset < -14*3600 {
			return Date{}, badDate()
		}
		location = z.Location()
	}
	t, err := time.ParseInLocation(layout, digits, location)
	if err != nil || t.Year() < 1 {
		return Date{}, badDate()
	}
	d := Date{Time: t, HasTime: len(digits) > 8}
	switch len(digits) {
	case 4:
		d.FHIR = t.Format("2006")
	case 6:
		d.FHIR = t.Format("2006-01")
	case 8:
		d.FHIR = t.Format("2006-01-02")
	default:
		if fraction != "" {
			nanos, _ := time.ParseDuration("0." + fraction + "s")
			d.Time = t.Add(nanos)
			fraction = "." + fraction
		}
		d.FHIR = t.Format("2006-01-02T15:04:05") + fraction + t.Format("-07:00")
	}
	return d, nil
}

func badDate() error {
	return &kmcr.Error{Kind: kmcr.Invalid, Message: "this is not a date or time", Remedy: "Send YYYYMMDD or YYYYMMDDHHMMSS+ZZZZ."}
}

// dateParts cuts a time into its digits (of a length that says its
// precision), its fraction of a second and its zone.
func dateParts(s string) (digits, fraction, zone string, ok bool) {
	if isoDate(s) {
		s = fromISO(s)
	}
	body := s
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		body, zone = s[:i], s[i:]
	}
	body, fraction, dotted := strings.Cut(body, ".")
	if !allDigits(body) || !allDigits(fraction) || len(fraction) > 9 || dotted && (fraction == "" || len(body) != 14) {
		return "", "", "", false
	}
	if zone != "" && (len(zone) != 5 || !allDigits(zone[1:])) {
		return "", "", "", false
	}
	switch len(body) {
	case 4, 6, 8, 10, 12, 14:
		return body, fraction, zone, true
	}
	return "", "", "", false
}

// isoDate tells whether s begins like an ISO 8601 date: YYYY-MM or YYYY-MM-DD.
func isoDate(s string) bool {
	return len(s) == 7 && s[4] == '-' || len(s) >= 10 && s[4] == '-' && s[7] == '-'
}

// fromISO takes the punctuation out of an ISO 8601 date or time.
func fromISO(s string) string {
	date, clock, timed := strings.Cut(s, "T")
	if !timed {
		date, clock, _ = strings.Cut(s, " ")
	}
	if z, ok := strings.CutSuffix(clock, "Z"); ok {
		clock = z + "+0000"
	}
	return strings.ReplaceAll(date, "-", "") + strings.ReplaceAll(clock, ":", "")
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// FormatTime writes an instant as HL7 does, in London time with its offset.
func FormatTime(t time.Time) string { return t.In(London()).Format("20060102150405-0700") }
