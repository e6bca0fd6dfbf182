package compose

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// Compose makes the record. It is pure; the order of Input.Statements changes nothing.
func Compose(in Input) *Record {
	c := &composer{in: in, r: &Record{Ref: in.Ref, AsOf: in.Now, Past: in.Past, Moves: in.Moves, Others: in.Others, Sources: slices.Clone(in.Sources)}, byRef: make(map[string]*entry, len(in.Statements)), sources: map[kmcr.ContributorCode]*Source{}, products: map[string]terms.Product{}, parties: map[string]party{}, called: map[string][]int{}}
	slices.SortFunc(c.r.Sources, func(a, b Source) int { return cmp.Compare(a.Contributor, b.Contributor) })
	for i := range c.r.Sources {
		c.sources[c.r.Sources[i].Contributor] = &c.r.Sources[i]
	}
	c.authority()
	c.read()
	for _, e := range c.entries {
		c.place(e)
	}
	c.medicines()
	c.practiceLists()
	c.allergies()
	c.problems()
	c.banner()
	c.contacts()
	c.concerns()
	c.disputes()
	c.finish()
	c.corrections()
	c.changes()
	return c.r
}

// Plainly gives each statement as a line with its facts as sent, the newest first, whatever its type.
func Plainly(in Input) []Item {
	c := &composer{in: in, r: &Record{Ref: in.Ref}, byRef: map[string]*entry{}, sources: map[kmcr.ContributorCode]*Source{}, products: map[string]terms.Product{}, parties: map[string]party{}, called: map[string][]int{}}
	for i := range in.Sources {
		c.sources[in.Sources[i].Contributor] = &in.Sources[i]
	}
	c.read()
	for _, e := range c.entries {
		c.other(e)
	}
	items := c.r.Other.Items
	for _, s := range c.r.SocialCare.Items {
		items = append(items, s.Item)
	}
	inOrder(items, place.newest)
	return items
}

// authority takes the orders that were handed in, and the defaults for facts that they leave out.
func (c *composer) authority() {
	c.orders = map[Fact]AuthorityOrder{}
	for _, o := range append(DefaultAuthority(), c.in.Authority...) {
		c.orders[o.Fact] = o
	}
}

// entry is one statement with its index.
type entry struct {
	*kmcr.Statement
	id    string // the statement's logical id, written
	v     fhir.Value
	shown bool
	aside bool // carries a qualification that is not understood: shown, and no fact of the record
}

type composer struct {
	in       Input
	r        *Record
	entries  []*entry
	byRef    map[string]*entry // "Type/id"
	sources  map[kmcr.ContributorCode]*Source
	medicine []*entry
	allergy  []*entry
	problem  []*entry
	patients []*entry
	tests    map[string]*Test
	vitals   map[string]*Test
	orders   map[Fact]AuthorityOrder
	products map[string]terms.Product
	parties  map[string]party  // who stands behind a reference
	provided map[string]string // telephones of providers by name, once asked for
	called   map[string][]int  // places of contacts by the letters of their names
	lists    []*entry
	warnings map[kmcr.Section][]string // what a contributor says is missing from a section
}

// read indexes every statement and puts them in an order of their own.
func (c *composer) read() {
	ordered := slices.Clone(c.in.Statements)
	slices.SortFunc(ordered, func(a, b *kmcr.Statement) int {
		return cmp.Or(cmp.Compare(a.ID.Patient, b.ID.Patient), cmp.Compare(a.ID.Hash, b.ID.Hash), cmp.Compare(a.Version, b.Version))
	})
	entries, count := make([]entry, len(ordered)), map[string]int{}
	for i, s := range ordered {
		e := &entries[i]
		e.Statement, e.id = s, s.ID.String()
		if r := fhir.Of(s); r != nil {
			e.v = r.Root()
		} else {
			c.notShown(e, "could not be displayed: its content cannot be read")
			continue
		}
		c.entries = append(c.entries, e)
		count[s.Type]++
		c.byRef[s.Type+"/"+e.id] = e
	}
	c.r.Procedures.Items = slices.Grow(c.r.Procedures.Items, count["Procedure"])
	c.r.Encounters.Items = slices.Grow(c.r.Encounters.Items, count["Encounter"])
	for _, s := range c.in.Context {
		id := s.ID.String()
		if r := fhir.Of(s); r != nil && c.byRef[s.Type+"/"+id] == nil {
			c.byRef[s.Type+"/"+id] = &entry{Statement: s, id: id, v: r.Root(), shown: true}
		}
	}
}

