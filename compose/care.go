package compose

import (
	"encoding/base64"
	"slices"
	"strings"

	"kmcr"
	"kmcr/extract"
	"kmcr/fhir"
	"kmcr/terms"
)

func (c *composer) encounter(e *entry) {
	v := e.v
	class := first(v.Get("class")).Get("code").Text()
	if class == "" {
		class = v.Get("class").Get("code").Text()
	}
	if strings.HasSuffix(v.First("class.system").Text(), "NullFlavor") {
		class = "" // that it is not known is no class
	}
	reasons := concepts(v.Get("reasonCode"))
	reason := reasons
	if reason == "" {
		for _, r := range append(v.Get("reasonReference").Items(), v.Get("diagnosis").Items()...) {
			if name := c.condition(r); name != "" {
				reason = name
				break
			}
		}
	}
	for _, d := range v.Get("diagnosis").Items() {
		if name := c.condition(d); name != "" && !strings.Contains(reason, name) {
			reason = strings.TrimPrefix(reason+"; "+name, "; ")
		}
	}
	code := concept(v.Get("reasonCode")).code
	st := v.Get("status").Text()
	x := Encounter{Class: terms.Say(terms.EncounterClass, class), Organisation: c.nameOf(v.Get("serviceProvider")), Ward: c.ward(v), Reason: reason, How: extension(v, "AdmissionMethod", terms.AdmissionMethod),
		Expected: extensionDate(v, "xpectedDischarge"), Destination: destination(v)}
	if x.Organisation == "" {
		if s := c.sources[e.Contributor]; s != nil {
			x.Organisation, x.Telephone = s.OrganisationName, s.Telephone
		}
	} else if s := c.sources[e.Contributor]; s != nil && (s.OrganisationName == x.Organisation || s.OrganisationName == "") {
		x.Telephone = s.Telephone
	}
	x.Item = Item{Title: encounterTitle(x.Class, concepts(v.Get("type")), st), Plain: terms.Plain(code, reason), Kind: "Encounter", Status: terms.Say(terms.Status, st), Date: when(v, "period.start"), End: when(v, "period.end"), From: []Provenance{c.from(e)}}
	x.Active = st == "in-progress" || st == "onleave" || st == "arrived" || st == "triaged"
	x.Now = x.Active && (x.Class == "inpatient" || x.Class == "emergency department" || x.Class == "observation" || x.Class == "day or short stay") && !x.End.before(c.in.Now) && !c.longGone(v)
	x.Details = details("Discharge", extension(v, "DischargeMethod", terms.DischargeMethod), "Service", terms.Say(terms.Specialty, concept(v.Get("serviceType")).text), "With", c.participants(v), "Note", notes(v))
	for _, flag := range v.Path("extension") {
		if strings.Contains(flag.Get("url").Text(), "data-quality") {
			x.Details = append(x.Details, Detail{"Data quality", flag.Get("valueString").Text()})
		}
	}
	c.r.Encounters.Items = append(c.r.Encounters.Items, x)
}

// inVisit is the part that somebody has in a visit, in words for readers.
func inVisit(part string) string {
	switch strings.ToLower(part) {
	case "attender", "atnd":
		return "Clinician in charge"
	case "admitter", "adm":
		return "Admitted by"
	case "referrer", "ref":
		return "Referred by"
	}
	return part
}

