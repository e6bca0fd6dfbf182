// Package access judges: may this viewer see this item of this person, for
// this purpose, now? It names the rule that said so in words that the person
// concerned can read. A missing fact means no.
//
// One rule lives in each file rule_*.go; Rules lists them in the order in
// which they are asked. What roles may do is data (matrix.csv), and so are
// the codes that make a statement sensitive (sensitive.csv): both are written
// to be read by an information governance lead.
//
// It also reads from statements who is involved in a person's care
// (Involvements), and under which section and labels a statement stands
// (Classify). Those two lie on the path of every statement that comes in, so
// they walk the kept bytes instead of indexing them.
//
// No I/O, no clock, no random numbers. It imports kmcr alone.
package access
