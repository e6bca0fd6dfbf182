package fhirapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/e2e/house"
)

const patientURL = "urn:uuid:00000000-0000-4000-8000-000000000000"

// record is somebody with a few entries, and the ids of these by the name of each.
func record(h *house.House, n int, more ...string) (ref string, ids map[string]string, person kmcr.PersonID) {
	entries := append([]string{patientURL + fmt.Sprintf(` {"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Tester%s"}],"birthDate":"1950-01-%02d"}`, house.NHS(n), strings.Repeat("b", n), n+1)}, more...)
	ids = h.Sent("hospital", entries...)
	person = h.PersonOf(ids[patientURL])
	return string(person.Ref()), ids, person
}

func condition(name, text string) string {
	return "urn:uuid:00000000-0000-4000-8000-00000000000" + name + ` {"resourceType":"Condition","code":{"text":"` + text + `"},"subject":{"reference":"` + patientURL + `"}}`
}

func gp(h *house.House, people ...kmcr.PersonID) house.Asker {
	for _, p := range people {
		h.Involve(kmcr.Involvement{Person: p, Kind: "registered", Organisation: "RVV"})
	}
	return h.Somebody(kmcr.Viewer{Account: "gp", Role: kmcr.RoleGP, Organisation: "RVV"})
}

func system(h *house.House, c kmcr.ContributorCode) house.Asker {
	return h.Somebody(kmcr.Viewer{Account: string(c), Contributor: c})
}

// isOutcome tells whether an answer is an OperationOutcome that repeats nothing of what was sent.
func isOutcome(t *testing.T, got house.Answer, sent string) {
	t.Helper()
	var o struct{ ResourceType string }
	if err := json.Unmarshal([]byte(got.Body), &o); err != nil || o.ResourceType != "OperationOutcome" {
		t.Errorf("not an OperationOutcome: %.200s", got.Body)
	}
	if sent != "" && strings.Contains(got.Body, sent) {
		t.Errorf("the answer repeats what was sent: %.300s", got.Body)
	}
}

// Attack 26: JSON that is meant to break who reads it.
func TestJSONThatIsMeantToBreak(t *testing.T) {
	h := house.New(t)
	c := system(h, "hospital")
	deep := strings.Repeat(`{"extension":[`, 10000) + strings.Repeat(`]}`, 10000)
	for name, body := range map[string]string{
		"10,000 deep":           `{"resourceType":"Observation","status":"final","code":{"text":"x"},"extension":[` + deep + `]}`,
		"arrays 100,000 deep":   strings.Repeat("[", 100000),
		"the same member twice": `{"resourceType":"Observation","status":"final","status":"amended","code":{"text":"x"}}`,
		"a number too large":    `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1e999}}`,
		"a lone surrogate":      `{"resourceType":"Observation","status":"final","code":{"text":"\ud800"}}`,
		"a NUL":                 "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"a\\u0000b\"}}",
		"not UTF-8":             "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"\xff\xfe\"}}",
		"two documents":         `{"resourceType":"Observation","status":"final","code":{"text":"x"}}{"resourceType":"Patient"}`,
		"nothing":               "",
		"half":                  `{"resourceType":"Observation","status":"fin`,
		"another type":          `{"resourceType":"Patient"}`,
		"a megabyte of digits":  `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":` + strings.Repeat("9", 1<<20) + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := c.Ask("POST", "/fhir/R4/Observation", body, "Content-Type", "application/fhir+json")
			if got.Status < 400 || got.Status >= 500 {
				t.Errorf("answered %d: %.200s", got.Status, got.Body)
			}
			isOutcome(t, got, "")
		})
	}
}

