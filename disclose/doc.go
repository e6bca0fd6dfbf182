// Package disclose is the one way out: every look at a person's data, by
// page or by API, passes through here and nowhere else. It gathers the facts
// from store, asks access to decide about the record and about each thing in
// it, has compose make the record, and commits the audit entry before it
// returns anything. If the entry cannot be written, nothing is shown.
//
// A refused look is audited like a permitted one. A person whom the viewer may
// not know of is answered as if there were none.
//
// It may import kmcr, fhir, terms, access, compose, audit and store.
package disclose
