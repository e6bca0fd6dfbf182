package translate

import (
	"strings"

	"kmcr"
)

// lookedAfterLayouts are the tables of the return of children looked after
// (Department for Education, SSDA903). Each table has rows of one child; who
// the child is stands in the header table alone.
var lookedAfterLayouts = []layout{
	lookedAfter("header", readLookedAfterHeader, "CHILD SEX DOB ETHNIC UPN", "MOTHER MC_DOB"),
	lookedAfter("episodes", readLookedAfterEpisode, "CHILD DECOM RNE LS", "CIN PLACE PLACE_PROVIDER DEC REC REASON_PLACE_CHANGE HOME_POST PL_POST URN"),
	lookedAfter("reviews", lookedAfterFact("Looked after child review", "REVIEW", "", "REVIEW_CODE"), "CHILD REVIEW REVIEW_CODE", "DOB"),
	lookedAfter("missing", lookedAfterFact("Looked after child missing or absent from placement", "MIS_START", "MIS_END", "MISSING"), "CHILD MISSING MIS_START", "DOB MIS_END"),
	lookedAfter("oc2", lookedAfterFact("Looked after child outcomes: health and development", "", "", "SDQ_SCORE SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK HEALTH_ASSESSMENT SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED"),
		"CHILD SDQ_SCORE", "DOB SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK HEALTH_ASSESSMENT SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED"),
	lookedAfter("oc3", lookedAfterFact("Care leaver", "", "", "IN_TOUCH ACTIV ACCOM"), "CHILD IN_TOUCH ACTIV", "DOB ACCOM"),
	lookedAfter("ad1", lookedAfterFact("Looked after child: adoption", "DATE_INT", "DATE_MATCH", "FOSTER_CARE NB_ADOPTR SEX_ADOPTR LS_ADOPTR"), "CHILD DATE_INT DATE_MATCH", "DOB FOSTER_CARE NB_ADOPTR SEX_ADOPTR LS_ADOPTR"),
	lookedAfter("placed_for_adoption", lookedAfterFact("Looked after child placed for adoption", "DATE_PLACED", "DATE_PLACED_CEASED", "REASON_PLACED_CEASED"), "CHILD DATE_PLACED", "DOB DATE_PLACED_CEASED REASON_PLACED_CEASED"),
	lookedAfter("previous_permanence", lookedAfterFact("Looked after child: previous permanence", "DATE_PERM", "", "PREV_PERM LA_PERM"), "CHILD PREV_PERM", "DOB LA_PERM DATE_PERM"),
	lookedAfter("uasc", lookedAfterFact("Looked after child: unaccompanied asylum seeking child", "", "DUC", "DUC"), "CHILD DUC", "SEX DOB"),
	lookedAfter("sw_episodes", readLookedAfterWorker, "CHILD SW_ID SW_DECOM", "DOB SW_DEC SW_REASON"),
	lookedAfter("DoLo", lookedAfterFact("Looked after child: deprivation of liberty order", "DOLO_START", "DOLO_END", ""), "CHILD DOLO_START", "DOB DOLO_END"),
}

func lookedAfter(table string, read func(Row, kmcr.Contributor) (Reading, error), required, other string) layout {
	return layout{format: kmcr.Format903, name: "the table " + table + " of SSDA903", required: strings.Fields(required), known: strings.Fields(required + " " + other), lane: []string{"CHILD"}, read: read}
}

