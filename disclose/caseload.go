package disclose

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// mostOfOrganisation is how many people a list shows that is made from the care of a whole organisation.
const mostOfOrganisation = 200

// CaseloadEntry is one person on a caseload.
type CaseloadEntry struct {
	Found
	// Kind is the involvement by which the record is open to the viewer, Mine tells that the viewer by name is involved
	// (or has been given the person), not only the team.
	Kind  string    `json:"relationship"`
	Since time.Time `json:"since,omitzero"`
	Mine  bool      `json:"mine"`
	// States are what the person is in or has come into, the most urgent first; Badges are their words.
	States []State  `json:"states"`
	Badges []string `json:"badges"`
	// ToDo tells that something is new that nobody of the team has seen.
	ToDo bool `json:"toDo"`
	// Seen, Assigned and Noted are the latest steps of each kind, of the viewer's team.
	Seen     *Step `json:"acknowledged,omitempty"`
	Assigned *Step `json:"assigned,omitempty"`
	Noted    *Step `json:"noted,omitempty"`
}

// Step is one thing that was done about a person on a caseload, as the team reads it.
type Step struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // "acknowledged", "assigned", "noted"
	By   string    `json:"by"`
	Role kmcr.Role `json:"role"`
	// To is the account to whom the person was given, and ToName its name; "" is nobody any more.
	To     string `json:"to,omitempty"`
	ToName string `json:"toName,omitempty"`
	Words  string `json:"words,omitempty"`
}

// member is one person of a caseload with what was read of them.
type member struct {
	CaseloadEntry
	*opening
	sight sight
}

