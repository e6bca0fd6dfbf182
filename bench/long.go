package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

type object = map[string]any

// long opens the summary page of people with ever more statements over 20 years: how long the server takes and what the page weighs.
func (b *bench) long(s *server) error {
	writer, err := s.run(b.ctx, "token", "--client", "bench")
	if err != nil {
		return err
	}
	reader, err := s.run(b.ctx, "token", "--user", "bench-gp")
	if err != nil {
		return err
	}
	for i, n := range []int{100, 1000, 5000} {
		born := fmt.Sprintf("19%02d-03-05", 40+i)
		if err := b.live(s, writer, born, n); err != nil {
			return err
		}
		refs, err := b.find(s, reader, map[string]string{"family": "Longlife", "given": "Ada", "born": born})
		if err != nil || len(refs) != 1 {
			return fmt.Errorf("the person with %d statements was found %d times: %w", n, len(refs), err)
		}
		var took []time.Duration
		size := 0
		for range 60 {
			start := time.Now()
			if size, err = b.page(s, reader, refs[0]); err != nil {
				return err
			}
			took = append(took, time.Since(start))
		}
		say(fmt.Sprintf("summary page of %d statements over 20 years", n), fmt.Sprintf("p50 %.1f p95 %.1f ms, %.1f KiB", ms(took, 50), ms(took, 95), float64(size)/1024), "aim p95 < 100 ms, < 60 KiB")
	}
	return nil
}

// page fetches the summary as a browser does, and answers its size as it comes over the wire.
func (b *bench) page(s *server, token, ref string) (int, error) {
	r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, s.http+"/people/"+ref, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the summary answered %s", resp.Status)
	}
	return len(body), err
}

// live sends n statements of one invented person, in Bundles of 500.
func (b *bench) live(s *server, token, born string, n int) error {
	patient := object{"resourceType": "Patient", "identifier": []object{{"system": "urn:kmcr:bench:patient", "value": "long-" + born}}, "name": []object{{"use": "official", "family": "Longlife", "given": []string{"Ada"}}},
		"gender": "female", "birthDate": born, "generalPractitioner": []object{{"identifier": object{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "G82050"}}}}
	for from := 0; from < n; from += 500 {
		entries := []object{entry("urn:uuid:00000000-0000-4000-8000-000000000001", patient)}
		for i := from; i < min(from+500, n); i++ {
			entries = append(entries, entry(fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", i+2), lived(born, i, n)))
		}
		body, err := json.Marshal(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})
		if err != nil {
			return err
		}
		if err := send(b.ctx, &http.Client{Timeout: time.Minute}, s.http+"/fhir/R4", token, bytes.Clone(body)); err != nil {
			return err
		}
	}
	return nil
}

func entry(url string, resource object) object {
	return object{"fullUrl": url, "resource": resource, "request": object{"method": "POST", "url": resource["resourceType"]}}
}

// lived is the i-th of n statements: half are results, a fifth visits, a fifth prescriptions, a tenth problems.
func lived(born string, i, n int) object {
	at := time.Now().Add(-time.Duration(i) * (20 * 365 * 24 * time.Hour / time.Duration(n))).UTC().Format(time.RFC3339)
	me := object{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}
	r := object{"identifier": []object{{"system": "urn:kmcr:bench:item", "value": fmt.Sprint(born, "-", i)}}, "subject": me}
	text := func(s string) object { return object{"text": s} }
	switch i % 10 {
	case 0, 1, 2, 3, 4:
		r["resourceType"], r["status"], r["effectiveDateTime"] = "Observation", "final", at
		r["category"] = []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}}}}
		r["code"] = text(fmt.Sprintf("Test %d", i%40))
		r["valueQuantity"] = object{"value": i % 80, "unit": "mmol/L"}
		if i%80 > 60 {
			r["interpretation"] = []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "H"}}}}
		}
	case 5, 6:
		r["resourceType"], r["status"], r["class"], r["period"] = "Encounter", "finished", object{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}, object{"start": at, "end": at}
		r["reasonCode"] = []object{text("Review")}
	case 7, 8:
		status := "stopped"
		if i < 200 {
			status = "active"
		}
		r["resourceType"], r["status"], r["intent"], r["authoredOn"] = "MedicationRequest", status, "order", at
		r["medicationCodeableConcept"] = text([]string{"Ramipril", "Amlodipine", "Furosemide", "Apixaban", "Metformin", "Atorvastatin", "Omeprazole", "Bisoprolol"}[i/10%8] + " 5 mg tablets")
		r["dosageInstruction"] = []object{text("Take one tablet once a day")}
	default:
		r["resourceType"], r["code"], r["onsetDateTime"] = "Condition", text(fmt.Sprintf("Problem %d", i/10%60)), at
		r["clinicalStatus"] = object{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": []string{"active", "resolved", "resolved", "resolved"}[i/10%4]}}}
	}
	return r
}
