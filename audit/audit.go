package audit

import (
	"time"

	"kmcr"
)

// Entry is one thing that was done or refused: who, in which role, of which
// organisation, about whom, why, what was decided by which rule, and what was
// shown.
type Entry struct {
	ID     string // set when committed: chain "/" number
	At     time.Time
	Action string // "read", "search", "sign-in", "break-glass", "ingest", "merge", "administer", …
	Viewer kmcr.Viewer
	Person kmcr.PersonID // 0 where it concerns nobody
	// Patient is set where the act concerns a contributor's patient rather than a person (ingest, merge).
	Patient kmcr.PatientID
	Purpose kmcr.Purpose
	Reason  string // in the asker's words (break-glass)
	Allowed bool
	Rule    string // the rule that said so, in words
	Where   string // route or command, never with an identifier
	// Shown lists the statements that left, by id and version.
	Shown []Shown
	// Withheld counts what was left out.
	Withheld int
	Detail   map[string]string // anything else; never an identifier in clear
}

// Shown is one statement that left.
type Shown struct {
	ID      kmcr.StatementID
	Version int
}
