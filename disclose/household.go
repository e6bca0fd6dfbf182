package disclose

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
	"kmcr/store"
)

// A household is at most so many people: more at one address is a home of another kind, of which nobody is told by it.
const mostHousehold = 12

// Household is who lives with a person, or is stated to be of the family, as far as the viewer may open their records too.
type Household struct {
	Ref  kmcr.Ref `json:"ref"`
	Name string   `json:"name"`
	// Why says why nobody is named where the viewer may not be told; "" where this is all that is known.
	Why     string      `json:"why,omitempty"`
	Members []Housemate `json:"household"`
}

// Housemate is one other person, and how they are connected.
type Housemate struct {
	Found
	How      []string          `json:"how"`      // "Same address", "Brother, as stated by Kent children's social care"
	Concerns []compose.Concern `json:"concerns"` // in force, as far as the viewer may see them
	DiedOn   string            `json:"died,omitempty"`
}

// Household finds who lives with a person and who is stated to be of the family. It is for roles that see safeguarding, of a person
// about whom something of safeguarding is in force, and tells only of people whose records are open to the viewer; never where the
// whereabouts of either are hidden. Each record that is read for it is audited by itself. Errors: as Record.
func (s *Service) Household(ctx context.Context, v kmcr.Viewer, ref string) (*Household, error) {
	o, err := s.open(ctx, v, ref, "household", "/people/{ref}/household")
	if err != nil {
		return nil, err
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	seen := o.see(current(compartments))
	h := &Household{Ref: o.person.Ref(), Name: known(o.person, o.patients, o.parties).Name, Members: []Housemate{}}
	if h.Why = whyNoHousehold(o, seen); h.Why == "" {
		if h.Members, err = s.housemates(ctx, o, seen); err != nil {
			return nil, err
		}
	}
	o.entry.Detail = withDetail(o.entry.Detail, "people", strconv.Itoa(len(h.Members)))
	if err := s.audit(ctx, o.entry); err != nil {
		return nil, err
	}
	return h, s.tellTeam(ctx, o, ofSafeguarding(seen.permitted))
}

// whyNoHousehold says why a viewer is not told; "" where they are.
func whyNoHousehold(o *opening, v sight) string {
	switch {
	case !o.facts.Policy.Section(o.facts.Viewer.Role, kmcr.Safeguarding):
		return "Your role does not see safeguarding, for which households are told."
	case v.hidden != nil:
		return "Where this person is must not be told, so nobody is connected with them here."
	case !slices.ContainsFunc(ofSafeguarding(v.permitted), inForce):
		return "Households are told where something about safeguarding is in force that you may see. Nothing is."
	}
	return ""
}

func ofSafeguarding(all []*kmcr.Statement) (some []*kmcr.Statement) {
	for _, s := range all {
		if s.Section == kmcr.Safeguarding {
			some = append(some, s)
		}
	}
	return some
}

func inForce(s *kmcr.Statement) bool {
	switch fhir.Of(s).Root().Get("status").Text() {
	case "inactive", "entered-in-error", "completed", "revoked", "finished", "cancelled":
		return false
	}
	return true
}

// connection is somebody who may be connected, and how.
type connection struct {
	person kmcr.PersonID
	how    []string
}

// housemates finds and judges the others.
func (s *Service) housemates(ctx context.Context, o *opening, v sight) ([]Housemate, error) {
	found, err := s.connections(ctx, o, v)
	if err != nil {
		return nil, err
	}
	out := []Housemate{}
	for _, c := range found {
		m, err := s.housemate(ctx, o, c)
		if err != nil {
			return nil, err
		}
		if m != nil {
			out = append(out, *m)
		}
	}
	slices.SortFunc(out, func(a, b Housemate) int {
		return cmp.Or(strings.Compare(b.Born, a.Born), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

// housemate opens the record of another for the viewer, as far as it may be; nil where it may not, or where nothing of it may be told.
func (s *Service) housemate(ctx context.Context, of *opening, c connection) (*Housemate, error) {
	o, err := s.gatherFor(ctx, of.facts.Viewer, c.person, "read", "/people/{ref}/household")
	if err != nil || o.decision.Outcome != access.Permitted {
		return nil, err // not so much as that there is somebody
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	v := o.see(current(compartments))
	if v.hidden != nil {
		return nil, nil
	}
	m := &Housemate{Found: known(o.person, o.patients, o.parties), How: c.how, Concerns: []compose.Concern{}}
	flags := ofSafeguarding(v.permitted)
	in := compose.Input{Ref: m.Ref, Now: o.facts.Now, Statements: inSections(v.permitted, []kmcr.Section{kmcr.Safeguarding, kmcr.Contacts, kmcr.Appointments}), Organisations: o.parties.organisation}
	if in.Sources, err = s.sources(ctx, o, v); err != nil {
		return nil, err
	}
	if in.Context, err = s.context(ctx, o, v, in.Statements); err != nil {
		return nil, err
	}
	for _, k := range compose.Compose(in).Concerns {
		if k.Active {
			m.Concerns = append(m.Concerns, k)
		}
	}
	for _, p := range o.patients {
		m.DiedOn = cmp.Or(m.DiedOn, readClaims(p).Died)
	}
	o.entry.Shown, o.entry.Withheld = shown(flags), v.left
	if err := s.audit(ctx, o.entry); err != nil {
		return nil, err
	}
	return m, s.tellTeam(ctx, o, flags)
}

// connections finds who may be connected: by family as stated, by a link between records, by the same address.
func (s *Service) connections(ctx context.Context, o *opening, v sight) ([]connection, error) {
	var all []connection
	add := func(p kmcr.PersonID, how string) {
		if p == 0 || p == o.person || slices.Contains(o.former, p) {
			return
		}
		n := slices.IndexFunc(all, func(c connection) bool { return c.person == p })
		if n < 0 {
			all, n = append(all, connection{person: p}), len(all)
		}
		if !slices.Contains(all[n].how, how) {
			all[n].how = append(all[n].how, how)
		}
	}
	if err := s.byFamily(ctx, o, v, add); err != nil {
		return nil, err
	}
	return all, s.byAddress(ctx, o, v, add)
}

// byFamily follows what contributors state: somebody related, with a number or a name and date of birth; and links between Patients.
func (s *Service) byFamily(ctx context.Context, o *opening, v sight, add func(kmcr.PersonID, string)) error {
	for _, x := range v.permitted {
		root := fhir.Of(x).Root()
		source := o.parties.contributor(x.Contributor).Name
		switch x.Type {
		case "RelatedPerson":
			q := Query{Born: root.Get("birthDate").Text(), Family: root.First("name.family").Text(), Given: root.First("name.given").Text()}
			for _, i := range root.Get("identifier").Items() {
				if strings.HasSuffix(strings.ToLower(i.Get("system").Text()), "nhs-number") {
					q = Query{NHSNumber: i.Get("value").Text()}
				}
			}
			people, err := s.whoFits(ctx, o.facts.Viewer, q)
			if err != nil {
				return err
			}
			if len(people) == 1 { // one that fits; of several nobody knows which
				add(people[0], cmp.Or(firstConcept(root.Get("relationship")), "Related")+", as stated by "+source)
			}
		case "Patient":
			for _, l := range root.Get("link").Items() {
				_, id, _ := strings.Cut(l.First("other.reference").Text(), "/")
				if at, ok := kmcr.ParseStatementID(id); ok {
					p, err := s.db.PatientByID(ctx, at.Patient)
					if err != nil {
						return unavailable(err)
					}
					if p != nil {
						add(p.Person, "Linked by "+source)
					}
				}
			}
		}
	}
	return nil
}

func firstConcept(concepts fhir.Value) string {
	for _, c := range concepts.Items() {
		if t := cmp.Or(c.Get("text").Text(), c.First("coding.display").Text()); t != "" {
			return strings.ToUpper(t[:1]) + t[1:]
		}
	}
	return ""
}

// byAddress finds those whom a contributor places at the person's address now, by the names that are known of the household: the
// person's own, and those of the contacts. A care home is no household.
func (s *Service) byAddress(ctx context.Context, o *opening, v sight, add func(kmcr.PersonID, string)) error {
	if slices.ContainsFunc(o.facts.Involvements, func(i kmcr.Involvement) bool { return i.Kind == "placement" && i.Open(o.facts.Now) }) {
		return nil
	}
	homes, names := homesOf(o), namesOf(o, v)
	people := map[kmcr.PersonID]bool{}
	for _, home := range homes {
		for _, family := range names {
			patients, err := s.byToken(ctx, o.facts.Viewer, Query{Family: family, Postcode: home.Postcode})
			if err != nil {
				return err
			}
			for _, p := range patients {
				if p.Person != 0 && p.Person != o.person && livesAt(p, home) {
					people[p.Person] = true
				}
			}
		}
	}
	if len(people) > mostHousehold {
		return nil
	}
	for p := range people {
		add(p, "Same address")
	}
	return nil
}

func homesOf(o *opening) (homes []claimedAddress) {
	for _, p := range o.patients {
		for _, a := range readClaims(p).Addresses {
			if homeOf(a.line()) != "" && a.Use != "old" && a.Use != "work" && a.Use != "billing" &&
				!slices.ContainsFunc(homes, func(h claimedAddress) bool { return sameHome(h.line(), a.line()) }) {
				homes = append(homes, a)
			}
		}
	}
	return homes
}

func livesAt(p *store.Patient, home claimedAddress) bool {
	return slices.ContainsFunc(readClaims(p).Addresses, func(a claimedAddress) bool { return a.Use != "old" && sameHome(a.line(), home.line()) })
}

// namesOf are the family names that are known in a household.
func namesOf(o *opening, v sight) (names []string) {
	add := func(name string) {
		if name != "" && !slices.ContainsFunc(names, func(n string) bool { return plainWord(n) == plainWord(name) }) {
			names = append(names, name)
		}
	}
	for _, p := range o.patients {
		for _, n := range readClaims(p).Names {
			add(n.Family)
		}
	}
	for _, x := range v.permitted {
		switch x.Type {
		case "RelatedPerson":
			add(fhir.Of(x).Root().First("name.family").Text())
		case "Patient":
			for _, k := range fhir.Of(x).Root().Get("contact").Items() {
				add(k.First("name.family").Text())
			}
		}
	}
	return names
}

// whoFits finds the people whom contributors describe as sought.
func (s *Service) whoFits(ctx context.Context, v kmcr.Viewer, q Query) (people []kmcr.PersonID, err error) {
	sought, wrong := q.sought()
	if wrong != nil {
		return nil, nil
	}
	patients, err := s.byToken(ctx, v, sought)
	if err != nil {
		return nil, err
	}
	for _, p := range patients {
		if p.Person != 0 && !slices.Contains(people, p.Person) && readClaims(p).fits(sought) {
			people = append(people, p.Person)
		}
	}
	return people, nil
}
