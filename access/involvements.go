package access

import (
	"bytes"
	"strings"
	"time"

	"kmcr"
)

const (
	odsSystem     = "https://fhir.nhs.uk/Id/ods-organization-code"
	accountSystem = "urn:kmcr:account" // identifier of somebody of the sending organisation, as an account of this record

	// After is how long an organisation stays involved when its care or an appointment has ended, and Before how long
	// before an appointment it begins to be.
	After  = 28 * 24 * time.Hour
	Before = 14 * 24 * time.Hour
)

// Involvements derives who is involved from the current statements of one contributor's patient: registration with a practice,
// open spell, recent discharge (for a stated time), referral, appointment, open social care, placement, caseload.
// It reads no clock, so it names past and coming ones too; Involvement.Open says which are in force.
func Involvements(c kmcr.Contributor, statements []*kmcr.Statement) []kmcr.Involvement {
	d := deriver{contributor: c, born: bornOf(statements)}
	for _, s := range statements {
		if s.Deleted || s.Internal {
			continue
		}
		d.patient = s.ID.Patient
		switch s.Type {
		case "Patient":
			d.registration(s.Body)
		case "Encounter":
			d.encounter(s.Body)
		case "ServiceRequest":
			d.referral(s.Body)
		case "Appointment":
			d.appointment(s.Body)
		case "EpisodeOfCare":
			d.episode(s.Body)
		case "CareTeam":
			d.careTeam(s.Body)
		}
	}
	return d.found
}

// deriver gathers involvements, one for each kind and whom it is with.
type deriver struct {
	contributor kmcr.Contributor
	patient     kmcr.PatientID
	born        time.Time // zero: not said
	found       []kmcr.Involvement
}

// add keeps an involvement. One that overlaps another of the same kind and
// party is joined with it; of recent discharges only the last counts.
func (d *deriver) add(i kmcr.Involvement) {
	if i.Organisation == "" {
		return
	}
	i.Patient = d.patient
	for n := range d.found {
		have := &d.found[n]
		if !sameParty(*have, i) {
			continue
		}
		if overlap(*have, i) {
			have.From, have.Until = earliest(have.From, i.From), latest(have.Until, i.Until)
			return
		}
		if i.Kind == "discharged" {
			if later(i.Until, have.Until) {
				*have = i
			}
			return
		}
	}
	d.found = append(d.found, i)
}

func sameParty(a, b kmcr.Involvement) bool {
	return a.Kind == b.Kind && a.Organisation == b.Organisation && a.Team == b.Team && a.Account == b.Account
}

func overlap(a, b kmcr.Involvement) bool {
	return (a.Until.IsZero() || b.From.IsZero() || !b.From.After(a.Until)) &&
		(b.Until.IsZero() || a.From.IsZero() || !a.From.After(b.Until))
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if later(b, a) {
		return b
	}
	return a
}

// registration: the practices that the Patient names, and the sender itself where it is a practice and none is named.
func (d *deriver) registration(body []byte) {
	if string(member(body, "active")) == "false" {
		return
	}
	named := false
	for _, name := range []string{"generalPractitioner", "managingOrganization"} {
		items(member(body, name), func(reference []byte) {
			o := ods(reference)
			if o == "" || name == "managingOrganization" && !practice(o) {
				return
			}
			named = true
			d.add(kmcr.Involvement{Kind: "registered", Organisation: o})
		})
	}
	if !named && (d.contributor.Format == kmcr.FormatGPC || practice(d.contributor.Organisation)) {
		d.add(kmcr.Involvement{Kind: "registered", Organisation: d.contributor.Organisation})
	}
}

// practice tells whether a code has the form of a general practice's: a letter and five digits.
func practice(o kmcr.ODS) bool {
	if len(o) != 6 || o[0] < 'A' || o[0] > 'Z' {
		return false
	}
	return strings.Trim(string(o[1:]), "0123456789") == ""
}

// encounter: an open spell, or a recent discharge.
func (d *deriver) encounter(body []byte) {
	from, end := period(body, "period")
	provider := d.provider(body, "serviceProvider")
	switch string(text(member(body, "status"))) {
	case "arrived", "triaged", "in-progress", "onleave":
		if end.IsZero() {
			d.add(kmcr.Involvement{Kind: "spell", Organisation: provider, From: from})
			d.places(body, from)
			return
		}
		fallthrough
	case "finished":
		if end.IsZero() {
			end = from
		}
		if !end.IsZero() {
			d.add(kmcr.Involvement{Kind: "discharged", Organisation: provider, From: earliest(from, end), Until: end.Add(After)})
		}
	}
}

// places: organisations where the person stays that are not the sender, such as a care home.
func (d *deriver) places(body []byte, from time.Time) {
	items(member(body, "location"), func(l []byte) {
		if o := ods(member(l, "location")); o != "" && !d.own(o) {
			d.add(kmcr.Involvement{Kind: "placement", Organisation: o, From: from})
		}
	})
}

// referral: an active request involves who asked and who is asked.
func (d *deriver) referral(body []byte) {
	if string(text(member(body, "status"))) != "active" {
		return
	}
	from := instant(member(body, "authoredOn"))
	d.add(kmcr.Involvement{Kind: "referral", Organisation: d.contributor.Organisation, From: from})
	items(member(body, "performer"), func(reference []byte) {
		d.add(kmcr.Involvement{Kind: "referral", Organisation: ods(reference), From: from})
	})
}