// Attacks 27, 28, 30, 31 and 32: parameters that are meant to do or to tell more than they should.
func TestSearchParametersThatAreMeantToBreak(t *testing.T) {
	h := house.New(t)
	ref, ids, person := record(h, 1, condition("1", "plainword"), condition("2", "otherword"))
	a := gp(h, person)
	sql := "name;DROP TABLE register--"
	for query, want := range map[string]int{
		"_sort=" + url.QueryEscape(sql):              400,
		url.QueryEscape(sql) + "=1":                  400,
		"code=" + url.QueryEscape("' OR '1'='1"):     200,
		"_count=-1":                                  400,
		"_count=x":                                   400,
		"_count=2147483647":                          200,
		"_count=99999999999999999999999":             400,
		"subject.subject.subject.name=x":             400,
		"_has:Observation:patient:code=x":            400,
		"_include=nonsense":                          400,
		"_summary=everything":                        400,
		"_elements=../../etc/passwd":                 400,
		"code:exactly=x":                             400,
		"_page=AAAA":                                 404,
		"_lastUpdated=" + url.QueryEscape("ge99999"): 400,
	} {
		got := a.Get("/fhir/R4/Condition?patient=" + ref + "&" + query)
		if got.Status != want {
			t.Errorf("%s answered %d, want %d: %.200s", query, got.Status, want, got.Body)
		}
		if got.Status != 200 {
			isOutcome(t, got, "")
		}
	}
	big := a.Get("/fhir/R4/Condition?patient=" + ref + "&_count=2147483647")
	if strings.Count(big.Body, `"mode":"match"`) != 2 {
		t.Errorf("a great _count: %.300s", big.Body)
	}
	for _, prefix := range []string{ref[:len(ref)-1], ref + "a", strings.ToUpper(ref)} { // attack 30: an id matches whole
		if got := a.Get("/fhir/R4/Condition?patient=" + prefix); got.Status != 404 {
			t.Errorf("part of a reference answers %d", got.Status)
		}
	}
	_, id, _ := strings.Cut(ids["urn:uuid:00000000-0000-4000-8000-000000000001"], "/")
	for _, changed := range []string{id[:35], id + "0", strings.ToUpper(id), strings.Replace(id, "-", "", 1)} {
		if changed == id {
			continue
		}
		if got := a.Get("/fhir/R4/Condition/" + changed); got.Status != 404 {
			t.Errorf("a part or another form of an id answers %d", got.Status)
		}
	}
}

// Attack 29 and 48: nothing of another person is reached from within the first one's record.
func TestAnotherPersonIsNotReached(t *testing.T) {
	h := house.New(t)
	first, _, mine := record(h, 1, condition("1", "mineword"))
	second, ids, _ := record(h, 2, condition("1", "theirword"))
	a := gp(h, mine)
	_, id, _ := strings.Cut(ids["urn:uuid:00000000-0000-4000-8000-000000000001"], "/")
	_, patient, _ := strings.Cut(ids[patientURL], "/")
	for _, path := range []string{
		"/Condition?patient=" + first + "&_id=" + id, "/Condition?patient=" + first + "&subject=" + second, "/Condition?patient=" + first + "&patient=" + second,
		"/Condition?patient=" + first + "&subject=Patient/" + patient, "/Condition?patient=" + first + "&_revinclude=Condition:subject", "/Patient?_id=" + first + "," + second,
		"/Patient?_id=" + first + "&_revinclude=Condition:patient", "/Patient/" + second + "/$everything", "/Condition/" + id, "/Patient/" + patient, "/Condition?patient=" + patient,
		"/Patient/" + first + "/$everything?patient=" + second,
	} {
		got := a.Get("/fhir/R4" + path)
		if strings.Contains(got.Body, "theirword") || strings.Contains(got.Body, "Testerbb") || strings.Contains(got.Body, id) && !strings.Contains(path, id) {
			t.Errorf("%s tells of another person: %d %.300s", path, got.Status, got.Body)
		}
	}
	next := system(h, "practice")
	for _, path := range []string{"/Condition/" + id, "/Patient/" + patient, "/Patient/" + patient + "/$everything", "/Condition?patient=" + patient, "/Condition/" + id + "/_history"} {
		if got := next.Get("/fhir/R4" + path); got.Status != 404 {
			t.Errorf("another contributor's %s answers %d", path, got.Status)
		}
	}
	for _, method := range []string{"PUT", "DELETE"} { // the same id may be the other contributor's own, but it is never this one
		next.Ask(method, "/fhir/R4/Condition/"+id, `{"resourceType":"Condition","id":"`+id+`","code":{"text":"changed"},"subject":{"reference":"Patient/`+patient+`"}}`, "Content-Type", "application/fhir+json")
		if got := system(h, "hospital").Get("/fhir/R4/Condition/" + id); got.Status != 200 || !strings.Contains(got.Body, "theirword") {
			t.Errorf("another contributor's %s changes it: %d %s", method, got.Status, got.Body)
		}
	}
}

