package translate

import "strings"

// What changed between STU3 (3.0.1) and R4 (4.0.1), by the change logs of the
// R4 resource pages (hl7.org/fhir/R4, "R3 Diff") and HL7's R3 to R4 maps.

// stu3Types are the types that have another name in R4.
var stu3Types = map[string]string{
	"ReferralRequest": "ServiceRequest", "ProcedureRequest": "ServiceRequest", "BodySite": "BodyStructure", "Sequence": "MolecularSequence",
	"EligibilityRequest": "CoverageEligibilityRequest", "EligibilityResponse": "CoverageEligibilityResponse", "DeviceComponent": "DeviceMetric",
}

// stu3Only are elements by which a resource shows that it is STU3.
var stu3Only = map[string]string{
	"AllergyIntolerance": "assertedDate", "Condition": "assertedDate context", "Observation": "context related comment", "DiagnosticReport": "context codedDiagnosis image",
	"Encounter": "incomingReferral", "Immunization": "notGiven date practitioner explanation vaccinationProtocol", "MedicationStatement": "taken reasonNotTaken",
	"MedicationRequest": "context definition", "Procedure": "context notDone notDoneReason definition", "DocumentReference": "indexed created class",
	"CarePlan": "context definition", "CareTeam": "context", "ClinicalImpression": "context", "RiskAssessment": "context", "QuestionnaireResponse": "context parent",
	"MessageHeader": "event timestamp receiver", "Composition": "class", "Binary": "content", "Medication": "isBrand isOverTheCounter package",
	"Appointment": "indication incomingReferral reason", "Consent": "consentingParty actor action purpose", "Goal": "status", "Patient": "animal", "HealthcareService": "programName eligibilityNote",
	"Flag": "context", "Communication": "notDone context definition", "Questionnaire": "", "FamilyMemberHistory": "notDone", "Device": "model",
}

// stu3Codes are elements that were a code and are a CodeableConcept.
var stu3Codes = map[string][]string{
	"AllergyIntolerance": {"clinicalStatus", "verificationStatus"}, "Condition": {"clinicalStatus", "verificationStatus"},
}

var stu3Systems = map[string]string{
	"AllergyIntolerance.clinicalStatus": hl7Terminology + "allergyintolerance-clinical", "AllergyIntolerance.verificationStatus": hl7Terminology + "allergyintolerance-verification",
	"Condition.clinicalStatus": hl7Terminology + "condition-clinical", "Condition.verificationStatus": hl7Terminology + "condition-ver-status",
}

// stu3Renames are elements that have another name, by the type of STU3.
var stu3Renames = map[string][][2]string{
	"AllergyIntolerance":    {{"assertedDate", "recordedDate"}},
	"Condition":             {{"assertedDate", "recordedDate"}, {"context", "encounter"}},
	"Observation":           {{"context", "encounter"}},
	"DiagnosticReport":      {{"context", "encounter"}, {"codedDiagnosis", "conclusionCode"}},
	"Encounter":             {{"reason", "reasonCode"}, {"incomingReferral", "basedOn"}},
	"ProcedureRequest":      {{"context", "encounter"}},
	"ReferralRequest":       {{"context", "encounter"}, {"recipient", "performer"}, {"specialty", "performerType"}, {"groupIdentifier", "requisition"}, {"type", "category"}},
	"Immunization":          {{"date", "occurrenceDateTime"}},
	"MedicationStatement":   {{"reasonNotTaken", "statusReason"}},
	"MedicationRequest":     {{"context", "encounter"}},
	"MedicationDispense":    {{"notDoneReasonCodeableConcept", "statusReasonCodeableConcept"}, {"notDoneReasonReference", "statusReasonReference"}},
	"Procedure":             {{"context", "encounter"}, {"notDoneReason", "statusReason"}},
	"DocumentReference":     {{"class", "category"}, {"indexed", "date"}},
	"Composition":           {{"class", "category"}},
	"CarePlan":              {{"context", "encounter"}},
	"CareTeam":              {{"context", "encounter"}},
	"ClinicalImpression":    {{"context", "encounter"}},
	"RiskAssessment":        {{"context", "encounter"}, {"reasonCodeableConcept", "reasonCode"}},
	"QuestionnaireResponse": {{"context", "encounter"}, {"parent", "partOf"}},
	"MessageHeader":         {{"event", "eventCoding"}},
	"Binary":                {{"content", "data"}},
	"Appointment":           {{"reason", "reasonCode"}, {"indication", "reasonReference"}, {"incomingReferral", "basedOn"}},
	"HealthcareService":     {{"programName", "program"}},
	"Communication":         {{"context", "encounter"}, {"definition", "instantiatesUri"}, {"notDoneReason", "statusReason"}},
	"CommunicationRequest":  {{"context", "encounter"}},
	"DeviceRequest":         {{"context", "encounter"}},
	"Flag":                  {{"context", "encounter"}},
	"Medication":            {{"package", "batch"}},
	"FamilyMemberHistory":   {{"notDoneReason", "dataAbsentReason"}},
	"Media":                 {{"context", "encounter"}, {"occurrenceDateTime", "createdDateTime"}, {"occurrencePeriod", "createdPeriod"}},
	"Provenance":            {{"period", "occurredPeriod"}},
}

