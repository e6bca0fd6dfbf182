package compose

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"kmcr"
	"kmcr/terms"
)

// banner says who the person is, fact by fact as the preferred contributor has it, and finds where contributors disagree on it.
func (c *composer) banner() {
	b := &c.r.Banner
	b.PossibleDuplicate = c.in.PossibleDuplicate
	b.Telephones, b.Disputed = []string{}, []Dispute{}
	for _, f := range demographicFacts {
		c.fillBanner(f)
	}
	b.PreferredName = c.preferredName()
	for _, d := range c.stating(demographicFacts[0], func(Demographics) bool { return true }) {
		b.From = append(b.From, c.demographicsFrom(d))
	}
	for _, e := range c.patients {
		b.From = append(b.From, c.from(e))
	}
	if b.Name == "" {
		b.Name = "Name not recorded"
	}
	if b.Gender == "" {
		b.Gender = "Not recorded"
	}
	b.Age = terms.Age(string(b.Born), c.in.Now)
	if t, ok := b.Died.Time(); ok {
		if at := terms.Age(string(b.Born), t); at != "" {
			b.Age = "at death " + at
		}
	}
}

// stating lists those who state a fact, the preferred first.
func (c *composer) stating(f demographicFact, states func(Demographics) bool) []Demographics {
	list := slices.DeleteFunc(slices.Clone(c.in.Demographics), func(d Demographics) bool { return !states(d) })
	slices.SortStableFunc(list, func(a, b Demographics) int {
		return cmp.Or(c.prefer(f.about, a.Contributor, b.Contributor), b.Recorded.Compare(a.Recorded), cmp.Compare(a.Contributor, b.Contributor))
	})
	return list
}

// fillBanner sets one fact of the banner from who is preferred for it, and lists a conflict where others differ: one who does not state the fact does not disagree.
func (c *composer) fillBanner(f demographicFact) {
	list := c.stating(f, func(d Demographics) bool { return f.value(d) != "" })
	if len(list) == 0 {
		return
	}
	f.set(&c.r.Banner, list[0])
	if f.about == aboutDeath { // a death with its date before one without
		for _, d := range list {
			if c.r.Banner.Died == "" {
				f.set(&c.r.Banner, d)
			}
		}
	}
	var values []ConflictValue
	different := false
	for i, d := range list {
		for _, other := range list[:i] {
			different = different || !f.same(d, other)
		}
		values = append(values, ConflictValue{Value: f.value(d), Date: Date(d.Recorded.UTC().Format("2006-01-02T15:04:05Z")), From: c.demographicsFrom(d)})
	}
	if different {
		id := c.conflict(f.about, f.name, kmcr.Demographics, "demographics|"+f.name, values)
		c.r.Banner.Disputed = append(c.r.Banner.Disputed, Dispute{f.about, f.name, id})
	}
}

// preferredName is what the person likes to be called, as the newest who says it has it.
func (c *composer) preferredName() string {
	for _, d := range c.stating(demographicFacts[0], func(Demographics) bool { return true }) {
		for _, n := range d.Names {
			if (n.Use == "usual" || n.Use == "nickname") && n.Given != "" {
				return n.Given
			}
		}
	}
	return ""
}

func (c *composer) demographicsFrom(d Demographics) Provenance {
	return Provenance{Type: "Patient", Contributor: d.Contributor, Source: c.sourceName(d.Contributor), Recorded: d.Recorded}
}

// demographicFact is one fact of who the person is: what a contributor says of it, whether two say the same, and where it stands in the banner.
type demographicFact struct {
	about Fact
	name  string
	value func(Demographics) string
	same  func(a, b Demographics) bool
	set   func(*Banner, Demographics)
}

