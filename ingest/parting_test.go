package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/ingest"
	"kmcr/store"
)

// asked are the questions there are.
func (h *house) asked() []store.Review {
	h.Helper()
	all, err := h.db.Reviews(h.ctx(), "open")
	h.must(err)
	return all
}

// What follows when somebody who is known comes to be described otherwise.
func TestSomebodyDescribedOtherwise(t *testing.T) {
	for how, c := range map[string]struct {
		says   func(person) person
		people []string
		asked  int
	}{
		"married":                        {redescribed["married"], []string{"gp/1 hospital/H1"}, 0},
		"moved":                          {redescribed["moved"], []string{"gp/1 hospital/H1"}, 0},
		"by the name of the twin":        {redescribed["a twin's name"], []string{"gp/1", "hospital/H1"}, 1},
		"by the number of another":       {redescribed["another number"], []string{"gp/1", "hospital/H1"}, 1},
		"without the number":             {redescribed["no number"], []string{"gp/1 hospital/H1"}, 0},
		"born on another day":            {func(p person) person { p.born = "1940-11-27"; return p }, []string{"gp/1", "hospital/H1"}, 1},
		"as it was, in another spelling": {func(p person) person { p.line = "12 HIGH STREET"; return p }, []string{"gp/1 hospital/H1"}, 0},
	} {
		t.Run(how, func(t *testing.T) {
			h := build(t)
			was := numbered(ada, "9990000018")
			h.register(1, was, "")
			h.tell("1", "A28", 1, was, "")
			if got := h.people(); !slices.Equal(got, []string{"gp/1 hospital/H1"}) {
				t.Fatalf("before: %q", got)
			}
			h.tell("2", "A31", 1, c.says(was), "")
			if got := h.people(); !slices.Equal(got, c.people) {
				t.Errorf("people: %q, want %q", got, c.people)
			}
			if got := h.asked(); len(got) != c.asked {
				t.Errorf("%d questions, want %d: %+v", len(got), c.asked, got)
			}
			h.tell("3", "A31", 1, was, "")
			if got := h.people(); !slices.Equal(got, []string{"gp/1 hospital/H1"}) {
				t.Errorf("when it is put right: %q", got)
			}
			if got := h.asked(); len(got) != 0 {
				t.Errorf("when it is put right, somebody is still asked: %+v", got)
			}
		})
	}
}

// A process that stops between a message and what is to be linked afresh after it leaves that to the next.
func TestWhatIsDueIsDoneByTheNextProcess(t *testing.T) {
	h := build(t)
	was := numbered(ada, "9990000018")
	h.register(1, was, "")
	h.tell("1", "A28", 1, was, "")
	if all := h.due(); len(all) != 0 {
		t.Fatalf("due after all was done: %q", all)
	}
	p := h.hospital(1)
	h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error { // as it stands when the process stops
		if err := tx.Relink(p.ID, h.db.NewPerson(), "kmcr", "as before"); err != nil {
			return err
		}
		return tx.Put(store.KindAfresh, fmt.Sprint(int64(p.ID)), map[string]any{"Since": time.Now(), "By": "hospital"})
	}))
	h.close()
	h.open()
	for end := time.Now().Add(time.Minute); len(h.due()) > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	if got := h.people(); !slices.Equal(got, []string{"gp/1 hospital/H1"}) {
		t.Errorf("people: %q", got)
	}
}

// Two people who may be one are asked about once, however many entries they have.
func TestOneQuestionAboutTwoPeople(t *testing.T) {
	h := build(t)
	h.register(1, ada, "")
	h.tell("1", "A28", 1, ada, "")
	h.tell("2", "A28", 2, adaNo, "")
	if got := h.people(); !slices.Equal(got, []string{"gp/1 hospital/H1", "hospital/H2"}) {
		t.Fatalf("people: %q", got)
	}
	if got := h.asked(); len(got) != 1 {
		t.Fatalf("%d questions", len(got))
	}
	if _, err := h.in.Decide(h.ctx(), h.asked()[0].ID, "different", 0, officer); err != nil {
		t.Fatal(err)
	}
	if got := h.asked(); len(got) != 0 {
		t.Errorf("after the answer %d more are asked", len(got))
	}
}

