package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/compose"
	"kmcr/disclose"
	"kmcr/ingest"
	"kmcr/notify"
)

// Config is what the pages need.
type Config struct {
	Disclose *disclose.Service
	Ingest   *ingest.Service
	Viewer   func(*http.Request) (kmcr.Viewer, error) // signin.Service.Viewer, handed over by cmd/kmcr
	Log      *slog.Logger
	Demo     bool
	Notify   *notify.Service // nil: no alerts are streamed
	// Parked lists what could not be applied, and ShowParked opens one, decided and audited like Feeds; handed over by cmd/kmcr.
	// Where they are nil the page of the feeds names the command that does it.
	Parked     func(context.Context, kmcr.Viewer) ([]disclose.ParkedMessage, error)
	ShowParked func(ctx context.Context, v kmcr.Viewer, id int64) (*disclose.ParkedMessage, error)
	// Launched takes a launch from another system, once (signin.Service.Launched); nil: there are none.
	Launched func(ctx context.Context, v kmcr.Viewer, id string) (disclose.Launched, error)
	// Organisation gives an organisation's name for readers, "" for an unknown one; nil: codes are shown.
	Organisation func(kmcr.ODS) string
}

// wayOut is what the pages ask of disclose.Service.
type wayOut interface {
	AboutOthers(ctx context.Context, v kmcr.Viewer, ref, reason string) ([]compose.Item, error)
	policiesOut
	Record(ctx context.Context, v kmcr.Viewer, ref, where string, only ...kmcr.Section) (*compose.Record, error)
	Ask(ctx context.Context, v kmcr.Viewer, ref, where string, a disclose.Asking) (*compose.Record, error)
	Orders(ctx context.Context, v kmcr.Viewer) (orders []compose.AuthorityOrder, mayChange bool, err error)
	SetOrder(ctx context.Context, v kmcr.Viewer, fact compose.Fact, kinds []string, why string) error
	Report(ctx context.Context, v kmcr.Viewer, ref, statement, says string) error
	Corrections(ctx context.Context, v kmcr.Viewer) ([]compose.Correction, error)
	Answer(ctx context.Context, v kmcr.Viewer, statement string, id int, state, answer string) error
	Statement(ctx context.Context, v kmcr.Viewer, id kmcr.StatementID, version int, where string) (*kmcr.Statement, error)
	Find(ctx context.Context, v kmcr.Viewer, q disclose.Query, where string) ([]disclose.Found, error)
	BreakGlass(ctx context.Context, v kmcr.Viewer, ref string, why disclose.Why) error
	Launch(ctx context.Context, v kmcr.Viewer, l disclose.Launched) (*disclose.Arrival, error)
	Refused(ctx context.Context, v kmcr.Viewer, action, where, rule string) error
	WaysIn(ctx context.Context, v kmcr.Viewer, ref string) ([]disclose.WayIn, error)
	MayCopy(ctx context.Context, v kmcr.Viewer, ref string) error
	Copy(ctx context.Context, v kmcr.Viewer, ref, reason string) (*disclose.Copy, error)
	Proven(ctx context.Context, v kmcr.Viewer, action, where string) error
	SayInvolved(ctx context.Context, v kmcr.Viewer, ref string, why disclose.Why) (until time.Time, err error)
	EndInvolved(ctx context.Context, v kmcr.Viewer, ref string, id int64) error
	Objections(ctx context.Context, v kmcr.Viewer, ref string) ([]disclose.Objection, error)
	Object(ctx context.Context, v kmcr.Viewer, ref string, organisation kmcr.ODS, role kmcr.Role, words string) error
	EndObjection(ctx context.Context, v kmcr.Viewer, ref string, id int, words string) error
	Concerns(ctx context.Context, v kmcr.Viewer) ([]disclose.Concern, error)
	Settle(ctx context.Context, v kmcr.Viewer, id, verdict, words string) error
	Agreement(ctx context.Context) (*disclose.Agreement, error)
	Explain(ctx context.Context, v kmcr.Viewer, ref string) (*disclose.Denied, error)
	Looks(ctx context.Context, v kmcr.Viewer, ref string) ([]*audit.Entry, error)
	Caseload(ctx context.Context, v kmcr.Viewer) ([]disclose.CaseloadEntry, error)
	Use(ctx context.Context, v kmcr.Viewer, days int) (*disclose.Usage, error)
	Household(ctx context.Context, v kmcr.Viewer, ref string) (*disclose.Household, error)
	Case(ctx context.Context, v kmcr.Viewer, ref string) (*disclose.Case, error)
	Acknowledge(ctx context.Context, v kmcr.Viewer, ref string) error
	Assign(ctx context.Context, v kmcr.Viewer, ref, to string) error
	Note(ctx context.Context, v kmcr.Viewer, ref, says string) error
	Alerts(ctx context.Context, v kmcr.Viewer) ([]disclose.Alert, error)
	AlertByID(ctx context.Context, v kmcr.Viewer, id string) (*disclose.Alert, error)
	AlertsAbout(ctx context.Context, v kmcr.Viewer, person kmcr.PersonID, where string) ([]disclose.Alert, error)
	AcknowledgeAlert(ctx context.Context, v kmcr.Viewer, id string) error
	AskProvider(ctx context.Context, v kmcr.Viewer, alert, service, words string) ([]disclose.Asked, error)
	MayListen(ctx context.Context, v kmcr.Viewer) error
	MayTend(ctx context.Context, v kmcr.Viewer, where string) error
	Feeds(ctx context.Context, v kmcr.Viewer) ([]disclose.Feed, error)
	Message(ctx context.Context, v kmcr.Viewer, id int64, reason string) (*disclose.Message, error)
	Recent(ctx context.Context, v kmcr.Viewer, c kmcr.ContributorCode) ([]disclose.Message, error)
	Matches(ctx context.Context, v kmcr.Viewer, state string, from int) (pairs []disclose.Pair, total int, err error)
	Entries(ctx context.Context, v kmcr.Viewer, ref string) (*disclose.Entries, error)
	MayReport(ctx context.Context, v kmcr.Viewer) (names map[kmcr.ContributorCode]string, err error)
	Privacy(ctx context.Context, v kmcr.Viewer) ([]disclose.PrivacyItem, error)
}

