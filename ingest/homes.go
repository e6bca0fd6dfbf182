package ingest

import (
	"context"
	"slices"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/store"
	"kmcr/translate"
)

// findHomes finds in whose compartment every entry that is no Patient belongs.
// What is about nobody goes with the one patient of the request, so that all
// of a record lies together; else into a register compartment of its own.
func (a *attempt) findHomes(ctx context.Context) error {
	var homeless []*task
	for i := range a.tasks {
		t := &a.tasks[i]
		if t.of != nil || t.failed != nil {
			continue
		}
		if err := a.findHome(ctx, t); err != nil {
			return err
		}
		if t.of == nil {
			homeless = append(homeless, t)
		}
	}
	err := a.house(ctx, homeless)
	a.tasks = append(a.tasks, a.ended...)
	return err
}

// house gives what is about nobody its place.
func (a *attempt) house(ctx context.Context, homeless []*task) error {
	host := a.only
	if host == nil && len(a.cast.all) == 1 && len(homeless) < len(a.tasks) {
		host = a.cast.all[0]
	}
	for _, t := range homeless {
		t.of = host
		if host != nil && !host.patient.Register {
			continue
		}
		if err := a.register(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) findHome(ctx context.Context, t *task) error {
	if t.entry.id != "" {
		if err := a.findStatement(ctx, t); err != nil {
			return err
		}
	}
	if t.method == "DELETE" {
		if t.of == nil && t.query != "" {
			return a.findToDelete(ctx, t)
		}
		if t.of == nil {
			return unknownHere(t)
		}
		return nil
	}
	was := t.of
	home, err := a.home(ctx, t)
	switch {
	case err != nil:
		return err
	case home == nil: // about nobody: where it was
	case was != nil && was != home:
		return a.moveHome(t, was, home)
	default:
		t.of = home
	}
	return nil
}

// findStatement finds what the id in the address leads to: a client's own id
// that was used before, or one of ours.
func (a *attempt) findStatement(ctx context.Context, t *task) error {
	id, ok, err := a.s.db.StatementByAlias(ctx, a.c.Code, t.kind+"/"+t.entry.id)
	if err != nil {
		return err
	}
	ours := false
	if !ok {
		id, ours = kmcr.ParseStatementID(t.entry.id)
		if !ours {
			return nil
		}
	}
	x, err := a.cast.findID(ctx, id.Patient)
	if err != nil || x == nil {
		return err
	}
	if ours {
		there, err := a.holds(ctx, id, t.kind)
		if err != nil || !there {
			return err
		}
	}
	t.of, t.id, t.known = x, id, true
	return nil
}

// holds tells whether a statement with this id and type has ever been kept.
func (a *attempt) holds(ctx context.Context, id kmcr.StatementID, kind string) (bool, error) {
	c, err := a.s.db.Compartments(ctx, id.Patient)
	if err != nil || len(c) == 0 {
		return false, err
	}
	head := c[0].Head(id)
	return head != nil && head.Type == kind, nil
}

// moveHome handles a resource that its contributor now says is about somebody
// else: it ends where it was and begins where it belongs.
func (a *attempt) moveHome(t *task, was, home *subject) error {
	moved := task{entry: &entry{expression: t.expression, method: "DELETE", kind: t.kind}, of: was, id: t.id, known: true}
	t.of, t.known, t.id = home, false, kmcr.StatementID{}
	a.ended = append(a.ended, moved)
	return nil
}

// home finds whose compartment a resource belongs to; nil for what is about nobody.
func (a *attempt) home(ctx context.Context, t *task) (*subject, error) {
	if !fhir.InPatientCompartment(t.kind) {
		return nil, nil
	}
	references := t.resource.CompartmentReferences()
	switch {
	case len(references) > 1 && slices.Contains(aboutMany, t.kind):
		return nil, nil
	case len(references) > 0:
		return a.patient(ctx, t, references[0])
	}
	if system, value := subjectIdentifier(t.resource.Root()); value != "" {
		return a.patient(ctx, t, "Patient?identifier="+escapeToken(system, value))
	}
	if a.only != nil || slices.Contains(aboutNobody, t.kind) || aboutAnother(t.resource) {
		return nil, nil
	}
	return a.holdNobody(ctx, t)
}

// patient finds the contributor's patient that a reference leads to.
func (a *attempt) patient(ctx context.Context, t *task, reference string) (*subject, error) {
	if x := a.people[reference]; x != nil {
		return x, nil
	}
	if _, search, ok := strings.Cut(reference, "Patient?"); ok {
		found, err := a.patientsWhere(ctx, search, t.expression)
		switch {
		case err != nil:
			return nil, err
		case len(found) > 1:
			return nil, &parking{reason: "identity-ambiguous", detail: place(t) + "refers to a patient by an identifier that several patients of this contributor carry"}
		case len(found) == 1:
			return found[0], nil
		}
		return a.hold(ctx, patientNames(search)...)
	}
	reference, _, _ = strings.Cut(reference, "/_history/")
	if x := a.people[reference]; x != nil {
		return x, nil
	}
	x, err := a.cast.find(ctx, reference)
	if err != nil || x != nil {
		return x, err
	}
	if id, ok := kmcr.ParseStatementID(strings.TrimPrefix(reference, "Patient/")); ok && id == store.StatementIDFor(id.Patient, translate.PatientKey) {
		if x, err = a.cast.findID(ctx, id.Patient); err != nil || x != nil {
			return x, err
		}
	}
	return a.hold(ctx, reference)
}

// patientNames are the names under which a patient that a search looks for may arrive.
func patientNames(search string) []string {
	q, err := parseSearch(search, "")
	switch {
	case err != nil:
		return nil
	case q.id != "":
		return []string{"Patient/" + q.id}
	}
	return []string{identifierAlias(q.system, q.value)}
}

func place(t *task) string {
	if t.expression == "" {
		return "the " + t.kind + " "
	}
	return t.expression + " (" + t.kind + ") "
}

// subjectIdentifier is the identifier of a reference that is only logical.
func subjectIdentifier(root fhir.Value) (system, value string) {
	for _, name := range []string{"subject", "patient", "individual", "beneficiary", "for"} {
		r := root.Get(name)
		if kind := r.Get("type").Text(); kind != "" && kind != "Patient" {
			continue
		}
		if i := r.Get("identifier"); i.Exists() && r.Get("reference").Text() == "" {
			return i.Get("system").Text(), i.Get("value").Text()
		}
	}
	for _, i := range root.Path("participant.actor.identifier") {
		if isNHSNumber(i.Get("system").Text()) {
			return i.Get("system").Text(), i.Get("value").Text()
		}
	}
	return "", ""
}

// aboutAnother tells whether a resource says that its subject is no patient: a place, a device, a group.
func aboutAnother(r *fhir.Resource) bool {
	subject := r.Root().First("subject")
	reference := subject.Get("reference").Text()
	if kind := subject.Get("type").Text(); kind != "" {
		return kind != "Patient"
	}
	return reference != "" && !strings.HasPrefix(reference, "Patient/") && !strings.HasPrefix(reference, "#") && !strings.Contains(reference, ":")
}

// aboutNobody are types that may belong to a patient and often do not.
var aboutNobody = []string{"Account", "AuditEvent", "Basic", "Group", "Person", "Provenance", "Schedule"}

// aboutMany are types that may name many patients and then belong to none of them.
var aboutMany = []string{"Group", "Schedule", "AuditEvent", "Person", "MeasureReport"}

// register finds or makes the compartment of a statement about nobody.
func (a *attempt) register(ctx context.Context, t *task) error {
	x := t.of
	if x == nil && t.ifNoneExist+t.query != "" {
		found, err := a.registered(ctx, t)
		if err != nil {
			return err
		}
		if found {
			return nil
		}
	}
	if x == nil {
		var err error
		if x, err = a.cast.find(ctx, "register|"+t.key); err != nil {
			return err
		}
	}
	if x == nil {
		x = a.cast.made("register|"+t.key, true)
	}
	t.of = x
	return a.nameRegistered(ctx, t)
}

// nameRegistered lets conditional references find an organisation, practitioner, place and so on by its identifiers.
func (a *attempt) nameRegistered(ctx context.Context, t *task) error {
	if t.resource == nil || !t.of.fresh {
		return nil
	}
	id := store.StatementIDFor(t.of.patient.ID, t.key)
	for _, i := range t.resource.Root().Get("identifier").Items() {
		v := i.Get("value").Text()
		if v == "" {
			continue
		}
		name := t.kind + "?identifier=" + identifierAlias(i.Get("system").Text(), v)
		_, there, err := a.leads(ctx, name)
		if err != nil {
			return err
		}
		if !there {
			a.lead(t.of, name, id)
		}
	}
	return nil
}

// registered finds what a conditional create or update of such a thing is about.
func (a *attempt) registered(ctx context.Context, t *task) (bool, error) {
	search := t.ifNoneExist + t.query
	q, err := parseSearch(search, t.expression)
	if err != nil {
		return false, err
	}
	name := t.kind + "?identifier=" + identifierAlias(q.system, q.value)
	if q.id != "" {
		name = t.kind + "/" + q.id
	}
	id, ok, err := a.s.db.StatementByAlias(ctx, a.c.Code, name)
	if err != nil || !ok {
		return false, err
	}
	x, err := a.cast.findID(ctx, id.Patient)
	if err != nil || x == nil {
		return false, err
	}
	t.of, t.id, t.known = x, id, true
	t.keep = t.method == "POST"
	return true, nil
}
