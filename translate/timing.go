package translate

import (
	"regexp"
	"slices"
	"strings"

	"kmcr/hl7"
)

// timing is when a medicine is given, as an order says: in a TQ1 segment (HL7 v2.5 and later), in the quantity/timing field of the
// order itself (RXE-1, RXG-3, up to v2.4) or in that of ORC-7.
type timing struct {
	often      string   // in words
	asNeeded   bool     // PRN
	why        string   // the condition on which it is given
	times      []string // of day, HH:MM
	start, end string
	words      []string // further words
}

// timings reads the first of the places that says anything.
func (r *reader) timings(o drugOrder, s hl7.Segment, field int) []timing {
	var all []timing
	add := func(t timing) {
		if t.often != "" || t.asNeeded || t.why != "" || t.start != "" || t.end != "" || len(t.words) > 0 {
			all = append(all, t)
		}
	}
	for _, q := range o.segments {
		if q.Name() != "TQ1" {
			continue
		}
		q = r.read(q)
		t := timing{start: r.moment("TQ1-7", q.Get(7, 1)), end: r.moment("TQ1-8", q.Get(8, 1)), words: nonEmpty([]string{clear(q.Get(11))})}
		for n, f := range q.Repetitions(3) {
			t.repeat(n, clear(f.Get(1, 1)), orElse(clear(f.Get(1, 2)), clear(f.Get(2))))
		}
		for _, f := range q.Repetitions(4) {
			t.at(clear(f.Get(1)))
		}
		t.needed(clear(q.Get(9, 1)), clear(q.Get(10)))
		add(t)
	}
	for _, from := range []struct {
		s     hl7.Segment
		field int
		where string
	}{{s, field, s.Name()}, {o.orc, 7, "ORC-7"}} {
		if len(all) > 0 || from.field == 0 {
			break
		}
		for _, f := range from.s.Repetitions(from.field) {
			t := timing{start: r.moment(from.where, f.Get(4)), end: r.moment(from.where, f.Get(5)), words: nonEmpty([]string{clear(f.Get(8))})}
			t.repeat(0, clear(f.Get(2, 1)), "")
			for _, at := range strings.Split(clear(f.Get(2, 2)), ",") {
				t.at(at)
			}
			t.needed(clear(f.Get(6)), clear(f.Get(7)))
			add(t)
		}
	}
	return all
}

// repeat takes a repeat pattern (HL7 table 0335, and how it is written here) and the words that its sender puts it into.
func (t *timing) repeat(n int, code, words string) {
	code = strings.ToUpper(strings.TrimSpace(code))
	if rest, ok := strings.CutPrefix(code, "PRN"); ok {
		t.asNeeded, code = true, strings.TrimSpace(rest)
	}
	if words = orElse(words, often(code)); words == "" {
		return
	}
	if n > 0 && t.often != "" {
		words = t.often + ", " + words
	}
	t.often = words
}

// needed takes the priority (table 0485: PRN) and the condition on which a dose is given.
func (t *timing) needed(priority, condition string) {
	t.asNeeded = t.asNeeded || strings.EqualFold(priority, "PRN")
	if strings.EqualFold(priority, "S") || strings.EqualFold(priority, "STAT") {
		t.words = append(t.words, "at once")
	}
	t.why = condition
}

// at takes a time of day, HHMM.
func (t *timing) at(s string) {
	if s = strings.TrimSpace(s); len(s) >= 4 && isDigits(s[:4]) && s[:2] < "24" && s[2:4] < "60" {
		t.times = append(t.times, s[:2]+":"+s[2:4])
	}
}

