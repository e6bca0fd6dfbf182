package terms

import (
	"regexp"
	"strings"
	"unicode"
)

// System is a code system as we know it, whatever way its address was written: "dm+d", "snomed", "rxnorm", "icd10", "loinc", "ucum", or the address itself.
func System(uri string) string {
	switch strings.TrimSuffix(strings.ToLower(uri), "/") {
	case "https://dmd.nhs.uk", "http://dmd.nhs.uk", "urn:oid:2.16.840.1.113883.2.1.6.1":
		return "dm+d"
	case "http://snomed.info/sct", "https://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96", "sct", "snm":
		return "snomed"
	case "http://www.nlm.nih.gov/research/umls/rxnorm":
		return "rxnorm"
	case "http://hl7.org/fhir/sid/icd-10", "i10", "icd10":
		return "icd10"
	case "http://loinc.org", "ln":
		return "loinc"
	case "http://unitsofmeasure.org":
		return "ucum"
	}
	return uri
}

// Code is one code of one system.
type Code struct{ System, Code string }

// MedicineKey gives the key under which statements of one medicine meet, and
// how they met, for the reader. Codes of dm+d are SNOMED CT codes and share a
// key with them. The ingredient is preferred over the product because two
// strengths of one substance are one medicine with a dose to compare.
func MedicineKey(codes []Code, text string) (key, how string) {
	if name := ingredient(text); name != "" {
		return "name|" + name, "same ingredient name"
	}
	for _, c := range codes {
		switch s := System(c.System); s {
		case "dm+d", "snomed":
			return "sct|" + c.Code, "same dm+d or SNOMED CT code"
		case "rxnorm":
			return "rxnorm|" + c.Code, "same RxNorm code"
		}
	}
	if len(codes) > 0 {
		return codes[0].System + "|" + codes[0].Code, "same code"
	}
	return "text|" + strings.ToLower(strings.TrimSpace(text)), "same words"
}

var strength = regexp.MustCompile(`(?i)\b[\d.,]+\s*(micrograms?|mcg|mg|g|ml|units?|%|iu|mmol|unt|actuat|hr)\b.*$|\b\d.*$`)

// forms, routes and salts are what stands around an ingredient in a product's name.
var notIngredient = map[string]bool{"tablet": true, "tablets": true, "tab": true, "tabs": true, "capsule": true, "capsules": true, "caps": true, "inhaler": true, "oral": true, "solution": true, "suspension": true,
	"injection": true, "cream": true, "ointment": true, "gel": true, "patch": true, "patches": true, "drops": true, "eye": true, "ear": true, "spray": true, "modified": true, "release": true, "modified-release": true, "mr": true,
	"gastro-resistant": true, "dispersible": true, "soluble": true, "chewable": true, "hydrochloride": true, "sodium": true, "maleate": true, "besilate": true, "tartrate": true, "fumarate": true, "sulfate": true, "sulphate": true,
	"phosphate": true, "acetate": true, "calcium": true, "citrate": true, "mesilate": true, "succinate": true, "hydrobromide": true, "product": true, "containing": true, "form": true, "in": true, "dose": true, "pack": true}

// ingredient is the name of a medicine without strength, form and salt; "" where nothing is left, or where the name stands for several ingredients.
func ingredient(text string) string {
	s := strings.ToLower(strings.TrimSpace(text))
	if s == "" || strings.ContainsAny(s, "/+{") || strings.Contains(s, " and ") || strings.HasPrefix(s, "co-") {
		return ""
	}
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	s = strength.ReplaceAllString(s, "")
	var kept []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		if !notIngredient[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 || len(kept) > 3 {
		return ""
	}
	return strings.Join(kept, " ")
}

// SubstanceKey gives the key under which statements of one allergen meet.
func SubstanceKey(codes []Code, text string) string {
	s := strings.ToLower(strings.TrimSpace(text))
	for _, tail := range []string{" allergy", " (substance)", " (product)", " (disorder)", "-containing product", " sensitivity"} {
		s = strings.TrimSuffix(s, tail)
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "allergy to "), "allergic to ")
	if s != "" {
		return "name|" + s
	}
	if len(codes) > 0 {
		return System(codes[0].System) + "|" + codes[0].Code
	}
	return ""
}

// NoKnownAllergy tells whether a code says that there is no known allergy (SNOMED CT 716186003 and its narrower and older relatives).
func NoKnownAllergy(code string) bool {
	switch code {
	case "716186003", "409137002", "428607008", "429625007", "428197003", "160244002", "no-known-allergies", "NKA":
		return true
	}
	return false
}
