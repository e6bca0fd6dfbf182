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
		Details: details("With", strings.Join(with, ", "), "Reason", concepts(v.Get("reasonCode")), "Because of", c.because(v), "Note", v.Get("comment").Text(), "For the person", v.Get("patientInstruction").Text(), "Why cancelled", concept(v.Get("cancelationReason")).text), From: []Provenance{c.from(e)}})
}

func (c *composer) referral(e *entry) {
	v := e.v
	st := v.Get("status").Text()
	c.r.Referrals.Items = append(c.r.Referrals.Items, Item{Title: firstText(orUnnamed("", firstText("Referral", concepts(v.Get("category")))), concept(v.Get("code")).text, concepts(v.Get("reasonCode"))), Kind: "Referral or request", Status: terms.Say(terms.Status, st), Active: st == "active" || st == "draft" || st == "on-hold",
		Date: when(v, "authoredOn", "occurrenceDateTime", "occurrencePeriod.start"), Details: details("Category", concepts(v.Get("category")), "Reason", concepts(v.Get("reasonCode")), "Priority", v.Get("priority").Text(), "From", c.nameOf(v.Get("requester")), "To", c.nameOf(first(v.Get("performer"))), "Wanted", wanted(v), "When needed", concept(v.Get("asNeededCodeableConcept")).text, "Body site", concepts(v.Get("bodySite")),
			"Because of", c.because(v), "For the person", v.Get("patientInstruction").Text(), "Note", notes(v)),
		From: []Provenance{c.from(e)}})
}

// wanted is when something asked for is to be done.
func wanted(v fhir.Value) string {
	at := when(v, "occurrenceDateTime").moment()
	return firstText(at, periodText(v.Get("occurrencePeriod")))
}

