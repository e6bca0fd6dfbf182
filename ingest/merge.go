package ingest

import (
	"context"
	"strconv"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// merging is a merge of a contributor's own patients that has been looked up.
type merging struct {
	from, into *subject
	at         time.Time // zero where it is not known
}

// findMerges looks up the patients of the merges that a message tells of.
func (a *application) findMerges(ctx context.Context) ([]merging, error) {
	var out []merging
	for _, m := range a.reading.Merges {
		from, err := a.cast.find(ctx, m.From)
		if err != nil {
			return nil, err
		}
		if from == nil {
			return nil, &parking{reason: "merge-unknown", detail: "the patient that is to be merged into another has not been heard of", missing: []string{m.From}}
		}
		into, err := a.cast.find(ctx, m.Into)
		if err != nil {
			return nil, err
		}
		if into == nil || into.fresh && !a.describes(into) {
			return nil, &parking{reason: "merge-unknown", detail: "the patient into whom the other is to be merged has not been heard of", missing: []string{m.Into}}
		}
		if from == into {
			return nil, &parking{reason: "merge-itself", detail: "the patient is to be merged into itself"}
		}
		out = append(out, merging{from, into, m.At})
	}
	return out, nil
}

// describes tells whether the message says anything of who a patient is.
func (a *application) describes(x *subject) bool {
	for i, p := range a.patients {
		if c := a.reading.Patients[i]; p == x && (len(c.Names) > 0 || c.Born != "" || c.NHS != "") {
			return true
		}
	}
	return false
}

// circle tells whether a patient has been merged, over however many others, into one that is to be merged into it.
func (k *cast) circle(ctx context.Context, from, into *subject) (bool, error) {
	at := into
	for range mostMerges {
		next := at.patient.MergedInto
		if next == 0 {
			return false, nil
		}
		if next == from.patient.ID {
			return true, nil
		}
		var err error
		if at, err = k.findID(ctx, next); err != nil || at == nil {
			return false, err
		}
	}
	return true, nil
}

// mostMerges is how long a chain of merges may be.
const mostMerges = 64

// unmerge takes back the merges of which the message says so. A pair that has
// not been merged is let be.
func (a *application) unmerge(ctx context.Context) error {
	for _, m := range a.reading.Unmerges {
		one, err := a.cast.find(ctx, m.From)
		if err != nil {
			return err
		}
		other, err := a.cast.find(ctx, m.Into)
		if err != nil {
			return err
		}
		if one == nil || other == nil || a.saidLater(one, other, m.At) {
			continue
		}
		a.sayLink(one, other, m.At)
		for _, pair := range [][2]*subject{{one, other}, {other, one}} {
			if pair[0].patient.MergedInto == pair[1].patient.ID && pair[1].patient.ID != 0 {
				a.part(pair[0], pair[1])
			}
		}
	}
	return nil
}

// linkMark is the statement, shown to nobody, by which it is remembered of two patients when their system last said whether they are one.
func linkMark(x, y *subject) (on *subject, key string, id kmcr.StatementID) {
	if x.patient.ID > y.patient.ID {
		x, y = y, x
	}
	key = "link/" + strconv.FormatInt(int64(y.patient.ID), 10)
	return x, key, store.StatementIDFor(x.patient.ID, key)
}

// sayLink remembers that it has been said now.
func (a *application) sayLink(x, y *subject, at time.Time) {
	if at.IsZero() || x == y {
		return
	}
	on, key, id := linkMark(x, y)
	on.say(&kmcr.Statement{ID: id, Key: key, Type: "Basic", At: at, Recorded: a.plan.received, Internal: true, Body: emptyBody("Basic"), MessageID: a.plan.ledger.message.ID})
}

// saidLater tells whether a message of a later time has said of two patients whether they are one: what comes late changes nothing.
func (a *application) saidLater(x, y *subject, at time.Time) bool {
	on, _, id := linkMark(x, y)
	if at.IsZero() || !on.saidAt(id).After(at) {
		return false
	}
	a.plan.doubts = append(a.plan.doubts, "a message of a later time has said whether the two patients are one: nothing moves")
	return true
}

// part ends a merge.
func (a *application) part(from, into *subject) {
	p := *from.patient
	p.MergedInto = 0
	from.patient, from.changed = &p, true
	from.parted = into
	a.plan.audits = append(a.plan.audits, &audit.Entry{At: a.plan.received, Action: "unmerge", Viewer: contributorViewer(a.c), Patient: p.ID, Allowed: true,
		Purpose: kmcr.DirectCare, Rule: "a contributor may take back a merge of its own patients", Where: a.plan.where,
		Detail: map[string]string{"from": strconv.FormatInt(int64(into.patient.ID), 10)}})
}

// merge lets the patient that was taken in follow the other. Statements stay
// where they are; the link moves. Where what is known of the two speaks
// against their being one person, somebody has to decide first.
func (a *application) merge(ctx context.Context, merges []merging) error {
	for _, m := range merges {
		if a.saidLater(m.from, m.into, m.at) {
			continue
		}
		if round, err := a.cast.circle(ctx, m.from, m.into); err != nil || round {
			return orParked(err, &parking{reason: "merge-circle", detail: "the patient that is to take the other in has itself been merged into it; one of the merges has to be taken back first"})
		}
		decided, err := a.s.decided(ctx, m.from)
		if err != nil {
			return err
		}
		v := match.Compare(identityOf(m.from.known()), identityOf(m.into.known()))
		said := decided[m.into.patient.ID]
		if said == "different" || said != "same" && v.Contradicts() {
			return a.disagrees(ctx, m, v, said)
		}
		if apart, err := a.s.keptApart(ctx, m.from, m.into); err != nil || apart {
			return orParked(err, &parking{reason: "merge-disagrees", detail: "somebody has decided that two entries which this would bring together are different people; that has to be taken back first"})
		}
		a.sayLink(m.from, m.into, m.at)
		if m.from.patient.MergedInto == m.into.patient.ID {
			continue // said before
		}
		p := *m.from.patient
		p.MergedInto = m.into.patient.ID
		m.from.patient, m.from.changed, m.from.follows = &p, true, m.into
		a.plan.audits = append(a.plan.audits, &audit.Entry{At: a.plan.received, Action: "merge", Viewer: contributorViewer(a.c), Patient: p.ID, Allowed: true,
			Purpose: kmcr.DirectCare, Rule: "a contributor may merge its own patients", Where: a.plan.where,
			Detail: map[string]string{"into": strconv.FormatInt(int64(m.into.patient.ID), 10)}})
	}
	return nil
}

// keptApart tells whether people have decided that an entry which is kept together with one of two is somebody else than one kept
// together with the other.
func (s *Service) keptApart(ctx context.Context, from, into *subject) (bool, error) {
	t := &touched{byID: map[kmcr.PatientID]*toucher{}, reviews: map[[2]kmcr.PatientID]store.Review{}}
	add := func(p *store.Patient) error {
		if t.byID[p.ID] != nil {
			return nil
		}
		x := &toucher{patient: p}
		t.all, t.byID[p.ID] = append(t.all, x), x
		reviews, err := s.db.ReviewsOf(ctx, p.ID)
		for _, r := range reviews {
			t.reviews[between(r.A, r.B)] = r
		}
		return err
	}
	for _, x := range []*subject{from, into} {
		linked, err := s.db.Links(ctx, x.patient.Person)
		if err != nil {
			return false, err
		}
		for _, p := range append([]*store.Patient{x.patient}, linked...) {
			if err := add(p); err != nil {
				return false, err
			}
		}
	}
	pair := between(from.patient.ID, into.patient.ID)
	t.reviews[pair] = store.Review{A: pair[0], B: pair[1], State: "same"}
	return t.held("same", pair[0], pair[1]) != "", nil
}

func orParked(err error, p *parking) error {
	if err != nil {
		return err
	}
	return p
}

// disagrees parks the message, and asks somebody where both patients are known and nobody has decided about them.
func (a *application) disagrees(ctx context.Context, m merging, v match.Verdict, said string) error {
	p := &parking{reason: "merge-disagrees", detail: "what is known of the two patients speaks against their being one person (" + v.Words() + ")"}
	if m.into.fresh || m.from.fresh || said == "different" || said == "unsure" {
		return p
	}
	r, err := a.s.reviewOf(ctx, between(m.from.patient.ID, m.into.patient.ID))
	if err != nil {
		return err
	}
	r.State, r.Score, r.Reasons = "open", v.Score, mergeAsks+v.Account()
	p.review = &r
	return p
}

// mergeAsks begins the reasons of a question that their own system has raised.
const mergeAsks = "their own system says that they are one person; "

// known is what is known of who the patient is, also where that is nothing.
func (s *subject) known() *translate.Claims {
	if s.claims == nil {
		return &translate.Claims{}
	}
	return s.claims
}

func notMerged() error {
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "this patient has not been merged into another", Remedy: "Look at its links again."}
}

