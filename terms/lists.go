package terms

import "kmcr"

// sectionLists are the SNOMED CT codes of the lists of which a GP Connect
// structured record is made, and the section that each lists.
var sectionLists = map[string]kmcr.Section{
	"886921000000105": kmcr.Allergies, "1103671000000101": kmcr.Allergies, "933361000000108": kmcr.Medicines, "717711000000103": kmcr.Problems,
	"1149501000000101": kmcr.Encounters, "1102181000000102": kmcr.Vaccinations, "826501000000100": kmcr.Observations, "887191000000108": kmcr.Results,
	"792931000000107": kmcr.Referrals, "714311000000108": kmcr.Referrals, "735521000000107": kmcr.Documents, "925551000000102": kmcr.Documents,
}

// consultationLists are the lists of which a consultation is made: itself, its topics and their headings.
var consultationLists = map[string]bool{"325851000000107": true, "25851000000105": true, "24781000000107": true}

// ListSection tells which section a list of a GP record is the list of; ok is false for any other list.
func ListSection(code string) (section kmcr.Section, ok bool) {
	section, ok = sectionLists[code]
	return section, ok
}

// ConsultationList tells whether a list is a consultation, or a part of one.
func ConsultationList(code string) bool { return consultationLists[code] }

// listWarnings are the codes by which a GP system says what is missing from a
// section (GP Connect, List warning code).
var listWarnings = map[string]string{
	"confidential-items":   "confidential items, or items that the person does not wish to share, are left out by the practice",
	"data-in-transit":      "the record is being transferred from another practice, and some of it may not have arrived",
	"data-awaiting-filing": "items have come to the practice that it has not filed yet, and that are not shown",
}

// ListWarning is a warning of a list in words, the code itself where it is not known.
func ListWarning(code string) string {
	if w := listWarnings[code]; w != "" {
		return w
	}
	return code
}