// Attack 56: a page of a search belongs to who was given it.
func TestAPageOfASearchIsTheSearchers(t *testing.T) {
	h := house.New(t)
	ref, _, person := record(h, 1, condition("1", "one"), condition("2", "two"))
	a := gp(h, person)
	got := a.Get("/fhir/R4/Condition?patient=" + ref + "&_count=1")
	var b struct {
		Link []struct{ Relation, URL string }
	}
	if err := json.Unmarshal([]byte(got.Body), &b); err != nil || len(b.Link) < 2 {
		t.Fatalf("no next page: %s", got.Body)
	}
	next := strings.TrimPrefix(b.Link[1].URL, "http://kmcr.test")
	if strings.Contains(next, ref) {
		t.Error("the next page names the person")
	}
	if got := a.Get(next); got.Status != 200 {
		t.Errorf("the searcher's own next page answers %d", got.Status)
	}
	other := h.Somebody(kmcr.Viewer{Account: "another", Role: kmcr.RoleGP, Organisation: "RVV"})
	if got := other.Get(next); got.Status != 404 {
		t.Errorf("somebody else's page answers %d", got.Status)
	}
	h.Object(person, whole)
	if got := a.Get(next); got.Status != 403 {
		t.Errorf("the next page after an objection answers %d", got.Status)
	}
}

