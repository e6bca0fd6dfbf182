package translate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"kmcr"
)

// Limits of one child in a census.
const (
	maxChild = 4 << 20 // bytes
	maxDepth = 32
)

// element is one of XML: its name, its text, and the elements in it.
type element struct {
	name  string
	text  string
	inner []*element
}

// all are the elements in n with a name.
func (n *element) all(name string) (found []*element) {
	if n == nil {
		return nil
	}
	for _, i := range n.inner {
		if i.name == name {
			found = append(found, i)
		}
	}
	return found
}

// one is the first element in n along a path; nil where there is none.
func (n *element) one(path ...string) *element {
	for _, name := range path {
		found := n.all(name)
		if len(found) == 0 {
			return nil
		}
		n = found[0]
	}
	return n
}

// get is the text of the first element along a path.
func (n *element) get(path ...string) string {
	if found := n.one(path...); found != nil {
		return strings.Join(strings.Fields(found.text), " ")
	}
	return ""
}

// census reads the children of a file of XML, one after the other.
type census struct {
	format    kmcr.Format
	element   string // a child
	decoder   *xml.Decoder
	kept      bytes.Buffer // what the decoder has read from place base on
	base      int64
	charset   string
	number    int
	reference string // the day of which the census tells
}

func openCensus(r io.Reader, element string, format kmcr.Format) (*census, error) {
	c := &census{format: format, element: element, charset: "utf-8"}
	c.decoder = xml.NewDecoder(io.TeeReader(r, &c.kept))
	c.decoder.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		c.charset = strings.ToLower(charset)
		return readCharset(charset, in)
	}
	return c, nil
}

func readCharset(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "ascii", "utf-8":
		return in, nil
	case "iso-8859-1", "windows-1252", "latin1":
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	}
	return nil, &kmcr.Error{Kind: kmcr.Unsupported, Where: "line 1", Message: "the file is not in UTF-8, ASCII, ISO-8859-1 or windows-1252", Remedy: "Save it as UTF-8."}
}

// Format is that of the census.
func (c *census) Format() kmcr.Format { return c.format }

// Ends is empty: a census is of a year, and absence from it ends nothing.
func (c *census) Ends() []string { return nil }

// Next is the next child.
func (c *census) Next() (Record, error) {
	for {
		before := c.decoder.InputOffset()
		t, err := c.decoder.Token()
		if err != nil {
			return Record{}, c.fault(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return Record{}, xmlFault("a document type is declared, which no return has")
		case xml.StartElement:
			switch t.Name.Local {
			case "ReferenceDate":
				n, err := readNode(c.decoder, t, 0)
				if err != nil {
					return Record{}, c.fault(err)
				}
				c.reference = n.get()
			case c.element:
				return c.child(t, before)
			}
		}
		c.forget(c.decoder.InputOffset())
	}
}

// forget lets go of what was kept before a place.
func (c *census) forget(place int64) {
	if n := place - c.base; n > 0 && n <= int64(c.kept.Len()) {
		c.kept.Next(int(n))
		c.base = place
	}
}

func (c *census) child(t xml.StartElement, from int64) (Record, error) {
	c.number++
	n, err := readNode(c.decoder, t, 0)
	if err != nil {
		return Record{}, c.fault(err)
	}
	until := c.decoder.InputOffset()
	raw := c.kept.Bytes()[from-c.base : until-c.base]
	if len(raw) > maxChild {
		return Record{}, &kmcr.Error{Kind: kmcr.TooLarge, Where: "line " + strconv.Itoa(c.number), Message: "what is told of one child is too long"}
	}
	var kept bytes.Buffer
	kept.WriteString(`<?xml version="1.0" encoding="` + c.charset + `"?><census ReferenceDate="`)
	_ = xml.EscapeText(&kept, []byte(c.reference)) // a buffer takes all
	kept.WriteString(`">`)
	kept.Write(raw)
	kept.WriteString("</census>")
	c.forget(until)
	return Record{Line: c.number, Lane: n.number(), Raw: kept.Bytes()}, nil
}

// number is the council's number of a child, in either return.
func (n *element) number() string {
	return orElse(n.get("ChildIdentifiers", "LAchildID"), n.get("HEADER", "CHILDID"))
}

func (c *census) fault(err error) error {
	if err == io.EOF {
		return io.EOF
	}
	var known *kmcr.Error
	if errors.As(err, &known) {
		return known
	}
	return &kmcr.Error{Kind: kmcr.Invalid, Where: "byte " + strconv.FormatInt(c.decoder.InputOffset(), 10), Message: "the file is not well-formed XML from here on", Remedy: "Send a whole, well-formed file.", Err: io.ErrUnexpectedEOF}
}

func xmlFault(message string) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Where: "document", Message: message, Remedy: "Send a whole, well-formed file without a document type.", Err: io.ErrUnexpectedEOF}
}

