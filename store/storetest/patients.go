package storetest

import (
	"fmt"
	"slices"
	"testing"

	"kmcr"
	"kmcr/store"
)

var patients = map[string]func(*testing.T, Database){
	"a patient is found by id, by key and by alias":      foundByKey,
	"a second patient of one key is a conflict":          secondOfOneKey,
	"aliases and tokens are replaced, or left where nil": replaced,
	"a patient changed by somebody else is a conflict":   changedByOther,
	"candidates are found by tokens, the likest first":   byTokens,
	"a token that very many have":                        byCommonToken,
	"a client's own id leads to its statement":           statementAlias,
	"a destroyed key leaves nothing to read":             erased,
}

func foundByKey(t *testing.T, d Database) {
	db := d.Open(t)
	p := db.NewPatient(hospital, "MRN-1")
	p.Person, p.Claims = db.NewPerson(), []byte(`{"family":"Byrne"}`)
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(p, []string{"MRN-0"}, nil) })
	for _, find := range []func() (*store.Patient, error){
		func() (*store.Patient, error) { return db.PatientByID(ctx(), p.ID) },
		func() (*store.Patient, error) { return db.PatientByKey(ctx(), hospital, "MRN-1") },
		func() (*store.Patient, error) { return db.PatientByKey(ctx(), hospital, "MRN-0") },
		func() (*store.Patient, error) {
			return db.PatientByKeys(ctx(), hospital, []string{"MRN-9", "MRN-0", "MRN-1"})
		},
	} {
		got, err := find()
		must(t, err)
		if got == nil || got.ID != p.ID || got.Key != "MRN-1" || got.Person != p.Person || string(got.Claims) != string(p.Claims) || got.Contributor != hospital {
			t.Errorf("found %+v", got)
		}
	}
	for _, c := range []struct {
		contributor kmcr.ContributorCode
		key         string
	}{{"gp", "MRN-1"}, {hospital, "MRN-2"}, {hospital, ""}} {
		if got, err := db.PatientByKey(ctx(), c.contributor, c.key); got != nil || err != nil {
			t.Errorf("%v found %+v, %v", c, got, err)
		}
	}
	second := db.NewPatient(hospital, "MRN-5")
	second.Person = p.Person
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(second, nil, nil) })
	for keys, want := range map[[2]string]kmcr.PatientID{{"MRN-5", "MRN-0"}: second.ID, {"MRN-0", "MRN-5"}: p.ID} {
		if got, err := db.PatientByKeys(ctx(), hospital, keys[:]); err != nil || got.ID != want {
			t.Errorf("of %v the first leads to %+v, %v", keys, got, err)
		}
	}
	if got, err := db.PatientByKeys(ctx(), hospital, nil); got != nil || err != nil {
		t.Errorf("no keys lead to %+v, %v", got, err)
	}
	if got, err := db.PatientByID(ctx(), 5); got != nil || err != nil {
		t.Errorf("found %+v, %v", got, err)
	}
	patients, persons, _, err := db.Counts(ctx())
	if err != nil || patients != 2 || persons != 1 {
		t.Errorf("counted %d patients, %d persons, %v", patients, persons, err)
	}
}

func secondOfOneKey(t *testing.T, d Database) {
	db := d.Open(t)
	newPatient(t, db, "MRN-1")
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.PutPatient(db.NewPatient(hospital, "MRN-1"), nil, nil) }), kmcr.Conflict)
	other := db.NewPatient("gp", "MRN-1")
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(other, nil, nil) })
	made := 0
	results := make(chan error, 16)
	sideBySide(16, func(int) {
		results <- db.Write(ctx(), func(tx *store.Tx) error { return tx.PutPatient(db.NewPatient(hospital, "MRN-2"), nil, nil) })
	})
	for range 16 {
		if err := <-results; err == nil {
			made++
		} else {
			wants(t, err, kmcr.Conflict)
		}
	}
	if made != 1 {
		t.Errorf("%d patients of one key were made", made)
	}
	if n, _, _, _ := db.Counts(ctx()); n != 3 {
		t.Errorf("%d patients are counted, want 3", n)
	}
}

