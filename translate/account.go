package translate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kmcr"
	"kmcr/hl7"
)

// Account reads an HL7 v2 message as HL7 does, and lists in Unmapped every
// field too whose value stands in no statement: for people who look at one
// message, not for the way in, where there is no time for it.
func Account(m *hl7.Message, c kmcr.Contributor) (Reading, error) {
	r, err := readMessage(m, c)
	if err != nil {
		return Reading{}, err
	}
	r.untold(toldBy(r.out))
	return r.out, nil
}

// sayings are what statements and claims say, without their form: whole values,
// their words, and days.
type sayings struct {
	values, words, days map[string]bool
	files               bool // a file is attached
}

func newSayings() sayings {
	return sayings{values: map[string]bool{}, words: map[string]bool{}, days: map[string]bool{}}
}

// toldBy gathers what a reading says.
func toldBy(r Reading) sayings {
	t := newSayings()
	for _, s := range r.Statements {
		resource := s.Resource
		if s.Fold != "" {
			f, err := ReadFragment(resource)
			if err != nil {
				continue
			}
			whole, err := Fold(s.Fold, []Fragment{f})
			if err != nil {
				continue
			}
			resource = whole.Resource
		}
		t.resource(resource)
	}
	for _, p := range r.Patients {
		b, _ := json.Marshal(p)
		t.resource(b)
	}
	for _, m := range append(r.Merges, r.Unmerges...) {
		t.value(m.From)
		t.value(m.Into)
	}
	return t
}

// resource takes in every value of a JSON document.
func (t *sayings) resource(document []byte) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch v := token.(type) {
		case string:
			t.value(v)
		case json.Number:
			t.value(v.String())
		}
	}
}

// What is base64 and longer than shortText characters may be a file; longer than longText it has no words of its own.
const shortText, longText = 20, 1000

func (t *sayings) value(v string) {
	v = strings.TrimSpace(v)
	t.values[v] = true
	if day, ok := dayOf(v); ok {
		t.days[day] = true
		return
	}
	if b, err := base64.StdEncoding.DecodeString(v); err == nil && len(b) > 0 && len(v) > shortText {
		t.files = true
		if utf8.Valid(b) {
			t.text(string(b))
		}
		if len(v) > longText {
			return
		}
	}
	if plain, err := url.PathUnescape(v); err == nil {
		t.text(plain)
	}
	t.text(v)
}

func (t *sayings) text(v string) {
	address := strings.Contains(v, ":") && !strings.Contains(v, " ")
	for _, w := range strings.FieldsFunc(v, notOfWord) {
		if !address || len(w) > 2 { // a short word in an address says nothing
			t.words[strings.ToLower(w)] = true
		}
	}
}

func notOfWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' }

// dayOf is the day of a FHIR date or time.
func dayOf(v string) (string, bool) {
	if len(v) < 10 || v[4] != '-' || v[7] != '-' || !isDigits(v[:4]+v[5:7]+v[8:10]) {
		return "", false
	}
	return v[:10], true
}

// says tells whether a value of a message is told: as it was sent, in the form
// that FHIR gives it, or by the code that stands for it there.
func (t sayings) says(v string) bool {
	v = clear(v)
	if v == "" || t.values[v] || t.wordsOf(v) {
		return true
	}
	if d, err := hl7.ParseDate(v); err == nil && (t.values[d.FHIR] || t.days[d.Day()]) {
		return true
	}
	if n, ok := number(v); ok && t.values[n] {
		return true
	}
	for _, other := range inFHIR(v) {
		if t.values[other] {
			return true
		}
	}
	return false
}

// wordsOf tells whether every word of a value is told; one of no words says nothing.
func (t sayings) wordsOf(v string) bool {
	for _, w := range strings.FieldsFunc(v, notOfWord) {
		if !t.words[strings.ToLower(w)] {
			return false
		}
	}
	return true
}