// readNode reads the element that has begun.
func readNode(d *xml.Decoder, begun xml.StartElement, depth int) (*element, error) {
	if depth > maxDepth {
		return nil, xmlFault("elements stand in one another too deep")
	}
	n := &element{name: begun.Name.Local}
	for {
		t, err := d.Token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			inner, err := readNode(d, t, depth+1)
			if err != nil {
				return nil, err
			}
			n.inner = append(n.inner, inner)
		case xml.CharData:
			n.text += string(t)
		case xml.EndElement:
			return n, nil
		case xml.Directive:
			return nil, xmlFault("a document type is declared, which no return has")
		}
	}
}

// readCensus reads what census.child kept.
func readCensus(format kmcr.Format, raw []byte, c kmcr.Contributor) (Reading, error) {
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.CharsetReader = readCharset
	for {
		t, err := d.Token()
		if err != nil {
			return Reading{}, xmlFault("the record is not well-formed XML")
		}
		begun, ok := t.(xml.StartElement)
		if !ok || begun.Name.Local != "census" || len(begun.Attr) == 0 {
			if ok {
				return Reading{}, xmlFault("the record is not one of a census")
			}
			continue
		}
		n, err := readNode(d, begun, 0)
		if err != nil || len(n.inner) != 1 {
			return Reading{}, xmlFault("the record is not well-formed XML")
		}
		x := &childReader{origin: origin{c}, used: map[*element]bool{}}
		_, x.at = readDay(begun.Attr[0].Value)
		if format == kmcr.Format903 {
			return x.lookedAfter(n.inner[0])
		}
		return x.inNeed(n.inner[0])
	}
}

// childReader makes the reading of one child of a census.
type childReader struct {
	origin
	at   time.Time
	out  Reading
	used map[*element]bool
}

func (x *childReader) get(n *element, path ...string) string {
	if found := n.one(path...); found != nil {
		x.used[found] = true
	}
	return n.get(path...)
}

// day reads a date; one that is none is flagged.
func (x *childReader) day(n *element, path ...string) string {
	sent := x.get(n, path...)
	day, _ := readDay(sent)
	if sent != "" && day == "" {
		x.out.Flags = appendOnce(x.out.Flags, path[len(path)-1]+": not a date")
	}
	return day
}

func (x *childReader) state(key string, d *doc) {
	for _, s := range x.out.Statements {
		if s.Key == key {
			key += "#2"
		}
	}
	x.out.Statements = append(x.out.Statements, Statement{Key: key, Resource: d.bytes(), At: x.at})
}

// rest notes the elements that are in no statement, by name.
func (x *childReader) rest(n *element) {
	if len(n.inner) == 0 {
		if !x.used[n] && strings.TrimSpace(n.text) != "" {
			x.out.Unmapped = appendOnce(x.out.Unmapped, n.name+": has no place in a statement; kept in the record as received")
		}
		return
	}
	for _, i := range n.inner {
		x.rest(i)
	}
}

// claims are who a child is said to be: no name and no NHS number, so only what the council itself has said under the same number, and date of birth and sex, can link it.
func (x *childReader) claims(id, born, sex, died string) error {
	if id == "" {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "LAchildID", Message: "the record does not say whom it is about: identity missing", Remedy: "Send the council's number of the child."}
	}
	x.out.Patients = []Claims{{Key: strings.ToUpper(string(x.c.Organisation)) + "|" + id, Born: born, Sex: sexes[sex], Died: died, Partial: true, Aliases: []string{x.councilNumber(id)}}}
	x.out.Event = "social-care"
	return nil
}

func (x *childReader) patient(id, pupil, ethnicity string) {
	c := x.out.Patients[0]
	d := resource("Patient")
	d.array("extension", func() {
		if ethnicity != "" {
			d.extension(ukCore+"EthnicCategory", func() { d.concept("valueCodeableConcept", concept{text: ethnicity}) })
		}
	})
	rowOf := x.origin
	rowOf.childNumbers(d, id, pupil)
	d.text("gender", c.Sex)
	d.text("birthDate", c.Born)
	d.text("deceasedDateTime", c.Died)
	x.provider(d, "managingOrganization")
	x.state(PatientKey, d)
	x.out.keepWho()
}

