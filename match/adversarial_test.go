package match_test

import (
	"testing"
	"time"

	"kmcr/match"
	"kmcr/synth"
)

func identityOfPerson(p synth.Person) match.Identity {
	id := match.Identity{NHS: p.NHS, NHSStatus: "01", Names: []match.Name{{Family: p.Family, Given: p.Given}}, Born: p.Born.Format(time.DateOnly), Sex: p.Sex, Practice: p.Practice}
	for to, s := range map[*[]string]string{&id.Postcodes: p.Postcode, &id.Lines: p.Line, &id.Localities: p.Town, &id.Telephones: p.Telephone} {
		if s != "" {
			*to = []string{s}
		}
	}
	return id
}

// oneFamily are the kinds of pairs that are two of one family, or one person.
var oneFamily = map[string]bool{"twins": true, "twins of like names": true, "siblings": true, "father and son of one name": true, "number misapplied to a relative": true, "one number for two babies": true}

// Ten thousand pairs made to mislead: nobody is joined to somebody else. What
// is missed of one person is told, for it costs too.
func TestNoAdversarialPairIsJoined(t *testing.T) {
	type count struct{ pairs, same, ask, different int }
	counts := map[string]*count{}
	for _, p := range synth.AdversarialPairs(11, 10_000, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		a, b := identityOfPerson(p.A), identityOfPerson(p.B)
		if oneFamily[p.Kind] { // name the same next of kin
			mother := []match.Kin{{Name: match.Name{Family: p.A.Family, Given: "Doris"}, Telephones: []string{"01622 555 999"}}}
			a.Kin, b.Kin = mother, mother
		}
		v := match.Compare(a, b)
		c := counts[p.Kind]
		if c == nil {
			c = &count{}
			counts[p.Kind] = c
		}
		c.pairs++
		switch v.Outcome {
		case match.Same:
			c.same++
			if !p.Same {
				t.Errorf("%s are joined: %s\n%s\n%+v\n%+v", p.Kind, v.Rule, v.Words(), p.A, p.B)
			}
		case match.Ask:
			c.ask++
		case match.Different:
			c.different++
		}
	}
	for _, kind := range synth.PairKinds {
		c := counts[kind]
		t.Logf("%-34s %5d pairs: %5d linked, %5d to a person, %5d apart", kind, c.pairs, c.same, c.ask, c.different)
	}
	for _, kind := range []string{"moved house", "typing slips", "surname changed"} {
		if c := counts[kind]; c.different*10 > c.pairs*4 {
			t.Errorf("%s: %d of %d are missed", kind, c.different, c.pairs)
		}
	}
}
