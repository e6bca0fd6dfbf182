package ingest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kmcr"
	"kmcr/ingest"
	"kmcr/store"
	"kmcr/store/storetest"

	"pgregory.net/rapid"
)

// checks sets how many cases a property is tried on: by itself as many as are quick; more with KMCR_TEST_CHECKS=1000 in the environment.
func checks(t *testing.T, quick int) {
	n := strconv.Itoa(quick)
	if more := os.Getenv("KMCR_TEST_CHECKS"); more != "" {
		n = more
	}
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
}

// said is what a contributor says of its patient n.
type said struct {
	by string
	n  int
	account
}

func (e said) String() string { return fmt.Sprintf("%s/%d %+v", e.by, e.n, e.account) }

// account is who somebody is said to be.
type account struct {
	person
	middle, maiden, telephone, replaced string
}

const (
	n1, n2, n3  = "9990000018", "9990000026", "9990000034"
	placeholder = "9990000042"
)

// crowd are people of whom many look alike, as each may be described: a woman, her twin, her daughter of one name, her namesake, a lodger.
var crowd = []account{
	{person: ada}, {person: ada, telephone: "01634 555 0101"}, {person: numbered(ada, n1)}, {person: numbered(ada, n1), maiden: "Smith"}, {person: numbered(ada, n2)},
	{person: adaNo}, {person: numbered(adaNo, n1)}, {person: numbered(adaNo, n2)},
	{person: numbered(ada, n2), replaced: n1}, {person: numbered(moved(ada), n1)}, {person: moved(ada)}, {person: moved(ada), telephone: "01634 555 0101"},
	{person: married(ada)}, {person: numbered(married(ada), n1)}, {person: married(ada), maiden: "Fox"}, {person: ada, maiden: "Smith"},
	{person: ada, middle: "May"}, {person: ada, middle: "Rose"}, {person: numbered(ada, n1), middle: "May"}, {person: numbered(ada, n3), middle: "Rose"},
	{person: given(ada, "A")}, {person: numbered(given(ada, "A"), n1)}, {person: numbered(given(ada, "A"), n2)},
	{person: born(ada, "1941-03-06")}, {person: born(ada, "1941-03-16")}, {person: born(ada, "1941-05-03")}, {person: born(ada, "1941")}, {person: born(ada, "1971-03-05")}, {person: numbered(born(ada, "1971-03-05"), n3)},
	{person: ruth}, {person: numbered(ruth, n3)}, {person: numbered(ruth, n1)},
	{person: numbered(ada, placeholder)}, {person: numbered(ruth, placeholder)}, {person: numbered(piotr, placeholder)}, {person: numbered(adaNo, placeholder)}, {person: numbered(born(ada, "1971-03-05"), placeholder)},
	{person: piotr}, {person: person{"Nowak", "Piotr", "1980-05-06", "male", "ME7 4AB", "12 High Street", ""}, telephone: "01634 555 0101"},
}

func moved(p person) person           { p.postcode, p.line = "TN24 9ZZ", "8 Hop Lane"; return p }
func married(p person) person         { p.family = "Vixen"; return p }
func given(p person, g string) person { p.given = g; return p }
func born(p person, b string) person  { p.born = b; return p }

var senders = []string{"gp", "community", "pds", "hospital"}

// send lets a contributor say who its patient is: by FHIR, or by HL7 v2 where it is the hospital. more is what the Patient holds besides, or a
// further segment. It tells whether it was taken in, and not parked.
func (h *house) send(e said, event, more string) bool {
	h.Helper()
	if e.by == "hospital" {
		return h.sendHL7(e, event, more)
	}
	a, err := h.in.FHIR(h.ctx(), ingest.Interaction{Contributor: kmcr.ContributorCode(e.by), Method: "PUT", Type: "Patient", ID: strconv.Itoa(e.n), Body: e.patient(more)})
	h.must(err)
	if a.Status >= 300 {
		h.Fatalf("%v: %d %s", e, a.Status, a.Body)
	}
	return a.Status < 202
}

