package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/compose"
	"kmcr/disclose"
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
	// Looks asks what has changed since the viewer last looked, searching so many of the newest looks; 0: not asked.
	Looks int
	// Moves asks for changes of address.
	Moves bool
	// Body makes what the template needs besides the record; nil: nothing.
	Body func(*ask, *compose.Record) (any, error)
}

// recordPages lists them in the order in which the record offers them.
var recordPages = []recordPage{
	summary,
	medicines, allergies, problems, results, observations, vaccinations,
	encounters, appointments, documents, timeline,
	contacts, socialCare, plans, safeguarding, chronology,
	conflicts, other,
	changed, crew, medicineTimes, assessmentPack, duty,
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

// asking is what the page and its address ask for: now, at an instant ("at", London time), or as an audit entry saw it ("look").
func (p recordPage) asking(q *ask) (disclose.Asking, error) {
	a := disclose.Asking{Only: p.only(), Looks: p.Looks, Look: q.URL.Query().Get("look"), Task: q.URL.Query().Get("for"), Moves: p.Moves}
	if p.Stem == "" && q.wantsJSON() {
		a.Looks = 0 // programs ask for the page of changes
	}
	typed := q.URL.Query().Get("at")
	if typed == "" {
		return a, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, typed, london); err == nil {
			a.At = t
			return a, nil
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, typed, london); err == nil {
		a.At = t.AddDate(0, 0, 1).Add(-time.Second) // the end of that day
		return a, nil
	}
	return a, &kmcr.Error{Kind: kmcr.Invalid, Where: "at", Message: "the instant cannot be read", Remedy: "Give it as 2026-11-23T09:30, London time, or as a date for the end of that day."}
}

// asked is what an address must carry on to the other pages of a record that is not shown as of now: "" or "?at=…".
func asked(q *ask) string {
	on := url.Values{}
	for _, name := range []string{"at", "look"} {
		if v := q.URL.Query().Get(name); v != "" {
			on.Set(name, v)
		}
	}
	if len(on) == 0 {
		return ""
	}
	return "?" + on.Encode()
}

// record answers with a page of a person's record, as HTML or as JSON.
func (s *site) record(p recordPage) handler {
	return func(q *ask) error {
		asking, err := p.asking(q)
		if err != nil {
			return err
		}
		r, err := s.out.Ask(q.Context(), q.viewer, q.PathValue("ref"), q.where(), asking)
		if err != nil {
			return err
		}
		if q.wantsJSON() {
			if p.Parts == nil {
				return q.writeJSON(0, r)
			}
			return q.writeParts(r, p.Parts(r)...)
		}
		view := page{Title: p.Title, Record: r, Here: p.Stem, At: asked(q)}
		if p.Body != nil {
			if view.Body, err = p.Body(q, r); err != nil {
				return err
			}
		}
		return s.show(q, p.template(), view)
	}
}
