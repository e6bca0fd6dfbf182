package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// A practice's record says a medicine several times: once as it is taken (a
// MedicationStatement), once as it is authorised (a MedicationRequest of
// intent plan), and once for each issue (of intent order). They are one line:
// that it is taken leads, and an issue never says that it still is.

// authorisation is a plan and the issues made under it.
type authorisation struct {
	plan   *entry
	issues []*entry
	taken  bool // a MedicationStatement says that it is taken
}

// authorisations finds the plans among the medicines, and gives with them what is left to be read by itself.
func (c *composer) authorisations() (byPlan map[string]*authorisation, rest []*entry) {
	for _, e := range c.medicine {
		if e.Type == "MedicationRequest" && e.v.Get("intent").Is("plan") {
			if byPlan == nil {
				byPlan = map[string]*authorisation{}
			}
			byPlan[e.Type+"/"+e.id] = &authorisation{plan: e}
		}
	}
	if byPlan == nil {
		return nil, c.medicine
	}
	for _, e := range c.medicine {
		a := c.planOf(e, byPlan)
		switch {
		case a == nil && byPlan[e.Type+"/"+e.id] == nil:
			rest = append(rest, e)
		case a == nil:
		case e.Type == "MedicationRequest":
			a.issues = append(a.issues, e)
		default:
			a.taken = true
			rest = append(rest, e)
		}
	}
	for _, e := range c.medicine {
		if a := byPlan[e.Type+"/"+e.id]; a != nil && !a.taken {
			rest = append(rest, e)
		}
	}
	return byPlan, rest
}

// planOf is the plan of the same contributor on which a statement or issue rests; nil where there is none.
func (c *composer) planOf(e *entry, byPlan map[string]*authorisation) *authorisation {
	for _, b := range e.v.Get("basedOn").Items() {
		if a := byPlan[b.Get("reference").Text()]; a != nil && a.plan != e && a.plan.Contributor == e.Contributor {
			return a
		}
	}
	return nil
}

// authorised adds to a medicine what its plan and issues say.
func (c *composer) authorised(m *statedMedicine, a *authorisation) {
	plan := a.plan.v
	slices.SortFunc(a.issues, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(issued(y.v).key(), issued(x.v).key()), cmp.Compare(x.ID.Hash, y.ID.Hash))
	})
	if a.plan != m.e {
		m.parts = append(m.parts, a.plan)
	}
	for n, i := range a.issues {
		if n == 0 {
			m.issued = later(m.issued, issued(i.v))
			m.parts = append(m.parts, i)
			continue
		}
		c.notShown(i, "an earlier issue of a medicine: counted on the medicine's line")
	}
	ends := when(plan, "dispenseRequest.validityPeriod.end")
	allowed := firstText("", numberExtension(plan, "numberOfRepeatPrescriptionsAllowed", "numberOfPrescriptionsAllowed"), plan.First("dispenseRequest.numberOfRepeatsAllowed").Text())
	made := numberExtension(plan, "numberOfPrescriptionsIssued", "numberOfRepeatPrescriptionsIssued")
	if made == "" && len(a.issues) > 0 {
		made = strconv.Itoa(len(a.issues))
	}
	if m.course == "" {
		m.course = firstText("", concept(plan.Get("courseOfTherapyType")).text, codedExtension(plan, "PrescriptionType"))
	}
	m.details = mergeDetails(m.details, details("Issues", issues(made, allowed), "Authorised until", ends.words(), "Supply", quantity(plan.First("dispenseRequest.quantity")), "Quantity", quantityText(plan),
		"Instructions for the patient", plan.First("dosageInstruction.patientInstruction").Text(), "Note", notes(plan)))
	if (m.group == past || m.group == recentlyStopped) && plan.Get("status").Is("active") && m.status == "active" {
		m.group = current // the practice has it as active: the end is that of the last supply, and the next may only be late
		m.details = mergeDetails(m.details, details("Last supply ended", m.end.words()))
		m.end = ""
	}
}

func issues(made, allowed string) string {
	switch {
	case made == "":
		return ""
	case allowed == "":
		return made
	}
	return made + " of " + allowed
}

// issued is when an issue was made: the beginning of its supply, else when it was written.
func issued(v fhir.Value) Date {
	return when(v, "dispenseRequest.validityPeriod.start", "authoredOn")
}

func numberExtension(v fhir.Value, names ...string) string {
	x, _ := extended(v, names...)
	return firstText("", x.Get("valueUnsignedInt").Text(), x.Get("valuePositiveInt").Text(), x.Get("valueInteger").Text())
}

