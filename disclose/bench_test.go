package disclose_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kmcr"
	"kmcr/e2e/house"
)

// What auditing adds to opening a record of 700 statements: each opening is
// made once with the audit and once without, in turn, so that both meet the
// same machine.
func BenchmarkAuditing(b *testing.B) {
	h := house.New(b)
	ref := long(h, 700)
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
	for name, path := range map[string]string{"record": "/people/" + ref, "everything": "/fhir/R4/Patient/" + ref + "/$everything"} {
		b.Run(name, func(b *testing.B) {
			var with, without []time.Duration
			open := func() time.Duration {
				start := time.Now()
				if got := gp.Get(path); got.Status != 200 {
					b.Fatal(got.Status, got.Body)
				}
				return time.Since(start)
			}
			open()
			for b.Loop() {
				with = append(with, open())
				again := h.Out.Unaudited()
				without = append(without, open())
				again()
			}
			a, n := median(with), median(without)
			b.ReportMetric(float64(a.Microseconds()), "audited-µs")
			b.ReportMetric(float64(n.Microseconds()), "unaudited-µs")
			b.ReportMetric(100*(float64(a)/float64(n)-1), "added-%")
		})
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// long is a person with n statements, registered with RVV.
func long(h *house.House, n int) (ref string) {
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000000"
	entries := []string{patient + fmt.Sprintf(` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Long"}],"birthDate":"1950-01-01"}`, house.NHS(1))}
	for i := range n {
		entries = append(entries, fmt.Sprintf(`urn:uuid:00000000-0000-4000-8000-%012d {"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"%d-4","display":"A measured thing"}],"text":"A measured thing %d"},"subject":{"reference":%q},"effectiveDateTime":"20%02d-05-%02dT08:25:00+00:00","issued":"2019-05-05T08:25:00.000+00:00","valueQuantity":{"value":%d.5,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}`, i+1, 8000+i%40, i%40, patient, 10+i%15, 1+i%28, i))
	}
	ids := h.Sent("hospital", entries...)
	person := h.PersonOf(ids[patient])
	h.Involve(kmcr.Involvement{Person: person, Kind: "registered", Organisation: "RVV"})
	return string(person.Ref())
}
