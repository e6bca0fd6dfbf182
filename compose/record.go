package compose

import (
	"time"

	"kmcr"
)

// Input is what a record is made from: permitted statements and what is known of their sources.
type Input struct {
	Ref          kmcr.Ref
	Statements   []*kmcr.Statement // permitted, current, of all linked patients
	Demographics []Demographics    // one a linked patient, from its claims
	Sources      []Source
	// Context are statements about nobody (staff, organisations, places) that Statements refer to and that lie elsewhere. Those whom
	// Seen speaks of are shown as contacts, and nothing else of it is: it lies in sections that the viewer does not see.
	Context, Seen     []*kmcr.Statement
	Moves             []Move                  // changes of address
	Named             []Named                 // who has said here to be involved
	For               kmcr.Viewer             // for whom contacts are put in order
	Task              string                  // of Tasks, for which contacts are put in order; "" none
	Withheld          map[kmcr.Section]int    // how many items were withheld, by section
	Hidden            map[kmcr.Section]string // sections that this role does not see, and why in words
	Unavailable       map[kmcr.Section]string // sections that cannot be shown now, and why
	Others            int                     // how many entries concern other people, and are told when they are asked for
	PossibleDuplicate bool
	// Organisations gives what the register knows of an organisation; nil for one it does not know.
	Organisations func(kmcr.ODS) *kmcr.Organisation
	// Authority says whose word counts first for each fact; nil: DefaultAuthority.
	Authority []AuthorityOrder
	// Corrections are the problems that readers have reported with statements of this person's patients.
	Corrections []Correction
	Now         time.Time // the instant at which the record is shown
	Past        bool      // Now lies in the past: the record as it stood
	// Since is when the viewer last looked, for what has changed; zero: not asked. Looked is false where that is not known and Since is only a while ago.
	Since  time.Time
	Looked bool
}

// Demographics is what one contributor says of who the person is.
type Demographics struct {
	Contributor     kmcr.ContributorCode
	Recorded        time.Time
	NHS             kmcr.NHSNumber
	NHSStatus       string
	NHSAsSent       string // where it is no valid number
	BornAsSent      string // where it is no date
	Names           []Name
	Born, Sex, Died string
	Addresses       []string // one line each, postcode last
	Telephones      []string
	Practice        kmcr.ODS
	PracticeName    string
}

// Name is a name as its contributor has it.
type Name struct{ Use, Prefix, Family, Given string }

// Source is one contributor and when it last spoke.
type Source struct {
	Contributor      kmcr.ContributorCode `json:"contributor"`
	Name             string               `json:"name"` // of the system or organisation, for readers
	Organisation     kmcr.ODS             `json:"organisation"`
	OrganisationName string               `json:"organisationName"`
	Kind             string               `json:"kind,omitempty"` // of organisation, as kmcr.Organisation has it
	Telephone        string               `json:"telephone,omitempty"`
	LastHeard        time.Time            `json:"lastHeard,omitzero"`            // of anything
	LastHeardHere    time.Time            `json:"lastHeardAboutPerson,omitzero"` // left out: never
	Late             bool                 `json:"late"`                          // against its own rhythm
	Authority        int                  `json:"-"`
	Sections         []kmcr.Section       `json:"sections"` // those it is expected to fill
	Linked           bool                 `json:"linked"`   // has a patient linked to this person
}

// Nothing is one of the four kinds of nothing (rule 6).
type Nothing string

// Known is "there are items"; the others say why there are none.
const (
	Known       Nothing = "known"
	NoneKnown   Nothing = "none-known" // stated by someone
	NotRecorded Nothing = "not-recorded"
	Unavailable Nothing = "unavailable"
)

// Date is a date or instant at the precision at which it was recorded ("2019", "2019-03", "2019-03-05", an instant); "" is not recorded.
type Date string

