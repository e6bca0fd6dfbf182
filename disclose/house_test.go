package disclose_test

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
	"kmcr/store"
	"kmcr/web"
)

// house is the record in one process: a real store, the real doors in and
// out, the real pages and API; only signing in is replaced by naming a viewer.
type house struct {
	t   testing.TB
	db  *store.DB
	in  *ingest.Service
	out *disclose.Service
	mux *http.ServeMux

	mu      sync.Mutex
	viewers map[string]kmcr.Viewer
	now     time.Time
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, mux: http.NewServeMux(), viewers: map[string]kmcr.Viewer{}, now: time.Now()}
	dir := t.TempDir()
	keys, err := store.OpenKeys(dir)
	h.must(err)
	h.db, err = store.Open(t.Context(), "sqlite:"+dir+"/kmcr.db", store.Options{Keys: keys})
	h.must(err)
	t.Cleanup(func() { h.db.Close() })
	h.write(func(tx *store.Tx) error {
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
	h.in, err = ingest.New(t.Context(), ingest.Config{DB: h.db, Workers: 1, Involvements: access.Involvements, Classify: access.Classify})
	h.must(err)
	t.Cleanup(func() { h.in.Close(context.Background()) })
	h.out = disclose.New(disclose.Config{DB: h.db, Now: h.clock, Tokens: tokens})
	h.must(web.Mount(h.mux, web.Config{Disclose: h.out, Ingest: h.in, Viewer: h.viewer, Parked: h.out.Parked, ShowParked: h.out.ShowParked}))
	h.must(fhirapi.Mount(h.mux, fhirapi.Config{Disclose: h.out, Ingest: h.in, Viewer: h.viewer, Base: "http://kmcr.test/fhir/R4"}))
	return h
}

func tokens(q disclose.Query) []string {
	id := match.Identity{Names: []match.Name{{Family: q.Family, Given: q.Given}}, Born: q.Born, Postcodes: []string{q.Postcode}}
	if n, err := kmcr.ParseNHSNumber(q.NHSNumber); err == nil {
		id.NHS = n
	}
	return match.Tokens(id)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) write(f func(*store.Tx) error) {
	h.t.Helper()
	h.must(h.db.Write(context.Background(), f))
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) viewer(r *http.Request) (kmcr.Viewer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.viewers[r.Header.Get("X-Viewer")]
	if !ok {
		return v, &kmcr.Error{Kind: kmcr.Unauthenticated, Message: "nobody has signed in"}
	}
	return v, nil
}

// somebody is a viewer who can ask.
func (h *house) somebody(v kmcr.Viewer) asker {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := fmt.Sprintf("%+v", v)
	h.viewers[key] = v
	return asker{h, key, v}
}

type asker struct {
	h    *house
	name string
	kmcr.Viewer
}

type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; extra are headers, name and value in turn.
func (a asker) ask(method, path, body string, extra ...string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Viewer", a.name)
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(extra); i += 2 {
		r.Header.Set(extra[i], extra[i+1])
	}
	w := httptest.NewRecorder()
	a.h.mux.ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Result().Body)
	return answer{w.Code, w.Result().Header, string(b)}
}

func (a asker) get(path string) answer { return a.ask("GET", path, "") }

// nhs makes the nth synthetic NHS number.
func nhs(n int) string {
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

// sent has a contributor send a transaction and answers the logical ids of its entries by fullUrl.
func (h *house) sent(c kmcr.ContributorCode, entries ...string) map[string]string {
	h.t.Helper()
	var urls, all []string
	for _, e := range entries {
		url, resource, _ := strings.Cut(e, " ")
		var head struct{ ResourceType string }
		h.must(json.Unmarshal([]byte(resource), &head))
		urls = append(urls, url)
		all = append(all, fmt.Sprintf(`{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":%q}}`, url, resource, head.ResourceType))
	}
	a, err := h.in.FHIR(context.Background(), ingest.Interaction{Contributor: c, Method: "POST", Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(all, ",") + `]}`)})
	h.must(err)
	if a.Status != 200 {
		h.t.Fatalf("the transaction was answered %d: %s", a.Status, a.Body)
	}
	var b struct {
		Entry []struct{ Response struct{ Location string } }
	}
	h.must(json.Unmarshal(a.Body, &b))
	ids := map[string]string{}
	for i, e := range b.Entry {
		ids[urls[i]] = strings.Split(strings.TrimPrefix(e.Response.Location, "/fhir/R4/"), "/_history")[0]
	}
	return ids
}

// personOf is the person to whom a contributor's patient is linked.
func (h *house) personOf(location string) kmcr.PersonID {
	h.t.Helper()
	_, id, _ := strings.Cut(location, "/")
	logical, ok := kmcr.ParseStatementID(id)
	if !ok {
		h.t.Fatalf("%q is not a logical id", location)
	}
	p, err := h.db.PatientByID(context.Background(), logical.Patient)
	h.must(err)
	return p.Person
}

func (h *house) involve(i kmcr.Involvement) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error { return tx.AddInvolvement(&i) })
}

func (h *house) object(p kmcr.PersonID, o access.Objection) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error { return tx.Put(store.KindObjection, string(p.Ref()), o) })
}

// audited counts the entries of the audit log.
func (h *house) audited() (n int) {
	h.t.Helper()
	h.must(h.db.AuditAll(context.Background(), func(*audit.Entry) error { n++; return nil }))
	return n
}
