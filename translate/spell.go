package translate

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kmcr"
	"kmcr/hl7"
)

// Fragment is one event of a longer story, read: what ReadFragment made of
// the Resource of a statement with a Fold. It is a value and may be kept, so
// that the thousandth event of a visit does not have the others read again,
// nor the story told again from its beginning.
type Fragment struct{ event *event }

// ReadFragment reads the Resource of a statement with a Fold.
func ReadFragment(resource []byte) (Fragment, error) {
	e, err := readFragment(resource)
	e.told = new(atomic.Pointer[soFar])
	return Fragment{&e}, err
}

// soFar is a story up to and with one of its events, and by which events it was told.
type soFar struct {
	events uint64 // a hash of them, in their order
	spell  spell
}

// tell tells the story of events in their order. What was told before up to
// one of them, of the very same events, is where it begins.
func tell(events []*event) spell {
	hashes := make([]uint64, len(events))
	last := uint64(len(order))
	for i, e := range events {
		last = (last^e.hash^uint64(e.at.UnixNano()))*1099511628211 + uint64(i)
		hashes[i] = last
	}
	var s spell
	from := 0
	for i := len(events) - 1; i >= 0; i-- {
		if known := events[i].told.Load(); known != nil && known.events == hashes[i] {
			s, from = known.spell.clone(), i+1
			if from < len(events) {
				events[i].told.CompareAndSwap(known, nil) // the story is kept with its last event
			}
			break
		}
	}
	for _, e := range events[from:] {
		s.apply(*e)
	}
	events[len(events)-1].told.Store(&soFar{last, s.clone()})
	return s
}

// clone is a copy that further events do not change.
func (s spell) clone() spell {
	s.stays, s.transfers, s.cancels, s.reasons = slices.Clone(s.stays), slices.Clone(s.transfers), slices.Clone(s.cancels), slices.Clone(s.reasons)
	s.people, s.doubts = maps.Clone(s.people), maps.Clone(s.doubts)
	return s
}

// Fold makes the statement for fold from its fragments: the
// spell from its ADT events, whatever the order in which they arrived. The
// events are put in the order in which they happened by the sender's clock;
// those whose own time cannot be believed stand after all others.
func Fold(fold string, fragments []Fragment) (Statement, error) {
	events := make([]*event, 0, len(fragments))
	var last time.Time
	for _, f := range fragments {
		events = append(events, f.event)
		if f.event.at.After(last) {
			last = f.event.at
		}
	}
	if len(events) == 0 {
		return Statement{}, &kmcr.Error{Kind: kmcr.Fault, Message: "a spell without an event"}
	}
	if !slices.IsSortedFunc(events, (*event).compare) {
		slices.SortStableFunc(events, (*event).compare)
	}
	events = slices.CompactFunc(events, func(a, b *event) bool { return a.at.Equal(b.at) && a.trigger == b.trigger && a.text == b.text })
	s := tell(events)
	return Statement{Key: fold, Resource: s.encounter(events[len(events)-1].origin).bytes(), At: last}, nil
}

// event is one ADT event of a spell.
type event struct {
	origin
	trigger   string
	at, sent  time.Time
	text      string
	pv1, pv2  hl7.Segment
	dg1       []hl7.Segment
	occurred  string // EVN-6, else EVN-2, as a FHIR moment
	disbelief string // of a time of the event that is not used, in words
	hash      uint64 // of the resource it was read from
	told      *atomic.Pointer[soFar]
}

// order ranks events that happened, and were sent, at the same time by their
// sender's clock: what undoes comes after what it undoes.
const order = " A05 A14 A04 A01 A06 A07 A09 A10 A02 A17 A12 A21 A22 A53 A52 A15 A26 A16 A25 A54 A55 A08 A03 A13 A27 A38 A11 A23 moved-away "

func (e *event) compare(o *event) int {
	if e.at.IsZero() != o.at.IsZero() {
		if e.at.IsZero() {
			return 1
		}
		return -1
	}
	if c := e.at.Compare(o.at); c != 0 {
		return c
	}
	if c := e.sent.Compare(o.sent); c != 0 {
		return c
	}
	if c := strings.Index(order, " "+e.trigger+" ") - strings.Index(order, " "+o.trigger+" "); c != 0 {
		return c
	}
	return strings.Compare(e.text, o.text)
}