// stu3Statuses are codes of status that R4 names otherwise, by the type of R4.
var stu3Statuses = map[string]map[string]string{
	"ServiceRequest": {"suspended": "on-hold", "cancelled": "revoked"}, "CarePlan": {"suspended": "on-hold", "cancelled": "revoked"},
	"Procedure": {"suspended": "on-hold", "aborted": "stopped"}, "Communication": {"suspended": "on-hold", "aborted": "stopped"},
	"DeviceRequest": {"suspended": "on-hold", "cancelled": "revoked"}, "CommunicationRequest": {"suspended": "on-hold", "cancelled": "revoked"},
}

// ukCoreExtensions are the CareConnect and GP Connect extensions that UK Core has under its own address.
var ukCoreExtensions = map[string]string{
	"ActualProblem": "ActualProblem", "AllergyIntoleranceEnd": "AllergyIntoleranceEnd", "ClinicalSetting": "ClinicalSetting", "ListWarningCode": "ListWarningCode",
	"coding-sctdescid": "CodingSCTDescId", "coding-sctdecsid": "CodingSCTDescId", "MedicationQuantityText": "MedicationQuantityText",
	"MedicationRepeatInformation": "MedicationRepeatInformation", "MedicationStatementDosageLastChanged": "MedicationDosageLastChanged",
	"DosageLastChanged": "MedicationDosageLastChanged", "MedicationStatementLastIssueDate": "MedicationStatementLastIssueDate", "PrescribingAgency": "MedicationPrescribingOrganizationType",
	"PrescriptionType": "PrescriptionType", "ProblemSignificance": "ProblemSignificance", "RelatedClinicalContent": "RelatedClinicalContent",
	"RelatedProblemHeader": "RelatedProblemHeader", "ParentPresent": "ParentPresent", "VaccinationProcedure": "VaccinationProcedure",
	"NHSNumberVerificationStatus": "NHSNumberVerificationStatus", "NHSCommunication": "NHSCommunication", "EthnicCategory": "EthnicCategory", "MainLocation": "MainLocation",
	"BookingOrganisation": "BookingOrganization", "DeliveryChannel": "DeliveryChannel", "ReligiousAffiliation": "ReligiousAffiliation", "ResidentialStatus": "ResidentialStatus",
	"TreatmentCategory": "TreatmentCategory", "DeathNotificationStatus": "DeathNotificationStatus", "AdmissionMethod": "AdmissionMethod", "DischargeMethod": "DischargeMethod",
	"EmergencyCareDischargeStatus": "EmergencyCareDischargeStatus", "OutcomeOfAttendance": "OutcomeOfAttendance", "EncounterTransport": "EncounterTransport", "ConditionEpisode": "ConditionEpisode",
	"AnaestheticIssues": "AnaestheticIssues", "CareSettingType": "CareSettingType", "MessageHandling": "MessageHeaderInstruction",
}

