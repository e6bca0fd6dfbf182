package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/terms"
)

// allergies makes one line of each substance; "no known allergy" is no line but a statement about the section.
func (c *composer) allergies() {
	lines := map[string]*Allergy{}
	var order []string
	stated := map[string][]*entry{}
	var none []*entry
	var active []*entry
	keys := c.substances()
	for _, e := range c.allergy {
		k := concept(e.v.Get("code"))
		st := concept(e.v.Get("clinicalStatus")).code
		ver := concept(e.v.Get("verificationStatus")).code
		if all, some := noneKnown(k); all || some {
			switch {
			case !liveAllergy(e):
				c.notShown(e, "says that no allergy is known, and is marked as ruled out or ended")
			case all:
				none = append(none, e)
			default: // none of one kind: said as it is, and nothing follows for the others
				key := "none|" + strings.ToLower(k.text)
				if lines[key] == nil {
					title := k.text
					if strings.EqualFold(title, "NKDA") {
						title = "No known drug allergies (sent as NKDA)"
					}
					lines[key] = &Allergy{Item: Item{Title: title, Kind: "Statement", Status: "Stated"}, Substance: title, Coded: len(k.codes) > 0}
					order = append(order, key)
				}
				if d := when(e.v, "recordedDate"); d.key() > lines[key].Date.key() {
					lines[key].Date = d
				}
				lines[key].From = append(lines[key].From, c.from(e))
			}
			continue
		}
		k = substance(e)
		key := keys[e]
		line := lines[key]
		if line == nil {
			line = &Allergy{Item: Item{Title: orUnnamed(k.text, "Allergy"), Kind: "Allergy"}, Substance: orUnnamed(k.text, "Allergy"), Coded: len(k.codes) > 0}
			lines[key] = line
			order = append(order, key)
		} else if name := orUnnamed(k.text, "Allergy"); !strings.EqualFold(name, line.Substance) {
			line.Details = mergeDetails(line.Details, details("Also recorded as", name))
		}
		isActive := liveAllergy(e)
		stated[key] = append(stated[key], e)
		if isActive {
			active = append(active, e)
		}
		if isActive && !line.Active || len(line.From) == 0 {
			line.Active, line.Status = line.Active || isActive, statusOr(st, "Active")
			line.Certainty = uncertain(ver)
			if ver == "refuted" {
				line.Status = "Ruled out"
			}
		}
		for _, reaction := range e.v.Get("reaction").Items() {
			if text := strings.ReplaceAll(concepts(reaction.Get("manifestation")), ", ", " + "); text != "" && !slices.Contains(line.Reactions, text) {
				line.Reactions = append(line.Reactions, text)
			}
			if s := reaction.Get("severity").Text(); s != "" && severer(s, line.Severity) {
				line.Severity = s
			}
		}
		if e.v.Get("criticality").Text() == "high" && line.Severity == "" {
			line.Severity = "high risk"
		}
		if d := when(e.v, "recordedDate", "onsetDateTime", "lastOccurrence"); d.key() > line.Date.key() {
			line.Date = d
		}
		line.Details = mergeDetails(line.Details, allergyDetails(e.v))
		line.From = append(line.From, c.from(e))
	}
	for _, key := range order {
		slices.Sort(lines[key].Reactions)
		lines[key].Conflict = c.allergyConflict(lines[key].Substance, key, stated[key])
		c.r.Allergies.Items = append(c.r.Allergies.Items, *lines[key])
	}
	c.noneKnown(none, active)
}

// substance is what an allergy is to.
func substance(e *entry) said {
	k := concept(e.v.Get("code"))
	if k.text == "" {
		k = concept(first(e.v.Get("reaction")).Get("substance"))
	}
	return k
}

// substances gives each statement the key of its line: those of one name, or of one code whatever each calls it, share one.
func (c *composer) substances() map[*entry]string {
	groups, met := make(joined, len(c.allergy)), map[string]int{}
	for n, e := range c.allergy {
		groups[n] = n
		k := substance(e)
		for _, key := range append(terms.SubstanceCodes(k.codes), terms.SubstanceKey(k.codes, k.text)) {
			if at, known := met[key]; known {
				groups.join(at, n)
			} else {
				met[key] = n
			}
		}
	}
	keys := make(map[*entry]string, len(c.allergy))
	for n, e := range c.allergy {
		k := substance(c.allergy[groups.of(n)])
		keys[e] = terms.SubstanceKey(k.codes, k.text)
	}
	return keys
}

// allergyDetails are what a statement says of an allergy beyond its substance and the names of its reactions.
func allergyDetails(v fhir.Value) []Detail {
	kind := strings.TrimSpace(v.First("category").Text())
	if v.Get("type").Is("intolerance") {
		kind = strings.TrimPrefix(kind+", an intolerance and no allergy", ", ")
	}
	out := details("Category", kind, "Risk", map[string]string{"low": "low", "high": "high", "unable-to-assess": "cannot be judged"}[v.Get("criticality").Text()],
		"Began", firstText("", when(v, "onsetDateTime", "onsetPeriod.start").words(), began(v, "onset")), "Last reaction", when(v, "lastOccurrence").words())
	for _, r := range v.Get("reaction").Items() {
		said := r.Get("description").Text()
		for _, more := range details("to ", concept(r.Get("substance")).text, "by ", concept(r.Get("exposureRoute")).text, "", r.Get("severity").Text(), "on ", when(r, "onset").words(), "", notes(r)) {
			said = strings.TrimPrefix(said+"; "+more.Label+more.Value, "; ")
		}
		if named := concepts(r.Get("manifestation")); said != "" && said != r.Get("severity").Text() {
			out = append(out, Detail{"Reaction", strings.TrimPrefix(named+": "+said, ": ")})
		}
	}
	end, _ := extended(v, "AllergyIntoleranceEnd")
	ended, why := "", ""
	for _, x := range end.Get("extension").Items() {
		switch url := strings.ToLower(x.Get("url").Text()); {
		case strings.HasSuffix(url, "enddate"):
			ended = when(x, "valueDateTime", "valueDate").words()
		case strings.HasSuffix(url, "reasonended"):
			why = valueOf(x)
		}
	}
	return append(out, details("Ended", ended, "Why ended", why, "Note", notes(v))...)
}

