package notify

import (
	"testing"
	"time"

	"kmcr"
)

// A result is of a kind by any of its codes, whichever stands first, and by the system where one is asked for.
func TestAResultIsOfAKindByAnyOfItsCodes(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	result := func(codings string) string {
		_, detail := TopicOf(now, nil, &kmcr.Statement{Type: "Observation", Section: kmcr.Results, At: now,
			Body: []byte(`{"resourceType":"Observation","status":"final","code":{"coding":[` + codings + `]},"effectiveDateTime":"2026-11-22"}`)})
		return detail
	}
	both := `{"system":"urn:local","code":"HB"},{"system":"http://loinc.org","code":"718-7"}`
	for _, c := range []struct {
		codings, kind string
		want          bool
	}{
		{both, "718-7", true}, {both, "http://loinc.org|718-7", true}, {both, "urn:local|HB", true}, {both, "urn:other|718-7", false}, {both, "|718-7", false}, {both, "718", false},
		{`{"system":"urn:other","code":"718-7"}`, "http://loinc.org|718-7", false}, {`{"code":"718-7"}`, "|718-7", true}, {`{"code":"718-7"}`, "718-7", true}, {"", "718-7", false},
	} {
		if got := isOfKind(result(c.codings), c.kind); got != c.want {
			t.Errorf("%s is of the kind %s: %v", c.codings, c.kind, got)
		}
	}
}
