package storetest

import (
	"fmt"
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
)

var registers = map[string]func(*testing.T, Database){
	"a register keeps what was put":       register,
	"a ticket is there until it expires":  ticket,
	"a ticket is used once":               ticketOnce,
	"of many who take a ticket, one gets": ticketTaken,
}

func register(t *testing.T, d Database) {
	db := d.Open(t)
	org := kmcr.Organisation{ODS: "RVV", Name: "East Kent Hospitals", Signatory: true}
	write(t, db, func(tx *store.Tx) error {
		for _, key := range []string{"RVV", "RPA", "G82001"} {
			org.ODS = kmcr.ODS(key)
			if err := tx.Put(store.KindOrganisation, key, org); err != nil {
				return err
			}
		}
		return tx.Put(store.KindSetting, "RVV", 1)
	})
	var got kmcr.Organisation
	found, err := db.Get(ctx(), store.KindOrganisation, "RVV", &got)
	must(t, err)
	if !found || got.Name != org.Name || got.ODS != "RVV" || !got.Signatory {
		t.Errorf("got %+v", got)
	}
	write(t, db, func(tx *store.Tx) error {
		var inside kmcr.Organisation
		if found, err := tx.Get(store.KindOrganisation, "RVV", &inside); err != nil || !found {
			return fmt.Errorf("not seen inside: %w", err)
		}
		inside.Name = "Renamed"
		if err := tx.Put(store.KindOrganisation, "RVV", inside); err != nil {
			return err
		}
		return tx.Remove(store.KindOrganisation, "RPA")
	})
	keys := ""
	must(t, db.List(ctx(), store.KindOrganisation, func(key string, body []byte) error { keys += key + " "; return nil }))
	if keys != "G82001 RVV " {
		t.Errorf("keys are %s", keys)
	}
	if found, err := db.Get(ctx(), store.KindOrganisation, "RPA", &got); found || err != nil {
		t.Errorf("removed is found: %v, %v", found, err)
	}
}

func ticket(t *testing.T, d Database) {
	now := day(1)
	db := d.With(t, store.Options{Now: func() time.Time { return now }})
	put := func(key, body string, until time.Time) {
		t.Helper()
		write(t, db, func(tx *store.Tx) error { return tx.PutTicket("session", key, []byte(body), until, false) })
	}
	has := func(key, want string) {
		t.Helper()
		body, ok, err := db.Ticket(ctx(), "session", key)
		if err != nil || ok != (want != "") || string(body) != want {
			t.Errorf("%s is %q, %v, %v", key, body, ok, err)
		}
	}
	put("a", "one", day(3))
	has("a", "one")
	put("a", "two", day(4))
	has("a", "two")
	has("b", "")
	now = day(4)
	has("a", "")
	put("c", "three", day(9))
	write(t, db, func(tx *store.Tx) error { return tx.DropTicket("session", "c") })
	write(t, db, func(tx *store.Tx) error { return tx.DropTicket("session", "c") })
	has("c", "")
}

func ticketOnce(t *testing.T, d Database) {
	now := day(1)
	db := d.With(t, store.Options{Now: func() time.Time { return now }})
	put := func(kind, key string) error {
		return db.Write(ctx(), func(tx *store.Tx) error { return tx.PutTicket(kind, key, nil, now.Add(time.Hour), true) })
	}
	must(t, put("jti", "x"))
	wants(t, put("jti", "x"), kmcr.Conflict)
	must(t, put("jti", "y"))
	must(t, put("code", "x"))
	now = day(2)
	must(t, put("jti", "x"))
}

func ticketTaken(t *testing.T, d Database) {
	db := d.Open(t)
	write(t, db, func(tx *store.Tx) error {
		return tx.PutTicket("code", "c", []byte("who"), time.Now().Add(time.Hour), true)
	})
	got := make(chan string, 16)
	sideBySide(16, func(int) {
		var body []byte
		err := db.Write(ctx(), func(tx *store.Tx) (err error) {
			body, _, err = tx.TakeTicket("code", "c")
			return err
		})
		if err != nil {
			t.Error(err)
		}
		got <- string(body)
	})
	n := 0
	for range 16 {
		if <-got == "who" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d got it", n)
	}
}
