package compose

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// sameProblems gives each statement of a problem the key of its line. Those that share a code of SNOMED CT share one; another code
// (ICD-10, Read) joins only what SNOMED CT does not tell apart, for a class of diseases is no disease; a name joins what has no code.
func (c *composer) sameProblems() map[*entry]string {
	groups := make(joined, len(c.problem))
	met := map[string][]int{}
	for n, e := range c.problem {
		groups[n] = n
		k := concept(e.v.Get("code"))
		for _, code := range k.codes {
			met[terms.System(code.System)+"|"+code.Code] = append(met[terms.System(code.System)+"|"+code.Code], n)
		}
		if len(k.codes) == 0 {
			met[strings.ToLower(k.text)] = append(met[strings.ToLower(k.text)], n)
		}
	}
	keys := slices.Sorted(maps.Keys(met))
	for _, key := range keys {
		if strings.HasPrefix(key, "snomed|") {
			groups.joinAll(met[key])
		}
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "snomed|") && !c.toldApart(met[key], groups) {
			groups.joinAll(met[key])
		}
	}
	of := make(map[*entry]string, len(c.problem))
	for n, e := range c.problem {
		k := concept(c.problem[groups.of(n)].v.Get("code"))
		if of[e] = strings.ToLower(k.text); k.code != "" {
			of[e] = terms.System(k.system) + "|" + k.code
		}
		of[e] += "|" + strconv.Itoa(groups.of(n))
	}
	return of
}

// toldApart tells whether SNOMED CT has different concepts for some statements.
func (c *composer) toldApart(list []int, groups joined) bool {
	first := -1
	for _, n := range list {
		if !slices.ContainsFunc(concept(c.problem[n].v.Get("code")).codes, func(k terms.Code) bool { return terms.System(k.System) == "snomed" }) {
			continue
		}
		if first >= 0 && groups.of(n) != groups.of(first) {
			return true
		}
		first = n
	}
	return false
}

// problems makes one line of each problem, however many contributors state it.
func (c *composer) problems() {
	lines := map[string]*Item{}
	var order []string
	states := map[string]map[bool][]*entry{}
	keys := c.sameProblems()
	for _, e := range c.problem {
		k := concept(e.v.Get("code"))
		st := concept(e.v.Get("clinicalStatus")).code
		ruledOut := concept(e.v.Get("verificationStatus")).code == "refuted"
		active := (st == "active" || st == "recurrence" || st == "relapse" || st == "") && !ruledOut
		key := keys[e]
		line := lines[key]
		if line != nil && !strings.EqualFold(line.Title, orUnnamed(k.text, "Problem")) {
			line.Details = mergeDetails(line.Details, details("Also recorded as", k.text))
		}
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
			"Certainty", uncertain(concept(e.v.Get("verificationStatus")).code), "Stage", stages(e.v), "Onset", began(e.v, "onset"), "Ended", began(e.v, "abatement"), "Evidence", evidence(e.v), "Note", notes(e.v)))
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
			line.Conflict = c.conflict(aboutProblems, "Problem: "+line.Title, kmcr.Problems, "problem|"+key[:strings.LastIndexByte(key, '|')], append(values(a, "active"), values(r, "not active")...))
		}
		if !line.Active {
			line.End = orDate(line.End, "")
		}
		c.r.Problems.Items = append(c.r.Problems.Items, *line)
	}
}

// began is when something began or ended where that is no date: an age, a range of ages or words.
func began(v fhir.Value, name string) string {
	if age := firstText(rangeText(v.Get(name+"Range")), quantity(v.Get(name+"Age"))); age != "" {
		return "at the age of " + plainAge(age)
	}
	return v.Get(name + "String").Text()
}

// plainAge writes the units of UCUM for ages as words.
func plainAge(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimSuffix(ageUnits.Replace(s+" "), " ")
}

var ageUnits = strings.NewReplacer(" a ", " years ", " yr ", " years ", " mo ", " months ", " wk ", " weeks ", " d ", " days ")

func stages(v fhir.Value) string {
	var out []string
	for _, s := range v.Get("stage").Items() {
		if t := firstText(concept(s.Get("type")).text, concept(s.Get("summary")).text); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, ", ")
}

func evidence(v fhir.Value) string {
	var out []string
	for _, e := range v.Get("evidence").Items() {
		if t := concepts(e.Get("code")); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, ", ")
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
		Details: details("Why not done, or stopped", concept(e.v.Get("statusReason")).text, "Reason", concepts(e.v.Get("reasonCode")), "Body site", concepts(e.v.Get("bodySite")), "Outcome", concept(e.v.Get("outcome")).text, "Complication", c.complications(e.v), "Follow-up", concepts(e.v.Get("followUp")),
			"Performed", firstText(rangeText(e.v.Get("performedRange")), orNothing("at the age of ", plainAge(quantity(e.v.Get("performedAge"))))), "Device", c.devices(e.v), "Where", c.nameOf(e.v.Get("location")), "Note", notes(e.v)),
		From: []Provenance{c.from(e)}})
}

