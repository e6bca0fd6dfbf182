package translate

import (
	"strings"

	"kmcr"
)

// CaseColumns are the columns of the case extract, our own layout for what
// returns to the government do not hold: who works with a person and how
// they are reached, packages and their providers, visits, and plans of
// children. docs/case-extract.md says what each of them means.
var CaseColumns = []string{
	"Extract Date", "Record", "Record Id", "Person Id", "NHS Number", "Family Name", "Given Name", "Date of Birth", "Sex", "Postcode", "Telephone",
	"Start Date", "End Date", "Worker Name", "Worker Role", "Worker Telephone", "Team", "Team Telephone", "Duty Telephone",
	"Package", "Package Description", "Provider", "Provider Identifier", "Provider Telephone", "Units Per Week",
	"Visit Days", "Visit From", "Visit Until", "Workers Per Visit", "Tasks", "Category", "Next Review Date", "Note",
}

var caseRequired = []string{"Extract Date", "Record", "Record Id", "Person Id"}

// readCase turns a row of the case extract into statements:
//
//   - person: who the person is, and nothing else;
//   - worker: a CareTeam with the worker, and one for the duty line of the team;
//   - package: an EpisodeOfCare, and a CareTeam by which the provider is reached;
//   - visit: a CarePlan of one activity with its timing;
//   - child-protection: a CarePlan and a Flag; looked-after: a Flag.
func readCase(r Row, c kmcr.Contributor) (Reading, error) {
	x := newRowReader(r, c)
	_, x.at = x.day("Extract Date")
	claims, err := x.person()
	if err != nil {
		return Reading{}, err
	}
	x.out.Patients = []Claims{claims}
	if !claims.Mention {
		x.state(PatientKey, x.personResource(claims))
	}
	id, kind := x.get("Record Id"), strings.ToLower(x.get("Record"))
	if id == "" && kind != "person" {
		return Reading{}, &kmcr.Error{Kind: kmcr.Invalid, Where: x.where("Record Id"), Message: "the record has no identifier", Remedy: "Fill in Record Id: the same one for the same record in every extract."}
	}
	switch kind {
	case "person":
	case "worker":
		x.worker(id)
	case "package":
		x.packageOfCare(id)
	case "visit":
		x.visits(id)
	case "child-protection":
		x.protection(id)
	case "looked-after":
		x.lookedAfter(id)
	default:
		return Reading{}, &kmcr.Error{Kind: kmcr.Invalid, Where: x.where("Record"), Message: "the kind of record is not one of the case extract", Remedy: "Write person, worker, package, visit, child-protection or looked-after."}
	}
	x.rest()
	x.out.Event = "social-care"
	return x.out, nil
}

// person reads who the row is about. A row with nothing but the identifier speaks of somebody who was told of before.
func (x *rowReader) person() (Claims, error) {
	c := Claims{}
	if sent := x.get("NHS Number"); sent != "" {
		n, err := kmcr.ParseNHSNumber(sent)
		if err != nil {
			c.NHSAsSent = sent
			x.out.Flags = append(x.out.Flags, "NHS Number: not valid")
		}
		c.NHS = n
	}
	id := x.get("Person Id")
	if id == "" {
		return c, &kmcr.Error{Kind: kmcr.Invalid, Where: x.where("Person Id"), Message: "the row does not say whom it is about: identity missing", Remedy: "Fill in Person Id."}
	}
	c.Key = strings.ToUpper(string(x.c.Organisation)) + "|" + id
	c.Aliases = []string{x.councilNumber(id)}
	if n := (Name{Use: "official", Family: x.get("Family Name"), Given: x.get("Given Name")}); n.Family+n.Given != "" {
		c.Names = []Name{n}
	}
	if c.Born, _ = x.day("Date of Birth"); c.Born == "" {
		c.BornAsSent = x.get("Date of Birth")
	}
	c.Sex = sexes[strings.ToUpper(x.get("Sex"))]
	if p := strings.ToUpper(x.get("Postcode")); p != "" {
		c.Addresses = []Address{{Use: "home", Postcode: p}}
	}
	if t := x.get("Telephone"); t != "" {
		c.Telephones = []string{t}
	}
	c.Mention = len(c.Names) == 0 && c.Born == "" && c.NHS == ""
	return c, nil
}

func (x *rowReader) personResource(c Claims) *doc {
	d := resource("Patient")
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem(string(x.c.Organisation), "", "person"), x.get("Person Id"), "PI")
		switch {
		case c.NHS != "":
			d.identifier("", nhsNumberSystem, string(c.NHS), "")
		case c.NHSAsSent != "":
			d.identifier("", "urn:kmcr:nhs-number-not-valid", c.NHSAsSent, "")
		}
	})
	d.array("name", func() { d.names(c.Names) })
	d.array("telecom", func() { d.phones(c.Telephones...) })
	d.text("gender", c.Sex)
	d.text("birthDate", c.Born)
	d.array("address", func() {
		for _, a := range c.Addresses {
			d.object("", func() {
				d.text("use", a.Use)
				d.text("postalCode", a.Postcode)
			})
		}
	})
	x.provider(d, "managingOrganization")
	return d
}

