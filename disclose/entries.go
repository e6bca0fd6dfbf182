package disclose

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/store"
)

// Entries is a person as a records officer works on who is who: the patients of contributors that are linked to it, and what has been
// decided about them.
type Entries struct {
	Ref     kmcr.Ref
	Entries []Entry
	// Decisions are those about one of the entries and another, and the questions that are open, the newest first.
	Decisions []Decision
	// Hidden tells that one of them must not be found, or may be one who must not: nobody's whereabouts are shown, and two officers decide.
	Hidden bool
}

// Entry is one contributor's patient. ID names it for Part, Join and UndoMerge.
type Entry struct {
	ID              string
	Contributor     kmcr.ContributorCode
	ContributorName string // "" where whereabouts are hidden
	Demographics    compose.Demographics
	// MergedInto is the entry into which its own system has merged it; "" for none.
	MergedInto string
	History    []LinkStep // oldest first
}

// LinkStep is one change of whose an entry is. By is an account, a contributor, or kmcr itself.
type LinkStep struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Why  string    `json:"why"`
	From kmcr.Ref  `json:"from,omitempty"`
	To   kmcr.Ref  `json:"to"`
}

// Decision is what was decided, or is asked, about one entry and another.
type Decision struct {
	Review    int64                `json:"review"`
	State     string               `json:"state"` // open, same, different, unsure
	Entry     string               `json:"entry"`
	Other     string               `json:"other"`
	OtherRef  kmcr.Ref             `json:"otherRef"` // whose the other is now
	OtherOf   kmcr.ContributorCode `json:"otherContributor"`
	OtherName string               `json:"otherContributorName,omitempty"` // "" where whereabouts are hidden
	By        string               `json:"by,omitempty"`
	DecidedAt time.Time            `json:"decidedAt,omitzero"`
	// Proposed is what one officer has proposed and another has to decide too.
	Proposed   string `json:"proposed,omitempty"`
	ProposedBy string `json:"proposedBy,omitempty"`
}

// Entries gives the entries of a person; only for records officers, who need not be involved: audited. A reference of somebody who
// has become somebody else gives who that is. kmcr.NotFound where there is no such person.
func (s *Service) Entries(ctx context.Context, v kmcr.Viewer, ref string) (*Entries, error) {
	p, e, err := s.work(ctx, v, access.WorkMatches)
	if err != nil {
		return nil, err
	}
	e.Action, e.Where = "entries", "/matches/people"
	person, err := kmcr.ParseRef(ref)
	if err == nil {
		person, err = s.db.PersonNow(ctx, person)
	}
	var patients []*store.Patient
	if err == nil {
		patients, err = s.db.Links(ctx, person)
	}
	if kmcr.KindOf(err) == kmcr.Unavailable {
		return nil, unavailable(err)
	}
	patients = slices.DeleteFunc(p.audible(v, patients), func(x *store.Patient) bool { return x.Register || x.Erased() })
	if len(patients) == 0 {
		return nil, s.nobody(ctx, e)
	}
	e.Person = person
	out, err := s.entriesOf(ctx, person, patients, p)
	if err != nil {
		return nil, err
	}
	e.Detail = map[string]string{"entries": strconv.Itoa(len(out.Entries))}
	return out, s.audit(ctx, e)
}

// MayReport tells whether a viewer may read how well patients are linked, which names nobody, and what contributors are called: records
// officers and integration engineers; audited.
func (s *Service) MayReport(ctx context.Context, v kmcr.Viewer) (names map[kmcr.ContributorCode]string, err error) {
	l := access.WorkMatches
	if v.Role == kmcr.RoleIntegrationEngineer {
		l = access.WorkFeeds
	}
	p, e, err := s.work(ctx, v, l)
	if err != nil {
		return nil, err
	}
	e.Action, e.Where = "link-report", "/matches/report"
	names = map[kmcr.ContributorCode]string{}
	for _, c := range p.contributors {
		names[c.Code] = c.Name
	}
	return names, s.audit(ctx, e)
}

