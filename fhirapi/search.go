package fhirapi

import (
	"hash/fnv"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
)

// search answers {Type}?… and POST {Type}/_search: people by who they are, or
// one person's statements by R4 search parameters.
func (a *api) search(w http.ResponseWriter, r *request) error {
	query := r.URL.Query()
	if r.Method == http.MethodPost {
		form, err := a.form(w, r)
		if err != nil {
			return err
		}
		for k, v := range form {
			query[k] = append(query[k], v...)
		}
	}
	resourceType := r.path[0]
	if resourceType == "AuditEvent" && r.viewer.Contributor == "" {
		return a.auditEvents(w, r, query)
	}
	offset, digest := 0, uint64(0)
	if token := query.Get("_page"); token != "" {
		p, err := a.pages.open(token, r.viewer, resourceType)
		if err != nil {
			return err
		}
		query, offset, digest = p.Query, p.Offset, p.Digest
	}
	patient := person(resourceType, query)
	if resourceType == "Patient" && patient == "" {
		return a.findPeople(w, r, query)
	}
	if patient == "" {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "http.patient", Message: "a search here is within one person's record and this names nobody", Remedy: "Add patient={ref}; POST Patient/_search finds the reference."}
	}
	lenient := strings.Contains(r.Header.Get("Prefer"), "handling=lenient")
	q, issues := fhir.ParseQuery(resourceType, query, lenient, "patient", "subject", "_page")
	if resourceType == "Patient" {
		q, issues = fhir.ParseQuery(resourceType, query, lenient, "_id", "_page")
	}
	if len(issues) > 0 {
		return issuesError{http.StatusBadRequest, issues}
	}
	v, err := a.open(r, patient)
	if err != nil {
		return err
	}
	return a.results(w, r, v, q, query, patient, offset, digest)
}

// person is the reference of the person that a search names: patient=ref, patient=Patient/ref, subject=Patient/ref, or _id of a Patient.
func person(resourceType string, q url.Values) string {
	names := []string{"patient", "subject", "patient:Patient", "subject:Patient"}
	if resourceType == "Patient" {
		names = []string{"_id"}
	}
	for _, name := range names {
		if v := q.Get(name); v != "" {
			v = strings.TrimSuffix(v, "/")
			return v[strings.LastIndexByte(v, '/')+1:]
		}
	}
	return ""
}

// results filters, orders and pages one person's statements, and shows the page.
func (a *api) results(w http.ResponseWriter, r *request, v *view, q *fhir.Query, query url.Values, patient string, offset int, digest uint64) error {
	matches := v.match(q)
	h := fnv.New64a()
	for _, c := range matches {
		io.WriteString(h, c.ID+"/"+c.LastUpdated.Format(time.RFC3339Nano)+";")
	}
	if digest != 0 && digest != h.Sum64() {
		return &kmcr.Error{Kind: kmcr.Gone, Message: "the record has changed since the first page of this search", Remedy: "Search again from the first page."}
	}
	last := min(len(matches), offset+q.Count)
	page := matches[min(offset, len(matches)):last]
	if q.Summary == "count" {
		page, last = nil, len(matches)
	}
	v.index()
	var shown, included []*kmcr.Statement
	for _, c := range page {
		if s := v.byRef[c.Type+"/"+c.ID]; s != nil {
			shown = append(shown, s)
		}
	}
	included, withPatient := v.include(q, shown)
	if err := v.show(append(append([]*kmcr.Statement{}, shown...), included...)); err != nil {
		return err
	}
	b := newBundle("searchset", len(matches))
	b.link("self", a.self(q, patient))
	if last < len(matches) && q.Count > 0 {
		b.link("next", a.Base+"/"+q.Type+"?_page="+a.pages.link(pageOf(r.viewer, q.Type, query, last, h.Sum64())))
	}
	trim := trimmer(q)
	for _, c := range page {
		if s := v.byRef[c.Type+"/"+c.ID]; s != nil {
			b.trimmed(a.Base, v, s, trim)
		} else if c.Type == "Patient" && v.patient != nil {
			b.resource(a.Base+"/Patient/"+v.ref, v.patient, "match")
		}
	}
	for _, s := range included {
		b.statement(a.Base, v, s, "include")
	}
	if withPatient {
		b.resource(a.Base+"/Patient/"+v.ref, v.patient, "include")
	}
	b.ignored(q.Ignored)
	b.withheld(v.withheld)
	a.reply(w, r, http.StatusOK, b.end())
	return nil
}

