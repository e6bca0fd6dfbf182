package ingest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/ingest"
)

type bundle struct {
	Entry []struct {
		FullURL  string
		Resource json.RawMessage
		Response struct{ Status, Location string }
	}
}

func TestWhatIsSentIsReadBackAsItWas(t *testing.T) {
	h := build(t)
	for name, data := range files(t, "synthea-r4/*.json.gz") {
		answer := h.fhir(200, ingest.Interaction{Method: "POST", Body: data})
		var sent, got bundle
		h.must(json.Unmarshal(data, &sent))
		h.must(json.Unmarshal(answer.Body, &got))
		if len(sent.Entry) != len(got.Entry) {
			t.Fatalf("%s: %d entries are answered with %d", name, len(sent.Entry), len(got.Entry))
		}
		to := map[string]string{}
		for i, e := range sent.Entry {
			to[e.FullURL] = strings.Split(got.Entry[i].Response.Location, "/_history")[0]
		}
		seen := map[string]bool{}
		for i, e := range sent.Entry {
			location := got.Entry[i].Response.Location
			if seen[location] {
				t.Fatalf("%s: two entries are kept as one", name)
			}
			seen[location] = true
			h.same(e.Resource, location, to)
		}
	}
	if tally := h.balanced(); tally.Applied != tally.Received || tally.Applied == 0 {
		t.Errorf("not all was applied: %+v", tally)
	}
}

// same compares what was sent with what is kept, but for id, meta and references inside the Bundle.
func (h *house) same(sent []byte, location string, to map[string]string) {
	h.Helper()
	_, rest, _ := strings.Cut(location, "/")
	id, ok := kmcr.ParseStatementID(strings.Split(rest, "/")[0])
	if !ok {
		h.Fatalf("%s is not a location", location)
	}
	kept := h.compartment(id.Patient).Head(id)
	if kept == nil {
		h.Fatalf("nothing is kept at %s", location)
	}
	var want, got map[string]any
	h.must(json.Unmarshal(sent, &want))
	h.must(json.Unmarshal(kept.Body, &got))
	delete(want, "id")
	delete(want, "meta")
	follow(want, to)
	if !reflect.DeepEqual(want, got) {
		h.Fatalf("sent\n%s\nkept\n%s", sent, kept.Body)
	}
	if fhir.Trusted(kept.Body).Type() != want["resourceType"] {
		h.Fatalf("kept as another type")
	}
}

// follow replaces references as they are to be replaced.
func follow(v any, to map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		if r, ok := v["reference"].(string); ok && to[r] != "" {
			v["reference"] = to[r]
		}
		for _, m := range v {
			follow(m, to)
		}
	case []any:
		for _, m := range v {
			follow(m, to)
		}
	}
}

func TestWhatIsSentAgainChangesNothing(t *testing.T) {
	h := build(t)
	all := files(t, "synthea-r4/B*.json.gz")
	for range 3 {
		for _, data := range all {
			h.fhir(200, ingest.Interaction{Method: "POST", Body: data})
		}
	}
	patients, persons, blocks, err := h.db.Counts(h.ctx())
	h.must(err)
	if patients != int64(len(all)) || persons != int64(len(all)) || blocks != int64(len(all)) {
		t.Errorf("%d Bundles sent three times make %d patients, %d persons, %d blocks", len(all), patients, persons, blocks)
	}
}
