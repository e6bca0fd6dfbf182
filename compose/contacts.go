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

// Named is somebody with an account who is involved by what was said in this record, not by what a contributor sent.
type Named struct {
	ID               int64 // by which the viewer ends it; 0 for somebody else's
	Name, Team       string
	You              bool // it is the viewer
	Role             kmcr.Role
	Organisation     kmcr.ODS
	Telephone, Hours string
	From, Until      time.Time // zero: open
}

// contacts takes in those of whom nothing else of the record speaks, puts
// together what is said of one contact, and says how each stands to the viewer.
func (c *composer) contacts() {
	for _, s := range c.in.Seen {
		if r := fhir.Of(s); r != nil && r.Root().Get("status").Text() != "entered-in-error" {
			c.involved(&entry{Statement: s, v: r.Root(), shown: true}, false)
		}
	}
	c.sentAlong()
	c.generalPractice()
	for _, n := range c.in.Named {
		c.named(n)
	}
	for i := range c.r.Contacts.Items {
		c.weigh(&c.r.Contacts.Items[i])
	}
}

// sentAlong takes in professionals whom a contributor sent with the person and of whom nothing else speaks but, perhaps, those who
// are involved: a system that sends its care team as roles and no CareTeam. Who only signed a result is none.
func (c *composer) sentAlong() {
	for _, e := range c.entries {
		if e.Type != "PractitionerRole" || c.signs(e) {
			continue
		}
		if w := c.told(e); w.name != "" || w.team != "" {
			k := c.ours(e, Contact{Item: Item{Date: when(e.v, "period.start"), End: when(e.v, "period.end"), From: []Provenance{c.provenance(e)}}, Involved: e.v.Get("active").Text() != "false"})
			c.contact(c.professionalOf(w, k))
		}
	}
}

// signs tells whether an entry that says nothing of who is involved refers to a professional.
func (c *composer) signs(role *entry) bool {
	name := []byte(`"` + role.Type + "/" + role.ID.String() + `"`)
	return slices.ContainsFunc(c.entries, func(e *entry) bool {
		switch e.Type {
		case "CareTeam", "Encounter", "Appointment", "ServiceRequest", "EpisodeOfCare", "CarePlan", "Flag", "Task", "Patient":
			return false
		}
		return bytes.Contains(e.Body, name)
	})
}

// involved reads who is involved from a statement of any kind. Where the statement itself may not be seen, whole is false: nothing
// but who it is, from when and until when, is taken from it.
func (c *composer) involved(e *entry, whole bool) {
	v := e.v
	switch e.Type {
	case "Patient":
		c.ofPatient(e)
	case "RelatedPerson":
		c.related(e)
	case "CareTeam":
		c.team(e, whole)
	case "Encounter":
		c.attended(e, whole)
	case "Appointment":
		c.booked(e, whole)
	case "ServiceRequest":
		active := slices.Contains([]string{"active", "draft", "on-hold"}, v.Get("status").Text())
		c.professional(e, whole, v.Get("requester"), Contact{Role: part(whole, "Referred by"), Last: when(v, "authoredOn"), Involved: false})
		for _, p := range v.Get("performer").Items() {
			c.professional(e, whole, p, Contact{Role: part(whole, "Referred to"), Involved: active})
		}
	case "EpisodeOfCare":
		c.episodic(e, whole)
	case "CarePlan":
		active := v.Get("status").Text() == "active"
		c.professional(e, whole, v.Get("author"), c.ours(e, Contact{Role: part(whole, "Wrote a plan"), Last: when(v, "created"), Involved: active}))
	case "Flag":
		if e.Section == kmcr.Safeguarding {
			c.professional(e, whole, v.Get("author"), c.ours(e, Contact{Role: part(whole, "Lead for safeguarding"), Involved: v.Get("status").Text() == "active", Lead: true}))
		}
	case "Task":
		c.professional(e, whole, v.Get("owner"), Contact{Role: part(whole, "Has a task"), Involved: !slices.Contains([]string{"completed", "cancelled", "rejected", "failed"}, v.Get("status").Text())})
	case "Consent":
		c.attorneys(e)
	}
}

// ours is a contact of the organisation that sent the entry, unless more is said.
func (c *composer) ours(e *entry, k Contact) Contact {
	if s := c.sources[e.Contributor]; s != nil {
		k.Organisation, k.Telephone = s.OrganisationName, s.Telephone
	}
	return k
}

// part is what somebody does in an entry, where the entry itself is shown.
func part(whole bool, words string) string {
	if whole {
		return words
	}
	return ""
}