// stu3Makers do what a change of name does not, by the type of STU3.
var stu3Makers = map[string]func(*converter, *node){
	"Observation":           (*converter).observation3,
	"DiagnosticReport":      (*converter).report3,
	"Encounter":             (*converter).encounter3,
	"ProcedureRequest":      (*converter).request3,
	"ReferralRequest":       (*converter).referral3,
	"Immunization":          (*converter).immunization3,
	"MedicationStatement":   (*converter).statement3,
	"MedicationRequest":     (*converter).prescription3,
	"MedicationDispense":    (*converter).dispense3,
	"Medication":            (*converter).medication3,
	"Procedure":             (*converter).procedure3,
	"Condition":             (*converter).condition3,
	"DocumentReference":     (*converter).documentReference3,
	"Composition":           (*converter).composition3,
	"MessageHeader":         (*converter).header3,
	"CarePlan":              (*converter).plan3,
	"Consent":               (*converter).consent3,
	"Goal":                  (*converter).goal3,
	"Patient":               (*converter).patient3,
	"Questionnaire":         (*converter).questionnaire3,
	"QuestionnaireResponse": (*converter).answers3,
	"Device":                (*converter).device3,
	"Provenance":            (*converter).provenance3,
	"ClinicalImpression":    (*converter).impression3,
	"RiskAssessment":        (*converter).risk3,
	"CapabilityStatement":   (*converter).capability3,
}

func codedAs(system, code string) *node {
	return object("coding", list(object("system", word(system), "code", word(code))))
}

// note puts words at the end of the notes.
func (n *node) note(v *node) {
	if v != nil && !v.empty() {
		n.add("note", object("text", v))
	}
}

// agents takes the one who acts out of {role, actor} and {agent, onBehalfOf}.
func agent(v *node) (who, behalf *node) {
	for _, name := range []string{"agent", "actor"} {
		if a := v.get(name); a != nil {
			return a, v.get("onBehalfOf")
		}
	}
	return v, nil
}

// requester becomes a reference; on whose behalf it asked is kept beside it.
func (c *converter) requester(n *node) {
	r := n.take("requester")
	if r == nil {
		return
	}
	who, behalf := agent(r.first())
	n.set("requester", who)
	if behalf != nil {
		n.add("extension", object("url", word("http://hl7.org/fhir/3.0/StructureDefinition/extension-"+n.get("resourceType").text()+".requester.onBehalfOf"), "valueReference", behalf))
	}
}

func (c *converter) definitions(n *node) {
	for _, d := range n.take("definition").each() {
		if uri := d.get("reference").text(); uri != "" {
			n.add("instantiatesUri", word(uri))
		}
	}
}

func (c *converter) observation3(n *node) {
	n.note(n.take("comment"))
	for _, r := range n.take("related").each() {
		target := r.get("target")
		switch t := r.get("type").text(); t {
		case "has-member":
			n.add("hasMember", target)
		case "derived-from":
			n.add("derivedFrom", target)
		default:
			n.add("extension", object("url", word("http://hl7.org/fhir/3.0/StructureDefinition/extension-Observation.related."+orElse(t, "target")), "valueReference", target))
		}
	}
	n.set("code", orUnsaid(n.get("code")))
}

// orUnsaid stands where R4 must have a CodeableConcept and none was sent.
func orUnsaid(v *node) *node {
	if v != nil && !v.empty() {
		return v
	}
	return object("text", word("not stated"))
}

func (c *converter) report3(n *node) {
	var who []*node
	for _, p := range n.take("performer").each() {
		a, _ := agent(p)
		who = append(who, a)
	}
	n.set("performer", list(who...))
	n.rename("image", "media")
	n.set("code", orUnsaid(n.get("code")))
}

func (c *converter) encounter3(n *node) {
	if n.get("class") == nil {
		n.set("class", object("system", word(hl7Terminology+"v3-NullFlavor"), "code", word("NI"), "display", word("No information")))
	}
	for _, d := range n.get("diagnosis").each() {
		d.rename("role", "use")
	}
}

func (c *converter) request3(n *node) {
	c.requester(n)
	c.definitions(n)
	if n.get("status") == nil {
		n.set("status", word("unknown"))
	}
	if n.get("intent") == nil {
		n.set("intent", word("order"))
	}
}

