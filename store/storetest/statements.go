package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"kmcr"
	"kmcr/store"
)

var statements = map[string]func(*testing.T, Database){
	"everything of a statement comes back":                 comesBack,
	"a new version follows, a repeat does not":             versionsAndRepeats,
	"an older event arriving late never becomes current":   lateIsHistory,
	"what was said again makes what was said between late": saidAgain,
	"any order of arrival ends in the same":                anyOrder,
	"a deleted statement is a version":                     deletedIsAVersion,
	"internal statements never show":                       internalNeverShow,
	"the record reads as it stood at any instant":          asAt,
	"a compartment that was read stays as it was":          staysAsRead,
	"a second block of one number is a conflict":           secondOfOneNumber,
	"many writers to one patient leave no gap":             noGaps,
	"the message lives on in its block":                    rawLivesOn,
	"another node sees what was written":                   otherNode,
	"many compartments are read in the order asked for":    manyCompartments,
	"a large message comes back":                           large,
}

func comesBack(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	recorded := time.Date(2026, 11, 3, 4, 5, 6, 789_123_456, time.FixedZone("", 3600))
	want := []*kmcr.Statement{
		{ID: store.StatementIDFor(p.ID, "a"), Type: "Condition", Section: kmcr.Problems, Labels: []kmcr.Label{kmcr.Restricted, kmcr.TopicSexual}, Key: "a", At: day(2), MessageID: 41,
			Body: []byte(`{"resourceType":"Condition"}`), Meta: []byte(`{"tag":[]}`)},
		{ID: store.StatementIDFor(p.ID, "b"), Type: "Encounter", Section: kmcr.Encounters, Labels: []kmcr.Label{kmcr.Restricted, kmcr.TopicSexual}, Key: "b", MessageID: 41, Internal: true, Body: []byte(`{"resourceType":"Encounter"}`)},
		{ID: store.StatementIDFor(p.ID, "c"), Type: "Patient", Section: kmcr.Demographics, Key: "c", At: day(1), MessageID: 41, Deleted: true},
	}
	tell(t, db, p, recorded, want...)
	got := compartment(t, d.Open(t), p.ID).All()
	if len(got) != len(want) {
		t.Fatalf("%d came back", len(got))
	}
	for i, g := range got {
		w := want[i]
		if g.ID != w.ID || g.Version != 1 || g.Type != w.Type || g.Contributor != hospital || g.Section != w.Section || !slices.Equal(g.Labels, w.Labels) || g.Key != w.Key ||
			!g.At.Equal(w.At) || !g.Recorded.Equal(recorded.Truncate(time.Microsecond)) || g.Deleted != w.Deleted || g.Internal != w.Internal || g.Late || g.MessageID != 41 ||
			!bytes.Equal(g.Body, w.Body) || !bytes.Equal(g.Meta, w.Meta) || (g.Meta == nil) != (w.Meta == nil) || g.Hash != w.Hash {
			t.Errorf("%+v came back as %+v", w, g)
		}
	}
}

