package compose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
)

// affected lists the visits and services of the next seven days.
func (c *composer) affected(ep Episode) []Affected {
	out := []Affected{}
	for _, e := range c.entries {
		if e.ID == ep.Statement || e.Deleted {
			continue
		}
		if a, ok := c.affects(e); ok {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b Affected) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.When.key(), b.When.key()), cmp.Compare(a.What, b.What), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// affects tells whether an entry is a visit or service of the next seven days.
func (c *composer) affects(e *entry) (Affected, bool) {
	a := Affected{Statement: e.ID, ID: e.id, From: e.Contributor, Kind: "visit"}
	v, status := e.v, e.v.Get("status").Text()
	switch {
	case e.Type == "Appointment" && slices.Contains([]string{"booked", "pending", "proposed", "arrived", "checked-in"}, status):
		a.When = when(v, "start", "requestedPeriod.start")
		a.What = firstText("Appointment", v.Get("description").Text(), concepts(v.Get("serviceType")), concept(v.Get("appointmentType")).text, concepts(v.Get("specialty")))
		c.by(&a, actors(v)...)
		return a, c.inWeek(a.When, "")
	case e.Type == "Encounter" && status == "planned":
		a.When = when(v, "period.start")
		a.What = firstText("Visit", concepts(v.Get("type")), concepts(v.Get("serviceType")), concepts(v.Get("reasonCode")))
		refs := v.Path("participant.individual")
		c.by(&a, append(refs, v.Get("serviceProvider"))...)
		return a, c.inWeek(a.When, when(v, "period.end"))
	case e.Type == "EpisodeOfCare" && e.Section == kmcr.SocialCare && slices.Contains([]string{"active", "onhold", "planned"}, status):
		a.Kind, a.What = "service", firstText("Service", concepts(v.Get("type")))
		a.Pattern = servicePattern(v)
		c.by(&a, v.Get("managingOrganization"))
		return a, c.inWeek(when(v, "period.start"), orOpen(when(v, "period.end")))
	case e.Type == "ServiceRequest" && e.Section == kmcr.SocialCare && status == "active":
		a.Kind, a.What = "service", firstText("Service", concept(v.Get("code")).text, concepts(v.Get("category")))
		a.Pattern = timing(v.Get("occurrenceTiming"))
		c.by(&a, v.Get("performer").Items()...)
		return a, c.inWeek(when(v, "occurrencePeriod.start", "occurrenceDateTime", "authoredOn"), orOpen(when(v, "occurrencePeriod.end")))
	case e.Type == "CarePlan" && status == "active":
		return c.planned(a, e)
	}
	return a, false
}

// planned is what a care plan has somebody do at stated times.
func (c *composer) planned(a Affected, e *entry) (Affected, bool) {
	if !c.inWeek(when(e.v, "period.start"), orOpen(when(e.v, "period.end"))) {
		return a, false
	}
	var what, pattern []string
	for _, d := range e.v.Path("activity.detail") {
		if st := d.Get("status").Text(); d.Get("performer").Len() == 0 || slices.Contains([]string{"completed", "cancelled", "stopped", "entered-in-error"}, st) {
			continue
		}
		what = append(what, firstText(concept(d.Get("code")).text, d.Get("description").Text()))
		pattern = append(pattern, firstText(timing(d.Get("scheduledTiming")), d.Get("scheduledString").Text()))
		c.by(&a, d.Get("performer").Items()...)
	}
	a.Kind, a.What, a.Pattern = "service", firstText("Planned care", strings.Join(what, ", ")), strings.Trim(strings.Join(pattern, "; "), "; ")
	return a, len(what) > 0
}

func actors(v fhir.Value) []fhir.Value {
	var all []fhir.Value
	for _, p := range v.Path("participant.actor") {
		if !strings.HasPrefix(p.Get("reference").Text(), "Patient/") {
			all = append(all, p)
		}
	}
	return all
}

// by says who provides, and where they are reached: the first of refs that has a telephone, else whoever sent it.
func (c *composer) by(a *Affected, refs ...fhir.Value) {
	for _, ref := range refs {
		r := c.reach(ref)
		if a.By == "" {
			a.By = r.name
		}
		if a.Provider == "" {
			a.Provider = r.ods
		}
		if a.Telephone == "" && r.telephone != "" {
			a.Telephone = r.telephone
			if r.name != a.By {
				a.Whose = r.name
			}
		}
	}
	if a.Telephone == "" {
		a.Telephone = c.providers()[strings.ToLower(a.By)]
	}
	s := c.sources[a.From]
	if s == nil {
		return
	}
	a.By = firstText(s.OrganisationName, a.By)
	if a.Telephone == "" && s.Telephone != "" {
		a.Telephone = s.Telephone
		if s.OrganisationName != a.By {
			a.Whose = s.OrganisationName
		}
	}
}

// providers are the telephones of providers by their names, as any service or team in the record states them.
func (c *composer) providers() map[string]string {
	if c.provided != nil {
		return c.provided
	}
	c.provided = map[string]string{}
	for _, e := range c.entries {
		name, number := "", ""
		switch e.Type {
		case "EpisodeOfCare":
			name, number = c.nameOf(e.v.Get("managingOrganization")), extensionText(e.v, ":provider-telephone")
		case "CareTeam":
			name, number = e.v.Get("name").Text(), telephone(e.v.Get("telecom"))
		}
		if name = strings.ToLower(name); name != "" && number != "" && c.provided[name] == "" {
			c.provided[name] = number
		}
	}
	return c.provided
}

// open is the end of what has none.
const open = Date("9999")

func orOpen(d Date) Date {
	if d == "" {
		return open
	}
	return d
}

// inWeek tells whether a time, or any of the time until until, lies in the seven days after now.
func (c *composer) inWeek(from, until Date) bool {
	begins, ok := from.Time()
	if until == "" {
		return ok && !from.before(startOfDay(c.in.Now)) && begins.Before(c.in.Now.Add(Ahead))
	}
	return (!ok || begins.Before(c.in.Now.Add(Ahead))) && !until.before(c.in.Now)
}

func startOfDay(t time.Time) time.Time {
	t = t.In(london)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, london)
}

