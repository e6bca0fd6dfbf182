package web

// involvedForm interrupts before somebody says to be involved with a person.
func (s *site) involvedForm(q *ask) error { return s.wayForm(q, s.claim()) }

// involved records that somebody says to be involved, with the reason, and goes to the record.
func (s *site) involved(q *ask) error { return s.take(q, s.claim()) }

// endInvolved ends the viewer's own saying to be involved.
func (s *site) endInvolved(q *ask) error {
	id, err := q.number("id")
	if err != nil {
		return err
	}
	ref := q.PathValue("ref")
	if err := s.out.EndInvolved(q.Context(), q.viewer, ref, id); err != nil {
		return err
	}
	return q.done("/people/" + ref + "/contacts")
}
