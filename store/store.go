package store

import (
	"context"
	"io"
	"log/slog"
	"time"

	"kmcr"
	"kmcr/audit"
)

// DB is the memory of the record: one SQLite file or one PostgreSQL database.
type DB struct{}

// Options are what a DB needs besides its address.
type Options struct {
	Keys *Keys
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger
	Node string // this process among several; "" makes a random one
}

// Keys are the secrets kept outside the database.
type Keys struct{}

// OpenKeys reads the keys in dir, making them (mode 0600) where there are none.
func OpenKeys(dir string) (*Keys, error) { panic("not built") }

// Derive gives a 32 byte key for another use (cookies, launch tokens), the same for the same label.
func (k *Keys) Derive(label string) []byte { panic("not built") }

// Open opens "sqlite:PATH" or "postgres://…", brings its tables up to date and starts the writer.
func Open(ctx context.Context, address string, o Options) (*DB, error) { panic("not built") }

// Close drains the writer and closes.
func (db *DB) Close() error { panic("not built") }

// Ping tells whether the database answers and can be written (readiness).
func (db *DB) Ping(ctx context.Context) error { panic("not built") }

// Write runs f in one transaction that is committed and synced when Write
// returns nil. In SQLite many Writes share one commit, each in its own savepoint; f may be run again after
// a conflict, so it must not do anything but use tx. Work that costs processor time (sealing) is done before.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error { panic("not built") }

// Tx is a running Write.
type Tx struct{}

// --- the ledger of messages ---

// State of a message in the ledger.
type State string

// The states: received = applied + parked + rejected + waiting, always. A discarded one is rejected with its reason.
const (
	Waiting  State = "waiting"
	Applied  State = "applied"
	Parked   State = "parked"
	Rejected State = "rejected"
)

// Message is one ledger entry.
type Message struct {
	ID          int64
	Contributor kmcr.ContributorCode
	Format      kmcr.Format
	ControlID   string // MSH-10, Bundle.identifier, file and row
	Hash        [32]byte
	ReceivedAt  time.Time
	State       State
	// Lane orders messages: those of one lane are applied one after the other in order of ID.
	Lane   uint64
	Reason string // code of why parked or rejected: "identity-missing", "reference-unknown", …
	Detail string // in words, with the place; never an identifier in clear
	Answer []byte // the acknowledgement that was sent
	Flag   string // data-quality flag ("control id used before with another payload")
}

// Accept makes messages durable: raw bytes (sealed), ledger entry, work entry.
// Where the same contributor has sent the same ControlID with the same Hash before (and ControlID is not ""), nothing
// is kept and dup is that earlier message, its Answer included.
func (tx *Tx) Accept(m *Message, raw []byte) (dup *Message, err error) { panic("not built") }

// Settle records the outcome of a message; the raw bytes are kept while it is
// waiting or parked, and given up when it is applied (they live on in the block) or rejected.
func (tx *Tx) Settle(id int64, s State, reason, detail string) error { panic("not built") }

// Claim takes waiting messages for this node, in order; those of a node that has not been heard of for 10 seconds are taken over.
func (db *DB) Claim(ctx context.Context, limit int) ([]Message, error) { panic("not built") }

// Raw opens the raw bytes of a message that is waiting or parked, or (from its block) applied.
func (db *DB) Raw(ctx context.Context, id int64) ([]byte, error) { panic("not built") }

// MessageByID reads one ledger entry.
func (db *DB) MessageByID(ctx context.Context, id int64) (*Message, error) { panic("not built") }

// Messages walks the ledger of a contributor ("" all), in state s ("" any), newest last, in pages inside.
func (db *DB) Messages(ctx context.Context, c kmcr.ContributorCode, s State, f func(Message) error) error {
	panic("not built")
}

// Tally is the conservation counter of one contributor.
type Tally struct {
	Received, Applied, Parked, Rejected, Waiting int64
	LastHeard                                    time.Time
}

// Tallies counts the ledger, per contributor.
func (db *DB) Tallies(ctx context.Context) (map[kmcr.ContributorCode]Tally, error) {
	panic("not built")
}

// --- contributors' patients, their statements ---

// Patient is one contributor's patient.
type Patient struct {
	ID          kmcr.PatientID
	Contributor kmcr.ContributorCode
	Key         string        // the contributor's own identifier
	Person      kmcr.PersonID // 0 for a register compartment
	Register    bool          // holds a statement about nobody
	MergedInto  kmcr.PatientID
	Claims      []byte // sealed at rest: what the contributor says of who it is (JSON, written and read by ingest)
}

// PatientByKey finds a contributor's patient by its own identifier or an alias of it; nil where there is none.
func (db *DB) PatientByKey(ctx context.Context, c kmcr.ContributorCode, key string) (*Patient, error) {
	panic("not built")
}

// PatientByID finds a patient; nil where there is none.
func (db *DB) PatientByID(ctx context.Context, id kmcr.PatientID) (*Patient, error) {
	panic("not built")
}