// complications are those that a procedure names, by words or by the problem that it refers to.
func (c *composer) complications(v fhir.Value) string {
	said := concepts(v.Get("complication"))
	for _, r := range v.Get("complicationDetail").Items() {
		if name := c.condition(r); name != "" && !strings.Contains(said, name) {
			said = strings.TrimPrefix(said+", "+name, ", ")
		}
	}
	return said
}

// devices are what a procedure put in, took out or changed.
func (c *composer) devices(v fhir.Value) string {
	var out []string
	for _, d := range v.Get("focalDevice").Items() {
		name := c.nameOf(d.Get("manipulated"))
		if e := c.byRef[d.First("manipulated.reference").Text()]; name == "" && e != nil {
			name = firstText(concept(e.v.Get("type")).text, e.v.First("deviceName.name").Text())
		}
		if t := strings.TrimSpace(name + " " + bracketed(concept(d.Get("action")).text)); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, ", ")
}

// family is a relative with what they had, from which age, and of what they died.
func (c *composer) family(e *entry) {
	v := e.v
	var conditions []string
	for _, x := range v.Get("condition").Items() {
		said := concept(x.Get("code")).text
		onset := firstText("", quantity(x.Get("onsetAge")), rangeText(x.Get("onsetRange")), x.Get("onsetString").Text())
		if onset != "" {
			said += " from the age of " + plainAge(onset)
			if x.Get("onsetString").Exists() {
				said = concept(x.Get("code")).text + " (" + onset + ")"
			}
		}
		if outcome := concept(x.Get("outcome")).text; outcome != "" {
			said += ", " + outcome
		}
		if x.Get("contributedToDeath").Text() == "true" {
			said += ", of which they died"
		}
		if n := notes(x); n != "" {
			said += " – " + n
		}
		conditions = append(conditions, said)
	}
	title := strings.TrimSpace(concept(v.Get("relationship")).text + " " + bracketed(v.Get("name").Text()))
	if len(conditions) > 0 {
		title += ": " + strings.Join(conditions, "; ")
	}
	died := firstText("", plainAge(quantity(v.Get("deceasedAge"))), plainAge(rangeText(v.Get("deceasedRange"))))
	died = firstText(orNothing("at the age of ", died), Date(v.Get("deceasedDate").Text()).words(), v.Get("deceasedString").Text(), map[string]string{"true": "yes", "false": "no"}[v.Get("deceasedBoolean").Text()])
	born := firstText("", Date(v.Get("bornDate").Text()).words(), v.Get("bornString").Text())
	c.r.FamilyHistory.Items = append(c.r.FamilyHistory.Items, Item{Title: orUnnamed(title, "Family history"), Kind: "Family history", Status: familyStatus(v.Get("status").Text()), Date: when(v, "date"),
		Details: details("Died", died, "Born", born, "Why not known", concept(v.Get("dataAbsentReason")).text, "Note", notes(v)), From: []Provenance{c.from(e)}})
}

// familyStatus says what of a status a reader must know.
func familyStatus(code string) string {
	switch code {
	case "partial":
		return "Not complete"
	case "health-unknown":
		return "Health not known"
	}
	return ""
}

