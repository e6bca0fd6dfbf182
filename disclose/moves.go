package disclose

import (
	"slices"
	"strings"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
	"kmcr/store"
)

// moves reads from what contributors have said of a person over time where the person has lived. Of somebody who must not be found,
// or was not to be found at any time, there are none.
func (o *opening) moves(v sight, compartments []*store.Compartment) []compose.Move {
	if v.hidden != nil {
		return nil
	}
	var all []compose.Move
	for _, c := range compartments {
		if v.unnamed[c.Patient.ID] {
			continue
		}
		for _, s := range c.Current() {
			if s.Type != "Patient" {
				continue
			}
			versions := c.Versions(s.ID)
			if slices.ContainsFunc(versions, func(x *kmcr.Statement) bool { return access.HidesWhereabouts(x.Labels) }) {
				return nil
			}
			all = append(all, o.movesOf(versions)...)
		}
	}
	slices.SortStableFunc(all, func(a, b compose.Move) int { return strings.Compare(string(a.Date), string(b.Date)) })
	var out []compose.Move
	for _, m := range all { // several contributors say the same move
		if n := slices.IndexFunc(out, func(had compose.Move) bool { return sameHome(had.To, m.To) }); n >= 0 {
			out[n].From = append(out[n].From, m.From...)
			continue
		}
		out = append(out, m)
	}
	return out
}

// movesOf are the addresses of one contributor's Patient: each with the day from which it held, or on which it was first said.
// The address that was there first is no move, unless the contributor says when it began.
func (o *opening) movesOf(versions []*kmcr.Statement) (all []compose.Move) {
	seen := map[string]bool{}
	for n, s := range versions {
		for _, a := range fhir.Of(s).Root().Get("address").Items() {
			line := addressLine(a)
			if line == "" || a.Get("use").Text() == "work" || a.Get("use").Text() == "billing" || seen[plainWord(line)] {
				continue
			}
			seen[plainWord(line)] = true
			from := a.First("period.start").Text()
			if from == "" && n == 0 {
				continue
			}
			if from == "" {
				from = s.Recorded.UTC().Format("2006-01-02")
			}
			c := o.parties.contributor(s.Contributor)
			all = append(all, compose.Move{Date: compose.Date(from), To: line, From: []compose.Provenance{{
				Statement: s.ID.String(), Version: s.Version, Type: s.Type, Contributor: s.Contributor, Source: c.Name, Recorded: s.Recorded, Key: s.Key,
			}}})
		}
	}
	return all
}

func addressLine(a fhir.Value) string {
	if t := a.Get("text").Text(); t != "" && !a.Get("line").Exists() {
		return t
	}
	var parts []string
	for _, path := range []string{"line", "city", "postalCode"} {
		for _, p := range a.Path(path) {
			if t := strings.TrimSpace(p.Text()); t != "" && !slices.Contains(parts, t) {
				parts = append(parts, t)
			}
		}
	}
	return strings.Join(parts, ", ")
}

// sameHome tells whether two addresses are written for one home: the same words, or the same number at the same postcode.
func sameHome(a, b string) bool {
	if plainWord(a) == plainWord(b) {
		return true
	}
	return homeOf(a) != "" && homeOf(a) == homeOf(b)
}

// homeOf is the postcode and the number of a house in an address in one line, the postcode last; "" where it names none.
func homeOf(line string) string {
	parts := strings.Split(line, ",")
	postcode := plainWord(parts[len(parts)-1])
	if len(postcode) < 5 || len(postcode) > 7 {
		return ""
	}
	for _, p := range parts[:len(parts)-1] {
		for _, w := range strings.Fields(p) {
			if n := strings.TrimRight(w, "abcdefABCDEF"); n != "" && strings.Trim(n, "0123456789") == "" {
				return postcode + " " + strings.ToLower(w)
			}
		}
	}
	return ""
}
