package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"kmcr"
)

// Step is one thing that was done about a person on a caseload: seen, given
// to a colleague, noted. A step is kept as it was taken; what holds now is
// what the latest of its kind says.
type Step struct {
	ID     int64
	Person kmcr.PersonID
	At     time.Time
	Kind   string // "acknowledged", "assigned", "noted"
	// Organisation and Team say whose caseload it was done on; Team is "" for somebody who works by themselves.
	Organisation kmcr.ODS
	Team         string
	// Account took the step. Name and Role are as they were then.
	Account string
	Name    string
	Role    kmcr.Role
	// To is the account to whom the person was given, ToName its name; "" for nobody any more.
	To, ToName string
	Words      string
}

// sealedStep is what of a step is kept sealed.
type sealedStep struct {
	Name   string
	Role   kmcr.Role
	To     string `json:",omitempty"`
	ToName string `json:",omitempty"`
	Words  string `json:",omitempty"`
}

func aboutStep(p kmcr.PersonID, id int64) []byte { return about("step", int64(p), id) }

// AddStep keeps a step, and sets its ID and, where it is zero, At.
func (tx *Tx) AddStep(s *Step) error {
	if s.Person == 0 {
		return kmcr.Errorf(kmcr.Fault, "a step is taken about a person")
	}
	if s.At.IsZero() {
		s.At = tx.db.now()
	}
	words, err := json.Marshal(sealedStep{s.Name, s.Role, s.To, s.ToName, s.Words})
	if err != nil {
		return err
	}
	for {
		s.ID = tx.db.ids.next(tx.db.now())
		n, err := tx.exec("insert into step (person, id, at, kind, organisation, team, account, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
			int64(s.Person), s.ID, micros(s.At), s.Kind, string(s.Organisation), s.Team, s.Account, seal(tx.db.vault.words, nil, words, aboutStep(s.Person, s.ID)))
		if err != nil || n == 1 {
			return err
		}
		tx.db.ids.move()
	}
}

// StepsOf lists the steps taken about people by an organisation's teams, the newest first. A person who has become
// another is not followed: ask by FormerPersons too.
func (db *DB) StepsOf(ctx context.Context, people []kmcr.PersonID, o kmcr.ODS) ([]Step, error) {
	var all []Step
	err := listed(people, func(some []kmcr.PersonID) error {
		args := padded(some)
		for i := range args {
			args[i] = int64(args[i].(kmcr.PersonID))
		}
		n := len(args)
		return db.each(ctx, func(scan func(...any) error) error {
			s, err := db.scanStep(scan)
			all = append(all, s)
			return err
		}, "select person, id, at, kind, organisation, team, account, sealed from step where person in ("+places(1, n)+") and organisation = "+places(n+1, 1), append(args, string(o))...)
	})
	if err != nil {
		return nil, db.d.fault("the steps cannot be read", err)
	}
	slices.SortFunc(all, func(a, b Step) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return int(b.ID - a.ID)
	})
	return all, nil
}

func (db *DB) scanStep(scan func(...any) error) (s Step, err error) {
	var at int64
	var sealed []byte
	if err := scan(&s.Person, &s.ID, &at, &s.Kind, &s.Organisation, &s.Team, &s.Account, &sealed); err != nil {
		return s, err
	}
	body, err := unseal(db.vault.words, nil, sealed, aboutStep(s.Person, s.ID))
	if err != nil {
		return s, err
	}
	var words sealedStep
	err = json.Unmarshal(body, &words)
	s.At, s.Name, s.Role, s.To, s.ToName, s.Words = fromMicros(at), words.Name, words.Role, words.To, words.ToName, words.Words
	return s, err
}
