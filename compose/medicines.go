package compose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// The groups of the medicines list. A status that is not in medicineStatus is
// unknown and never current (CUI MEDv-172, MEDv-173).
const (
	current         = "current"
	recentlyStopped = "recently-stopped"
	past            = "past"
	unknown         = "unknown"
)

// recently is how long a stopped medicine stays above the past ones.
const recently = 90 * 24 * time.Hour

// medicineStatus maps type and status to a group before dates are looked at.
// A dispense or an administration says that something was supplied or given
// once, never that it is being taken now.
var medicineStatus = map[string]string{
	"MedicationStatement active": current, "MedicationStatement intended": current, "MedicationStatement on-hold": current, "MedicationStatement completed": past,
	"MedicationStatement stopped": past, "MedicationStatement not-taken": past, "MedicationStatement unknown": unknown,
	"MedicationRequest active": current, "MedicationRequest on-hold": current, "MedicationRequest cancelled": past, "MedicationRequest completed": past,
	"MedicationRequest stopped": past, "MedicationRequest draft": unknown, "MedicationRequest unknown": unknown,
	"MedicationDispense completed": unknown, "MedicationDispense in-progress": unknown, "MedicationDispense preparation": unknown, "MedicationDispense declined": past,
	"MedicationDispense cancelled": past, "MedicationDispense stopped": past, "MedicationAdministration completed": past, "MedicationAdministration in-progress": unknown,
	"MedicationAdministration not-done": past, "MedicationAdministration stopped": past, "MedicationAdministration on-hold": unknown,
}

// statedMedicine is one statement of a medicine, read.
type statedMedicine struct {
	e             *entry
	name, status  string
	group, course string
	taken         taking
	product       terms.Product
	start, end    Date
	issued, asked Date
	review        Date
	indication    string
	details       []Detail
	parts         []*entry // its authorisation and latest issue
	changed       Date     // when the dose was last changed
	ended         bool     // its end has passed
}

// medicines makes one line of each medicine, however many contributors state it; doses are never merged.
func (c *composer) medicines() {
	plans, stated := c.authorisations()
	list := make([]statedMedicine, 0, len(stated))
	for _, e := range stated {
		m := c.readMedicine(e)
		a := c.planOf(e, plans)
		if a == nil {
			a = plans[e.Type+"/"+e.id]
		}
		if a != nil {
			c.authorised(&m, a)
		}
		list = append(list, m)
	}
	for _, line := range sameMedicines(list) {
		c.r.Medicines.Items = append(c.r.Medicines.Items, c.medicineLine(line))
	}
}

func (c *composer) readMedicine(e *entry) statedMedicine {
	v := e.v
	k := concept(v.Get("medicationCodeableConcept"))
	if k.text == "" {
		k = c.product(v.Get("medicationReference"), v)
	}
	m := statedMedicine{e: e, name: orUnnamed(k.text, "Medicine"), status: v.Get("status").Text()}
	m.product = c.productOf(k)
	dosage := v.Get("dosageInstruction")
	if !dosage.Exists() {
		dosage = v.Get("dosage")
	}
	m.taken = takingOf(dosage)
	if m.product.Form == "" {
		m.product.Form = terms.FormOfRoute(m.taken.route)
	}
	m.start = when(v, "effectivePeriod.start", "effectiveDateTime", "authoredOn", "whenHandedOver", "whenPrepared")
	m.end = when(v, "effectivePeriod.end", "dispenseRequest.validityPeriod.end")
	m.ended = m.end.before(c.in.Now)
	m.asked = when(v, "dateAsserted", "authoredOn", "effectivePeriod.start", "effectiveDateTime", "whenHandedOver")
	m.issued, m.review = dateExtension(v, "LastIssueDate"), dateExtension(v, "ReviewDate", "authorisationExpiryDate")
	m.changed = dateExtension(v, "DosageLastChanged")
	m.indication = c.indication(v)
	m.course = firstText("", concept(v.Get("courseOfTherapyType")).text, codedExtension(v, "PrescriptionType", "prescriptionType"))
	m.details = details("Why stopped", concepts(v.Get("statusReason")), "Supply", quantity(v.First("dispenseRequest.quantity")), "Course", m.course, "Note", notes(v),
		"Prescribed", codedExtension(v, "MedicationPrescribingOrganizationType"), "Dose last changed", m.changed.words())
	m.group = c.medicineGroup(m)
	return m
}

// productOf reads a product once for each name and code: one medicine is stated many times.
func (c *composer) productOf(k said) terms.Product {
	key := k.text
	for _, code := range k.codes {
		key += "|" + code.Code
	}
	p, known := c.products[key]
	if !known {
		p = terms.ProductOf(k.codes, k.text)
		c.products[key] = p
	}
	return p
}

