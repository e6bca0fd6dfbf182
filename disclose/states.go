package disclose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/compose"
	"kmcr/fhir"
	"kmcr/store"
)

// stateLasts is how long something that has happened stays on a caseload's
// list, and attendedLasts an attendance at an emergency department that is over.
const (
	stateLasts    = 28 * 24 * time.Hour
	attendedLasts = 7 * 24 * time.Hour
	// departmentLasts is how long nobody stays in an emergency department: one that is still open then was left, and nobody said so.
	departmentLasts = 48 * time.Hour
)

// State is something that a person is in, or that has come to be, as a
// caseload shows it. It holds no clinical content.
type State struct {
	Kind  string    `json:"kind"` // of stateKinds
	Words string    `json:"words"`
	Since time.Time `json:"since,omitzero"`    // by the sender's clock
	Told  time.Time `json:"recorded,omitzero"` // when it was taken in
	New   bool      `json:"new"`               // nobody of the team has seen it
}

// The kinds of state, the most urgent first.
var stateKinds = []string{
	"new-safeguarding", "died", "emergency-department", "in-hospital", "discharged", "new-plan", "new-result", "safeguarding", "in-care", "feed-late",
}

// leastUrgent is the rank of having no state at all.
const leastUrgent = 16

func (s State) urgency() int {
	if n := slices.Index(stateKinds, s.Kind); n >= 0 {
		return n
	}
	return leastUrgent
}

// urgent tells whether somebody should see the state and say so.
func (s State) urgent() bool {
	return s.Kind != "in-care" && s.Kind != "feed-late" && s.Kind != "safeguarding"
}

// flagOf is the category of a safeguarding entry, in words.
func flagOf(s *kmcr.Statement) string {
	root := fhir.Of(s).Root()
	var said []string
	for _, path := range []string{"code.text", "code.coding.display", "title", "type.text", "category.text"} {
		said = append(said, root.First(path).Text())
	}
	return compose.CategoryName(compose.CategoryOf(strings.Join(said, " ")))
}

// states reads the states of a person from what the viewer may see.
func (m *member) states(tallies map[kmcr.ContributorCode]store.Tally) []State {
	now := m.facts.Now
	c := counted{now: now, found: map[string]*State{}, how: map[string]int{}}
	var stay, left, seen State
	var flags []string
	for _, s := range m.sight.permitted {
		switch {
		case s.Type == "Encounter":
			m.encounter(s, &stay, &left, &seen)
		case s.Section == kmcr.Safeguarding:
			if inForce(s) && !endedBefore(s, now) {
				c.count("new-safeguarding", s)
				flags = append(flags, flagOf(s))
			}
		case s.Type == "CarePlan":
			if !fhir.Of(s).Root().Get("status").Is("entered-in-error") {
				c.count("new-plan", s)
			}
		case s.Section == kmcr.Results && (s.Type == "Observation" || s.Type == "DiagnosticReport"):
			c.count("new-result", s)
		}
	}
	out := c.states()
	if slices.Sort(flags); len(flags) > 0 {
		out = append(out, State{Kind: "safeguarding", Words: strings.Join(slices.Compact(flags), ", ")})
	}
	switch {
	case stay.Kind != "":
		out = append(out, stay)
	case left.Kind == "died" || left.Kind != "" && !left.Since.Before(seen.Since):
		out = append(out, left)
	case seen.Kind != "":
		out = append(out, seen)
	}
	if left.Kind != "died" {
		out = append(out, m.died()...)
	}
	out = append(out, m.care(stay.Kind != "")...)
	out = append(out, m.feedsLate(tallies)...)
	slices.SortStableFunc(out, func(a, b State) int { return cmp.Compare(a.urgency(), b.urgency()) })
	return out
}

