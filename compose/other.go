package compose

import (
	"slices"
	"strings"
	"unicode"

	"kmcr"
	"kmcr/fhir"
)

// other gives a statement of a type that has no part of its own a readable line, with its facts as sent.
func (c *composer) other(e *entry) {
	v := e.v
	title := firstText("", concept(v.Get("code")).text, v.Get("title").Text(), v.Get("description").Text(), concepts(v.Get("type")), concepts(v.Get("category")), concept(v.Get("topic")).text, v.Get("name").Text())
	item := Item{Title: orUnnamed(title, words(e.Type)), Kind: words(e.Type), Status: status(v.Get("status")), Active: true,
		Date: when(v, "date", "authoredOn", "created", "sent", "recordedDate", "occurrenceDateTime", "effectiveDateTime", "performedDateTime", "dateTime", "started", "period.start", "issued"), From: []Provenance{c.from(e)}}
	v.Members(func(name string, m fhir.Value) {
		if name == "resourceType" || name == "status" || name == "text" || name == "identifier" || name == "subject" || name == "patient" || name == "contained" || len(item.Details) > 24 {
			return
		}
		if text := plainValue(c, m, 0); text != "" && text != title {
			item.Details = append(item.Details, Detail{words(strings.ToUpper(name[:1]) + name[1:]), text})
		}
	})
	if e.aside {
		item.Title, item.Status = item.Title+" (not understood)", "Do not rely on this"
		item.Details = append([]Detail{{"Warning", carriesMore}}, item.Details...)
	}
	if e.Section == kmcr.SocialCare && !e.aside {
		c.r.SocialCare.Items = append(c.r.SocialCare.Items, Service{Item: item})
		return
	}
	c.r.Other.Items = append(c.r.Other.Items, item)
}

// carriesMore is said of a statement with a modifierExtension. FHIR R4 (extensibility, 2.4.1) has it that who does not know one must
// not take the rest for what it seems to say: it may turn it into its opposite. None is known here.
const carriesMore = "Carries a qualification that this record does not understand, which may change what it means. Ask the source before you rely on it."

// notUnderstood shows such a statement as it was sent, as no fact, and says so where its facts would have stood.
func (c *composer) notUnderstood(e *entry) {
	e.aside = true
	c.other(e)
	if c.warnings == nil {
		c.warnings = map[kmcr.Section][]string{}
	}
	said := c.sourceName(e.Contributor) + " sent an entry with a qualification that this record does not understand: see other statements"
	if !slices.Contains(c.warnings[e.Section], said) {
		c.warnings[e.Section] = append(c.warnings[e.Section], said)
	}
}

// plainValue says any value in words, two levels deep.
func plainValue(c *composer, v fhir.Value, depth int) string {
	if t := v.Text(); t != "" {
		if depth > 0 && isDate(t) { // one that is the whole fact is shown as a date by whoever shows it
			return Date(t).moment()
		}
		if len(t) > 400 {
			return t[:400] + "… (more in the source)"
		}
		return t
	}
	if depth > 2 {
		return ""
	}
	if v.Get("reference").Exists() {
		return c.nameOf(v)
	}
	if v.Get("start").Exists() || v.Get("end").Exists() {
		return span(v)
	}
	if q := quantity(v); q != "" {
		return q
	}
	if k := concept(v); k.text != "" && (v.Get("coding").Exists() || v.Get("text").Exists()) {
		return k.text
	}
	var out []string
	if items := v.Items(); len(items) > 1 || len(items) == 1 && items[0] != v {
		for _, i := range items {
			if t := plainValue(c, i, depth+1); t != "" {
				out = append(out, t)
			}
		}
		return strings.Join(out, "; ")
	}
	v.Members(func(name string, m fhir.Value) {
		if t := plainValue(c, m, depth+1); t != "" && name != "url" {
			out = append(out, t)
		}
	})
	return strings.Join(out, ", ")
}

// words makes words of a CamelCase name of FHIR, or of one with hyphens.
func words(s string) string {
	var b strings.Builder
	for i, r := range strings.ReplaceAll(s, "-", " ") {
		if i == 0 {
			r = unicode.ToUpper(r)
		}
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// timeline is every dated item, newest first.
func (c *composer) timeline() {
	r := c.r
	all := make([]Item, 0, len(c.entries))
	add := func(items ...Item) {
		for _, i := range items {
			if i.Date != "" {
				i.Details = nil
				all = append(all, i)
			}
		}
	}
	for _, list := range [][]Item{r.Alerts.Items, r.Safeguarding.Items, r.Problems.Items, r.Procedures.Items, r.Reports.Items, r.Assessments.Items, r.Vaccinations.Items, r.Appointments.Items, r.Referrals.Items, r.Plans.Items, r.Other.Items} {
		add(list...)
	}
	for _, m := range r.Medicines.Items {
		add(m.Item)
	}
	for _, a := range r.Allergies.Items {
		add(a.Item)
	}
	for _, e := range r.Encounters.Items {
		add(e.Item)
	}
	for _, d := range r.Documents.Items {
		add(d.Item)
	}
	for _, s := range r.SocialCare.Items {
		add(s.Item)
	}
	inOrder(all, place.newest)
	r.Timeline = all
	if r.Conflicts == nil {
		r.Conflicts = []Conflict{}
	}
	if r.NotShown == nil {
		r.NotShown = []NotShown{}
	}
	if r.Sources == nil {
		r.Sources = []Source{}
	}
}
