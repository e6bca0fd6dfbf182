// Package house puts the rooms of the record together in one process for
// tests: a real store, the real doors in and out, the real pages and API. Only
// signing in is replaced, by naming a viewer. What a test asks goes through
// the same handlers that the program serves.
package house

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kmcr"
	"kmcr/access"
	"kmcr/audit"
	"kmcr/disclose"
	"kmcr/fhirapi"
	"kmcr/ingest"
	"kmcr/match"
	"kmcr/notify"
	"kmcr/store"
	"kmcr/web"
)

// House is the record in one process: a real store, the real doors in and
// out, the real pages and API; only signing in is replaced by naming a viewer.
type House struct {
	t    testing.TB
	DB   *store.DB
	In   *ingest.Service
	Out  *disclose.Service
	Told *notify.Service
	Mux  *http.ServeMux
	// Letters is the relay through which e-mail to kent.test goes.
	Letters *Relay
	// Receiver is the address of the one receiver to which notifications may be sent.
	Receiver string

	mu       sync.Mutex
	viewers  map[string]kmcr.Viewer
	receiver http.HandlerFunc
	Now      time.Time
}

func New(t testing.TB) *House {
	t.Helper()
	h := &House{t: t, Mux: http.NewServeMux(), viewers: map[string]kmcr.Viewer{}, Now: time.Now()}
	dir := t.TempDir()
	keys, err := store.OpenKeys(dir)
	h.Must(err)
	h.DB, err = store.Open(t.Context(), "sqlite:"+dir+"/kmcr.db", store.Options{Keys: keys})
	h.Must(err)
	t.Cleanup(func() { h.DB.Close() })
	h.Write(func(tx *store.Tx) error {
		for _, o := range []kmcr.Organisation{
			{ODS: "G82050", Name: "Whereabout Surgery", Kind: "gp-practice", Signatory: true, Telephone: "01233 111222"},
			{ODS: "G82051", Name: "Plain Surgery", Kind: "gp-practice", Signatory: true},
			{ODS: "RVV", Name: "East Kent Hospitals", Kind: "acute", Signatory: true},
			{ODS: "RZZ", Name: "Outside Hospitals", Kind: "acute"},
		} {
			if err := tx.Put(store.KindOrganisation, string(o.ODS), o); err != nil {
				return err
			}
		}
		for _, c := range []kmcr.Contributor{
			{Code: "practice", Organisation: "G82050", Name: "Whereabout Surgery system", Format: kmcr.FormatFHIR, Authority: 5},
			{Code: "plain", Organisation: "G82051", Name: "Plain Surgery system", Format: kmcr.FormatFHIR, Authority: 5},
			{Code: "hospital", Organisation: "RVV", Name: "Hospital system", Format: kmcr.FormatFHIR, Authority: 4},
			{Code: "clinic", Organisation: "RVV", Name: "Sexual health clinic system", Format: kmcr.FormatFHIR, Authority: 1},
		} {
			if err := tx.Put(store.KindContributor, string(c.Code), c); err != nil {
				return err
			}
		}
		return nil
	})
	receiver := httptest.NewServer(http.HandlerFunc(h.receive))
	t.Cleanup(receiver.Close)
	h.Receiver, h.Letters = receiver.URL, NewRelay(t, 0)
	h.Out = disclose.New(disclose.Config{DB: h.DB, Now: h.clock, Tokens: tokens, Explain: explain, Happened: func() { h.Told.Wake() }})
	h.Told, err = notify.New(notify.Config{DB: h.DB, Now: h.clock, Hooks: []string{h.Receiver}, Pages: "http://kmcr.test", FHIR: "http://kmcr.test/fhir/R4",
		MailRelay: h.Letters.Address, MailFrom: "kmcr@kent.test", MailDomains: []string{"kent.test"},
		May: h.Out.MayHear, MaySubscribe: h.Out.MaySubscribe, Owner: h.subscriber})
	h.Must(err)
	t.Cleanup(h.Told.Close)
	h.In, err = ingest.New(t.Context(), ingest.Config{DB: h.DB, Workers: 1, Involvements: access.Involvements, Classify: access.Classify, Topic: notify.TopicOf, Happened: h.Told.Happened})
	h.Must(err)
	t.Cleanup(func() { h.In.Close(context.Background()) })
	h.Must(web.Mount(h.Mux, web.Config{Disclose: h.Out, Ingest: h.In, Notify: h.Told, Viewer: h.viewer, Launched: launched, Parked: h.Out.Parked, ShowParked: h.Out.ShowParked}))
	h.Must(fhirapi.Mount(h.Mux, fhirapi.Config{Disclose: h.Out, Ingest: h.In, Notify: h.Told, Viewer: h.viewer, Base: "http://kmcr.test/fhir/R4"}))
	return h
}

func tokens(q disclose.Query) []string {
	id := match.Identity{Names: []match.Name{{Family: q.Family, Given: q.Given}}, Born: q.Born, Postcodes: []string{q.Postcode}}
	if n, err := kmcr.ParseNHSNumber(q.NHSNumber); err == nil {
		id.NHS = n
	}
	return match.Kept(id)
}

func explain(c kmcr.Contributor, m store.Message, raw []byte) disclose.Explanation {
	e := ingest.Explain(c, m, raw)
	return disclose.Explanation{States: e.States, Unmapped: e.Unmapped, Flags: e.Flags, Problem: e.Problem}
}

