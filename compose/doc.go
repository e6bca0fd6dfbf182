// Package compose makes the record that people read from permitted statements:
// sections, one line for each medicine, conflicts with what each contributor
// says, freshness, the timeline.
//
// It is pure: the same statements give the same record whatever order they
// came in, the time is passed in, and every statement is either shown or
// listed as not shown with the reason. It knows nothing of access: what it is
// given may be shown. It may import kmcr, fhir and terms.
package compose
