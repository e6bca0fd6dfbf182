package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// The statuses of a subscription (FHIR R4 Subscription.status).
const (
	Requested = "requested" // its receiver has not answered the handshake yet
	Active    = "active"
	Failing   = "error" // the receiver has not taken something; it is tried again
	Off       = "off"
)

// The channels.
const (
	Hook = "rest-hook"
	Mail = "email"
)

// The contents of a notification (backport IG): nothing but that something happened, or the ids of what.
const (
	ContentEmpty = "empty"
	ContentID    = "id-only"
)

// Subscription is who wants to be told of what, and how.
type Subscription struct {
	ID      string      `json:"id"`
	Owner   kmcr.Viewer `json:"owner"`
	Created time.Time   `json:"created"`
	Status  string      `json:"status"`
	Reason  string      `json:"reason,omitempty"`
	// Topics are of Topics; empty means all. Person is the one person whom it is about, "" for everybody on the owner's list. Kind is the
	// code of the results that it is about, "" for all.
	Topics []string `json:"topics,omitempty"`
	Person kmcr.Ref `json:"person,omitempty"`
	Kind   string   `json:"kind,omitempty"`

	Channel   string   `json:"channel"`
	Endpoint  string   `json:"endpoint"`
	Header    []string `json:"header,omitempty"`
	Content   string   `json:"content"`
	Heartbeat int      `json:"heartbeat,omitempty"` // seconds; 0: none
	Timeout   int      `json:"timeout,omitempty"`   // seconds; 0: 10
	// End is when it ends by itself; zero: never.
	End time.Time `json:"end,omitzero"`
	// Digest gathers what happens and sends it once a day, at the end of the quiet hours; QuietFrom and QuietUntil ("22:00", London time) are
	// hours in which nothing is sent.
	Digest     bool   `json:"digest,omitempty"`
	QuietFrom  string `json:"quietFrom,omitempty"`
	QuietUntil string `json:"quietUntil,omitempty"`

	Sent    int64     `json:"sent"` // notifications of events, by which they are numbered
	Last    time.Time `json:"last,omitzero"`
	Failure string    `json:"failure,omitempty"` // how the last attempt failed
	Tries   int       `json:"tries,omitempty"`   // of the handshake
	Due     time.Time `json:"due,omitzero"`      // when the handshake or heartbeat is next tried
}

// The most subscriptions that one owner has.
const mostSubscriptions = 50

func invalid(where, what, remedy string) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: what, Remedy: remedy}
}

// check tells what is wrong with a subscription as it was asked for.
func (s *Service) check(x *Subscription) error {
	for _, t := range x.Topics {
		if !KnownTopic(t) {
			return invalid("criteria", "there is no such topic", "The topics are urn:kmcr:topic: followed by one of "+strings.Join(topicCodes(), ", ")+".")
		}
	}
	switch x.Channel {
	case Hook:
		u, err := url.Parse(x.Endpoint)
		if err != nil || !s.hooks.allowed(u) {
			return &kmcr.Error{Kind: kmcr.Refused, Where: "channel.endpoint", Message: "notifications may not be sent to this address", Remedy: "Ask the operator to add its host to --hook, the list of those that may be."}
		}
	case Mail:
		a, err := mail.ParseAddress(strings.TrimPrefix(x.Endpoint, "mailto:"))
		if err != nil || !s.mail.allowed(a.Address) {
			return &kmcr.Error{Kind: kmcr.Refused, Where: "channel.endpoint", Message: "e-mail may not be sent to this address", Remedy: "Give an address of your organisation whose domain the operator has put on the list (--mail-domain); without --mail-relay there is no e-mail."}
		}
		x.Endpoint = a.Address
		if x.Header != nil {
			return invalid("channel.header", "e-mail has no headers of yours", "Leave them out.")
		}
	default:
		return &kmcr.Error{Kind: kmcr.Unsupported, Where: "channel.type", Message: "notifications are sent by rest-hook or email", Remedy: "Use one of these. Pages show alerts by themselves."}
	}
	if x.Content == "" {
		x.Content = ContentID
	}
	if x.Content != ContentID && x.Content != ContentEmpty {
		return &kmcr.Error{Kind: kmcr.Unsupported, Where: "channel.payload", Message: "a notification holds ids or nothing, never content", Remedy: "Ask for id-only or empty, and read what it is about here."}
	}
	for _, h := range x.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.ContainsAny(h, "\r\n") || !headerName(name) || strings.TrimSpace(value) == "" {
			return invalid("channel.header", "this is not a header of HTTP", "Write Name: value.")
		}
	}
	if x.Heartbeat < 0 || x.Heartbeat > 0 && x.Heartbeat < 10 || x.Timeout < 0 || x.Timeout > 60 {
		return invalid("channel", "a heartbeat comes every 10 seconds at the most, and a time-out is 60 seconds at the most", "Correct it.")
	}
	for _, clock := range []string{x.QuietFrom, x.QuietUntil} {
		if _, err := time.Parse("15:04", clock); clock != "" && err != nil {
			return invalid("quiet", "this is not a time of day", "Write 22:00.")
		}
	}
	if (x.QuietFrom == "") != (x.QuietUntil == "") {
		return invalid("quiet", "quiet hours have a beginning and an end", "Give both.")
	}
	if !x.End.IsZero() && !x.End.After(s.now()) {
		return invalid("end", "the subscription would have ended already", "Give a time to come.")
	}
	return nil
}