func replaced(t *testing.T, d Database) {
	db := d.Open(t)
	p := db.NewPatient(hospital, "MRN-1")
	put := func(aliases, tokens []string) {
		t.Helper()
		write(t, db, func(tx *store.Tx) error { return tx.PutPatient(p, aliases, tokens) })
	}
	leads := func(key string, want bool) {
		t.Helper()
		if got, err := db.PatientByKey(ctx(), hospital, key); err != nil || (got != nil) != want {
			t.Errorf("%s leads to %v, %v", key, got, err)
		}
	}
	found := func(token string, want int) {
		t.Helper()
		if got, err := db.PatientsByToken(ctx(), []string{token}, 10); err != nil || len(got) != want {
			t.Errorf("%s finds %d, %v", token, len(got), err)
		}
	}
	put([]string{"A", "B"}, []string{"nhs|9990000018", "name|byrne"})
	leads("A", true)
	found("nhs|9990000018", 1)
	put([]string{"B", "C"}, []string{"name|byrne", "name|byrne", "name|obrien"})
	leads("A", false)
	leads("B", true)
	leads("C", true)
	found("nhs|9990000018", 0)
	found("name|byrne", 1)
	put(nil, nil)
	leads("C", true)
	found("name|obrien", 1)
	put([]string{}, []string{})
	leads("C", false)
	leads("MRN-1", true)
	found("name|byrne", 0)
}

func changedByOther(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	stale, err := db.PatientByID(ctx(), p.ID)
	must(t, err)
	to := db.NewPerson()
	write(t, db, func(tx *store.Tx) error { return tx.Relink(p.ID, to, "officer", "the same person") })
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.PutPatient(stale, nil, nil) }), kmcr.Conflict)
	fresh, err := db.PatientByID(ctx(), p.ID)
	must(t, err)
	if fresh.Person != to {
		t.Error("the link of the officer was lost")
	}
	fresh.MergedInto = 77
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(fresh, nil, nil) })
	fresh.Claims = []byte("{}")
	write(t, db, func(tx *store.Tx) error {
		if err := tx.PutPatient(fresh, nil, nil); err != nil {
			return err
		}
		return tx.PutPatient(fresh, nil, nil)
	})
	if got, _ := db.PatientByID(ctx(), p.ID); got.MergedInto != 77 || string(got.Claims) != "{}" {
		t.Errorf("got %+v", got)
	}
}

