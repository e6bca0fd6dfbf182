package web

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a server without zone files must still show London time

	"kmcr/compose"
)

// moment is a date or instant as three readers need it: a machine (the
// datetime attribute), an eye (dd-Mmm-yyyy, at the precision recorded) and an
// ear (long form).
type moment struct{ Machine, Short, Long string }

// london is where the record is read; instants are shown in its time.
var london = mustLocation("Europe/London")

func mustLocation(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the zone is compiled in
	}
	return l
}

// precisions are the forms a recorded date may have, finest first, with how
// each is shown (ISB 1501: hyphens, month in letters, 24-hour times).
var precisions = []struct{ layout, short, long string }{
	{"2006-01-02T15:04:05.999999999Z07:00", "02-Jan-2006 15:04", "2 January 2006 at 15:04"},
	{"2006-01-02T15:04Z07:00", "02-Jan-2006 15:04", "2 January 2006 at 15:04"},
	{"2006-01-02T15:04:05.999999999", "02-Jan-2006 15:04", "2 January 2006 at 15:04"},
	{"2006-01-02", "02-Jan-2006", "2 January 2006"},
	{"2006-01", "Jan-2006", "January 2006"},
	{"2006", "2006", "2006"},
}

// when reads a compose.Date, a string of the same form or a time.Time. nil
// means that nothing is recorded; what is not a date is shown as sent.
func when(v any) *moment {
	switch v := v.(type) {
	case time.Time:
		return instant(v)
	case *time.Time:
		if v != nil {
			return instant(*v)
		}
	case compose.Date:
		return recorded(string(v))
	case string:
		return recorded(v)
	}
	return nil
}

func instant(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	t = t.In(london)
	return &moment{t.Format(time.RFC3339), t.Format("02-Jan-2006 15:04"), t.Format("2 January 2006 at 15:04")}
}

func recorded(s string) *moment {
	if s == "" {
		return nil
	}
	for i, p := range precisions {
		t, err := time.Parse(p.layout, s)
		if err != nil {
			continue
		}
		if i < 2 {
			t = t.In(london)
		}
		return &moment{s, t.Format(p.short), t.Format(p.long)}
	}
	return &moment{"", s, s}
}

// day is when without the time of day.
func day(v any) *moment {
	m := when(v)
	if m == nil {
		return nil
	}
	if i := strings.IndexByte(m.Short, ' '); i > 0 && m.Machine != "" {
		m.Short = m.Short[:i]
		m.Long, _, _ = strings.Cut(m.Long, " at ")
	}
	return m
}

// bornLayouts are the ways people type a date of birth.
var bornLayouts = []string{"2006-01-02", "2-Jan-2006", "2-January-2006", "2-1-2006"}

// typedDate turns a date as typed (5/3/1943, 5 Mar 1943, 05-Mar-1943, 1943-03-05) into 1943-03-05.
func typedDate(s string) (string, bool) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" /.-", r) }), "-")
	for _, l := range bornLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.Format("2006-01-02"), true
		}
	}
	return "", false
}

// digits spaces the digits of a number so that a screen reader says them one by one.
func digits(s string) string {
	return strings.Join(strings.Split(strings.ReplaceAll(s, " ", ""), ""), " ")
}

// sentence gives words a capital and a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".?!") {
		s += "."
	}
	return s
}

// percent writes a share of one.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }
