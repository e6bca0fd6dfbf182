package storetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

var auditLog = map[string]func(*testing.T, Database){
	"entries are kept in order and proved":            entriesKept,
	"an entry is kept or lost with its transaction":   entryWithTransaction,
	"entries of many callers are all there":           entriesOfMany,
	"several nodes write one log":                     severalNodes,
	"the entries of a person are found, newest first": entriesOfPerson,
	"the entries since a time are found":              entriesSince,
	"entries are sequenced into a transparency log":   entriesSequenced,
	"several nodes sequence one log":                  severalSequence,
}

func entry(p kmcr.PersonID, n int) *audit.Entry {
	return &audit.Entry{At: day(1 + n%20), Action: "read", Person: p, Allowed: true, Rule: "involved: spell", Where: "GET /people/{ref}",
		Viewer:  kmcr.Viewer{Account: "gp", Name: "Dr A", Role: kmcr.RoleGP, Organisation: "G82001"},
		Purpose: kmcr.DirectCare, Shown: []audit.Shown{{ID: kmcr.StatementID{Patient: 5, Hash: 99}, Version: n + 1}}, Detail: map[string]string{"n": fmt.Sprint(n)}}
}

func verifies(t testing.TB, db *store.DB, want int64) {
	t.Helper()
	n, broken, why, err := db.AuditVerify(ctx())
	must(t, err)
	if n != want || broken != "" {
		t.Errorf("%d entries fit, want %d; broken at %q: %s", n, want, broken, why)
	}
}

func entriesKept(t *testing.T, d Database) {
	db := d.Open(t)
	verifies(t, db, 0)
	e := entry(7, 0)
	must(t, db.AuditNow(ctx(), e, entry(8, 1)))
	must(t, db.AuditNow(ctx(), entry(7, 2)))
	if e.ID != "1/1" {
		t.Errorf("the first entry is %q", e.ID)
	}
	var seen []string
	must(t, db.AuditAll(ctx(), func(e *audit.Entry) error { seen = append(seen, e.ID+"="+e.Detail["n"]); return nil }))
	if fmt.Sprint(seen) != "[1/1=0 1/2=1 1/3=2]" {
		t.Errorf("walked %v", seen)
	}
	verifies(t, db, 3)
	verifies(t, d.Open(t), 3)
}

func entryWithTransaction(t *testing.T, d Database) {
	db := d.Open(t)
	no := errors.New("no")
	sideBySide(60, func(i int) {
		err := db.Write(ctx(), func(tx *store.Tx) error {
			for range 3 {
				if err := tx.Audit(entry(7, i)); err != nil {
					return err
				}
			}
			if i%2 == 0 {
				return no
			}
			return nil
		})
		if (i%2 == 0) != errors.Is(err, no) {
			t.Error(err)
		}
	})
	verifies(t, db, 90)
}

func entriesOfMany(t *testing.T, d Database) {
	db := d.Open(t)
	sideBySide(40, func(i int) {
		for range 5 {
			if err := db.AuditNow(ctx(), entry(kmcr.PersonID(i+1), i)); err != nil {
				t.Error(err)
			}
		}
	})
	verifies(t, db, 200)
	got, err := db.AuditOf(ctx(), 3, 100)
	must(t, err)
	if len(got) != 5 {
		t.Errorf("%d of 5", len(got))
	}
}

func severalNodes(t *testing.T, d Database) {
	one, other := d.Open(t), d.Open(t)
	sideBySide(20, func(i int) {
		db := one
		if i%2 == 0 {
			db = other
		}
		for range 5 {
			if err := db.AuditNow(ctx(), entry(7, i)); err != nil {
				t.Error(err)
			}
		}
	})
	verifies(t, one, 100)
	verifies(t, other, 100)
}

