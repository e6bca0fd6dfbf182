package notify

import (
	"context"
	"errors"
	"time"

	"kmcr"
	"kmcr/store"
)

// How deliveries are tried: the first wait after a failure, which doubles up to the longest, and after how many attempts one is given up.
const (
	firstWait   = 2 * time.Second
	longestWait = 15 * time.Minute
	mostTries   = 12
	underWay    = 32 // deliveries at the same time
	fromOne     = 4  // of them, of one subscription
	lease       = 90 * time.Second
)

// errFinal is a failure that trying again does not mend.
var errFinal = errors.New("given up")

// flight is what is under way.
type flight struct {
	all map[string]int // by subscription
	n   int
	ids map[int64]bool
}

// send sends what is due. It returns when everything due has been begun.
func (s *Service) send(ctx context.Context) error {
	now := s.now()
	held, err := s.db.HeldDeliveries(ctx, now, atOnce)
	if err != nil {
		return err
	}
	if err := s.release(ctx, held); err != nil {
		return err
	}
	due, err := s.db.DueDeliveries(ctx, now, atOnce)
	if err != nil {
		return err
	}
	subscriptions, err := s.byID(ctx)
	if err != nil {
		return err
	}
	for _, d := range due {
		x := subscriptions[d.Subscription]
		if x != nil && x.Status == Requested {
			continue // the handshake comes first
		}
		if !s.begin(d) {
			continue
		}
		s.running.Go(func() {
			defer s.finish(d)
			if err := s.deliver(ctx, x, d); err != nil && ctx.Err() == nil {
				s.log.Error("a delivery could not be written down", "subscription", d.Subscription, "error", err.Error())
			}
		})
	}
	return nil
}

func (s *Service) byID(ctx context.Context) (map[string]*Subscription, error) {
	all, err := s.subscriptions(ctx)
	out := make(map[string]*Subscription, len(all))
	for n := range all {
		x := all[n]
		out[x.ID] = &x
	}
	return out, err
}

// begin takes a delivery under way; false where it is, or where there are enough.
func (s *Service) begin(d store.Delivery) bool {
	s.flying.Lock()
	defer s.flying.Unlock()
	f := &s.flight
	if f.ids[d.ID] || f.n >= underWay || f.all[d.Subscription] >= fromOne {
		return false
	}
	f.ids[d.ID] = true
	f.n++
	f.all[d.Subscription]++
	return true
}

func (s *Service) finish(d store.Delivery) {
	s.flying.Lock()
	delete(s.flight.ids, d.ID)
	s.flight.n--
	if s.flight.all[d.Subscription]--; s.flight.all[d.Subscription] == 0 {
		delete(s.flight.all, d.Subscription)
	}
	s.flying.Unlock()
	s.Wake()
}

// release lets go what was held until now. A mailbox gets one message for all of it.
func (s *Service) release(ctx context.Context, held []store.Delivery) error {
	if len(held) == 0 {
		return nil
	}
	subscriptions, err := s.byID(ctx)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for n := range held {
		d := &held[n]
		x := subscriptions[d.Subscription]
		d.State, d.Due = store.DeliveryWaiting, s.now()
		if x == nil || x.Channel != Mail {
			continue
		}
		// One that the subscriber may not have carries no others: it is not sent.
		switch focus, why, err := s.mayHave(ctx, x, *d); {
		case err != nil:
			return err
		case focus == "":
			d.State, d.Notice.Why, d.Notice.Last = store.DeliveryWithheld, why, s.now()
		case told[d.Subscription]:
			d.State, d.Due, d.Notice.Why = store.DeliveryHeld, time.Time{}, "told in one message with others"
		default:
			told[d.Subscription] = true
		}
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		for _, d := range held {
			if err := tx.PutDelivery(&d); err != nil {
				return err
			}
		}
		return nil
	})
}

// deliver decides about one delivery, sends it and writes down what came of it. The delivery is claimed before it is sent, so that of
// several processes one sends it; whoever dies meanwhile leaves it to be sent again, with the same number.
func (s *Service) deliver(ctx context.Context, x *Subscription, d store.Delivery) error {
	if x == nil {
		d.State, d.Notice.Why = store.DeliveryWithheld, "the subscription has been taken away"
		return s.db.Write(ctx, func(tx *store.Tx) error { return tx.PutDelivery(&d) })
	}
	focus, why, err := s.mayHave(ctx, x, d)
	if err != nil {
		return err
	}
	if d.Notice.Type = focus; focus == "" {
		d.State, d.Notice.Why, d.Notice.Last = store.DeliveryWithheld, why, s.now()
		return s.db.Write(ctx, func(tx *store.Tx) error { return tx.PutDelivery(&d) })
	}
	claimed, err := s.claim(ctx, x, &d)
	if err != nil || !claimed {
		return err
	}
	failed := s.transmit(ctx, x, &d)
	if ctx.Err() != nil {
		return nil // it is sent again by whoever comes next
	}
	return s.settle(ctx, x, d, failed)
}

