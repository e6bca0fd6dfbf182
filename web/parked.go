package web

import (
	"strings"

	"kmcr"
)

// parked shows one message that could not be applied.
func (s *site) parked(q *ask) error {
	id, err := q.number("id")
	if err != nil {
		return err
	}
	if s.ShowParked == nil {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "parked messages are not shown here", Remedy: "Use the command kmcr parked show."}
	}
	m, err := s.ShowParked(q.Context(), q.viewer, id)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, m)
	}
	return s.show(q, "parked", page{Title: "Parked message", Here: "/feeds", Body: m})
}

// replayParked takes a parked message up again.
func (s *site) replayParked(q *ask) error {
	return s.settleParked(q, func(id int64, _ string) error { return s.in.Replay(q.Context(), id, q.viewer) })
}

// discardParked gives a parked message up, with a reason.
func (s *site) discardParked(q *ask) error {
	return s.settleParked(q, func(id int64, reason string) error {
		if strings.TrimSpace(reason) == "" {
			return &kmcr.Error{Kind: kmcr.Invalid, Message: "a message is given up with a reason", Remedy: "Say why it will never be applied."}
		}
		return s.in.Discard(q.Context(), id, reason, q.viewer)
	})
}

func (s *site) settleParked(q *ask, do func(id int64, reason string) error) error {
	id, err := q.number("id")
	if err != nil {
		return err
	}
	reason, err := q.reason()
	if err != nil {
		return err
	}
	if _, err := s.out.Feeds(q.Context(), q.viewer); err != nil { // disclose says who works on feeds
		return err
	}
	if err := do(id, reason); err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"id": id})
	}
	return q.see("/feeds")
}
