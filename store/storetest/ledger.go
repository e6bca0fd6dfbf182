package storetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"

	"kmcr"
	"kmcr/store"
)

var ledger = map[string]func(*testing.T, Database){
	"an accepted message is durable and readable":          accepted,
	"the same message twice is kept once":                  sentTwice,
	"the same message from many connections is kept once":  sentByMany,
	"a control id used again is flagged":                   controlIDAgain,
	"received is the sum of the others, always":            conservation,
	"a message is settled once":                            settledOnce,
	"parked messages keep their bytes and can be replayed": parkedAndReplayed,
	"messages can be entered as settled":                   enteredSettled,
	"waiting messages are claimed in order and once":       claimedInOrder,
	"nobody waits for the backlog of another contributor":  claimedInTurn,
	"the messages of a node that left are taken over":      takenOver,
	"a lane belongs to one node at a time":                 laneOfOneNode,
	"the ledger is walked by contributor and state":        walked,
}

func message(control, payload string) *store.Message {
	return &store.Message{Contributor: hospital, Format: kmcr.FormatHL7v2, ControlID: control, Hash: sha256.Sum256([]byte(payload)), Lane: 7, Answer: []byte("AA " + control)}
}

func accept(t testing.TB, db *store.DB, m *store.Message, payload string) (dup *store.Message) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		dup, err = tx.Accept(m, []byte(payload))
		return err
	})
	return dup
}

func settle(t testing.TB, db *store.DB, id int64, s store.State) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error { return tx.Settle(id, s, "because", "in words") })
}

// tallyIs fails unless the counters are received, applied, parked, rejected, waiting, and the ledger says the same.
func tallyIs(t testing.TB, db *store.DB, want ...int64) {
	t.Helper()
	all, err := db.Tallies(ctx())
	must(t, err)
	n := all[hospital]
	got := []int64{n.Received, n.Applied, n.Parked, n.Rejected, n.Waiting}
	if !slices.Equal(got, want) {
		t.Errorf("the counters are %v, want %v", got, want)
	}
	must(t, db.Check(ctx()))
}

func accepted(t *testing.T, d Database) {
	db := d.Open(t)
	m := message("C1", "MSH|one")
	if dup := accept(t, db, m, "MSH|one"); dup != nil || m.ID == 0 {
		t.Fatalf("dup %v, id %d", dup, m.ID)
	}
	raw, err := db.Raw(ctx(), m.ID)
	must(t, err)
	if string(raw) != "MSH|one" {
		t.Errorf("raw is %q", raw)
	}
	got, err := db.MessageByID(ctx(), m.ID)
	must(t, err)
	if got.State != store.Waiting || got.Contributor != hospital || got.Lane != 7 || got.Hash != m.Hash || got.ReceivedAt.IsZero() || string(got.Answer) != "AA C1" {
		t.Errorf("the ledger says %+v", got)
	}
	_, err = db.MessageByID(ctx(), 1)
	wants(t, err, kmcr.NotFound)
	_, err = db.Raw(ctx(), 1)
	wants(t, err, kmcr.NotFound)
	tallyIs(t, db, 1, 0, 0, 0, 1)
}

func sentTwice(t *testing.T, d Database) {
	db := d.Open(t)
	first := message("C1", "one")
	accept(t, db, first, "one")
	dup := accept(t, db, message("C1", "one"), "one")
	if dup == nil || dup.ID != first.ID || string(dup.Answer) != "AA C1" {
		t.Errorf("the duplicate is %+v", dup)
	}
	if dup := accept(t, db, message("", "one"), "one"); dup != nil {
		t.Error("a message without a control id is a duplicate of nothing")
	}
	if dup := accept(t, db, message("", "one"), "one"); dup != nil {
		t.Error("a message without a control id is a duplicate of nothing")
	}
	other := message("C1", "one")
	other.Contributor = "gp"
	if dup := accept(t, db, other, "one"); dup != nil {
		t.Error("another contributor's message is no duplicate")
	}
	tallyIs(t, db, 3, 0, 0, 0, 3)
}

func sentByMany(t *testing.T, d Database) {
	db := d.Open(t)
	var mu sync.Mutex
	kept := map[int64]int{}
	sideBySide(32, func(int) {
		m := message("C1", "one")
		var dup *store.Message
		err := db.Write(ctx(), func(tx *store.Tx) (err error) {
			dup, err = tx.Accept(m, []byte("one"))
			return err
		})
		if err != nil {
			t.Error(err)
			return
		}
		if dup != nil {
			m = dup
		}
		mu.Lock()
		defer mu.Unlock()
		kept[m.ID]++
	})
	if len(kept) != 1 {
		t.Errorf("kept as %v", kept)
	}
	tallyIs(t, db, 1, 0, 0, 0, 1)
}

