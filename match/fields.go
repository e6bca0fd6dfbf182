package match

import (
	"slices"
	"strings"
	"time"

	"kmcr"
)

// compareNumbers compares the numbers of two. One of them may still go by a number that has been replaced.
func compareNumbers(a, b *Profile) uint8 {
	switch {
	case a.number != "" && (a.number == b.number || slices.Contains(b.superseded, a.number)),
		b.number != "" && slices.Contains(a.superseded, b.number):
		return numberAgrees
	case a.number == "" || b.number == "":
		return 0
	case oneSlip(string(a.number), string(b.number)):
		return numberSlip
	}
	return numberDiffers
}

// valid tells whether a number may be somebody's.
func valid(n kmcr.NHSNumber) bool {
	_, err := kmcr.ParseNHSNumber(string(n))
	return err == nil && !n.Placeholder()
}

// unverified tells whether the sender says of its number that it has not been
// traced (NHS number verification status 02 to 06 and 08).
func unverified(status string) bool {
	return slices.Contains([]string{"02", "03", "04", "05", "06", "08"}, status)
}

// compareBorn compares dates of birth. One that is not whole carries little weight.
func compareBorn(a, b string) uint8 {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == "" || b == "":
		return 0
	case a == b && len(a) == 10:
		return bornAgrees
	case strings.HasPrefix(b, a):
		return bornPart
	case len(a) < 10 || len(b) < 10:
		return bornDiffers
	case swapDayMonth(a) == b:
		return bornSwapped
	case a[:4] == b[:4] && (digitsApart(a, b) == 1 || adjacent(a, b)):
		return bornSlip
	case a[4:] == b[4:] && (digitsApart(a, b) == 1 || adjacent(a, b)):
		return bornYear
	}
	return bornDiffers
}

// realDate returns date unless it is malformed or one of those that systems
// write when none is known.
func realDate(date string) string {
	if !dateForm(date) || date < earliestBorn || date > latestBorn {
		return ""
	}
	if _, err := time.Parse(time.DateOnly[:len(date)], date); err != nil {
		return "" // 30 February
	}
	switch date {
	case "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31", "1900", "1900-01", "1901":
		return ""
	}
	return date
}

// Nobody who is looked after was born before or will be born after these; what is outside is a default, or a slip that tells nothing.
const earliestBorn, latestBorn = "1895", "2100"

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

// adjacent tells whether two strings of one length differ in two neighbouring
// characters that changed places, a dash between them not counting.
func adjacent(a, b string) bool {
	a, b = strings.ReplaceAll(a, "-", ""), strings.ReplaceAll(b, "-", "")
	if len(a) != len(b) || digitsApart(a, b) != 2 {
		return false
	}
	for i := range len(a) - 1 {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i]
		}
	}
	return false
}

// oneSlip tells whether one slip of the hand makes one text of the other: a
// character changed, left out or put in, or two neighbours changed over.
func oneSlip(a, b string) bool { return a != b && slips([]rune(a), []rune(b), 1) <= 1 }

// slips counts the slips between two texts (optimal string alignment); more
// than most is told as most+1.
func slips(a, b []rune, most int) int {
	if d := len(a) - len(b); d > most || -d > most {
		return most + 1
	}
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
			least = min(least, now[j])
		}
		if least > most {
			return most + 1
		}
		before, last, now = last, now, before
	}
	return min(last[len(b)], most+1)
}

func sexOf(s string) string {
	if s == "male" || s == "female" {
		return s
	}
	return ""
}

// compareOne compares what is held once.
func compareOne(a, b string) uint8 {
	switch {
	case a == "" || b == "":
		return 0
	case a == b:
		return agreesOnly
	}
	return differsOnly
}

// compareSets compares what may be held several times, and takes the best.
func compareSets(a, b []string, one func(x, y string) uint8) uint8 {
	best := uint8(0)
	for _, x := range a {
		for _, y := range b {
			if n := one(x, y); best == 0 || n < best {
				best = n
			}
		}
	}
	return best
}

func comparePostcode(x, y string) uint8 {
	switch {
	case x == y:
		return setAgrees
	case oneSlip(x, y):
		return setAlike
	case len(x) > 4 && len(y) > 4 && x[:len(x)-3] == y[:len(y)-3]:
		return setPart
	}
	return setDiffers
}

func compareLine(x, y string) uint8 {
	if x == y {
		return setAgrees
	}
	n, street := houseNumber(x)
	m, other := houseNumber(y)
	alike := street == other || slips([]rune(street), []rune(other), 2) <= 2 || jaroWinkler(street, other) >= 0.93
	switch {
	case !alike:
		return setDiffers
	case n == m:
		return setAlike
	}
	return setPart
}

// houseNumber parts a line into its number, if it begins with one, and the rest.
func houseNumber(line string) (number, street string) {
	first, rest, _ := strings.Cut(line, " ")
	if first != "" && first[0] >= '0' && first[0] <= '9' && rest != "" {
		return first, rest
	}
	return "", line
}

func compareLocality(x, y string) uint8 {
	switch {
	case x == y:
		return setAgrees
	case slips([]rune(x), []rune(y), 2) <= 2 && len(x) > 4 || jaroWinkler(x, y) >= 0.93:
		return setAlike
	case oneWithin(x, y) || oneWithin(y, x):
		return setPart
	}
	return setDiffers
}

func oneWithin(short, long string) bool { return len(short) > 3 && strings.Contains(long, short) }

func compareDigits(x, y string) uint8 {
	switch {
	case x == y:
		return numberAgrees
	case oneSlip(x, y):
		return numberSlip
	}
	return numberDiffers
}

// compareLocals compares only numbers of the same register.
func compareLocals(a, b []string) uint8 {
	best := uint8(0)
	for _, x := range a {
		system, value, _ := strings.Cut(x, "|")
		for _, y := range b {
			if other, ok := strings.CutPrefix(y, system+"|"); ok {
				if n := compareDigits(value, other); best == 0 || n < best {
					best = n
				}
			}
		}
	}
	return best
}

func locals(in []string) []string {
	return normalised(in, func(s string) string {
		system, value, ok := strings.Cut(s, "|")
		value = strings.ToUpper(strings.TrimSpace(value))
		if !ok || len(value) < 4 || strings.Count(value, value[:1]) == len(value) {
			return ""
		}
		return system + "|" + value
	})
}

// postcodes normalises postcodes and leaves out those that are no place (ZZ99 …).
func postcodes(in []string) []string {
	return normalised(in, func(s string) string {
		s = strings.ToUpper(keep(s, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }))
		if len(s) < 3 || slices.ContainsFunc([]string{"ZZ99", "XX99", "AA99", "AA11AA", "XX11XX", "XXX"}, func(p string) bool { return strings.HasPrefix(s, p) }) {
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
		return place(s)
	})
}

func localities(in []string) []string {
	return normalised(in, func(s string) string { return place(strings.Join(words(s), " ")) })
}

// nowhere are words of an address that say that there is none, or none of the person's own.
var nowhere = []string{"no fixed", "unknown", "not known", "not stated", "not given", "not recorded", "no address", "address withheld", "homeless", "no abode", "of no fixed", "c o hostel", "hostel"}

// place leaves out what is written where no place is known.
func place(s string) string {
	if len(s) < 4 || slices.ContainsFunc(nowhere, func(w string) bool { return strings.Contains(s, w) }) {
		return ""
	}
	return s
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
		if len(s) < 7 || strings.Count(s, s[len(s)-1:]) > len(s)-3 || strings.HasPrefix("01234567890", s) || strings.HasPrefix("1234567890", s) {
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
