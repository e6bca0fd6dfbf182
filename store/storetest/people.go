package storetest

import (
	"fmt"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

var people = map[string]func(*testing.T, Database){
	"a person is the patients linked to it":                 links,
	"links keep their history":                              linkHistory,
	"what was said of a person follows what it has become":  becoming,
	"a patient is held as it was read":                      hold,
	"derived involvements are replaced and follow the link": derivedInvolvements,
	"added involvements are kept until they end":            addedInvolvements,
	"people of an account, a team, an organisation":         peopleOf,
	"a pair is reviewed once":                               reviews,
	"steps about people are kept, newest first":             steps,
	"events are listed newest first":                        events,
}

func links(t *testing.T, d Database) {
	db := d.Open(t)
	a, b := newPatient(t, db, "MRN-1"), newPatient(t, db, "MRN-2")
	register := db.NewPatient(hospital, "Organization/1")
	register.Register = true
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(register, nil, nil) })
	write(t, db, func(tx *store.Tx) error { return tx.Relink(b.ID, a.Person, "match", "nhs number and birth date") })
	_, several, err := db.Circles(ctx(), nil, 0, a.Person, 987654321, a.Person)
	must(t, err)
	one, err := db.Links(ctx(), a.Person)
	must(t, err)
	if len(several) != 1 || len(several[a.Person]) != len(one) || several[a.Person][0].ID != one[0].ID {
		t.Errorf("of several at once: %v, of one: %v", several, one)
	}
	got, err := db.Links(ctx(), a.Person)
	must(t, err)
	if len(got) != 2 || got[0].ID != a.ID || got[1].ID != b.ID || got[1].Key != "MRN-2" {
		t.Errorf("linked are %v", got)
	}
	for _, person := range []kmcr.PersonID{b.Person, 0} {
		if got, err := db.Links(ctx(), person); err != nil || len(got) != 0 {
			t.Errorf("linked to nobody are %v, %v", got, err)
		}
	}
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.Relink(9, 9, "", "") }), kmcr.NotFound)
}

// What was said of a person follows it into the one it has become, and goes back with it.
func becoming(t *testing.T, d Database) {
	db := d.Open(t)
	a, b := newPatient(t, db, "MRN-1"), newPatient(t, db, "MRN-2")
	write(t, db, func(tx *store.Tx) error {
		if err := tx.Audit(&audit.Entry{At: time.Now(), Action: "read", Person: b.Person}); err != nil {
			return err
		}
		return tx.AddInvolvement(&kmcr.Involvement{Person: b.Person, Kind: "self-claimed", Account: "nurse", From: time.Now()})
	})
	expect := func(says string, now kmcr.PersonID, former, involved, looks int) {
		t.Helper()
		person, err := db.PersonNow(ctx(), b.Person)
		must(t, err)
		list, err := db.FormerPersons(ctx(), a.Person)
		must(t, err)
		involvements, err := db.InvolvementsOf(ctx(), a.Person)
		must(t, err)
		entries, err := db.AuditOf(ctx(), a.Person, 10)
		must(t, err)
		if person != now || len(list) != former || len(involvements) != involved || len(entries) != looks {
			t.Errorf("%s: now %v, former %v, involvements %d, looks %d", says, person, list, len(involvements), len(entries))
		}
	}
	expect("apart", b.Person, 0, 0, 0)
	write(t, db, func(tx *store.Tx) error { return tx.Relink(b.ID, a.Person, "officer", "same") })
	expect("joined", a.Person, 1, 1, 1)
	write(t, db, func(tx *store.Tx) error { return tx.Relink(b.ID, b.Person, "officer", "undone") })
	expect("parted", b.Person, 0, 0, 0)
	c := newPatient(t, db, "MRN-3")
	write(t, db, func(tx *store.Tx) error {
		for _, step := range []struct {
			p  kmcr.PatientID
			to kmcr.PersonID
		}{{c.ID, b.Person}, {c.ID, a.Person}, {b.ID, c.Person}} {
			if err := tx.Relink(step.p, step.to, "officer", "they were two"); err != nil {
				return err
			}
		}
		return nil
	})
	expect("its patients have gone to two people, the last to the other", c.Person, 1, 0, 1)
	if involved, err := db.InvolvementsOf(ctx(), c.Person); err != nil || len(involved) != 1 {
		t.Errorf("of the other are %d: %v", len(involved), err)
	}
}

// Who holds a patient as it was read conflicts with whoever changed it since.
func hold(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	read := func() *store.Patient {
		got, err := db.PatientByID(ctx(), p.ID)
		must(t, err)
		return got
	}
	one, other := read(), read()
	write(t, db, func(tx *store.Tx) error { return tx.Hold(one) })
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.Hold(other) }), kmcr.Conflict)
	write(t, db, func(tx *store.Tx) error {
		p := read()
		if err := tx.Hold(p); err != nil {
			return err
		}
		return tx.PutPatient(p, nil, nil)
	})
}

