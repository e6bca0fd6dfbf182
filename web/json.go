package web

import (
	"bytes"
	"net/http"
	"sync"

	"kmcr"
	"kmcr/compose"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// asWritten are the options of all our JSON: no HTML escapes (it is served as
// JSON with nosniff), zero numbers left out where omitempty says so, names in
// a fixed order and not checked for repeats, which our types cannot make.
var asWritten = json.JoinOptions(jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.EscapeForHTML(false), jsontext.AllowDuplicateNames(true), json.Deterministic(true))

// writeJSON answers with v as JSON.
func (q *ask) writeJSON(status int, v any) error {
	b := answers.Get().(*bytes.Buffer)
	defer answers.Put(b)
	b.Reset()
	if err := json.MarshalWrite(b, v, asWritten); err != nil {
		return kmcr.Errorf(kmcr.Fault, "JSON of %s: %w", q.pattern, err)
	}
	return q.write(status, "application/json", b.Bytes())
}

// answers holds room for answers that were sent: a record is long, and there are many.
var answers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func encode(v any) ([]byte, error) { return json.Marshal(v, asWritten) }

// member is one named value of a JSON object.
type member struct {
	Name  string
	Value any
}

// object writes members in their order.
func object(members ...member) (jsontext.Value, error) {
	b := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = jsontext.AppendQuote(b, m.Name); err != nil {
			return nil, err
		}
		v, err := encode(m.Value)
		if err != nil {
			return nil, err
		}
		b = append(append(b, ':'), v...)
	}
	return append(b, '}'), nil
}

// writeParts answers with the parts of a record, headed by whose it is.
func (q *ask) writeParts(r *compose.Record, parts ...member) error {
	head := []member{{"ref", r.Ref}, {"asOf", r.AsOf}, {"banner", r.Banner}, {"sources", r.Sources}}
	b, err := object(append(head, parts...)...)
	if err != nil {
		return kmcr.Errorf(kmcr.Fault, "JSON of %s: %w", q.pattern, err)
	}
	return q.write(http.StatusOK, "application/json", b)
}

// read fills v from a JSON body, refusing what it does not know.
func (q *ask) readJSON(v any) error {
	if err := json.UnmarshalRead(q.Body, v, json.RejectUnknownMembers(true)); err != nil {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the body is not the JSON that is asked for here", Remedy: "Send one object with the members that the page's form has.", Err: err}
	}
	return nil
}
