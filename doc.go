// Package kmcr holds the nouns of the care record that every room uses: NHS
// numbers, people and the contributors' patients they are linked from,
// organisations, roles, purposes, sections, labels and errors.
//
// It does no I/O, reads no clock and imports nothing but the standard
// library. It holds words, not behaviour: a rule about access lives in
// access, a rule about identity in match, a format in fhir or hl7.
package kmcr