// takeBack takes a merge back for an officer; r is the review of the two, which may have held the proposal of it.
func (s *Service) takeBack(ctx context.Context, from kmcr.PatientID, r store.Review, by kmcr.Viewer) error {
	var into kmcr.PatientID
	change := func(t *touched) error {
		x := t.byID[from]
		if x == nil || x.patient.MergedInto == 0 {
			return notMerged()
		}
		p := *x.patient
		into, p.MergedInto = p.MergedInto, 0
		x.patient = &p
		if proposed := r; r.ID != 0 {
			proposed.Proposed, proposed.ProposedBy = "", ""
			t.reviews[between(r.A, r.B)] = proposed
		}
		return nil
	}
	return s.relinkAll(ctx, by, "the merge was undone", []kmcr.PatientID{from, r.A, r.B}, change, func(tx *store.Tx, t *touched, moves []relinking) error {
		p := t.byID[from].patient
		if err := tx.PutPatient(p, nil, nil); err != nil {
			return err
		}
		if proposed := t.reviews[between(r.A, r.B)]; r.ID != 0 && r.Proposed != "" {
			if err := tx.PutReview(&proposed); err != nil {
				return err
			}
		}
		return tx.Audit(&audit.Entry{At: s.Now(), Action: "unmerge", Viewer: by, Person: p.Person, Patient: from, Allowed: true, Purpose: kmcr.Administration,
			Rule: "a records officer may take a merge back", Where: "matches",
			Detail: map[string]string{"from": strconv.FormatInt(int64(into), 10), "moved": strconv.Itoa(len(moves)), "proposed by": r.ProposedBy}})
	})
}
