package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/notify"
)

// subscriptionsView is what somebody is told of, and how.
type subscriptionsView struct {
	Topics []topicChoice `json:"-"`
	Wanted notify.Wanted `json:"inPages"`
	All    []heardBy     `json:"subscriptions"`
	Days   []told        `json:"alertsADay"`
}

type topicChoice struct {
	Code, Words string
	On          bool
}

// heardBy is a subscription with what it was told of late.
type heardBy struct {
	notify.Subscription
	Header  []string      `json:"header,omitempty"` // never given back
	History []notify.Kept `json:"history"`
}

// told counts the alerts of one day.
type told struct {
	Day        string `json:"day"`
	Told       int    `json:"told"`
	Suppressed int    `json:"suppressed"`
}

func (s *site) notified() (*notify.Service, error) {
	if s.Notify == nil {
		return nil, &kmcr.Error{Kind: kmcr.Unavailable, Message: "this process does not tell anybody", Remedy: "Read the alerts."}
	}
	return s.Notify, nil
}

// subscriptions shows what the viewer is told of, how, and how often.
func (s *site) subscriptions(q *ask) error {
	n, err := s.notified()
	if err != nil {
		return err
	}
	if err := s.out.MayListen(q.Context(), q.viewer); err != nil {
		return err
	}
	v := subscriptionsView{All: []heardBy{}}
	if v.Wanted, err = n.WantedBy(q.Context(), q.viewer); err != nil {
		return err
	}
	own, err := n.Subscriptions(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	for _, x := range own {
		h := heardBy{Subscription: x}
		if h.History, err = n.History(q.Context(), &x); err != nil {
			return err
		}
		v.All = append(v.All, h)
	}
	for _, t := range notify.Topics {
		v.Topics = append(v.Topics, topicChoice{t.Code, t.Words, v.Wanted.Has(t.Code)})
	}
	alerts, err := s.out.Alerts(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	v.Days = alertsADay(alerts, v.Wanted)
	if q.wantsJSON() {
		return q.writeJSON(0, v)
	}
	return s.show(q, "subscriptions", page{Title: "What I am told of", Here: "/subscriptions", Body: v})
}

// alertsADay counts alerts by the day on which they were told, the newest first.
func alertsADay(alerts []disclose.Alert, wanted notify.Wanted) []told {
	out := []told{}
	for _, a := range alerts {
		day := a.Told.In(london).Format(time.DateOnly)
		n := slices.IndexFunc(out, func(t told) bool { return t.Day == day })
		if n < 0 {
			out = append(out, told{Day: day})
			n = len(out) - 1
		}
		if a.State == disclose.AlertHeld || !wanted.Has(a.Topic) {
			out[n].Suppressed++
		} else {
			out[n].Told++
		}
	}
	return out
}

// asked is a subscription as a form or JSON asks for it.
type askedFor struct {
	Channel    string   `json:"channel"`
	Endpoint   string   `json:"endpoint"`
	Content    string   `json:"content"`
	Person     string   `json:"person"`
	Kind       string   `json:"kind"`
	QuietFrom  string   `json:"quietFrom"`
	QuietUntil string   `json:"quietUntil"`
	Digest     bool     `json:"digest"`
	Topics     []string `json:"topics"`
}

// subscribe adds a subscription.
func (s *site) subscribe(q *ask) error {
	n, err := s.notified()
	if err != nil {
		return err
	}
	var a askedFor
	if q.sentJSON() {
		err = q.readJSON(&a)
	} else if err = q.form(); err == nil {
		f := q.PostForm
		a = askedFor{Channel: f.Get("channel"), Endpoint: f.Get("endpoint"), Content: f.Get("content"), Person: f.Get("person"), Kind: f.Get("kind"), QuietFrom: f.Get("quietFrom"), QuietUntil: f.Get("quietUntil"),
			Digest: f.Get("digest") != "", Topics: f["topics"]}
	}
	if err != nil {
		return err
	}
	person := a.Person[strings.LastIndexByte(a.Person, '/')+1:]
	made, err := n.Subscribe(q.Context(), q.viewer, notify.Subscription{Channel: a.Channel, Endpoint: strings.TrimSpace(a.Endpoint), Content: a.Content, Person: kmcr.Ref(person), Kind: a.Kind, Digest: a.Digest, QuietFrom: a.QuietFrom, QuietUntil: a.QuietUntil, Topics: a.Topics})
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, heardBy{Subscription: *made, History: []notify.Kept{}})
	}
	return q.see("/subscriptions")
}

// unsubscribe takes one away.
func (s *site) unsubscribe(q *ask) error {
	n, err := s.notified()
	if err != nil {
		return err
	}
	if err := n.Unsubscribe(q.Context(), q.viewer, q.PathValue("id")); err != nil {
		return err
	}
	return q.done("/subscriptions")
}

// want keeps of what the viewer is alerted in pages.
func (s *site) want(q *ask) error {
	n, err := s.notified()
	if err != nil {
		return err
	}
	if err := s.out.MayListen(q.Context(), q.viewer); err != nil {
		return err
	}
	var a struct {
		Topics []string `json:"topics"`
	}
	if q.sentJSON() {
		err = q.readJSON(&a)
	} else if err = q.form(); err == nil {
		a.Topics = q.PostForm["topics"]
	}
	if err != nil {
		return err
	}
	if err := n.Want(q.Context(), q.viewer, a.Topics); err != nil {
		return err
	}
	return q.done("/subscriptions")
}

// deliveries shows whoever tends the feeds what does not arrive.
func (s *site) deliveries(q *ask) error {
	n, err := s.notified()
	if err != nil {
		return err
	}
	if err := s.out.MayTend(q.Context(), q.viewer, "/deliveries"); err != nil {
		return err
	}
	all, err := n.Troubles(q.Context())
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"deliveries": list(all)})
	}
	return s.show(q, "deliveries", page{Title: "Notifications that do not arrive", Here: "/deliveries", Body: all})
}

// deliverAgain has one that was given up sent once more.
func (s *site) deliverAgain(q *ask) error {
	n, err := s.notified()
	if err != nil {
		return err
	}
	if err := s.out.MayTend(q.Context(), q.viewer, "/deliveries/{subscription}/{n}/again"); err != nil {
		return err
	}
	id, err := strconv.ParseInt(q.PathValue("n"), 10, 64)
	if err != nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such delivery"}
	}
	if err := n.Again(q.Context(), q.viewer, q.PathValue("subscription"), id); err != nil {
		return err
	}
	return q.done("/deliveries")
}
