package translate

import (
	"strings"
	"time"

	"kmcr"
)

// cldRequired are those without which a row cannot be given to a person
// and an event. The specification asks for all; a row can be read without the others.
var cldRequired = []string{"NHS Number", "LA Person Unique Identifier", "Date of Birth", "Client Type", "Event Type", "Event Start Date", "Event End Date"}

// cldColumns are the columns of Release 1 and Release 2 of adult social
// care Client Level Data (DHSC, ASC CLD specification).
var cldColumns = []string{
	"LA Code", "Reporting Period Start Date", "Reporting Period End Date", "NHS Number", "LA Person Unique Identifier", "First Name", "Last Name",
	"GP Practice Name", "GP Practice Code", "Gender", "Ethnicity", "Date of Birth", "Date of Death", "Client Type", "Primary Support Reason", "Postcode",
	"Accommodation Status", "Employment Status", "Has Unpaid Carer", "Autism Spectrum Disorder (ASD)", "Visual Impairment", "Hearing Impairment", "Dementia",
	"Client Funding Status", "Event Type", "Event Reference", "Event Start Date", "Event End Date", "Event Description", "Event Outcome",
	"Request: Route of Access", "Assessment Type", "Eligible Needs Identified", "Method of Assessment", "Total Hrs Caring per week",
	"No. of adults being cared for", "Adult 1 Linked Person_ID", "Adult 2 Linked Person_ID", "Adult 3 Linked Person_ID", "Service Type", "Service Component",
	"Delivery Mechanism", "Provider CQC Location Name", "Provider CQC Location ID", "Review Reason", "Review Outcomes Achieved", "Method of Review",
	"Unit Cost", "Cost Frequency (Unit Type)", "Planned units per week",
}

// readCLD turns a row of Client Level Data into statements: the person, the
// event, and what the council records of the person's circumstances.
//
//   - A Service is an EpisodeOfCare, the provider as managing organisation.
//   - A Request is a ServiceRequest to the council.
//   - An Assessment and a Review are Observations (social history) whose value is the outcome.
//   - Circumstances (client type, support reason, accommodation …) are Observations (social history).
//
// Values are kept as sent, valid or not; a date that is none stands as words.
// The event's key is that by which the Department of Health and Social Care
// tells events apart: person, start (and end, but for a service), client type,
// and route of access, assessment type, or service type and component. Event
// Reference is not relied upon.
//
// The error is a *kmcr.Error of kind Invalid where the row does not say whom it is about.
func readCLD(r Row, c kmcr.Contributor) (Reading, error) {
	x := newRowReader(r, c)
	x.at = x.time()
	claims, err := x.claims()
	if err != nil {
		return Reading{}, err
	}
	x.out.Patients = []Claims{claims}
	x.state(PatientKey, x.patient(claims))
	x.eventStatement()
	for _, name := range circumstances {
		x.circumstance(name)
	}
	x.rest()
	x.out.Event = "social-care"
	return x.out, nil
}

// circumstances are the columns that say how a person lives.
var circumstances = []string{"Client Type", "Primary Support Reason", "Accommodation Status", "Employment Status", "Has Unpaid Carer",
	"Autism Spectrum Disorder (ASD)", "Visual Impairment", "Hearing Impairment", "Dementia", "Client Funding Status",
	"Total Hrs Caring per week", "No. of adults being cared for"}

// time is the end of the reporting period, else its beginning, else the beginning of the event.
func (x *rowReader) time() time.Time {
	x.get("Reporting Period Start Date")
	for _, column := range []string{"Reporting Period End Date", "Reporting Period Start Date", "Event Start Date"} {
		if day, at := x.day(column); day != "" && believable(at) {
			return at
		}
	}
	return time.Time{}
}