// span writes a period.
func span(d *doc, name, start, end string) {
	d.object(name, func() {
		d.text("start", start)
		if start == "" || end == "" || start <= end {
			d.text("end", end)
		}
	})
}

// fact states an Observation whose components are elements of n.
func (x *childReader) fact(key, what, start, end string, n *element, names ...string) {
	d := resource("Observation")
	d.text("status", "final")
	d.concepts("category", concept{codings: []code{{hl7Terminology + "observation-category", "social-history", "Social History"}}})
	d.concept("code", concept{text: what})
	d.reference("subject", "patient:")
	span(d, "effectivePeriod", start, end)
	d.array("performer", func() { x.provider(d, "") })
	d.array("component", func() {
		for _, name := range names {
			for _, one := range n.all(name) {
				value := one.get()
				if x.used[one] = true; value == "" {
					continue
				}
				d.object("", func() {
					d.concept("code", concept{text: name})
					d.text("valueString", value)
				})
			}
		}
	})
	x.state(key, d)
}

// referralSources, closures and disabilities are codes of the Children in Need census (Department for Education) in words.
var (
	referralSources = map[string]string{"1A": "Individual: family member, relative or carer", "1B": "Individual: acquaintance", "1C": "Individual: self", "1D": "Individual: other", "2A": "Schools", "2B": "Education services",
		"3A": "Health services: general practitioner", "3B": "Health services: health visitor", "3C": "Health services: school nurse", "3D": "Health services: other primary health services", "3E": "Health services: emergency department", "3F": "Health services: other",
		"4": "Housing", "5A": "Council services: social care", "5B": "Council services: other internal", "5C": "Council services: external", "5D": "Council services: youth offending team", "6": "Police", "7": "Other legal agency", "8": "Other", "9": "Anonymous", "10": "Unknown"}
	closures = map[string]string{"RC1": "Adopted", "RC2": "Died", "RC3": "Child arrangements order", "RC4": "Special guardianship order", "RC5": "Transferred to services of another council", "RC6": "Transferred to adult social care services",
		"RC7": "Services ceased for any other reason", "RC8": "Closed after assessment, no further action", "RC9": "Closed after assessment, referred to early help"}
	disabilities = map[string]string{"NONE": "No disability", "MOB": "Mobility", "HAND": "Hand function", "PC": "Personal care", "INC": "Incontinence", "COMM": "Communication", "LD": "Learning", "HEAR": "Hearing", "VIS": "Vision",
		"BEH": "Behaviour", "CON": "Consciousness", "AUT": "Autism or Asperger syndrome", "DDA": "Other disability"}
)

// inNeed reads a Child of the Children in Need census: referrals, assessments, enquiries, plans and protection plans.
func (x *childReader) inNeed(child *element) (Reading, error) {
	who := child.one("ChildIdentifiers")
	id := x.get(who, "LAchildID")
	born := orElse(x.day(who, "PersonBirthDate"), x.day(who, "ExpectedPersonBirthDate"))
	if err := x.claims(id, born, orElse(x.get(who, "GenderCurrent"), x.get(who, "Sex")), x.day(who, "PersonDeathDate")); err != nil {
		return Reading{}, err
	}
	x.patient(id, x.get(who, "UPN"), x.get(child, "ChildCharacteristics", "Ethnicity"))
	if all := child.one("ChildCharacteristics", "Disabilities"); all != nil {
		x.disabilities(all.all("Disability"))
	}
	for _, c := range child.all("CINdetails") {
		x.inNeedCase(c)
	}
	x.rest(child)
	return x.out, nil
}

func (x *childReader) disabilities(all []*element) {
	var words []string
	for _, n := range all {
		x.used[n] = true
		words = append(words, inWords(disabilities, n.get()))
	}
	if len(words) == 0 {
		return
	}
	d := resource("Observation")
	d.text("status", "final")
	d.concepts("category", concept{codings: []code{{hl7Terminology + "observation-category", "social-history", "Social History"}}})
	d.concept("code", concept{text: "Disability recorded by children's social care"})
	d.reference("subject", "patient:")
	d.array("performer", func() { x.provider(d, "") })
	d.text("valueString", strings.Join(words, ", "))
	x.state("CIN|disabilities", d)
}