// reads gives what the current versions say, in words.
func bodies(c *store.Compartment) string {
	var out []string
	for _, s := range c.Current() {
		_, v, _ := bytes.Cut(s.Body, []byte(`"valueString":`))
		out = append(out, fmt.Sprintf("%s=%s.v%d", s.Key, bytes.Trim(v, `"}`), s.Version))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

func readsAs(t testing.TB, c *store.Compartment, want string) {
	t.Helper()
	if got := bodies(c); got != want {
		t.Errorf("reads %s, want %s", got, want)
	}
}

func versionsAndRepeats(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	if b := tell(t, db, p, day(1), said(p, "a", "one", day(1)), said(p, "b", "x", day(1)), said(p, "b", "y", day(1))); len(b.Written) != 3 {
		t.Errorf("wrote %d versions", len(b.Written))
	}
	if b := tell(t, db, p, day(2), said(p, "a", "one", day(1)), said(p, "b", "y", day(1))); b != nil {
		t.Errorf("a repeat made block %+v", b)
	}
	b := tell(t, db, p, day(3), said(p, "a", "two", day(3)), said(p, "b", "y", day(1)))
	if len(b.Written) != 1 || b.Written[0].Version != 2 || b.Seq != 2 {
		t.Errorf("wrote %+v", b)
	}
	c := compartment(t, db, p.ID)
	readsAs(t, c, "[a=two.v2 b=y.v2]")
	id := store.StatementIDFor(p.ID, "a")
	versions := c.Versions(id)
	if len(versions) != 2 || versions[0].Version != 1 || versions[1].Version != 2 || c.Head(id) != versions[1] {
		t.Errorf("versions are %v", versions)
	}
	if c.Head(store.StatementIDFor(p.ID, "z")) != nil || c.Versions(store.StatementIDFor(p.ID+1, "a")) != nil {
		t.Error("found what is not there")
	}
}

func lateIsHistory(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	tell(t, db, p, day(5), said(p, "a", "fifth", day(5)))
	b := tell(t, db, p, day(6), said(p, "a", "third", day(3)))
	if len(b.Written) != 1 || !b.Written[0].Late || b.Written[0].Version != 2 {
		t.Errorf("wrote %+v", b.Written)
	}
	if b := tell(t, db, p, day(7), said(p, "a", "third", day(3))); b != nil {
		t.Error("a late one sent again made a version")
	}
	readsAs(t, compartment(t, db, p.ID), "[a=fifth.v1]")
	tell(t, db, p, day(8), said(p, "a", "eighth", day(8)))
	readsAs(t, compartment(t, db, p.ID), "[a=eighth.v3]")
	tell(t, db, p, day(9), said(p, "a", "no date", time.Time{}))
	readsAs(t, compartment(t, db, p.ID), "[a=no date.v4]")
}

func saidAgain(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	tell(t, db, p, day(1), said(p, "a", "X", day(1)))
	if b := tell(t, db, p, day(3), said(p, "a", "X", day(3))); b == nil || len(b.Written) != 0 {
		t.Errorf("wrote %+v", b)
	}
	tell(t, db, p, day(4), said(p, "a", "Y", day(2)))
	readsAs(t, compartment(t, db, p.ID), "[a=X.v1]")
	readsAs(t, compartment(t, d.Open(t), p.ID), "[a=X.v1]")
}

func anyOrder(t *testing.T, d Database) {
	db := d.Open(t)
	story := []string{"X", "Y", "X", "Z", "Z", "X", "Z"}
	for n := range 40 {
		p := newPatient(t, db, fmt.Sprint("MRN-", n))
		for _, i := range rand.Perm(len(story)) {
			tell(t, db, p, day(20), said(p, "a", story[i], day(i+1)))
		}
		c := compartment(t, db, p.ID)
		if s := c.Current()[0]; !bytes.Contains(s.Body, []byte(`"Z"`)) {
			t.Fatalf("ends in %s", s.Body)
		}
	}
}

func deletedIsAVersion(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	tell(t, db, p, day(1), said(p, "a", "one", day(1)))
	gone := said(p, "a", "", day(2))
	gone.Deleted, gone.Body = true, nil
	tell(t, db, p, day(2), gone)
	c := compartment(t, db, p.ID)
	head := c.Head(gone.ID)
	if len(c.Current()) != 0 || head == nil || !head.Deleted || head.Version != 2 || len(c.All()) != 1 {
		t.Errorf("the head is %+v", head)
	}
	again := said(p, "a", "", day(3))
	again.Deleted, again.Body = true, nil
	if b := tell(t, db, p, day(3), again); b != nil && len(b.Written) != 0 {
		t.Error("deleted twice")
	}
	tell(t, db, p, day(4), said(p, "a", "one", day(4)))
	readsAs(t, compartment(t, db, p.ID), "[a=one.v3]")
}

func internalNeverShow(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	s := said(p, "fragment", "x", day(1))
	s.Internal = true
	tell(t, db, p, day(1), s, said(p, "a", "one", day(1)))
	c := compartment(t, db, p.ID)
	readsAs(t, c, "[a=one.v1]")
	if len(c.All()) != 2 || c.Head(s.ID) == nil {
		t.Error("the internal one is not kept")
	}
}

func asAt(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	tell(t, db, p, day(1), said(p, "a", "one", day(1)))
	tell(t, db, p, day(3), said(p, "a", "three", day(3)), said(p, "b", "new", day(3)))
	tell(t, db, p, day(5), said(p, "a", "two", day(2)))
	gone := said(p, "b", "", day(7))
	gone.Deleted = true
	tell(t, db, p, day(7), gone)
	c := compartment(t, db, p.ID)
	for _, want := range []struct {
		at   time.Time
		text string
	}{{day(1).Add(-1), "[]"}, {day(1), "[a=one.v1]"}, {day(2), "[a=one.v1]"}, {day(4), "[a=three.v2 b=new.v1]"}, {day(6), "[a=three.v2 b=new.v1]"}, {day(8), "[a=three.v2]"}} {
		readsAs(t, c.AsAt(want.at), want.text)
	}
	if n := len(c.AsAt(day(6)).Versions(store.StatementIDFor(p.ID, "a"))); n != 3 {
		t.Errorf("as at day 6 there were %d versions", n)
	}
}

func staysAsRead(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	tell(t, db, p, day(1), said(p, "a", "one", day(1)))
	before := compartment(t, db, p.ID)
	again := compartment(t, db, p.ID)
	tell(t, db, p, day(2), said(p, "a", "two", day(2)), said(p, "b", "new", day(2)))
	after := compartment(t, db, p.ID)
	readsAs(t, before, "[a=one.v1]")
	readsAs(t, again, "[a=one.v1]")
	readsAs(t, after, "[a=two.v2 b=new.v1]")
	if len(before.Versions(store.StatementIDFor(p.ID, "a"))) != 1 {
		t.Error("an earlier reading has grown")
	}
	person := db.NewPerson()
	write(t, db, func(tx *store.Tx) error { return tx.Relink(p.ID, person, "officer", "r") })
	if c := compartment(t, db, p.ID); c.Patient.Person != person || len(c.All()) != 2 {
		t.Error("a relinked patient reads as before")
	}
	if after.Patient.Person == person {
		t.Error("an earlier reading has changed")
	}
}

func secondOfOneNumber(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	one, err := db.Seal(p, nil, []*kmcr.Statement{said(p, "a", "one", day(1))}, nil, day(1))
	must(t, err)
	two, err := db.Seal(p, nil, []*kmcr.Statement{said(p, "a", "two", day(1))}, nil, day(1))
	must(t, err)
	write(t, db, func(tx *store.Tx) error { return tx.Append(one) })
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.Append(two) }), kmcr.Conflict)
	readsAs(t, compartment(t, db, p.ID), "[a=one.v1]")
	other := newPatient(t, db, "MRN-2")
	_, err = db.Seal(p, nil, []*kmcr.Statement{said(other, "a", "one", day(1))}, nil, day(1))
	wants(t, err, kmcr.Fault)
}