func controlIDAgain(t *testing.T, d Database) {
	db := d.Open(t)
	accept(t, db, message("C1", "one"), "one")
	m := message("C1", "another")
	if dup := accept(t, db, m, "another"); dup != nil {
		t.Fatal("another payload is no duplicate")
	}
	got, err := db.MessageByID(ctx(), m.ID)
	must(t, err)
	if got.Flag != store.FlagControlIDReused {
		t.Errorf("the flag is %q", got.Flag)
	}
}

func conservation(t *testing.T, d Database) {
	db := d.Open(t)
	sideBySide(48, func(i int) {
		m := message(fmt.Sprint("C", i/2), fmt.Sprint(i/2)) // each twice
		var dup *store.Message
		if err := db.Write(ctx(), func(tx *store.Tx) (err error) { dup, err = tx.Accept(m, []byte("x")); return err }); err != nil {
			t.Error(err)
		}
		if dup != nil {
			return
		}
		s := []store.State{store.Applied, store.Parked, store.Rejected, store.Waiting}[i/2%4]
		if err := db.Write(ctx(), func(tx *store.Tx) error { return tx.Settle(m.ID, s, "r", "d") }); err != nil {
			t.Error(err)
		}
		_ = db.Write(ctx(), func(tx *store.Tx) error { // a closure that fails counts nothing
			if _, err := tx.Accept(message(fmt.Sprint("F", i), "x"), nil); err != nil {
				return err
			}
			return fmt.Errorf("no")
		})
	})
	tallyIs(t, db, 24, 6, 6, 6, 6)
}

func settledOnce(t *testing.T, d Database) {
	db := d.Open(t)
	m := message("C1", "one")
	accept(t, db, m, "one")
	settle(t, db, m.ID, store.Applied)
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.Settle(m.ID, store.Applied, "", "") }), kmcr.Conflict)
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.Settle(m.ID, store.Waiting, "", "") }), kmcr.Conflict)
	wants(t, db.Write(ctx(), func(tx *store.Tx) error { return tx.Settle(1, store.Applied, "", "") }), kmcr.NotFound)
	_, err := db.Raw(ctx(), m.ID)
	wants(t, err, kmcr.NotFound)
	tallyIs(t, db, 1, 1, 0, 0, 0)
}

func parkedAndReplayed(t *testing.T, d Database) {
	db := d.Open(t)
	m := message("C1", "one")
	accept(t, db, m, "one")
	if got, err := db.Claim(ctx(), 10); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	settle(t, db, m.ID, store.Parked)
	raw, err := db.Raw(ctx(), m.ID)
	must(t, err)
	got, err := db.MessageByID(ctx(), m.ID)
	must(t, err)
	if string(raw) != "one" || got.State != store.Parked || got.Reason != "because" || got.Detail != "in words" {
		t.Errorf("parked as %+v with %q", got, raw)
	}
	if got, _ := db.Claim(ctx(), 10); len(got) != 0 {
		t.Error("a parked message was claimed")
	}
	tallyIs(t, db, 1, 0, 1, 0, 0)
	settle(t, db, m.ID, store.Waiting)
	if got, err := db.Claim(ctx(), 10); err != nil || len(got) != 1 || got[0].ID != m.ID {
		t.Errorf("after replay claimed %v, %v", got, err)
	}
	settle(t, db, m.ID, store.Rejected)
	_, err = db.Raw(ctx(), m.ID)
	wants(t, err, kmcr.NotFound)
	tallyIs(t, db, 1, 0, 0, 1, 0)
}

func enteredSettled(t *testing.T, d Database) {
	db := d.Open(t)
	for _, s := range []store.State{store.Applied, store.Parked, store.Rejected} {
		m := message("C-"+string(s), "x")
		m.State = s
		accept(t, db, m, "x")
	}
	tallyIs(t, db, 3, 1, 1, 1, 0)
	if got, _ := db.Claim(ctx(), 10); len(got) != 0 {
		t.Errorf("claimed %v", got)
	}
}

func ids(all []store.Message) []int64 {
	var out []int64
	for _, m := range all {
		out = append(out, m.ID)
	}
	return out
}

func claimedInOrder(t *testing.T, d Database) {
	db := d.Open(t)
	var sent []int64
	for i := range 7 {
		m := message(fmt.Sprint("C", i), fmt.Sprint(i))
		m.Lane = uint64(i % 3)
		accept(t, db, m, "x")
		sent = append(sent, m.ID)
	}
	first, err := db.Claim(ctx(), 4)
	must(t, err)
	second, err := db.Claim(ctx(), 4)
	must(t, err)
	third, err := db.Claim(ctx(), 4)
	must(t, err)
	if got := slices.Concat(ids(first), ids(second)); !slices.Equal(got, sent) || len(third) != 0 {
		t.Errorf("claimed %v and %v, sent %v", got, ids(third), sent)
	}
	if !slices.IsSorted(sent) {
		t.Errorf("ids do not grow: %v", sent)
	}
}

