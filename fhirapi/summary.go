package fhirapi

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
)

// summaryPart is one section of the International Patient Summary.
type summaryPart struct {
	title, loinc, display string
	always                bool // stands even when empty, with the reason
	takes                 func(s *kmcr.Statement, v fhir.Value, since time.Time) bool
}

// summaryParts are the sections of the IPS (HL7 International Patient Summary 2.0.0), with their LOINC codes; the first three always stand.
var summaryParts = []summaryPart{
	{"Allergies and intolerances", "48765-2", "Allergies and adverse reactions Document", true, ofType("AllergyIntolerance")},
	{"Medicines", "10160-0", "History of Medication use Narrative", true, inUse},
	{"Problems", "11450-4", "Problem list - Reported", true, ofType("Condition")},
	{"Vaccinations", "11369-6", "History of Immunization Narrative", false, ofType("Immunization")},
	{"Procedures", "47519-4", "History of Procedures Document", false, ofType("Procedure")},
	{"Results", "30954-2", "Relevant diagnostic tests/laboratory data Narrative", false, inSection(kmcr.Results, "Observation", "DiagnosticReport")},
	{"Vital signs", "8716-3", "Vital signs note", false, inSection(kmcr.Observations, "Observation")},
	{"Social history", "29762-2", "Social history Narrative", false, inSection(kmcr.SocialCare, "Observation")},
	{"Devices", "46264-8", "History of medical device use", false, ofType("DeviceUseStatement")},
	{"Plans of care", "18776-5", "Plan of care note", false, ofType("CarePlan")},
	{"Advance directives", "42348-3", "Advance healthcare directives", false, ofType("Consent")},
	{"Alerts", "104605-1", "Alert", false, ofType("Flag")},
}

// stoppedBack is how far back the summary takes medicines that have stopped; mostInPart is how many entries one section lists.
const (
	stoppedBack = 183 * 24 * time.Hour
	mostInPart  = 100
)

func ofType(t string) func(*kmcr.Statement, fhir.Value, time.Time) bool {
	return func(s *kmcr.Statement, v fhir.Value, _ time.Time) bool { return s.Type == t && !inError(v) }
}

func inSection(section kmcr.Section, types ...string) func(*kmcr.Statement, fhir.Value, time.Time) bool {
	return func(s *kmcr.Statement, v fhir.Value, _ time.Time) bool {
		return s.Section == section && listed(types, s.Type) && !inError(v)
	}
}

func inError(v fhir.Value) bool {
	return v.Get("status").Text() == "entered-in-error" || v.First("verificationStatus.coding.code").Text() == "entered-in-error"
}

// inUse takes medicines that are in use or of unknown status, and those that ended within the last six months.
func inUse(s *kmcr.Statement, v fhir.Value, since time.Time) bool {
	if s.Type != "MedicationStatement" && s.Type != "MedicationRequest" || inError(v) {
		return false
	}
	switch v.Get("status").Text() {
	case "completed", "stopped", "cancelled", "not-taken":
	default:
		return true
	}
	if s.Version > 1 && !v.First("effectivePeriod.end").Exists() && !v.First("dateAsserted").Exists() {
		return s.At.After(since) // a later version says that it has ended
	}
	for _, path := range []string{"effectivePeriod.end", "dateAsserted", "effectiveDateTime", "authoredOn"} {
		if t, ok := fhir.Instant(v.First(path).Text()); ok {
			return t.After(since)
		}
	}
	return true // ended, but not said when: rather shown than left out
}

