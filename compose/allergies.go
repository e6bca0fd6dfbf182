package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr"
	"kmcr/terms"
)

// allergies makes one line of each substance; "no known allergy" is no line but a statement about the section.
func (c *composer) allergies() {
	lines := map[string]*Allergy{}
	var order []string
	stated := map[string][]*entry{}
	var none []*entry
	var active []*entry
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
		if k.text == "" {
			k = concept(first(e.v.Get("reaction")).Get("substance"))
		}
		key := terms.SubstanceKey(k.codes, k.text)
		line := lines[key]
		if line == nil {
			line = &Allergy{Item: Item{Title: orUnnamed(k.text, "Allergy"), Kind: "Allergy"}, Substance: orUnnamed(k.text, "Allergy"), Coded: len(k.codes) > 0}
			lines[key] = line
			order = append(order, key)
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
		line.Details = mergeDetails(line.Details, details("Category", e.v.First("category").Text(), "Note", notes(e.v)))
		line.From = append(line.From, c.from(e))
	}
	for _, key := range order {
		slices.Sort(lines[key].Reactions)
		lines[key].Conflict = c.allergyConflict(lines[key].Substance, key, stated[key])
		c.r.Allergies.Items = append(c.r.Allergies.Items, *lines[key])
	}
	c.noneKnown(none, active)
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
