package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/ingest"
	"kmcr/store"
)

var officer = kmcr.Viewer{Account: "records-officer", Role: kmcr.RoleRecordsOfficer, Organisation: "QKS"}

// people gives the groups of patients' keys that are one person, in order.
func (h *house) people() []string {
	h.Helper()
	groups := map[kmcr.PersonID][]string{}
	for _, p := range h.patients() {
		groups[p.Person] = append(groups[p.Person], string(p.Contributor)+"/"+p.Key[strings.LastIndexByte(p.Key, '|')+1:])
	}
	var out []string
	for _, g := range groups {
		slices.Sort(g)
		out = append(out, strings.Join(g, " "))
	}
	slices.Sort(out)
	return out
}

// patients lists every patient there is.
func (h *house) patients() []*store.Patient {
	h.Helper()
	var out []*store.Patient
	for key, c := range h.keys() {
		p, err := h.db.PatientByKey(h.ctx(), c, key)
		h.must(err)
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (h *house) keys() map[string]kmcr.ContributorCode {
	out := map[string]kmcr.ContributorCode{}
	for n := range 40 {
		out[fmt.Sprintf("urn:gp|%d", n)] = "gp"
		out[fmt.Sprintf("RVV|H%d", n)] = "hospital"
	}
	return out
}

type person struct{ family, given, born, sex, postcode, line, number string }

// register sends a Patient of the practice with its own number n.
func (h *house) register(n int, p person, also string) {
	h.Helper()
	body := fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"urn:gp","value":"%d"}%s],"name":[{"family":%q,"given":[%q]}],"birthDate":%q,"gender":%q,"address":[{"line":[%q],"postalCode":%q}]%s}`,
		n, numberOf(p), p.family, p.given, p.born, p.sex, p.line, p.postcode, also)
	a, err := h.in.FHIR(h.ctx(), ingest.Interaction{Contributor: "gp", Method: "POST", Type: "Patient", Body: []byte(body)})
	h.must(err)
	if a.Status >= 300 {
		h.Fatalf("%d: %s", a.Status, a.Body)
	}
}

func numberOf(p person) string {
	if p.number == "" {
		return ""
	}
	return `,{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + p.number + `"}`
}

// tell sends an ADT event of the hospital about patient n, and what else belongs to it.
func (h *house) tell(control, event string, n int, p person, more string) {
	h.Helper()
	message := fmt.Sprintf("MSH|^~\\&|PAS|RVV|KMCR|KMCR|20260102030405||ADT^%s|%s|P|2.4\rEVN|%s|20260102030405\rPID|%s\r", event, control, event, pid(n, p)) + more
	_, err := h.in.Import(h.ctx(), "hospital", "adt.hl7", []byte(message), nil)
	h.must(err)
	h.quiet()
}

func pid(n int, p person) string {
	number := ""
	if p.number != "" {
		number = "~" + p.number + "^^^NHS^NH"
	}
	return fmt.Sprintf("1||H%d^^^RVV^MR%s||%s^%s||%s|%s|||%s^^^^%s", n, number, p.family, p.given, strings.ReplaceAll(p.born, "-", ""), strings.ToUpper(p.sex[:1]), p.line, p.postcode)
}

var (
	ada   = person{"Fox", "Ada", "1941-03-05", "female", "ME7 4AB", "12 High Street", ""}
	adaNo = person{"Fox", "Ada", "1941-03-05", "female", "", "", ""} // may be Ada, may be her namesake
	ruth  = person{"Fox", "Ruth", "1941-03-05", "female", "ME7 4AB", "12 High Street", ""}
	piotr = person{"Nowak", "Piotr", "1980-05-06", "male", "CT1 2XY", "3 Mill Lane", ""}
)

func numbered(p person, n string) person { p.number = n; return p }

// The sample carries a number that fails its check; a contributor's mistake could as well be a number that passes.
func TestTheTwelveOfOneNumberStayTwelvePeople(t *testing.T) {
	for _, number := range []string{"1234567890", "9990000018"} {
		t.Run(number, func(t *testing.T) {
			h := build(t)
			persons := map[kmcr.PersonID]bool{}
			for name, data := range files(t, "gp-connect-stu3/structured-full-record/*_full_*.json") {
				body := bytes.ReplaceAll(patientIn(t, name, data), []byte("1234567890"), []byte(number))
				a, err := h.in.FHIR(h.ctx(), ingest.Interaction{Contributor: "gp", Method: "POST", Type: "Patient", Body: body})
				if err != nil || a.Status > 201 {
					t.Fatalf("%s: %d %v", name, a.Status, err)
				}
			}
			h.must(h.db.AuditAll(h.ctx(), func(e *audit.Entry) error {
				if e.Action == "ingest" && e.Person != 0 {
					persons[e.Person] = true
				}
				return nil
			}))
			if len(persons) != 12 {
				t.Errorf("they are %d people", len(persons))
			}
		})
	}
}