// ofPatient reads the contacts and the general practitioners of a Patient.
func (c *composer) ofPatient(e *entry) {
	for _, p := range e.v.Get("contact").Items() {
		k := personal(p, personName(p.Get("name")))
		k.From = []Provenance{c.from(e)}
		k.Organisation = c.nameOf(p.Get("organization"))
		c.contact(k)
	}
	for _, gp := range e.v.Get("generalPractitioner").Items() {
		if w := c.who(gp); w.name != "" { // the practice itself stands by what the banner says
			c.contact(c.professionalOf(w, Contact{Item: Item{From: []Provenance{c.provenance(e)}}, Role: "GP", Involved: true}))
		}
	}
}

func (c *composer) related(e *entry) {
	k := personal(e.v, personName(e.v.Get("name")))
	if e.v.Get("active").Text() == "false" {
		k.Involved = false
	}
	k.From = []Provenance{c.from(e)}
	c.contact(k)
}

// personal is somebody of the person's own: family, friend, carer, attorney.
func personal(v fhir.Value, name string) Contact {
	relationship := concepts(v.Get("relationship"))
	k := Contact{
		Item: Item{Kind: "Personal contact", Date: when(v, "period.start"), End: when(v, "period.end")}, Name: orUnnamed(name, "Contact"), Role: relationship,
		Telephone: telephone(v.Get("telecom")), Personal: true, Involved: true,
	}
	k.is(relationship)
	for _, r := range v.Get("relationship").Items() {
		for _, coding := range r.Get("coding").Items() {
			k.coded(coding.Get("code").Text())
		}
	}
	return k
}

// is reads what somebody is to the person from words.
func (k *Contact) is(words string) {
	words = strings.ToLower(words)
	k.NextOfKin = k.NextOfKin || strings.Contains(words, "next of kin") || strings.Contains(words, "next-of-kin")
	k.Carer = k.Carer || strings.Contains(words, "carer") || strings.Contains(words, "caregiver")
	k.Attorney = k.Attorney || strings.Contains(words, "attorney") || strings.Contains(words, "deputy") || slices.Contains(strings.FieldsFunc(words, notLetter), "lpa")
	k.Emergency = k.Emergency || strings.Contains(words, "emergency")
}

func notLetter(r rune) bool { return r < 'a' || r > 'z' }

// coded reads it from codes: HL7 v2 table 0131, HL7 v3 RoleCode and RoleClass, SNOMED CT.
func (k *Contact) coded(code string) {
	switch code {
	case "N", "NOK":
		k.NextOfKin = true
	case "C", "ECON":
		k.Emergency = true
	case "CAREGIVER", "133932002", "407542009", "407543004":
		k.Carer = true
	case "POWATT", "DPOWATT", "HPOWATT", "SPOWATT", "310391000", "186065003":
		k.Attorney = true
	}
}

// attorneys reads from a recorded power of attorney who holds it.
func (c *composer) attorneys(e *entry) {
	for _, a := range e.v.Path("provision.actor") {
		role := concept(a.Get("role"))
		k := Contact{Item: Item{Kind: "Personal contact", Date: when(e.v, "dateTime"), From: []Provenance{c.provenance(e)}}, Role: role.text, Personal: true, Involved: e.v.Get("status").Text() == "active"}
		k.is(role.text)
		k.coded(role.code)
		if k.Name = c.relative(a.Get("reference")); k.Attorney && k.Name != "" {
			c.contact(k)
		}
	}
}

// relative is the name behind a reference to somebody of the person's own.
func (c *composer) relative(ref fhir.Value) string {
	if d := ref.Get("display").Text(); d != "" {
		return d
	}
	if e := c.byRef[ref.Get("reference").Text()]; e != nil && e.Type == "RelatedPerson" {
		return personName(e.v.Get("name"))
	}
	return ""
}

// generalPractice is the practice that the person is registered with.
func (c *composer) generalPractice() {
	if c.r.Banner.Practice == "" || len(c.r.Banner.From) == 0 {
		return
	}
	for _, d := range c.in.Demographics {
		if d.PracticeName == c.r.Banner.Practice || string(d.Practice) == c.r.Banner.Practice {
			c.contact(Contact{
				Item: Item{Kind: "GP practice", From: []Provenance{c.demographicsFrom(d)}}, Name: c.r.Banner.Practice, Role: "GP practice", Organisation: c.r.Banner.Practice,
				Telephone: c.organisation(string(d.Practice)).Telephone, Involved: true,
			})
			return
		}
	}
}

