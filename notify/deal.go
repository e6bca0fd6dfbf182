package notify

import (
	"context"
	"slices"
	"time"

	"kmcr"
	"kmcr/store"
)

// deal makes deliveries of the events of which none have been made. Event and deliveries are one write: none is lost, none made twice.
func (s *Service) deal(ctx context.Context) error {
	for {
		fresh, err := s.db.Undealt(ctx, atOnce)
		if err != nil || len(fresh) == 0 {
			return err
		}
		all, err := s.subscriptions(ctx)
		if err != nil {
			return err
		}
		deals := make([][]store.Delivery, len(fresh))
		for n, notice := range fresh {
			if deals[n], err = s.dealt(ctx, notice, all); err != nil {
				return err
			}
		}
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			for n, notice := range fresh {
				first, err := tx.Deal(notice.ID)
				if err != nil {
					return err
				}
				if !first {
					continue
				}
				for _, d := range deals[n] {
					if err := tx.AddDelivery(&d); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil || len(fresh) < atOnce {
			return err
		}
	}
}

// dealt are the deliveries of one event.
func (s *Service) dealt(ctx context.Context, n store.Notice, all []Subscription) ([]store.Delivery, error) {
	if n.Person == 0 || len(all) == 0 {
		return nil, nil
	}
	var out []store.Delivery
	var involved []kmcr.Involvement
	now := s.now()
	for _, x := range all {
		if !x.about(n, now) {
			continue
		}
		if x.Person == "" && x.Owner.Contributor == "" {
			if involved == nil {
				var err error
				if involved, err = s.db.InvolvementsOf(ctx, n.Person); err != nil {
					return nil, err
				}
			}
			own, err := s.hasList(ctx, x.Owner)
			if err != nil {
				return nil, err
			}
			if !concerns(x.Owner, own, involved, now) {
				continue
			}
		}
		out = append(out, x.delivery(n, now))
	}
	return out, nil
}

// about tells whether an event is of what a subscription asks for. Who may have it is decided when it is sent.
func (x *Subscription) about(n store.Notice, now time.Time) bool {
	switch {
	case x.Status == Off || !x.End.IsZero() && x.End.Before(now) || n.Recorded.Before(x.Created.Add(-time.Second)):
		return false
	case len(x.Topics) > 0 && !x.asksFor(n.Topic) || !KnownTopic(n.Topic):
		return false
	case x.Person != "" && x.Person != n.Person.Ref():
		return false
	case x.Kind != "" && (n.Topic != NewResult || !isOfKind(n.Detail, x.Kind)):
		return false
	}
	return true
}

// asksFor: who asked to be told of stays hears as well that one was cancelled.
func (x *Subscription) asksFor(topic string) bool {
	return slices.Contains(x.Topics, topic) || topic == Withdrawn && slices.ContainsFunc(x.Topics, func(t string) bool {
		return t == Admission || t == Attendance || t == Discharge || t == Death
	})
}

// delivery is an event for a subscriber: to be sent now, or held by the subscriber's own rules.
func (x *Subscription) delivery(n store.Notice, now time.Time) store.Delivery {
	d := store.Delivery{Subscription: x.ID, Person: n.Person, State: store.DeliveryWaiting, Due: now,
		Notice: store.DeliveryNotice{Event: n.ID, Patient: n.Patient, Topic: n.Topic, Statement: n.Statement, At: n.At, Recorded: n.Recorded}}
	switch until := x.quietUntil(now); {
	case n.Detail == Changed:
		d.State, d.Due, d.Notice.Why = store.DeliveryHeld, time.Time{}, "more about what was told before: the same alert shows it"
	case x.Digest:
		d.State, d.Due, d.Notice.Why = store.DeliveryHeld, x.digestAt(now), "kept for the daily digest"
	case !until.IsZero():
		d.State, d.Due, d.Notice.Why = store.DeliveryHeld, until, "quiet hours"
	}
	return d
}

var london = mustLondon()

func mustLondon() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // embedded by time/tzdata
	}
	return l
}

// clockOn is a time of day on the day of t, in London.
func clockOn(t time.Time, clock string) time.Time {
	c, err := time.Parse("15:04", clock)
	if err != nil {
		return time.Time{}
	}
	t = t.In(london)
	return time.Date(t.Year(), t.Month(), t.Day(), c.Hour(), c.Minute(), 0, 0, london)
}

// quietUntil is when the quiet hours end in which now lies; zero outside of them.
func (x *Subscription) quietUntil(now time.Time) time.Time {
	if x.QuietFrom == "" || x.QuietUntil == "" || x.QuietFrom == x.QuietUntil {
		return time.Time{}
	}
	from, until := clockOn(now, x.QuietFrom), clockOn(now, x.QuietUntil)
	if from.Before(until) {
		if !now.Before(from) && now.Before(until) {
			return until
		}
		return time.Time{}
	}
	switch { // over midnight
	case now.Before(until):
		return until
	case !now.Before(from):
		return clockOn(until.AddDate(0, 0, 1), x.QuietUntil)
	}
	return time.Time{}
}

// digestTime is when digests are sent where there are no quiet hours.
const digestTime = "08:00"

// digestAt is when the next digest is sent.
func (x *Subscription) digestAt(now time.Time) time.Time {
	clock := x.QuietUntil
	if clock == "" {
		clock = digestTime
	}
	at := clockOn(now, clock)
	if !at.After(now) {
		at = clockOn(at.AddDate(0, 0, 1), clock)
	}
	return at
}
