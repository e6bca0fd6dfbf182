package terms

import "testing"

func TestReasonsAsHospitalsSendThemAreSaidInPlainWords(t *testing.T) {
	for _, c := range []struct{ code, term, want string }{
		{"J18.9", "J18.9", "chest infection"}, {"", "J18.9", "chest infection"}, {"S72.00", "", "broken hip or thigh"}, {"", "#NOF", "broken hip"}, {"", "# NOF", "broken hip"}, {"", "?CVA", "possibly stroke"},
		{"", "D&V", "diarrhoea and vomiting"}, {"", "Off legs", "cannot stand or walk as before"}, {"", "AKI", "sudden kidney injury"}, {"233604007", "Pneumonia", "chest infection"},
		{"", "Dressing clinic", ""}, {"", "?", ""}, {"", "J1", ""}, {"Z99.9", "Z99.9", ""}, {"", "M25 motorway", ""},
	} {
		if got := Plain(c.code, c.term); got != c.want {
			t.Errorf("%q %q is said as %q, want %q", c.code, c.term, got, c.want)
		}
	}
}
