package ingest

import (
	"bytes"
	"encoding/json"
	"slices"

	"kmcr"
	"kmcr/fhir"
)

// supersede lets the status of the patient's documents follow from which of them replace which, in whatever order they came: one that
// another in force replaces is superseded, and in force again when that one is taken back.
func (a *application) supersede(x *subject) error {
	said := slices.Clone(x.said)
	if !slices.ContainsFunc(said, func(s *kmcr.Statement) bool { return s.Type == "DocumentReference" }) {
		return nil
	}
	latest := map[kmcr.StatementID]*kmcr.Statement{}
	for _, st := range append(slices.Clone(x.current()), said...) {
		if st.Type == "DocumentReference" && !x.saidAt(st.ID).After(st.At) {
			latest[st.ID] = st
		}
	}
	replaced, released := map[string]bool{}, map[string]bool{}
	for id, st := range latest {
		if !st.Deleted {
			mark(replaced, st)
		} else if head := x.head(id); head != nil && !head.Deleted {
			mark(released, head)
		}
	}
	for _, st := range latest {
		if st.Deleted {
			continue
		}
		number := numberOf(fhir.Of(st).Root().Get("masterIdentifier"))
		status := fhir.Of(st).Root().Get("status")
		var err error
		switch {
		case replaced[number] && status.Is("current"):
			err = a.restate(x, st, "superseded")
		case released[number] && !replaced[number] && status.Is("superseded"):
			err = a.restate(x, st, "current")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mark notes the numbers of the documents that a document says it replaces.
func mark(numbers map[string]bool, st *kmcr.Statement) {
	for _, r := range fhir.Of(st).Root().Get("relatesTo").Items() {
		if number := numberOf(r.Get("target").Get("identifier")); r.Get("code").Is("replaces") && number != "" {
			numbers[number] = true
		}
	}
}

// numberOf is an identifier as system|value; "" for none.
func numberOf(identifier fhir.Value) string {
	if identifier.Get("value").Text() == "" {
		return ""
	}
	return identifier.Get("system").Text() + "|" + identifier.Get("value").Text()
}

// restate gives a document another status: what this message says of it, or a version of its own.
func (a *application) restate(x *subject, st *kmcr.Statement, status string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(st.Body, &members); err != nil {
		return err
	}
	delete(members, "resourceType")
	members["status"] = json.RawMessage(`"` + status + `"`)
	rest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	made := &kmcr.Statement{ID: st.ID, Type: st.Type, Contributor: a.c.Code, Key: st.Key, At: st.At, Recorded: a.plan.received,
		MessageID: a.plan.ledger.message.ID, Meta: st.Meta, Body: slices.Concat([]byte(`{"resourceType":"`+st.Type+`",`), bytes.TrimPrefix(rest, []byte("{")))}
	made.Section, made.Labels = a.s.Classify(made.Type, made.Body, made.Meta)
	for i := range x.said {
		if x.said[i] == st {
			x.said[i] = made
			return nil
		}
	}
	x.say(made)
	return nil
}
