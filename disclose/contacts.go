package disclose

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"kmcr"
	"kmcr/compose"
	"kmcr/terms"
)

// How far a reference to somebody is followed (a role, its practitioner, the practitioner's organisation), and how many statements
// about nobody are read for one look.
const (
	farthest = 3
	mostOfMe = 500
)

// whoIsInvolved gathers what contacts are made from besides the statements that are shown: who may be told of though the entry may
// not be seen, what is known of staff and places that lie elsewhere, and who has said here to be involved.
func (s *Service) whoIsInvolved(ctx context.Context, o *opening, v sight, in *compose.Input) error {
	in.For, in.Seen = o.facts.Viewer, v.who
	var err error
	if in.Context, err = s.context(ctx, o, v, slices.Concat(in.Statements, in.Seen)); err != nil {
		return err
	}
	in.Named, err = s.sayInvolved(ctx, o, v)
	return err
}

// context reads the statements about nobody (staff, organisations, services, places) to which contacts refer and that no patient of
// the person holds.
func (s *Service) context(ctx context.Context, o *opening, v sight, from []*kmcr.Statement) ([]*kmcr.Statement, error) {
	own := map[kmcr.PatientID]bool{}
	for _, p := range o.patients {
		own[p.ID] = true
	}
	asked := map[kmcr.StatementID]bool{}
	var out []*kmcr.Statement
	for range farthest {
		var next []kmcr.StatementID
		for _, x := range from {
			for _, id := range refersTo(x) {
				if !own[id.Patient] && !asked[id] && len(asked) < mostOfMe {
					asked[id] = true
					next = append(next, id)
				}
			}
		}
		if len(next) == 0 {
			return out, nil
		}
		found, err := s.aboutNobody(ctx, o, v, next)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		from = found
	}
	return out, nil
}

// aboutNobody reads statements of register compartments that the viewer may read.
func (s *Service) aboutNobody(ctx context.Context, o *opening, v sight, ids []kmcr.StatementID) ([]*kmcr.Statement, error) {
	patients := make([]kmcr.PatientID, len(ids))
	for n, id := range ids {
		patients[n] = id.Patient
	}
	compartments, err := s.db.Compartments(ctx, patients...)
	if err != nil {
		return nil, unavailable(err)
	}
	var out []*kmcr.Statement
	for n, c := range compartments {
		if c == nil || !c.Patient.Register {
			continue
		}
		x := c.Head(ids[n])
		if x == nil || x.Deleted {
			continue
		}
		if may, _ := o.facts.Policy.MayRead(o.facts.Viewer, o.facts.Organisation, x); !may {
			continue
		}
		if v.hidden != nil {
			if x = v.hidden.masked(x); x == nil {
				continue
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// refersTo lists the staff, organisations, services and places that a statement which says who is involved refers to.
func refersTo(s *kmcr.Statement) (ids []kmcr.StatementID) {
	switch s.Type {
	case "Patient", "CareTeam", "Encounter", "Appointment", "ServiceRequest", "EpisodeOfCare", "CarePlan", "Flag", "Task",
		"PractitionerRole", "Practitioner", "HealthcareService", "Location":
	default:
		return nil
	}
	const member = `"reference":"`
	for body := s.Body; ; {
		_, rest, found := bytes.Cut(body, []byte(member))
		if !found {
			return ids
		}
		end := bytes.IndexByte(rest, '"')
		if end < 0 {
			return ids
		}
		kind, id, _ := strings.Cut(string(rest[:end]), "/")
		switch kind {
		case "Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location":
			if at, ok := kmcr.ParseStatementID(id); ok {
				ids = append(ids, at)
			}
		}
		body = rest[end:]
	}
}

// sayInvolved lists who is involved by what was said in this record: on a caseload, given by a colleague, or by their own word.
func (s *Service) sayInvolved(ctx context.Context, o *opening, v sight) ([]compose.Named, error) {
	var out []compose.Named
	known := map[string]Worker{}
	for _, i := range o.facts.Involvements {
		if i.Account == "" || !slices.Contains([]string{"caseload", "granted", "self-claimed", involvedKind}, i.Kind) {
			continue
		}
		if _, asked := known[i.Account]; !asked {
			w, err := s.worker(ctx, i.Account)
			if err != nil {
				return nil, err
			}
			known[i.Account] = w
		}
		w := known[i.Account]
		mine := i.Account == o.facts.Viewer.Account
		if !mine && (w.Name == "" || !o.facts.Policy.NamesService(o.facts.Viewer.Role, i.Team+" "+w.Team+" "+o.parties.name(i.Organisation)+" "+terms.RoleName(w.Role))) {
			continue
		}
		n := compose.Named{Name: w.Name, Team: w.Team, Role: w.Role, Organisation: i.Organisation, Telephone: w.Telephone, Hours: w.Hours, From: i.From, Until: i.Until}
		if mine {
			n.Name, n.Role, n.You = o.facts.Viewer.Name, o.facts.Viewer.Role, true
			if i.Open(o.facts.Now) && (i.Kind == involvedKind || i.Kind == "self-claimed") {
				n.ID = i.ID
			}
		}
		if v.hidden != nil && (v.hidden.in(o.parties.name(i.Organisation)) || v.hidden.in(n.Team)) {
			n.Organisation, n.Team, n.Telephone = "", "", ""
		}
		out = append(out, n)
	}
	return out, nil
}
