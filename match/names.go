package match

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// nameFinding is the best agreement between any name of one and any of the other.
type nameFinding struct {
	family, given uint8
	middle        level  // further given names
	shared        string // the family name that agrees, or ""
	sharedGiven   string // the given name that agrees, or ""
	weight        float64
}

// plainName is a name made ready for comparison.
type plainName struct {
	family []string // parts of a double-barrelled name
	given  []string
	joined string // the family name as one word
}

// compareNames finds the pair of names that agrees best. Names of earlier
// times count as much as those of now: people marry.
func (m *Model) compareNames(a, b []plainName) nameFinding {
	best := nameFinding{}
	first := true
	for _, x := range a {
		for _, y := range b {
			f := m.compareName(x, y)
			if first || better(f, best) {
				best, first = f, false
			}
		}
	}
	return best
}

// better orders findings wholly, so that the order of names does not matter.
func better(a, b nameFinding) bool {
	switch {
	case a.weight != b.weight:
		return a.weight > b.weight
	case a.middle != b.middle:
		return a.middle > b.middle
	case a.family != b.family:
		return a.family < b.family
	case a.given != b.given:
		return a.given < b.given
	case a.shared != b.shared:
		return a.shared < b.shared
	}
	return a.sharedGiven < b.sharedGiven
}

func (m *Model) compareName(x, y plainName) nameFinding {
	f := nameFinding{family: m.compareFamily(x, y)}
	f.given, f.middle = m.compareGiven(x.given, y.given)
	if (f.family == 0 || f.family > familyAlike) && len(x.given) > 0 && len(y.given) > 0 && alike(x.joined, y.given[0]) && alike(y.joined, x.given[0]) {
		f.family, f.given, f.middle = familySwapped, givenSwapped, unknown
	}
	if f.family == familyAgrees {
		f.shared = x.joined
	}
	if f.given == givenAgrees {
		f.sharedGiven = x.given[0]
	}
	f.weight = m.weight(atFamily, f.family) + m.weight(atGiven, f.given)
	if f.family == familyAgrees {
		f.weight += m.rarer(m.families, x.joined, atFamily)
	}
	if f.given == givenAgrees {
		f.weight += m.rarer(m.given, x.given[0], atGiven)
	}
	return f
}

