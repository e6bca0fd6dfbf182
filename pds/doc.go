// Package pds asks the Personal Demographics Service (FHIR R4) whose an NHS
// number is, and whose number a person has: the requests, the forms in which
// it answers (found, replaced by another number, restricted, deceased, not
// known, not valid, several) and the client, which signs in with a key of its
// own (application-restricted access: private_key_jwt).
//
// What it answers is taken as carefully as anything else that comes from
// outside: bounded, parsed strictly, and held against the question. It knows
// nothing of the record; ingest decides what an answer means. It may import
// kmcr and fhir.
package pds
