// Package hl7 reads and answers HL7 version 2 messages in their vertical bar
// form: MLLP frames, files of many messages, delimiters, segments, escapes,
// character sets, dates and acknowledgements.
//
// It knows the grammar and no meaning: what a field says about a person is
// for translate to judge. What was received is never changed: the bytes are
// kept as they came, and every reading of them is made beside them. NUL,
// bidirectional controls and markup in a field are data and come through as
// they are; whoever shows them must show them safely.
//
// It may import kmcr, and charmap of golang.org/x/text for character sets.
package hl7
