// Command bench measures the running program and prints each figure as a
// ratio to a baseline measured in the same run: transaction Bundles in,
// records out, HL7 acknowledgements, disk, memory, and how placing, opening and
// finding grow with the population (placing among a million: --only placing
// --crowd 1000000).
//
// It starts bin/kmcr on a fresh database in a temporary folder and talks to
// it over loopback only, in bounded runs that end by themselves. It may import
// kmcr and synth; it speaks SQL only for the baseline, "the same bytes with
// nothing else done".
package main
