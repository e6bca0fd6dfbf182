package translate

import (
	"strings"

	"kmcr"
)

// mhsdsLayouts are tables of the Mental Health Services Data Set (NHS England,
// version 6): what helps a reader of a record. Columns have the names of the
// data set's own tables.
var mhsdsLayouts = []layout{
	mhsds("MHS001MPI", (*rowReader).mhsPatient, "LocalPatientId PersonBirthDate", "NHSNumber NHSNumberStatus Gender GenderIDCode PostcodeUsualAddress Postcode EthnicCategory EthnicCategory2021 GMPCodeReg OrgIDLocalPatientId OrgIDEduEstab LanguageCodePreferred PersDeathDate FamilyName GivenName"),
	mhsds("MHS101Referral", (*rowReader).mhsReferral, "ServiceRequestId LocalPatientId ReferralRequestReceivedDate", "OrgIDComm ReferralRequestReceivedTime NHSServAgreeLineNum SpecialisedMHServiceCode SourceOfReferralMH OrgIDReferring OrgIDReferringOrg ReferringCareProfessionalStaffGroup ReferringCareProfessionalType ClinRespPriorityType PrimReasonReferralMH ReasonOAT DecisionToTreatDate DecisionToTreatTime DischPlanCreationDate ServDischDate ServDischTime DischLetterIssDate"),
	mhsds("MHS102ServiceTypeReferredTo", (*rowReader).mhsTeam, "ServiceRequestId ServTeamTypeRefToMH", "UniqCareProfTeamID CareProfTeamLocalId ServTeamIntAgeGroup ReferClosureDate ReferClosureTime ReferRejectionDate ReferRejectionTime ReferClosReason ReferRejectReason TeamName"),
	mhsds("MHS006MHCareCoord", (*rowReader).mhsCoordinator, "LocalPatientId StartDateAssCareCoord", "MHCareCoordAssId EndDateAssCareCoord CareProfServOrTeamTypeAssoc CareProfLocalId UniqCareProfLocalID StaffGroup CareCoordName CareCoordTelephone"),
	mhsds("MHS008CarePlanType", (*rowReader).mhsPlan, "CarePlanID LocalPatientId CarePlanTypeMH", "CarePlanCreatDate CarePlanCreatTime CarePlanLastUpdateDate CarePlanLastUpdateTime CarePlanImplementDate CarePlanText"),
	mhsds("MHS201CareContact", (*rowReader).mhsContact, "CareContactId ServiceRequestId CareContDate", "UniqCareProfTeamID CareProfTeamLocalId CareContTime AdminCatCode ClinContactDurOfCareContact ConsType ConsMechanismMH ActLocTypeCode SiteIDOfTreat AttendOrDNACode AttendStatus EarliestReasonOfferDate CareContCancelDate CareContCancelReas"),
	mhsds("MHS401MHActPeriod", (*rowReader).mhsAct, "LocalPatientId LegalStatusCode StartDateMHActLegalStatusClass", "MHActLegalStatusClassPeriodId StartTimeMHActLegalStatusClass LegalStatusClassPeriodStartReason ExpiryDateMHActLegalStatusClass ExpiryTimeMHActLegalStatusClass EndDateMHActLegalStatusClass EndTimeMHActLegalStatusClass LegalStatusClassPeriodEndReason MentalCat"),
	mhsds("MHS501HospProvSpell", (*rowReader).mhsSpell, "HospProvSpellID ServiceRequestId StartDateHospProvSpell", "HospProvSpellNum StartTimeHospProvSpell SourceAdmMHHospProvSpell MethAdmMHHospProvSpell EstimatedDischDateHospProvSpell PlannedDischDateHospProvSpell PlannedDestDisch DischDateHospProvSpell DischTimeHospProvSpell MethOfDischMHHospProvSpell DestOfDischHospProvSpell WardName"),
}

func mhsds(table string, read func(*rowReader) error, required, other string) layout {
	return layout{format: kmcr.FormatMHSDS, name: "the table " + table + " of the Mental Health Services Data Set", required: strings.Fields(required), known: strings.Fields(required + " " + other),
		lane: []string{"LocalPatientId", "ServiceRequestId"}, read: func(r Row, c kmcr.Contributor) (Reading, error) {
			x := newRowReader(r, c)
			if err := x.mhsSubject(); err != nil {
				return Reading{}, err
			}
			if err := read(x); err != nil {
				return Reading{}, err
			}
			x.rest()
			return x.out, nil
		}}
}

