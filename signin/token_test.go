package signin

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kmcr"
	"kmcr/store"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// forge makes a JWS by hand, with any header.
func forge(t *testing.T, head string, claims map[string]any, sign func([]byte) []byte) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	in := b64(head) + "." + b64(string(body))
	return in + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(in)))
}

func es256(t *testing.T, key *ecdsa.PrivateKey) func([]byte) []byte {
	return func(in []byte) []byte {
		sum := sha256.Sum256(in)
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	}
}

func TestBearerTokens(t *testing.T) {
	h := open(t, nil)
	ours := h.tokens.private
	public, err := json.Marshal(h.tokens.public)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := h.tokens.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	head := func(alg, typ, kid string) string {
		return `{"alg":"` + alg + `","typ":"` + typ + `","kid":"` + kid + `"}`
	}
	kid := h.tokens.public.KeyID
	good := func(change ...any) map[string]any {
		c := map[string]any{"iss": h.Base, "aud": h.Base + "/fhir/R4", "sub": "gp", "client_id": "kmcr", "jti": "1",
			"iat": h.Now().Unix(), "nbf": h.Now().Unix(), "exp": h.Now().Add(time.Minute).Unix()}
		for i := 0; i < len(change); i += 2 {
			if change[i+1] == nil {
				delete(c, change[i].(string))
			} else {
				c[change[i].(string)] = change[i+1]
			}
		}
		return c
	}
	hs256 := func(secret []byte) func([]byte) []byte {
		return func(in []byte) []byte { m := hmac.New(sha256.New, secret); m.Write(in); return m.Sum(nil) }
	}
	ourHead := head("ES256", "at+jwt", kid)
	if v, err := h.Viewer(bearer(forge(t, ourHead, good(), es256(t, ours)))); err != nil || v.Account != "gp" {
		t.Fatalf("the token from which all others are made is refused: %v", err)
	}
	for name, token := range map[string]string{
		"nothing":                        "",
		"not a token":                    "abc",
		"no algorithm":                   forge(t, head("none", "at+jwt", kid), good(), func([]byte) []byte { return nil }),
		"no algorithm, other case":       forge(t, head("nOnE", "at+jwt", kid), good(), func([]byte) []byte { return nil }),
		"HS256 with the public key":      forge(t, head("HS256", "at+jwt", kid), good(), hs256(public)),
		"HS256 with the public point":    forge(t, head("HS256", "at+jwt", kid), good(), hs256(raw)),
		"no signature":                   forge(t, ourHead, good(), func([]byte) []byte { return nil }),
		"another key":                    forge(t, ourHead, good(), es256(t, other)),
		"a key of its own in the header": forge(t, strings.Replace(ourHead, `{`, `{"jwk":`+string(mustJSON(t, jose.JSONWebKey{Key: &other.PublicKey}))+`,`, 1), good(), es256(t, other)),
		"a key elsewhere":                forge(t, strings.Replace(ourHead, `{`, `{"jku":"https://evil.example/jwks",`, 1), good(), es256(t, other)),
		"a kid that is a path":           forge(t, head("ES256", "at+jwt", "../../etc/passwd"), good(), es256(t, ours)),
		"no kid":                         forge(t, `{"alg":"ES256","typ":"at+jwt"}`, good(), es256(t, ours)),
		"an ID token's type":             forge(t, head("ES256", "JWT", kid), good(), es256(t, ours)),
		"no type":                        forge(t, `{"alg":"ES256","kid":"`+kid+`"}`, good(), es256(t, ours)),
		"another issuer":                 forge(t, ourHead, good("iss", "https://evil.example"), es256(t, ours)),
		"no issuer":                      forge(t, ourHead, good("iss", nil), es256(t, ours)),
		"another audience":               forge(t, ourHead, good("aud", "https://evil.example"), es256(t, ours)),
		"no audience":                    forge(t, ourHead, good("aud", nil), es256(t, ours)),
		"expired":                        forge(t, ourHead, good("exp", h.Now().Add(-time.Second).Unix()), es256(t, ours)),
		"never expires":                  forge(t, ourHead, good("exp", nil), es256(t, ours)),
		"not yet":                        forge(t, ourHead, good("nbf", h.Now().Add(time.Minute).Unix()), es256(t, ours)),
		"nobody":                         forge(t, ourHead, good("sub", nil), es256(t, ours)),
		"somebody who is not there":      forge(t, ourHead, good("sub", "nobody"), es256(t, ours)),
		"a disabled account":             forge(t, ourHead, good("sub", "left"), es256(t, ours)),
		"an account as a client":         forge(t, ourHead, good("client_id", "gp"), es256(t, ours)),
		"a client that acts for another": forge(t, ourHead, good("client_id", "practice"), es256(t, ours)),
		"a sign-in that is not there":    forge(t, ourHead, good("sid", "abc"), es256(t, ours)),
		"too long":                       forge(t, ourHead, good("x", strings.Repeat("x", tokenMost)), es256(t, ours)),
		"claims that are no object":      b64(ourHead) + "." + b64(`[]`) + "." + b64("x"),
	} {
		if v, err := h.Viewer(bearer(token)); kmcr.KindOf(err) != kmcr.Unauthenticated {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
	r := bearer("x")
	r.Header.Set("Authorization", "Basic Z3A6Z3A=")
	if _, err := h.Viewer(r); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("another scheme: %v", err)
	}
	r = bearer(forge(t, ourHead, good(), es256(t, ours)))
	r.Header.Add("Authorization", "Bearer x")
	if _, err := h.Viewer(r); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("two credentials: %v", err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTokensForAccountsAreForTheDemonstration(t *testing.T) {
	h := open(t, nil)
	token, err := h.Token(context.Background(), "", "gp")
	if err != nil {
		t.Fatal(err)
	}
	h.Demo = false
	if _, err := h.Viewer(bearer(token)); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("outside the demonstration: %v", err)
	}
	if _, err := h.Token(context.Background(), "", "gp"); kmcr.KindOf(err) != kmcr.Refused {
		t.Errorf("outside the demonstration: %v", err)
	}
	h.Demo = true
	for _, who := range [][2]string{{"", "nobody"}, {"", "left"}, {"nobody", ""}} {
		if _, err := h.Token(context.Background(), who[0], who[1]); kmcr.KindOf(err) != kmcr.NotFound {
			t.Errorf("%v: %v", who, err)
		}
	}
	h.later(tokenLasts)
	if _, err := h.Viewer(bearer(token)); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Errorf("after an hour: %v", err)
	}
}

// client is what the owner of a client has: its private key.
func (h *house) client(code string) jose.JSONWebKey {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, "clients", code+".jwk"))
	if err != nil {
		h.t.Fatal(err)
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(b, &key); err != nil {
		h.t.Fatal(err)
	}
	return key
}