func (e said) patient(more string) []byte {
	type object = map[string]any
	identifiers := []object{{"system": "urn:" + e.by, "value": strconv.Itoa(e.n)}}
	if e.number != "" {
		identifiers = append(identifiers, object{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": e.number})
	}
	if e.replaced != "" {
		identifiers = append(identifiers, object{"use": "old", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": e.replaced})
	}
	names := []object{{"family": e.family, "given": strings.Fields(e.given + " " + e.middle)}}
	if e.maiden != "" {
		names = append(names, object{"use": "old", "family": e.maiden, "given": []string{e.given}})
	}
	p := object{"resourceType": "Patient", "id": strconv.Itoa(e.n), "identifier": identifiers, "name": names, "birthDate": e.born, "gender": e.sex}
	if e.postcode != "" {
		p["address"] = []object{{"line": []string{e.line}, "postalCode": e.postcode}}
	}
	if e.telephone != "" {
		p["telecom"] = []object{{"system": "phone", "value": e.telephone}}
	}
	if more != "" {
		p["link"] = []object{{"type": "replaced-by", "other": object{"reference": "Patient/" + more}}}
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return body
}

var control atomic.Int64 // of the messages of these tests

func (h *house) sendHL7(e said, event, more string) bool {
	h.Helper()
	before := len(h.messages(store.Parked))
	_, err := h.in.Import(h.ctx(), "hospital", "adt.hl7", e.adt(event, more), nil)
	h.must(err)
	h.quiet()
	return len(h.messages(store.Parked)) == before
}

// adt is what the hospital tells.
func (e said) adt(event, more string) []byte {
	fields := strings.Split(pid(e.n, e.person), "|")
	fields[4] = fmt.Sprintf("%s^%s^%s", e.family, e.given, e.middle)
	if e.maiden != "" {
		fields[4] += fmt.Sprintf("~%s^%s^^^^^M", e.maiden, e.given)
	}
	return fmt.Appendf(nil, "MSH|^~\\&|PAS|RVV|KMCR|KMCR|20260102030405||ADT^%s|o%d|P|2.4\rEVN|%s|20260102030405\rPID|%s||%s\r%s", event, control.Add(1), event, strings.Join(fields, "|"), e.telephone, more)
}

// arrive sends entries as they come.
func (h *house) arrive(all ...said) {
	h.Helper()
	for _, e := range all {
		h.send(e, map[bool]string{true: "A31", false: "A28"}[h.at(e.by, e.n) != nil], "")
	}
}

// at is the patient of a contributor, nil where it has not come.
func (h *house) at(by string, n int) *store.Patient {
	h.Helper()
	key := map[bool]string{true: fmt.Sprintf("RVV|H%d", n), false: fmt.Sprintf("id|%d", n)}[by == "hospital"]
	p, err := h.db.PatientByKey(h.ctx(), kmcr.ContributorCode(by), key)
	h.must(err)
	return p
}

// whoIs gives the names of patients in these tests ("gp/1"), by their ids.
func (h *house) whoIs() map[kmcr.PatientID]string {
	h.Helper()
	out := map[kmcr.PatientID]string{}
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		if !p.Register {
			out[p.ID] = string(p.Contributor) + "/" + strings.TrimLeft(p.Key[strings.LastIndexByte(p.Key, '|')+1:], "H")
		}
		return nil
	}))
	return out
}

// whoIsWho is who is one person with whom, and of which people somebody is to decide whether they are one.
type whoIsWho struct{ people, asked []string }

func (s whoIsWho) equal(o whoIsWho) bool {
	return slices.Equal(s.people, o.people) && slices.Equal(s.asked, o.asked)
}

func (h *house) stands() whoIsWho {
	h.Helper()
	groups := map[kmcr.PersonID][]kmcr.PatientID{}
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		if !p.Register {
			groups[p.Person] = append(groups[p.Person], p.ID)
		}
		return nil
	}))
	open, err := h.db.Reviews(h.ctx(), "open")
	h.must(err)
	return h.whoIsWho(slices.Collect(maps.Values(groups)), open)
}

// derived is the same, derived afresh from all that is stated, merged and decided.
func (h *house) derived() whoIsWho {
	h.Helper()
	groups, changed, err := h.in.Derived(h.ctx())
	h.must(err)
	open, err := h.db.Reviews(h.ctx(), "open")
	h.must(err)
	for _, r := range changed {
		open = slices.DeleteFunc(open, func(o store.Review) bool { return o.ID == r.ID })
		if r.State == "open" {
			open = append(open, r)
		}
	}
	return h.whoIsWho(groups, open)
}