func pageOf(v kmcr.Viewer, resourceType string, q url.Values, offset int, digest uint64) page {
	return page{Account: v.Account, Type: resourceType, Query: q, Offset: offset, Digest: digest}
}

// match finds the statements that a query asks for, in order.
func (v *view) match(q *fhir.Query) []fhir.Candidate {
	var out []fhir.Candidate
	if q.Type == "Patient" && v.patient != nil {
		if root := fhir.Trusted(v.patient).Root(); q.Match(fhir.Candidate{Type: "Patient", ID: v.ref, Root: root}) {
			return []fhir.Candidate{{Type: "Patient", ID: v.ref, Root: root}}
		}
		return nil
	}
	for _, s := range v.statements {
		if s.Type != q.Type {
			continue
		}
		resource := fhir.Of(s)
		if resource == nil {
			continue
		}
		c := fhir.Candidate{Type: s.Type, ID: s.ID.String(), LastUpdated: s.Recorded, Root: resource.Root()}
		if q.Match(c) {
			out = append(out, c)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	ordered := make([]fhir.Candidate, 0, len(out))
	for _, i := range q.Sort(out) {
		ordered = append(ordered, out[i])
	}
	return ordered
}

// include follows _include and _revinclude, within the compartment and what may be seen of it.
func (v *view) include(q *fhir.Query, shown []*kmcr.Statement) (out []*kmcr.Statement, patient bool) {
	seen := map[kmcr.StatementID]bool{}
	for _, s := range shown {
		seen[s.ID] = true
	}
	take := func(s *kmcr.Statement) {
		if s != nil && !seen[s.ID] {
			seen[s.ID] = true
			out = append(out, s)
		}
	}
	for _, i := range q.Include {
		for _, s := range shown {
			resource := fhir.Of(s)
			if s.Type != i.Source || resource == nil {
				continue
			}
			for _, ref := range i.References(resource.Root()) {
				if strings.HasPrefix(ref, "Patient/") && v.patient != nil {
					patient = patient || v.patients[strings.TrimPrefix(ref, "Patient/")]
					continue
				}
				take(v.byRef[ref])
			}
		}
	}
	for _, i := range q.RevInclude {
		for _, s := range v.statements {
			resource := fhir.Of(s)
			if s.Type != i.Source || resource == nil {
				continue
			}
			for _, ref := range i.References(resource.Root()) {
				if target := v.byRef[ref]; target != nil && isShown(shown, target) {
					take(s)
				}
			}
		}
	}
	return out, patient
}

func isShown(list []*kmcr.Statement, s *kmcr.Statement) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// self says which search was answered; a value that identifies anybody does not stand in it.
func (a *api) self(q *fhir.Query, patient string) string {
	values := url.Values{"patient": {patient}}
	if q.Type == "Patient" {
		return a.Base + "/Patient?_id=" + url.QueryEscape(patient)
	}
	for name, list := range q.Applied {
		if !strings.Contains(name, "identifier") {
			values[name] = list
		}
	}
	return a.Base + "/" + q.Type + "?" + values.Encode()
}

// trimmer takes elements out of a body as _elements and _summary ask; nil where all stay.
func trimmer(q *fhir.Query) func(name string) bool {
	switch {
	case len(q.Elements) > 0:
		return func(name string) bool {
			return listed(q.Elements, strings.TrimPrefix(name, "_")) || listed(mandatory, name)
		}
	case q.Summary == "text":
		return func(name string) bool { return name == "text" || listed(mandatory, name) }
	case q.Summary == "true" || q.Summary == "data":
		return func(name string) bool { return name != "text" }
	}
	return nil
}

// mandatory elements stay whatever is asked for, so that what is left is a valid resource of most types.
var mandatory = []string{"status", "code", "subject", "patient", "intent", "class"}

// trimmed adds a statement with only the elements that keep lets through, marked SUBSETTED.
func (b *bundle) trimmed(base string, v *view, s *kmcr.Statement, keep func(string) bool) {
	resource := fhir.Of(s)
	if keep == nil || resource == nil {
		b.statement(base, v, s, "match")
		return
	}
	short := kmcr.Statement{ID: s.ID, Version: s.Version, Type: s.Type, Contributor: s.Contributor, Recorded: s.Recorded}
	short.Body = append(short.Body, `{"resourceType":"`+s.Type+`"`...)
	resource.Root().Members(func(name string, m fhir.Value) {
		if name != "resourceType" && keep(name) {
			short.Body = append(append(short.Body, `,"`+name+`":`...), m.Raw()...)
		}
	})
	short.Body = append(short.Body, '}')
	short.Meta = []byte(`{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`)
	b.statement(base, v, &short, "match")
}

// form reads the parameters of a POST.
func (a *api) form(w http.ResponseWriter, r *request) (url.Values, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" && r.ContentLength != 0 {
		return nil, statusError{http.StatusUnsupportedMediaType, &kmcr.Error{Kind: kmcr.Unsupported, Message: "the parameters of a POST are application/x-www-form-urlencoded"}}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "the parameters are over 64 KiB"}
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the parameters cannot be read"}
	}
	return values, nil
}

