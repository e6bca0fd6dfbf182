package synth

import (
	"fmt"
	"strconv"
	"time"

	"kmcr"
)

// condition is something people have, with what usually goes with it. Codes
// are SNOMED CT; weight is how common it is among those old enough.
type condition struct {
	code, display string
	from          int // youngest age
	weight        float64
	medicines     []medicine
	tests         []string // names in tests
}

type medicine struct{ code, name, dose, route, frequency string }

var conditions = []condition{
	{"59621000", "Essential hypertension", 40, 0.35, []medicine{{"386864001", "Amlodipine 5 mg tablets", "Take one tablet in the morning", "Oral", "once a day"}, {"386872004", "Ramipril 5 mg capsules", "Take one capsule in the morning", "Oral", "once a day"}}, []string{"bp", "potassium", "creatinine"}},
	{"44054006", "Type 2 diabetes mellitus", 40, 0.14, []medicine{{"109081006", "Metformin 500 mg tablets", "Take one tablet twice a day with meals", "Oral", "twice a day"}}, []string{"hba1c", "creatinine"}},
	{"195967001", "Asthma", 5, 0.12, []medicine{{"372897005", "Salbutamol 100 micrograms/dose inhaler", "Inhale one or two puffs when needed for breathlessness, up to four times a day", "Inhalation", "when needed"}}, nil},
	{"13645005", "Chronic obstructive pulmonary disease", 50, 0.08, []medicine{{"372897005", "Salbutamol 100 micrograms/dose inhaler", "Inhale two puffs when needed, up to four times a day", "Inhalation", "when needed"}}, nil},
	{"49436004", "Atrial fibrillation", 60, 0.10, []medicine{{"698090000", "Apixaban 5 mg tablets", "Take one tablet twice a day", "Oral", "twice a day"}, {"386868003", "Bisoprolol 2.5 mg tablets", "Take one tablet in the morning", "Oral", "once a day"}}, []string{"bp", "creatinine"}},
	{"433144002", "Chronic kidney disease stage 3", 60, 0.10, nil, []string{"creatinine", "potassium"}},
	{"84114007", "Heart failure", 65, 0.07, []medicine{{"387475002", "Furosemide 40 mg tablets", "Take one tablet in the morning", "Oral", "once a day"}}, []string{"potassium", "creatinine"}},
	{"35489007", "Depressive disorder", 18, 0.15, []medicine{{"372594008", "Sertraline 50 mg tablets", "Take one tablet in the morning", "Oral", "once a day"}}, nil},
	{"396275006", "Osteoarthritis", 55, 0.25, []medicine{{"387517004", "Paracetamol 500 mg tablets", "Take two tablets up to four times a day when needed for pain; no more than eight in 24 hours", "Oral", "when needed"}}, nil},
	{"26929004", "Alzheimer's disease", 72, 0.09, []medicine{{"386855006", "Donepezil 10 mg tablets", "Take one tablet at night", "Oral", "once a day"}}, nil},
	{"40930008", "Hypothyroidism", 30, 0.06, []medicine{{"768532006", "Levothyroxine 75 microgram tablets", "Take one tablet in the morning, before food", "Oral", "once a day"}}, []string{"tsh"}},
	{"84757009", "Epilepsy", 5, 0.015, []medicine{{"387562000", "Lamotrigine 100 mg tablets", "Take one tablet twice a day", "Oral", "twice a day"}}, nil},
	{"110359009", "Intellectual disability", 2, 0.012, nil, nil},
	{"235595009", "Gastro-oesophageal reflux disease", 30, 0.12, []medicine{{"387137007", "Omeprazole 20 mg capsules", "Take one capsule in the morning", "Oral", "once a day"}}, nil},
}

type test struct {
	code, display, unit, low, high string
	mean, spread                   float64
	decimals                       int
}

var tests = map[string]test{
	"hba1c":      {"999791000000106", "Haemoglobin A1c level", "mmol/mol", "20", "41", 55, 12, 0},
	"potassium":  {"1000651000000109", "Serum potassium level", "mmol/L", "3.5", "5.3", 4.4, 0.5, 1},
	"creatinine": {"1000731000000107", "Serum creatinine level", "umol/L", "49", "104", 98, 25, 0},
	"sodium":     {"1000661000000107", "Serum sodium level", "mmol/L", "133", "146", 139, 3, 0},
	"tsh":        {"1022791000000101", "Serum TSH level", "mU/L", "0.3", "5.0", 2.4, 1.1, 1},
	"hb":         {"1022431000000105", "Haemoglobin concentration", "g/L", "115", "165", 132, 14, 0},
}