// Attack 34 and 35: transactions and updates that are meant to break.
func TestWritesThatAreMeantToBreak(t *testing.T) {
	h := house.New(t)
	_, ids, _ := record(h, 1, condition("1", "one"))
	c := system(h, "hospital")
	location := ids["urn:uuid:00000000-0000-4000-8000-000000000001"]
	_, id, _ := strings.Cut(location, "/")
	send := func(method, path, body string, extra ...string) house.Answer {
		return c.Ask(method, "/fhir/R4"+path, body, append([]string{"Content-Type", "application/fhir+json"}, extra...)...)
	}
	if got := send("PUT", "/"+location, `{"resourceType":"Condition","id":"another","code":{"text":"x"},"subject":{"reference":"`+ids[patientURL]+`"}}`); got.Status != 400 {
		t.Errorf("a body of another id answers %d", got.Status)
	}
	_, others, _ := record(h, 2, condition("1", "two"))
	send("PUT", "/"+location, `{"resourceType":"Condition","id":"`+id+`","code":{"text":"moved"},"subject":{"reference":"`+others[patientURL]+`"}}`)
	if got := gp(h, h.PersonOf(ids[patientURL])).Get("/fhir/R4/Condition?patient=" + string(h.PersonOf(ids[patientURL]).Ref())); strings.Contains(got.Body, "moved") || strings.Contains(got.Body, `"one"`) {
		t.Errorf("an entry that its contributor has moved to another patient is still told of the first: %s", got.Body)
	}
	_, ids, _ = record(h, 3, condition("1", "three"))
	location = ids["urn:uuid:00000000-0000-4000-8000-000000000001"]
	_, id, _ = strings.Cut(location, "/")
	if got := send("PUT", "/"+location, `{"resourceType":"Condition","id":"`+id+`","code":{"text":"x"},"subject":{"reference":"`+ids[patientURL]+`"}}`, "If-Match", `W/"7"`); got.Status != 412 && got.Status != 409 {
		t.Errorf("an old version in If-Match answers %d", got.Status)
	}
	if got := send("PATCH", "/"+location, `[{"op":"remove","path":"/code"}]`, "Content-Type", "application/json-patch+json"); got.Status != 405 {
		t.Errorf("PATCH answers %d", got.Status)
	}
	entry := `{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000009","resource":{"resourceType":"Organization","name":"x"},"request":{"method":"POST","url":"Organization"}}`
	for name, body := range map[string]string{
		"the same fullUrl twice":    `{"resourceType":"Bundle","type":"transaction","entry":[` + entry + `,` + entry + `]}`,
		"one entry that is refused": `{"resourceType":"Bundle","type":"transaction","entry":[` + entry + `,{"resource":{"resourceType":"Observation"},"request":{"method":"POST","url":"Observation"}}]}`,
		"100,000 entries":           `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Repeat(entry+",", 100000) + entry + `]}`,
	} {
		got := send("POST", "", body)
		if got.Status < 400 || got.Status >= 500 {
			t.Errorf("%s: answered %d: %.200s", name, got.Status, got.Body)
		}
	}
}

// Attack 36: a conditional write whose condition could fit two, because it is not by an identifier, changes nothing; one identifier of a
// contributor is never that of two.
func TestAConditionalWriteThatCouldFitTwo(t *testing.T) {
	h := house.New(t)
	c := system(h, "hospital")
	patient := func(family, number string) string {
		return `{"resourceType":"Patient","identifier":[{"system":"urn:own","value":"` + number + `"}],"name":[{"family":"` + family + `"}],"birthDate":"1950-01-01"}`
	}
	made := c.Ask("POST", "/fhir/R4/Patient", patient("Twice", "1"), "Content-Type", "application/fhir+json")
	if made.Status != 201 {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(made.Header.Get("Location"), "http://kmcr.test"), "/_history")
	for name, got := range map[string]house.Answer{
		"update by name":       c.Ask("PUT", "/fhir/R4/Patient?family=Twice", patient("Changed", "1"), "Content-Type", "application/fhir+json"),
		"update by birth":      c.Ask("PUT", "/fhir/R4/Patient?birthdate=1950-01-01", patient("Changed", "1"), "Content-Type", "application/fhir+json"),
		"update by everything": c.Ask("PUT", "/fhir/R4/Patient?identifier=urn:own%7C1&identifier=urn:own%7C2", patient("Changed", "1"), "Content-Type", "application/fhir+json"),
		"create by name":       c.Ask("POST", "/fhir/R4/Patient", patient("Changed", "1"), "Content-Type", "application/fhir+json", "If-None-Exist", "family=Twice"),
	} {
		if got.Status != 412 && got.Status != 400 {
			t.Errorf("%s answers %d: %s", name, got.Status, got.Body)
		}
	}
	if got := c.Get(path); got.Status != 200 || !strings.Contains(got.Body, "Twice") {
		t.Errorf("it was changed: %d %s", got.Status, got.Body)
	}
}

// Attack 24 and 25: a body that unpacks to more than it may, or lies about its length.
func TestBodiesThatUnpackToTooMuch(t *testing.T) {
	h := house.New(t)
	c := system(h, "hospital")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write([]byte(`{"resourceType":"Bundle","type":"transaction","x":"`))
	space := bytes.Repeat([]byte(" "), 1<<20)
	for range 80 {
		z.Write(space)
	}
	z.Close()
	got := c.Ask("POST", "/fhir/R4", bomb.String(), "Content-Type", "application/fhir+json", "Content-Encoding", "gzip")
	if got.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d bytes that unpack to 80 MiB answered %d", bomb.Len(), got.Status)
	}
	isOutcome(t, got, "")
	for _, encoding := range []string{"deflate", "br", "gzip, gzip", "zstd"} {
		if got := c.Ask("POST", "/fhir/R4", "x", "Content-Type", "application/fhir+json", "Content-Encoding", encoding); got.Status != http.StatusUnsupportedMediaType {
			t.Errorf("Content-Encoding %s answered %d", encoding, got.Status)
		}
	}
	if got := c.Ask("POST", "/fhir/R4", "not gzip", "Content-Type", "application/fhir+json", "Content-Encoding", "gzip"); got.Status != 400 {
		t.Errorf("what is not gzip answered %d", got.Status)
	}
}

