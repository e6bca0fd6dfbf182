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

// How long a record that was opened in an emergency stays open, and one of a
// person with whom somebody says to be involved; how many characters a reason
// has at least, and how many entries Looks answers at most.
const (
	glassLasts    = 8 * time.Hour
	claimLasts    = 14 * 24 * time.Hour
	shortestWords = 10
	mostLooks     = 1000
)

// Why is why somebody wants a record that is not open to them.
type Why struct {
	Ground string // code of a ground on the list; "" is "other"
	Words  string // at least 10 characters in the viewer's own words
	// Until is the day on which a claim to be involved ends; zero: as long as it lasts. Telephone and Hours say how the viewer can be
	// reached; "" leaves what was said before.
	Until            time.Time
	Telephone, Hours string
}

// reason is the ground and the words, as they are kept.
func (a Why) reason(list []access.Ground) (string, error) {
	words := strings.TrimSpace(a.Words)
	g, known := access.GroundOf(list, a.Ground)
	if !known {
		return words, &kmcr.Error{Kind: kmcr.Invalid, Message: "the reason is not one of the list", Remedy: "Choose one of the list, or leave it out.", Where: "ground"}
	}
	if err := checkReason(words); err != nil {
		return words, err
	}
	if g.Code == "other" {
		return words, nil
	}
	return g.Says + ": " + words, nil
}

// way is a way to open a record that is not open: in an emergency, or by saying to be involved.
type way struct {
	action  string // also the kind of the involvement
	where   string
	purpose kmcr.Purpose
	lasts   time.Duration
	grounds []access.Ground
	may     func(*access.Policy, kmcr.Viewer, *kmcr.Organisation) (bool, string)
	remedy  string
	most    int // in an hour
}

var (
	emergency = way{
		action: "break-glass", where: "POST /people/{ref}/break-glass", purpose: kmcr.BreakGlass, lasts: glassLasts, grounds: access.Emergencies,
		may: (*access.Policy).MayBreakGlass, remedy: "In an emergency, ask somebody whose role may open the record.", most: 10,
	}
	claim = way{
		action: "self-claim", where: "POST /people/{ref}/involved", purpose: kmcr.DirectCare, lasts: claimLasts, grounds: access.Claims,
		may: (*access.Policy).MayClaim, remedy: "Ask a colleague who is involved to add you.", most: 30,
	}
)

// BreakGlass opens a record in an emergency: reason is the viewer's own words, at least 10 characters; it lasts 8 hours and goes to the privacy officer.
func (s *Service) BreakGlass(ctx context.Context, v kmcr.Viewer, ref string, why Why) error {
	_, err := s.openBy(ctx, v, ref, why, emergency)
	return err
}

// SayInvolved has a viewer say to be involved with a person. It lasts 14 days, goes to the privacy officer, opens nothing that is
// restricted, and is no way round an objection. Somebody to whom the record is open already is shown among the contacts until the day
// that is named, and nothing else opens by it. It answers when it ends.
func (s *Service) SayInvolved(ctx context.Context, v kmcr.Viewer, ref string, why Why) (until time.Time, err error) {
	return s.openBy(ctx, v, ref, why, claim)
}

func (s *Service) openBy(ctx context.Context, v kmcr.Viewer, ref string, why Why, w way) (until time.Time, err error) {
	o, err := s.gather(ctx, v, ref, w.action, w.where)
	if err != nil {
		return until, err
	}
	reason, wrong := why.reason(w.grounds)
	o.entry.Reason, o.entry.Purpose = reason, w.purpose
	if o.decision.Outcome == access.Unknown {
		return until, s.refuse(ctx, o)
	}
	if o.decision.Outcome == access.Permitted && w.action == claim.action && o.decision.Kind != "self-claimed" && o.decision.Kind != "break-glass" {
		return s.nameInvolved(ctx, o, why)
	}
	may, rule := w.may(o.facts.Policy, v, o.facts.Organisation)
	if !may {
		return until, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: w.remedy})
	}
	if wrong != nil {
		return until, s.turnDown(ctx, o, "A reason in words is asked for.", wrong)
	}
	if wrong := why.checkCard(o.facts.Now, w.lasts); wrong != nil {
		return until, s.turnDown(ctx, o, "It ends within the time that it may last.", wrong)
	}
	if o.decision.Outcome == access.Permitted { // already open: nothing to open
		return o.decision.Until, s.audit(ctx, o.entry)
	}
	i := kmcr.Involvement{
		Person: o.person, Kind: w.kind(), Organisation: v.Organisation, Account: v.Account,
		From: o.facts.Now, Until: o.facts.Now.Add(w.lasts), Reason: reason,
	}
	if w.action == claim.action && !why.Until.IsZero() {
		i.Until = why.Until
	}
	if w.purpose == kmcr.BreakGlass {
		if err := s.stepUp(ctx, v, o.facts.Organisation, o.entry); err != nil {
			return until, err
		}
	}
	if d := access.WouldOpen(o.facts, i); d.Outcome != access.Permitted {
		return until, s.turnDown(ctx, o, d.Rule, &kmcr.Error{Kind: kmcr.Refused, Message: d.Rule, Remedy: d.Remedy})
	}
	often, err := s.often(ctx, v, w)
	if err != nil {
		return until, err
	}
	if often {
		rule := "More records have been opened like this in an hour than anybody's work asks for."
		return until, s.turnDown(ctx, o, rule, &kmcr.Error{Kind: kmcr.Refused, Message: rule, Remedy: "Ring the privacy officer, who can see this now."})
	}
	o.entry.Allowed, o.entry.Rule = true, rule
	o.entry.Detail = map[string]string{"until": i.Until.UTC().Format(time.RFC3339)}
	return i.Until, s.keepOpen(ctx, o, i, why)
}

