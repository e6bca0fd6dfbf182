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

// The topics of an episode and how it stands.
const (
	TopicAdmission  = "admission"
	TopicAttendance = "attendance" // at an emergency department
	TopicDischarge  = "discharge"
	TopicDeath      = "death"

	EpisodeOpen      = "open"
	EpisodeEnded     = "ended"
	EpisodeWithdrawn = "withdrawn" // cancelled, or recorded in error
	EpisodeDoubtful  = "doubtful"  // what was sent contradicts itself: nobody is told that it happened
)

// Episode is one stay in hospital or attendance at an emergency department
// as those who look after the person should hear of it. It is made afresh of
// what stands, so that there is one for each spell, whatever was sent in
// whatever order.
type Episode struct {
	Statement kmcr.StatementID     `json:"-"`
	From      kmcr.ContributorCode `json:"-"`
	Topic     string               `json:"topic"`
	Stands    string               `json:"stands"`
	Admitted  Date                 `json:"admitted,omitempty"`
	Ended     Date                 `json:"ended,omitempty"`
	Told      time.Time            `json:"told"` // when what stands was taken in
	Text      string               `json:"text"`

	Hospital    string  `json:"hospital"`
	Ward        string  `json:"ward,omitempty"`
	Telephone   string  `json:"telephone,omitempty"`
	How         string  `json:"how,omitempty"`
	Why         string  `json:"why,omitempty"` // in plain words where there are some
	AsSent      []Coded `json:"asSent,omitempty"`
	Expected    Date    `json:"expectedDischarge,omitempty"`
	Destination string  `json:"destination,omitempty"`
	// Medicines are those that were stated, changed or stopped since the admission; filled in when the person has left.
	Medicines []MedicineChange `json:"medicinesChanged,omitempty"`
	// Affected are visits and services of the seven days after Now.
	Affected []Affected `json:"affected"`
	// Unclosed is an attendance that must be over though nobody sent when it ended.
	Unclosed bool `json:"unclosed,omitempty"`
	// Flags say what of the spell does not fit together.
	Flags []string `json:"dataQuality,omitempty"`
}

// Coded is a reason or diagnosis as its contributor sent it.
type Coded struct {
	Text    string `json:"text"`
	Code    string `json:"code,omitempty"`
	System  string `json:"system,omitempty"`
	Meaning string `json:"plain,omitempty"`
}

// MedicineChange is one medicine that is not as it was before the admission.
type MedicineChange struct {
	Name   string `json:"name"`
	Change string `json:"change"` // "started", "changed", "stopped"
	At     Date   `json:"at,omitempty"`
	Source string `json:"source"`
}

// Affected is a visit or service that does not go as planned while the person is in hospital.
type Affected struct {
	Statement kmcr.StatementID     `json:"-"`
	ID        string               `json:"id"` // of the statement
	From      kmcr.ContributorCode `json:"-"`
	Provider  kmcr.ODS             `json:"-"` // where its code is known
	What      string               `json:"what"`
	Kind      string               `json:"kind"`           // "visit", "service"
	When      Date                 `json:"when,omitempty"` // of a visit
	Pattern   string               `json:"pattern,omitempty"`
	By        string               `json:"provider"`
	Telephone string               `json:"telephone,omitempty"`
	// Whose says whose telephone it is, where it is not the provider's own.
	Whose string `json:"telephoneOf,omitempty"`
}

// Ahead is how far visits and services are looked for.
const Ahead = 7 * 24 * time.Hour

// ClockSlack is how far a sender's clock may be ahead of ours.
const ClockSlack = 24 * time.Hour

