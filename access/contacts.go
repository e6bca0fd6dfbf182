package access

import (
	"strings"

	"kmcr"
)

// speaksOfWho tells whether a resource of this type says who is involved in somebody's care.
func speaksOfWho(resourceType string) bool {
	switch resourceType {
	case "CareTeam", "Encounter", "Appointment", "ServiceRequest", "EpisodeOfCare", "CarePlan", "Task":
		return true
	}
	return false
}

// Involved finds, among what Items withheld, the statements of which who is involved may be told all the same: because only their
// section is closed to the role. Of what is withheld for its labels, of what hangs together with it, of safeguarding, of a service
// whose very name is sensitive, and of a contributor that may not be named, nobody is told.
func (d Decision) Involved(f Facts, permitted []*kmcr.Statement, withheld []Withheld) []*kmcr.Statement {
	p := f.Policy.of(f.Viewer.Role)
	if d.Outcome != Permitted || p.sections[kmcr.Contacts] != "yes" {
		return nil
	}
	var sealed []*kmcr.Statement
	secret := map[kmcr.PatientID]bool{}
	for _, w := range withheld {
		if s := w.Statement; w.ByLabel || len(s.Labels) > 0 && d.labelled(p, s) {
			sealed = append(sealed, s)
			secret[s.ID.Patient] = true
		}
	}
	for _, s := range permitted {
		if s.Section != kmcr.Demographics {
			delete(secret, s.ID.Patient)
		}
	}
	together := clusterOf(sealed)
	var out []*kmcr.Statement
	for _, w := range withheld {
		s := w.Statement
		if w.ByLabel || s.Internal || len(s.Labels) > 0 || s.Section == kmcr.Safeguarding || !speaksOfWho(s.Type) || secret[s.ID.Patient] ||
			together.holds(s) || !f.Policy.NamesService(f.Viewer.Role, string(s.Body)) {
			continue
		}
		out = append(out, s)
	}
	return out
}

// sensitiveServices are words by which the name of a service says why somebody goes there, and the topic that they tell.
var sensitiveServices = []struct {
	topic kmcr.Label
	words []string
}{
	{kmcr.TopicSexual, []string{"sexual health", "sexual assault", "genitourinary", "genito-urinary", "gum clinic", "hiv", "gender identity", "gender clinic", "fertility", "termination", "abortion"}},
	{kmcr.TopicSubstance, []string{"substance", "drug and alcohol", "drugs and alcohol", "alcohol service", "addiction", "recovery service", "needle exchange"}},
	{kmcr.TopicMental, []string{"mental health", "psychiatr", "psycholog", "crisis resolution", "eating disorder", "perinatal"}},
	{kmcr.TopicSafeguardAdult, []string{"domestic abuse", "domestic violence", "refuge", "idva", "marac", "safeguarding adult", "modern slavery"}},
	{kmcr.TopicSafeguardChild, []string{"child protection", "safeguarding child", "looked after child", "looked-after child"}},
	{kmcr.TopicThirdParty, []string{"probation", "prison", "youth offending", "youth justice"}},
}

// NamesService tells whether a role may read words that may name a service: it may not where the name tells a topic that is closed to it.
func (p *Policy) NamesService(r kmcr.Role, words string) bool {
	words = strings.ToLower(words)
	for _, s := range sensitiveServices {
		if p.Topic(r, s.topic) {
			continue
		}
		for _, w := range s.words {
			if strings.Contains(words, w) {
				return false
			}
		}
	}
	return true
}
