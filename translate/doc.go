// Package translate turns a contributor's message into statements: claims
// about who a patient is, and FHIR R4 resources with the contributor's own
// identifiers, codes, units, words and dates as they were sent.
//
// HL7 v2: each message kind has a file of its own (adt, oru, mdm, siu,
// orders), each segment that several kinds share another (pid, nk1, al1, dg1,
// obx, pv1). Adult social care Client Level Data: cld. A spell in hospital is told by
// many messages in any order; spell makes one Encounter of them (Fold).
//
// Nothing is guessed and nothing is dropped in silence: what has no place in
// a resource is listed in Reading.Unmapped, what looks wrong in Reading.Flags.
// Tables here are about mapping alone; words for display belong to terms.
//
// It does no I/O and reads no clock. It may import kmcr, fhir, hl7 and terms.
package translate
