package disclose

import (
	"testing"

	"kmcr"
)

func TestHarmIsRankedByWhatIsStated(t *testing.T) {
	says := func(sections ...kmcr.Section) (out []*kmcr.Statement) {
		for _, s := range sections {
			out = append(out, &kmcr.Statement{Section: s})
		}
		return out
	}
	for _, c := range []struct {
		statements []*kmcr.Statement
		rank       int
	}{
		{nil, 0},
		{says(kmcr.Demographics), 0},
		{says(kmcr.Demographics, kmcr.Medicines), 1},
		{says(kmcr.Results, kmcr.Allergies), 2},
		{says(kmcr.Safeguarding), 2},
	} {
		if got := harmOf(c.statements); got.Rank != c.rank || got.Words == "" {
			t.Errorf("%v: %+v, want %d", c.statements, got, c.rank)
		}
	}
}

func TestReasonsAreReadWithTheirWeight(t *testing.T) {
	var p Pair
	p.account("likely, but not certain\nfamily name agrees\t+14.7\nsex differs\t-5.6\npractice agrees\t+0.5")
	if p.Rule != "likely, but not certain" || p.Reasons != "family name agrees; sex differs; practice agrees" || len(p.Why) != 3 {
		t.Fatalf("%+v", p)
	}
	for i, want := range []string{"speaks very strongly for one person", "speaks strongly against", "says little"} {
		if p.Why[i].Says != want {
			t.Errorf("%s %v: %q, want %q", p.Why[i].Words, p.Why[i].Weight, p.Why[i].Says, want)
		}
	}
	p = Pair{}
	p.account("NHS number agrees; date of birth differs")
	if p.Reasons != "NHS number agrees; date of birth differs" || p.Why != nil {
		t.Errorf("kept in one line: %+v", p)
	}
}
