package disclose

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"kmcr"
	"kmcr/fhir"
)

// maskedSource is the contributor whose name would say where somebody lives.
const maskedSource = kmcr.ContributorCode("withheld")

// maskedText stands in place of words that say where somebody is.
const maskedText = "(withheld)"

// whereabouts are the words by which somebody who must not be found could be
// found: addresses, telephones, practice, care home. What is shown of such a
// person is shown without them.
type whereabouts struct {
	words   []string // lower case
	sources map[kmcr.ContributorCode]bool
	kinds   map[string]bool // of organisations near which somebody lives, or lives in
}

// whereaboutsOf gathers what must not be said of a person, from what every contributor says of where the person is.
func whereaboutsOf(o *opening) *whereabouts {
	w := &whereabouts{sources: map[kmcr.ContributorCode]bool{}, kinds: map[string]bool{"gp-practice": true, "care-home": true}}
	for _, p := range o.patients {
		c := readClaims(p)
		for _, a := range c.Addresses {
			w.address(a)
		}
		for _, t := range c.Telephones {
			w.add(t)
			w.add(strings.ReplaceAll(t, " ", ""))
		}
		w.organisation(o.parties, c.Practice)
	}
	for _, i := range o.facts.Involvements {
		if i.Kind == "registered" || i.Kind == "placement" {
			w.organisation(o.parties, i.Organisation)
		}
	}
	return w
}

func (w *whereabouts) address(a claimedAddress) {
	for _, l := range a.Lines {
		w.add(l)
	}
	w.add(a.Postcode)
	w.add(strings.ReplaceAll(a.Postcode, " ", ""))
}

// organisation hides one by whose name the person could be found, and the systems that it sends from.
func (w *whereabouts) organisation(p parties, o kmcr.ODS) {
	if o == "" {
		return
	}
	w.add(string(o))
	w.kinds[p.kind(o)] = true
	if known := p.organisation(o); known != nil {
		w.add(known.Name)
		w.add(known.Telephone)
	}
	for _, c := range p.contributors {
		if c.Organisation == o {
			w.sources[c.Code] = true
			w.add(c.Name)
		}
	}
}

// elsewhere is a contributor as it is named where whereabouts are hidden: not at all where somebody lives near it, or in it.
func (p parties) elsewhere(code kmcr.ContributorCode) kmcr.ContributorCode {
	if kind := p.kind(p.contributor(code).Organisation); kind == "gp-practice" || kind == "care-home" {
		return maskedSource
	}
	return code
}

// add keeps a word; one of two letters says nothing.
func (w *whereabouts) add(word string) {
	word = strings.ToLower(strings.TrimSpace(word))
	if len([]rune(word)) > 2 && !slices.Contains(w.words, word) {
		w.words = append(w.words, word)
	}
}

func (w *whereabouts) in(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(w.words, func(word string) bool { return strings.Contains(text, word) })
}

// tells is whether a statement of this type says where somebody is by what it
// is: letters carry addresses in forms that cannot be read word by word.
func tells(resourceType string) bool {
	switch resourceType {
	case "Patient", "Person", "Location", "DocumentReference", "DocumentManifest", "Composition", "Binary", "Media", "Coverage", "Account", "Provenance":
		return true
	}
	return false
}

// masks are the elements that say where somebody is, whatever stands in them.
var masks = []string{"address", "telecom", "location", "generalPractitioner", "managingOrganization", "origin", "destination", "content", "contentAttachment", "valueAttachment", "presentedForm"}

// masked is a statement without what says where the person is; nil where nothing of it may be said.
func (w *whereabouts) masked(s *kmcr.Statement) *kmcr.Statement {
	r := fhir.Of(s)
	if tells(s.Type) || r == nil {
		return nil
	}
	if s.Type == "Organization" && w.in(string(s.Body)) {
		return nil
	}
	out := &kmcr.Statement{
		ID: s.ID, Version: s.Version, Type: s.Type, Contributor: s.Contributor, Section: s.Section, Labels: s.Labels,
		At: s.At, Recorded: s.Recorded, Deleted: s.Deleted, Internal: s.Internal, Late: s.Late,
	}
	if w.sources[s.Contributor] {
		out.Contributor = maskedSource
	}
	if !w.in(s.Key) {
		out.Key = s.Key
	}
	out.Body = w.mask(make([]byte, 0, len(s.Body)), r.Root())
	return out
}

// mask copies a value, without the elements that say where, and with other words in place of those that do.
func (w *whereabouts) mask(dst []byte, v fhir.Value) []byte {
	switch {
	case v.IsObject():
		dst = append(dst, '{')
		first := len(dst)
		v.Members(func(name string, m fhir.Value) {
			if slices.Contains(masks, strings.TrimPrefix(name, "_")) {
				return
			}
			if len(dst) > first {
				dst = append(dst, ',')
			}
			dst = w.mask(append(append(append(dst, '"'), name...), `":`...), m)
		})
		return append(dst, '}')
	case v.IsArray():
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = w.mask(dst, item)
		}
		return append(dst, ']')
	case v.IsString() && w.in(v.Text()):
		b, _ := json.Marshal(maskedText) // of a constant
		return append(dst, b...)
	}
	return append(dst, bytes.TrimSpace(v.Raw())...)
}
