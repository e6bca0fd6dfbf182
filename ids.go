package kmcr

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// PersonID is a person: a set of links to contributors' patients, and nothing
// else. It is random and says nothing of who it is; outside it is written as
// a Ref.
type PersonID int64

// PatientID is one contributor's patient: the unit of locality, of ordering,
// of encryption and of distribution. Things that a contributor says of no
// patient (an organisation, a practitioner sent by itself) have a PatientID
// of their own too, of CompartmentKind Register.
type PatientID int64

// StatementID names one statement for ever: its patient, and a hash of the
// contributor's own identifiers for it, so that the same statement sent twice
// has the same id and the id alone leads to its patient. Outside it is
// written like a UUID.
type StatementID struct {
	Patient PatientID
	Hash    uint64
}

// Ref is a PersonID as it stands in page addresses and FHIR: opaque.
type Ref string

var refEncoding = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// Ref returns the outside form of p.
func (p PersonID) Ref() Ref {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(p))
	return Ref(refEncoding.EncodeToString(b[:]))
}

// ParseRef reads an outside form. A malformed one is NotFound, like a person
// who is not there.
func ParseRef(s string) (PersonID, error) {
	b, err := refEncoding.DecodeString(s)
	if err != nil || len(b) != 8 || PersonID(binary.BigEndian.Uint64(b)).Ref() != Ref(s) {
		return 0, &Error{Kind: NotFound, Message: "there is no such person, or you may not know of them"}
	}
	return PersonID(binary.BigEndian.Uint64(b)), nil
}

// String returns the id in the form of a UUID: 8-4-4-4-12 hexadecimal digits.
func (s StatementID) String() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.Patient))
	binary.BigEndian.PutUint64(b[8:], s.Hash)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseStatementID reads what String wrote; ok is false for anything else.
func ParseStatementID(s string) (id StatementID, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s != strings.ToLower(s) {
		return StatementID{}, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return StatementID{}, false
	}
	return StatementID{Patient: PatientID(binary.BigEndian.Uint64(b[:8])), Hash: binary.BigEndian.Uint64(b[8:])}, true
}

// ContributorCode names a source system of one organisation: lower-case
// letters, digits and hyphens, at most 64.
type ContributorCode string

// ODS is an organisation code of the NHS Organisation Data Service.
type ODS string

// Organisation is a body that may sign the Joint Controllers Agreement.
type Organisation struct {
	ODS       ODS
	Name      string
	Kind      string // "gp-practice", "acute", "community", "mental-health", "council", "ambulance", "care-home", "hospice", "national" (a national service such as the demographics service), "other"
	Signatory bool   // has the agreement in force been signed by it
	Telephone string
	// Assurance is the least level of sign-in (AAL 1 to 3) with which its people may open records, and StepUp that with which
	// they may open one in an emergency, export or un-merge; 0: none stated.
	Assurance, StepUp int
}

// Format is the form in which a contributor sends.
type Format string

// The formats (contract: kmcr contributor add --format).
const (
	FormatHL7v2 Format = "hl7v2"
	FormatFHIR  Format = "fhir-r4"
	FormatGPC   Format = "gpconnect-stu3"
	FormatCLD   Format = "cld-csv"
	// FormatCase is the daily extract of a social care case system, in our own layout (docs/case-extract.md).
	FormatCase Format = "case-csv"
	// FormatCIN is the Children in Need census (Department for Education, XML).
	FormatCIN Format = "cin-xml"
	// Format903 is the return of children looked after, SSDA903 (Department for Education), as tables or XML.
	Format903 Format = "ssda903"
	// FormatMHSDS is tables of the Mental Health Services Data Set.
	FormatMHSDS Format = "mhsds-csv"
)

// Formats lists the formats, one per line.
var Formats = []Format{
	FormatHL7v2,
	FormatFHIR,
	FormatGPC,
	FormatCLD,
	FormatCase,
	FormatCIN,
	Format903,
	FormatMHSDS,
}

// Strictness says what becomes of a contributor's resource that breaks R4.
type Strictness string

const (
	// StrictUsual refuses over HTTP, where the sender is told at once, and parks from files.
	StrictUsual Strictness = ""
	// StrictRefuse refuses always.
	StrictRefuse Strictness = "refuse"
	// StrictProfiles refuses, and refuses also what is not as the UK Core profiles ask that it names.
	StrictProfiles Strictness = "profiles"
	// StrictPark mends what can be mended without taking anything away, notes what is missing, and parks the rest.
	StrictPark Strictness = "park"
	// StrictKeep takes out what R4 has no place for, lists it, and keeps the rest.
	StrictKeep Strictness = "keep"
)

// Contributor is a source system that tells us things.
type Contributor struct {
	Code         ContributorCode
	Organisation ODS
	Name         string
	Format       Format
	// SendingApplication and SendingFacility are MSH-3 and MSH-4 by which an HL7 v2 sender without a certificate is known.
	SendingApplication, SendingFacility string
	// Authority ranks contributors where statements of equal kind disagree; higher is preferred.
	Authority int
	Paused    bool
	// Certificates are the client certificates by which an HL7 v2 sender over TLS is known. One that has any is known by nothing else.
	Certificates []Certificate `json:",omitempty"`
	// TestOnly holds back what it states from everybody but its Testers: a new contributor tries out its feed.
	TestOnly bool     `json:",omitempty"`
	Testers  []string `json:",omitempty"` // accounts
	// Training says that this HL7 v2 sender marks what is real as training or debugging too (MSH-11 T, D): it is applied all the same.
	Training bool `json:",omitempty"`
	// MaxFrame is the most bytes of an MLLP frame of this sender where it is more than that of the listener; at most 32 MiB.
	MaxFrame int `json:",omitempty"`
	// Rhythm is how often the contributor is expected to be heard; zero is "no expectation".
	Rhythm time.Duration
	// Whole says that a collection Bundle of it is all that it says of the patient in it: what it does not state again has ended.
	Whole bool `json:",omitempty"`
	// Strictness says what becomes of a resource that breaks R4 ("" is the usual).
	Strictness Strictness `json:",omitempty"`
	// Sections the contributor is expected to fill, by which an empty section is "none recorded" or "not sent by anyone".
	Sections []Section
}

// Certificate is a client certificate of a contributor.
type Certificate struct {
	// Fingerprint is the SHA-256 of the certificate in its DER form, in lower-case hexadecimal digits.
	Fingerprint string
	// Until is when it expires.
	Until time.Time
}