func encounterTitle(class, kind, st string) string {
	title := kind
	if title == "" {
		title = map[string]string{"inpatient": "Admission", "emergency department": "Emergency attendance", "outpatient or clinic": "Contact", "home visit": "Home visit"}[class]
	}
	if title == "" {
		title = orUnnamed(class, "Contact")
	}
	if st == "cancelled" {
		title += " (cancelled)"
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

// condition is the name of the Condition that a reference (or a diagnosis with one) leads to.
func (c *composer) condition(v fhir.Value) string {
	ref := v
	if inner := v.Get("condition"); inner.Exists() {
		ref = inner
	}
	if d := ref.Get("display").Text(); d != "" {
		return d
	}
	if e := c.byRef[ref.Get("reference").Text()]; e != nil && e.Type == "Condition" {
		return concept(e.v.Get("code")).text
	}
	return ""
}

// ward is where in the hospital: the last location that is not over, else the last of all.
func (c *composer) ward(v fhir.Value) (ward string) {
	last := ""
	for _, l := range v.Get("location").Items() {
		name := c.nameOf(l.Get("location"))
		if name == "" {
			continue
		}
		if last = name; l.Get("status").Text() != "completed" {
			ward = name
		}
	}
	return firstText(last, ward)
}

func (c *composer) participants(v fhir.Value) string {
	var names []string
	for _, p := range v.Get("participant").Items() {
		if name := c.nameOf(p.Get("individual")); name != "" {
			if kind := concepts(p.Get("type")); kind != "" {
				name += " (" + kind + ")"
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// extension reads a coded extension by the end of its address, in words where the list has them.
func extension(v fhir.Value, name string, table terms.Table) string {
	for _, x := range append(v.Get("extension").Items(), v.Path("hospitalization.extension")...) {
		if !strings.Contains(x.Get("url").Text(), name) {
			continue
		}
		k := concept(x.Get("valueCodeableConcept"))
		if words, ok := terms.Words(table, k.code); ok {
			return words
		}
		return k.text
	}
	return ""
}

func extensionDate(v fhir.Value, name string) Date {
	for _, x := range append(v.Get("extension").Items(), v.Path("hospitalization.extension")...) {
		if strings.Contains(x.Get("url").Text(), name) || strings.Contains(strings.ToLower(x.Get("url").Text()), "expected-discharge") {
			return when(x, "valueDateTime", "valueDate")
		}
	}
	return ""
}

func destination(v fhir.Value) string {
	k := concept(v.First("hospitalization.dischargeDisposition"))
	if words, ok := terms.Words(terms.DischargeDestination, k.code); ok {
		return words
	}
	return k.text
}

func (c *composer) appointment(e *entry) {
	v := e.v
	title := v.Get("description").Text()
	for _, t := range []string{concepts(v.Get("serviceType")), concept(v.Get("appointmentType")).text, concepts(v.Get("specialty"))} {
		if title == "" {
			title = t
		}
	}
	var with []string
	for _, p := range v.Get("participant").Items() {
		if name := c.nameOf(p.Get("actor")); name != "" {
			with = append(with, name)
		}
	}
	st := v.Get("status").Text()
	at := when(v, "start", "requestedPeriod.start")
	c.r.Appointments.Items = append(c.r.Appointments.Items, Item{Title: orUnnamed(title, "Appointment"), Kind: "Appointment", Status: terms.Say(terms.Status, st), Date: at, End: when(v, "end"),
		Active:  !at.before(c.in.Now) && slices.Contains([]string{"booked", "proposed", "pending", "arrived", "checked-in", "waitlist"}, st),
		Details: details("With", strings.Join(with, ", "), "Reason", concepts(v.Get("reasonCode")), "Note", v.Get("comment").Text(), "For the person", v.Get("patientInstruction").Text(), "Why cancelled", concept(v.Get("cancelationReason")).text), From: []Provenance{c.from(e)}})
}

func (c *composer) referral(e *entry) {
	v := e.v
	st := v.Get("status").Text()
	c.r.Referrals.Items = append(c.r.Referrals.Items, Item{Title: firstText(orUnnamed("", firstText("Referral", concepts(v.Get("category")))), concept(v.Get("code")).text, concepts(v.Get("reasonCode"))), Kind: "Referral or request", Status: terms.Say(terms.Status, st), Active: st == "active" || st == "draft" || st == "on-hold",
		Date: when(v, "authoredOn", "occurrenceDateTime", "occurrencePeriod.start"), Details: details("Category", concepts(v.Get("category")), "Reason", concepts(v.Get("reasonCode")), "Priority", v.Get("priority").Text(), "From", c.nameOf(v.Get("requester")), "To", c.nameOf(first(v.Get("performer"))), "Note", notes(v)),
		From: []Provenance{c.from(e)}})
}

func firstText(other string, candidates ...string) string {
	for _, t := range candidates {
		if t != "" {
			return t
		}
	}
	return other
}

func (c *composer) document(e *entry) {
	v := e.v
	if e.Type == "Binary" {
		c.attach(e, "Attached file", Document{ContentType: v.Get("contentType").Text(), Size: fhir.DataSize(v), HasContent: fhir.DataSize(v) > 0}, "")
		return
	}
	kind := concept(v.Get("type")).text
	title := firstText(kind, v.First("content.attachment.title").Text(), v.Get("description").Text(), v.Get("title").Text())
	contents := v.Get("content").Items()
	if len(contents) == 0 {
		c.attach(e, orUnnamed(title, "Document"), Document{ContentType: "text/html", HasContent: v.Get("text").Exists() || v.Get("section").Exists()}, kind)
		return
	}
	a := contents[0].Get("attachment")
	size := fhir.DataSize(a)
	c.attach(e, orUnnamed(title, "Document"), Document{ContentType: a.Get("contentType").Text(), Size: size, HasContent: size > 0}, kind)
}

func (c *composer) attachment(e *entry, title string, a fhir.Value) {
	size := fhir.DataSize(a)
	c.attach(e, firstText(title, a.Get("title").Text()), Document{ContentType: a.Get("contentType").Text(), Size: size, HasContent: size > 0}, "")
}

func (c *composer) attach(e *entry, title string, d Document, kind string) {
	v := e.v
	d.Item = Item{Title: title, Kind: "Document", Status: status(v.Get("status")), Active: v.Get("status").Text() != "superseded", Date: when(v, "context.period.start", "date", "effectiveDateTime", "issued"),
		Details: details("Type", kind, "Description", v.Get("description").Text(), "Setting", concept(v.First("context.practiceSetting")).text), From: []Provenance{c.from(e)}}
	d.words = func() string { return c.wordsOf(v) }
	c.r.Documents.Items = append(c.r.Documents.Items, d)
}

// wordsOf is the text inside a document: of its files, as far as they can be read, and of its sections.
func (c *composer) wordsOf(v fhir.Value) string {
	var out []string
	files := append(v.Path("content.attachment"), v.Get("presentedForm").Items()...)
	for _, a := range append(files, v) {
		if in := c.byRef[a.Get("url").Text()]; in != nil && in.Type == "Binary" {
			a = in.v
		}
		if a.Get("contentType").Exists() {
			out = append(out, fileWords(a))
		}
	}
	out = append(out, extract.HTML(v.First("text.div").Text()))
	return strings.Join(append(out, sectionWords(v, 0)...), " ")
}

func fileWords(a fhir.Value) string {
	if said := fhir.ApartWords(a); said != "" {
		return said
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a.Get("data").Text()), ""))
	if err != nil {
		return ""
	}
	return extract.Words(a.Get("contentType").Text(), data)
}

// sectionWords are the texts of a Composition's sections, one in another.
func sectionWords(v fhir.Value, depth int) (out []string) {
	for _, s := range v.Get("section").Items() {
		out = append(out, s.Get("title").Text(), extract.HTML(s.First("text.div").Text()))
		if depth < mostNested {
			out = append(out, sectionWords(s, depth+1)...)
		}
	}
	return out
}

// episode is a social care service or package, or an episode with a team.
func (c *composer) episode(e *entry) {
	v := e.v
	st := v.Get("status").Text()
	organisation := c.nameOf(v.Get("managingOrganization"))
	item := Item{Title: orUnnamed(concepts(v.Get("type")), "Service"), Kind: "Service", Status: terms.Say(terms.Status, st), Active: st == "active" || st == "onhold" || st == "planned" || st == "waitlist", Date: when(v, "period.start"), End: when(v, "period.end"), From: []Provenance{c.from(e)}}
	for _, x := range v.Get("extension").Items() {
		url := x.Get("url").Text()
		label := words(url[strings.LastIndexAny(url, "/:")+1:])
		item.Details = append(item.Details, details(label, valueText(x))...)
	}
	if e.Section == kmcr.SocialCare {
		s := Service{Item: item, Provider: organisation}
		for _, d := range item.Details {
			switch strings.ToLower(strings.ReplaceAll(d.Label, "-", " ")) {
			case "provider":
				s.Provider = d.Value
			case "service component":
				s.Component = d.Value
			case "delivery mechanism":
				s.Delivery = d.Value
			case "planned units", "planned units per week":
				s.Quantity = d.Value + " a week"
			}
		}
		c.r.SocialCare.Items = append(c.r.SocialCare.Items, s)
		return
	}
	c.r.Encounters.Items = append(c.r.Encounters.Items, Encounter{Item: item, Class: "episode", Organisation: organisation})
}

func (c *composer) flag(e *entry) {
	v := e.v
	st := v.Get("status").Text()
	k := concept(v.Get("code"))
	item := Item{Title: orUnnamed(k.text, "Alert"), Plain: terms.Plain(k.code, ""), Kind: orUnnamed(concepts(v.Get("category")), "Alert"), Status: terms.Say(terms.Status, st), Active: st == "active" && !when(v, "period.end").before(c.in.Now), Date: when(v, "period.start"), End: when(v, "period.end"), From: []Provenance{c.from(e)}}
	if st == "active" && !item.Active {
		item.Status = "Ended"
	}
	if e.Section == kmcr.Safeguarding {
		c.r.Safeguarding.Items = append(c.r.Safeguarding.Items, item)
		return
	}
	c.r.Alerts.Items = append(c.r.Alerts.Items, item)
}

func (c *composer) plan(e *entry) {
	v := e.v
	st := firstText(v.Get("status").Text(), v.Get("lifecycleStatus").Text())
	title := firstText("", v.Get("title").Text(), concept(v.Get("description")).text, concept(v.Get("code")).text, concepts(v.Get("category")), v.First("provision.code.text").Text())
	if e.Type == "CarePlan" {
		title = firstText(concepts(v.Get("category")), v.Get("title").Text())
	}
	var activities []string
	for _, a := range v.Get("activity").Items() {
		if t := firstText("", a.First("detail.description").Text(), concept(a.First("detail.code")).text, c.nameOf(a.Get("reference"))); t != "" {
			activities = append(activities, t)
		}
	}
	var outcomes []string
	for _, p := range v.Get("prediction").Items() {
		outcomes = append(outcomes, concept(p.Get("outcome")).text)
	}
	c.r.Plans.Items = append(c.r.Plans.Items, Item{Title: orUnnamed(title, "Plan"), Kind: planKinds[e.Type], Status: terms.Say(terms.Status, st), Active: !slices.Contains([]string{"completed", "revoked", "cancelled", "rejected", "inactive", "stopped"}, st),
		Date: when(v, "created", "period.start", "dateTime", "startDate", "occurrenceDateTime", "date", "statusDate"), End: when(v, "period.end", "provision.period.end"),
		Details: details("Plan", planText(v), "Activities", strings.Join(activities, "; "), "Outcome", strings.Join(outcomes, ", "), "Decision", v.First("provision.type").Text(), "Rule", concept(v.Get("policyRule")).text, "Note", notes(v)), From: []Provenance{c.from(e)}})
}

// planKinds are the kinds of plans, wishes and risks for readers.
var planKinds = map[string]string{"CarePlan": "Care plan", "Goal": "Goal", "Consent": "Decision or consent", "RiskAssessment": "Risk assessment", "AdverseEvent": "Adverse event"}

func planText(v fhir.Value) string { return v.Get("description").Text() }
