package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Every resource of the published Bundles reads back equal, but for id, meta and resolved references.
func TestSyntheaReadsBackEqual(t *testing.T) {
	root := data(t, "synthea-r4")
	files, err := filepath.Glob(filepath.Join(root, "*.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal("no Bundles", err)
	}
	if testing.Short() {
		files = files[:6]
	}
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database).serve("--demo", "--people", "0")
		defer p.stop()
		c := p.client("practice")
		compared := 0
		for _, f := range files {
			body := unpack(t, f)
			got := c.do("POST", "/fhir/R4", string(body))
			if got.status != 200 {
				t.Fatalf("%s: answered %d: %.400s", filepath.Base(f), got.status, got.body)
			}
			compared += readBack(t, c, body, got.body)
		}
		t.Logf("%d resources read back equal", compared)
		m := p.settled("practice")
		if count(m, "received") != count(m, "applied") {
			t.Errorf("ledger: %v", m)
		}
		before := count(m, "received")
		if got := c.do("POST", "/fhir/R4", string(unpack(t, files[0]))); got.status != 200 {
			t.Errorf("the same Bundle again: %d", got.status)
		}
		if m := p.settled("practice"); count(m, "received") != before+1 {
			t.Logf("sent again: %v", m)
		}
	})
}

// readBack reads each location of a transaction's answer and compares.
func readBack(t *testing.T, c as, sent, answered []byte) int {
	t.Helper()
	var request, response struct {
		Entry []struct {
			FullURL  string
			Resource json.RawMessage
			Response struct{ Status, Location string }
		}
	}
	if err := json.Unmarshal(sent, &request); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answered, &response); err != nil {
		t.Fatal(err)
	}
	if len(request.Entry) != len(response.Entry) {
		t.Fatalf("%d entries were answered by %d", len(request.Entry), len(response.Entry))
	}
	location := map[string]string{}
	for i, e := range response.Entry {
		location[request.Entry[i].FullURL] = strings.Split(strings.TrimPrefix(e.Response.Location, "/fhir/R4/"), "/_history")[0]
	}
	step := max(1, len(request.Entry)/25) // enough to notice, few enough to stay quick
	compared := 0
	for i := 0; i < len(request.Entry); i += step {
		url := request.Entry[i].FullURL
		got := c.do("GET", "/fhir/R4/"+location[url], "")
		if got.status != 200 {
			t.Fatalf("GET %s answered %d: %.300s", location[url], got.status, got.body)
		}
		if want, have := plain(t, request.Entry[i].Resource, location), plain(t, got.body, nil); !reflect.DeepEqual(want, have) {
			t.Fatalf("%s does not read back equal:\n%v\n%v", location[url], want, have)
		}
		compared++
	}
	return compared
}

// plain is a resource without id and meta, its references resolved by location.
func plain(t *testing.T, body []byte, location map[string]string) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	delete(m, "id")
	delete(m, "meta")
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if r, ok := v["reference"].(string); ok && location[r] != "" {
				v["reference"] = location[r]
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(m)
	return m
}

