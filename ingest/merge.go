package ingest

import (
	"context"
	"strconv"

	"kmcr"
	"kmcr/audit"
	"kmcr/match"
	"kmcr/store"
	"kmcr/translate"
)

// merging is a merge of a contributor's own patients that has been looked up.
type merging struct{ from, into *subject }

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
		if into == nil {
			if into, err = a.patient(ctx, translate.Claims{Key: m.Into}); err != nil {
				return nil, err
			}
		}
		if from != into {
			out = append(out, merging{from, into})
		}
	}
	return out, nil
}

// merge lets the patient that was taken in follow the other. Statements stay
// where they are; the link moves. Where what is known of the two speaks
// against their being one person, somebody has to decide first.
func (a *application) merge(ctx context.Context, merges []merging) error {
	for _, m := range merges {
		decided, err := a.s.decided(ctx, m.from)
		if err != nil {
			return err
		}
		v := match.Compare(identityOf(m.from.known()), identityOf(m.into.known()))
		said := decided[m.into.patient.ID]
		if said == "different" || said != "same" && v.Contradicts() {
			return a.disagrees(m, v, said)
		}
		p := *m.from.patient
		p.MergedInto = m.into.patient.ID
		m.from.patient, m.from.changed, m.from.follows = &p, true, m.into
		if m.into.patient.MergedInto == p.ID {
			p := *m.into.patient
			p.MergedInto = 0
			m.into.patient, m.into.changed = &p, true
		}
		a.plan.audits = append(a.plan.audits, &audit.Entry{At: a.plan.received, Action: "merge", Viewer: contributorViewer(a.c), Patient: p.ID, Allowed: true,
			Purpose: kmcr.DirectCare, Rule: "a contributor may merge its own patients", Where: a.plan.where,
			Detail: map[string]string{"into": strconv.FormatInt(int64(m.into.patient.ID), 10)}})
	}
	return nil
}

// disagrees parks the message, and asks somebody where both patients are known.
func (a *application) disagrees(m merging, v match.Verdict, said string) error {
	p := &parking{reason: "merge-disagrees", detail: "what is known of the two patients speaks against their being one person (" + v.Words() + ")"}
	if said == "" && !m.into.fresh {
		p.review = &store.Review{A: m.from.patient.ID, B: m.into.patient.ID, Score: v.Score, Reasons: v.Words(), State: "open"}
	}
	return p
}

// known is what is known of who the patient is, also where that is nothing.
func (s *subject) known() *translate.Claims {
	if s.claims == nil {
		return &translate.Claims{}
	}
	return s.claims
}

// UndoMerge takes back an A40 merge of a contributor's patient: it is linked
// to the person to whom it was linked before.
func (s *Service) UndoMerge(ctx context.Context, from kmcr.PatientID, by kmcr.Viewer) error {
	return again(ctx, func() error {
		defer s.locks.patients.hold([]uint64{uint64(from)})()
		p, err := s.db.PatientByID(ctx, from)
		switch {
		case err != nil:
			return err
		case p == nil || p.MergedInto == 0:
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "this patient has not been merged into another", Remedy: "Look at its links again."}
		}
		to, err := s.personBefore(ctx, p)
		if err != nil {
			return err
		}
		claims, err := readClaims(p.Claims)
		if err != nil {
			return err
		}
		x := subject{patient: p, claims: claims}
		return s.db.Write(ctx, func(tx *store.Tx) error {
			q := *p
			q.MergedInto = 0
			if err := tx.PutPatient(&q, x.names(), match.Tokens(identityOf(claims))); err != nil {
				return err
			}
			if to != p.Person {
				if err := tx.Relink(from, to, by.Account, "the merge was undone"); err != nil {
					return err
				}
			}
			return tx.Audit(&audit.Entry{At: s.Now(), Action: "unmerge", Viewer: by, Person: to, Patient: from, Allowed: true, Purpose: kmcr.Administration,
				Rule: "a merge can be undone", Where: "ingest", Detail: map[string]string{"from": strconv.FormatInt(int64(p.MergedInto), 10)}})
		})
	})
}

// mergeWords is the reason of a link that a merge moved; UndoMerge looks for it.
const mergeWords = "merged by its own system"

// personBefore is the person to whom a patient was linked before its merge.
func (s *Service) personBefore(ctx context.Context, p *store.Patient) (kmcr.PersonID, error) {
	history, err := s.db.LinkHistory(ctx, p.ID)
	if err != nil {
		return 0, err
	}
	for i := len(history) - 1; i >= 0; i-- {
		if history[i].Reason == mergeWords && history[i].From != 0 {
			return history[i].From, nil
		}
	}
	return p.Person, nil // they were one person before the merge
}