func (w way) kind() string {
	if w.action == "self-claim" {
		return "self-claimed"
	}
	return w.action
}

// stepUp asks that a viewer has just shown who they are; it audits that somebody had not.
func (s *Service) stepUp(ctx context.Context, v kmcr.Viewer, o *kmcr.Organisation, e *audit.Entry) error {
	proven, rule := access.Proven(v, o, s.now())
	if proven {
		return nil
	}
	e.Allowed, e.Rule = false, rule
	if err := s.audit(ctx, e); err != nil {
		return err
	}
	return &kmcr.Error{Kind: kmcr.StepUp, Message: rule, Remedy: "Sign in once more, then do it again."}
}

// Proven asks that a viewer has just shown who they are, before something that asks for it (an un-merge) is done elsewhere;
// kmcr.StepUp where they have not, and that is audited.
func (s *Service) Proven(ctx context.Context, v kmcr.Viewer, action, where string) error {
	p, err := s.parties(ctx)
	if err != nil {
		return err
	}
	e := s.entry(v, action, where)
	e.Purpose = kmcr.Administration
	return s.stepUp(ctx, v, p.organisation(v.Organisation), e)
}

// turnDown audits that something was asked for and not given, and answers with why.
func (s *Service) turnDown(ctx context.Context, o *opening, rule string, why error) error {
	o.entry.Allowed, o.entry.Rule = false, rule
	if err := s.audit(ctx, o.entry); err != nil {
		return err
	}
	return why
}

// often tells whether a viewer has opened too many records in this way within the hour.
func (s *Service) often(ctx context.Context, v kmcr.Viewer, w way) (bool, error) {
	mine, err := s.db.PeopleOf(ctx, v.Account, "", "", s.now(), mostPeople)
	if err != nil {
		return false, unavailable(err)
	}
	n := 0
	for _, i := range mine {
		if i.Kind == w.kind() && i.Account == v.Account && s.now().Sub(i.From) < time.Hour {
			n++
		}
	}
	return n >= w.most, nil
}

// keepOpen keeps the involvement and its audit entry in one commit.
func (s *Service) keepOpen(ctx context.Context, o *opening, i kmcr.Involvement, why Why) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		kept, e := i, *o.entry
		if err := s.keepCard(tx, o.facts.Viewer, why); err != nil {
			return err
		}
		if err := tx.AddInvolvement(&kept); err != nil {
			return err
		}
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
	// Open tells that the record is open to the viewer, who may say to be involved and be shown among the contacts.
	Open bool
	// MayClaim tells that saying to be involved would open the record.
	MayClaim bool
	// Emergencies and Claims are the grounds to choose from, of each way that is open to the viewer.
	Emergencies, Claims []access.Ground
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
	d := &Denied{Reason: o.decision.Rule, Remedy: o.decision.Remedy, Open: o.decision.Outcome == access.Permitted}
	if o.decision.Outcome == access.NotInvolved {
		d.MayBreakGlass, _ = o.facts.Policy.MayBreakGlass(v, o.facts.Organisation)
		d.MayClaim, _ = o.facts.Policy.MayClaim(v, o.facts.Organisation)
		i := kmcr.Involvement{Kind: "self-claimed", Organisation: v.Organisation, Account: v.Account}
		d.MayClaim = d.MayClaim && access.WouldOpen(o.facts, i).Outcome == access.Permitted
	}
	if d.MayBreakGlass {
		d.Emergencies = access.Emergencies
	}
	if d.MayClaim {
		d.Claims = access.Claims
	}
	if d.Found, err = s.found(ctx, o.facts.Viewer, o.person, o.patients, o.parties); err != nil {
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
	if may, rule := o.facts.Policy.MayWork(v, o.facts.Organisation, access.WorkPrivacy); may && len(o.patients) > 0 {
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
