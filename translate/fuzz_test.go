package translate

import (
	"errors"
	"strings"
	"testing"

	"kmcr"
	"kmcr/hl7"
)

// Whatever stands in a message, it is refused with a reason that helps, or what is read of it is well formed, valid R4, and stated once.
func FuzzMessage(f *testing.F) {
	const pid = "\rPID|1||H1^^^RVV^PI~9990000018^^^NHS^NH||Smith^Jack^^^Mr||19410305|M|||1 High St^^Ashford^^TN23 1AA||01233 496111|||||||||||||||20260101|N"
	for _, s := range []string{
		"ADT^A01|1|P|2.4\rEVN|A01|20260102" + pid + "\rPV1|1|I|Ash^1^2^RVV||||C1^Doctor^Ann|||110|||||||||V1^^^RVV|||||||||||||||||||||||||20260102101500\rPV2|||R07^Chest pain^I10\rDG1|1||R07^Chest pain^I10\rAL1|1|DA|^Penicillin|SV|Rash\rNK1|1|Smith^Jill|SPO\rZZZ|1",
		"ORU^R01|2|P|2.4" + pid + "\rORC|RE|1|2\rOBR|1|1|2|26604007^FBC^SCT|||20260102\rOBX|1|NM|718-7^Haemoglobin^LN||13.1|g/dL|12-15|N|||F\rOBX|2|ED|1^Letter||^AP^PDF^Base64^JVBERi0=\rNTE|1||a note\rSPM|1|||BLD",
		"MDM^T02|3|P|2.4\rEVN|T02|20260102" + pid + "\rTXA|1|DS|TX|20260102||||||||L1^RVV||||||AU\rOBX|1|TX|1^Note||the text",
		"SIU^S12|4|P|2.4\rSCH|A1^RVV|||||1^Clinic|||20|min|^^20^20260103100000^20260103102000\r" + pid[1:] + "\rAIP|1||C1^Doctor^Ann\rAIL|1||Clinic 3",
		"RDE^O11|5|P|2.5" + pid + "\rORC|NW|1\rRXE|^^^20260102|1^Amoxicillin^X|500||mg|CAP\rRXR|PO",
		"VXU^V04|6|P|2.5" + pid + "\rORC|RE|1\rRXA|0|1|20260102||1^Influenza^CVX|0.5|ml",
		"ADT^A40|7|P|2.4\rEVN|A40|20260102" + pid + "\rMRG|H2^^^RVV^PI",
		"OML^O21|8|P|2.5" + pid + "\rORC|NW|1\rOBR|1|1||1^Test^L", "ADT^A60|9|P|2.5" + pid + "\rIAM|1|DA|1^Nuts^L|MO|Swelling|A",
	} {
		f.Add([]byte("MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||" + s + "\r"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := hl7.Parse(raw, "")
		if err != nil {
			return
		}
		out, err := HL7(m, hospital)
		if err != nil {
			var e *kmcr.Error
			if !errors.As(err, &e) || e.Kind == kmcr.Fault || e.Message == "" || e.Remedy == "" {
				t.Errorf("%v", err)
			}
			return
		}
		checkReading(t, "message", out)
		for _, s := range out.Statements {
			if strings.ContainsAny(string(s.Resource), "\x00") {
				t.Errorf("a NUL in %s", s.Key)
			}
		}
	})
}
