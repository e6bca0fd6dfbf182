package disclose

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// The kinds of step about a person on a caseload.
const (
	stepSeen     = "acknowledged"
	stepAssigned = "assigned"
	stepNoted    = "noted"
)

// mostNoted is how many letters a note of what was done may hold.
const mostNoted = 2000

// byColleague is the reason of a relationship that was made by giving a person to a colleague.
const byColleague = "given by a colleague of the team"

// Worker is somebody who has used this record, as colleagues may know: to be given people, and to be called.
type Worker struct {
	Account      string    `json:"account"`
	Name         string    `json:"name"`
	Role         kmcr.Role `json:"role"`
	Organisation kmcr.ODS  `json:"organisation"`
	Team         string    `json:"team,omitempty"`
	// Telephone and Hours are as the worker gave them last.
	Telephone string `json:"telephone,omitempty"`
	Hours     string `json:"hours,omitempty"`
}

// Case is one person on a caseload with all that was done, and who may be given the person.
type Case struct {
	CaseloadEntry
	History    []Step   `json:"history"` // newest first
	Colleagues []Worker `json:"colleagues"`
}

func stepOf(t store.Step) Step {
	return Step{At: t.At, Kind: t.Kind, By: t.Name, Role: t.Role, To: t.To, ToName: t.ToName, Words: t.Words}
}

// steps reads what the viewer's team has done about people, the newest first, by person.
func (s *Service) steps(ctx context.Context, v kmcr.Viewer, members ...member) (map[kmcr.PersonID][]store.Step, error) {
	whose := map[kmcr.PersonID]kmcr.PersonID{}
	var ask []kmcr.PersonID
	for _, m := range members {
		for _, p := range append(slices.Clone(m.former), m.person) {
			whose[p] = m.person
			ask = append(ask, p)
		}
	}
	all, err := s.db.StepsOf(ctx, ask, v.Organisation)
	if err != nil {
		return nil, unavailable(err)
	}
	out := map[kmcr.PersonID][]store.Step{}
	for _, t := range all {
		if ofTeam(t, v) {
			out[whose[t.Person]] = append(out[whose[t.Person]], t)
		}
	}
	return out, nil
}

// ofTeam tells whether a step was taken on the viewer's own or team's caseload.
func ofTeam(t store.Step, v kmcr.Viewer) bool {
	return t.Organisation == v.Organisation && t.Team == v.Team
}

// meet keeps who uses a caseload, so that colleagues can give each other people.
func (s *Service) meet(ctx context.Context, v kmcr.Viewer) error {
	var have Worker
	if _, err := s.db.Get(ctx, store.KindWorker, v.Account, &have); err != nil {
		return unavailable(err)
	}
	now := have
	now.Account, now.Name, now.Role, now.Organisation, now.Team = v.Account, v.Name, v.Role, v.Organisation, v.Team
	if now == have {
		return nil
	}
	return unavailable(s.db.Write(ctx, func(tx *store.Tx) error { return tx.Put(store.KindWorker, v.Account, now) }))
}

// account is what the register of accounts says of somebody (signin.Account).
type account struct {
	Person, Team string
	Role         kmcr.Role
	Organisation kmcr.ODS
}

func (a account) worker(name string) Worker {
	return Worker{Account: name, Name: a.Person, Role: a.Role, Organisation: a.Organisation, Team: a.Team}
}

// worker is somebody by account; without a name where nobody is known by it.
func (s *Service) worker(ctx context.Context, name string) (w Worker, err error) {
	found, err := s.db.Get(ctx, store.KindWorker, name, &w)
	if err != nil || found {
		return w, unavailable(err)
	}
	var a account
	if found, err = s.db.Get(ctx, store.KindAccount, name, &a); err != nil || !found {
		return w, unavailable(err)
	}
	return a.worker(name), nil
}

