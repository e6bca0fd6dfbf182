package disclose

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/store"
	"kmcr/terms"
)

// claims is what a contributor says of who its patient is, as ingest keeps it
// in store.Patient.Claims: the JSON of translate.Claims.
type claims struct {
	NHS        kmcr.NHSNumber
	NHSStatus  string
	NHSAsSent  string
	Names      []claimedName
	Born       string
	BornAsSent string
	Sex        string
	Addresses  []claimedAddress
	Telephones []string
	Died       string
	Practice   kmcr.ODS
	Kin        []claimedKin
}

// claimedKin is a next of kin or another personal contact.
type claimedKin struct {
	Name       claimedName
	Telephones []string
}

// line is who it is and how to reach them, in one line.
func (k claimedKin) line() string {
	return strings.Join(append([]string{k.Name.words()}, k.Telephones...), ", ")
}

type claimedName struct{ Use, Prefix, Family, Given, Text string }

type claimedAddress struct {
	Use      string
	Lines    []string
	Postcode string
}

// livedIn ranks addresses by where somebody lives: at home, then where no use was said, then for a time.
var livedIn = map[string]int{"home": 0, "": 1, "temp": 2, "work": 3, "billing": 4}

func readClaims(p *store.Patient) claims {
	var c claims
	if len(p.Claims) > 0 {
		_ = json.Unmarshal(p.Claims, &c) // what cannot be read is not said
	}
	c.Addresses = slices.DeleteFunc(c.Addresses, func(a claimedAddress) bool { return a.Use == "old" }) // evidence of who it is, and nowhere to go
	slices.SortStableFunc(c.Addresses, func(a, b claimedAddress) int { return cmp.Compare(livedIn[a.Use], livedIn[b.Use]) })
	return c
}

