package web

import (
	"strings"

	"kmcr"
	"kmcr/ingest"
)

// message shows one message from its bytes to where it shows, masked.
func (s *site) message(q *ask) error { return s.showMessage(q, "") }

// revealMessage shows it as it was sent, for a reason.
func (s *site) revealMessage(q *ask) error {
	reason, err := q.reason()
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(reason)) < 10 {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "what was sent is shown for a reason", Remedy: "Say in a few words why you need to read it."}
	}
	return s.showMessage(q, reason)
}

func (s *site) showMessage(q *ask, reason string) error {
	id, err := q.number("id")
	if err != nil {
		return err
	}
	m, err := s.out.Message(q.Context(), q.viewer, id, reason)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, m)
	}
	return s.show(q, "message", page{Title: "Message", Here: "/feeds", Body: m})
}

// previewView is what taking a parked message up would do.
type previewView struct {
	ID        int64
	Raw       string
	Corrected bool // other bytes than were sent
	*ingest.Preview
}

// previewParked says what taking a parked message up would do, as it is or with other bytes.
func (s *site) previewParked(q *ask) error {
	id, raw, _, err := s.correction(q)
	if err != nil {
		return err
	}
	p, err := s.in.Preview(q.Context(), id, raw)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, p)
	}
	return s.show(q, "preview", page{Title: "What it would do", Here: "/feeds", Body: previewView{id, strings.ReplaceAll(string(raw), "\r", "\n"), raw != nil, p}})
}

// correctParked takes a parked message up as it should have been sent.
func (s *site) correctParked(q *ask) error {
	id, raw, reason, err := s.correction(q)
	if err != nil {
		return err
	}
	if raw == nil {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "there is nothing to take up in its place", Remedy: "Write the message as it should have been sent."}
	}
	corrected, err := s.in.Correct(q.Context(), id, raw, reason, q.viewer)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"id": id, "corrected": corrected})
	}
	return q.see("/feeds")
}

// correction reads what is to be taken up in place of a parked message; nil where it is to be taken up as it is.
func (s *site) correction(q *ask) (id int64, raw []byte, reason string, err error) {
	if id, err = q.number("id"); err != nil {
		return
	}
	form, err := q.sent()
	if err != nil {
		return
	}
	if _, err = s.out.Feeds(q.Context(), q.viewer); err != nil { // disclose says who works on feeds
		return
	}
	if text := form("raw"); strings.TrimSpace(text) != "" {
		raw = []byte(text)
		if strings.HasPrefix(strings.TrimSpace(text), "MSH") { // browsers send line ends as they please
			raw = []byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r"))
		}
	}
	return id, raw, form("reason"), nil
}
