// Command bench measures the running program and prints each figure as a
// ratio to a baseline measured in the same run: transaction Bundles in,
// records out, HL7 acknowledgements, disk, memory, and how opening and finding
// grow with the population.
//
// It starts bin/kmcr on a fresh database in a temporary folder and talks to
// it over loopback only, in bounded runs that end by themselves. It may import
// kmcr and synth; it speaks SQL only for the baseline, "the same bytes with
// nothing else done".
package main
