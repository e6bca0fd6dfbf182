package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"kmcr/fhir"
)

// taking is how a medicine is to be taken, as sent: the contributor's own words where it wrote any, and the parts that it coded.
type taking struct {
	text, dose, route, often string
	times                    []string
	asNeeded, maximum        string
	days                     string   // of the week
	more                     []string // further instructions
}

// saysAmount tells whether directions hold the number of a dose, in figures or in words.
func saysAmount(text, dose string) bool {
	number, _, _ := strings.Cut(dose, " ")
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' })
	if slices.ContainsFunc(words, func(w string) bool {
		return strings.Trim(w, ".") == number || strings.TrimRight(w, "abcdefghijklmnopqrstuvwxyz") == number
	}) {
		return true
	}
	return slices.Contains(words, map[string]string{"1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "0.5": "half"}[number])
}

// takingOf reads Dosages. Where there are several steps the words hold them all, and the parts are those of the first.
func takingOf(dosage fhir.Value) taking {
	var t taking
	var steps []string
	items := dosage.Items()
	slices.SortStableFunc(items, func(a, b fhir.Value) int { return cmp.Compare(sequence(a), sequence(b)) })
	for i, d := range items {
		step := stepOf(d)
		if i == 0 {
			t = step
		}
		steps = append(steps, step.words())
	}
	if len(steps) > 1 {
		t.text = strings.Join(slices.DeleteFunc(steps, func(s string) bool { return s == "" }), "; then ")
	}
	return t
}

// sequence is the place of a step; those without one stand as they were sent.
func sequence(d fhir.Value) int {
	n, err := strconv.Atoi(d.Get("sequence").Text())
	if err != nil {
		return 0
	}
	return n
}

// weekdays are the days of the week of FHIR.
var weekdays = map[string]string{"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}

func stepOf(d fhir.Value) taking {
	t := taking{text: d.Get("text").Text(), route: concept(d.Get("route")).text, often: frequency(d), maximum: maximum(d)}
	t.dose = quantity(d.First("doseAndRate.doseQuantity"))
	if r := d.First("doseAndRate.doseRange"); r.Exists() {
		t.dose = strings.TrimSpace(r.Get("low").Get("value").Text() + " to " + quantity(r.Get("high")))
	}
	if rate := firstText(quantity(d.First("doseAndRate.rateQuantity")), ratio(d.First("doseAndRate.rateRatio"))); rate != "" {
		t.dose = strings.TrimPrefix(t.dose+" at "+rate, " ")
	}
	for _, at := range d.Path("timing.repeat.timeOfDay") {
		t.times = append(t.times, strings.TrimSuffix(at.Text(), ":00"))
	}
	for _, at := range d.Path("timing.repeat.when") {
		t.times = append(t.times, firstText(at.Text(), moments[at.Text()]))
	}
	var days []string
	for _, day := range d.Path("timing.repeat.dayOfWeek") {
		days = append(days, firstText(day.Text(), weekdays[day.Text()]))
	}
	if len(days) > 0 {
		t.days = "on " + strings.Join(days, ", ")
		if t.often == "once a day" || t.often == "once a week" { // on these days, and no others
			t.often = "once"
		}
	}
	for _, more := range d.Get("additionalInstruction").Items() {
		t.more = append(t.more, concept(more).text)
	}
	if d.Get("asNeededBoolean").Text() == "true" {
		t.asNeeded = "when needed"
	}
	if why := concept(d.Get("asNeededCodeableConcept")).text; why != "" {
		t.asNeeded = "when needed for " + why
	}
	t.more = append(t.more, d.Get("patientInstruction").Text())
	if site := concept(d.Get("site")).text; site != "" && t.route == "" {
		t.route = site
	}
	return t
}

// words are the directions: as written where its contributor wrote them, else its coded parts. The maximum stands in both.
func (t taking) words() string {
	parts := []string{t.text, t.route}
	if t.text == "" {
		parts = []string{t.dose, t.route, t.often, t.days, strings.Join(t.times, ", "), t.asNeeded}
	} else {
		if strings.Contains(strings.ToLower(t.text), strings.ToLower(t.route)) {
			parts = parts[:1]
		}
		if t.dose != "" && !saysAmount(t.text, t.dose) { // words without the dose are no directions
			parts = append([]string{t.dose}, parts...)
		}
		if t.days != "" && !strings.Contains(strings.ToLower(t.text), strings.ToLower(strings.TrimPrefix(t.days, "on "))) {
			parts = append(parts, t.days)
		}
	}
	for _, more := range append(slices.Clone(t.more), t.maximum) {
		if !strings.Contains(t.text, more) {
			parts = append(parts, more)
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " – ")
}

// Unsaid are the coded parts of how a medicine is taken that its directions do not already say.
func (m Medicine) Unsaid() []Detail {
	said := strings.ToLower(m.Directions)
	var out []Detail
	for _, d := range details("Dose", m.Dose, "Route", m.Route, "How often", m.Frequency, "Times", strings.Join(m.Times, ", "), "As needed", m.AsNeeded, "Maximum", m.Maximum) {
		if !strings.Contains(said, strings.ToLower(d.Value)) {
			out = append(out, d)
		}
	}
	return out
}

// moments are the codes of FHIR's EventTiming in words.
var moments = map[string]string{"MORN": "in the morning", "MORN.early": "early in the morning", "MORN.late": "late in the morning", "NOON": "at noon", "AFT": "in the afternoon", "EVE": "in the evening", "NIGHT": "at night", "PHS": "after sleep",
	"HS": "before sleep", "WAKE": "on waking", "C": "with meals", "CM": "with breakfast", "CD": "with lunch", "CV": "with dinner", "AC": "before meals", "ACM": "before breakfast", "ACD": "before lunch", "ACV": "before dinner",
	"PC": "after meals", "PCM": "after breakfast", "PCD": "after lunch", "PCV": "after dinner"}

var periodUnits = map[string]string{"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}

func frequency(d fhir.Value) string {
	timing := d.Get("timing")
	if t := concept(timing.Get("code")).text; t != "" {
		return t
	}
	r := timing.Get("repeat")
	n, most, period, unit := r.Get("frequency").Text(), r.Get("frequencyMax").Text(), r.Get("period").Text(), periodUnits[r.Get("periodUnit").Text()]
	if unit == "" {
		return ""
	}
	times := map[string]string{"": "once", "1": "once", "2": "twice"}[n]
	if times == "" {
		times = n + " times"
	}
	if most != "" {
		times = firstText("1", n) + " to " + most + " times"
	}
	if longest := r.Get("periodMax").Text(); longest != "" && longest != period {
		return times + " every " + firstText("1", period) + " to " + longest + " " + unit + "s"
	}
	if period == "" || period == "1" {
		return times + " a " + unit
	}
	return times + " every " + period + " " + unit + "s"
}

// maximum is the most that may be taken, in words.
func maximum(d fhir.Value) string {
	if per := d.Get("maxDosePerPeriod"); per.Exists() {
		return "no more than " + quantity(per.Get("numerator")) + " in " + quantity(per.Get("denominator"))
	}
	if most := quantity(d.Get("maxDosePerAdministration")); most != "" {
		return "no more than " + most + " at a time"
	}
	if most := quantity(d.Get("maxDosePerLifetime")); most != "" {
		return "no more than " + most + " in a lifetime"
	}
	return ""
}

func ratio(v fhir.Value) string {
	if !v.Exists() {
		return ""
	}
	return quantity(v.Get("numerator")) + " in " + quantity(v.Get("denominator"))
}