// indication is what a medicine is for, by its words or the problem that it names.
func (c *composer) indication(v fhir.Value) string {
	if words := concepts(v.Get("reasonCode")); words != "" {
		return words
	}
	for _, r := range v.Get("reasonReference").Items() {
		if name := c.condition(r); name != "" {
			return name
		}
	}
	return ""
}

// extended finds an extension by the end of its address, also within another extension.
func extended(v fhir.Value, names ...string) (found fhir.Value, ok bool) {
	for _, x := range v.Get("extension").Items() {
		for _, name := range names {
			if strings.HasSuffix(x.Get("url").Text(), name) {
				return x, true
			}
		}
		if found, ok := extended(x, names...); ok {
			return found, true
		}
	}
	return fhir.Value{}, false
}

func dateExtension(v fhir.Value, names ...string) Date {
	x, _ := extended(v, names...)
	return when(x, "valueDateTime", "valueDate")
}

func codedExtension(v fhir.Value, names ...string) string {
	x, _ := extended(v, names...)
	return concept(x.Get("valueCodeableConcept")).text
}

// product is the medicine that a reference names: within the statement, or sent beside it.
func (c *composer) product(ref, within fhir.Value) said {
	target := ref.Get("reference").Text()
	if id, inside := strings.CutPrefix(target, "#"); inside {
		for _, r := range within.Get("contained").Items() {
			if r.Get("id").Text() == id {
				return concept(r.Get("code"))
			}
		}
	}
	if e := c.byRef[target]; e != nil && e.Type == "Medication" {
		c.from(e)
		return concept(e.v.Get("code"))
	}
	return said{text: ref.Get("display").Text()}
}

func first(v fhir.Value) fhir.Value {
	if items := v.Items(); len(items) > 0 {
		return items[0]
	}
	return fhir.Value{}
}

// medicineGroup is the group of one statement, by its status and then its dates.
func (c *composer) medicineGroup(m statedMedicine) string {
	group, known := medicineStatus[m.e.Type+" "+m.status]
	if intent := m.e.v.Get("intent"); !known || intent.Is("proposal") || intent.Is("option") {
		return unknown // nobody has prescribed what is only proposed
	}
	if group == current && m.ended {
		group = past // active as sent, but its own end has passed
	}
	if group == past {
		end, ok := orDate(m.stopped(), m.asked).Time() // what was asked for lately can only have been stopped lately
		if ok && !end.After(c.in.Now) && c.in.Now.Sub(end) <= recently && m.e.Type != "MedicationAdministration" {
			return recentlyStopped
		}
	}
	return group
}

// stopped is when a medicine that is not current ended: by its own end, by what its contributor dates the change with, or by when
// the version came that says so; "" where its first version says so already and nothing dates it. That it was once asked for says
// nothing of when it was stopped, but for a course or a supply that was completed.
func (m statedMedicine) stopped() Date {
	if m.end != "" && m.ended {
		return m.end
	}
	if m.e.Type == "MedicationAdministration" || m.e.Type == "MedicationDispense" {
		return m.asked
	}
	if d := orDate(dateExtension(m.e.v, "statusChangeDate"), when(m.e.v, "dateAsserted")); d != "" {
		return d
	}
	if meta, err := fhir.Parse(m.e.Meta); err == nil {
		if d := when(meta.Root(), "lastUpdated"); d != "" {
			return d
		}
	}
	switch e := m.e; {
	case e.Version > 1 || !e.At.IsZero() && e.Recorded.Sub(e.At).Abs() > time.Minute: // else it is dated by nobody but us
		return orDate(dateOf(e.At), dateOf(e.Recorded))
	case m.status == "completed":
		return m.asked
	}
	return ""
}

var groupRank = map[string]int{current: 0, unknown: 1, recentlyStopped: 2, past: 3}

