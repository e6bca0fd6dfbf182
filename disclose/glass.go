package disclose

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/store"
)

// How long a record that was opened in an emergency stays open, how many
// characters a reason has at least, and how many entries Looks answers at most.
const (
	glassLasts    = 8 * time.Hour
	shortestWords = 10
	mostLooks     = 1000
)

// BreakGlass opens a record in an emergency: reason is the viewer's own words, at least 10 characters; it lasts 8 hours and goes to the privacy officer.
func (s *Service) BreakGlass(ctx context.Context, v kmcr.Viewer, ref, reason string) error {
	o, err := s.gather(ctx, v, ref, "break-glass", "POST /people/{ref}/break-glass")
	if err != nil {
		return err
	}
	o.entry.Reason = strings.TrimSpace(reason)
	o.entry.Purpose = kmcr.BreakGlass
	if o.decision.Outcome == access.Unknown {
		return s.refuse(ctx, o)
	}
	if may, rule := access.MayBreakGlass(v, o.facts.Organisation); !may {
		o.entry.Allowed, o.entry.Rule = false, rule
		if err := s.audit(ctx, o.entry); err != nil {
			return err
		}
		return &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "In an emergency, ask somebody whose role may open the record."}
	}
	if err := checkReason(o.entry.Reason); err != nil {
		o.entry.Allowed, o.entry.Rule = false, "A record is opened in an emergency with a reason in words."
		if failed := s.audit(ctx, o.entry); failed != nil {
			return failed
		}
		return err
	}
	if o.decision.Outcome == access.Permitted { // already open: nothing to break
		return s.audit(ctx, o.entry)
	}
	_, o.entry.Rule = access.MayBreakGlass(v, o.facts.Organisation)
	o.entry.Allowed = true
	return s.breakIt(ctx, o)
}

// breakIt keeps the involvement and its audit entry in one commit.
func (s *Service) breakIt(ctx context.Context, o *opening) error {
	now := s.now()
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		i := kmcr.Involvement{
			Person: o.person, Kind: "break-glass", Organisation: o.facts.Viewer.Organisation, Account: o.facts.Viewer.Account,
			From: now, Until: now.Add(glassLasts), Reason: o.entry.Reason,
		}
		if err := tx.AddInvolvement(&i); err != nil {
			return err
		}
		e := *o.entry
		return tx.Audit(&e)
	})
	if err != nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the reason cannot be kept now, so the record is not opened", Remedy: "Try again in a minute.", Err: err}
	}
	return nil
}

// checkReason asks for words: letters, and not one of them over and over.
func checkReason(reason string) error {
	letters, different := 0, map[rune]bool{}
	for _, r := range reason {
		if unicode.IsLetter(r) {
			letters++
			different[unicode.ToLower(r)] = true
		}
	}
	if len([]rune(reason)) < shortestWords || letters < shortestWords-2 || len(different) < 4 {
		return &kmcr.Error{
			Kind:    kmcr.Invalid,
			Message: "the reason has to say, in at least 10 characters of words, why the record is needed now",
			Remedy:  "Write what has happened and why it cannot wait, for example: found unconscious, no history available.",
			Where:   "reason",
		}
	}
	return nil
}

// Denied is what a refused viewer may know: enough to be sure it is the right person and what is lawful next.
type Denied struct {
	Found          Found
	Reason, Remedy string
	MayBreakGlass  bool
}

// Explain tells a refused viewer why and what next; audited. A person whom the viewer may not know of is kmcr.NotFound.
func (s *Service) Explain(ctx context.Context, v kmcr.Viewer, ref string) (*Denied, error) {
	o, err := s.gather(ctx, v, ref, "explain", "refusal")
	if err != nil {
		return nil, err
	}
	if o.decision.Outcome == access.Unknown {
		return nil, s.refuse(ctx, o)
	}
	d := &Denied{Reason: o.decision.Rule, Remedy: o.decision.Remedy}
	if o.decision.Outcome == access.NotInvolved {
		d.MayBreakGlass, _ = access.MayBreakGlass(v, o.facts.Organisation)
	}
	if d.Found, err = s.found(ctx, o.person, o.patients, o.parties); err != nil {
		return nil, err
	}
	return d, s.audit(ctx, o.entry)
}

// Looks lists who looked at a record, newest first; audited itself. It is for those who may open the record, and for those whose
// work it is to see who did.
func (s *Service) Looks(ctx context.Context, v kmcr.Viewer, ref string) ([]*audit.Entry, error) {
	o, err := s.gather(ctx, v, ref, "looks", "/people/{ref}/access")
	if err != nil {
		return nil, err
	}
	if may, rule := access.MayWork(v, o.facts.Organisation, access.WorkPrivacy); may && len(o.patients) > 0 {
		o.decision.Outcome = access.Permitted
		o.entry.Allowed, o.entry.Rule, o.entry.Purpose = true, rule, kmcr.Administration
	}
	if err := s.refuse(ctx, o); err != nil {
		return nil, err
	}
	entries, err := s.db.AuditOf(ctx, o.person, mostLooks)
	if err != nil {
		return nil, unavailable(err)
	}
	hidden, err := s.hidden(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	if err := s.audit(ctx, o.entry); err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e *audit.Entry) bool { return e.Action == "ingest" })
	if o.entry.Purpose != kmcr.Administration {
		for _, e := range entries {
			withoutTelling(e, v, hidden)
		}
	}
	return entries, nil
}

// withoutTelling takes out of an entry what would tell somebody who reads the
// record more than the record does: how much others were shown, the words of
// an emergency, and for somebody who must not be found, where those who looked work.
func withoutTelling(e *audit.Entry, v kmcr.Viewer, hidden bool) {
	if e.Viewer.Account == v.Account {
		return
	}
	e.Shown, e.Withheld, e.Reason, e.Detail = nil, 0, "", nil
	if hidden {
		e.Viewer.Account, e.Viewer.Name, e.Viewer.Organisation, e.Viewer.Team = "", "", "", ""
	}
}