func (c *converter) referral3(n *node) {
	c.request3(n)
	asked := n.take("serviceRequested").each()
	if len(asked) > 0 {
		n.set("code", asked[0])
		n.add("orderDetail", asked[1:]...)
	}
	n.note(n.take("description"))
	if n.get("category") == nil {
		n.set("category", list(object("coding", list(object("system", word("http://snomed.info/sct"), "code", word("3457005"), "display", word("Patient referral"))))))
	}
}

func (c *converter) immunization3(n *node) {
	if n.take("notGiven").text() == "true" {
		n.set("status", word("not-done"))
	}
	for _, p := range n.take("practitioner").each() {
		n.add("performer", object("function", p.get("role"), "actor", p.get("actor")))
	}
	if x := n.take("explanation"); x != nil {
		n.set("reasonCode", list(x.get("reason").each()...))
		n.set("statusReason", x.get("reasonNotGiven").first())
	}
	for _, p := range n.take("vaccinationProtocol").each() {
		p.rename("doseSequence", "doseNumberPositiveInt")
		p.rename("seriesDoses", "seriesDosesPositiveInt")
		for _, name := range []string{"description", "doseStatus", "doseStatusReason"} {
			if v := p.take(name); v != nil && v.kind == 0 {
				n.note(v)
			} else if text := v.get("text"); text != nil {
				n.note(text)
			} else if v != nil {
				n.note(v.get("coding").first().get("display"))
			}
		}
		if p.get("doseNumberPositiveInt") == nil {
			p.set("doseNumberString", word("not stated"))
		}
		n.add("protocolApplied", p)
	}
	for _, x := range n.get("extension").each() {
		if strings.HasSuffix(x.get("url").text(), "Extension-CareConnect-DateRecorded-1") && n.get("recorded") == nil {
			n.set("recorded", x.get("valueDateTime"))
		}
	}
	n.set("vaccineCode", vaccine(n))
	if n.get("occurrenceDateTime") == nil && n.get("occurrenceString") == nil {
		n.set("occurrenceString", word("not stated"))
	}
}

// vaccine is the code of the vaccine; where that says that it is not known, the words of the procedure stand beside it.
func vaccine(n *node) *node {
	v := n.get("vaccineCode")
	coding := v.get("coding").first()
	if known := coding != nil && !strings.HasSuffix(coding.get("system").text(), "NullFlavor"); known || v.get("text") != nil {
		return v
	}
	for _, x := range n.get("extension").each() {
		procedure := x.get("valueCodeableConcept")
		if !strings.HasSuffix(x.get("url").text(), "VaccinationProcedure") || procedure == nil {
			continue
		}
		if v == nil {
			return procedure
		}
		v.set("text", word(orElse(procedure.get("text").text(), procedure.get("coding").first().get("display").text())))
	}
	return orUnsaid(v)
}

func (c *converter) statement3(n *node) {
	if n.get("taken").text() == "n" {
		n.take("taken")
		n.set("status", word("not-taken"))
	}
	c.statusReason(n)
}

// statusReason takes why and when a medicine was stopped out of the extension in which GP Connect sends it.
func (c *converter) statusReason(n *node) {
	for _, x := range n.get("extension").each() {
		if !strings.Contains(x.get("url").text(), "MedicationStatusReason") {
			continue
		}
		for _, p := range x.get("extension").each() {
			if why := p.get("valueCodeableConcept"); why != nil && n.get("statusReason") == nil {
				n.set("statusReason", why)
			}
		}
	}
}

func (c *converter) prescription3(n *node) {
	c.requester(n)
	c.definitions(n)
	c.statusReason(n)
	n.get("substitution").rename2("allowed", "allowedBoolean")
	if n.get("status") == nil {
		n.set("status", word("unknown"))
	}
	if n.get("courseOfTherapyType") == nil {
		for _, x := range n.get("extension").each() {
			if strings.HasSuffix(x.get("url").text(), "UKCore-PrescriptionType") {
				n.set("courseOfTherapyType", x.get("valueCodeableConcept"))
			}
		}
	}
}

// rename2 is rename of what may not be there.
func (n *node) rename2(from, to string) {
	if n != nil {
		n.rename(from, to)
	}
}

func (c *converter) dispense3(n *node) {
	for _, p := range n.get("performer").each() {
		p.take("onBehalfOf")
	}
	if n.take("notDone").text() == "true" {
		n.set("status", word("declined"))
	}
}