// assert makes an assertion as a client library does.
func (h *house) assert(key jose.JSONWebKey, alg jose.SignatureAlgorithm, change ...any) string {
	h.t.Helper()
	c := map[string]any{"iss": "practice", "sub": "practice", "aud": h.Base + tokenPath, "jti": rand.Text(),
		"iat": h.Now().Unix(), "exp": h.Now().Add(4 * time.Minute).Unix()}
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == nil {
			delete(c, change[i].(string))
		} else {
			c[change[i].(string)] = change[i+1]
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		h.t.Fatal(err)
	}
	signed, err := signer.Sign(mustJSON(h.t, c))
	if err != nil {
		h.t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *house) ask(assertion string, change ...string) (status int, answer map[string]any) {
	h.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}, "scope": {"system/*.rs"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	r, err := http.PostForm(h.server.URL+tokenPath, form)
	body := h.do(r, err)
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		h.t.Fatalf("%s: %v", body, err)
	}
	if r.Header.Get("Cache-Control") != "no-store" {
		h.t.Error("a token may be kept by a cache")
	}
	return r.StatusCode, answer
}

func TestClientCredentials(t *testing.T) {
	h := open(t, nil)
	key := h.client("practice")
	status, answer := h.ask(h.assert(key, jose.ES384))
	if status != http.StatusOK || answer["token_type"] != "Bearer" || answer["scope"] != "system/*.rs" {
		t.Fatalf("%d %v", status, answer)
	}
	token, _ := answer["access_token"].(string)
	v, err := h.Viewer(bearer(token))
	if err != nil || v.Contributor != "practice" || v.Account != "practice" || v.Organisation != "G82050" || v.Role != "" {
		t.Errorf("%+v %v", v, err)
	}
	write := bearer(token)
	write.Method = http.MethodPost
	if _, err := h.Viewer(write); kmcr.KindOf(err) != kmcr.Refused {
		t.Errorf("a token for reading wrote: %v", err)
	}
	used := h.assert(key, jose.ES384)
	if status, _ := h.ask(used); status != http.StatusOK {
		t.Fatal("an assertion is not taken")
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	in := h.Now()
	for name, c := range map[string]struct {
		assertion string
		change    []string
		error     string
	}{
		"used before":             {used, nil, "invalid_client"},
		"another key":             {h.assert(jose.JSONWebKey{Key: other, KeyID: key.KeyID}, jose.ES384), nil, "invalid_client"},
		"a kid that is not there": {h.assert(jose.JSONWebKey{Key: key.Key, KeyID: "x"}, jose.ES384), nil, "invalid_client"},
		"HS256 by the public key": {h.assert(jose.JSONWebKey{Key: public, KeyID: key.KeyID}, jose.HS256), nil, "invalid_client"},
		"no algorithm":            {b64(`{"alg":"none"}`) + "." + b64(`{"iss":"practice","sub":"practice"}`) + ".", nil, "invalid_client"},
		"another audience":        {h.assert(key, jose.ES384, "aud", "https://evil.example/token"), nil, "invalid_client"},
		"no audience":             {h.assert(key, jose.ES384, "aud", nil), nil, "invalid_client"},
		"a client nobody knows":   {h.assert(key, jose.ES384, "iss", "other", "sub", "other"), nil, "invalid_client"},
		"for another client":      {h.assert(key, jose.ES384, "sub", "other"), nil, "invalid_client"},
		"expired":                 {h.assert(key, jose.ES384, "exp", in.Add(-time.Second).Unix()), nil, "invalid_client"},
		"no expiry":               {h.assert(key, jose.ES384, "exp", nil), nil, "invalid_client"},
		"lives too long":          {h.assert(key, jose.ES384, "exp", in.Add(time.Hour).Unix()), nil, "invalid_client"},
		"from the future":         {h.assert(key, jose.ES384, "iat", in.Add(2*time.Minute).Unix()), nil, "invalid_client"},
		"not yet":                 {h.assert(key, jose.ES384, "nbf", in.Add(2*time.Minute).Unix()), nil, "invalid_client"},
		"no jti":                  {h.assert(key, jose.ES384, "jti", nil), nil, "invalid_client"},
		"a jti without end":       {h.assert(key, jose.ES384, "jti", strings.Repeat("x", 300)), nil, "invalid_client"},
		"a secret":                {h.assert(key, jose.ES384), []string{"client_secret", "x"}, "invalid_client"},
		"another grant":           {h.assert(key, jose.ES384), []string{"grant_type", "password"}, "unsupported_grant_type"},
		"another client_id":       {h.assert(key, jose.ES384), []string{"client_id", "other"}, "invalid_client"},
		"another scope":           {h.assert(key, jose.ES384), []string{"scope", "user/*.rs openid"}, "invalid_scope"},
		"another kind of proof":   {h.assert(key, jose.ES384), []string{"client_assertion_type", "x"}, "invalid_client"},
	} {
		if status, answer := h.ask(c.assertion, c.change...); status == http.StatusOK || answer["error"] != c.error {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	allowed, refused := 0, 0
	for _, e := range h.audited("token") {
		if e.Allowed {
			allowed++
		} else {
			refused++
		}
	}
	if allowed != 2 || refused != 21 {
		t.Errorf("audited: %d allowed, %d refused", allowed, refused)
	}
}

func TestEveryAlgorithmThatWePromise(t *testing.T) {
	h := open(t, nil)
	small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for alg, private := range map[jose.SignatureAlgorithm]crypto.Signer{jose.ES256: small, jose.RS256: big, jose.RS384: big} {
		set := mustJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "k"}}})
		code := "client-" + strings.ToLower(string(alg))
		err := h.DB.Write(context.Background(), func(tx *store.Tx) error {
			return tx.Put(store.KindClient, code, Client{Code: code, Contributor: "practice", JWKS: set})
		})
		if err != nil {
			t.Fatal(err)
		}
		token := h.assert(jose.JSONWebKey{Key: private, KeyID: "k"}, alg, "iss", code, "sub", code, "aud", []string{h.Base + tokenPath})
		if status, answer := h.ask(token); status != http.StatusOK {
			t.Errorf("%s: %d %v", alg, status, answer)
		}
	}
}

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		scope, method, path string
		want                bool
	}{
		{"system/*.cruds", "POST", "/fhir/R4", true},
		{"system/*.rs", "POST", "/fhir/R4", false},
		{"system/Observation.cruds", "POST", "/fhir/R4", false},
		{"system/*.rs", "GET", "/fhir/R4/Patient/x/$everything", true},
		{"system/*.rs", "POST", "/fhir/R4/Patient/_search", true},
		{"system/*.r", "POST", "/fhir/R4/Patient/_search", false},
		{"system/*.r", "GET", "/fhir/R4/Observation", false},
		{"system/Observation.rs", "GET", "/fhir/R4/Observation", true},
		{"system/Observation.rs", "GET", "/fhir/R4/Condition", false},
		{"system/Observation.rs system/Condition.s", "GET", "/fhir/R4/Condition", true},
		{"system/*.cu", "DELETE", "/fhir/R4/Condition/x", false},
		{"system/*.d", "DELETE", "/fhir/R4/Condition/x", true},
		{"system/*.u", "PUT", "/fhir/R4/Condition/x", true},
		{"system/*.read", "PUT", "/fhir/R4/Condition/x", false},
		{"system/*.write", "PUT", "/fhir/R4/Condition/x", true},
		{"", "GET", "/fhir/R4/Condition/x", false},
		{"system/*.rs", "GET", "/people/x", true},
	} {
		if got := covers(c.scope, c.method, c.path); got != c.want {
			t.Errorf("%q covers %s %s: %v", c.scope, c.method, c.path, got)
		}
	}
}

