package web

import (
	"slices"
	"strings"

	"kmcr"
	"kmcr/compose"
)

// recordPage is one page of a person's record.
type recordPage struct {
	Stem  string // in the address after /people/{ref}/; "" is the summary
	Title string
	// Begins says that the page begins a group in the list of sections.
	Begins bool
	// Sections that the page shows; none: the whole record.
	Sections []kmcr.Section
	// Parts are what the page answers as JSON; nil: the whole record.
	Parts func(*compose.Record) []member
	// Body makes what the template needs besides the record; nil: nothing.
	Body func(*ask, *compose.Record) (any, error)
}

// recordPages lists them in the order in which the record offers them.
var recordPages = []recordPage{
	summary,
	medicines, allergies, problems, results, observations, vaccinations,
	encounters, appointments, documents, timeline,
	contacts, socialCare, plans, safeguarding,
	conflicts, other,
}

// link is one entry of the list of sections.
type link struct {
	Stem, Title string
	Begins      bool
}

// sections lists the pages of a record for its navigation.
func sections() []link {
	var all []link
	for _, p := range recordPages {
		all = append(all, link{p.Stem, p.Title, p.Begins})
	}
	return append(all, link{Stem: "access", Title: "Who looked"})
}

func (p recordPage) route() string {
	if p.Stem == "" {
		return "/people/{ref}"
	}
	return "/people/{ref}/" + p.Stem
}

// template is the stem of the page's template.
func (p recordPage) template() string {
	if p.Stem == "" {
		return "summary"
	}
	return strings.ReplaceAll(p.Stem, "-", "_")
}

// inBanner are the sections that the banner of every page shows.
var inBanner = []kmcr.Section{kmcr.Demographics, kmcr.Allergies}

// only lists the sections to ask for: the page's and the banner's, or none for all.
func (p recordPage) only() []kmcr.Section {
	if len(p.Sections) == 0 {
		return nil
	}
	all := slices.Clone(p.Sections)
	for _, s := range inBanner {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// record answers with a page of a person's record, as HTML or as JSON.
func (s *site) record(p recordPage) handler {
	return func(q *ask) error {
		r, err := s.out.Record(q.Context(), q.viewer, q.PathValue("ref"), q.where(), p.only()...)
		if err != nil {
			return err
		}
		if q.wantsJSON() {
			if p.Parts == nil {
				return q.writeJSON(0, r)
			}
			return q.writeParts(r, p.Parts(r)...)
		}
		view := page{Title: p.Title, Record: r, Here: p.Stem}
		if p.Body != nil {
			if view.Body, err = p.Body(q, r); err != nil {
				return err
			}
		}
		return s.show(q, p.template(), view)
	}
}
