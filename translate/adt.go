package translate

import (
	"fmt"
	"hash/fnv"
	"strings"

	"kmcr"
)

// visitEvents are the ADT events that say something of a visit, and what has
// happened, for those who should be told.
var visitEvents = map[string]string{
	"A01": "admission", "A02": "transfer", "A03": "discharge", "A04": "attendance", "A05": "pre-admission", "A06": "admission", "A07": "",
	"A08": "", "A09": "", "A10": "", "A11": "cancel-admission", "A12": "cancel-transfer", "A13": "cancel-discharge", "A14": "pre-admission",
	"A15": "", "A16": "", "A17": "transfer", "A21": "", "A22": "", "A23": "", "A25": "", "A26": "", "A27": "", "A38": "", "A52": "", "A53": "", "A54": "", "A55": "",
	"A42": "", "A44": "", "A45": "", "A50": "",
}

func isVisitEvent(event string) bool {
	_, ok := visitEvents[event]
	return ok
}

// merges tells whether an ADT event says that one patient identifier has become another.
func merges(event string) bool { return has("A18 A30 A34 A36 A39 A40 A46 A47", event) }

// adt reads admissions, discharges and transfers: the visit as a fragment of its
// spell, observations, and merges of patients.
func (r *reader) adt(g *group) {
	if r.event != "" && !strings.HasPrefix(r.event, "A") {
		r.note("MSH-9: %s is not an ADT event; demographics were read", strings.Join(strings.Fields(r.event), " "))
	}
	if isVisitEvent(r.event) {
		r.visit(g)
	} else if pv1 := g.first("PV1"); pv1.Exists() && r.event != "" {
		g.visit = ""
		if !merges(r.event) {
			r.note("PV1: not part of what %s says", r.event)
		}
	}
	r.looseObservations(g)
	if died := r.out.Patients[g.patient].Died; died != "" && has("A03 A08 A28 A31", r.event) {
		r.out.Event = "death"
	}
	mrg := g.first("MRG")
	switch why := otherMerges[r.event]; {
	case has("A42 A45 A50", r.event), r.event == "A44" && g.visit != "":
		r.moveVisit(g)
	case why != "" && mrg.Exists():
		r.read(mrg)
		r.note("MRG: %s; kept in the message as received", why)
	}
}

// otherMerges are the events with MRG that change neither which patient is meant nor which visit, and why.
var otherMerges = map[string]string{
	"A06": "the account before the patient was admitted, and accounts are about payment", "A07": "the account before the patient became an outpatient, and accounts are about payment",
	"A35": "A35 merges accounts, which are about payment: the patient and the visits stay what they are", "A41": "A41 merges accounts, which are about payment: the patient and the visits stay what they are",
	"A43": "A43 files an identifier under another patient: who has it now is said by PID, and is taken from there", "A44": "A44 moves an account, and names no visit (PV1-19) that would move with it",
	"A48": "A48 changes a number that is not the patient's own", "A49": "A49 changes the number of an account, which is about payment: the patient and the visits stay what they are",
	"A51": "A51 changes a second number of the visit: the visit is known by its own (PV1-19)",
}

// visit keeps the event as a fragment of its spell.
func (r *reader) visit(g *group) {
	pv1 := g.first("PV1")
	if !pv1.Exists() {
		r.note("PV1: the event %s came without one", r.event)
		return
	}
	if g.visit == "" {
		r.note("PV1: says of no visit which one it is")
		return
	}
	f := r.fragment(g, r.event)
	key := fmt.Sprintf("ADT|%s|%s|%016x", g.visit, r.event, hashOf(f.b))
	s := r.state(g, key, f)
	s.Fold = g.visit
	r.out.Event = visitEvents[r.event]
	class := encounterClasses[strings.ToUpper(clear(pv1.Get(2, 1)))].code
	if r.event == "A01" && class != "IMP" && class != "" && class != "PRENC" {
		r.out.Event = "attendance"
	}
	if r.event == "A03" && (clear(pv1.Get(36, 1)) == "4" || clear(pv1.Get(37, 1)) == "79") {
		r.out.Event = "death"
	}
}

// movedAway is what the fragment of a visit says that goes on under another number, or as another patient's.
const movedAway = "moved-away"

