package access

import (
	"bytes"

	"kmcr"
)

// What a sensitive entry says is also said by what hangs together with it: the
// encounter in which it was made, what else came of that encounter, and what
// refers to it or is a part of it. cluster finds these, so that they are
// withheld together.
type cluster struct {
	names  map[string]bool // "Type/id" of what is withheld for its labels
	events map[string]bool // "Encounter/id" that it belongs to
	parts  map[string]bool // "Type/id" of what it is made of
}

func clusterOf(sealed []*kmcr.Statement) *cluster {
	c := &cluster{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, s := range sealed {
		name := nameOf(s)
		c.names[name] = true
		if s.Type == "Encounter" {
			c.events[name] = true
		}
		references(s.Body, func(ref []byte) bool {
			switch t := typeOf(ref); {
			case t == "Encounter" && s.Type != "EpisodeOfCare" && s.Type != "CarePlan" && s.Type != "CareTeam":
				c.events[string(ref)] = true
			case isWhole(s.Type) && isPart(t):
				c.parts[string(ref)] = true
			}
			return true
		})
	}
	return c
}

// holds tells whether a statement hangs together with what is withheld.
// Allergies stay: a reaction that nobody was told of kills, and an allergy
// that is sensitive in itself has labels of its own. So do demographics, and
// those who and places that entries speak of.
func (c *cluster) holds(s *kmcr.Statement) bool {
	if s.Section == kmcr.Allergies || s.Section == kmcr.Demographics || isContext(s.Type) && s.Type != "Provenance" {
		return false
	}
	if name := nameOf(s); c.events[name] || c.parts[name] {
		return true
	}
	found := false
	references(s.Body, func(ref []byte) bool {
		found = c.names[string(ref)] || c.events[string(ref)]
		return !found
	})
	return found
}

func nameOf(s *kmcr.Statement) string { return s.Type + "/" + s.ID.String() }

// isWhole tells whether resources of a type are made of others of the same event.
func isWhole(resourceType string) bool {
	switch resourceType {
	case "DiagnosticReport", "DocumentReference", "DocumentManifest", "Composition", "Encounter", "Procedure", "ServiceRequest",
		"MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration", "QuestionnaireResponse":
		return true
	}
	return false
}

// isPart tells whether resources of a type can be a part of an event.
func isPart(resourceType string) bool {
	return resourceType != "Patient" && resourceType != "RelatedPerson" && resourceType != "Encounter" && resourceType != "EpisodeOfCare" &&
		resourceType != "CareTeam" && resourceType != "CarePlan" && resourceType != "AllergyIntolerance" && !isContext(resourceType)
}

func typeOf(ref []byte) string {
	n := bytes.IndexByte(ref, '/')
	return string(ref[:max(n, 0)])
}

// The members that hold a reference; an attachment refers by its url.
var referenceMembers = [][]byte{[]byte(`"reference":"`), []byte(`"url":"Binary/`)}

// references calls f for each reference of the body until it returns false.
func references(body []byte, f func(ref []byte) bool) {
	for n, name := range referenceMembers {
		for at := 0; ; {
			i := bytes.Index(body[at:], name)
			if i < 0 {
				break
			}
			start := at + i + len(name)
			end := start + max(bytes.IndexByte(body[start:], '"'), 0)
			if n == 1 {
				start -= len("Binary/")
			}
			if !f(body[start:end]) {
				return
			}
			at = end
		}
	}
}

// onlyOf finds the places, organisations and staff that withheld statements
// speak of and no permitted one does: the name of a clinic says why somebody
// went there.
func onlyOf(withheld []*kmcr.Statement, permitted []*kmcr.Statement) map[string]bool {
	context := map[string]*kmcr.Statement{}
	for _, s := range permitted {
		if isContext(s.Type) && s.Type != "Provenance" {
			context[nameOf(s)] = s
		}
	}
	only := reached(withheld, context)
	if len(only) == 0 {
		return nil
	}
	var clinical []*kmcr.Statement
	for _, s := range permitted {
		if !isContext(s.Type) {
			clinical = append(clinical, s)
		}
	}
	for name := range reached(clinical, context) {
		delete(only, name)
	}
	return only
}

// reached is the context that statements speak of, directly or through other context.
func reached(from []*kmcr.Statement, context map[string]*kmcr.Statement) map[string]bool {
	found := map[string]bool{}
	for len(from) > 0 {
		var next []*kmcr.Statement
		for _, s := range from {
			references(s.Body, func(ref []byte) bool {
				if c := context[string(ref)]; c != nil && !found[string(ref)] {
					found[string(ref)] = true
					next = append(next, c)
				}
				return true
			})
		}
		from = next
	}
	return found
}