// observation goes to results, observations or social context by its section; each unit is a series of its own.
func (c *composer) observation(e *entry) {
	if e.Section == kmcr.SocialCare {
		k := concept(e.v.Get("code"))
		c.decided(e, k)
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
	c.decided(e, k)
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
	value := Value{Text: valueText(v), Date: observed(whole), Status: uncertainResult(whole.Get("status").Text()), Note: measured(whole), From: from}
	if digits := q.Get("value").Text(); digits != "" {
		value.Text = q.Get("comparator").Text() + digits // the unit is the series'
	}
	if n, err := strconv.ParseFloat(q.Get("value").Text(), 64); err == nil {
		value.Number, t.Numeric = n, true
	}
	value.Low, value.High = rangeOf(v.Get("referenceRange"), q)
	if code := concept(v.Get("interpretation")).code; code != "" {
		value.Flag = terms.Say(terms.Flag, code)
	}
	if whole.Get("status").Is("cancelled") {
		value.Text, value.Flag = "Cancelled: no result", ""
		if hasValue(v) && !v.Get("dataAbsentReason").Exists() {
			value.Text = "Cancelled (was " + firstText(valueText(v), valueOf(v)) + ")"
		}
		value.Number, value.Cancelled = 0, true
	}
	t.Values = append(t.Values, value) // put in order when all are there
	t.From = append(t.From, from)
}

// rangeOf is the range within which a value is usual: the first of the normal kind (or of none said) that is in the value's own unit.
// One of another unit or of another kind (of a critical value, of a treatment) is not what a value is held against.
func rangeOf(list, of fhir.Value) (low, high string) {
	text := ""
	for _, r := range list.Items() {
		if kind := r.Get("type"); kind.Exists() {
			if code := concept(kind).code; code != "" && code != "normal" && code != "recommended" {
				continue
			}
		}
		a, b := r.Get("low"), r.Get("high")
		if low, high = inUnit(a, of), inUnit(b, of); low != "" || high != "" {
			return low, high
		}
		if !a.Exists() && !b.Exists() && text == "" {
			text = r.Get("text").Text()
		}
	}
	return text, ""
}

// inUnit is a figure where it has the unit of another, or none.
func inUnit(q, of fhir.Value) string {
	said, code := q.Get("unit"), q.Get("code")
	if !said.Exists() && !code.Exists() || sameWord(said, of.Get("unit")) || sameWord(code, of.Get("code")) || sameWord(said, of.Get("code")) || sameWord(code, of.Get("unit")) {
		return q.Get("value").Text()
	}
	return ""
}

// sameWord tells whether two words are one but for their capitals.
func sameWord(a, b fhir.Value) bool {
	return a.Exists() && b.Exists() && bytes.EqualFold(a.Raw(), b.Raw())
}

// measured is what else is to be known of a measurement: the note, where on the body and by what method.
func measured(v fhir.Value) string {
	if !v.Get("bodySite").Exists() && !v.Get("method").Exists() {
		return notes(v)
	}
	var out []string
	for _, d := range details("", notes(v), "Body site: ", concept(v.Get("bodySite")).text, "Method: ", concept(v.Get("method")).text) {
		out = append(out, d.Label+d.Value)
	}
	return strings.Join(out, " – ")
}

func uncertainResult(code string) string {
	if code == "final" || code == "" {
		return ""
	}
	return terms.Say(terms.Status, code)
}

// valueText is a value[x] as recorded, of whatever type, or the words for why there is none.
func valueText(v fhir.Value) string {
	if t := valueOf(v); t != "" {
		return t
	}
	if t := concept(v.Get("dataAbsentReason")).text; t != "" {
		return "no value: " + t
	}
	return "no value recorded"
}

// valueOf is the value[x] of an Observation, an answer, an extension or a part of one; "" where there is none.
func valueOf(v fhir.Value) (text string) {
	v.Members(func(name string, m fhir.Value) {
		if kind, is := strings.CutPrefix(name, "value"); is && kind != "" && text == "" {
			text = typed(kind, m)
		}
	})
	return text
}

// typed says a value of a type of FHIR in words.
func typed(kind string, v fhir.Value) string {
	switch kind {
	case "Quantity", "Age", "Duration", "Count", "Distance", "SimpleQuantity":
		return quantity(v)
	case "Money":
		return strings.TrimSpace(v.Get("value").Text() + " " + v.Get("currency").Text())
	case "CodeableConcept", "Coding":
		return concept(v).text
	case "Boolean":
		return map[string]string{"true": "yes", "false": "no"}[v.Text()]
	case "Date", "DateTime", "Instant":
		return Date(v.Text()).moment()
	case "Time":
		return clockOf(v.Text())
	case "Range":
		return rangeText(v)
	case "Ratio":
		return strings.TrimSpace(quantity(v.Get("numerator")) + " : " + quantity(v.Get("denominator")))
	case "Period":
		return span(v)
	case "SampledData":
		return "a recorded trace" + orNothing(", from ", v.Get("lowerLimit").Text()) + orNothing(" to ", v.Get("upperLimit").Text())
	case "Reference":
		return firstText("", v.Get("display").Text(), v.Get("identifier").Get("value").Text())
	case "Attachment":
		return "a file" + orNothing(": ", firstText("", v.Get("title").Text(), v.Get("contentType").Text()))
	case "Identifier":
		return v.Get("value").Text()
	case "HumanName":
		return personName(v)
	case "ContactPoint":
		return v.Get("value").Text()
	case "Address":
		return addressText(v)
	case "Annotation":
		return v.Get("text").Text()
	}
	return v.Text() // the primitives: string, integer, decimal, code, uri, …
}

// rangeText is a Range, also one that is open at an end.
func rangeText(v fhir.Value) string {
	low, high := quantity(v.Get("low")), quantity(v.Get("high"))
	switch {
	case low == "" && high == "":
		return ""
	case low == "":
		return "up to " + high
	case high == "":
		return "from " + low
	}
	return low + " to " + high
}

func addressText(v fhir.Value) string {
	if t := v.Get("text").Text(); t != "" {
		return t
	}
	var parts []string
	for _, path := range []string{"line", "city", "district", "postalCode"} {
		for _, p := range v.Path(path) {
			parts = append(parts, p.Text())
		}
	}
	return strings.Join(parts, ", ")
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
		title = formName(e.v.Get("questionnaire").Text())
	}
	var answers []Detail
	var walk func(items []fhir.Value)
	walk = func(items []fhir.Value) {
		for _, i := range items {
			for _, a := range i.Get("answer").Items() {
				answers = append(answers, details(question(i), c.answer(a))...)
				walk(a.Get("item").Items())
			}
			walk(i.Get("item").Items())
		}
	}
	walk(e.v.Get("item").Items())
	c.r.Assessments.Items = append(c.r.Assessments.Items, Item{Title: orUnnamed(title, "Assessment"), Kind: "Assessment", Status: status(e.v.Get("status")), Date: when(e.v, "authored", "date", "effectiveDateTime"),
		Details: append(answers, details("Summary", e.v.Get("summary").Text(), "Finding", findings(e.v), "Outlook", concepts(e.v.Get("prognosisCodeableConcept")), "Note", notes(e.v))...), From: []Provenance{c.from(e)}})
}