// workers lists who is known, by account.
func (s *Service) workers(ctx context.Context) (map[string]Worker, error) {
	out := map[string]Worker{}
	err := s.db.List(ctx, store.KindAccount, func(name string, body []byte) error {
		var a account
		if err := json.Unmarshal(body, &a); err != nil {
			return err
		}
		out[name] = a.worker(name)
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	err = s.db.List(ctx, store.KindWorker, func(account string, body []byte) error {
		var w Worker
		if err := json.Unmarshal(body, &w); err != nil {
			return err
		}
		out[account] = w
		return nil
	})
	return out, unavailable(err)
}

// colleagues are those of the viewer's team, the viewer too, by name.
func (s *Service) colleagues(ctx context.Context, v kmcr.Viewer) ([]Worker, error) {
	p, err := s.parties(ctx)
	if err != nil {
		return nil, err
	}
	known, err := s.workers(ctx)
	if err != nil {
		return nil, err
	}
	known[v.Account] = Worker{Account: v.Account, Name: v.Name, Role: v.Role, Organisation: v.Organisation, Team: v.Team}
	out := []Worker{}
	for _, w := range known {
		if w.Organisation == v.Organisation && w.Team == v.Team && mayCarry(p.policy, w) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Worker) int { return strings.Compare(a.Name+a.Account, b.Name+b.Account) })
	return out, nil
}

// mayCarry tells whether a worker has a caseload at all, as far as the role says.
func mayCarry(p *access.Policy, w Worker) bool {
	may, _ := p.MayWork(kmcr.Viewer{Account: w.Account, Role: w.Role, Organisation: w.Organisation}, &kmcr.Organisation{ODS: w.Organisation, Signatory: true}, access.WorkCaseload)
	return may
}

// Case opens one person of a caseload: states, what was done, who may be given the person. Errors: as Record.
func (s *Service) Case(ctx context.Context, v kmcr.Viewer, ref string) (*Case, error) {
	o, err := s.openCase(ctx, v, ref, "work-list", "/caseload/{ref}")
	if err != nil {
		return nil, err
	}
	m := member{opening: o}
	if m.sight, err = s.sight(ctx, o); err != nil {
		return nil, err
	}
	m.Found, m.Kind, m.Mine = known(o.person, o.patients, o.parties), o.decision.Kind, o.mine()
	taken, err := s.steps(ctx, v, m)
	if err != nil {
		return nil, err
	}
	entries, err := s.entries(ctx, v, []member{m})
	if err != nil {
		return nil, err
	}
	c := &Case{CaseloadEntry: entries[0], History: []Step{}}
	for _, t := range taken[o.person] {
		c.History = append(c.History, stepOf(t))
	}
	if c.Colleagues, err = s.colleagues(ctx, v); err != nil {
		return nil, err
	}
	if err := s.audit(ctx, o.entry); err != nil {
		return nil, err
	}
	return c, s.tellTeams(ctx, m)
}

// openCase opens a record for somebody who has a caseload.
func (s *Service) openCase(ctx context.Context, v kmcr.Viewer, ref, action, where string) (*opening, error) {
	o, err := s.open(ctx, v, ref, action, where)
	if err != nil {
		return nil, err
	}
	if may, rule := o.facts.Policy.MayWork(v, o.facts.Organisation, access.WorkCaseload); !may {
		return nil, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "Ask somebody who has people on a caseload."})
	}
	return o, nil
}

// Acknowledge notes that the viewer has seen what is new about a person, for the whole team.
func (s *Service) Acknowledge(ctx context.Context, v kmcr.Viewer, ref string) error {
	return s.step(ctx, v, ref, "acknowledge", func(*opening) (store.Step, error) { return store.Step{Kind: stepSeen}, nil })
}

// Note keeps what was done about a person, in words, with the caseload of the viewer's team.
func (s *Service) Note(ctx context.Context, v kmcr.Viewer, ref, says string) error {
	return s.step(ctx, v, ref, "note", func(*opening) (store.Step, error) {
		says = strings.TrimSpace(says)
		if n := len([]rune(says)); n < 3 || n > mostNoted {
			return store.Step{}, &kmcr.Error{Kind: kmcr.Invalid, Where: "says", Message: "say in words what was done, in at most 2000 characters", Remedy: "For example: rang the ward, care calls stopped until Friday."}
		}
		return store.Step{Kind: stepNoted, Words: says}, nil
	})
}