// mhsSubject is whom the row is about: the patient by the provider's own number, or the one whose referral it belongs to.
func (x *rowReader) mhsSubject() error {
	id, referral := x.get("LocalPatientId"), x.get("ServiceRequestId")
	switch {
	case id != "":
		c := Claims{Key: strings.ToUpper(string(x.c.Organisation)) + "|" + id, Mention: true}
		if referral != "" {
			c.Aliases = []string{"MHSDS referral|" + referral}
		}
		x.out.Patients = []Claims{c}
	case referral != "":
		x.out.Patients = []Claims{{Key: "MHSDS referral|" + referral, Mention: true, Known: true}}
	default:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: x.where("LocalPatientId"), Message: "the row does not say whom it is about: identity missing", Remedy: "Fill in LocalPatientId or ServiceRequestId."}
	}
	return nil
}

func (x *rowReader) mhsPatient() error {
	c := &x.out.Patients[0]
	c.Mention = false
	if sent := x.get("NHSNumber"); sent != "" {
		n, err := kmcr.ParseNHSNumber(sent)
		if err != nil {
			c.NHSAsSent = sent
			x.out.Flags = append(x.out.Flags, "NHSNumber: not valid")
		}
		c.NHS = n
	}
	c.NHSStatus = x.get("NHSNumberStatus")
	if c.Born, _ = x.day("PersonBirthDate"); c.Born == "" {
		c.BornAsSent = x.get("PersonBirthDate")
	}
	c.Died, _ = x.day("PersDeathDate")
	c.Sex = sexes[strings.ToUpper(orElse(x.get("Gender"), x.get("GenderIDCode")))]
	if p := strings.ToUpper(orElse(x.get("PostcodeUsualAddress"), x.get("Postcode"))); p != "" {
		c.Addresses = []Address{{Use: "home", Postcode: p}}
	}
	if n := (Name{Use: "official", Family: x.get("FamilyName"), Given: x.get("GivenName")}); n.Family+n.Given != "" {
		c.Names = []Name{n}
	}
	if p := strings.ToUpper(x.get("GMPCodeReg")); isODS(p) {
		c.Practice = kmcr.ODS(p)
	}
	d := resource("Patient")
	d.array("extension", func() {
		if e := orElse(x.get("EthnicCategory2021"), x.get("EthnicCategory")); e != "" {
			d.extension(ukCore+"EthnicCategory", func() { d.concept("valueCodeableConcept", concept{text: e}) })
		}
	})
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem(string(x.c.Organisation), "", "person"), x.get("LocalPatientId"), "PI")
		if c.NHS != "" {
			d.identifier("", nhsNumberSystem, string(c.NHS), "")
		}
	})
	d.array("name", func() { d.names(c.Names) })
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
	d.array("generalPractitioner", func() { x.organisation(d, "", odsSystem, string(c.Practice), "") })
	x.provider(d, "managingOrganization")
	x.state(PatientKey, d)
	return nil
}

func (x *rowReader) mhsReferral() error {
	received, _ := x.day("ReferralRequestReceivedDate")
	closed, _ := x.day("ServDischDate")
	d := resource("ServiceRequest")
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("mhsds-referral", "", ""), x.get("ServiceRequestId"), "")
	})
	d.text("status", either(closed == "", "active", "completed"))
	d.text("intent", "order")
	d.concepts("category", concept{text: "Mental health"})
	d.text("priority", map[string]string{"1": "stat", "2": "urgent", "3": "routine", "4": "urgent"}[x.get("ClinRespPriorityType")])
	d.concept("code", concept{text: "Referral to mental health services"})
	d.reference("subject", "patient:")
	d.object("occurrencePeriod", func() {
		d.text("start", received)
		if closed == "" || received <= closed {
			d.text("end", closed)
		}
	})
	d.text("authoredOn", received)
	x.organisation(d, "requester", odsSystem, orElse(x.get("OrgIDReferringOrg"), x.get("OrgIDReferring")), "")
	d.array("performer", func() { x.provider(d, "") })
	d.array("reasonCode", func() {
		if reason := x.get("PrimReasonReferralMH"); reason != "" {
			d.concept("", coded("urn:kmcr:mhsds:PrimReasonReferralMH", reason, orElse(referralReasons[reason], reason)))
		}
	})
	d.array("note", func() {
		if from := x.get("SourceOfReferralMH"); from != "" {
			d.object("", func() { d.text("text", "Source of referral: "+from) })
		}
		if closed != "" {
			d.object("", func() { d.text("text", "Discharged from the service "+closed) })
		}
	})
	x.state("MHSDS|referral|"+x.get("ServiceRequestId"), d)
	x.out.Event = "referral"
	return nil
}