// inNeedCase reads one referral and what followed.
func (x *childReader) inNeedCase(c *element) {
	referred, closed := x.day(c, "CINreferralDate"), x.day(c, "CINclosureDate")
	key, noAction := "CIN|"+referred, has("1 true", x.get(c, "ReferralNFA"))
	d := resource("ServiceRequest")
	d.text("status", either(closed != "" || noAction, "completed", "active"))
	d.text("intent", "order")
	d.concepts("category", concept{text: "Children's social care"})
	d.concept("code", concept{text: "Referral to children's social care"})
	d.reference("subject", "patient:")
	span(d, "occurrencePeriod", referred, closed)
	d.text("authoredOn", referred)
	if from := x.get(c, "ReferralSource"); from != "" {
		d.display("requester", "Organization", inWords(referralSources, from))
	}
	d.array("performer", func() { x.provider(d, "") })
	if need := x.get(c, "PrimaryNeedCode"); need != "" {
		d.concepts("reasonCode", concept{text: inWords(needs, need)})
	}
	d.array("note", func() {
		if noAction {
			d.notes("No further action")
		}
		if why := x.get(c, "ReasonForClosure"); why != "" {
			d.notes("Closed: " + inWords(closures, why))
		}
	})
	x.state(key+"|referral", d)
	x.used[c.one("DateOfInitialCPC")] = true
	for _, a := range c.all("Assessments") {
		start, end := x.day(a, "AssessmentActualStartDate"), x.day(a, "AssessmentAuthorisationDate")
		if factors := a.one("AssessmentFactors"); factors != nil && len(factors.inner) == 0 {
			x.used[factors] = true
		}
		within := a.one("FactorsIdentifiedAtAssessment")
		if within == nil {
			within = a
		}
		x.fact(key+"|assessment|"+start, "Assessment by children's social care", start, end, within, "AssessmentFactors", "AssessmentFactor", "AssessmentInternalReviewDate")
	}
	for _, name := range []string{"CINPlanDates", "CINplanDates"} {
		for _, p := range c.all(name) {
			start := orElse(x.day(p, "CINPlanStartDate"), x.day(p, "CINplanStartDate"))
			x.plan(key+"|plan|"+start, "Child in need plan", start, orElse(x.day(p, "CINPlanEndDate"), x.day(p, "CINplanEndDate")), nil)
		}
	}
	for _, s := range c.all("Section47") {
		x.enquiry(key, s)
	}
	for _, p := range c.all("ChildProtectionPlans") {
		x.protectionPlan(key, p)
	}
}

// enquiry states an enquiry under section 47 of the Children Act 1989.
func (x *childReader) enquiry(key string, s *element) {
	start, conference := x.day(s, "S47ActualStartDate"), x.day(s, "DateOfInitialCPC")
	target, notRequired := x.day(s, "InitialCPCtarget"), has("1 true", x.get(s, "ICPCnotRequired"))
	d := resource("ServiceRequest")
	d.text("status", either(conference != "" || notRequired, "completed", "active"))
	d.text("intent", "order")
	d.concepts("category", concept{text: "Safeguarding children"})
	d.concept("code", concept{text: "Child protection enquiry (section 47)"})
	d.reference("subject", "patient:")
	span(d, "occurrencePeriod", start, conference)
	d.text("authoredOn", start)
	d.array("performer", func() { x.provider(d, "") })
	d.array("note", func() {
		if notRequired {
			d.notes("A child protection conference was not required")
		}
		if conference != "" {
			d.notes("Initial child protection conference " + conference)
		} else if target != "" {
			d.notes("Initial child protection conference due by " + target)
		}
	})
	x.state(key+"|section47|"+start, d)
}

// protectionPlan states a child protection plan, and the flag by which others see that there is one.
func (x *childReader) protectionPlan(key string, p *element) {
	start, end := x.day(p, "CPPstartDate"), x.day(p, "CPPendDate")
	latest := orElse(x.get(p, "LatestCategoryOfAbuse"), p.get("InitialCategoryOfAbuse"))
	var reviews []string
	for _, r := range p.all("Reviews") {
		for _, at := range r.all("CPPreviewDate") {
			x.used[at] = true
			if day, _ := readDay(at.get()); day != "" {
				reviews = append(reviews, "Reviewed "+day)
			}
		}
	}
	notes := []string{either(p.get("InitialCategoryOfAbuse") == "", "", "Category at first: "+inWords(abuses, x.get(p, "InitialCategoryOfAbuse"))),
		either(x.get(p, "NumberOfPreviousCPP") == "", "", "Plans before this one: "+p.get("NumberOfPreviousCPP")), strings.Join(reviews, "; ")}
	words := join(": ", "Child protection plan", abuses[strings.ToUpper(latest)])
	x.plan(key+"|protection|"+start, words, start, end, notes)
	d := resource("Flag")
	d.text("status", either(end == "", "active", "inactive"))
	d.concepts("category", concept{text: "Safeguarding children"})
	d.concept("code", concept{text: words})
	d.reference("subject", "patient:")
	span(d, "period", start, end)
	x.provider(d, "author")
	x.state(key+"|protection-flag|"+start, d)
}

