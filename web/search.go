package web

import (
	"errors"
	"net/http"
	"strings"

	"kmcr"
	"kmcr/disclose"
)

// searchView is the form as it was filled in, what is wrong with it, and who was found.
type searchView struct {
	NHSNumber string `json:"nhs_number"`
	Family    string `json:"family"`
	Given     string `json:"given"`
	Born      string `json:"born"`
	Postcode  string `json:"postcode"`

	Wrong []wrong          `json:"-"`
	Asked bool             `json:"-"`
	Found []disclose.Found `json:"-"`
}

// wrong is what is the matter with one field.
type wrong struct{ Field, Says string }

// In gives what is wrong with a field, "" for nothing.
func (v searchView) In(field string) string {
	for _, w := range v.Wrong {
		if w.Field == field {
			return w.Says
		}
	}
	return ""
}

// searchForm is the empty form: what somebody sees who reloads the list of who was found.
func (s *site) searchForm(q *ask) error {
	if q.wantsJSON() {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "people are looked for by POST, so that what you look for is in no address", Remedy: "POST nhs_number, or family with born or postcode."}
	}
	return s.show(q, "search", page{Title: "Find a person", Here: "/", Body: searchView{}})
}

// search answers with who may be meant. What was typed is in no address.
func (s *site) search(q *ask) error {
	v, err := readSearch(q)
	if err != nil {
		return err
	}
	query := v.query()
	if len(v.Wrong) > 0 {
		if q.wantsJSON() {
			return &kmcr.Error{Kind: kmcr.Invalid, Message: v.Wrong[0].Says, Where: v.Wrong[0].Field}
		}
		return s.show(q, "search", page{Title: "Find a person", Here: "/", Body: v, Status: http.StatusBadRequest})
	}
	v.Found, err = s.out.Find(q.Context(), q.viewer, query, q.where())
	if kmcr.KindOf(err) == kmcr.Invalid && !q.wantsJSON() {
		v.Wrong = []wrong{{"nhs_number", describe(err).Message}}
		return s.show(q, "search", page{Title: "Find a person", Here: "/", Body: v, Status: http.StatusBadRequest})
	}
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"people": list(v.Found)})
	}
	v.Asked = true
	return s.show(q, "search", page{Title: "Find a person", Here: "/", Body: v})
}

func readSearch(q *ask) (v searchView, err error) {
	if q.sentJSON() {
		err := q.readJSON(&v)
		return v, err
	}
	if err := q.form(); err != nil {
		return v, err
	}
	return searchView{
		NHSNumber: strings.TrimSpace(q.PostFormValue("nhs_number")), Family: strings.TrimSpace(q.PostFormValue("family")),
		Given: strings.TrimSpace(q.PostFormValue("given")), Born: strings.TrimSpace(q.PostFormValue("born")),
		Postcode: strings.TrimSpace(q.PostFormValue("postcode")),
	}, nil
}

// form reads a posted form within the limit.
func (q *ask) form() error {
	err := q.ParseForm()
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return &kmcr.Error{Kind: kmcr.TooLarge, Message: "what was sent is longer than a form may be", Remedy: "Shorten it."}
	case err != nil:
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the form could not be read", Remedy: "Open the page again and send it from there.", Err: err}
	}
	return nil
}

// query checks the form and makes of it what disclose asks; what is wrong goes to Wrong.
func (v *searchView) query() disclose.Query {
	d := disclose.Query{Family: v.Family, Given: v.Given, Postcode: v.Postcode}
	if v.NHSNumber != "" {
		n, err := kmcr.ParseNHSNumber(v.NHSNumber)
		if err != nil {
			v.Wrong = append(v.Wrong, wrong{"nhs_number", describe(err).Message})
		}
		d.NHSNumber = n.String()
	}
	if v.Born != "" {
		iso, ok := typedDate(v.Born)
		if !ok {
			v.Wrong = append(v.Wrong, wrong{"born", "Write the date of birth with day, month and year, like 5 Mar 1943."})
		}
		d.Born = iso
	}
	if len(v.Wrong) > 0 || d.NHSNumber != "" {
		return d
	}
	switch {
	case v.Family == "":
		v.Wrong = append(v.Wrong, wrong{"nhs_number", "Type an NHS number, or a family name with a date of birth or a postcode."})
	case d.Born == "" && v.Postcode == "":
		v.Wrong = append(v.Wrong, wrong{"born", "Type a date of birth or a postcode with the family name."})
	}
	return d
}

// fieldView is one field of a form as its template shows it.
type fieldView struct{ Name, Label, Hint, Value, Wrong, Described string }

// field makes a field of the search form, with what is wrong with it.
func field(v searchView, name, label, hint, value string) fieldView {
	f := fieldView{Name: name, Label: label, Hint: hint, Value: value, Wrong: v.In(name)}
	if hint != "" {
		f.Described = name + "-hint"
	}
	if f.Wrong != "" {
		f.Described = strings.TrimSpace(f.Described + " " + name + "-error")
	}
	return f
}