// readFragment reads what reader.fragment wrote.
func readFragment(resource []byte) (event, error) {
	var f struct {
		Extension []struct {
			URL         string
			ValueString string
		}
		Identifier []struct{ Value string }
		Code       struct{ Coding []struct{ Code string } }
		Author     struct {
			Identifier struct{ Value string }
			Display    string
		}
	}
	broken := &kmcr.Error{Kind: kmcr.Fault, Message: "a fragment of a spell is not readable"}
	if json.Unmarshal(resource, &f) != nil || len(f.Code.Coding) == 0 || len(f.Extension) == 0 || f.Extension[0].URL != fragmentText {
		return event{}, broken
	}
	m, err := hl7.Parse([]byte(f.Extension[0].ValueString), "UNICODE UTF-8")
	if err != nil {
		return event{}, broken
	}
	e := event{trigger: f.Code.Coding[0].Code, text: f.Extension[0].ValueString, pv1: m.Segment("PV1"), pv2: m.Segment("PV2"), dg1: m.Segments("DG1")}
	if len(f.Identifier) > 0 {
		e.origin = origin{kmcr.Contributor{Code: kmcr.ContributorCode(f.Identifier[0].Value), Organisation: kmcr.ODS(f.Author.Identifier.Value), Name: f.Author.Display}}
	}
	e.hash = hashOf(resource)
	e.at, _ = eventTime(m)
	if d, err := hl7.ParseDate(m.Segment("MSH").Get(7, 1)); err == nil {
		e.sent = d.Time
	}
	evn := m.Segment("EVN")
	for _, s := range []string{evn.Get(6, 1), evn.Get(2, 1), m.Segment("MSH").Get(7, 1)} {
		d, err := hl7.ParseDate(s)
		if err != nil {
			continue
		}
		if believable(d.Time) && !d.Time.After(e.at.Add(24*time.Hour)) {
			e.occurred = d.FHIR
			break
		}
		if e.disbelief == "" {
			e.disbelief = "the time sent of the event (" + d.Time.Format("02-Jan-2006 15:04") + ") lies in the future or in no year that can be meant; it is not used"
		}
	}
	return e, nil
}

// stay is one place in which the patient was during a spell.
type stay struct {
	place       place
	from, until string
}

// spell is a visit as its events tell it.
type spell struct {
	number        hl7.Segment // the PV1 that named it
	status        string
	begun         string // PV1-44 or the time of the admission
	begunSaid     bool   // PV1-44 itself was sent
	ended         string
	stays         []stay
	transfers     []int    // how many stays there were before each transfer that has not been cancelled
	cancels       []string // transfers cancelled, by time and PV1
	expectedStart string
	expected      string
	admitted      bool // an admission or registration has been heard of
	announced     bool // an admission to come has been heard of
	undone        bool // an admission has been cancelled (A11)
	discharged    bool
	loneReturn    bool                   // a discharge has been cancelled that was not heard of
	loneBack      bool                   // a transfer likewise
	doubts        map[int]string         // by field of PV1: what was sent there and cannot be
	people        map[string][]hl7.Field // by role
	reasons       []concept              // by DG1

	class, kind, service, reason                 concept
	method, source, dischargeMethod, destination concept
}

// apply tells the spell one event more. What an event does not say stays as it
// was; the HL7 null takes it away.
func (s *spell) apply(e event) {
	s.attributes(e)
	if at, tells := doubtedBy[e.trigger]; tells {
		s.doubt(at, e.disbelief)
	}
	switch e.trigger {
	case "A05", "A14":
		s.plan(e)
	case "A01", "A06", "A07", "A04":
		s.admit(e)
	case "A02", "A09", "A10", "A17":
		s.transfer(e)
	case "A12":
		s.cancelTransfer(e)
	case "A03":
		s.discharge(e)
	case "A13":
		s.loneReturn = s.loneReturn || !s.discharged && !s.admitted
		s.reopen(e)
	case "A11", "A38", "A27":
		s.status = "cancelled"
		s.undone = s.undone || e.trigger == "A11"
	case "A21":
		s.status = "onleave"
	case "A22", "A52":
		s.status = "in-progress"
	case "A53":
		s.status = "onleave"
	case "A23", movedAway:
		s.status = "entered-in-error"
	default:
		s.update(e)
	}
}