func (c *composer) named(n Named) {
	if n.From.After(c.in.Now) {
		return // not yet, where the record is shown as it stood
	}
	o := c.organisation(string(n.Organisation))
	k := Contact{
		Item: Item{Kind: "Professional contact", Date: dateOf(n.From), End: dateOf(n.Until), From: []Provenance{{Type: "Involvement", Source: "Said here by the worker", Recorded: n.From}}},
		Name: orUnnamed(n.Name, "Worker"), Role: terms.RoleName(n.Role), Team: n.Team, Organisation: cmp.Or(o.Name, string(n.Organisation)),
		Telephone: cmp.Or(n.Telephone, o.Telephone), Hours: n.Hours, Involved: true, Involvement: n.ID,
	}
	if n.You {
		k.Why = "You"
	}
	c.contact(k)
}

func dateOf(t time.Time) Date {
	if t.IsZero() {
		return ""
	}
	return Date(t.UTC().Format(time.RFC3339))
}

// team reads the members of a team, or the team itself where it names nobody.
func (c *composer) team(e *entry, whole bool) {
	v := e.v
	active := slices.Contains([]string{"active", "", "proposed"}, v.Get("status").Text())
	base := Contact{Item: Item{Date: when(v, "period.start"), End: when(v, "period.end")}, Involved: active, Team: v.Get("name").Text(), Organisation: c.organisationOf(first(v.Get("managingOrganization")))}
	base.Telephone, base.DutyLine, base.Hours = phones(v.Get("telecom"))
	people := 0
	for _, p := range v.Get("participant").Items() {
		k := base
		k.Role = concepts(p.Get("role"))
		k.Lead = leads(k.Role)
		if start := when(p, "period.start"); start != "" {
			k.Date = start
		}
		if end := when(p, "period.end"); end != "" {
			k.End = end
		}
		if o := c.organisationOf(p.Get("onBehalfOf")); o != "" {
			k.Organisation = o
		}
		if c.professional(e, whole, p.Get("member"), k) {
			people++
		}
	}
	if people == 0 {
		base.Name, base.Role = orUnnamed(base.Team, "Team"), concepts(v.Get("category"))
		base.From = []Provenance{c.seen(e, whole)}
		base.Kind = "Professional contact"
		c.contact(base)
	}
}

// leads tells whether a part in a team is to lead the care.
func leads(role string) bool {
	role = strings.ToLower(role)
	return slices.ContainsFunc([]string{"lead professional", "lead worker", "lead practitioner", "key worker", "keyworker", "care coordinator", "care co-ordinator", "allocated", "named worker", "named social worker", "care manager", "case manager", "responsible clinician"},
		func(w string) bool { return strings.Contains(role, w) })
}

// attended reads who saw the person in an admission, attendance or contact, and where the person is now.
func (c *composer) attended(e *entry, whole bool) {
	v := e.v
	st := v.Get("status").Text()
	open := (st == "in-progress" || st == "onleave" || st == "arrived" || st == "triaged") && !when(v, "period.end").before(c.in.Now) && !c.longGone(v)
	last := when(v, "period.start")
	if st == "finished" {
		last = cmp.Or(when(v, "period.end"), last)
	}
	if st == "planned" || st == "cancelled" {
		return
	}
	organisation, phone := c.organisationOf(v.Get("serviceProvider")), ""
	if s := c.sources[e.Contributor]; s != nil && (organisation == "" || organisation == s.OrganisationName) {
		organisation, phone = s.OrganisationName, s.Telephone
	}
	for _, p := range v.Get("participant").Items() {
		k := Contact{Organisation: organisation, Telephone: phone, Last: last, Involved: open}
		if whole {
			k.Role = inVisit(concepts(p.Get("type")))
		}
		c.professional(e, whole, p.Get("individual"), k)
	}
	if ward := c.ward(v); open && ward != "" && organisation != "" && staying(v) {
		w := c.whereWard(v)
		c.contact(Contact{
			Item: Item{Kind: "Professional contact", Date: last, From: []Provenance{c.seen(e, whole)}}, Name: ward, Role: whereNow, Organisation: organisation,
			Telephone: cmp.Or(w.telephone, phone), Last: last, Involved: true,
		})
	}
}

// whereNow is the role of the ward or department that has the person.
const whereNow = "Where the person is now"

// staying tells whether a class of encounter (HL7 v3 ActEncounterCode) is a stay in a hospital or its emergency department.
func staying(v fhir.Value) bool {
	class := cmp.Or(v.Get("class").Get("code").Text(), first(v.Get("class")).Get("code").Text())
	return slices.Contains([]string{"IMP", "ACUTE", "NONAC", "OBSENC", "SS", "EMER"}, class)
}