// legalStatuses, needs and placements are codes of SSDA903 in words (Department for Education, Children looked after by local authorities: guide).
var (
	legalStatuses = map[string]string{"C1": "Interim care order", "C2": "Full care order", "D1": "Freeing order granted", "E1": "Placement order granted",
		"V2": "Accommodated under section 20", "V3": "Accommodated under an agreed series of short-term breaks (code of each)", "V4": "Accommodated under an agreed series of short-term breaks",
		"J1": "Remanded to accommodation or youth detention", "J2": "Placed in accommodation under the Police and Criminal Evidence Act", "J3": "Sentenced to a youth rehabilitation order with residence requirement",
		"L1": "Under police protection", "L2": "Emergency protection order", "L3": "Under a child assessment order"}
	needs = map[string]string{"N0": "Not stated", "N1": "Abuse or neglect", "N2": "Child's disability or illness", "N3": "Parental illness or disability", "N4": "Family in acute stress",
		"N5": "Family dysfunction", "N6": "Socially unacceptable behaviour", "N7": "Low income", "N8": "Absent parenting", "N9": "Cases other than children in need"}
	placements = map[string]string{"A3": "Placed for adoption with consent, with current foster carer", "A4": "Placed for adoption with consent, not with current foster carer", "A5": "Placed for adoption with placement order, with current foster carer",
		"A6": "Placed for adoption with placement order, not with current foster carer", "H5": "Semi-independent living accommodation", "K1": "Secure children's home", "K2": "Children's home", "P1": "Placed with own parents",
		"P2": "Independent living", "P3": "Residential employment", "R1": "Residential care home", "R2": "NHS or other health establishment", "R3": "Family centre", "R5": "Young offender institution", "S1": "Residential school",
		"T0": "Temporary move", "T1": "Temporary period in hospital", "T2": "Temporary absence on holiday", "T3": "Temporary accommodation while carer is away", "T4": "Temporary accommodation of seven days or less",
		"U1": "Foster placement with relative or friend, long term", "U2": "Foster placement with relative or friend, also approved adopter", "U3": "Foster placement with relative or friend", "U4": "Foster placement, long term",
		"U5": "Foster placement, also approved adopter", "U6": "Foster placement", "Z1": "Other placement"}
)

// inWords is a code with its words, or as sent.
func inWords(table map[string]string, code string) string {
	if words := table[strings.ToUpper(code)]; words != "" {
		return words + " (" + code + ")"
	}
	return code
}

// child is whom a row of one of the tables is about: a mention, for only the header says who it is.
func (x *rowReader) child() (Claims, error) {
	id := x.get("CHILD")
	if id == "" {
		return Claims{}, &kmcr.Error{Kind: kmcr.Invalid, Where: x.where("CHILD"), Message: "the row does not say whom it is about: identity missing", Remedy: "Fill in CHILD."}
	}
	return Claims{Key: strings.ToUpper(string(x.c.Organisation)) + "|" + id, Mention: true, Aliases: []string{x.councilNumber(id)}}, nil
}

func readLookedAfterHeader(r Row, c kmcr.Contributor) (Reading, error) {
	x := newRowReader(r, c)
	claims, err := x.child()
	if err != nil {
		return Reading{}, err
	}
	claims.Mention, claims.Partial = false, true
	claims.Born, _ = x.day("DOB")
	claims.Sex = sexes[strings.ToUpper(x.get("SEX"))]
	x.out.Patients = []Claims{claims}
	d := resource("Patient")
	d.array("extension", func() {
		if e := x.get("ETHNIC"); e != "" {
			d.extension(ukCore+"EthnicCategory", func() { d.concept("valueCodeableConcept", concept{text: e}) })
		}
	})
	x.childNumbers(d, x.get("CHILD"), x.get("UPN"))
	d.text("gender", claims.Sex)
	d.text("birthDate", claims.Born)
	x.provider(d, "managingOrganization")
	x.state(PatientKey, d)
	x.out.keepWho()
	if x.get("MOTHER") != "" {
		x.observe("903|mother", "Looked after child: is a mother", "", "", []string{"MOTHER", "MC_DOB"})
	}
	x.rest()
	x.out.Event = "social-care"
	return x.out, nil
}

// keepWho leaves standing what a census or a table does not say of a child, and the case extract or another row has said.
func (r *Reading) keepWho() {
	last := &r.Statements[len(r.Statements)-1]
	last.Keeps = []string{"identifier", "name", "telecom", "address", "generalPractitioner", "contact"}
}

// childNumbers writes the council's number of a child and its unique pupil number.
func (o origin) childNumbers(d *doc, id, pupil string) {
	d.array("identifier", func() {
		d.identifier("", o.identifierSystem(string(o.c.Organisation), "", "person"), id, "PI")
		d.identifier("", "urn:kmcr:unique-pupil-number", pupil, "")
	})
}

