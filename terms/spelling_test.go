package terms

import "testing"

func TestMisspelt(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"warfarin", "warfarin", 0}, {"warferin", "warfarin", 1}, {"wafrarin", "warfarin", 1}, {"apixiban", "apixaban", 1},
		{"levothyroxin", "levothyroxine", 1}, {"amitryptyline", "amitriptyline", 1}, {"omeprazole", "esomeprazole", 2}, {"ramipril", "lisinopril", 3}, {"", "ab", 2},
	} {
		if got := Misspelt(c.a, c.b); got != c.want {
			t.Errorf("%q for %q: %d wrong, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestSameIngredient(t *testing.T) {
	if !SameIngredient("acetaminophen", "paracetamol") || !SameIngredient("eliquis", "apixaban") || SameIngredient("apixaban", "rivaroxaban") {
		t.Error("names of one ingredient are told apart, or of two are not")
	}
}

// What stands around the ingredient of a product is no part of its name.
func TestProductOf(t *testing.T) {
	for _, c := range []struct{ name, ingredient, form string }{
		{"Amoxicillin 250mg/5ml oral suspension sugar free", "amoxicillin", "oral"},
		{"Co-codamol 30mg/500mg tablets", "co-codamol", "oral"},
		{"Insulin glargine 100units/ml solution for injection 3ml pre-filled disposable devices", "insulin glargine", "injection"},
		{"Ferrous sulfate 200mg tablets", "ferrous sulfate", "oral"},
		{"Codeine phosphate 15mg tablets", "codeine", "oral"},
		{"Buprenorphine 10micrograms/hour transdermal patches", "buprenorphine", "patch"},
		{"Acetaminophen 325 MG / Hydrocodone Bitartrate 7.5 MG Oral Tablet", "", "oral"},
		{"120 ACTUAT fluticasone 0.044 MG/ACTUAT Metered Dose Inhaler", "fluticasone", "inhaled"},
		{"Symbicort 200/6 Turbohaler", "", "inhaled"},
		{"", "", ""},
	} {
		p := ProductOf(nil, c.name)
		if p.Ingredient != c.ingredient || p.Form != c.form {
			t.Errorf("%q: %q, %q", c.name, p.Ingredient, p.Form)
		}
	}
}

func FuzzProductOf(f *testing.F) {
	for _, s := range []string{"Co-codamol", "co-", "1/2", "(", "Ramipril 5 mg/", "co- tablets"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) { ProductOf(nil, name) })
}
