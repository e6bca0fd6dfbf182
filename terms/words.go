package terms

import "strings"

// Table names a code list.
type Table string

// The code lists, with their sources.
const (
	AdmissionMethod      Table = "admission-method"      // NHS Data Dictionary, as in UKCore-AdmissionMethodEngland
	DischargeMethod      Table = "discharge-method"      // UKCore-DischargeMethodEngland
	DischargeDestination Table = "discharge-destination" // UKCore-DischargeDestinationEngland
	EncounterClass       Table = "encounter-class"       // HL7 v3 ActCode, and HL7 v2 table 0004
	Status               Table = "status"                // R4 status codes, in words
	Gender               Table = "gender"                // R4 administrative-gender
	Specialty            Table = "specialty"             // NHS Data Dictionary, treatment function and main specialty codes
	Flag                 Table = "flag"                  // HL7 v3 ObservationInterpretation and v2 table 0078
)

var tables = map[Table]map[string]string{
	AdmissionMethod: {"11": "planned: from the waiting list", "12": "planned: booked", "13": "planned: date fixed earlier", "21": "emergency: through the emergency department",
		"22": "emergency: sent by a GP", "23": "emergency: through the bed bureau", "24": "emergency: from a clinic", "25": "emergency: mental health crisis team",
		"2A": "emergency: from another provider's emergency department", "2B": "emergency: transfer from another hospital", "2C": "birth at home", "2D": "emergency: other means",
		"28": "emergency: other means", "31": "maternity: before the birth", "32": "maternity: after the birth", "81": "transfer from another hospital", "82": "birth in this hospital",
		"83": "birth elsewhere", "98": "not applicable", "99": "not known"},
	DischargeMethod: {"1": "on clinical advice", "2": "self-discharge or by a relative", "3": "by a tribunal or court", "4": "died", "5": "stillbirth", "6": "discharged themselves", "7": "discharged by a relative",
		"8": "not applicable", "9": "not known"},
	DischargeDestination: {"19": "usual place of residence", "29": "temporary place of residence", "30": "repatriation", "37": "court", "38": "prison or police", "49": "secure hospital", "50": "NHS medium secure unit",
		"51": "NHS hospital, general ward", "52": "NHS hospital, maternity ward", "53": "NHS hospital, mental health ward", "54": "NHS care home", "65": "local authority residential accommodation",
		"66": "foster care", "79": "died", "84": "independent hospital, medium secure", "85": "care home", "87": "independent hospital", "88": "hospice", "98": "not applicable", "99": "not known"},
	EncounterClass: {"IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "I": "inpatient", "EMER": "emergency department", "E": "emergency department", "AMB": "outpatient or clinic", "O": "outpatient",
		"HH": "home visit", "VR": "telephone or video", "FLD": "on scene", "SS": "day or short stay", "OBSENC": "observation", "PRENC": "before admission", "P": "before admission", "D": "day case", "R": "regular attender"},
	Status: {"active": "Active", "inactive": "Not active", "resolved": "Resolved", "remission": "In remission", "recurrence": "Recurred", "relapse": "Relapsed", "in-progress": "In progress", "arrived": "Arrived",
		"finished": "Finished", "planned": "Planned", "cancelled": "Cancelled", "triaged": "Triaged", "onleave": "On leave", "completed": "Completed", "stopped": "Stopped", "on-hold": "On hold", "intended": "Not started",
		"not-taken": "Not taken", "unknown": "Status not known", "draft": "Draft", "revoked": "Withdrawn", "booked": "Booked", "proposed": "Proposed", "pending": "Pending", "fulfilled": "Attended", "noshow": "Did not attend",
		"entered-in-error": "Entered in error", "waitlist": "Waiting list", "checked-in": "Arrived", "final": "Final", "preliminary": "Preliminary", "amended": "Amended", "corrected": "Corrected", "registered": "Awaited",
		"partial": "Partial", "appended": "Added to", "current": "Current", "superseded": "Replaced", "rejected": "Rejected", "suspended": "Suspended", "accepted": "Accepted", "requested": "Requested", "not-done": "Not done",
		"preparation": "Preparing", "dispensed": "Dispensed", "declined": "Declined", "waitlisted": "Waiting list", "refuted": "Ruled out", "confirmed": "Confirmed", "unconfirmed": "Unconfirmed", "provisional": "Provisional", "differential": "Possible"},
	Specialty: {"100": "general surgery", "101": "urology", "107": "vascular surgery", "110": "trauma and orthopaedics", "120": "ear, nose and throat", "130": "ophthalmology", "140": "oral surgery", "150": "neurosurgery", "160": "plastic surgery",
		"170": "cardiothoracic surgery", "171": "paediatric surgery", "180": "emergency medicine", "190": "anaesthetics", "191": "pain management", "192": "intensive care", "300": "general medicine", "301": "gastroenterology", "302": "endocrinology",
		"303": "haematology", "307": "diabetes", "314": "rehabilitation", "315": "palliative medicine", "320": "cardiology", "326": "acute medicine", "328": "stroke medicine", "329": "transient ischaemic attack", "330": "dermatology", "340": "respiratory medicine",
		"350": "infectious diseases", "361": "kidney medicine", "370": "medical oncology", "400": "neurology", "410": "rheumatology", "420": "paediatrics", "421": "paediatric neurology", "422": "neonatal care", "424": "well babies", "430": "care of older people", "501": "obstetrics",
		"502": "gynaecology", "560": "midwifery", "650": "physiotherapy", "651": "occupational therapy", "652": "speech and language therapy", "653": "podiatry", "654": "dietetics", "700": "learning disability", "710": "adult mental illness",
		"711": "child and adolescent mental health", "713": "psychotherapy", "715": "old age psychiatry", "800": "clinical oncology", "822": "chemical pathology"},
	Gender: {"male": "Male", "female": "Female", "other": "Other", "unknown": "Not known"},
	Flag: {"H": "high", "HH": "critically high", "L": "low", "LL": "critically low", "A": "abnormal", "AA": "critical", "N": "", "HU": "critically high", "LU": "critically low", ">": "above range", "<": "below range",
		"POS": "positive", "NEG": "negative", "R": "resistant", "S": "susceptible", "I": "intermediate", "D": "fallen", "U": "risen", "B": "better", "W": "worse"},
}

