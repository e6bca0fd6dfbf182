// Package audit says what an audit entry holds, how it is kept (Encode,
// Decode), how entries prove their order (Link), how they are sequenced into
// a transparency log (Leaf, Tree, Checkpoint: a tiled Merkle tree with signed
// checkpoints), how that log is proved from its files with the public key
// alone (Verify), how entries are told to others (FHIR), and what in
// them a privacy officer should look at (Watch), and how much use they show (Usage).
//
// It judges and formats only: it has no clock, no chance, no input and no
// output. Where entries and tiles are kept is for store. It may import kmcr,
// golang.org/x/mod/sumdb (tlog, note) and the standard library.
package audit
