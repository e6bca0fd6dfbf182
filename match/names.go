package match

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// nameFinding is the best agreement between any name of one and any of the other.
type nameFinding struct {
	family, given finding
	middle        level // further given names
	swapped       bool  // family and given name stand in each other's place
	sounding      bool  // a part of the family names sounds alike, or a given name agrees
}

// agrees tells whether the names taken together are one name.
func (n nameFinding) agrees() bool {
	return n.family.level >= close && n.given.level >= weak && n.sounding
}

func (n nameFinding) weight() float64 { return n.family.weight + n.given.weight }

// plainName is a name made ready for comparison.
type plainName struct {
	family []string // parts of a double-barrelled name
	given  []string
}

// compareNames finds the pair of names that agrees best. Names of earlier
// times count as much as those of now: people marry.
func compareNames(a, b []Name) nameFinding {
	best := nameFinding{family: finding{field: fieldFamily}, given: finding{field: fieldGiven}, middle: unknown}
	first := true
	for _, x := range plainNames(a) {
		for _, y := range plainNames(b) {
			f := comparePair(x, y)
			if first || better(f, best) {
				best, first = f, false
			}
		}
	}
	return best
}

// better orders findings wholly, so that the order of names does not matter.
func better(a, b nameFinding) bool {
	if a.weight() != b.weight() {
		return a.weight() > b.weight()
	}
	if a.middle != b.middle {
		return a.middle > b.middle
	}
	if a.sounding != b.sounding {
		return a.sounding
	}
	if a.swapped != b.swapped {
		return b.swapped
	}
	return a.family.words+a.given.words < b.family.words+b.given.words
}

func comparePair(x, y plainName) nameFinding {
	straight := nameFinding{family: compareFamily(x.family, y.family), middle: unknown}
	straight.given, straight.middle = compareGiven(x.given, y.given)
	straight.sounding = soundAlike(x.family, y.family) || straight.given.level == exact
	if straight.family.level == exact || len(x.given) == 0 || len(y.given) == 0 {
		return straight
	}
	if joined(x.family) == y.given[0] && joined(y.family) == x.given[0] {
		return nameFinding{
			family:  finding{fieldFamily, "and given name agree, changed over", close, 7},
			given:   finding{fieldGiven, "and family name agree, changed over", close, 5},
			middle:  unknown,
			swapped: true, sounding: true,
		}
	}
	return straight
}

func compareFamily(a, b []string) finding {
	f := finding{field: fieldFamily}
	x, y := joined(a), joined(b)
	switch {
	case x == "" || y == "":
	case x == y:
		f.level, f.words, f.weight = exact, "agrees", 8
	case within(a, b) || within(b, a):
		f.level, f.words, f.weight = close, "agrees in part", 6
	case jaroWinkler(x, y) >= 0.92:
		f.level, f.words, f.weight = close, "is spelt alike", 5
	default:
		f.level, f.words, f.weight = differs, "differs", -5
	}
	return f
}

// within tells whether every part of short is a part of long, a part of one
// or two letters not counting for anything by itself.
func within(short, long []string) bool {
	long2 := false
	for _, p := range short {
		if !slices.Contains(long, p) {
			return false
		}
		long2 = long2 || len(p) > 2
	}
	return long2
}

// compareGiven compares the first given names, and says how the others compare.
func compareGiven(a, b []string) (finding, level) {
	f := finding{field: fieldGiven}
	if len(a) == 0 || len(b) == 0 {
		return f, unknown
	}
	x, y := a[0], b[0]
	switch {
	case x == y && len(x) > 1:
		f.level, f.words, f.weight = exact, "agrees", 7
	case shortForms(x, y):
		f.level, f.words, f.weight = close, "is a form of the same name", 5
	case len(x) == 1 || len(y) == 1:
		if x[0] == y[0] {
			f.level, f.words, f.weight = weak, "agrees as an initial", 3
		} else {
			f.level, f.words, f.weight = differs, "differs in its initial", -8
		}
	case spelling(x, y):
		f.level, f.words, f.weight = close, "is spelt alike", 4
	case slices.Contains(a[1:], y) || slices.Contains(b[1:], x):
		f.level, f.words, f.weight = close, "agrees with a middle name", 4
	default:
		f.level, f.words, f.weight = differs, "differs", -8
	}
	return f, compareMiddle(a[1:], b[1:])
}

