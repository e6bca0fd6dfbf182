package disclose_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/e2e/house"
	"kmcr/web"
)

// The oracle: who may see what, written down a second time and in another way
// than in access, from the role descriptions. It knows nothing of matrix.csv.

// keptFrom lists the roles that give care, and the sections and topics that are kept from each.
var keptFrom = map[kmcr.Role]string{
	"gp": "", "hospital-doctor": "", "emergency-doctor": "",
	"community-nurse":         "administrative SEX THIRD-PARTY",
	"mental-health-nurse":     "administrative SEX",
	"pharmacist":              "safeguarding referrals social-care other administrative SAFEG-CH SAFEG-AD THIRD-PARTY",
	"paramedic":               "referrals administrative SEX THIRD-PARTY",
	"occupational-therapist":  "results vaccinations administrative SEX SUD SAFEG-CH THIRD-PARTY",
	"social-worker":           "results vaccinations administrative SEX SAFEG-CH",
	"childrens-social-worker": "results administrative SEX SAFEG-AD",
	"duty-worker":             "results vaccinations administrative SEX",
	"safeguarding-lead":       "results vaccinations administrative SEX",
	"carer":                   "safeguarding problems results observations vaccinations referrals documents other administrative SEX MH SUD SAFEG-CH SAFEG-AD THIRD-PARTY",
}

// health are the roles of health care, who alone see what is restricted.
var health = []kmcr.Role{"gp", "hospital-doctor", "emergency-doctor", "community-nurse", "mental-health-nurse", "pharmacist", "paramedic", "occupational-therapist", "safeguarding-lead"}

// finders may look for anybody; of the others nobody may know who is there.
var finders = append([]kmcr.Role{"social-worker", "childrens-social-worker", "duty-worker", "privacy-officer", "caldicott-guardian", "records-officer"}, health...)

// planted is one entry of the planted record.
type planted struct {
	name    string // its word, which stands nowhere else
	section string
	labels  string
	with    string // the planted entry whose labels it has too, because it hangs together with it
	json    string // resource, CANARY for the word
}

const plantedPatient = "urn:uuid:00000000-0000-4000-8000-000000000000"