func noGaps(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	var mu sync.Mutex
	written := map[int]bool{}
	sideBySide(64, func(i int) {
		for {
			c, err := db.Compartments(ctx(), p.ID)
			if err != nil {
				t.Error(err)
				return
			}
			b, err := db.Seal(p, c[0], []*kmcr.Statement{said(p, "a", fmt.Sprint(i), time.Time{})}, nil, day(1))
			if err != nil {
				t.Error(err)
				return
			}
			err = db.Write(ctx(), func(tx *store.Tx) error { return tx.Append(b) })
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				written[b.Written[0].Version] = true
				return
			}
			if kmcr.KindOf(err) != kmcr.Conflict {
				t.Error(err)
				return
			}
		}
	})
	versions := compartment(t, d.Open(t), p.ID).Versions(store.StatementIDFor(p.ID, "a"))
	if len(versions) != 64 || len(written) != 64 {
		t.Fatalf("%d versions kept, %d written", len(versions), len(written))
	}
	seen := map[string]bool{}
	for i, v := range versions {
		if v.Version != i+1 || seen[string(v.Body)] {
			t.Errorf("version %d stands at %d", v.Version, i+1)
		}
		seen[string(v.Body)] = true
	}
}

func rawLivesOn(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	for i, statements := range [][]*kmcr.Statement{{said(p, "a", "one", day(1))}, {said(p, "a", "one", day(1))}, nil} {
		payload := fmt.Sprint("MSH|", i)
		m := message(fmt.Sprint("C", i), payload)
		accept(t, db, m, payload)
		for _, s := range statements {
			s.MessageID = m.ID
		}
		b, err := db.Seal(p, compartment(t, db, p.ID), statements, []byte(payload), day(1))
		must(t, err)
		if b == nil || b.Seq != int64(i+1) {
			t.Fatalf("sealed %+v", b)
		}
		b.Message = m.ID
		write(t, db, func(tx *store.Tx) error {
			if err := tx.Append(b); err != nil {
				return err
			}
			return tx.Settle(m.ID, store.Applied, "", "")
		})
		raw, err := db.Raw(ctx(), m.ID)
		must(t, err)
		if string(raw) != payload {
			t.Errorf("the message reads %q", raw)
		}
	}
	readsAs(t, compartment(t, db, p.ID), "[a=one.v1]")
}

