package disclose

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/store"
)

// Pair is one match review, side by side.
type Pair struct {
	ID      int64                `json:"id"`
	At      time.Time            `json:"at"`
	Score   float64              `json:"score"`
	Reasons string               `json:"reasons"` // in one line
	Rule    string               `json:"rule"`    // why a person has to decide
	Why     []MatchReason        `json:"why"`
	Harm    Harm                 `json:"harm"`
	Days    int                  `json:"days"` // how long it has been waiting
	By      string               `json:"by,omitempty"`
	A       compose.Demographics `json:"a"`
	B       compose.Demographics `json:"b"`
	// SourceA and SourceB are what their contributors are called; KinA and KinB are whom they name as next of kin, a line each.
	SourceA string   `json:"sourceA"`
	SourceB string   `json:"sourceB"`
	KinA    []string `json:"kinA,omitempty"`
	KinB    []string `json:"kinB,omitempty"`
	RefA    kmcr.Ref `json:"refA,omitempty"` // whose A is now
	RefB    kmcr.Ref `json:"refB,omitempty"`
	// EntriesA and EntriesB count the entries that are linked as the person of each.
	EntriesA int `json:"entriesA"`
	EntriesB int `json:"entriesB"`
	// Hidden tells that one of the two must not be found: where either is is not shown, and two officers decide.
	Hidden bool   `json:"hidden"`
	State  string `json:"state"`
	// Proposed is what one officer decided about somebody who must not be found, and another has to decide too; ProposedBy is the first.
	Proposed   string        `json:"proposed,omitempty"`
	ProposedBy string        `json:"proposedBy,omitempty"`
	Took       time.Duration `json:"-"` // how long the officer who decided looked at it
}

// MatchReason is one comparison of the two. Weight is the log2 of how much likelier it is of one person than of two; Says is that in words.
type MatchReason struct {
	Words  string  `json:"words"`
	Weight float64 `json:"weight"`
	Says   string  `json:"says"`
}

// Harm ranks what a wrong answer may do: 2 high, 1 medium, 0 low.
type Harm struct {
	Rank  int    `json:"rank"`
	Words string `json:"words"`
}

// Matches lists the reviews in a state ("" for open, "decided" for all that were decided), those that may do most harm first, then
// the oldest; of those that were decided the newest decision first. It lists at most 100, after the first from of them, and says how
// many there are; only for records officers.
func (s *Service) Matches(ctx context.Context, v kmcr.Viewer, state string, from int) (pairs []Pair, total int, err error) {
	p, e, err := s.work(ctx, v, access.WorkMatches)
	if err != nil {
		return nil, 0, err
	}
	if state == "" {
		state = "open"
	}
	reviews, err := s.reviews(ctx, state)
	if err != nil {
		return nil, 0, unavailable(err)
	}
	var told []store.Review
	for _, r := range reviews {
		silent, err := s.silentPair(ctx, v, p, r)
		if err != nil {
			return nil, 0, err
		}
		if !silent {
			told = append(told, r)
		}
	}
	if state != "decided" {
		if err := s.byHarm(ctx, told); err != nil {
			return nil, 0, err
		}
	}
	pairs = []Pair{}
	start := min(max(from, 0), len(told))
	for _, r := range told[start:min(start+MostPairs, len(told))] {
		pair, err := s.pairOf(ctx, r, p)
		if err != nil {
			return nil, 0, err
		}
		pairs = append(pairs, pair)
	}
	e.Detail = map[string]string{"pairs": fmt.Sprintf("%d of %d", len(pairs), len(told)), "state": state}
	return pairs, len(told), s.audit(ctx, e)
}

// byHarm puts reviews in the order in which they are to be decided: all of them are ranked, whatever part of the list is shown.
func (s *Service) byHarm(ctx context.Context, reviews []store.Review) error {
	ranks := make([]Harm, len(reviews))
	if err := sideBySide(len(reviews), func(n int) (err error) {
		ranks[n], err = s.harm(ctx, reviews[n])
		return err
	}); err != nil {
		return err
	}
	rank := map[int64]int{}
	for n, r := range reviews {
		rank[r.ID] = ranks[n].Rank
	}
	slices.SortStableFunc(reviews, func(a, b store.Review) int { return cmp.Or(cmp.Compare(rank[b.ID], rank[a.ID]), a.At.Compare(b.At)) })
	return nil
}

// reviews lists those in a state.
func (s *Service) reviews(ctx context.Context, state string) ([]store.Review, error) {
	if state != "decided" {
		return s.db.Reviews(ctx, state)
	}
	var all []store.Review
	for _, state := range []string{"unsure", "same", "different"} {
		some, err := s.db.Reviews(ctx, state)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b store.Review) int { return b.DecidedAt.Compare(a.DecidedAt) })
	return all, nil
}

func (s *Service) pairOf(ctx context.Context, r store.Review, p parties) (Pair, error) {
	pair := Pair{ID: r.ID, At: r.At, Score: r.Score, State: r.State, By: r.By, Proposed: r.Proposed, ProposedBy: r.ProposedBy, Took: r.Took, Days: int(s.now().Sub(r.At) / (24 * time.Hour))}
	pair.account(r.Reasons)
	if err := s.sides(ctx, &pair, r, p); err != nil {
		return pair, err
	}
	var err error
	pair.Harm, err = s.harm(ctx, r)
	return pair, err
}