var allergens = []struct{ code, display, reaction string }{
	{"764146007", "Penicillin", "Rash"}, {"387207008", "Ibuprofen", "Wheeze"}, {"111088007", "Latex", "Contact dermatitis"},
	{"762952008", "Peanut", "Anaphylaxis"}, {"387494007", "Codeine", "Vomiting"}, {"387170002", "Ciprofloxacin", "Tendon pain"},
}

var reasons = []struct{ code, display, plain string }{
	{"233604007", "Pneumonia", "chest infection"}, {"68566005", "Urinary tract infection", "water infection"},
	{"217082002", "Accidental fall", "fall at home"}, {"29857009", "Chest pain", "chest pain"}, {"5913000", "Fracture of neck of femur", "broken hip"},
	{"230690007", "Stroke", "stroke"}, {"74400008", "Appendicitis", "appendicitis"},
}

var wards = []string{"Cambridge J", "Harbledown", "Kingston", "Invicta", "Quex", "Minster", "Deal", "St Margaret's"}

// liveALife draws what the contributors know of an ordinary person.
func (w *World) liveALife(p *Person) {
	age := p.age(w.Now)
	say := func(from kmcr.ContributorCode, do string, days int, kv ...string) {
		p.Events = append(p.Events, Event{From: from, Do: do, At: w.days(days).Add(time.Duration(9+w.rng.IntN(8)) * time.Hour), Fields: fields(kv...)})
	}
	say("gp", "register", -min(age*365, 3000+w.rng.IntN(3000)))
	had := map[string]bool{}
	for _, c := range conditions {
		if age < c.from || !w.chance(c.weight) {
			continue
		}
		since := -(200 + w.rng.IntN(3000))
		say("gp", "problem", since, "code", c.code, "display", c.display, "status", "active")
		for _, m := range c.medicines {
			if !had[m.code] {
				had[m.code] = true
				say("gp", "medicine", since+10, "code", m.code, "name", m.name, "dose", m.dose, "route", m.route, "frequency", m.frequency, "issued", strconv.Itoa(-w.rng.IntN(50)))
			}
		}
		for _, name := range c.tests {
			w.series(p, name, 3+w.rng.IntN(5))
		}
	}
	switch {
	case w.chance(0.18):
		a := allergens[w.rng.IntN(len(allergens))]
		say("gp", "allergy", -1000, "code", a.code, "display", a.display, "reaction", a.reaction, "severity", w.pick([]string{"mild", "moderate", "severe"}))
	case w.chance(0.6):
		say("gp", "no-allergies", -900)
	}
	for range w.rng.IntN(5) {
		say("gp", "contact", -w.rng.IntN(700)-1, "with", w.pick(gps), "reason", w.pick([]string{"Medication review", "Cough", "Back pain", "Blood pressure check", "Tiredness", "Rash"}))
	}
	if age > 64 || w.chance(0.4) {
		say("gp", "immunisation", -40-w.rng.IntN(20), "code", "822851000000102", "display", "Seasonal influenza vaccination", "product", "Influenza vaccine (inactivated)")
	}
	w.hospital(p, age)
	w.community(p, age)
}

// series is a test repeated over years, drifting.
func (w *World) series(p *Person, name string, n int) {
	if name == "bp" {
		for i := range n {
			at := w.days(-90*i - w.rng.IntN(60) - 3)
			p.Events = append(p.Events, Event{From: "gp", Do: "blood-pressure", At: at, Fields: fields("systolic", strconv.Itoa(118+w.rng.IntN(45)), "diastolic", strconv.Itoa(65+w.rng.IntN(30)))})
		}
		return
	}
	t := tests[name]
	value := t.mean + (w.rng.Float64()-0.5)*t.spread
	for i := range n {
		at := w.days(-110*i - w.rng.IntN(60) - 2).Add(8 * time.Hour)
		value += (w.rng.Float64() - 0.5) * t.spread / 3
		p.Events = append(p.Events, Event{From: "gp", Do: "result", At: at, Fields: fields("test", name, "value", strconv.FormatFloat(value, 'f', t.decimals, 64))})
	}
}