// attributes takes over what PV1 and PV2 say, whatever the event.
func (s *spell) attributes(e event) {
	if s.number.Get(19, 1, 1) == "" {
		s.number = e.pv1
	}
	take := func(c *concept, seg hl7.Segment, field int, read func(concept) concept, table string) {
		if seg.IsNull(field) {
			*c = concept{}
			return
		}
		if sent := e.first(seg, field, table); !sent.empty() {
			*c = read(sent)
		}
	}
	as := func(words map[string]string, system string) func(concept) concept {
		return func(sent concept) concept { return national(sent, words, system) }
	}
	take(&s.class, e.pv1, 2, className, "0004")
	take(&s.method, e.pv1, 4, as(admissionMethods, "AdmissionMethodEngland"), "0007")
	take(&s.source, e.pv1, 14, as(admissionSources, "SourceOfAdmissionEngland"), "0023")
	take(&s.service, e.pv1, 10, unchanged, "0069")
	take(&s.kind, e.pv1, 18, unchanged, "0018")
	take(&s.reason, e.pv2, 3, unchanged, "PV2-3")
	if e.trigger != "A13" {
		take(&s.dischargeMethod, e.pv1, 36, as(dischargeMethods, "DischargeMethodEngland"), "0112")
		take(&s.destination, e.pv1, 37, as(dischargeDestinations, "DischargeDestinationEngland"), "0113")
	}
	for field, role := range map[int]string{7: "ATND", 8: "REF", 9: "CON", 17: "ADM"} {
		if e.pv1.IsNull(field) {
			delete(s.people, role)
		} else if sent := e.pv1.Repetitions(field); len(sent) > 0 {
			if s.people == nil {
				s.people = map[string][]hl7.Field{}
			}
			s.people[role] = sent
		}
	}
	s.diagnoses(e)
	takeMoment(&s.expectedStart, e.pv2, 8)
	takeMoment(&s.expected, e.pv2, 9)
}

// diagnoses takes over the diagnoses of the visit: those with which the patient was admitted, else the first.
func (s *spell) diagnoses(e event) {
	if len(e.dg1) == 0 {
		return
	}
	s.reasons = nil
	for _, dg1 := range e.dg1 {
		what := e.first(dg1, 3, "DG1-3")
		if description := clear(dg1.Get(4)); description != "" && what.text == what.codings0() {
			what.text = description
		}
		admitting := strings.EqualFold(clear(dg1.Get(6, 1)), "A")
		if !what.empty() && (admitting || len(s.reasons) == 0) && !strings.EqualFold(clear(dg1.Get(21, 1)), "D") {
			s.reasons = append(s.reasons, what)
		}
	}
}

// takeMoment takes over a date field.
func takeMoment(to *string, s hl7.Segment, field int) {
	if s.IsNull(field) {
		*to = ""
	} else if m := moment(s.Get(field, 1)); m != "" {
		*to = m
	}
}

func unchanged(c concept) concept { return c }

// national gives a code of an NHS list its system and its words; any other stays as it was sent.
func national(sent concept, words map[string]string, system string) concept {
	value := strings.ToUpper(sent.codings0())
	if w, ok := words[value]; ok {
		return concept{[]code{{ukCoreCodes + system, value, ""}}, w}
	}
	return sent
}

// className keeps the class of a patient as sent and, first, as FHIR has it.
func className(sent concept) concept {
	if c, ok := encounterClasses[strings.ToUpper(sent.codings0())]; ok {
		sent.codings = append([]code{c}, sent.codings...)
	}
	return sent
}