// place gives an entry to its section.
func (c *composer) place(e *entry) {
	if status := e.v.Get("status").Text(); status == "entered-in-error" || concept(e.v.Get("verificationStatus")).code == "entered-in-error" {
		c.notShown(e, "marked by its contributor as entered in error")
		return
	}
	put, known := placers[e.Type]
	if known && e.Type != "Patient" && bytes.Contains(e.Body, []byte(`"modifierExtension"`)) {
		c.notUnderstood(e)
		return
	}
	if known {
		put(c, e)
		c.involved(e, true)
		return
	}
	if why, context := contextual[e.Type]; context {
		c.notShown(e, why)
		return
	}
	c.other(e)
}

// placers says where each type of resource stands in the record.
var placers = map[string]func(*composer, *entry){
	"Patient":                  func(c *composer, e *entry) { c.patients = append(c.patients, e) },
	"AllergyIntolerance":       func(c *composer, e *entry) { c.allergy = append(c.allergy, e) },
	"MedicationStatement":      func(c *composer, e *entry) { c.medicine = append(c.medicine, e) },
	"MedicationRequest":        func(c *composer, e *entry) { c.unlessForbidden(e, func() { c.medicine = append(c.medicine, e) }) },
	"MedicationDispense":       func(c *composer, e *entry) { c.medicine = append(c.medicine, e) },
	"MedicationAdministration": func(c *composer, e *entry) { c.medicine = append(c.medicine, e) },
	"Condition":                func(c *composer, e *entry) { c.problem = append(c.problem, e) },
	"Procedure":                (*composer).procedure,
	"FamilyMemberHistory":      (*composer).family,
	"Observation":              (*composer).observation,
	"DiagnosticReport":         (*composer).report,
	"QuestionnaireResponse":    (*composer).assessment,
	"ClinicalImpression":       (*composer).assessment,
	"Immunization":             (*composer).immunisation,
	"Encounter":                (*composer).encounter,
	"List":                     (*composer).list,
	"Appointment":              (*composer).appointment,
	"ServiceRequest":           func(c *composer, e *entry) { c.unlessForbidden(e, func() { c.referral(e) }) },
	"DocumentReference":        (*composer).document,
	"Composition":              (*composer).document,
	"Binary":                   (*composer).document,
	"RelatedPerson":            func(c *composer, e *entry) { e.shown = true },
	"CareTeam":                 func(c *composer, e *entry) { e.shown = true },
	"EpisodeOfCare":            (*composer).episode,
	"Flag":                     (*composer).flag,
	"CarePlan":                 (*composer).plan,
	"Goal":                     (*composer).plan,
	"Consent":                  (*composer).plan,
	"RiskAssessment":           (*composer).plan,
	"AdverseEvent":             (*composer).plan,
}

// contextual types say who, where or for what payment; they stand on the lines that refer to them.
var contextual = map[string]string{
	"Organization": "an organisation: named on the items that refer to it", "Practitioner": "a member of staff: named on the items that refer to them", "PractitionerRole": "a member of staff: named on the items that refer to them",
	"Location": "a place: named on the items that refer to it", "Medication": "a product: named on the medicine's own line", "Claim": "a claim for payment", "ClaimResponse": "a claim for payment",
	"ExplanationOfBenefit": "a statement of payment", "Coverage": "insurance", "Account": "an account for payment", "Provenance": "says where another statement comes from", "Specimen": "a specimen: part of its result",
	"HealthcareService": "a service: named on the items that refer to it", "Endpoint": "a technical address", "Schedule": "a diary", "Slot": "a slot in a diary", "Device": "a device: named on the items that refer to it",
	"Group": "a group of people", "Questionnaire": "a form: its answers are shown", "MessageHeader": "the envelope of a message", "AuditEvent": "an audit entry", "OperationOutcome": "an answer about a message",
	"Bundle": "an envelope", "Parameters": "an envelope", "Subscription": "a technical setting", "Substance": "a substance: named on the items that refer to it", "BodyStructure": "a part of the body: named on the items that refer to it",
	"Person": "says who the person is; see the banner", "Library": "a reference work", "ValueSet": "a code list", "CodeSystem": "a code list", "StructureDefinition": "a technical definition",
}