// Words is a code in words; ok is false where the list does not hold it, and the code is then shown as sent.
func Words(t Table, code string) (words string, ok bool) {
	words, ok = tables[t][code]
	return words, ok
}

// Say is a code in words, or the code as sent.
func Say(t Table, code string) string {
	if w, ok := tables[t][code]; ok {
		return w
	}
	return code
}

// plain says common jargon in plain words, for readers who are not clinicians. The original always stands beside it.
var plain = map[string]string{
	"59621000": "high blood pressure", "38341003": "high blood pressure", "44054006": "type 2 diabetes", "46635009": "type 1 diabetes", "73211009": "diabetes", "49436004": "irregular heartbeat that can cause clots",
	"13645005": "long-term lung disease", "84114007": "heart does not pump as well as it should", "433144002": "reduced kidney function", "709044004": "long-term kidney disease", "26929004": "dementia (Alzheimer's)",
	"52448006": "dementia", "35489007": "depression", "396275006": "worn joints", "230690007": "stroke", "233604007": "chest infection", "68566005": "water infection", "5913000": "broken hip", "217082002": "a fall",
	"40930008": "underactive thyroid", "84757009": "epilepsy (fits)", "110359009": "learning disability", "235595009": "acid reflux", "22298006": "heart attack", "267036007": "breathlessness", "29857009": "chest pain",
	"74400008": "appendicitis", "56018004": "wheezing", "39579001": "severe allergic reaction", "266257000": "mini-stroke", "128053003": "blood clot in a deep vein", "59282003": "blood clot in the lung", "90560007": "gout",
	"69896004": "rheumatoid arthritis", "64859006": "thin bones", "197480006": "anxiety", "58214004": "schizophrenia", "13746004": "bipolar disorder", "49049000": "Parkinson's disease", "24700007": "multiple sclerosis",
	"399068003": "prostate cancer", "254837009": "breast cancer", "271737000": "low blood count", "3723001": "joint inflammation", "55822004": "high blood fats", "414545008": "narrowed heart arteries",
}