// plan: the patient is expected.
func (s *spell) plan(e event) {
	s.announced = true
	if s.admitted && s.status != "cancelled" {
		return
	}
	s.status = "planned"
	if at := moment(e.pv1.Get(44, 1)); at != "" && s.expectedStart == "" {
		s.expectedStart = at
	}
	s.place(e, "")
}

// admit: the patient has come. The same admission told again changes nothing of how the spell stands.
func (s *spell) admit(e event) {
	again := s.admitted && s.status != "cancelled"
	said := s.actual(e, 44)
	if s.discharged && again && orElse(said, e.occurred) != s.begun {
		s.reopen(e) // the number is used for a new stay
		again, s.stays, s.transfers, s.begun = false, nil, nil, ""
	}
	if s.status == "planned" {
		s.stays, s.transfers = nil, nil // where the patient was to come; this message tells where
	}
	s.admitted = true
	switch {
	case said != "":
		s.begun, s.begunSaid = said, true
	case s.begun == "" || !again && !s.begunSaid:
		s.begun = e.occurred
	}
	if len(s.stays) == 0 {
		s.place(e, s.begun)
	} else {
		s.place(e, e.occurred)
	}
	if s.discharged {
		return
	}
	switch {
	case s.status == "onleave":
	case e.trigger == "A04" && !(again && s.status == "in-progress"):
		s.status = "arrived"
	default:
		s.status = "in-progress"
	}
	s.end(e)
}

// place notes where the patient is from a time on.
func (s *spell) place(e event, from string) bool {
	p := readPlace(firstOf(e.pv1, 3))
	if p.empty() {
		return false
	}
	if n := len(s.stays); n > 0 {
		if s.stays[n-1].place == p {
			return false
		}
		s.stays[n-1].until = from
	}
	s.stays = append(s.stays, stay{place: p, from: from})
	return true
}

// transfer: the patient has been moved.
func (s *spell) transfer(e event) {
	if len(s.stays) == 0 {
		if prior := readPlace(firstOf(e.pv1, 6)); !prior.empty() {
			s.stays = append(s.stays, stay{place: prior, from: s.begun})
		}
	}
	s.started(e)
	before := len(s.stays)
	if s.place(e, e.occurred) && e.trigger == "A02" {
		s.transfers = append(s.transfers, before)
	}
}

// cancelTransfer: the last transfer was not made after all; the patient is in the ward before it.
func (s *spell) cancelTransfer(e event) {
	told := e.at.Format(time.RFC3339) + e.pv1.Raw()
	if slices.Contains(s.cancels, told) {
		return // the same cancellation, sent again
	}
	s.cancels = append(s.cancels, told)
	n := len(s.transfers)
	if n == 0 { // the transfer was not heard of: where the patient is now this message tells
		s.loneBack = true
		if len(s.stays) == 0 {
			s.place(e, s.begun)
		} else {
			s.place(e, e.occurred)
		}
		return
	}
	left := s.stays[len(s.stays)-1].place
	s.stays, s.transfers = s.stays[:s.transfers[n-1]], s.transfers[:n-1]
	if len(s.stays) > 0 {
		s.stays[len(s.stays)-1].until = ""
		return
	}
	// nobody told of the ward before: this message may, in PV1-3, or in PV1-6 where PV1-3 is the ward of the transfer
	back := readPlace(firstOf(e.pv1, 3))
	if back == left {
		back = readPlace(firstOf(e.pv1, 6))
	}
	if !back.empty() {
		s.stays = append(s.stays, stay{place: back, from: s.begun})
	}
}

// started gives a spell that is not known to have begun the status of one that has.
func (s *spell) started(e event) {
	if b := s.actual(e, 44); b != "" {
		s.begun, s.begunSaid = b, true
	}
	if s.status == "" || s.status == "planned" || s.status == "arrived" {
		s.status = "in-progress"
	}
}

// discharge: the patient has left.
func (s *spell) discharge(e event) {
	s.started(e)
	s.place(e, "")
	s.status, s.discharged = "finished", true
	s.ended = orElse(s.actual(e, 45), e.occurred)
}

// actualFields are the fields of PV1 that say when something has happened.
var actualFields = map[int]string{44: "the admission", 45: "the discharge"}

