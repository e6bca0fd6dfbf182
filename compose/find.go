package compose

import (
	"cmp"
	"slices"
	"strings"

	"kmcr/terms"
)

// Hit is one item of a record in which the words that were looked for stand.
type Hit struct {
	Item
	Page  string `json:"page"`  // on which it stands, as in its address
	Found string `json:"found"` // the word that was met, where it is not the word that was looked for
	rank  int    // 0: every word as typed; more: further away
}

// Find looks for words in everything that the record shows, and in the text inside documents. Every word must be met: as typed, as the beginning of a word, as the
// international name of a medicine typed by an older or brand name, or, from four letters on, with one letter wrong (two from eight).
func (r *Record) Find(typed string) []Hit {
	var wanted []string
	for w := range strings.FieldsFuncSeq(strings.ToLower(typed), notInWord) {
		wanted = append(wanted, w)
	}
	hits := []Hit{}
	if len(wanted) == 0 {
		return hits
	}
	inside := map[string]func() string{}
	for _, d := range r.Documents.Items {
		if d.words != nil && len(d.From) > 0 {
			inside[d.From[0].Statement] = d.words
		}
	}
	r.each(func(page string, i Item) {
		rank, found, ok := meets(wanted, i)
		if !ok && page == "documents" && len(i.From) > 0 && inside[i.From[0].Statement] != nil {
			i, ok = within(wanted, i, inside[i.From[0].Statement]())
			rank = 1
		}
		if ok {
			hits = append(hits, Hit{Item: i, Page: page, Found: found, rank: rank})
		}
	})
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.Date.key(), a.Date.key()), cmp.Compare(a.Title, b.Title))
	})
	return hits
}

// Standing is the item that shows a statement, and the page that it stands on; nil where none does.
func (r *Record) Standing(statement string) (hit *Hit) {
	r.each(func(page string, i Item) {
		for _, p := range i.From {
			if hit == nil && p.Statement == statement {
				hit = &Hit{Item: i, Page: page}
			}
		}
	})
	return hit
}

// each walks every item that the record shows, with the page that it stands on and all that stands on its line.
func (r *Record) each(f func(page string, i Item)) {
	add := func(page string, items ...Item) {
		for _, i := range items {
			f(page, i)
		}
	}
	add("", r.Alerts.Items...)
	add("allergies", itemsOf(r.Allergies.Items, Allergy.searched)...)
	add("medicines", itemsOf(r.Medicines.Items, Medicine.searched)...)
	add("problems", slices.Concat(r.Problems.Items, r.Procedures.Items, r.FamilyHistory.Items)...)
	add("results", itemsOf(r.Results.Items, testItem)...)
	add("results", r.Reports.Items...)
	add("observations", itemsOf(r.Observations.Items, testItem)...)
	add("observations", r.Assessments.Items...)
	add("vaccinations", r.Vaccinations.Items...)
	add("encounters", itemsOf(r.Encounters.Items, Encounter.searched)...)
	add("appointments", slices.Concat(r.Appointments.Items, r.Referrals.Items)...)
	add("documents", itemsOf(r.Documents.Items, func(d Document) Item { return d.Item })...)
	add("contacts", itemsOf(r.Contacts.Items, Contact.searched)...)
	add("social-care", itemsOf(r.SocialCare.Items, Service.searched)...)
	add("plans", r.Plans.Items...)
	add("safeguarding", r.Safeguarding.Items...)
	add("other", r.Other.Items...)
}

// searched is the item with what else stands on its line.
func (a Allergy) searched() Item {
	return a.with("Reaction", strings.Join(a.Reactions, ", "), "Severity", a.Severity)
}

func (m Medicine) searched() Item {
	kv := []string{"Directions", m.Directions, "For", m.Indication}
	for _, s := range m.Says {
		if s.Name != m.Name {
			kv = append(kv, "Also written", s.Name)
		}
	}
	return m.with(kv...)
}

func (e Encounter) searched() Item {
	return e.with("Where", e.Organisation, "Ward", e.Ward, "Reason", e.Reason)
}

func (k Contact) searched() Item { return k.with("Role", k.Role, "Organisation", k.Organisation) }

func (s Service) searched() Item { return s.with("Provider", s.Provider, "Component", s.Component) }

func (i Item) with(kv ...string) Item {
	i.Details = append(details(kv...), i.Details...)
	return i
}

func notInWord(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 || r == '-')
}

// meets tells whether every wanted word stands in the item, how far away at worst, and which other word was taken for one.
func meets(wanted []string, i Item) (rank int, found string, ok bool) {
	text := strings.ToLower(i.Title + " " + i.Plain + " " + i.Kind + " " + i.Status)
	for _, d := range i.Details {
		text += " " + strings.ToLower(d.Value)
	}
	words := strings.FieldsFunc(text, notInWord)
	for _, w := range wanted {
		best, as := far, ""
		for _, have := range words {
			if n := distance(w, have); n < best {
				best, as = n, have
			}
		}
		if best == far {
			return 0, "", false
		}
		if best > 0 {
			found = as
		}
		rank = max(rank, best)
	}
	return rank, found, true
}

// around is how many bytes of a document stand before and after the word that was looked for.
const around = 90

// within looks for words in the text inside a document, as typed or as the
// beginning of a word, besides those of its line; the passage of the first stands with the hit.
func within(wanted []string, i Item, text string) (Item, bool) {
	lower := strings.ToLower(text)
	line := strings.ToLower(i.Title + " " + i.Kind)
	if len(lower) != len(text) { // letters whose other case has another length
		text = lower
	}
	place := -1
	for _, w := range wanted {
		at := wordAt(lower, w)
		if at < 0 && wordAt(line, w) < 0 {
			return i, false
		}
		if place < 0 {
			place = at
		}
	}
	if place < 0 {
		return i, false
	}
	passage := strings.ToValidUTF8(text[max(place-around, 0):min(place+around, len(text))], "")
	i.Details = append([]Detail{{"In the text", "… " + strings.TrimSpace(passage) + " …"}}, i.Details...)
	return i, true
}

// wordAt is where a word that begins so stands in a text; -1 where none does.
func wordAt(text, begins string) int {
	for at := 0; ; {
		i := strings.Index(text[at:], begins)
		if i < 0 {
			return -1
		}
		if at += i; at == 0 || notInWord(rune(text[at-1])) {
			return at
		}
		at += len(begins)
	}
}

// far is further than any two words that are taken for one.
const far = 99

// distance is 0 where have begins with the wanted word, 1 for another name of the same ingredient, else 1 more than the letters that are wrong; far for another word.
func distance(want, have string) int {
	if strings.HasPrefix(have, want) {
		return 0
	}
	if terms.SameIngredient(want, have) {
		return 1
	}
	allowed := 0
	switch n := len(want); {
	case n >= 8:
		allowed = 2
	case n >= 4:
		allowed = 1
	}
	if allowed == 0 || len(have)-len(want) > allowed || len(want)-len(have) > allowed {
		return far
	}
	if n := terms.Misspelt(want, have); n <= allowed {
		return 1 + n
	}
	return far
}