func (x *childReader) plan(key, what, start, end string, notes []string) {
	d := resource("CarePlan")
	d.text("status", either(end == "", "active", "completed"))
	d.text("intent", "plan")
	d.concepts("category", concept{text: what})
	d.text("title", what)
	d.reference("subject", "patient:")
	span(d, "period", start, end)
	x.provider(d, "author")
	d.array("note", func() { d.notes(notes...) })
	x.state(key, d)
}

// lookedAfter reads a CHILD of SSDA903 in XML: who it is, its episodes and its reviews.
func (x *childReader) lookedAfter(child *element) (Reading, error) {
	head := child.one("HEADER")
	id := x.get(head, "CHILDID")
	if err := x.claims(id, x.day(head, "DOB"), x.get(head, "SEX"), ""); err != nil {
		return Reading{}, err
	}
	x.patient(id, x.get(head, "UPN"), x.get(head, "ETHNIC"))
	for _, r := range head.all("AREVIEW") {
		at := x.day(r, "REVIEW")
		x.fact("903|lookedafterchildreview|"+at, "Looked after child review", at, "", r, "REVIEW_CODE")
	}
	for _, m := range head.all("AMISSING") {
		at := x.day(m, "MIS_START")
		x.fact("903|lookedafterchildmissingorabsentfromplacement|"+at, "Looked after child missing or absent from placement", at, x.day(m, "MIS_END"), m, "MISSING")
	}
	for _, o := range head.all("OC2") {
		x.fact("903|lookedafterchildoutcomeshealthanddevelopment|", "Looked after child outcomes: health and development", "", "", o, "SDQ_SCORE", "SDQ_REASON", "CONVICTED", "HEALTH_CHECK", "IMMUNISATIONS", "TEETH_CHECK", "HEALTH_ASSESSMENT", "SUBSTANCE_MISUSE", "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED")
	}
	if len(head.all("IN_TOUCH")) > 0 {
		x.fact("903|careleaver|", "Care leaver", "", "", head, "IN_TOUCH", "ACTIV", "ACCOM")
	}
	status := ""
	for _, e := range child.all("EPISODE") {
		if x.episode(e) {
			status = "active"
		} else if status == "" {
			status = "inactive"
		}
	}
	if status != "" {
		d := resource("Flag")
		d.text("status", status)
		d.concepts("category", concept{text: "Safeguarding children"})
		d.concept("code", concept{text: "Looked after child"})
		d.reference("subject", "patient:")
		x.state("903|looked-after", d)
	}
	x.rest(child)
	return x.out, nil
}

// episode states an episode of care, and tells whether it is open.
func (x *childReader) episode(e *element) (open bool) {
	start, end := x.day(e, "DECOM"), x.day(e, "DEC")
	d := resource("EpisodeOfCare")
	d.array("extension", func() {
		for _, fact := range []struct{ name, value string }{{"legal-status", inWords(legalStatuses, x.get(e, "LS"))}, {"category-of-need", inWords(needs, x.get(e, "CIN"))}, {"placement", inWords(placements, orElse(x.get(e, "PL"), x.get(e, "PLACE")))},
			{"placement-provider", x.get(e, "PLACE_PROVIDER")}, {"reason-for-new-episode", x.get(e, "RNE")}, {"reason-for-ending", x.get(e, "REC")}, {"reason-for-change-of-placement", x.get(e, "REASON_PLACE_CHANGE")}} {
			if fact.value != "" {
				d.extension("urn:kmcr:ssda903:"+fact.name, func() { d.text("valueString", fact.value) })
			}
		}
	})
	d.text("status", either(end == "", "active", "finished"))
	d.concepts("type", concept{text: join(": ", "Looked after child", placements[strings.ToUpper(orElse(e.get("PL"), e.get("PLACE")))])})
	d.reference("patient", "patient:")
	x.provider(d, "managingOrganization")
	span(d, "period", start, end)
	x.state("903|episode|"+start, d)
	return end == ""
}
