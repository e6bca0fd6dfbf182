package translate

import "strings"

// The code lists of this file are those of the NHS Data Dictionary (as held in
// UK Core) and of HL7 v2 tables, with short words where the code alone says nothing.

var admissionMethods = map[string]string{
	"11": "Elective: waiting list", "12": "Elective: booked", "13": "Elective: planned",
	"21": "Emergency: emergency department", "22": "Emergency: general practitioner", "23": "Emergency: bed bureau",
	"24": "Emergency: consultant clinic", "25": "Emergency: mental health crisis team", "28": "Emergency: other means",
	"2A": "Emergency: emergency department of another provider", "2B": "Emergency: transfer from another hospital",
	"2C": "Emergency: baby born at home as intended", "2D": "Emergency: other",
	"31": "Maternity: before delivery", "32": "Maternity: after delivery",
	"81": "Other: transfer from another hospital, not an emergency", "82": "Other: birth of a baby here",
	"83": "Other: baby born elsewhere, not at home as intended", "98": "Not applicable", "99": "Not known",
}

var dischargeMethods = map[string]string{
	"1": "On clinical advice or with clinical consent", "3": "By tribunal, Home Secretary or court", "4": "Died", "5": "Stillbirth",
	"6": "Self-discharge", "7": "By a relative or advocate", "8": "Not applicable", "9": "Not known",
}

// dischargeDestinations and admissionSources share most of their codes.
var dischargeDestinations = map[string]string{
	"19": "Usual place of residence", "29": "Temporary place of residence", "30": "Repatriation from high security psychiatric accommodation",
	"37": "Court", "38": "Prison or police station", "48": "High security psychiatric hospital, Scotland",
	"49": "Another NHS hospital: high security psychiatric", "50": "Another NHS hospital: medium secure unit",
	"51": "Another NHS hospital: general ward", "52": "Another NHS hospital: maternity or neonatal ward",
	"53": "Another NHS hospital: mental health or learning disability ward", "54": "NHS care home",
	"65": "Local authority residential accommodation", "66": "Local authority foster care", "79": "Not applicable: died or stillbirth",
	"84": "Non-NHS hospital: medium secure unit", "85": "Non-NHS care home", "87": "Non-NHS hospital", "88": "Non-NHS hospice",
	"98": "Not applicable", "99": "Not known",
}

var admissionSources = map[string]string{
	"19": "Usual place of residence", "29": "Temporary place of residence", "39": "Prison, court or police station",
	"49": "Another NHS hospital: high security psychiatric", "51": "Another NHS hospital: general ward or emergency department",
	"52": "Another NHS hospital: maternity or neonatal ward", "53": "Another NHS hospital: mental health or learning disability ward",
	"54": "NHS care home", "65": "Local authority residential accommodation", "66": "Local authority foster care",
	"79": "Born in or on the way to hospital", "85": "Non-NHS care home", "87": "Non-NHS hospital", "88": "Non-NHS hospice",
	"98": "Not applicable", "99": "Not known",
}

var ethnicCategories = map[string]string{
	"A": "White - British", "B": "White - Irish", "C": "White - Any other White background",
	"D": "Mixed - White and Black Caribbean", "E": "Mixed - White and Black African", "F": "Mixed - White and Asian", "G": "Mixed - Any other mixed background",
	"H": "Asian or Asian British - Indian", "J": "Asian or Asian British - Pakistani", "K": "Asian or Asian British - Bangladeshi", "L": "Asian or Asian British - Any other Asian background",
	"M": "Black or Black British - Caribbean", "N": "Black or Black British - African", "P": "Black or Black British - Any other Black background",
	"R": "Other Ethnic Groups - Chinese", "S": "Other Ethnic Groups - Any other ethnic group", "Z": "Not stated", "99": "Not known",
}

// sexes are HL7 table 0001 and the NHS codes of person stated gender.
var sexes = map[string]string{
	"M": "male", "F": "female", "O": "other", "A": "other", "N": "other", "U": "unknown",
	"1": "male", "2": "female", "9": "other", "0": "unknown", "X": "unknown",
	"MALE": "male", "FEMALE": "female", "OTHER": "other", "INDETERMINATE": "other", "UNKNOWN": "unknown", "NOT KNOWN": "unknown", "NOT SPECIFIED": "unknown",
}

// maritalStatuses are the codes of HL7 table 0002 that mean the same in v3.
const maritalStatuses = "A D I L M C P T U S W"