// NewPatient makes a patient with an id and a data key of its own; it is not stored until PutPatient.
func (db *DB) NewPatient(c kmcr.ContributorCode, key string) *Patient { panic("not built") }

// PutPatient stores a new patient or the changed Person, MergedInto and Claims of one; a second patient with the same
// contributor and key is a kmcr.Conflict. Aliases and search tokens ("kind|value", kept keyed) replace those there were.
func (tx *Tx) PutPatient(p *Patient, aliases, tokens []string) error { panic("not built") }

// AddAlias lets key lead to patient p, and statement s where it is not nil (a client's own id: "Observation/abc").
func (tx *Tx) AddAlias(c kmcr.ContributorCode, key string, p kmcr.PatientID, s *kmcr.StatementID) error {
	panic("not built")
}

// StatementByAlias finds what AddAlias wrote.
func (db *DB) StatementByAlias(ctx context.Context, c kmcr.ContributorCode, key string) (id kmcr.StatementID, ok bool, err error) {
	panic("not built")
}

// PatientsByToken finds candidates: patients that share any of the tokens, at most limit.
func (db *DB) PatientsByToken(ctx context.Context, tokens []string, limit int) ([]*Patient, error) {
	panic("not built")
}

// Compartment is everything a contributor states of one patient: current
// versions, and the earlier ones on request. It is a value: what was read
// stays as it was, whatever is written later. It may be shared between readers and must not be changed.
type Compartment struct {
	Patient *Patient
	Seq     int64 // number of the last block read
}

// Current returns the current version of each statement that is not deleted, internal ones left out.
func (c *Compartment) Current() []*kmcr.Statement { panic("not built") }

// Head returns the latest version of a statement, deleted and internal ones too; nil where there is none.
func (c *Compartment) Head(id kmcr.StatementID) *kmcr.Statement { panic("not built") }

// Versions returns every version of a statement, oldest first.
func (c *Compartment) Versions(id kmcr.StatementID) []*kmcr.Statement { panic("not built") }

// All returns the latest version of everything, deleted and internal ones too.
func (c *Compartment) All() []*kmcr.Statement { panic("not built") }

// AsAt returns the compartment as it stood at t (by Recorded).
func (c *Compartment) AsAt(t time.Time) *Compartment { panic("not built") }

// StatementID gives the id that the contributor's key has in a patient's compartment.
func StatementIDFor(p kmcr.PatientID, key string) kmcr.StatementID { panic("not built") }

// Compartments reads the statements of patients, each at its newest block; cached and brought up to date by what is newer.
func (db *DB) Compartments(ctx context.Context, ids ...kmcr.PatientID) ([]*Compartment, error) {
	panic("not built")
}

// Block is a set of new versions of one patient's statements from one message, sealed.
type Block struct {
	Patient kmcr.PatientID
	Seq     int64
	// Written are the versions that the block adds (Version and Late are set); statements that repeat the current version are not in it.
	Written []*kmcr.Statement
}

// Seal makes the block that follows c from statements (ID, Type, Section, Labels, Key, At, Deleted, Internal, MessageID, Body, Meta set)
// and raw, the message as received where it is not the statements themselves (HL7, CSV); it numbers versions, marks late ones,
// leaves out repeats, compresses and seals. c may be nil for a new patient. It returns nil when there is nothing new.
func (db *DB) Seal(p *Patient, c *Compartment, statements []*kmcr.Statement, raw []byte, recorded time.Time) (*Block, error) {
	panic("not built")
}

// Append stores a block; if another block of that number is there already it is a kmcr.Conflict and everything is to be read and made again.
func (tx *Tx) Append(b *Block) error { panic("not built") }

// --- persons ---

// Links returns the patients linked to a person.
func (db *DB) Links(ctx context.Context, p kmcr.PersonID) ([]*Patient, error) { panic("not built") }

// NewPerson draws a person id.
func (db *DB) NewPerson() kmcr.PersonID { panic("not built") }

// Relink moves a patient to a person and keeps the history of it (by whom, why).
func (tx *Tx) Relink(p kmcr.PatientID, to kmcr.PersonID, by, reason string) error { panic("not built") }

// LinkChange is one step of a patient's link history.
type LinkChange struct {
	Patient    kmcr.PatientID
	From, To   kmcr.PersonID
	At         time.Time
	By, Reason string
}

// LinkHistory lists the changes of a patient's link, oldest first.
func (db *DB) LinkHistory(ctx context.Context, p kmcr.PatientID) ([]LinkChange, error) {
	panic("not built")
}

// --- who is involved: an index from organisations, teams and accounts to persons ---

// SetInvolvements replaces those derived from a patient's statements.
func (tx *Tx) SetInvolvements(p kmcr.PatientID, derived []kmcr.Involvement) error { panic("not built") }

// AddInvolvement adds one that was granted, claimed or put on a caseload.
func (tx *Tx) AddInvolvement(i *kmcr.Involvement) error { panic("not built") }

// EndInvolvement ends one.
func (tx *Tx) EndInvolvement(id int64, at time.Time) error { panic("not built") }

