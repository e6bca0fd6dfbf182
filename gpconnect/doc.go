// Package gpconnect asks a GP practice's system for a patient's structured
// record (GP Connect Access Record: Structured 1.x, FHIR STU3), through the
// Spine Secure Proxy: the request, its token and headers, the forms in which
// it refuses, and the client.
//
// What it answers is bounded and held against the question: a record that is
// not of the number that was asked for is thrown away. It knows nothing of the
// record here; ingest decides what an answer means. It may import kmcr and
// fhir.
package gpconnect
