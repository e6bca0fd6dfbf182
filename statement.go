package kmcr

import (
	"sync"
	"time"
)

// Statement is one version of one thing that a contributor states: a FHIR R4
// resource with its provenance. What was said stays what it said: a statement
// is never changed, only followed by a newer version.
type Statement struct {
	ID          StatementID
	Version     int    // from 1
	Type        string // FHIR resource type
	Contributor ContributorCode
	Section     Section
	Labels      []Label
	Key         string    // the contributor's own identity of it
	At          time.Time // event time by the sender's clock
	Recorded    time.Time // when it was taken in
	Deleted     bool
	Internal    bool // kept as evidence (one event of a longer story); never leaves
	Late        bool // arrived after a newer one: history, never current
	MessageID   int64
	// Body is strict, compact FHIR JSON without id and meta, references resolved; it begins with {"resourceType":. Meta is meta as sent, or nil.
	Body, Meta []byte
	Hash       uint64 // of Body and Meta, to know a repeat

	once sync.Once
	memo any
}

// Memo returns what make makes of the statement, made once and kept with it:
// a format room's index over Body. All callers must pass the same make.
func (s *Statement) Memo(make func(*Statement) any) any {
	s.once.Do(func() { s.memo = make(s) })
	return s.memo
}

// Involvement says that somebody is involved in a person's care: derived from
// statements, or granted, claimed, put on a caseload, or broken glass.
type Involvement struct {
	ID      int64
	Patient PatientID // for one derived from that patient's statements, else 0
	Person  PersonID
	// Kind is "registered", "spell", "discharged", "referral", "appointment", "social-care", "placement", "caseload",
	// "granted", "self-claimed", "break-glass" or "named" (shown as involved; opens nothing by itself).
	Kind         string
	Organisation ODS
	Team         string
	Account      string
	From, Until  time.Time // zero: open
	Reason       string
}

// Open tells whether the involvement is in force at t.
func (i Involvement) Open(t time.Time) bool {
	return (i.From.IsZero() || !t.Before(i.From)) && (i.Until.IsZero() || t.Before(i.Until))
}

// Event is something that happened to a patient, for those who should hear of it.
type Event struct {
	ID        int64
	Patient   PatientID
	Topic     string // "admission", "transfer", "discharge", "cancel-admission", "attendance", "death", "new-document", …
	At        time.Time
	Recorded  time.Time
	Statement StatementID
	Detail    string // never an identifier
}
