package fhir_test

import (
	"errors"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
)

func TestOutcomeIsProperJSON(t *testing.T) {
	r := read(t, string(fhir.Outcome(
		fhir.Issue{Severity: "error", Code: "value", Expression: "Patient.name[0]", Diagnostics: "a \"quoted\" \\ line\nbreak \x01 \xff 😀"},
		fhir.Issue{Severity: "warning", Code: "code-invalid"})))
	want := `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value","diagnostics":"a \"quoted\" \\ line\nbreak \u0001 ` + "\uFFFD" + ` 😀","expression":["Patient.name[0]"]},{"severity":"warning","code":"code-invalid"}]}`
	if got := string(r.Bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(fhir.Outcome()); !strings.Contains(got, `"severity":"information"`) {
		t.Errorf("no issue at all: %s", got)
	}
}

func TestIssueOfAnErrorKeepsItsCauseToItself(t *testing.T) {
	err := error(&kmcr.Error{Kind: kmcr.Invalid, Message: "no", Remedy: "do", Where: "Patient.name", Err: errors.New("secret")})
	if got := fhir.IssueOf(err); got != (fhir.Issue{"error", "invalid", "Patient.name", "no. To put it right: do"}) {
		t.Errorf("got %+v", got)
	}
	_, err = fhir.Parse([]byte(`{"a":}`))
	if got := fhir.IssueOf(err); !strings.HasPrefix(got.Diagnostics, "line 1 column 6: ") || got.Expression != "" {
		t.Errorf("got %+v", got)
	}
	if got := fhir.IssueOf(errors.New("secret")); got.Code != "exception" || strings.Contains(got.Diagnostics, "secret") {
		t.Errorf("got %+v", got)
	}
}