// claim takes the next delivery of its person for this process, and numbers it where it has no number.
func (s *Service) claim(ctx context.Context, x *Subscription, d *store.Delivery) (claimed bool, err error) {
	was := d.Due
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		next := *d
		next.Due, next.Attempts, next.Notice.Last = s.now().Add(lease), d.Attempts+1, s.now()
		if claimed, err = tx.ClaimDelivery(&next, was); err != nil || !claimed {
			return err
		}
		err := s.change(tx, x.ID, func(kept *Subscription) {
			if next.Notice.Number == 0 {
				kept.Sent++
				next.Notice.Number = kept.Sent
			}
		})
		if err == nil {
			err = tx.PutDelivery(&next)
		}
		*d = next
		return err
	})
	return claimed, err
}

// transmit sends by the channel.
func (s *Service) transmit(ctx context.Context, x *Subscription, d *store.Delivery) error {
	if x.Channel == Mail {
		return s.mail.send(ctx, x, d)
	}
	return s.hooks.post(ctx, x, notification(s.base, x, "event-notification", d))
}

// settle writes down what came of sending.
func (s *Service) settle(ctx context.Context, x *Subscription, d store.Delivery, failed error) error {
	now := s.now()
	switch {
	case failed == nil:
		d.State, d.Notice.Why = store.DeliveryDone, ""
	case errors.Is(failed, errFinal) || d.Attempts >= mostTries:
		d.State, d.Notice.Why = store.DeliveryDead, failed.Error()
	default:
		d.Due, d.Notice.Why = now.Add(waitAfter(d.Attempts)), failed.Error()
	}
	defer s.forgetSubscriptions()
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.PutDelivery(&d); err != nil {
			return err
		}
		if failed == nil && x.Status == Active && x.Heartbeat == 0 {
			return nil
		}
		return s.change(tx, x.ID, func(kept *Subscription) { kept.heard(now, failed) })
	})
}

// waitAfter is how long is waited after so many attempts.
func waitAfter(attempts int) time.Duration {
	wait := firstWait
	for range attempts - 1 {
		if wait *= 2; wait >= longestWait {
			return longestWait
		}
	}
	return wait
}

// heard notes how a receiver answered.
func (x *Subscription) heard(now time.Time, failed error) {
	if failed == nil {
		x.Status, x.Failure, x.Last, x.Tries = Active, "", now, 0
		x.Due = time.Time{}
		if x.Heartbeat > 0 {
			x.Due = now.Add(time.Duration(x.Heartbeat) * time.Second)
		}
		return
	}
	x.Failure = failed.Error()
	x.Tries++
	if x.Status == Active {
		x.Status = Failing
	}
	x.Due = now.Add(waitAfter(x.Tries))
	if x.Status == Requested && (x.Tries >= mostTries || errors.Is(failed, errFinal)) {
		x.Status = Failing
		x.Due = time.Time{}
	}
}

// greet sends handshakes and heartbeats that are due.
func (s *Service) greet(ctx context.Context) error {
	all, err := s.subscriptions(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for _, x := range all {
		kind := "heartbeat"
		if x.Status == Requested {
			kind = "handshake"
		}
		due := x.Due
		if x.Channel != Hook || x.Status == Off || kind == "heartbeat" && (x.Heartbeat == 0 || due.IsZero()) || due.After(now) {
			continue
		}
		d := store.Delivery{Subscription: x.ID, ID: -1}
		if !s.beginGreeting(x.ID) {
			continue
		}
		s.running.Go(func() {
			defer s.finishGreeting(x.ID)
			if ok, err := s.stands(ctx, x.Owner); err != nil || !ok {
				return
			}
			failed := s.hooks.post(ctx, &x, notification(s.base, &x, kind, nil))
			if ctx.Err() != nil {
				return
			}
			defer s.forgetSubscriptions()
			err := s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
				return s.change(tx, d.Subscription, func(kept *Subscription) { kept.heard(s.now(), failed) })
			})
			if err != nil {
				s.log.Error("a handshake could not be written down", "subscription", x.ID, "error", err.Error())
			}
		})
	}
	return nil
}

func (s *Service) beginGreeting(id string) bool {
	s.flying.Lock()
	defer s.flying.Unlock()
	if s.greeting[id] {
		return false
	}
	s.greeting[id] = true
	return true
}

func (s *Service) finishGreeting(id string) {
	s.flying.Lock()
	delete(s.greeting, id)
	s.flying.Unlock()
	s.Wake()
}

// mayHave decides, now, whether a subscriber may have what happened; the decision is audited.
func (s *Service) mayHave(ctx context.Context, x *Subscription, d store.Delivery) (focus, why string, err error) {
	v, ok, err := s.owner(ctx, x.Owner)
	if err != nil || !ok {
		return "", "the account of the subscriber is not there any more, or disabled", err
	}
	e := kmcr.Event{ID: d.Notice.Event, Patient: d.Notice.Patient, Topic: d.Notice.Topic, At: d.Notice.At, Recorded: d.Notice.Recorded, Statement: d.Notice.Statement}
	focus, err = s.may(ctx, v, e, x.Person == "")
	return focus, "the subscriber may not have it (any more)", err
}

func (s *Service) stands(ctx context.Context, v kmcr.Viewer) (bool, error) {
	_, ok, err := s.owner(ctx, v)
	return ok, err
}
