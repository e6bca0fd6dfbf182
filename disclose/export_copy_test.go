package disclose_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/e2e/house"
)

// A person is given a copy of their own record, by the privacy officer alone, who has just shown who they are; and everybody can see that it was made.
func TestACopyForThePerson(t *testing.T) {
	h := house.New(t)
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000000"
	of := func(resource, more string) string {
		return resource + `","subject":{"reference":"` + patient + `"}` + more + `}`
	}
	ids := h.Sent("hospital", patient+` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"`+house.NHS(3)+`"}],"name":[{"family":"Copy","given":["Ada"]}],"birthDate":"1950-01-01"}`,
		of(`urn:uuid:00000000-0000-4000-8000-000000000001 {"resourceType":"Condition","code":{"text":"Asthma"},"recordedDate":"2020-05-01`, ""),
		of(`urn:uuid:00000000-0000-4000-8000-000000000002 {"resourceType":"Condition","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"THIRD-PARTY"}]},"code":{"text":"Said by the neighbour"},"recordedDate":"2020-05-02`, ""))
	person := h.PersonOf(ids[patient])
	ref := string(person.Ref())
	h.Involve(kmcr.Involvement{Person: person, Kind: "registered", Organisation: "RVV"})
	gp := h.Somebody(kmcr.Viewer{Account: "gp", Name: "Dr Ångström", Role: kmcr.RoleGP, Organisation: "RVV"})
	gp.Get("/people/" + ref)
	officer := h.Somebody(kmcr.Viewer{Account: "officer", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV"})
	const why = `{"reason":"asked in writing, passport seen"}`

	got := officer.Ask("POST", "/people/"+ref+"/copy", why)
	if got.Status != 200 || got.Header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	z, err := zip.NewReader(strings.NewReader(got.Body), int64(len(got.Body)))
	h.Must(err)
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		h.Must(err)
		b, err := io.ReadAll(r)
		h.Must(err)
		files[f.Name] = string(b)
	}
	if r := files["record.json"]; !strings.Contains(r, "Asthma") || !strings.Contains(r, `"Copy"`) || strings.Contains(r, "neighbour") {
		t.Errorf("the record: %s", r)
	}
	if l := files["who-looked.json"]; !strings.Contains(l, "Ångström") {
		t.Errorf("who looked: %s", l)
	}
	for _, name := range []string{"record.pdf", "who-looked.pdf"} {
		if !strings.HasPrefix(files[name], "%PDF-") {
			t.Errorf("%s is no PDF", name)
		}
	}
	if got := officer.Get("/people/" + ref + "/access"); !strings.Contains(got.Body, `"action":"export"`) {
		t.Errorf("that a copy was made is not among the looks: %s", got.Body)
	}
	if got := officer.Get("/people/" + ref + "/access/pdf"); got.Status != 200 || !bytes.HasPrefix([]byte(got.Body), []byte("%PDF-")) {
		t.Errorf("who looked, as a PDF: %d", got.Status)
	}
	stale := h.Somebody(kmcr.Viewer{Account: "officer", Role: kmcr.RolePrivacyOfficer, Organisation: "RVV", Proven: h.Now.Add(-time.Hour)})
	for name, c := range map[string]struct {
		by     house.Asker
		body   string
		ref    string
		status int
	}{
		"a doctor":                 {gp, why, ref, 403},
		"an hour after signing in": {stale, why, ref, 401},
		"without a reason":         {officer, `{"reason":""}`, ref, 400},
		"of nobody":                {officer, why, string(kmcr.PersonID(99).Ref()), 404},
	} {
		if got := c.by.Ask("POST", "/people/"+c.ref+"/copy", c.body); got.Status != c.status || strings.Contains(got.Body, "PK\x03\x04") {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
}
