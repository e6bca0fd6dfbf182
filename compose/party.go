package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr/fhir"
)

// party is who stands behind a reference.
type party struct{ kind, name, role, team, organisation, telephone, duty, hours string }

// who follows a reference to a professional, a team, a service, an organisation or a place; nothing for one to the person.
func (c *composer) who(ref fhir.Value) (w party) {
	to := ref.Get("reference").Text()
	kind, _, _ := strings.Cut(to, "/")
	kind = cmp.Or(ref.Get("type").Text(), kind)
	if kind == "Patient" || kind == "RelatedPerson" || kind == "Encounter" || kind == "Device" {
		return party{}
	}
	if e := c.byRef[to]; e != nil {
		known, asked := c.parties[to]
		if !asked {
			known = c.told(e)
			c.parties[to] = known
		}
		w, kind = known, e.Type
	}
	name := c.nameOf(ref)
	organisation := ref.Get("identifier").Get("system").Text() == odsSystem || kind == "Organization"
	switch {
	case organisation:
		w.organisation = cmp.Or(w.organisation, name)
		w.telephone = cmp.Or(w.telephone, c.organisation(ref.Get("identifier").Get("value").Text()).Telephone)
	case kind == "CareTeam" || kind == "HealthcareService":
		w.team = cmp.Or(w.team, name)
	case w.name == "" && w.team == "" && w.organisation == "":
		w.name = name
	}
	w.kind = kind
	return w
}

// told is what a statement about a professional, team, service, organisation or place says.
func (c *composer) told(e *entry) (w party) {
	v := e.v
	w.telephone, w.duty, w.hours = phones(v.Get("telecom"))
	if h := hours(v.Get("availableTime")); h != "" {
		w.hours = h
	}
	switch e.Type {
	case "Practitioner":
		w.name = personName(v.Get("name"))
		w.role = concepts(first(v.Get("qualification")).Get("code"))
	case "PractitionerRole":
		w = c.inRole(v, w)
	case "Organization":
		w.organisation = c.organisationName(e)
	case "HealthcareService":
		w.team, w.organisation = v.Get("name").Text(), c.organisationOf(v.Get("providedBy"))
	case "CareTeam":
		w.team, w.organisation = v.Get("name").Text(), c.organisationOf(first(v.Get("managingOrganization")))
	case "Location":
		w.name, w.organisation = v.Get("name").Text(), c.organisationOf(v.Get("managingOrganization"))
	}
	return w
}

// inRole is a professional in a role at an organisation and its service.
func (c *composer) inRole(v fhir.Value, w party) party {
	who := c.who(v.Get("practitioner"))
	w.name, w.telephone = who.name, cmp.Or(w.telephone, who.telephone)
	w.role = cmp.Or(concepts(v.Get("code")), concepts(v.Get("specialty")), who.role)
	w.organisation = c.organisationOf(v.Get("organization"))
	for _, s := range v.Get("healthcareService").Items() {
		service := c.who(s)
		w.team = cmp.Or(w.team, service.team)
		w.duty = cmp.Or(w.duty, service.duty, service.telephone)
		w.hours = cmp.Or(w.hours, service.hours)
	}
	return w
}

func (c *composer) organisationOf(ref fhir.Value) string {
	if e := c.byRef[ref.Get("reference").Text()]; e != nil && e.Type == "Organization" {
		return c.organisationName(e)
	}
	return c.nameOf(ref)
}

// organisationName is the register's name of an organisation, else its own.
func (c *composer) organisationName(e *entry) string {
	for _, i := range e.v.Get("identifier").Items() {
		if i.Get("system").Text() == odsSystem {
			if o := c.organisation(i.Get("value").Text()); o.Name != "" {
				return o.Name
			}
		}
	}
	return e.v.Get("name").Text()
}

// telephone is the first number of a list of contact points.
func telephone(telecom fhir.Value) string {
	t, _, _ := phones(telecom)
	return t
}

// phones reads the number of somebody and that of the duty line, marked by a comment (HL7 extension contactpoint-comment), whose
// words are also its hours.
func phones(telecom fhir.Value) (number, duty, hours string) {
	for _, t := range telecom.Items() {
		s, n := t.Get("system").Text(), t.Get("value").Text()
		if n == "" || s != "phone" && s != "sms" && s != "" || t.Get("use").Text() == "old" || t.First("period.end").Exists() {
			continue
		}
		comment := extensionText(t, "contactpoint-comment")
		switch lower := strings.ToLower(comment); {
		case strings.Contains(lower, "duty") || strings.Contains(lower, "out of hours"):
			if duty == "" {
				duty, hours = n, strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(comment, "duty line"), "Duty line"), ",;: ")
			}
		case number == "":
			number = n
			if comment != "" && hours == "" {
				hours = comment
			}
		}
	}
	if number == "" {
		number = duty
	}
	return number, duty, hours
}

// hours writes availableTime: "Mon to Fri 08:30 to 17:00; Sat all day".
func hours(available fhir.Value) string {
	var all []string
	for _, a := range available.Items() {
		var days []string
		for _, d := range a.Get("daysOfWeek").Items() {
			if t := d.Text(); t != "" {
				days = append(days, strings.ToUpper(t[:1])+t[1:])
			}
		}
		says := strings.Join(days, ", ")
		if slices.Equal(days, []string{"Mon", "Tue", "Wed", "Thu", "Fri"}) {
			says = "Mon to Fri"
		}
		if len(days) == 7 {
			says = "every day"
		}
		start, end := clockOf(a.Get("availableStartTime").Text()), clockOf(a.Get("availableEndTime").Text())
		switch {
		case a.Get("allDay").Text() == "true":
			says += " all day"
		case start != "" && end != "":
			says += " " + start + " to " + end
		}
		if says = strings.TrimSpace(says); says != "" {
			all = append(all, says)
		}
	}
	return strings.Join(all, "; ")
}

// clockOf is a FHIR time without its seconds.
func clockOf(s string) string {
	if len(s) >= len("08:30") {
		return s[:len("08:30")]
	}
	return s
}
