package compose

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"kmcr"
	"kmcr/terms"
)

// The topics below are told from the words of alerts, plans and consents, for contributors code them in many ways. What they
// say is compared only as far as it takes a side; an entry that names the topic and takes none disagrees with nobody.
var (
	resuscitation = regexp.MustCompile(`(?i)\b(dna ?cpr|dnar|cpr|resuscitation|resuscitate)\b`)
	against       = regexp.MustCompile(`(?i)\b(dna ?cpr|dnar|do not (attempt|resuscitate)|not (suitable |appropriate |a candidate )?for (full |active |attempted )*(cpr|resuscitation)|(cpr|resuscitation) (is |would be |should )?(not|in) ?(be )?(attempted|appropriate|indicated|wanted)|not to be resuscitated|no cpr|cpr attempts? (are )?not recommended|refuses\b[^.;\n]*\b(cpr|resuscitation))\b`)
	inFavour      = regexp.MustCompile(`(?i)\b(full (active )?(cpr|resuscitation)|agrees to\b[^.;\n]*\b(cpr|resuscitation)|for (full |attempted )?(active )?(cpr|resuscitation)|attempt (cpr|cardio\w*|resuscitation)|cpr attempts? (are )?recommended)\b`)
	takenBackCPR  = regexp.MustCompile(`(?i)\b(revoked|rescinded|withdrawn|cancelled|no longer (valid|in force|applies))\b`)
	deniedBefore  = regexp.MustCompile(`(?i)\b(not|no|never|without)\b[^.;\n]{0,30}$`)
	deniedCPR     = regexp.MustCompile(`(?i): (no|none|negative|false|absent|not in place|not made|nil)$`)
	inFullCPR     = regexp.MustCompile(`(?i)cardio-?\s?pulmonary resuscitation`)
	attorney      = regexp.MustCompile(`(?i)\b(lasting power of attorney|lpa)\b`)
)

// saysCPR are the letters one of which stands in whatever speaks of resuscitation: quicker to look for than the words.
var saysCPR = [][]byte{[]byte("esus"), []byte("ESUS"), []byte("CPR"), []byte("cpr"), []byte("Cpr"), []byte("DNAR"), []byte("dnar"), []byte("Dnar")}

// decided keeps an observation that takes a side on resuscitation among the decisions too, where readers look for them; of each
// contributor the newest is in force. Practices record the decision in this way.
func (c *composer) decided(e *entry, k said) {
	if !slices.ContainsFunc(saysCPR, func(w []byte) bool { return bytes.Contains(e.Body, w) }) {
		return
	}
	if !resuscitation.MatchString(inFullCPR.ReplaceAllString(k.text+" "+concept(e.v.Get("valueCodeableConcept")).text+" "+e.v.Get("valueString").Text(), "CPR")) {
		return
	}
	st := e.v.Get("status").Text()
	if c.in.Hidden[kmcr.Plans] != "" || st == "cancelled" {
		return
	}
	i := Item{Title: orUnnamed(k.text, "Resuscitation"), Kind: "Decision or consent", Status: terms.Say(terms.Status, st), Active: true, Date: observed(e.v), Details: details("Note", notes(e.v)), From: []Provenance{c.from(e)}}
	if hasValue(e.v) {
		i.Title += ": " + valueText(e.v)
	}
	if cprDecision(&i) == "" {
		return
	}
	for n := range c.r.Plans.Items {
		have := &c.r.Plans.Items[n]
		if have.From[0].Type != "Observation" || have.From[0].Contributor != e.Contributor {
			continue
		}
		if have.Date.key() > i.Date.key() {
			i.Active, i.Status = false, "Followed by another"
		} else {
			have.Active, have.Status = false, "Followed by another"
		}
	}
	c.r.Plans.Items = append(c.r.Plans.Items, i)
}

// disputes finds where contributors differ on resuscitation, powers of attorney, services and next of kin.
func (c *composer) disputes() {
	var cpr, powers []*Item
	for _, list := range [][]Item{c.r.Alerts.Items, c.r.Plans.Items, c.r.Problems.Items} {
		for i := range list {
			switch item := &list[i]; {
			case resuscitation.MatchString(item.words()):
				cpr = append(cpr, item)
			case attorney.MatchString(item.words()):
				powers = append(powers, item)
			}
		}
	}
	c.dispute(aboutEndOfLife, "Resuscitation (CPR)", kmcr.Plans, "cpr", cpr, cprDecision)
	c.dispute(aboutLegal, "Lasting power of attorney", kmcr.Plans, "lpa", powers, inForce)
	c.packages()
	c.nextOfKin()
}

// words are the title and the details of an item, to look for a topic in.
func (i *Item) words() string {
	var b strings.Builder
	b.WriteString(i.Title)
	for _, d := range i.Details {
		b.WriteString("\n" + d.Value)
	}
	return b.String()
}

