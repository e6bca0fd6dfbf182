package match

import (
	"slices"
	"strings"

	"kmcr"
)

// level grades one comparison; a higher one is stronger agreement.
type level int

const (
	differs level = iota - 1
	unknown       // one side does not say
	weak          // an initial, a part of a date
	close         // spelt alike, a known short form, digits changed over
	exact
)

// finding is one field compared.
type finding struct {
	field, words string
	level        level
	weight       float64 // log2 of how much likelier this is of one person than of two
}

func compareNumbers(a, b kmcr.NHSNumber) finding {
	f := finding{field: fieldNumber}
	switch {
	case !valid(a) || !valid(b):
	case a == b:
		f.level, f.words, f.weight = exact, "agrees", 22
	default:
		f.level, f.words, f.weight = differs, "differs", -12
	}
	return f
}

func valid(n kmcr.NHSNumber) bool {
	_, err := kmcr.ParseNHSNumber(string(n))
	return err == nil
}

// unverified tells whether the sender says of its number that it has not been
// traced (NHS number verification status 02 to 06 and 08).
func unverified(status string) bool {
	return slices.Contains([]string{"02", "03", "04", "05", "06", "08"}, status)
}

// compareBorn compares dates of birth. One that stands for "not known"
// (1900-01-01) and one that is not whole carry little weight.
func compareBorn(a, b string) finding {
	f := finding{field: fieldBorn}
	a, b = realDate(a), realDate(b)
	if a > b {
		a, b = b, a
	}
	switch {
	case a == "" || b == "":
	case a == b && len(a) == 10:
		f.level, f.words, f.weight = exact, "agrees", 14
	case strings.HasPrefix(b, a):
		f.level, f.words, f.weight = weak, "agrees as far as it is given", 4
	case len(a) < 10 || len(b) < 10:
		f.level, f.words, f.weight = differs, "differs", -6
	case swapDayMonth(a) == b:
		f.level, f.words, f.weight = close, "agrees with day and month changed over", 9
	case digitsApart(a, b) == 1:
		f.level, f.words, f.weight = close, "differs in one digit", 5
	default:
		f.level, f.words, f.weight = differs, "differs", -8
	}
	return f
}

// realDate returns date unless it is malformed or one of those that systems
// write when none is known.
func realDate(date string) string {
	if !dateForm(date) || strings.HasPrefix(date, "0") {
		return ""
	}
	switch date {
	case "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31", "1900", "1900-01", "1901":
		return ""
	}
	return date
}

func dateForm(s string) bool {
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return false
	}
	for i := range len(s) {
		dash := i == 4 || i == 7
		if dash != (s[i] == '-') || !dash && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// swapDayMonth changes day and month of a whole date over; "" where that is no date.
func swapDayMonth(date string) string {
	if len(date) != 10 || date[8:] > "12" {
		return ""
	}
	return date[:5] + date[8:] + "-" + date[5:7]
}

func digitsApart(a, b string) int {
	n := 0
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func compareSex(a, b string) finding {
	f := finding{field: fieldSex}
	known := func(s string) bool { return s == "male" || s == "female" }
	switch {
	case !known(a) || !known(b):
	case a == b:
		f.level, f.words, f.weight = exact, "agrees", 1
	default:
		f.level, f.words, f.weight = differs, "differs", -5
	}
	return f
}

func comparePractices(a, b kmcr.ODS) finding {
	f := finding{field: "practice"}
	if a != "" && strings.EqualFold(string(a), string(b)) {
		f.level, f.words, f.weight = exact, "agrees", 5
	}
	return f
}

// compareSets compares what may be held several times: one in common is agreement.
func compareSets(field string, a, b []string, agree, disagree float64) finding {
	f := finding{field: field}
	if len(a) == 0 || len(b) == 0 {
		return f
	}
	for _, x := range a {
		if slices.Contains(b, x) {
			f.level, f.words, f.weight = exact, "agrees", agree
			return f
		}
	}
	f.level, f.words, f.weight = differs, "differs", disagree
	return f
}

// postcodes normalises postcodes and leaves out those that are no place (ZZ99 …).
func postcodes(in []string) []string {
	return normalised(in, func(s string) string {
		s = strings.ToUpper(keep(s, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }))
		if len(s) < 5 || strings.HasPrefix(s, "ZZ99") {
			return ""
		}
		return s
	})
}

// lines normalises first address lines; one without content says nothing.
func lines(in []string) []string {
	return normalised(in, func(s string) string {
		s = strings.Join(words(s), " ")
		for _, short := range [][2]string{{" road", " rd"}, {" street", " st"}, {" avenue", " ave"}, {" close", " cl"}, {" drive", " dr"}, {" lane", " ln"}} {
			if base, ok := strings.CutSuffix(s, short[0]); ok {
				s = base + short[1]
			}
		}
		if len(s) < 4 || strings.Contains(s, "no fixed") || strings.Contains(s, "unknown") {
			return ""
		}
		return s
	})
}

// telephones normalises to the national form, digits only.
func telephones(in []string) []string {
	return normalised(in, func(s string) string {
		s = keep(s, func(r rune) bool { return r >= '0' && r <= '9' || r == '+' })
		for _, abroad := range []string{"+440", "+44", "0044"} {
			if rest, ok := strings.CutPrefix(s, abroad); ok {
				s = "0" + rest
				break
			}
		}
		if len(s) < 7 || strings.Count(s, s[len(s)-1:]) > len(s)-3 {
			return ""
		}
		return s
	})
}

func normalised(in []string, f func(string) string) []string {
	var out []string
	for _, s := range in {
		if n := f(s); n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func keep(s string, f func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if f(r) {
			return r
		}
		return -1
	}, s)
}
