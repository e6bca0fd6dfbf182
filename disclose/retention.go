package disclose

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/fhir"
	"kmcr/store"
)

// Kept says for how long a class of record is kept.
type Kept struct {
	Class  string `json:"class"` // kind of organisation, "children" for children's social care
	Years  int    `json:"years"`
	Since  string `json:"since"` // "last entry", "death" or "birth"
	Source string `json:"source"`
}

// The periods where nobody has set others. A child's record is never kept for less than until the 25th birthday.
var kept = []Kept{
	{"acute", 8, "last entry", "NHS Records Management Code of Practice: adult health records"},
	{"ambulance", 10, "last entry", "NHS Records Management Code of Practice: ambulance records"},
	{"care-home", 8, "last entry", "NHS Records Management Code of Practice: care records"},
	{"children", 75, "birth", "Children’s social care: looked after children records (Care Planning Regulations 2010, reg. 50)"},
	{"community", 8, "last entry", "NHS Records Management Code of Practice: adult health records"},
	{"council", 8, "last entry", "Adult social care records: local retention schedules"},
	{"gp-practice", 10, "death", "NHS Records Management Code of Practice: GP records"},
	{"hospice", 8, "last entry", "NHS Records Management Code of Practice: adult health records"},
	{"mental-health", 20, "last entry", "NHS Records Management Code of Practice: mental health records"},
	{"other", 8, "last entry", "NHS Records Management Code of Practice: adult health records"},
}

// childUntil is the birthday until which a child's record is kept at least.
const childUntil = 25

// Retention lists for how long each class of record is kept.
func (s *Service) Retention(ctx context.Context) ([]Kept, error) {
	out := slices.Clone(kept)
	for n := range out {
		if _, err := s.db.Get(ctx, store.KindRetention, out[n].Class, &out[n]); err != nil {
			return nil, unavailable(err)
		}
	}
	return out, nil
}

// SetRetention changes for how long a class is kept; audited.
func (s *Service) SetRetention(ctx context.Context, v kmcr.Viewer, class string, years int, source string) error {
	all, err := s.Retention(ctx)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(k Kept) bool { return k.Class == class })
	if n < 0 || years < 1 || source == "" {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "there is no such class of record, or no years or source are given", Remedy: "kmcr retention list shows the classes; give whole years and where the period comes from."}
	}
	e := s.entry(v, "administer", "kmcr retention set")
	e.Purpose, e.Allowed, e.Rule = kmcr.Administration, true, "An operator sets for how long records are kept."
	e.Detail = map[string]string{"class": class, "years": strconv.Itoa(years), "was": strconv.Itoa(all[n].Years)}
	all[n].Years, all[n].Source = years, source
	return unavailable(s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindRetention, class, all[n]); err != nil {
			return err
		}
		kept := *e
		return tx.Audit(&kept)
	}))
}

// Due is a contributor's record of a patient that need not be kept any longer.
type Due struct {
	Patient     kmcr.PatientID       `json:"patient"`
	Contributor kmcr.ContributorCode `json:"contributor"`
	Class       string               `json:"class"`
	Until       time.Time            `json:"until"` // when its period ended

	found *store.Patient
}

// Due lists what is due to be destroyed, longest first. It reads every record.
func (s *Service) Due(ctx context.Context) ([]Due, error) {
	p, err := s.parties(ctx)
	if err != nil {
		return nil, err
	}
	periods, err := s.Retention(ctx)
	if err != nil {
		return nil, err
	}
	var all []Due
	err = s.db.EachPatient(ctx, func(patient *store.Patient) error {
		if patient.Erased() || patient.Register {
			return nil
		}
		last, err := s.lastEntry(ctx, patient)
		if err != nil {
			return err
		}
		class := classOf(p, patient)
		k := periods[slices.IndexFunc(periods, func(k Kept) bool { return k.Class == class })]
		if until := k.until(readClaims(patient), last); !until.IsZero() && until.Before(s.now()) {
			all = append(all, Due{patient.ID, patient.Contributor, class, until, patient})
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Due) int { return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Patient, b.Patient)) })
	return all, unavailable(err)
}

