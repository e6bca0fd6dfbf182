package disclose

import (
	"context"
	"slices"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/fhir"
	"kmcr/store"
	"kmcr/terms"
)

// FlagLooked is the topic of the event that tells the responsible team of a look at a child's flag, as the child protection
// information sharing service (CP-IS) does. Event.Detail says by which role of which organisation, and names nobody.
const FlagLooked = "flag-looked"

// tellAgain is how long a further look by the same viewer at the same child is the same look.
const tellAgain = time.Hour

// tellTeam tells the social work team whose child's flag leaves that it was looked at, and by whom of which organisation. The
// team's own organisation is not told of its own looks. It comes after the audit entry and before anything is shown.
func (s *Service) tellTeam(ctx context.Context, o *opening, shown []*kmcr.Statement) error {
	if o == nil || o.decision.Outcome != access.Permitted || o.facts.Viewer.Contributor != "" {
		return nil
	}
	var events []kmcr.Event
	told := map[kmcr.ODS]bool{"": true, o.facts.Viewer.Organisation: true}
	for _, x := range shown {
		if !flagsChild(x) {
			continue
		}
		for _, p := range o.responsible(x) {
			if org := o.parties.contributor(p.Contributor).Organisation; !told[org] {
				told[org] = true
				events = append(events, kmcr.Event{Patient: p.ID, Topic: FlagLooked, At: o.facts.Now, Recorded: o.facts.Now, Statement: x.ID, Detail: o.lookedBy()})
			}
		}
	}
	if len(events) == 0 || !s.flagged.Allow(o.facts.Viewer.Account+"\x00"+string(o.person.Ref()), o.facts.Now) {
		return nil
	}
	defer s.happened()
	return notKept(s.db.Write(ctx, func(tx *store.Tx) error {
		for _, e := range events {
			if err := tx.AddEvent(&e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// flagsChild tells whether a statement is a safeguarding entry about a child that is in force.
func flagsChild(s *kmcr.Statement) bool {
	if s.Section != kmcr.Safeguarding || !slices.Contains(s.Labels, kmcr.TopicSafeguardChild) || s.Deleted {
		return false
	}
	switch fhir.Of(s).Root().Get("status").Text() {
	case "inactive", "entered-in-error", "completed", "revoked", "finished", "cancelled":
		return false
	}
	return true
}

// responsible are the patients by which those are told who are responsible for a child with a flag: that of the contributor that
// stated it, and those of councils that know the child.
func (o *opening) responsible(flag *kmcr.Statement) (all []*store.Patient) {
	for _, p := range o.patients {
		if p.ID == flag.ID.Patient || o.parties.kind(o.parties.contributor(p.Contributor).Organisation) == "council" {
			all = append(all, p)
		}
	}
	return all
}

// lookedBy says who looked: role and organisation, and the telephone on which the team can ring back. Of a child who must not be
// found the organisation is not told (decision 41).
func (o *opening) lookedBy() string {
	words := "looked at by: " + terms.RoleName(o.facts.Viewer.Role)
	if o.masked {
		return words
	}
	words += ", " + o.parties.name(o.facts.Viewer.Organisation)
	if org := o.facts.Organisation; org != nil && org.Telephone != "" {
		words += ", " + org.Telephone
	}
	return words
}
