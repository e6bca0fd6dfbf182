package web

import (
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"

	"kmcr"
	"kmcr/compose"
	"kmcr/terms"
)

// drawings are the parsed templates, by stem: one set for professionals and
// one for the person, who reads dates in words.
type drawings struct{ staff, citizen map[string]*template.Template }

// draw executes the template of a stem.
func (d drawings) draw(w io.Writer, stem string, p *page) error {
	set := d.staff
	if p.Viewer != nil && p.Viewer.Role == kmcr.RoleCitizen {
		set = d.citizen
	}
	t, ok := set[stem]
	if !ok {
		return fmt.Errorf("there is no template %q", stem)
	}
	return t.ExecuteTemplate(w, "layout", p)
}

// part executes one part of the template of a stem, for a page that is open already.
func (d drawings) part(w io.Writer, stem, name string, v any) error {
	return d.staff[stem].ExecuteTemplate(w, name, v)
}

func (s *site) readTemplates() (drawings, error) {
	staff, err := s.parse(false)
	if err != nil {
		return drawings{}, err
	}
	citizen, err := s.parse(true)
	return drawings{staff, citizen}, err
}

func (s *site) parse(citizen bool) (map[string]*template.Template, error) {
	base, err := template.New("base").Funcs(s.funcs(citizen)).ParseFS(templates, "templates/shared/*.gohtml")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templates, "templates/*.gohtml")
	if err != nil {
		return nil, err
	}
	set := map[string]*template.Template{}
	for _, f := range files {
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if t, err = t.ParseFS(templates, f); err != nil {
			return nil, err
		}
		set[strings.TrimSuffix(path.Base(f), ".gohtml")] = t
	}
	return set, nil
}

// funcs are what templates may call: words for values, nothing that fetches or decides.
func (s *site) funcs(citizen bool) template.FuncMap {
	return template.FuncMap{
		"static": s.assets.address, "citizen": func() bool { return citizen },
		"when": when, "day": day, "dated": dated, "digits": digits, "sentence": sentence, "lower": strings.ToLower,
		"plural": plural, "number": number, "join": strings.Join, "atDeath": atDeath,
		"chips": chips, "sources": sources, "section": section, "under": under, "first": first, "testKey": testKey,
		"linked": linked, "late": late, "speaking": speaking, "unheard": unheard, "ownView": ownView, "pageOf": pageOf, "kindWords": compose.KindWords, "dispute": disputeOf, "disputed": disputed, "sections": sections, "reference": reference, "field": field, "kilobytes": kilobytes, "wrongReason": wrongReason,
		"navigation": navigation, "kindOf": kindOf, "inForce": inForce, "lowerFirst": lowerFirst, "categoryName": compose.CategoryName, "short": short, "roleName": terms.RoleName, "organisation": s.organisation,
	}
}
