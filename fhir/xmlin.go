package fhir

import "kmcr"

// FromXML turns a FHIR XML resource into FHIR JSON (R4, 2.6.1).
func FromXML(data []byte) ([]byte, error) {
	return nil, kmcr.Errorf(kmcr.Unsupported, "FHIR XML is not read yet")
}

// ToXML writes r as FHIR XML.
func (r *Resource) ToXML() ([]byte, error) {
	return nil, kmcr.Errorf(kmcr.Unsupported, "FHIR XML is not written yet")
}
