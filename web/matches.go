package web

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/compose"
	"kmcr/disclose"
	"kmcr/terms"
)

// pairView is one review as the officer reads it: a row for each fact, and whether the two agree on it.
type pairView struct {
	disclose.Pair
	Rows []pairRow
	// Title names whom it is about; For, Against and Little are the reasons, the weightiest first.
	Title                string
	For, Against, Little []disclose.MatchReason
}

// viewOf makes a review ready to be read.
func viewOf(p disclose.Pair) pairView {
	v := pairView{Pair: p, Rows: compare(p)}
	a, _, _ := strings.Cut(names(p.A), "\n")
	b, _, _ := strings.Cut(names(p.B), "\n")
	v.Title = a
	if !strings.EqualFold(a, b) {
		v.Title = cmp.Or(a, "Name not recorded") + " and " + cmp.Or(b, "name not recorded")
	}
	for _, r := range p.Why {
		switch {
		case r.Strength() == "little":
			v.Little = append(v.Little, r)
		case r.Weight > 0:
			v.For = append(v.For, r)
		default:
			v.Against = append(v.Against, r)
		}
	}
	for _, all := range [][]disclose.MatchReason{v.For, v.Against, v.Little} {
		slices.SortStableFunc(all, func(a, b disclose.MatchReason) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	}
	return v
}

// pairRow is one fact of both. Verdict is "same", "different", "near" or "" where one does not say; Says is that in words.
type pairRow struct {
	Fact    string `json:"fact"`
	A       string `json:"a"`
	B       string `json:"b"`
	Verdict string `json:"verdict"`
	Says    string `json:"says"`
	Date    bool   `json:"-"` // both are dates
	field   string // under which the reasons speak of it; "" where several do
	void    bool   // what one says cannot be, and is compared with nothing
}

// pairJSON is one review for a reader of JSON: the same rows.
type pairJSON struct {
	ID      int64                  `json:"id"`
	At      time.Time              `json:"at"`
	Score   float64                `json:"score"`
	Reasons string                 `json:"reasons"`
	State   string                 `json:"state"`
	Rule    string                 `json:"rule"`
	Why     []disclose.MatchReason `json:"why"`
	Harm    disclose.Harm          `json:"harm"`
	Days    int                    `json:"days"`
	// Proposed is a decision that another records officer has to make too.
	Proposed   string               `json:"proposed,omitempty"`
	ProposedBy string               `json:"proposedBy,omitempty"`
	A          kmcr.ContributorCode `json:"a"`
	B          kmcr.ContributorCode `json:"b"`
	RefA       kmcr.Ref             `json:"refA,omitempty"` // whose each is now, for /matches/people
	RefB       kmcr.Ref             `json:"refB,omitempty"`
	EntriesA   int                  `json:"entriesA"` // linked as the person of each: they become one record, or stay two
	EntriesB   int                  `json:"entriesB"`
	Hidden     bool                 `json:"hidden"` // where they are is not told, and two officers decide
	Facts      []pairRow            `json:"facts"`
}

// matchesView lists the open reviews.
type matchesView struct {
	Pairs   []pairView
	Total   int // how many there are in truth
	From    int // how many stand before these
	Before  string
	After   string // where the parts of the list before and after this one begin, "" for none
	Decided bool   // those that were decided are shown, to take back
	// Shown is when the list was put together, by which it is measured how long a decision takes; Median is how long they took.
	Shown  time.Time
	Median time.Duration
}

// matches is the records officer's work list: two records that may be of one person.
func (s *site) matches(q *ask) error {
	state := "open"
	if q.URL.Query().Get("state") == "decided" {
		state = "decided"
	}
	from, err := strconv.Atoi(q.URL.Query().Get("from"))
	if err != nil || from < 0 {
		from = 0
	}
	pairs, total, err := s.out.Matches(q.Context(), q.viewer, state, from)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		out := []pairJSON{}
		for _, p := range pairs {
			out = append(out, pairJSON{p.ID, p.At, p.Score, p.Reasons, p.State, p.Rule, p.Why, p.Harm, p.Days, p.Proposed, p.ProposedBy, p.A.Contributor, p.B.Contributor, p.RefA, p.RefB, p.EntriesA, p.EntriesB, p.Hidden, compare(p)})
		}
		return q.writeJSON(0, map[string]any{"matches": out, "from": from, "total": total})
	}
	v := matchesView{Total: total, From: from, Decided: state == "decided", Shown: time.Now().UTC(), Median: medianLook(pairs)}
	for _, p := range pairs {
		v.Pairs = append(v.Pairs, viewOf(p))
	}
	if from > 0 {
		v.Before = strconv.Itoa(max(0, from-disclose.MostPairs))
	}
	if from+len(pairs) < total {
		v.After = strconv.Itoa(from + len(pairs))
	}
	return s.show(q, "matches", page{Title: "Matches: same person or not?", Here: "/matches", Body: v})
}