func (h *house) whoIsWho(groups [][]kmcr.PatientID, open []store.Review) (s whoIsWho) {
	names := h.whoIs()
	of := map[kmcr.PatientID]string{}
	for _, g := range groups {
		var all []string
		for _, id := range g {
			all = append(all, names[id])
		}
		slices.Sort(all)
		who := strings.Join(all, " ")
		for _, id := range g {
			of[id] = who
		}
		s.people = append(s.people, who)
	}
	for _, r := range open {
		a, b := of[r.A], of[r.B]
		s.asked = append(s.asked, min(a, b)+" ? "+max(a, b))
	}
	slices.Sort(s.people)
	slices.Sort(s.asked)
	return s
}

// records are what is stated of each person: by whom, and what of.
func (h *house) records() (all []string) {
	h.Helper()
	names := h.whoIs()
	of := map[kmcr.PersonID][]string{}
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		if !p.Register {
			for _, st := range h.compartment(p.ID).Current() {
				of[p.Person] = append(of[p.Person], names[p.ID]+" "+st.Type+" "+st.Key)
			}
		}
		return nil
	}))
	for _, r := range of {
		slices.Sort(r)
		all = append(all, strings.Join(r, "; "))
	}
	slices.Sort(all)
	return all
}

// Who is who does not depend on the order in which they came.
func TestTheOrderOfArrivalLeavesNoTrace(t *testing.T) {
	checks(t, 12)
	rapid.Check(t, func(r *rapid.T) {
		var all []said
		for n := range rapid.IntRange(2, 7).Draw(r, "entries") {
			all = append(all, said{rapid.SampledFrom(senders).Draw(r, "by"), n, rapid.SampledFrom(crowd).Draw(r, "who")})
		}
		one, other := buildAt(t, r.Cleanup, ""), buildAt(t, r.Cleanup, "")
		one.arrive(all...)
		other.arrive(rapid.Permutation(all).Draw(r, "order")...)
		got, want := one.stands(), other.stands()
		if !got.equal(want) {
			r.Fatalf("who is who:      %q\nin another order: %q\nof %v", got, want, all)
		}
		if afresh := one.derived(); !got.equal(afresh) {
			r.Fatalf("who is who:   %q\nderived afresh: %q\nof %v", got, afresh, all)
		}
	})
}

// What once came out otherwise in one order than in another.
func TestWhoIsWhoInEveryOrder(t *testing.T) {
	const telephone = "01634 555 0101"
	for says, c := range map[string]struct {
		all           []account
		people, asked []string
	}{
		"who is the same as two makes them one": {[]account{{person: ada}, {person: moved(ada), telephone: telephone}, {person: ada, telephone: telephone}},
			[]string{"gp/0 gp/1 gp/2"}, nil},
		"who may be either of two is neither": {[]account{{person: numbered(ada, n1)}, {person: numbered(ada, n2)}, {person: ada}},
			[]string{"gp/0", "gp/1", "gp/2"}, []string{"gp/0 ? gp/1", "gp/0 ? gp/2", "gp/1 ? gp/2"}},
		"twins of one first name, and one who states no second": {[]account{{person: ada, middle: "May"}, {person: ada, middle: "Rose"}, {person: ada}},
			[]string{"gp/0", "gp/1", "gp/2"}, []string{"gp/0 ? gp/1", "gp/0 ? gp/2", "gp/1 ? gp/2"}},
		"a number that turns out to be a placeholder links nobody any more": {[]account{{person: numbered(ada, placeholder)}, {person: numbered(adaNo, placeholder)}, {person: numbered(ruth, placeholder)}, {person: numbered(piotr, placeholder)}},
			[]string{"gp/0", "gp/1", "gp/2", "gp/3"}, []string{"gp/0 ? gp/1"}},
		"of two people one is asked about once": {[]account{{person: ada}, {person: adaNo}, {person: ada}},
			[]string{"gp/0 gp/2", "gp/1"}, []string{"gp/0 gp/2 ? gp/1"}},
		"a number that was replaced": {[]account{{person: numbered(ada, n1)}, {person: numbered(moved(ada), n2)}, {person: numbered(ada, n2), replaced: n1}},
			[]string{"gp/0 gp/1 gp/2"}, nil},
	} {
		t.Run(says, func(t *testing.T) {
			var all []said
			for n, who := range c.all {
				all = append(all, said{"gp", n, who})
			}
			for _, order := range orders(all) {
				h := build(t)
				h.arrive(order...)
				if got := h.stands(); !got.equal(whoIsWho{c.people, c.asked}) {
					t.Errorf("in the order %v: %q", order, got)
				}
			}
		})
	}
}

