package disclose

import (
	"context"
	"slices"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/compose"
	"kmcr/fhir"
	"kmcr/terms"
)

// Record opens a person's record for a page: decided, filtered, composed, audited. where names the route; only names the sections
// that the page shows (all when empty). Errors: kmcr.Refused with what is lawful next, kmcr.NotFound, kmcr.Unavailable when the audit cannot be written.
func (s *Service) Record(ctx context.Context, v kmcr.Viewer, ref, where string, only ...kmcr.Section) (*compose.Record, error) {
	return s.Ask(ctx, v, ref, where, Asking{Only: only})
}

// Ask opens a person's record as asked: now, as it stood at an instant, or as somebody saw it. What may be seen is decided as of now:
// an earlier version leaves only where the viewer may see it under the labels that it had and under those that it has today.
// Errors: as Record; kmcr.Invalid for an instant to come, kmcr.NotFound for a look that there is not.
func (s *Service) Ask(ctx context.Context, v kmcr.Viewer, ref, where string, a Asking) (*compose.Record, error) {
	o, err := s.open(ctx, v, ref, "read", where)
	if err != nil {
		return nil, err
	}
	compartments, err := s.compartments(ctx, o.patients)
	if err != nil {
		return nil, err
	}
	then, err := s.standing(ctx, o, compartments, &a)
	if err != nil {
		return nil, err
	}
	in, err := s.input(ctx, o, then, a)
	if err != nil {
		return nil, err
	}
	if err := s.place(ctx, o, &in, a); err != nil {
		return nil, err
	}
	var r *compose.Record
	if err := s.commitBehind(ctx, o.entry, func() { r = compose.Compose(in) }); err != nil {
		return nil, err
	}
	s.tellOpened(o, in.Demographics)
	if err := s.tellTeam(ctx, o, in.Statements); err != nil {
		return nil, err
	}
	return r, nil
}

// input filters what was read and says what the record is made from.
func (s *Service) input(ctx context.Context, o *opening, compartments standing, a Asking) (compose.Input, error) {
	v, only := compartments.see(o), a.Only
	var moves []compose.Move
	if a.Moves {
		moves = o.moves(v, compartments.then)
	}
	in := compose.Input{
		Ref: o.person.Ref(), Now: o.facts.Now, Statements: inSections(v.permitted, only),
		Withheld: v.withheld, Hidden: hiddenFrom(o.facts.Policy, o.facts.Viewer.Role), Unavailable: notAsked(only),
		Organisations: o.parties.organisation, Moves: moves, Others: v.others,
	}
	if asksFor(only, kmcr.Contacts) {
		if err := s.whoIsInvolved(ctx, o, v, &in); err != nil {
			return in, err
		}
	}
	o.entry.Shown, o.entry.Withheld = shown(in.Statements), v.left
	for _, i := range v.identities(o) {
		in.Demographics = append(in.Demographics, i.demographics(o.parties))
	}
	var err error
	if in.Authority, err = s.Authority(ctx); err != nil {
		return in, err
	}
	if in.Corrections, err = s.corrections(ctx, o.patients); err != nil {
		return in, err
	}
	if in.Sources, err = s.sources(ctx, o, v); err != nil {
		return in, err
	}
	in.PossibleDuplicate, err = s.possibleDuplicate(ctx, o.facts.Viewer, o.patients)
	return in, err
}

// always are the sections that every page needs: the banner, and who and where its entries speak of.
var always = []kmcr.Section{kmcr.Demographics, kmcr.Allergies, kmcr.Administrative}

func inSections(all []*kmcr.Statement, only []kmcr.Section) []*kmcr.Statement {
	if len(only) == 0 {
		return all
	}
	out := make([]*kmcr.Statement, 0, len(all))
	for _, s := range all {
		if slices.Contains(only, s.Section) || slices.Contains(always, s.Section) {
			out = append(out, s)
		}
	}
	return append(out, listed(all, out)...)
}

// listed are the statements of other sections that a consultation lists, with
// the products that they name: what was noted in it is read on its line.
func listed(all, chosen []*kmcr.Statement) []*kmcr.Statement {
	have, wanted := map[kmcr.StatementID]bool{}, map[string]bool{}
	note := func(s *kmcr.Statement) {
		if r := fhir.Of(s); r != nil {
			for _, ref := range r.References() {
				wanted[ref.Value] = true
			}
		}
	}
	for _, s := range chosen {
		have[s.ID] = true
		if s.Type == "List" {
			note(s)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var out []*kmcr.Statement
	for _, round := range []string{"", "Medication"} {
		before := len(out)
		for _, s := range all {
			if !have[s.ID] && (round == "" || s.Type == round) && wanted[s.Type+"/"+s.ID.String()] {
				have[s.ID] = true
				out = append(out, s)
			}
		}
		for _, s := range out[before:] {
			note(s)
		}
	}
	return out
}

// asksFor tells whether a page shows a section.
func asksFor(only []kmcr.Section, section kmcr.Section) bool {
	return len(only) == 0 || slices.Contains(only, section)
}

// notAsked says of the sections that a page leaves out that they were not read, so that none looks empty.
func notAsked(only []kmcr.Section) map[kmcr.Section]string {
	out := map[kmcr.Section]string{}
	if len(only) == 0 {
		return out
	}
	for _, s := range kmcr.AllSections {
		if !slices.Contains(only, s) && !slices.Contains(always, s) {
			out[s] = "Not read for this page."
		}
	}
	return out
}

func hiddenFrom(p *access.Policy, r kmcr.Role) map[kmcr.Section]string {
	out := map[kmcr.Section]string{}
	for _, s := range kmcr.AllSections {
		if !p.Section(r, s) {
			out[s] = "Your role (" + terms.RoleName(r) + ") does not see this section."
		}
	}
	return out
}

// sources says of each contributor when it was last heard, at all and about this person.
func (s *Service) sources(ctx context.Context, o *opening, v sight) ([]compose.Source, error) {
	tallies, err := s.tallies(ctx)
	if err != nil {
		return nil, err
	}
	here := map[kmcr.ContributorCode]time.Time{}
	for _, p := range o.patients {
		if t := v.recorded[p.ID]; !v.unnamed[p.ID] && (t.After(here[p.Contributor]) || here[p.Contributor].IsZero()) {
			here[p.Contributor] = t
		}
	}
	out := make([]compose.Source, 0, len(o.parties.contributors)+1)
	for _, c := range o.parties.contributors {
		if v.hidden != nil && v.hidden.kinds[o.parties.kind(c.Organisation)] {
			continue // to leave out only the person's own would tell which it is
		}
		at, linked := here[c.Code]
		src := compose.Source{
			Contributor: c.Code, Name: c.Name, Organisation: c.Organisation, OrganisationName: o.parties.name(c.Organisation),
			LastHeard: tallies[c.Code].LastHeard, LastHeardHere: at, Authority: c.Authority, Sections: c.Sections, Linked: linked,
		}
		if at.After(src.LastHeard) {
			src.LastHeard = at
		}
		src.Late = late(c, src.LastHeard, o.facts.Now)
		if org := o.parties.organisation(c.Organisation); org != nil {
			src.Telephone, src.Kind = org.Telephone, org.Kind
		}
		out = append(out, src)
	}
	if len(v.unnamed) > 0 {
		out = append(out, compose.Source{Contributor: maskedSource, Name: "A source that is not named"})
	}
	return out, nil
}
