package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/hl7"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// apply reads a message that was made durable before and writes what it says.
// The error is a *parking where it cannot be applied now.
func (s *Service) apply(ctx context.Context, c kmcr.Contributor, l *ledger, raw []byte, where string) error {
	if prefixes, at, records, whole := translate.ReadClosing(raw); whole {
		return s.closeWhole(ctx, c, l, prefixes, at, records)
	}
	reading, err := read(c, l.message, raw)
	if err != nil {
		return err
	}
	var done *plan
	err = again(ctx, func() error {
		a := &application{s: s, c: c, cast: s.cast(c), reading: reading}
		a.plan = &plan{contributor: c, ledger: l, received: s.Now(), raw: raw, where: where, later: true}
		done = a.plan
		return a.run(ctx)
	})
	if err != nil {
		return err
	}
	s.arrived(c, done.subjects)
	s.linkAfresh(ctx, done)
	return nil
}

// read translates a message. What cannot be read at all is parked with the place.
func read(c kmcr.Contributor, m store.Message, raw []byte) (translate.Reading, error) {
	return readBy(translate.HL7, c, m, raw)
}

// readBy is read with what reads HL7 v2.
func readBy(hl7v2 func(*hl7.Message, kmcr.Contributor) (translate.Reading, error), c kmcr.Contributor, m store.Message, raw []byte) (translate.Reading, error) {
	var reading translate.Reading
	var err error
	switch {
	case m.Format == kmcr.FormatHL7v2:
		var message *hl7.Message
		if message, err = hl7.Parse(raw, ""); err == nil {
			reading, err = hl7v2(message, c)
		}
	case translate.IsRecords(m.Format):
		reading, err = translate.ReadRecord(m.Format, raw, c)
	default:
		err = &kmcr.Error{Kind: kmcr.Unsupported, Message: "messages of this format cannot be read yet"}
	}
	if err != nil {
		return reading, unreadable(err)
	}
	if len(reading.Patients) == 0 {
		return reading, &parking{reason: "identity-missing", detail: "the message does not say whom it is about"}
	}
	return reading, nil
}

func unreadable(err error) error {
	if kmcr.KindOf(err) == kmcr.Fault {
		return err
	}
	reason := "not-readable"
	switch detail := detailOf(err); {
	case strings.Contains(detail, "identity missing"):
		reason = "identity-missing"
	case kmcr.KindOf(err) == kmcr.Unsupported:
		reason = "not-supported"
	}
	return &parking{reason: reason, detail: detailOf(err)}
}

// application is one go at applying a reading.
type application struct {
	s        *Service
	c        kmcr.Contributor
	cast     *cast
	plan     *plan
	reading  translate.Reading
	patients []*subject // as in reading.Patients
	dry      bool       // nothing is written
}

