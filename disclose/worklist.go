package disclose

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/store"
)

// The most people on a caseload, alerts, reviews and privacy items that one list shows, and how far back alerts go.
const (
	mostPeople = 500
	mostAlerts = 200
	mostPairs  = 100
	mostItems  = 300
	alertsBack = 28 * 24 * time.Hour
)

// work decides about a list that belongs to a job; it audits a refusal.
func (s *Service) work(ctx context.Context, v kmcr.Viewer, l access.WorkList) (parties, *audit.Entry, error) {
	p, err := s.parties(ctx)
	if err != nil {
		return p, nil, err
	}
	e := s.entry(v, "work-list", "/"+string(l))
	e.Purpose = kmcr.Administration
	if l == access.WorkCaseload {
		e.Purpose = kmcr.DirectCare
	}
	e.Allowed, e.Rule = access.MayWork(v, p.organisation(v.Organisation), l)
	if e.Allowed {
		return p, e, nil
	}
	if err := s.audit(ctx, e); err != nil {
		return p, nil, err
	}
	return p, nil, &kmcr.Error{Kind: kmcr.Refused, Message: e.Rule, Remedy: "If it should be yours, ask your organisation's administrator about your role."}
}

// Alert is one thing that happened to somebody on my caseload.
type Alert struct {
	ID    string    `json:"id"`
	Topic string    `json:"topic"`
	Ref   kmcr.Ref  `json:"ref"`
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Text  string    `json:"text"`
}