// claims reads who the person is.
func (x *rowReader) claims() (Claims, error) {
	c := Claims{}
	if sent := x.get("NHS Number"); sent != "" {
		n, err := kmcr.ParseNHSNumber(sent)
		if err != nil {
			c.NHSAsSent = sent
			x.out.Flags = append(x.out.Flags, "NHS Number: not valid")
		}
		c.NHS = n
	}
	council := strings.ToUpper(orElse(x.get("LA Code"), string(x.c.Organisation)))
	switch id := x.get("LA Person Unique Identifier"); {
	case id != "":
		c.Key = council + "|" + id
	case c.NHS != "":
		c.Key = "NHS|" + string(c.NHS)
	default:
		return c, &kmcr.Error{Kind: kmcr.Invalid, Where: x.where("LA Person Unique Identifier"), Message: "the row has neither the council's identifier nor a valid NHS number: identity missing", Remedy: "Fill in LA Person Unique Identifier."}
	}
	if n := (Name{Use: "official", Family: x.get("Last Name"), Given: x.get("First Name")}); n.Family+n.Given != "" {
		c.Names = []Name{n}
	}
	if c.Born, _ = x.day("Date of Birth"); c.Born == "" {
		c.BornAsSent = x.get("Date of Birth")
	}
	c.Died, _ = x.day("Date of Death")
	c.Sex = sexes[strings.ToUpper(x.get("Gender"))]
	if p := strings.ToUpper(x.get("Postcode")); p != "" {
		c.Addresses = []Address{{Use: "home", Postcode: p}}
	}
	if p := strings.ToUpper(x.get("GP Practice Code")); isODS(p) {
		c.Practice = kmcr.ODS(p)
	}
	return c, nil
}

func (x *rowReader) patient(c Claims) *doc {
	d := resource("Patient")
	d.array("extension", func() {
		if e := x.get("Ethnicity"); e != "" {
			d.extension(ukCore+"EthnicCategory", func() { d.concept("valueCodeableConcept", concept{text: e}) })
		}
		if sent := x.get("Gender"); c.Sex == "" && sent != "" {
			x.detail(d, "gender-as-sent", sent)
		}
		if sent := x.get("Date of Birth"); c.Born == "" && sent != "" {
			x.detail(d, "date-of-birth-as-sent", sent)
		}
		if sent := x.get("Date of Death"); c.Died == "" && sent != "" {
			x.detail(d, "date-of-death-as-sent", sent)
		}
	})
	d.array("identifier", func() {
		if id := x.get("LA Person Unique Identifier"); id != "" {
			d.identifier("", x.identifierSystem(orElse(x.get("LA Code"), string(x.c.Organisation)), "", "person"), id, "PI")
		}
		switch {
		case c.NHS != "":
			d.identifier("", nhsNumberSystem, string(c.NHS), "")
		case c.NHSAsSent != "":
			d.identifier("", "urn:kmcr:nhs-number-not-valid", c.NHSAsSent, "")
		}
	})
	d.array("name", func() {
		for _, n := range c.Names {
			d.object("", func() {
				d.text("use", n.Use)
				d.text("family", n.Family)
				d.array("given", func() { d.text("", n.Given) })
			})
		}
	})
	d.text("gender", c.Sex)
	d.text("birthDate", c.Born)
	d.text("deceasedDateTime", c.Died)
	d.array("address", func() {
		for _, a := range c.Addresses {
			d.object("", func() {
				d.text("use", a.Use)
				d.text("postalCode", a.Postcode)
			})
		}
	})
	d.array("generalPractitioner", func() {
		number, name := strings.ToUpper(x.get("GP Practice Code")), x.get("GP Practice Name")
		system := odsSystem
		if c.Practice == "" {
			system = x.identifierSystem("organisation", "", "")
		}
		x.organisation(d, "", system, number, name)
	})
	x.provider(d, "managingOrganization")
	return d
}

// cldEvent is the event of a row.
type cldEvent struct {
	kind, client, outcome  string
	start, end             string // days, "" where not said or no date
	startSent, endSent     string
	cancelled, open, ahead bool
}