func (m *Model) compareFamily(a, b plainName) uint8 {
	x, y := a.joined, b.joined
	switch {
	case x == "" || y == "":
		return 0
	case x == y:
		return familyAgrees
	case within(a.family, b.family) || within(b.family, a.family):
		return familyPart
	case spelling(x, y):
		return familyAlike
	case somewhat(x, y):
		return familyNear
	}
	return familyDiffers
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
func (m *Model) compareGiven(a, b []string) (uint8, level) {
	if len(a) == 0 || len(b) == 0 {
		return 0, unknown
	}
	return m.compareFirst(a, b), m.compareMiddle(a[1:], b[1:])
}

func (m *Model) compareFirst(a, b []string) uint8 {
	x, y := a[0], b[0]
	switch {
	case x == y && len(x) > 1:
		return givenAgrees
	case shortForms(x, y):
		return givenForm
	case len(x) == 1 || len(y) == 1:
		if x[0] == y[0] {
			return givenInitial
		}
		return givenDiffers
	case slices.Contains(a[1:], y) || slices.Contains(b[1:], x):
		return givenMiddle
	case spelling(x, y):
		return m.slipOrTwin(x, y)
	case somewhat(x, y):
		return givenNear
	}
	return givenDiffers
}

// slipOrTwin tells a slip of the hand from two names that are spelt alike,
// which is how twins are named (Jayden, Hayden; Paul, Paula): of a slip, one
// spelling is a name that people have and the other is not.
func (m *Model) slipOrTwin(x, y string) uint8 {
	begins := strings.HasPrefix(x, y) || strings.HasPrefix(y, x)
	if m.isName(x) != m.isName(y) && !begins {
		return givenAlike
	}
	return givenTwin
}

// compareMiddle compares the second given names. Where the first is everybody's (Muhammad), twins are told apart by them alone.
func (m *Model) compareMiddle(a, b []string) level {
	if len(a) == 0 || len(b) == 0 {
		return unknown
	}
	x, y := a[0], b[0]
	switch {
	case x == y || (len(x) == 1 || len(y) == 1) && x[0] == y[0] || shortForms(x, y) || slices.Contains(a, y) || slices.Contains(b, x):
		return exact
	case !spelling(x, y):
		return differs
	case m.slipOrTwin(x, y) == givenTwin:
		return near
	}
	return close
}

// spelling tells whether two names may be one name written twice.
func spelling(x, y string) bool {
	a, b := []rune(x), []rune(y)
	n := slips(a, b, 2)
	return n == 1 && min(len(a), len(b)) > 2 || n == 2 && min(len(a), len(b)) > 5 || jaroWinkler(x, y) >= 0.93
}

// alike is the same name or that name written twice.
func alike(x, y string) bool { return x == y || len(x) > 3 && len(y) > 3 && spelling(x, y) }

// somewhat tells whether two names have enough in common for a person to look at them.
func somewhat(x, y string) bool { return jaroWinkler(x, y) >= 0.82 }

func plainNames(names []Name) []plainName {
	var out []plainName
	var known []string // given names, for a name that states only another family name
	for _, n := range names {
		p := plainName{family: familyWords(n.Family), given: givenWords(n.Given)}
		if len(p.family) == 0 && len(p.given) == 0 {
			continue
		}
		if known == nil {
			known = p.given
		}
		p.joined = joined(p.family)
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
		case "baby", "babe", "infant", "twin", "triplet", "boy", "girl", "male", "female", "unknown", "unnamed", "unk", "of", "newborn", "neonate":
			return nil
		}
		if rest, ok := strings.CutPrefix(x, "baby"); ok && slices.Contains(babies, strings.TrimRight(rest, "0123456789")) {
			return nil
		}
		if rest, ok := strings.CutPrefix(x, "twin"); ok && slices.Contains(babies, strings.TrimRight(rest, "0123456789")) {
			return nil
		}
	}
	if j := joined(w); noName[j] || slices.Contains([]string{"son", "daughter", "child", "mr", "mrs", "miss", "ms", "master", "nil"}, j) {
		return nil
	}
	return w
}

// babies is what stands after "baby" and "twin" for a child that has no name yet.
var babies = []string{"", "boy", "girl", "male", "female", "a", "b", "c", "d", "one", "two", "three", "i", "ii"}

// noName is what is written where a name is not known.
var noName = map[string]bool{"unknown": true, "notknown": true, "notstated": true, "notgiven": true, "notrecorded": true, "nk": true, "unk": true, "tbc": true, "tba": true, "none": true,
	"null": true, "noname": true, "nofirstname": true, "nolastname": true, "unnamed": true, "anonymous": true, "anon": true, "unidentified": true, "xx": true, "xxx": true, "xxxx": true, "test": true, "nfn": true, "nln": true}

// familyWords leaves out what is no family name.
func familyWords(s string) []string {
	w := words(s)
	if noName[joined(w)] {
		return nil
	}
	return w
}

func joined(parts []string) string { return strings.Join(parts, "") }

// longest is the length in bytes to which a name is compared.
const longest = 200

// words folds a name: lower case, in Latin letters, without diacritics, apostrophes and full
// stops left out, hyphens and spaces as separators.
func words(s string) []string {
	var b strings.Builder
	b.Grow(min(len(s), longest))
	for _, r := range norm.NFD.String(strings.ToLower(s[:min(len(s), longest)])) {
		switch {
		case 'a' <= r && r <= 'z':
			b.WriteByte(byte(r))
		case unicode.Is(unicode.Mn, r) || strings.ContainsRune("'’‘`´.ьъ", r):
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

// folded are letters that do not come apart into a letter and a mark, and those of other alphabets as English writes the names of
// people (close to BGN/PCGN for Cyrillic and ELOT 743 for Greek), so that a name is found in either script.
var folded = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'ђ': "dj", 'е': "e", 'є': "ye", 'ж': "zh", 'з': "z", 'и': "i", 'і': "i", 'ј': "j", 'к': "k", 'л': "l",
	'љ': "lj", 'м': "m", 'н': "n", 'њ': "nj", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'ћ': "c", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'џ': "dz",
	'ш': "sh", 'щ': "shch", 'ы': "y", 'э': "e", 'ю': "yu", 'я': "ya",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p",
	'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "u", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o"}

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
