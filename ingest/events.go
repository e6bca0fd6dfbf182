package ingest

import (
	"kmcr"
)

// eventsOf is what those should be told who follow a patient: of stays in
// hospital each, of everything else one of a kind for each message, so that a
// whole record that is sent at once does not ring fifty times.
func (s *Service) eventsOf(p *plan, x *subject) []*kmcr.Event {
	if x.block == nil || x.patient.Register {
		return nil
	}
	var all []*kmcr.Event
	had := map[string]*kmcr.Event{}
	for _, is := range x.block.Written {
		topic, detail := s.Topic(p.received, x.head(is.ID), is)
		if topic == "" {
			continue
		}
		e := &kmcr.Event{Patient: x.patient.ID, Topic: topic, At: is.At, Recorded: p.received, Statement: is.ID, Detail: detail}
		if is.Type != "Encounter" {
			if first := had[topic]; first != nil {
				if is.Type == "DiagnosticReport" { // stands for its results
					first.Statement, first.Detail = e.Statement, e.Detail
				}
				continue
			}
			had[topic] = e
		}
		all = append(all, e)
	}
	return all
}