// inFHIR are the codes that the tables of this room give for a value.
func inFHIR(v string) []string {
	if len(v) > 20 {
		return nil
	}
	up := strings.ToUpper(v)
	all := []string{sexes[up], codeSystems[up], personSystems[up], observationStatuses[up], reportStatuses[up], allergyCategories[up], severities[up],
		fillerStatuses[up], docStatuses[up], confidentialities[up], documentTypes[up], contactRoles[up], encounterClasses[up].code, relationships[up].code}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// structural are the fields that say how a message is made and nothing of the patient.
var structural = map[string]string{"EVN": " 1 2 6 ", "OBX": " 1 2 ", "PID": " 1 ", "PV1": " 1 ", "NTE": " 1 ", "AL1": " 1 ", "DG1": " 1 ", "PR1": " 1 ", "NK1": " 1 ", "OBR": " 1 ",
	"SPM": " 1 ", "AIS": " 1 ", "AIL": " 1 ", "AIP": " 1 ", "AIG": " 1 ", "RGS": " 1 ", "TXA": " 1 ", "TQ1": " 1 ", "ROL": " 1 ", "DB1": " 1 ", "PRB": " 1 ", "ARV": " 1 ", "RXA": " 1 2 ", "PRT": " 2 "}

// understood are the components that say of what kind the others are: what is
// stated of them is a use, a status or a system in FHIR's own words.
var understood = map[string]string{"PID-2": " 4 5 ", "PID-3": " 4 5 6 ", "PID-4": " 4 5 ", "PID-5": " 7 ", "PID-9": " 7 ", "PID-11": " 7 ", "PID-13": " 2 3 ", "PID-14": " 2 3 ", "PID-18": " 5 ", "PID-24": " 1 ", "PID-30": " 1 ", "PID-40": " 2 3 ",
	"MRG-1": " 5 ", "NK1-2": " 7 ", "NK1-4": " 7 ", "NK1-5": " 2 3 ", "NK1-6": " 2 3 ", "NK1-40": " 2 3 ", "PV1-2": " 1 ", "PV1-19": " 5 ", "ORC-1": " 1 ", "ORC-5": " 1 ", "OBR-25": " 1 2 3 ", "OBX-11": " 1 2 3 ", "DB1-2": " 1 ", "DB1-4": " 1 ",
	"AL1-2": " 1 2 3 ", "AL1-4": " 1 2 3 ", "TXA-17": " 1 ", "TXA-18": " 1 ", "TXA-19": " 1 ", "SCH-10": " 1 ", "SCH-25": " 1 2 3 ", "RXA-20": " 1 ", "RXA-21": " 1 ", "ARV-2": " 1 ", "PD1-12": " 1 ", "PDA-6": " 1 ", "PRT-2": " 1 ", "ROL-2": " 1 ", "DG1-6": " 1 "}

// untold lists the fields whose value is in no statement, in one line a kind of segment.
func (r *reader) untold(t sayings) {
	var names []string
	fields := map[string][]string{}
	for i, s := range r.m.Segments("") {
		name := s.Name()
		if !r.taken[i] || has("MSH SFT UAC FHS BHS BTS FTS DSC", name) {
			continue // listed as a whole, or the envelope
		}
		for n := 1; n <= s.Fields(); n++ {
			if strings.Contains(structural[name], fmt.Sprintf(" %d ", n)) || s.IsNull(n) {
				continue
			}
			for _, place := range r.untoldIn(t, s, n) {
				if len(fields[name]) == 0 {
					names = append(names, name)
				}
				fields[name] = appendOnce(fields[name], place)
			}
		}
	}
	for _, name := range names {
		r.note("%s: in no statement; kept in the message as received", strings.Join(fields[name], ", "))
	}
}

// stands tells whether a statement is made of a segment of this kind in this message: of a visit only where it is told of.
func (r *reader) stands(s hl7.Segment) bool {
	return s.Name() != "PV1" || slices.ContainsFunc(r.out.Statements, func(s Statement) bool { return s.Fold != "" })
}

// untoldIn are the places of one field that are not told: the field where nothing of it is, else its components.
func (r *reader) untoldIn(t sayings, s hl7.Segment, n int) (places []string) {
	field := fmt.Sprintf("%s-%d", s.Name(), n)
	if s.Name() == "OBX" && n == 5 && isAttachment(s) && t.files {
		return nil
	}
	for _, f := range s.Repetitions(n) {
		missing, all := f.Leaves(t.says)
		missing = slices.DeleteFunc(missing, func(c int) bool { return strings.Contains(understood[field], fmt.Sprintf(" %d ", c)) && r.stands(s) })
		switch {
		case len(missing) == 0:
		case len(missing) == all:
			return []string{field}
		default:
			for _, component := range missing {
				places = appendOnce(places, fmt.Sprintf("%s.%d", field, component))
			}
		}
	}
	return places
}