// patientIn is the Patient of a sample record with who it is, in R4.
func patientIn(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	var b bundle
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.Entry {
		var p struct {
			ResourceType string `json:"resourceType"`
			ID           string `json:"id"`
			Identifier   []struct {
				System string `json:"system"`
				Value  string `json:"value"`
			} `json:"identifier"`
			Name      any    `json:"name"`
			BirthDate string `json:"birthDate"`
			Gender    string `json:"gender"`
			Address   any    `json:"address"`
		}
		if err := json.Unmarshal(e.Resource, &p); err != nil || p.ResourceType != "Patient" {
			continue
		}
		p.ID = name[:10] + p.ID
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	t.Fatal(name, "has no Patient")
	return nil
}

func TestAPatientReplacedByAnother(t *testing.T) {
	h := build(t)
	put := func(want int, id, link string) {
		t.Helper()
		h.fhir(want, ingest.Interaction{Method: "PUT", Type: "Patient", ID: id, Body: []byte(`{"resourceType":"Patient","id":"` + id + `","identifier":[{"system":"urn:gp","value":"` + id + `"}],"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1941-03-05","gender":"female"` + link + `}`)})
	}
	by := func(id string) string {
		return `,"link":[{"type":"replaced-by","other":{"reference":"Patient/` + id + `"}}]`
	}
	apart := []string{"gp/1", "gp/2"}
	put(201, "1", "")
	put(201, "2", "")
	if got := h.people(); !slices.Equal(got, apart) {
		t.Fatalf("before: %q", got)
	}
	put(200, "2", by("1"))
	put(200, "2", by("1"))
	if got := h.people(); !slices.Equal(got, []string{"gp/1 gp/2"}) {
		t.Errorf("replaced: %q", got)
	}
	put(200, "2", "")
	if got := h.people(); !slices.Equal(got, apart) {
		t.Errorf("taken back: %q", got)
	}
	for id, reason := range map[string]string{"1": "merge-itself", "9": "merge-unknown"} {
		before := len(h.messages(store.Parked))
		if a, err := h.in.FHIR(h.ctx(), ingest.Interaction{Contributor: "gp", Method: "PUT", Type: "Patient", ID: "1", Body: []byte(`{"resourceType":"Patient","id":"1","identifier":[{"system":"urn:gp","value":"1"}],"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1941-03-05"` + by(id) + `}`)}); err != nil {
			t.Fatal(a, err)
		}
		parked := h.messages(store.Parked)
		if len(parked) != before+1 || parked[before].Reason != reason {
			t.Errorf("replaced by %s: parked %+v", id, parked)
		}
	}
	if got := h.people(); !slices.Equal(got, apart) {
		t.Errorf("after what cannot be: %q", got)
	}
}

func TestANumberOfManyPeopleIsAPlaceholder(t *testing.T) {
	h := build(t)
	const shared = "9990000018"
	h.register(1, numbered(ada, shared), "")
	h.register(2, numbered(piotr, shared), "")
	h.register(3, numbered(person{"Patel", "Asha", "1992-01-07", "female", "CT9 1AA", "1 Sea Road", ""}, shared), "")
	before, err := h.db.Reviews(h.ctx(), "open")
	h.must(err)
	h.register(4, numbered(person{"Green", "Walter", "1931-11-30", "male", "TN24 9ZZ", "8 Hop Lane", ""}, shared), "")
	after, err := h.db.Reviews(h.ctx(), "open")
	h.must(err)
	if len(after) != len(before) {
		t.Errorf("a fourth person of the number is asked about %d times", len(after)-len(before))
	}
	if got := h.people(); len(got) != 4 {
		t.Errorf("people: %q", got)
	}
}

func TestMergesAreTakenBack(t *testing.T) {
	for _, event := range []struct{ do, undo string }{{"A40", "A37"}, {"A34", "A37"}, {"A24", "A37"}} {
		t.Run(event.do, func(t *testing.T) {
			h := build(t)
			h.tell("1", "A28", 1, ada, "")
			h.tell("2", "A28", 2, adaNo, "")
			apart := []string{"hospital/H1", "hospital/H2"}
			if got := h.people(); !slices.Equal(got, apart) {
				t.Fatalf("before: %q", got)
			}
			more := "MRG|H2^^^RVV^MR\r"
			if event.do == "A24" {
				more = "PID|" + pid(2, adaNo) + "\r"
			}
			h.tell("3", event.do, 1, ada, more)
			if got := h.people(); !slices.Equal(got, []string{"hospital/H1 hospital/H2"}) {
				t.Errorf("merged: %q", got)
			}
			h.tell("4", event.undo, 1, ada, "PID|"+pid(2, adaNo)+"\r")
			if got := h.people(); !slices.Equal(got, apart) {
				t.Errorf("taken back: %q", got)
			}
		})
	}
}

// Whoever was merged into somebody goes along when that one is merged on, and comes back when it is parted again, to the reference it had.
func TestAChainOfMergesIsOnePerson(t *testing.T) {
	h := build(t)
	apart := func(n int) person { // of one name and birth, and of places that have nothing in common
		p := adaNo
		p.line, p.postcode = fmt.Sprint(n, " Hop Lane"), fmt.Sprintf("TN%d 9ZZ", n)
		return p
	}
	refs := map[int]kmcr.PersonID{}
	for n := 1; n <= 4; n++ {
		h.tell(fmt.Sprint("a", n), "A28", n, apart(n), "")
		refs[n] = h.hospital(n).Person
	}
	merge := func(from, into int) {
		h.tell(fmt.Sprint("m", from, into, len(h.messages(store.Applied))), "A40", into, apart(into), fmt.Sprintf("MRG|H%d^^^RVV^MR\r", from))
	}
	want := func(says string, people ...string) {
		t.Helper()
		if got := h.people(); !slices.Equal(got, people) {
			t.Errorf("%s: %q, want %q", says, got, people)
		}
	}
	merge(1, 2)
	merge(2, 3)
	merge(3, 4)
	want("merged one into the next", "hospital/H1 hospital/H2 hospital/H3 hospital/H4")
	h.tell("u", "A37", 3, apart(3), "PID|"+pid(2, apart(2))+"\r")
	want("the middle taken back", "hospital/H1 hospital/H2", "hospital/H3 hospital/H4")
	if got := h.hospital(2).Person; got != refs[1] && got != refs[2] {
		t.Error("those who are parted have neither of the references they had")
	}
	merge(2, 3)
	want("said again", "hospital/H1 hospital/H2 hospital/H3 hospital/H4")
}

// What a system said last of two of its patients stands, in whatever order it comes.
func TestMergesComeLate(t *testing.T) {
	h := build(t)
	moved := redescribed["moved"](adaNo)
	h.tell("1", "A28", 1, ada, "")
	h.tell("2", "A28", 2, moved, "")
	say := func(control, event, minute string) {
		t.Helper()
		more := map[string]string{"A40": "MRG|H2^^^RVV^MR\r", "A24": "PID|" + pid(2, moved) + "\r", "A37": "PID|" + pid(2, moved) + "\r"}[event]
		message := fmt.Sprintf("MSH|^~\\&|PAS|RVV|KMCR|KMCR|2026010304%s||ADT^%s|%s|P|2.4\rEVN|%[2]s|2026010304%[1]s\rPID|%[4]s\r", minute, event, control, pid(1, ada)) + more
		_, err := h.in.Import(h.ctx(), "hospital", "adt.hl7", []byte(message), nil)
		h.must(err)
		h.quiet()
	}
	one, two := []string{"hospital/H1 hospital/H2"}, []string{"hospital/H1", "hospital/H2"}
	for i, step := range []struct {
		event, minute string
		want          []string
	}{
		{"A37", "20", two},
		{"A40", "10", two}, // said before that
		{"A40", "30", one},
		{"A37", "25", one},
		{"A37", "40", two},
		{"A24", "35", two},
		{"A24", "50", one},
	} {
		say(fmt.Sprint("s", i), step.event, step.minute)
		if got := h.people(); !slices.Equal(got, step.want) {
			t.Errorf("step %d, %s of minute %s: %q, want %q", i, step.event, step.minute, got, step.want)
		}
	}
	if parked := h.messages(store.Parked); len(parked) > 0 {
		t.Errorf("parked: %+v", parked)
	}
	h.balanced()
}

// A merge says who takes the other in: where nobody has heard of either, it waits for the one that is taken in, of whom it says nothing.
func TestAMergeComesBeforeThoseItIsAbout(t *testing.T) {
	h := build(t)
	h.tell("1", "A40", 1, ada, "MRG|H2^^^RVV^MR\r")
	h.tell("2", "A28", 2, adaNo, "")
	h.quiet()
	if got, parked := h.people(), h.messages(store.Parked); len(parked) > 0 || !slices.Equal(got, []string{"hospital/H1 hospital/H2"}) {
		t.Errorf("people %q, parked %+v", got, parked)
	}
}

func TestMergesThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		says, reason string
		into, from   int
	}{
		{"into itself", "merge-itself", 1, 1},
		{"of an unknown one", "merge-unknown", 1, 9},
		{"in a circle", "merge-circle", 2, 1},
		{"of another contributor's patient", "merge-unknown", 1, 7},
		{"that disagrees", "merge-disagrees", 1, 3},
	} {
		t.Run(c.says, func(t *testing.T) {
			h := build(t)
			h.tell("1", "A28", 1, ada, "")
			h.tell("2", "A28", 2, adaNo, "")
			h.tell("3", "A28", 3, piotr, "")
			h.register(7, ada, "")
			h.tell("4", "A40", 1, ada, "MRG|H2^^^RVV^MR\r")
			before := h.people()
			h.tell("5", "A40", c.into, []person{ada, ada, adaNo}[c.into], fmt.Sprintf("MRG|H%d^^^RVV^MR\r", c.from))
			parked := h.messages(store.Parked)
			if len(parked) != 1 || parked[0].Reason != c.reason {
				t.Errorf("parked: %+v", parked)
			}
			if after := h.people(); !slices.Equal(before, after) {
				t.Errorf("moved: %q, before %q", after, before)
			}
		})
	}
}

