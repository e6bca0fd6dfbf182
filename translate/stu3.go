package translate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/hl7"
)

// Converted is a message of another form as one FHIR R4 resource or Bundle,
// which is then taken in as if it had been sent so.
type Converted struct {
	Body []byte // compact R4 JSON, not yet checked
	// Unmapped lists what was in the message and is in no statement: element, why, and how often. Never a value.
	Unmapped []string
}

// IsSTU3 tells whether a resource, or any entry of a Bundle, is FHIR STU3
// (3.0.1): by the profile that it names, by a type that R4 no longer has, or
// by an element in the form that only STU3 gives it.
func IsSTU3(r *fhir.Resource) bool {
	root := r.Root()
	if stu3Profile(root) || stu3Shape(r.Type(), root) {
		return true
	}
	found := false
	if r.Type() == "Bundle" {
		for _, e := range root.Get("entry").Items() {
			v := e.Get("resource")
			if kind := v.Get("resourceType").Text(); stu3Profile(v) || stu3Shape(kind, v) {
				found = true
				break
			}
		}
	}
	return found
}

func stu3Profile(v fhir.Value) bool {
	if v.Get("fhirVersion").Is("3.0.1") || v.Get("fhirVersion").Is("3.0.2") {
		return true
	}
	for _, p := range v.Path("meta.profile") {
		if url := p.Text(); strings.Contains(url, "/STU3/") || strings.Contains(url, "/CareConnect-") || strings.Contains(url, "fhir.nhs.uk/StructureDefinition/gpconnect") {
			return true
		}
	}
	return false
}

// stu3Shape tells whether a resource has an element that R4 does not have there, and STU3 does.
func stu3Shape(kind string, v fhir.Value) bool {
	if _, renamed := stu3Types[kind]; renamed {
		return true
	}
	if stu3Only[kind] != "" {
		for _, name := range strings.Fields(stu3Only[kind]) {
			if v.Get(name).Exists() {
				return true
			}
		}
	}
	for _, name := range stu3Codes[kind] {
		if v.Get(name).IsString() {
			return true
		}
	}
	if v.First("requester.agent").Exists() {
		return true
	}
	for _, in := range v.Get("contained").Items() {
		if stu3Shape(in.Get("resourceType").Text(), in) {
			return true
		}
	}
	for _, x := range v.Get("extension").Items() {
		if strings.Contains(x.Get("url").Text(), "/STU3/StructureDefinition/") {
			return true
		}
	}
	return false
}

// STU3 brings a resource or Bundle of FHIR STU3 into R4. Elements that moved
// are moved (HL7's own R3 to R4 maps are followed), those that R4 does not have
// are kept as HL7's cross-version extensions where their type is plain, and
// listed in Unmapped where it is not. CareConnect extensions that UK Core has
// too get the UK Core address.
func STU3(r *fhir.Resource) (Converted, error) {
	c := converter{lost: map[string]int{}, done: map[*node]bool{}}
	root := treeOf(r.Root())
	c.nameAfresh(root)
	if r.Type() == "Bundle" {
		if err := saysWhom(root); err != nil {
			return Converted{}, err
		}
		c.bundle(root)
	} else if c.resource(root) == "" {
		return Converted{}, &kmcr.Error{Kind: kmcr.Unsupported, Where: "resourceType", Message: "R4 has nothing that a resource of this type becomes", Remedy: "Send what it says as another type."}
	}
	return Converted{Body: root.append(make([]byte, 0, len(r.Bytes())+len(r.Bytes())/8)), Unmapped: c.unmapped()}, nil
}

// nameAfresh gives what has an id that FHIR does not allow (underscores,
// blanks, more than 64 characters) another, always the same, and lets
// references in the same message follow.
func (c *converter) nameAfresh(root *node) {
	to := map[string]string{}
	root.walk(func(n *node) {
		kind, id := n.get("resourceType").text(), n.get("id").text()
		if kind == "" || id == "" || len(id) <= 64 && strings.Map(idRune, id) == id {
			return
		}
		name := clip(strings.Map(idRune, id), 47) + "-" + sum(id)
		to[kind+"/"+id] = kind + "/" + name
		n.set("id", word(name))
		c.mend(kind+".id", "not an id of FHIR; another stands for it")
	})
	if len(to) == 0 {
		return
	}
	root.walk(func(n *node) {
		if name := to[n.get("reference").text()]; name != "" {
			n.set("reference", word(name))
		}
	})
}