func (x *rowReader) event() cldEvent {
	e := cldEvent{kind: strings.ToLower(x.get("Event Type")), client: x.get("Client Type"), outcome: x.get("Event Outcome"), startSent: x.get("Event Start Date"), endSent: x.get("Event End Date")}
	var from, until time.Time
	e.start, from = x.day("Event Start Date")
	e.end, until = x.day("Event End Date")
	if e.start != "" && e.end != "" && until.Before(from) {
		x.out.Flags = append(x.out.Flags, "Event End Date: before the event began")
	}
	// an event that a hospital admission has broken off counts as cancelled; a suspended service stays open
	e.cancelled = strings.EqualFold(e.outcome, "Admitted to hospital") && e.kind != "service"
	e.open = e.end == "" || !x.at.IsZero() && until.After(x.at) // an end that cannot be read does not close it
	e.ahead = e.start != "" && !x.at.IsZero() && from.After(x.at)
	return e
}

// releaseOne are values of Release 1 by the words of Release 2, so that an event keeps its key.
var releaseOne = strings.NewReplacer("carer known by association", "unpaid carer known by association", "carer support: direct to carer", "unpaid carer support: direct to unpaid carer",
	"carer support: support involving the person cared-for", "unpaid carer support: support involving the person cared-for", "unpaid carer", "unpaid carer", "carer", "unpaid carer")

// sameWords is a value by which an event is told apart: without regard to case and release.
func sameWords(s string) string {
	return releaseOne.Replace(strings.Join(strings.Fields(strings.ToLower(s)), " "))
}

// key names the event.
func (x *rowReader) key(e cldEvent, parts ...string) string {
	start, end := orElse(e.start, e.startSent), orElse(e.end, e.endSent)
	key := []string{"CLD", e.kind, start}
	if e.kind != "service" {
		key = append(key, end)
	}
	key = append(key, sameWords(e.client))
	for _, p := range parts {
		key = append(key, sameWords(p))
	}
	return strings.Join(key, "|")
}

// eventStatement states the event by its type.
func (x *rowReader) eventStatement() {
	e := x.event()
	switch e.kind {
	case "service":
		x.state(x.key(e, x.get("Service Type"), x.get("Service Component")), x.service(e))
	case "request":
		x.state(x.key(e, x.get("Request: Route of Access")), x.request(e))
	case "assessment":
		x.state(x.key(e, x.get("Assessment Type")), x.finding(e, join(": ", "Social care assessment", x.get("Assessment Type")),
			"Eligible Needs Identified", "Method of Assessment"))
	case "review":
		x.state(x.key(e), x.finding(e, join(": ", "Social care review", x.get("Review Reason")), "Review Outcomes Achieved", "Method of Review"))
	default:
		x.out.Flags = append(x.out.Flags, "Event Type: not Request, Assessment, Service or Review")
		x.state(x.key(e), x.finding(e, join(": ", "Social care event", x.get("Event Type"))))
	}
}

// period writes when the event was; what was sent and is no date stands as words beside it.
func (x *rowReader) period(d *doc, name string, e cldEvent) {
	d.object(name, func() {
		d.text("start", e.start)
		if e.start == "" || e.end == "" || e.start <= e.end {
			d.text("end", e.end)
		}
	})
}

// eventDetails writes what every kind of event may say.
func (x *rowReader) eventDetails(d *doc, e cldEvent) {
	x.details(d, "Event Outcome", "Client Type", "Event Description")
	if e.start == "" {
		x.detail(d, "event-start-date-as-sent", e.startSent)
	}
	if e.end == "" || e.start != "" && e.end < e.start {
		x.detail(d, "event-end-date-as-sent", e.endSent)
	}
}

// eventIdentifier writes the council's own number of the event.
func (x *rowReader) eventIdentifier(d *doc) {
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("cld-event", "", ""), x.get("Event Reference"), "")
	})
}

