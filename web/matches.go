package web

import (
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/compose"
	"kmcr/disclose"
)

// pairView is one review as the officer reads it: a row for each fact, and whether the two agree on it.
type pairView struct {
	disclose.Pair
	Rows []pairRow
}

// pairRow is one fact of both. Verdict is "same", "different" or "" where one does not say.
type pairRow struct {
	Fact, A, B, Verdict string
	Date                bool // both are dates
}

// matchesView lists the open reviews.
type matchesView struct{ Pairs []pairView }

// matches is the records officer's work list: two records that may be of one person.
func (s *site) matches(q *ask) error {
	pairs, err := s.out.Matches(q.Context(), q.viewer, "open")
	if err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"matches": list(pairs)})
	}
	var v matchesView
	for _, p := range pairs {
		v.Pairs = append(v.Pairs, pairView{p, compare(p.A, p.B)})
	}
	return s.show(q, "matches", page{Title: "Matches: same person or not?", Here: "/matches", Body: v})
}

// compare sets two sources' demographics side by side.
func compare(a, b compose.Demographics) []pairRow {
	rows := []pairRow{
		{Fact: "Name", A: names(a), B: names(b)},
		{Fact: "Born", A: a.Born, B: b.Born, Date: true},
		{Fact: "Gender", A: a.Sex, B: b.Sex},
		{Fact: "NHS No.", A: a.NHS.Display(), B: b.NHS.Display()},
		{Fact: "Address", A: strings.Join(a.Addresses, "\n"), B: strings.Join(b.Addresses, "\n")},
		{Fact: "Phone", A: strings.Join(a.Telephones, "\n"), B: strings.Join(b.Telephones, "\n")},
		{Fact: "GP practice", A: a.PracticeName, B: b.PracticeName},
		{Fact: "Died", A: a.Died, B: b.Died, Date: true},
	}
	rows = slices.DeleteFunc(rows, func(r pairRow) bool { return r.Fact == "Died" && r.A == "" && r.B == "" })
	for i, r := range rows {
		switch {
		case r.A == "" || r.B == "":
		case strings.EqualFold(r.A, r.B):
			rows[i].Verdict = "same"
		default:
			rows[i].Verdict = "different"
		}
	}
	return rows
}

// names writes the names of one source, each SURNAME, Given (Title).
func names(d compose.Demographics) string {
	var all []string
	for _, n := range d.Names {
		s := strings.ToUpper(n.Family)
		if n.Given != "" {
			s += ", " + n.Given
		}
		if n.Prefix != "" {
			s += " (" + n.Prefix + ")"
		}
		if !slices.Contains(all, s) {
			all = append(all, s)
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
	if _, err := s.out.Matches(q.Context(), q.viewer, "open"); err != nil { // disclose says who works on reviews
		return err
	}
	if err := s.in.Decide(q.Context(), id, decision, q.viewer); err != nil {
		return err
	}
	if q.wantsJSON() {
		return q.writeJSON(0, map[string]any{"id": id, "decision": decision})
	}
	return q.see("/matches")
}

// decision reads "same", "different" or "unsure" from a form or JSON.
func (q *ask) decision() (string, error) {
	var v struct {
		Decision string `json:"decision"`
	}
	if q.sentJSON() {
		if err := q.readJSON(&v); err != nil {
			return "", err
		}
	} else if err := q.form(); err != nil {
		return "", err
	} else {
		v.Decision = q.PostFormValue("decision")
	}
	if !slices.Contains([]string{"same", "different", "unsure"}, v.Decision) {
		return "", &kmcr.Error{Kind: kmcr.Invalid, Message: "a review is decided as same, different or unsure", Remedy: "Choose one of the three."}
	}
	return v.Decision, nil
}

// number reads a number out of the address.
func (q *ask) number(name string) (int64, error) {
	n, err := strconv.ParseInt(q.PathValue(name), 10, 64)
	if err != nil {
		return 0, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such entry"}
	}
	return n, nil
}