func TestWellKnown(t *testing.T) {
	h := open(t, nil)
	var smart struct {
		Issuer, Jwks_uri, Token_endpoint string
		Code_challenge_methods_supported []string
	}
	if err := json.Unmarshal([]byte(h.do(http.Get(h.server.URL+"/.well-known/smart-configuration"))), &smart); err != nil {
		t.Fatal(err)
	}
	if smart.Issuer != h.Base || smart.Token_endpoint != h.Base+tokenPath || strings.Join(smart.Code_challenge_methods_supported, " ") != "S256" {
		t.Errorf("%+v", smart)
	}
	var set jose.JSONWebKeySet
	body := h.do(http.Get(smart.Jwks_uri))
	if err := json.Unmarshal([]byte(body), &set); err != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() {
		t.Fatalf("%v %s", err, body)
	}
	token, err := h.Token(context.Background(), "practice", "")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Verify(set.Keys[0].Key); err != nil {
		t.Error("the published key does not prove our tokens")
	}
}

// The provider answers what the flow does not, and refuses what it should.
func TestDemoProvider(t *testing.T) {
	h := open(t, nil)
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(change ...string) url.Values {
		q := url.Values{"response_type": {"code"}, "client_id": {"kmcr"}, "redirect_uri": {h.Base + callbackPath}, "scope": {"openid"}, "state": {"s"},
			"code_challenge_method": {"S256"}, "code_challenge": {b64(strings.Repeat("x", 32))}}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return q
	}
	for name, c := range map[string]struct {
		q    url.Values
		want string // error that goes back, or "" where it goes nowhere
	}{
		"another client":           {ask("client_id", "x"), ""},
		"another redirect":         {ask("redirect_uri", h.Base+callbackPath+"/x"), ""},
		"a redirect by prefix":     {ask("redirect_uri", h.Base+callbackPath+"?x"), ""},
		"a redirect elsewhere":     {ask("redirect_uri", "https://evil.example/signin/callback"), ""},
		"an encoded redirect":      {ask("redirect_uri", h.Base+"/signin%2fcallback"), ""},
		"another response":         {ask("response_type", "token"), "unsupported_response_type"},
		"no openid":                {ask("scope", "profile"), "invalid_scope"},
		"plain PKCE":               {ask("code_challenge_method", "plain"), "invalid_request"},
		"no PKCE":                  {ask("code_challenge", ""), "invalid_request"},
		"without asking":           {ask("prompt", "none"), "login_required"},
		"a request by a reference": {ask("request_uri", "https://evil.example"), "request_uri_not_supported"},
	} {
		r, err := stay.Get(h.server.URL + "/demo-idp/authorize?" + c.q.Encode())
		h.do(r, err)
		to, _ := url.Parse(r.Header.Get("Location"))
		if got := to.Query().Get("error"); got != c.want || (c.want == "") != (r.StatusCode == http.StatusBadRequest) {
			t.Errorf("%s: %d %q", name, r.StatusCode, got)
		}
		if c.want != "" && (to.Query().Get("state") != "s" || to.Query().Get("iss") != h.Base+"/demo-idp") {
			t.Errorf("%s: the answer lacks state or issuer", name)
		}
	}
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	code := func() string {
		page := h.do(stay.Get(h.server.URL + "/demo-idp/authorize?" + ask("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:])).Encode()))
		r, err := stay.PostForm(h.server.URL+"/demo-idp/login", url.Values{"request": {requestField.FindStringSubmatch(page)[1]}, "account": {"gp"}})
		h.do(r, err)
		to, _ := url.Parse(r.Header.Get("Location"))
		return to.Query().Get("code")
	}
	exchange := func(change ...string) (int, map[string]any) {
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"kmcr"}, "client_secret": {h.demo.clientSecret},
			"redirect_uri": {h.Base + callbackPath}, "code_verifier": {verifier}}
		for i := 0; i < len(change); i += 2 {
			form.Set(change[i], change[i+1])
		}
		if !form.Has("code") {
			form.Set("code", code())
		}
		r, err := http.PostForm(h.server.URL+"/demo-idp/token", form)
		var answer map[string]any
		if err := json.Unmarshal([]byte(h.do(r, err)), &answer); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, answer
	}
	once := code()
	status, answer := exchange("code", once)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	for name, change := range map[string][]string{
		"a code twice":       {"code", once},
		"another verifier":   {"code_verifier", strings.Repeat("w", 43)},
		"no verifier":        {"code_verifier", ""},
		"another secret":     {"client_secret", "x"},
		"another client":     {"client_id", "x"},
		"another redirect":   {"redirect_uri", h.Base},
		"another grant":      {"grant_type", "refresh_token"},
		"a code of nobody's": {"code", "x"},
	} {
		if status, answer := exchange(change...); status == http.StatusOK || answer["error"] == "" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	late := code()
	h.later(codeLasts)
	if status, _ := exchange("code", late); status == http.StatusOK {
		t.Error("a code outlived its minute")
	}
	r := httptest.NewRequest(http.MethodGet, "/demo-idp/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+answer["access_token"].(string))
	w := httptest.NewRecorder()
	h.demo.userinfo(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"sub":"gp"`) {
		t.Errorf("userinfo: %d %s", w.Code, w.Body)
	}
	r.Header.Set("Authorization", "Bearer x")
	w = httptest.NewRecorder()
	h.demo.userinfo(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("userinfo for anybody: %d", w.Code)
	}
	if _, err := h.Viewer(bearer(answer["id_token"].(string))); kmcr.KindOf(err) != kmcr.Unauthenticated {
		t.Error("an ID token was taken as an access token")
	}
}