// Attacks 44 and 45: methods, formats and words of a request that are meant to be taken for something else.
func TestRequestsThatPretend(t *testing.T) {
	h := house.New(t)
	ref, ids, person := record(h, 1, condition("1", "plainword"))
	a, c := gp(h, person), system(h, "hospital")
	location := ids["urn:uuid:00000000-0000-4000-8000-000000000001"]
	for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		c.Ask("GET", "/fhir/R4/"+location, "", header, "DELETE")
	}
	c.Get("/fhir/R4/" + location + "?_method=DELETE")
	if got := c.Get("/fhir/R4/" + location); got.Status != 200 {
		t.Errorf("a GET that pretends to be a DELETE deletes: %d", got.Status)
	}
	for _, method := range []string{"TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get"} {
		if got := a.Ask(method, "/fhir/R4/Patient/"+ref, ""); got.Status != http.StatusMethodNotAllowed {
			t.Errorf("%s answered %d", method, got.Status)
		}
	}
	html := a.Ask("GET", "/fhir/R4/Patient/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "", "Accept", "text/html")
	if strings.Contains(html.Header.Get("Content-Type"), "html") || strings.Contains(html.Body, "<script>") || html.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %s", html.Header.Get("Content-Type"), html.Body)
	}
	for _, format := range []string{"html", "text/html", "../x", "json;charset=utf-7"} {
		if got := a.Get("/fhir/R4/Patient/" + ref + "?_format=" + url.QueryEscape(format)); got.Status != http.StatusNotAcceptable {
			t.Errorf("_format=%s answered %d", format, got.Status)
		}
	}
	a.Ask("GET", "/fhir/R4/Patient/"+ref, "", "User-Agent", "x\r\nforged: entry\x1b[31m", "X-Forwarded-For", "1.2.3.4\n5")
	a.Get("/fhir/R4/Condition/%0d%0aforged%20entry")
	err := h.DB.AuditAll(context.Background(), func(e *audit.Entry) error {
		if strings.Contains(fmt.Sprint(*e), "forged") {
			t.Errorf("what a client wrote stands in the audit log: %+v", *e)
		}
		return nil
	})
	h.Must(err)
}

// Attack 42: nothing that is sent makes this service ask somebody else.
func TestNothingIsFetched(t *testing.T) {
	h := house.New(t)
	asked := make(chan string, 10)
	trap := trapServer(t, asked)
	ref, _, person := record(h, 1,
		`urn:uuid:00000000-0000-4000-8000-000000000001 {"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"contentType":"text/plain","url":"`+trap+`/letter"}}],"subject":{"reference":"`+patientURL+`"}}`,
		`urn:uuid:00000000-0000-4000-8000-000000000002 {"resourceType":"Condition","code":{"coding":[{"system":"`+trap+`/codes","code":"x"}],"text":"x"},"asserter":{"reference":"`+trap+`/Practitioner/1"},"subject":{"reference":"`+patientURL+`"}}`)
	a := gp(h, person)
	for _, path := range []string{"/fhir/R4/Patient/" + ref + "/$everything", "/fhir/R4/Condition?patient=" + ref + "&_include=Condition:asserter", "/people/" + ref, "/people/" + ref + "/documents"} {
		if got := a.Get(path); got.Status != 200 {
			t.Errorf("%s answered %d", path, got.Status)
		}
	}
	select {
	case path := <-asked:
		t.Errorf("%s was fetched", path)
	case <-time.After(200 * time.Millisecond):
	}
}

// Attack 54: what ended a second ago is over, and an objection holds from the next request.
func TestAccessEndsAtOnce(t *testing.T) {
	h := house.New(t)
	ref, _, person := record(h, 1, condition("1", "one"))
	a := h.Somebody(kmcr.Viewer{Account: "dr", Role: kmcr.RoleHospitalDoctor, Organisation: "RVV"})
	h.Involve(kmcr.Involvement{Person: person, Kind: "spell", Organisation: "RVV", Account: "dr", Until: h.Now.Add(time.Hour)})
	if got := a.Get("/fhir/R4/Patient/" + ref); got.Status != 200 {
		t.Fatalf("during the spell: %d", got.Status)
	}
	h.Object(person, whole)
	if got := a.Get("/fhir/R4/Patient/" + ref); got.Status != 403 {
		t.Errorf("after an objection: %d", got.Status)
	}
	h.Object(person, takenBack(h.Now))
	if got := a.Get("/fhir/R4/Patient/" + ref); got.Status != 200 {
		t.Errorf("after it was taken back: %d", got.Status)
	}
	h.Pass(time.Hour + time.Second)
	for _, path := range []string{"/fhir/R4/Patient/" + ref, "/fhir/R4/Patient/" + ref + "/$everything", "/people/" + ref} {
		if got := a.Get(path); got.Status != 403 {
			t.Errorf("%s a second after the spell: %d", path, got.Status)
		}
	}
}