// summary answers a person's record as an International Patient Summary: a document of what the asker may see.
func (a *api) summary(w http.ResponseWriter, r *request) error {
	if r.viewer.Contributor != "" {
		return &kmcr.Error{Kind: kmcr.Unsupported, Message: "a summary is made of a person's whole record, and a contributor's client sees its own part", Remedy: "Ask for $everything, or sign in as a professional."}
	}
	v, err := a.open(r, r.path[1])
	if err != nil {
		return err
	}
	v.index()
	differ, err := v.differences()
	if err != nil {
		return err
	}
	d := document{base: a.Base, view: v, differ: differ, in: map[string]bool{}}
	now := a.Now().UTC()
	composition := d.compose(now)
	d.follow()
	if err := v.show(d.shown); err != nil {
		return err
	}
	a.reply(w, r, http.StatusOK, d.bundle(composition, now))
	return nil
}

// document is an IPS being made: what it holds, in the order in which it is referred to.
type document struct {
	base  string
	view  *view
	shown []*kmcr.Statement
	in    map[string]bool
	// differ are the facts on which contributors differ: a section of their own.
	differ []disclose.Difference
}

func (d *document) add(s *kmcr.Statement) {
	if key := s.Type + "/" + s.ID.String(); !d.in[key] {
		d.in[key] = true
		d.shown = append(d.shown, s)
	}
}

var anyReference = []byte(`"reference":"`)

// follow adds what the statements refer to, as far as the asker may see it, so that the document stands by itself.
func (d *document) follow() {
	for i := 0; i < len(d.shown); i++ { // it grows as it goes
		rest := d.shown[i].Body
		for {
			at := bytes.Index(rest, anyReference)
			if at < 0 {
				break
			}
			rest = rest[at+len(anyReference):]
			end := bytes.IndexByte(rest, '"')
			if end < 0 {
				break
			}
			if s := d.view.byRef[string(rest[:end])]; s != nil {
				d.add(s)
			}
		}
	}
}

// compose makes the Composition and takes in what its sections list.
func (d *document) compose(now time.Time) []byte {
	id := compositionID(d.view.ref)
	out := []byte(`{"resourceType":"Composition","id":"` + id + `","text":{"status":"generated","div":`)
	words := "Summary of the record as it may be shown to its reader."
	if d.view.withheld > 0 {
		words += " Something in this record is withheld from this reader."
	}
	out = appendString(out, div([]string{words}))
	out = append(out, `},"status":"final","type":{"coding":[{"system":"http://loinc.org","code":"60591-5","display":"Patient summary Document"}]},"subject":{"reference":"Patient/`...)
	out = append(out, d.view.ref...)
	out = append(out, `"},"date":"`...)
	out = append(out, now.Format("2006-01-02T15:04:05Z")...)
	out = append(out, `","author":[{"display":"Kent and Medway Care Record"}],"title":"International Patient Summary","confidentiality":"N","section":[`...)
	n := 0
	for _, part := range summaryParts {
		var entries []*kmcr.Statement
		for _, s := range d.view.statements {
			if r := fhir.Of(s); r != nil && part.takes(s, r.Root(), now.Add(-stoppedBack)) {
				entries = append(entries, s)
			}
		}
		if len(entries) == 0 && !part.always {
			continue
		}
		if n++; n > 1 {
			out = append(out, ',')
		}
		out = d.section(out, part, entries)
	}
	if len(d.differ) > 0 {
		out = d.differences(out)
	}
	return append(out, `]}`...)
}

