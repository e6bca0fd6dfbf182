package translate

import (
	"time"

	"kmcr"
)

// Reading is what a message says: whom it is about, what it states of them,
// and what could not be read from it.
type Reading struct {
	Patients   []Claims
	Statements []Statement
	Merges     []Merge
	// Unmerges are merges that the message takes back (A37), whichever of the two was taken in.
	Unmerges []Merge
	// Retire lists key prefixes whose statements, of the same patient, that this message does not state again are ended by it
	// (an AL1 set replaces that sender's earlier set).
	Retire []Retirement
	// Absences end what a whole extract no longer tells.
	Absences []Absence
	// Unmapped lists what was in the message and is in no statement: segment or column, and why.
	Unmapped []string
	// Flags are doubts about the data that do not keep it out: an event time in the future, a record without a visit number. Never an identifier.
	Flags []string
	// Event is what happened, for those who should be told: "admission", "transfer", "discharge", "cancel-admission", "cancel-transfer",
	// "cancel-discharge", "pre-admission", "attendance", "death", "new-result", "new-document", "appointment", "appointment-cancelled",
	// "appointment-missed", "referral", "social-care"; "" for nothing.
	Event string
}

// Retirement ends statements of patient (index into Patients) whose Key begins
// with Prefix, unless one of them is newer than At.
type Retirement struct {
	Patient int
	Prefix  string
	At      time.Time // of the message that retires; zero: when received
}

// Absence ends the statements of patient (index into Patients) whose Key
// begins with one of Prefixes, that stand open and were last said before At.
type Absence struct {
	Patient  int
	Prefixes []string
	At       time.Time
}

// Merge says that, in the contributor's own system, From has become Into:
// keys of Claims; At is when that was said, zero where it is not known.
type Merge struct {
	From, Into string
	At         time.Time
}

// PatientKey is the Key of the statement that is a patient's Patient resource,
// to which "patient:" refers, in readings of HL7 v2 and Client Level Data.
const PatientKey = "Patient"

// Claims is what a contributor says of who its patient is.
type Claims struct {
	// Key is the contributor's own identifier of the patient ("RVV|1234567", "Patient/abc"): one Key, one PatientID, for ever.
	Key string
	// Aliases are further identifiers by which this contributor may refer to the patient.
	Aliases []string
	NHS     kmcr.NHSNumber
	// Superseded are numbers that were this person's and have been replaced.
	Superseded []kmcr.NHSNumber `json:",omitempty"`
	// NHSStatus is the verification status (NHS Data Dictionary): "01" present and verified; "" not said.
	NHSStatus string
	// NHSAsSent is the number where it is not valid.
	NHSAsSent string
	Names     []Name
	// Born is YYYY, YYYY-MM or YYYY-MM-DD, "" not said.
	Born string
	// BornAsSent is the date of birth where it is no date.
	BornAsSent string `json:",omitempty"`
	// Sex is male, female, other or unknown (R4 administrative-gender), "" not said.
	Sex        string
	Addresses  []Address
	Telephones []string
	// Former are addresses, FormerTelephones numbers and FormerFamilies family names that were claimed before and no longer are:
	// evidence of who it is, never shown.
	Former           []Address `json:",omitempty"`
	FormerTelephones []string  `json:",omitempty"`
	FormerFamilies   []string  `json:",omitempty"`
	// Kin are those who are named as next of kin or contacts, wherever this contributor says so: evidence, not shown from here.
	Kin []Kin `json:",omitempty"`
	// Died is a date or instant, "yes" where only that is known, "" not said.
	Died     string
	Practice kmcr.ODS
	// Mention is set where the message names a patient and says nothing of who it is; Known where the patient must have been
	// told of before, for the Key is not that of a patient but of something of theirs (a referral).
	Mention, Known bool `json:"-"`
	// Partial is set where the message says only a part of who it is: what it leaves out stands as it was claimed before.
	Partial bool `json:"-"`
}

// Kin is a next of kin or another personal contact of somebody.
type Kin struct {
	Name       Name
	Telephones []string `json:",omitempty"`
}

// Name is one name of a person.
type Name struct{ Use, Prefix, Family, Given, Text string }

// Address is one address; Lines do not hold the postcode.
type Address struct {
	Use      string
	Lines    []string
	Postcode string
}

// Statement is one FHIR R4 resource that a contributor states, with the
// contributor's own identity for it.
type Statement struct {
	// Patient is the index into Reading.Patients; -1 for a statement about nobody (an organisation sent by itself).
	Patient int
	// Key is stable for the same statement of the same contributor and patient: "Encounter|S123". Same Key, same logical id.
	Key string
	// Resource is FHIR R4 JSON. References to other statements of this Reading are written "key:" + Key; to the patient, "patient:".
	Resource []byte
	// At is when it was so by the sender's clock (event time); an older one never replaces a newer one. Zero: when received.
	At      time.Time
	Deleted bool
	// Keeps names members of the resource in whose place those of the statement as it stands are kept: a message that tells of a document
	// without its content does not take the content away. Of what is not known yet such a statement is older than any other.
	Keeps []string
	// Fragment is set on a statement that is one event of a longer story (an ADT message of a spell): it is kept as evidence,
	// and the statement with Key Fold is made afresh, by Fold, from all fragments of that fold in order of At.
	Fold string
}
