package storetest

import (
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
)

// What is told: acknowledged by its reader, asked of providers, announced once, delivered in order.
var told = map[string]func(*testing.T, Database){
	"what a reader acknowledged is the reader's own": func(t *testing.T, d Database) {
		db := d.Open(t)
		write(t, db, func(tx *store.Tx) error { return tx.Acknowledge("grace", "a", "1", day(1)) })
		write(t, db, func(tx *store.Tx) error { return tx.Acknowledge("grace", "a", "2", day(2)) })
		got, err := db.Acknowledged(ctx(), "grace", []string{"a", "b", "c"})
		must(t, err)
		if len(got) != 1 || got["a"].Mark != "2" || !got["a"].At.Equal(day(2)) {
			t.Errorf("acknowledged is %v", got)
		}
		if got, err := db.Acknowledged(ctx(), "sam", []string{"a"}); err != nil || len(got) != 0 {
			t.Errorf("of somebody else is %v, %v", got, err)
		}
	},
	"what was asked is kept as it was asked": func(t *testing.T, d Database) {
		db := d.Open(t)
		for _, kind := range []string{"suspend", "restart"} {
			r := store.Request{Patient: 7, At: day(3), Kind: kind, What: "home care", Account: "grace", Told: []store.Told{{Organisation: "886", Name: "Council", Telephone: "1", Accounts: []string{"x"}}}}
			write(t, db, func(tx *store.Tx) error { return tx.AddRequest(&r) })
		}
		got, err := db.RequestsOf(ctx(), []kmcr.PatientID{6, 7})
		must(t, err)
		if len(got) != 2 || got[0].Kind != "suspend" || got[1].Kind != "restart" || got[0].Patient != 7 || !got[0].At.Equal(day(3)) || got[0].Told[0].Telephone != "1" {
			t.Errorf("requests are %+v", got)
		}
	},
	"an event is announced, and dealt with once": func(t *testing.T, d Database) {
		db := d.Open(t)
		e := kmcr.Event{Patient: 9, Topic: "admission", At: day(1), Statement: kmcr.StatementID{Patient: 9, Hash: 3}}
		write(t, db, func(tx *store.Tx) error { return tx.AddEvent(&e) })
		for range 2 {
			got, err := db.Undealt(ctx(), 10)
			must(t, err)
			if len(got) != 1 || got[0].ID != e.ID || got[0].Topic != "admission" || got[0].Statement.Hash != 3 {
				t.Fatalf("not dealt with are %+v", got)
			}
		}
		var first, second bool
		write(t, db, func(tx *store.Tx) (err error) { first, err = tx.Deal(e.ID); return err })
		write(t, db, func(tx *store.Tx) (err error) { second, err = tx.Deal(e.ID); return err })
		if !first || second {
			t.Errorf("dealt with first %v, then %v", first, second)
		}
		got, err := db.Bulletin(ctx(), e.ID-1, 10)
		must(t, err)
		if left, _ := db.Undealt(ctx(), 10); len(left) != 0 || len(got) != 1 {
			t.Errorf("still to deal with %v; on the bulletin %v", left, got)
		}
		write(t, db, func(tx *store.Tx) error { return tx.TidyBulletin(e.ID + 1) })
		if got, _ := db.Bulletin(ctx(), 0, 10); len(got) != 0 {
			t.Errorf("after tidying %v", got)
		}
		if kept, err := db.EventByID(ctx(), 9, e.ID); err != nil || kept == nil || kept.Topic != "admission" || !kept.At.Equal(day(1)) {
			t.Errorf("the event is %v, %v", kept, err)
		}
	},
	"deliveries of a person go in order": func(t *testing.T, d Database) {
		db := d.Open(t)
		var all []store.Delivery
		for _, p := range []kmcr.PersonID{1, 1, 2} {
			d := store.Delivery{Subscription: "s", Person: p, State: store.DeliveryWaiting, Due: day(1), Notice: store.DeliveryNotice{Topic: "admission"}}
			write(t, db, func(tx *store.Tx) error { return tx.AddDelivery(&d) })
			all = append(all, d)
		}
		due, err := db.DueDeliveries(ctx(), day(2), 10)
		must(t, err)
		if len(due) != 2 || due[0].ID != all[0].ID || due[1].ID != all[2].ID {
			t.Fatalf("due are %+v", due)
		}
		all[0].Due, all[0].Attempts, all[0].Notice.Why = day(9), 1, "503"
		write(t, db, func(tx *store.Tx) error { return tx.PutDelivery(&all[0]) })
		if due, _ = db.DueDeliveries(ctx(), day(2), 10); len(due) != 1 || due[0].Person != 2 {
			t.Fatalf("one that waits lets others of its person pass: %+v", due)
		}
		if trouble, _ := db.Troubled(ctx(), 10); len(trouble) != 1 || trouble[0].Notice.Why != "503" {
			t.Errorf("troubled are %+v", trouble)
		}
		all[0].State = store.DeliveryDone
		write(t, db, func(tx *store.Tx) error { return tx.PutDelivery(&all[0]) })
		if due, _ = db.DueDeliveries(ctx(), day(2), 10); len(due) != 2 || due[0].ID != all[1].ID {
			t.Errorf("then due are %+v", due)
		}
		counts, err := db.DeliveryCounts(ctx(), "s", time.Now().Add(-time.Hour))
		must(t, err)
		if counts[store.DeliveryDone] != 1 || counts[store.DeliveryWaiting] != 2 {
			t.Errorf("counts are %v", counts)
		}
		if one, err := db.DeliveryByID(ctx(), "s", all[2].ID); err != nil || one == nil || one.Person != 2 {
			t.Errorf("by id %v, %v", one, err)
		}
		if of, _ := db.DeliveriesOf(ctx(), "s", "", 10); len(of) != 3 || of[0].ID != all[2].ID {
			t.Errorf("of the subscription %+v", of)
		}
		if held, _ := db.HeldDeliveries(ctx(), day(3), 10); len(held) != 0 {
			t.Errorf("held %+v", held)
		}
	},
}
