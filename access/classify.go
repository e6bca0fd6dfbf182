package access

import (
	"bytes"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// Classify gives the section and labels of a FHIR resource (compact JSON).
// The labels come from meta.security, from the codes in the resource
// (sensitive.csv) and, for safeguarding, from its words.
func Classify(resourceType string, body, meta []byte) (kmcr.Section, []kmcr.Label) {
	section := sectionOf(resourceType, body)
	labels := securityLabels(nil, meta)
	if section == kmcr.Administrative && isContext(resourceType) {
		return section, labels
	}
	body = plain(body)
	labels = sensitive.labels(labels, body)
	if speaksOfDoor(body) {
		labels = append(labels, kmcr.DoorCode)
	}
	if child, adult, found := safeguarding(body); found {
		if movesToSafeguarding(resourceType) {
			section = kmcr.Safeguarding
		}
		labels = safeguardingLabels(labels, child, adult)
	}
	return section, labels
}

// sectionOf gives the section by type, and by category where the type does not say enough.
func sectionOf(resourceType string, body []byte) kmcr.Section {
	switch resourceType {
	case "Observation":
		return observationSection(body)
	case "EpisodeOfCare":
		return episodeSection(body)
	case "Flag":
		return kmcr.Alerts
	case "List":
		return listSection(body)
	}
	return sectionByType(resourceType)
}

// listSection gives a list of a section of a GP record to that section, and the parts of a consultation to it.
func listSection(body []byte) kmcr.Section {
	for _, code := range fhir.Trusted(body).Root().Path("code.coding.code") {
		if section, known := terms.ListSection(code.Text()); known {
			return section
		}
		if terms.ConsultationList(code.Text()) {
			return kmcr.Encounters
		}
	}
	return kmcr.OtherSection
}

func sectionByType(resourceType string) kmcr.Section {
	switch resourceType {
	case "Patient":
		return kmcr.Demographics
	case "DetectedIssue", "AdverseEvent":
		return kmcr.Alerts
	case "AllergyIntolerance":
		return kmcr.Allergies
	case "MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense", "Medication",
		"MedicationKnowledge":
		return kmcr.Medicines
	case "Condition", "Procedure", "FamilyMemberHistory", "BodyStructure":
		return kmcr.Problems
	case "DiagnosticReport", "Specimen", "ImagingStudy", "MolecularSequence":
		return kmcr.Results
	case "ClinicalImpression", "QuestionnaireResponse":
		return kmcr.Observations
	case "Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation":
		return kmcr.Vaccinations
	case "Encounter":
		return kmcr.Encounters
	case "Appointment", "AppointmentResponse":
		return kmcr.Appointments
	case "ServiceRequest", "Task":
		return kmcr.Referrals
	case "DocumentReference", "DocumentManifest", "Composition", "Binary", "Media":
		return kmcr.Documents
	case "RelatedPerson", "CareTeam":
		return kmcr.Contacts
	case "CarePlan", "Goal", "Consent", "RiskAssessment":
		return kmcr.Plans
	}
	if isContext(resourceType) || isPaperwork(resourceType) {
		return kmcr.Administrative
	}
	return kmcr.OtherSection
}

// isPaperwork tells whether resources of this type are claims, bills, definitions or traffic: no statement about care by themselves.
func isPaperwork(resourceType string) bool {
	switch resourceType {
	case "Account", "AuditEvent", "Bundle", "ChargeItem", "Claim", "ClaimResponse", "Contract", "Coverage",
		"CoverageEligibilityRequest", "CoverageEligibilityResponse", "EnrollmentRequest", "EnrollmentResponse",
		"ExplanationOfBenefit", "Group", "InsurancePlan", "Invoice", "Linkage", "MeasureReport", "MessageHeader",
		"OperationOutcome", "Parameters", "PaymentNotice", "PaymentReconciliation", "Person", "Questionnaire",
		"Subscription":
		return true
	}
	return false
}

// observationSection goes by category: laboratory and imaging are results, social history is social care.
func observationSection(body []byte) kmcr.Section {
	section := kmcr.Observations
	items(member(body, "category"), func(concept []byte) {
		items(member(concept, "coding"), func(coding []byte) {
			switch string(text(member(coding, "code"))) {
			case "laboratory", "imaging":
				section = kmcr.Results
			case "social-history":
				section = kmcr.SocialCare
			}
		})
	})
	return section
}

// episodeSection tells care packages of social care from episodes of health care by the words of their type.
func episodeSection(body []byte) kmcr.Section {
	for _, name := range []string{"type", "identifier"} {
		if v := member(body, name); containsAny(v, "ocial care", "ocial-care", "ocialcare", "ong term support", "hort term support",
			"arer support", "eablement", "omiciliary", "are home", "cld") {
			return kmcr.SocialCare
		}
	}
	return kmcr.Encounters
}

func containsAny(b []byte, words ...string) bool {
	for _, w := range words {
		if bytes.Contains(b, []byte(w)) {
			return true
		}
	}
	return false
}

// securityLabels reads the labels of meta.security.
func securityLabels(labels []kmcr.Label, meta []byte) []kmcr.Label {
	if len(meta) == 0 {
		return labels
	}
	items(member(meta, "security"), func(coding []byte) {
		if l := labelOf(string(text(member(coding, "code")))); l != "" {
			labels = add(labels, l)
		}
	})
	return labels
}

// labelOf maps a security code (HL7 v3 Confidentiality, HL7 v3 ActCode
// information sensitivity, our own topic tags) to a label; "" for one that
// asks for nothing (U, L, M, N, or a handling instruction).
func labelOf(code string) kmcr.Label {
	switch code {
	case "R", "TABOO", "CEL", "VIP":
		return kmcr.Restricted
	case "V":
		return kmcr.VeryRestricted
	case "SEX", "HIV", "STD", "SEXUALITY", "GENDER", "REPRO":
		return kmcr.TopicSexual
	case "MH", "PSY", "PSYTHPN", "BH":
		return kmcr.TopicMental
	case "SUD", "ETH", "ETHUD", "OPIOIDUD":
		return kmcr.TopicSubstance
	case "SAFEG-CH":
		return kmcr.TopicSafeguardChild
	case "SAFEG-AD", "SDV", "DV", "IPV":
		return kmcr.TopicSafeguardAdult
	case "THIRD-PARTY":
		return kmcr.TopicThirdParty
	}
	return ""
}

func add(labels []kmcr.Label, l kmcr.Label) []kmcr.Label {
	for _, have := range labels {
		if have == l {
			return labels
		}
	}
	return append(labels, l)
}

// Words by which a resource speaks of safeguarding, in the ways in which they are written; the first letter is left out, for it may be
// a capital or not.
var (
	wordsChild = [][]byte{
		[]byte("hild protection"), []byte("hild Protection"), []byte("ooked after child"), []byte("ooked After Child"), []byte("ooked-after child"), []byte("ooked-After Child"),
		[]byte("ooked After child"), []byte("hild looked after"), []byte("hildren looked after"), []byte("nborn child"), []byte("nborn Child"), []byte("nborn baby"), []byte("ection 47"),
		[]byte("HILD PROTECTION"), []byte("OOKED AFTER CHILD"), []byte("OOKED-AFTER CHILD"), []byte("NBORN CHILD"),
	}
	wordsAdult        = [][]byte{[]byte("ection 42"), []byte(" s42 "), []byte("dult at risk"), []byte("dult protection")}
	wordsSafeguarding = [][]byte{[]byte("feguarding"), []byte("FEGUARDING")}
	// wordStems stand in all words about a child or an adult: most bodies hold none, and are read no further. They begin with
	// letters that are rare, for those are found fast.
	wordStems = [][]byte{
		[]byte("protec"), []byte("Protec"), []byte("ked"), []byte("born "), []byte(" 42"), []byte(" 47"), []byte(" s42 "), []byte(" risk"),
		[]byte("PROTEC"), []byte("KED"), []byte("BORN"),
	}
	wordChild = []byte("hild")
	wordAdult = []byte("dult")
)

func anyOf(body []byte, words [][]byte) bool {
	for _, w := range words {
		if bytes.Contains(body, w) {
			return true
		}
	}
	return false
}

// safeguarding tells whether a resource speaks of safeguarding, and of whom.
func safeguarding(body []byte) (child, adult, found bool) {
	if anyOf(body, wordStems) {
		child, adult = anyOf(body, wordsChild), anyOf(body, wordsAdult)
	}
	if child || adult {
		return child, adult, true
	}
	if !anyOf(body, wordsSafeguarding) {
		return false, false, false
	}
	return bytes.Contains(body, wordChild), bytes.Contains(body, wordAdult), true
}

func safeguardingLabels(labels []kmcr.Label, child, adult bool) []kmcr.Label {
	if child {
		labels = add(labels, kmcr.TopicSafeguardChild)
	}
	if adult {
		labels = add(labels, kmcr.TopicSafeguardAdult)
	}
	return labels
}

// movesToSafeguarding tells whether a resource of this type that speaks of safeguarding is a safeguarding entry itself.
func movesToSafeguarding(resourceType string) bool {
	switch resourceType {
	case "Flag", "Condition", "CarePlan", "EpisodeOfCare", "RiskAssessment", "ServiceRequest":
		return true
	}
	return false
}
