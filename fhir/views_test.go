package fhir_test

import (
	"reflect"
	"testing"
	"time"

	"kmcr/fhir"
)

func TestConceptText(t *testing.T) {
	for in, want := range map[string]string{
		`{"v":{"text":"as said","coding":[{"display":"D","code":"c"}]}}`: "as said",
		`{"v":{"coding":[{"code":"c"},{"display":"D","code":"d"}]}}`:     "D",
		`{"v":{"coding":[{"code":"c"},{"code":"d"}]}}`:                   "c",
		`{"v":[{"coding":[{"code":"c"}]},{"text":"second"}]}`:            "c",
		`{"v":{"code":"x","display":"a Coding"}}`:                        "a Coding",
		`{"v":{}}`: "", `{"v":"text"}`: "", `{}`: "",
	} {
		if got := fhir.ConceptText(read(t, in).Root().Get("v")); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestReaders(t *testing.T) {
	v := read(t, `{"concept":[{"coding":[{"system":"s","code":"1"},{}]},{"coding":[{"system":"s","version":"v","code":"2","display":"two"}]}],
	 "name":[{"use":"official","family":"F","given":["A","B"],"period":{"start":"2020","end":"2021"}},{"text":"T"}],
	 "identifier":{"use":"official","type":{"text":"t"},"system":"s","value":"v"},
	 "quantity":{"comparator":"<","value":5.40,"code":"mmol/L"}}`).Root()
	if got, want := fhir.Codings(v.Get("concept")), []fhir.Coding{{"s", "", "1", ""}, {"s", "v", "2", "two"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("codings %+v", got)
	}
	if !fhir.Coded(v.Get("concept"), "s", "2") || fhir.Coded(v.Get("concept"), "s", "3") {
		t.Error("Coded")
	}
	if got, want := fhir.HumanNames(v.Get("name")), []fhir.HumanName{{Use: "official", Family: "F", Given: []string{"A", "B"}, Start: "2020", End: "2021"}, {Text: "T"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("names %+v", got)
	}
	if got, want := fhir.Identifiers(v.Get("identifier")), []fhir.Identifier{{Use: "official", Type: "t", System: "s", Value: "v"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("identifiers %+v", got)
	}
	q := fhir.QuantityOf(v.Get("quantity"))
	if number, ok := q.Number(); q.String() != "< 5.40 mmol/L" || number != 5.4 || !ok {
		t.Errorf("quantity %q", q)
	}
	if q := fhir.QuantityOf(fhir.Value{}); q.String() != "" {
		t.Errorf("no quantity: %q", q)
	}
}

func TestInstantReadsEveryPrecision(t *testing.T) {
	at := func(y int, m time.Month, d, h, min, s, ns int) time.Time {
		return time.Date(y, m, d, h, min, s, ns, time.UTC)
	}
	for in, want := range map[string]struct {
		precision string
		at        time.Time
	}{
		"2024":                               {"year", at(2024, 1, 1, 0, 0, 0, 0)},
		"2024-03":                            {"month", at(2024, 3, 1, 0, 0, 0, 0)},
		"2024-02-29":                         {"day", at(2024, 2, 29, 0, 0, 0, 0)},
		"2024-03-01T10:20":                   {"minute", at(2024, 3, 1, 10, 20, 0, 0)},
		"2024-03-01T10:20Z":                  {"minute", at(2024, 3, 1, 10, 20, 0, 0)},
		"2024-03-01T10:20:30":                {"second", at(2024, 3, 1, 10, 20, 30, 0)},
		"2024-03-01T10:20:30+01:00":          {"second", at(2024, 3, 1, 9, 20, 30, 0)},
		"2024-03-01T10:20:30.5-05:00":        {"second", at(2024, 3, 1, 15, 20, 30, 500_000_000)},
		"2024-03-01T10:20:30.123456789Z":     {"second", at(2024, 3, 1, 10, 20, 30, 123456789)},
		"2024-03-01T10:20:30.1234567891234Z": {"second", at(2024, 3, 1, 10, 20, 30, 123456789)},
		"2023-02-29":                         {}, "2024-13": {}, "24": {}, "": {}, "20240301": {}, "2024-03-01 10:20:30": {}, "2024-03-01T25:00:00Z": {}, "2024-03.5": {}, "2024-03-01T10:20:30.x": {}, "2024-03-01T10": {}, "yesterday!": {},
	} {
		got, ok := fhir.Instant(in)
		if ok != (want.precision != "") || fhir.Precision(in) != want.precision || !got.Equal(want.at) {
			t.Errorf("%s: got %v %q", in, got, fhir.Precision(in))
		}
	}
}