// actual is a time of PV1 at which something has happened. One that lies after
// the message that tells it, or in no year that can be meant, is not taken
// over: the spell carries a flag until a time that can be believed is sent.
func (s *spell) actual(e event, field int) string {
	d, err := hl7.ParseDate(e.pv1.Get(field, 1))
	if err != nil {
		return ""
	}
	told := e.sent
	if !believable(told) {
		told = e.at
	}
	if !believable(d.Time) || !told.IsZero() && d.Time.After(told.Add(24*time.Hour)) {
		s.doubt(field, "the time sent of "+actualFields[field]+" ("+d.Time.Format("02-Jan-2006 15:04")+") lies in the future or in no year that can be meant; it is not used")
		return ""
	}
	s.doubt(field, "")
	return d.FHIR
}

// doubtedBy are the events of which a time that cannot be believed is a doubt of the spell, under the number under which it is kept.
var doubtedBy = map[string]int{"A01": -1, "A04": -1, "A06": -1, "A07": -1, "A03": -2}

// doubt keeps what cannot be believed until something that can be comes; words are empty for that.
func (s *spell) doubt(at int, words string) {
	if words == "" {
		delete(s.doubts, at)
		return
	}
	if s.doubts == nil {
		s.doubts = map[int]string{}
	}
	s.doubts[at] = words
}

// reopen: the discharge was not made after all.
func (s *spell) reopen(e event) {
	s.started(e)
	delete(s.doubts, 45)
	s.status, s.discharged, s.ended = "in-progress", false, ""
	s.dischargeMethod, s.destination = concept{}, concept{}
	s.place(e, e.occurred)
}

// update: details have changed. A visit of which nothing else is known is going on.
func (s *spell) update(e event) {
	if s.classCode() == "PRENC" && !s.admitted {
		takeMoment(&s.expectedStart, e.pv1, 44)
	} else if b := s.actual(e, 44); b != "" {
		s.begun, s.begunSaid = b, true
	}
	if s.status == "" {
		s.status = "in-progress"
		if s.classCode() == "PRENC" {
			s.status = "planned"
		}
	}
	if e.trigger == "A08" && !s.discharged {
		from := e.occurred
		if len(s.stays) == 0 {
			from = s.begun
		}
		s.place(e, from)
	}
	s.end(e)
}

// end takes over a time of discharge that another event than a discharge tells.
func (s *spell) end(e event) {
	until := s.actual(e, 45)
	if until == "" || s.status == "cancelled" || s.status == "entered-in-error" || s.status == "planned" {
		return
	}
	s.status, s.discharged, s.ended = "finished", true, until
}

// why is the reason that was given (PV2-3), and the diagnoses beside it (DG1).
func (s *spell) why() []concept {
	var all []concept
	for _, c := range append([]concept{s.reason}, s.reasons...) {
		if !c.empty() && !slices.ContainsFunc(all, func(have concept) bool {
			return have.text == c.text && have.codings0() == c.codings0()
		}) {
			all = append(all, c)
		}
	}
	return all
}

func (s *spell) classCode() string {
	if len(s.class.codings) == 0 {
		return ""
	}
	return s.class.codings[0].code
}

// encounter writes the spell as an Encounter.
func (s *spell) encounter(o origin) *doc {
	d := resource("Encounter")
	d.array("extension", func() {
		if s.expectedStart != "" && s.status == "planned" {
			d.extension(expectedAdmission, func() { d.text("valueDateTime", s.expectedStart) })
		}
		if s.expected != "" {
			d.extension(expectedDischarge, func() { d.text("valueDateTime", s.expected) })
		}
		for _, words := range s.flags() {
			d.extension(flagExtension, func() { d.text("valueString", words) })
		}
	})
	d.array("identifier", func() {
		d.identifier("", o.visitSystem(s.number), clear(s.number.Get(19, 1, 1)), "VN")
	})
	d.text("status", orElse(s.status, "unknown"))
	class := code{hl7Terminology + "v3-NullFlavor", "UNK", "unknown"}
	if len(s.class.codings) > 0 {
		class = s.class.codings[0]
	}
	d.coding("class", class)
	if !s.kind.empty() {
		d.concepts("type", s.kind)
	}
	d.concept("serviceType", s.service)
	d.reference("subject", "patient:")
	d.array("participant", func() {
		for _, role := range []string{"ATND", "CON", "ADM", "REF"} {
			for _, f := range s.people[role] {
				s.participant(d, o, role, f)
			}
		}
	})
	d.object("period", func() {
		d.text("start", s.begun)
		d.text("end", s.endIfAfter())
	})
	d.concepts("reasonCode", s.why()...)
	d.object("hospitalization", func() { s.hospitalization(d) })
	d.array("location", func() { s.locations(d, o) })
	o.provider(d, "serviceProvider")
	return d
}

