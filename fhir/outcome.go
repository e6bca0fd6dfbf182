package fhir

import (
	"errors"
	"strings"

	"kmcr"
)

// Issue is one finding about a resource: severity "error", "warning" or
// "information"; code from the R4 issue-type value set; Expression is
// FHIRPath (Patient.name[0].given).
type Issue struct {
	Severity, Code, Expression, Diagnostics string
}

// HasErrors tells whether any of issues is an error.
func HasErrors(issues []Issue) bool {
	for _, i := range issues {
		if i.Severity == "error" || i.Severity == "fatal" {
			return true
		}
	}
	return false
}

// Outcome writes issues as an OperationOutcome (compact JSON). With no issue
// it says that all is well.
func Outcome(issues ...Issue) []byte {
	if len(issues) == 0 {
		issues = []Issue{{Severity: "information", Code: "informational", Diagnostics: "All is well"}}
	}
	dst := append(make([]byte, 0, 64+128*len(issues)), `{"resourceType":"OperationOutcome","issue":[`...)
	first := len(dst)
	for _, issue := range issues {
		dst = append(appendComma(dst, first), `{"severity":`...)
		dst = appendString(dst, issue.Severity)
		dst = append(dst, `,"code":`...)
		dst = appendString(dst, issue.Code)
		if issue.Diagnostics != "" {
			dst = append(dst, `,"diagnostics":`...)
			dst = appendString(dst, issue.Diagnostics)
		}
		if issue.Expression != "" {
			dst = append(dst, `,"expression":[`...)
			dst = append(appendString(dst, issue.Expression), ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

// issueCodes gives the R4 issue-type for each kind of error.
var issueCodes = map[kmcr.Kind]string{
	kmcr.Invalid: "invalid", kmcr.NotFound: "not-found", kmcr.Gone: "deleted", kmcr.Conflict: "conflict",
	kmcr.Precondition: "conflict", kmcr.Unauthenticated: "login", kmcr.Refused: "forbidden", kmcr.TooLarge: "too-costly",
	kmcr.Unsupported: "not-supported", kmcr.Unavailable: "transient", kmcr.Fault: "exception",
}

// IssueOf says err as an issue of severity error: its message and remedy, and
// its place, as expression where that is FHIRPath. The cause, which is for
// the operator's log only, is left out; so are the words of an error that is
// no *kmcr.Error.
func IssueOf(err error) Issue {
	issue := Issue{Severity: "error", Code: issueCodes[kmcr.KindOf(err)]}
	var e *kmcr.Error
	if !errors.As(err, &e) {
		issue.Diagnostics = "this service failed to answer; the fault is on its side"
		return issue
	}
	issue.Diagnostics = e.Message
	if e.Remedy != "" {
		issue.Diagnostics += ". To put it right: " + e.Remedy
	}
	switch {
	case e.Where == "":
	case strings.Contains(e.Where, " "):
		issue.Diagnostics = e.Where + ": " + issue.Diagnostics
	default:
		issue.Expression = e.Where
	}
	return issue
}
