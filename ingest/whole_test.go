package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"kmcr/ingest"
	"kmcr/store"
)

// A contributor may send whole records instead of events: what a later one does not state again has ended.
func TestWhatAWholeRecordDoesNotStateAgainHasEnded(t *testing.T) {
	const (
		patient   = `"Patient","id":"p","identifier":[{"system":"urn:gp","value":"1"}],"name":[{"family":"Fox"}],"birthDate":"1941-03-05"}`
		asthma    = `"Condition","id":"a","code":{"text":"Asthma"},"subject":{"reference":"Patient/p"}}`
		gout      = `"Condition","id":"g","code":{"text":"Gout"},"subject":{"reference":"Patient/p"}}`
		procedure = `"Procedure","id":"c","status":"completed","code":{"text":"Cataract"},"subject":{"reference":"Patient/p"}}`
	)
	for _, c := range []struct {
		name  string
		whole bool
		kind  string
		left  string
	}{
		{"a whole record", true, "collection", "Condition Patient"},
		{"a collection of a contributor that sends events", false, "collection", "Condition Condition Patient Procedure"},
		{"a transaction is events, whoever sends it", true, "transaction", "Condition Condition Patient Procedure"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := build(t)
			gp := contributors[0]
			gp.Whole = c.whole
			h.must(h.db.Write(h.ctx(), func(tx *store.Tx) error { return tx.Put(store.KindContributor, "gp", gp) }))
			send := func(resources ...string) {
				t.Helper()
				for i, r := range resources {
					_, id, _ := strings.Cut(r, `"id":"`)
					id, _, _ = strings.Cut(id, `"`)
					kind := strings.Split(r, `"`)[1]
					resources[i] = `{"resource":{"resourceType":` + r
					if c.kind == "transaction" {
						resources[i] += `,"request":{"method":"PUT","url":"` + kind + "/" + id + `"}`
					}
					resources[i] += "}"
				}
				h.fhir(200, ingest.Interaction{Contributor: "gp", Method: "POST", Body: []byte(`{"resourceType":"Bundle","type":"` + c.kind + `","entry":[` + strings.Join(resources, ",") + `]}`)})
			}
			send(patient, asthma, gout, procedure)
			send(patient, gout)
			p, err := h.db.PatientByKey(h.ctx(), "gp", "urn:gp|1")
			h.must(err)
			var left []string
			for _, st := range h.compartment(p.ID).Current() {
				left = append(left, st.Type)
			}
			slices.Sort(left)
			if got := strings.Join(left, " "); got != c.left {
				t.Errorf("there is left %s, want %s", got, c.left)
			}
		})
	}
}