// encounterClasses are HL7 table 0004 as v3 ActCode.
var encounterClasses = map[string]code{
	"E": {actCode, "EMER", "emergency"}, "I": {actCode, "IMP", "inpatient encounter"}, "O": {actCode, "AMB", "ambulatory"},
	"P": {actCode, "PRENC", "pre-admission"}, "R": {actCode, "AMB", "ambulatory"}, "B": {actCode, "IMP", "inpatient encounter"},
	"INPATIENT": {actCode, "IMP", "inpatient encounter"}, "OUTPATIENT": {actCode, "AMB", "ambulatory"}, "EMERGENCY": {actCode, "EMER", "emergency"},
}

const actCode = hl7Terminology + "v3-ActCode"

// interpretations are the codes of HL7 table 0078 that v3 ObservationInterpretation has too.
const interpretations = " < > A AA B D DET E H HH HU HX I IE IND L LL LU LX MS N ND NEG NR NS POS R RR S SDD SYN-R SYN-S U VS W WR "

// observationStatuses are HL7 table 0085 as FHIR statuses.
var observationStatuses = map[string]string{
	"F": "final", "P": "preliminary", "R": "preliminary", "S": "preliminary", "C": "corrected", "X": "cancelled", "I": "registered",
	"O": "registered", "N": "cancelled", "U": "final", "D": "entered-in-error", "W": "entered-in-error",
}

// reportStatuses are HL7 table 0123 as FHIR statuses.
var reportStatuses = map[string]string{
	"F": "final", "P": "preliminary", "A": "partial", "R": "partial", "C": "corrected", "X": "cancelled", "I": "registered", "O": "registered", "S": "registered",
}

// serviceSections are the codes of HL7 table 0074, diagnostic service section.
const serviceSections = " AU BG BLB CG CH CP CT CTH CUS EC EN GE HM IMG ICU IMM LAB MB MCB MYC NMR NMS NRS OSL OT OTH OUS PAR PAT PF PHR PHY PT RAD RC RT RUS RX SP SR TX VR VUS XRC "

// imagingSections are those of them that are imaging.
const imagingSections = " CT CUS IMG NMR NMS OUS RAD RUS RX VUS XRC "

// relationships are HL7 table 0063 as v3 RoleCode, where there is one.
var relationships = map[string]code{
	"SPO": {roleCode, "SPS", "spouse"}, "DOM": {roleCode, "DOMPART", "domestic partner"}, "CHD": {roleCode, "CHILD", "child"}, "GCH": {roleCode, "GRNDCHILD", "grandchild"},
	"NCH": {roleCode, "NCHILD", "natural child"}, "SCH": {roleCode, "STPCHLD", "step child"}, "FCH": {roleCode, "CHLDFOST", "foster child"},
	"PAR": {roleCode, "PRN", "parent"}, "MTH": {roleCode, "MTH", "mother"}, "FTH": {roleCode, "FTH", "father"}, "GRP": {roleCode, "GRPRN", "grandparent"},
	"SIB": {roleCode, "SIB", "sibling"}, "BRO": {roleCode, "BRO", "brother"}, "SIS": {roleCode, "SIS", "sister"}, "GRD": {roleCode, "GUARD", "guardian"},
	"FND": {roleCode, "FRND", "unrelated friend"}, "EXF": {roleCode, "EXT", "extended family member"},
}

const roleCode = hl7Terminology + "v3-RoleCode"

// contactRoles are HL7 table 0131 that v2 and FHIR share by letter.
var contactRoles = map[string]string{"N": "Next of kin", "C": "Emergency contact", "E": "Employer", "F": "Federal agency", "I": "Insurance company", "S": "State agency", "O": "Other", "NK": "Next of kin", "EC": "Emergency contact"}

// allergyCategories are HL7 table 0127 as FHIR categories.
var allergyCategories = map[string]string{
	"DA": "medication", "FA": "food", "EA": "environment", "AA": "environment", "PA": "environment", "LA": "environment",
	"DRUG": "medication", "FOOD": "food",
}

// severities are HL7 table 0128 as FHIR reaction severities.
var severities = map[string]string{"SV": "severe", "MO": "moderate", "MI": "mild"}

// has tells whether a word stands in a list of words between spaces.
func has(list, word string) bool {
	return word != "" && !strings.Contains(word, " ") && strings.Contains(" "+list+" ", " "+word+" ")
}