// flags say what of the spell does not fit together.
func (s *spell) flags() []string {
	var all []string
	if s.discharged && !s.admitted {
		all = append(all, "discharge without an admission")
	}
	if s.discharged && s.ended != "" && s.endIfAfter() == "" {
		all = append(all, "discharged ("+shortly(s.ended)+") before admitted; the time of discharge is not used")
	}
	if s.undone && !s.admitted && !s.announced && !s.discharged && len(s.transfers) == 0 {
		all = append(all, "cancellation of an admission that was not heard of")
	}
	switch {
	case s.admitted || s.announced || s.discharged || s.undone || s.begun != "":
	case s.loneReturn:
		all = append(all, "cancellation of a discharge that was not heard of")
	case s.loneBack:
		all = append(all, "cancellation of a transfer that was not heard of")
	case s.status == "in-progress" || s.status == "onleave":
		all = append(all, "an admission that was not heard of")
	}
	for _, field := range []int{44, 45, -1, -2} {
		if s.doubts[field] != "" {
			all = append(all, s.doubts[field])
		}
	}
	return all
}

// shortly is a FHIR instant as readers have it.
func shortly(instant string) string {
	t, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		return instant
	}
	return t.Format("02-Jan-2006 15:04")
}

// endIfAfter is the end of the spell; one before its beginning is not a period and is left out.
func (s *spell) endIfAfter() string {
	begun, err1 := time.Parse(time.RFC3339, s.begun)
	ended, err2 := time.Parse(time.RFC3339, s.ended)
	if err1 == nil && err2 == nil && ended.Before(begun) {
		return ""
	}
	return s.ended
}

var participantWords = map[string]string{"ATND": "attender", "CON": "consultant", "ADM": "admitter", "REF": "referrer"}

func (s *spell) participant(d *doc, o origin, role string, f hl7.Field) {
	if number, display := o.person(f); number == "" && display == "" {
		return
	}
	d.object("", func() {
		d.concepts("type", concept{codings: []code{{hl7Terminology + "v3-ParticipationType", role, participantWords[role]}}})
		o.practitioner(d, "individual", f)
	})
}

func (s *spell) hospitalization(d *doc) {
	d.array("extension", func() {
		for _, x := range []struct {
			name string
			c    concept
		}{{"AdmissionMethod", s.method}, {"DischargeMethod", s.dischargeMethod}} {
			if !x.c.empty() {
				d.extension(ukCore+x.name, func() { d.concept("valueCodeableConcept", x.c) })
			}
		}
	})
	if !s.source.empty() {
		d.concept("admitSource", s.source)
	}
	if !s.destination.empty() {
		d.concept("dischargeDisposition", s.destination)
	}
}

// locations writes the wards of the spell: the last is where the patient is, or was when the spell ended.
func (s *spell) locations(d *doc, o origin) {
	for i, one := range s.stays {
		status, until := "completed", one.until
		switch {
		case i < len(s.stays)-1:
		case s.status == "finished":
			until = s.ended
		case s.status == "planned":
			status = "planned"
		case s.status == "cancelled" || s.status == "entered-in-error":
		default:
			status = "active"
		}
		d.object("", func() {
			o.location(d, "location", one.place)
			d.text("status", status)
			d.object("period", func() {
				d.text("start", one.from)
				d.text("end", until)
			})
		})
	}
}
