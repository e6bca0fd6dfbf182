package disclose

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
	"kmcr/store"
)

// The states of an alert for one reader.
const (
	AlertNew          = "new"
	AlertChanged      = "changed" // after the reader acknowledged it
	AlertAcknowledged = "acknowledged"
	AlertWithdrawn    = "withdrawn"
	AlertHeld         = "held" // what was sent does not fit together: nobody is told that it happened
)

// Alert is one thing that happened to somebody on my caseload. Of a stay in
// hospital there is one, which changes with what stands.
type Alert struct {
	ID    string    `json:"id"`
	Topic string    `json:"topic"`
	Ref   kmcr.Ref  `json:"ref"`
	Name  string    `json:"name"`
	Born  string    `json:"born,omitempty"`
	At    time.Time `json:"at"`   // by the sender's clock, never in the future
	Told  time.Time `json:"told"` // when what stands was taken in
	State string    `json:"state"`
	// Acknowledged is when the reader last did, zero for never.
	Acknowledged time.Time `json:"acknowledgedAt,omitzero"`
	Text         string    `json:"text"`
	// Episode says more, of a stay in hospital or emergency attendance.
	Episode *compose.Episode `json:"episode,omitempty"`
	// Asked is what was asked of those who provide the services that it affects, the oldest first.
	Asked []Asked `json:"asked,omitempty"`
	// MayAsk tells that the reader may ask for the package to be suspended, or after a discharge to begin again: "suspend", "restart".
	MayAsk string `json:"mayAsk,omitempty"`

	person kmcr.PersonID
	mark   string
}

// Asked is one request as readers see it.
type Asked struct {
	Service string       `json:"service"` // id of the statement
	What    string       `json:"what"`
	Kind    string       `json:"kind"` // "suspend", "restart"
	At      time.Time    `json:"at"`
	By      string       `json:"by"`
	Role    kmcr.Role    `json:"role"`
	Words   string       `json:"words,omitempty"`
	Told    []store.Told `json:"told"`
}

