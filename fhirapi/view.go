package fhirapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
)

// view is one person's compartment as one asker may see it: permitted
// statements, not yet shown.
type view struct {
	statements []*kmcr.Statement
	byRef      map[string]*kmcr.Statement
	patient    []byte // the person as one Patient; nil for a contributor, whose own Patient is among the statements
	ref        string
	patients   map[string]bool // logical ids of contributors' Patients, for whom the person stands
	withheld   int
	// differences gives the facts on which contributors differ, as DetectedIssues; nil for a contributor's own view.
	differences func() ([]disclose.Difference, error)
	// show commits the audit entry for what is about to leave; while is done beside it.
	show func(shown []*kmcr.Statement, while ...func()) error
}

// open opens the compartment of a patient for whoever asks: a professional by reference, a contributor's client by its own or our id.
func (a *api) open(r *request, patient string) (*view, error) {
	if r.viewer.Contributor == "" {
		look, err := a.Disclose.Open(r.Context(), r.viewer, patient, r.where)
		if err != nil {
			return nil, err
		}
		return lookView(a, r, look), nil
	}
	c, head, err := a.Disclose.Own(r.Context(), r.viewer, "Patient", patient, r.where)
	if err != nil {
		return nil, err
	}
	if head != nil && head.Deleted {
		return nil, &kmcr.Error{Kind: kmcr.Gone, Message: "this has been deleted"}
	}
	v := &view{statements: c.Current(), show: audited}
	v.index()
	return v, nil
}

// audited is how a view is shown of which Own has audited all.
func audited(_ []*kmcr.Statement, while ...func()) error {
	for _, f := range while {
		f()
	}
	return nil
}

func lookView(a *api, r *request, look *disclose.Look) *view {
	v := &view{patient: look.Patient, ref: string(look.Ref), withheld: look.Withheld, patients: map[string]bool{}}
	for _, id := range look.Patients {
		v.patients[id.String()] = true
	}
	for _, s := range look.Statements {
		if s.Type != "Patient" { // the person stands for them
			v.statements = append(v.statements, s)
		}
	}
	v.differences = func() ([]disclose.Difference, error) { return a.Disclose.Differences(r.Context(), look) }
	v.show = func(shown []*kmcr.Statement, while ...func()) error {
		return a.Disclose.Shown(r.Context(), r.viewer, look, r.where, shown, while...)
	}
	return v
}

func (v *view) index() {
	if v.byRef == nil {
		v.byRef = make(map[string]*kmcr.Statement, len(v.statements))
		for _, s := range v.statements {
			v.byRef[s.Type+"/"+s.ID.String()] = s
		}
	}
}

// lastUpdated is the instant of a version, as meta.lastUpdated has it.
func lastUpdated(s *kmcr.Statement) string {
	return s.Recorded.UTC().Format("2006-01-02T15:04:05.000Z")
}

// render appends a statement as a resource: id and meta put back, contributors' Patients replaced by the person.
func (v *view) render(dst []byte, s *kmcr.Statement, id string) []byte {
	from := len(dst)
	dst = fhir.Render(dst, s.Body, s.Meta, id, strconv.Itoa(s.Version), lastUpdated(s), "urn:kmcr:contributor:"+string(s.Contributor))
	if len(v.patients) == 0 {
		return dst
	}
	return v.personFor(dst, from)
}

var (
	patientName      = []byte(`Patient/`)
	patientReference = []byte(`"reference":"`)
)

// personFor points every reference to one of the person's Patients at the person. A person's reference is shorter than a logical id.
func (v *view) personFor(dst []byte, from int) []byte {
	for at := from; ; {
		i := bytes.Index(dst[at:], patientName)
		if i < 0 {
			return dst
		}
		start := at + i + len(patientName)
		end := start + logicalID
		at = start
		if end < len(dst) && dst[end] == '"' && bytes.HasSuffix(dst[:start-len(patientName)], patientReference) && v.patients[string(dst[start:end])] {
			n := copy(dst[start:], v.ref)
			dst = append(dst[:start+n], dst[end:]...)
		}
	}
}

// logicalID is the length of a logical id.
const logicalID = 36

// read answers one resource: current, or one version.
func (a *api) read(w http.ResponseWriter, r *request) error {
	resourceType, id := r.path[0], r.path[1]
	version := 0
	if len(r.path) == 4 {
		n, err := strconv.Atoi(r.path[3])
		if err != nil || n < 1 {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such version"}
		}
		version = n
	}
	if r.viewer.Contributor != "" {
		return a.readOwn(w, r, resourceType, id, version)
	}
	if resourceType == "Patient" {
		if _, err := kmcr.ParseRef(id); err == nil {
			return a.readPerson(w, r, id, version)
		}
	}
	if resourceType == "AuditEvent" && version == 0 {
		e, err := a.Disclose.AuditEvent(r.Context(), r.viewer, id, r.where)
		if err == nil {
			a.reply(w, r, http.StatusOK, e.Body)
		}
		return err
	}
	logical, ok := kmcr.ParseStatementID(id)
	if !ok {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such " + resourceType + ", or you may not know of it"}
	}
	s, err := a.Disclose.Statement(r.Context(), r.viewer, logical, version, r.where)
	if err != nil {
		return err
	}
	if s.Type != resourceType {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such " + resourceType + ", or you may not know of it"}
	}
	return a.one(w, r, s, id)
}

