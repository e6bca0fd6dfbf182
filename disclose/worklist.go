package disclose

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/fhir"
	"kmcr/store"
)

// The most people on a caseload, alerts, reviews and privacy items that one list shows, and how far back alerts go.
const (
	mostPeople = 200
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

// CaseloadEntry is one person on a caseload.
type CaseloadEntry struct {
	Found
	Kind   string    `json:"relationship"`
	Since  time.Time `json:"since,omitzero"`
	Badges []string  `json:"badges"` // "in hospital since …", "died …"
}

// member is one person of a caseload with what was read of them.
type member struct {
	CaseloadEntry
	*opening
	sight sight
}

// Caseload lists my people and my team's, newest first; where there are none, those whom my organisation has in its care now.
func (s *Service) Caseload(ctx context.Context, v kmcr.Viewer) ([]CaseloadEntry, error) {
	p, e, err := s.work(ctx, v, access.WorkCaseload)
	if err != nil {
		return nil, err
	}
	members, err := s.members(ctx, v, p)
	if err != nil {
		return nil, err
	}
	out := make([]CaseloadEntry, len(members))
	for n, m := range members {
		out[n] = m.CaseloadEntry
	}
	e.Detail = map[string]string{"people": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

// members reads a caseload. Each person is decided upon like any look.
func (s *Service) members(ctx context.Context, v kmcr.Viewer, p parties) ([]member, error) {
	own, err := s.membersBy(ctx, v, p, v.Account, v.Team, "")
	if err != nil || len(own) > 0 {
		return own, err
	}
	return s.membersBy(ctx, v, p, "", "", v.Organisation)
}

func (s *Service) membersBy(ctx context.Context, v kmcr.Viewer, p parties, account, team string, o kmcr.ODS) ([]member, error) {
	involved, err := s.db.PeopleOf(ctx, account, team, o, s.now(), mostPeople)
	if err != nil {
		return nil, unavailable(err)
	}
	var out []member
	seen := map[kmcr.PersonID]bool{}
	for _, i := range involved {
		if i.Person == 0 || seen[i.Person] || !onCaseload(i) {
			continue
		}
		seen[i.Person] = true
		look, err := s.gatherFor(ctx, v, i.Person, "work-list", "")
		if err != nil {
			return nil, err
		}
		if look.decision.Outcome != access.Permitted || look.person != i.Person && seen[look.person] {
			continue
		}
		seen[look.person] = true
		m := member{opening: look}
		if m.sight, err = s.sight(ctx, look); err != nil {
			return nil, err
		}
		m.Found, m.Kind, m.Since, m.Badges = known(look.person, look.patients, p), look.decision.Kind, i.From, badges(look, m.sight, p)
		out = append(out, m)
	}
	return out, nil
}

// onCaseload tells whether an involvement puts somebody on a list: a named
// worker's or team's does, and of an organisation's those that are care now.
func onCaseload(i kmcr.Involvement) bool {
	switch i.Kind {
	case "break-glass", "discharged", "referral":
		return false
	}
	return true
}

// sight reads what of a record that is open to the viewer the viewer may see.
func (s *Service) sight(ctx context.Context, o *opening) (sight, error) {
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return sight{}, err
	}
	return o.see(current(compartments)), nil
}

// badges say at a glance what has changed for somebody, as far as the viewer may see the spell that says so.
func badges(o *opening, v sight, p parties) []string {
	out := []string{}
	for _, i := range o.facts.Involvements {
		if i.Kind != "spell" || !i.Open(o.facts.Now) || v.hidden != nil || !v.openSpell(i.Patient) {
			continue
		}
		where := "under the care of " + p.name(i.Organisation)
		if org := p.organisation(i.Organisation); org != nil && org.Kind == "acute" {
			where = "in hospital (" + org.Name + ")"
		}
		out = append(out, where+since(i.From))
	}
	for _, patient := range o.patients {
		if died := readClaims(patient).Died; died != "" {
			return append(out, "died"+on(died))
		}
	}
	return out
}

// openSpell tells whether a spell that has not ended may be seen.
func (v sight) openSpell(p kmcr.PatientID) bool {
	return slices.ContainsFunc(v.permitted, func(s *kmcr.Statement) bool {
		if s.Type != "Encounter" || s.ID.Patient != p {
			return false
		}
		root := fhir.Of(s).Root()
		return !root.First("period.end").Exists() && root.Get("status").Text() != "finished"
	})
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.Format("02-Jan-2006")
}

// on writes a date of death, where it is one.
func on(died string) string {
	if len(died) >= len(time.DateOnly) {
		if t, err := time.Parse(time.DateOnly, died[:len(time.DateOnly)]); err == nil {
			return " " + t.Format("02-Jan-2006")
		}
	}
	return ""
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
		where := p.name(p.contributor(from[e.Patient]).Organisation)
		if m.sight.hidden != nil {
			where = "an organisation that is not named"
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
	out := make([]Feed, len(p.contributors))
	for n, c := range p.contributors {
		out[n] = Feed{Contributor: c, Tally: tallies[c.Code], Late: late(c, tallies[c.Code].LastHeard, s.now()), Parked: parked[c.Code]}
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