// findings are what a clinical impression found.
func findings(v fhir.Value) string {
	var out []string
	for _, f := range v.Get("finding").Items() {
		if t := strings.TrimSpace(concept(f.Get("itemCodeableConcept")).text + " " + bracketed(f.Get("basis").Text())); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, "; ")
}

// formName is the name at the end of a form's address, in words.
func formName(address string) string {
	address, _, _ = strings.Cut(address, "|")
	if name := words(address[strings.LastIndexAny(address, "/:#")+1:]); strings.ContainsAny(name, "aeiou") {
		return name
	}
	return address
}

// question is what was asked; a form that sends no words is shown by the name of the question.
func question(item fhir.Value) string {
	return firstText("Answer", item.Get("text").Text(), item.Get("linkId").Text())
}

// answer is a value of a form; of a reference the name of what it refers to.
func (c *composer) answer(a fhir.Value) string {
	if ref := a.Get("valueReference"); ref.Exists() {
		if name := firstText(c.condition(ref), c.nameOf(ref)); name != "" {
			return name
		}
	}
	return valueText(a)
}

func (c *composer) immunisation(e *entry) {
	c.r.Vaccinations.Items = append(c.r.Vaccinations.Items, Item{Title: orUnnamed(concept(e.v.Get("vaccineCode")).text, "Vaccination"), Kind: "Vaccination", Status: status(e.v.Get("status")),
		Date: when(e.v, "occurrenceDateTime", "occurrenceString", "recorded"), Details: c.vaccinationDetails(e.v), From: []Provenance{c.from(e)}})
}

func (c *composer) vaccinationDetails(v fhir.Value) []Detail {
	p := first(v.Get("protocolApplied"))
	dose := firstText("", p.Get("doseNumberPositiveInt").Text(), p.Get("doseNumberString").Text())
	if of := firstText("", p.Get("seriesDosesPositiveInt").Text(), p.Get("seriesDosesString").Text()); of != "" && dose != "" {
		dose += " of " + of
	}
	subpotent := ""
	if v.Get("isSubpotent").Text() == "true" {
		subpotent = strings.TrimPrefix("Not fully effective: "+concepts(v.Get("subpotentReason")), ": ")
	}
	var reactions []string
	for _, r := range v.Get("reaction").Items() {
		reactions = append(reactions, strings.TrimSpace(c.nameOrCode(r.Get("detail"))+" "+Date(r.Get("date").Text()).words()))
	}
	return details("Reason not given", concept(v.Get("statusReason")).text, "Against", concepts(p.Get("targetDisease")), "Dose", dose, "Amount", quantity(v.Get("doseQuantity")), "Site", concept(v.Get("site")).text, "Route", concept(v.Get("route")).text,
		"Batch", v.Get("lotNumber").Text(), "Expires", Date(v.Get("expirationDate").Text()).words(), "Maker", c.nameOf(v.Get("manufacturer")), "Where", c.nameOf(v.Get("location")), "Caution", subpotent, "Reaction", strings.Join(reactions, "; "), "Why given", concepts(v.Get("reasonCode")), "Note", notes(v))
}

// nameOrCode is the name of what a reference leads to, or what it says by its code.
func (c *composer) nameOrCode(ref fhir.Value) string {
	if name := c.nameOf(ref); name != "" {
		return name
	}
	if e := c.byRef[ref.Get("reference").Text()]; e != nil {
		return strings.TrimSpace(concept(e.v.Get("code")).text + " " + valueOf(e.v))
	}
	return ""
}