// walk calls f for every object, the outer before the inner.
func (n *node) walk(f func(*node)) {
	if n.kind == '{' {
		f(n)
	}
	for _, m := range n.members {
		m.value.walk(f)
	}
	for _, i := range n.items {
		i.walk(f)
	}
}

// saysWhom refuses a structured record (a collection of what is said of one
// patient) that does not hold its Patient: nothing in it may be guessed to be about somebody.
func saysWhom(root *node) error {
	clinical := false
	for _, e := range root.get("entry").each() {
		kind := e.get("resource").get("resourceType").text()
		if kind == "Patient" {
			return nil
		}
		clinical = clinical || fhir.InPatientCompartment(kind)
	}
	if root.get("type").text() != "collection" || !clinical {
		return nil
	}
	return &kmcr.Error{Kind: kmcr.Invalid, Where: "Bundle.entry", Message: "a structured record without its Patient", Remedy: "Send the Patient with the record."}
}

// Mend brings a resource or Bundle that is meant to be R4 into its form where
// that takes nothing away: what is empty is left out, what stands alone where R4
// has an array is put into one, a list of one where it has a single value is
// taken out. What R4 has no place for is taken out too, and then listed in Unmapped.
func Mend(r *fhir.Resource) (c Converted, mended []string) {
	m := converter{lost: map[string]int{}, done: map[*node]bool{}, plain: true, mended: map[string]int{}}
	root := treeOf(r.Root())
	m.nameAfresh(root)
	m.resource(root)
	if r.Type() == "Bundle" {
		m.fit(root, "Bundle")
	}
	return Converted{Body: root.append(nil), Unmapped: m.unmapped()}, counted(m.mended)
}

// converter is one conversion.
type converter struct {
	lost   map[string]int // by place and reason
	done   map[*node]bool // resources that have been converted
	plain  bool           // what is converted is meant to be R4 already
	mended map[string]int // by place and what was done, where that takes nothing away
	only   string         // reference to the one Patient of the Bundle, "" where there is none or are several
}

func (c *converter) lose(place, why string) { c.lost[place+": "+why]++ }

// mend notes what was done to the form of an R4 resource.
func (c *converter) mend(place, what string) {
	if c.plain {
		c.mended[place+": "+what]++
	}
}

func (c *converter) unmapped() []string { return counted(c.lost) }

func counted(all map[string]int) []string {
	var out []string
	for what, n := range all {
		if n > 1 {
			what += fmt.Sprintf(" (%d times)", n)
		}
		out = append(out, what)
	}
	slices.Sort(out)
	return out
}

// bundle converts each entry. What is contained in a list and is an entry of
// its own (GP Connect: allergies that have ended) becomes one.
func (c *converter) bundle(root *node) {
	var more []*node
	named := map[string]bool{}
	patients := 0
	for _, e := range root.get("entry").each() {
		r := e.get("resource")
		named[resourceName(r)] = true
		if r.get("resourceType").text() == "Patient" {
			patients++
			c.only = orElse(e.get("fullUrl").text(), resourceName(r))
		}
	}
	if patients != 1 {
		c.only = ""
	}
	for n, e := range root.get("entry").each() {
		r := e.get("resource")
		if r == nil {
			continue
		}
		if r.get("resourceType").text() == "List" {
			more = append(more, c.hoist(r, named)...)
			nameList(r)
		}
		if c.resource(r) == "" {
			c.lose("Bundle.entry["+strconv.Itoa(n)+"]", "R4 has nothing that a resource of this type becomes")
			e.take("resource")
		}
	}
	for _, r := range more {
		c.resource(r)
		root.get("entry").items = append(root.get("entry").items, object("resource", r))
	}
	c.fit(root, "Bundle")
	if entries := root.get("entry"); entries != nil {
		entries.items = slices.DeleteFunc(entries.items, func(e *node) bool { return e.empty() })
	}
}

func resourceName(r *node) string { return r.get("resourceType").text() + "/" + r.get("id").text() }

// hoist takes clinical resources out of a list that contains them.
func (c *converter) hoist(r *node, named map[string]bool) []*node {
	var out, left []*node
	for _, in := range r.take("contained").each() {
		name := resourceName(in)
		if in.get("resourceType").text() != "AllergyIntolerance" || named[name] {
			left = append(left, in)
			continue
		}
		named[name] = true
		out = append(out, in)
	}
	r.set("contained", list(left...))
	for _, e := range r.get("entry").each() {
		item := e.get("item")
		if id, inside := strings.CutPrefix(item.get("reference").text(), "#"); inside && named["AllergyIntolerance/"+id] {
			item.set("reference", word("AllergyIntolerance/"+id))
		}
	}
	return out
}