// orders are those in which three or four may come, as many as show whether it matters: each first, each last.
func orders(all []said) (out [][]said) {
	for n := range all {
		turned := slices.Concat(all[n:], all[:n])
		back := slices.Clone(turned)
		slices.Reverse(back)
		out = append(out, turned, back)
	}
	return out
}

// Who was kept apart by what is not said any more is linked.
func TestWhatIsNoLongerSaidPartsNobody(t *testing.T) {
	h := build(t)
	h.arrive(said{"gp", 0, account{person: numbered(ada, n1)}}, said{"gp", 1, account{person: numbered(ada, n2)}}, said{"gp", 2, account{person: ada}})
	if got := h.people(); len(got) != 3 {
		t.Fatalf("before: %q", got)
	}
	h.arrive(said{"gp", 1, account{person: numbered(born(ada, "1971-03-05"), n3)}})
	if got := h.stands(); !slices.Equal(got.people, []string{"gp/0 gp/2", "gp/1"}) || !got.equal(h.derived()) {
		t.Errorf("after: %q", got)
	}
}

// A merge does not bring together whom somebody has decided to be different, over whichever of their entries.
func TestAMergeAgainstADecisionOverOthers(t *testing.T) {
	h := build(t)
	y := &history{merged: map[string]string{}, decided: map[[2]string]string{}, house: h}
	for n := range 3 {
		y.say(said{"hospital", n, account{person: adaNo}})
	}
	y.merge("hospital/0", "hospital/1")
	y.decide("different", "hospital/0", "hospital/2")
	y.merge("hospital/1", "hospital/2")
	if got := h.stands(); !slices.Equal(got.people, []string{"hospital/0 hospital/1", "hospital/2"}) || len(h.messages(store.Parked)) != 1 {
		t.Errorf("%q, parked %+v", got, h.messages(store.Parked))
	}
	y.decide("undo", "hospital/0", "hospital/2")
	y.say(said{"hospital", 0, account{person: adaNo, telephone: "01634 555 0101"}})
	y.merge("hospital/1", "hospital/2")
	if got := h.stands(); len(got.people) != 1 {
		t.Errorf("when it was taken back: %q", got)
	}
}

// history is all that was done to a house and stands, each in its own order.
type history struct {
	said    []said               // how each came to be described, in order
	merged  map[string]string    // whose own system says that it is another, and which
	decided map[[2]string]string // what people have decided
	house   *house
	senders []string // of those who come
}

func (y *history) patient(name string) *store.Patient {
	by, n, _ := strings.Cut(name, "/")
	at, _ := strconv.Atoi(n)
	return y.house.at(by, at)
}

// now is how a patient was described last.
func (y *history) now(name string) said {
	for _, e := range slices.Backward(y.said) {
		if e.name() == name {
			return e
		}
	}
	return said{}
}

func (e said) name() string { return fmt.Sprintf("%s/%d", e.by, e.n) }

// names are those who have come.
func (y *history) names() (all []string) {
	for _, e := range y.said {
		if !slices.Contains(all, e.name()) {
			all = append(all, e.name())
		}
	}
	return all
}