// A records officer parts what nobody asked about, links what nobody found, and takes both back.
func TestAnOfficerPartsAndLinks(t *testing.T) {
	h := build(t)
	h.register(1, ada, "")
	h.tell("1", "A28", 1, ada, "")
	h.tell("2", "A28", 2, ada, "")
	h.tell("3", "A28", 4, piotr, "")
	at := func(says string, want ...string) {
		t.Helper()
		if got := h.people(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", says, got, want)
		}
	}
	at("before", "gp/1 hospital/H1 hospital/H2", "hospital/H4")
	one, two, four := h.hospital(1).ID, h.hospital(2).ID, h.hospital(4).ID
	did := func(made bool, err error) {
		t.Helper()
		if !made || err != nil {
			t.Errorf("%v %v", made, err)
		}
	}
	did(h.in.Part(h.ctx(), []kmcr.PatientID{one}, 0, officer))
	at("the middle one parted", "gp/1 hospital/H2", "hospital/H1", "hospital/H4")
	did(h.in.Join(h.ctx(), []kmcr.PatientID{one, four}, 0, officer))
	at("linked with another", "gp/1 hospital/H2", "hospital/H1 hospital/H4")
	if _, err := h.in.Join(h.ctx(), []kmcr.PatientID{four, two}, 0, officer); kmcr.KindOf(err) != kmcr.Conflict {
		t.Errorf("linked against a decision: %v", err)
	}
	for _, entries := range [][]kmcr.PatientID{{}, {one, four}, {one, two}, {12345}} {
		if made, err := h.in.Part(h.ctx(), entries, 0, officer); made || err == nil {
			t.Errorf("parting %d entries: %v %v", len(entries), made, err)
		}
	}
	did(h.in.Part(h.ctx(), []kmcr.PatientID{four}, 0, officer))
	at("that taken apart again", "gp/1 hospital/H2", "hospital/H1", "hospital/H4")
	reviews, err := h.db.ReviewsOf(h.ctx(), one)
	h.must(err)
	var ids []int64
	for _, r := range reviews {
		ids = append(ids, r.ID)
	}
	did(h.in.TakeBack(h.ctx(), ids, officer))
	at("all taken back", "gp/1 hospital/H1 hospital/H2", "hospital/H4")
	if got := h.asked(); len(got) != 0 {
		t.Errorf("somebody is still asked: %+v", got)
	}
}

// Whoever is parted again has the reference of before: what was said of a person by its reference (who is involved, an objection) is
// said of the same patients again, and of nobody else.
func TestWhoeverIsPartedHasTheReferenceOfBefore(t *testing.T) {
	apart := func(n int) person { // of one name and birth, and of places that have nothing in common
		p := adaNo
		p.line, p.postcode = fmt.Sprint(n, " Hop Lane"), fmt.Sprintf("TN%d 9ZZ", n)
		return p
	}
	for _, c := range []struct {
		says string
		do   func(h *house)
		undo func(h *house)
	}{
		{"the elder into the younger, by their system, taken back by an officer", func(h *house) { h.tell("m", "A40", 2, apart(2), "MRG|H1^^^RVV^MR\r") },
			func(h *house) { h.UndoMerge(1) }},
		{"the elder into the younger, taken back by their system", func(h *house) { h.tell("m", "A40", 2, apart(2), "MRG|H1^^^RVV^MR\r") },
			func(h *house) { h.tell("u", "A37", 2, apart(2), "PID|"+pid(1, apart(1))+"\r") }},
		{"the younger into the elder, taken back by an officer", func(h *house) { h.tell("m", "A40", 1, apart(1), "MRG|H2^^^RVV^MR\r") },
			func(h *house) { h.UndoMerge(2) }},
		{"the younger into the elder, taken back by their system", func(h *house) { h.tell("m", "A40", 1, apart(1), "MRG|H2^^^RVV^MR\r") },
			func(h *house) { h.tell("u", "A37", 1, apart(1), "PID|"+pid(2, apart(2))+"\r") }},
		{"two into a third, taken back one after the other", func(h *house) {
			h.tell("m", "A40", 3, apart(3), "MRG|H1^^^RVV^MR\r")
			h.tell("n", "A40", 3, apart(3), "MRG|H2^^^RVV^MR\r")
		}, func(h *house) { h.UndoMerge(2); h.UndoMerge(1) }},
		{"two that have been decided to be one, into a third", func(h *house) {
			h.join(1, 2)
			h.tell("m", "A40", 3, apart(3), "MRG|H1^^^RVV^MR\r")
		}, func(h *house) { h.UndoMerge(1); h.undo(1, 2) }},
		{"linked by an officer", func(h *house) { h.join(2, 1) }, func(h *house) { h.undo(1, 2) }},
	} {
		t.Run(c.says, func(t *testing.T) {
			h := build(t)
			before := map[int]kmcr.PersonID{}
			for n := 1; n <= 3; n++ {
				h.tell(fmt.Sprint("a", n), "A28", n, apart(n), "")
				before[n] = h.hospital(n).Person
			}
			c.do(h)
			if got := h.people(); len(got) == 3 {
				t.Fatalf("nobody was linked: %q", got)
			}
			c.undo(h)
			for n, ref := range before {
				if h.hospital(n).Person != ref {
					t.Errorf("patient %d has not the reference that it had", n)
				}
			}
		})
	}
}

