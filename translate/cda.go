package translate

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"

	"kmcr/hl7"
)

// CDA R2, of the NHS (NHS 111 reports in their ITK envelope) and C-CDA: the
// patient of the header, the document with its sections as text and as it was
// sent, and the coded entries of the sections that are known. An entry that is
// not read stands in the text of its section, and in Unmapped.

// cda converts the documents of one message.
func cda(data []byte, documents []*xmlNode) (Converted, error) {
	c := converter{lost: map[string]int{}}
	var entries []*node
	for n, d := range documents {
		made, err := c.cdaDocument(data, d, n)
		if err != nil {
			return Converted{}, err
		}
		entries = append(entries, made...)
	}
	bundle := object("resourceType", word("Bundle"), "type", word("collection"), "entry", list(entries...))
	return Converted{Body: bundle.append(nil), Unmapped: c.unmapped()}, nil
}

// cdaReader is one document.
type cdaReader struct {
	*converter
	id      string // of the document
	patient string // address of its Patient
	date    string
	author  string
	words   map[string]string // of elements with an ID, to which entries refer
	entries []*node
	used    map[string]bool // names of entries that have an address
	of      string          // the code of the section that is read
}

func (c *converter) cdaDocument(data []byte, d *xmlNode, n int) ([]*node, error) {
	r := cdaReader{converter: c, words: map[string]string{}, used: map[string]bool{}}
	id := d.at("id")
	r.id = id.attr("root") + "^" + id.attr("extension")
	if r.id == "^" {
		r.id = fmt.Sprintf("document %d of %s", n, sum(string(data[d.from:d.to])))
	}
	role := d.at("recordTarget", "patientRole")
	if role == nil {
		return nil, missingIdentity("ClinicalDocument.recordTarget", "the document does not say whom it is about")
	}
	r.patient = r.address("patient")
	r.date = moment(cdaTime(d.at("effectiveTime").attr("value")))
	r.author = r.authorOf(d)
	r.remember(d)
	r.add(r.patient, cdaPatient(role))
	if v := d.at("componentOf", "encompassingEncounter"); v != nil {
		r.visit(v, d)
	}
	r.document(data, d)
	d.find("structuredBody", func(body *xmlNode) {
		body.find("section", func(s *xmlNode) { r.section(s) })
	})
	return r.entries, nil
}

// address names a resource of this document inside the Bundle, always alike.
func (r *cdaReader) address(what string) string {
	h := fnv.New128a()
	h.Write([]byte(r.id + "\x00" + what))
	s := hex.EncodeToString(h.Sum(nil))
	return "urn:uuid:" + s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func sum(s string) string {
	h := fnv.New64a()
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil))
}

func (r *cdaReader) add(address string, resource *node) {
	r.entries = append(r.entries, object("fullUrl", word(address), "resource", resource))
}

func (r *cdaReader) subject() *node { return object("reference", word(r.patient)) }

// remember notes the words of every element that has an ID.
func (r *cdaReader) remember(e *xmlNode) {
	if id := e.attr("ID"); id != "" {
		r.words["#"+id] = e.words()
	}
	for _, p := range e.content {
		if p.element != nil {
			r.remember(p.element)
		}
	}
}

// cdaTime brings a time of CDA, whose zone may be of hours alone, into the form of HL7 v2.
func cdaTime(s string) string {
	if i := strings.LastIndexAny(s, "+-"); i > 0 && len(s)-i == 3 {
		return s + "00"
	}
	return s
}

// said gives a moment or a date of CDA; "" for none.
func said(e *xmlNode) string {
	v := e.attr("value")
	if v == "" {
		v = e.at("low").attr("value")
	}
	return cdaMoment(v)
}

func cdaMoment(v string) string {
	if d, err := hl7.ParseDate(cdaTime(v)); err == nil {
		return d.FHIR
	}
	return ""
}

// orNil makes a JSON string; nil of nothing.
func orNil(s string) *node {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return word(s)
}

