package match

import (
	"fmt"
	"slices"
	"strings"

	"kmcr"
)

// Identity is what is known of one contributor's patient, for comparison.
type Identity struct {
	NHS        kmcr.NHSNumber
	Superseded []kmcr.NHSNumber // numbers that were the person's and have been replaced
	NHSStatus  string           // verification status of the number, 01 to 08 (NHS Data Dictionary)
	Names      []Name
	Born       string // YYYY-MM-DD, or a part of it
	Sex        string
	Postcodes  []string
	Lines      []string // first address lines
	Localities []string // further address lines and towns
	Telephones []string
	Practice   kmcr.ODS
	Locals     []string // numbers of other registers, "system|value"; evidence, never a key
	Kin        []Kin    // who is named as next of kin or contact
}

// Name is a family name and given names.
type Name struct{ Family, Given string }

// Kin is a next of kin or another personal contact. A whole family names the same, so it is evidence of the home and not of the person.
type Kin struct {
	Name
	Telephones []string
}

// Outcome is the answer to "are these two the same person?".
type Outcome string

// The outcomes. Ask sends the pair to a person; meanwhile the records stay apart.
const (
	Same      Outcome = "same"
	Different Outcome = "different"
	Ask       Outcome = "ask"
)

// Verdict is an outcome with its reasons in words ("date of birth agrees", "family name differs").
type Verdict struct {
	Outcome Outcome
	// Score is the log2 odds that the two are one person: 0 is even, 10 about a thousand to one for it.
	Score   float64
	Reasons []Reason
	// Rule says in words which rule gave the outcome.
	Rule string

	further bool // further given names differ, by which alone twins of one first name are told apart
}

// Reason is one comparison.
type Reason struct {
	Field string
	Words string
	// Weight is the log2 of how much likelier this is of one person than of two; below 0 it speaks against.
	Weight float64

	differs bool // it is a difference, or too near to one, and not merely a weak agreement
}

// Contradicts tells whether something that is known of both speaks against
// their being one person, where a verdict may be other than Same merely
// because too little is known.
func (v Verdict) Contradicts() bool {
	if v.Outcome == Same || v.further {
		return v.Outcome != Same
	}
	for _, r := range v.Reasons {
		switch r.Field {
		case fieldNumber, fieldBorn, fieldFamily, fieldGiven, fieldSex:
			if r.differs {
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

// Account gives the verdict as it is kept with a review: a line with the
// rule, then a line for each reason, its words and weight parted by a tab.
func (v Verdict) Account() string {
	var b strings.Builder
	b.WriteString(v.Rule)
	for _, r := range v.Reasons {
		fmt.Fprintf(&b, "\n%s\t%+.1f", r.Words, r.Weight)
	}
	return b.String()
}

// Compare judges two identities by the standard weights. It is symmetric and pure.
func Compare(a, b Identity) Verdict {
	return standard.Compare(Prepare(a), Prepare(b))
}

// Profile is an identity made ready for comparison, so that one who is
// compared often is folded once. It is for one goroutine at a time.
type Profile struct {
	number                                   kmcr.NHSNumber
	superseded                               []kmcr.NHSNumber
	soft                                     bool // its sender says that the number is not verified
	names                                    []plainName
	born, sex                                string
	postcodes, lines, localities, telephones []string
	practice                                 string
	locals                                   []string
	kin                                      []plainKin
	tokens, inFile                           []string
}

// Prepare makes an identity ready. What stands for "not known" is left out.
func Prepare(id Identity) *Profile {
	p := &Profile{
		soft: unverified(id.NHSStatus), names: plainNames(id.Names), born: realDate(id.Born), sex: sexOf(id.Sex),
		postcodes: postcodes(id.Postcodes), lines: lines(id.Lines), localities: localities(id.Localities),
		telephones: telephones(id.Telephones), practice: strings.ToUpper(string(id.Practice)), locals: locals(id.Locals),
		kin: plainKins(id.Kin),
	}
	if valid(id.NHS) {
		p.number = id.NHS
	}
	for _, n := range id.Superseded {
		if valid(n) && n != p.number && !slices.Contains(p.superseded, n) {
			p.superseded = append(p.superseded, n)
		}
	}
	return p
}

// WithNumber returns the profile as it would be with this number in force instead of its own; "" for none.
func (p *Profile) WithNumber(n kmcr.NHSNumber) *Profile {
	q := *p
	q.number, q.tokens, q.inFile = "", nil, nil
	if valid(n) {
		q.number = n
	}
	return &q
}

// Tokens returns the strings under which an identity is looked for as a
// candidate: each is "near|kind|value…"; two identities that Compare calls Same or
// Ask share at least one. The store keeps them keyed (HMAC).
func Tokens(id Identity) []string { return Prepare(id).Tokens() }

// Kept returns the strings that are kept of an identity: its Tokens, and those by which people look for somebody.
func Kept(id Identity) []string { return Prepare(id).Kept() }

// Tokens returns the tokens of the identity, made when they are first asked for: most of those that are compared differ, and are
// never asked.
func (p *Profile) Tokens() []string {
	if p.tokens == nil {
		p.tokens = p.findable()
	}
	return p.tokens
}