// referralReasons are primary reasons for referral (NHS Data Dictionary).
var referralReasons = map[string]string{"01": "First episode psychosis, suspected", "02": "Ongoing or recurrent psychosis", "03": "Bipolar disorder", "04": "Depression", "05": "Anxiety", "06": "Obsessive compulsive disorder",
	"07": "Phobias", "08": "Organic brain disorder", "09": "Drug and alcohol difficulties", "10": "Unexplained physical symptoms", "11": "Post-traumatic stress disorder", "12": "Eating disorders", "13": "Perinatal mental health issues",
	"14": "Personality disorders", "15": "Self harm behaviours", "16": "Conduct disorders", "18": "In crisis", "19": "Relationship difficulties"}

// teamTypes are types of service or team (NHS Data Dictionary).
var teamTypes = map[string]string{"A01": "Day care service", "A02": "Crisis resolution team or home treatment service", "A05": "Primary care mental health service", "A06": "Community mental health team, functional", "A07": "Community mental health team, organic",
	"A08": "Assertive outreach team", "A09": "Rehabilitation and recovery service", "A10": "General psychiatry service", "A11": "Psychiatric liaison service", "A12": "Psychotherapy service", "A13": "Psychological therapy service, not talking therapies",
	"A14": "Early intervention team for psychosis", "A15": "Young onset dementia team", "A16": "Personality disorder service", "A17": "Memory services", "A18": "Single point of access service", "A19": "24/7 crisis response line", "C02": "Specialist perinatal mental health community service",
	"C10": "Community eating disorder service", "D05": "Individual placement and support service", "E01": "Community team for learning disabilities"}

func (x *rowReader) mhsTeam() error {
	closed, _ := x.day("ReferClosureDate")
	rejected, _ := x.day("ReferRejectionDate")
	over := closed + rejected
	kind := x.get("ServTeamTypeRefToMH")
	d := resource("CareTeam")
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("mhsds-team", "", ""), orElse(x.get("UniqCareProfTeamID"), x.get("CareProfTeamLocalId")), "")
	})
	d.text("status", either(over == "", "active", "inactive"))
	d.concepts("category", concept{text: orElse(teamTypes[kind], "Mental health team "+kind)})
	d.text("name", orElse(x.get("TeamName"), teamTypes[kind]))
	d.reference("subject", "patient:")
	d.object("period", func() { d.text("end", orElse(closed, rejected)) })
	d.array("managingOrganization", func() { x.provider(d, "") })
	d.array("note", func() {
		if r := orElse(x.get("ReferRejectReason"), x.get("ReferClosReason")); r != "" {
			d.object("", func() { d.text("text", "Reason for closing: "+r) })
		}
	})
	x.state("MHSDS|team|"+x.get("ServiceRequestId")+"|"+orElse(x.get("UniqCareProfTeamID"), orElse(x.get("CareProfTeamLocalId"), kind)), d)
	return nil
}

func (x *rowReader) mhsCoordinator() error {
	start, _ := x.day("StartDateAssCareCoord")
	end, _ := x.day("EndDateAssCareCoord")
	id := orElse(x.get("CareProfLocalId"), x.get("UniqCareProfLocalID"))
	d := resource("CareTeam")
	d.text("status", either(end == "", "active", "inactive"))
	d.text("name", teamTypes[x.get("CareProfServOrTeamTypeAssoc")])
	d.reference("subject", "patient:")
	d.object("period", func() {
		d.text("start", start)
		if end == "" || start <= end {
			d.text("end", end)
		}
	})
	d.list("participant", func() {
		d.concepts("role", concept{text: "Care co-ordinator"})
		d.object("member", func() {
			d.text("type", "Practitioner")
			d.identifier("identifier", x.identifierSystem("professional", "", ""), id, "")
			d.text("display", orElse(x.get("CareCoordName"), join(" ", "Professional", id)))
		})
	})
	d.array("managingOrganization", func() { x.provider(d, "") })
	d.array("telecom", func() { d.phones(x.get("CareCoordTelephone")) })
	x.state("MHSDS|co-ordinator|"+orElse(x.get("MHCareCoordAssId"), start+"|"+id), d)
	return nil
}