// Episodes lists the stays and emergency attendances of which something has
// been taken in since a time, and that are of that time; the newest first.
// Those that were not said to have happened (planned, of another class) are
// not among them.
func Episodes(in Input, since time.Time) []Episode {
	if !slices.ContainsFunc(in.Statements, func(s *kmcr.Statement) bool { return tellable(s, since) }) {
		return nil
	}
	c := &composer{in: in, r: &Record{}, byRef: map[string]*entry{}, sources: map[kmcr.ContributorCode]*Source{}, products: map[string]terms.Product{}}
	for i := range in.Sources {
		c.sources[in.Sources[i].Contributor] = &in.Sources[i]
	}
	c.authority()
	c.read()
	var all []Episode
	for _, e := range c.entries {
		if tellable(e.Statement, since) {
			if ep, ok := c.episodeOf(e, since); ok {
				all = append(all, ep)
			}
		}
	}
	slices.SortFunc(all, func(a, b Episode) int {
		return cmp.Or(b.Told.Compare(a.Told), cmp.Compare(a.Statement.Patient, b.Statement.Patient), cmp.Compare(a.Statement.Hash, b.Statement.Hash))
	})
	return all
}

// tellable tells whether a statement may be an episode that has been told of since a time.
func tellable(s *kmcr.Statement, since time.Time) bool {
	return s.Type == "Encounter" && !s.Deleted && !s.Recorded.Before(since)
}

// EpisodeTopic is what an Encounter is an episode of: TopicAdmission, TopicAttendance, or "" for one that is none. acute says that a
// hospital sent it: of one whose class a hospital did not send it is a stay.
func EpisodeTopic(v fhir.Value, acute bool) string {
	class := first(v.Get("class")).Get("code").Text()
	if class == "" {
		class = v.Get("class").Get("code").Text()
	}
	switch terms.Say(terms.EncounterClass, class) {
	case "inpatient", "observation", "day or short stay":
		return TopicAdmission
	case "emergency department":
		return TopicAttendance
	case "outpatient", "outpatient or clinic", "home visit", "telephone or video", "on scene", "before admission", "regular attender", "day case":
		return ""
	}
	switch status := v.Get("status").Text(); {
	case !acute:
		return ""
	case status == "arrived" || status == "triaged":
		return TopicAttendance
	}
	return TopicAdmission
}

// episodeOf makes the episode of an Encounter; ok is false for one that is none.
func (c *composer) episodeOf(e *entry, since time.Time) (ep Episode, ok bool) {
	v := e.v
	s := c.sources[e.Contributor]
	if ep.Topic = EpisodeTopic(v, s != nil && s.Kind == "acute"); ep.Topic == "" {
		return ep, false
	}
	ep.Statement, ep.From, ep.Told = e.ID, e.Contributor, e.Recorded
	ep.Admitted, ep.Ended = when(v, "period.start"), when(v, "period.end")
	for _, flag := range v.Get("extension").Items() {
		if strings.HasSuffix(flag.Get("url").Text(), ":data-quality") {
			ep.Flags = append(ep.Flags, flag.Get("valueString").Text())
		}
	}
	if !c.stands(&ep, v, since) {
		return ep, false
	}
	c.describe(&ep, e)
	ep.Affected = []Affected{}
	if ep.Stands == EpisodeOpen || ep.Stands == EpisodeWithdrawn || ep.Topic == TopicDischarge || ep.Topic == TopicDeath {
		ep.Affected = c.affected(ep)
	}
	if ep.Topic == TopicDischarge {
		ep.Medicines = c.medicinesSince(ep.Admitted)
	}
	ep.Text = ep.words()
	return ep, true
}