// compare sets what two sources say of who it is side by side.
func compare(p disclose.Pair) []pairRow {
	a, b := p.A, p.B
	rows := []pairRow{
		{Fact: "Name", A: names(a), B: names(b)},
		{Fact: "Born", A: bornSent(a), B: bornSent(b), Date: true, field: "date of birth", void: a.Born == "" || b.Born == ""},
		{Fact: "Gender", A: upperFirst(a.Sex), B: upperFirst(b.Sex), field: "sex"},
		{Fact: "NHS No.", A: numberSent(a), B: numberSent(b), field: "NHS number", void: a.NHS == "" || b.NHS == ""},
		{Fact: "Address", A: strings.Join(a.Addresses, "\n"), B: strings.Join(b.Addresses, "\n"), field: "address"},
		{Fact: "Phone", A: strings.Join(a.Telephones, "\n"), B: strings.Join(b.Telephones, "\n"), field: "telephone"},
		{Fact: "Next of kin", A: strings.Join(p.KinA, "\n"), B: strings.Join(p.KinB, "\n"), field: "next of kin"},
		{Fact: "GP practice", A: a.PracticeName, B: b.PracticeName, field: "practice"},
		{Fact: "Died", A: a.Died, B: b.Died, Date: true},
	}
	rows = slices.DeleteFunc(rows, func(r pairRow) bool { return r.A == "" && r.B == "" })
	for i, r := range rows {
		rows[i].Verdict, rows[i].Says = r.verdict(p.Why)
	}
	return rows
}

// verdict tells whether the two agree on a fact: as it was compared, where that is one comparison, for "+44 1634 555123" is "01634 555 123".
func (r pairRow) verdict(why []disclose.MatchReason) (verdict, says string) {
	switch {
	case r.A == "" || r.B == "" || r.void:
		return "", "One does not say"
	case strings.EqualFold(r.A, r.B):
		return "same", "Same"
	}
	for _, one := range why {
		words, ok := strings.CutPrefix(one.Words, r.field+" ")
		switch {
		case r.field == "" || !ok:
		case words == "agrees" && (r.field == "address" || r.field == "telephone"):
			return "near", "One agrees" // of what either may have several of, now or before
		case words == "agrees":
			return "same", "Same"
		case words != "differs" && words != "is somebody else":
			return "near", upperFirst(words)
		}
	}
	return "different", "Different"
}

// bornSent is the date of birth; what is no date as it was sent, and that it is none.
func bornSent(d compose.Demographics) string {
	if d.Born == "" && d.BornAsSent != "" {
		return d.BornAsSent + " (not a date)"
	}
	return d.Born
}

// numberSent is the NHS number; one that is not valid as it was sent, and that it is not.
func numberSent(d compose.Demographics) string {
	if d.NHS == "" && d.NHSAsSent != "" {
		return d.NHSAsSent + " (not a valid number)"
	}
	return d.NHS.Display()
}

// names writes the names of one source, each SURNAME, Given (Title).
func names(d compose.Demographics) string {
	var all []string
	for _, n := range d.Names {
		if full := terms.FullName(n.Family, n.Given, n.Prefix); !slices.Contains(all, full) {
			all = append(all, full)
		}
	}
	return strings.Join(all, "\n")
}

// decideMatch records what the officer decided on a review.
func (s *site) decideMatch(q *ask) error {
	id, err := q.number("id")
	if err != nil {
		return err
	}
	decision, err := q.decision()
	if err != nil {
		return err
	}
	if _, _, err := s.out.Matches(q.Context(), q.viewer, "open", 0); err != nil { // disclose says who works on reviews
		return err
	}
	if decision.Decision == "undo" {
		if err := s.out.Proven(q.Context(), q.viewer, "unmerge", q.where()); err != nil {
			return err
		}
	}
	made, err := s.in.Decide(q.Context(), id, decision.Decision, decision.took(time.Now()), q.viewer)
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"id": id, "decision": decision.Decision, "made": made})
	}
	return q.see("/matches")
}

// medianLook is how long the officers looked at what they decided, where that is known.
func medianLook(pairs []disclose.Pair) time.Duration {
	var took []time.Duration
	for _, p := range pairs {
		if p.Took > 0 {
			took = append(took, p.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2].Round(time.Second)
}

// matchDecision is "same", "different", "unsure" or "undo", and when the pair was shown to whoever decided.
type matchDecision struct {
	Decision string    `json:"decision"`
	Shown    time.Time `json:"shown"`
}

// took is how long the pair was looked at; 0 where that is not known.
func (d matchDecision) took(now time.Time) time.Duration {
	if d.Shown.IsZero() {
		return 0
	}
	return now.Sub(d.Shown)
}

// decision reads a decision from a form or JSON.
func (q *ask) decision() (matchDecision, error) {
	var v matchDecision
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return v, err
		}
	} else if err := q.form(); err != nil {
		return v, err
	} else {
		v.Decision = q.PostFormValue("decision")
		v.Shown, _ = time.Parse(time.RFC3339, q.PostFormValue("shown")) // without it the time is not known
	}
	if !slices.Contains([]string{"same", "different", "unsure", "undo"}, v.Decision) {
		return v, &kmcr.Error{Kind: kmcr.Invalid, Message: "a review is decided as same, different or unsure, and the decision taken back by undo", Remedy: "Choose one of the four."}
	}
	return v, nil
}

// number reads a number out of the address.
func (q *ask) number(name string) (int64, error) {
	n, err := strconv.ParseInt(q.PathValue(name), 10, 64)
	if err != nil {
		return 0, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such entry"}
	}
	return n, nil
}