// cprDecision is the side that an entry takes on resuscitation; "" where it takes none.
func cprDecision(i *Item) string {
	words := inFullCPR.ReplaceAllString(i.words(), "CPR")
	switch {
	case takenBackCPR.MatchString(words) && against.MatchString(words):
		return "a decision against it that is no longer in force"
	case against.MatchString(words) && deniedCPR.MatchString(i.Title):
		return "no decision against it"
	case !i.Active && against.MatchString(words):
		return "a decision against it that is no longer in force"
	case !i.Active:
		return ""
	case against.MatchString(words):
		return "not to be attempted"
	}
	if at := inFavour.FindStringIndex(words); at != nil && !deniedBefore.MatchString(words[:at[0]]) {
		return "to be attempted"
	}
	return ""
}

func inForce(i *Item) string {
	if i.Active {
		return "in force"
	}
	return "not in force"
}

// packages compares services of one name between contributors: open to one and ended to another.
func (c *composer) packages() {
	named := map[string][]*Item{}
	var names []string
	for i := range c.r.SocialCare.Items {
		s := &c.r.SocialCare.Items[i]
		if s.Kind != "Service" {
			continue
		}
		name := strings.ToLower(firstText(s.Title, s.Component))
		if named[name] == nil {
			names = append(names, name)
		}
		named[name] = append(named[name], &s.Item)
	}
	for _, name := range names {
		c.dispute(aboutSocialCare, "Service: "+named[name][0].Title, kmcr.SocialCare, "service|"+name, named[name], func(i *Item) string {
			if i.Active {
				return "open"
			}
			return "ended"
		})
	}
}

// dispute compares what the last word of each contributor says of a topic, and marks all of it where they take different sides.
func (c *composer) dispute(about Fact, fact string, section kmcr.Section, key string, items []*Item, side func(*Item) string) {
	var values []ConflictValue
	sides, by := map[string]bool{}, map[kmcr.ContributorCode]bool{}
	var marked []*Item
	for _, i := range lastWords(items, side) {
		says := side(i)
		sides[says], by[i.From[0].Contributor] = true, true
		values = append(values, ConflictValue{Value: i.Title + " (" + says + ")", Date: orDate(i.End, i.Date), From: i.From[0]})
		marked = append(marked, i)
	}
	if len(sides) < 2 || len(by) < 2 && !twoInForce(marked) {
		return
	}
	id := c.conflict(about, fact, section, key, values)
	for _, i := range marked {
		i.Conflict = id
	}
}

// lastWords keeps, of each contributor, the items that take a side and are active, or its newest that is not.
func lastWords(items []*Item, side func(*Item) string) (kept []*Item) {
	newest := map[kmcr.ContributorCode]*Item{}
	for _, i := range items {
		if len(i.From) == 0 || side(i) == "" {
			continue
		}
		by := i.From[0].Contributor
		switch have := newest[by]; {
		case i.Active:
			kept = append(kept, i)
			newest[by] = i
		case have == nil || !have.Active && orDate(i.End, i.Date).key() > orDate(have.End, have.Date).key():
			newest[by] = i
		}
	}
	for _, i := range items {
		if len(i.From) > 0 && !i.Active && newest[i.From[0].Contributor] == i {
			kept = append(kept, i)
		}
	}
	return kept
}

// twoInForce tells whether one contributor has two in force at once.
func twoInForce(items []*Item) bool {
	n := 0
	for _, i := range items {
		if i.Active {
			n++
		}
	}
	return n > 1
}

// nextOfKin compares who the next of kin is: contributors differ where they have nobody in common.
func (c *composer) nextOfKin() {
	names := map[kmcr.ContributorCode][]string{}
	var values []ConflictValue
	var marked []*Contact
	for i := range c.r.Contacts.Items {
		k := &c.r.Contacts.Items[i]
		if !k.NextOfKin || !k.Active {
			continue
		}
		for _, p := range k.From {
			if !slices.Contains(names[p.Contributor], letters(k.Name)) {
				names[p.Contributor] = append(names[p.Contributor], letters(k.Name))
				values = append(values, ConflictValue{Value: k.Name + orNothing(", ", k.Role) + orNothing(", ", k.Telephone), Date: Date(p.Recorded.UTC().Format("2006-01-02T15:04:05Z")), From: p})
			}
		}
		marked = append(marked, k)
	}
	if !nobodyInCommon(names) {
		return
	}
	id := c.conflict(aboutNextOfKin, "Next of kin", kmcr.Contacts, "next-of-kin", values)
	for _, k := range marked {
		k.Conflict = id
	}
}

func nobodyInCommon(names map[kmcr.ContributorCode][]string) bool {
	for a, these := range names {
		for b, those := range names {
			if a != b && !slices.ContainsFunc(these, func(n string) bool { return slices.Contains(those, n) }) {
				return true
			}
		}
	}
	return false
}