// encounter reads a stay in hospital or an emergency department: one that is open, the last that has ended, the last attendance.
func (m *member) encounter(s *kmcr.Statement, stay, left, seen *State) {
	root := fhir.Of(s).Root()
	kind := stayKinds[compose.EpisodeTopic(root, m.ofAcute(s))]
	start, end := instantOf(root.First("period.start").Text()), instantOf(root.First("period.end").Text())
	if kind == "" || start.After(m.facts.Now.Add(compose.ClockSlack)) || start.IsZero() && end.IsZero() && flagged(root) {
		return
	}
	where := m.where(s, root)
	state := State{Kind: kind, Since: start, Told: s.Recorded}
	status := root.Get("status").Text()
	if (status == "in-progress" || status == "arrived") && !end.IsZero() && !end.After(m.facts.Now) {
		status = "finished" // its end says more than its status
	}
	switch status {
	case "arrived", "triaged", "in-progress", "onleave", "unknown":
		if kind == "emergency-department" && m.facts.Now.Sub(start) > departmentLasts {
			if m.facts.Now.Sub(start) < attendedLasts && start.After(seen.Since) {
				state.Words = "Attended the emergency department" + where + onDay(start) + ", when it ended was not sent"
				*seen = state
			}
			return
		}
		if end.IsZero() || end.After(m.facts.Now) {
			words := map[string]string{"in-hospital": "In hospital", "emergency-department": "In the emergency department"}[kind]
			state.Words = words + where + since(start)
			if stay.Kind == "" || start.After(stay.Since) {
				*stay = state
			}
		}
	case "finished":
		day := onDay(end)
		if end.IsZero() { // when was not sent
			end = latest(start, s.At)
		}
		state.Since = end
		switch {
		case end.After(m.facts.Now.Add(time.Hour)):
		case compose.DiedIn(root) && m.facts.Now.Sub(end) < stateLasts:
			if end.After(left.Since) {
				state.Kind, state.Words = "died", "Died"+strings.Replace(from(where), " from ", " in ", 1)+day
				*left = state
			}
		case kind == "in-hospital" && m.facts.Now.Sub(end) < stateLasts && end.After(left.Since):
			state.Kind, state.Words = "discharged", "Discharged"+from(where)+day
			*left = state
		case kind == "emergency-department" && m.facts.Now.Sub(end) < attendedLasts && end.After(seen.Since):
			state.Words = "Left the emergency department" + where + day
			*seen = state
		}
	}
}

// stayKinds are the states that episodes put somebody in.
var stayKinds = map[string]string{compose.TopicAdmission: "in-hospital", compose.TopicAttendance: "emergency-department"}

// flagged tells whether something of an Encounter does not fit together.
func flagged(root fhir.Value) bool {
	return slices.ContainsFunc(root.Get("extension").Items(), func(x fhir.Value) bool { return strings.HasSuffix(x.Get("url").Text(), ":data-quality") })
}