// names writes names.
func (d *doc) names(all []Name) {
	for _, n := range all {
		d.object("", func() {
			d.text("use", n.Use)
			d.text("family", n.Family)
			d.array("given", func() { d.text("", n.Given) })
		})
	}
}

// phones writes telephone numbers.
func (d *doc) phones(numbers ...string) {
	for _, n := range nonEmpty(numbers) {
		d.object("", func() {
			d.text("system", "phone")
			d.text("value", n)
		})
	}
}

// span writes the period of Start Date and End Date, and tells whether it is over on the day of the extract.
func (x *rowReader) span(d *doc, name string) (over bool) {
	start, _ := x.day("Start Date")
	end, until := x.day("End Date")
	d.object(name, func() {
		d.text("start", start)
		if start == "" || end == "" || start <= end {
			d.text("end", end)
		}
	})
	return end != "" && !until.After(x.at)
}

// over tells whether what the row tells of has ended.
func (x *rowReader) over() bool {
	end, until := x.day("End Date")
	return end != "" && !until.After(x.at)
}

func (x *rowReader) worker(id string) {
	team := x.get("Team")
	d := resource("CareTeam")
	d.text("status", either(x.over(), "inactive", "active"))
	d.text("name", team)
	d.reference("subject", "patient:")
	x.span(d, "period")
	d.array("participant", func() {
		if name := x.get("Worker Name"); name != "" {
			d.object("", func() {
				d.concepts("role", concept{text: orElse(x.get("Worker Role"), "Social worker")})
				d.display("member", "Practitioner", name)
			})
		}
	})
	d.array("managingOrganization", func() { x.provider(d, "") })
	d.array("telecom", func() { d.phones(x.get("Worker Telephone"), x.get("Team Telephone")) })
	d.array("note", func() { d.notes(x.get("Note")) })
	x.state("Case|worker|"+id, d)
	x.contactPoint("Case|duty|"+id, join(" ", orElse(team, "Social care"), "duty line"), "Duty line", x.get("Duty Telephone"))
}

// contactPoint states how a team or provider is reached.
func (x *rowReader) contactPoint(key, name, category, telephone string) {
	if telephone == "" {
		return
	}
	d := resource("CareTeam")
	d.text("status", either(x.over(), "inactive", "active"))
	d.concepts("category", concept{text: category})
	d.text("name", name)
	d.reference("subject", "patient:")
	d.array("managingOrganization", func() { x.provider(d, "") })
	d.array("telecom", func() { d.phones(telephone) })
	x.state(key, d)
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// display writes a reference to somebody by name.
func (d *doc) display(name, kind, display string) {
	d.object(name, func() {
		d.text("type", kind)
		d.text("display", display)
	})
}

func (d *doc) notes(all ...string) {
	for _, n := range nonEmpty(all) {
		d.object("", func() { d.text("text", n) })
	}
}

func (x *rowReader) packageOfCare(id string) {
	d := resource("EpisodeOfCare")
	d.array("extension", func() {
		x.detail(d, "service-component", x.get("Package Description"))
		x.detail(d, "planned-units-per-week", x.get("Units Per Week"))
		x.detail(d, "provider-telephone", x.get("Provider Telephone"))
		x.detail(d, "note", x.get("Note"))
	})
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("social-care-package", "", ""), id, "")
	})
	start, from := x.day("Start Date")
	d.text("status", either(x.over(), "finished", either(start != "" && from.After(x.at), "planned", "active")))
	kind := orElse(x.get("Package"), "Social care package")
	d.concepts("type", concept{text: kind})
	d.reference("patient", "patient:")
	provider := x.get("Provider")
	if number := x.get("Provider Identifier"); provider+number != "" {
		x.organisation(d, "managingOrganization", "https://www.cqc.org.uk/location", number, provider)
	} else {
		x.provider(d, "managingOrganization")
	}
	x.span(d, "period")
	x.state("Case|package|"+id, d)
	x.contactPoint("Case|provider|"+id, orElse(provider, "Provider"), join(": ", "Provider of care", kind), x.get("Provider Telephone"))
}

// weekDays are the days of FHIR by how people write them.
var weekDays = map[string]string{"mon": "mon", "tue": "tue", "wed": "wed", "thu": "thu", "fri": "fri", "sat": "sat", "sun": "sun"}

