// Package notify decides who should hear of an event, delivers it and
// remembers that it did.
//
// Events are put on a bulletin in the store by the very write that makes them
// (store.AddEvent). From there two ways lead on: to pages that are open
// (Listen, at once), and to subscribers (deliveries, durable, in order for
// each person, tried again, given up visibly). Neither carries content by
// itself: what may be said is decided by disclose at the moment it is sent,
// through functions that cmd/kmcr hands over.
//
// TopicOf says what a new version of a statement means to those who should
// hear of it; it is pure.
//
// It may import kmcr, fhir, terms, access, audit and store.
package notify
