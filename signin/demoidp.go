package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kmcr"
	"kmcr/store"
)

const (
	demoPath    = "/demo-idp"
	askedLasts  = 10 * time.Minute
	codeLasts   = time.Minute
	accessLasts = 5 * time.Minute
)

// demoProvider is the OpenID provider of the demonstration (OpenID Connect
// Core 1.0, code flow; RFC 7636 with S256 required; RFC 9207): accounts are
// chosen from the register, without a password.
type demoProvider struct {
	s                              *Service
	key                            signingKey
	issuer, clientID, clientSecret string
	redirect                       string
}

func newDemoProvider(s *Service) (*demoProvider, error) {
	key, err := newSigningKey(s.Keys.Derive, "signin demonstration provider")
	return &demoProvider{
		s: s, key: key, issuer: s.Base + demoPath, clientID: "kmcr",
		clientSecret: hex.EncodeToString(s.Keys.Derive("signin demonstration client secret")),
		redirect:     s.Base + callbackPath,
	}, err
}

func (p *demoProvider) mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+demoPath+"/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET "+demoPath+"/jwks", p.jwks)
	mux.HandleFunc("GET "+demoPath+"/authorize", p.authorize)
	mux.HandleFunc("POST "+demoPath+"/authorize", p.authorize)
	mux.HandleFunc("POST "+demoPath+"/login", p.login)
	mux.HandleFunc("POST "+demoPath+"/token", p.token)
	mux.HandleFunc("GET "+demoPath+"/userinfo", p.userinfo)
	mux.HandleFunc("POST "+demoPath+"/userinfo", p.userinfo)
}

func (p *demoProvider) discovery(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         p.issuer,
		"authorization_endpoint":                         p.issuer + "/authorize",
		"token_endpoint":                                 p.issuer + "/token",
		"userinfo_endpoint":                              p.issuer + "/userinfo",
		"jwks_uri":                                       p.issuer + "/jwks",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"scopes_supported":                               []string{"openid", "profile"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"acr_values_supported":                           []string{"AAL2_ANY", "AAL3_ANY"},
		"claims_supported":                               []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "name", "preferred_username"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
	})
}

func (p *demoProvider) jwks(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.key.public}})
}

// asked is an authorisation request, and with Account a code for it.
type asked struct {
	State     string    `json:"state"`
	Nonce     string    `json:"nonce"`
	Challenge string    `json:"challenge"`
	ACR       string    `json:"acr"`
	Account   string    `json:"account,omitempty"`
	At        time.Time `json:"at,omitzero"`
}

// authorize shows the accounts. A request whose client or redirect is not
// ours goes nowhere; any other that is wrong goes back with its error.
func (p *demoProvider) authorize(w http.ResponseWriter, r *http.Request) {
	form, err := readQueryAndForm(w, r)
	if err != nil || form.Get("client_id") != p.clientID || form.Get("redirect_uri") != p.redirect {
		p.s.fail(w, r, &kmcr.Error{Kind: kmcr.Invalid, Message: "this sign-in request is not one that this service knows", Remedy: "Begin again from the sign-in page."})
		return
	}
	if code := wrong(form); code != "" {
		p.back(w, r, url.Values{"error": {code}, "state": {form.Get("state")}})
		return
	}
	request := asked{State: form.Get("state"), Nonce: form.Get("nonce"), Challenge: form.Get("code_challenge"), ACR: "AAL2_ANY"}
	if slices.Contains(strings.Fields(form.Get("acr_values")), "AAL3_ANY") {
		request.ACR = "AAL3_ANY"
	}
	id := secret()
	if err := p.keep(r, ticketRequest, id, request, askedLasts); err != nil {
		p.s.fail(w, r, err)
		return
	}
	accounts, err := p.s.choices(r)
	if err != nil {
		p.s.fail(w, r, err)
		return
	}
	show(w, http.StatusOK, "choose", struct {
		Title, Request string
		Accounts       []Account
	}{"Choose an account", id, accounts})
}

func readQueryAndForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodPost {
		return readForm(w, r)
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	for _, values := range q {
		if len(values) > 1 {
			return nil, badRequest("invalid_request", "a parameter stands more than once")
		}
	}
	return q, err
}

// wrong names what is wrong with an authorisation request, by its code; "" for nothing.
func wrong(form url.Values) string {
	switch {
	case form.Has("request"):
		return "request_not_supported"
	case form.Has("request_uri"):
		return "request_uri_not_supported"
	case form.Get("response_type") != "code":
		return "unsupported_response_type"
	case !slices.Contains(strings.Fields(form.Get("scope")), "openid"):
		return "invalid_scope"
	case form.Get("code_challenge_method") != "S256" || len(form.Get("code_challenge")) != 43:
		return "invalid_request"
	case form.Get("prompt") == "none":
		return "login_required"
	}
	return ""
}

// back sends the browser back to us with an answer.
func (p *demoProvider) back(w http.ResponseWriter, r *http.Request, answer url.Values) {
	answer.Set("iss", p.issuer)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, p.redirect+"?"+answer.Encode(), http.StatusSeeOther)
}