// quantityText is a quantity that was said in words.
func quantityText(v fhir.Value) string {
	x, _ := extended(v.First("dispenseRequest.quantity"), "MedicationQuantityText")
	return x.Get("valueString").Text()
}

// list keeps a list for when everything that it lists has its place.
func (c *composer) list(e *entry) { c.lists = append(c.lists, e) }

// practiceLists reads the lists of a practice's record: what a section's list
// warns of stands on the section, and what a consultation lists on the consultation.
func (c *composer) practiceLists() {
	for _, e := range c.lists {
		code := concept(e.v.Get("code"))
		switch section, ofSection := terms.ListSection(code.code); {
		case ofSection:
			c.warn(e, section)
			c.notShown(e, "the practice's list of a section: what it lists stands there")
		case terms.ConsultationList(code.code):
		case strings.Contains(code.system, "GPConnect-SecondaryListValues"):
			c.notShown(e, "an index of a practice's record: what it lists stands in its own section")
		default:
			c.other(e)
		}
	}
	for i := range c.r.Encounters.Items {
		c.consultation(&c.r.Encounters.Items[i])
	}
}

// warn puts what a list says is missing on its section.
func (c *composer) warn(e *entry, section kmcr.Section) {
	for _, x := range e.v.Get("extension").Items() {
		if !strings.Contains(x.Get("url").Text(), "ListWarningCode") {
			continue
		}
		k := concept(x.Get("valueCodeableConcept"))
		code := firstText(x.Get("valueCode").Text(), k.code)
		said := c.sourceName(e.Contributor) + " says: " + terms.ListWarning(code)
		if c.warnings == nil {
			c.warnings = map[kmcr.Section][]string{}
		}
		if !slices.Contains(c.warnings[section], said) {
			c.warnings[section] = append(c.warnings[section], said)
		}
	}
}

// consultation gives an encounter what was noted in it, heading by heading.
func (c *composer) consultation(x *Encounter) {
	ref := "Encounter/" + x.From[0].Statement
	var lists []*entry
	listed := map[string]bool{} // lists that another lists
	for _, e := range c.lists {
		if e.v.First("encounter.reference").Is(ref) && terms.ConsultationList(concept(e.v.Get("code")).code) && e.ID.Patient == c.patientOf(ref) {
			lists = append(lists, e)
			for _, i := range e.v.Path("entry.item.reference") {
				listed[i.Text()] = true
			}
		}
	}
	for _, e := range lists {
		if !listed["List/"+e.id] && !e.shown {
			c.noted(x, e, "", 0)
		}
	}
}

func (c *composer) patientOf(ref string) kmcr.PatientID {
	if e := c.byRef[ref]; e != nil {
		return e.ID.Patient
	}
	return 0
}

// mostNested is how deep the lists of a consultation may lie in one another.
const mostNested = 6

// noted writes one list of a consultation under its heading.
func (c *composer) noted(x *Encounter, e *entry, within string, depth int) {
	x.From = append(x.From, c.from(e))
	heading := e.v.Get("title").Text()
	if concept(e.v.Get("code")).code == "325851000000107" || heading == "" {
		heading = within // the consultation's own title stands on the encounter
	} else if within != "" {
		heading = within + ", " + heading
	}
	var words []string
	for _, item := range e.v.Path("entry.item.reference") {
		in := c.byRef[item.Text()]
		if in == nil || in.ID.Patient != e.ID.Patient {
			continue
		}
		if in.Type == "List" {
			if depth < mostNested && !in.shown {
				c.noted(x, in, heading, depth+1)
			}
			continue
		}
		if w := c.inWords(in); w != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if len(words) > 0 {
		x.Details = append(x.Details, Detail{firstText("Noted", heading), strings.Join(words, "; ")})
	}
}

// inWords says an entry in a few words.
func (c *composer) inWords(e *entry) string {
	v := e.v
	switch e.Type {
	case "MedicationStatement", "MedicationRequest":
		k := concept(v.Get("medicationCodeableConcept"))
		if k.text == "" {
			k = c.product(v.Get("medicationReference"), v)
		}
		return strings.TrimSpace(k.text + " " + firstText("", v.First("dosageInstruction.text").Text(), v.First("dosage.text").Text()))
	case "DocumentReference":
		return firstText("Document", v.Get("description").Text(), concept(v.Get("type")).text)
	}
	name := firstText("", concept(v.Get("code")).text, concept(v.Get("vaccineCode")).text, concepts(v.Get("reasonCode")))
	if e.Type == "Observation" {
		if hasValue(v) {
			name += ": " + valueText(v)
		}
		if n := notes(v); n != "" {
			name += ": " + n
		}
	}
	return name
}