// Nobody is merged into a patient of whom nothing has been heard: it waits until somebody says who that is.
func TestAMergeIntoSomebodyUnknownWaits(t *testing.T) {
	h := build(t)
	h.tell("1", "A28", 1, ada, "")
	h.tell("2", "A40", 8, person{sex: "female"}, "MRG|H1^^^RVV^MR\r")
	if parked := h.messages(store.Parked); len(parked) != 1 || parked[0].Reason != "merge-unknown" {
		t.Errorf("parked: %+v", parked)
	}
	h.tell("3", "A28", 8, ada, "")
	h.quiet()
	if parked := h.messages(store.Parked); len(parked) != 0 {
		t.Errorf("still parked: %+v", parked)
	}
	if p, err := h.db.PatientByKey(h.ctx(), "hospital", "RVV|H1"); err != nil || p.MergedInto == 0 {
		t.Errorf("it has not been merged since: %+v, %v", p, err)
	}
}

func TestLinkRates(t *testing.T) {
	h := build(t)
	const shared = "9990000018"
	h.register(1, ada, "")
	h.register(2, numbered(piotr, shared), "")
	h.register(3, numbered(person{"Patel", "Asha", "1992-01-07", "female", "CT9 1AA", "1 Sea Road", ""}, shared), "")
	h.register(4, numbered(person{"Green", "Walter", "1931-11-30", "male", "TN24 9ZZ", "8 Hop Lane", ""}, shared), "")
	h.register(5, numbered(person{"Green", "Ivy", "1931-11-30", "female", "TN24 9ZZ", "8 Hop Lane", ""}, "1234567890"), "")
	h.tell("1", "A28", 1, ada, "")
	h.tell("2", "A28", 2, adaNo, "")
	h.tell("3", "A40", 1, ada, "MRG|H2^^^RVV^MR\r")
	rates, err := ingest.LinkRates(h.ctx(), h.db)
	h.must(err)
	if len(rates) != 2 {
		t.Fatalf("%+v", rates)
	}
	gp, hospital := rates[0], rates[1]
	if gp.Patients != 5 || gp.Linked != 1 || gp.Rate != 0.2 || gp.Placeholders != 1 || gp.Carriers != 3 || gp.Unlinked["NHS number not valid"] != 1 {
		t.Errorf("the practice: %+v", gp)
	}
	if hospital.Patients != 1 || hospital.Linked != 1 || hospital.Merged != 1 {
		t.Errorf("the hospital: %+v", hospital)
	}
}

