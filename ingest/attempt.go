package ingest

import (
	"bytes"
	"context"
	"time"

	"kmcr"
	"kmcr/store"
	"kmcr/translate"
)

// attempt is one go at doing a request: whom each entry is about, under which
// id it is kept, and what is to be written. After a conflict another attempt
// begins afresh from the same request.
type attempt struct {
	s       *Service
	c       kmcr.Contributor
	request *request
	plan    *plan
	cast    *cast
	tasks   []task
	ended   []task // what is now about somebody else, and ends where it was

	people map[string]*subject         // the Patients of the request by the addresses they go under in it
	only   *subject                    // the one patient of the request, where it has exactly one
	links  map[string]string           // addresses inside the request, and what they are kept under: Type/logical id
	byID   map[string]string           // the same by Type/id, made when it is needed
	named  map[string]kmcr.StatementID // names that this request gives to statements
	asked  map[string]string           // references outside the request that have been looked up
	err    error                       // met while references were being replaced
}

// task is what becomes of one entry.
type task struct {
	*entry
	of      *subject
	key     string
	id      kmcr.StatementID
	known   bool            // id is that of an earlier statement, by the client's id or ours
	head    *kmcr.Statement // the latest version before; nil where there is none
	said    *kmcr.Statement // nil where nothing is to be written
	body    []byte          // of what is said, with its files
	keep    bool            // a conditional create that found what it asked for
	apart   bool            // its id is somebody else's outside this set
	own     bool            // the client addresses it by its own id
	outcome int             // HTTP status
}

func (s *Service) attempt(c kmcr.Contributor, r *request, l *ledger, where string) *attempt {
	a := &attempt{s: s, c: c, request: r, cast: s.cast(c)}
	a.plan = &plan{contributor: c, ledger: l, received: l.message.ReceivedAt, where: where}
	a.tasks = make([]task, len(r.entries))
	for i := range r.entries {
		a.tasks[i].entry = &r.entries[i]
	}
	return a
}

func (a *attempt) run(ctx context.Context) error {
	a.nameKeys()
	claims, names := a.claims()
	defer a.s.locks.names.hold(names)()
	if err := a.findPatients(ctx, claims); err != nil {
		return err
	}
	if err := a.findHomes(ctx); err != nil {
		return err
	}
	replaced, err := a.findReplaced(ctx)
	if err != nil {
		return err
	}
	release, err := a.cast.read(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := a.identify(ctx); err != nil {
		return err
	}
	if err := a.compose(ctx); err != nil {
		return err
	}
	if err := a.replace(ctx, replaced); err != nil {
		return err
	}
	a.endUnsaid()
	a.plan.subjects = a.cast.all
	a.keepOriginal()
	return a.s.carryOut(ctx, a.plan)
}

// keepOriginal lets what was sent in another form live on with the patient that it is about.
func (a *attempt) keepOriginal() {
	a.plan.unmapped = a.request.unmapped
	if a.request.original == nil || len(a.cast.all) == 0 {
		return
	}
	a.plan.raw, a.plan.whole = a.request.original, a.cast.all[0]
	if a.only != nil {
		a.plan.whole = a.only
	}
}

// identify gives every task its id and holds it against what there is.
func (a *attempt) identify(ctx context.Context) error {
	for i := range a.tasks {
		t := &a.tasks[i]
		if !t.known {
			t.id = store.StatementIDFor(t.of.patient.ID, t.key)
		}
		t.head = t.of.head(t.id)
		if err := a.conditions(t); err != nil {
			return err
		}
	}
	return nil
}

// conditions applies If-Match, If-None-Exist and conditional updates inside a compartment.
func (a *attempt) conditions(t *task) error {
	search := t.ifNoneExist
	if t.query != "" {
		search = t.query
	}
	if search != "" && t.kind != "Patient" && !t.known {
		if err := a.findInCompartment(t, search); err != nil {
			return err
		}
	}
	if t.ifMatch != "" && !t.keep {
		want, ok := versionOf(t.ifMatch)
		if !ok {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: t.expression, Message: "If-Match is not a version", Remedy: `Send it as W/"3".`}
		}
		if t.head == nil || t.head.Version != want {
			return &kmcr.Error{Kind: kmcr.Precondition, Where: t.expression, Message: "the version in If-Match is not the current one", Remedy: "Read the resource again and repeat the change on what is there now."}
		}
	}
	if t.method == "DELETE" && t.head == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Where: t.expression, Message: "there is no such resource of this contributor's"}
	}
	return nil
}