// account reads what match wrote: the rule, then a line for each reason with its weight after a tab.
func (p *Pair) account(kept string) {
	lines := strings.Split(kept, "\n")
	if len(lines) == 1 {
		p.Reasons = kept
		return
	}
	p.Rule = lines[0]
	words := make([]string, 0, len(lines)-1)
	for _, l := range lines[1:] {
		said, weight, _ := strings.Cut(l, "\t")
		w, _ := strconv.ParseFloat(weight, 64)
		if w == 0 {
			w = 0 // and not -0
		}
		p.Why = append(p.Why, MatchReason{said, w, weighed(w)})
		words = append(words, said)
	}
	p.Reasons = strings.Join(words, "; ")
}

// weighed says what a weight means.
func weighed(w float64) string {
	side := "for one person"
	if w < 0 {
		side = "against"
	}
	switch s := strength(w); s {
	case "little":
		return "says little"
	case "":
		return "speaks " + side
	default:
		return "speaks " + s + " " + side
	}
}

// strength says how much a weight says, for or against. Weights are log2: 10 is a thousand times likelier.
func strength(w float64) string {
	switch w = math.Abs(w); {
	case w >= 10:
		return "very strongly"
	case w >= 5:
		return "strongly"
	case w >= 2:
		return ""
	}
	return "little"
}

// Strength is "very strongly", "strongly", "" or "little".
func (r MatchReason) Strength() string { return strength(r.Weight) }

// sides reads both of a pair. Where either, or anybody whom either is linked
// to, must not be found, neither's whereabouts are shown: they may be one person.
func (s *Service) sides(ctx context.Context, pair *Pair, r store.Review, p parties) error {
	a, err := s.db.PatientByID(ctx, r.A)
	if err != nil {
		return unavailable(err)
	}
	b, err := s.db.PatientByID(ctx, r.B)
	if err != nil {
		return unavailable(err)
	}
	var all []*store.Patient
	for i, one := range []*store.Patient{a, b} {
		if one == nil {
			continue
		}
		if one.Person != 0 {
			*[]*kmcr.Ref{&pair.RefA, &pair.RefB}[i] = one.Person.Ref()
		}
		all = append(all, one)
		if one.Person != 0 {
			linked, err := s.db.Links(ctx, one.Person)
			if err != nil {
				return unavailable(err)
			}
			all = append(all, linked...)
			*[]*int{&pair.EntriesA, &pair.EntriesB}[i] = entriesIn(linked)
		}
	}
	hidden, err := s.hidden(ctx, all)
	if err != nil {
		return err
	}
	pair.Hidden = hidden
	pair.SourceA, pair.KinA = sideOf(a, p, hidden)
	pair.SourceB, pair.KinB = sideOf(b, p, hidden)
	pair.A, err = s.demographicsOf(ctx, a, p, hidden)
	if err == nil {
		pair.B, err = s.demographicsOf(ctx, b, p, hidden)
	}
	return err
}

// entriesIn counts those of linked patients that are entries of somebody.
func entriesIn(linked []*store.Patient) (n int) {
	for _, l := range linked {
		if !l.Register && !l.Erased() {
			n++
		}
	}
	return n
}

// sideOf is what the contributor of a patient is called and whom it names as next of kin, where that tells nobody where somebody is.
func sideOf(patient *store.Patient, p parties, hidden bool) (source string, kin []string) {
	if patient == nil {
		return "", nil
	}
	source = p.contributor(patient.Contributor).Name
	if hidden {
		if code := p.elsewhere(patient.Contributor); code != patient.Contributor {
			source = "Source withheld"
		}
		return source, nil
	}
	for _, k := range readClaims(patient).Kin {
		kin = append(kin, k.line())
	}
	return source, kin
}

func (s *Service) demographicsOf(ctx context.Context, patient *store.Patient, p parties, hidden bool) (compose.Demographics, error) {
	if patient == nil {
		return compose.Demographics{}, nil
	}
	compartments, err := s.compartments(ctx, []*store.Patient{patient})
	if err != nil {
		return compose.Demographics{}, err
	}
	one := identities([]*store.Patient{patient}, p, recordedIn(compartments), hidden)
	if len(one) == 0 {
		return compose.Demographics{}, nil
	}
	d := one[0].demographics(p)
	if hidden {
		d.Contributor = p.elsewhere(d.Contributor)
	}
	return d, nil
}

// harm is the greater of what could go wrong with either.
func (s *Service) harm(ctx context.Context, r store.Review) (Harm, error) {
	var all []*store.Patient
	for _, id := range []kmcr.PatientID{r.A, r.B} {
		patient, err := s.db.PatientByID(ctx, id)
		if err != nil {
			return Harm{}, unavailable(err)
		}
		if patient != nil {
			all = append(all, patient)
		}
	}
	compartments, err := s.compartments(ctx, all)
	if err != nil {
		return Harm{}, err
	}
	return harmOf(current(compartments)), nil
}

// harmOf ranks what could go wrong while the two are apart, or if they were
// wrongly joined, by what is stated of one of them; never what it is.
func harmOf(statements []*kmcr.Statement) Harm {
	harm := Harm{0, "low: little but who they are is recorded"}
	for _, st := range statements {
		switch st.Section {
		case kmcr.Allergies, kmcr.Alerts, kmcr.Safeguarding, kmcr.Plans:
			return Harm{2, "high: allergies, alerts, safeguarding or plans are recorded"}
		case kmcr.Medicines, kmcr.Problems, kmcr.Encounters, kmcr.Results:
			harm = Harm{1, "medium: medicines, problems, results or visits are recorded"}
		}
	}
	return harm
}