// draw draws what is done next, and does it.
func (y *history) draw(r *rapid.T, most int) string {
	h := y.house
	all := y.names()
	who := func(what string, of []string) string { return rapid.SampledFrom(of).Draw(r, what) }
	if len(all) < 2 || len(all) < most && rapid.IntRange(0, 2).Draw(r, "kind") == 0 {
		y.say(said{who("by", y.senders), len(all), rapid.SampledFrom(crowd).Draw(r, "who")})
		return "arrive"
	}
	what := rapid.SampledFrom([]string{"describe", "describe", "merge", "merge", "unmerge", "officer unmerges", "part", "join", "same", "different", "unsure", "undo", "take back"}).Draw(r, "what")
	a := who("a", all)
	b := who("b", slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == a }))
	switch what {
	case "describe":
		if y.merged[a] == "" {
			e := y.now(a)
			e.account = rapid.SampledFrom(crowd).Draw(r, "as")
			y.say(e)
		}
	case "merge":
		same := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == a || y.now(n).by != y.now(a).by })
		if len(same) > 0 {
			y.merge(a, who("into", same))
		}
	case "unmerge":
		if y.merged[a] != "" {
			y.unmerge(a)
		}
	case "officer unmerges":
		if made, err := h.in.UndoMerge(h.ctx(), y.patient(a).ID, officer); made && err == nil {
			delete(y.merged, a)
			return what
		}
	case "part", "join":
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID[string]).Draw(r, "these")
		y.several(what, some)
	case "take back":
		for pair := range y.decided {
			if made, err := h.in.TakeBack(h.ctx(), []int64{y.review(pair[0], pair[1])}, officer); made && err == nil {
				delete(y.decided, pair)
			}
			break
		}
	default:
		y.decide(what, a, b)
	}
	return what
}

func (y *history) say(e said) {
	event := "A28"
	if y.patient(e.name()) != nil {
		event = "A31"
	}
	if y.house.send(e, event, "") {
		y.said = append(y.said, e)
	}
}

// merge has a contributor say that its patient a is b.
func (y *history) merge(a, b string) {
	from, into := y.now(a), y.now(b)
	if y.merged[a] != "" || from.by != into.by {
		return
	}
	if from.by == "hospital" && y.house.send(into, "A40", fmt.Sprintf("MRG|H%d^^^RVV^MR\r", from.n)) || from.by != "hospital" && y.house.send(from, "", strconv.Itoa(into.n)) {
		y.merged[a] = b
	}
}

func (y *history) unmerge(a string) {
	from, into := y.now(a), y.now(y.merged[a])
	if from.by == "hospital" && y.house.send(into, "A37", "PID|"+pid(from.n, from.person)+"\r") || from.by != "hospital" && y.house.send(from, "", "") {
		delete(y.merged, a)
	}
}

func (y *history) decide(what, a, b string) {
	h := y.house
	made, err := h.in.Decide(h.ctx(), y.review(a, b), what, 0, officer)
	if !made || err != nil {
		return
	}
	pair := [2]string{min(a, b), max(a, b)}
	delete(y.decided, pair)
	if what != "undo" {
		y.decided[pair] = what
	}
}

func (y *history) several(what string, these []string) {
	h := y.house
	var ids []kmcr.PatientID
	for _, n := range these {
		ids = append(ids, y.patient(n).ID)
	}
	do, state := h.in.Part, "different"
	if what == "join" {
		do, state = h.in.Join, "same"
	}
	if made, err := do(h.ctx(), ids, 0, officer); !made || err != nil {
		return
	}
	// which pairs that decided is written with them
	names := h.whoIs()
	decided, err := h.db.Reviews(h.ctx(), state)
	h.must(err)
	for _, d := range decided {
		y.decided[[2]string{min(names[d.A], names[d.B]), max(names[d.A], names[d.B])}] = state
	}
}

func (y *history) review(a, b string) int64 {
	y.house.Helper()
	return y.house.reviewOf(y.patient(a).ID, y.patient(b).ID)
}

// again does what stands in another house, in another order: whoever came comes after others, though each is described as it was, in
// turn; then what was decided and merged. A merge was accepted by what was known then, so that here somebody vouches for it meanwhile.
func (y *history) again(r *rapid.T, in *house) {
	other := history{merged: map[string]string{}, decided: map[[2]string]string{}, house: in}
	left := map[string][]said{}
	var turns []string
	for _, e := range y.said {
		left[e.name()] = append(left[e.name()], e)
		turns = append(turns, e.name())
	}
	for _, name := range rapid.Permutation(turns).Draw(r, "order") {
		other.say(left[name][0])
		left[name] = left[name][1:]
	}
	pairs := rapid.Permutation(slices.SortedFunc(maps.Keys(y.decided), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })).Draw(r, "decisions")
	for _, p := range pairs {
		if y.decided[p] == "same" {
			other.decide("same", p[0], p[1])
		}
	}
	for _, from := range rapid.Permutation(slices.Sorted(maps.Keys(y.merged))).Draw(r, "merges") {
		into := y.merged[from]
		pair := [2]string{min(from, into), max(from, into)}
		other.decide("same", from, into)
		other.merge(from, into)
		if y.decided[pair] != "same" {
			other.decide("undo", from, into)
		}
	}
	for _, p := range pairs {
		if y.decided[p] != "same" {
			other.decide(y.decided[p], p[0], p[1])
		}
	}
	if !maps.Equal(y.merged, other.merged) || !maps.Equal(y.decided, other.decided) {
		r.Fatalf("what stood cannot be done again: merged %v, again %v; decided %v, again %v", y.merged, other.merged, y.decided, other.decided)
	}
}