// oids are the code systems and identifiers whose OID FHIR has an address for.
var oids = map[string]string{
	"2.16.840.1.113883.6.1": "http://loinc.org", "2.16.840.1.113883.6.96": "http://snomed.info/sct", "2.16.840.1.113883.2.1.3.2.4.15": "http://snomed.info/sct",
	"2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm", "2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm", "2.16.840.1.113883.6.103": "http://hl7.org/fhir/sid/icd-9-cm",
	"2.16.840.1.113883.12.292": "http://hl7.org/fhir/sid/cvx", "2.16.840.1.113883.4.9": "http://fdasis.nlm.nih.gov", "2.16.840.1.113883.5.83": hl7Terminology + "v3-ObservationInterpretation",
	"2.16.840.1.113883.5.4": hl7Terminology + "v3-ActCode", "2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
	"2.16.840.1.113883.2.1.4.1": nhsNumberSystem, "2.16.840.1.113883.2.1.3.2.4.18.23": nhsNumberSystem, "2.16.840.1.113883.2.1.3.2.4.19.1": odsSystem,
}

func systemOf(oid string) string {
	if s := oids[oid]; s != "" {
		return s
	}
	if oid == "" {
		return ""
	}
	if len(oid) == 36 {
		return "urn:uuid:" + strings.ToLower(oid)
	}
	return "urn:oid:" + oid
}

// identifiers are the ids of an element; one without an extension names by its root alone.
func identifiers(ids []*xmlNode) *node {
	var out []*node
	for _, id := range ids {
		root, extension := id.attr("root"), id.attr("extension")
		switch {
		case root == "" || id.attr("nullFlavor") != "":
		case extension == "":
			out = append(out, object("system", word("urn:ietf:rfc:3986"), "value", word(systemOf(root))))
		default:
			system := systemOf(root)
			if who := id.attr("assigningAuthorityName"); who != "" && system != nhsNumberSystem {
				system += ":" + strings.Map(idRune, who) // one root stands for the local numbers of every organisation
			}
			out = append(out, object("system", word(system), "value", word(strings.Join(strings.Fields(extension), " "))))
		}
	}
	return list(out...)
}

// cdaPatient is the Patient of a patientRole.
func cdaPatient(role *xmlNode) *node {
	p := role.at("patient")
	n := object("resourceType", word("Patient"), "identifier", identifiers(role.all("id")))
	var names, addresses, telecoms []*node
	for _, name := range p.all("name") {
		names = append(names, cdaName(name))
	}
	for _, a := range role.all("addr") {
		addresses = append(addresses, cdaAddress(a))
	}
	for _, t := range role.all("telecom") {
		telecoms = append(telecoms, cdaTelecom(t))
	}
	n.set("name", list(names...))
	n.set("telecom", list(telecoms...))
	n.set("gender", orNil(cdaSexes[p.at("administrativeGenderCode").attr("code")]))
	if born := cdaMoment(p.at("birthTime").attr("value")); born != "" {
		n.set("birthDate", word(clip(born, len("2006-01-02"))))
	}
	n.set("address", list(addresses...))
	if o := role.at("providerOrganization"); o != nil {
		practice := object("display", orNil(o.at("name").words()))
		for _, id := range o.all("id") {
			if systemOf(id.attr("root")) == odsSystem && id.attr("extension") != "" {
				practice.set("identifier", object("system", word(odsSystem), "value", word(id.attr("extension"))))
			}
		}
		if !practice.empty() {
			n.set("generalPractitioner", list(practice))
		}
	}
	return n
}

// cdaSexes are administrative gender codes of HL7 v3 and of the NHS.
var cdaSexes = map[string]string{"M": "male", "F": "female", "UN": "other", "1": "male", "2": "female", "0": "unknown", "9": "other"}

func cdaName(e *xmlNode) *node {
	words := func(name string) (out []*node) {
		for _, part := range e.all(name) {
			if w := part.words(); w != "" {
				out = append(out, word(w))
			}
		}
		return out
	}
	n := object("use", orNil(map[string]string{"L": "official", "P": "nickname"}[e.attr("use")]), "prefix", list(words("prefix")...), "given", list(words("given")...), "suffix", list(words("suffix")...))
	if family := words("family"); len(family) > 0 {
		n.set("family", family[0])
	}
	if n.get("family") == nil && n.get("given") == nil {
		n.set("text", orNil(e.words()))
	}
	if n.empty() {
		return nil
	}
	return n
}