func entryURL(n int) string { return fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", n) }

// record is what is planted; entry n has entryURL(n+1).
var record = []planted{
	{"problemplain", "problems", "", "", `{"resourceType":"Condition","code":{"text":"CANARY"},SUBJECT}`},
	{"allergyplain", "allergies", "", "", `{"resourceType":"AllergyIntolerance","code":{"text":"CANARY"},PATIENT}`},
	{"medicineplain", "medicines", "", "", `{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"CANARY"},SUBJECT}`},
	{"resultplain", "results", "", "", `{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"text":"CANARY"},"valueString":"7","effectiveDateTime":"2026-01-02",SUBJECT}`},
	{"vitalplain", "observations", "", "", `{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"text":"CANARY"},"valueString":"7","effectiveDateTime":"2026-01-02",SUBJECT}`},
	{"vaccineplain", "vaccinations", "", "", `{"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"CANARY"},"occurrenceDateTime":"2025-10-01",PATIENT}`},
	{"encounterplain", "encounters", "", "", `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"reasonCode":[{"text":"CANARY"}],"period":{"start":"2020-01-02T10:00:00Z","end":"2020-01-02T10:10:00Z"},SUBJECT}`},
	{"appointmentplain", "appointments", "", "", `{"resourceType":"Appointment","status":"fulfilled","description":"CANARY","start":"2020-01-05T10:00:00Z","end":"2020-01-05T10:30:00Z","participant":[{"status":"accepted","actor":{"reference":"` + plantedPatient + `"}}]}`},
	{"referralplain", "referrals", "", "", `{"resourceType":"ServiceRequest","status":"completed","intent":"order","code":{"text":"CANARY"},SUBJECT}`},
	{"documentplain", "documents", "", "", `{"resourceType":"DocumentReference","status":"current","description":"CANARY","content":[{"attachment":{"contentType":"text/plain","data":"DATA"}}],SUBJECT}`},
	{"teamplain", "contacts", "", "", `{"resourceType":"CareTeam","status":"active","name":"CANARY",SUBJECT}`},
	{"serviceplain", "social-care", "", "", `{"resourceType":"EpisodeOfCare","status":"finished","type":[{"text":"Social care: CANARY"}],PATIENT,"period":{"start":"2020-01-02","end":"2020-02-02"}}`},
	{"planplain", "plans", "", "", `{"resourceType":"CarePlan","status":"active","intent":"plan","title":"CANARY",SUBJECT}`},
	{"alertplain", "alerts", "", "", `{"resourceType":"Flag","status":"active","code":{"text":"CANARY"},SUBJECT}`},
	{"otherplain", "other", "", "", `{"resourceType":"Communication","status":"completed","topic":{"text":"CANARY"},SUBJECT}`},
	{"claimplain", "administrative", "", "", `{"resourceType":"Account","status":"active","name":"CANARY","subject":[{"reference":"` + plantedPatient + `"}]}`},

	{"childguard", "safeguarding", "SAFEG-CH", "", `{"resourceType":"Flag","status":"active","code":{"text":"Safeguarding child CANARY"},SUBJECT}`},
	{"adultguard", "safeguarding", "SAFEG-AD", "", `{"resourceType":"Flag","status":"active","code":{"text":"Safeguarding adult CANARY"},SUBJECT}`},
	{"mentalproblem", "problems", "MH", "", `{"resourceType":"Condition",SECURITY,"code":{"text":"CANARY"},SUBJECT}`},
	{"addiction", "problems", "SUD", "", `{"resourceType":"Condition",SECURITY,"code":{"text":"CANARY"},SUBJECT}`},
	{"thirdparty", "problems", "THIRD-PARTY", "", `{"resourceType":"Condition",SECURITY,"code":{"text":"CANARY"},SUBJECT}`},
	{"restricted", "observations", "R", "", `{"resourceType":"Observation",SECURITY,"status":"final","code":{"text":"CANARY"},"valueString":"7",SUBJECT}`},
	{"veryrestricted", "problems", "V", "", `{"resourceType":"Condition",SECURITY,"code":{"text":"CANARY"},SUBJECT}`},

	// A visit to a clinic: one coded diagnosis makes all that came of the visit sensitive.
	{"clinicvisit", "encounters", "", "clinicdiagnosis", `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"reasonCode":[{"text":"CANARY"}],"serviceProvider":{"reference":"` + entryURL(32) + `"},"period":{"start":"2021-01-02T10:00:00Z","end":"2021-01-02T10:10:00Z"},SUBJECT}`},
	{"clinicdiagnosis", "problems", "R SEX", "", `{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"86406008"}],"text":"CANARY"},"encounter":{"reference":"` + entryURL(24) + `"},SUBJECT}`},
	{"clinicmedicine", "medicines", "", "clinicdiagnosis", `{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"CANARY"},"reasonReference":[{"reference":"` + entryURL(25) + `"}],SUBJECT}`},
	{"clinicreport", "results", "", "clinicdiagnosis", `{"resourceType":"DiagnosticReport","status":"final","code":{"text":"CANARY"},"encounter":{"reference":"` + entryURL(24) + `"},SUBJECT}`},
	{"clinicresult", "results", "", "clinicdiagnosis", `{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"CANARY"},"valueString":"7","encounter":{"reference":"` + entryURL(24) + `"},SUBJECT}`},
	{"clinicletter", "documents", "", "clinicdiagnosis", `{"resourceType":"DocumentReference","status":"current","description":"CANARY","content":[{"attachment":{"contentType":"text/plain","data":"DATA"}}],"context":{"encounter":[{"reference":"` + entryURL(24) + `"}]},SUBJECT}`},
	{"clinicplan", "plans", "", "clinicdiagnosis", `{"resourceType":"CarePlan","status":"active","intent":"plan","title":"CANARY","addresses":[{"reference":"` + entryURL(25) + `","display":"CANARY"}],SUBJECT}`},
	{"clinicallergy", "allergies", "", "", `{"resourceType":"AllergyIntolerance","code":{"text":"CANARY"},"encounter":{"reference":"` + entryURL(24) + `"},PATIENT}`},
	{"clinicname", "context", "", "clinicdiagnosis", `{"resourceType":"Organization","name":"CANARY"}`},
}

// word is what stands for a planted entry wherever it is told.
func (p planted) word() string { return "kqz" + p.name + "zqk" }

func (p planted) resource() string {
	patient := `{"reference":"` + plantedPatient + `"}`
	security := fmt.Sprintf(`"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":%q}]}`, p.labels)
	return strings.NewReplacer("CANARY", p.word(), "SUBJECT", `"subject":`+patient, "PATIENT", `"patient":`+patient, "SECURITY", security,
		"DATA", base64.StdEncoding.EncodeToString([]byte("Dear colleague, "+p.word()))).Replace(p.json)
}

// labelled are the labels of an entry with those of what it hangs together with.
func (p planted) labelled() []string {
	if p.with == "" {
		return strings.Fields(p.labels)
	}
	i := slices.IndexFunc(record, func(o planted) bool { return o.name == p.with })
	return append(strings.Fields(p.labels), strings.Fields(record[i].labels)...)
}

// seen tells whether a role to whom a record is open by a kind of involvement sees an entry.
func seen(r kmcr.Role, kind string, p planted) bool {
	kept := strings.Fields(keptFrom[r])
	if slices.Contains(kept, p.section) {
		return false
	}
	for _, l := range p.labelled() {
		switch {
		case l == "V":
			return false
		case l == "R":
			if !slices.Contains(health, r) || kind == "self-claimed" {
				return false
			}
		case l == "THIRD-PARTY": // protected: told by an act of its own, TestWhatConcernsOthersIsToldWhenItIsAskedFor
			return false
		case slices.Contains(kept, l):
			return false
		}
	}
	return true
}

// relation is how somebody stands to a person.
type relation struct {
	name string
	kind string // of involvement, where it opens the record
	make func(person kmcr.PersonID, v kmcr.Viewer, now time.Time) []kmcr.Involvement
}

func by(change func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time)) func(kmcr.PersonID, kmcr.Viewer, time.Time) []kmcr.Involvement {
	return func(p kmcr.PersonID, v kmcr.Viewer, now time.Time) []kmcr.Involvement {
		i := kmcr.Involvement{Person: p, Organisation: v.Organisation}
		change(&i, v, now)
		return []kmcr.Involvement{i}
	}
}