// Caseload lists my people and my team's, by what needs doing; where there are none, those whom my organisation has in its care now.
func (s *Service) Caseload(ctx context.Context, v kmcr.Viewer) ([]CaseloadEntry, error) {
	p, e, err := s.work(ctx, v, access.WorkCaseload)
	if err != nil {
		return nil, err
	}
	members, err := s.members(ctx, v, p)
	if err != nil {
		return nil, err
	}
	out, err := s.entries(ctx, v, members)
	if err != nil {
		return nil, err
	}
	if err := s.meet(ctx, v); err != nil {
		return nil, err
	}
	e.Detail = map[string]string{"people": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

// entries finishes the entries of a caseload with what the team has done, and puts them in order.
func (s *Service) entries(ctx context.Context, v kmcr.Viewer, members []member) ([]CaseloadEntry, error) {
	tallies, err := s.tallies(ctx)
	if err != nil {
		return nil, err
	}
	taken, err := s.steps(ctx, v, members...)
	if err != nil {
		return nil, err
	}
	out := make([]CaseloadEntry, len(members))
	for n := range members {
		m := &members[n]
		m.take(taken[m.person], v)
		m.state(m.states(tallies))
		out[n] = m.CaseloadEntry
	}
	slices.SortStableFunc(out, CaseloadEntry.before)
	return out, nil
}

// before orders by what needs doing: what is new and given to the viewer or to nobody, the most urgent first, then the newest.
func (a CaseloadEntry) before(b CaseloadEntry) int {
	return cmp.Or(
		cmp.Compare(a.rank(), b.rank()),
		b.told().Compare(a.told()),
		b.Since.Compare(a.Since),
		cmp.Compare(a.Name, b.Name),
	)
}

// rank is where an entry stands: the lower, the sooner it asks for something.
func (a CaseloadEntry) rank() int {
	n := 0
	if !a.ToDo {
		n += 2 * leastUrgent
	}
	if a.Assigned != nil && a.Assigned.To != "" && !a.Mine {
		n += 4 * leastUrgent
	}
	for _, s := range a.States {
		if s.New || !a.ToDo {
			return n + s.urgency()
		}
	}
	return n + leastUrgent
}

func (a CaseloadEntry) told() time.Time {
	for _, s := range a.States {
		if s.New || !a.ToDo {
			return s.Told
		}
	}
	return time.Time{}
}

// state keeps what a person is in, and says what of it is new.
func (m *CaseloadEntry) state(states []State) {
	m.States, m.Badges = states, []string{}
	for n := range m.States {
		at := &m.States[n]
		at.New = at.urgent() && (m.Seen == nil || at.Told.After(m.Seen.At))
		m.ToDo = m.ToDo || at.New
		m.Badges = append(m.Badges, at.Words)
	}
}

// take keeps the latest steps of a team.
func (m *CaseloadEntry) take(steps []store.Step, v kmcr.Viewer) {
	for _, t := range steps { // the newest first
		for _, of := range []struct {
			kind string
			here **Step
		}{{stepSeen, &m.Seen}, {stepAssigned, &m.Assigned}, {stepNoted, &m.Noted}} {
			if t.Kind == of.kind && *of.here == nil {
				step := stepOf(t)
				*of.here = &step
			}
		}
	}
	if m.Assigned != nil && m.Assigned.To != "" {
		m.Mine = m.Assigned.To == v.Account
	}
}

// members reads a caseload. Each person is decided upon like any look.
func (s *Service) members(ctx context.Context, v kmcr.Viewer, p parties) ([]member, error) {
	own, err := s.membersBy(ctx, v, p, v.Account, v.Team, "", mostPeople)
	if err != nil || len(own) > 0 {
		return own, err
	}
	return s.membersBy(ctx, v, p, "", "", v.Organisation, mostOfOrganisation)
}

func (s *Service) membersBy(ctx context.Context, v kmcr.Viewer, p parties, account, team string, o kmcr.ODS, most int) ([]member, error) {
	involved, err := s.db.PeopleOf(ctx, account, team, o, s.now(), most, access.OffLists()...)
	if err != nil {
		return nil, unavailable(err)
	}
	involved = slices.DeleteFunc(involved, func(i kmcr.Involvement) bool {
		return i.Person == 0 || account == "" && i.Organisation != "" && i.Organisation != v.Organisation
	})
	read := make([]*member, len(involved))
	err = sideBySide(len(involved), func(n int) (err error) {
		read[n], err = s.member(ctx, v, p, involved[n])
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]member, 0, len(read))
	seen := map[kmcr.PersonID]bool{}
	for _, m := range read {
		if m != nil && !seen[m.person] {
			seen[m.person] = true
			out = append(out, *m)
		}
	}
	return out, nil
}

// member reads one person of a caseload; nil for one whose record is not open to the viewer.
func (s *Service) member(ctx context.Context, v kmcr.Viewer, p parties, i kmcr.Involvement) (*member, error) {
	look, err := s.gatherFor(ctx, v, i.Person, "work-list", "")
	if err != nil || look.decision.Outcome != access.Permitted {
		return nil, err
	}
	m := &member{opening: look}
	if m.sight, err = s.sight(ctx, look); err != nil {
		return nil, err
	}
	m.Found, m.Kind, m.Since = known(look.person, look.patients, p), look.decision.Kind, i.From
	m.Mine = look.mine()
	return m, nil
}

// mine tells whether the viewer by name is involved.
func (o *opening) mine() bool {
	return slices.ContainsFunc(o.facts.Involvements, func(i kmcr.Involvement) bool {
		return i.Account == o.facts.Viewer.Account && onCaseload(i) && i.Open(o.facts.Now)
	})
}

// sideBySide does n things, some at a time; the error is that of one that failed.
func sideBySide(n int, do func(int) error) error {
	var group sync.WaitGroup
	errs := make([]error, n)
	next := make(chan int)
	for range min(n, 2*runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// onCaseload tells whether an involvement puts somebody on a list.
func onCaseload(i kmcr.Involvement) bool { return access.OnList(i) }

// sight reads what of a record that is open to the viewer the viewer may see.
func (s *Service) sight(ctx context.Context, o *opening) (sight, error) {
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return sight{}, err
	}
	return o.see(current(compartments)), nil
}