func entriesSince(t *testing.T, d Database) {
	db := d.Open(t)
	for n := range 1200 {
		e := entry(7, n)
		if e.At = day(1).Add(time.Duration(n) * time.Minute); n%400 == 0 {
			must(t, db.AuditNow(ctx(), e))
			continue
		}
		write(t, db, func(tx *store.Tx) error { return tx.Audit(e) })
	}
	for _, c := range []struct {
		since time.Time
		want  int
	}{{time.Time{}, 1200}, {day(1).Add(1199 * time.Minute), 1}, {day(1).Add(600 * time.Minute), 600}, {day(9), 0}} {
		found := 0
		must(t, db.AuditSince(ctx(), c.since, func(e *audit.Entry) error {
			if found++; e.At.Before(c.since) {
				t.Errorf("an entry of %s is since %s", e.At, c.since)
			}
			return nil
		}))
		if found != c.want {
			t.Errorf("since %s are %d, want %d", c.since, found, c.want)
		}
	}
}

func entriesOfPerson(t *testing.T, d Database) {
	db := d.Open(t)
	for i := range 6 {
		must(t, db.AuditNow(ctx(), entry(kmcr.PersonID(1+i%2), i)))
	}
	got, err := db.AuditOf(ctx(), 2, 2)
	must(t, err)
	if len(got) != 2 || got[0].Detail["n"] != "5" || got[1].Detail["n"] != "3" || got[0].Viewer.Name != "Dr A" || got[0].Shown[0].Version != 6 || got[0].ID == "" {
		t.Errorf("entries are %+v", got)
	}
	if got, err := db.AuditOf(ctx(), 0, 5); err != nil || len(got) != 0 {
		t.Errorf("about nobody are %v, %v", got, err)
	}
}

func entriesSequenced(t *testing.T, d Database) {
	db := d.Open(t)
	sequence := func(want int) {
		t.Helper()
		if n, err := db.Sequence(ctx()); err != nil || n != want {
			t.Errorf("%d entries are sequenced, want %d: %v", n, want, err)
		}
	}
	sequence(0)
	for n, more := range []int{1, 300, 0, 40} {
		for i := range more {
			must(t, db.AuditNow(ctx(), entry(7, i)))
		}
		sequence(more)
		_, err := db.WriteLog(ctx(), db.LogFiles())
		must(t, err)
		if n == 1 {
			must(t, db.WriteOpened(ctx(), db.LogFiles(), 301))
		}
	}
	verifies(t, db, 341)
	from, err := audit.Files(func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(db.LogFiles(), filepath.FromSlash(name)))
	})
	must(t, err)
	got, err := audit.Verify(from, db.LogKey())
	must(t, err)
	if got.Broken != "" { // not every entry need be given in clear
		t.Errorf("%+v", got)
	}
	must(t, db.WriteOpened(ctx(), db.LogFiles(), 341))
	if got, err = audit.Verify(from, db.LogKey()); err != nil || got.Broken != "" || got.Entries != 341 {
		t.Errorf("%+v %v", got, err)
	}
	if all, err := db.EarlierLogs(ctx()); err != nil || len(all) != 0 {
		t.Errorf("earlier logs are %v, %v", all, err)
	}
}

func severalSequence(t *testing.T, d Database) {
	one, other := d.Open(t), d.Open(t)
	sideBySide(20, func(i int) {
		db := one
		if i%2 == 0 {
			db = other
		}
		for range 5 {
			if err := db.AuditNow(ctx(), entry(7, i)); err != nil {
				t.Error(err)
			}
			if _, err := db.Sequence(ctx()); err != nil {
				t.Error(err)
			}
		}
	})
	_, err := one.Sequence(ctx())
	must(t, err)
	verifies(t, one, 100)
	signed, err := other.LogCheckpoint(ctx())
	must(t, err)
	if c, err := audit.OpenCheckpoint(signed, other.LogKey()); err != nil || c.Size != 100 {
		t.Errorf("%+v %v", c, err)
	}
}