// visits states a schedule of visits.
func (x *rowReader) visits(id string) {
	var days []string
	for _, word := range strings.FieldsFunc(strings.ToLower(x.get("Visit Days")), func(r rune) bool { return r < 'a' || r > 'z' }) {
		switch {
		case word == "daily" || word == "every":
			days = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
		case len(word) >= 3 && weekDays[word[:3]] != "":
			days = appendOnce(days, weekDays[word[:3]])
		}
	}
	from, until := clock(x.get("Visit From")), clock(x.get("Visit Until"))
	hours := join(" to ", x.get("Visit From"), x.get("Visit Until"))
	workers := x.get("Workers Per Visit")
	if workers != "" {
		workers += " worker(s)"
	}
	d := resource("CarePlan")
	d.text("status", either(x.over(), "completed", "active"))
	d.text("intent", "plan")
	d.concepts("category", concept{text: join(": ", "Care visits", x.get("Provider"))})
	d.text("title", "Care visits")
	d.text("description", x.get("Package Description"))
	d.reference("subject", "patient:")
	x.span(d, "period")
	d.list("activity", func() {
		d.object("detail", func() {
			d.text("status", either(x.over(), "completed", "in-progress"))
			d.object("scheduledTiming", func() {
				d.object("repeat", func() {
					d.array("dayOfWeek", func() {
						for _, day := range days {
							d.text("", day)
						}
					})
					d.array("timeOfDay", func() { d.text("", from) })
				})
			})
			d.array("performer", func() {
				if p := x.get("Provider"); p != "" {
					d.display("", "Organization", p)
				}
			})
			d.text("description", join("; ", join(", ", x.get("Visit Days"), hours), workers, x.get("Tasks")))
		})
	})
	d.array("note", func() { d.notes(x.get("Note")) })
	if from == "" && x.get("Visit From") != "" || until == "" && x.get("Visit Until") != "" {
		x.out.Flags = appendOnce(x.out.Flags, "Visit From, Visit Until: not a time of day")
	}
	x.state("Case|visit|"+id, d)
}

// clock is a time of day as FHIR has it; "" where it is none.
func clock(s string) string {
	hours, minutes, ok := strings.Cut(strings.TrimSpace(s), ":")
	minutes, _, _ = strings.Cut(minutes, ":")
	if len(hours) == 1 {
		hours = "0" + hours
	}
	if !ok || len(hours) != 2 || len(minutes) != 2 || !isDigits(hours+minutes) || hours > "23" || minutes > "59" {
		return ""
	}
	return hours + ":" + minutes + ":00"
}

// protection states that a child is on a protection plan.
func (x *rowReader) protection(id string) {
	category := x.get("Category")
	x.flagged("Case|child-protection|"+id, "Child protection plan", category)
	d := resource("CarePlan")
	d.text("status", either(x.over(), "completed", "active"))
	d.text("intent", "plan")
	d.concepts("category", concept{text: join(": ", "Child protection plan", orElse(abuses[strings.ToUpper(category)], category))})
	d.text("title", "Child protection plan")
	d.reference("subject", "patient:")
	x.span(d, "period")
	next, _ := x.day("Next Review Date")
	d.list("activity", func() {
		if next != "" {
			d.object("detail", func() {
				d.text("status", "scheduled")
				d.object("scheduledPeriod", func() { d.text("start", next) })
				d.text("description", "Next review "+next)
			})
		}
	})
	d.array("note", func() { d.notes(x.get("Note")) })
	x.state("Case|child-protection-plan|"+id, d)
}

// lookedAfter states that a child is looked after: the alert, and the episode with the legal status in words, the placement and the next review.
func (x *rowReader) lookedAfter(id string) {
	status := inWords(legalStatuses, x.get("Category"))
	x.flagged("Case|looked-after|"+id, "Looked after child", status)
	d := resource("EpisodeOfCare")
	d.array("extension", func() {
		x.detail(d, "legal-status", status)
		x.detail(d, "placement", inWords(placements, x.get("Package")))
		x.detail(d, "placement-provider", x.get("Provider"))
		next, _ := x.day("Next Review Date")
		x.detail(d, "next-review", next)
		x.detail(d, "note", x.get("Note"))
	})
	d.text("status", either(x.over(), "finished", "active"))
	d.concepts("type", concept{text: join(": ", "Looked after child", status)})
	d.reference("patient", "patient:")
	x.provider(d, "managingOrganization")
	x.span(d, "period")
	x.state("Case|looked-after-episode|"+id, d)
}

// flagged states a Flag.
func (x *rowReader) flagged(key, what, detail string) {
	d := resource("Flag")
	d.text("status", either(x.over(), "inactive", "active"))
	d.concepts("category", concept{text: "Safeguarding children"})
	d.concept("code", concept{text: join(": ", what, orElse(abuses[strings.ToUpper(detail)], detail))})
	d.reference("subject", "patient:")
	x.span(d, "period")
	x.state(key, d)
}

// abuses are the categories of abuse of the Children in Need census.
var abuses = map[string]string{"NEG": "neglect", "PHY": "physical abuse", "SAB": "sexual abuse", "EMO": "emotional abuse", "MUL": "multiple categories of abuse"}