// login takes the account that was chosen.
func (p *demoProvider) login(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err != nil {
		p.s.fail(w, r, &kmcr.Error{Kind: kmcr.Invalid, Message: "the form cannot be read", Remedy: "Begin again from the sign-in page."})
		return
	}
	var request asked
	ok, err := p.take(r, ticketRequest, form.Get("request"), &request)
	if err != nil || !ok {
		if err == nil {
			err = unauthenticated("this sign-in took too long, or has been used")
		}
		p.s.fail(w, r, err)
		return
	}
	a, err := p.s.account(r.Context(), form.Get("account"))
	if err != nil {
		p.back(w, r, url.Values{"error": {"access_denied"}, "state": {request.State}})
		return
	}
	request.Account, request.At = a.Name, p.s.Now()
	code := secret()
	if err := p.keep(r, ticketCode, code, request, codeLasts); err != nil {
		p.s.fail(w, r, err)
		return
	}
	p.back(w, r, url.Values{"code": {code}, "state": {request.State}})
}

// token exchanges a code, once, for an ID token.
func (p *demoProvider) token(w http.ResponseWriter, r *http.Request) {
	answer, err := p.exchange(w, r)
	if refused, ok := err.(*oauthError); ok {
		answerJSON(w, refused.status, map[string]string{"error": refused.code, "error_description": refused.words})
		return
	}
	if err != nil {
		p.s.Log.Error("a code could not be exchanged", "error", err)
		answerJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		return
	}
	answerJSON(w, http.StatusOK, answer)
}

func (p *demoProvider) exchange(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	if !p.isClient(r, form) {
		return nil, badClient("the client is not known by this secret")
	}
	if form.Get("grant_type") != "authorization_code" {
		return nil, badRequest("unsupported_grant_type", "only authorization_code is given here")
	}
	var request asked
	ok, err := p.take(r, ticketCode, form.Get("code"), &request)
	if err != nil {
		return nil, err
	}
	if !ok || form.Get("redirect_uri") != p.redirect || !answers(form.Get("code_verifier"), request.Challenge) {
		return nil, badRequest("invalid_grant", "the code is not valid")
	}
	access := secret()
	if err := p.keep(r, ticketAccess, access, request, accessLasts); err != nil {
		return nil, err
	}
	id, err := p.idToken(r, request)
	return map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": int(accessLasts / time.Second), "id_token": id, "scope": "openid profile"}, err
}

// isClient proves the client by its secret, from the header or the form, not both.
func (p *demoProvider) isClient(r *http.Request, form url.Values) bool {
	id, given, basic := r.BasicAuth()
	if basic {
		id, given = unescaped(id), unescaped(given)
		if form.Has("client_secret") {
			return false
		}
	} else {
		id, given = form.Get("client_id"), form.Get("client_secret")
	}
	return id == p.clientID && subtle.ConstantTimeCompare([]byte(given), []byte(p.clientSecret)) == 1
}

// unescaped undoes the form encoding of credentials in a header (RFC 6749, 2.3.1).
func unescaped(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// answers tells whether a verifier is the one whose challenge was sent (RFC 7636, 4.6).
func answers(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return len(verifier) >= 43 && subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func (p *demoProvider) idToken(r *http.Request, request asked) (string, error) {
	a, err := p.s.account(r.Context(), request.Account)
	if err != nil {
		return "", badRequest("invalid_grant", "the account may not sign in")
	}
	now := p.s.Now()
	b, err := json.Marshal(map[string]any{
		"iss": p.issuer, "sub": p.subject(a), "aud": p.clientID, "exp": now.Add(accessLasts).Unix(), "iat": now.Unix(),
		"auth_time": request.At.Unix(), "nonce": request.Nonce, "acr": request.ACR, "amr": []string{"demonstration"},
		"name": a.Person, "preferred_username": a.Name,
	})
	if err != nil {
		return "", err
	}
	return p.key.sign("JWT", b)
}

func (p *demoProvider) subject(a Account) string {
	if a.Subject != "" {
		return a.Subject
	}
	return a.Name
}

func (p *demoProvider) userinfo(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var request asked
	body, ok, err := p.s.DB.Ticket(r.Context(), ticketAccess, digest(token))
	if err != nil || !bearer || !ok || json.Unmarshal(body, &request) != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answerJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	a, err := p.s.account(r.Context(), request.Account)
	if err != nil {
		answerJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	answerJSON(w, http.StatusOK, map[string]string{"sub": p.subject(a), "name": a.Person, "preferred_username": a.Name})
}

// keep keeps something under a secret for a time.
func (p *demoProvider) keep(r *http.Request, kind, key string, v asked, lasts time.Duration) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.s.DB.Write(r.Context(), func(tx *store.Tx) error {
		return tx.PutTicket(kind, digest(key), body, p.s.Now().Add(lasts), true)
	})
}

// take reads what was kept and uses it up: of two who ask at once, one gets it.
func (p *demoProvider) take(r *http.Request, kind, key string, v *asked) (bool, error) {
	body, ok, err := p.s.DB.Ticket(r.Context(), kind, digest(key))
	if err != nil || !ok || json.Unmarshal(body, v) != nil {
		return false, err
	}
	err = p.s.take(r.Context(), kind, digest(key))
	if kmcr.KindOf(err) == kmcr.NotFound {
		return false, nil
	}
	return err == nil, err
}