// Record is what people read. Its JSON is what the pages answer to Accept: application/json.
type Record struct {
	Ref           kmcr.Ref        `json:"ref"`
	AsOf          time.Time       `json:"asOf"`
	Banner        Banner          `json:"banner"`
	Others        int             `json:"others,omitempty"` // entries that concern other people, told when they are asked for
	Alerts        Part[Item]      `json:"alerts"`
	Safeguarding  Part[Item]      `json:"safeguarding"`
	Concerns      []Concern       `json:"concerns,omitempty"` // what is about safeguarding, of whatever type, with whom to ring
	Moves         []Move          `json:"moves,omitempty"`
	Allergies     Part[Allergy]   `json:"allergies"`
	Medicines     Part[Medicine]  `json:"medicines"`
	Problems      Part[Item]      `json:"problems"`
	Procedures    Part[Item]      `json:"procedures"`
	FamilyHistory Part[Item]      `json:"familyHistory"`
	Results       Part[Test]      `json:"results"`
	Observations  Part[Test]      `json:"observations"`
	Reports       Part[Item]      `json:"reports"`
	Assessments   Part[Item]      `json:"assessments"`
	Vaccinations  Part[Item]      `json:"vaccinations"`
	Encounters    Part[Encounter] `json:"encounters"`
	Admitted      *Encounter      `json:"admittedNow,omitempty"` // in hospital now: where and why
	Appointments  Part[Item]      `json:"appointments"`
	Referrals     Part[Item]      `json:"referrals"`
	Documents     Part[Document]  `json:"documents"`
	Contacts      Part[Contact]   `json:"contacts"`
	SocialCare    Part[Service]   `json:"socialCare"`
	Plans         Part[Item]      `json:"plans"`
	Other         Part[Item]      `json:"other"`
	Timeline      []Item          `json:"timeline"` // newest first
	// Past tells that the record is shown as it stood at AsOf, which lies in the past.
	Past bool `json:"past,omitempty"`
	// Since, Looked and Changes say what has been taken in since the viewer last looked; Looked is false where the viewer has not looked lately.
	Since       *time.Time   `json:"since,omitempty"`
	Looked      bool         `json:"looked,omitempty"`
	Changes     []Change     `json:"changes,omitempty"`
	Conflicts   []Conflict   `json:"conflicts"`
	Sources     []Source     `json:"sources"`
	Corrections []Correction `json:"corrections"` // problems that readers have reported, with their answers
	// NotShown lists permitted statements that stand in no part above, with the reason (conservation: every statement is shown or listed here).
	NotShown []NotShown `json:"notShown"`

	noKnownAllergies []Provenance
}

// Part is one section of the record with its honesty: which kind of nothing, how fresh, what is withheld.
type Part[T any] struct {
	Title   string       `json:"title"`
	Section kmcr.Section `json:"section"`
	State   Nothing      `json:"state"`
	// Words is the sentence for State ("No known allergies", "Allergies not recorded", …).
	Words      string       `json:"words"`
	Items      []T          `json:"items"`
	Withheld   bool         `json:"withheld"`             // something is withheld; never what
	Hidden     string       `json:"hidden,omitempty"`     // why this role does not see it
	Incomplete string       `json:"incomplete,omitempty"` // "may be incomplete: … last heard …"
	Updated    Date         `json:"updated"`              // newest item
	Sources    []SourceNote `json:"sources"`              // each contributor that fills this section, and when it last spoke
	StatedBy   []Provenance `json:"statedBy,omitempty"`   // who states that there is none, where State is NoneKnown
}

// SourceNote says when a contributor last spoke about a section.
type SourceNote struct {
	Contributor kmcr.ContributorCode `json:"contributor"`
	Name        string               `json:"name"`
	LastHeard   time.Time            `json:"lastHeard,omitzero"` // of anything
	About       time.Time            `json:"lastHeardAboutPerson,omitzero"`
	Linked      bool                 `json:"linked"` // has sent something about this person
	Late        bool                 `json:"late"`   // against its own rhythm; never of one that has sent nothing about this person
	Items       int                  `json:"items"`
}

// Provenance says where an item comes from; every item has one.
type Provenance struct {
	Statement   string               `json:"statement"` // logical id
	Version     int                  `json:"version"`
	Type        string               `json:"type"`
	Contributor kmcr.ContributorCode `json:"contributor"`
	Source      string               `json:"source"` // name for readers
	Author      string               `json:"author,omitempty"`
	Recorded    time.Time            `json:"recorded"`
	Key         string               `json:"key"` // the source's own identifier
}

// Item is anything that reads as a title with details.
type Item struct {
	Title    string       `json:"title"`
	Plain    string       `json:"plain,omitempty"` // in plain words, where terms has them
	Kind     string       `json:"kind"`            // "Condition", "Admission", …, for readers
	Status   string       `json:"status,omitempty"`
	Active   bool         `json:"active"`
	Date     Date         `json:"date"`
	End      Date         `json:"end,omitempty"`
	Details  []Detail     `json:"details,omitempty"`
	Conflict string       `json:"conflict,omitempty"` // id of a Conflict
	Reported bool         `json:"reported,omitempty"` // a reader has reported a problem with it, and its contributor has not answered
	From     []Provenance `json:"from"`
}

