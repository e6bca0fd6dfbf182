package fhir

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed compartment.tsv
var compartmentTable string

// compartmentPaths gives, for each type that a patient's compartment may
// hold, the elements by which it belongs, the subject first.
var compartmentPaths = sync.OnceValue(func() map[string][]string {
	paths := map[string][]string{}
	for line := range strings.Lines(compartmentTable) {
		resourceType, elements, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && !strings.HasPrefix(line, "#") {
			paths[resourceType] = strings.Fields(elements)
		}
	}
	return paths
})

// InPatientCompartment tells whether resources of this type can belong to a
// patient at all.
func InPatientCompartment(resourceType string) bool {
	return len(compartmentPaths()[resourceType]) > 0
}

// CompartmentElements returns the Reference elements by which a resource of
// this type may belong to a patient (R4 CompartmentDefinition patient), the
// resource's own subject first, whatever they point to: a subject may be
// known by its identifier alone. A Patient has none: it is its own
// compartment, and its links are claims about identity, not belonging.
func (r *Resource) CompartmentElements() []Value {
	if r.Type() == "Patient" {
		return nil
	}
	var found []Value
	for _, path := range compartmentPaths()[r.Type()] {
		found = append(found, r.root.Path(path)...)
	}
	return found
}

// CompartmentReferences returns the references by which a resource of this
// type belongs to a patient (R4 CompartmentDefinition patient): for an
// Observation, subject and performer of type Patient …; the resource's own
// subject first. A reference that does not itself say what it points to
// (urn:uuid:…, urn:oid:…, one without a type) is among them unless
// Reference.type says that it is something else; those to contained
// resources (#…) are not.
func (r *Resource) CompartmentReferences() []string {
	var found []string
	for _, element := range r.CompartmentElements() {
		reference := element.Get("reference").Text()
		if mayBePatient(reference, element.Get("type").Text()) {
			found = append(found, reference)
		}
	}
	return found
}

func mayBePatient(reference, said string) bool {
	switch {
	case reference == "" || reference[0] == '#':
		return false
	case strings.HasPrefix(reference, "urn:"):
		return said == "" || said == "Patient"
	}
	target := ReferenceType(reference)
	return target == "Patient" || target == "" && (said == "" || said == "Patient")
}

// ReferenceType tells the resource type that a literal reference names:
// "Patient" for Patient/1, http://host/fhir/Patient/1/_history/2 and
// Patient?identifier=…; "" where it names none (urn:uuid:…, #…).
func ReferenceType(reference string) string {
	if before, _, conditional := strings.Cut(reference, "?"); conditional {
		return typeWord(before[strings.LastIndexByte(before, '/')+1:])
	}
	reference, _, _ = strings.Cut(reference, "/_history/")
	reference, _, _ = strings.Cut(reference, "#")
	slash := strings.LastIndexByte(reference, '/')
	if slash < 0 {
		return ""
	}
	before := reference[:slash]
	return typeWord(before[strings.LastIndexByte(before, '/')+1:])
}

// typeWord returns s when it has the form of a type name.
func typeWord(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return ""
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return ""
		}
	}
	return s
}
