package translate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/hl7"
)

// kinds are the message types that state something about a patient, and what
// reads them after the segments that they share have been read.
var kinds = map[string]func(*reader, *group){
	"ADT": (*reader).adt,
	"ORU": (*reader).results, "OUL": (*reader).results,
	"MDM": (*reader).document,
	"SIU": (*reader).appointment, "SRM": (*reader).appointment,
	"ORM": (*reader).orders, "OML": (*reader).orders, "OMG": (*reader).orders, "OMI": (*reader).orders, "OMP": (*reader).orders, "ORP": (*reader).orders,
	"RDE": (*reader).orders, "RDS": (*reader).orders, "RGV": (*reader).orders, "RAS": (*reader).orders, "VXU": (*reader).orders,
	"REF": (*reader).referral,
	"PPR": (*reader).others, "BAR": (*reader).others, "DFT": (*reader).others, "PIN": (*reader).others, "CRM": (*reader).others, "PGL": (*reader).others,
}

// HL7 reads an HL7 v2 message. The error is a *kmcr.Error: Unsupported for a
// message type that says nothing of a patient, Invalid with Where PID-3 where
// the message does not say whom it is about.
func HL7(m *hl7.Message, c kmcr.Contributor) (Reading, error) {
	r, err := readMessage(m, c)
	if err != nil {
		return Reading{}, err
	}
	return r.out, nil
}

// readMessage reads a message; what has been read of it stands in the reader.
func readMessage(m *hl7.Message, c kmcr.Contributor) (*reader, error) {
	kind := strings.ToUpper(m.Type())
	read, known := kinds[kind]
	switch {
	case kind == "":
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "MSH-9", Message: "the message does not say its type", Remedy: "Send the type and the event in MSH-9, for example ADT^A01."}
	case !known:
		return nil, &kmcr.Error{Kind: kmcr.Unsupported, Where: "MSH-9", Message: "messages of this type are not taken in", Remedy: "Send ADT, ORU, MDM, SIU, orders, referrals or vaccinations."}
	}
	r := newReader(m, c)
	groups := r.groups()
	if len(groups) == 0 {
		return nil, missingIdentity("PID", "the message has no PID segment")
	}
	for _, g := range groups {
		if err := r.patient(g); err != nil {
			return nil, err
		}
		if kind == "ADT" && merges(m.Event()) {
			if err := r.merge(g); err != nil {
				return nil, err
			}
		}
		r.shared(g)
		read(r, g)
	}
	if kind == "ADT" {
		r.linkedPatients()
	}
	for _, g := range groups {
		r.looseNotes(g)
	}
	r.unmapped()
	return r, nil
}

// missingIdentity is the reason for which a message is parked: identity missing.
func missingIdentity(where, message string) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: message + ": identity missing", Remedy: "Send the patient's local identifier or a valid NHS number in PID-3."}
}

// reader makes the reading of one message.
type reader struct {
	origin
	m     *hl7.Message
	event string
	at    time.Time // of the event by the sender's clock; zero where it is not believable
	out   Reading
	taken []bool         // by index of segment
	keys  map[string]int // how often a key has been given in this message
}

// group is the part of a message about one patient: PID and what follows it.
// Segments that stand before the first PID (SCH, RF1) belong to the first.
type group struct {
	patient  int
	segments []hl7.Segment
	pid      hl7.Segment
	visit    string // key of the Encounter of PV1, "" for none
}

func newReader(m *hl7.Message, c kmcr.Contributor) *reader {
	r := &reader{origin: origin{c}, m: m, event: strings.ToUpper(m.Event()), taken: make([]bool, len(m.Segments(""))), keys: map[string]int{}}
	var doubts []string
	r.at, doubts = eventTime(m)
	r.out.Flags = append(r.out.Flags, doubts...)
	r.take("MSH", "EVN", "SFT", "UAC", "FHS", "BHS", "BTS", "FTS", "DSC")
	return r
}

// take marks segments by name as read.
func (r *reader) take(names ...string) {
	for i, s := range r.m.Segments("") {
		for _, n := range names {
			if s.Name() == n {
				r.taken[i] = true
			}
		}
	}
}

// read marks a segment as read.
func (r *reader) read(s hl7.Segment) hl7.Segment {
	if s.Index() >= 0 && s.Exists() {
		r.taken[s.Index()] = true
	}
	return s
}

// groups cuts the message at its PID segments.
func (r *reader) groups() []*group {
	var all []*group
	var before []hl7.Segment
	for _, s := range r.m.Segments("") {
		switch {
		case s.Name() == "PID":
			all = append(all, &group{patient: len(all), pid: r.read(s), segments: append(before, s)})
			before = nil
		case len(all) == 0:
			before = append(before, s)
		default:
			g := all[len(all)-1]
			g.segments = append(g.segments, s)
		}
	}
	return all
}