// known is who may arrive as patient n of the hospital: from so few people that many look alike.
func known(n int) person {
	return []person{ada, ada, adaNo, ruth, piotr, person{"Nowak", "Piotr", "1980-05-06", "male", "ME7 4AB", "12 High Street", ""}, numbered(ada, "9990000018"), numbered(adaNo, "9990000018")}[n%8]
}

// redescribed are the ways in which somebody may come to be described.
var redescribed = map[string]func(person) person{
	"married":         func(p person) person { p.family = "Vixen"; return p },
	"moved":           func(p person) person { p.postcode, p.line = "TN24 9ZZ", "8 Hop Lane"; return p },
	"another number":  func(p person) person { p.number = "9990000026"; return p },
	"no number":       func(p person) person { p.number = ""; return p },
	"a twin's name":   func(p person) person { p.given = "Ruth"; return p },
	"another address": func(p person) person { p.postcode, p.line = "ME7 4AB", "12 High Street"; return p },
}

func (h *house) hospital(n int) *store.Patient {
	h.Helper()
	p, err := h.db.PatientByKey(h.ctx(), "hospital", fmt.Sprintf("RVV|H%d", n))
	h.must(err)
	if p == nil {
		h.Fatalf("patient %d has not arrived", n)
	}
	return p
}

