package fhir

import "kmcr"

// Of is the index over a statement's body, made once and kept with it; nil
// where the body cannot be read as a resource of the statement's type.
func Of(s *kmcr.Statement) *Resource {
	r, _ := s.Memo(indexOf).(*Resource)
	return r
}

func indexOf(s *kmcr.Statement) any {
	r := Trusted(s.Body)
	if r.Type() != s.Type {
		return (*Resource)(nil)
	}
	return r
}
