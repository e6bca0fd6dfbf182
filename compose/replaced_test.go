package compose_test

import (
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
)

// a letter that a later one replaces is marked so, by number or by address; the later one is not.
func TestADocumentThatIsReplacedSaysSo(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	var statements []*kmcr.Statement
	for n, body := range []string{
		`{"resourceType":"DocumentReference","status":"current","masterIdentifier":{"system":"urn:x","value":"D1"},"type":{"text":"First"},"content":[{"attachment":{"title":"First"}}]}`,
		`{"resourceType":"DocumentReference","status":"current","masterIdentifier":{"system":"urn:x","value":"D2"},"type":{"text":"Second"},"relatesTo":[{"code":"replaces","target":{"identifier":{"system":"urn:x","value":"D1"}}}],"content":[{"attachment":{"title":"Second"}}]}`,
		`{"resourceType":"DocumentReference","status":"current","masterIdentifier":{"system":"urn:y","value":"D1"},"type":{"text":"Other"},"relatesTo":[{"code":"appends","target":{"identifier":{"system":"urn:x","value":"D2"}}}],"content":[{"attachment":{"title":"Other"}}]}`,
	} {
		r, err := fhir.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		s := &kmcr.Statement{ID: kmcr.StatementID{Patient: 1, Hash: uint64(n + 1)}, Version: 1, Type: "DocumentReference", Contributor: "h", At: now, Recorded: now}
		s.Body, s.Meta = r.Body(nil)
		s.Section, s.Labels = access.Classify(s.Type, s.Body, s.Meta)
		statements = append(statements, s)
	}
	got := compose.Compose(compose.Input{Ref: "x", Now: now, Statements: statements, Sources: []compose.Source{{Contributor: "h", Name: "Hospital", LastHeard: now, LastHeardHere: now, Linked: true}}})
	for _, d := range got.Documents.Items {
		if replaced := d.Title == "First"; d.Active == replaced {
			t.Errorf("%s is active: %v (%s)", d.Title, d.Active, d.Status)
		}
	}
	if len(got.Documents.Items) != 3 {
		t.Errorf("%d documents", len(got.Documents.Items))
	}
}