// planTypes are types of care plan (NHS Data Dictionary, CARE PLAN TYPE FOR MENTAL HEALTH).
var planTypes = map[string]string{"10": "Mental health care plan", "11": "Urgent and emergency mental health care plan", "12": "Mental health crisis plan", "13": "Positive behaviour support plan", "14": "Child or young person's mental health transition plan"}

func (x *rowReader) mhsPlan() error {
	kind := x.get("CarePlanTypeMH")
	created, _ := x.day("CarePlanCreatDate")
	updated, at := x.day("CarePlanLastUpdateDate")
	implemented, _ := x.day("CarePlanImplementDate")
	x.at = at
	d := resource("CarePlan")
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("mhsds-care-plan", "", ""), x.get("CarePlanID"), "")
	})
	d.text("status", "active")
	d.text("intent", "plan")
	d.concepts("category", coded("urn:kmcr:mhsds:CarePlanTypeMH", kind, orElse(planTypes[kind], "Care plan "+kind)))
	d.text("title", orElse(planTypes[kind], "Care plan"))
	d.text("description", orElse(x.get("CarePlanText"), "Held by the mental health provider; ask there for its text."))
	d.reference("subject", "patient:")
	d.object("period", func() { d.text("start", orElse(implemented, created)) })
	d.text("created", created)
	x.provider(d, "author")
	d.array("note", func() {
		if updated != "" {
			d.object("", func() { d.text("text", "Last updated "+updated) })
		}
	})
	x.state("MHSDS|plan|"+x.get("CarePlanID"), d)
	return nil
}

func (x *rowReader) mhsContact() error {
	day, _ := x.day("CareContDate")
	attended := orElse(x.get("AttendStatus"), x.get("AttendOrDNACode"))
	cancelled, _ := x.day("CareContCancelDate")
	status := "finished"
	if cancelled != "" || has("2 3 4 7", attended) {
		status = "cancelled"
	}
	at := day
	if c := clock(x.get("CareContTime")); day != "" && c != "" {
		if m := moment(strings.ReplaceAll(day, "-", "") + strings.ReplaceAll(c[:5], ":", "")); m != "" {
			at = m
		}
	}
	if status == "cancelled" {
		x.missedContact(at, attended)
		return nil
	}
	d := resource("Encounter")
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("mhsds-care-contact", "", ""), x.get("CareContactId"), "")
	})
	d.text("status", status)
	d.coding("class", code{hl7Terminology + "v3-ActCode", "AMB", "ambulatory"})
	d.concepts("type", concept{text: "Mental health contact"})
	d.reference("subject", "patient:")
	d.object("period", func() { d.text("start", at) })
	x.provider(d, "serviceProvider")
	x.state("MHSDS|contact|"+x.get("CareContactId"), d)
	x.out.Event = ""
	return nil
}

// notSeen are the attendance statuses of a contact that was not made (NHS Data Dictionary, ATTENDANCE STATUS): who did not come is a
// sign of safety and is told as such.
var notSeen = map[string][2]string{"2": {"cancelled", "cancelled by or on behalf of the patient"}, "3": {"noshow", "did not attend, without warning"},
	"4": {"cancelled", "cancelled or postponed by the provider"}, "7": {"noshow", "arrived late and could not be seen"}}