// differences writes the section of the facts on which contributors differ.
func (d *document) differences(out []byte) []byte {
	out = append(out, `,{"title":"Where sources differ","text":{"status":"generated","div":`...)
	out = appendString(out, div([]string{"Contributors differ on these facts; each entry says what each of them states."}))
	out = append(out, `},"entry":[`...)
	for i, x := range d.differ {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"reference":"DetectedIssue/`+x.ID+`"}`...)
		for _, ref := range x.Implicated {
			if s := d.view.byRef[ref]; s != nil {
				d.add(s)
			}
		}
	}
	return append(out, `]}`...)
}

// section writes one section; where it holds more than it lists, its words say so.
func (d *document) section(out []byte, part summaryPart, entries []*kmcr.Statement) []byte {
	out = append(out, `{"title":"`+part.title+`","code":{"coding":[{"system":"http://loinc.org","code":"`+part.loinc+`","display":"`+part.display+`"}]},"text":{"status":"generated","div":`...)
	if len(entries) == 0 {
		words := "Nothing is recorded that may be shown."
		reason := `"unavailable","display":"Unavailable"`
		if d.view.withheld > 0 {
			words, reason = "Nothing is recorded that may be shown; something in this record is withheld.", `"withheld","display":"Information Withheld"`
		}
		out = appendString(out, div([]string{words}))
		return append(out, `},"emptyReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/list-empty-reason","code":`+reason+`}]}}`...)
	}
	more := len(entries) - mostInPart
	if more > 0 {
		slices.SortStableFunc(entries, func(a, b *kmcr.Statement) int { return b.At.Compare(a.At) })
		entries = entries[:mostInPart]
	}
	var lines []string
	for _, s := range entries {
		lines = append(lines, line(fhir.Of(s).Root()))
	}
	if more > 0 {
		lines = append(lines, "The record holds more of these: the newest are here.")
	}
	out = appendString(out, div(lines))
	out = append(out, `},"entry":[`...)
	for i, s := range entries {
		d.add(s)
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"reference":"`+s.Type+"/"+s.ID.String()+`"}`...)
	}
	return append(out, `]}`...)
}

// line says an entry in words.
func line(v fhir.Value) string {
	for _, path := range []string{"code", "medicationCodeableConcept", "vaccineCode", "category"} {
		if t := fhir.ConceptText(v.Get(path)); t != "" {
			for _, value := range []string{fhir.QuantityOf(v.Get("valueQuantity")).String(), fhir.ConceptText(v.Get("valueCodeableConcept")), v.Get("valueString").Text()} {
				if value != "" {
					return t + ": " + value
				}
			}
			return t
		}
	}
	for _, path := range []string{"title", "description"} {
		if t := v.Get(path).Text(); t != "" {
			return t
		}
	}
	if t := fhir.ReferenceText(v.Get("medicationReference")); t != "" {
		return t
	}
	return "An entry without a name"
}

// div is a narrative of lines.
func div(lines []string) string {
	var b strings.Builder
	b.WriteString(`<div xmlns="http://www.w3.org/1999/xhtml"><ul>`)
	for _, l := range lines {
		b.WriteString("<li>")
		_ = xml.EscapeText(&b, []byte(l)) // a strings.Builder takes all
		b.WriteString("</li>")
	}
	b.WriteString(`</ul></div>`)
	return b.String()
}

func compositionID(ref string) string { return "summary-" + ref }

// bundle writes the document: the Composition first, then the person, then all that is referred to.
func (d *document) bundle(composition []byte, now time.Time) []byte {
	b := &bundle{out: make([]byte, 0, 1<<15), kind: "document"}
	stamp := now.Format("2006-01-02T15:04:05Z")
	b.out = append(b.out, `{"resourceType":"Bundle","identifier":{"system":"urn:kmcr:summary","value":"`+d.view.ref+"-"+now.Format("20060102150405.000")+`"},"type":"document","timestamp":"`+stamp+`"`...)
	d.entry(b, "Composition/"+compositionID(d.view.ref), func() { b.out = append(b.out, composition...) })
	d.entry(b, "Patient/"+d.view.ref, func() { b.out = append(b.out, d.view.patient...) })
	for _, s := range d.shown {
		id := s.ID.String()
		d.entry(b, s.Type+"/"+id, func() { b.out = d.view.render(b.out, s, id) })
	}
	for _, x := range d.differ {
		d.entry(b, "DetectedIssue/"+x.ID, func() { b.out = append(b.out, x.Body...) })
	}
	return b.end()
}

func (d *document) entry(b *bundle, at string, resource func()) {
	b.entry(d.base + "/" + at)
	b.out = append(b.out, `"resource":`...)
	resource()
	b.out = append(b.out, '}')
}