// noneKnown tells whether a concept says that no allergy is known, or none of some kind; of its codes the widest counts.
func noneKnown(k said) (all, some bool) {
	all, some = terms.NoneKnown("", k.text)
	for _, x := range k.codes {
		a, s := terms.NoneKnown(x.Code, "")
		all, some = all || a, some || s
	}
	return all && !(some && len(k.codes) > 0 && !hasWhole(k)), some
}

func hasWhole(k said) bool {
	return slices.ContainsFunc(k.codes, func(x terms.Code) bool { all, _ := terms.NoneKnown(x.Code, ""); return all })
}

// allergyConflict marks a substance that is an allergy to one contributor and ruled out or over to another.
func (c *composer) allergyConflict(substance, key string, list []*entry) string {
	yes, no := map[kmcr.ContributorCode]bool{}, map[kmcr.ContributorCode]bool{}
	var values []ConflictValue
	for _, e := range list {
		word := "active"
		if liveAllergy(e) {
			yes[e.Contributor] = true
		} else {
			no[e.Contributor] = true
			word = strings.ToLower(firstText("not active", uncertain(concept(e.v.Get("verificationStatus")).code), statusOr(concept(e.v.Get("clinicalStatus")).code, "")))
		}
		values = append(values, ConflictValue{Value: substance + ": " + word, Date: when(e.v, "recordedDate", "lastOccurrence", "onsetDateTime"), From: c.provenance(e)})
	}
	for by := range no {
		if len(yes) > 1 || len(yes) == 1 && !yes[by] {
			slices.SortStableFunc(values, func(a, b ConflictValue) int {
				return cmp.Or(activeFirst(a.Value, b.Value), cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.From.Statement, b.From.Statement))
			})
			return c.conflictBecause(aboutAllergies, "Allergy: "+substance, kmcr.Allergies, "allergy|"+key, values, "The active allergy is shown first because leaving out an allergy would be the greater harm; ask before treating it as ruled out.")
		}
	}
	return ""
}

// noneKnown places the statements that no allergy is known: as the word on the section, or against the allergies that others record.
func (c *composer) noneKnown(none, active []*entry) {
	for _, e := range none {
		if len(active) == 0 {
			c.r.noKnownAllergies = append(c.r.noKnownAllergies, c.from(e))
			continue
		}
		c.notShown(e, "says that no allergies are known, while an allergy is recorded: see conflicts")
	}
	if len(none) == 0 || len(active) == 0 {
		return
	}
	var values []ConflictValue
	for _, e := range active {
		values = append(values, ConflictValue{Value: concept(e.v.Get("code")).text, Date: when(e.v, "recordedDate"), From: c.provenance(e)})
	}
	for _, e := range none {
		values = append(values, ConflictValue{Value: "No known allergies", Date: when(e.v, "recordedDate"), From: c.provenance(e)})
	}
	id := c.conflictBecause(aboutAllergies, "Allergies", kmcr.Allergies, "allergies", values, "A recorded allergy is shown first because leaving out an allergy would be the greater harm than heeding one that is not there.")
	for i := range c.r.Allergies.Items {
		if c.r.Allergies.Items[i].Active && c.r.Allergies.Items[i].Conflict == "" {
			c.r.Allergies.Items[i].Conflict = id
		}
	}
}

func activeFirst(a, b string) int {
	switch x, y := strings.HasSuffix(a, ": active"), strings.HasSuffix(b, ": active"); {
	case x && !y:
		return -1
	case y && !x:
		return 1
	}
	return 0
}

// liveAllergy tells whether a statement holds an allergy to be in force; one that says nothing of it does.
func liveAllergy(e *entry) bool {
	st := concept(e.v.Get("clinicalStatus")).code
	return (st == "active" || st == "") && concept(e.v.Get("verificationStatus")).code != "refuted"
}

var severities = []string{"", "mild", "moderate", "severe"}

func severer(a, b string) bool { return slices.Index(severities, a) > slices.Index(severities, b) }

func (a Allergy) order() (bool, Date, [2]string) {
	return a.Active, "", [2]string{strings.ToLower(a.Substance)} // alphabetical (ADR-0001 and following)
}

// allergyTitle says one of the four of ISB 1505 PAB-0064, word for word.
func (c *composer) allergyTitle() {
	p := &c.r.Allergies
	live := false
	for _, a := range p.Items {
		if a.Active {
			live = true
			c.r.Banner.Allergies = append(c.r.Banner.Allergies, a.Substance)
		}
		if a.Date.key() > p.Updated.key() {
			p.Updated = a.Date
		}
	}
	switch {
	case live:
		p.State, p.Words = Known, "Known allergies"
	case p.State == Unavailable && len(c.r.noKnownAllergies) == 0:
		p.Words = "Allergies unavailable"
	case len(c.r.noKnownAllergies) > 0:
		p.State, p.Words = NoneKnown, "No known allergies"
		p.StatedBy = c.r.noKnownAllergies
	default:
		p.State, p.Words = NotRecorded, "Allergies not recorded"
	}
	c.r.Banner.AllergyTitle = p.Words
	if c.r.Banner.Allergies == nil {
		c.r.Banner.Allergies = []string{}
	}
}
