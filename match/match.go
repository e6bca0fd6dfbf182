package match

import (
	"strings"

	"kmcr"
)

// Identity is what is known of one contributor's patient, for comparison.
type Identity struct {
	NHS        kmcr.NHSNumber
	NHSStatus  string
	Names      []Name
	Born       string // YYYY-MM-DD, or a part of it
	Sex        string
	Postcodes  []string
	Lines      []string // first address lines
	Telephones []string
	Practice   kmcr.ODS
}

// Name is a family name and given names.
type Name struct{ Family, Given string }

// Outcome is the answer to "are these two the same person?".
type Outcome string

// The outcomes. Ask sends the pair to a person; meanwhile the records stay apart.
const (
	Same      Outcome = "same"
	Different Outcome = "different"
	Ask       Outcome = "ask"
)

// Verdict is an outcome with its reasons in words ("born agrees", "family name differs").
type Verdict struct {
	Outcome Outcome
	Score   float64 // log2 odds
	Reasons []Reason
}

// Reason is one comparison.
type Reason struct {
	Field  string
	Words  string
	Weight float64
}

// Contradicts tells whether something that is known of both speaks against
// their being one person, where a verdict may be other than Same merely
// because too little is known.
func (v Verdict) Contradicts() bool {
	if v.Outcome == Same {
		return false
	}
	for _, r := range v.Reasons {
		switch r.Field {
		case fieldNumber, fieldBorn, fieldFamily, fieldGiven, fieldSex:
			if r.Weight < 0 {
				return true
			}
		}
	}
	return false
}

// Words gives the reasons as one line ("NHS number agrees; date of birth differs").
func (v Verdict) Words() string {
	words := make([]string, len(v.Reasons))
	for i, r := range v.Reasons {
		words[i] = r.Words
	}
	return strings.Join(words, "; ")
}

// The fields that can speak against two being one.
const (
	fieldNumber = "NHS number"
	fieldBorn   = "date of birth"
	fieldFamily = "family name"
	fieldGiven  = "given name"
	fieldSex    = "sex"
)

// prior is the log2 odds that two people drawn from the population served
// (about two million) are one and the same.
const prior = -21

// Compare judges two identities. It is symmetric and pure.
func Compare(a, b Identity) Verdict {
	e := gather(a, b)
	v := Verdict{Score: prior}
	for _, r := range e.reasons() {
		v.Score += r.Weight
		v.Reasons = append(v.Reasons, r)
	}
	v.Outcome = e.judge()
	return v
}

// evidence is the result of each comparison.
type evidence struct {
	number, born, sex         finding
	name                      nameFinding
	postcode, line, telephone finding
	practice                  finding
	softNumber                bool // a number is not verified by its sender
}

func gather(a, b Identity) evidence {
	return evidence{
		number:     compareNumbers(a.NHS, b.NHS),
		born:       compareBorn(a.Born, b.Born),
		sex:        compareSex(a.Sex, b.Sex),
		name:       compareNames(a.Names, b.Names),
		postcode:   compareSets("postcode", postcodes(a.Postcodes), postcodes(b.Postcodes), 10, -3),
		line:       compareSets("address", lines(a.Lines), lines(b.Lines), 7, -2),
		telephone:  compareSets("telephone", telephones(a.Telephones), telephones(b.Telephones), 10, -1),
		practice:   comparePractices(a.Practice, b.Practice),
		softNumber: unverified(a.NHSStatus) || unverified(b.NHSStatus),
	}
}

func (e evidence) reasons() []Reason {
	var out []Reason
	for _, f := range []finding{e.number, e.born, e.name.family, e.name.given, e.sex, e.postcode, e.line, e.telephone, e.practice} {
		if f.level != unknown {
			out = append(out, Reason{Field: f.field, Words: f.field + " " + f.words, Weight: f.weight})
		}
	}
	return out
}

// judge applies the rules, in the order in which a records officer would.
func (e evidence) judge() Outcome {
	switch e.number.level {
	case exact:
		return e.sameNumber()
	case differs:
		return e.otherNumber()
	}
	return e.noNumber()
}

// sameNumber: the number agrees; date of birth and name have to agree as well.
func (e evidence) sameNumber() Outcome {
	if e.born.level != exact || e.name.family.level < close || e.name.given.level < weak {
		return Ask
	}
	if e.sex.level == differs && (e.name.given.level < exact || e.name.family.level < exact) {
		return Ask
	}
	return Same
}

// otherNumber: two valid numbers that differ are two people, unless
// everything else is the same, when one of the numbers may be wrong.
func (e evidence) otherNumber() Outcome {
	if !e.namedAndBornExactly() || e.sex.level == differs || e.name.middle == differs {
		return Different
	}
	if e.softNumber || e.placed() {
		return Ask
	}
	return Different
}

// noNumber: one of the two has no number.
func (e evidence) noNumber() Outcome {
	if e.name.given.level < weak || e.born.level == differs || e.born.level == unknown {
		return Different
	}
	if e.namedAndBornExactly() && e.sex.level != differs && e.name.middle != differs && e.placed() {
		return Same
	}
	if e.born.level == exact && e.name.agrees() {
		return Ask
	}
	if e.reachable() && (e.name.agrees() || e.renamed()) {
		return Ask
	}
	return Different
}

// namedAndBornExactly: family and first given name in full, and the whole date.
func (e evidence) namedAndBornExactly() bool {
	return e.born.level == exact && e.name.family.level == exact && e.name.given.level == exact && !e.name.swapped
}

// placed: something besides name and birth ties the two together.
func (e evidence) placed() bool {
	return e.postcode.level == exact || e.telephone.level == exact || e.line.level == exact
}

// reachable: the two share a postcode or telephone, under which they can be found.
func (e evidence) reachable() bool {
	return e.postcode.level == exact || e.telephone.level == exact
}

// renamed: another family name, and all else that can be known is the same.
func (e evidence) renamed() bool {
	return e.name.given.level == exact && e.born.level == exact && e.sex.level == exact && e.reachable()
}
