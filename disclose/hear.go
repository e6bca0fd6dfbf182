package disclose

import (
	"context"
	"slices"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/store"
)

// MayHear decides, at the moment a notification is sent, whether a subscriber may have an event; the decision is audited before it is
// sent. listed asks that the person is on the subscriber's list. The answer is the type of the resource that the event is about, "" where
// nothing may be sent; "Patient" where it is about no entry that has an address.
func (s *Service) MayHear(ctx context.Context, v kmcr.Viewer, e kmcr.Event, listed bool) (string, error) {
	entry := s.entry(v, "notify", "/subscriptions")
	entry.Patient, entry.Rule = e.Patient, "The subscriber may not have it, or not any more."
	entry.Detail = map[string]string{"topic": e.Topic}
	focus, err := s.hears(ctx, v, e, listed, entry)
	if err != nil {
		return "", err
	}
	entry.Allowed = focus != ""
	return focus, s.audit(ctx, entry)
}

func (s *Service) hears(ctx context.Context, v kmcr.Viewer, e kmcr.Event, listed bool, entry *auditEntry) (string, error) {
	p, err := s.db.PatientByID(ctx, e.Patient)
	if err != nil || p == nil {
		return "", unavailable(err)
	}
	if v.Contributor != "" {
		if p.Contributor != v.Contributor {
			return "", nil
		}
		entry.Rule = ownAlone
		return s.typeOf(ctx, p, e.Statement)
	}
	parties, err := s.parties(ctx)
	if err != nil {
		return "", err
	}
	if parties.silent(v, p.Contributor) {
		return "", nil
	}
	m, err := s.member(ctx, v, parties, kmcr.Involvement{Person: p.Person})
	if err != nil || m == nil || listed && !s.listed(ctx, v, m) {
		return "", err
	}
	entry.Person, entry.Purpose = m.person, m.decision.Purpose()
	focus := m.hears(e)
	if focus == "Encounter" && e.Topic != "cancel-admission" && !s.tellsEpisode(m, e.Statement) {
		focus = "" // what was sent does not fit together
	}
	if focus != "" {
		entry.Rule = m.decision.Rule
	}
	return focus, nil
}

// hears tells what an event is about, as far as the viewer may hear of it.
func (m *member) hears(e kmcr.Event) string {
	organisation := m.parties.contributor(m.contributorOf(e.Patient)).Organisation
	switch e.Topic {
	case FlagLooked:
		if organisation != m.facts.Viewer.Organisation {
			return ""
		}
	case topicOfAsk(askSuspend), topicOfAsk(askRestart):
		if !m.facts.Policy.Section(m.facts.Viewer.Role, kmcr.SocialCare) {
			return ""
		}
	}
	section := kmcr.Encounters
	if t, known := topics[e.Topic]; known {
		section = t.section
	}
	if !m.facts.Policy.Section(m.facts.Viewer.Role, section) || !m.sight.tells(e) {
		return ""
	}
	for _, x := range m.sight.permitted {
		if x.ID == e.Statement {
			return x.Type
		}
	}
	return "Patient"
}

func (m *member) contributorOf(p kmcr.PatientID) kmcr.ContributorCode {
	for _, x := range m.patients {
		if x.ID == p {
			return x.Contributor
		}
	}
	return ""
}

// tellsEpisode tells whether a stay is one of which somebody is told.
func (s *Service) tellsEpisode(m *member, id kmcr.StatementID) bool {
	in := compose.Input{Now: m.facts.Now, Statements: m.sight.permitted, Organisations: m.parties.organisation}
	for _, c := range m.parties.contributors {
		in.Sources = append(in.Sources, compose.Source{Contributor: c.Code, Organisation: c.Organisation, Kind: m.parties.kind(c.Organisation)})
	}
	return slices.ContainsFunc(compose.Episodes(in, m.facts.Now.Add(-alertsBack)), func(ep compose.Episode) bool {
		return ep.Statement == id && ep.Stands != compose.EpisodeDoubtful
	})
}

func (s *Service) typeOf(ctx context.Context, p *store.Patient, id kmcr.StatementID) (string, error) {
	compartments, err := s.compartments(ctx, []*store.Patient{p})
	if err != nil {
		return "", err
	}
	for _, c := range compartments {
		if x := c.Head(id); x != nil && !x.Deleted && !x.Internal {
			return x.Type, nil
		}
	}
	return "Patient", nil
}

// MaySubscribe decides whether a viewer may ask to be told of topics about a person ("": of those on the viewer's list); a refusal is audited.
func (s *Service) MaySubscribe(ctx context.Context, v kmcr.Viewer, person kmcr.Ref, topics []string) error {
	if v.Contributor != "" {
		if person == "" {
			return nil
		}
		return s.notTheirs(ctx, v)
	}
	if err := s.mayHearOf(ctx, v, topics); err != nil {
		return err
	}
	if person == "" {
		_, _, err := s.work(ctx, v, access.WorkCaseload)
		return err
	}
	_, err := s.open(ctx, v, string(person), "subscribe", "/subscriptions")
	return err
}

// mayHearOf refuses topics of sections that a role has not.
func (s *Service) mayHearOf(ctx context.Context, v kmcr.Viewer, asked []string) error {
	p, err := s.parties(ctx)
	if err != nil {
		return err
	}
	for _, t := range asked {
		if known, found := topics[t]; found && !p.policy.Section(v.Role, known.section) {
			why := "your role does not see what this topic is about"
			if err := s.Refused(ctx, v, "subscribe", "/subscriptions", why); err != nil {
				return err
			}
			return &kmcr.Error{Kind: kmcr.Refused, Where: "topics", Message: why, Remedy: "Leave " + t + " out."}
		}
	}
	return nil
}

func (s *Service) notTheirs(ctx context.Context, v kmcr.Viewer) error {
	if err := s.Refused(ctx, v, "subscribe", "/subscriptions", ownAlone); err != nil {
		return err
	}
	return &kmcr.Error{Kind: kmcr.Refused, Message: ownAlone, Remedy: "Leave the person out: you are told of your own patients."}
}

// MayTend decides whether a viewer may see how deliveries go; audited.
func (s *Service) MayTend(ctx context.Context, v kmcr.Viewer, where string) error {
	_, e, err := s.work(ctx, v, access.WorkFeeds)
	if err != nil {
		return err
	}
	e.Where = where
	return s.audit(ctx, e)
}
