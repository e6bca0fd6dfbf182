package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"time"
	"unsafe"

	"kmcr"
)

// Compartment is everything a contributor states of one patient: current
// versions, and the earlier ones on request. It is a value: what was read
// stays as it was, whatever is written later. It may be shared between readers and must not be changed.
type Compartment struct {
	Patient *Patient
	Seq     int64 // number of the last block read

	every    []*kmcr.Statement            // every version, as they were taken in
	heads    []*kmcr.Statement            // the latest version of each statement, in order of its first
	place    map[uint64]int               // of a statement in heads
	versions map[uint64][]*kmcr.Statement // of statements that have more than one
	affirmed map[uint64]int64             // when a head was last said again
	size     int64

	once    sync.Once
	current []*kmcr.Statement
}

// bytesPerStatement is what a statement takes in memory besides its body: itself, its places, and what a format room keeps with it.
const bytesPerStatement = int64(unsafe.Sizeof(kmcr.Statement{})) + 512

// Current returns the current version of each statement that is not deleted, internal ones left out.
func (c *Compartment) Current() []*kmcr.Statement {
	c.once.Do(func() {
		c.current = make([]*kmcr.Statement, 0, len(c.heads))
		for _, s := range c.heads {
			if !s.Deleted && !s.Internal {
				c.current = append(c.current, s)
			}
		}
	})
	return c.current
}

// Head returns the latest version of a statement, deleted and internal ones too; nil where there is none.
func (c *Compartment) Head(id kmcr.StatementID) *kmcr.Statement {
	if i, ok := c.place[id.Hash]; ok && id.Patient == c.Patient.ID {
		return c.heads[i]
	}
	return nil
}

// Versions returns every version of a statement, oldest first.
func (c *Compartment) Versions(id kmcr.StatementID) []*kmcr.Statement {
	if s := c.Head(id); s == nil {
		return nil
	} else if all, ok := c.versions[id.Hash]; ok {
		return all
	} else {
		return []*kmcr.Statement{s}
	}
}

// All returns the latest version of everything, deleted and internal ones too.
func (c *Compartment) All() []*kmcr.Statement { return c.heads }

// AsAt returns the compartment as it stood at t (by Recorded).
func (c *Compartment) AsAt(t time.Time) *Compartment {
	then := newCompartment(c.Patient)
	for _, s := range c.every {
		if !s.Recorded.After(t) {
			then.add(s)
		}
	}
	return then
}

func newCompartment(p *Patient) *Compartment {
	return &Compartment{Patient: p, place: map[uint64]int{}, versions: map[uint64][]*kmcr.Statement{}, affirmed: map[uint64]int64{}}
}

// add takes in a version; a late one is history and never becomes the latest.
func (c *Compartment) add(s *kmcr.Statement) {
	c.every = append(c.every, s)
	i, ok := c.place[s.ID.Hash]
	if !ok {
		c.place[s.ID.Hash] = len(c.heads)
		c.heads = append(c.heads, s)
		return
	}
	before := c.versions[s.ID.Hash]
	if before == nil {
		before = []*kmcr.Statement{c.heads[i]}
	}
	c.versions[s.ID.Hash] = append(before[:len(before):len(before)], s)
	if !s.Late {
		c.heads[i] = s
	}
}

// with returns the compartment after some more blocks; c stays as it is.
func (c *Compartment) with(p *Patient, blocks []keptBlock) *Compartment {
	next := &Compartment{Patient: p, Seq: c.Seq, size: c.size,
		every: slices.Clone(c.every), heads: slices.Clone(c.heads), place: maps.Clone(c.place), versions: maps.Clone(c.versions), affirmed: maps.Clone(c.affirmed)}
	for i := range blocks {
		b := &blocks[i]
		for j := range b.statements {
			next.add(&b.statements[j])
		}
		for _, a := range b.affirmed {
			next.affirmed[a.hash] = max(next.affirmed[a.hash], a.at)
		}
		next.Seq = b.seq
		next.size += b.size
	}
	return next
}

// StatementIDFor gives the id that the contributor's key has in a patient's compartment.
func StatementIDFor(p kmcr.PatientID, key string) kmcr.StatementID {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(key)), uint64(p))
	sum := sha256.Sum256(append(b, key...))
	return kmcr.StatementID{Patient: p, Hash: binary.BigEndian.Uint64(sum[:8])}
}

// Compartments reads the statements of patients, each at its newest block; cached and brought up to date by what is newer.
// They stand in the order of ids; nil stands for a patient that is not stored. That of
// a patient whose key was destroyed is empty.
func (db *DB) Compartments(ctx context.Context, ids ...kmcr.PatientID) ([]*Compartment, error) {
	all := make([]*Compartment, len(ids))
	state, err := db.newest(ctx, ids)
	if err != nil {
		return nil, db.d.fault("the record cannot be read", err)
	}
	for i, id := range ids {
		now, ok := state[id]
		if !ok {
			continue
		}
		if all[i], err = db.compartment(ctx, id, now); err != nil {
			return nil, db.d.fault("the record cannot be read", err)
		}
	}
	return all, nil
}

// standing is how far a patient's row and blocks have come.
type standing struct{ revision, seq int64 }

// newest asks for the standing of patients, in one query for all.
func (db *DB) newest(ctx context.Context, ids []kmcr.PatientID) (map[kmcr.PatientID]standing, error) {
	state := make(map[kmcr.PatientID]standing, len(ids))
	err := listed(ids, func(some []kmcr.PatientID) error {
		args := padded(some)
		for i := range args {
			args[i] = int64(args[i].(kmcr.PatientID))
		}
		return db.each(ctx, func(scan func(...any) error) error {
			var id int64
			var s standing
			err := scan(&id, &s.revision, &s.seq)
			state[kmcr.PatientID(id)] = s
			return err
		}, "select p.id, p.revision, (select coalesce(max(b.seq), 0) from block b where b.patient = p.id) from patient p where p.id in ("+places(1, len(args))+")", args...)
	})
	return state, err
}

func (db *DB) compartment(ctx context.Context, id kmcr.PatientID, now standing) (*Compartment, error) {
	c := db.cache.get(id)
	if c != nil && c.Seq >= now.seq && c.Patient.revision >= now.revision {
		return c, nil
	}
	var p *Patient
	var err error
	if c != nil && c.Patient.revision >= now.revision {
		p = c.Patient
	} else if p, err = db.PatientByID(ctx, id); err != nil || p == nil {
		return nil, err
	}
	if c == nil || p.Erased() {
		c = newCompartment(p)
	}
	var blocks []keptBlock
	if c.Seq < now.seq && !p.Erased() {
		if blocks, err = db.blocks(ctx, p, c.Seq); err != nil {
			return nil, err
		}
	}
	c = c.with(p, blocks)
	db.cache.put(id, c)
	return c, nil
}

// blocks reads and opens a patient's blocks after seq.
func (db *DB) blocks(ctx context.Context, p *Patient, after int64) ([]keptBlock, error) {
	var all []keptBlock
	err := db.each(ctx, func(scan func(...any) error) error {
		var k keptBlock
		var data sql.RawBytes
		if err := scan(&k.seq, &k.message, &k.recorded, &data); err != nil {
			return err
		}
		b := Block{Patient: p.ID, Seq: k.seq, recorded: k.recorded}
		plain, err := db.packer.unpack(p, b.about("statements"), data)
		if err == nil {
			err = decodeBlock(p, &k, plain)
		}
		all = append(all, k)
		return err
	}, "select seq, message, recorded, data from block where patient = $1 and seq > $2 order by seq", int64(p.ID), after)
	return all, err
}