// Whatever is said, merged, decided and taken back: who is who is after each step what follows from all that stands, and in the end what
// the same gives in another order.
func TestWhoIsWhoFollowsFromWhatStands(t *testing.T) {
	checks(t, 12)
	rapid.Check(t, func(r *rapid.T) {
		h := buildAt(t, r.Cleanup, "")
		y := &history{merged: map[string]string{}, decided: map[[2]string]string{}, house: h, senders: rapid.Permutation(senders).Draw(r, "senders")[:2]}
		for range rapid.IntRange(4, 24).Draw(r, "steps") {
			what := y.draw(r, 9)
			if got, want := h.stands(), h.derived(); !got.equal(want) {
				r.Fatalf("after %s who is who: %q\nderived afresh: %q\nsaid %v\nmerged %v\ndecided %v", what, got, want, y.said, y.merged, y.decided)
			}
		}
		other := buildAt(t, r.Cleanup, "")
		y.again(r, other)
		if got, want := h.stands(), other.stands(); !slices.Equal(got.people, want.people) {
			r.Fatalf("who is who:      %q\nin another order: %q\nsaid %v\nmerged %v\ndecided %v", got, want, y.said, y.merged, y.decided)
		}
		if got, want := h.records(), other.records(); !slices.Equal(got, want) {
			r.Fatalf("the records:      %q\nin another order: %q\nsaid %v\nmerged %v\ndecided %v", got, want, y.said, y.merged, y.decided)
		}
	})
}

// storm is much that is done at the same time, by several processes.
type storm struct {
	houses []*house
	most   int // entries
}

// contributor says again and again who its patient n is, and that it is another of its own, or not.
func (s *storm) contributor(rnd *rand.Rand, n int) {
	e := said{by: senders[n%len(senders)], n: n}
	for range 4 {
		h := s.houses[rnd.IntN(len(s.houses))]
		e.account = crowd[rnd.IntN(len(crowd))]
		other := (n + len(senders)*rnd.IntN(s.most/len(senders))) % s.most
		more := ""
		if e.by == "hospital" {
			event := []string{"A31", "A31", "A40", "A37"}[rnd.IntN(4)]
			switch event {
			case "A40":
				more = fmt.Sprintf("MRG|H%d^^^RVV^MR\r", other)
			case "A37":
				more = "PID|" + pid(other, e.person) + "\r"
			}
			_, err := h.in.Import(h.ctx(), "hospital", "adt.hl7", e.adt(event, more), nil)
			h.fits(err)
			continue
		}
		if rnd.IntN(3) == 0 {
			more = strconv.Itoa(other)
		}
		_, err := h.in.FHIR(h.ctx(), ingest.Interaction{Contributor: kmcr.ContributorCode(e.by), Method: "PUT", Type: "Patient", ID: strconv.Itoa(n), Body: e.patient(more)})
		h.fits(err)
	}
}

// officer decides about whoever is there.
func (s *storm) officer(rnd *rand.Rand) {
	for range 12 {
		h := s.houses[rnd.IntN(len(s.houses))]
		all := slices.Sorted(maps.Keys(h.whoIs()))
		if len(all) < 2 {
			continue
		}
		one := func() kmcr.PatientID { return all[rnd.IntN(len(all))] }
		var err error
		switch rnd.IntN(5) {
		case 0:
			_, err = h.in.Part(h.ctx(), []kmcr.PatientID{one()}, 0, officer)
		case 1:
			_, err = h.in.Join(h.ctx(), []kmcr.PatientID{one(), one()}, 0, officer)
		case 2:
			_, err = h.in.UndoMerge(h.ctx(), one(), officer)
		default:
			reviews, e := h.db.ReviewsOf(h.ctx(), one())
			h.must(e)
			if len(reviews) > 0 {
				_, err = h.in.Decide(h.ctx(), reviews[rnd.IntN(len(reviews))].ID, []string{"same", "different", "unsure", "undo"}[rnd.IntN(4)], 0, officer)
			}
		}
		h.fits(err)
	}
}

