package compose

import (
	"fmt"
	"testing"
	"time"

	"kmcr"
)

// longRecord is a person with n statements over 20 years from four contributors: results, visits, medicines, problems.
func longRecord(tb testing.TB, n int) []*kmcr.Statement {
	tb.Helper()
	codes := []kmcr.ContributorCode{"gp", "hospital", "council", "home"}
	drugs := []string{"Ramipril", "Amlodipine", "Furosemide", "Apixaban", "Metformin", "Atorvastatin", "Omeprazole", "Bisoprolol", "Paracetamol", "Levothyroxine"}
	bodies := make([][]string, len(codes))
	for i := range n {
		at := now.Add(-time.Duration(i) * 20 * 365 * 24 * time.Hour / time.Duration(n)).Format(time.RFC3339)
		body := ""
		switch i % 10 {
		case 0, 1, 2, 3, 4:
			body = fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"%d","display":"Test %d"}]},"effectiveDateTime":"%s","valueQuantity":{"value":%d.%d,"unit":"mmol/L"},"referenceRange":[{"low":{"value":3},"high":{"value":60}}]}`, i, 1000+i%40, i%40, at, i%80, i%10)
		case 5, 6:
			body = fmt.Sprintf(`{"resourceType":"Encounter","id":"e%d","status":"finished","class":{"code":"AMB"},"type":[{"text":"Contact"}],"period":{"start":"%s","end":"%s"},"reasonCode":[{"text":"Review"}]}`, i, at, at)
		case 7, 8:
			body = fmt.Sprintf(`{"resourceType":"MedicationRequest","id":"m%d","status":"%s","intent":"order","authoredOn":"%s","medicationCodeableConcept":{"text":"%s %d mg tablets"},"dosageInstruction":[{"text":"Take one tablet once a day"}]}`, i, []string{"completed", "active", "stopped"}[min(i/400, 2)], at, drugs[i/10%len(drugs)], 5*(1+i%3))
		default:
			body = fmt.Sprintf(`{"resourceType":"Condition","id":"c%d","clinicalStatus":{"coding":[{"code":"%s"}]},"code":{"text":"Problem %d"},"onsetDateTime":"%s"}`, i, []string{"active", "resolved"}[i/10%2], i/10%60, at)
		}
		bodies[i%len(codes)] = append(bodies[i%len(codes)], body)
	}
	var all []*kmcr.Statement
	for k, list := range bodies {
		for lo := 0; lo < len(list); lo += 1000 {
			some := statementsOf(tb, codes[k], kmcr.PatientID(k+1), list[lo:min(lo+1000, len(list))]...)
			for j, s := range some {
				s.ID.Hash = uint64(lo + j + 1)
			}
			all = append(all, some...)
		}
	}
	return all
}

// BenchmarkCompose is the time to compose records of growing length.
func BenchmarkCompose(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		list := longRecord(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compose(Input{Statements: list, Sources: testSources, Now: now})
			}
		})
	}
}
