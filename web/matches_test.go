package web

import (
	"testing"

	"kmcr/compose"
	"kmcr/disclose"
)

// What two sources say stands side by side as they said it, and how it compares in the words in which it was compared.
func TestAPairSideBySide(t *testing.T) {
	a := compose.Demographics{Names: []compose.Name{{Family: "Fox", Given: "Ada"}}, BornAsSent: "19510230", NHSAsSent: "1234567890", Telephones: []string{"+44 1634 555123"}, Addresses: []string{"1 Mill Lane"}}
	b := compose.Demographics{Names: []compose.Name{{Family: "Fox", Given: "Ada"}}, Born: "1951-02-03", Telephones: []string{"01634 555 123"}, Addresses: []string{"2 Mill Lane"}}
	v := viewOf(disclose.Pair{A: a, B: b, KinA: []string{"FOX, Basil, 01634 555123"}, KinB: []string{"FOX, Basil, (01634) 555 123"},
		Why: []disclose.MatchReason{{Words: "sex agrees", Weight: 1}, {Words: "telephone agrees", Weight: 15.4}, {Words: "address is in the same street", Weight: 2.2}, {Words: "postcode differs", Weight: -3}, {Words: "next of kin agrees by name and telephone", Weight: 8.8}}})
	want := map[string][3]string{
		"Name":        {"FOX, Ada", "FOX, Ada", "Same"},
		"Born":        {"19510230 (not a date)", "1951-02-03", "One does not say"},
		"NHS No.":     {"1234567890 (not a valid number)", "", "One does not say"},
		"Address":     {"1 Mill Lane", "2 Mill Lane", "Is in the same street"},
		"Phone":       {"+44 1634 555123", "01634 555 123", "One agrees"},
		"Next of kin": {"FOX, Basil, 01634 555123", "FOX, Basil, (01634) 555 123", "Agrees by name and telephone"},
	}
	if len(v.Rows) != len(want) {
		t.Errorf("the rows are %+v", v.Rows)
	}
	for _, r := range v.Rows {
		if got := [3]string{r.A, r.B, r.Says}; got != want[r.Fact] {
			t.Errorf("%s: %q, want %q", r.Fact, got, want[r.Fact])
		}
	}
	if v.Title != "FOX, Ada" || len(v.For) != 3 || v.For[0].Words != "telephone agrees" || len(v.Against) != 1 || len(v.Little) != 1 {
		t.Errorf("%s: for %v, against %v, little %v", v.Title, v.For, v.Against, v.Little)
	}
}
