package ingest

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/store"
	"kmcr/translate"
)

// extract is a file that tells the whole of something, as far as it has been read.
type extract struct {
	format  kmcr.Format
	ends    []string // prefixes of the keys of what ends by absence
	label   string
	at      time.Time // the latest day of which it tells
	records int
	broken  bool // something in it cannot be read
}

func (e *extract) saw(r translate.Record, err error) {
	if err != nil {
		e.broken = true
		return
	}
	e.records++
	if r.Said.After(e.at) {
		e.at = r.Said
	}
}

// returned is what is remembered of the latest extract of a contributor.
type returned struct {
	At      time.Time
	Records int
}

// close ends what an extract no longer tells of. An extract of an earlier day
// than one before it ends what that one did not tell of either. One with
// fewer than half the records of the one before, or of which a record cannot be read, is more likely
// to be a part of one: nothing is ended, and a message about it is parked for
// somebody to decide; taken up again, it is carried out.
func (i *importing) close(ctx context.Context, e extract) error {
	if len(e.ends) == 0 || e.at.IsZero() {
		return nil
	}
	i.settling.Wait()
	if err := i.s.Quiet(ctx); err != nil { // what an import that broke off had taken in
		return err
	}
	key := "extract " + string(i.c.Code) + " " + string(e.format)
	var before returned
	known, err := i.s.db.Get(ctx, store.KindSetting, key, &before)
	if err != nil {
		return err
	}
	at := e.at
	switch {
	case known && before.At.After(e.at):
		at = before.At
	case known && before.At.Before(e.at) && (e.broken || 2*e.records < before.Records):
		return i.doubt(ctx, e)
	case known && before.At.Equal(e.at):
		before.Records = max(before.Records, e.records)
	default:
		before = returned{e.at, e.records}
	}
	if err := i.s.db.Write(ctx, func(tx *store.Tx) error { return tx.Put(store.KindSetting, key, before) }); err != nil {
		return err
	}
	return i.end(ctx, e, at)
}

// end makes a message for each patient of whom something stands open that was last told before at.
func (i *importing) end(ctx context.Context, e extract, at time.Time) error {
	var entries []*store.Message
	var raws [][]byte
	err := i.s.eachAbsence(ctx, i.c.Code, e.ends, at, func(patient string) error {
		raw := translate.AbsentRecord(patient, e.ends, at)
		m := &store.Message{Contributor: i.c.Code, Format: e.format, ReceivedAt: i.s.Now(), State: store.Waiting, Hash: sha256.Sum256(raw), Lane: hash64(string(i.c.Code), patient),
			ControlID: e.label + " absent " + strconv.FormatUint(hash64(patient), 36)}
		if entries, raws = append(entries, m), append(raws, raw); len(entries) < together {
			return nil
		}
		defer func() { entries, raws = nil, nil }()
		return i.accept(ctx, entries, raws)
	})
	if err != nil {
		return err
	}
	return i.accept(ctx, entries, raws)
}

// doubt parks the question whether an extract is whole.
func (i *importing) doubt(ctx context.Context, e extract) error {
	raw := translate.ClosingRecord(e.ends, e.at, e.records)
	m := &store.Message{Contributor: i.c.Code, Format: e.format, ReceivedAt: i.s.Now(), State: store.Parked, Reason: "extract-doubtful", Hash: sha256.Sum256(raw), ControlID: e.label + " whole",
		Detail: "the extract has fewer than half the records of the one before it, or one that cannot be read: what it does not tell of has not been ended. Take it up again if it is whole, discard it if not"}
	err := i.s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Accept(m, raw)
		return err
	})
	if err == nil {
		i.count(count(store.Parked))
	}
	return err
}

// eachAbsence gives f the key of each patient of a contributor of whom something with one of the prefixes stands open that was last told before at.
func (s *Service) eachAbsence(ctx context.Context, c kmcr.ContributorCode, prefixes []string, at time.Time, f func(patient string) error) error {
	var mine []kmcr.PatientID
	if err := s.db.EachPatient(ctx, func(p *store.Patient) error {
		if p.Contributor == c && !p.Register && !p.Erased() {
			mine = append(mine, p.ID)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, id := range mine {
		all, err := s.db.Compartments(ctx, id)
		if err != nil {
			return err
		}
		if all[0] != nil && stands(all[0], prefixes, at) {
			if err := f(all[0].Patient.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// stands tells whether something stands open that was last told before at.
func stands(c *store.Compartment, prefixes []string, at time.Time) bool {
	return slices.ContainsFunc(c.Current(), func(st *kmcr.Statement) bool {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(st.Key, p) }) {
			return false
		}
		last := c.SaidAt(st.ID)
		if !last.Before(at) {
			return false
		}
		_, open := translate.EndedByAbsence(st.Type, st.Body, last, at)
		return open
	})
}

// closeWhole carries out what was doubted: the extract is whole after all.
func (s *Service) closeWhole(ctx context.Context, c kmcr.Contributor, l *ledger, prefixes []string, at time.Time, records int) error {
	i := &importing{s: s, c: c, progress: func(int64, int64) {}, room: make(chan struct{}, inFlight)}
	e := extract{format: l.message.Format, ends: prefixes, at: at, records: records, label: strings.TrimSuffix(l.message.ControlID, " whole")}
	key := "extract " + string(c.Code) + " " + string(e.format)
	if err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindSetting, key, returned{at, records}); err != nil {
			return err
		}
		return tx.Settle(l.message.ID, store.Applied, "", "")
	}); err != nil {
		return err
	}
	return i.end(ctx, e, at)
}