var plainText = map[string]string{
	"myocardial infarction": "heart attack", "hypertension": "high blood pressure", "cva": "stroke", "copd": "long-term lung disease", "uti": "water infection", "lrti": "chest infection", "pneumonia": "chest infection",
	"fracture of neck of femur": "broken hip", "# nof": "broken hip", "dyspnoea": "breathlessness", "dyspnea": "breathlessness", "pyrexia": "high temperature", "syncope": "fainting", "haematuria": "blood in the urine",
	"cellulitis": "skin infection", "sepsis": "serious infection", "dvt": "blood clot in a deep vein", "pulmonary embolism": "blood clot in the lung", "gastroenteritis": "stomach upset", "delirium": "sudden confusion",
	"hypoglycaemia": "low blood sugar", "epistaxis": "nosebleed", "oedema": "swelling", "essential hypertension": "high blood pressure",
}

// plainCategory are categories of ICD-10, which hospitals send without words.
var plainCategory = map[string]string{
	"J18": "chest infection", "J22": "chest infection", "J44": "long-term lung disease", "J45": "asthma", "S72": "broken hip or thigh", "S42": "broken shoulder or upper arm", "S52": "broken forearm or wrist", "S82": "broken lower leg",
	"I63": "stroke", "I64": "stroke", "I61": "stroke (bleeding)", "G45": "mini-stroke", "I21": "heart attack", "I48": "irregular heartbeat that can cause clots", "I50": "heart does not pump as well as it should", "I10": "high blood pressure",
	"I26": "blood clot in the lung", "I80": "blood clot in a vein", "N39": "water infection", "N17": "sudden kidney injury", "N18": "long-term kidney disease", "A41": "serious infection", "A09": "diarrhoea and vomiting", "L03": "skin infection",
	"F03": "dementia", "F00": "dementia (Alzheimer's)", "G30": "dementia (Alzheimer's)", "F05": "sudden confusion", "R55": "fainting", "R07": "chest pain", "R06": "breathlessness", "R29": "falls", "W19": "a fall", "E10": "type 1 diabetes",
	"E11": "type 2 diabetes", "E16": "low blood sugar", "G40": "epilepsy (fits)", "K35": "appendicitis", "R04": "bleeding from nose or airways", "T78": "allergic reaction", "S06": "head injury", "S09": "head injury",
}

// jargon are abbreviations of British wards that stand where a diagnosis is asked for.
var jargon = map[string]string{
	"#nof": "broken hip", "nof": "broken hip", "fractured nof": "broken hip", "sob": "breathlessness", "soboe": "breathlessness on effort", "iecopd": "flare-up of long-term lung disease with infection", "aecopd": "flare-up of long-term lung disease",
	"aki": "sudden kidney injury", "ckd": "long-term kidney disease", "d&v": "diarrhoea and vomiting", "d+v": "diarrhoea and vomiting", "mi": "heart attack", "nstemi": "heart attack", "stemi": "heart attack", "acs": "heart attack or warning of one",
	"tia": "mini-stroke", "af": "irregular heartbeat that can cause clots", "pe": "blood clot in the lung", "ccf": "heart does not pump as well as it should", "cap": "chest infection", "hap": "chest infection caught in hospital", "loc": "loss of consciousness",
	"off legs": "cannot stand or walk as before", "foosh": "a fall onto an outstretched hand", "od": "overdose", "dka": "dangerously high blood sugar",
}

// Plain gives plain words for a code or a term, "" where there are none or the term is plain already.
func Plain(code, term string) string {
	if p, ok := plain[code]; ok {
		return p
	}
	term = strings.ToLower(strings.TrimSpace(term))
	if sure := strings.TrimLeft(term, "? "); sure != term {
		if p := Plain("", sure); p != "" {
			return "possibly " + p
		}
		return ""
	}
	for _, p := range []string{plainText[term], jargon[term], plainCategory[category(code)], plainCategory[category(term)]} {
		if p != "" {
			return p
		}
	}
	return ""
}

// category is the category of an ICD-10 code, "" for what is none.
func category(code string) string {
	code = strings.ToUpper(code)
	if len(code) < 3 || len(code) > 6 || code[0] < 'A' || code[0] > 'Z' || strings.Trim(code[1:3], "0123456789") != "" || strings.Trim(code[3:], ".0123456789X") != "" {
		return ""
	}
	return code[:3]
}
