// Package synth makes a synthetic Kent and Medway from a seed: households,
// people, organisations, staff, and what each organisation's system would send
// about them, in the form in which it really sends it (FHIR R4 Bundles, HL7 v2
// messages, Client Level Data rows).
//
// Nobody in it exists: NHS numbers are from the range 999 000 0000 to
// 999 999 9999, which is never issued, and names and addresses are drawn from
// lists. Organisations are the real ones of Kent and Medway by their ODS
// codes. Clinical stories that a demonstration or a test relies on are data,
// in stories.json; everybody else is drawn by chance from the seed.
//
// It may import kmcr, fhir, hl7 and terms. It sends nothing itself: cmd/kmcr
// sends what World.Messages gives through the real doors, so that the
// demonstration is also a test of them.
package synth
