package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr"
	"kmcr/terms"
)

// banner says who the person is, as the preferred contributor has it, and finds where contributors disagree on it.
func (c *composer) banner() {
	list := slices.Clone(c.in.Demographics)
	slices.SortStableFunc(list, func(a, b Demographics) int {
		return cmp.Or(cmp.Compare(c.authorityOf(b.Contributor), c.authorityOf(a.Contributor)), b.Recorded.Compare(a.Recorded), cmp.Compare(a.Contributor, b.Contributor))
	})
	b := &c.r.Banner
	b.PossibleDuplicate = c.in.PossibleDuplicate
	b.Telephones = []string{}
	for _, d := range list {
		c.fillBanner(b, d)
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
	c.demographicConflicts(list)
}

func (c *composer) demographicsFrom(d Demographics) Provenance {
	return Provenance{Type: "Patient", Contributor: d.Contributor, Source: c.sourceName(d.Contributor), Recorded: d.Recorded}
}

// fillBanner takes from d what no preferred contributor has said.
func (c *composer) fillBanner(b *Banner, d Demographics) {
	for _, n := range d.Names {
		switch {
		case n.Use == "usual" || n.Use == "nickname":
			if b.PreferredName == "" {
				b.PreferredName = n.Given
			}
		case b.Name == "" && n.Use != "old" && n.Use != "maiden":
			b.Name = terms.FullName(n.Family, n.Given, n.Prefix)
		}
	}
	if b.Name == "" && len(d.Names) > 0 {
		b.Name = terms.FullName(d.Names[0].Family, d.Names[0].Given, d.Names[0].Prefix)
	}
	if b.Born == "" {
		b.Born = Date(d.Born)
	}
	if b.Gender == "" && d.Sex != "" {
		b.Gender = terms.Say(terms.Gender, d.Sex)
	}
	if b.NHSNumber == "" && d.NHS != "" {
		b.NHSNumber, b.NHSVerified = d.NHS.Display(), d.NHSStatus == "01"
	}
	if d.Died != "" && !b.Deceased {
		b.Deceased = true
		if d.Died != "yes" {
			b.Died = Date(d.Died)
		}
	}
	if b.Address == "" && len(d.Addresses) > 0 {
		b.Address = d.Addresses[0]
	}
	if len(b.Telephones) == 0 {
		b.Telephones = append(b.Telephones, d.Telephones...)
	}
	if b.Practice == "" && d.Practice != "" {
		b.Practice = d.PracticeName
		if b.Practice == "" {
			b.Practice = string(d.Practice)
		}
	}
}

// demographicConflicts compares what contributors say fact by fact; a fact that one does not state is no disagreement.
func (c *composer) demographicConflicts(list []Demographics) {
	for _, fact := range []struct {
		name  string
		value func(Demographics) string
		same  func(string) string
	}{
		{"Date of birth", func(d Demographics) string { return d.Born }, strings.TrimSpace},
		{"Gender", func(d Demographics) string { return known(d.Sex) }, strings.ToLower},
		{"Address", func(d Demographics) string { return firstOf(d.Addresses) }, lettersAndDigits},
		{"Telephone", func(d Demographics) string { return strings.Join(d.Telephones, ", ") }, lettersAndDigits},
		{"GP practice", func(d Demographics) string { return string(d.Practice) }, strings.ToUpper},
		{"Died", func(d Demographics) string { return day(d.Died) }, strings.TrimSpace},
		{"NHS number", func(d Demographics) string { return d.NHS.Display() }, lettersAndDigits},
	} {
		var values []ConflictValue
		different := map[string]bool{}
		for _, d := range list {
			v := fact.value(d)
			if v == "" {
				continue
			}
			same := fact.same(v)
			if fact.name == "Address" && len(d.Addresses[0]) < 10 {
				continue // a postcode alone is no address to compare
			}
			different[same] = true
			if fact.name == "GP practice" && d.PracticeName != "" {
				v = d.PracticeName
			}
			values = append(values, ConflictValue{Value: v, Date: Date(d.Recorded.UTC().Format("2006-01-02T15:04:05Z")), From: c.demographicsFrom(d)})
		}
		if len(different) > 1 {
			c.conflict(fact.name, kmcr.Demographics, "demographics|"+fact.name, values)
		}
	}
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
