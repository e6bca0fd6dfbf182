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
	"kmcr/disclose"
	"kmcr/terms"
)

// drawings are the parsed templates: one set for professionals and one for
// the person, who reads dates in words. A page is the template "page:STEM":
// the layout around the "content" of STEM.gohtml.
type drawings struct{ staff, citizen *template.Template }

// draw executes the page of a stem.
func (d drawings) draw(w io.Writer, stem string, p *page) error {
	set := d.staff
	if p.Viewer != nil && p.Viewer.Role == kmcr.RoleCitizen {
		set = d.citizen
	}
	return set.ExecuteTemplate(w, "page:"+stem, p)
}

// part executes one template, for a page that is open already.
func (d drawings) part(w io.Writer, name string, v any) error {
	return d.staff.ExecuteTemplate(w, name, v)
}

func (s *site) readTemplates() (drawings, error) {
	staff, err := s.parse(false)
	if err != nil {
		return drawings{}, err
	}
	citizen, err := s.parse(true)
	return drawings{staff, citizen}, err
}

// parse reads all pages into one set: a copy of the shared templates for each page would take forty megabytes.
func (s *site) parse(citizen bool) (*template.Template, error) {
	set, err := template.New("base").Funcs(s.funcs(citizen)).ParseFS(templates, "templates/shared/*.gohtml")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templates, "templates/*.gohtml")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := fs.ReadFile(templates, f)
		if err != nil {
			return nil, err
		}
		stem := strings.TrimSuffix(path.Base(f), ".gohtml")
		const content = `{{define "content"}}`
		if strings.Count(string(text), content) != 1 {
			return nil, fmt.Errorf("template %s does not define one content", f)
		}
		page := strings.Replace(string(text), content, `{{define "content:`+stem+`"}}`, 1) +
			`{{define "page:` + stem + `"}}{{template "layout-begin" .}}{{template "content:` + stem + `" .}}{{template "layout-end" .}}{{end}}`
		if _, err := set.New(f).Parse(page); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// funcs are what templates may call: words for values, nothing that fetches or decides.
func (s *site) funcs(citizen bool) template.FuncMap {
	return template.FuncMap{
		"static": s.assets.address, "names": names, "proposed": proposed, "decision": decisionWords, "entry": entryWords, "bornSent": bornSent, "numberSent": numberSent, "ordinal": func(i int) int { return i + 1 }, "rows": entryRows, "percent": percent, "decided": decided, "citizen": func() bool { return citizen },
		"when": when, "day": day, "dated": dated, "digits": digits, "sentence": sentence, "lower": strings.ToLower,
		"plural": plural, "number": number, "join": strings.Join, "atDeath": atDeath,
		"chips": chips, "sources": sources, "section": section, "under": under, "first": first, "testKey": testKey,
		"linked": linked, "late": late, "speaking": speaking, "unheard": unheard, "ownView": ownView, "pageOf": pageOf, "kindWords": compose.KindWords, "dispute": disputeOf, "disputed": disputed, "sections": sections, "reference": reference, "field": field, "kilobytes": kilobytes, "wrongReason": wrongReason,
		"navigation": navigation, "kindOf": kindOf, "inForce": inForce, "done": done, "lowerFirst": lowerFirst, "upperFirst": upperFirst, "categoryName": compose.CategoryName, "short": short, "roleName": terms.RoleName, "rightName": disclose.RightName, "seen": seen, "notSeen": notSeen, "rightValue": disclose.RightValue, "organisation": s.organisation,
	}
}
