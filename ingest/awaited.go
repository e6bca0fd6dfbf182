package ingest

import (
	"context"
	"slices"
	"strings"

	"kmcr/store"
	"kmcr/translate"
)

// A resource may come before the Patient that it is about, or say of nobody
// whom it is about. It is kept at once, durable and with its versions, with a
// patient of the contributor's that is awaited: linked to no person, found by
// no search, shown to nobody but the contributor itself. When the Patient
// arrives under the name that was used, it becomes that patient and is linked
// as any other; where the contributor knew the patient under another name
// already, the awaited one is merged into it. See docs/decisions/0060.

// awaitedKey begins the key of every patient that is awaited.
const awaitedKey = "awaited|"

// awaitedNote stands in the ledger with a message that is applied and not shown to anybody yet.
const awaitedNote = "about a patient whom this contributor has not sent, or does not name: kept apart, and shown to nobody until the Patient arrives"

// awaits tells whether this patient is only known by its name so far.
func (s *subject) awaits() bool {
	return s.patient.Person == 0 && !s.patient.Register && s.patient.MergedInto == 0 && strings.HasPrefix(s.patient.Key, awaitedKey)
}

// held tells whether what is said of the subject is shown to nobody when this message is written.
func (s *subject) held() bool { return s.awaits() && s.person() == 0 }

// hold finds or makes the patient that is awaited under a name.
func (a *attempt) hold(ctx context.Context, names ...string) (*subject, error) {
	x, err := a.cast.find(ctx, awaitedKey+names[0])
	if err != nil || x != nil {
		return x, err
	}
	x = a.cast.made(awaitedKey+names[0], false)
	for _, n := range names {
		switch {
		case strings.HasPrefix(n, "Patient/"):
			a.lead(x, n, store.StatementIDFor(x.patient.ID, translate.PatientKey))
		case !isNumberAlias(n) && !strings.HasPrefix(n, "nobody|"):
			x.aliases = append(x.aliases, alias{n, nil})
		}
	}
	return x, nil
}

// isNumberAlias tells whether a name is an NHS number: it alone never leads to a patient.
func isNumberAlias(name string) bool {
	system, _, _ := strings.Cut(name, "|")
	return isNHSNumber(system)
}

// holdNobody keeps what does not say whom it is about, each statement by itself.
func (a *attempt) holdNobody(ctx context.Context, t *task) (*subject, error) {
	if t.of != nil {
		return t.of, nil // what it was said of before
	}
	return a.hold(ctx, "nobody|"+t.key)
}

// welcome joins to x the patients that were awaited under other names of its.
func (a *attempt) welcome(ctx context.Context, x *subject, claims translate.Claims) error {
	for _, n := range claims.Aliases {
		if err := a.join(ctx, x, n); err != nil {
			return err
		}
	}
	if claims.NHS == "" {
		return nil
	}
	name := identifierAlias(nhsNumberSystem, string(claims.NHS))
	w, err := a.cast.find(ctx, awaitedKey+name)
	if err != nil || w == nil || w == x || !w.awaits() {
		return err
	}
	others, err := a.patientsNumbered(ctx, string(claims.NHS))
	if err != nil || len(others) > 1 || len(others) == 1 && others[0] != x {
		return err // several carry the number: it does not say which of them was meant
	}
	w.joined(x)
	return nil
}

func (a *attempt) join(ctx context.Context, x *subject, name string) error {
	w, err := a.cast.find(ctx, name)
	if err == nil && w != nil && w != x && w.awaits() {
		w.joined(x)
	}
	return err
}

// joined merges an awaited patient into the one that it turns out to be.
func (s *subject) joined(into *subject) {
	p := *s.patient
	p.MergedInto = into.patient.ID
	s.patient, s.changed, s.follows = &p, true, into
}

// turnedOut follows an awaited patient to the one that it has turned out to be.
func (k *cast) turnedOut(ctx context.Context, x *subject) (*subject, error) {
	if x == nil || x.patient.MergedInto == 0 || !strings.HasPrefix(x.patient.Key, awaitedKey) {
		return x, nil
	}
	to, err := k.findID(ctx, x.patient.MergedInto)
	if err != nil || to == nil {
		return x, err
	}
	return to, nil
}

// note tells, for the ledger, that a message says something that is shown to nobody yet, or is in no statement.
func (p *plan) note() string {
	var said []string
	if slices.ContainsFunc(p.subjects, func(x *subject) bool { return x.block != nil && x.held() }) {
		said = append(said, awaitedNote)
	}
	if w := notMapped(p.unmapped); w != "" {
		said = append(said, w)
	}
	if len(p.doubts) > 0 {
		said = append(said, shortened("taken although: "+strings.Join(p.doubts, "; ")))
	}
	return strings.Join(said, "; ")
}

// isHeld tells whether what a task says is shown to nobody yet.
func (t *task) isHeld() bool { return t.of != nil && t.method != "DELETE" && t.of.held() }

// notYetShown is what a contributor is told of it.
const notYetShown = "It is kept, but it is about a patient whom you have not told us of, or says of nobody whom it is about; it is shown to nobody until that Patient arrives."
