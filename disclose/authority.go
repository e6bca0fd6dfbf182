package disclose

import (
	"context"
	"slices"
	"strings"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/store"
)

// Orders lists whose word counts first for every fact, as it holds now, and whether the viewer may change it. It speaks of no person;
// who may look for people, or decides on matches, may read it. Errors: kmcr.Refused.
func (s *Service) Orders(ctx context.Context, v kmcr.Viewer) (orders []compose.AuthorityOrder, mayChange bool, err error) {
	p, err := s.parties(ctx)
	if err != nil {
		return nil, false, err
	}
	e := s.entry(v, "work-list", "/authority")
	e.Purpose = kmcr.Administration
	mayChange, e.Rule = p.policy.MayWork(v, p.organisation(v.Organisation), access.WorkMatches)
	if e.Allowed = mayChange; !mayChange {
		e.Allowed, e.Rule = p.policy.MayFind(v, p.organisation(v.Organisation))
	}
	if err := s.audit(ctx, e); err != nil {
		return nil, false, err
	}
	if !e.Allowed {
		return nil, false, &kmcr.Error{Kind: kmcr.Refused, Message: e.Rule, Remedy: "If it should be yours, ask your organisation's administrator about your role."}
	}
	orders, err = s.orders(ctx)
	return orders, mayChange, err
}

// orders are the defaults with what was changed.
func (s *Service) orders(ctx context.Context) ([]compose.AuthorityOrder, error) {
	changed, err := s.Authority(ctx)
	if err != nil {
		return nil, err
	}
	all := compose.DefaultAuthority()
	for i := range all {
		for _, c := range changed {
			if c.Fact == all[i].Fact {
				all[i].Kinds, all[i].Why = c.Kinds, c.Why
			}
		}
	}
	return all, nil
}

// SetOrder changes whose word counts first for a fact: kinds of organisation, the first counts most, none means that the most recent
// word counts. Only whoever decides on matches may; the change and its audit entry are one commit.
// Errors: kmcr.Refused, kmcr.NotFound for a fact that there is not, kmcr.Invalid for a kind that there is not or a missing reason.
func (s *Service) SetOrder(ctx context.Context, v kmcr.Viewer, fact compose.Fact, kinds []string, why string) error {
	_, e, err := s.work(ctx, v, access.WorkMatches)
	if err != nil {
		return err
	}
	orders, err := s.orders(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(orders, func(o compose.AuthorityOrder) bool { return o.Fact == fact })
	if at < 0 {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such fact to order"}
	}
	if err := checkKinds(kinds); err != nil {
		return err
	}
	if strings.TrimSpace(why) == "" {
		return &kmcr.Error{Kind: kmcr.Invalid, Where: "why", Message: "a change needs its reason, which readers see", Remedy: "Say in a sentence why these count first."}
	}
	orders[at].Kinds, orders[at].Why = kinds, strings.TrimSpace(why)
	e.Action, e.Where, e.Reason = "administer", "/authority", orders[at].Why
	e.Detail = map[string]string{"fact": string(fact), "order": strings.Join(kinds, ", ")}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindSetting, authorityKey, orders); err != nil {
			return err
		}
		return tx.Audit(e)
	})
	return unavailable(err)
}

func checkKinds(kinds []string) error {
	for i, k := range kinds {
		if k == "" || compose.KindWords(k) == "" {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: "kinds", Message: "there is no such kind of organisation", Remedy: "The kinds are " + strings.Join(compose.Kinds(), ", ") + "."}
		}
		if slices.Contains(kinds[:i], k) {
			return &kmcr.Error{Kind: kmcr.Invalid, Where: "kinds", Message: "a kind of organisation stands in the order twice", Remedy: "Name each kind once."}
		}
	}
	return nil
}
