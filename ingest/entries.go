package ingest

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/fhir"
)

// request is an interaction that has been proven and checked.
type request struct {
	kind       string // "" for a single resource, else Bundle.type
	identifier string // Bundle.identifier, "" where there is none
	entries    []entry
	filed      bool     // it comes from a file
	whole      bool     // it is all that is said of its patient
	original   []byte   // as sent, where it was sent in another form
	unmapped   []string // of it, what is in no statement
	doubts     []string // what was mended, is missing, or is not as its profile asks
}

// entry is one thing that is asked for: a resource to be created, updated or
// deleted, or merely stated, in a document or message.
type entry struct {
	expression  string // "Bundle.entry[3]", "" for a single one
	method      string // POST, PUT, DELETE; "" where it is stated
	kind        string // resource type
	id          string // from the address
	query       string // conditional update or delete
	ifMatch     string
	ifNoneExist string
	fullURL     string
	resource    *fhir.Resource // nil for DELETE
	failed      error          // in a batch: why this entry is not done
}

// setKinds are the Bundles whose resources are taken together, as one set of statements.
var setKinds = map[string]bool{"message": true, "document": true, "collection": true, "searchset": true, "history": true, "batch-response": true, "transaction-response": true}

// maxEntries is how many entries one Bundle may have.
const maxEntries = 50_000

// decode proves the body strict, checks it against R4 and lists what is asked for.
func (s *Service) decode(in *Interaction, contributor kmcr.Contributor) (*request, error) {
	switch in.Method {
	case "DELETE":
		if !isType(in.Type) || in.ID != "" && !isID(in.ID) || in.ID == "" && in.Query == "" {
			return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the address of a delete needs a type, and an id or a search", Remedy: "Use DELETE Type/id."}
		}
		return &request{entries: []entry{{method: "DELETE", kind: in.Type, id: in.ID, query: in.Query, ifMatch: in.IfMatch}}}, nil
	case "POST", "PUT":
	default:
		return nil, &refusal{"method-unsupported", 405, &kmcr.Error{Kind: kmcr.Unsupported, Message: "this interaction is not offered", Remedy: "Use POST, PUT or DELETE."}}
	}
	sent, err := fhir.Parse(in.Body)
	if err != nil {
		return nil, err
	}
	r, converted, err := inR4(sent, contributor.Format)
	if err != nil {
		return nil, err
	}
	if in.Type == sent.Type() {
		in.Type = r.Type()
	}
	q, err := s.decodeR4(in, r)
	var wrong *invalid
	if errors.As(err, &wrong) && lenient(strictness(contributor, in)) {
		q, err = s.decodeMended(in, r, wrong, strictness(contributor, in))
		if err == nil && in.original == nil && converted == nil {
			q.original = in.Body
		}
	}
	if err == nil {
		err = q.doubt(r, in.Body, strictness(contributor, in))
	}
	switch {
	case err != nil:
		return nil, orFiled(in.filed, r.Type(), err)
	case in.original != nil:
		q.original, q.unmapped = in.original, append(q.unmapped, in.unmapped...)
	case converted != nil:
		q.original, q.unmapped = in.Body, append(q.unmapped, converted.Unmapped...)
	}
	q.filed, q.whole = in.filed, (in.Whole || contributor.Whole) && q.kind == "collection"
	return q, nil
}

// decodeR4 is decode for a body that is known to be FHIR R4.
func (s *Service) decodeR4(in *Interaction, r *fhir.Resource) (*request, error) {
	if r.Type() == "Bundle" && (in.Type == "" || in.Type == "Bundle" && in.Method == "POST") {
		return s.decodeBundle(r, in.Type == "", in.tolerant)
	}
	if err := fits(in, r); err != nil {
		return nil, err
	}
	if err := check(r, in.tolerant); err != nil {
		return nil, err
	}
	e := entry{method: in.Method, kind: in.Type, id: in.ID, query: in.Query, ifMatch: in.IfMatch, ifNoneExist: in.IfNoneExist, resource: r}
	return &request{entries: []entry{e}}, nil
}

// fits tells whether a resource is what its address says it is.
func fits(in *Interaction, r *fhir.Resource) error {
	switch {
	case in.Type == "":
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "resourceType", Message: "only a Bundle may be sent to the base", Remedy: "Send a resource to its type, or a Bundle of type transaction or batch to the base."}
	case r.Type() != in.Type:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "resourceType", Message: "the resource is not of the type in the address", Remedy: "Send it to its own type."}
	case in.ID != "" && !isID(in.ID):
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the id in the address is not one", Remedy: "Use letters, digits, hyphens and full stops, 64 at most."}
	case in.Method == "PUT" && in.ID == "" && in.Query == "":
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "an update needs an id or a search in its address", Remedy: "Use PUT Type/id, or POST Type."}
	case in.Method == "PUT" && in.ID != "" && r.ID() != in.ID:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: r.Type() + ".id", Message: "the id in the resource is not that in the address", Remedy: "Send the same id in both."}
	}
	return nil
}

// check holds a resource against the structure of R4. A tolerant check passes over what is missing.
func check(r *fhir.Resource, tolerant bool) error {
	var found []fhir.Issue
	for _, i := range fhir.Validate(r) {
		if (i.Severity == "error" || i.Severity == "fatal") && !(tolerant && i.Code == "required") {
			found = append(found, i)
		}
	}
	if found != nil {
		return &invalid{found}
	}
	return nil
}