func compareMiddle(a, b []string) level {
	if len(a) == 0 || len(b) == 0 {
		return unknown
	}
	x, y := a[0], b[0]
	if x == y || (len(x) == 1 || len(y) == 1) && x[0] == y[0] || spelling(x, y) || slices.Contains(a, y) || slices.Contains(b, x) {
		return exact
	}
	return differs
}

// spelling tells whether two given names may be one name written twice. Two
// that are known as names of their own (Daniel, Danielle) are not: that is how
// twins are named.
func spelling(x, y string) bool {
	if x[0] != y[0] || formsOf[x] != nil && formsOf[y] != nil {
		return false
	}
	if strings.HasPrefix(x, y) || strings.HasPrefix(y, x) { // Christin, Christine; Paul, Paula
		return false
	}
	return jaroWinkler(x, y) >= 0.93
}

// soundAlike tells whether a part of one family name sounds like a part of the other.
func soundAlike(a, b []string) bool {
	for _, x := range sounds(a) {
		if slices.Contains(sounds(b), x) {
			return true
		}
	}
	return false
}

func plainNames(names []Name) []plainName {
	var out []plainName
	var known []string // given names, for a name that states only another family name
	for _, n := range names {
		p := plainName{family: words(n.Family), given: givenWords(n.Given)}
		if len(p.family) == 0 && len(p.given) == 0 {
			continue
		}
		if known == nil {
			known = p.given
		}
		out = append(out, p)
	}
	for i := range out {
		if len(out[i].given) == 0 {
			out[i].given = known
		}
	}
	return out
}

// givenWords leaves out what is written for a child that has no name yet and
// for somebody unknown: it is not a name.
func givenWords(s string) []string {
	w := words(s)
	for _, x := range w {
		switch x {
		case "baby", "babe", "infant", "twin", "triplet", "boy", "girl", "male", "female", "unknown", "unnamed", "notknown", "unk", "of":
			return nil
		}
	}
	return w
}

func joined(parts []string) string { return strings.Join(parts, "") }

// longest is the length in bytes to which a name is compared.
const longest = 200

// words folds a name: lower case, without diacritics, apostrophes and full
// stops left out, hyphens and spaces as separators.
func words(s string) []string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s[:min(len(s), longest)])) {
		switch {
		case unicode.Is(unicode.Mn, r) || strings.ContainsRune("'’‘`´.", r):
		case folded[r] != "":
			b.WriteString(folded[r])
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// folded are letters that do not come apart into a letter and a mark.
var folded = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i"}

// jaroWinkler is the likeness of two strings from 0 to 1 (Winkler 1990), the
// same whichever comes first.
func jaroWinkler(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) || len(x) == len(y) && a > b {
		x, y = y, x
	}
	j := jaro(x, y)
	prefix := 0
	for prefix < min(4, len(x)) && x[prefix] == y[prefix] {
		prefix++
	}
	return j + float64(prefix)*0.1*(1-j)
}

func jaro(x, y []rune) float64 {
	if len(x) == 0 {
		return 0
	}
	reach := max(len(y)/2-1, 0)
	taken := make([]bool, len(y))
	var common []rune
	for i, r := range x {
		for k := max(0, i-reach); k < min(len(y), i+reach+1); k++ {
			if !taken[k] && y[k] == r {
				taken[k] = true
				common = append(common, r)
				break
			}
		}
	}
	if len(common) == 0 {
		return 0
	}
	moved, i := 0, 0
	for k, t := range taken {
		if t {
			if y[k] != common[i] {
				moved++
			}
			i++
		}
	}
	m := float64(len(common))
	return (m/float64(len(x)) + m/float64(len(y)) + (m-float64(moved)/2)/m) / 3
}
