package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"kmcr"
	"kmcr/ingest"
	"kmcr/store"
)

const observed = `{"resourceType":"Observation","status":"final","code":{"text":"weight"},"subject":%s}`

func patientBody(id, more string) string {
	return `{"resourceType":"Patient","id":"` + id + `","name":[{"family":"Sample","given":["Ann"]}],"birthDate":"1950-02-03","gender":"female"` + more + `}`
}

// what comes before its Patient is kept, belongs to nobody, and is joined when the Patient comes.
func TestWhatComesBeforeItsPatient(t *testing.T) {
	cases := map[string]struct{ subject, patient string }{
		"by the address":    {`{"reference":"Patient/p1"}`, patientBody("p1", "")},
		"by the whole URL":  {`{"reference":"https://gp.example/fhir/Patient/p1"}`, `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"https://gp.example/fhir/Patient/p1","resource":` + patientBody("p1", "") + `}]}`},
		"by its own number": {`{"identifier":{"system":"urn:own","value":"7"}}`, patientBody("p1", `,"identifier":[{"system":"urn:own","value":"7"}]`)},
		"by NHS number": {`{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}}`,
			patientBody("p1", `,"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}]`)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			a := h.fhir(202, ingest.Interaction{Method: "POST", Type: "Observation", Body: fmt.Appendf(nil, observed, c.subject)})
			if !strings.Contains(string(a.Body), "shown to nobody until that Patient arrives") {
				t.Errorf("the sender is not told: %s", a.Body)
			}
			id, _ := kmcr.ParseStatementID(strings.Split(a.Location, "/")[1])
			if p := h.compartment(id.Patient).Patient; p.Person != 0 || p.Register {
				t.Fatalf("what is about somebody unknown has person %d", p.Person)
			}
			if m := h.messages(store.Applied); len(m) != 1 || !strings.Contains(m[0].Detail, "shown to nobody") {
				t.Errorf("the ledger says %+v", m)
			}
			kind, want := "Patient", 201
			if strings.Contains(c.patient, "Bundle") {
				kind, want = "", 200
			}
			method, named := "POST", ""
			if name == "by the address" {
				method, named = "PUT", "p1"
			}
			h.fhir(want, ingest.Interaction{Method: method, Type: kind, ID: named, Body: []byte(c.patient)})
			p := h.compartment(id.Patient).Patient
			if p.Person == 0 {
				t.Fatal("its Patient has come, and it is still nobody's")
			}
			linked, err := h.db.Links(h.ctx(), p.Person)
			h.must(err)
			statements := 0
			for _, l := range linked {
				statements += len(h.compartment(l.ID).Current())
			}
			if statements != 2 {
				t.Errorf("%d statements of the person; want the Patient and the Observation", statements)
			}
			h.balanced()
		})
	}
}

// several patients of one number: it does not say which of them was meant.
func TestANumberOfSeveralJoinsNobody(t *testing.T) {
	h := build(t)
	const number = `"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}]`
	a := h.fhir(202, ingest.Interaction{Method: "POST", Type: "Observation", Body: fmt.Appendf(nil, observed, `{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}}`)})
	h.fhir(200, ingest.Interaction{Method: "POST", Body: []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + patientBody("p1", ","+number) + `},{"resource":{"resourceType":"Patient","id":"p2","name":[{"family":"Other"}],"birthDate":"1999-01-01",` + number + `}}]}`)})
	id, _ := kmcr.ParseStatementID(strings.Split(a.Location, "/")[1])
	if p := h.compartment(id.Patient).Patient; p.Person != 0 {
		t.Error("the number of two patients decided whose it is")
	}
}

// what names nobody is kept by itself, is never anybody's, and begins to be somebody's when it is said whose it is.
func TestWhatNamesNobody(t *testing.T) {
	h := build(t)
	nameless := `{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"weight"}}`
	h.fhir(202, ingest.Interaction{Method: "PUT", Type: "Observation", ID: "o1", Body: []byte(nameless)})
	h.fhir(202, ingest.Interaction{Method: "POST", Type: "Observation", Body: []byte(strings.Replace(nameless, `"id":"o1",`, "", 1))})
	h.fhir(201, ingest.Interaction{Method: "PUT", Type: "Patient", ID: "p1", Body: []byte(patientBody("p1", ""))})
	a := h.fhir(201, ingest.Interaction{Method: "PUT", Type: "Observation", ID: "o1", Body: []byte(strings.Replace(nameless, `"status"`, `"subject":{"reference":"Patient/p1"},"status"`, 1))})
	p, err := h.db.PatientByKey(h.ctx(), "gp", "Patient/p1")
	h.must(err)
	if n := len(h.compartment(p.ID).Current()); n != 2 || p.Person == 0 {
		t.Errorf("the patient has %d statements; %s", n, a.Body)
	}
}