func linkHistory(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	to := db.NewPerson()
	write(t, db, func(tx *store.Tx) error { return tx.Relink(p.ID, to, "officer", "same address") })
	write(t, db, func(tx *store.Tx) error { return tx.Relink(p.ID, p.Person, "officer", "undone") })
	got, err := db.LinkHistory(ctx(), p.ID)
	must(t, err)
	if len(got) != 2 || got[0].From != p.Person || got[0].To != to || got[0].By != "officer" || got[0].Reason != "same address" || got[1].To != p.Person || got[1].Reason != "undone" || got[0].At.IsZero() || got[0].Patient != p.ID {
		t.Errorf("the history is %+v", got)
	}
}

func kinds(all []kmcr.Involvement) string {
	out := map[string]int{}
	for _, i := range all {
		out[i.Kind]++
	}
	return fmt.Sprint(out)
}

func derivedInvolvements(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	set := func(derived ...kmcr.Involvement) {
		t.Helper()
		write(t, db, func(tx *store.Tx) error { return tx.SetInvolvements(p.ID, derived) })
	}
	spell := kmcr.Involvement{Kind: "spell", Organisation: "RVV", Team: "ward-4", From: day(1)}
	set(spell, kmcr.Involvement{Kind: "referral", Organisation: "RVV", From: day(2)})
	first, err := db.InvolvementsOf(ctx(), p.Person)
	must(t, err)
	if kinds(first) != "map[referral:1 spell:1]" || first[0].Person != p.Person || first[0].Patient != p.ID {
		t.Errorf("involved are %+v", first)
	}
	set(spell)
	second, err := db.InvolvementsOf(ctx(), p.Person)
	must(t, err)
	if kinds(second) != "map[spell:1]" || !second[0].From.Equal(day(1)) || second[0].Team != "ward-4" || !second[0].Until.IsZero() {
		t.Errorf("involved are %+v", second)
	}
	to := db.NewPerson()
	write(t, db, func(tx *store.Tx) error { return tx.Relink(p.ID, to, "", "") })
	if got, _ := db.InvolvementsOf(ctx(), to); len(got) != 1 || got[0].Person != to || got[0].ID != second[0].ID {
		t.Errorf("after the link moved, involved are %+v", got)
	}
	if got, _ := db.InvolvementsOf(ctx(), p.Person); len(got) != 0 {
		t.Errorf("the person before still has %+v", got)
	}
	set()
	if got, _ := db.InvolvementsOf(ctx(), to); len(got) != 0 {
		t.Errorf("none derived, but %+v", got)
	}
}

func addedInvolvements(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	i := kmcr.Involvement{Person: p.Person, Kind: "break-glass", Account: "emergency-doctor", Organisation: "RVV", From: day(1), Until: day(2), Reason: "unconscious in resus"}
	write(t, db, func(tx *store.Tx) error { return tx.AddInvolvement(&i) })
	write(t, db, func(tx *store.Tx) error { return tx.SetInvolvements(p.ID, nil) })
	got, err := db.InvolvementsOf(ctx(), p.Person)
	must(t, err)
	if len(got) != 1 || got[0].ID != i.ID || got[0].Reason != i.Reason || got[0].Account != i.Account || !got[0].Until.Equal(day(2)) || got[0].Patient != 0 {
		t.Errorf("involved are %+v", got)
	}
	end := day(1).Add(time.Hour)
	write(t, db, func(tx *store.Tx) error { return tx.EndInvolvement(i.ID, end) })
	if got, _ := db.InvolvementsOf(ctx(), p.Person); len(got) != 1 || !got[0].Until.Equal(end) {
		t.Errorf("ended is %+v", got)
	}
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.EndInvolvement(1, end) }), kmcr.NotFound)
}