// readLookedAfterEpisode states an episode of care, and that the child is looked after. The
// address of the placement is in no statement: it is for those alone who place the child.
func readLookedAfterEpisode(r Row, c kmcr.Contributor) (Reading, error) {
	x := newRowReader(r, c)
	claims, err := x.child()
	if err != nil {
		return Reading{}, err
	}
	x.out.Patients = []Claims{claims}
	start, from := x.day("DECOM")
	end, _ := x.day("DEC")
	x.at = from
	d := resource("EpisodeOfCare")
	d.array("extension", func() {
		x.detail(d, "legal-status", inWords(legalStatuses, x.get("LS")))
		x.detail(d, "category-of-need", inWords(needs, x.get("CIN")))
		x.detail(d, "placement", inWords(placements, x.get("PLACE")))
		x.detail(d, "placement-provider", x.get("PLACE_PROVIDER"))
		x.detail(d, "reason-for-new-episode", x.get("RNE"))
		x.detail(d, "reason-for-ending", x.get("REC"))
		x.detail(d, "reason-for-change-of-placement", x.get("REASON_PLACE_CHANGE"))
		x.detail(d, "registration", x.get("URN"))
	})
	d.text("status", either(end == "", "active", "finished"))
	d.concepts("type", concept{text: join(": ", "Looked after child", placements[strings.ToUpper(x.get("PLACE"))])})
	d.reference("patient", "patient:")
	x.provider(d, "managingOrganization")
	d.object("period", func() {
		d.text("start", start)
		d.text("end", end)
	})
	x.state("903|episode|"+orElse(start, x.get("DECOM")), d)
	flag := resource("Flag")
	flag.text("status", either(end == "" || strings.EqualFold(x.get("REC"), "X1"), "active", "inactive")) // X1: another episode begins the same day
	flag.concepts("category", concept{text: "Safeguarding children"})
	flag.concept("code", concept{text: "Looked after child"})
	flag.reference("subject", "patient:")
	x.state("903|looked-after", flag)
	x.rest()
	x.out.Event = "social-care"
	return x.out, nil
}

// lookedAfterFact reads a row that is one fact of a child.
func lookedAfterFact(what, from, until, columns string) func(Row, kmcr.Contributor) (Reading, error) {
	return func(r Row, c kmcr.Contributor) (Reading, error) {
		x := newRowReader(r, c)
		claims, err := x.child()
		if err != nil {
			return Reading{}, err
		}
		x.out.Patients = []Claims{claims}
		start := ""
		if from != "" {
			start, x.at = x.day(from)
		}
		x.observe("903|"+plainName(what)+"|"+start, what, from, until, strings.Fields(columns))
		x.rest()
		x.out.Event = "social-care"
		return x.out, nil
	}
}

// observe states columns as the components of one Observation.
func (x *rowReader) observe(key, what, from, until string, columns []string) {
	d := resource("Observation")
	d.text("status", "final")
	x.socialHistory(d)
	d.concept("code", concept{text: what})
	d.reference("subject", "patient:")
	var start, end string
	if from != "" {
		start, _ = x.day(from)
	}
	if until != "" {
		end, _ = x.day(until)
	}
	d.object("effectivePeriod", func() {
		d.text("start", start)
		if start == "" || end == "" || start <= end {
			d.text("end", end)
		}
	})
	d.array("performer", func() { x.provider(d, "") })
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
	x.state(key, d)
}

func readLookedAfterWorker(r Row, c kmcr.Contributor) (Reading, error) {
	x := newRowReader(r, c)
	claims, err := x.child()
	if err != nil {
		return Reading{}, err
	}
	x.out.Patients = []Claims{claims}
	start, from := x.day("SW_DECOM")
	end, _ := x.day("SW_DEC")
	x.at = from
	d := resource("CareTeam")
	d.text("status", either(end == "", "active", "inactive"))
	d.reference("subject", "patient:")
	d.object("period", func() {
		d.text("start", start)
		d.text("end", end)
	})
	d.list("participant", func() {
		d.concepts("role", concept{text: "Social worker"})
		d.display("member", "Practitioner", "Social worker "+x.get("SW_ID"))
	})
	d.array("managingOrganization", func() { x.provider(d, "") })
	d.array("note", func() { d.notes(x.get("SW_REASON")) })
	x.state("903|worker|"+start+"|"+x.get("SW_ID"), d)
	x.rest()
	x.out.Event = "social-care"
	return x.out, nil
}