func (s *Service) decodeBundle(r *fhir.Resource, base, tolerant bool) (*request, error) {
	root := r.Root()
	q := &request{kind: root.Get("type").Text(), identifier: root.First("identifier.value").Text()}
	asked := q.kind == "transaction" || q.kind == "batch"
	switch {
	case asked && !base:
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "Bundle.type", Message: "a " + q.kind + " belongs to the base of the service", Remedy: "POST it to the base."}
	case !asked && !setKinds[q.kind]:
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "Bundle.type", Message: "a Bundle of this type cannot be taken in", Remedy: "Send a transaction, batch, message, document or collection."}
	}
	if q.kind != "batch" { // the entries of a batch stand and fall each by itself
		if err := check(r, tolerant); err != nil {
			return nil, err
		}
	}
	items := root.Get("entry").Items()
	if len(items) > maxEntries {
		return nil, &kmcr.Error{Kind: kmcr.TooLarge, Where: "Bundle.entry", Message: "the Bundle has too many entries", Remedy: "Send it in parts of at most " + strconv.Itoa(maxEntries) + "."}
	}
	q.entries = make([]entry, 0, len(items))
	for i, item := range items {
		e, err := decodeEntry(item, "Bundle.entry["+strconv.Itoa(i)+"]", asked)
		if err != nil && q.kind != "batch" {
			return nil, err
		}
		if err == nil && e.resource != nil && q.kind == "batch" {
			err = check(e.resource, tolerant)
		}
		e.failed = err
		if asked || e.resource != nil {
			q.entries = append(q.entries, e)
		}
	}
	if q.kind == "transaction" {
		return q, onceEach(q.entries)
	}
	return q, nil
}

func decodeEntry(item fhir.Value, expression string, asked bool) (entry, error) {
	e := entry{expression: expression, fullURL: item.Get("fullUrl").Text()}
	if body := item.Get("resource"); body.Exists() {
		e.resource = body.Resource()
		e.kind = e.resource.Type()
	}
	if !asked {
		return e, nil
	}
	request := item.Get("request")
	e.method, e.ifMatch, e.ifNoneExist = request.Get("method").Text(), request.Get("ifMatch").Text(), request.Get("ifNoneExist").Text()
	kind, id, query := address(request.Get("url").Text())
	bad := func(field, message string) (entry, error) {
		return e, &kmcr.Error{Kind: kmcr.Invalid, Where: expression + field, Message: message, Remedy: "Give each entry a request with POST Type, PUT Type/id or DELETE Type/id, and its resource."}
	}
	switch {
	case e.method != "POST" && e.method != "PUT" && e.method != "DELETE":
		return bad(".request.method", "only POST, PUT and DELETE can be taken in")
	case !isType(kind) || id != "" && !isID(id):
		return bad(".request.url", "the address is not Type or Type/id")
	case e.method == "DELETE" && id == "" && query == "":
		return bad(".request.url", "a delete needs an id or a search in its address")
	case e.method == "DELETE":
		e.resource = nil
	case e.resource == nil:
		return bad(".resource", "there is no resource to be kept")
	case kind != e.kind:
		return bad(".request.url", "the address names another type than that of the resource")
	case e.method == "PUT" && id == "" && query == "":
		return bad(".request.url", "an update needs an id or a search in its address")
	case e.method == "PUT" && id != "" && e.resource.ID() != "" && e.resource.ID() != id:
		return bad(".resource.id", "the id in the resource is not that in the address")
	}
	e.kind = kind
	if e.method != "POST" {
		e.id, e.query = id, query
	}
	return e, nil
}

// address reads Type, Type/id or Type?query, relative or absolute.
func address(s string) (kind, id, query string) {
	s, query, _ = strings.Cut(s, "?")
	if u, err := url.Parse(s); err == nil && u.Scheme != "" {
		s = u.Path
		if i := strings.LastIndex(strings.TrimSuffix(s, "/"), "/"); i >= 0 { // …/Type or …/Type/id
			last := strings.TrimSuffix(s[i+1:], "/")
			if last != "" && last[0] >= 'A' && last[0] <= 'Z' {
				return last, "", query
			}
			s = s[strings.LastIndex(s[:i], "/")+1:]
		}
	}
	kind, id, _ = strings.Cut(strings.Trim(s, "/"), "/")
	if i := strings.IndexByte(id, '/'); i >= 0 {
		return "", "", ""
	}
	return kind, id, query
}

// onceEach refuses a transaction that names one resource twice (R4, 3.1.0.11.2).
func onceEach(entries []entry) error {
	named := make(map[string]bool, len(entries))
	for _, e := range entries {
		if e.fullURL != "" && named[e.fullURL] {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: e.expression + ".fullUrl", Message: "two entries of the transaction have one fullUrl", Remedy: "Give each entry a fullUrl of its own."}
		}
		named[e.fullURL] = true
		if e.id == "" {
			continue
		}
		if named[e.kind+"/"+e.id] {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: e.expression + ".request.url", Message: "the transaction names the same resource twice", Remedy: "Send each resource once."}
		}
		named[e.kind+"/"+e.id] = true
	}
	return nil
}

// isID tells whether s is a FHIR id.
func isID(s string) bool {
	for _, r := range s {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '.') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// isType tells whether s has the form of a resource type.
func isType(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return s != "" && s[0] <= 'Z'
}
