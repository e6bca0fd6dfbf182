// Package fhirapi is FHIR R4 over HTTP: what a professional's token sees of a
// person, and what a contributor's client writes and reads of its own.
//
// It fetches and decides nothing itself: reads go through disclose, which
// decides and audits before the first byte leaves, and writes through ingest.
// Every answer that is not a resource is an OperationOutcome. It may import
// kmcr, fhir, disclose, ingest and notify.
package fhirapi
