// Package extract reads the words of files that documents come as: plain text,
// HTML, RTF and PDF, so that they can be read as inert text and searched.
//
// Nothing in a file is ever run, loaded or resolved; what cannot be read gives
// no words. Everything is bounded: input, output, nesting. It may import kmcr
// only.
package extract
