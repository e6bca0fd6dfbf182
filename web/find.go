package web

import (
	"net/http"
	"strings"

	"kmcr"
	"kmcr/compose"
)

// findView is what was looked for in a record, and what was found.
type findView struct {
	Words string        `json:"words"`
	Hits  []compose.Hit `json:"hits"`
}

// find looks for words in a person's record. What was typed is in no address.
func (s *site) find(q *ask) error {
	var v findView
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return err
		}
	} else if err := q.form(); err != nil {
		return err
	} else {
		v.Words = q.PostFormValue("words")
	}
	v.Words = strings.TrimSpace(v.Words)
	if v.Words == "" || len(v.Words) > 200 {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "words", Message: "type a word or a few to look for in this record", Remedy: "Go back and type, for example, a medicine or a problem."}
	}
	r, err := s.out.Record(q.Context(), q.viewer, q.PathValue("ref"), q.where())
	if err != nil {
		return err
	}
	v.Hits = r.Find(v.Words)
	if q.wantsJSON() {
		return q.writeParts(r, member{"words", v.Words}, member{"hits", v.Hits})
	}
	return s.show(q, "find", page{Title: "Search this record", Record: r, Here: "find", Body: v, Status: http.StatusOK})
}