// Detail is one labelled fact of an item.
type Detail struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Banner is who the person is, as the preferred contributor has it.
type Banner struct {
	Name              string       `json:"name"` // SURNAME, Given (Title)
	PreferredName     string       `json:"preferredName,omitempty"`
	Born              Date         `json:"born"`
	Age               string       `json:"age"` // "67y", "4y 2m", "at death 83y"
	Gender            string       `json:"gender"`
	NHSNumber         string       `json:"nhsNumber"` // 3-3-4, or ""
	NHSVerified       bool         `json:"nhsNumberVerified"`
	Died              Date         `json:"died,omitempty"`
	Deceased          bool         `json:"deceased"`
	Address           string       `json:"address"`
	Telephones        []string     `json:"telephones"`
	Practice          string       `json:"practice"`
	PossibleDuplicate bool         `json:"possibleDuplicate"`
	AllergyTitle      string       `json:"allergyTitle"` // exactly one of the four of ISB 1505 PAB-0064
	Allergies         []string     `json:"allergies"`
	Disputed          []Dispute    `json:"disputed"` // facts above on which contributors differ
	From              []Provenance `json:"from"`
}

// Dispute marks a fact of the banner on which contributors differ.
type Dispute struct {
	About    Fact   `json:"about"`
	Fact     string `json:"fact"`
	Conflict string `json:"conflict"`
}

// Dispute is the conflict about a fact of the banner, "" where contributors agree.
func (b Banner) Dispute(about Fact) string {
	for _, d := range b.Disputed {
		if d.About == about {
			return d.Conflict
		}
	}
	return ""
}

// Allergy is one line of the allergy table.
type Allergy struct {
	Item
	Substance string   `json:"substance"`
	Reactions []string `json:"reactions"`
	Severity  string   `json:"severity,omitempty"`
	Certainty string   `json:"certainty,omitempty"`
	Coded     bool     `json:"coded"`
}

// Medicine is one medicine, however many contributors state it.
type Medicine struct {
	Item                        // Date is when it was started
	Name       string           `json:"name"`
	Directions string           `json:"directions"`     // as written by its contributor, or the parts below in words
	Dose       string           `json:"dose,omitempty"` // as coded
	Route      string           `json:"route,omitempty"`
	Frequency  string           `json:"frequency,omitempty"`
	Times      []string         `json:"times,omitempty"`    // "08:00", "at night"
	AsNeeded   string           `json:"asNeeded,omitempty"` // "when needed for pain"
	Maximum    string           `json:"maximum,omitempty"`
	Indication string           `json:"indication,omitempty"`
	Course     string           `json:"course,omitempty"`   // repeat, acute, as sent
	Group      string           `json:"group"`              // "current", "recently-stopped" (90 days), "past", "unknown"
	JoinedBy   string           `json:"joinedBy,omitempty"` // why statements are one line: "same dm+d or SNOMED CT code", …
	LastIssued Date             `json:"lastIssued,omitempty"`
	Dispensed  *Supply          `json:"lastDispensed,omitempty"`
	Given      *Supply          `json:"lastGiven,omitempty"`
	Changed    Date             `json:"changed,omitempty"` // when a contributor last changed what it had said
	Stopped    Date             `json:"stopped,omitempty"`
	Review     Date             `json:"review,omitempty"`
	Also       []MedicineSource `json:"also,omitempty"` // other products or doses that the preferred contributor has current: never added up
	Says       []MedicineSource `json:"says"`           // what each contributor says, never merged

	issues map[string]bool // statements that only issue, supply or give it again
}

// Supply is one time that a medicine was dispensed or given: the last of which anybody tells.
type Supply struct {
	Date   Date       `json:"date"`
	Amount string     `json:"amount,omitempty"` // "28 tablets, for 28 days"
	By     string     `json:"by,omitempty"`
	From   Provenance `json:"from"`
}

// MedicineSource is one contributor's statement of a medicine.
type MedicineSource struct {
	Name       string     `json:"name"`
	Directions string     `json:"directions"`
	Dose       string     `json:"dose,omitempty"`
	Status     string     `json:"status"`
	Current    bool       `json:"current"`
	Date       Date       `json:"date"` // when it was last stated
	Started    Date       `json:"started,omitempty"`
	Ended      Date       `json:"ended,omitempty"`
	LastIssued Date       `json:"lastIssued,omitempty"`
	From       Provenance `json:"from"`
}

// Test is one kind of result with its values over time, one unit only.
type Test struct {
	Name    string       `json:"name"`
	Code    string       `json:"code,omitempty"`
	Unit    string       `json:"unit"`
	Numeric bool         `json:"numeric"`
	Values  []Value      `json:"values"` // newest first
	From    []Provenance `json:"from"`
}

// Newest is the newest result that was not cancelled. Nil: there is none.
func (t Test) Newest() *Value { return t.uncancelled(0) }

// Before is the result that stands before what is shown as the newest, but for those that were cancelled. Nil: there is none.
func (t Test) Before() *Value { return t.uncancelled(1) }

