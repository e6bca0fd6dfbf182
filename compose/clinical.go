package compose

import (
	"strconv"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// problems makes one line of each problem, however many contributors state it.
func (c *composer) problems() {
	lines := map[string]*Item{}
	var order []string
	states := map[string]map[bool][]*entry{}
	for _, e := range c.problem {
		k := concept(e.v.Get("code"))
		st := concept(e.v.Get("clinicalStatus")).code
		ruledOut := concept(e.v.Get("verificationStatus")).code == "refuted"
		active := (st == "active" || st == "recurrence" || st == "relapse" || st == "") && !ruledOut
		key := strings.ToLower(k.text)
		if k.code != "" {
			key = terms.System(k.system) + "|" + k.code
		}
		line := lines[key]
		if line == nil {
			line = &Item{Title: orUnnamed(k.text, "Problem"), Plain: terms.Plain(k.code, k.text), Kind: "Problem"}
			lines[key], states[key] = line, map[bool][]*entry{}
			order = append(order, key)
		}
		onset := when(e.v, "onsetDateTime", "onsetPeriod.start", "recordedDate")
		if line.Date == "" || onset != "" && onset.key() < line.Date.key() {
			line.Date = onset
		}
		if active && !line.Active || len(line.From) == 0 {
			line.Active, line.Status = line.Active || active, statusOr(st, "Active")
			if ruledOut {
				line.Status = "Ruled out"
			}
		}
		if end := when(e.v, "abatementDateTime", "abatementPeriod.end"); end != "" {
			line.End = end
		}
		line.Details = mergeDetails(line.Details, details("Severity", concept(e.v.Get("severity")).text, "Body site", concepts(e.v.Get("bodySite")),
			"Certainty", uncertain(concept(e.v.Get("verificationStatus")).code), "Onset", e.v.Get("onsetString").Text(), "Note", notes(e.v)))
		line.From = append(line.From, c.from(e))
		states[key][active] = append(states[key][active], e)
	}
	for _, key := range order {
		line := lines[key]
		if a, r := states[key][true], states[key][false]; len(a) > 0 && len(r) > 0 && differ(a, r) {
			values := func(list []*entry, word string) (out []ConflictValue) {
				for _, e := range list {
					out = append(out, ConflictValue{Value: word, Date: when(e.v, "recordedDate", "abatementDateTime", "onsetDateTime"), From: c.provenance(e)})
				}
				return out
			}
			line.Conflict = c.conflict(aboutProblems, "Problem: "+line.Title, kmcr.Problems, "problem|"+key, append(values(a, "active"), values(r, "not active")...))
		}
		if !line.Active {
			line.End = orDate(line.End, "")
		}
		c.r.Problems.Items = append(c.r.Problems.Items, *line)
	}
}

func differ(a, b []*entry) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Contributor != y.Contributor {
				return true
			}
		}
	}
	return false
}

func orDate(d, other Date) Date {
	if d == "" {
		return other
	}
	return d
}

func orUnnamed(s, kind string) string {
	if s == "" {
		return kind + " without a name"
	}
	return s
}

func statusOr(code, other string) string {
	if code == "" {
		return other
	}
	return terms.Say(terms.Status, code)
}

func uncertain(code string) string {
	if code == "" || code == "confirmed" {
		return ""
	}
	return terms.Say(terms.Status, code)
}

func mergeDetails(have, more []Detail) []Detail {
	for _, d := range more {
		known := false
		for _, h := range have {
			known = known || h == d
		}
		if !known {
			have = append(have, d)
		}
	}
	return have
}

func (c *composer) procedure(e *entry) {
	k := concept(e.v.Get("code"))
	c.r.Procedures.Items = append(c.r.Procedures.Items, Item{Title: orUnnamed(k.text, "Procedure"), Plain: terms.Plain(k.code, k.text), Kind: "Procedure", Status: status(e.v.Get("status")),
		Date: when(e.v, "performedDateTime", "performedPeriod.start", "performedString"), End: when(e.v, "performedPeriod.end"),
		Details: details("Reason", concepts(e.v.Get("reasonCode")), "Body site", concepts(e.v.Get("bodySite")), "Outcome", concept(e.v.Get("outcome")).text, "Where", c.nameOf(e.v.Get("location")), "Note", notes(e.v)),
		From:    []Provenance{c.from(e)}})
}