// missedContact states a contact that was arranged and not made.
func (x *rowReader) missedContact(at, attended string) {
	how, known := notSeen[attended]
	if !known {
		how = [2]string{"cancelled", "cancelled"}
	}
	d := resource("Appointment")
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("mhsds-care-contact", "", ""), x.get("CareContactId"), "")
	})
	if how[0] == "noshow" && len(at) <= len("2006-01-02") {
		at = ""
		d.text("status", "cancelled") // R4 has no missed appointment without a time (app-3)
	} else {
		d.text("status", how[0])
	}
	d.object("cancelationReason", func() { d.text("text", how[1]) })
	d.text("description", "Mental health contact: "+how[1])
	if len(at) > len("2006-01-02") {
		d.text("start", at)
		d.text("end", at)
	}
	d.text("comment", join(" ", "Arranged for", x.get("CareContDate"), x.get("CareContTime")))
	d.list("participant", func() {
		d.reference("actor", "patient:")
		d.text("status", "accepted")
	})
	x.state("MHSDS|missed-contact|"+x.get("CareContactId"), d)
	x.out.Event = ""
}

// sections are Mental Health Act legal status classifications (NHS Data Dictionary).
var sections = map[string]string{"01": "Informal", "02": "section 2", "03": "section 3", "04": "section 4", "05": "section 5(2)", "06": "section 5(4)", "07": "section 35", "08": "section 36", "09": "section 37 with section 41 restrictions",
	"10": "section 37", "12": "section 38", "13": "section 44", "14": "section 46", "15": "section 47 with section 49 restrictions", "16": "section 47", "17": "section 48 with section 49 restrictions", "18": "section 48", "19": "section 135", "20": "section 136",
	"31": "Criminal Procedure (Insanity) Act", "32": "another Act", "35": "guardianship, section 7", "36": "guardianship, section 37", "37": "section 45A with restrictions", "38": "section 45A", "98": "not applicable"}

func (x *rowReader) mhsAct() error {
	start, _ := x.day("StartDateMHActLegalStatusClass")
	end, _ := x.day("EndDateMHActLegalStatusClass")
	expiry, _ := x.day("ExpiryDateMHActLegalStatusClass")
	sent := x.get("LegalStatusCode")
	if len(sent) == 1 {
		sent = "0" + sent
	}
	d := resource("Flag")
	d.text("status", either(end == "", "active", "inactive"))
	d.concepts("category", concept{text: "Mental Health Act"})
	words := "Mental Health Act legal status: " + orElse(sections[sent], "code "+sent)
	if expiry != "" {
		words += ", expires " + expiry
	}
	d.concept("code", coded("urn:kmcr:mhsds:LegalStatusCode", sent, words))
	d.reference("subject", "patient:")
	d.object("period", func() {
		d.text("start", start)
		if end == "" || start <= end {
			d.text("end", end)
		}
	})
	x.provider(d, "author")
	x.state("MHSDS|act|"+orElse(x.get("MHActLegalStatusClassPeriodId"), start+"|"+sent), d)
	return nil
}

func (x *rowReader) mhsSpell() error {
	start, _ := x.day("StartDateHospProvSpell")
	end, _ := x.day("DischDateHospProvSpell")
	expected, _ := x.day("EstimatedDischDateHospProvSpell")
	d := resource("Encounter")
	d.array("extension", func() {
		if expected != "" {
			d.extension(expectedDischarge, func() { d.text("valueDateTime", expected) })
		}
	})
	d.array("identifier", func() {
		d.identifier("", x.identifierSystem("mhsds-spell", "", ""), x.get("HospProvSpellID"), "VN")
	})
	d.text("status", either(end == "", "in-progress", "finished"))
	d.coding("class", code{hl7Terminology + "v3-ActCode", "IMP", "inpatient encounter"})
	d.concepts("type", concept{text: "Mental health admission"})
	d.reference("subject", "patient:")
	d.object("period", func() {
		d.text("start", start)
		if end == "" || start <= end {
			d.text("end", end)
		}
	})
	d.object("hospitalization", func() {
		d.array("extension", func() {
			if sent := x.get("MethAdmMHHospProvSpell"); sent != "" {
				d.extension(ukCore+"AdmissionMethod", func() {
					d.concept("valueCodeableConcept", national(concept{[]code{{"urn:kmcr:mhsds:MethAdmMHHospProvSpell", sent, ""}}, sent}, admissionMethods, "AdmissionMethodEngland"))
				})
			}
		})
	})
	d.array("location", func() {
		if ward := x.get("WardName"); ward != "" {
			d.object("", func() { d.display("location", "Location", ward) })
		}
	})
	x.provider(d, "serviceProvider")
	x.state("MHSDS|spell|"+x.get("HospProvSpellID"), d)
	x.out.Event = either(end == "", "admission", "discharge")
	return nil
}