func (t Test) uncancelled(from int) *Value {
	for n := from; n < len(t.Values); n++ {
		if !t.Values[n].Cancelled {
			return &t.Values[n]
		}
	}
	return nil
}

// Value is one result.
type Value struct {
	Text   string     `json:"text"` // at the recorded precision, with its comparator
	Number float64    `json:"number,omitempty"`
	Date   Date       `json:"date"`
	Low    string     `json:"low,omitempty"`
	High   string     `json:"high,omitempty"`
	Flag   string     `json:"flag,omitempty"` // high, low, abnormal, critical
	Status string     `json:"status,omitempty"`
	Note   string     `json:"note,omitempty"`
	From   Provenance `json:"from"`
	// Cancelled tells that no result came of it; it is never the value before another.
	Cancelled bool `json:"cancelled,omitempty"`
}

// Encounter is an admission, attendance or contact.
type Encounter struct {
	Item
	Class        string `json:"class"` // inpatient, emergency, outpatient, community, …
	Organisation string `json:"organisation"`
	Ward         string `json:"ward,omitempty"`
	Telephone    string `json:"telephone,omitempty"`
	Reason       string `json:"reason,omitempty"`
	How          string `json:"how,omitempty"` // admission method in words
	Expected     Date   `json:"expectedDischarge,omitempty"`
	Destination  string `json:"destination,omitempty"`
	Now          bool   `json:"now"`
}

// Document is a letter or report; its content is opened by its statement id.
type Document struct {
	Item
	ContentType string `json:"contentType"`
	Size        int    `json:"size"`
	HasContent  bool   `json:"hasContent"`

	words func() string // the text inside, read when somebody looks for words
}

// Contact is a professional or personal contact.
type Contact struct {
	Item
	Name         string `json:"name"`
	Role         string `json:"role"`
	Team         string `json:"team,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Telephone    string `json:"telephone,omitempty"`
	DutyLine     string `json:"dutyLine,omitempty"` // of the team, when the worker is not there
	Hours        string `json:"hours,omitempty"`    // in which the worker or the duty line can be reached
	Since        Date   `json:"since,omitempty"`    // when the involvement began, as far as it is said
	// Last and Next are the last contact with the person that has been and the next that is arranged; "" not recorded.
	Last     Date `json:"lastContact,omitempty"`
	Next     Date `json:"nextContact,omitempty"`
	Lead     bool `json:"lead"`     // stated to lead the care, or to be the worker named for the person
	Involved bool `json:"involved"` // still; else the involvement has ended
	// Why says in a few words why the contact stands where it does for this viewer.
	Why       string `json:"why,omitempty"`
	Personal  bool   `json:"personal"`
	NextOfKin bool   `json:"nextOfKin"`
	Carer     bool   `json:"carer,omitempty"`
	Attorney  bool   `json:"attorney,omitempty"`  // holds a lasting power of attorney, or is a deputy of the court
	Emergency bool   `json:"emergency,omitempty"` // to be called in an emergency
	// Involvement is the number by which the viewer ends their own involvement; 0 for everybody else's.
	Involvement int64 `json:"involvement,omitempty"`

	rank int
}

// Service is a social care service, package, assessment or review.
type Service struct {
	Item
	Provider  string `json:"provider,omitempty"`
	Component string `json:"component,omitempty"`
	Delivery  string `json:"delivery,omitempty"`
	Quantity  string `json:"quantity,omitempty"`
}

// Conflict is one fact about which contributors disagree.
type Conflict struct {
	ID      string          `json:"id"`
	About   Fact            `json:"about"` // the kind of fact, as the authority orders name it
	Fact    string          `json:"fact"`
	Section kmcr.Section    `json:"section"`
	Values  []ConflictValue `json:"values"`
	Reason  string          `json:"reason"` // why the preferred one is preferred
}

// ConflictValue is what one contributor says.
type ConflictValue struct {
	Value     string     `json:"value"`
	Date      Date       `json:"date"`
	Preferred bool       `json:"preferred"`
	From      Provenance `json:"from"`
}

// Change is one item that is new, or changed, since the viewer last looked.
type Change struct {
	Title string       `json:"title"`
	Kind  string       `json:"kind"`
	Page  string       `json:"page"`            // on which it stands, as in its address
	New   bool         `json:"new"`             // else an earlier one was changed
	Again bool         `json:"again,omitempty"` // a medicine was issued, dispensed or given again, and nothing else about it changed
	Date  Date         `json:"date"`            // of what happened
	From  []Provenance `json:"from"`            // what was taken in since
}

// NotShown is a statement that stands in no part, and why.
type NotShown struct {
	From Provenance `json:"from"`
	Why  string     `json:"why"`
}