// Alerts lists what happened to my people, newest first.
func (s *Service) Alerts(ctx context.Context, v kmcr.Viewer) ([]Alert, error) {
	p, e, err := s.work(ctx, v, access.WorkCaseload)
	if err != nil {
		return nil, err
	}
	e.Where = "/alerts"
	members, err := s.members(ctx, v, p)
	if err != nil {
		return nil, err
	}
	out, err := s.alerts(ctx, v, members, p)
	if err != nil {
		return nil, err
	}
	e.Detail = map[string]string{"alerts": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

func (s *Service) alerts(ctx context.Context, v kmcr.Viewer, members []member, p parties) ([]Alert, error) {
	whose := map[kmcr.PatientID]member{}
	from := map[kmcr.PatientID]kmcr.ContributorCode{}
	var ids []kmcr.PatientID
	for _, m := range members {
		for _, patient := range m.patients {
			whose[patient.ID], from[patient.ID] = m, patient.Contributor
		}
		ids = append(ids, patientIDs(m.patients)...)
	}
	out := []Alert{}
	if len(ids) == 0 {
		return out, nil
	}
	events, err := s.db.EventsOf(ctx, ids, s.now().Add(-alertsBack), mostAlerts)
	if err != nil {
		return nil, unavailable(err)
	}
	for _, e := range events {
		topic := topicOf(e.Topic)
		if !access.Section(v.Role, topic.section) {
			continue
		}
		m := whose[e.Patient]
		if !m.sight.tells(e) {
			continue
		}
		if e.Topic == FlagLooked && p.contributor(from[e.Patient]).Organisation != v.Organisation {
			continue // it is for the team that put the flag
		}
		where := p.name(p.contributor(from[e.Patient]).Organisation)
		if m.sight.hidden != nil {
			where = "an organisation that is not named"
		}
		if e.Topic == FlagLooked {
			where = e.Detail
		}
		out = append(out, Alert{
			ID: strconv.FormatInt(e.ID, 10), Topic: e.Topic, Ref: m.Ref, Name: m.Name, At: e.At, State: "new",
			Text: topic.words + where,
		})
	}
	slices.SortStableFunc(out, func(a, b Alert) int { return b.At.Compare(a.At) })
	return out, nil
}

// tells tells whether a viewer may hear of an event: of one that a statement
// speaks of only where the statement may be seen.
func (v sight) tells(e kmcr.Event) bool {
	if e.Statement == (kmcr.StatementID{}) {
		return !v.unnamed[e.Patient]
	}
	return slices.ContainsFunc(v.permitted, func(s *kmcr.Statement) bool { return s.ID == e.Statement })
}

// topic is a kind of event: the section one must see to hear of it, and how it is told, without clinical content.
type topic struct {
	section kmcr.Section
	words   string
}

func topicOf(name string) topic {
	switch name {
	case "admission":
		return topic{kmcr.Encounters, "Admitted to "}
	case "transfer":
		return topic{kmcr.Encounters, "Moved within "}
	case "discharge":
		return topic{kmcr.Encounters, "Discharged from "}
	case "attendance":
		return topic{kmcr.Encounters, "Attended "}
	case "cancel-admission":
		return topic{kmcr.Encounters, "Admission cancelled by "}
	case "cancel-transfer":
		return topic{kmcr.Encounters, "Move cancelled by "}
	case "cancel-discharge":
		return topic{kmcr.Encounters, "Discharge cancelled by "}
	case FlagLooked:
		return topic{kmcr.Safeguarding, "A child’s safeguarding flag was "}
	case "death":
		return topic{kmcr.Demographics, "Death recorded by "}
	case "new-document":
		return topic{kmcr.Documents, "A new document from "}
	case "appointment", "new-appointment", "cancel-appointment":
		return topic{kmcr.Appointments, "An appointment changed at "}
	}
	return topic{kmcr.OtherSection, "Something new from "}
}

// Feed is one contributor's counters, for the integration engineer.
type Feed struct {
	Contributor kmcr.Contributor `json:"contributor"`
	Tally       store.Tally      `json:"tally"`
	Late        bool             `json:"late"`
	Parked      map[string]int64 `json:"parkedByReason"`
	// Waiting is since when the message that has waited longest has waited; zero for none.
	Waiting time.Time `json:"waitingSince,omitzero"`
	// Expires is when the first of its client certificates expires; zero for none.
	Expires time.Time `json:"certificateExpires,omitzero"`
}

// expires is when the first of a contributor's certificates expires.
func expires(c kmcr.Contributor) (first time.Time) {
	for _, one := range c.Certificates {
		if first.IsZero() || one.Until.Before(first) {
			first = one.Until
		}
	}
	return first
}

// Feeds lists them; only for roles that work on feeds.
func (s *Service) Feeds(ctx context.Context, v kmcr.Viewer) ([]Feed, error) {
	p, e, err := s.work(ctx, v, access.WorkFeeds)
	if err != nil {
		return nil, err
	}
	tallies, err := s.tallies(ctx)
	if err != nil {
		return nil, err
	}
	parked := map[kmcr.ContributorCode]map[string]int64{}
	err = s.db.Messages(ctx, "", store.Parked, func(m store.Message) error {
		if parked[m.Contributor] == nil {
			parked[m.Contributor] = map[string]int64{}
		}
		parked[m.Contributor][m.Reason]++
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	waiting, err := s.db.OldestWaiting(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]Feed, len(p.contributors))
	for n, c := range p.contributors {
		out[n] = Feed{Contributor: c, Tally: tallies[c.Code], Late: late(c, tallies[c.Code].LastHeard, s.now()), Parked: parked[c.Code], Waiting: waiting[c.Code], Expires: expires(c)}
	}
	return out, s.audit(ctx, e)
}

// PrivacyItem is one thing for the privacy officer: a break-glass, a self-claim, a refusal.
type PrivacyItem struct {
	Entry *audit.Entry `json:"entry"`
	What  string       `json:"what"`
}

// Privacy lists them, newest first.
func (s *Service) Privacy(ctx context.Context, v kmcr.Viewer) ([]PrivacyItem, error) {
	_, e, err := s.work(ctx, v, access.WorkPrivacy)
	if err != nil {
		return nil, err
	}
	out := []PrivacyItem{}
	err = s.db.AuditAll(ctx, func(entry *audit.Entry) error {
		if what := concern(entry); what != "" {
			out = append(out, PrivacyItem{entry, what})
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	slices.SortStableFunc(out, func(a, b PrivacyItem) int { return b.Entry.At.Compare(a.Entry.At) })
	out = out[:min(len(out), mostItems)]
	return out, s.audit(ctx, e)
}

// concern says what of an entry concerns the privacy officer; "" for nothing.
func concern(e *audit.Entry) string {
	switch {
	case e.Action == "break-glass" && e.Allowed:
		return "A record was opened in an emergency"
	case e.Action == "break-glass":
		return "Opening a record in an emergency was refused"
	case e.Action == "self-claim":
		return "A relationship was claimed"
	case e.Purpose == kmcr.BreakGlass && e.Allowed:
		return "A record that was opened in an emergency was looked at"
	case e.Allowed || e.Viewer.Contributor != "":
		return ""
	case e.Action == "read" || e.Action == "search" || e.Action == "looks":
		return "A look was refused"
	}
	return ""
}
