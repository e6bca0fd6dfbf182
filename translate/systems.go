package translate

import (
	"net/url"
	"strings"

	"kmcr"
)

// Identifier and code systems (FHIR UK Core, HL7 terminology).
const (
	nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	odsSystem       = "https://fhir.nhs.uk/Id/ods-organization-code"
	snomed          = "http://snomed.info/sct"
	loinc           = "http://loinc.org"
	ucum            = "http://unitsofmeasure.org"
	ukCore          = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
	ukCoreCodes     = "https://fhir.hl7.org.uk/CodeSystem/UKCore-"
	hl7Terminology  = "http://terminology.hl7.org/CodeSystem/"
	hl7Definition   = "http://hl7.org/fhir/StructureDefinition/"
	// Extensions of an Encounter that FHIR R4 has no element for: when the patient is expected to come and to leave (dateTime), and doubts (string).
	expectedAdmission = "urn:kmcr:expected-admission"
	expectedDischarge = "urn:kmcr:expected-discharge"
	flagExtension     = "urn:kmcr:data-quality"
)

// codeSystems are the FHIR systems of names that HL7 v2 senders write in a coded element.
var codeSystems = map[string]string{
	"SCT": snomed, "SNM": snomed, "SNM3": snomed, "SNOMED": snomed, "SNOMEDCT": snomed, "SNOMED-CT": snomed, "SNOMED CT": snomed, "SCTUK": snomed,
	"LN": loinc, "LOINC": loinc,
	"I10": "http://hl7.org/fhir/sid/icd-10", "ICD10": "http://hl7.org/fhir/sid/icd-10", "ICD-10": "http://hl7.org/fhir/sid/icd-10",
	"I9": "http://hl7.org/fhir/sid/icd-9-cm", "I9C": "http://hl7.org/fhir/sid/icd-9-cm", "I9M": "http://hl7.org/fhir/sid/icd-9-cm",
	"OPCS": "https://fhir.hl7.org.uk/CodeSystem/OPCS-4", "OPCS4": "https://fhir.hl7.org.uk/CodeSystem/OPCS-4", "OPCS-4": "https://fhir.hl7.org.uk/CodeSystem/OPCS-4",
	"DMD": "https://dmd.nhs.uk", "DM+D": "https://dmd.nhs.uk",
	"READ": "http://read.info/readv2", "READV2": "http://read.info/readv2", "READ2": "http://read.info/readv2", "CTV3": "http://read.info/ctv3",
	"UCUM": ucum, "CVX": "http://hl7.org/fhir/sid/cvx", "MVX": "http://hl7.org/fhir/sid/mvx", "NDC": "http://hl7.org/fhir/sid/ndc",
	"C4": "http://www.ama-assn.org/go/cpt", "MDC": "urn:iso:std:iso:11073:10101", "CDCREC": "urn:oid:2.16.840.1.113883.6.238",
}

// personSystems are the identifier systems of professional numbers by their assigning authority.
var personSystems = map[string]string{
	"GMC": "https://fhir.hl7.org.uk/Id/gmc-number", "GMP": "https://fhir.hl7.org.uk/Id/gmp-number", "NMC": "https://fhir.hl7.org.uk/Id/nmc-number",
	"HCPC": "https://fhir.hl7.org.uk/Id/hcpc-number", "GPHC": "https://fhir.hl7.org.uk/Id/gphc-number", "SDS": "https://fhir.nhs.uk/Id/sds-user-id",
}

// origin is the contributor whose local codes and identifiers are named.
type origin struct{ c kmcr.Contributor }

// codeSystem is the FHIR system of a code: that of the name the sender gives,
// an object identifier as a URN, or a system of this contributor's own for a
// name we do not know; for none, that of the table (the field's) it came in.
func (o origin) codeSystem(name, table string) string {
	name = strings.TrimSpace(name)
	upper := strings.ToUpper(name)
	if s, ok := codeSystems[upper]; ok {
		return s
	}
	if n, ok := strings.CutPrefix(upper, "HL7"); ok && len(n) == 4 && isDigits(n) {
		return hl7Terminology + "v2-" + n
	}
	switch {
	case isOID(name):
		return "urn:oid:" + name
	case strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "urn:"):
		return strings.Join(strings.Fields(name), "")
	case name == "":
		name = table
	}
	return "urn:kmcr:code:" + string(o.c.Code) + ":" + url.PathEscape(name)
}

// identifierSystem is the system of a local identifier: the object identifier
// of its assigning authority, or one of this contributor's own.
func (o origin) identifierSystem(authority, oid, table string) string {
	if isOID(oid) {
		return "urn:oid:" + oid
	}
	if authority == "" {
		authority = table
	}
	if isOID(authority) {
		return "urn:oid:" + authority
	}
	return "urn:kmcr:id:" + string(o.c.Code) + ":" + url.PathEscape(authority)
}

// CouncilNumber begins the system of the numbers that one council gives to people in its case system, its census of children in need and
// its tables of looked after children: they are the same numbers, whichever contributor sends them.
const CouncilNumber = "urn:kmcr:council-person:"

// councilNumber is a council's number of somebody, as an alias of them.
func (o origin) councilNumber(id string) string {
	return CouncilNumber + url.PathEscape(strings.ToUpper(string(o.c.Organisation))) + "|" + strings.ToUpper(strings.TrimSpace(id))
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isOID tells whether s is an object identifier: 2.16.840…
func isOID(s string) bool {
	if len(s) < 5 || s[0] < '0' || s[0] > '2' || s[1] != '.' {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if !isDigits(part) || len(part) > 1 && part[0] == '0' {
			return false
		}
	}
	return strings.Count(s, ".") >= 3
}
