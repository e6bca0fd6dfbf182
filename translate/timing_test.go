package translate

import (
	"strings"
	"testing"

	"kmcr/hl7"
)

// How often, when needed and how long a medicine is given stands where each version of HL7 has it; nothing of it is lost.
func TestHowAMedicineIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		version, segments string
		want              []string
	}{
		"in RXE-1, as up to v2.4":               {"2.4", "RXE|1^BID|124^Warfarin^L|3|5|mg|TAB\r", []string{`"code":{"text":"twice a day"}`, `"doseRange"`}},
		"every so many hours":                   {"2.4", "RXE|1^Q6H|124^Paracetamol^L|1||g\r", []string{`"text":"every 6 hours"`}},
		"times of day":                          {"2.4", "RXE|1^BID&0800,2000|124^Apixaban^L|5||mg\r", []string{`"timeOfDay":["08:00:00","20:00:00"]`}},
		"when needed, by the pattern":           {"2.4", "RXE|1^PRN|124^Codeine^L|30||mg\r", []string{`"asNeededBoolean":true`}},
		"when needed, by priority and reason":   {"2.4", "RXE|1^QID^^^^PRN^for pain|124^Codeine^L|30||mg\r", []string{`"asNeededCodeableConcept":{"text":"pain"}`, "four times a day"}},
		"when needed every so often":            {"2.4", "RXE|1^PRNQ4H|124^Codeine^L|30||mg\r", []string{`"asNeededBoolean":true`, "every 4 hours"}},
		"between two days":                      {"2.4", "RXE|1^QD^^20260101^20260107|124^Amoxicillin^L|500||mg\r", []string{`"boundsPeriod":{"start":"2026-01-01","end":"2026-01-07"}`, "once a day"}},
		"in ORC-7":                              {"2.4", "RXE||124^Warfarin^L|3||mg\r", []string{`"text":"three times a day"`}},
		"in TQ1, by its sender's words":         {"2.5", "RXE||124^Methotrexate^L|10||mg\rTQ1|1||QW^weekly\r", []string{`"text":"weekly"`}},
		"in TQ1, by code":                       {"2.5", "RXE||124^Methotrexate^L|10||mg\rTQ1|1||QW||||20260101|20260301\r", []string{`"text":"once a week"`, `"start":"2026-01-01","end":"2026-03-01"`}},
		"one step after another":                {"2.5", "RXE||124^Prednisolone^L|5||mg\rTQ1|1||BID\rTQ1|2||QD\r", []string{`"text":"5 mg; twice a day; then once a day"`}},
		"beside its instructions":               {"2.5", "RXE||124^Alendronic acid^L|70||mg||^Sit up after it\rTQ1|1||QW\r", []string{`"text":"70 mg; Sit up after it; once a week"`}},
		"how it is dispensed":                   {"2.4", "RXE|1^QD|124^Omeprazole^L|20||mg||||||||||||||||^Swallow whole\r", []string{"Swallow whole"}},
		"a pattern that is not on any list":     {"2.4", "RXE|1^WIBBLE|124^Aspirin^L|75||mg\r", []string{`"text":"WIBBLE"`}},
		"an administration that is to be given": {"2.4", "RXG|1||1^TID|124^Aspirin^L|75||mg\r", []string{"three times a day"}},
	} {
		t.Run(name, func(t *testing.T) {
			kind, orc := "RDE^O01", "ORC|NW|O1"
			if strings.HasPrefix(c.segments, "RXG") {
				kind = "RGV^O01"
			}
			if name == "in ORC-7" {
				orc += "|||||1^TDS"
			}
			m, err := hl7.Parse([]byte("MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||"+kind+"|C1|P|"+c.version+"\rPID|1||A123^^^RVV^PI||Fox^Ada||19410305|F\r"+orc+"\r"+c.segments), "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := HL7(m, hospital)
			if err != nil {
				t.Fatal(err)
			}
			checkReading(t, name, got)
			var all strings.Builder
			for _, s := range got.Statements {
				all.Write(s.Resource)
			}
			for _, want := range c.want {
				if !strings.Contains(all.String(), want) {
					t.Errorf("%s is not in %s", want, all.String())
				}
			}
		})
	}
}
