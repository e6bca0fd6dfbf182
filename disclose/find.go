package disclose

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kmcr"
	"kmcr/access"
	"kmcr/store"
)

// Query is what a person is looked for by: the number, or name with date of birth or postcode.
type Query struct {
	NHSNumber string `json:"nhs_number"`
	Family    string `json:"family"`
	Given     string `json:"given"`
	Born      string `json:"born"`
	Postcode  string `json:"postcode"`
}

// Found is one person who may be the one.
type Found struct {
	Ref               kmcr.Ref `json:"ref"`
	Name              string   `json:"name"`
	Born              string   `json:"born"`
	Gender            string   `json:"gender,omitempty"`
	Address           string   `json:"address,omitempty"`
	PossibleDuplicate bool     `json:"possibleDuplicate,omitempty"`
}

// The most candidates that are read for one search, and the most people that are named.
const (
	mostCandidates = 200
	mostFound      = 20
)

// How many searches somebody may make at once, and how often from then on: more than any work asks for, and too few to list a town.
const (
	searchesAtOnce = 600
	searchesEvery  = 2 * time.Second
)

// Find looks for people; audited. Errors: kmcr.Invalid where what is typed cannot be looked for, kmcr.Refused where the viewer may
// not look for people.
func (s *Service) Find(ctx context.Context, v kmcr.Viewer, q Query, where string) ([]Found, error) {
	p, err := s.parties(ctx)
	if err != nil {
		return nil, err
	}
	e := s.entry(v, "search", where)
	e.Allowed, e.Rule = p.policy.MayFind(v, p.organisation(v.Organisation))
	if !e.Allowed {
		if err := s.audit(ctx, e); err != nil {
			return nil, err
		}
		return nil, &kmcr.Error{Kind: kmcr.Refused, Message: e.Rule, Remedy: "If your work needs it, ask your organisation's administrator about your role."}
	}
	if !s.searches.Allow(v.Account, s.now()) {
		e.Allowed, e.Rule = false, "Nobody's work asks for so many searches."
		if err := s.audit(ctx, e); err != nil {
			return nil, err
		}
		return nil, &kmcr.Error{Kind: kmcr.TooOften, Message: "more searches were made than anybody's work asks for", Remedy: "Wait a minute. If your work does ask for it, ring the privacy officer."}
	}
	sought, err := q.sought()
	if err != nil {
		return nil, err
	}
	people, err := s.candidates(ctx, v, sought, p)
	if err != nil {
		return nil, err
	}
	e.Detail = map[string]string{"by": sought.by(), "found": strconv.Itoa(len(people))}
	if len(people) == 1 {
		e.Person, _ = kmcr.ParseRef(string(people[0].Ref))
	}
	if err := s.audit(ctx, e); err != nil {
		return nil, err
	}
	return people, nil
}

// sought is a query that can be looked for, in the forms in which it is compared.
func (q Query) sought() (Query, error) {
	q = Query{strings.TrimSpace(q.NHSNumber), strings.TrimSpace(q.Family), strings.TrimSpace(q.Given), strings.TrimSpace(q.Born), strings.TrimSpace(q.Postcode)}
	if q.NHSNumber != "" {
		n, err := kmcr.ParseNHSNumber(q.NHSNumber)
		if err != nil {
			return q, err
		}
		q.NHSNumber = string(n)
		return q, nil
	}
	if q.Family == "" || (q.Born == "" && q.Postcode == "") {
		return q, &kmcr.Error{
			Kind:    kmcr.Invalid,
			Message: "there is not enough to look for a person by",
			Remedy:  "Give the NHS number; or the family name with the date of birth or the postcode.",
		}
	}
	if q.Born != "" && (len(q.Born) != len("2006-01-02") || !isDate(q.Born)) {
		return q, &kmcr.Error{Kind: kmcr.Invalid, Message: "the date of birth is not a date", Remedy: "Write it as year, month and day: 1948-03-05.", Where: "born"}
	}
	return q, nil
}

// by names what was looked for by, without saying it.
func (q Query) by() string {
	if q.NHSNumber != "" {
		return "NHS number"
	}
	words := []string{"family name"}
	for _, part := range []struct{ name, value string }{{"given name", q.Given}, {"date of birth", q.Born}, {"postcode", q.Postcode}} {
		if part.value != "" {
			words = append(words, part.name)
		}
	}
	return strings.Join(words, ", ")
}

// candidates finds the people whom any contributor describes as sought and of whom the viewer may know.
func (s *Service) candidates(ctx context.Context, v kmcr.Viewer, q Query, p parties) ([]Found, error) {
	patients, err := s.byToken(ctx, v, q)
	if err != nil {
		return nil, err
	}
	var persons []kmcr.PersonID
	for _, patient := range patients {
		if patient.Person != 0 && !slices.Contains(persons, patient.Person) && readClaims(patient).fits(q) {
			persons = append(persons, patient.Person)
		}
	}
	out := []Found{}
	for _, person := range persons {
		if len(out) == mostFound {
			break
		}
		o, err := s.gatherFor(ctx, v, person, "search", "")
		if err != nil {
			return nil, err
		}
		if o.decision.Outcome == access.Unknown {
			continue
		}
		if q.Postcode != "" && q.NHSNumber == "" { // to be found by it would tell that somebody lives there
			if hidden, err := s.hidden(ctx, o.patients); err != nil || hidden {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		f, err := s.found(ctx, v, person, o.patients, p)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Found) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.Ref), string(b.Ref)))
	})
	return out, nil
}

// fits tells whether claims are those of the person sought: each thing that was given must agree.
func (c claims) fits(q Query) bool {
	if q.NHSNumber != "" {
		return string(c.NHS) == q.NHSNumber
	}
	if q.Born != "" && c.Born != q.Born {
		return false
	}
	if q.Postcode != "" && !slices.ContainsFunc(c.Addresses, func(a claimedAddress) bool { return plainWord(a.Postcode) == plainWord(q.Postcode) }) {
		return false
	}
	return slices.ContainsFunc(c.Names, func(n claimedName) bool {
		return plainWord(n.Family) == plainWord(q.Family) && (q.Given == "" || c.called(q.Given))
	})
}

// called tells whether any of the given names begins with given, or is its beginning (an initial).
func (c claims) called(given string) bool {
	want := plainWord(strings.Fields(given)[0])
	for _, n := range c.Names {
		for _, g := range strings.Fields(n.Given) {
			have := plainWord(g)
			if have != "" && (strings.HasPrefix(have, want) || strings.HasPrefix(want, have)) {
				return true
			}
		}
	}
	return false
}

// plainWord is a word without case, accents, spaces and marks, for comparison.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// patientIDs are the ids of patients.
func patientIDs(patients []*store.Patient) []kmcr.PatientID {
	out := make([]kmcr.PatientID, len(patients))
	for i, p := range patients {
		out[i] = p.ID
	}
	return out
}