// named returns the segments of the group with a name.
func (g *group) named(name string) []hl7.Segment {
	var out []hl7.Segment
	for _, s := range g.segments {
		if s.Name() == name {
			out = append(out, s)
		}
	}
	return out
}

// first returns the first segment of the group with a name; an absent one answers emptily.
func (g *group) first(name string) hl7.Segment {
	for _, s := range g.segments {
		if s.Name() == name {
			return s
		}
	}
	return hl7.Segment{}
}

// shared reads the segments that mean the same in every kind of message.
func (r *reader) shared(g *group) {
	if s := r.read(g.first("PV1")); s.Exists() {
		g.visit = r.visitKey(s)
	}
	r.read(g.first("PV2"))
	r.relatedPersons(g)
	r.allergies(g)
	r.problems(g)
	r.diagnoses(g)
	r.procedures(g)
	r.disabilities(g)
	r.roles(g)
	r.participations(g)
	r.restricted(g)
	r.death(g)
	if rf1 := g.first("RF1"); rf1.Exists() && r.m.Type() != "REF" {
		r.referralOf(g, r.read(rf1))
	}
}

// others reads messages of which only the shared segments are mapped.
func (r *reader) others(g *group) { r.looseObservations(g) }

// state adds a statement about the group's patient.
func (r *reader) state(g *group, key string, d *doc) *Statement {
	r.out.Statements = append(r.out.Statements, Statement{Patient: g.patient, Key: r.unique(key), Resource: d.bytes(), At: r.at})
	return &r.out.Statements[len(r.out.Statements)-1]
}

// unique tells apart statements of one message that would have the same key, by their order.
func (r *reader) unique(key string) string {
	r.keys[key]++
	if n := r.keys[key]; n > 1 {
		return key + "#" + strconv.Itoa(n)
	}
	return key
}

// note lists something that was not mapped, once.
func (r *reader) note(format string, args ...any) {
	r.out.Unmapped = appendOnce(r.out.Unmapped, fmt.Sprintf(format, args...))
}

// flag lists a doubt, once.
func (r *reader) flag(format string, args ...any) {
	r.out.Flags = appendOnce(r.out.Flags, fmt.Sprintf(format, args...))
}

func appendOnce(list []string, s string) []string {
	for _, t := range list {
		if s == t {
			return list
		}
	}
	return append(list, s)
}

// date reads a date field and notes one that is there and is no date.
func (r *reader) date(s hl7.Segment, field int) string {
	return r.moment(s.Name()+"-"+strconv.Itoa(field), s.Get(field, 1))
}

func (r *reader) moment(where, value string) string {
	value = clear(value)
	m := moment(value)
	if value != "" && m == "" {
		r.note("%s: not a date; kept in the message as received", where)
	}
	return m
}

// unmapped lists the segments that nothing has read.
func (r *reader) unmapped() {
	for i, s := range r.m.Segments("") {
		if r.taken[i] {
			continue
		}
		switch name := s.Name(); {
		case strings.HasPrefix(name, "Z"):
			r.note("%s: a local segment; kept in the message as received", name)
		case has("IN1 IN2 IN3 GT1 FT1 ACC UB1 UB2 BLG", name):
			r.note("%s: about payment; kept in the message as received", name)
		default:
			r.note("%s: has no place in a statement; kept in the message as received", name)
		}
	}
}

// The years between which an event is believable. A message from outside
// them is kept, flagged, and has no time of its own, so that it can neither
// hide what is newer nor be hidden by what is older for ever.
const (
	firstYear = 1900
	lastYear  = 2079
)

// eventTime is when the event was, by the sender's clock: EVN-2, else EVN-6,
// else MSH-7, the first of them that is believable: a time, of a year
// between firstYear and lastYear, and not more than a day after the message itself.
func eventTime(m *hl7.Message) (at time.Time, doubts []string) {
	sent, err := hl7.ParseDate(m.Segment("MSH").Get(7, 1))
	sentWell := err == nil && believable(sent.Time)
	if err == nil && !sentWell {
		doubts = append(doubts, "MSH-7: not a believable time")
	}
	evn := m.Segment("EVN")
	for _, field := range []int{2, 6} {
		value := clear(evn.Get(field, 1))
		d, err := hl7.ParseDate(value)
		switch {
		case value == "":
		case err != nil:
			doubts = append(doubts, "EVN-"+strconv.Itoa(field)+": not a time")
		case !believable(d.Time) || sentWell && d.Time.After(sent.Time.Add(24*time.Hour)):
			doubts = append(doubts, "EVN-"+strconv.Itoa(field)+": a time in the future or not believable")
		default:
			return d.Time, doubts
		}
	}
	if sentWell {
		return sent.Time, doubts
	}
	return time.Time{}, doubts
}

func believable(t time.Time) bool { return t.Year() >= firstYear && t.Year() <= lastYear }