// fits passes over what may be refused: what is not there, or stands against something that stands.
func (h *house) fits(err error) {
	h.Helper()
	switch kmcr.KindOf(err) {
	case "", kmcr.Conflict, kmcr.NotFound, kmcr.Invalid:
	default:
		h.Error(err)
	}
}

// databases are those on which several processes are tried: an embedded one, and PostgreSQL.
var databases = map[string]func(*testing.T) string{"embedded": func(*testing.T) string { return "" }, "PostgreSQL": func(t *testing.T) string { return storetest.Postgres(t) }}

// Somebody of whom two processes hear at the same instant, from two contributors, is one person.
func TestTheSameNewcomerAtTwoProcesses(t *testing.T) {
	for name, at := range databases {
		t.Run(name, func(t *testing.T) {
			h := buildAt(t, t.Cleanup, at(t))
			houses := []*house{h, h.another(t.Cleanup)}
			for n := range 40 {
				who := account{person: numbered(ada, "")}
				who.family, who.born = "Fox"+string(rune('a'+n%26))+string(rune('a'+n/26)), fmt.Sprintf("19%d-03-05", 41+n)
				var both sync.WaitGroup
				for i, h := range houses {
					both.Go(func() { h.send(said{senders[i], n, who}, "", "") })
				}
				both.Wait()
			}
			if got, want := h.stands(), h.derived(); len(got.people) != 40 || !got.equal(want) {
				t.Errorf("%d people: %q\nderived afresh: %q", len(got.people), got, want)
			}
		})
	}
}

// Whatever several processes do at the same time: who is who is what follows from all that stands in the end, nothing is left to be done,
// and the history of each link ends where it is.
func TestWhoIsWhoAfterAStorm(t *testing.T) {
	for name, at := range databases {
		t.Run(name, func(t *testing.T) {
			for n := range storms() {
				seed := uint64(n)
				if !t.Run(strconv.Itoa(n), func(t *testing.T) { blow(t, at(t), seed) }) {
					return
				}
			}
		})
	}
}

// storms is how many there are: few, unless more are asked for.
func storms() int {
	n, err := strconv.Atoi(os.Getenv("KMCR_TEST_CHECKS"))
	if err != nil {
		return 3
	}
	return n
}

func blow(t *testing.T, at string, seed uint64) {
	h := buildAt(t, t.Cleanup, at)
	s := &storm{houses: []*house{h, h.another(t.Cleanup)}, most: 12}
	var all sync.WaitGroup
	for n := range s.most {
		all.Go(func() { s.contributor(rand.New(rand.NewPCG(seed, uint64(n))), n) })
	}
	for n := range 3 {
		all.Go(func() { s.officer(rand.New(rand.NewPCG(seed, uint64(100+n)))) })
	}
	all.Wait()
	for _, h := range s.houses {
		h.quiet()
	}
	if due := h.due(); len(due) > 0 {
		t.Errorf("still to be linked afresh: %q", due)
	}
	if got, want := h.stands(), h.derived(); !got.equal(want) {
		t.Errorf("who is who:   %q\nderived afresh: %q", got, want)
	}
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		history, err := h.db.LinkHistory(h.ctx(), p.ID)
		for i, step := range history {
			if step.By == "" || step.Reason == "" || i > 0 && step.From != history[i-1].To || i == len(history)-1 && step.To != p.Person {
				t.Errorf("the history of %s: %+v, now %v", p.Key, history, p.Person)
			}
		}
		return err
	}))
}

// due are those who are still to be linked afresh.
func (h *house) due() (all []string) {
	h.Helper()
	h.must(h.db.List(h.ctx(), store.KindAfresh, func(key string, _ []byte) error {
		all = append(all, key)
		return nil
	}))
	return all
}