// InvolvementsOf lists those of a person (through all linked patients, and those added).
func (db *DB) InvolvementsOf(ctx context.Context, p kmcr.PersonID) ([]kmcr.Involvement, error) {
	panic("not built")
}

// PeopleOf lists persons with an involvement open at a time of this account, team or organisation, newest first.
func (db *DB) PeopleOf(ctx context.Context, account, team string, o kmcr.ODS, at time.Time, limit int) ([]kmcr.Involvement, error) {
	panic("not built")
}

// --- match reviews ---

// Review is a pair of patients about whom a person has to decide.
type Review struct {
	ID        int64
	A, B      kmcr.PatientID
	Score     float64
	Reasons   string
	At        time.Time
	State     string // "open", "same", "different", "unsure"
	By        string
	DecidedAt time.Time
}

// PutReview adds a review, or changes the one of the same pair.
func (tx *Tx) PutReview(r *Review) error { panic("not built") }

// Reviews lists reviews in a state, oldest first.
func (db *DB) Reviews(ctx context.Context, state string) ([]Review, error) { panic("not built") }

// ReviewsOf lists the reviews that concern a patient.
func (db *DB) ReviewsOf(ctx context.Context, p kmcr.PatientID) ([]Review, error) { panic("not built") }

// --- events: what happened to people, for alerts ---

// AddEvent adds one.
func (tx *Tx) AddEvent(e *kmcr.Event) error { panic("not built") }

// EventsOf lists events of patients, newest first.
func (db *DB) EventsOf(ctx context.Context, ids []kmcr.PatientID, since time.Time, limit int) ([]kmcr.Event, error) {
	panic("not built")
}

// --- audit ---

// Audit appends an entry to this node's chain inside the transaction, and sets its ID.
func (tx *Tx) Audit(e *audit.Entry) error { panic("not built") }

// AuditNow appends entries, committed and synced on return; calls made side by side share a commit.
func (db *DB) AuditNow(ctx context.Context, entries ...*audit.Entry) error { panic("not built") }

// AuditOf lists the entries about a person, newest first.
func (db *DB) AuditOf(ctx context.Context, p kmcr.PersonID, limit int) ([]*audit.Entry, error) {
	panic("not built")
}

// AuditAll walks every entry, chain by chain in order.
func (db *DB) AuditAll(ctx context.Context, f func(*audit.Entry) error) error { panic("not built") }

// AuditVerify proves every chain; it returns how many entries fit, and the id of and reason for the first that does not ("" where all fit).
func (db *DB) AuditVerify(ctx context.Context) (entries int64, broken, why string, err error) {
	panic("not built")
}

// --- registers: small tables that an administrator keeps ---

// Put stores v as JSON under kind and key ("organisation", "RVV").
func (tx *Tx) Put(kind, key string, v any) error { panic("not built") }

// Remove takes an entry out of a register.
func (tx *Tx) Remove(kind, key string) error { panic("not built") }

// Get reads an entry; found is false where there is none.
func (db *DB) Get(ctx context.Context, kind, key string, v any) (found bool, err error) {
	panic("not built")
}

// List reads every key of a register with its JSON, in order of key.
func (db *DB) List(ctx context.Context, kind string, f func(key string, body []byte) error) error {
	panic("not built")
}

// The kinds of register.
const (
	KindOrganisation = "organisation" // kmcr.Organisation by ODS
	KindContributor  = "contributor"  // kmcr.Contributor by code
	KindAccount      = "account"      // signin.Account by name
	KindClient       = "client"       // signin.Client by code
	KindObjection    = "objection"    // access.Objection by person ref
	KindSetting      = "setting"
)

// --- sign-ins and other short-lived things ---

// PutTicket keeps a short-lived value (a sign-in, an authorisation code, a used jti) until expires; a second ticket of the same
// kind and key is a kmcr.Conflict when once is true.
func (tx *Tx) PutTicket(kind, key string, body []byte, expires time.Time, once bool) error {
	panic("not built")
}

// Ticket reads one that has not expired.
func (db *DB) Ticket(ctx context.Context, kind, key string) (body []byte, ok bool, err error) {
	panic("not built")
}

// DropTicket removes one.
func (tx *Tx) DropTicket(kind, key string) error { panic("not built") }

// --- upkeep ---

// Backup writes a consistent copy of an embedded database to w while it runs; PostgreSQL answers kmcr.Unsupported and says to use its own tools.
func (db *DB) Backup(ctx context.Context, w io.Writer) error { panic("not built") }

// Restore makes the database at address (which must not exist yet) from what Backup wrote.
func Restore(ctx context.Context, address string, r io.Reader) error { panic("not built") }

// Size is the bytes that the database takes on disk.
func (db *DB) Size(ctx context.Context) (int64, error) { panic("not built") }

// Counts tells how many patients, persons and blocks there are.
func (db *DB) Counts(ctx context.Context) (patients, persons, blocks int64, err error) {
	panic("not built")
}
