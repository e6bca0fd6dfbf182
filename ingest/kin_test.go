package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"kmcr/ingest"
)

// Whom two systems name as next of kin is evidence, wherever they say so: it tells two of one name and birth, of whom little else is
// known, from their namesakes; it follows what stands; and it makes no twin the other.
func TestNextOfKinIsEvidence(t *testing.T) {
	const (
		contact = `,"contact":[{"name":{"family":"Fox","given":["Basil"]},"telecom":[{"system":"phone","value":"01634 555 123"}]}]`
		basil   = "NK1|1|Fox^Basil|SPO||(01634) 555123\r"
		doris   = "NK1|1|Patel^Doris|FND||01227 555 999\r"
		firm    = "NK1|1||EMR||01634 555 123|||||||||Fox Basil Ltd\r"
	)
	moved := redescribed["moved"](adaNo)
	one, two := []string{"gp/1 hospital/H1"}, []string{"gp/1", "hospital/H1"}
	at := func(h *house, says string, want []string) {
		t.Helper()
		if got := h.people(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", says, got, want)
		}
	}
	t.Run("in the message", func(t *testing.T) {
		h := build(t)
		h.register(1, moved, contact)
		h.tell("1", "A28", 1, adaNo, firm)
		at(h, "a firm of that name", two)
		h.tell("2", "A31", 1, adaNo, doris)
		at(h, "another next of kin", two)
		h.tell("3", "A31", 1, adaNo, basil)
		at(h, "the same next of kin", one)
		h.tell("4", "A31", 1, adaNo, "")
		at(h, "a message that names nobody leaves who was named", one)
		h.tell("5", "A31", 1, adaNo, doris)
		at(h, "another again", two)
	})
	t.Run("after the patient", func(t *testing.T) {
		h := build(t)
		h.tell("1", "A28", 1, adaNo, basil)
		h.register(1, moved, "")
		at(h, "nobody named by the practice", two)
		said := h.fhir(201, ingest.Interaction{Method: "POST", Type: "RelatedPerson", Body: []byte(`{"resourceType":"RelatedPerson","patient":{"identifier":{"system":"urn:gp","value":"1"}},
			"relationship":[{"text":"Husband"}],"name":[{"text":"Basil Fox"}],"telecom":[{"system":"phone","value":"01634555123"}]}`)})
		at(h, "named in a statement of its own", one)
		h.fhir(204, ingest.Interaction{Method: "DELETE", Type: "RelatedPerson", ID: strings.Split(said.Location, "/")[1]})
		at(h, "which is taken back", two)
	})
	t.Run("twins", func(t *testing.T) {
		h := build(t)
		h.register(1, ada, contact)
		h.tell("1", "A28", 1, ruth, basil)
		at(h, "of one mother", two)
	})
}