func cdaAddress(e *xmlNode) *node {
	var lines []*node
	for _, name := range []string{"houseNumber", "streetName", "streetAddressLine", "additionalLocator"} {
		for _, l := range e.all(name) {
			if w := l.words(); w != "" {
				lines = append(lines, word(w))
			}
		}
	}
	n := object("use", orNil(map[string]string{"H": "home", "HP": "home", "HV": "temp", "TMP": "temp", "WP": "work"}[e.attr("use")]), "line", list(lines...), "city", orNil(e.at("city").words()),
		"district", orNil(e.at("county").words()), "state", orNil(e.at("state").words()), "postalCode", orNil(e.at("postalCode").words()), "country", orNil(e.at("country").words()))
	if n.get("line") == nil && n.get("city") == nil && n.get("postalCode") == nil {
		n.set("text", orNil(e.words()))
	}
	if n.empty() {
		return nil
	}
	return n
}

func cdaTelecom(e *xmlNode) *node {
	scheme, value, ok := strings.Cut(e.attr("value"), ":")
	system := map[string]string{"tel": "phone", "mailto": "email", "fax": "fax", "http": "url", "https": "url"}[strings.ToLower(scheme)]
	if !ok || system == "" {
		system, value = "other", e.attr("value")
	}
	if strings.TrimSpace(value) == "" {
		return nil
	}
	return object("system", word(system), "value", word(strings.TrimSpace(value)), "use", orNil(map[string]string{"H": "home", "HP": "home", "WP": "work", "MC": "mobile"}[e.attr("use")]))
}

// authorOf names who wrote the document.
func (r *cdaReader) authorOf(d *xmlNode) string {
	for _, a := range d.all("author") {
		for _, path := range [][]string{{"assignedAuthor", "assignedPerson", "name"}, {"assignedAuthor", "representedOrganization", "name"}, {"assignedAuthor", "assignedAuthoringDevice", "softwareName"}} {
			if w := a.at(path...).words(); w != "" {
				return w
			}
		}
	}
	return ""
}

// visit makes an Encounter of the visit or call that the document tells of.
func (r *cdaReader) visit(v, d *xmlNode) {
	n := object("resourceType", word("Encounter"), "identifier", identifiers(v.all("id")), "status", word("finished"),
		"class", object("system", word(hl7Terminology+"v3-NullFlavor"), "code", word("NI"), "display", word("No information")), "subject", r.subject())
	kind := r.concept(v.at("code"))
	if kind == nil {
		kind = object("text", orNil(d.at("title").words()))
	}
	if !kind.empty() {
		n.set("type", list(kind))
	}
	period := object("start", orNil(said(v.at("effectiveTime"))), "end", orNil(cdaMoment(v.at("effectiveTime", "high").attr("value"))))
	if !period.empty() {
		n.set("period", period)
	}
	if how := r.concept(v.at("dischargeDispositionCode")); how != nil {
		n.set("hospitalization", object("dischargeDisposition", how))
	}
	if w := v.at("responsibleParty", "assignedEntity", "assignedPerson", "name").words(); w != "" {
		n.set("participant", list(object("individual", object("display", word(w)))))
	}
	if w := v.at("location", "healthCareFacility", "serviceProviderOrganization", "name").words(); w != "" {
		n.set("serviceProvider", object("display", word(w)))
	}
	r.add(r.address("visit"), n)
}

// concept is a code with its translations and words; nil where nothing is said.
func (r *cdaReader) concept(e *xmlNode) *node {
	if e == nil {
		return nil
	}
	var codings []*node
	coding := func(c *xmlNode) {
		if c.attr("code") != "" && c.attr("nullFlavor") == "" {
			codings = append(codings, object("system", orNil(systemOf(c.attr("codeSystem"))), "code", word(strings.Join(strings.Fields(c.attr("code")), " ")), "display", orNil(c.attr("displayName"))))
		}
	}
	coding(e)
	for _, t := range e.all("translation") {
		coding(t)
	}
	text := r.reference(e.at("originalText"))
	if text == "" {
		text = e.attr("displayName")
	}
	n := object("coding", list(codings...), "text", orNil(text))
	if n.empty() {
		return nil
	}
	return n
}

// reference is the words of an element: its own, or those that it refers to in the text of the section.
func (r *cdaReader) reference(e *xmlNode) string {
	if e == nil {
		return ""
	}
	if w := r.words[e.at("reference").attr("value")]; w != "" {
		return w
	}
	return e.words()
}

