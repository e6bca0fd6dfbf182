package match

import "kmcr"

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

// Compare judges two identities. It is symmetric and pure.
func Compare(a, b Identity) Verdict { panic("not built") }

// Tokens returns the strings under which an identity is to be found as a
// candidate: each is "kind|value"; two identities that Compare could call
// Same or Ask share at least one. The store keeps them keyed (HMAC).
func Tokens(id Identity) []string { panic("not built") }