// medicineLine joins the statements of one medicine. What stands largest is the preferred contributor's; each other is beside it.
func (c *composer) medicineLine(list []statedMedicine) Medicine {
	slices.SortStableFunc(list, func(a, b statedMedicine) int {
		return cmp.Or(cmp.Compare(groupRank[a.group], groupRank[b.group]), c.prefer(aboutMedicines, a.e.Contributor, b.e.Contributor), cmp.Compare(b.asked.key(), a.asked.key()), cmp.Compare(a.e.ID.Hash, b.e.ID.Hash))
	})
	lead := list[0]
	m := Medicine{Item: Item{Title: lead.name, Kind: "Medicine", Status: lead.said(), Active: lead.group == current, Date: lead.start, Details: lead.details},
		Name: lead.name, Directions: lead.taken.words(), Dose: lead.taken.dose, Route: lead.taken.route, Frequency: lead.taken.often, Times: lead.taken.times, AsNeeded: lead.taken.asNeeded, Maximum: lead.taken.maximum,
		Indication: lead.indication, Course: lead.course, Group: lead.group}
	if lead.group == recentlyStopped || lead.group == past {
		m.Stopped, m.End = lead.stopped(), lead.stopped()
	}
	latest := map[kmcr.ContributorCode]bool{}
	for _, s := range list {
		m.From = append(m.From, c.from(s.e))
		for _, p := range s.parts {
			m.From = append(m.From, c.from(p))
		}
		m.Changed = later(m.Changed, s.changed)
		m.supplied(c, s)
		m.LastIssued, m.Review = later(m.LastIssued, s.issued), later(m.Review, s.review)
		if s.e.Version > 1 && !s.e.At.IsZero() && s.changed == "" && !s.onlyIssued() {
			m.Changed = later(m.Changed, Date(s.e.At.UTC().Format(time.RFC3339)))
		}
		if m.Indication == "" {
			m.Indication = s.indication
		}
		if s.group == current || !latest[s.e.Contributor] { // all that is current, and the latest word of whoever has nothing current
			m.Says = append(m.Says, c.says(s))
			if s.group == current && m.differs(s) && s.e.Contributor == lead.e.Contributor {
				m.Also = append(m.Also, c.says(s))
			}
		}
		latest[s.e.Contributor] = true
	}
	if !c.in.Since.IsZero() {
		m.again(list, c.in.Since)
	}
	if len(latest) > 1 || len(m.Also) > 0 {
		m.JoinedBy = joinedBy(list)
	}
	if len(latest) > 1 {
		m.Conflict = c.medicineConflict(list)
	}
	return m
}

// supplied keeps the last time of which a statement tells that the medicine was dispensed or given.
func (m *Medicine) supplied(c *composer, s statedMedicine) {
	v, into := s.e.v, &m.Dispensed
	given := s.e.Type == "MedicationAdministration"
	if !given && s.e.Type != "MedicationDispense" || s.status != "completed" && s.status != "in-progress" {
		return
	}
	at := when(v, "whenHandedOver", "whenPrepared")
	if given {
		into, at = &m.Given, when(v, "effectiveDateTime", "effectivePeriod.end", "effectivePeriod.start")
	}
	if *into != nil && at.key() <= (*into).Date.key() {
		return
	}
	*into = &Supply{Date: at, Amount: amount(v), By: c.author(s.e), From: c.provenance(s.e)}
	if given {
		(*into).Amount = quantity(v.First("dosage.dose"))
	}
}

// amount is how much was dispensed, and for how long.
func amount(v fhir.Value) string {
	lasts := quantity(v.Get("daysSupply"))
	if days, bare := strings.CutSuffix(lasts, " d"); bare {
		lasts = days + " days"
	}
	return strings.TrimPrefix(quantity(v.Get("quantity"))+orNothing(", for ", lasts), ", ")
}

// onlyIssued tells whether a later version of a statement seems to say no more than that the medicine was issued again: its issue is
// of the days in which the version came.
func (m statedMedicine) onlyIssued() bool {
	at, ok := m.issued.Time()
	return ok && m.group == current && m.e.At.Sub(at) < 7*24*time.Hour && at.Sub(m.e.At) < 7*24*time.Hour
}

// again notes which of the statements that came in since then only issue, supply or give what the line already says.
func (m *Medicine) again(list []statedMedicine, since time.Time) {
	m.issues = map[string]bool{}
	says := map[string]bool{} // what each contributor said before
	said := func(s statedMedicine) string {
		return string(s.e.Contributor) + "|" + s.e.Type + "|" + normalDose(s.name+" "+s.taken.words())
	}
	for _, s := range list {
		if !s.e.Recorded.After(since) {
			says[said(s)] = true
		}
	}
	for _, s := range list {
		for _, p := range s.parts {
			m.issues[p.id] = true
		}
		switch s.e.Type {
		case "MedicationDispense", "MedicationAdministration":
			m.issues[s.e.id] = len(list) > 1
		case "MedicationRequest", "MedicationStatement":
			m.issues[s.e.id] = s.e.Version > 1 && s.onlyIssued() || s.e.Version == 1 && s.group == current && says[said(s)]
		}
	}
}

// differs tells whether s says another product or other directions than stand on the line.
func (m Medicine) differs(s statedMedicine) bool {
	same := func(name, directions string) bool {
		return normalDose(name) == normalDose(s.name) && normalDose(directions) == normalDose(s.taken.words())
	}
	return !same(m.Name, m.Directions) && !slices.ContainsFunc(m.Also, func(a MedicineSource) bool { return same(a.Name, a.Directions) })
}

func later(a, b Date) Date {
	if b.key() > a.key() {
		return b
	}
	return a
}

