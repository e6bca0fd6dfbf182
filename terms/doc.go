// Package terms is the vocabulary of the record: words for codes, names of
// organisations and roles, plain words for jargon, keys by which two
// contributors' words for one medicine or substance are known to be the same,
// and the forms in which names, dates and ages are shown (designed from the
// NHS Common User Interface standards, ISB 1500 to 1508).
//
// It holds tables and lookups, no judgement about people, and may import kmcr
// only.
package terms