// servicePattern is how much of a service there is, as its contributor says it.
func servicePattern(v fhir.Value) string {
	var component, units string
	for _, x := range v.Get("extension").Items() {
		switch url := x.Get("url").Text(); {
		case strings.HasSuffix(url, ":service-component"):
			component = valueText(x)
		case strings.HasSuffix(url, ":planned-units-per-week"):
			units = valueText(x) + " a week"
		}
	}
	return strings.Trim(component+", "+units, ", ")
}

// timing is a Timing in words, as far as it has some.
func timing(v fhir.Value) string {
	if t := concept(v.Get("code")).text; t != "" {
		return t
	}
	r := v.Get("repeat")
	n := firstText("1", r.Get("frequency").Text())
	if unit := r.Get("periodUnit").Text(); unit != "" {
		every := firstText("1", r.Get("period").Text())
		return n + " in " + every + " " + map[string]string{"h": "h", "d": "day(s)", "wk": "week(s)", "mo": "month(s)"}[unit]
	}
	return ""
}

// medicinesSince lists the medicines that were started, changed or stopped since a date.
func (c *composer) medicinesSince(from Date) []MedicineChange {
	begun, ok := from.Time()
	if !ok {
		return nil
	}
	var out []MedicineChange
	for _, e := range c.entries {
		if e.Section != kmcr.Medicines || e.Deleted {
			continue
		}
		if change, at := medicineChange(e, begun); change != "" {
			out = append(out, MedicineChange{Name: c.medicineName(e.v), Change: change, At: at, Source: c.sourceName(e.Contributor)})
		}
	}
	slices.SortFunc(out, func(a, b MedicineChange) int {
		return cmp.Or(cmp.Compare(a.Change, b.Change), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Source, b.Source))
	})
	return slices.CompactFunc(out, func(a, b MedicineChange) bool { return a == b })
}

func medicineChange(e *entry, begun time.Time) (change string, at Date) {
	if e.Type != "MedicationRequest" && e.Type != "MedicationStatement" {
		return "", ""
	}
	status := e.v.Get("status").Text()
	stated := when(e.v, "authoredOn", "effectivePeriod.start", "effectiveDateTime", "dateAsserted")
	stopped := when(e.v, "effectivePeriod.end", "dosageInstruction.timing.repeat.boundsPeriod.end")
	after := func(d Date) bool { t, ok := d.Time(); return ok && !t.Before(begun) }
	switch {
	case status == "entered-in-error" || status == "draft":
	case status == "stopped" || status == "cancelled" || status == "completed" || status == "not-taken" || status == "ended":
		if after(stopped) || stopped == "" && !e.At.Before(begun) && e.Version > 1 {
			return "stopped", stopped
		}
	case after(stated):
		return "started", stated
	case e.Version > 1 && !e.At.Before(begun) && !e.Recorded.Before(begun):
		return "changed", stated
	}
	return "", ""
}

// medicineName is the name of a medicine as its contributor has it.
func (c *composer) medicineName(v fhir.Value) string {
	if name := concept(v.Get("medicationCodeableConcept")).text; name != "" {
		return name
	}
	ref := v.Get("medicationReference")
	if d := ref.Get("display").Text(); d != "" {
		return d
	}
	return orUnnamed(concept(c.target(ref).Get("code")).text, "Medicine")
}
