// Package notify will decide who should hear of an event, deliver it and
// remember that it did.
//
// Events themselves are already kept by store as messages are applied, and
// disclose lists them as alerts for whoever is involved. Nothing is sent out
// of this service yet.
//
// It may import kmcr, fhir, terms, access, audit and store.
package notify