// claimedInTurn: of two contributors with a backlog and one without, each gets its share of every claim, and each one's stay in order.
func claimedInTurn(t *testing.T, d Database) {
	db := d.Open(t)
	sent := map[kmcr.ContributorCode][]int64{}
	from := func(c kmcr.ContributorCode, n int) {
		for i := range n {
			m := message(fmt.Sprint(c, i), fmt.Sprint(c, i))
			m.Contributor, m.Lane = c, uint64(i%3)
			accept(t, db, m, "x")
			sent[c] = append(sent[c], m.ID)
		}
	}
	from("bulk", 30)
	from("also-bulk", 20)
	from("ward", 2)
	claimed := map[kmcr.ContributorCode][]int64{}
	for n := 0; ; n++ {
		got, err := db.Claim(ctx(), 9)
		must(t, err)
		if !slices.IsSorted(ids(got)) {
			t.Errorf("a claim is out of order: %v", ids(got))
		}
		for _, m := range got {
			claimed[m.Contributor] = append(claimed[m.Contributor], m.ID)
		}
		if n == 0 && (len(claimed["ward"]) != 2 || len(claimed["bulk"]) < 3 || len(claimed["also-bulk"]) < 3) {
			t.Errorf("the first claim has %v", claimed)
		}
		if len(got) == 0 {
			break
		}
	}
	for c, want := range sent {
		if !slices.Equal(claimed[c], want) {
			t.Errorf("of %s were claimed %v, and sent %v", c, claimed[c], want)
		}
	}
}

func takenOver(t *testing.T, d Database) {
	one := d.Open(t)
	m := message("C1", "one")
	accept(t, one, m, "one")
	if got, err := one.Claim(ctx(), 10); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	other := d.Open(t)
	if got, err := other.Claim(ctx(), 10); err != nil || len(got) != 0 {
		t.Fatalf("claimed %v from a node that is there, %v", got, err)
	}
	must(t, one.Close())
	got, err := other.Claim(ctx(), 10)
	must(t, err)
	if len(got) != 1 || got[0].ID != m.ID {
		t.Errorf("claimed %v from a node that left", got)
	}
}

func laneOfOneNode(t *testing.T, d Database) {
	one, other := d.Open(t), d.Open(t)
	first, second, elsewhere := message("C1", "1"), message("C2", "2"), message("C3", "3")
	elsewhere.Lane = 8
	accept(t, one, first, "1")
	if got, err := one.Claim(ctx(), 1); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	accept(t, one, second, "2")
	accept(t, one, elsewhere, "3")
	got, err := other.Claim(ctx(), 10)
	must(t, err)
	if !slices.Equal(ids(got), []int64{elsewhere.ID}) {
		t.Errorf("the other node claimed %v", ids(got))
	}
	settle(t, one, first.ID, store.Applied)
	if got, err = other.Claim(ctx(), 10); err != nil || !slices.Equal(ids(got), []int64{second.ID}) {
		t.Errorf("when the lane was free the other node claimed %v, %v", ids(got), err)
	}
}

func walked(t *testing.T, d Database) {
	db := d.Open(t)
	write(t, db, func(tx *store.Tx) error {
		for i := range 1203 {
			m := &store.Message{Contributor: hospital, Format: kmcr.FormatHL7v2, Lane: uint64(i)}
			if i%2 == 1 {
				m.Contributor = "gp"
			}
			if i%10 == 0 {
				m.State = store.Parked
			}
			if _, err := tx.Accept(m, []byte{1}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range []struct {
		contributor kmcr.ContributorCode
		state       store.State
		want        int
	}{{"", "", 1203}, {hospital, "", 602}, {"", store.Parked, 121}, {"gp", store.Parked, 0}, {"gp", store.Waiting, 601}, {"", store.Applied, 0}} {
		n, last := 0, int64(0)
		must(t, db.Messages(ctx(), c.contributor, c.state, func(m store.Message) error {
			if m.ID <= last {
				t.Fatal("not newest last")
			}
			n, last = n+1, m.ID
			return nil
		}))
		if n != c.want {
			t.Errorf("%q %q: %d, want %d", c.contributor, c.state, n, c.want)
		}
	}
	wants(t, db.Messages(ctx(), "", "lost", nil), kmcr.Invalid)
}
