package disclose

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/store"
)

type auditEntry = audit.Entry

// What can be asked of those who provide a service.
const (
	askSuspend = "suspend"
	askRestart = "restart"
)

// topicOfAsk is the topic under which a provider's people hear of a request.
func topicOfAsk(kind string) string { return kind + "-package" }

func askedOf(r store.Request) Asked {
	return Asked{Service: r.Service.String(), What: r.What, Kind: r.Kind, At: r.At, By: r.Name, Role: r.Role, Words: r.Words, Told: r.Told}
}

// asks are requests put to the viewer's own organisation, as alerts to its people.
func (m *member) asks(all []store.Request, since time.Time, cancelled map[kmcr.StatementID]bool) []Alert {
	var out []Alert
	last := map[kmcr.StatementID]int{}
	for _, r := range all {
		if r.At.Before(since) || !slices.ContainsFunc(r.Told, func(t store.Told) bool { return t.Organisation == m.facts.Viewer.Organisation }) || r.Account == m.facts.Viewer.Account {
			continue
		}
		if !slices.ContainsFunc(m.sight.permitted, func(s *kmcr.Statement) bool { return s.ID == r.Service }) {
			continue
		}
		a := m.alert(topicOfAsk(r.Kind)+"."+r.Service.String(), topicOfAsk(r.Kind), r.At)
		a.Text = map[string]string{askSuspend: "Asked to suspend: ", askRestart: "Asked to begin again: "}[r.Kind] + r.What
		a.Asked, a.mark = []Asked{askedOf(r)}, a.Told.Format(time.RFC3339Nano)
		if r.Kind == askSuspend && cancelled[r.Episode] {
			a.Text += ". The admission has been cancelled since"
			a.mark += " cancelled"
		}
		if n, again := last[r.Service]; again { // what was asked last stands
			out[n] = a
			continue
		}
		last[r.Service] = len(out)
		out = append(out, a)
	}
	return out
}

// AskProvider asks those who provide a service that a stay in hospital affects to suspend it, or after the discharge to begin again: of one
// service by the id of its statement, or of all where service is "". It keeps who was told and when, and puts it to their people as an
// alert. The answer is what was asked.
func (s *Service) AskProvider(ctx context.Context, v kmcr.Viewer, alert, service, words string) ([]Asked, error) {
	m, a, e, err := s.findAlert(ctx, v, alert, "/alerts/{id}/ask")
	if err != nil {
		return nil, err
	}
	if a.MayAsk == "" {
		return nil, s.unasked(ctx, e, "no service or visit of the next seven days is affected")
	}
	if len(words) > 1000 {
		return nil, s.unasked(ctx, e, "the words are longer than 1,000 characters")
	}
	var requests []store.Request
	for _, x := range a.Episode.Affected {
		if service != "" && x.ID != service {
			continue
		}
		r := store.Request{Patient: x.Statement.Patient, At: s.now(), Kind: a.MayAsk, Service: x.Statement, Episode: a.Episode.Statement, What: x.What, Words: strings.TrimSpace(words),
			Account: v.Account, Name: v.Name, Role: v.Role, Organisation: v.Organisation}
		if r.Told, err = s.toBeTold(ctx, m, x); err != nil {
			return nil, err
		}
		requests = append(requests, r)
	}
	if len(requests) == 0 {
		return nil, s.unasked(ctx, e, "that service is not among those that are affected")
	}
	e.Action, e.Detail = "ask", map[string]string{"asked": a.MayAsk}
	err = s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		for n := range requests {
			if err := tx.AddRequest(&requests[n]); err != nil {
				return err
			}
			event := kmcr.Event{Patient: requests[n].Patient, Topic: topicOfAsk(a.MayAsk), At: requests[n].At, Statement: requests[n].Service}
			if err := tx.AddEvent(&event); err != nil {
				return err
			}
			e.Shown = append(e.Shown, audit.Shown{ID: requests[n].Service})
		}
		return tx.Audit(e)
	})
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]Asked, len(requests))
	for n, r := range requests {
		out[n] = askedOf(r)
	}
	s.happened()
	return out, nil
}

func (s *Service) unasked(ctx context.Context, e *audit.Entry, why string) error {
	e.Allowed, e.Rule = false, why
	if err := s.audit(ctx, e); err != nil {
		return err
	}
	return &kmcr.Error{Kind: kmcr.Invalid, Message: why, Remedy: "Read the alert again."}
}

// toBeTold are the organisations that provide a service or answer for it, with those of their people who are involved by name.
func (s *Service) toBeTold(ctx context.Context, m *member, x compose.Affected) ([]store.Told, error) {
	all := []store.Told{}
	add := func(o kmcr.ODS, name, telephone string) {
		if slices.ContainsFunc(all, func(t store.Told) bool { return t.Organisation == o && o != "" || t.Name == name }) || o == "" && name == "" {
			return
		}
		if known := m.parties.organisation(o); known != nil {
			name = known.Name
			if telephone == "" {
				telephone = known.Telephone
			}
		}
		all = append(all, store.Told{Organisation: o, Name: name, Telephone: telephone})
	}
	provider := x.Provider
	if provider == "" {
		provider = m.parties.named(x.By)
	}
	telephone := x.Telephone
	if x.Whose != "" {
		telephone = ""
	}
	add(provider, x.By, telephone)
	sender := m.parties.contributor(x.From).Organisation
	add(sender, m.parties.name(sender), "")
	for n := range all {
		for _, i := range m.facts.Involvements {
			if i.Account == "" || i.Organisation != all[n].Organisation || !i.Open(m.facts.Now) || i.Kind == "break-glass" || slices.Contains(all[n].Accounts, i.Account) {
				continue
			}
			all[n].Accounts = append(all[n].Accounts, i.Account)
			if name, err := s.accountName(ctx, i.Account); err != nil {
				return nil, err
			} else if name != "" {
				all[n].People = append(all[n].People, name)
			}
		}
	}
	return all, nil
}

// named is the organisation of a name, "" where the register has none or several of it.
func (p parties) named(name string) kmcr.ODS {
	var found kmcr.ODS
	for code, o := range p.organisations {
		if name != "" && strings.EqualFold(o.Name, name) {
			if found != "" {
				return ""
			}
			found = code
		}
	}
	return found
}

// accountName is the name of whoever has an account.
func (s *Service) accountName(ctx context.Context, account string) (string, error) {
	var body json.RawMessage
	found, err := s.db.Get(ctx, store.KindAccount, account, &body)
	if err != nil || !found {
		return "", unavailable(err)
	}
	var a struct{ Person string }
	err = json.Unmarshal(body, &a)
	return a.Person, err
}
