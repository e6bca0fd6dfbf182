package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

const (
	// silence is how long a node may be silent before others take over its messages, in milliseconds, as SQL.
	silence = "10000"
	// beat is how often a node says that it is there.
	beat = 3 * time.Second
)

// Claim takes waiting messages for this node, in order; those of a node that has not been heard of for 10 seconds are taken over.
// Each message is handed out once to a node; settled as Waiting it is handed out again. A lane in which
// another node is at work is left to that node.
func (db *DB) Claim(ctx context.Context, limit int) ([]Message, error) {
	var anything int
	err := db.row(ctx, "select 1 from inbox where waiting = 1 and node <> $1 limit 1", db.node).Scan(&anything)
	if errors.Is(err, sql.ErrNoRows) || limit <= 0 {
		return nil, nil
	}
	if err != nil {
		return nil, db.d.fault("the inbox cannot be read", err)
	}
	if err := db.beGoing(ctx); err != nil {
		return nil, err
	}
	var mine []Message
	err = db.Write(ctx, func(tx *Tx) (err error) {
		mine, err = tx.claim(limit)
		return err
	})
	return mine, err
}

func (tx *Tx) claim(limit int) ([]Message, error) {
	var one int
	if _, err := tx.row("select one from identity where one = 1"+tx.db.d.lock, nil, &one); err != nil { // one claim at a time
		return nil, err
	}
	if _, err := tx.exec("update inbox set node = '' where waiting = 1 and node <> '' and node not in (select name from node where heard > " + tx.db.d.clock + " - " + silence + ")"); err != nil {
		return nil, err
	}
	elsewhere, err := tx.lanesElsewhere()
	if err != nil {
		return nil, err
	}
	turns, err := tx.turns(limit)
	if err != nil {
		return nil, err
	}
	var found []Message
	err = listed(turns, func(some []int64) error {
		args := padded(some)
		return tx.each(func(scan func(...any) error) error {
			var m Message
			err := m.scan(scan)
			if err == nil && !elsewhere[m.Lane] {
				found = append(found, m)
			}
			return err
		}, "select "+messageColumns+" from message m where m.id in ("+places(1, len(args))+")", args...)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b Message) int { return cmp.Compare(a.ID, b.ID) })
	taken := make([]int64, 0, len(found))
	for _, m := range found {
		taken = append(taken, m.ID)
	}
	err = listed(taken, func(some []int64) error {
		args := padded(some)
		_, err := tx.exec("update inbox set node = $1 where message in ("+places(2, len(args))+")", slices.Insert(args, 0, any(tx.db.node))...)
		return err
	})
	return found, err
}

// turns are the messages that are to be taken up next: of each contributor the oldest, in turn, so that nobody waits for another's
// backlog. Those of one contributor stay in their order.
func (tx *Tx) turns(limit int) ([]int64, error) {
	var codes []string
	err := tx.each(func(scan func(...any) error) error {
		var code string
		err := scan(&code)
		codes = append(codes, code)
		return err
	}, "with recursive turn (code) as (select min(contributor) from inbox where waiting = 1 and node = '' union all "+
		"select (select min(contributor) from inbox where waiting = 1 and node = '' and contributor > turn.code) from turn where turn.code is not null) select code from turn where code is not null")
	if err != nil {
		return nil, err
	}
	queues := make([][]int64, len(codes))
	for n, code := range codes {
		err := tx.each(func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			queues[n] = append(queues[n], id)
			return err
		}, "select message from inbox where waiting = 1 and node = '' and contributor = $1 order by message limit $2", code, limit)
		if err != nil {
			return nil, err
		}
	}
	var out []int64
	for n := 0; len(queues) > 0 && len(out) < limit; n++ {
		queues = slices.DeleteFunc(queues, func(q []int64) bool { return n >= len(q) })
		for _, q := range queues {
			if len(out) < limit {
				out = append(out, q[n])
			}
		}
	}
	return out, nil
}

// lanesElsewhere are those in which another node has messages under way.
func (tx *Tx) lanesElsewhere() (map[uint64]bool, error) {
	lanes := map[uint64]bool{}
	err := tx.each(func(scan func(...any) error) error {
		var lane int64
		err := scan(&lane)
		lanes[uint64(lane)] = true
		return err
	}, "select lane from inbox where waiting = 1 and (node > '' and node < $1 or node > $1)", tx.db.node)
	return lanes, err
}

// beGoing says for the first time that this node is there, frees what an earlier life of it left, and starts the heartbeat.
func (db *DB) beGoing(ctx context.Context) (err error) {
	db.work.Do(func() {
		err = db.Write(ctx, func(tx *Tx) error {
			if _, err := tx.exec("update inbox set node = '' where waiting = 1 and node = $1", db.node); err != nil {
				return err
			}
			if _, err := tx.exec("delete from node where heard < " + db.d.clock + " - 600000"); err != nil {
				return err
			}
			return tx.heard()
		})
		var beating context.Context
		beating, db.resting = context.WithCancel(context.Background())
		db.heartbeat.Go(func() { db.keepBeating(beating) })
	})
	return err
}

func (tx *Tx) heard() error {
	_, err := tx.exec("insert into node (name, heard) values ($1, "+tx.db.d.clock+") on conflict (name) do update set heard = excluded.heard", tx.db.node)
	return err
}

func (db *DB) keepBeating(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := db.Write(ctx, func(tx *Tx) error { return tx.heard() }); err != nil && ctx.Err() == nil {
			db.log.Warn("this node could not say that it is there", "error", err.Error())
		}
	}
}

// rest ends the heartbeat and leaves the messages of this node to others.
func (db *DB) rest() {
	db.work.Do(func() {})
	if db.resting == nil {
		return
	}
	db.resting()
	db.heartbeat.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec("update inbox set node = '' where waiting = 1 and node = $1", db.node); err != nil {
			return err
		}
		_, err := tx.exec("delete from node where name = $1", db.node)
		return err
	})
	if err != nil {
		db.log.Warn("the messages of this node could not be left to others", "error", err.Error())
	}
}