func (a *application) run(ctx context.Context) error {
	defer a.s.locks.names.hold(a.names())()
	for i := range a.reading.Patients {
		x, err := a.patient(ctx, a.reading.Patients[i])
		if err != nil {
			return err
		}
		a.patients = append(a.patients, x)
	}
	merges, err := a.findMerges(ctx)
	if err != nil {
		return err
	}
	release, err := a.cast.read(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := a.claim(); err != nil {
		return err
	}
	if err := a.state(ctx); err != nil {
		return err
	}
	if err := a.merge(ctx, merges); err != nil {
		return err
	}
	if err := a.unmerge(ctx); err != nil {
		return err
	}
	if a.dry {
		return nil
	}
	a.plan.subjects = a.cast.all
	a.plan.whole = a.patients[0]
	return a.s.carryOut(ctx, a.plan)
}

// names are the hashes of what leads to the patients of the message.
func (a *application) names() []uint64 {
	var names []uint64
	lock := func(n string) { names = append(names, hash64(string(a.c.Code), n)) }
	for _, p := range a.reading.Patients {
		lock(p.Key)
		for _, n := range p.Aliases {
			lock(n)
		}
	}
	for _, m := range a.reading.Merges {
		lock(m.From)
		lock(m.Into)
	}
	return names
}

// patient finds or makes the contributor's patient that claims are about.
func (a *application) patient(ctx context.Context, claims translate.Claims) (*subject, error) {
	if claims.NHS != "" && len(claims.Aliases) == 0 && claims.Key == "NHS|"+string(claims.NHS) {
		return a.numbered(ctx, claims)
	}
	x, err := a.cast.find(ctx, append([]string{claims.Key}, claims.Aliases...)...)
	if err != nil || x != nil {
		return x, err
	}
	if claims.Known {
		return nil, &parking{reason: "reference-unknown", detail: "what the record belongs to has not been heard of", missing: []string{claims.Key}}
	}
	return a.cast.made(claims.Key, false), nil
}

// numbered finds the patient of a message that carries nothing but an NHS
// number. A number alone never says who somebody is: where date of birth or
// name speak against it, this is another patient.
func (a *application) numbered(ctx context.Context, claims translate.Claims) (*subject, error) {
	key := claims.Key
	for {
		x, err := a.cast.find(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case x == nil:
			return a.cast.made(key, false), nil
		case x.claims == nil || !match.Compare(identityOf(x.claims), identityOf(&claims)).Contradicts():
			return x, nil
		case key != claims.Key:
			return x, nil
		}
		key = claims.Key + "|" + whoTheySay(claims)
	}
}

// claim takes over who the patients are said to be, unless something newer has been said.
func (a *application) claim() error {
	for i, x := range a.patients {
		claims := a.reading.Patients[i]
		if x.claims != nil && (claims.Mention || a.older(x, i)) {
			if err := x.answerTo(append(claims.Aliases, claims.Key)); err != nil {
				return err
			}
			continue
		}
		claims.Aliases = union(claims.Aliases, []string{claims.Key})
		if err := x.claim(claims); err != nil {
			return err
		}
	}
	return nil
}

// older tells whether something newer than this message has been said of who the patient is.
func (a *application) older(x *subject, patient int) bool {
	for _, st := range a.reading.Statements {
		if st.Patient == patient && st.Key == translate.PatientKey && !st.At.IsZero() {
			return x.saidAt(store.StatementIDFor(x.patient.ID, st.Key)).After(st.At)
		}
	}
	return false
}

// state makes the statements, and the stories of which they are part.
func (a *application) state(ctx context.Context) error {
	folds := map[*subject][]string{}
	for i := range a.reading.Statements {
		st := &a.reading.Statements[i]
		x, err := a.home(ctx, st)
		if err != nil {
			return err
		}
		made, err := a.statement(x, *st)
		if err != nil {
			return err
		}
		if st.Fold != "" && !slices.Contains(folds[x], st.Fold) {
			folds[x] = append(folds[x], st.Fold)
		}
		x.say(made)
	}
	for _, x := range a.cast.all {
		for _, fold := range folds[x] {
			if err := a.fold(x, fold); err != nil {
				return err
			}
		}
	}
	for _, b := range a.reading.Absences {
		a.absence(a.patients[b.Patient], b)
	}
	for _, r := range a.reading.Retire {
		a.retire(a.patients[r.Patient], r.Prefix, a.at(r.At))
	}
	for _, x := range a.cast.all {
		if err := a.supersede(x); err != nil {
			return err
		}
	}
	return nil
}

// retire ends the statements of a set that the message, which tells the whole
// set, does not state again. When the set was last told is noted, so that an
// earlier one that arrives late ends with it.
func (a *application) retire(x *subject, prefix string, at time.Time) {
	mark := &kmcr.Statement{Key: "set/" + prefix, Type: "Basic", At: at, Internal: true, Body: emptyBody("Basic")}
	mark.ID = store.StatementIDFor(x.patient.ID, mark.Key)
	if last := x.saidAt(mark.ID); last.After(at) {
		for _, st := range slices.Clone(x.said) {
			if strings.HasPrefix(st.Key, prefix) && x.head(st.ID) == nil {
				a.end(x, st, last)
			}
		}
		return
	}
	stated := map[kmcr.StatementID]bool{}
	for _, st := range x.said {
		stated[st.ID] = true
	}
	for _, st := range x.current() {
		if strings.HasPrefix(st.Key, prefix) && !stated[st.ID] && !x.saidAt(st.ID).After(at) {
			a.end(x, st, at)
		}
	}
	mark.MessageID = a.plan.ledger.message.ID
	x.say(mark)
}

// absence ends what an extract no longer tells of a patient.
func (a *application) absence(x *subject, b translate.Absence) {
	absent := func(id kmcr.StatementID, key string) bool {
		return x.head(id) != nil && x.saidAt(id).Before(b.At) && slices.ContainsFunc(b.Prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
	}
	for _, st := range x.current() {
		last, with := x.saidAt(st.ID), translate.GoesWith(st.Key)
		if !absent(st.ID, st.Key) && (with == "" || !last.Before(b.At) || !absent(store.StatementIDFor(x.patient.ID, with), with)) {
			continue
		}
		if body, ok := translate.EndedByAbsence(st.Type, st.Body, last, b.At); ok {
			x.say(&kmcr.Statement{ID: st.ID, Type: st.Type, Contributor: a.c.Code, Key: st.Key, Section: st.Section, Labels: st.Labels, At: b.At,
				Recorded: a.plan.received, MessageID: a.plan.ledger.message.ID, Body: body, Meta: st.Meta})
		}
	}
}

// end states that a statement no longer stands.
func (a *application) end(x *subject, st *kmcr.Statement, at time.Time) {
	x.say(&kmcr.Statement{ID: st.ID, Type: st.Type, Key: st.Key, Section: st.Section, Labels: st.Labels, At: at, Deleted: true,
		MessageID: a.plan.ledger.message.ID, Body: emptyBody(st.Type)})
}

func (a *application) home(ctx context.Context, st *translate.Statement) (*subject, error) {
	if st.Patient >= 0 {
		return a.patients[st.Patient], nil
	}
	x, err := a.cast.find(ctx, "register|"+st.Key)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return a.cast.made("register|"+st.Key, true), nil
	}
	c, err := a.s.db.Compartments(ctx, x.patient.ID)
	if err == nil && len(c) == 1 {
		x.compartment = c[0]
	}
	return x, err
}

// at is an event time, or the time of receipt where none was said.
func (a *application) at(said time.Time) time.Time {
	if said.IsZero() {
		return a.plan.received
	}
	return said
}

// statement proves a translated resource and makes it a statement of x.
func (a *application) statement(x *subject, st translate.Statement) (*kmcr.Statement, error) {
	r, err := fhir.Parse(st.Resource)
	if err != nil {
		return nil, kmcr.Errorf(kmcr.Fault, "a resource was written that is not well formed: %w", err)
	}
	key := st.Key
	if st.Fold != "" {
		key = st.Fold + "/" + st.Key
	}
	made := &kmcr.Statement{ID: store.StatementIDFor(x.patient.ID, key), Type: r.Type(), Contributor: a.c.Code, Key: key, At: a.at(st.At),
		Recorded: a.plan.received, Deleted: st.Deleted, Internal: st.Fold != "", MessageID: a.plan.ledger.message.ID}
	made.Body, made.Meta = r.Body(func(reference string) string { return a.resolve(x, reference) })
	if len(st.Keeps) > 0 {
		if err := keep(made, x.head(made.ID), st.Keeps); err != nil {
			return nil, err
		}
	}
	if !made.Internal {
		made.Section, made.Labels = a.s.Classify(made.Type, made.Body, made.Meta)
	}
	return made, nil
}

// beforeAll is the time of what only announces something that is not known yet.
var beforeAll = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// keep puts members of the statement as it stands in the place of those of made.
func keep(made, head *kmcr.Statement, members []string) error {
	if head == nil || head.Deleted {
		made.At = beforeAll
		return nil
	}
	if head.At.Equal(beforeAll) { // announced twice
		made.At = beforeAll
	}
	var next, was map[string]json.RawMessage
	if err := json.Unmarshal(made.Body, &next); err != nil {
		return err
	}
	if err := json.Unmarshal(head.Body, &was); err != nil {
		return err
	}
	for _, m := range members {
		kept, there := was[m]
		if there && m == "identifier" { // numbers are added to those that are known
			var err error
			if kept, err = joined(kept, next[m]); err != nil {
				return err
			}
		}
		if there {
			next[m] = kept
		}
	}
	delete(next, "resourceType")
	rest, err := json.Marshal(next)
	if err != nil {
		return err
	}
	made.Body = append([]byte(`{"resourceType":"`+made.Type+`",`), rest[1:]...)
	return nil
}

// joined are the elements of two arrays, each once.
func joined(a, b json.RawMessage) (json.RawMessage, error) {
	var first, second []json.RawMessage
	if err := json.Unmarshal(a, &first); err != nil {
		return nil, err
	}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &second); err != nil {
			return nil, err
		}
	}
	for _, x := range second {
		if !slices.ContainsFunc(first, func(y json.RawMessage) bool { return bytes.Equal(x, y) }) {
			first = append(first, x)
		}
	}
	return json.Marshal(first)
}