// classOf is the class of what a contributor keeps.
func classOf(p parties, patient *store.Patient) string {
	c := p.contributor(patient.Contributor)
	if c.Format == kmcr.FormatCIN || c.Format == kmcr.Format903 {
		return "children"
	}
	if o := p.organisation(c.Organisation); o != nil && slices.ContainsFunc(kept, func(k Kept) bool { return k.Class == o.Kind }) {
		return o.Kind
	}
	return "other"
}

// lastEntry is when anything was last said of a patient, or was last said to have been.
func (s *Service) lastEntry(ctx context.Context, p *store.Patient) (last time.Time, err error) {
	compartments, err := s.compartments(ctx, []*store.Patient{p})
	if err != nil {
		return last, err
	}
	all := current(compartments)
	for _, x := range all {
		if at := happened(x); at.After(last) {
			last = at
		}
	}
	if last.IsZero() { // nothing says when it was
		last = newest(all)
	}
	return last, nil
}

// dates are where resources say when what they tell of happened.
var dates = []string{"period.end", "period.start", "effectiveDateTime", "effectivePeriod.end", "effectivePeriod.start", "performedDateTime", "performedPeriod.end", "performedPeriod.start",
	"occurrenceDateTime", "recordedDate", "authoredOn", "date", "issued", "created", "sent", "start", "assertedDate", "onsetDateTime", "dateRecorded", "whenHandedOver"}

// happened is the day on which what a statement tells of last happened; zero where it does not say.
func happened(x *kmcr.Statement) (last time.Time) {
	r := fhir.Of(x)
	if r == nil {
		return x.Recorded // what cannot be read is not held against anybody
	}
	for _, path := range dates {
		said := r.Root().First(path).Text()
		for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
			if at, err := time.Parse(layout, said[:min(len(said), len(layout))]); err == nil && at.After(last) {
				last = at
			}
		}
	}
	return last
}

// until is when a period ends; zero where that is not known, for then nothing is destroyed.
func (k Kept) until(c claims, last time.Time) time.Time {
	born, unborn := time.Parse(time.DateOnly, c.Born)
	died, _ := time.Parse(time.DateOnly, c.Died[:min(len(c.Died), len(time.DateOnly))])
	from := last
	switch k.Since {
	case "birth":
		from = born
	case "death":
		from = died
	}
	if from.IsZero() || unborn != nil {
		return time.Time{}
	}
	until := from.AddDate(k.Years, 0, 0)
	if adult := born.AddDate(childUntil, 0, 0); died.IsZero() && last.Before(born.AddDate(18, 0, 0)) && until.Before(adult) {
		until = adult
	}
	return until
}

// Destroy destroys the keys of what is due, each with an audit entry in the same commit, and answers how many those were. What has
// changed since it was found due is left alone.
func (s *Service) Destroy(ctx context.Context, v kmcr.Viewer, due []Due, reason string) (destroyed int, err error) {
	if err := checkReason(reason); err != nil {
		return 0, err
	}
	for _, d := range due {
		e := audit.Entry{At: s.now(), Action: "destroy", Viewer: v, Patient: d.Patient, Person: d.found.Person, Purpose: kmcr.Administration, Reason: reason, Allowed: true,
			Rule: "Records are kept for as long as their class asks for, and then destroyed.", Where: "kmcr retention destroy",
			Detail: map[string]string{"class": d.Class, "until": d.Until.Format(time.DateOnly), "contributor": string(d.Contributor)}}
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Hold(d.found); err != nil {
				return err
			}
			if err := tx.SetInvolvements(d.Patient, nil); err != nil {
				return err
			}
			if err := tx.Relink(d.Patient, 0, v.Account, "destroyed at the end of its period"); err != nil {
				return err
			}
			if err := tx.EraseKey(d.Patient); err != nil {
				return err
			}
			kept := e
			return tx.Audit(&kept)
		})
		if kmcr.KindOf(err) == kmcr.Conflict {
			continue
		}
		if err != nil {
			return destroyed, unavailable(err)
		}
		destroyed++
	}
	return destroyed, nil
}

// Words is the class in words.
func (k Kept) Words() string {
	if k.Class == "children" {
		return "Children’s social care"
	}
	return kindOf(k.Class)
}
