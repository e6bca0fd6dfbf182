package disclose

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/store"
	"kmcr/terms"
)

// Right is one thing that a role may do or see, and Change a right that a role gains or loses.
type (
	Right  = access.Right
	Change = access.Change
)

// The states of a change of policy.
const (
	PolicyProposed   = "proposed"
	PolicyInForce    = "in-force"
	PolicySuperseded = "superseded"
	PolicyRefused    = "refused"
)

// Policy is a change of what roles may, as somebody proposed it and somebody else decided.
type Policy struct {
	Number   int       `json:"number"` // that it has, or would have, in force
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Changes  []Change  `json:"changes"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"` // name and role
	Proposed time.Time `json:"proposed"`
	Second   string    `json:"second,omitempty"` // who decided
	Decided  time.Time `json:"decided,omitzero"`
}

// keptPolicy is a Policy with what only the register holds: whose account proposed it, and the whole matrix.
type keptPolicy struct {
	Policy
	Account, Matrix string
}

// policyKey is where the policy in force stands; the changes stand under their ids.
const policyKey = "in-force"

// policyInForce is the policy that two people approved last; the released one where there is none.
func (s *Service) policyInForce(ctx context.Context) (*access.Policy, error) {
	var k keptPolicy
	found, err := s.db.Get(ctx, store.KindPolicy, policyKey, &k)
	if err != nil || !found {
		return access.Released(), err
	}
	return access.ReadPolicy(k.Number, k.Matrix)
}

// Affected is a role that a change gives something or takes something from, and who works in it.
type Affected struct {
	Role  kmcr.Role `json:"role"`
	Name  string    `json:"name"`
	Gains []Change  `json:"gains,omitempty"`
	Loses []Change  `json:"loses,omitempty"`
	// Workers are the names of those who are known to work in the role; Lookers is how many looked at a record in it in the last 28
	// days, and Looks how often.
	Workers []string `json:"workers"`
	Lookers int      `json:"lookers"`
	Looks   int      `json:"looks"`
}

// Waiting is a proposal with whom it would affect, and whether the viewer may decide about it.
type Waiting struct {
	Policy
	Affected   []Affected `json:"affected"`
	MayApprove bool       `json:"mayApprove"` // by somebody else, and from what holds now
	Overtaken  bool       `json:"overtaken"`  // another came into force since
}

// Policies is what is in force, what has been proposed, and what was decided, the newest first.
type Policies struct {
	Number  int       `json:"number"`
	Rights  [][]Right `json:"rights"` // by role
	Waiting []Waiting `json:"waiting"`
	Decided []Policy  `json:"decided"`
}

// Policies lists them, for those whose work they are; audited. Errors: kmcr.Refused.
func (s *Service) Policies(ctx context.Context, v kmcr.Viewer) (*Policies, error) {
	p, e, err := s.work(ctx, v, access.WorkPolicies)
	if err != nil {
		return nil, err
	}
	out := &Policies{Number: p.policy.Number, Waiting: []Waiting{}, Decided: []Policy{}}
	for _, r := range kmcr.AllRoles {
		out.Rights = append(out.Rights, p.policy.Rights(r))
	}
	all, err := s.proposals(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if k.State != PolicyProposed {
			out.Decided = append(out.Decided, k.Policy)
			continue
		}
		w := Waiting{Policy: k.Policy, Overtaken: k.Number != p.policy.Number+1}
		w.MayApprove = k.Account != v.Account && !w.Overtaken
		if w.Affected, err = s.affected(ctx, k.Changes); err != nil {
			return nil, err
		}
		out.Waiting = append(out.Waiting, w)
	}
	return out, s.audit(ctx, e)
}

func (s *Service) proposals(ctx context.Context) (all []keptPolicy, err error) {
	err = s.db.List(ctx, store.KindPolicy, func(key string, body []byte) error {
		var k keptPolicy
		if err := json.Unmarshal(body, &k); err != nil || key == policyKey {
			return err
		}
		all = append(all, k)
		return nil
	})
	slices.SortFunc(all, func(a, b keptPolicy) int { return cmp.Or(b.Proposed.Compare(a.Proposed), strings.Compare(a.ID, b.ID)) })
	return all, unavailable(err)
}