func (c *converter) medication3(n *node) {
	for _, i := range n.get("ingredient").each() {
		i.rename("amount", "strength")
	}
	if all := n.take("batch").each(); len(all) > 0 {
		b := all[0]
		if inner := b.get("batch").first(); inner != nil {
			b = inner
		}
		n.set("batch", b)
	}
}

func (c *converter) procedure3(n *node) {
	if n.take("notDone").text() == "true" {
		n.set("status", word("not-done"))
	}
	c.definitions(n)
	for _, p := range n.get("performer").each() {
		p.rename("role", "function")
	}
}

func (c *converter) condition3(n *node) {
	if b := n.take("abatementBoolean"); b.text() == "true" && n.get("clinicalStatus") == nil {
		n.set("clinicalStatus", codedAs(hl7Terminology+"condition-clinical", "resolved"))
	}
}

func (c *converter) documentReference3(n *node) {
	n.rename2("created", "created3")
	if created := n.take("created3"); created != nil {
		for _, p := range n.get("content").each() {
			if a := p.get("attachment"); a != nil && a.get("creation") == nil {
				a.set("creation", created)
			}
		}
		if n.get("date") == nil && len(created.text()) > len("2006-01-02") {
			n.set("date", created)
		}
	}
	if ctx := n.get("context"); ctx != nil {
		var related []*node
		for _, r := range ctx.take("related").each() {
			if ref := r.get("ref"); ref != nil {
				related = append(related, ref)
			} else if id := r.get("identifier"); id != nil {
				related = append(related, object("identifier", id))
			}
		}
		ctx.set("related", list(related...))
	}
	if n.get("content") == nil {
		n.set("content", list(object("attachment", object("title", word("no content was sent")))))
	}
}

func (c *converter) composition3(n *node) {
	for _, a := range n.get("attester").each() {
		a.set("mode", a.get("mode").first())
	}
}

func (c *converter) header3(n *node) {
	for _, d := range n.get("destination").each() {
		if d.get("endpoint") == nil {
			d.set("endpoint", word("urn:kmcr:not-stated"))
		}
	}
	if r := n.take("receiver"); r != nil {
		if d := n.get("destination").first(); d != nil {
			d.set("receiver", r)
		} else {
			n.set("destination", list(object("endpoint", word("urn:kmcr:not-stated"), "receiver", r)))
		}
	}
	if s := n.get("source"); s != nil && s.get("endpoint") == nil {
		s.set("endpoint", word("urn:kmcr:not-stated"))
	}
	if n.get("source") == nil {
		n.set("source", object("endpoint", word("urn:kmcr:not-stated")))
	}
}

func (c *converter) plan3(n *node) {
	c.definitions(n)
	who := n.take("author").each()
	if len(who) > 0 {
		n.set("author", who[0])
		n.add("contributor", who[1:]...)
	}
	for _, a := range n.get("activity").each() {
		d := a.get("detail")
		if d == nil {
			continue
		}
		d.take("category")
		d.rename("prohibited", "doNotPerform")
		if d.get("status").text() == "suspended" {
			d.set("status", word("on-hold"))
		}
		if why := d.get("statusReason"); why != nil && why.kind == 0 {
			d.set("statusReason", object("text", why))
		}
	}
}

func (c *converter) consent3(n *node) {
	if n.get("scope") == nil {
		n.set("scope", codedAs(hl7Terminology+"consentscope", "patient-privacy"))
	}
	if n.get("category") == nil {
		n.set("category", list(codedAs("http://loinc.org", "59284-0")))
	}
	n.rename("consentingParty", "performer")
	provision := object()
	for _, name := range []string{"action", "securityLabel", "purpose", "dataPeriod", "period"} {
		provision.set(name, n.take(name))
	}
	if rule := n.get("policyRule"); rule != nil && rule.kind == 0 {
		n.set("policyRule", object("text", rule))
	}
	if !provision.empty() && n.get("provision") == nil {
		n.set("provision", provision)
	}
}

