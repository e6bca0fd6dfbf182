package disclose

import (
	"testing"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
)

func TestWhoIsToldOfAnOpenedRecord(t *testing.T) {
	d := func(nhs kmcr.NHSNumber, practice kmcr.ODS) compose.Demographics {
		return compose.Demographics{NHS: nhs, Practice: practice}
	}
	for name, c := range map[string]struct {
		viewer kmcr.Viewer
		all    []compose.Demographics
		want   int
	}{
		"number and practice":        {kmcr.Viewer{Account: "a"}, []compose.Demographics{d("9990000018", ""), d("", "G82001")}, 1},
		"two numbers":                {kmcr.Viewer{Account: "a"}, []compose.Demographics{d("9990000018", "G82001"), d("9990000026", "")}, 0},
		"two practices":              {kmcr.Viewer{Account: "a"}, []compose.Demographics{d("9990000018", "G82001"), d("", "G82002")}, 0},
		"no practice":                {kmcr.Viewer{Account: "a"}, []compose.Demographics{d("9990000018", "")}, 0},
		"a contributor's own client": {kmcr.Viewer{Account: "a", Contributor: "x"}, []compose.Demographics{d("9990000018", "G82001")}, 0},
	} {
		told := 0
		s := &Service{}
		s.WhenOpened(func(Seen) { told++ })
		s.tellOpened(&opening{facts: access.Facts{Viewer: c.viewer}}, c.all)
		if told != c.want {
			t.Errorf("%s: told %d times", name, told)
		}
	}
}
