package notify

import (
	"context"
	"time"

	"kmcr"
	"kmcr/store"
)

// Trouble is a delivery that waits after a failure, was given up, or was withheld, as whoever tends the feeds sees it: it names nobody.
type Trouble struct {
	Subscription string    `json:"subscription"`
	ID           int64     `json:"id"`
	Owner        string    `json:"owner"` // the account
	Channel      string    `json:"channel"`
	Endpoint     string    `json:"endpoint"`
	Topic        string    `json:"topic"`
	State        string    `json:"state"` // "waiting", "dead", "withheld"
	Attempts     int       `json:"attempts"`
	Why          string    `json:"why"`
	Last         time.Time `json:"last,omitzero"`
	Due          time.Time `json:"due,omitzero"`
}

// mostTroubles is how many are listed.
const mostTroubles = 200

// Troubles lists what does not arrive, the newest first. Whether a viewer may see it is decided before (disclose.Service.MayTend).
func (s *Service) Troubles(ctx context.Context) ([]Trouble, error) {
	all, err := s.db.Troubled(ctx, mostTroubles)
	if err != nil {
		return nil, err
	}
	subscriptions, err := s.byID(ctx)
	if err != nil {
		return nil, err
	}
	out := []Trouble{}
	for _, d := range all {
		t := Trouble{Subscription: d.Subscription, ID: d.ID, Topic: d.Notice.Topic, State: d.State, Attempts: d.Attempts, Why: d.Notice.Why, Last: d.Notice.Last, Due: d.Due}
		if x := subscriptions[d.Subscription]; x != nil {
			t.Owner, t.Channel, t.Endpoint = x.Owner.Account, x.Channel, x.Endpoint
		}
		if d.State != store.DeliveryWaiting {
			t.Due = time.Time{}
		}
		out = append(out, t)
	}
	return out, nil
}

// Again has a delivery that was given up sent once more; audited.
func (s *Service) Again(ctx context.Context, v kmcr.Viewer, subscription string, id int64) error {
	d, err := s.db.DeliveryByID(ctx, subscription, id)
	if err != nil {
		return err
	}
	if d == nil || d.State != store.DeliveryDead {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such delivery that was given up", Remedy: "Read the list again."}
	}
	d.State, d.Due, d.Attempts = store.DeliveryWaiting, s.now(), 0
	e := s.entry(v, "administer", map[string]string{"delivery": "again", "subscription": subscription})
	e.Where = "/deliveries"
	defer s.Wake()
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
		return tx.Audit(e)
	})
}

// Kept is one notice of a subscription as its owner sees it.
type Kept struct {
	Topic string    `json:"topic"`
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Why   string    `json:"why,omitempty"`
}

// mostKept is how many notices of a subscription are listed.
const mostKept = 50

// History lists what a subscription was told, and what waits by its owner's own rules; the newest first. It names nobody. Of what
// the owner may not have it says nothing, for that something is there would tell what it is.
func (s *Service) History(ctx context.Context, x *Subscription) ([]Kept, error) {
	all, err := s.db.DeliveriesOf(ctx, x.ID, "", mostKept)
	if err != nil {
		return nil, err
	}
	out := []Kept{}
	for _, d := range all {
		switch d.State {
		case store.DeliveryWithheld:
			continue
		case store.DeliveryHeld, store.DeliveryWaiting:
			if focus, _, err := s.mayHave(ctx, x, d); err != nil {
				return nil, err
			} else if focus == "" {
				continue
			}
		}
		out = append(out, Kept{d.Notice.Topic, d.Notice.Recorded, d.State, d.Notice.Why})
	}
	return out, nil
}

// Metrics are what is measured of telling: those who listen, subscriptions, and deliveries that wait after a failure or were given up.
func (s *Service) Metrics(ctx context.Context) (listeners, subscriptions, waiting, dead int, err error) {
	all, err := s.subscriptions(ctx)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	troubled, err := s.db.Troubled(ctx, mostTroubles)
	for _, d := range troubled {
		switch d.State {
		case store.DeliveryWaiting:
			waiting++
		case store.DeliveryDead:
			dead++
		}
	}
	return s.Listeners(), len(all), waiting, dead, err
}
