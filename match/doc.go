// Package match answers one question: are these two the same person?
//
// It compares what two contributors say of who their patient is, field by
// field, and gives a verdict with its reasons in words. A number alone never
// links; twins are never joined; what is in doubt is for a person to decide.
//
// It judges and does nothing else: no input or output, no clock, no chance.
// It imports kmcr and the Unicode tables of golang.org/x/text.
package match
