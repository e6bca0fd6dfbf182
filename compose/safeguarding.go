package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr"
	"kmcr/fhir"
)

// Concern is one thing about safeguarding with what to do about it: who leads, whom to ring, when it is reviewed.
type Concern struct {
	Item
	// Category is one of Categories.
	Category     string `json:"category"`
	Lead         string `json:"lead,omitempty"` // the worker who leads
	Role         string `json:"role,omitempty"`
	Team         string `json:"team,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Telephone    string `json:"telephone,omitempty"`
	DutyLine     string `json:"dutyLine,omitempty"`
	Hours        string `json:"hours,omitempty"`
	Review       Date   `json:"nextReview,omitempty"`
	Overdue      bool   `json:"reviewOverdue,omitempty"`
	Child        bool   `json:"child"` // about a child, else about an adult or not said
	Do           string `json:"do"`    // what a reader does now
}

// The categories of a Concern. The first three are those of the child protection information sharing service.
const (
	UnbornPlan      = "unborn-child-protection-plan"
	ChildPlan       = "child-protection-plan"
	LookedAfter     = "looked-after-child"
	AdultEnquiry    = "adult-enquiry" // Care Act 2014 section 42
	AdultConcern    = "adult-concern"
	OtherConcern    = "other"
	ringChildren    = "Ring the social worker or the duty line before the child goes home, or now if you are worried. Share what you have seen."
	ringAdults      = "Ring the enquiry’s lead before you speak to anybody who may be a source of the risk. Ask the adult what they want."
	ringSafeguarder = "Ring your organisation’s safeguarding lead if you are worried."
)

// CategoryName is a category in words.
func CategoryName(category string) string {
	switch category {
	case UnbornPlan:
		return "Unborn child protection plan"
	case ChildPlan:
		return "Child protection plan"
	case LookedAfter:
		return "Looked after child"
	case AdultEnquiry:
		return "Adult safeguarding enquiry"
	case AdultConcern:
		return "Adult safeguarding concern"
	}
	return "Safeguarding"
}

// categoryWords tell a category, the most telling first.
var categoryWords = []struct {
	category string
	words    []string
}{
	{UnbornPlan, []string{"unborn"}},
	{ChildPlan, []string{"child protection"}},
	{LookedAfter, []string{"looked after", "looked-after", "child in care", "children in care", "care order"}},
	{AdultEnquiry, []string{"section 42", "s42", "enquiry", "inquiry"}},
	{AdultConcern, []string{"adult"}},
}

// concern reads a statement about safeguarding, of whatever type.
func (c *composer) concern(e *entry) {
	v := e.v
	st := firstText(v.Get("status").Text(), concept(v.Get("clinicalStatus")).code)
	k := Concern{Item: Item{
		Kind: "Safeguarding", Status: statusOr(st, ""), Active: slices.Contains([]string{"active", "draft", "on-hold", "onhold", "planned", "waitlist", "recurrence", "registered", "preliminary", "final"}, st),
		Date: when(v, "period.start", "onsetDateTime", "recordedDate", "created", "authoredOn", "occurrenceDateTime"),
		End:  when(v, "period.end", "abatementDateTime"), From: []Provenance{c.from(e)},
	}}
	if k.End != "" && k.End.before(c.in.Now) {
		k.Active = false
	}
	titles := []string{concept(v.Get("code")).text, concepts(v.Get("type")), v.Get("title").Text(), concepts(v.Get("category"))}
	k.Title = firstText("Safeguarding", titles...)
	k.Category = CategoryOf(strings.Join(titles, " ") + " " + v.Get("description").Text())
	k.Child = k.Category == UnbornPlan || k.Category == ChildPlan || k.Category == LookedAfter || k.Category == OtherConcern && slices.Contains(e.Labels, kmcr.TopicSafeguardChild)
	k.Do = map[bool]string{true: ringChildren, false: ringAdults}[k.Child]
	if k.Category == OtherConcern && !k.Child {
		k.Do = ringSafeguarder
	}
	k.Details = details("Why", concepts(v.Get("reasonCode")), "About", v.Get("description").Text(), "Note", notes(v))
	c.leadOf(e, &k)
	k.Review = c.reviewOf(e)
	k.Overdue = k.Active && k.Review != "" && k.Review.before(c.in.Now)
	c.r.Concerns = append(c.r.Concerns, k)
}

// CategoryOf tells the category of a safeguarding entry from its words.
func CategoryOf(said string) string {
	said = strings.ToLower(said)
	for _, w := range categoryWords {
		if slices.ContainsFunc(w.words, func(word string) bool { return strings.Contains(said, word) }) {
			return w.category
		}
	}
	return OtherConcern
}

// leadOf finds who leads: who is named in the entry, else who leads a team of the same contributor.
func (c *composer) leadOf(e *entry, k *Concern) {
	v := e.v
	var lead Contact
	for _, ref := range slices.Concat(v.Path("careManager"), v.Path("author"), v.Path("performer"), v.Path("contributor"), v.Path("asserter"), v.Path("recorder"), v.Path("requester")) {
		if w := c.who(ref); w.name != "" || w.team != "" || w.organisation != "" {
			lead = c.professionalOf(w, c.ours(e, Contact{}))
			break
		}
	}
	for _, o := range slices.Concat(v.Path("careTeam"), v.Path("team")) {
		w := c.who(o)
		lead.Team, lead.DutyLine, lead.Hours = cmp.Or(lead.Team, w.team), cmp.Or(lead.DutyLine, w.duty), cmp.Or(lead.Hours, w.hours)
		if t := c.byRef[o.Get("reference").Text()]; t != nil && lead.Name == "" {
			lead = c.leadOfTeam(t)
		}
	}
	for _, t := range c.entries {
		if t.Type == "CareTeam" && t.Contributor == e.Contributor && t.ID.Patient == e.ID.Patient && t.v.Get("status").Text() != "inactive" {
			of := c.leadOfTeam(t)
			if lead.Name == "" || letters(lead.Name) == letters(of.Name) {
				lead = of
			}
		}
	}
	if lead.Name == "" {
		lead = c.ours(e, lead)
	}
	k.Lead, k.Role, k.Team, k.Organisation = lead.Name, lead.Role, lead.Team, lead.Organisation
	k.Telephone, k.DutyLine, k.Hours = lead.Telephone, lead.DutyLine, lead.Hours
	if k.Lead == k.Organisation {
		k.Lead = ""
	}
}

// leadOfTeam is the member of a team who leads, or the first of it.
func (c *composer) leadOfTeam(t *entry) (lead Contact) {
	v := t.v
	base := c.ours(t, Contact{Team: v.Get("name").Text()})
	base.Organisation = cmp.Or(c.organisationOf(first(v.Get("managingOrganization"))), base.Organisation)
	if phone, duty, hours := phones(v.Get("telecom")); phone != "" {
		base.Telephone, base.DutyLine, base.Hours = phone, duty, hours
	}
	for _, p := range v.Get("participant").Items() {
		w := c.who(p.Get("member"))
		if w.name == "" {
			continue
		}
		k := base
		k.Role = concepts(p.Get("role"))
		if k = c.professionalOf(w, k); lead.Name == "" || k.Lead && !lead.Lead {
			lead = k
		}
	}
	return lead
}

// reviewOf is when the concern is reviewed next: as the entry says, else the next appointment of its contributor for a review.
func (c *composer) reviewOf(e *entry) Date {
	for _, x := range e.v.Get("extension").Items() {
		url := strings.ToLower(x.Get("url").Text())
		if strings.Contains(url, "review") {
			if d := when(x, "valueDateTime", "valueDate"); d != "" {
				return d
			}
		}
	}
	for _, a := range e.v.Get("activity").Items() {
		d := a.Get("detail")
		if strings.Contains(strings.ToLower(concept(d.Get("code")).text+" "+d.Get("description").Text()), "review") {
			if at := when(d, "scheduledPeriod.start", "scheduledTiming.event", "scheduledString"); at != "" {
				return at
			}
		}
	}
	var next Date
	for _, a := range c.entries {
		at := when(a.v, "start")
		if a.Type == "Appointment" && a.ID.Patient == e.ID.Patient && a.v.Get("status").Text() == "booked" && !at.before(c.in.Now) && isReview(a.v) && (next == "" || at.key() < next.key()) {
			next = at
		}
	}
	return next
}

func isReview(v fhir.Value) bool {
	said := strings.ToLower(v.Get("description").Text() + " " + concepts(v.Get("serviceType")) + " " + concepts(v.Get("reasonCode")) + " " + concept(v.Get("appointmentType")).text)
	return strings.Contains(said, "review") || strings.Contains(said, "conference") || strings.Contains(said, "core group")
}

// concerns puts them in order: what is in force first, the first categories first, then the newest.
func (c *composer) concerns() {
	for _, e := range c.entries {
		if e.Section == kmcr.Safeguarding && !e.aside && e.v.Get("status").Text() != "entered-in-error" && placers[e.Type] != nil {
			c.concern(e)
		}
	}
	order := []string{UnbornPlan, ChildPlan, LookedAfter, AdultEnquiry, AdultConcern, OtherConcern}
	slices.SortStableFunc(c.r.Concerns, func(a, b Concern) int {
		return cmp.Or(cmp.Compare(ended(a.Item), ended(b.Item)), cmp.Compare(slices.Index(order, a.Category), slices.Index(order, b.Category)), cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.Title, b.Title))
	})
}

func ended(i Item) int {
	if i.Active {
		return 0
	}
	return 1
}