// nameList gives a list of a whole section, which GP Connect sends without an
// id, the id of that section, so that the next one follows it.
func nameList(r *node) {
	code := r.get("code").get("coding").first().get("code").text()
	if r.get("id") == nil && r.get("identifier") == nil && code != "" {
		r.set("id", word(clip("section-"+strings.Map(idRune, code), 64)))
	}
}

func idRune(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '.' {
		return r
	}
	return '-'
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// resource converts one resource and returns its type in R4; "" where there is none.
func (c *converter) resource(n *node) string {
	if c.done[n] {
		return n.get("resourceType").text()
	}
	c.done[n] = true
	was := n.get("resourceType").text()
	kind := was
	if to, renamed := stu3Types[was]; renamed {
		kind = to
		n.set("resourceType", word(kind))
	}
	if !fhir.KnownType(kind) {
		return ""
	}
	if c.plain {
		c.fit(n, kind)
		return kind
	}
	if kind == "Bundle" {
		c.bundle(n)
		return kind
	}
	c.references(n)
	addressed(n)
	for _, m := range stu3Renames[was] {
		if n.get(m[1]) == nil {
			n.rename(m[0], m[1])
		}
	}
	for _, name := range stu3Codes[was] {
		c.code(n, kind, name)
	}
	if to := stu3Statuses[kind][n.get("status").text()]; to != "" {
		n.set("status", word(to))
	}
	if f := stu3Makers[was]; f != nil {
		f(c, n)
	}
	c.nameSubject(n, kind)
	c.fit(n, kind)
	return kind
}

// nameSubject names the one Patient of the Bundle where R4 must know whom a
// resource is about and it does not say so.
func (c *converter) nameSubject(n *node, kind string) {
	if c.only == "" || !fhir.InPatientCompartment(kind) || n.get("subject") != nil || n.get("patient") != nil {
		return
	}
	for _, name := range []string{"patient", "subject"} {
		if _, has := fhir.ElementOf(kind, name); has && kind != "Group" {
			n.set(name, object("reference", word(c.only)))
			c.lose(kind+"."+name, "not stated; the one Patient of the Bundle is meant")
			return
		}
	}
}

// code makes a CodeableConcept of a code.
func (c *converter) code(n *node, kind, name string) {
	v := n.get(name)
	if v == nil || v.kind != 0 {
		return
	}
	code := v.text()
	if kind == "Condition" && name == "verificationStatus" && (code == "unknown" || code == "") {
		code = "unconfirmed"
	}
	n.set(name, object("coding", list(object("system", word(stu3Systems[kind+"."+name]), "code", word(code)))))
}

// references lets references lead to what types have become.
func (c *converter) references(n *node) {
	if n == nil {
		return
	}
	for _, i := range n.items {
		c.references(i)
	}
	for _, m := range n.members {
		if m.name == "reference" && m.value.kind == 0 {
			kind, rest, relative := strings.Cut(m.value.text(), "/")
			if to := stu3Types[kind]; relative && to != "" {
				m.value.raw = appendString(nil, to+"/"+rest)
			}
			continue
		}
		c.references(m.value)
	}
}

// fit brings an object into the form of R4: nothing empty, arrays where R4
// has them, CodeableConcept where it wants one, and nothing that it does not know.
func (c *converter) fit(n *node, kind string) {
	var kept []member
	var beyond []*node
	for _, m := range n.members {
		if m.value.empty() {
			c.mend(kind+"."+m.name, "empty, left out")
			continue
		}
		if m.name == "resourceType" {
			kept = append(kept, m)
			continue
		}
		e, known := fhir.ElementOf(kind, strings.TrimPrefix(m.name, "_"))
		if lower := lowerFirst(m.name); !known && lower != m.name && n.get(lower) == nil {
			if e, known = fhir.ElementOf(kind, lower); known {
				m.name = lower
				c.mend(kind+"."+lower, "written with a capital letter")
			}
		}
		if !known || beside(m) && !e.Primitive {
			if x := crossVersion(kind, m); x != nil && !c.plain {
				beyond = append(beyond, x)
			} else {
				c.lose(kind+"."+m.name, "R4 has no place for it")
			}
			continue
		}
		m.value = c.shaped(m, e, kind)
		if m.value != nil {
			kept = append(kept, m)
		}
	}
	n.members = kept
	if len(beyond) > 0 {
		if _, may := fhir.ElementOf(kind, "extension"); may {
			n.add("extension", beyond...)
		}
	}
}

// beside tells whether a member is what stands beside a primitive (_name).
func beside(m member) bool { return strings.HasPrefix(m.name, "_") }

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// shaped brings the value of a member into the form of its element.
func (c *converter) shaped(m member, e fhir.Element, kind string) *node {
	if beside(m) {
		return m.value
	}
	var items []*node
	if isArray := m.value.kind == '['; isArray != e.Array && len(m.value.each()) == 1 {
		c.mend(kind+"."+m.name, "brought into the form of R4, an array or not")
	}
	for _, i := range m.value.each() {
		if i.empty() && !e.Primitive {
			c.mend(kind+"."+m.name, "empty, left out")
			continue
		}
		if made := c.one(i, e, kind+"."+m.name); made != nil {
			items = append(items, made)
		}
	}
	switch {
	case len(items) == 0:
		return nil
	case e.Array:
		return list(items...)
	case len(items) > 1:
		c.lose(kind+"."+m.name, "R4 has one; the first is kept")
	}
	return items[0]
}

// one brings one value into the form of its type; nil where it cannot be.
func (c *converter) one(v *node, e fhir.Element, place string) *node {
	switch {
	case e.Resource:
		if v.kind == '{' && c.resource(v) != "" {
			return v
		}
		c.lose(place, "R4 has nothing that a resource of this type becomes")
		return nil
	case e.Primitive && v.kind == 0:
		return c.primitive(v, e, place)
	case e.Primitive:
		c.lose(place, "R4 has a single value")
		return nil
	case v.kind == 0 && e.Type == "CodeableConcept":
		c.mend(place, "words where R4 has a concept")
		return object("text", v)
	case v.kind == 0:
		c.lose(place, "R4 has a structure of its own there")
		return nil
	case e.Type == "CodeableConcept" && v.get("coding") == nil && v.get("text") == nil && (v.get("code") != nil || v.get("display") != nil):
		c.mend(place, "a coding where R4 has a concept")
		v = object("coding", list(v))
	case e.Type == "Dosage" && !c.plain:
		dosage(v)
	case e.Type == "Period":
		sameZone(v)
	case e.Type == "Reference" && strings.ContainsAny(v.get("reference").text(), " \t\r\n"):
		words := v.take("reference")
		if v.get("display") == nil {
			v.set("display", words)
		}
		c.lose(place+".reference", "leads nowhere: it holds white space, and is kept as words")
	}
	c.fit(v, e.Type)
	if v.empty() {
		return nil
	}
	return v
}

// sameZone gives an end of a period that lacks its zone that of the other end.
func sameZone(period *node) {
	zone := func(n *node) string {
		if t := n.text(); len(t) > len("2006-01-02T15:04:05") {
			if i := strings.LastIndexAny(t, "Z+-"); i > len("2006-01-02T") {
				return t[i:]
			}
		}
		return ""
	}
	start, end := period.get("start"), period.get("end")
	for _, p := range [][2]*node{{start, end}, {end, start}} {
		if t := p[0].text(); len(t) >= len("2006-01-02T15:04:05") && zone(p[0]) == "" && zone(p[1]) != "" {
			p[0].raw = appendString(nil, t+zone(p[1]))
		}
	}
}

// primitive brings a single value into the form of its type: one that came
// from XML is a string whatever it is, and a local time without its zone, which
// FHIR does not have, is British time.
func (c *converter) primitive(v *node, e fhir.Element, place string) *node {
	text := v.text()
	switch e.Type {
	case "boolean", "integer", "unsignedInt", "positiveInt", "decimal":
		if v.raw[0] == '"' && (text == "true" || text == "false" || isNumeral(text)) {
			return scalar(text)
		}
	case "dateTime", "instant":
		if len(text) < len("2006-01-02T15:04:05") || strings.ContainsAny(text[len("2006-01-02T"):], "Z+-") {
			break
		}
		if at, err := time.ParseInLocation("2006-01-02T15:04:05", text[:19], hl7.London()); err == nil {
			c.lose(place, "a time without a zone, taken as British time")
			return word(at.Format("2006-01-02T15:04:05") + text[19:] + at.Format("-07:00"))
		}
	case "code":
		return word(strings.Join(strings.Fields(text), " "))
	}
	return v
}

func isNumeral(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && strings.Trim(s, "0123456789.-+eE") == ""
}

// crossVersion keeps an element that R4 does not have as the extension that
// HL7 names after it, where its type shows; nil where it does not.
func crossVersion(kind string, m member) *node {
	v := m.value.first()
	if beside(m) || m.name == "" || v == nil || len(m.value.each()) > 1 {
		return nil
	}
	value := ""
	switch {
	case v.kind == 0 && len(v.raw) > 0 && v.raw[0] == '"':
		value = "valueString"
	case v.kind == 0 && (string(v.raw) == "true" || string(v.raw) == "false"):
		value = "valueBoolean"
	case v.kind == 0 && len(v.raw) > 0:
		value = "valueDecimal"
	case onlyHas(v, "reference", "display", "identifier"):
		value = "valueReference"
	case onlyHas(v, "coding", "text"):
		value = "valueCodeableConcept"
	case onlyHas(v, "start", "end"):
		value = "valuePeriod"
	default:
		return nil
	}
	return object("url", word("http://hl7.org/fhir/3.0/StructureDefinition/extension-"+kind+"."+m.name), value, v)
}

func onlyHas(n *node, names ...string) bool {
	return n.kind == '{' && len(n.members) > 0 && !slices.ContainsFunc(n.members, func(m member) bool { return !slices.Contains(names, m.name) })
}

// dosage gathers dose and rate as R4 has them.
func dosage(n *node) {
	if n.get("doseAndRate") != nil {
		return
	}
	rate := object()
	for _, name := range []string{"doseRange", "doseQuantity", "rateRatio", "rateRange", "rateQuantity"} {
		rate.set(name, n.take(name))
	}
	if !rate.empty() {
		n.set("doseAndRate", list(rate))
	}
}

// addressed gives CareConnect extensions the address, and their parts the names, of UK Core.
func addressed(n *node) {
	if n == nil {
		return
	}
	for _, i := range n.items {
		addressed(i)
	}
	for _, m := range n.members {
		if m.name == "resource" || m.name == "contained" {
			continue // has its own turn
		}
		if m.name == "extension" || m.name == "modifierExtension" {
			for _, x := range m.value.each() {
				renameExtension(x)
			}
		}
		addressed(m.value)
	}
}

func renameExtension(x *node) {
	url := x.get("url").text()
	i := strings.LastIndexByte(url, '/')
	name := strings.TrimSuffix(strings.TrimSuffix(url[i+1:], "-1"), "-2")
	if i < 0 || !strings.Contains(url, "/STU3/StructureDefinition/") {
		return
	}
	for _, prefix := range []string{"Extension-CareConnect-GPC-", "Extension-CareConnect-", "Extension-GPConnect-", "Extension-"} {
		if to := ukCoreExtensions[strings.TrimPrefix(name, prefix)]; to != "" && strings.HasPrefix(name, prefix) {
			x.set("url", word("https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"+to))
			reshapeExtension(x, to)
			return
		}
	}
}

// reshapeExtension brings what is in an extension into the form of UK Core.
func reshapeExtension(x *node, name string) {
	switch name {
	case "ListWarningCode":
		if code := x.take("valueCode"); code != nil {
			x.set("valueCodeableConcept", object("coding", list(object("system", word("https://fhir.hl7.org.uk/CodeSystem/UKCore-ListWarningCode"), "code", code))))
		}
	case "CodingSCTDescId":
		for _, p := range x.get("extension").each() {
			switch strings.ToLower(p.get("url").text()) {
			case "descriptionid":
				p.set("url", word("descriptionId"))
				if id := p.take("valueId"); id != nil {
					p.set("valueIdentifier", object("system", word("http://snomed.info/sct"), "value", id))
				}
			case "descriptiondisplay":
				p.set("url", word("descriptionDisplay"))
			}
		}
	case "MedicationRepeatInformation":
		for _, p := range x.get("extension").each() {
			if p.get("url").text() == "numberOfRepeatPrescriptionsIssued" {
				p.set("url", word("numberOfPrescriptionsIssued"))
			}
			p.rename("valuePositiveInt", "valueUnsignedInt")
		}
	}
}