// appointment: from 14 days before it begins until 28 days after it ends.
func (d *deriver) appointment(body []byte) {
	switch string(text(member(body, "status"))) {
	case "booked", "arrived", "checked-in", "fulfilled", "pending":
	default:
		return
	}
	start, end := instant(member(body, "start")), instant(member(body, "end"))
	if start.IsZero() {
		return
	}
	if end.Before(start) {
		end = start
	}
	i := kmcr.Involvement{Kind: "appointment", Organisation: d.contributor.Organisation, From: start.Add(-Before), Until: end.Add(After)}
	d.add(i)
	items(member(body, "participant"), func(p []byte) {
		i.Organisation = ods(member(p, "actor"))
		d.add(i)
	})
}

// episode: open care, most often of a council; and the provider, where it is another organisation.
func (d *deriver) episode(body []byte) {
	switch string(text(member(body, "status"))) {
	case "active", "onhold", "waitlist":
	default:
		return
	}
	from, until := period(body, "period")
	if !d.childrensServices(from) {
		d.add(kmcr.Involvement{Kind: "social-care", Organisation: d.contributor.Organisation, From: from, Until: until})
	}
	if o := ods(member(body, "managingOrganization")); o != "" && !d.own(o) {
		d.add(kmcr.Involvement{Kind: "placement", Organisation: o, From: from, Until: until})
	}
	d.person(member(body, "careManager"), from, until)
	items(member(body, "team"), func(reference []byte) { d.team(text(member(reference, "display")), from, until) })
}

// childrensServices tells whether an episode that began at a time may be one
// of a council's services for children. Those involve the team and worker
// that are named, never the council as a whole. Client Level Data is about
// adults by definition; of another return the age must show it.
func (d *deriver) childrensServices(from time.Time) bool {
	if d.contributor.Format == kmcr.FormatCLD || !council(d.contributor.Organisation) {
		return false
	}
	return d.born.IsZero() || from.IsZero() || from.Before(d.born.AddDate(18, 0, 0))
}

// council tells whether a code has the form of a council's: three digits.
func council(o kmcr.ODS) bool {
	return len(o) == 3 && strings.Trim(string(o), "0123456789") == ""
}

func bornOf(statements []*kmcr.Statement) time.Time {
	for _, s := range statements {
		if s.Type == "Patient" && !s.Deleted && !s.Internal {
			return instant(member(s.Body, "birthDate"))
		}
	}
	return time.Time{}
}

// careTeam: the team by its name, and those of its members who have an account.
func (d *deriver) careTeam(body []byte) {
	if s := member(body, "status"); s != nil && string(text(s)) != "active" {
		return
	}
	from, until := period(body, "period")
	d.team(text(member(body, "name")), from, until)
	items(member(body, "participant"), func(p []byte) {
		begins, ends := period(p, "period")
		if begins.IsZero() {
			begins = from
		}
		if ends.IsZero() {
			ends = until
		}
		d.person(member(p, "member"), begins, ends)
	})
}

// team puts the person on the caseload of a team of the sending organisation.
func (d *deriver) team(name []byte, from, until time.Time) {
	if len(name) > 0 {
		d.add(kmcr.Involvement{Kind: "caseload", Organisation: d.contributor.Organisation, Team: string(name), From: from, Until: until})
	}
}

// person puts the person on the caseload of an account of the sending organisation.
func (d *deriver) person(reference []byte, from, until time.Time) {
	id := member(reference, "identifier")
	if string(text(member(id, "system"))) != accountSystem {
		return
	}
	if account := text(member(id, "value")); len(account) > 0 {
		d.add(kmcr.Involvement{Kind: "caseload", Organisation: d.contributor.Organisation, Account: string(account), From: from, Until: until})
	}
}

// provider is the organisation that a member names, or the sender where it names none or a site of the sender's.
func (d *deriver) provider(body []byte, name string) kmcr.ODS {
	if o := ods(member(body, name)); o != "" && !d.own(o) {
		return o
	}
	return d.contributor.Organisation
}

// own tells whether a code is the sender's or that of one of its sites, which begins with it.
func (d *deriver) own(o kmcr.ODS) bool {
	return d.contributor.Organisation != "" && strings.HasPrefix(string(o), string(d.contributor.Organisation))
}

// ods reads the organisation code of a reference by identifier; "" where there is none.
func ods(reference []byte) kmcr.ODS {
	var found kmcr.ODS
	items(member(reference, "identifier"), func(id []byte) {
		if found == "" && bytes.EqualFold(text(member(id, "system")), []byte(odsSystem)) {
			found = kmcr.ODS(bytes.ToUpper(bytes.TrimSpace(text(member(id, "value")))))
		}
	})
	return found
}

func period(body []byte, name string) (start, end time.Time) {
	p := member(body, name)
	if p == nil {
		return time.Time{}, time.Time{}
	}
	return instant(member(p, "start")), instant(member(p, "end"))
}

// instant reads a FHIR dateTime; a partial one is its beginning; zero for none.
func instant(value []byte) time.Time {
	s := string(text(value))
	form := time.RFC3339Nano
	switch len(s) {
	case len("2006"):
		form = "2006"
	case len("2006-01"):
		form = "2006-01"
	case len(time.DateOnly):
		form = time.DateOnly
	}
	t, err := time.Parse(form, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