// wayIn is what the work lists ask of ingest.Service.
type wayIn interface {
	Replay(ctx context.Context, id int64, by kmcr.Viewer) error
	Discard(ctx context.Context, id int64, reason string, by kmcr.Viewer) error
	Correct(ctx context.Context, id int64, raw []byte, reason string, by kmcr.Viewer) (corrected int64, err error)
	Preview(ctx context.Context, id int64, raw []byte) (*ingest.Preview, error)
	Live() map[kmcr.ContributorCode]ingest.Live
	Pause(ctx context.Context, code kmcr.ContributorCode, paused bool, by kmcr.Viewer) error
	Trial(ctx context.Context, code kmcr.ContributorCode, testOnly bool, testers []string, by kmcr.Viewer) error
	Decide(ctx context.Context, review int64, decision string, took time.Duration, by kmcr.Viewer) (made bool, err error)
	Part(ctx context.Context, entries []kmcr.PatientID, took time.Duration, by kmcr.Viewer) (made bool, err error)
	Join(ctx context.Context, entries []kmcr.PatientID, took time.Duration, by kmcr.Viewer) (made bool, err error)
	UndoMerge(ctx context.Context, from kmcr.PatientID, by kmcr.Viewer) (made bool, err error)
	TakeBack(ctx context.Context, reviews []int64, by kmcr.Viewer) (made bool, err error)
	Linked(ctx context.Context) ([]ingest.LinkRate, time.Time, error)
}

// site is the pages, ready to serve.
type site struct {
	Config
	out    wayOut
	in     wayIn
	assets assets
	drawn  drawings
	origin *http.CrossOriginProtection
}

// Mount adds the pages to mux. The catch-all "/" is theirs too: what no room answers is a page that says so.
func Mount(mux *http.ServeMux, c Config) error {
	return mount(mux, c, c.Disclose, c.Ingest)
}

func mount(mux *http.ServeMux, c Config, out wayOut, in wayIn) error {
	files, err := readAssets()
	if err != nil {
		return err
	}
	s := &site{Config: c, out: out, in: in, assets: files, origin: http.NewCrossOriginProtection()}
	if s.drawn, err = s.readTemplates(); err != nil {
		return err
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.routes(mux)
	return nil
}