func peopleOf(t *testing.T, d Database) {
	db := d.Open(t)
	var persons []kmcr.PersonID
	for n := range 30 {
		p := newPatient(t, db, fmt.Sprint("MRN-", n))
		persons = append(persons, p.Person)
		spells := []kmcr.Involvement{
			{Kind: "spell", Organisation: "RVV", From: day(1).Add(time.Duration(n) * time.Minute)},
			{Kind: "referral", Organisation: "RVV", From: day(1).Add(time.Duration(n) * time.Second)},
		}
		if n >= 25 {
			spells[0].Until, spells[1].Until = day(2), day(2)
		}
		write(t, db, func(tx *store.Tx) error {
			if err := tx.SetInvolvements(p.ID, spells); err != nil || n != 3 {
				return err
			}
			return tx.AddInvolvement(&kmcr.Involvement{Person: p.Person, Kind: "caseload", Account: "nurse", Team: "east", From: day(3)})
		})
	}
	list := func(account, team string, o kmcr.ODS, at time.Time, limit int) []kmcr.Involvement {
		t.Helper()
		got, err := db.PeopleOf(ctx(), account, team, o, at, limit)
		must(t, err)
		return got
	}
	got := list("", "", "RVV", day(5), 3)
	if len(got) != 3 || got[0].Person != persons[24] || got[1].Person != persons[23] || got[2].Person != persons[22] || got[0].Kind != "spell" {
		t.Errorf("of the organisation are %+v", got)
	}
	if got := list("", "", "RVV", day(5), 100); len(got) != 25 {
		t.Errorf("of the organisation are %d", len(got))
	}
	if got := list("", "", "RVV", day(1).Add(-time.Hour), 100); len(got) != 0 {
		t.Errorf("before it began are %d", len(got))
	}
	if got := list("nurse", "east", "RVV", day(5), 2); len(got) != 2 || got[0].Person != persons[3] || got[0].Kind != "caseload" || got[1].Person != persons[24] {
		t.Errorf("of the nurse are %+v", got)
	}
	if got, err := db.PeopleOf(ctx(), "nurse", "east", "RVV", day(5), 2, "caseload", "granted"); err != nil || len(got) != 2 || got[0].Person != persons[24] {
		t.Errorf("without the caseload of the nurse are %+v, %v", got, err)
	}
	if got := list("", "", "", day(5), 2); len(got) != 0 {
		t.Errorf("of nobody are %+v", got)
	}
}

func reviews(t *testing.T, d Database) {
	db := d.Open(t)
	r := store.Review{A: 9, B: 4, Score: 0.81, Reasons: "names differ"}
	write(t, db, func(tx *store.Tx) error { return tx.PutReview(&r) })
	again := store.Review{A: 4, B: 9, Score: 0.85, Reasons: "names differ, address agrees", State: "different", By: "officer", DecidedAt: day(4), Proposed: "same", ProposedBy: "another", Took: 90 * time.Second}
	write(t, db, func(tx *store.Tx) error { return tx.PutReview(&again) })
	write(t, db, func(tx *store.Tx) error { return tx.PutReview(&store.Review{A: 4, B: 10}) })
	if again.ID != r.ID {
		t.Error("one pair has two reviews")
	}
	got, err := db.Reviews(ctx(), "different")
	must(t, err)
	if len(got) != 1 || got[0].ID != r.ID || got[0].A != 4 || got[0].B != 9 || got[0].Score != 0.85 || got[0].Reasons != again.Reasons || got[0].By != "officer" || !got[0].DecidedAt.Equal(day(4)) || got[0].At.IsZero() {
		t.Errorf("reviews are %+v", got)
	}
	for patient, want := range map[kmcr.PatientID]int{4: 2, 9: 1, 10: 1, 11: 0} {
		if got, err := db.ReviewsOf(ctx(), patient); err != nil || len(got) != want {
			t.Errorf("of %d are %d reviews, %v", patient, len(got), err)
		}
	}
	if got, _ := db.Reviews(ctx(), "open"); len(got) != 1 {
		t.Errorf("open are %+v", got)
	}
}

func events(t *testing.T, d Database) {
	db := d.Open(t)
	for i := range 6 {
		e := kmcr.Event{Patient: kmcr.PatientID(1 + i%3), Topic: "admission", At: day(10 - i), Recorded: day(i + 1), Statement: store.StatementIDFor(kmcr.PatientID(1+i%3), "enc"), Detail: fmt.Sprint(i)}
		write(t, db, func(tx *store.Tx) error { return tx.AddEvent(&e) })
	}
	got, err := db.EventsOf(ctx(), []kmcr.PatientID{1, 2}, day(2), 10)
	must(t, err)
	if len(got) != 3 || got[0].Detail != "4" || got[1].Detail != "3" || got[2].Detail != "1" || got[0].Statement != store.StatementIDFor(2, "enc") || got[0].Topic != "admission" || !got[0].At.Equal(day(6)) {
		t.Errorf("events are %+v", got)
	}
	if got, _ := db.EventsOf(ctx(), []kmcr.PatientID{1, 2, 3}, time.Time{}, 2); len(got) != 2 || got[0].Detail != "5" {
		t.Errorf("events are %+v", got)
	}
	if got, err := db.EventsOf(ctx(), nil, time.Time{}, 2); err != nil || len(got) != 0 {
		t.Errorf("of nobody are %v, %v", got, err)
	}
}
