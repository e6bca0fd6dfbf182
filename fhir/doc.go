// Package fhir reads and writes FHIR R4 (4.0.1): strict JSON with an index
// over it (parse.go, trusted.go, value.go), XML (xmlin.go, xmlout.go), the
// base R4 structure rules (structure.go, validate.go, primitive.go), what a
// resource refers to and how it is kept and given back (body.go,
// compartment.go), findings (outcome.go), and small typed readers of the data
// types that the record shows (views.go).
//
// A resource is its bytes and an index, never a tree of Go structs: whatever
// is not understood here survives. Nothing here knows of people, access or
// storage, does I/O or reads a clock. It imports kmcr alone.
//
// The tables (r4.txt.gz, compartment.tsv) are derived from the published
// HL7 FHIR R4 definitions (CC0) by fhir/gen; see the comment in
// fhir/gen/main.go.
package fhir
