package ingest

import (
	"slices"
	"strings"

	"kmcr"
)

// structured are the types of which a structured record of a practice is made.
var structured = []string{"AllergyIntolerance", "MedicationStatement", "MedicationRequest", "Condition", "Immunization", "Encounter", "Observation", "DiagnosticReport", "Specimen", "ServiceRequest", "List", "Procedure", "DocumentReference"}

// endUnsaid ends what a whole record does not state again. One of which its
// contributor says that a part is still on its way ends nothing.
func (a *attempt) endUnsaid() {
	if !a.request.whole || a.only == nil || a.only.fresh {
		return
	}
	said := map[kmcr.StatementID]bool{}
	for _, st := range a.only.said {
		said[st.ID] = true
		if st.Type == "List" && strings.Contains(string(st.Body), `"data-in-transit"`) {
			return
		}
	}
	now := a.s.Now()
	for _, st := range a.only.current() {
		if !said[st.ID] && a.endsUnsaid(st) {
			a.only.say(&kmcr.Statement{ID: st.ID, Type: st.Type, Contributor: a.c.Code, Key: st.Key, Section: st.Section, Labels: st.Labels, At: now, Recorded: now, Deleted: true,
				MessageID: a.plan.ledger.message.ID, Body: emptyBody(st.Type)})
		}
	}
}

// endsUnsaid tells whether a statement belongs to what a whole record of its contributor states.
func (a *attempt) endsUnsaid(st *kmcr.Statement) bool {
	if a.c.Whole {
		return st.Type != "Patient" && !st.Internal
	}
	return slices.Contains(structured, st.Type)
}