// resolve gives the logical id that a reference inside a reading leads to.
func (a *application) resolve(x *subject, reference string) string {
	if reference == "patient:" {
		return "Patient/" + store.StatementIDFor(x.patient.ID, translate.PatientKey).String()
	}
	key, ok := strings.CutPrefix(reference, "key:")
	if !ok {
		return ""
	}
	return a.typeOf(key) + "/" + store.StatementIDFor(x.patient.ID, key).String()
}

// typeOf is the resource type of the statement with a key: keys begin with it, but for those that say so in their resource.
func (a *application) typeOf(key string) string {
	for _, st := range a.reading.Statements {
		if st.Key == key && st.Fold == "" {
			return fhir.Trusted(st.Resource).Type()
		}
	}
	kind, _, _ := strings.Cut(key, "|")
	return kind
}

// fold makes the statement of a story afresh from all that has been told of it.
func (a *application) fold(x *subject, fold string) error {
	var fragments []translate.Fragment
	told := map[kmcr.StatementID]bool{}
	add := func(s *kmcr.Statement) error {
		f, err := fragmentOf(s)
		fragments = append(fragments, f)
		return err
	}
	for _, s := range x.said {
		if s.Internal && strings.HasPrefix(s.Key, fold+"/") {
			told[s.ID] = true
			if err := add(s); err != nil {
				return err
			}
		}
	}
	if x.compartment != nil {
		for _, s := range x.compartment.All() {
			if s.Internal && !told[s.ID] && strings.HasPrefix(s.Key, fold+"/") {
				if err := add(s); err != nil {
					return err
				}
			}
		}
	}
	st, err := translate.Fold(fold, fragments)
	if err != nil {
		return err
	}
	st.Key, st.Fold = fold, ""
	made, err := a.statement(x, st)
	if err != nil {
		return err
	}
	if head := x.head(made.ID); head != nil && head.At.After(made.At) {
		made.At = head.At // it is made of all there is, and so never older than what there was
	}
	x.say(made)
	return nil
}

// fragmentOf reads a fragment once: it is kept with its statement, as long as that is in memory.
func fragmentOf(s *kmcr.Statement) (translate.Fragment, error) {
	read := s.Memo(func(s *kmcr.Statement) any {
		f, err := translate.ReadFragment(s.Body)
		if err != nil {
			return err
		}
		return f
	})
	if f, ok := read.(translate.Fragment); ok {
		return f, nil
	}
	return translate.ReadFragment(s.Body)
}