// headerName tells whether a subscriber may set a header of this name.
func headerName(name string) bool {
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return false
	}
	switch strings.ToLower(name) {
	case "host", "content-length", "content-type", "transfer-encoding", "connection", "cookie", "upgrade", "expect", "te", "trailer":
		return false
	}
	return true
}

func topicCodes() (all []string) {
	for _, t := range Topics {
		all = append(all, t.Code)
	}
	return all
}

// Subscribe adds a subscription of a viewer. About one person it is refused unless the record is open to the viewer now.
func (s *Service) Subscribe(ctx context.Context, v kmcr.Viewer, x Subscription) (*Subscription, error) {
	if err := s.check(&x); err != nil {
		return nil, s.refused(ctx, v, err)
	}
	if s.may == nil {
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "this process does not tell anybody"}
	}
	if err := s.maySubscribe(ctx, v, x.Person, x.Topics); err != nil {
		return nil, err
	}
	own, err := s.Subscriptions(ctx, v)
	if err != nil {
		return nil, err
	}
	if len(own) >= mostSubscriptions {
		return nil, s.refused(ctx, v, &kmcr.Error{Kind: kmcr.TooLarge, Message: "there are 50 subscriptions of this account already", Remedy: "Delete one."})
	}
	x.ID, x.Owner, x.Created, x.Status, x.Sent, x.Last, x.Failure = strings.ToLower(rand.Text()), v, s.now(), Active, 0, time.Time{}, ""
	if x.Channel == Hook {
		x.Status = Requested
	}
	err = s.keep(ctx, v, "subscribe", &x)
	s.Wake()
	return &x, err
}

// keep writes a subscription and that it was.
func (s *Service) keep(ctx context.Context, v kmcr.Viewer, action string, x *Subscription) error {
	defer s.forgetSubscriptions()
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.Put(store.KindSubscription, x.ID, x); err != nil {
			return err
		}
		return tx.Audit(s.entry(v, action, map[string]string{"subscription": x.ID, "channel": x.Channel, "topics": strings.Join(x.Topics, " ")}))
	})
}

func (s *Service) entry(v kmcr.Viewer, action string, detail map[string]string) *audit.Entry {
	return &audit.Entry{At: s.now(), Action: action, Viewer: v, Purpose: kmcr.Administration, Allowed: true, Where: "/subscriptions", Detail: detail,
		Rule: "Whoever may know of something may ask to be told; what is told is decided when it is."}
}

// refused writes down that a subscription was refused.
func (s *Service) refused(ctx context.Context, v kmcr.Viewer, why error) error {
	e := s.entry(v, "subscribe", nil)
	e.Allowed, e.Rule = false, why.Error()
	if err := s.db.AuditNow(context.WithoutCancel(ctx), e); err != nil {
		return err
	}
	return why
}

// Looked writes down that a viewer has read the viewer's own subscriptions.
func (s *Service) Looked(ctx context.Context, v kmcr.Viewer) error {
	e := s.entry(v, "work-list", nil)
	e.Rule = "Subscriptions are shown to those who own them."
	return s.db.AuditNow(context.WithoutCancel(ctx), e)
}

// Subscriptions lists those of a viewer, the newest first.
func (s *Service) Subscriptions(ctx context.Context, v kmcr.Viewer) ([]Subscription, error) {
	all, err := s.subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	var own []Subscription
	for _, x := range all {
		if x.Owner.Account == v.Account && x.Owner.Contributor == v.Contributor {
			own = append(own, x)
		}
	}
	slices.SortFunc(own, func(a, b Subscription) int { return b.Created.Compare(a.Created) })
	return own, nil
}

// Subscription finds one of a viewer's by its id.
func (s *Service) Subscription(ctx context.Context, v kmcr.Viewer, id string) (*Subscription, error) {
	own, err := s.Subscriptions(ctx, v)
	for n := range own {
		if own[n].ID == id {
			return &own[n], err
		}
	}
	if err == nil {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such subscription of yours"}
	}
	return nil, err
}

// Unsubscribe takes one of a viewer's away. What has been told stays written down.
func (s *Service) Unsubscribe(ctx context.Context, v kmcr.Viewer, id string) error {
	x, err := s.Subscription(ctx, v, id)
	if err != nil {
		return s.refused(ctx, v, err)
	}
	defer s.forgetSubscriptions()
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.Remove(store.KindSubscription, x.ID); err != nil {
			return err
		}
		return tx.Audit(s.entry(v, "unsubscribe", map[string]string{"subscription": x.ID}))
	})
}

// subscriptionsAge is how long the list of subscriptions is used before it is read again: another process may have written.
const subscriptionsAge = time.Second

func (s *Service) forgetSubscriptions() {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	s.kept.read = time.Time{}
}

// subscriptions lists all.
func (s *Service) subscriptions(ctx context.Context) ([]Subscription, error) {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	if !s.kept.read.IsZero() && time.Since(s.kept.read) < subscriptionsAge {
		return s.kept.all, nil
	}
	var all []Subscription
	err := s.db.List(ctx, store.KindSubscription, func(_ string, body []byte) error {
		var x Subscription
		err := json.Unmarshal(body, &x)
		all = append(all, x)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.kept.all, s.kept.read = all, time.Now()
	return all, nil
}

// change alters a subscription where it still is there.
func (s *Service) change(tx *store.Tx, id string, f func(*Subscription)) error {
	var x Subscription
	found, err := tx.Get(store.KindSubscription, id, &x)
	if err != nil || !found {
		return err
	}
	f(&x)
	return tx.Put(store.KindSubscription, id, x)
}