// demographicFacts are the facts on which contributors are compared.
var demographicFacts = []demographicFact{
	{aboutName, "Name", formalName, sameName, func(b *Banner, d Demographics) { b.Name = formalName(d) }},
	{aboutBirth, "Date of birth", func(d Demographics) string { return d.Born }, sameOf(func(d Demographics) string { return d.Born }), func(b *Banner, d Demographics) { b.Born = Date(d.Born) }},
	{aboutGender, "Gender", func(d Demographics) string { return known(d.Sex) }, sameOf(func(d Demographics) string { return strings.ToLower(d.Sex) }), func(b *Banner, d Demographics) { b.Gender = terms.Say(terms.Gender, d.Sex) }},
	{aboutAddress, "Address", func(d Demographics) string { return firstOf(d.Addresses) }, sameAddress, func(b *Banner, d Demographics) { b.Address = d.Addresses[0] }},
	{aboutTelephone, "Telephone", func(d Demographics) string { return strings.Join(d.Telephones, ", ") }, anyTelephone, func(b *Banner, d Demographics) { b.Telephones = slices.Clone(d.Telephones) }},
	{aboutPractice, "GP practice", practiceName, sameOf(func(d Demographics) string { return strings.ToUpper(string(d.Practice)) }), func(b *Banner, d Demographics) { b.Practice = practiceName(d) }},
	{aboutDeath, "Died", func(d Demographics) string { return day(d.Died) }, sameDeath, func(b *Banner, d Demographics) {
		b.Deceased = true
		if d.Died != "yes" {
			b.Died = Date(d.Died)
		}
	}},
	{aboutNHSNumber, "NHS number", func(d Demographics) string { return d.NHS.Display() }, sameOf(func(d Demographics) string { return string(d.NHS) }), func(b *Banner, d Demographics) {
		b.NHSNumber, b.NHSVerified = d.NHS.Display(), d.NHSStatus == "01"
	}},
}

func sameOf(value func(Demographics) string) func(a, b Demographics) bool {
	return func(a, b Demographics) bool { return value(a) == value(b) }
}

// formalName is the name that a contributor holds the person under.
func formalName(d Demographics) string {
	n, ok := formal(d)
	if !ok {
		return ""
	}
	return terms.FullName(n.Family, n.Given, n.Prefix)
}

func formal(d Demographics) (Name, bool) {
	for _, n := range d.Names {
		if n.Use != "usual" && n.Use != "nickname" && n.Use != "old" && n.Use != "maiden" {
			return n, true
		}
	}
	if len(d.Names) > 0 {
		return d.Names[0], true
	}
	return Name{}, false
}

// sameName compares surnames, and given names as far as both spell them: J and John are one.
func sameName(a, b Demographics) bool {
	x, _ := formal(a)
	y, _ := formal(b)
	first := func(n Name) string { return letters(firstOf(strings.Fields(n.Given))) }
	g, h := first(x), first(y)
	return letters(x.Family) == letters(y.Family) && (strings.HasPrefix(g, h) || strings.HasPrefix(h, g))
}

var postcode = regexp.MustCompile(`(?i)\b[a-z]{1,2}\d[a-z\d]? *\d[a-z]{2}\b`)
var firstNumber = regexp.MustCompile(`\d+[a-zA-Z]?\b`)

// sameAddress compares the first number and the postcode where both addresses have them, else all letters and digits. A postcode alone agrees with any address in it.
func sameAddress(a, b Demographics) bool {
	x, y := a.Addresses[0], b.Addresses[0]
	if lettersAndDigits(x) == lettersAndDigits(y) {
		return true
	}
	p, q := lettersAndDigits(postcode.FindString(x)), lettersAndDigits(postcode.FindString(y))
	if p == "" || p != q {
		return false
	}
	m, n := firstNumber.FindString(postcode.ReplaceAllString(x, "")), firstNumber.FindString(postcode.ReplaceAllString(y, ""))
	return strings.EqualFold(m, n) && m != "" || lettersAndDigits(x) == p || lettersAndDigits(y) == q
}

// anyTelephone tells whether two contributors have a number in common.
func anyTelephone(a, b Demographics) bool {
	for _, x := range a.Telephones {
		if slices.ContainsFunc(b.Telephones, func(y string) bool { return digits(x) == digits(y) }) {
			return true
		}
	}
	return false
}

// digits is a telephone number for comparison: +44 and the leading 0 are one.
func digits(s string) string {
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return strings.TrimPrefix(strings.TrimPrefix(d, "44"), "0")
}

func practiceName(d Demographics) string {
	return firstText("", d.PracticeName, string(d.Practice))
}

// sameDeath: a death without a date agrees with any date.
func sameDeath(a, b Demographics) bool {
	return a.Died == "yes" || b.Died == "yes" || day(a.Died) == day(b.Died)
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func known(sex string) string {
	if sex == "unknown" {
		return ""
	}
	return terms.Say(terms.Gender, sex)
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// day is the day of a date, so that 10:00 and "that day" agree.
func day(s string) string {
	if len(s) > 10 {
		return s[:10]
	}
	return s
}

func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 {
			return r
		}
		return -1
	}, strings.ToLower(s))
}
