package disclose

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/store"
)

// Concern is something striking about looks, with what came of looking into it.
type Concern struct {
	audit.Concern
	Outcome Outcome
}

// Outcome is what a privacy officer found.
type Outcome struct {
	Verdict string    `json:"verdict"` // "" open, "appropriate", "not-appropriate", "looking-into-it"
	Words   string    `json:"words"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Verdicts are the outcomes that can be recorded.
var Verdicts = []string{"appropriate", "not-appropriate", "looking-into-it"}

// How far back looks are watched, and how many concerns are listed.
const (
	watched      = 28 * 24 * time.Hour
	mostConcerns = 300
)

// Concerns lists what is striking about looks of the last 28 days, newest first, those that are settled last; for privacy officers, audited.
func (s *Service) Concerns(ctx context.Context, v kmcr.Viewer) ([]Concern, error) {
	_, e, err := s.work(ctx, v, access.WorkPrivacy)
	if err != nil {
		return nil, err
	}
	all, err := s.concerns(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Concern, len(all))
	for n, c := range all {
		out[n].Concern = c
		if _, err := s.db.Get(ctx, store.KindConcern, c.ID, &out[n].Outcome); err != nil {
			return nil, unavailable(err)
		}
	}
	slices.SortStableFunc(out, func(a, b Concern) int { return settled(a) - settled(b) })
	out = out[:min(len(out), mostConcerns)]
	e.Detail = map[string]string{"concerns": strconv.Itoa(len(out))}
	return out, s.audit(ctx, e)
}

func settled(c Concern) int {
	if c.Outcome.Verdict == "appropriate" || c.Outcome.Verdict == "not-appropriate" {
		return 1
	}
	return 0
}

// concerns watches the log.
func (s *Service) concerns(ctx context.Context) ([]audit.Concern, error) {
	since := s.now().Add(-watched)
	var entries []*audit.Entry
	err := s.db.AuditAll(ctx, func(e *audit.Entry) error {
		if e.At.After(since) {
			e.Shown = nil // a watch counts looks, and the log may be long
			entries = append(entries, e)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	var failed error
	named := func(p kmcr.PersonID) audit.Named {
		n, err := s.named(ctx, p)
		if err != nil {
			failed = err
		}
		return n
	}
	return audit.Watch(entries, named, london), failed
}

// named is what the watch compares of a person.
func (s *Service) named(ctx context.Context, person kmcr.PersonID) (audit.Named, error) {
	patients, err := s.db.Links(ctx, person)
	if err != nil {
		return audit.Named{}, unavailable(err)
	}
	n := audit.Named{}
	for _, p := range patients {
		for _, name := range readClaims(p).Names {
			if n.Family == "" {
				n.Family, n.Given = name.Family, firstWord(name.Given)
			}
		}
	}
	n.Sealed, err = s.hidden(ctx, patients)
	return n, err
}

func firstWord(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return first
}

// Settle records what a privacy officer found about a concern: a verdict of Verdicts, and words, at least 10 characters; audited.
func (s *Service) Settle(ctx context.Context, v kmcr.Viewer, id, verdict, words string) error {
	_, e, err := s.work(ctx, v, access.WorkPrivacy)
	if err != nil {
		return err
	}
	e.Action, e.Where, e.Reason = "concern-settled", "POST /privacy/concerns", strings.TrimSpace(words)
	if !slices.Contains(Verdicts, verdict) {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a concern is settled as appropriate, not-appropriate or looking-into-it", Remedy: "Choose one of the three.", Where: "verdict"}
	}
	if err := checkReason(e.Reason); err != nil {
		return err
	}
	all, err := s.concerns(ctx)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(c audit.Concern) bool { return c.ID == id })
	if n < 0 {
		e.Allowed, e.Rule = false, "There is no such concern."
		if err := s.audit(ctx, e); err != nil {
			return err
		}
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such concern", Remedy: "Open the list again."}
	}
	e.Person, e.Detail = all[n].Person, map[string]string{"rule": all[n].Rule, "verdict": verdict, "about": all[n].Viewer.Account}
	if all[n].Viewer.Account == v.Account {
		e.Allowed, e.Rule = false, "Nobody settles a concern about themselves."
		if err := s.audit(ctx, e); err != nil {
			return err
		}
		return &kmcr.Error{Kind: kmcr.Refused, Message: e.Rule, Remedy: "Ask the Caldicott guardian."}
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindConcern, id, Outcome{Verdict: verdict, Words: e.Reason, By: v.Account, At: s.now()}); err != nil {
			return err
		}
		kept := *e
		return tx.Audit(&kept)
	})
	return unavailable(err)
}

// london is where day and night are.
var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC
	}
	return l
}()
