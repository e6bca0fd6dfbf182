package kmcr_test

import (
	"strings"
	"testing"

	"kmcr"
)

func TestParseNHSNumber(t *testing.T) {
	for _, c := range []struct {
		in, digits string
		ok         bool
	}{
		{"9990000018", "9990000018", true},
		{"999 000 0026", "9990000026", true},
		{"999-111-2227", "9991112227", true},
		{"999\u00a0876\u00a05439", "9998765439", true},
		{"9991234560", "", false}, // much copied, fails the check
		{"1234567890", "", false}, // the number that a dozen sample records share
		{"999000001", "", false},
		{"99900000180", "", false},
		{"999000001X", "", false},
		{"", "", false},
	} {
		n, err := kmcr.ParseNHSNumber(c.in)
		if (err == nil) != c.ok || n.String() != c.digits {
			t.Errorf("ParseNHSNumber(%q) = %q, %v; want %q, ok %v", c.in, n, err, c.digits, c.ok)
		}
		if err != nil && c.in != "" && strings.Contains(err.Error(), c.in) {
			t.Errorf("the error for %q repeats the number", c.in)
		}
	}
}

func TestNHSNumberIsShown334(t *testing.T) {
	if got := kmcr.NHSNumber("9990000018").Display(); got != "999 000 0018" {
		t.Error(got)
	}
}

func TestReferencesAreOpaqueAndExact(t *testing.T) {
	for _, p := range []kmcr.PersonID{1, -1, 1 << 62, 8234982347} {
		ref := p.Ref()
		back, err := kmcr.ParseRef(string(ref))
		if err != nil || back != p {
			t.Errorf("ParseRef(%v) = %v, %v", ref, back, err)
		}
		for _, bad := range []string{string(ref) + "a", strings.ToUpper(string(ref)) + "A", string(ref)[1:], ""} {
			if _, err := kmcr.ParseRef(bad); kmcr.KindOf(err) != kmcr.NotFound {
				t.Errorf("ParseRef(%q) must be not found, got %v", bad, err)
			}
		}
	}
}

func TestStatementIDLeadsToItsPatient(t *testing.T) {
	id := kmcr.StatementID{Patient: 77, Hash: 0xfedcba9876543210}
	back, ok := kmcr.ParseStatementID(id.String())
	if !ok || back != id {
		t.Errorf("%v became %v", id, back)
	}
	for _, bad := range []string{"", "x", strings.ToUpper(id.String()), id.String() + "0"} {
		if _, ok := kmcr.ParseStatementID(bad); ok {
			t.Errorf("%q was read as a statement id", bad)
		}
	}
}