// goalStatuses gives lifecycleStatus and achievementStatus for a status of STU3.
var goalStatuses = map[string][2]string{
	"proposed": {"proposed", ""}, "accepted": {"accepted", ""}, "planned": {"planned", ""}, "in-progress": {"active", "in-progress"}, "on-target": {"active", "improving"},
	"ahead-of-target": {"active", "improving"}, "behind-target": {"active", "worsening"}, "sustaining": {"active", "sustaining"}, "achieved": {"completed", "achieved"},
	"on-hold": {"on-hold", ""}, "cancelled": {"cancelled", ""}, "entered-in-error": {"entered-in-error", ""}, "rejected": {"rejected", ""},
}

func (c *converter) goal3(n *node) {
	if s, known := goalStatuses[n.take("status").text()]; known {
		n.set("lifecycleStatus", word(s[0]))
		if s[1] != "" {
			n.set("achievementStatus", codedAs(hl7Terminology+"goal-achievement", s[1]))
		}
	}
}

func (c *converter) patient3(n *node) {
	for _, l := range n.get("link").each() {
		if l.get("type").text() == "replace" {
			l.set("type", word("replaced-by"))
		}
	}
}

func (c *converter) questionnaire3(n *node) {
	var walk func(item *node)
	walk = func(item *node) {
		item.rename("option", "answerOption")
		if v := item.take("options"); v != nil {
			if uri := v.get("reference"); uri != nil {
				v = uri
			}
			item.set("answerValueSet", v)
		}
		for _, w := range item.get("enableWhen").each() {
			if has := w.take("hasAnswer"); has != nil {
				w.set("operator", word("exists"))
				w.set("answerBoolean", has)
			} else if w.get("operator") == nil {
				w.set("operator", word("="))
			}
		}
		for _, m := range item.members {
			if strings.HasPrefix(m.name, "initial") && m.name != "initial" {
				value := m.value
				item.take(m.name)
				item.set("initial", list(object("value"+strings.TrimPrefix(m.name, "initial"), value)))
				break
			}
		}
		for _, i := range item.get("item").each() {
			walk(i)
		}
	}
	for _, i := range n.get("item").each() {
		walk(i)
	}
}

func (c *converter) answers3(n *node) {
	if q := n.get("questionnaire"); q != nil && q.kind == '{' {
		n.take("questionnaire")
		n.set("questionnaire", q.get("reference"))
	}
}

func (c *converter) device3(n *node) {
	if m := n.take("model"); m != nil {
		n.set("modelNumber", m)
	}
	if v := n.take("version"); v != nil && v.kind == 0 {
		n.set("version", list(object("value", v)))
	}
	if u := n.take("udi"); u != nil {
		n.set("udiCarrier", list(object("deviceIdentifier", u.get("deviceIdentifier"), "issuer", u.get("issuer"), "jurisdiction", u.get("jurisdiction"), "carrierHRF", u.get("carrierHRF"))))
	}
}

func (c *converter) provenance3(n *node) {
	for _, a := range n.get("agent").each() {
		a.rename("whoReference", "who")
		if uri := a.take("whoUri"); uri != nil {
			a.set("who", object("identifier", object("value", uri)))
		}
		if role := a.take("relatedAgentType"); role != nil && a.get("type") == nil {
			a.set("type", role)
		}
	}
	for _, s := range n.get("signature").each() {
		s.rename("whoReference", "who")
		if uri := s.take("whoUri"); uri != nil {
			s.set("who", object("identifier", object("value", uri)))
		}
		s.rename("contentType", "sigFormat")
		s.rename("blob", "data")
	}
}

func (c *converter) impression3(n *node) {
	for _, f := range n.get("finding").each() {
		if f.get("itemCodeableConcept") == nil && f.get("itemReference") == nil && f.get("basis") == nil {
			c.lose("ClinicalImpression.finding", "it says nothing in words")
		}
	}
}

func (c *converter) risk3(n *node) {
	for _, p := range n.get("prediction").each() {
		if p.get("outcome") == nil {
			p.set("outcome", object("text", word("not stated")))
		}
	}
}

func (c *converter) capability3(n *node) {
	n.take("acceptUnknown")
	n.set("fhirVersion", word("4.0.1"))
	var formats []*node
	formats = append(formats, n.get("format").each()...)
	n.set("format", list(formats...))
}