// Alerts lists what happened to my people, the newest first.
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
	out, err := s.alerts(ctx, v, members)
	if err != nil {
		return nil, err
	}
	if err := s.meet(ctx, v); err != nil {
		return nil, err
	}
	e.Detail = map[string]string{"alerts": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

// AlertsAbout lists the alerts about one person, for somebody who has the person on a caseload: as Alerts, decided afresh and audited.
// Whoever may not have them, or has not the person on a list, gets none.
func (s *Service) AlertsAbout(ctx context.Context, v kmcr.Viewer, person kmcr.PersonID, where string) ([]Alert, error) {
	m, e, err := s.onMyList(ctx, v, person, where)
	if err != nil || m == nil {
		return nil, err
	}
	out, err := s.alerts(ctx, v, []member{*m})
	if err != nil {
		return nil, err
	}
	e.Detail = map[string]string{"alerts": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

// onMyList decides about one person of a caseload; nil for one who is not on it or not open to the viewer, which is audited.
func (s *Service) onMyList(ctx context.Context, v kmcr.Viewer, person kmcr.PersonID, where string) (*member, *auditEntry, error) {
	p, e, err := s.work(ctx, v, access.WorkCaseload)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.member(ctx, v, p, kmcr.Involvement{Person: person})
	if err != nil {
		return nil, nil, err
	}
	e.Where, e.Person = where, person
	if m != nil && !s.listed(ctx, v, m) {
		m = nil
	}
	if m == nil {
		e.Allowed, e.Rule = false, "The person is not, or no longer, open to the viewer and on the viewer's list."
		return nil, nil, s.audit(ctx, e)
	}
	e.Rule, e.Purpose = m.decision.Rule, m.decision.Purpose()
	return m, e, nil
}

// listed tells whether a person is on the viewer's list: by name or team, or, for somebody who has no list of their own, by the organisation.
func (s *Service) listed(ctx context.Context, v kmcr.Viewer, m *member) bool {
	organisation := false
	for _, i := range m.facts.Involvements {
		if !onCaseload(i) || !i.Open(m.facts.Now) {
			continue
		}
		if access.OnListOf(v, i) {
			return true
		}
		organisation = organisation || v.Organisation != "" && i.Organisation == v.Organisation && i.Account == "" && i.Team == ""
	}
	if !organisation {
		return false
	}
	own, err := s.db.PeopleOf(ctx, v.Account, v.Team, "", s.now(), mostPeople)
	return err == nil && !slices.ContainsFunc(own, func(i kmcr.Involvement) bool { return access.OnListOf(v, i) })
}

// alerts makes the alerts of members of a caseload.
func (s *Service) alerts(ctx context.Context, v kmcr.Viewer, members []member) ([]Alert, error) {
	if len(members) == 0 {
		return []Alert{}, nil
	}
	known, err := s.happenings(ctx, members)
	if err != nil {
		return nil, err
	}
	of := make([][]Alert, len(members))
	err = sideBySide(len(members), func(n int) (err error) {
		of[n], err = s.alertsOf(ctx, &members[n], known)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := slices.Concat(of...)
	slices.SortStableFunc(out, func(a, b Alert) int { return b.Told.Compare(a.Told) })
	out = out[:min(len(out), mostAlerts)]
	ids := make([]string, len(out))
	for n := range out {
		ids[n] = out[n].ID
	}
	read, err := s.db.Acknowledged(ctx, v.Account, ids)
	if err != nil {
		return nil, unavailable(err)
	}
	for n := range out {
		out[n].acknowledgedAs(read[out[n].ID])
	}
	if out == nil {
		out = []Alert{}
	}
	return out, nil
}

// acknowledgedAs says how an alert stands for a reader who has read it as a says.
func (a *Alert) acknowledgedAs(read store.Acknowledgement) {
	a.Acknowledged = read.At
	if a.State != AlertNew {
		return
	}
	switch read.Mark {
	case "":
	case a.mark:
		a.State = AlertAcknowledged
	default:
		a.State = AlertChanged
	}
}

// happenings are what has happened to patients and what was asked about them, read at once for a whole list.
type happenings struct {
	events map[kmcr.PatientID][]kmcr.Event
	asked  map[kmcr.PatientID][]store.Request
}

func (s *Service) happenings(ctx context.Context, members []member) (happenings, error) {
	h := happenings{map[kmcr.PatientID][]kmcr.Event{}, map[kmcr.PatientID][]store.Request{}}
	var ids []kmcr.PatientID
	for _, m := range members {
		ids = append(ids, patientIDs(m.patients)...)
	}
	asked, err := s.db.RequestsOf(ctx, ids)
	if err != nil {
		return h, unavailable(err)
	}
	for _, r := range asked {
		h.asked[r.Patient] = append(h.asked[r.Patient], r)
	}
	events, err := s.db.EventsOf(ctx, ids, members[0].facts.Now.Add(-alertsBack), mostEvents)
	for _, e := range events {
		h.events[e.Patient] = append(h.events[e.Patient], e)
	}
	return h, unavailable(err)
}

// of are those of one person, events the newest first.
func (h happenings) of(patients []*store.Patient) (events []kmcr.Event, asked []store.Request) {
	for _, p := range patients {
		events = append(events, h.events[p.ID]...)
		asked = append(asked, h.asked[p.ID]...)
	}
	slices.SortStableFunc(events, func(a, b kmcr.Event) int { return b.Recorded.Compare(a.Recorded) })
	return events, asked
}

// alertsOf makes the alerts of one person: the episodes, what was asked of providers, and what else has happened.
func (s *Service) alertsOf(ctx context.Context, m *member, known happenings) ([]Alert, error) {
	since := m.facts.Now.Add(-alertsBack)
	events, asked := known.of(m.patients)
	var out []Alert
	episodes, err := s.episodes(ctx, m, since)
	if err != nil {
		return nil, err
	}
	told := map[kmcr.StatementID]bool{}
	cancelled := map[kmcr.StatementID]bool{}
	died := false
	for _, ep := range episodes {
		told[ep.Statement] = true
		cancelled[ep.Statement] = ep.Stands == compose.EpisodeWithdrawn
		died = died || ep.Topic == compose.TopicDeath && ep.Stands == compose.EpisodeEnded
		out = append(out, m.episodeAlert(ep, asked))
	}
	out = append(out, m.asks(asked, since, cancelled)...)
	for _, a := range m.others(events, told) {
		if a.Topic != compose.TopicDeath || !died { // one death is told once
			out = append(out, a)
		}
	}
	return out, nil
}

// episodes makes the episodes of a person as the viewer may see them.
func (s *Service) episodes(ctx context.Context, m *member, since time.Time) ([]compose.Episode, error) {
	if !slices.ContainsFunc(m.sight.permitted, func(x *kmcr.Statement) bool { return x.Type == "Encounter" && !x.Recorded.Before(since) }) {
		return nil, nil
	}
	in := compose.Input{Now: m.facts.Now, Statements: m.sight.permitted, Organisations: m.parties.organisation}
	var err error
	if in.Context, err = s.context(ctx, m.opening, m.sight, m.sight.permitted); err != nil {
		return nil, err
	}
	if in.Sources, err = s.sources(ctx, m.opening, m.sight); err != nil {
		return nil, err
	}
	if m.sight.hidden != nil {
		in.Organisations, in.Sources = nil, nil
	}
	all := compose.Episodes(in, since)
	if m.sight.hidden != nil {
		for n := range all {
			all[n].Unnamed()
		}
	}
	return all, nil
}

// episodeAlert is the one alert of an episode.
func (m *member) episodeAlert(ep compose.Episode, asked []store.Request) Alert {
	a := m.alert(ep.Statement.String(), ep.Topic, ep.Told)
	a.Text, a.Episode, a.At = ep.Text, &ep, ep.Told
	happened := ep.Admitted
	if ep.Topic == compose.TopicDischarge || ep.Topic == compose.TopicDeath {
		happened = ep.Ended
	}
	if t, ok := happened.Time(); ok && t.Before(a.At) {
		a.At = t
	}
	switch ep.Stands {
	case compose.EpisodeWithdrawn:
		a.State = AlertWithdrawn
	case compose.EpisodeDoubtful:
		a.State = AlertHeld
	}
	services := map[kmcr.StatementID]bool{}
	for _, x := range ep.Affected {
		services[x.Statement] = true
	}
	for _, r := range asked {
		if r.Episode == ep.Statement || services[r.Service] && !r.At.Before(a.At) {
			a.Asked = append(a.Asked, askedOf(r))
		}
	}
	if ep.Stands == compose.EpisodeWithdrawn && (len(a.Asked) == 0 || a.Asked[len(a.Asked)-1].Kind != askSuspend) {
		ep.Affected = []compose.Affected{} // nothing was suspended for a stay that never was
	}
	if len(ep.Affected) > 0 {
		switch {
		case ep.Stands == compose.EpisodeWithdrawn:
			a.MayAsk = askRestart
		case ep.Stands == compose.EpisodeOpen:
			a.MayAsk = askSuspend
		case ep.Topic == compose.TopicDischarge:
			a.MayAsk = askRestart
		}
	}
	told := ep
	told.Told, told.Affected, told.Medicines = time.Time{}, nil, nil // what others say of the same days makes no alert new
	a.mark = markOf(told)
	return a
}

func (m *member) alert(id, topic string, told time.Time) Alert {
	return Alert{ID: id, Topic: topic, Ref: m.Ref, Name: m.Name, Born: m.Born, At: told, Told: told, State: AlertNew, person: m.person, mark: "1"}
}

// markOf tells whether two things that are said are the same.
func markOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	h := fnv.New64a()
	_, _ = h.Write(b)
	return strconv.FormatUint(h.Sum64(), 36)
}

// others are alerts about what else has happened: of each entry one, as it was told last.
func (m *member) others(events []kmcr.Event, told map[kmcr.StatementID]bool) []Alert {
	from := map[kmcr.PatientID]kmcr.ContributorCode{}
	for _, p := range m.patients {
		from[p.ID] = p.Contributor
	}
	seen := map[string]bool{}
	var out []Alert
	for _, e := range events { // the newest first
		topic, known := topics[e.Topic]
		if !known || told[e.Statement] || !m.facts.Policy.Section(m.facts.Viewer.Role, topic.section) || !m.sight.tells(e) {
			continue
		}
		id := e.Topic + "." + e.Statement.String()
		if e.Topic == FlagLooked { // each look is told, to the team that put the flag
			if m.parties.contributor(from[e.Patient]).Organisation != m.facts.Viewer.Organisation {
				continue
			}
			id += "." + strconv.FormatInt(e.ID, 10)
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		a := m.alert(id, e.Topic, e.Recorded)
		if e.At.Before(a.At) && !e.At.IsZero() {
			a.At = e.At
		}
		where := m.parties.name(m.parties.contributor(from[e.Patient]).Organisation)
		if m.sight.hidden != nil {
			where = "an organisation that is not named"
		}
		if e.Topic == FlagLooked {
			where = e.Detail
		}
		a.Text, a.mark = fmt.Sprintf(topic.words, where), strconv.FormatInt(e.ID, 36)
		switch m.sight.standing(e) {
		case takenBack:
			a.State, a.Text = AlertWithdrawn, "Withdrawn: "+where+" has put right what was told as “"+strings.TrimSuffix(strings.TrimSuffix(a.Text, " "+where), ",")+"”"
		case over:
			a.Text = "Safeguarding information that has ended, from " + where
		}
		out = append(out, a)
	}
	return out
}

// tells tells whether a viewer may hear of an event: of one that a statement
// speaks of only where the statement may be seen.
func (v sight) tells(e kmcr.Event) bool {
	if e.Statement == (kmcr.StatementID{}) {
		return !v.unnamed[e.Patient]
	}
	return slices.ContainsFunc(v.permitted, func(s *kmcr.Statement) bool { return s.ID == e.Statement })
}

// How what was told of stands now.
const (
	stillSo   = ""
	takenBack = "taken back"
	over      = "over"
)

// standing tells how the statement that an event speaks of stands now: somebody may have put it right since.
func (v sight) standing(e kmcr.Event) string {
	n := slices.IndexFunc(v.permitted, func(s *kmcr.Statement) bool { return s.ID == e.Statement })
	if n < 0 {
		return stillSo
	}
	s := v.permitted[n]
	root := fhir.Of(s).Root()
	status := root.Get("status")
	switch {
	case status.Is("entered-in-error") || root.First("verificationStatus.coding.code").Is("entered-in-error"),
		e.Topic == "did-not-attend" && !status.Is("noshow"),
		e.Topic == compose.TopicDeath && !root.Get("deceasedDateTime").Exists() && root.Get("deceasedBoolean").Text() != "true":
		return takenBack
	case e.Topic == "safeguarding" && !inForce(s):
		return over
	}
	return stillSo
}

// topic is a kind of event: the section one must see to hear of it, and how it is told, without clinical content.
type topic struct {
	section kmcr.Section
	words   string // with the place of who says so
}

// topics are what is told of besides stays in hospital and emergency attendances.
var topics = map[string]topic{
	FlagLooked:           {kmcr.Safeguarding, "A child’s safeguarding flag was %s"},
	"death":              {kmcr.Demographics, "Death recorded by %s"},
	"new-document":       {kmcr.Documents, "A new document from %s"},
	"did-not-attend":     {kmcr.Appointments, "Did not attend an appointment at %s"},
	"appointment":        {kmcr.Appointments, "An appointment changed at %s"},
	"new-appointment":    {kmcr.Appointments, "A new appointment at %s"},
	"cancel-appointment": {kmcr.Appointments, "An appointment was cancelled by %s"},
	"medicine":           {kmcr.Medicines, "A new or changed medicine, from %s"},
	"new-allergy":        {kmcr.Allergies, "A new allergy or reaction, from %s"},
	"safeguarding":       {kmcr.Safeguarding, "New safeguarding information from %s"},
	"plan-changed":       {kmcr.Plans, "A new or changed plan, from %s"},
	"new-result":         {kmcr.Results, "A new result from %s"},
}

// findAlert finds an alert of one of the viewer's people by its id.
func (s *Service) findAlert(ctx context.Context, v kmcr.Viewer, id, where string) (*member, *Alert, *auditEntry, error) {
	last := id
	if _, after, several := strings.Cut(id, "."); several {
		last, _, _ = strings.Cut(after, ".")
	}
	none := &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such alert on your list", Remedy: "Read the list again; it may have been put right."}
	person := kmcr.PersonID(0)
	if statement, ok := kmcr.ParseStatementID(last); ok {
		p, err := s.db.PatientByID(ctx, statement.Patient)
		if err != nil {
			return nil, nil, nil, unavailable(err)
		}
		if p != nil {
			person = p.Person
		}
	}
	m, e, err := s.onMyList(ctx, v, person, where)
	if err != nil {
		return nil, nil, nil, err
	}
	if m == nil {
		return nil, nil, nil, none
	}
	all, err := s.alerts(ctx, v, []member{*m})
	if err != nil {
		return nil, nil, nil, err
	}
	for n := range all {
		if all[n].ID == id {
			return m, &all[n], e, nil
		}
	}
	e.Allowed, e.Rule = false, none.Message
	if err := s.audit(ctx, e); err != nil {
		return nil, nil, nil, err
	}
	return nil, nil, nil, none
}

// AlertByID opens one alert of the viewer's list; decided and audited.
func (s *Service) AlertByID(ctx context.Context, v kmcr.Viewer, id string) (*Alert, error) {
	_, a, e, err := s.findAlert(ctx, v, id, "/alerts/{id}")
	if err != nil {
		return nil, err
	}
	return a, s.audit(ctx, e)
}

// AcknowledgeAlert keeps that the viewer has read an alert as it stands.
func (s *Service) AcknowledgeAlert(ctx context.Context, v kmcr.Viewer, id string) error {
	_, a, e, err := s.findAlert(ctx, v, id, "/alerts/{id}/acknowledge")
	if err != nil {
		return err
	}
	e.Action = "acknowledge"
	return unavailable(s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.Acknowledge(v.Account, a.ID, a.mark, s.now()); err != nil {
			return err
		}
		return tx.Audit(e)
	}))
}

// MayListen decides whether a viewer may have alerts as they come; audited. Each is decided upon when it is sent.
func (s *Service) MayListen(ctx context.Context, v kmcr.Viewer) error {
	_, e, err := s.work(ctx, v, access.WorkCaseload)
	if err != nil {
		return err
	}
	e.Where = "/alerts/stream"
	return s.audit(ctx, e)
}
