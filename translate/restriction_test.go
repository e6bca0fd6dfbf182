package translate

import (
	"strings"
	"testing"

	"kmcr/hl7"
)

const beginning = "MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||ADT^%E|C1|P|2.6\rEVN|%E|20260102101500\rPID|1||A123^^^RVV^PI||Fox^Ada||19410305|F\r"

// readEvent reads an ADT event of segments after PID.
func readEvent(t *testing.T, event, segments string) (Reading, string) {
	t.Helper()
	m, err := hl7.Parse([]byte(strings.ReplaceAll(beginning, "%E", event)+segments), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := HL7(m, hospital)
	if err != nil {
		t.Fatal(err)
	}
	checkReading(t, event, got)
	var all strings.Builder
	for _, s := range got.Statements {
		all.WriteString(s.Key + " " + string(s.Resource) + "\n")
	}
	return got, all.String()
}

func TestWhatTheSenderRestrictsIsStatedAndWhereaboutsAreHidden(t *testing.T) {
	for _, c := range []struct {
		says, segments string
		hidden         bool
		flag           string
	}{
		{"nothing is restricted", "PV1|1|I|Ash||||||||||||||||V1", false, ""},
		{"the patient is protected", "PD1||||||||||||Y\rPV1|1|I|Ash||||||||||||||||V1", true, ""},
		{"the location is not to be told", "ARV|1|A|LOC|PHY|Ask the ward\rPV1|1|I|Ash||||||||||||||||V1", true, "Location of the patient: Ask the ward"},
		{"a restriction that is over hides nothing", "ARV|1|A|LOC|PHY||20240101^20250101\rPV1|1|I|Ash||||||||||||||||V1", false, `"end":"2025-01-01"`},
		{"a restriction that is taken back hides nothing", "ARV|1|D|LOC\rPV1|1|I|Ash||||||||||||||||V1", false, ""},
		{"one on a kind of data is told and hides no address", "ARV|1|A|SMD\rPV1|1|I|Ash||||||||||||||||V1", false, "Sensitive medical data"},
	} {
		t.Run(c.says, func(t *testing.T) {
			_, all := readEvent(t, "A01", c.segments)
			if strings.Contains(all, `"code":"R","display":"restricted"`) != c.hidden {
				t.Errorf("hidden is not %v in %s", c.hidden, all)
			}
			if !strings.Contains(all, c.flag) {
				t.Errorf("%q is not in %s", c.flag, all)
			}
		})
	}
}

// every ADT event, A01 to A62, is read; of those that merge or move something the reading says what that means.
func TestEveryADTEventHasAMeaningOrATrueReason(t *testing.T) {
	const visit = "PV1|1|I|Ash^1^2^RVV01|21||||||||||||||||V100\r"
	for _, c := range []struct{ event, segments, want string }{
		{"A21", visit, `"status":"onleave"`}, {"A22", visit, `"status":"in-progress"`}, {"A15", visit, "V100"}, {"A38", visit, `"status":"cancelled"`}, {"A12", visit, "V100"},
		{"A35", "MRG|A123^^^RVV||ACC9", "accounts, which are about payment"}, {"A41", "MRG|A123^^^RVV||ACC9\r" + visit, "accounts, which are about payment"},
		{"A43", "MRG|A123^^^RVV", "who has it now is said by PID"}, {"A44", "MRG|B9^^^RVV||ACC9", "names no visit"}, {"A44", "MRG|B9^^^RVV||ACC9\r" + visit, movedAway},
		{"A48", "MRG|A123^^^RVV", "not the patient's own"}, {"A49", "MRG|A123^^^RVV||ACC9", "about payment"}, {"A51", "MRG|A123^^^RVV|||||X9\r" + visit, "a second number of the visit"},
		{"A45", "MRG|B9^^^RVV||||V100\r" + visit, movedAway}, {"A50", "MRG|A123^^^RVV||||V99\r" + visit, movedAway}, {"A42", "MRG|A123^^^RVV||||V99\r" + visit, movedAway},
		{"A40", "MRG|B9^^^RVV", ""}, {"A34", "MRG|B9^^^RVV", ""}, {"A60", "IAM|1|DA|PEN^Penicillin|SV||A", "Penicillin"},
		{"A08", "PV1|1|I|Ash||||||||||||||||V100\rPRT||AD||AT^Attending^HL70912|C1^Patel^Asha|||Cardiology", "Patel"},
		{"A03", visit + "PDA|I21^Myocardial infarction^I10||Y|20260101", "Cause of death"},
	} {
		got, all := readEvent(t, c.event, c.segments)
		whole := all + strings.Join(got.Unmapped, "\n")
		for _, s := range got.Statements {
			if s.Fold != "" {
				f, err := Fold(s.Fold, fragmentsOf(t, s.Resource))
				if err != nil {
					t.Fatal(err)
				}
				whole += string(f.Resource)
			}
		}
		if !strings.Contains(whole, c.want) {
			t.Errorf("%s: %q is not in %s", c.event, c.want, whole)
		}
		if has("A40 A34", c.event) && len(got.Merges) != 1 {
			t.Errorf("%s merges %v", c.event, got.Merges)
		}
		if r := strings.Join(got.Unmapped, "\n"); strings.Contains(r, "MRG: has no place") {
			t.Errorf("%s: %s", c.event, r)
		}
	}
}
