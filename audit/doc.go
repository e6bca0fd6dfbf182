// Package audit says what an audit entry holds, how it is kept (Encode,
// Decode), how entries prove their order (Link) and how they are told to
// others (FHIR).
//
// It judges and formats only: it has no clock, no chance, no input and no
// output. Where entries are kept, and how a chain is walked and proved, is
// for store. It may import kmcr and the standard library.
package audit