// departmentLasts is how long nobody stays in an emergency department: an attendance that is still open then was left, and nobody said so.
const departmentLasts = 48 * time.Hour

// longGone tells whether an encounter is an attendance at an emergency department that nobody has closed and that must be over.
func (c *composer) longGone(v fhir.Value) bool {
	class := cmp.Or(v.Get("class").Get("code").Text(), first(v.Get("class")).Get("code").Text())
	at, ok := when(v, "period.start").Time()
	return ok && class == "EMER" && c.in.Now.Sub(at) > departmentLasts
}

// whereWard is the last location of a stay that is not over, with its telephone.
func (c *composer) whereWard(v fhir.Value) (w party) {
	for _, l := range v.Get("location").Items() {
		if here := c.who(l.Get("location")); l.Get("status").Text() != "completed" {
			w = here
		}
	}
	return w
}

// booked reads who will see or has seen the person at an appointment.
func (c *composer) booked(e *entry, whole bool) {
	v := e.v
	at := when(v, "start", "requestedPeriod.start")
	k := Contact{}
	switch st := v.Get("status").Text(); {
	case st == "cancelled" || st == "noshow":
	case !at.before(c.in.Now) && at != "" && st != "fulfilled":
		k.Next, k.Involved = at, true
	default:
		k.Last = at
	}
	if s := c.sources[e.Contributor]; s != nil {
		k.Organisation, k.Telephone = s.OrganisationName, s.Telephone
	}
	for _, p := range v.Get("participant").Items() {
		if w := c.who(p.Get("actor")); w.name != "" && w.kind != "Location" {
			k.Role = concepts(p.Get("type"))
			c.professional(e, whole, p.Get("actor"), k)
		}
	}
}

// episodic reads who manages and who gives a service.
func (c *composer) episodic(e *entry, whole bool) {
	v := e.v
	open := slices.Contains([]string{"active", "onhold", "waitlist", "planned"}, v.Get("status").Text()) && !when(v, "period.end").before(c.in.Now)
	span := Item{Date: when(v, "period.start"), End: when(v, "period.end")}
	own, phone, council := "", "", false
	if s := c.sources[e.Contributor]; s != nil {
		own, phone, council = s.OrganisationName, s.Telephone, s.Kind == "council"
	}
	manager := c.who(v.Get("managingOrganization"))
	provider := cmp.Or(manager.organisation, manager.name)
	c.professional(e, whole, v.Get("careManager"), Contact{Item: span, Role: "Care manager", Organisation: own, Telephone: phone, Lead: true, Involved: open})
	for _, t := range v.Get("team").Items() {
		if w := c.who(t); w.name == "" && w.team == "" && w.organisation == "" {
			continue
		}
		c.professional(e, whole, t, Contact{Item: span, Organisation: cmp.Or(own, provider), Telephone: phone, Involved: open})
	}
	what := "Service"
	if whole {
		what = orUnnamed(concepts(v.Get("type")), "Service")
	}
	if provider == "" {
		provider = extensionText(v, "provider")
	}
	for _, name := range []string{provider, own} {
		if name != "" && (name == provider || e.Section == kmcr.SocialCare && council) {
			k := Contact{Item: span, Name: name, Role: what, Organisation: name, Involved: open}
			k.Kind, k.From = "Professional contact", []Provenance{c.seen(e, whole)}
			if k.Telephone = c.phoneOf(name); name == provider {
				k.Telephone = cmp.Or(manager.telephone, k.Telephone)
			}
			c.contact(k)
		}
	}
}

// phoneOf is the telephone of an organisation by its name, where a source is of it.
func (c *composer) phoneOf(name string) string {
	for _, s := range c.r.Sources {
		if s.OrganisationName == name {
			return s.Telephone
		}
	}
	return ""
}

// general tells whether a number is that of a whole organisation.
func (c *composer) general(number string) bool {
	return slices.ContainsFunc(c.r.Sources, func(s Source) bool { return s.Telephone == number })
}

func extensionText(v fhir.Value, name string) string {
	for _, x := range v.Get("extension").Items() {
		if strings.HasSuffix(strings.ToLower(x.Get("url").Text()), name) {
			return valueText(x)
		}
	}
	return ""
}

// professional keeps the professional, team or organisation behind a reference; it tells whether there is one.
func (c *composer) professional(e *entry, whole bool, ref fhir.Value, k Contact) bool {
	w := c.who(ref)
	if w.name == "" && w.team == "" && w.organisation == "" {
		return false
	}
	k.From = []Provenance{c.seen(e, whole)}
	c.contact(c.professionalOf(w, k))
	return true
}

