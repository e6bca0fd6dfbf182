package translate

import (
	"strings"
	"testing"

	"kmcr/hl7"
)

// what each event of letters, appointments, orders, medicines and vaccinations becomes.
func TestEveryEventOfTheOtherKindsHasItsMeaning(t *testing.T) {
	const (
		letter = "TXA|1|CN|TX|20260101100000||||||||D2^RVV|D1^RVV||||AU\r"
		text   = "OBX|1|TX|L^Letter||Dear colleague||||||F\r"
		booked = "SCH|P1|F1||||CHECK^Check-up|ROUTINE|NORMAL|30|min|^^30^20260301100000^20260301103000\rAIL|1|A|CLINIC\r"
		order  = "ORC|NW|O1^PAS|F1^LAB||||||20260101\rOBR|1|O1^PAS|F1^LAB|FBC^Full blood count\r"
	)
	for _, c := range []struct{ kind, segments, want string }{
		{"MDM^T01", letter, "announced without its content"}, {"MDM^T02", letter + text, `"contentType":"text/plain`}, {"MDM^T03", letter, `"docStatus":"final"`}, {"MDM^T04", letter + text, `"docStatus":"final"`},
		{"MDM^T05", letter, `"code":"appends"`}, {"MDM^T06", letter + text, `"code":"appends"`}, {"MDM^T07", letter, `"docStatus":"final"`}, {"MDM^T08", letter + text, `"contentType":"text/plain`},
		{"MDM^T09", letter, `"code":"replaces"`}, {"MDM^T10", letter + text, `"code":"replaces"`}, {"MDM^T11", letter, `"status":"entered-in-error"`},
		{"MDM^T02", letter + "OBX|1|RP|L^Letter||//files/letter.pdf^^TEXT^PDF||||||F\r", `"url":"`}, {"MDM^T02", letter + "OBX|1|ED|L^Letter||^AP^PDF^Base64^JVBERi0xLjQ=||||||F\r", `"contentType":"application/pdf"`},
		{"SIU^S12", booked, `"status":"booked"`}, {"SIU^S13", booked, `"start":"2026-03-01T10:00:00`}, {"SIU^S14", booked, `"status":"booked"`}, {"SIU^S15", booked, `"status":"cancelled"`}, {"SIU^S16", booked, `"status":"cancelled"`},
		{"SIU^S17", booked, `"status":"entered-in-error"`}, {"SIU^S18", booked, `"status":"booked"`}, {"SIU^S19", booked, `"status":"booked"`}, {"SIU^S20", booked, `"status":"booked"`}, {"SIU^S21", booked, `"status":"booked"`},
		{"SIU^S22", booked, `"status":"booked"`}, {"SIU^S23", booked, `"status":"booked"`}, {"SIU^S24", booked, `"status":"booked"`}, {"SIU^S26", booked, `"status":"noshow"`},
		{"ORM^O01", order, `"resourceType":"ServiceRequest"`}, {"OML^O21", order + "SPM|1|S1^PAS||BLD^Blood\r", `"resourceType":"Specimen"`}, {"OMG^O19", order, "Full blood count"},
		{"ORM^O01", order + "OBX|1|ED|REF^Referral letter||^AP^PDF^Base64^JVBERi0xLjQ=||||||F\r", `"resourceType":"DocumentReference"`},
		{"RDE^O11", "ORC|NW|O1\rRXE||AML^Amlodipine|5||mg|||||||28\rRXC|B|WAT^Water|5|ml\r", "Component: Water 5 ml"}, {"RDE^O25", "ORC|DC|O1\rRXE||AML^Amlodipine|5||mg\r", `"status":"stopped"`},
		{"RDS^O13", "ORC|RE|O1\rRXD|1|AML^Amlodipine|20260101|28|TAB\r", `"resourceType":"MedicationDispense"`}, {"RGV^O15", "ORC|RE|O1\rRXG|1||^^^20260102|AML^Amlodipine|5||mg\r", `"intent":"instance-order"`},
		{"RAS^O17", "ORC|RE|O1\rRXA|0|1|20260101080000||AML^Amlodipine|5|mg\r", `"resourceType":"MedicationAdministration"`}, {"RAS^O17", "ORC|RE|O1\rRXA|0|1|20260101080000||AML^Amlodipine|5|mg|||||||||||||RE\r", `"status":"not-done"`},
		{"OMP^O09", "ORC|NW|O1\rRXO|AML^Amlodipine|5||mg\r", `"resourceType":"MedicationRequest"`}, {"VXU^V04", "ORC|RE|O1\rRXA|0|1|20260101||20^DTaP^CVX|999\r", `"resourceType":"Immunization"`},
		{"REF^I12", "RF1|A|R|CAR^Cardiology|||R1|20260101\r", "Patient referral"},
	} {
		m, err := hl7.Parse([]byte("MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||"+c.kind+"|C1|P|2.5\rPID|1||A123^^^RVV^PI||Fox^Ada||19410305|F\r"+c.segments), "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := HL7(m, hospital)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		checkReading(t, c.kind, got)
		var all strings.Builder
		for _, s := range got.Statements {
			all.Write(s.Resource)
		}
		if !strings.Contains(all.String(), c.want) {
			t.Errorf("%s: %s is not in %s", c.kind, c.want, all.String())
		}
		for _, u := range got.Unmapped {
			if strings.Contains(u, "no place") {
				t.Errorf("%s: %s", c.kind, u)
			}
		}
	}
}