// moveVisit reads that a visit has another number now (A50), has become part
// of another (A42), or is another patient's after all (A45): where it was it
// is entered in error, and PV1 says what it is now.
func (r *reader) moveVisit(g *group) {
	mrg := r.read(g.first("MRG"))
	if !mrg.Exists() {
		r.note("MRG: %s does not say which visit it moves", r.event)
		return
	}
	was := g.visit
	if n := clear(mrg.Get(5, 1, 1)); n != "" {
		was = "Encounter|" + n
		if authority := orElse(clear(mrg.Get(5, 4, 1)), clear(mrg.Get(5, 5, 1))); authority != "" {
			was += "^" + authority
		}
	}
	patient := g.patient
	if from := r.localKey(firstOf(mrg, 1)); from != "" && from != r.out.Patients[g.patient].Key {
		patient = len(r.out.Patients)
		r.out.Patients = append(r.out.Patients, Claims{Key: from, Mention: true})
	}
	if was == "" || was == g.visit && patient == g.patient {
		r.note("MRG-5: %s does not say which visit it moves", r.event)
		return
	}
	f := r.fragment(g, movedAway)
	s := r.state(g, fmt.Sprintf("ADT|%s|%s|%016x", was, movedAway, hashOf(f.b)), f)
	s.Patient, s.Fold = patient, was
}

func hashOf(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64()
}

// fragmentText is where a fragment keeps the segments of its event.
const fragmentText = "urn:kmcr:hl7v2:event"

// fragment is one event of a visit, its segments as they were sent: evidence,
// from which Fold makes the Encounter.
func (r *reader) fragment(g *group, trigger string) *doc {
	text := []string{withoutControlID(r.m.Segment("MSH").Raw())}
	if evn := r.m.Segment("EVN"); evn.Exists() {
		text = append(text, evn.Raw())
	}
	for _, name := range []string{"PV1", "PV2"} {
		if s := g.first(name); s.Exists() {
			text = append(text, s.Raw())
		}
	}
	for _, s := range g.named("DG1") {
		text = append(text, s.Raw())
	}
	d := resource("Basic")
	d.list("extension", func() {
		d.text("url", fragmentText)
		d.text("valueString", strings.Join(text, "\r"))
	})
	d.list("identifier", func() {
		d.text("system", "urn:kmcr:contributor")
		d.text("value", string(r.c.Code))
	})
	d.concept("code", concept{codings: []code{{hl7Terminology + "v2-0003", trigger, ""}}})
	d.reference("subject", "patient:")
	r.provider(d, "author")
	return d
}

// withoutControlID is an MSH without MSH-10, so that an event that is sent again under another control id is the same event.
func withoutControlID(msh string) string {
	if len(msh) < 4 {
		return msh
	}
	fields := strings.Split(msh, msh[3:4])
	if len(fields) > 9 {
		fields[9] = ""
	}
	return strings.Join(fields, msh[3:4])
}

// linkedPatients reads A24 and A37, which say of the patients of two PID
// segments that they are one person, or not after all.
func (r *reader) linkedPatients() {
	if len(r.out.Patients) != 2 || !has("A24 A37", r.event) {
		return
	}
	m := Merge{From: r.out.Patients[1].Key, Into: r.out.Patients[0].Key, At: r.at}
	if r.event == "A24" {
		r.out.Merges = append(r.out.Merges, m)
	} else {
		r.out.Unmerges = append(r.out.Unmerges, m)
	}
}

// merge reads MRG of an event that replaces one identifier of a patient by another.
func (r *reader) merge(g *group) error {
	mrg := r.read(g.first("MRG"))
	if !mrg.Exists() {
		return missingIdentity("MRG", "the merge has no MRG segment")
	}
	into := r.out.Patients[g.patient].Key
	var from []string
	for _, field := range []int{1, 4} {
		for _, f := range mrg.Repetitions(field) {
			if _, ok := localRank(f); ok && r.localKey(f) != "" {
				from = appendOnce(from, r.localKey(f))
			}
		}
	}
	if len(from) == 0 {
		for _, f := range mrg.Repetitions(1) {
			if n, err := kmcr.ParseNHSNumber(clear(f.Get(1, 1))); err == nil && isNHS(f) {
				from = append(from, "NHS|"+string(n))
			}
		}
	}
	if len(from) == 0 {
		return missingIdentity("MRG-1", "the merge does not say which patient it takes in")
	}
	for _, f := range from {
		if f == into {
			r.note("MRG-1: the same identifier as PID-3")
		}
		r.out.Merges = append(r.out.Merges, Merge{From: f, Into: into, At: r.at})
	}
	return nil
}