func (a *api) readPerson(w http.ResponseWriter, r *request, ref string, version int) error {
	if version > 0 {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "a person is composed from what contributors state and has no versions of its own"}
	}
	v, err := a.open(r, ref)
	if err != nil {
		return err
	}
	if err := v.show(nil); err != nil {
		return err
	}
	a.reply(w, r, http.StatusOK, v.patient)
	return nil
}

func (a *api) readOwn(w http.ResponseWriter, r *request, resourceType, id string, version int) error {
	c, s, err := a.Disclose.Own(r.Context(), r.viewer, resourceType, id, r.where)
	if err != nil {
		return err
	}
	if s == nil && resourceType == "Patient" {
		for _, x := range c.Current() {
			if x.Type == "Patient" {
				s = x
			}
		}
	}
	if s == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such " + resourceType + " of yours"}
	}
	if version > 0 {
		head := s.ID
		s = nil
		for _, x := range c.Versions(head) {
			if x.Version == version {
				s = x
			}
		}
		if s == nil {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such version"}
		}
	}
	return a.one(w, r, s, id)
}

// one answers a single statement with its version headers.
func (a *api) one(w http.ResponseWriter, r *request, s *kmcr.Statement, id string) error {
	if s.Deleted {
		return &kmcr.Error{Kind: kmcr.Gone, Message: "this has been deleted by its contributor"}
	}
	etag := fmt.Sprintf(`W/"%d"`, s.Version)
	w.Header().Set("ETag", etag)
	w.Header().Set("Last-Modified", s.Recorded.UTC().Format(http.TimeFormat))
	if match := r.Header.Get("If-None-Match"); match != "" && strings.Contains(match, etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	v := &view{}
	a.reply(w, r, http.StatusOK, v.render(make([]byte, 0, len(s.Body)+256), s, id))
	return nil
}

// history answers the versions of one statement, newest first.
func (a *api) history(w http.ResponseWriter, r *request) error {
	resourceType, id := r.path[0], r.path[1]
	var versions []*kmcr.Statement
	if r.viewer.Contributor != "" {
		c, s, err := a.Disclose.Own(r.Context(), r.viewer, resourceType, id, r.where)
		if err != nil {
			return err
		}
		if s == nil {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such " + resourceType + " of yours"}
		}
		versions = c.Versions(s.ID)
		for i, j := 0, len(versions)-1; i < j; i, j = i+1, j-1 {
			versions[i], versions[j] = versions[j], versions[i]
		}
	} else {
		logical, ok := kmcr.ParseStatementID(id)
		if !ok {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such " + resourceType + ", or you may not know of it"}
		}
		var err error
		if versions, err = a.Disclose.Versions(r.Context(), r.viewer, logical, r.where); err != nil {
			return err
		}
	}
	if len(versions) == 0 || versions[0].Type != resourceType {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such " + resourceType + ", or you may not know of it"}
	}
	b := newBundle("history", len(versions))
	b.link("self", a.Base+"/"+resourceType+"/"+id+"/_history")
	for _, s := range versions {
		b.version(a.Base, s, id)
	}
	a.reply(w, r, http.StatusOK, b.end())
	return nil
}

// everything answers the person and all permitted statements.
func (a *api) everything(w http.ResponseWriter, r *request) error {
	query := r.URL.Query()
	if r.Method == http.MethodPost {
		form, err := a.form(w, r)
		if err != nil {
			return err
		}
		query = form
	}
	var types []string
	if t := query.Get("_type"); t != "" {
		types = strings.Split(t, ",")
	}
	var since time.Time
	if s := query.Get("_since"); s != "" {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: "_since", Message: "_since is an instant with its zone, 2026-11-23T09:00:00Z"}
		}
		since = t
	}
	v, err := a.open(r, r.path[1])
	if err != nil {
		return err
	}
	var shown []*kmcr.Statement
	size := 1 << 12
	for _, s := range v.statements {
		if (types == nil || listed(types, s.Type)) && !s.Recorded.Before(since) {
			shown = append(shown, s)
			size += len(s.Body) + 400
		}
	}
	var differ []disclose.Difference
	if v.differences != nil && listed(types, "DetectedIssue") { // they are composed, so only where they are asked for
		if differ, err = v.differences(); err != nil {
			return err
		}
	}
	b := newBundleSize("searchset", len(shown)+len(differ)+len(v.patient)/max(1, len(v.patient)), size)
	if err := v.show(shown, func() { a.fill(b, v, r.path[1], types, shown, differ) }); err != nil {
		return err
	}
	a.reply(w, r, http.StatusOK, b.end())
	return nil
}

// fill writes the bundle of everything.
func (a *api) fill(b *bundle, v *view, patient string, types []string, shown []*kmcr.Statement, differ []disclose.Difference) {
	b.link("self", a.Base+"/Patient/"+patient+"/$everything")
	if v.patient != nil && (types == nil || listed(types, "Patient")) {
		b.resource(a.Base+"/Patient/"+v.ref, v.patient, "match")
	}
	for _, s := range shown {
		b.statement(a.Base, v, s, "match")
	}
	for _, d := range differ {
		b.resource(a.Base+"/DetectedIssue/"+d.ID, d.Body, "match")
	}
	b.withheld(v.withheld)
}

func listed(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