func otherNode(t *testing.T, d Database) {
	one, other := d.Open(t), d.Open(t)
	p := newPatient(t, one, "MRN-1")
	tell(t, one, p, day(1), said(p, "a", "one", day(1)))
	readsAs(t, compartment(t, other, p.ID), "[a=one.v1]")
	tell(t, one, p, day(2), said(p, "a", "two", day(2)))
	readsAs(t, compartment(t, other, p.ID), "[a=two.v2]")
	tell(t, other, p, day(3), said(p, "a", "three", day(3)))
	readsAs(t, compartment(t, one, p.ID), "[a=three.v3]")
}

func manyCompartments(t *testing.T, d Database) {
	db := d.Open(t)
	var asked []kmcr.PatientID
	for i := range 5 {
		p := newPatient(t, db, fmt.Sprint("MRN-", i))
		if i != 3 {
			tell(t, db, p, day(1), said(p, "a", fmt.Sprint(i), day(1)))
		}
		asked = append(asked, p.ID)
	}
	asked = append(asked, 99)
	slices.Reverse(asked)
	got, err := db.Compartments(ctx(), asked...)
	must(t, err)
	if got[0] != nil {
		t.Error("a patient that is not stored has a compartment")
	}
	for i, c := range got[1:] {
		if c.Patient.ID != asked[i+1] || len(c.Current()) > 1 {
			t.Errorf("place %d holds %v", i+1, c.Patient.ID)
		}
	}
	if none, err := db.Compartments(ctx()); err != nil || len(none) != 0 {
		t.Errorf("asked for none, got %v, %v", none, err)
	}
}

func large(t *testing.T, d Database) {
	db := d.Open(t)
	p := newPatient(t, db, "MRN-1")
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte('!' + rand.IntN(90))
	}
	s := said(p, "a", "", day(1))
	s.Body = noise
	b, err := db.Seal(p, nil, []*kmcr.Statement{s}, noise, day(1))
	must(t, err)
	write(t, db, func(tx *store.Tx) error { return tx.Append(b) })
	if got := compartment(t, d.Open(t), p.ID).Current(); len(got) != 1 || !bytes.Equal(got[0].Body, noise) {
		t.Error("a large statement did not come back")
	}
}