func unpack(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Bad input over HTTP: each answered by an OperationOutcome that says what and where; the service goes on.
func TestBadFHIR(t *testing.T) {
	p := empty(t, "").serve()
	defer p.stop()
	c := p.client("practice")
	for name, r := range map[string]struct {
		body, kind string
		want       []int
		says       string
	}{
		"malformed JSON":      {`{"resourceType":"Patient",`, "json", []int{400}, ""},
		"duplicate key":       {`{"resourceType":"Patient","gender":"male","gender":"female"}`, "json", []int{400}, ""},
		"wrong type":          {`{"resourceType":"Patient","birthDate":1941}`, "json", []int{400, 422}, "Patient.birthDate"},
		"unknown element":     {`{"resourceType":"Patient","shoeSize":"9"}`, "json", []int{400, 422}, "shoeSize"},
		"bad date":            {`{"resourceType":"Patient","birthDate":"09/05/1941"}`, "json", []int{400, 422}, "Patient.birthDate"},
		"bad code":            {`{"resourceType":"Patient","gender":"lady"}`, "json", []int{400, 422}, "Patient.gender"},
		"missing required":    {`{"resourceType":"Observation","status":"final"}`, "json", []int{400, 422}, "Observation.code"},
		"huge number":         {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1e999}}`, "json", []int{400, 422}, ""},
		"too deep":            {strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), "json", []int{400, 413}, ""},
		"unknown type":        {`{"resourceType":"Spaceship"}`, "json", []int{400, 404, 422}, ""},
		"DOCTYPE":             {`<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"><gender value="&x;"/></Patient>`, "xml", []int{400}, ""},
		"malformed XML":       {`<Patient xmlns="http://hl7.org/fhir"><gender value="male"></Patient>`, "xml", []int{400}, ""},
		"reference to nobody": {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/nobody"}}`, "json", []int{202, 400, 404, 409, 412, 422}, ""},
	} {
		kind := "application/fhir+" + r.kind
		target := "/fhir/R4/Patient"
		if strings.Contains(r.body, `"Observation"`) {
			target = "/fhir/R4/Observation"
		}
		got := c.do("POST", target, r.body, "Content-Type", kind)
		ok := false
		for _, w := range r.want {
			ok = ok || got.status == w
		}
		if !ok || !strings.Contains(string(got.body), "OperationOutcome") || !strings.Contains(string(got.body), r.says) {
			t.Errorf("%s: answered %d, want %v naming %q: %.400s", name, got.status, r.want, r.says, got.body)
		}
	}
	if got := c.do("POST", "/fhir/R4", practiceBundle); got.status != 200 {
		t.Errorf("after all that a good Bundle is answered %d: %.300s", got.status, got.body)
	}
	p.settled("practice")
}

// Reading over FHIR as the standard has it: update, versions, conditions, search.
func TestFHIRInteractions(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		p := empty(t, database)
		p.must("user", "add", "dr-one", "--name", "Dr One", "--role", "gp", "--organisation", "G82050")
		p.serve("--demo", "--people", "0")
		defer p.stop()
		c := p.client("practice")
		if got := c.do("POST", "/fhir/R4", practiceBundle); got.status != 200 {
			t.Fatalf("%d: %s", got.status, got.body)
		}
		dr := p.user("dr-one")
		ref := dr.find("9990000018")

		search := dr.do("GET", "/fhir/R4/Observation?patient="+ref+"&code=http://snomed.info/sct|1000651000000109&value-quantity=gt4.4", "")
		if search.status != 200 || !strings.Contains(string(search.body), `4.50`) {
			t.Errorf("search with a token and a quantity: %d %.500s", search.status, search.body)
		}
		if strings.Contains(string(search.body), "9990000018") {
			t.Error("a search for Observations tells the NHS number")
		}
		if got := dr.do("GET", "/fhir/R4/Observation?patient="+ref+"&shoe-size=9", ""); got.status != 400 {
			t.Errorf("an unknown parameter is 400 by default, not %d", got.status)
		}
		if got := dr.do("GET", "/fhir/R4/Observation?patient="+ref+"&shoe-size=9", "", "Prefer", "handling=lenient"); got.status != 200 {
			t.Errorf("and ignored when asked for leniency, not %d", got.status)
		}
		if got := dr.do("GET", "/fhir/R4/Observation?code=x", ""); got.status == 200 {
			t.Error("a clinical question without a person was answered")
		}
		if got := dr.do("POST", "/fhir/R4/Patient/_search", "identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018", "Content-Type", "application/x-www-form-urlencoded"); got.status != 200 || !strings.Contains(string(got.body), ref) {
			t.Errorf("POST Patient/_search: %d %.300s", got.status, got.body)
		}
		if got := dr.do("GET", "/fhir/R4/Patient/"+ref, ""); got.status != 200 || !strings.Contains(string(got.body), "Perrin") {
			t.Errorf("Patient/{ref}: %d %.300s", got.status, got.body)
		}
		if got := dr.do("POST", "/fhir/R4/Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`); got.status != 403 {
			t.Errorf("a professional's token must not write: %d", got.status)
		}

		put := c.do("PUT", "/fhir/R4/Patient/own-1", `{"resourceType":"Patient","id":"own-1","name":[{"family":"Quill","given":["Bo"]}],"birthDate":"1980-01-02"}`)
		if put.status != 201 || put.header.Get("ETag") != `W/"1"` {
			t.Fatalf("PUT of a new Patient: %d %s %.300s", put.status, put.header.Get("ETag"), put.body)
		}
		second := c.do("PUT", "/fhir/R4/Patient/own-1", `{"resourceType":"Patient","id":"own-1","name":[{"family":"Quill","given":["Bo"]}],"birthDate":"1980-01-03"}`, "If-Match", `W/"1"`)
		if second.status != 200 || second.header.Get("ETag") != `W/"2"` {
			t.Errorf("update with If-Match: %d %s", second.status, second.header.Get("ETag"))
		}
		if got := c.do("PUT", "/fhir/R4/Patient/own-1", `{"resourceType":"Patient","id":"own-1"}`, "If-Match", `W/"1"`); got.status != 412 && got.status != 409 {
			t.Errorf("update with an old If-Match: %d", got.status)
		}
		if got := c.do("PUT", "/fhir/R4/Patient/own-1", `{"resourceType":"Patient","id":"another"}`); got.status != 400 {
			t.Errorf("an id in the body that is not that of the path: %d", got.status)
		}
		if got := c.do("GET", "/fhir/R4/Patient/own-1/_history/1", ""); got.status != 200 || !strings.Contains(string(got.body), "1980-01-02") {
			t.Errorf("the earlier version: %d %.300s", got.status, got.body)
		}
		for i := range 2 {
			got := c.do("POST", "/fhir/R4/Patient", `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"42"}],"name":[{"family":"Once"}]}`, "If-None-Exist", "identifier=urn:x|42")
			if want := []int{201, 200}[i]; got.status != want {
				t.Errorf("conditional create, time %d: %d, want %d", i+1, got.status, want)
			}
		}
		if got := c.do("DELETE", "/fhir/R4/Patient/own-1", ""); got.status >= 300 {
			t.Errorf("delete: %d %.200s", got.status, got.body)
		}
		if got := c.do("GET", "/fhir/R4/Patient/own-1", ""); got.status != 410 {
			t.Errorf("read of what was deleted: %d", got.status)
		}
		meta := c.do("GET", "/fhir/R4/metadata", "")
		if meta.status != 200 || !strings.Contains(string(meta.body), "CapabilityStatement") {
			t.Errorf("metadata: %d", meta.status)
		}
		xml := c.do("GET", "/fhir/R4/metadata", "", "Accept", "application/fhir+xml")
		if xml.status != 200 || !strings.Contains(string(xml.body), "<CapabilityStatement") {
			t.Errorf("metadata as XML: %d %.100s", xml.status, xml.body)
		}
	})
}

