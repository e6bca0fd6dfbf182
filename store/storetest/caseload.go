package storetest

import (
	"testing"

	"kmcr"
	"kmcr/store"
)

// Steps about people are kept as they were taken, for one organisation at a time, the newest first.
func steps(t *testing.T, d Database) {
	db := d.Open(t)
	a, b := db.NewPerson(), db.NewPerson()
	for n, s := range []store.Step{
		{Person: a, At: day(1), Kind: "acknowledged", Organisation: "886", Team: "east", Account: "grace", Name: "Grace", Role: kmcr.RoleSocialWorker},
		{Person: a, At: day(3), Kind: "noted", Organisation: "886", Team: "east", Account: "sam", Name: "Sam", Words: "rang the ward"},
		{Person: b, At: day(2), Kind: "assigned", Organisation: "886", Account: "grace", To: "sam", ToName: "Sam"},
		{Person: a, At: day(4), Kind: "noted", Organisation: "RVV", Account: "doctor", Words: "of another organisation"},
	} {
		write(t, db, func(tx *store.Tx) error { return tx.AddStep(&s) })
		if s.ID == 0 {
			t.Errorf("step %d has no id", n)
		}
	}
	got, err := db.StepsOf(ctx(), []kmcr.PersonID{a, b, db.NewPerson()}, "886")
	must(t, err)
	if len(got) != 3 || got[0].Words != "rang the ward" || got[1].To != "sam" || got[1].ToName != "Sam" || got[2].Role != kmcr.RoleSocialWorker || !got[2].At.Equal(day(1)) || got[2].Team != "east" {
		t.Errorf("steps are %+v", got)
	}
	if got, err := db.StepsOf(ctx(), nil, "886"); err != nil || len(got) != 0 {
		t.Errorf("of nobody are %v, %v", got, err)
	}
	if err := db.Write(ctx(), func(tx *store.Tx) error { return tx.AddStep(&store.Step{Kind: "noted"}) }); err == nil {
		t.Error("a step about nobody is kept")
	}
}