func (w *World) hospital(p *Person, age int) {
	if !w.chance(0.1 + float64(age)/250) {
		return
	}
	from := kmcr.ContributorCode("hospital-east")
	if p.Town == "Gillingham" || p.Town == "Maidstone" {
		from = "hospital-medway"
	}
	r := reasons[w.rng.IntN(len(reasons))]
	start := -w.rng.IntN(500)
	stay := 1 + w.rng.IntN(12)
	spell := fmt.Sprintf("%s-%d", p.ID, -start)
	ward := w.pick(wards)
	add := func(do string, days int, kv ...string) {
		p.Events = append(p.Events, Event{From: from, Do: do, At: w.days(days).Add(time.Duration(w.rng.IntN(20)) * time.Hour), Fields: fields(append(kv, "spell", spell, "ward", ward, "reason", r.plain, "code", r.code, "display", r.display)...)})
	}
	if w.chance(0.35) {
		add("attend", start, "method", "21")
		return
	}
	add("admit", start, "method", w.pick([]string{"21", "22", "11", "2A"}), "expected", strconv.Itoa(start+stay))
	for _, name := range []string{"potassium", "creatinine", "sodium", "hb"} {
		t := tests[name]
		p.Events = append(p.Events, Event{From: from, Do: "result", At: w.days(start + 1).Add(7 * time.Hour), Fields: fields("test", name, "spell", spell, "value", strconv.FormatFloat(t.mean+(w.rng.Float64()-0.5)*2*t.spread, 'f', t.decimals, 64))})
	}
	if w.chance(0.3) {
		add("transfer", start+1, "to", w.pick(wards))
	}
	if start+stay < 0 {
		add("discharge", start+stay, "destination", "19", "discharge-method", "1")
		add("letter", start+stay+1, "title", "Discharge summary", "text", "Admitted with "+r.plain+". Treated and discharged home. GP to review in two weeks.")
	}
	if w.chance(0.4) {
		add("appointment", 5+w.rng.IntN(60), "clinic", w.pick([]string{"Cardiology clinic", "Fracture clinic", "Respiratory clinic", "Diabetes clinic"}))
	}
}

func (w *World) community(p *Person, age int) {
	say := func(from kmcr.ContributorCode, do string, days int, kv ...string) {
		p.Events = append(p.Events, Event{From: from, Do: do, At: w.days(days).Add(11 * time.Hour), Fields: fields(kv...)})
	}
	if age > 70 && w.chance(0.35) {
		say("community", "register", -300)
		say("community", "contact", -w.rng.IntN(60)-1, "with", "District nurse", "reason", w.pick([]string{"Leg ulcer dressing", "Catheter care", "Insulin administration", "Continence review"}))
		say("community", "team", -200, "team", "Ashford community nursing", "name", "Sister J Beckett", "role", "District nurse", "telephone", "01622 496201")
	}
	if age > 17 && w.chance(0.05) {
		say("mental-health", "register", -400)
		say("mental-health", "contact", -w.rng.IntN(90)-1, "with", "Care co-ordinator", "reason", "Community mental health review")
		say("mental-health", "plan", -100, "title", "Crisis plan", "text", "If mood falls: ring the single point of access on 01622 496301. Early signs: not sleeping, not answering the telephone.")
		say("mental-health", "team", -200, "team", "Ashford community mental health", "name", "D Osei", "role", "Care co-ordinator", "telephone", "01622 496302")
	}
	if age > 75 && w.chance(0.3) {
		say("adult-social-care", "service", -200-w.rng.IntN(200), "type", "Long term support: Community", "component", "Home support or domiciliary care", "provider", "Stour Valley Home Care (invented)", "reason", "Physical support: Personal care support", "units", "7")
		say("adult-social-care", "assessment", -230, "type", "Long term assessment", "outcome", "Progress to support planning or services", "reason", "Physical support: Personal care support")
	}
	if w.chance(0.04) {
		say("ambulance", "register", -100)
		say("ambulance", "contact", -w.rng.IntN(100)-1, "with", "Ambulance crew", "reason", w.pick([]string{"Fall, no injury, left at home", "Breathlessness, taken to hospital", "Chest pain, taken to hospital"}))
	}
}

func fields(kv ...string) map[string]string {
	m := make(map[string]string, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}