var relations = []relation{
	{"nobody", "", func(kmcr.PersonID, kmcr.Viewer, time.Time) []kmcr.Involvement { return nil }},
	{"the person's practice", "registered", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) { i.Kind = "registered" })},
	{"on a colleague's caseload", "", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) {
		i.Kind, i.Account = "caseload", "somebody else"
	})},
	{"on the team's caseload", "caseload", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) { i.Kind, i.Team = "caseload", v.Team })},
	{"a spell that ended a second ago", "", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) {
		i.Kind, i.Until = "spell", now.Add(-time.Second)
	})},
	{"a spell at another hospital", "", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) { i.Kind, i.Organisation = "spell", "RXX" })},
	{"added by a colleague", "granted", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) { i.Kind, i.Account = "granted", v.Account })},
	{"says so herself", "self-claimed", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) {
		i.Kind, i.Account, i.Reason, i.Until = "self-claimed", v.Account, "I am seeing her in clinic", now.Add(time.Hour)
	})},
	{"broke the glass", "break-glass", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) {
		i.Kind, i.Account, i.Reason, i.Until = "break-glass", v.Account, "collapsed in the street", now.Add(time.Hour)
	})},
	{"broke the glass yesterday", "", by(func(i *kmcr.Involvement, v kmcr.Viewer, now time.Time) {
		i.Kind, i.Account, i.Reason, i.Until = "break-glass", v.Account, "collapsed in the street", now.Add(-time.Hour)
	})},
}

var objections = map[string]*access.Objection{
	"none": nil, "to all": {}, "to this hospital": {Organisation: "RVV"}, "to another": {Organisation: "RZZ"}, "to nurses": {Role: "community-nurse"},
}