// Assign gives a person to a colleague of the viewer's team, who then may open the record for as long as the viewer may, a year
// at most; "" takes the person back. Errors: as Record; kmcr.Invalid for somebody who is not of the team, kmcr.Refused where the viewer's own
// relationship is one that the viewer claimed.
func (s *Service) Assign(ctx context.Context, v kmcr.Viewer, ref, to string) error {
	team, err := s.colleagues(ctx, v)
	if err != nil {
		return err
	}
	return s.step(ctx, v, ref, "assign", func(o *opening) (store.Step, error) {
		step := store.Step{Kind: stepAssigned, To: to}
		if to == "" {
			return step, nil
		}
		n := slices.IndexFunc(team, func(w Worker) bool { return w.Account == to })
		if n < 0 {
			return step, &kmcr.Error{Kind: kmcr.Invalid, Where: "to", Message: "this is nobody of your team", Remedy: "Choose one of the list. A colleague is on it after opening My people once."}
		}
		if o.decision.Kind == "self-claimed" || o.decision.Kind == "break-glass" {
			return step, &kmcr.Error{Kind: kmcr.Refused, Message: "a record that is open on somebody's own word cannot be given to a colleague", Remedy: "The colleague can say to be involved, or the team can be added by those who lead the care."}
		}
		step.ToName = team[n].Name
		return step, nil
	})
}

// step decides, takes a step and audits it, in one commit.
func (s *Service) step(ctx context.Context, v kmcr.Viewer, ref, action string, make func(*opening) (store.Step, error)) error {
	o, err := s.openCase(ctx, v, ref, action, "/caseload/{ref}")
	if err != nil {
		return err
	}
	step, wrong := make(o)
	if wrong != nil {
		return s.turnDown(ctx, o, wrong.Error(), wrong)
	}
	step.Person, step.At, step.Organisation, step.Team, step.Account, step.Name, step.Role = o.person, o.facts.Now, v.Organisation, v.Team, v.Account, v.Name, v.Role
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		kept, e := step, *o.entry
		if err := tx.AddStep(&kept); err != nil {
			return err
		}
		if step.Kind == stepAssigned {
			if err := handOver(tx, o, step); err != nil {
				return err
			}
		}
		return tx.Audit(&e)
	})
	if err == nil {
		s.used.count(o.entry)
	}
	return notKept(err)
}

func notKept(err error) error {
	if err == nil || kmcr.KindOf(err) != kmcr.Fault && kmcr.KindOf(err) != kmcr.Unavailable {
		return err
	}
	return &kmcr.Error{Kind: kmcr.Unavailable, Message: "this cannot be kept now; nothing was changed", Remedy: "Try again in a minute.", Err: err}
}

// handOver ends what earlier hand-overs within the team opened, and opens the record to whom the person is given.
func handOver(tx *store.Tx, o *opening, step store.Step) error {
	open := false
	for _, i := range o.facts.Involvements {
		if i.Organisation != step.Organisation || !i.Open(step.At) || i.Account == "" {
			continue
		}
		given := i.Kind == "granted" && i.Reason == byColleague && i.Team == step.Team
		switch {
		case i.Account == step.To && (i.Until.IsZero() || !o.decision.Until.IsZero() && !i.Until.Before(o.decision.Until)):
			open = true
		case given && i.Account != step.Account:
			if err := tx.EndInvolvement(i.ID, step.At); err != nil {
				return err
			}
		}
	}
	if open || step.To == "" || step.To == step.Account {
		return nil
	}
	until := o.decision.Until
	if year := step.At.Add(namedMost); until.IsZero() || until.After(year) {
		until = year
	}
	return tx.AddInvolvement(&kmcr.Involvement{
		Person: o.person, Kind: "granted", Organisation: step.Organisation, Team: step.Team, Account: step.To,
		From: step.At, Until: until, Reason: byColleague,
	})
}
