package store

import (
	"context"
	"time"

	"kmcr/audit"
)

// slack is how far the entries of a chain may stand out of the order of their time: the clocks of nodes differ.
const slack = time.Hour

// AuditSince walks the entries since a time, each chain from its end backwards, and reads no further than it must.
func (db *DB) AuditSince(ctx context.Context, since time.Time, f func(*audit.Entry) error) error {
	chains, err := db.chains(ctx, db.readers)
	if err != nil {
		return db.d.fault("the audit log cannot be read", err)
	}
	for _, c := range chains {
		if err := db.auditBack(ctx, c, since, f); err != nil {
			return db.d.fault("the audit log cannot be read", err)
		}
	}
	return nil
}

func (db *DB) auditBack(ctx context.Context, c keptChain, since time.Time, f func(*audit.Entry) error) error {
	const page = 500
	for before := c.number + 1; before > 0; {
		rows, err := db.readers.QueryContext(ctx, "select "+entryColumns+" from audit_entry where chain = $1 and number < $2 order by number desc limit $3", c.id, before, page)
		if err != nil {
			return err
		}
		var entries []*keptEntry
		err = eachRow(rows, func(scan func(...any) error) error {
			k := new(keptEntry)
			entries = append(entries, k)
			return k.scan(scan)
		})
		if err != nil || len(entries) == 0 {
			return err
		}
		oldest := time.Time{}
		for _, k := range entries {
			e, _, err := db.openEntry(k)
			if err != nil {
				return err
			}
			if oldest = e.At; !e.At.Before(since) {
				if err := f(e); err != nil {
					return err
				}
			}
		}
		if before = entries[len(entries)-1].number; oldest.Before(since.Add(-slack)) {
			return nil
		}
	}
	return nil
}
