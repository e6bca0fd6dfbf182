package store

import (
	"context"
	"slices"
	"time"

	"kmcr"
)

const involvementColumns = "i.id, i.patient, i.kind, i.organisation, i.team, i.account, i.starts, i.ends, i.sealed"

// scanInvolvement reads a row whose last column is the person.
func (db *DB) scanInvolvement(scan func(...any) error) (i kmcr.Involvement, err error) {
	var starts, ends int64
	var sealed []byte
	if err := scan(&i.ID, &i.Patient, &i.Kind, &i.Organisation, &i.Team, &i.Account, &starts, &ends, &sealed, &i.Person); err != nil {
		return i, err
	}
	i.From, i.Until = fromMicros(starts), fromMicros(ends)
	if sealed != nil {
		reason, err := unseal(db.vault.words, nil, sealed, about("involvement", i.ID))
		i.Reason = string(reason)
		return i, err
	}
	return i, nil
}

// sameInvolvement tells whether two say the same, their ids and persons apart.
func sameInvolvement(a, b kmcr.Involvement) bool {
	return a.Kind == b.Kind && a.Organisation == b.Organisation && a.Team == b.Team && a.Account == b.Account && a.Reason == b.Reason &&
		micros(a.From) == micros(b.From) && micros(a.Until) == micros(b.Until)
}

// SetInvolvements replaces those derived from a patient's statements. Those that are as they were are left alone.
func (tx *Tx) SetInvolvements(p kmcr.PatientID, derived []kmcr.Involvement) error {
	var was []kmcr.Involvement
	err := tx.each(func(scan func(...any) error) error {
		i, err := tx.db.scanInvolvement(scan)
		was = append(was, i)
		return err
	}, "select "+involvementColumns+", i.person from involvement i where i.patient = $1 and i.patient <> 0", int64(p))
	if err != nil {
		return err
	}
	for _, i := range derived {
		if same := slices.IndexFunc(was, func(w kmcr.Involvement) bool { return sameInvolvement(w, i) }); same >= 0 {
			was = slices.Delete(was, same, same+1)
			continue
		}
		i.Patient, i.Person = p, 0
		if err := tx.putInvolvement(&i); err != nil {
			return err
		}
	}
	for _, w := range was {
		if _, err := tx.exec("delete from involvement where id = $1", w.ID); err != nil {
			return err
		}
	}
	return nil
}

// AddInvolvement adds one that was granted, claimed or put on a caseload, and sets its ID.
func (tx *Tx) AddInvolvement(i *kmcr.Involvement) error {
	if i.Person == 0 {
		return kmcr.Errorf(kmcr.Fault, "an involvement that is added is with a person")
	}
	i.Patient = 0
	return tx.putInvolvement(i)
}

func (tx *Tx) putInvolvement(i *kmcr.Involvement) error {
	for {
		i.ID = tx.db.ids.next(tx.db.now())
		var sealed []byte
		if i.Reason != "" {
			sealed = seal(tx.db.vault.words, nil, []byte(i.Reason), about("involvement", i.ID))
		}
		n, err := tx.exec("insert into involvement (id, patient, person, kind, organisation, team, account, starts, ends, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
			i.ID, int64(i.Patient), int64(i.Person), i.Kind, string(i.Organisation), i.Team, i.Account, micros(i.From), micros(i.Until), sealed)
		if err != nil || n == 1 {
			return err
		}
		tx.db.ids.move()
	}
}

// EndInvolvement ends one.
func (tx *Tx) EndInvolvement(id int64, at time.Time) error {
	n, err := tx.exec("update involvement set ends = $2 where id = $1", id, micros(at))
	if err == nil && n == 0 {
		err = &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such involvement", Remedy: "Read the list again."}
	}
	return err
}

// InvolvementsOf lists those of a person (through all linked patients, and those added, also to a person that has become this one:
// of one whose patients have gone to several people that is whoever got the last of them, for nobody was to be opened to them all).
func (db *DB) InvolvementsOf(ctx context.Context, p kmcr.PersonID) ([]kmcr.Involvement, error) {
	if p == 0 {
		return nil, nil
	}
	return db.involvements(ctx, "select "+involvementColumns+", p.person from patient p join involvement i on i.patient = p.id and i.patient <> 0 where p.person = $1 and p.person <> 0"+
		" union all select "+involvementColumns+", i.person from involvement i where i.person = $1 and i.person <> 0"+
		" union all select "+involvementColumns+", i.person from involvement i where i.person <> 0 and i.person in ("+formerPersons+" and "+leftLast+")", int64(p))
}

func (db *DB) involvements(ctx context.Context, text string, args ...any) ([]kmcr.Involvement, error) {
	var all []kmcr.Involvement
	err := db.each(ctx, func(scan func(...any) error) error {
		i, err := db.scanInvolvement(scan)
		all = append(all, i)
		return err
	}, text, args...)
	return all, db.d.fault("the involvements cannot be read", err)
}

// PeopleOf lists persons with an involvement open at a time of this account, team or organisation, newest first.
// Each person stands once, with the newest of these involvements. Involvements of the kinds in without do not count.
func (db *DB) PeopleOf(ctx context.Context, account, team string, o kmcr.ODS, at time.Time, limit int, without ...string) ([]kmcr.Involvement, error) {
	var all []kmcr.Involvement
	for _, by := range []struct{ column, value string }{{"account", account}, {"team", team}, {"organisation", string(o)}} {
		if by.value == "" {
			continue
		}
		some, err := db.peopleBy(ctx, by.column, by.value, at, limit, without)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b kmcr.Involvement) int { return b.From.Compare(a.From) })
	seen := map[kmcr.PersonID]bool{}
	all = slices.DeleteFunc(all, func(i kmcr.Involvement) bool {
		again := seen[i.Person]
		seen[i.Person] = true
		return again
	})
	return all[:min(limit, len(all))], nil
}

// peopleBy walks one index from its newest end until there are enough different people.
func (db *DB) peopleBy(ctx context.Context, column, value string, at time.Time, limit int, without []string) ([]kmcr.Involvement, error) {
	args := []any{value, micros(at)}
	for _, kind := range without {
		args = append(args, kind)
	}
	n := len(args)
	but := ""
	if len(without) > 0 {
		but = " and i.kind not in (" + places(3, len(without)) + ")"
	}
	text := "select " + involvementColumns + ", case when i.person <> 0 then i.person else coalesce(p.person, 0) end from involvement i left join patient p on p.id = i.patient" +
		" where i." + column + " = $1 and i." + column + " <> '' and i.starts <= $2 and (i.ends = 0 or i.ends > $2)" + but + " order by i.starts desc, i.id desc limit " + places(n+1, 1) + " offset " + places(n+2, 1)
	var found []kmcr.Involvement
	seen := map[kmcr.PersonID]bool{}
	page := max(2*limit, 20)
	for offset := 0; len(found) < limit; offset += page {
		some, err := db.involvements(ctx, text, append(args[:n:n], page, offset)...)
		if err != nil {
			return nil, err
		}
		for _, i := range some {
			if i.Person != 0 && !seen[i.Person] {
				seen[i.Person] = true
				found = append(found, i)
			}
		}
		if len(some) < page {
			break
		}
	}
	return found, nil
}