// Published resources of every kind, sent one by one: answered, counted, and none stops the service.
func TestPublishedResources(t *testing.T) {
	p := empty(t, "").serve()
	defer p.stop()
	c := p.client("practice")
	var answers = map[int]int{}
	for _, set := range []string{"fhir-r4-examples", "uk-core-r4/examples", "nhs-api-r4"} {
		err := filepath.WalkDir(data(t, set), func(path string, d os.DirEntry, err error) error {
			ext := filepath.Ext(path)
			if err != nil || d.IsDir() || (ext != ".json" && ext != ".xml") {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			target := "/fhir/R4"
			if kind := resourceType(b, ext); kind != "" && kind != "Bundle" {
				target += "/" + kind
			}
			got := c.do("POST", target, string(b), "Content-Type", "application/fhir+"+ext[1:])
			answers[got.status]++
			if got.status >= 500 {
				t.Errorf("%s: answered %d: %.300s", filepath.Base(path), got.status, got.body)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("answers: %v, ledger %v", answers, p.settled("practice"))
	if answers[201]+answers[200]+answers[202] < 700 {
		t.Errorf("too few were taken in: %v", answers)
	}
}

func resourceType(b []byte, ext string) string {
	if ext == ".xml" {
		for _, part := range strings.Split(string(b), "<") {
			if part != "" && part[0] >= 'A' && part[0] <= 'Z' {
				return strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || r == '>' || r == '\n' || r == '\r' || r == '/' || r == '\t' })[0]
			}
		}
		return ""
	}
	var head struct{ ResourceType string }
	if json.Unmarshal(b, &head) != nil {
		return ""
	}
	return head.ResourceType
}

// Files: folders, archives and returns of a council, with an outcome for each file and totals that add up.
func TestImport(t *testing.T) {
	p := empty(t, "")
	dir := t.TempDir()
	var batch strings.Builder
	for i := range 20 {
		batch.WriteString(strings.ReplaceAll(admission(fmt.Sprintf("F%d", i), "20261120101500"), "\r", "\r\n"))
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("batch.hl7", batch.String())
	out := p.must("import", "--contributor", "hospital", "--json", dir)
	var totals map[string]any
	if err := json.Unmarshal([]byte(out), &totals); err != nil || count(totals, "received") != 20 || count(totals, "applied") != 20 {
		t.Errorf("import of a file of twenty: %s", out)
	}
	again := p.must("import", "--contributor", "hospital", "--json", dir)
	if m := p.settled("hospital"); count(m, "received") != 20 {
		t.Errorf("the same file again changed the ledger: %v %s", m, again)
	}
	cld := write("return.csv", "LA Code,Reporting Period Start Date,Reporting Period End Date,NHS Number,LA Person Unique Identifier,Gender,Date of Birth,Client Type,Primary Support Reason,Postcode,Event Type,Event Reference,Event Start Date,Event End Date,Event Outcome,Service Type,Service Component,Delivery Mechanism,Provider CQC Location Name\n"+
		"820,2026-07-01,2026-09-30,9990000026,A1,Female,1940-02-03,Service user,Physical support: Personal care support,TN24 8DN,Service,E1,2026-01-05,,,Long term support: Community,Home support or domiciliary care,CASSR managed personal budget,Stour Care\n")
	if out := p.must("import", "--contributor", "council", "--json", cld); !strings.Contains(out, `"applied":1`) {
		t.Errorf("a council's return: %s", out)
	}
	late := t.TempDir()
	for name, content := range map[string]string{
		"a.json": `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"Weight"},"subject":{"reference":"Patient/p"}}`,
		"b.xml":  `<Patient xmlns="http://hl7.org/fhir"><id value="p"/><name><family value="Late"/></name><birthDate value="1950-02-03"/></Patient>`,
	} {
		if err := os.WriteFile(filepath.Join(late, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := p.must("import", "--contributor", "practice", "--json", late); !strings.Contains(out, `"applied":2`) || !strings.Contains(out, `"parked":0`) {
		t.Errorf("what waited for a file that came later is not taken up: %s", out)
	}
	missing := write("bad.csv", "Some,Columns\n1,2\n")
	if out, code := p.run("import", "--contributor", "council", missing); code == 0 || !strings.Contains(out, "Event Type") {
		t.Errorf("a return without its columns ended with %d: %s", code, out)
	}
	if _, code := p.run("import", "--contributor", "nobody", cld); code == 0 {
		t.Error("an unknown contributor was taken")
	}
}