// from makes the provenance of an item, and counts the statement as shown.
func (c *composer) from(e *entry) Provenance {
	e.shown = true
	return c.provenance(e)
}

func (c *composer) provenance(e *entry) Provenance {
	return Provenance{Statement: e.id, Version: e.Version, Type: e.Type, Contributor: e.Contributor, Source: c.sourceName(e.Contributor), Author: c.author(e), Recorded: e.Recorded, Key: e.Key}
}

func (c *composer) sourceName(code kmcr.ContributorCode) string {
	if s := c.sources[code]; s != nil && s.Name != "" {
		return s.Name
	}
	return string(code)
}

func (c *composer) notShown(e *entry, why string) {
	e.shown = true
	c.r.NotShown = append(c.r.NotShown, NotShown{From: c.provenance(e), Why: why})
}

// author is who said it, by name where the statement names them.
func (c *composer) author(e *entry) (name string) {
	for _, path := range [...]string{"recorder", "asserter", "author", "performer", "performer.actor", "requester", "informationSource", "participant.individual", "source", "custodian"} {
		unnamed := e.v.Each(path, func(ref fhir.Value) bool {
			name = c.nameOf(ref)
			return name == ""
		})
		if !unnamed {
			break
		}
	}
	return name
}

// odsSystem marks an organisation's ODS code.
const odsSystem = "https://fhir.nhs.uk/Id/ods-organization-code"

// organisation is what the register knows of an organisation; nothing for one it does not know.
func (c *composer) organisation(code string) kmcr.Organisation {
	if c.in.Organisations != nil && code != "" {
		if o := c.in.Organisations(kmcr.ODS(code)); o != nil {
			return *o
		}
	}
	return kmcr.Organisation{}
}

// nameOf is the name behind a Reference: the register's name of an organisation, its display, else the name of what it refers to.
func (c *composer) nameOf(ref fhir.Value) string {
	if i := ref.Get("identifier"); i.Get("system").Text() == odsSystem {
		if o := c.organisation(i.Get("value").Text()); o.Name != "" {
			return o.Name
		}
	}
	if d := ref.Get("display").Text(); d != "" {
		return d
	}
	target := c.byRef[ref.Get("reference").Text()]
	if target == nil {
		return ""
	}
	if target.Type == "Patient" || target.Type == "Encounter" {
		return ""
	}
	if p := target.v.Get("practitioner"); p.Exists() {
		if name := c.nameOf(p); name != "" {
			return name
		}
	}
	name := target.v.Get("name")
	if s := name.Text(); s != "" {
		return s
	}
	return personName(name)
}

// personName is the first HumanName of a list as it is said: one that is in use before one that is not any more.
func personName(names fhir.Value) (name string) {
	for _, n := range names.Items() {
		said := nameWords(n)
		if said != "" && n.Get("use").Text() != "old" && !n.First("period.end").Exists() {
			return said
		}
		name = firstText(said, name)
	}
	return name
}

func nameWords(n fhir.Value) string {
	if t := n.Get("text").Text(); t != "" {
		return t
	}
	var words []string
	for _, path := range []string{"prefix", "given", "family"} {
		for _, w := range n.Path(path) {
			words = append(words, w.Text())
		}
	}
	return strings.Join(words, " ")
}

