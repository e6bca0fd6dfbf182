package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/notify"
)

// alertsView is my alerts, those that are held back, and from where the stream goes on.
type alertsView struct {
	Alerts []disclose.Alert
	Held   []disclose.Alert
	Apart  []disclose.Alert // of topics that the reader is not alerted of
}

// alerts lists what happened to my people, the newest first.
func (s *site) alerts(q *ask) error {
	all, err := s.out.Alerts(q.Context(), q.viewer)
	if err != nil {
		return err
	}
	wanted, err := s.wanted(q)
	if err != nil {
		return err
	}
	v := alertsView{}
	for _, a := range all {
		switch {
		case a.State == disclose.AlertHeld:
			v.Held = append(v.Held, a)
		case !wanted.Has(a.Topic):
			v.Apart = append(v.Apart, a)
		default:
			v.Alerts = append(v.Alerts, a)
		}
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"alerts": list(v.Alerts), "held": list(v.Held), "suppressed": list(v.Apart)})
	}
	return s.show(q, "alerts", page{Title: "Alerts", Here: "/alerts", Body: v})
}

// wanted is of what the reader is alerted.
func (s *site) wanted(q *ask) (notify.Wanted, error) {
	if s.Notify == nil {
		return notify.Wanted{Topics: notify.DefaultTopics(q.viewer.Role)}, nil
	}
	return s.Notify.WantedBy(q.Context(), q.viewer)
}

// alert shows one.
func (s *site) alert(q *ask) error {
	a, err := s.out.AlertByID(q.Context(), q.viewer, q.PathValue("id"))
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, a)
	}
	return s.show(q, "alerts", page{Title: "Alert", Here: "/alerts", Body: alertsView{Alerts: []disclose.Alert{*a}}})
}

// acknowledgeAlert notes that the reader has read an alert as it stands.
func (s *site) acknowledgeAlert(q *ask) error {
	if err := s.out.AcknowledgeAlert(q.Context(), q.viewer, q.PathValue("id")); err != nil {
		return err
	}
	return q.done("/alerts")
}

// askProvider asks those who provide care to suspend it, or to begin again.
func (s *site) askProvider(q *ask) error {
	sent, err := q.allGiven("service", "words")
	if err != nil {
		return err
	}
	asked, err := s.out.AskProvider(q.Context(), q.viewer, q.PathValue("id"), sent["service"], sent["words"])
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"asked": list(asked)})
	}
	return q.see("/alerts#alert-" + q.PathValue("id"))
}

// allGiven are values that were sent, by form or as JSON; those that were not are "".
func (q *ask) allGiven(names ...string) (map[string]string, error) {
	out := map[string]string{}
	if q.sentJSON() {
		v := map[string]any{}
		if err := q.readJSON(&v); err != nil {
			return nil, err
		}
		for _, name := range names {
			out[name], _ = v[name].(string)
		}
		return out, nil
	}
	if q.ContentLength == 0 {
		return out, nil
	}
	if err := q.form(); err != nil {
		return nil, err
	}
	for _, name := range names {
		out[name] = q.PostFormValue(name)
	}
	return out, nil
}

// stillHere is how often a stream says that it is there.
const stillHere = 15 * time.Second

// alertStream sends the alerts of somebody who has signed in as they come
// (server-sent events). Each is decided upon, audited and drawn when it is
// sent; whoever has signed out or may not have it any more gets nothing.
func (s *site) alertStream(q *ask) error {
	if err := s.out.MayListen(q.Context(), q.viewer); err != nil {
		return err
	}
	if s.Notify == nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "alerts are not streamed by this process", Remedy: "Load the page again to see what is new."}
	}
	since, _ := strconv.ParseInt(q.URL.Query().Get("since"), 10, 64)
	if last, err := strconv.ParseInt(q.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		since = last
	}
	ctx, stop := context.WithCancel(q.Context())
	defer stop()
	signals, err := s.Notify.Listen(ctx, q.viewer, since)
	if err != nil && ctx.Err() != nil {
		return nil // the listener has gone
	}
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	q.w.Header().Set("X-Accel-Buffering", "no")
	q.w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(q.w)
	if err := s.event(q, out, ": listening\n\n"); err != nil {
		return nil
	}
	tick := time.NewTicker(stillHere)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case signal, open := <-signals:
			if !open {
				return nil
			}
			if err := s.tell(q, out, signal); err != nil {
				if ctx.Err() == nil && kmcr.KindOf(err) != kmcr.Unauthenticated { // the listener comes back and begins after the last that arrived
					s.Log.Error("an alert could not be told", "error", err.Error())
				}
				return nil
			}
		case <-tick.C:
			if _, err := s.Viewer(q.Request); err != nil || s.event(q, out, ": still here\n\n") != nil {
				return nil
			}
		}
	}
}

// tell sends what a signal is about; an error ends the stream.
func (s *site) tell(q *ask, out *http.ResponseController, signal notify.Signal) error {
	v, err := s.Viewer(q.Request)
	was := q.viewer
	was.Proven = v.Proven // proving it again changes nothing of who it is
	if err != nil || v != was {
		return &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "signed out"}
	}
	all, err := s.out.AlertsAbout(q.Context(), v, signal.Person, "/alerts/stream")
	if err != nil {
		return err
	}
	wanted, err := s.wanted(q)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a disclose.Alert) bool {
		return !wanted.Has(a.Topic) || a.Told.Before(signal.Recorded.Add(-time.Second)) || a.State == disclose.AlertHeld || a.State == disclose.AlertAcknowledged
	})
	for _, a := range slices.Backward(all) {
		var drawn bytes.Buffer
		if err := s.drawn.part(&drawn, "alert", a); err != nil {
			return err
		}
		data, err := json.Marshal(map[string]any{"alert": a, "text": a.Name + ": " + a.Text, "html": drawn.String()})
		if err != nil {
			return err
		}
		if err := s.event(q, out, fmt.Sprintf("event: alert\nid: %d\ndata: %s\n\n", signal.Event, data)); err != nil {
			return err
		}
	}
	return nil
}

// event writes to a stream at once.
func (s *site) event(q *ask, out *http.ResponseController, text string) error {
	_ = out.SetWriteDeadline(time.Now().Add(stillHere)) // where it cannot be set the connection has its own
	if _, err := q.w.Write([]byte(text)); err != nil {
		return err
	}
	return out.Flush()
}