// professionalOf puts together what is known of a professional and what an entry says.
func (c *composer) professionalOf(w party, k Contact) Contact {
	k.Kind = "Professional contact"
	k.Name = cmp.Or(w.name, w.team, w.organisation)
	k.Role = cmp.Or(k.Role, w.role)
	if w.role != "" && !strings.Contains(k.Role, w.role) {
		k.Role = w.role + ", " + k.Role
	}
	k.Team = cmp.Or(w.team, k.Team)
	if w.organisation != "" {
		if k.Organisation != w.organisation {
			k.Telephone = ""
		}
		k.Organisation = w.organisation
	}
	if k.Organisation != "" && k.Telephone == "" && w.telephone == "" {
		k.Telephone = c.phoneOf(k.Organisation)
	}
	k.Telephone = cmp.Or(w.telephone, k.Telephone)
	k.DutyLine, k.Hours = cmp.Or(w.duty, k.DutyLine), cmp.Or(w.hours, k.Hours)
	k.Lead = k.Lead || leads(k.Role)
	return k
}

// seen is where a contact comes from; of an entry that may not be seen itself, only who sent it and when.
func (c *composer) seen(e *entry, whole bool) Provenance {
	if whole {
		return c.from(e)
	}
	return Provenance{Contributor: e.Contributor, Source: c.sourceName(e.Contributor), Recorded: e.Recorded}
}

// contact keeps a contact, with what else is said of the same one.
func (c *composer) contact(k Contact) {
	k.Title = k.Name
	if k.End != "" && k.End.before(c.in.Now) {
		k.Involved = false
	}
	k.Since, k.Date = k.Date, latestDate(k.Date, k.Last)
	if k.Since == k.Last {
		k.Since = ""
	}
	name := letters(k.Name)
	for _, i := range c.called[name] {
		if have := &c.r.Contacts.Items[i]; have.same(k) {
			if k.Telephone != "" && c.general(have.Telephone) && !c.general(k.Telephone) {
				have.Telephone = k.Telephone // the worker's own before the switchboard
			}
			have.join(k)
			return
		}
	}
	c.called[name] = append(c.called[name], len(c.r.Contacts.Items))
	c.r.Contacts.Items = append(c.r.Contacts.Items, k)
}

// same tells whether two lines of one name are of one contact: by organisation, of a personal one by relationship.
func (k Contact) same(o Contact) bool {
	if k.Personal != o.Personal {
		return false
	}
	if k.Personal {
		return k.Role == o.Role && k.Telephone == o.Telephone
	}
	return k.Organisation == o.Organisation || k.Organisation == "" || o.Organisation == ""
}

// join adds what another entry says of the same contact. What is still so counts before what has ended.
func (k *Contact) join(o Contact) {
	if o.Involved && !k.Involved {
		k.Role, k.Team, k.End = cmp.Or(o.Role, k.Role), cmp.Or(o.Team, k.Team), o.End
	} else if o.Role != "" && !strings.Contains(strings.ToLower(k.Role), strings.ToLower(o.Role)) {
		k.Role = strings.TrimPrefix(k.Role+", "+o.Role, ", ")
	}
	if o.Involved && o.End == "" || !k.Involved && o.End.key() > k.End.key() {
		k.End = o.End
	}
	k.Involved, k.Lead = k.Involved || o.Involved, k.Lead && k.Involved || o.Lead && o.Involved || k.Lead && o.Lead
	k.Team, k.Organisation = cmp.Or(k.Team, o.Team), cmp.Or(k.Organisation, o.Organisation)
	k.Telephone, k.DutyLine, k.Hours = cmp.Or(k.Telephone, o.Telephone), cmp.Or(k.DutyLine, o.DutyLine), cmp.Or(k.Hours, o.Hours)
	if o.Since != "" && (k.Since == "" || o.Since.key() < k.Since.key()) {
		k.Since = o.Since
	}
	k.Date, k.Last = latestDate(k.Date, o.Date), latestDate(k.Last, o.Last)
	if o.Next != "" && (k.Next == "" || o.Next.key() < k.Next.key()) {
		k.Next = o.Next
	}
	k.NextOfKin, k.Carer, k.Attorney, k.Emergency = k.NextOfKin || o.NextOfKin, k.Carer || o.Carer, k.Attorney || o.Attorney, k.Emergency || o.Emergency
	k.Involvement, k.Why = cmp.Or(k.Involvement, o.Involvement), cmp.Or(k.Why, o.Why)
	k.From = append(k.From, o.From...)
}

func latestDate(a, b Date) Date {
	if b.key() > a.key() {
		return b
	}
	return a
}
