package disclose

import (
	"context"
	"slices"
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
	mostEvents = 2000
	// MostPairs is how many reviews one part of the list shows.
	MostPairs  = 100
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
	e.Allowed, e.Rule = p.policy.MayWork(v, p.organisation(v.Organisation), l)
	if e.Allowed {
		return p, e, nil
	}
	if err := s.audit(ctx, e); err != nil {
		return p, nil, err
	}
	return p, nil, &kmcr.Error{Kind: kmcr.Refused, Message: e.Rule, Remedy: "If it should be yours, ask your organisation's administrator about your role."}
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
