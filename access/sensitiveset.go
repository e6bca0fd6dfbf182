package access

import (
	"slices"
	"strings"

	"kmcr"
)

// SensitiveSet is a set of codes that an organisation holds to be sensitive in what its own systems send.
type SensitiveSet struct {
	Name         string     `json:"name"`
	Organisation kmcr.ODS   `json:"organisation"`
	System       string     `json:"system"` // text that the coding's system must contain, where it names one ("snomed"); "" any
	Topic        kmcr.Label `json:"topic"`  // one of Topics
	Codes        []string   `json:"codes"`  // one that ends with * stands for every ICD-10 code that begins so
	Source       string     `json:"source"` // where the set comes from
}

// Check tells what is wrong with a set. Errors: kmcr.Invalid.
func (s SensitiveSet) Check() error {
	invalid := func(where, message, remedy string) error {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: message, Remedy: remedy}
	}
	switch {
	case strings.TrimSpace(s.Name) == "" || s.Organisation == "":
		return invalid("name", "a set needs a name and an organisation", "Name both.")
	case !slices.Contains(Topics, s.Topic):
		return invalid("topic", "there is no such topic", "Choose one of SEX, MH, SUD, SAFEG-CH, SAFEG-AD, THIRD-PARTY.")
	case strings.TrimSpace(s.Source) == "":
		return invalid("source", "it is not said where the set comes from", "Name the reference set or the policy.")
	case len(s.Codes) == 0:
		return invalid("codes", "a set needs at least one code", "List the codes.")
	}
	for _, c := range s.Codes {
		bare := strings.TrimSuffix(c, "*")
		if len(bare) < 3 || strings.ContainsAny(c, " \"\\") || c != bare && len(bare) != 3 {
			return invalid("codes", "what stands among the codes is none: "+c, "Codes have three letters or figures at least; a * stands behind the three of an ICD-10 category.")
		}
	}
	return nil
}

// Sets are the sensitive sets of all organisations; nil where there are none.
type Sets struct{ of map[kmcr.ODS]sensitiveCodes }

// SetsOf makes them of a list.
func SetsOf(list []SensitiveSet) *Sets {
	if len(list) == 0 {
		return nil
	}
	out := &Sets{map[kmcr.ODS]sensitiveCodes{}}
	for _, s := range list {
		if out.of[s.Organisation] == nil {
			out.of[s.Organisation] = sensitiveCodes{}
		}
		labels := []kmcr.Label{s.Topic}
		if s.Topic == kmcr.TopicSexual { // as the sets that general practice leaves out of shared extracts
			labels = append(labels, kmcr.Restricted)
		}
		for _, c := range s.Codes {
			out.of[s.Organisation][c] = sensitiveCode{[]byte(s.System), labels}
		}
	}
	return out
}

// Labelled gives a statement of an organisation with the labels of that organisation's sets: itself where they add none.
func (s *Sets) Labelled(o kmcr.ODS, x *kmcr.Statement) *kmcr.Statement {
	if s == nil || len(s.of[o]) == 0 {
		return x
	}
	labels := s.of[o].labels(slices.Clip(x.Labels), x.Body)
	if len(labels) == len(x.Labels) {
		return x
	}
	return &kmcr.Statement{
		ID: x.ID, Version: x.Version, Type: x.Type, Contributor: x.Contributor, Section: x.Section, Labels: labels, Key: x.Key, At: x.At, Recorded: x.Recorded,
		Deleted: x.Deleted, Internal: x.Internal, Late: x.Late, MessageID: x.MessageID, Body: x.Body, Meta: x.Meta, Hash: x.Hash,
	}
}
