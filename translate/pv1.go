package translate

import (
	"strings"

	"kmcr/hl7"
)

// visitKey names the visit of PV1: by its number (PV1-19), else by the time
// of admission, else by the day of the event and the class of the patient.
func (r *reader) visitKey(pv1 hl7.Segment) string {
	if n := clear(pv1.Get(19, 1, 1)); n != "" {
		authority := orElse(clear(pv1.Get(19, 4, 1)), clear(pv1.Get(19, 5, 1)))
		if authority != "" {
			n += "^" + authority
		}
		return "Encounter|" + n
	}
	class := strings.ToUpper(clear(pv1.Get(2, 1)))
	if class == "" || class == "N" {
		return ""
	}
	if isVisitEvent(r.event) && r.m.Type() == "ADT" {
		r.flag("PV1-19: no visit number; the visit is known by when it began")
	}
	if d, err := hl7.ParseDate(pv1.Get(44, 1)); err == nil {
		return "Encounter|" + class + "|" + d.FHIR
	}
	if r.at.IsZero() {
		return ""
	}
	return "Encounter|" + class + "|" + r.at.In(hl7.London()).Format("2006-01-02")
}

// visitSystem is the identifier system of visit numbers.
func (o origin) visitSystem(pv1 hl7.Segment) string {
	return o.identifierSystem(orElse(clear(pv1.Get(19, 4, 1)), clear(pv1.Get(19, 5, 1))), clear(pv1.Get(19, 4, 2)), "visit")
}