// finish orders every part, says which kind of nothing applies, and makes the timeline.
func (c *composer) finish() {
	r := c.r
	for _, e := range c.entries {
		if !e.shown {
			c.other(e)
		}
	}
	for _, t := range c.tests {
		t.newestFirst()
		r.Results.Items = append(r.Results.Items, *t)
	}
	for _, t := range c.vitals {
		t.newestFirst()
		r.Observations.Items = append(r.Observations.Items, *t)
	}
	c.replacedDocuments()
	c.timeline()
	settle(c, &r.Alerts, "Alerts and adjustments", kmcr.Alerts, "No alerts recorded")
	settle(c, &r.Safeguarding, "Safeguarding", kmcr.Safeguarding, "No safeguarding information recorded")
	settle(c, &r.Problems, "Problems", kmcr.Problems, "No problems recorded")
	settle(c, &r.Procedures, "Procedures", kmcr.Problems, "No procedures recorded")
	settle(c, &r.FamilyHistory, "Family history", kmcr.Problems, "No family history recorded")
	settle(c, &r.Medicines, "Medicines", kmcr.Medicines, "No medicines recorded")
	settle(c, &r.Results, "Test results", kmcr.Results, "No test results recorded")
	settle(c, &r.Reports, "Reports", kmcr.Results, "No reports recorded")
	settle(c, &r.Observations, "Observations", kmcr.Observations, "No observations recorded")
	settle(c, &r.Assessments, "Assessments", kmcr.Observations, "No assessments recorded")
	settle(c, &r.Vaccinations, "Vaccinations", kmcr.Vaccinations, "No vaccinations recorded")
	settle(c, &r.Encounters, "Admissions, attendances and contacts", kmcr.Encounters, "No admissions, attendances or contacts recorded")
	settle(c, &r.Appointments, "Appointments", kmcr.Appointments, "No appointments recorded")
	settle(c, &r.Referrals, "Referrals and requests", kmcr.Referrals, "No referrals recorded")
	settle(c, &r.Documents, "Documents", kmcr.Documents, "No documents recorded")
	settle(c, &r.Contacts, "Who is involved", kmcr.Contacts, "Nobody recorded as involved")
	settle(c, &r.SocialCare, "Social care", kmcr.SocialCare, "No social care recorded")
	settle(c, &r.Plans, "Plans, wishes and risks", kmcr.Plans, "No plans recorded")
	settle(c, &r.Other, "Other statements", kmcr.OtherSection, "No other statements")
	settle(c, &r.Allergies, "Allergies", kmcr.Allergies, "")
	c.allergyTitle()
	slices.SortStableFunc(r.Contacts.Items, Contact.before)
	slices.SortFunc(r.NotShown, func(a, b NotShown) int {
		return cmp.Or(cmp.Compare(a.From.Type, b.From.Type), cmp.Compare(a.From.Statement, b.From.Statement))
	})
	slices.SortFunc(r.Conflicts, func(a, b Conflict) int { return cmp.Or(cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.ID, b.ID)) })
	for i, e := range r.Encounters.Items {
		if e.Now && (r.Admitted == nil || e.Class == "inpatient" && r.Admitted.Class != "inpatient") {
			r.Admitted = &r.Encounters.Items[i]
		}
	}
}

// settle orders a part and fills in its honesty.
func settle[T dated](c *composer, p *Part[T], title string, section kmcr.Section, none string) {
	p.Updated = inOrder(p.Items, place.current)
	p.Title, p.Section = title, section
	c.freshness(section, &p.Sources, &p.Incomplete)
	p.Withheld = c.in.Withheld[section] > 0
	p.Hidden = c.in.Hidden[section]
	switch unavailable := c.in.Unavailable[section]; {
	case unavailable != "":
		p.State, p.Words = Unavailable, title+" unavailable: "+unavailable
	case len(p.Items) > 0:
		p.State, p.Words = Known, ""
	case p.Hidden != "":
		p.State, p.Words = Unavailable, p.Hidden
	case !heard(p.Sources):
		p.State, p.Words = Unavailable, title+" unavailable: no organisation that records this has been heard from"
	default:
		p.State, p.Words = NotRecorded, none
	}
}

func heard(sources []SourceNote) bool {
	for _, s := range sources {
		if !s.LastHeard.IsZero() {
			return true
		}
	}
	return false
}

// freshness lists who fills a section and when each last spoke.
func (c *composer) freshness(section kmcr.Section, notes *[]SourceNote, incomplete *string) {
	count := map[kmcr.ContributorCode]int{}
	for _, e := range c.entries {
		if e.Section == section {
			count[e.Contributor]++
		}
	}
	var late []string
	*notes = []SourceNote{}
	for _, s := range c.r.Sources {
		if !slices.Contains(s.Sections, section) && count[s.Contributor] == 0 {
			continue
		}
		*notes = append(*notes, SourceNote{s.Contributor, s.Name, s.LastHeard, s.LastHeardHere, s.Linked || count[s.Contributor] > 0, s.Late && (s.Linked || count[s.Contributor] > 0), count[s.Contributor]})
		if s.Late && (s.Linked || count[s.Contributor] > 0) {
			late = append(late, s.Name+" last heard "+clock(s.LastHeard))
		}
	}
	if late = append(late, c.warnings[section]...); len(late) > 0 {
		*incomplete = "May be incomplete: " + strings.Join(late, "; ")
	}
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.In(london).Format("02-Jan-2006 15:04")
}