// stands says how an episode stands, and leaves out what is planned or long past.
func (c *composer) stands(ep *Episode, v fhir.Value, since time.Time) bool {
	latest := c.in.Now.Add(ClockSlack)
	begun, hasBegun := ep.Admitted.Time()
	ended, hasEnded := ep.Ended.Time()
	switch v.Get("status").Text() {
	case "planned":
		return false
	case "cancelled", "entered-in-error":
		ep.Stands = EpisodeWithdrawn
		if slices.ContainsFunc(ep.Flags, func(f string) bool { return strings.HasPrefix(f, "cancellation of an admission") }) {
			ep.Stands = EpisodeDoubtful // nobody was told of what is cancelled
		}
		return hasBegun && !begun.Before(since) || !hasBegun && len(ep.Flags) > 0 // one that was only planned was told to nobody
	}
	ep.Stands = EpisodeOpen
	if !hasBegun && !hasEnded && len(ep.Flags) > 0 { // when it was cannot be believed
		ep.Stands = EpisodeDoubtful
		return true
	}
	if v.Get("status").Text() == "finished" || hasEnded && !ended.After(latest) {
		ep.Stands = EpisodeEnded
		if ep.Topic == TopicAdmission || DiedIn(v) {
			ep.Topic = TopicDischarge
		}
		if DiedIn(v) {
			ep.Topic = TopicDeath
		}
	}
	if ep.Stands == EpisodeOpen && c.longGone(v) {
		ep.Stands, ep.Unclosed = EpisodeEnded, true
	}
	switch {
	case hasBegun && begun.After(latest):
		ep.Stands = EpisodeDoubtful
		ep.Flags = append(ep.Flags, "the admission is dated in the future ("+ep.Admitted.shortly()+")")
	case hasEnded && ended.After(latest):
		ep.Flags = append(ep.Flags, "the discharge is dated in the future ("+ep.Ended.shortly()+")")
		ep.Ended = ""
		if ep.Stands == EpisodeEnded {
			ep.Stands = EpisodeDoubtful
		}
	case hasBegun && hasEnded && ended.Before(begun) && !ep.Ended.covers(ep.Admitted):
		ep.Flags = append(ep.Flags, "discharged ("+ep.Ended.shortly()+") before admitted")
		ep.Ended = ""
	}
	if ep.Stands == EpisodeEnded {
		return !hasEnded && !hasBegun || hasEnded && !ended.Before(since) || hasBegun && !begun.Before(since)
	}
	return true
}

// shortly is a date as readers have it.
func (d Date) shortly() string {
	t, ok := d.Time()
	switch {
	case !ok || len(d) < len(time.DateOnly):
		return string(d)
	case len(d) == len(time.DateOnly):
		return t.Format("02-Jan-2006")
	}
	return clock(t)
}

// covers tells whether a date that is less precise may be the same moment.
func (d Date) covers(o Date) bool { return strings.HasPrefix(string(o), string(d)) }

// DiedIn tells whether a spell ended with the death of the person (NHS Data Dictionary: discharge method 4, destination 79; FHIR: exp).
func DiedIn(v fhir.Value) bool {
	for _, x := range v.Path("hospitalization.extension") {
		if strings.Contains(x.Get("url").Text(), "DischargeMethod") && concept(x.Get("valueCodeableConcept")).code == "4" {
			return true
		}
	}
	d := concept(v.First("hospitalization.dischargeDisposition")).code
	return d == "79" || d == "exp"
}

// describe says where, how and why.
func (c *composer) describe(ep *Episode, e *entry) {
	v := e.v
	s := c.sources[e.Contributor]
	ep.Hospital = c.nameOf(v.Get("serviceProvider"))
	ep.Telephone = c.reach(v.Get("serviceProvider")).telephone
	if s != nil {
		ep.Hospital, ep.Telephone = firstText(s.OrganisationName, ep.Hospital), firstText(s.Telephone, ep.Telephone)
	}
	ep.Ward = c.ward(v)
	for _, l := range v.Get("location").Items() {
		if t := c.reach(l.Get("location")).telephone; t != "" && c.nameOf(l.Get("location")) == ep.Ward {
			ep.Telephone = t
		}
	}
	ep.How = extension(v, "AdmissionMethod", terms.AdmissionMethod)
	ep.Destination = destination(v)
	ep.Expected = extensionDate(v, "xpectedDischarge")
	if t, ok := ep.Expected.Time(); ok && t.After(c.in.Now.AddDate(2, 0, 0)) {
		ep.Flags = append(ep.Flags, "the expected discharge is dated far in the future ("+ep.Expected.shortly()+")")
		ep.Expected = ""
	}
	c.why(ep, v)
}

