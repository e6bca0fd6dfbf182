package disclose

import (
	"context"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// involvedKind is the involvement of somebody to whom a record is open anyway, by saying so: it is shown among the contacts and puts
// the person on the list of "my people". It opens nothing by itself.
const involvedKind = "named"

// How long somebody is shown as involved who has not said until when, and at most; and how many letters a telephone number and the
// hours in which it is answered may have.
const (
	namedLasts = 91 * 24 * time.Hour
	namedMost  = 366 * 24 * time.Hour
	mostOfCard = 100
)

// checkCard looks at what somebody says of how to be reached, and until when.
func (a Why) checkCard(now time.Time, most time.Duration) error {
	for where, text := range map[string]string{"telephone": a.Telephone, "hours": a.Hours} {
		if len([]rune(text)) > mostOfCard || strings.ContainsAny(text, "<>\n\r") {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: "this is too long, or no " + where, Remedy: "Write it in at most 100 characters."}
		}
	}
	if !a.Until.IsZero() && (!a.Until.After(now) || a.Until.After(now.Add(most))) {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "until", Message: "the day on which it ends has to lie ahead, and not further than is allowed", Remedy: "Choose a day within " + within(most) + "."}
	}
	return nil
}

func within(most time.Duration) string {
	if most > 60*24*time.Hour {
		return "a year"
	}
	return "two weeks"
}

// nameInvolved has somebody to whom the record is open say that they are involved, until a day.
func (s *Service) nameInvolved(ctx context.Context, o *opening, why Why) (until time.Time, err error) {
	v, now := o.facts.Viewer, o.facts.Now
	if may, rule := o.facts.Policy.MayWork(v, o.facts.Organisation, access.WorkCaseload); !may {
		return until, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "Only those who give care are shown as involved."})
	}
	if wrong := why.checkCard(now, namedMost); wrong != nil {
		return until, s.turnDown(ctx, o, "How long somebody is involved has to be said in words and dates that can be read.", wrong)
	}
	if until = why.Until; until.IsZero() {
		until = now.Add(namedLasts)
	}
	o.entry.Detail = withDetail(o.entry.Detail, "until", until.UTC().Format(time.RFC3339))
	i := kmcr.Involvement{Person: o.person, Kind: involvedKind, Organisation: v.Organisation, Team: v.Team, Account: v.Account, From: now, Until: until, Reason: strings.TrimSpace(why.Words)}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		kept, e := i, *o.entry
		for _, was := range o.facts.Involvements {
			if was.Kind == involvedKind && was.Account == v.Account && was.Open(now) {
				if err := tx.EndInvolvement(was.ID, now); err != nil {
					return err
				}
			}
		}
		if err := s.keepCard(tx, v, why); err != nil {
			return err
		}
		if err := tx.AddInvolvement(&kept); err != nil {
			return err
		}
		return tx.Audit(&e)
	})
	if err == nil {
		s.used.count(o.entry)
	}
	return until, notKept(err)
}

// keepCard keeps how a worker can be reached, where it is said.
func (s *Service) keepCard(tx *store.Tx, v kmcr.Viewer, why Why) error {
	var w Worker
	if _, err := tx.Get(store.KindWorker, v.Account, &w); err != nil {
		return err
	}
	w.Account, w.Name, w.Role, w.Organisation, w.Team = v.Account, v.Name, v.Role, v.Organisation, v.Team
	if t := strings.TrimSpace(why.Telephone); t != "" {
		w.Telephone = t
	}
	if h := strings.TrimSpace(why.Hours); h != "" {
		w.Hours = h
	}
	return tx.Put(store.KindWorker, v.Account, w)
}

// EndInvolved ends the viewer's own saying to be involved. Where the record was open by that word alone, it closes. Errors: as
// Record; kmcr.NotFound for one that is not the viewer's or has ended.
func (s *Service) EndInvolved(ctx context.Context, v kmcr.Viewer, ref string, id int64) error {
	o, err := s.open(ctx, v, ref, "end-involvement", "/people/{ref}/involved")
	if err != nil {
		return err
	}
	for _, i := range o.facts.Involvements {
		if i.ID != id || i.Account != v.Account || i.Kind != involvedKind && i.Kind != "self-claimed" || !i.Open(o.facts.Now) {
			continue
		}
		return notKept(s.db.Write(ctx, func(tx *store.Tx) error {
			e := *o.entry
			if err := tx.EndInvolvement(id, o.facts.Now); err != nil {
				return err
			}
			return tx.Audit(&e)
		}))
	}
	return s.turnDown(ctx, o, "Somebody ends their own involvement, while it lasts.", &kmcr.Error{Kind: kmcr.NotFound, Message: "you are not shown as involved by this", Remedy: "Read the contacts again."})
}