// said is the status in words; one that the table of statuses does not hold is not known.
func (m statedMedicine) said() string {
	if m.group == unknown {
		return "Status not known"
	}
	return terms.Say(terms.Status, m.status)
}

func (c *composer) says(s statedMedicine) MedicineSource {
	return MedicineSource{Name: s.name, Dose: s.taken.dose, Directions: s.taken.words(), Status: s.said(), Current: s.group == current, Date: orDate(s.asked, s.start), Started: s.start, Ended: s.end, LastIssued: s.issued, From: c.provenance(s.e)}
}

// medicineConflict marks a line on which contributors give different current doses, or one has stopped what another has active.
func (c *composer) medicineConflict(list []statedMedicine) string {
	var values []ConflictValue
	doses := map[kmcr.ContributorCode][]string{}
	held, taken := map[kmcr.ContributorCode]bool{}, map[kmcr.ContributorCode]bool{} // by whom it is on hold, and by whom it is not
	var began, ended Date                                                           // of what is current the earliest, of what is stopped the latest
	seen := map[kmcr.ContributorCode]bool{}
	for _, s := range list {
		by := s.e.Contributor
		if s.group != current && seen[by] {
			continue
		}
		switch {
		case s.group == current:
			if dose := normalDose(s.name + " " + s.taken.words()); !slices.Contains(doses[by], dose) {
				doses[by] = append(doses[by], dose)
			}
			if s.status == "on-hold" {
				held[by] = true
			} else {
				taken[by] = true
			}
			if began == "" || s.start.key() < began.key() {
				began = s.start
			}
		case saysStopped(s):
			ended = later(ended, orDate(s.stopped(), "unknown"))
		}
		seen[by] = true
		values = append(values, ConflictValue{Value: s.name + orNothing(": ", s.taken.words()) + " (" + strings.ToLower(s.said()) + ")", Date: orDate(s.asked, s.start), From: c.provenance(s.e)})
	}
	// What one stopped long before another began it is a new course, not a disagreement.
	stoppedBefore := ended.before(c.in.Now.Add(-recently)) && ended.key() < began.key()
	if differentDoses(doses) || anotherThan(held, taken) || len(doses) > 0 && ended != "" && !stoppedBefore {
		return c.conflict(aboutMedicines, "Medicine: "+list[0].name, kmcr.Medicines, "medicine|"+medicineKey(list), values)
	}
	return ""
}

// anotherThan tells whether a contributor is in one set and a different one in the other.
func anotherThan(a, b map[kmcr.ContributorCode]bool) bool {
	for x := range a {
		for y := range b {
			if x != y {
				return true
			}
		}
	}
	return false
}

// saysStopped tells whether a statement says that the medicine is no longer taken; that one supply or one dose is over says nothing of it.
func saysStopped(s statedMedicine) bool {
	return (s.group == recentlyStopped || s.group == past) && (s.e.Type == "MedicationStatement" || s.e.Type == "MedicationRequest")
}

// differentDoses tells whether two contributors do not list the same current doses.
func differentDoses(doses map[kmcr.ContributorCode][]string) bool {
	lists := map[string]bool{}
	for _, list := range doses {
		slices.Sort(list)
		lists[strings.Join(list, "|")] = true
	}
	return len(lists) > 1
}

func orNothing(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

// normalDose is a dose for comparison only; what is shown is as sent.
func normalDose(s string) string {
	text := []rune(strings.ToLower(s))
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for i, r := range text {
		if strings.ContainsRune(" ,.;-–", r) && !(digit(i-1) && digit(i+1) && r != ' ') { // 2.5 is not 2-5, nor 2 5
			text[i] = ' '
		}
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// unlessForbidden places a request, but for one that says that something must not be given or done (doNotPerform): that is an alert.
func (c *composer) unlessForbidden(e *entry, place func()) {
	if e.v.Get("doNotPerform").Text() != "true" {
		place()
		return
	}
	k, words := concept(e.v.Get("code")), "Must not be done: "
	if e.Type == "MedicationRequest" {
		if k, words = concept(e.v.Get("medicationCodeableConcept")), "Must not be given: "; k.text == "" {
			k = c.product(e.v.Get("medicationReference"), e.v)
		}
	}
	st := e.v.Get("status").Text()
	c.r.Alerts.Items = append(c.r.Alerts.Items, Item{Title: words + orUnnamed(k.text, "what is not named"), Kind: "Not to be given or done", Status: terms.Say(terms.Status, st), Active: st == "active",
		Date: when(e.v, "authoredOn"), Details: details("Why", concepts(e.v.Get("reasonCode")), "Directions", takingOf(e.v.Get("dosageInstruction")).words(), "Note", notes(e.v)), From: []Provenance{c.from(e)}})
}