// What one officer has decided another does not overturn who still sees the question as it was.
func TestAnotherOfficerHasDecidedMeanwhile(t *testing.T) {
	h := build(t)
	h.tell("1", "A28", 1, ada, "")
	h.tell("2", "A28", 2, adaNo, "")
	review := h.pair(1, 2)
	colleague := officer
	colleague.Account = "colleague"
	decide := func(decision string, took time.Duration, by kmcr.Viewer, want kmcr.Kind) {
		t.Helper()
		if _, err := h.in.Decide(h.ctx(), review, decision, took, by); kmcr.KindOf(err) != want {
			t.Errorf("%s by %s: %v", decision, by.Account, err)
		}
	}
	decide("unsure", time.Minute, colleague, "")
	decide("same", time.Minute, colleague, "")
	decide("different", time.Minute, officer, kmcr.Conflict)
	decide("same", time.Minute, officer, "")
	decide("different", time.Nanosecond, colleague, "") // who has looked since
	if got := h.people(); len(got) != 2 {
		t.Errorf("people: %q", got)
	}
}

// UndoMerge takes back the merge of patient n of the hospital.
func (h *house) UndoMerge(n int) {
	h.Helper()
	made, err := h.in.UndoMerge(h.ctx(), h.hospital(n).ID, officer)
	if !made || err != nil {
		h.Errorf("the merge of %d was not taken back: %v", n, err)
	}
}

// join links patients a and b of the hospital by an officer, and undo takes it back.
func (h *house) join(a, b int) {
	h.Helper()
	if made, err := h.in.Join(h.ctx(), []kmcr.PatientID{h.hospital(a).ID, h.hospital(b).ID}, 0, officer); !made || err != nil {
		h.Errorf("%d and %d were not linked: %v", a, b, err)
	}
}

func (h *house) undo(a, b int) {
	h.Helper()
	if made, err := h.in.Decide(h.ctx(), h.pair(a, b), "undo", 0, officer); !made || err != nil {
		h.Errorf("what was decided of %d and %d was not taken back: %v", a, b, err)
	}
}

// Two officers take back the merge of somebody who must not be found.
func TestTwoOfficersTakeAMergeBack(t *testing.T) {
	h := build(t)
	another := kmcr.Viewer{Account: "second-officer", Role: kmcr.RoleRecordsOfficer, Organisation: "QKS"}
	put := func(want int, id, more string) {
		t.Helper()
		h.fhir(want, ingest.Interaction{Method: "PUT", Type: "Patient", ID: id, Body: []byte(`{"resourceType":"Patient","id":"` + id + `","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"identifier":[{"system":"urn:gp","value":"` + id + `"}],"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1941-03-05"` + more + `}`)})
	}
	put(201, "1", "")
	put(201, "2", "")
	put(200, "2", `,"link":[{"type":"replaced-by","other":{"reference":"Patient/1"}}]`)
	if got := h.people(); len(got) != 1 {
		t.Fatalf("merged: %q", got)
	}
	p, err := h.db.PatientByKey(h.ctx(), "gp", "urn:gp|2")
	h.must(err)
	for n, by := range []kmcr.Viewer{officer, officer, another} {
		made, err := h.in.UndoMerge(h.ctx(), p.ID, by)
		if made != (n == 2) || (err != nil) != (n == 1) {
			t.Errorf("officer %d: %v %v", n, made, err)
		}
		if got := len(h.people()); got != 1+n/2 {
			t.Errorf("officer %d: %d people", n, got)
		}
	}
}

// A patient that is said to be replaced by two is merged into neither.
func TestReplacedByTwo(t *testing.T) {
	h := build(t)
	body := `{"resourceType":"Patient","id":"%","identifier":[{"system":"urn:gp","value":"%"}],"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1941-03-05"`
	for _, id := range []string{"1", "2", "3"} {
		h.fhir(201, ingest.Interaction{Method: "PUT", Type: "Patient", ID: id, Body: []byte(strings.ReplaceAll(body, "%", id) + "}")})
	}
	h.fhir(202, ingest.Interaction{Method: "PUT", Type: "Patient", ID: "3", Body: []byte(strings.ReplaceAll(body, "%", "3") + `,"link":[{"type":"replaced-by","other":{"reference":"Patient/1"}},{"type":"replaced-by","other":{"reference":"Patient/2"}}]}`)})
	if parked := h.messages(store.Parked); len(parked) != 1 || parked[0].Reason != "merge-several" {
		t.Errorf("parked: %+v", parked)
	}
	if got := h.people(); len(got) != 3 {
		t.Errorf("people: %q", got)
	}
}

// The link rates are counted when they are asked for, and not again within ten minutes.
func TestLinkRatesAreCountedOnce(t *testing.T) {
	h := build(t)
	h.register(1, ada, "")
	rates, at, err := h.in.Linked(h.ctx())
	h.must(err)
	if len(rates) != 1 || rates[0].Patients != 1 || rates[0].Linked != 0 || at.IsZero() {
		t.Fatalf("%+v at %v", rates, at)
	}
	h.tell("1", "A28", 1, ada, "")
	again, then, err := h.in.Linked(h.ctx())
	h.must(err)
	if len(again) != 1 || !then.Equal(at) {
		t.Errorf("counted again within the minute: %+v at %v", again, then)
	}
}