// why gathers reasons and diagnoses as they were sent, and says them in plain words.
func (c *composer) why(ep *Episode, v fhir.Value) {
	add := func(k said) {
		if k.text == "" || slices.ContainsFunc(ep.AsSent, func(x Coded) bool { return x.Text == k.text && x.Code == k.code }) {
			return
		}
		if k.code == k.text {
			k.code, k.system = "", ""
		}
		ep.AsSent = append(ep.AsSent, Coded{Text: k.text, Code: k.code, System: k.system, Meaning: terms.Plain(k.code, k.text)})
	}
	for _, r := range v.Get("reasonCode").Items() {
		add(concept(r))
	}
	for _, r := range append(v.Get("reasonReference").Items(), v.Get("diagnosis").Items()...) {
		if inner := r.Get("condition"); inner.Exists() {
			r = inner
		}
		if of := c.byRef[r.Get("reference").Text()]; of != nil && of.Type == "Condition" {
			add(concept(of.v.Get("code")))
		} else if d := r.Get("display").Text(); d != "" {
			add(said{text: d})
		}
	}
	var plain []string
	for _, k := range ep.AsSent {
		if words := firstText(k.Text, k.Meaning); !slices.Contains(plain, words) {
			plain = append(plain, words)
		}
	}
	ep.Why = strings.Join(plain, "; ")
}

// words is what happened in one line, without why.
func (ep Episode) words() string {
	at := firstText("a hospital that is not named", ep.Hospital)
	if ep.Stands == EpisodeWithdrawn {
		return "Withdrawn: the " + ep.Topic + " at " + at + " was cancelled by the hospital"
	}
	if ep.Stands == EpisodeDoubtful {
		return "Held back: what " + at + " sent does not fit together"
	}
	switch ep.Topic {
	case TopicAttendance:
		if ep.Unclosed {
			return "Attended the emergency department of " + at + "; when it ended was not sent"
		}
		if ep.Stands == EpisodeEnded {
			return "Attended and left the emergency department of " + at
		}
		return "In the emergency department of " + at
	case TopicDischarge:
		return "Discharged from " + at
	case TopicDeath:
		return "Died in " + at
	}
	return "Admitted to " + at
}

// reached is by whom and where somebody can be called.
type reached struct {
	ods             kmcr.ODS
	name, telephone string
}

// reach finds who a Reference leads to: what it names, what it refers to, what the register knows.
func (c *composer) reach(ref fhir.Value) reached {
	r := reached{name: c.nameOf(ref)}
	if i := ref.Get("identifier"); i.Get("system").Text() == odsSystem {
		r.ods = kmcr.ODS(i.Get("value").Text())
		o := c.organisation(string(r.ods))
		r.telephone = o.Telephone
	}
	target := c.target(ref)
	if !target.Exists() {
		return r
	}
	for _, i := range target.Get("identifier").Items() {
		if i.Get("system").Text() == odsSystem {
			r.ods = kmcr.ODS(i.Get("value").Text())
		}
	}
	r.telephone = firstText(r.telephone, telephone(target.Get("telecom")))
	if r.name == "" {
		r.name = firstText(personName(target.Get("name")), target.Get("name").Text())
	}
	if r.telephone == "" {
		for _, contact := range target.Get("contact").Items() {
			r.telephone = firstText(r.telephone, telephone(contact.Get("telecom")))
		}
	}
	if o := c.organisation(string(r.ods)); r.telephone == "" {
		r.telephone = o.Telephone
	}
	for _, of := range []string{"organization", "providedBy", "managingOrganization"} {
		if inner := target.Get(of); r.telephone == "" && inner.Exists() {
			r.telephone = c.reach(inner).telephone
		}
	}
	return r
}

// target is the resource that a Reference leads to.
func (c *composer) target(ref fhir.Value) fhir.Value {
	if e := c.byRef[ref.Get("reference").Text()]; e != nil {
		return e.v
	}
	return fhir.Value{}
}

// Unnamed takes out what says where the person is, for somebody who must not be found.
func (ep *Episode) Unnamed() {
	ep.Hospital, ep.Ward, ep.Telephone, ep.Destination = "", "", "", ""
	ep.Text = ep.words()
	for n := range ep.Affected {
		a := &ep.Affected[n]
		a.By, a.Telephone, a.Whose, a.Provider = "", "", "", ""
	}
	for n := range ep.Medicines {
		ep.Medicines[n].Source = ""
	}
}
