package terms

import (
	"regexp"
	"slices"
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

// Product is what the terms know of a medicine from its codes and its name,
// as far as that tells whether two statements speak of one medicine.
type Product struct {
	// Codes are its codes as "sct|…" (SNOMED CT, which the codes of dm+d are) or "rxnorm|…".
	Codes []string
	// Ingredient is the one active ingredient by its recommended international name; "" where the name holds none or several.
	Ingredient string
	// Form is the way in which it is given, as far as the name says it: "oral", "inhaled", "skin", "eye", …; "" where it does not.
	Form string
	// Name is the name in lower case with single spaces.
	Name string
}

// ProductOf reads a product from its codes and the name as sent.
func ProductOf(codes []Code, text string) Product {
	p := Product{Name: strings.Join(strings.Fields(strings.ToLower(text)), " ")}
	for _, c := range codes {
		switch System(c.System) {
		case "dm+d", "snomed":
			p.Codes = append(p.Codes, "sct|"+c.Code)
		case "rxnorm":
			p.Codes = append(p.Codes, "rxnorm|"+c.Code)
		}
	}
	slices.Sort(p.Codes)
	p.Codes = slices.Compact(p.Codes)
	p.Ingredient, p.Form = ingredient(p.Name)
	return p
}

// amount is a number with its unit, and what it is per: "500 mg", "250mg/5ml", "100 micrograms/dose", "24 hr", "1%".
var amount = regexp.MustCompile(`\d[\d.,]*\s*-?\s*(micrograms?|microgram|mcg|ug|mg|g|kg|ml|l|units?|%|iu|mmol|unt|actuat|hr|hour|mega)?\b%?(\s*/\s*[\d.,]*\s*(ml|l|dose|actuation|actuat|hour|hours|hr|hrs|g|litre|tablet|24 ?hours?|each)\b)?`)

// forms are the words that begin the form of a product in its name, with the way in which it is given.
var forms = map[string]string{"tablet": "oral", "tablets": "oral", "tab": "oral", "tabs": "oral", "capsule": "oral", "capsules": "oral", "caps": "oral", "oral": "oral", "caplets": "oral", "lozenges": "oral", "granules": "oral", "sachets": "oral", "syrup": "oral", "elixir": "oral",
	"inhaler": "inhaled", "inhalation": "inhaled", "evohaler": "inhaled", "accuhaler": "inhaled", "turbohaler": "inhaled", "nebuliser": "inhaled", "inhalant": "inhaled", "metered": "inhaled",
	"nasal": "nose", "cream": "skin", "ointment": "skin", "gel": "skin", "lotion": "skin", "topical": "skin", "shampoo": "skin", "emollient": "skin", "patch": "patch", "patches": "patch", "transdermal": "patch",
	"eye": "eye", "ophthalmic": "eye", "ear": "ear", "otic": "ear", "injection": "injection", "injectable": "injection", "infusion": "injection", "vial": "injection", "vials": "injection", "ampoules": "injection", "pen": "injection", "syringe": "injection", "cartridge": "injection", "cartridges": "injection",
	"suppositories": "rectal", "suppository": "rectal", "rectal": "rectal", "enema": "rectal", "pessary": "vaginal", "pessaries": "vaginal", "vaginal": "vaginal", "spray": "", "solution": "", "suspension": "", "drops": "", "liquid": "", "powder": ""}

// manner are words about how a product lets go of its ingredient or is packed: no part of the ingredient's name.
var manner = map[string]bool{"modified-release": true, "modified": true, "release": true, "extended": true, "prolonged-release": true, "delayed": true, "mr": true, "xl": true, "sr": true, "er": true, "gastro-resistant": true, "dispersible": true,
	"soluble": true, "effervescent": true, "chewable": true, "orodispersible": true, "buccal": true, "sublingual": true, "product": true, "containing": true, "form": true, "in": true, "dose": true, "pack": true, "only": true, "precisely": true, "(product)": true, "-": true, "of": true}

// salts follow the name of an ingredient whose effect they do not make; they belong to the name after a metal (ferrous sulfate, calcium carbonate).
var salts = map[string]bool{"hydrochloride": true, "sodium": true, "potassium": true, "maleate": true, "besilate": true, "tartrate": true, "fumarate": true, "sulfate": true, "sulphate": true, "phosphate": true, "acetate": true, "calcium": true, "citrate": true, "mesilate": true,
	"succinate": true, "hydrobromide": true, "trihydrate": true, "arginine": true, "erbumine": true, "dipropionate": true, "hydrate": true, "magnesium": true}

var metals = map[string]bool{"ferrous": true, "ferric": true, "iron": true, "calcium": true, "sodium": true, "potassium": true, "magnesium": true, "zinc": true, "lithium": true, "aluminium": true}

// ingredient is the name of a medicine without strength, form and salt, in its recommended international form, and the way
// in which it is given; the name is "" where nothing is left, or where it stands for several ingredients.
func ingredient(name string) (found, form string) {
	s := amount.ReplaceAllString(name, " ")
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
	compound := len(words) > 0 && strings.HasPrefix(words[0], "co-") // one name for a fixed pair: co-codamol
	var kept []string
	ended := false
	for _, w := range words {
		if way, isForm := forms[w]; isForm {
			if form == "" {
				form = way
			}
			ended = len(kept) > 0
			continue
		}
		if !ended && !manner[w] {
			kept = append(kept, w)
		}
	}
	if compound {
		return kept[0], form
	}
	if len(kept) == 0 || len(kept) > 4 || strings.ContainsAny(s, "/+{&") || slices.Contains(words, "and") || slices.Contains(words, "with") {
		return "", form
	}
	for !metals[kept[0]] && len(kept) > 1 && salts[kept[len(kept)-1]] {
		kept = kept[:len(kept)-1]
	}
	found = strings.Join(kept, " ")
	if known, ok := international[found]; ok {
		found = known
	}
	return found, form
}

// FormOfRoute is the way in which a medicine is given, from the words or SNOMED CT term of its route; "" where they do not say.
func FormOfRoute(route string) string {
	for _, w := range strings.FieldsFunc(strings.ToLower(route), func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch w {
		case "mouth", "po":
			return "oral"
		case "subcutaneous", "intramuscular", "intravenous", "intradermal":
			return "injection"
		case "ocular":
			return "eye"
		case "cutaneous":
			return "skin"
		}
		if form := forms[w]; form != "" {
			return form
		}
	}
	return ""
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

// SubstanceCodes are the codes of SNOMED CT by which statements of one allergen meet, whatever each calls it. Codes that say only
// that there is an allergy, of whatever kind, are none: by them penicillin and latex would be one.
func SubstanceCodes(codes []Code) (keys []string) {
	for _, c := range codes {
		if system := System(c.System); (system == "snomed" || system == "dm+d") && !anyAllergy[c.Code] {
			keys = append(keys, system+"|"+c.Code)
		}
	}
	return keys
}

// anyAllergy are the concepts of SNOMED CT that name no substance: allergy, intolerance, adverse reaction, to a drug, to food, to the surroundings.
var anyAllergy = map[string]bool{
	"419511003": true, "416098002": true, "609328004": true, "420134006": true, "418038007": true, "235719002": true, "414285001": true, "418471000": true, "426232007": true, "419199007": true, "232347008": true,
	"281647001": true, "62014003": true, "473010000": true, "59037007": true, "293104008": true, "370540009": true, "418634005": true, "421961002": true, "609433001": true, "79899007": true, "410942007": true, "105590001": true,
	"418689008": true, "782415009": true,
}

// NoKnownAllergy tells whether a code says that there is no known allergy, of any kind or of one (SNOMED CT 716186003 and its
// narrower and older relatives).
func NoKnownAllergy(code string) bool {
	all, some := NoneKnown(code, "")
	return all || some
}

// NoneKnown tells whether a code or words say that no allergy at all is known, or none of some kind (drugs, food, latex), which says
// nothing of the others.
func NoneKnown(code, words string) (all, some bool) {
	switch code {
	case "716186003", "160244002", "no-known-allergies", "NKA":
		return true, false
	case "409137002", "428607008", "429625007", "428197003", "NKDA":
		return false, true
	}
	words = strings.ToLower(strings.Trim(words, " .*^"))
	switch words {
	case "no known allergies", "no known allergy", "no known allergies or adverse reactions", "nka", "nil known", "none known", "no allergies", "no allergies known", "nil", "none", "not allergic":
		return true, false
	}
	return false, words == "nkda" || strings.HasPrefix(words, "no known")
}