// findPeople answers Patient?identifier=…, or by name with date of birth.
func (a *api) findPeople(w http.ResponseWriter, r *request, query url.Values) error {
	if r.viewer.Contributor != "" {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a contributor's client reads its own patients by id", Remedy: "GET Patient/{id}, with your own id or ours."}
	}
	q, issues := peopleQuery(query, strings.Contains(r.Header.Get("Prefer"), "handling=lenient"))
	if len(issues) > 0 {
		return issuesError{http.StatusBadRequest, issues}
	}
	found, err := a.Disclose.Find(r.Context(), r.viewer, q, r.where)
	if err != nil {
		return err
	}
	b := newBundle("searchset", len(found))
	b.link("self", a.Base+"/Patient")
	for _, f := range found {
		b.resource(a.Base+"/Patient/"+string(f.Ref), foundPatient(f), "match")
	}
	a.reply(w, r, http.StatusOK, b.end())
	return nil
}

const nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"

// peopleQuery reads the search parameters of Patient by which people may be looked for.
func peopleQuery(values url.Values, lenient bool) (q disclose.Query, issues []fhir.Issue) {
	for name, list := range values {
		v := list[0]
		switch base, modifier, _ := strings.Cut(name, ":"); {
		case base == "identifier" && modifier == "":
			system, value, both := strings.Cut(v, "|")
			if both && system != nhsNumberSystem && system != "" {
				issues = append(issues, fhir.Issue{Severity: "error", Code: "not-supported", Expression: "http.identifier", Diagnostics: "people are found by NHS number: identifier=" + nhsNumberSystem + "|…"})
			}
			if !both {
				value = system
			}
			q.NHSNumber = value
		case base == "family":
			q.Family = v
		case base == "given":
			q.Given = v
		case base == "birthdate":
			q.Born = strings.TrimPrefix(v, "eq")
		case base == "address-postalcode":
			q.Postcode = v
		case strings.HasPrefix(base, "_"), lenient:
		default:
			issues = append(issues, fhir.Issue{Severity: "error", Code: "not-supported", Expression: "http." + name, Diagnostics: "people are looked for by identifier, or by family, given, birthdate and address-postalcode"})
		}
	}
	return q, issues
}

// foundPatient is what a search tells of a person: enough to choose, no more.
func foundPatient(f disclose.Found) []byte {
	out := append([]byte(nil), `{"resourceType":"Patient","id":"`+string(f.Ref)+`"`...)
	if f.Name != "" {
		out = appendString(append(out, `,"name":[{"text":`...), f.Name)
		out = append(out, `}]`...)
	}
	if g := strings.ToLower(f.Gender); g == "male" || g == "female" || g == "other" || g == "unknown" {
		out = append(out, `,"gender":"`+g+`"`...)
	}
	if len(f.Born) == 10 || len(f.Born) == 7 || len(f.Born) == 4 {
		out = append(out, `,"birthDate":"`+f.Born+`"`...)
	}
	return append(out, '}')
}