// service writes an EpisodeOfCare.
func (x *rowReader) service(e cldEvent) *doc {
	d := resource("EpisodeOfCare")
	d.array("extension", func() {
		x.details(d, "Service Component", "Delivery Mechanism", "Planned units per week", "Unit Cost", "Cost Frequency (Unit Type)", "Client Funding Status", "Primary Support Reason")
		x.eventDetails(d, e)
	})
	x.eventIdentifier(d)
	switch {
	case e.ahead:
		d.text("status", "planned")
	case e.open:
		d.text("status", "active")
	default:
		d.text("status", "finished")
	}
	kind := orElse(x.get("Service Type"), "Social care service")
	d.concepts("type", coded("urn:kmcr:cld:service-type", kind, kind))
	d.reference("patient", "patient:")
	id, name := x.get("Provider CQC Location ID"), x.get("Provider CQC Location Name")
	if id+name != "" {
		x.organisation(d, "managingOrganization", "https://www.cqc.org.uk/location", id, name)
	} else {
		x.provider(d, "managingOrganization")
	}
	x.period(d, "period", e)
	return d
}

// request writes a ServiceRequest.
func (x *rowReader) request(e cldEvent) *doc {
	d := resource("ServiceRequest")
	d.array("extension", func() {
		x.details(d, "Request: Route of Access")
		x.eventDetails(d, e)
	})
	x.eventIdentifier(d)
	switch {
	case e.cancelled:
		d.text("status", "revoked")
	case e.endSent == "":
		d.text("status", "active")
	default:
		d.text("status", "completed")
	}
	d.text("intent", "proposal")
	d.concepts("category", concept{text: "Adult social care"})
	d.concept("code", concept{text: join(": ", "Request for social care support", x.get("Request: Route of Access"))})
	d.reference("subject", "patient:")
	x.period(d, "occurrencePeriod", e)
	d.text("authoredOn", e.start)
	d.array("performer", func() { x.provider(d, "") })
	if reason := x.get("Primary Support Reason"); reason != "" {
		d.concepts("reasonCode", concept{text: reason})
	}
	d.array("note", func() {
		if e.outcome != "" {
			d.object("", func() { d.text("text", "Outcome: "+e.outcome) })
		}
	})
	return d
}

// finding writes an assessment or a review: an Observation whose value is the outcome.
func (x *rowReader) finding(e cldEvent, what string, columns ...string) *doc {
	d := resource("Observation")
	d.array("extension", func() { x.eventDetails(d, e) })
	x.eventIdentifier(d)
	switch {
	case e.cancelled:
		d.text("status", "cancelled")
	case e.endSent == "":
		d.text("status", "preliminary")
	default:
		d.text("status", "final")
	}
	x.socialHistory(d)
	d.concept("code", concept{text: what})
	d.reference("subject", "patient:")
	x.period(d, "effectivePeriod", e)
	d.array("performer", func() { x.provider(d, "") })
	d.text("valueString", e.outcome)
	d.array("component", func() {
		for _, column := range columns {
			if value := x.get(column); value != "" {
				d.object("", func() {
					d.concept("code", concept{text: column})
					d.text("valueString", value)
				})
			}
		}
	})
	return d
}

func (x *rowReader) socialHistory(d *doc) {
	d.concepts("category", concept{codings: []code{{hl7Terminology + "observation-category", "social-history", "Social History"}}})
}

// circumstance states one column about the person. A person may be a client
// and a carer: each client type is a statement of its own.
func (x *rowReader) circumstance(column string) {
	value := x.get(column)
	if value == "" {
		return
	}
	key := "Circumstance|" + plainName(column)
	if column == "Client Type" {
		key += "|" + sameWords(value)
	}
	d := resource("Observation")
	d.text("status", "final")
	x.socialHistory(d)
	d.concept("code", coded("urn:kmcr:cld:column", plainName(column), column))
	d.reference("subject", "patient:")
	if !x.at.IsZero() {
		d.text("effectiveDateTime", x.at.Format("2006-01-02"))
	}
	d.array("performer", func() { x.provider(d, "") })
	d.text("valueString", value)
	x.state(key, d)
}