// affected says who would gain and who would lose by changes.
func (s *Service) affected(ctx context.Context, changes []Change) ([]Affected, error) {
	known, err := s.workers(ctx)
	if err != nil {
		return nil, err
	}
	looked, looks := map[kmcr.Role]map[string]bool{}, map[kmcr.Role]int{}
	err = s.db.AuditSince(ctx, s.now().AddDate(0, 0, -usualDays), func(e *audit.Entry) error {
		if e.Allowed && e.Person != 0 && e.Viewer.Account != "" {
			if looked[e.Viewer.Role] == nil {
				looked[e.Viewer.Role] = map[string]bool{}
			}
			looked[e.Viewer.Role][e.Viewer.Account] = true
			looks[e.Viewer.Role]++
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	out := []Affected{}
	for _, r := range kmcr.AllRoles {
		a := Affected{Role: r, Name: terms.RoleName(r), Workers: []string{}, Lookers: len(looked[r]), Looks: looks[r]}
		for _, c := range changes {
			switch {
			case c.Role != r:
			case c.Gain:
				a.Gains = append(a.Gains, c)
			default:
				a.Loses = append(a.Loses, c)
			}
		}
		if len(a.Gains)+len(a.Loses) == 0 {
			continue
		}
		for _, w := range known {
			if w.Role == r && w.Name != "" {
				a.Workers = append(a.Workers, w.Name)
			}
		}
		slices.Sort(a.Workers)
		out = append(out, a)
	}
	return out, nil
}

// WouldAffect says who would gain and who would lose if rights were changed; nothing is kept. Errors: kmcr.Refused, kmcr.Invalid for
// what no policy may do.
func (s *Service) WouldAffect(ctx context.Context, v kmcr.Viewer, changes []Right) ([]Affected, error) {
	p, e, err := s.work(ctx, v, access.WorkPolicies)
	if err != nil {
		return nil, err
	}
	next, err := p.policy.With(changes)
	if err != nil {
		return nil, err
	}
	out, err := s.affected(ctx, p.policy.Differences(next))
	if err != nil {
		return nil, err
	}
	return out, s.audit(ctx, e)
}

// Propose keeps a change of rights for somebody else to decide. Errors: as WouldAffect, and kmcr.Invalid without a reason.
func (s *Service) Propose(ctx context.Context, v kmcr.Viewer, changes []Right, reason string) (*Policy, error) {
	p, e, err := s.work(ctx, v, access.WorkPolicies)
	if err != nil {
		return nil, err
	}
	next, err := p.policy.With(changes)
	if err != nil {
		return nil, err
	}
	if reason = strings.TrimSpace(reason); len(reason) < 10 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "reason", Message: "a change of policy needs its reason", Remedy: "Say in a sentence why, for whoever approves it."}
	}
	k := keptPolicy{Policy: Policy{Number: next.Number, ID: rand.Text(), State: PolicyProposed, Changes: p.policy.Differences(next), Reason: reason,
		By: v.Name + ", " + terms.RoleName(v.Role), Proposed: s.now()}, Account: v.Account, Matrix: next.Matrix()}
	e.Action, e.Where, e.Reason, e.Detail = "propose-policy", "/policies", reason, told(k.Policy)
	return &k.Policy, unavailable(s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindPolicy, k.ID, k); err != nil {
			return err
		}
		return tx.Audit(e)
	}))
}

// told is what the audit says of a change.
func told(p Policy) map[string]string {
	var words []string
	for _, c := range p.Changes {
		words = append(words, string(c.Role)+": "+c.Right+" "+c.From+" → "+c.To)
	}
	return map[string]string{"policy": strconv.Itoa(p.Number), "proposal": p.ID, "changes": strings.Join(words, "; ")}
}

// DecidePolicy approves a proposal, which is then in force from the next request on, or refuses it. Whoever proposed it may not approve it,
// and who approves it has just shown who they are (step-up). Errors: kmcr.Refused, kmcr.NotFound, kmcr.Conflict where it has been
// decided or another has come into force since it was proposed.
func (s *Service) DecidePolicy(ctx context.Context, v kmcr.Viewer, id string, approve bool) error {
	p, e, err := s.work(ctx, v, access.WorkPolicies)
	if err != nil {
		return err
	}
	e.Action, e.Where = "refuse-policy", "/policies/{id}"
	if approve {
		e.Action = "approve-policy"
		if err := s.stepUp(ctx, v, p.organisation(v.Organisation), e); err != nil {
			return err
		}
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		entry := *e
		var k, inForce keptPolicy
		found, err := tx.Get(store.KindPolicy, id, &k)
		if err != nil {
			return err
		}
		if !found || id == policyKey {
			return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such proposal"}
		}
		if _, err := tx.Get(store.KindPolicy, policyKey, &inForce); err != nil {
			return err
		}
		entry.Detail = told(k.Policy)
		switch {
		case k.State != PolicyProposed:
			return &kmcr.Error{Kind: kmcr.Conflict, Message: "this proposal has been decided already", Remedy: "Propose it again if it is still wanted."}
		case approve && k.Account == v.Account:
			return &kmcr.Error{Kind: kmcr.Refused, Message: "who proposed a change does not approve it", Remedy: "Ask a colleague whose work this is to read it."}
		case approve && k.Number != inForce.Number+1:
			return &kmcr.Error{Kind: kmcr.Conflict, Message: "another change has come into force since this one was proposed", Remedy: "Propose it again, from what holds now."}
		}
		k.Second, k.Decided, k.State = v.Name+", "+terms.RoleName(v.Role), s.now(), PolicyRefused
		if approve {
			if _, err := access.ReadPolicy(k.Number, k.Matrix); err != nil {
				return err
			}
			k.State = PolicyInForce
			if inForce.ID != "" {
				inForce.State = PolicySuperseded
				if err := tx.Put(store.KindPolicy, inForce.ID, inForce); err != nil {
					return err
				}
			}
			if err := tx.Put(store.KindPolicy, policyKey, k); err != nil {
				return err
			}
		}
		if err := tx.Put(store.KindPolicy, id, k); err != nil {
			return err
		}
		return tx.Audit(&entry)
	})
	if kind := kmcr.KindOf(err); kind == kmcr.Refused || kind == kmcr.NotFound || kind == kmcr.Conflict {
		e.Allowed, e.Rule = false, err.Error()
		if err := s.audit(ctx, e); err != nil {
			return err
		}
	}
	s.register.forget()
	return unavailable(err)
}