// Attacks 37, 38 and 39: an entry that is sealed or deleted later is so in every version, and nothing is changed by parts.
func TestWhatIsSealedOrDeletedLater(t *testing.T) {
	h := house.New(t)
	ref, ids, person := record(h, 1, condition("1", "Asthma"), condition("2", "Gout"))
	reader, writer := gp(h, person), system(h, "hospital")
	sealed, deleted := ids["urn:uuid:00000000-0000-4000-8000-000000000001"], ids["urn:uuid:00000000-0000-4000-8000-000000000002"]
	for _, id := range []string{sealed, deleted} {
		if got := reader.Get("/fhir/R4/" + id + "/_history/1"); got.Status != 200 {
			t.Fatalf("%s before: %d", id, got.Status)
		}
	}
	_, id, _ := strings.Cut(sealed, "/")
	got := writer.Ask("PUT", "/fhir/R4/"+sealed, `{"resourceType":"Condition","id":"`+id+`","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]},"code":{"text":"Asthma"},"subject":{"reference":"`+ids[patientURL]+`"}}`, "Content-Type", "application/fhir+json")
	if got.Status != 200 {
		t.Fatalf("sealing: %d %s", got.Status, got.Body)
	}
	for _, below := range []string{"", "/_history", "/_history/1", "/_history/2"} {
		if got := reader.Get("/fhir/R4/" + sealed + below); got.Status != 404 || strings.Contains(got.Body, "Asthma") {
			t.Errorf("sealed%s: %d %s", below, got.Status, got.Body)
		}
	}
	if got := writer.Ask("DELETE", "/fhir/R4/"+deleted, ""); got.Status != 200 && got.Status != 204 {
		t.Fatalf("deleting: %d %s", got.Status, got.Body)
	}
	if got := reader.Get("/fhir/R4/" + deleted); got.Status != 410 {
		t.Errorf("deleted: %d", got.Status)
	}
	if got := reader.Get("/fhir/R4/Condition?patient=" + ref); got.Status != 200 || strings.Contains(got.Body, "Gout") || strings.Contains(got.Body, "Asthma") {
		t.Errorf("a search: %d %s", got.Status, got.Body)
	}
	if got := writer.Ask("PATCH", "/fhir/R4/"+sealed, `[{"op":"remove","path":"/meta"}]`, "Content-Type", "application/json-patch+json"); got.Status != 405 {
		t.Errorf("changed by parts: %d", got.Status)
	}
}

// Attack 33: of a transaction that is refused in part nothing is done; who may only read writes nothing at all.
func TestARefusedPartRefusesTheWhole(t *testing.T) {
	h := house.New(t)
	ref, ids, person := record(h, 1)
	entry := func(resource string) string {
		return `{"resource":` + resource + `,"request":{"method":"POST","url":"Condition"}}`
	}
	allowed := entry(`{"resourceType":"Condition","code":{"text":"Allowed"},"subject":{"reference":"` + ids[patientURL] + `"}}`)
	send := func(a house.Asker, entries ...string) house.Answer {
		return a.Ask("POST", "/fhir/R4", `{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}`, "Content-Type", "application/fhir+json")
	}
	reader := gp(h, person)
	if got := send(system(h, "hospital"), allowed, entry(`{"resourceType":"Condition","code":"not a concept"}`)); got.Status < 400 || got.Status >= 500 {
		t.Errorf("one entry that is refused: %d %s", got.Status, got.Body)
	}
	before := h.Audited()
	if got := send(reader, allowed); got.Status != 403 {
		t.Errorf("a professional's token writes: %d", got.Status)
	}
	if h.Audited() == before {
		t.Error("that it tried is not in the audit")
	}
	if got := reader.Get("/fhir/R4/Condition?patient=" + ref); strings.Contains(got.Body, "Allowed") {
		t.Error("the other entry was done")
	}
}