// endedBefore tells whether a statement names an end that has passed.
func endedBefore(s *kmcr.Statement, now time.Time) bool {
	end := fhir.Of(s).Root().First("period.end").Text()
	at := instantOf(end)
	if len(end) == len(time.DateOnly) {
		at = at.AddDate(0, 0, 1)
	}
	return !at.IsZero() && at.Before(now)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (m *member) ofAcute(s *kmcr.Statement) bool {
	return m.parties.kind(m.parties.contributor(s.Contributor).Organisation) == "acute"
}

// where names the hospital, " (East Kent Hospitals)"; nothing where whereabouts are hidden.
func (m *member) where(s *kmcr.Statement, root fhir.Value) string {
	if m.sight.hidden != nil {
		return ""
	}
	name := m.parties.name(kmcr.ODS(root.First("serviceProvider.identifier.value").Text()))
	if name == "" {
		name = root.First("serviceProvider.display").Text()
	}
	if name == "" {
		name = m.parties.name(m.parties.contributor(s.Contributor).Organisation)
	}
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// from turns " (East Kent Hospitals)" into " from East Kent Hospitals".
func from(where string) string {
	if where == "" {
		return " from hospital"
	}
	return " from " + strings.Trim(where, " ()")
}

// died tells of a death, as any contributor says.
func (m *member) died() []State {
	for _, patient := range m.patients {
		if c := readClaims(patient); c.Died != "" {
			return []State{{Kind: "died", Words: "Died" + on(c.Died), Since: instantOf(c.Died), Told: m.sight.recorded[patient.ID]}}
		}
	}
	return nil
}

// care tells who has an open spell of care that is no stay in hospital.
func (m *member) care(inHospital bool) []State {
	var out []State
	if m.sight.hidden != nil {
		return nil
	}
	for _, i := range m.facts.Involvements {
		if i.Kind != "spell" || !i.Open(m.facts.Now) || m.parties.kind(i.Organisation) == "acute" || inHospital || !m.sight.openSpell(i.Patient) {
			continue
		}
		out = append(out, State{Kind: "in-care", Words: "Under the care of " + m.parties.name(i.Organisation) + since(i.From), Since: i.From})
	}
	return out
}

// feedsLate names the sources of this person's record that have been silent for longer than they should.
func (m *member) feedsLate(tallies map[kmcr.ContributorCode]store.Tally) []State {
	var names []string
	var last time.Time
	for _, patient := range m.patients {
		c := m.parties.contributor(patient.Contributor)
		heard := tallies[c.Code].LastHeard
		if m.sight.unnamed[patient.ID] || m.sight.hidden != nil || heard.IsZero() || !late(c, heard, m.facts.Now) || slices.Contains(names, c.Name) {
			continue
		}
		names = append(names, c.Name)
		if last.IsZero() || heard.Before(last) {
			last = heard
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []State{{Kind: "feed-late", Words: "Feed late: " + strings.Join(names, ", "), Since: last, Told: last}}
}

// counted gathers entries of one kind that are new.
type counted struct {
	now   time.Time
	found map[string]*State
	how   map[string]int
}

// count takes in an entry that is about something of the last weeks and was taken in then.
func (c *counted) count(kind string, s *kmcr.Statement) {
	if c.now.Sub(s.Recorded) > stateLasts {
		return
	}
	at := saidOf(s)
	if c.now.Sub(at) > stateLasts || at.After(c.now.Add(24*time.Hour)) {
		return
	}
	have := c.found[kind]
	if have == nil {
		have = &State{Kind: kind}
		c.found[kind] = have
	}
	c.how[kind]++
	if at.After(have.Since) {
		have.Since = at
	}
	if s.Recorded.After(have.Told) {
		have.Told = s.Recorded
	}
}

func (c *counted) states() []State {
	words := map[string][2]string{
		"new-safeguarding": {"New safeguarding information", "new safeguarding entries"},
		"new-plan":         {"New or changed plan", "new or changed plans"},
		"new-result":       {"New result", "new results"},
	}
	var out []State
	for kind, s := range c.found {
		s.Words = words[kind][0]
		if n := c.how[kind]; n > 1 {
			s.Words = strconv.Itoa(n) + " " + words[kind][1]
		}
		s.Words += onDay(s.Since)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b State) int { return cmp.Compare(a.Kind, b.Kind) })
	return out
}

// saidOf is when what a statement speaks of was or began, else when it was said.
func saidOf(s *kmcr.Statement) time.Time {
	root := fhir.Of(s).Root()
	for _, path := range []string{"effectiveDateTime", "issued", "created", "period.start", "effectivePeriod.start", "recordedDate", "authoredOn", "date", "start"} {
		if t := instantOf(root.First(path).Text()); !t.IsZero() {
			return t
		}
	}
	return s.At
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

// instantOf reads a FHIR dateTime; a partial one is its beginning; zero for none.
func instantOf(s string) time.Time {
	for _, form := range []string{time.RFC3339Nano, time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(form, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.Format("02-Jan-2006")
}

func onDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " on " + t.Format("02-Jan-2006")
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