// line is the address in one line, the postcode last.
func (a claimedAddress) line() string {
	parts := slices.DeleteFunc(append(slices.Clone(a.Lines), a.Postcode), func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(parts, ", ")
}

// identity is one linked patient with its claims.
type identity struct {
	patient     *store.Patient
	contributor kmcr.Contributor
	claims      claims
	recorded    time.Time
}

// identities reads the claims of a person's patients, the preferred first, in
// the order in which compose prefers them: by authority, then the newest. Where whereabouts are hidden, nobody's are kept.
func identities(patients []*store.Patient, p parties, recorded map[kmcr.PatientID]time.Time, hidden bool) []identity {
	out := make([]identity, 0, len(patients))
	for _, patient := range patients {
		if patient.Register || patient.MergedInto != 0 && len(patients) > 1 {
			continue
		}
		i := identity{patient, p.contributor(patient.Contributor), readClaims(patient), recorded[patient.ID]}
		if hidden {
			i.claims.Addresses, i.claims.Telephones, i.claims.Practice = nil, nil, ""
			i.claims.Kin = nil // whoever rings them may be told
		}
		out = append(out, i)
	}
	slices.SortStableFunc(out, preferred)
	return out
}

func preferred(a, b identity) int {
	return cmp.Or(
		cmp.Compare(b.contributor.Authority, a.contributor.Authority),
		b.recorded.Compare(a.recorded),
		cmp.Compare(a.patient.Contributor, b.patient.Contributor),
	)
}

func (i identity) demographics(p parties) compose.Demographics {
	c := i.claims
	d := compose.Demographics{
		Contributor: i.contributor.Code, Recorded: i.recorded,
		NHS: c.NHS, NHSStatus: c.NHSStatus, NHSAsSent: c.NHSAsSent, Born: c.Born, BornAsSent: c.BornAsSent, Sex: c.Sex, Died: c.Died,
		Telephones: c.Telephones, Practice: c.Practice,
	}
	if c.Practice != "" {
		d.PracticeName = p.name(c.Practice)
	}
	for _, n := range c.Names {
		if n.Family == "" && n.Given == "" { // sent as one text: as it is compared
			words := strings.Fields(n.Text)
			last := max(len(words)-1, 0)
			n.Given, n.Family = strings.Join(words[:last], " "), strings.Join(words[last:], " ")
		}
		d.Names = append(d.Names, compose.Name{Use: n.Use, Prefix: n.Prefix, Family: n.Family, Given: n.Given})
	}
	for _, a := range c.Addresses {
		d.Addresses = append(d.Addresses, a.line())
	}
	return d
}

// name is the name as the banner has it: SURNAME, Given (Title).
func (c claims) name() string {
	for _, n := range c.Names {
		if n.Use != "usual" && n.Use != "nickname" && n.Use != "old" && n.Use != "maiden" {
			return n.words()
		}
	}
	if len(c.Names) > 0 {
		return c.Names[0].words()
	}
	return terms.FullName("", "", "")
}

func (n claimedName) words() string {
	if n.Family == "" && n.Given == "" && n.Text != "" {
		return n.Text
	}
	return terms.FullName(n.Family, n.Given, n.Prefix)
}

// hides tells whether any contributor's Patient hides where the person is.
func hides(statements []*kmcr.Statement) bool {
	return slices.ContainsFunc(statements, func(s *kmcr.Statement) bool {
		return s.Section == kmcr.Demographics && access.HidesWhereabouts(s.Labels)
	})
}

// known is what a list says of a person: name, date of birth, gender.
func known(person kmcr.PersonID, patients []*store.Patient, p parties) Found {
	f := Found{Ref: person.Ref()}
	for _, i := range identities(patients, p, nil, true) {
		f.Name, f.Born, f.Gender = i.claims.name(), i.claims.Born, i.claims.Sex
		break
	}
	return f
}

// hidden tells whether any contributor says that where the person is must not be told, or may be saying it.
func (s *Service) hidden(ctx context.Context, patients []*store.Patient) (bool, error) {
	compartments, err := s.compartments(ctx, patients)
	if err != nil || hides(current(compartments)) {
		return true, err
	}
	return s.maybeHidden(ctx, patients)
}

// maybeHidden tells whether a records officer still has to decide if one of the patients is somebody who must not be found: until then
// nobody is told where the person is. Better hidden for a day than found.
func (s *Service) maybeHidden(ctx context.Context, patients []*store.Patient) (bool, error) {
	others, err := s.db.InQuestion(ctx, patientIDs(patients)...)
	if err != nil || len(others) == 0 {
		return false, unavailable(err)
	}
	compartments, err := s.db.Compartments(ctx, others...)
	if err != nil {
		return true, unavailable(err)
	}
	return hides(current(slices.DeleteFunc(compartments, func(c *store.Compartment) bool { return c == nil }))), nil
}

// found is what a viewer may know of a person before the record is opened:
// besides what lists say, the address, unless whereabouts are hidden; each as the banner of the record has it.
func (s *Service) found(ctx context.Context, v kmcr.Viewer, person kmcr.PersonID, patients []*store.Patient, p parties) (Found, error) {
	f := known(person, patients, p)
	hidden, err := s.hidden(ctx, patients)
	if err != nil {
		return f, err
	}
	in := compose.Input{Now: s.now()}
	compartments, err := s.compartments(ctx, patients)
	if err != nil {
		return f, err
	}
	for _, i := range identities(patients, p, recordedIn(compartments), hidden) {
		in.Demographics = append(in.Demographics, i.demographics(p))
		in.Sources = append(in.Sources, compose.Source{Contributor: i.contributor.Code, Kind: p.kind(i.contributor.Organisation), Authority: i.contributor.Authority})
	}
	if in.Authority, err = s.Authority(ctx); err != nil {
		return f, err
	}
	if banner := compose.Identify(in); len(in.Demographics) > 0 {
		f.Name, f.Born, f.Address = banner.Name, string(banner.Born), banner.Address
	}
	f.PossibleDuplicate, err = s.possibleDuplicate(ctx, v, patients)
	return f, err
}

// recordedIn is when each patient was last spoken of.
func recordedIn(compartments []*store.Compartment) map[kmcr.PatientID]time.Time {
	out := make(map[kmcr.PatientID]time.Time, len(compartments))
	for _, c := range compartments {
		out[c.Patient.ID] = newest(c.Current())
	}
	return out
}

// possibleDuplicate tells whether a records officer still has to decide about one of the patients.
func (s *Service) possibleDuplicate(ctx context.Context, v kmcr.Viewer, patients []*store.Patient) (bool, error) {
	who, err := s.parties(ctx)
	if err != nil {
		return false, err
	}
	for _, p := range patients {
		reviews, err := s.db.ReviewsOf(ctx, p.ID)
		if err != nil {
			return false, unavailable(err)
		}
		for _, r := range reviews {
			if r.State != "open" && r.State != "unsure" {
				continue
			}
			if silent, err := s.silentPair(ctx, v, who, r); err != nil || !silent {
				return err == nil, err
			}
		}
	}
	return false, nil
}