func (c *composer) family(e *entry) {
	var conditions []string
	for _, x := range e.v.Get("condition").Items() {
		conditions = append(conditions, concept(x.Get("code")).text)
	}
	title := concept(e.v.Get("relationship")).text
	if len(conditions) > 0 {
		title += ": " + strings.Join(conditions, ", ")
	}
	c.r.FamilyHistory.Items = append(c.r.FamilyHistory.Items, Item{Title: orUnnamed(title, "Family history"), Kind: "Family history", Date: when(e.v, "date"), Details: details("Note", notes(e.v)), From: []Provenance{c.from(e)}})
}

// observation goes to results, observations or social context by its section; each unit is a series of its own.
func (c *composer) observation(e *entry) {
	if e.Section == kmcr.SocialCare {
		k := concept(e.v.Get("code"))
		c.r.SocialCare.Items = append(c.r.SocialCare.Items, Service{Item: Item{Title: orUnnamed(k.text, "Observation"), Kind: "Social context", Status: valueText(e.v), Active: true, Date: observed(e.v),
			Details: details("Note", notes(e.v)), From: []Provenance{c.from(e)}}})
		return
	}
	into := &c.vitals
	if e.Section == kmcr.Results {
		into = &c.tests
	}
	if *into == nil {
		*into = map[string]*Test{}
	}
	from := c.from(e)
	k := concept(e.v.Get("code"))
	parts := e.v.Get("component").Items()
	if hasValue(e.v) || len(parts) == 0 {
		c.series(*into, k, "", e.v, e.v, from)
	}
	for _, part := range parts {
		c.series(*into, concept(part.Get("code")), k.text, part, e.v, from)
	}
}

func observed(v fhir.Value) Date {
	return when(v, "effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued")
}

func hasValue(v fhir.Value) bool {
	found := false
	v.Members(func(name string, _ fhir.Value) { found = found || strings.HasPrefix(name, "value") })
	return found || v.Get("dataAbsentReason").Exists()
}

// series adds one value to the series of its code and unit.
func (c *composer) series(into map[string]*Test, k said, panel string, v, whole fhir.Value, from Provenance) {
	q := v.Get("valueQuantity")
	unit := q.Get("unit").Text()
	if unit == "" {
		unit = q.Get("code").Text()
	}
	name := orUnnamed(k.text, "Test")
	if panel != "" && !strings.Contains(strings.ToLower(name), strings.ToLower(panel)) {
		name = panel + ": " + name
	}
	key := strings.ToLower(name)
	if k.code != "" {
		key = terms.System(k.system) + "|" + k.code
	}
	key += "|" + panel + "|" + unit
	t := into[key]
	if t == nil {
		t = &Test{Name: name, Code: k.code, Unit: unit}
		into[key] = t
	}
	value := Value{Text: valueText(v), Date: observed(whole), Status: uncertainResult(whole.Get("status").Text()), Note: notes(whole), From: from}
	if digits := q.Get("value").Text(); digits != "" {
		value.Text = q.Get("comparator").Text() + digits // the unit is the series'
	}
	if n, err := strconv.ParseFloat(q.Get("value").Text(), 64); err == nil {
		value.Number, t.Numeric = n, true
	}
	value.Low, value.High = v.First("referenceRange.low.value").Text(), v.First("referenceRange.high.value").Text()
	if value.Low == "" && value.High == "" {
		value.Low = v.First("referenceRange.text").Text()
	}
	if code := concept(v.Get("interpretation")).code; code != "" {
		value.Flag = terms.Say(terms.Flag, code)
	}
	t.Values = append(t.Values, value) // put in order when all are there
	t.From = append(t.From, from)
}

