package disclose

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// Objection is a person's objection to sharing, as it is recorded: to all, to
// one organisation or to one role. It is in force on the next request.
type Objection struct {
	access.Objection
	ID       int       `json:"id"` // from 1, within the person
	Words    string    `json:"words"`
	By       string    `json:"by"`
	Recorded time.Time `json:"recorded"`
}

// readObjections reads those of a person: a list, or one by itself.
func readObjections(body []byte) ([]Objection, error) {
	var many []Objection
	if json.Unmarshal(body, &many) == nil {
		return many, nil
	}
	var one Objection
	err := json.Unmarshal(body, &one)
	return []Objection{one}, err
}

// objections are those by which access judges.
func (s *Service) objections(ctx context.Context, p kmcr.PersonID) ([]access.Objection, error) {
	var body json.RawMessage
	found, err := s.db.Get(ctx, store.KindObjection, string(p.Ref()), &body)
	if err != nil || !found {
		return nil, err
	}
	recorded, err := readObjections(body)
	out := make([]access.Objection, len(recorded))
	for i, o := range recorded {
		out[i] = o.Objection
	}
	return out, err
}

// officer decides about an act of a privacy officer on a person; it audits a refusal.
func (s *Service) officer(ctx context.Context, v kmcr.Viewer, ref, action, where string) (*opening, error) {
	o, err := s.gather(ctx, v, ref, action, where)
	if err != nil {
		return nil, err
	}
	o.entry.Purpose, o.entry.Detail = kmcr.Administration, nil
	if o.decision.Outcome == access.Unknown {
		return nil, s.refuse(ctx, o)
	}
	o.entry.Allowed, o.entry.Rule = o.facts.Policy.Officer(v, o.facts.Organisation)
	if !o.entry.Allowed {
		return nil, s.turnDown(ctx, o, o.entry.Rule, &kmcr.Error{Kind: kmcr.Refused, Message: o.entry.Rule, Remedy: "Ask the privacy officer of your organisation."})
	}
	return o, nil
}

// Objections lists those of a person, for privacy officers; audited.
func (s *Service) Objections(ctx context.Context, v kmcr.Viewer, ref string) ([]Objection, error) {
	o, err := s.officer(ctx, v, ref, "objections", "/people/{ref}/objections")
	if err != nil {
		return nil, err
	}
	var body json.RawMessage
	found, err := s.db.Get(ctx, store.KindObjection, string(o.person.Ref()), &body)
	if err != nil {
		return nil, unavailable(err)
	}
	out := []Objection{}
	if found {
		if out, err = readObjections(body); err != nil {
			return nil, unavailable(err)
		}
	}
	return out, s.audit(ctx, o.entry)
}

// Object records a person's objection, in force from now: organisation and role say against whom, "" each for anybody; words say
// what the person said, at least 10 characters.
func (s *Service) Object(ctx context.Context, v kmcr.Viewer, ref string, organisation kmcr.ODS, role kmcr.Role, words string) error {
	o, err := s.officer(ctx, v, ref, "objection-recorded", "POST /people/{ref}/objections")
	if err != nil {
		return err
	}
	words = strings.TrimSpace(words)
	var wrong error
	switch {
	case organisation != "" && o.parties.organisation(organisation) == nil:
		wrong = &kmcr.Error{Kind: kmcr.Invalid, Message: "there is no such organisation in the register", Remedy: "Give its ODS code.", Where: "organisation"}
	case role != "" && !slices.Contains(kmcr.AllRoles, role):
		wrong = &kmcr.Error{Kind: kmcr.Invalid, Message: "there is no such role", Remedy: "Give a role of the list.", Where: "role"}
	default:
		wrong = checkReason(words)
	}
	if wrong != nil {
		return s.turnDown(ctx, o, "What was recorded is not complete.", wrong)
	}
	o.entry.Reason, o.entry.Detail = words, map[string]string{"organisation": string(organisation), "role": string(role)}
	return s.changeObjections(ctx, o, func(all []Objection) ([]Objection, error) {
		return append(all, Objection{
			Objection: access.Objection{Organisation: organisation, Role: role, From: o.facts.Now},
			ID:        len(all) + 1, Words: words, By: v.Account, Recorded: o.facts.Now,
		}), nil
	})
}

// EndObjection ends an objection that the person has taken back; what was recorded stays.
func (s *Service) EndObjection(ctx context.Context, v kmcr.Viewer, ref string, id int, words string) error {
	o, err := s.officer(ctx, v, ref, "objection-ended", "POST /people/{ref}/objections/{id}/end")
	if err != nil {
		return err
	}
	if err := checkReason(words); err != nil {
		return s.turnDown(ctx, o, "What was recorded is not complete.", err)
	}
	o.entry.Reason = strings.TrimSpace(words)
	return s.changeObjections(ctx, o, func(all []Objection) ([]Objection, error) {
		for i := range all {
			if all[i].ID == id && all[i].Until.IsZero() {
				all[i].Until = o.facts.Now
				return all, nil
			}
		}
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such objection in force"}
	})
}

// changeObjections changes the list and writes the audit entry in one commit.
func (s *Service) changeObjections(ctx context.Context, o *opening, change func([]Objection) ([]Objection, error)) error {
	key := string(o.person.Ref())
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var body json.RawMessage
		var all []Objection
		found, err := tx.Get(store.KindObjection, key, &body)
		if err != nil {
			return err
		}
		if found {
			if all, err = readObjections(body); err != nil {
				return err
			}
		}
		if all, err = change(all); err != nil {
			return err
		}
		if err := tx.Put(store.KindObjection, key, all); err != nil {
			return err
		}
		e := *o.entry
		return tx.Audit(&e)
	})
	if kmcr.KindOf(err) == kmcr.NotFound {
		return s.turnDown(ctx, o, "There is no such objection in force.", err)
	}
	return unavailable(err)
}