func byTokens(t *testing.T, d Database) {
	db := d.Open(t)
	var all []*store.Patient
	for i := range 6 {
		p := db.NewPatient(hospital, fmt.Sprint("MRN-", i))
		tokens := []string{"name|smith"}
		if i%2 == 0 {
			tokens = append(tokens, "born|1950-01-02")
		}
		if i == 4 {
			tokens = append(tokens, "nhs|9990000018")
		}
		write(t, db, func(tx *store.Tx) error { return tx.PutPatient(p, nil, tokens) })
		all = append(all, p)
	}
	got, err := db.PatientsByToken(ctx(), []string{"name|smith", "born|1950-01-02", "nhs|9990000018", "nobody"}, 3)
	must(t, err)
	if len(got) != 3 || got[0].ID != all[4].ID || got[1].ID != all[0].ID || got[2].ID != all[2].ID {
		t.Errorf("found %v", got)
	}
	write(t, db, func(tx *store.Tx) error {
		for i, person := range []kmcr.PersonID{1: 7, 4: 7, 5: 8} { // the others have none
			if person != 0 {
				if err := tx.Relink(all[i].ID, person, "test", "theirs"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	persons, circles, err := db.Circles(ctx(), []string{"name|smith", "born|1950-01-02", "nhs|9990000018", "nobody"}, 6, 9, 8)
	must(t, err)
	if !slices.Equal(persons, []kmcr.PersonID{9, 8, 7}) || len(circles[7]) != 2 || len(circles[8]) != 1 || circles[7][0].ID != all[1].ID {
		t.Errorf("found the persons %v: %v", persons, circles)
	}
	if persons, _, err := db.Circles(ctx(), nil, 3); err != nil || len(persons) != 0 {
		t.Errorf("no tokens found the persons %v, %v", persons, err)
	}
	if persons, _, err := db.Circles(ctx(), nil, 3, 7); err != nil || !slices.Equal(persons, []kmcr.PersonID{7}) {
		t.Errorf("a person that is named is found as %v, %v", persons, err)
	}
	if got, err := db.PatientsByToken(ctx(), nil, 3); err != nil || len(got) != 0 {
		t.Errorf("no tokens found %v, %v", got, err)
	}
}

// A token of half the county finds no more than another, and does not keep others from finding.
func byCommonToken(t *testing.T, d Database) {
	db := d.Open(t)
	var rare *store.Patient
	write(t, db, func(tx *store.Tx) error {
		for i := range 2_010 {
			p := db.NewPatient(hospital, fmt.Sprint("MRN-", i))
			p.Person = kmcr.PersonID(i + 1)
			tokens := []string{"name|smith"}
			if i == 2_005 {
				rare, tokens = p, append(tokens, "nhs|9990000018")
			}
			if err := tx.PutPatient(p, nil, tokens); err != nil {
				return err
			}
		}
		return nil
	})
	for _, tokens := range [][]string{{"name|smith", "nhs|9990000018"}, {"nhs|9990000018", "name|smith"}} {
		persons, circles, err := db.Circles(ctx(), tokens, 5)
		must(t, err)
		if len(persons) != 5 || !slices.Contains(persons, rare.Person) || len(circles[rare.Person]) != 1 {
			t.Errorf("%v finds %v, without %v", tokens, persons, rare.Person)
		}
	}
}

func statementAlias(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	id := store.StatementIDFor(p.ID, "obs-1")
	for range 2 {
		write(t, db, func(tx *store.Tx) error { return tx.AddAlias(hospital, "Observation/abc", p.ID, &id) })
	}
	got, ok, err := db.StatementByAlias(ctx(), hospital, "Observation/abc")
	must(t, err)
	if !ok || got != id {
		t.Errorf("leads to %v, %v", got, ok)
	}
	for _, key := range []string{"Observation/ab", "MRN-1"} {
		if _, ok, err := db.StatementByAlias(ctx(), hospital, key); ok || err != nil {
			t.Errorf("%s leads to a statement, %v", key, err)
		}
	}
	other := store.StatementIDFor(p.ID, "obs-2")
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.AddAlias(hospital, "Observation/abc", p.ID, &other) }), kmcr.Conflict)
}

func erased(t *testing.T, d Database) {
	db, beside := d.Open(t), d.Open(t)
	p := db.NewPatient(hospital, "MRN-1")
	p.Claims = []byte("{}")
	write(t, db, func(tx *store.Tx) error { return tx.PutPatient(p, []string{"MRN-0"}, []string{"name|smith"}) })
	m := message("C1", "one")
	accept(t, db, m, "one")
	s := said(p, "obs-1", "secret", day(1))
	s.MessageID = m.ID
	b, err := db.Seal(p, nil, []*kmcr.Statement{s}, []byte("one"), day(1))
	must(t, err)
	write(t, db, func(tx *store.Tx) error {
		if err := tx.Append(b); err != nil {
			return err
		}
		return tx.Settle(m.ID, store.Applied, "", "")
	})
	if len(compartment(t, beside, p.ID).Current()) != 1 {
		t.Fatal("the statement is not there")
	}
	write(t, db, func(tx *store.Tx) error { return tx.EraseKey(p.ID) })
	for _, db := range []*store.DB{db, beside, d.Open(t)} {
		if c := compartment(t, db, p.ID); len(c.All()) != 0 || !c.Patient.Erased() || c.Patient.Key != "" {
			t.Errorf("still reads %+v", c.Patient)
		}
		if _, err := db.Raw(ctx(), m.ID); kmcr.KindOf(err) != kmcr.NotFound {
			t.Errorf("the message still reads: %v", err)
		}
		if got, _ := db.PatientByKey(ctx(), hospital, "MRN-1"); got != nil {
			t.Error("the key still leads there")
		}
		if got, _ := db.PatientsByToken(ctx(), []string{"name|smith"}, 1); len(got) != 0 {
			t.Error("the name still leads there")
		}
	}
	_, err = db.Seal(compartment(t, db, p.ID).Patient, nil, nil, []byte("more"), day(2))
	wants(t, err, kmcr.Gone)
}