// because are the problems that a request or an appointment refers to.
func (c *composer) because(v fhir.Value) string {
	var out []string
	for _, r := range v.Get("reasonReference").Items() {
		if name := firstText(c.nameOrCode(r), c.condition(r)); name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
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
	if kind == title {
		kind = ""
	}
	d.Item = Item{Title: title, Kind: "Document", Status: status(v.Get("status")), Active: v.Get("status").Text() != "superseded", Date: when(v, "context.period.start", "date", "effectiveDateTime", "issued"),
		Details: details("Type", kind, "Description", v.Get("description").Text(), "Setting", concept(v.First("context.practiceSetting")).text), From: []Provenance{c.from(e)}}
	switch code := v.Get("docStatus").Text(); code {
	case "", "final":
	case "entered-in-error":
		d.Item.Active, d.Item.Status = false, "Entered in error: do not rely on it"
	default:
		d.Item.Status = strings.TrimPrefix(d.Item.Status+", "+strings.ToLower(terms.Say(terms.Status, code)), ", ")
	}
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
		if strings.HasSuffix(url, "ended-by-absence") {
			label = "Ended because the source no longer sends it, as of"
		}
		item.Details = append(item.Details, details(label, extensionWords(x, 0))...)
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

// extensionWords is what an extension says: its value, or what the extensions within it say.
func extensionWords(x fhir.Value, depth int) string {
	if t := valueOf(x); t != "" || depth > mostNested {
		return t
	}
	var out []string
	for _, inner := range x.Get("extension").Items() {
		url := inner.Get("url").Text()
		if t := extensionWords(inner, depth+1); t != "" {
			out = append(out, words(url[strings.LastIndexAny(url, "/:")+1:])+": "+t)
		}
	}
	return strings.Join(out, "; ")
}

func (c *composer) flag(e *entry) {
	v := e.v
	st := v.Get("status").Text()
	k := concept(v.Get("code"))
	item := Item{Title: orUnnamed(k.text, "Alert"), Plain: terms.Plain(k.code, ""), Kind: firstText("Alert", concepts(v.Get("category"))), Status: terms.Say(terms.Status, st), Active: st == "active" && !when(v, "period.end").before(c.in.Now), Date: when(v, "period.start"), End: when(v, "period.end"), From: []Provenance{c.from(e)}}
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
		if t := firstText("", a.First("detail.description").Text(), concept(a.First("detail.code")).text, c.nameOrCode(a.Get("reference"))); t != "" {
			if st := a.First("detail.status").Text(); st != "" && st != "in-progress" && st != "unknown" {
				t += " " + bracketed(strings.ToLower(terms.Say(terms.Status, st)))
			}
			activities = append(activities, t)
		}
	}
	item := Item{Title: orUnnamed(title, "Plan"), Kind: planKinds[e.Type], Status: terms.Say(terms.Status, st), Active: !slices.Contains([]string{"completed", "revoked", "cancelled", "rejected", "inactive", "stopped"}, st),
		Date: when(v, "created", "period.start", "dateTime", "startDate", "occurrenceDateTime", "occurrencePeriod.start", "date", "statusDate"), End: when(v, "period.end", "provision.period.end"),
		Details: details("Plan", planText(v), "Activities", strings.Join(activities, "; "), "Decision", c.provision(v.Get("provision"), 0), "Rule", concept(v.Get("policyRule")).text), From: []Provenance{c.from(e)}}
	if item.Active && item.End.before(c.in.Now) {
		item.Active, item.Status = false, "Ended"
	}
	if says := refusal(v.Get("provision")); says != "" {
		item.Title += ": " + says
	}
	item.Details = append(item.Details, c.risks(v)...)
	item.Details = append(item.Details, details("For", c.addressed(v), "Goals", c.goals(v), "Event", concept(v.Get("event")).text, "Priority", concept(v.Get("priority")).text, "Achieved", concept(v.Get("achievementStatus")).text, "Target", c.targets(v), "Why this status", concepts(v.Get("statusReason")),
		"Severity", concept(v.Get("seriousness")).text, "Outcome", concept(v.Get("outcome")).text, "Note", notes(v))...)
	c.r.Plans.Items = append(c.r.Plans.Items, item)
}

// addressed are the problems that a plan or goal is for, by name.
func (c *composer) addressed(v fhir.Value) string {
	var out []string
	for _, a := range v.Get("addresses").Items() {
		if name := firstText(concept(a).text, c.condition(a), c.nameOrCode(a)); name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// goals are those that a plan refers to, in their words.
func (c *composer) goals(v fhir.Value) string {
	var out []string
	for _, g := range v.Get("goal").Items() {
		if e := c.byRef[g.Get("reference").Text()]; e != nil && e.Type == "Goal" {
			out = append(out, concept(e.v.Get("description")).text)
		} else if name := g.Get("display").Text(); name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, "; ")
}

// provision says what a consent agrees to or refuses, for whom and until when, and what it excepts.
func (c *composer) provision(p fhir.Value, depth int) string {
	if !p.Exists() || depth > mostNested {
		return ""
	}
	word := map[string]string{"deny": "Refuses", "permit": "Agrees to"}[p.Get("type").Text()]
	var whom []string
	for _, a := range p.Get("actor").Items() {
		if name := firstText("", c.relative(a.Get("reference")), c.nameOf(a.Get("reference"))); name != "" {
			whom = append(whom, strings.TrimSpace(name+" "+bracketed(concept(a.Get("role")).text)))
		}
	}
	what := concepts(p.Get("code"))
	if word != "" && what == "" {
		what = firstText("what is not named", concepts(p.Get("action")), concepts(p.Get("class")), concepts(p.Get("purpose")))
	}
	says := strings.TrimSpace(word + " " + what)
	for _, more := range details(" by ", strings.Join(whom, ", "), ", ", periodText(p.Get("period"))) {
		says += more.Label + more.Value
	}
	for _, inner := range p.Get("provision").Items() {
		if t := c.provision(inner, depth+1); t != "" {
			says += "; except: " + t
		}
	}
	return says
}

// refusal is what a decision is about in few words, for its title; "" where it names nothing.
func refusal(p fhir.Value) string {
	word := map[string]string{"deny": "refuses ", "permit": "agrees to "}[p.Get("type").Text()]
	what := concepts(p.Get("code"))
	if word == "" || what == "" {
		return ""
	}
	return word + what
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func periodText(p fhir.Value) string {
	if !p.Get("start").Exists() && !p.Get("end").Exists() {
		return ""
	}
	return span(p)
}

// risks are the predictions of a risk assessment with how likely each is, and what is done about them.
func (c *composer) risks(v fhir.Value) []Detail {
	var out []Detail
	for _, p := range v.Get("prediction").Items() {
		likely := firstText("", concept(p.Get("qualitativeRisk")).text, orNothing("probability ", p.Get("probabilityDecimal").Text()), rangeText(p.Get("probabilityRange")))
		if likely != "" && concept(p.Get("qualitativeRisk")).text != "" {
			likely += orNothing(", probability ", firstText("", p.Get("probabilityDecimal").Text(), rangeText(p.Get("probabilityRange"))))
		}
		within := firstText("", periodText(p.Get("whenPeriod")), rangeText(p.Get("whenRange")))
		out = append(out, details("Risk", strings.TrimPrefix(concept(p.Get("outcome")).text+orNothing(": ", likely)+orNothing(", ", within), ": "), "Because", p.Get("rationale").Text())...)
	}
	return append(out, details("To lessen it", v.Get("mitigation").Text(), "Judged by", concept(v.Get("method")).text)...)
}

// targets are what a goal aims at.
func (c *composer) targets(v fhir.Value) string {
	var out []string
	for _, t := range v.Get("target").Items() {
		aim := firstText("", quantity(t.Get("detailQuantity")), rangeText(t.Get("detailRange")), concept(t.Get("detailCodeableConcept")).text, t.Get("detailString").Text(), t.Get("detailInteger").Text(), ratio(t.Get("detailRatio")))
		aim = strings.TrimSpace(concept(t.Get("measure")).text + " " + aim)
		if by := Date(t.Get("dueDate").Text()).words(); by != "" {
			aim = strings.TrimSpace(aim + " by " + by)
		}
		if aim != "" {
			out = append(out, aim)
		}
	}
	return strings.Join(out, "; ")
}

// planKinds are the kinds of plans, wishes and risks for readers.
var planKinds = map[string]string{"CarePlan": "Care plan", "Goal": "Goal", "Consent": "Decision or consent", "RiskAssessment": "Risk assessment", "AdverseEvent": "Adverse event"}

func planText(v fhir.Value) string { return v.Get("description").Text() }