// compose makes the statements that are to be written.
func (a *attempt) compose(ctx context.Context) error {
	now := a.s.Now()
	a.link()
	resolve := func(reference string) string { return a.resolve(ctx, reference) }
	statements := make([]kmcr.Statement, len(a.tasks))
	for i := range a.tasks {
		t := &a.tasks[i]
		t.decideOutcome()
		if t.keep || t.outcome == gone {
			continue
		}
		st := &statements[i]
		st.ID, st.Type, st.Contributor, st.Key = t.id, t.kind, a.c.Code, t.key
		st.At, st.Recorded, st.MessageID = now, now, a.plan.ledger.message.ID
		if t.head != nil {
			st.Key = t.head.Key
			if t.head.At.After(now) {
				st.At = t.head.At // what arrives by FHIR follows what arrived before, whatever the clocks say
			}
		}
		if t.method == "DELETE" {
			st.Deleted, st.Body, st.Section, st.Labels = true, emptyBody(t.kind), t.head.Section, t.head.Labels
		} else {
			st.Body, st.Meta = t.resource.Body(resolve)
			if a.err != nil {
				return a.err
			}
			st.Section, st.Labels = a.s.Classify(st.Type, st.Body, st.Meta)
			if t.head != nil && bytes.Equal(t.head.Body, st.Body) && bytes.Equal(t.head.Meta, st.Meta) {
				st.At = t.head.At // a repeat: it says nothing new, and not of a later time
			}
		}
		t.said, t.body = st, st.Body
		t.of.said = append(t.of.said, st)
		if err := a.nameClientID(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

const (
	created = 201
	updated = 200
	gone    = 204
)

func (t *task) decideOutcome() {
	alive := t.head != nil && !t.head.Deleted
	switch {
	case t.method == "DELETE" && alive:
		t.outcome = updated
	case t.method == "DELETE":
		t.outcome = gone // it is deleted already
	case alive:
		t.outcome = updated
	default:
		t.outcome = created
	}
}

func emptyBody(kind string) []byte { return []byte(`{"resourceType":"` + kind + `"}`) }

// nameClientID lets the client's own id lead to the statement: of what it
// PUTs, and of every Patient.
func (a *attempt) nameClientID(ctx context.Context, t *task) error {
	id := t.entry.id
	if t.method != "PUT" && t.kind == "Patient" && t.resource != nil {
		id = t.resource.ID()
	}
	if id == "" || t.apart || t.method == "DELETE" || id == t.id.String() || t.kind == "Patient" && t.key != translate.PatientKey {
		return nil
	}
	name := t.kind + "/" + id
	to, there, err := a.leads(ctx, name)
	if err != nil {
		return err
	}
	t.own = t.method == "PUT" && (!there || to == t.id)
	if !there {
		a.lead(t.of, name, t.id)
	}
	return nil
}

// leads tells what a name leads to, stored or by this request.
func (a *attempt) leads(ctx context.Context, name string) (kmcr.StatementID, bool, error) {
	if id, ok := a.named[name]; ok {
		return id, true, nil
	}
	return a.s.db.StatementByAlias(ctx, a.c.Code, name)
}

func (a *attempt) lead(x *subject, name string, id kmcr.StatementID) {
	if a.named == nil {
		a.named = map[string]kmcr.StatementID{}
	}
	a.named[name] = id
	x.aliases = append(x.aliases, alias{name, &id})
}

// versionOf reads W/"3".
func versionOf(etag string) (int, bool) {
	s := etag
	if len(s) > 2 && s[:2] == "W/" {
		s = s[2:]
	}
	if len(s) < 3 || s[0] != '"' || s[len(s)-1] != '"' {
		return 0, false
	}
	n := 0
	for _, r := range s[1 : len(s)-1] {
		if r < '0' || r > '9' || n > 1<<30 {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, true
}

// version is that which the task's statement has now.
func (t *task) version() int {
	if t.said != nil && t.said.Version > 0 {
		return t.said.Version
	}
	if t.head != nil {
		return t.head.Version
	}
	return 1
}

// recorded is when that version was taken in.
func (t *task) recorded() time.Time {
	if t.said != nil && t.said.Version > 0 || t.head == nil {
		return t.said.Recorded
	}
	return t.head.Recorded
}