// nobody audits that there is no such person, and says so.
func (s *Service) nobody(ctx context.Context, e *audit.Entry) error {
	e.Allowed, e.Rule = false, "there is no such person"
	if err := s.audit(ctx, e); err != nil {
		return err
	}
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such person", Remedy: "Look for the person again."}
}

func (s *Service) entriesOf(ctx context.Context, person kmcr.PersonID, patients []*store.Patient, p parties) (*Entries, error) {
	out := &Entries{Ref: person.Ref(), Entries: []Entry{}, Decisions: []Decision{}}
	var err error
	if out.Hidden, err = s.hidden(ctx, patients); err != nil {
		return nil, err
	}
	for _, patient := range patients {
		d, err := s.demographicsOf(ctx, patient, p, out.Hidden)
		if err != nil {
			return nil, err
		}
		one := Entry{ID: entryID(patient.ID), Contributor: patient.Contributor, Demographics: d, History: []LinkStep{}}
		if patient.MergedInto != 0 {
			one.MergedInto = entryID(patient.MergedInto)
		}
		if one.History, err = s.linkSteps(ctx, patient.ID); err != nil {
			return nil, err
		}
		out.name(&one, p)
		out.Entries = append(out.Entries, one)
		if err := s.decisionsOn(ctx, patient.ID, out, p); err != nil {
			return nil, err
		}
	}
	for i := range out.Decisions {
		if d := &out.Decisions[i]; out.Hidden {
			d.OtherOf, d.OtherName = p.elsewhere(d.OtherOf), ""
		}
	}
	slices.SortStableFunc(out.Decisions, func(a, b Decision) int { return b.DecidedAt.Compare(a.DecidedAt) })
	return out, nil
}

// name names whose an entry is; where whereabouts are hidden not the practice or the home, which would tell where somebody lives.
func (e *Entries) name(one *Entry, p parties) {
	if !e.Hidden {
		one.ContributorName = p.contributor(one.Contributor).Name
		return
	}
	one.Contributor = p.elsewhere(one.Contributor)
	for i := range one.History {
		one.History[i].By = string(p.elsewhere(kmcr.ContributorCode(one.History[i].By)))
	}
}

// entryID names a patient to an officer.
func entryID(p kmcr.PatientID) string { return strconv.FormatInt(int64(p), 10) }

// linkSteps is the history of an entry's link.
func (s *Service) linkSteps(ctx context.Context, patient kmcr.PatientID) ([]LinkStep, error) {
	history, err := s.db.LinkHistory(ctx, patient)
	if err != nil {
		return nil, unavailable(err)
	}
	steps := []LinkStep{}
	for _, h := range history {
		step := LinkStep{At: h.At, By: h.By, Why: h.Reason, To: h.To.Ref()}
		if h.From != 0 {
			step.From = h.From.Ref()
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// decisionsOn adds the decisions and open questions about one entry, each pair once.
func (s *Service) decisionsOn(ctx context.Context, patient kmcr.PatientID, out *Entries, p parties) error {
	reviews, err := s.db.ReviewsOf(ctx, patient)
	if err != nil {
		return unavailable(err)
	}
	for _, r := range reviews {
		other := r.A
		if other == patient {
			other = r.B
		}
		if r.State == "withdrawn" && r.Proposed == "" || slices.ContainsFunc(out.Decisions, func(d Decision) bool { return d.Review == r.ID }) {
			continue
		}
		x, err := s.db.PatientByID(ctx, other)
		if err != nil {
			return unavailable(err)
		}
		if x == nil {
			continue
		}
		out.Decisions = append(out.Decisions, Decision{Review: r.ID, State: r.State, Entry: entryID(patient), Other: entryID(other), OtherRef: x.Person.Ref(), OtherOf: x.Contributor, OtherName: p.contributor(x.Contributor).Name,
			By: r.By, DecidedAt: r.DecidedAt, Proposed: r.Proposed, ProposedBy: r.ProposedBy})
	}
	return nil
}