// mostOriginal is how long a document may be to stand beside its own text as it was sent; a longer one is kept with the message alone.
const mostOriginal = 4 << 20

// document makes the DocumentReference: what it holds as text, files in it, and the document as it was sent.
func (r *cdaReader) document(data []byte, d *xmlNode) {
	title := d.at("title").words()
	kind := r.concept(d.at("code"))
	if kind == nil || len(kind.get("coding").each()) > 0 && kind.get("text") == nil && title != "" {
		if kind == nil {
			kind = object()
		}
		kind.set("text", orNil(orElse(title, "Document")))
	}
	n := object("resourceType", word("DocumentReference"), "identifier", r.setID(d), "status", word("current"), "type", kind, "subject", r.subject())
	if id := identifiers(d.all("id")).first(); id != nil {
		n.set("masterIdentifier", id)
	}
	if len(r.date) > len("2006-01-02") {
		n.set("date", word(r.date))
	}
	if r.author != "" {
		n.set("author", list(object("display", word(r.author))))
	}
	if o := d.at("custodian", "assignedCustodian", "representedCustodianOrganization", "name").words(); o != "" {
		n.set("custodian", object("display", word(o)))
	}
	n.set("description", orNil(title))
	n.set("content", list(r.contents(data, d, title)...))
	r.add(r.address("document"), n)
}

// setID is the identifier of all versions of the document, else of this one.
func (r *cdaReader) setID(d *xmlNode) *node {
	if ids := identifiers(d.all("setId")); ids != nil {
		return ids
	}
	return identifiers(d.all("id"))
}

func (r *cdaReader) contents(data []byte, d *xmlNode, title string) (out []*node) {
	attach := func(kind, name string, content []byte) {
		a := object("contentType", word(kind), "title", orNil(name), "creation", orNil(r.date))
		a.members = append(a.members, member{"data", word(base64.StdEncoding.EncodeToString(content))})
		out = append(out, object("attachment", a))
	}
	if text := r.sections(d, title); text != "" {
		attach("text/html", title, []byte(text))
	}
	d.find("nonXMLBody", func(body *xmlNode) {
		file := body.at("text")
		kind := orElse(file.attr("mediaType"), "text/plain")
		if file.attr("representation") != "B64" {
			attach(kind, title, []byte(file.words()))
			return
		}
		content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(file.words()), ""))
		if err != nil {
			r.lose("nonXMLBody.text", "is not base64")
			return
		}
		attach(kind, title, content)
	})
	original := data[d.from:d.to]
	if len(original) <= mostOriginal && utf8.Valid(original) {
		attach("application/xml", "The document as it was sent", original)
	} else {
		r.lose("ClinicalDocument", "too long to stand beside its own text: kept as sent with the message")
	}
	return out
}

// cdaNames are the elements of a CDA narrative, and of XHTML for it.
var cdaNames = map[string]string{
	"paragraph": "p", "list": "ul", "item": "li", "content": "span", "br": "br", "caption": "caption", "sub": "sub", "sup": "sup", "table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot",
	"tr": "tr", "td": "td", "th": "th", "p": "p", "ul": "ul", "ol": "ol", "li": "li", "b": "b", "i": "i",
}

// sections writes the titles and texts of all sections as HTML without anything that acts.
func (r *cdaReader) sections(d *xmlNode, title string) string {
	var b strings.Builder
	var write func(s *xmlNode, level int)
	write = func(s *xmlNode, level int) {
		if w := s.at("title").words(); w != "" {
			fmt.Fprintf(&b, "<h%d>%s</h%d>", level, xhtmlEscape.Replace(w), level)
		}
		if text := s.at("text"); text != nil {
			b.WriteString("<div>")
			writeXHTML(&b, text, cdaNames)
			b.WriteString("</div>")
		}
		for _, c := range s.all("component") {
			for _, inner := range c.all("section") {
				write(inner, min(level+1, 6))
			}
		}
	}
	d.find("structuredBody", func(body *xmlNode) {
		for _, c := range body.all("component") {
			for _, s := range c.all("section") {
				write(s, 2)
			}
		}
	})
	if b.Len() == 0 {
		return ""
	}
	return "<html><body><h1>" + xhtmlEscape.Replace(title) + "</h1>" + b.String() + "</body></html>"
}
