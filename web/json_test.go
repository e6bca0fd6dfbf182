package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"kmcr/compose"
)

// bigRecord is a record of n statements, each shown once in its section and once in the timeline.
func bigRecord(n int) *compose.Record {
	r := fullRecord()
	r.Timeline = nil
	for i := range n {
		p := one(from("Ivy Court Surgery", i, "2024-05-06"))
		item := compose.Item{Title: fmt.Sprint("Condition number ", i), Kind: "Condition", Status: "active", Active: true, Date: "2024-05-06", From: p}
		if i%2 == 0 {
			r.Problems.Items = append(r.Problems.Items, item)
		} else {
			r.Results.Items[0].Values = append(r.Results.Items[0].Values, compose.Value{Text: "5.4", Number: 5.4, Date: "2024-05-06", Low: "3.5", High: "5.5", From: p[0]})
		}
		r.Timeline = append(r.Timeline, item)
	}
	return r
}

func BenchmarkRecordJSON(b *testing.B) {
	r := bigRecord(1000)
	b.ReportAllocs()
	for b.Loop() {
		out, err := encode(r)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
	}
}

// What a page answers as JSON is the record: nothing left out, nothing changed.
func TestTheRecordComesBackFromItsJSON(t *testing.T) {
	for _, r := range []*compose.Record{fullRecord(), deadRecord(), notShownRecord()} {
		w := get(sampleSite(&sample{records: map[string]*compose.Record{string(r.Ref): r}}), "gp", "/people/"+string(r.Ref), "Accept", "application/json")
		var back compose.Record
		if err := json.Unmarshal(w.Body.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(want, &a) != nil || json.Unmarshal(w.Body.Bytes(), &b) != nil || !reflect.DeepEqual(empty(a), empty(b)) {
			t.Errorf("%s: the JSON is not that of the record", r.Ref)
		}
	}
}

// empty makes absent lists and empty ones alike.
func empty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = empty(x)
		}
	case []any:
		for i, x := range v {
			v[i] = empty(x)
		}
		if len(v) == 0 {
			return nil
		}
	}
	return v
}