// pair gives the review of two patients of the hospital.
func (h *house) pair(a, b int) int64 {
	h.Helper()
	return h.reviewOf(h.hospital(a).ID, h.hospital(b).ID)
}

// reviewOf gives the review of two patients, and makes one where nobody has asked.
func (h *house) reviewOf(x, y kmcr.PatientID) int64 {
	h.Helper()
	reviews, err := h.db.ReviewsOf(h.ctx(), x)
	h.must(err)
	for _, r := range reviews {
		if r.A == y || r.B == y {
			return r.ID
		}
	}
	r := store.Review{A: x, B: y, State: "withdrawn"}
	h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error { return tx.PutReview(&r) }))
	return r.ID
}

// Decisions made at the same time leave what the same decisions leave one after the other.
func TestDecisionsSideBySide(t *testing.T) {
	h := build(t)
	for n := range 8 {
		h.tell(fmt.Sprint("d", n), "A28", n, known(n), "")
	}
	before := h.people()
	reviews := []int64{h.pair(0, 2), h.pair(2, 4), h.pair(4, 6), h.pair(3, 7)}
	for _, what := range []string{"same", "undo"} {
		var all sync.WaitGroup
		for _, r := range reviews {
			all.Go(func() {
				if _, err := h.in.Decide(context.Background(), r, what, 0, officer); err != nil {
					t.Error(what, err)
				}
			})
		}
		all.Wait()
		if what == "same" && len(h.people()) >= len(before) {
			t.Errorf("nothing was joined: %q", h.people())
		}
	}
	if after := h.people(); !slices.Equal(before, after) {
		t.Errorf("after all was taken back: %q, before %q", after, before)
	}
}

// One officer proposes, another decides, where somebody must not be found; nothing moves before.
func TestTwoOfficersDecideAboutSomebodyWhoMustNotBeFound(t *testing.T) {
	h := build(t)
	another := kmcr.Viewer{Account: "second-officer", Role: kmcr.RoleRecordsOfficer, Organisation: "QKS"}
	h.register(1, ada, `,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}`)
	h.tell("1", "A28", 1, adaNo, "")
	apart := []string{"gp/1", "hospital/H1"}
	if got := h.people(); !slices.Equal(got, apart) {
		t.Fatalf("before anybody decided: %v", got)
	}
	open, err := h.db.Reviews(h.ctx(), "open")
	h.must(err)
	if len(open) != 1 {
		t.Fatalf("%d open reviews", len(open))
	}
	review := open[0].ID
	step := func(says, decision string, by kmcr.Viewer, made bool, kind kmcr.Kind, people ...string) {
		t.Helper()
		took := time.Nanosecond // each has looked since the other decided
		if decision == "unsure" {
			took = time.Minute
		}
		got, err := h.in.Decide(h.ctx(), review, decision, took, by)
		if got != made || kind == "" && err != nil || kind != "" && kmcr.KindOf(err) != kind {
			t.Errorf("%s: made %v, %v", says, got, err)
		}
		if now := h.people(); !slices.Equal(now, people) {
			t.Errorf("%s: %v, want %v", says, now, people)
		}
	}
	step("one officer", "same", officer, false, "", apart...)
	step("the same officer again", "same", officer, false, kmcr.Conflict, apart...)
	step("another who sees it otherwise", "different", another, false, "", apart...)
	step("the first, again", "same", officer, false, "", apart...)
	step("the second agrees", "same", another, true, "", "gp/1 hospital/H1")
	step("one takes it back", "undo", another, false, "", "gp/1 hospital/H1")
	step("two take it back", "undo", officer, true, "", apart...)
	step("leaving it undecided needs nobody", "unsure", officer, true, "", apart...)
	r, err := h.db.Review(h.ctx(), review)
	h.must(err)
	if r.Proposed != "" || r.Took != time.Minute {
		t.Errorf("it is kept as proposed %q, looked at for %v", r.Proposed, r.Took)
	}
}
