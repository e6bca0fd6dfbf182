package signin

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// house is the room over a real store, served over a real socket.
type house struct {
	*Service
	t      *testing.T
	server *httptest.Server
	ahead  atomic.Int64 // nanoseconds by which the clock is ahead
	dir    string
}

// accounts that the tests know.
var accounts = []Account{
	{Name: "gp", Person: "Dr Amara Nwosu", Role: kmcr.RoleGP, Organisation: "G82050", Shows: "A whole record."},
	{Name: "social-worker", Person: "Grace Okafor", Role: kmcr.RoleSocialWorker, Organisation: "820", Team: "Ashford", Shows: "An admission."},
	{Name: "left", Person: "Somebody Gone", Role: kmcr.RoleGP, Organisation: "G82050", Disabled: true},
	{Name: "elsewhere", Person: "Known Otherwise", Role: kmcr.RoleGP, Organisation: "G82050", Subject: "uuid-1"},
}

func open(t *testing.T, change func(*Config)) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	keys, err := store.OpenKeys(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(h.dir, "kmcr.db"), store.Options{Keys: keys, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	mux := http.NewServeMux()
	h.server = httptest.NewServer(http.NewCrossOriginProtection().Handler(mux))
	t.Cleanup(h.server.Close)
	c := Config{DB: db, Keys: keys, Now: now, Base: h.server.URL, Demo: true, Data: h.dir}
	if change != nil {
		change(&c)
	}
	if h.Service, err = New(ctx, c); err != nil {
		t.Fatal(err)
	}
	h.Mount(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		v, err := h.Viewer(r)
		if err != nil {
			http.Error(w, string(kmcr.KindOf(err)), http.StatusUnauthorized)
			return
		}
		answerJSON(w, http.StatusOK, v)
	})
	for _, a := range accounts {
		if err := h.EnsureAccount(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	err = db.Write(ctx, func(tx *store.Tx) error {
		return tx.Put(store.KindContributor, "practice", kmcr.Contributor{Code: "practice", Organisation: "G82050", Name: "Practice"})
	})
	if err == nil {
		err = h.EnsureClient(ctx, "practice", "practice")
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) later(d time.Duration) { h.ahead.Add(int64(d)) }

// browser is a client with a jar, as a person has.
func (h *house) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

var requestField = regexp.MustCompile(`name="request" value="([^"]+)"`)

// asked begins a sign-in and answers the request that the provider's form names.
func (h *house) asked(b *http.Client, back string) string {
	h.t.Helper()
	page := h.do(b.PostForm(h.server.URL+"/signin", url.Values{"return": {back}}))
	found := requestField.FindStringSubmatch(page)
	if found == nil {
		h.t.Fatalf("the provider's page has no form: %.300s", page)
	}
	return found[1]
}

// signIn follows the steps that doc.go describes.
func (h *house) signIn(b *http.Client, account string) {
	h.t.Helper()
	h.do(b.PostForm(h.server.URL+"/demo-idp/login", url.Values{"request": {h.asked(b, "/")}, "account": {account}}))
}

func (h *house) do(r *http.Response, err error) string {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// who asks the server who this browser is; the zero Viewer where it is nobody.
func (h *house) who(b *http.Client) (v kmcr.Viewer) {
	h.t.Helper()
	r, err := b.Get(h.server.URL + "/who")
	body := h.do(r, err)
	if r.StatusCode == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			h.t.Fatal(err)
		}
	}
	return v
}

func (h *house) audited(action string) (all []*audit.Entry) {
	h.t.Helper()
	err := h.DB.AuditAll(context.Background(), func(e *audit.Entry) error {
		if e.Action == action {
			all = append(all, e)
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func TestSignInAndOut(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	if v := h.who(b); v.Account != "" {
		t.Fatalf("signed in before signing in: %+v", v)
	}
	page := h.do(b.Get(h.server.URL + "/signin?return=/people/abc"))
	for _, want := range []string{`action="/signin"`, `value="/people/abc"`, "social-worker", "An admission.", `lang="en"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the sign-in page does not say %q", want)
		}
	}
	if strings.Contains(page, "Somebody Gone") {
		t.Error("the page offers a disabled account")
	}
	h.signIn(b, "social-worker")
	want := kmcr.Viewer{Account: "social-worker", Name: "Grace Okafor", Role: kmcr.RoleSocialWorker, Organisation: "820", Team: "Ashford", Assurance: 2}
	got := h.who(b)
	want.Proven = got.Proven
	if got != want || time.Since(got.Proven) > time.Minute {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	base, _ := url.Parse(h.server.URL)
	old := b.Jar.Cookies(base)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := b.Post(h.server.URL+"/signout", "", nil)
	h.do(r, err)
	if r.StatusCode != http.StatusSeeOther || !strings.Contains(r.Header.Get("Clear-Site-Data"), "storage") {
		t.Errorf("sign-out answered %d %v", r.StatusCode, r.Header)
	}
	b.Jar.SetCookies(base, old) // the Back button, or a thief
	if got := h.who(b); got.Account != "" {
		t.Error("a cookie works after sign-out")
	}
	in, out := h.audited("sign-in"), h.audited("sign-out")
	if len(in) != 1 || !in[0].Allowed || in[0].Viewer.Account != "social-worker" || len(out) != 1 || out[0].Viewer.Account != "social-worker" {
		t.Errorf("audit: %+v %+v", in, out)
	}
}

func TestSignInCookie(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	request := h.asked(b, "https://elsewhere.example/")
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := b.PostForm(h.server.URL+"/demo-idp/login", url.Values{"request": {request}, "account": {"gp"}})
	h.do(r, err)
	r, err = b.Get(r.Header.Get("Location"))
	h.do(r, err)
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/" {
		t.Errorf("sign-in led to %d %q: never to another site", r.StatusCode, r.Header.Get("Location"))
	}
	for _, c := range r.Cookies() {
		if c.Name == "kmcr" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || len(c.Value) < 43) {
			t.Errorf("the cookie is weak: %v", c)
		}
	}
	secure := &Service{Config: h.Config}
	secure.Base = "https://record.example"
	if secure.cookieName() != "__Host-kmcr" || !secure.secure() {
		t.Error("over https the cookie must be bound to the host")
	}
}

func TestEachSignInHasACookieOfItsOwn(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	base, _ := url.Parse(h.server.URL)
	b.Jar.SetCookies(base, []*http.Cookie{{Name: "kmcr", Value: "planted-by-somebody-else", Path: "/"}})
	h.signIn(b, "gp")
	first := cookieOf(b, base)
	h.signIn(b, "social-worker")
	second := cookieOf(b, base)
	if first == "planted-by-somebody-else" || first == second || first == "" {
		t.Error("the cookie was kept at sign-in")
	}
	b.Jar.SetCookies(base, []*http.Cookie{{Name: "kmcr", Value: first, Path: "/"}})
	if h.who(b).Account != "" {
		t.Error("the earlier sign-in of the same browser is still in force")
	}
}

func cookieOf(b *http.Client, u *url.URL) string {
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "kmcr" {
			return c.Value
		}
	}
	return ""
}

func TestSignInEndsByItself(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	h.signIn(b, "gp")
	for range 50 { // used every 14 minutes for 11 hours 40
		h.later(14 * time.Minute)
		if h.who(b).Account != "gp" {
			t.Fatal("a sign-in in use ended")
		}
	}
	h.later(14 * time.Minute)
	h.who(b)
	h.later(14 * time.Minute)
	if h.who(b).Account != "" {
		t.Error("a sign-in outlived 12 hours")
	}
	h.signIn(b, "gp")
	h.later(15 * time.Minute)
	if h.who(b).Account != "" {
		t.Error("a sign-in outlived 15 idle minutes")
	}
}

func TestDisabledAtOnce(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	h.signIn(b, "gp")
	token, err := h.Token(context.Background(), "", "gp")
	if err != nil {
		t.Fatal(err)
	}
	gone := accounts[0]
	gone.Disabled = true
	if err := h.EnsureAccount(context.Background(), gone); err != nil {
		t.Fatal(err)
	}
	time.Sleep(registerAge + 50*time.Millisecond)
	if h.who(b).Account != "" {
		t.Error("a disabled account is still signed in")
	}
	if _, err := h.Viewer(bearer(token)); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("a disabled account's token: %v", err)
	}
}

func TestSignInsThatComeToNothing(t *testing.T) {
	h := open(t, nil)
	// A disabled account, and one that there is not.
	for _, account := range []string{"left", "nobody", ""} {
		b := h.browser()
		h.signIn(b, account)
		if h.who(b).Account != "" {
			t.Errorf("account %q signed in", account)
		}
	}
	// A subject is another's name: the account that is bound to a subject is not found by its name.
	if _, err := h.accountOf(context.Background(), "elsewhere"); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Error("an account that is bound to a subject was taken by its name")
	}
	if a, err := h.accountOf(context.Background(), "uuid-1"); err != nil || a.Name != "elsewhere" {
		t.Errorf("by its subject: %v %v", a, err)
	}
	// Another browser's answer (login CSRF), a used one, a forged one.
	b := h.browser()
	request := h.asked(b, "/")
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := b.PostForm(h.server.URL+"/demo-idp/login", url.Values{"request": {request}, "account": {"gp"}})
	h.do(r, err)
	answer := r.Header.Get("Location")
	victim := h.browser()
	h.do(victim.Get(answer))
	if h.who(victim).Account != "" {
		t.Error("a browser that did not begin was signed in")
	}
	h.do(b.Get(strings.Replace(answer, "iss=", "iss=https://evil.example&x=", 1)))
	if h.who(b).Account != "" {
		t.Error("another issuer's answer was taken")
	}
	h.do(b.Get(answer))
	if h.who(b).Account != "" {
		t.Error("a state was taken twice")
	}
	r, err = b.PostForm(h.server.URL+"/demo-idp/login", url.Values{"request": {request}, "account": {"gp"}})
	if page := h.do(r, err); !strings.Contains(page, "too long, or has been used") {
		t.Errorf("an authorisation request was answered twice: %.200s", page)
	}
	refusals := 0
	for _, e := range h.audited("sign-in") {
		if e.Allowed {
			t.Errorf("audited as allowed: %+v", e)
		}
		refusals++
	}
	if refusals < 5 {
		t.Errorf("%d refusals audited", refusals)
	}
}

func TestAnotherSiteCannotBeginOrEnd(t *testing.T) {
	h := open(t, nil)
	for _, path := range []string{"/signin", "/signout", "/signin/token", "/demo-idp/login"} {
		r, err := http.NewRequest(http.MethodPost, h.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		got, err := http.DefaultClient.Do(r)
		h.do(got, err)
		if got.StatusCode != http.StatusForbidden {
			t.Errorf("%s from another site answered %d", path, got.StatusCode)
		}
	}
}

func TestReturnPaths(t *testing.T) {
	for in, want := range map[string]string{
		"": "/", "/": "/", "/people/x?y=1": "/people/x?y=1", "//evil.example": "/", "https://evil.example/": "/",
		`/\evil.example`: "/", "people": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x=y": "/", "/%0d": "/%0d",
	} {
		if got := localPath(in); got != want {
			t.Errorf("%q led to %q", in, got)
		}
	}
}

func TestTokenOfASignInEndsWithIt(t *testing.T) {
	h := open(t, nil)
	b := h.browser()
	r, err := b.Post(h.server.URL+"/signin/token", "", nil)
	if h.do(r, err); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a sign-in: %d", r.StatusCode)
	}
	h.signIn(b, "gp")
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(h.do(b.Post(h.server.URL+"/signin/token", "", nil))), &got); err != nil || got.Token == "" {
		t.Fatal(err)
	}
	if v, err := h.Viewer(bearer(got.Token)); err != nil || v.Account != "gp" || v.Role != kmcr.RoleGP {
		t.Errorf("%+v %v", v, err)
	}
	h.do(b.Post(h.server.URL+"/signout", "", nil))
	if _, err := h.Viewer(bearer(got.Token)); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("after sign-out: %v", err)
	}
}

func TestClientsKeyIsItsOwners(t *testing.T) {
	h := open(t, nil)
	path := filepath.Join(h.dir, "clients", "practice.jwk")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	before, _ := os.ReadFile(path)
	if err := h.EnsureClient(context.Background(), "practice", "practice"); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the key was made again")
	}
	if err := h.EnsureClient(context.Background(), "../x", "practice"); kmcr.KindOf(err) != kmcr.Invalid {
		t.Errorf("a code that is a path: %v", err)
	}
	var c Client
	if _, err := h.DB.Get(context.Background(), store.KindClient, "practice", &c); err != nil || strings.Contains(string(c.JWKS), `"d"`) {
		t.Error("the register holds a private key")
	}
}

func TestBadBase(t *testing.T) {
	for _, base := range []string{"", "127.0.0.1:8080", "ftp://x", "http://x/y"} {
		if _, err := New(context.Background(), Config{Base: base}); kmcr.KindOf(err) != kmcr.Invalid {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func bearer(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/fhir/R4/Patient/x", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