// receive hands what arrives at Receiver to whoever receives now.
func (h *House) receive(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	f := h.receiver
	h.mu.Unlock()
	if f != nil {
		f(w, r)
	}
}

// Forget takes an account away.
func (h *House) Forget(a Asker) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, a.name)
}

// Receives says what answers notifications from now on.
func (h *House) Receives(f http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.receiver = f
}

// subscriber is whoever can ask here, as they are now.
func (h *House) subscriber(_ context.Context, v kmcr.Viewer) (kmcr.Viewer, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, now := range h.viewers {
		if now.Account == v.Account {
			return now, true, nil
		}
	}
	return v, false, nil
}

func (h *House) Must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *House) Write(f func(*store.Tx) error) {
	h.t.Helper()
	h.Must(h.DB.Write(context.Background(), f))
}

func (h *House) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Now
}

func (h *House) viewer(r *http.Request) (kmcr.Viewer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.viewers[r.Header.Get("X-Viewer")]
	if !ok {
		return v, &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "nobody has signed in"}
	}
	if v.Proven.IsZero() { // just signed in, unless it is said when
		v.Proven = h.Now
	}
	return v, nil
}

// launched knows of no launch: no system has proven one here.
func launched(context.Context, kmcr.Viewer, string) (disclose.Launched, error) {
	return disclose.Launched{}, &kmcr.Error{Kind: kmcr.NotFound, Message: "this way in has been used, took too long, or was made for somebody else"}
}

// Somebody is a viewer who can ask.
func (h *House) Somebody(v kmcr.Viewer) Asker {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := fmt.Sprintf("%+v", v)
	h.viewers[key] = v
	return Asker{h, key, v}
}

type Asker struct {
	h    *House
	name string
	kmcr.Viewer
}

type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Ask sends a request; extra are headers, name and value in turn.
func (a Asker) Ask(method, path, body string, extra ...string) Answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Viewer", a.name)
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(extra); i += 2 {
		r.Header.Set(extra[i], extra[i+1])
	}
	if strings.HasPrefix(path, "/alerts/stream") { // which does not end by itself
		ctx, stop := context.WithTimeout(r.Context(), time.Second)
		defer stop()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	a.h.Mux.ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Result().Body)
	return Answer{w.Code, w.Result().Header, string(b)}
}

func (a Asker) Get(path string) Answer { return a.Ask("GET", path, "") }

// NHS makes the nth synthetic NHS number.
func NHS(n int) string {
	for base := 999_000_000 + n*2; ; base++ {
		digits := fmt.Sprint(base)
		sum := 0
		for i, d := range digits {
			sum += int(d-'0') * (10 - i)
		}
		if check := (11 - sum%11) % 11; check != 10 {
			return digits + fmt.Sprint(check)
		}
	}
}

// Sent has a contributor send a transaction and answers the logical ids of its entries by fullUrl.
func (h *House) Sent(c kmcr.ContributorCode, entries ...string) map[string]string {
	h.t.Helper()
	var urls, all []string
	for _, e := range entries {
		url, resource, _ := strings.Cut(e, " ")
		var head struct{ ResourceType string }
		h.Must(json.Unmarshal([]byte(resource), &head))
		urls = append(urls, url)
		all = append(all, fmt.Sprintf(`{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":%q}}`, url, resource, head.ResourceType))
	}
	a, err := h.In.FHIR(context.Background(), ingest.Interaction{Contributor: c, Method: "POST", Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(all, ",") + `]}`)})
	h.Must(err)
	if a.Status != 200 {
		h.t.Fatalf("the transaction was answered %d: %s", a.Status, a.Body)
	}
	var b struct {
		Entry []struct{ Response struct{ Location string } }
	}
	h.Must(json.Unmarshal(a.Body, &b))
	ids := map[string]string{}
	for i, e := range b.Entry {
		ids[urls[i]] = strings.Split(strings.TrimPrefix(e.Response.Location, "/fhir/R4/"), "/_history")[0]
	}
	return ids
}

// PersonOf is the person to whom a contributor's patient is linked.
func (h *House) PersonOf(location string) kmcr.PersonID {
	h.t.Helper()
	_, id, _ := strings.Cut(location, "/")
	logical, ok := kmcr.ParseStatementID(id)
	if !ok {
		h.t.Fatalf("%q is not a logical id", location)
	}
	p, err := h.DB.PatientByID(context.Background(), logical.Patient)
	h.Must(err)
	return p.Person
}

func (h *House) Involve(i kmcr.Involvement) {
	h.t.Helper()
	h.Write(func(tx *store.Tx) error { return tx.AddInvolvement(&i) })
}

func (h *House) Object(p kmcr.PersonID, o access.Objection) {
	h.t.Helper()
	h.Write(func(tx *store.Tx) error { return tx.Put(store.KindObjection, string(p.Ref()), o) })
}

// Audited counts the entries of the audit log.
func (h *House) Audited() (n int) {
	h.t.Helper()
	h.Must(h.DB.AuditAll(context.Background(), func(*audit.Entry) error { n++; return nil }))
	return n
}

// Pass lets time go by.
func (h *House) Pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Now = h.Now.Add(d)
}

// At is an instant two minutes ago, as an address of a page has it.
func (a Asker) At() string {
	london, err := time.LoadLocation("Europe/London")
	a.h.Must(err)
	return a.h.clock().Add(-2 * time.Minute).In(london).Format("2006-01-02T15:04")
}
