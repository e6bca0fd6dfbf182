// Package ingest is the one way in. Messages over MLLP, FHIR over HTTP and
// files all pass the same door: made durable with their place in the ledger,
// acknowledged, read, given to the person they are about, and written, once
// however often they are sent and in order for each patient. What cannot be
// applied is parked with its reason, can be seen, and can be taken up again.
//
// received = applied + parked + rejected + waiting, always.
//
// It may import kmcr, fhir, hl7, terms, translate, match, audit and store.
// Who is involved in somebody's care, and what section a statement belongs
// to, are judged by access and handed over by cmd/kmcr as functions.
package ingest
