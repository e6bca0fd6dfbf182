package web

// involvedForm interrupts before somebody says to be involved with a person.
func (s *site) involvedForm(q *ask) error { return s.wayForm(q, s.claim()) }

// involved records that somebody says to be involved, with the reason, and goes to the record.
func (s *site) involved(q *ask) error { return s.take(q, s.claim()) }