var (
	everySo = regexp.MustCompile(`^Q(\d{1,3})([SMHDWL])$`)
	soOften = regexp.MustCompile(`^(\d{1,2})X?D$`)
	units   = map[string]string{"S": "second", "M": "minute", "H": "hour", "D": "day", "W": "week", "L": "month"}
	// patterns are the codes of table 0335 and the abbreviations of British drug charts.
	patterns = map[string]string{
		"QD": "once a day", "QDAY": "once a day", "DAILY": "once a day", "OD": "once a day", "Q1D": "once a day", "Q24H": "every 24 hours",
		"BID": "twice a day", "BD": "twice a day", "TID": "three times a day", "TDS": "three times a day", "QID": "four times a day", "QDS": "four times a day",
		"QOD": "every other day", "QAM": "every morning", "OM": "every morning", "MANE": "every morning", "QPM": "every evening", "QHS": "every night at bedtime",
		"HS": "at bedtime", "ON": "every night", "NOCTE": "every night", "QW": "once a week", "QWK": "once a week", "WEEKLY": "once a week", "QMO": "once a month",
		"MONTHLY": "once a month", "ONCE": "once", "STAT": "once, at once", "C": "continuously", "QSHIFT": "each shift", "AC": "before meals", "PC": "after meals",
		"ACM": "before breakfast", "ACD": "before lunch", "ACV": "before dinner", "PCM": "after breakfast", "PCD": "after lunch", "PCV": "after dinner",
	}
)

// often is a repeat pattern in words; one that is not known stays as it was sent.
func often(code string) string {
	if words := patterns[code]; words != "" || code == "" {
		return words
	}
	if m := everySo.FindStringSubmatch(code); m != nil {
		if m[1] == "1" {
			return "every " + units[m[2]]
		}
		return "every " + m[1] + " " + units[m[2]] + "s"
	}
	if m := soOften.FindStringSubmatch(code); m != nil {
		return m[1] + " times a day"
	}
	return code
}

// said are the words of a timing, all of it.
func (t timing) said() string {
	parts := append([]string{t.often}, t.words...)
	switch {
	case t.asNeeded && t.why != "":
		parts = append(parts, "when needed "+forWhat(t.why))
	case t.asNeeded:
		parts = append(parts, "when needed")
	case t.why != "":
		parts = append(parts, t.why)
	}
	return strings.Join(nonEmpty(parts), ", ")
}

func forWhat(why string) string {
	if strings.HasPrefix(strings.ToLower(why), "for ") {
		return why
	}
	return "for " + why
}

// dosage writes how a medicine is taken: words where the order has words, else its parts.
func (r *reader) dosage(d *doc, o drugOrder, s hl7.Segment, at drugFields) {
	var instructions []string
	for _, field := range at.instructions {
		for _, f := range s.Repetitions(field) {
			instructions = append(instructions, orElse(clear(f.Get(2)), clear(f.Get(1))))
		}
	}
	instructions = nonEmpty(instructions)
	all := r.timings(o, s, at.timing)
	if len(instructions) > 0 || len(all) > 1 {
		var steps []string
		for _, t := range all {
			steps = append(steps, t.said())
		}
		words := append(instructions, strings.Join(nonEmpty(steps), "; then "))
		if amount := r.amount(s, at); !slices.ContainsFunc(instructions, func(w string) bool { return strings.ContainsAny(w, "0123456789") }) {
			words = append([]string{amount}, words...)
		}
		d.text("text", strings.Join(nonEmpty(words), "; "))
	}
	if len(all) == 0 {
		return
	}
	t := all[0]
	d.object("timing", func() {
		d.object("repeat", func() {
			d.object("boundsPeriod", func() {
				d.text("start", t.start)
				d.text("end", all[len(all)-1].end)
			})
			if len(t.times) > 0 {
				d.raw("frequency", "1")
				d.raw("period", "1")
				d.text("periodUnit", "d")
				d.array("timeOfDay", func() {
					for _, at := range t.times {
						d.text("", at+":00")
					}
				})
			}
		})
		d.concept("code", concept{text: strings.Join(nonEmpty(append([]string{t.often}, t.words...)), ", ")})
	})
	switch {
	case t.asNeeded && t.why != "":
		d.object("asNeededCodeableConcept", func() { d.text("text", strings.TrimPrefix(forWhat(t.why), "for ")) })
	case t.asNeeded:
		d.raw("asNeededBoolean", "true")
	case t.why != "" && len(instructions) == 0:
		d.text("patientInstruction", t.why)
	}
}

// amount is what is given each time, in words.
func (r *reader) amount(s hl7.Segment, at drugFields) string {
	low, ok := number(clear(s.Get(at.low, 1)))
	if !ok {
		return ""
	}
	unit := orElse(clear(s.Get(at.unit, 2)), clear(s.Get(at.unit, 1)))
	if high, isRange := number(clear(s.Get(at.high, 1))); isRange {
		low += " to " + high
	}
	return join(" ", low, unit)
}