// outcome is what a viewer is told about a record: 200, 403 or 404.
func outcome(v kmcr.Viewer, rel relation, o *access.Objection) int {
	_, gives := keptFrom[v.Role]
	opens := gives && rel.kind != "" && v.Organisation == "RVV"
	if rel.kind == "break-glass" && v.Role == "carer" {
		opens = false
	}
	if o != nil && (o.Organisation == "" || o.Organisation == v.Organisation) && (o.Role == "" || o.Role == v.Role) && rel.kind != "break-glass" {
		opens = false
	}
	switch {
	case opens:
		return 200
	case v.Organisation == "RVV" && slices.Contains(finders, v.Role):
		return 403
	}
	return 404
}

// plantedPerson is a person with the planted record.
type plantedPerson struct {
	id   kmcr.PersonID
	ref  string
	ids  map[string]string // logical "Type/id" by word
	nhs  string
	name string
}

func plant(h *house.House, n int, c kmcr.ContributorCode, patientMeta string) plantedPerson {
	p := plantedPerson{nhs: house.NHS(n), ids: map[string]string{}, name: fmt.Sprintf("Quorn%d", n)}
	entries := []string{plantedPatient + " " + fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Quorn%s","given":["Zoe"]}],"gender":"female","birthDate":"1981-0%d-1%d"}`, patientMeta, p.nhs, strings.Repeat("a", n), n%9+1, n%9)}
	for i, e := range record {
		entries = append(entries, entryURL(i+1)+" "+e.resource())
	}
	ids := h.Sent(c, entries...)
	p.id = h.PersonOf(ids[plantedPatient])
	p.ref = string(p.id.Ref())
	for i, e := range record {
		p.ids[e.word()] = ids[entryURL(i+1)]
	}
	return p
}

// pages are the addresses below a person's, as the pages themselves list them.
var pages = func() (all []string) {
	for _, pattern := range web.Patterns() {
		if below, ok := strings.CutPrefix(pattern, "GET /people/{ref}"); ok && !strings.Contains(below, "{") {
			all = append(all, below)
		}
	}
	return all
}()

// for the privacy officer, who reads who looked and what was objected to.
func officers(page string) bool {
	return slices.Contains([]string{"/access", "/access/pdf", "/copy", "/objections"}, page)
}

// ways are the forms by which a record is opened that is not open: they answer those who may find the person.
func ways(page string) bool { return page == "/break-glass" || page == "/involved" }

// A generated matrix of role, relationship, objection and route against the oracle.
func TestNothingLeaks(t *testing.T) {
	h := house.New(t)
	h.Pass(10 * time.Minute) // so that what is planted lies in the past
	var wg sync.WaitGroup
	var asked, differences atomic.Int64
	gate := make(chan struct{}, 16)
	n := 0
	for _, rel := range relations {
		for objected, o := range objections {
			if objected != "none" && rel.kind != "registered" && rel.kind != "break-glass" && (testing.Short() || rel.kind != "granted") {
				continue
			}
			n++
			p := plant(h, n, "hospital", "")
			if o != nil {
				h.Object(p.id, *o)
			}
			for _, role := range append(slices.Clone(kmcr.AllRoles), "R9999") {
				for _, organisation := range []kmcr.ODS{"RVV", "RZZ"} {
					v := kmcr.Viewer{Account: fmt.Sprintf("%s-%s-%d", role, organisation, n), Role: role, Organisation: organisation, Team: "Frailty"}
					for _, i := range rel.make(p.id, v, h.Now) {
						h.Involve(i)
					}
					a := h.Somebody(v)
					wg.Go(func() {
						gate <- struct{}{}
						defer func() { <-gate }()
						c := check{t: t, a: a, p: p, rel: rel, want: outcome(v, rel, o), title: fmt.Sprintf("%s of %s, %s, objection %s", role, organisation, rel.name, objected)}
						c.everyRoute()
						asked.Add(c.asked)
						differences.Add(c.differences)
					})
				}
			}
		}
	}
	wg.Wait()
	t.Logf("%d requests, %d differences from the oracle", asked.Load(), differences.Load())
}

// check is one viewer at one person's record.
type check struct {
	t                  *testing.T
	a                  house.Asker
	p                  plantedPerson
	rel                relation
	want               int
	title              string
	asked, differences int64
}

func (c *check) wrong(format string, args ...any) {
	if c.differences++; c.differences < 4 {
		c.t.Errorf(c.title+": "+format, args...)
	}
}

func (c *check) sees(e planted) bool { return c.want == 200 && seen(c.a.Role, c.rel.kind, e) }

// get asks, and finds what is told that may not be.
func (c *check) get(path string, extra ...string) house.Answer {
	c.asked++
	got := c.a.Ask("GET", path, "", extra...)
	for _, e := range record {
		if strings.Contains(got.Body, e.word()) && !c.sees(e) {
			c.wrong("%s tells %s", path, e.name)
		}
		if _, id, _ := strings.Cut(c.p.ids[e.word()], "/"); c.want != 200 && !strings.Contains(path, id) && strings.Contains(got.Body, id) {
			c.wrong("%s tells that there is %s", path, e.name)
		}
	}
	if c.want == 404 && (strings.Contains(got.Body, "Quorn") || strings.Contains(got.Body, c.p.nhs)) {
		c.wrong("%s tells of somebody of whom the viewer may not know: %.200s", path, got.Body)
	}
	return got
}

func (c *check) status(path string, want int, extra ...string) house.Answer {
	got := c.get(path, extra...)
	if got.Status != want {
		c.wrong("%s answered %d, want %d: %.200s", path, got.Status, want, got.Body)
	}
	return got
}

func (c *check) everyRoute() {
	c.pages()
	c.compartment()
	c.byID()
	c.finding()
}

func (c *check) pages() {
	all := ""
	for _, page := range pages {
		want := c.want
		if (page == "/objections" || page == "/copy") && want == 200 {
			want = 403
		}
		if ways(page) && want == 403 {
			want = 200
		}
		if officers(page) && c.want != 404 && c.a.Organisation == "RVV" && slices.Contains([]kmcr.Role{"privacy-officer", "caldicott-guardian"}, c.a.Role) {
			want = 200
		}
		all += c.status("/people/"+c.p.ref+page, want).Body
		if page == "" || page == "/timeline" || page == "/documents" {
			c.status("/people/"+c.p.ref+page+"?at="+url.QueryEscape(c.a.At()), c.want)
		}
		if page == "" || page == "/timeline" || page == "/documents" {
			c.status("/people/"+c.p.ref+page, want, "Accept", "text/html")
		}
	}
	if c.want != 200 {
		nobody := c.a.Get("/people/" + string(kmcr.PersonID(77).Ref()))
		if got := c.a.Get("/people/" + c.p.ref); c.want == 404 && (got.Body != nobody.Body || got.Status != nobody.Status) {
			c.wrong("refused differs from absent: %.300s; %.300s", got.Body, nobody.Body)
		}
		return
	}
	for _, e := range record {
		if c.sees(e) && e.section != "administrative" && e.section != "context" && !strings.Contains(all, e.word()) {
			c.wrong("no page tells %s, which the viewer may see", e.name)
		}
	}
	for _, e := range record {
		if e.section != "documents" {
			continue
		}
		_, id, _ := strings.Cut(c.p.ids[e.word()], "/")
		want := 404
		if c.sees(e) {
			want = 200
		}
		c.status("/people/"+c.p.ref+"/documents/"+id, want)
		c.status("/people/"+c.p.ref+"/documents/"+id+"/content", want)
	}
}

// compartment asks the FHIR API for the person and what is about the person.
func (c *check) compartment() {
	base := "/fhir/R4"
	c.status(base+"/Patient/"+c.p.ref, c.want)
	c.status(base+"/Patient?_id="+c.p.ref, c.want)
	c.status(base+"/Patient/"+c.p.ref+"/$summary", c.want)
	body := c.status(base+"/Patient/"+c.p.ref+"/$everything", c.want).Body
	count := map[string]int{}
	for _, e := range record {
		if told := strings.Contains(body, e.word()); told != c.sees(e) {
			c.wrong("$everything tells %s: %v", e.name, told)
		}
		if c.sees(e) {
			resourceType, _, _ := strings.Cut(c.p.ids[e.word()], "/")
			count[resourceType]++
		}
	}
	if c.want == 200 && total(body) != 1+sum(count) {
		c.wrong("$everything counts %d of %d", total(body), 1+sum(count))
	}
	for _, resourceType := range []string{"Condition", "MedicationRequest", "Encounter", "Observation", "DocumentReference", "Flag", "Account", "AllergyIntolerance"} {
		q := base + "/" + resourceType + "?patient=" + c.p.ref
		for _, more := range []string{"", "&_summary=count", "&_count=1", "&_elements=code"} {
			if got := c.status(q+more, c.want); c.want == 200 && total(got.Body) != count[resourceType] {
				c.wrong("%s counts %d of %d", resourceType+more, total(got.Body), count[resourceType])
			}
		}
	}
	for _, q := range []string{"/Encounter?patient=REF&_revinclude=Condition:encounter&_revinclude=DocumentReference:encounter", "/Condition?patient=REF&_include=Condition:encounter",
		"/CarePlan?patient=REF&_include=CarePlan:condition", "/Encounter?patient=REF&_include=Encounter:service-provider", "/Condition?patient=REF&code=86406008",
		"/Condition?patient=REF&code:not=86406008", "/Observation?patient=REF&encounter:missing=false", "/Condition?patient=REF&_sort=-_lastUpdated"} {
		c.get(base + strings.Replace(q, "REF", c.p.ref, 1))
	}
	if code := c.get(base + "/Condition?patient=" + c.p.ref + "&code=86406008"); c.want == 200 && !c.sees(named("clinicdiagnosis")) && total(code.Body) != 0 {
		c.wrong("a search by code tells by its total")
	}
}

// byID asks for each entry by its own id, by each route that takes one.
func (c *check) byID() {
	for _, e := range record {
		if c.want != 200 && e.section != "problems" {
			continue
		}
		id := c.p.ids[e.word()]
		want := 404
		if c.sees(e) {
			want = 200
		}
		if e.section == "context" && c.want != 200 {
			continue // an organisation by itself is about nobody
		}
		got := c.status("/fhir/R4/"+id, want)
		c.status("/fhir/R4/"+id+"/_history", want)
		c.status("/fhir/R4/"+id+"/_history/1", want)
		if want == 404 {
			resourceType, _, _ := strings.Cut(id, "/")
			absent := c.a.Get("/fhir/R4/" + resourceType + "/00000000-0000-0000-0000-000000000000")
			if absent.Body != got.Body || absent.Status != got.Status {
				c.wrong("refused %s differs from absent: %s; %s", e.name, got.Body, absent.Body)
			}
		}
	}
}

// finding searches for the person.
func (c *check) finding() {
	c.asked++
	got := c.a.Ask("POST", "/people/search", fmt.Sprintf(`{"nhs_number":%q}`, c.p.nhs))
	found := strings.Contains(got.Body, c.p.ref)
	if want := c.want != 404; found != want {
		c.wrong("found by number: %v, want %v (%d %.200s)", found, want, got.Status, got.Body)
	}
	for _, e := range record {
		if strings.Contains(got.Body, e.word()) {
			c.wrong("the search tells %s", e.name)
		}
	}
	for _, list := range []string{"/caseload", "/caseload/" + c.p.ref, "/alerts", "/matches", "/matches/people/" + c.p.ref, "/feeds"} {
		c.get(list)
	}
	if c.a.Organisation == "RVV" && c.rel.name == "nobody" { // which reads the whole log
		c.get("/privacy")
	}
}

func named(name string) planted {
	return record[slices.IndexFunc(record, func(p planted) bool { return p.name == name })]
}

func total(body string) int {
	var b struct{ Total int }
	_ = json.Unmarshal([]byte(body), &b)
	return b.Total
}

func sum(m map[string]int) (n int) {
	for _, x := range m {
		n += x
	}
	return n
}