func uncertainResult(code string) string {
	if code == "final" || code == "" {
		return ""
	}
	return terms.Say(terms.Status, code)
}

// valueText is a value[x] as recorded.
func valueText(v fhir.Value) string {
	if t := quantity(v.Get("valueQuantity")); t != "" {
		return t
	}
	if t := concept(v.Get("valueCodeableConcept")).text; t != "" {
		return t
	}
	for _, name := range []string{"valueString", "valueInteger", "valueTime"} {
		if t := v.Get(name).Text(); t != "" {
			return t
		}
	}
	if t := v.Get("valueDateTime").Text(); t != "" {
		return Date(t).moment()
	}
	switch v.Get("valueBoolean").Text() {
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	if p := v.Get("valueRange"); p.Exists() {
		return quantity(p.Get("low")) + " to " + quantity(p.Get("high"))
	}
	if p := v.Get("valueRatio"); p.Exists() {
		return quantity(p.Get("numerator")) + " : " + quantity(p.Get("denominator"))
	}
	if p := v.Get("valuePeriod"); p.Exists() {
		return span(p)
	}
	if p := v.Get("valueSampledData"); p.Exists() {
		return "a recorded trace"
	}
	if t := concept(v.Get("dataAbsentReason")).text; t != "" {
		return "no value: " + t
	}
	return "no value recorded"
}

func (c *composer) report(e *entry) {
	k := concept(e.v.Get("code"))
	attached := e.v.Get("presentedForm").Items()
	c.r.Reports.Items = append(c.r.Reports.Items, Item{Title: orUnnamed(k.text, "Report"), Kind: "Report", Status: status(e.v.Get("status")), Date: when(e.v, "effectiveDateTime", "effectivePeriod.start", "issued"),
		Details: details("Conclusion", e.v.Get("conclusion").Text(), "Coded conclusion", concepts(e.v.Get("conclusionCode")), "Results", plural(len(e.v.Get("result").Items()), "result"), "Category", concepts(e.v.Get("category")), "Attached", plural(len(attached), "document")),
		From:    []Provenance{c.from(e)}})
	for _, a := range attached {
		c.attachment(e, orUnnamed(k.text, "Report"), a)
	}
}

func plural(n int, word string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

func (c *composer) assessment(e *entry) {
	title := concept(e.v.Get("code")).text
	if title == "" {
		title = e.v.Get("description").Text()
	}
	if title == "" {
		title = e.v.Get("questionnaire").Text()
	}
	var answers []Detail
	var walk func(items []fhir.Value)
	walk = func(items []fhir.Value) {
		for _, i := range items {
			for _, a := range i.Get("answer").Items() {
				answers = append(answers, details(orUnnamed(i.Get("text").Text(), "Answer"), valueText(a))...)
				walk(a.Get("item").Items())
			}
			walk(i.Get("item").Items())
		}
	}
	walk(e.v.Get("item").Items())
	c.r.Assessments.Items = append(c.r.Assessments.Items, Item{Title: orUnnamed(title, "Assessment"), Kind: "Assessment", Status: status(e.v.Get("status")), Date: when(e.v, "authored", "date", "effectiveDateTime"),
		Details: append(answers, details("Summary", e.v.Get("summary").Text(), "Note", notes(e.v))...), From: []Provenance{c.from(e)}})
}

func (c *composer) immunisation(e *entry) {
	c.r.Vaccinations.Items = append(c.r.Vaccinations.Items, Item{Title: orUnnamed(concept(e.v.Get("vaccineCode")).text, "Vaccination"), Kind: "Vaccination", Status: status(e.v.Get("status")),
		Date: when(e.v, "occurrenceDateTime", "occurrenceString", "recorded"), Details: details("Batch", e.v.Get("lotNumber").Text(), "Dose", e.v.First("protocolApplied.doseNumberPositiveInt").Text(), "Site", concept(e.v.Get("site")).text,
			"Reason not given", concept(e.v.Get("statusReason")).text, "Note", notes(e.v)), From: []Provenance{c.from(e)}})
}
