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
	e                         *entry
	name, dose, route, often  string
	status, group             string
	start, end, issued, asked Date
	details                   []Detail
	key, how                  string
}

// medicines makes one line of each medicine, however many contributors state it; doses are never merged.
func (c *composer) medicines() {
	lines := map[string][]statedMedicine{}
	var order []string
	for _, e := range c.medicine {
		m := c.readMedicine(e)
		if _, known := lines[m.key]; !known {
			order = append(order, m.key)
		}
		lines[m.key] = append(lines[m.key], m)
	}
	for _, key := range order {
		c.r.Medicines.Items = append(c.r.Medicines.Items, c.medicineLine(lines[key]))
	}
}

func (c *composer) readMedicine(e *entry) statedMedicine {
	v := e.v
	k := concept(v.Get("medicationCodeableConcept"))
	if k.text == "" {
		k = c.product(v.Get("medicationReference"), v)
	}
	m := statedMedicine{e: e, name: orUnnamed(k.text, "Medicine"), status: v.Get("status").Text()}
	m.key, m.how = terms.MedicineKey(k.codes, k.text)
	dosage := v.Get("dosageInstruction")
	if !dosage.Exists() {
		dosage = v.Get("dosage")
	}
	m.dose, m.route, m.often = doseText(dosage), concept(first(dosage).Get("route")).text, frequency(first(dosage))
	m.start = when(v, "effectivePeriod.start", "effectiveDateTime", "authoredOn", "whenHandedOver", "whenPrepared")
	m.end = when(v, "effectivePeriod.end", "dispenseRequest.validityPeriod.end")
	m.asked = when(v, "dateAsserted", "authoredOn", "effectivePeriod.start", "effectiveDateTime", "whenHandedOver")
	for _, x := range v.Get("extension").Items() {
		if strings.HasSuffix(x.Get("url").Text(), "MedicationStatementLastIssueDate") {
			m.issued = Date(x.Get("valueDateTime").Text())
		}
	}
	m.details = details("For", concepts(v.Get("reasonCode")), "Why stopped", concepts(v.Get("statusReason")), "Supply", quantity(v.First("dispenseRequest.quantity")), "Note", notes(v))
	m.group = c.medicineGroup(m)
	return m
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

// doseText is the dose as sent: its text, or its structured parts in words.
func doseText(dosage fhir.Value) string {
	var all []string
	for _, d := range dosage.Items() {
		text := d.Get("text").Text()
		if text == "" {
			parts := []string{quantity(d.First("doseAndRate.doseQuantity")), concept(d.Get("route")).text, frequency(d)}
			if d.Get("asNeededBoolean").Text() == "true" {
				parts = append(parts, "when needed")
			}
			if why := concept(d.Get("asNeededCodeableConcept")).text; why != "" {
				parts = append(parts, "when needed for "+why)
			}
			text = strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
		}
		if more := d.Get("patientInstruction").Text(); more != "" && more != text {
			text = strings.TrimSpace(text + ". " + more)
		}
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; then ")
}

var periodUnits = map[string]string{"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}

func frequency(d fhir.Value) string {
	timing := d.Get("timing")
	if t := concept(timing.Get("code")).text; t != "" {
		return t
	}
	r := timing.Get("repeat")
	n, period, unit := r.Get("frequency").Text(), r.Get("period").Text(), periodUnits[r.Get("periodUnit").Text()]
	switch {
	case unit == "":
		return ""
	case n == "":
		n = "1"
	}
	if period == "" || period == "1" {
		return n + " times a " + unit
	}
	return n + " times every " + period + " " + unit + "s"
}

// medicineGroup is the group of one statement, by its status and then its dates.
func (c *composer) medicineGroup(m statedMedicine) string {
	group, known := medicineStatus[m.e.Type+" "+m.status]
	if !known {
		return unknown
	}
	if group == current && m.end.before(c.in.Now) {
		group = past // active as sent, but its own end has passed
	}
	if group == past {
		end, ok := m.stopped().Time()
		if ok && !end.After(c.in.Now) && c.in.Now.Sub(end) <= recently && m.e.Type != "MedicationAdministration" {
			return recentlyStopped
		}
	}
	return group
}

// stopped is when a medicine that is not current ended, as near as is known.
func (m statedMedicine) stopped() Date {
	if m.end != "" {
		return m.end
	}
	return m.asked
}

var groupRank = map[string]int{current: 0, unknown: 1, recentlyStopped: 2, past: 3}

// medicineLine joins the statements of one medicine. What stands largest is the preferred contributor's; each other is beside it.
func (c *composer) medicineLine(list []statedMedicine) Medicine {
	slices.SortStableFunc(list, func(a, b statedMedicine) int {
		return cmp.Or(cmp.Compare(groupRank[a.group], groupRank[b.group]), cmp.Compare(c.authority(b.e), c.authority(a.e)), cmp.Compare(b.asked.key(), a.asked.key()), cmp.Compare(a.e.ID.Hash, b.e.ID.Hash))
	})
	lead := list[0]
	m := Medicine{Item: Item{Title: lead.name, Kind: "Medicine", Status: terms.Say(terms.Status, lead.status), Active: lead.group == current, Date: lead.start, Details: lead.details},
		Name: lead.name, Dose: lead.dose, Route: lead.route, Frequency: lead.often, Group: lead.group, LastIssued: lead.issued}
	if lead.group == unknown {
		m.Status = "Status not known"
	}
	if lead.group == recentlyStopped || lead.group == past {
		m.Stopped, m.End = lead.stopped(), lead.stopped()
	}
	latest := map[kmcr.ContributorCode]bool{}
	for _, s := range list {
		m.From = append(m.From, c.from(s.e))
		if s.group == current || !latest[s.e.Contributor] { // all that is current, and the latest word of whoever has nothing current
			m.Says = append(m.Says, MedicineSource{Name: s.name, Dose: s.dose, Status: terms.Say(terms.Status, s.status), Date: orDate(s.asked, s.start), From: c.provenance(s.e)})
		}
		latest[s.e.Contributor] = true
	}
	if len(latest) > 1 {
		m.JoinedBy = lead.how
		m.Conflict = c.medicineConflict(lead.name, lead.key, list)
	}
	return m
}

// medicineConflict marks a line on which contributors give different current doses, or one has stopped what another has active.
func (c *composer) medicineConflict(name, key string, list []statedMedicine) string {
	var values []ConflictValue
	doses := map[string]map[kmcr.ContributorCode]bool{}
	active, stopped := map[kmcr.ContributorCode]bool{}, map[kmcr.ContributorCode]bool{}
	seen := map[kmcr.ContributorCode]bool{}
	for _, s := range list {
		if s.group == current {
			dose := normalDose(s.name + " " + s.dose)
			if doses[dose] == nil {
				doses[dose] = map[kmcr.ContributorCode]bool{}
			}
			doses[dose][s.e.Contributor] = true
			active[s.e.Contributor] = true
		} else if !seen[s.e.Contributor] && !active[s.e.Contributor] && (s.group == recentlyStopped || s.group == past) {
			stopped[s.e.Contributor] = true
		}
		if s.group == current || !seen[s.e.Contributor] {
			values = append(values, ConflictValue{Value: strings.TrimSpace(s.name + ": " + s.dose + " (" + strings.ToLower(terms.Say(terms.Status, s.status)) + ")"), Date: orDate(s.asked, s.start), From: c.provenance(s.e)})
		}
		seen[s.e.Contributor] = true
	}
	if len(active) > 1 && len(doses) > 1 || len(active) > 0 && len(stopped) > 0 {
		return c.conflict("Medicine: "+name, kmcr.Medicines, "medicine|"+key, values)
	}
	return ""
}

// normalDose is a dose for comparison only; what is shown is as sent.
func normalDose(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == ',' || r == '.' || r == ';' || r == '-' }), " ")
}

func (m Medicine) order() (bool, Date, string) {
	active, date, tie := m.Item.order()
	return active, date, tie
}
