package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"kmcr"
	"kmcr/store"
)

const (
	callbackPath = "/signin/callback"
	startLasts   = 10 * time.Minute // from leaving for the provider until coming back
)

// provider is the OpenID provider as we use it; what it says of itself is read at the first sign-in.
type provider struct {
	issuer, clientID, clientSecret, redirect string
	scopes                                   []string

	mu    sync.Mutex
	known *oidc.Provider
}

// web is how we speak to the provider: no redirects, and not for long.
var web = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (p *provider) discover(ctx context.Context) (*oidc.Provider, oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		// Keys are fetched again later with the context given here, so it must not end with the request.
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), web), p.issuer)
		if err != nil {
			return nil, oauth2.Config{}, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the sign-in service cannot be reached now", Remedy: "Try again in a minute.", Err: err}
		}
		p.known = found
	}
	return p.known, oauth2.Config{
		ClientID: p.clientID, ClientSecret: p.clientSecret, Endpoint: p.known.Endpoint(),
		RedirectURL: p.redirect, Scopes: p.asked(),
	}, nil
}

// asked are the scopes that are asked for.
func (p *provider) asked() []string {
	var has struct {
		Scopes []string `json:"scopes_supported"`
	}
	_ = p.known.Claims(&has) // a provider need not say
	scopes := []string{oidc.ScopeOpenID, "profile"}
	for _, more := range append(slices.Clone(p.scopes), "nhsperson", "nationalrbacaccess", "selectedrole", "groups") {
		if !slices.Contains(scopes, more) && (slices.Contains(p.scopes, more) || slices.Contains(has.Scopes, more)) {
			scopes = append(scopes, more)
		}
	}
	return scopes
}

// started is a sign-in that has begun.
type started struct {
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Browser  string `json:"browser"` // digest of the cookie of the browser that began it
	Return   string `json:"return"`
	// Again is the account that is to prove once more who it is, since At.
	Again string    `json:"again,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

func (s *Service) startCookie() string { return s.cookieName() + "-start" }

// start leaves for the provider.
func (s *Service) start(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	_, config, err := s.provider.discover(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	state, browser := secret(), secret()
	begun := started{Nonce: secret(), Verifier: oauth2.GenerateVerifier(), Browser: digest(browser), Return: localPath(r.FormValue("return")), At: s.Now()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)}
	if s.ACR != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", s.ACR))
	}
	if r.FormValue("again") != "" {
		v, err := s.viewerByCookie(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		begun.Again = v.Account
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
		if s.StepUpACR != "" {
			options = append(options, oauth2.SetAuthURLParam("acr_values", s.StepUpACR))
		}
	}
	body, err := json.Marshal(begun)
	if err == nil {
		err = s.DB.Write(r.Context(), func(tx *store.Tx) error {
			return tx.PutTicket(ticketStart, digest(state), body, s.Now().Add(startLasts), true)
		})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, s.startCookie(), browser, int(startLasts/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, config.AuthCodeURL(state, options...), http.StatusSeeOther)
}

// localPath is where to go after sign-in: a path of ours, or the first page.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}

// callback comes back from the provider.
func (s *Service) callback(w http.ResponseWriter, r *http.Request) {
	begun, err := s.resume(r)
	if err != nil {
		s.refuse(w, r, "", err)
		return
	}
	c, err := s.identify(r, begun)
	if err != nil {
		s.refuse(w, r, "", err)
		return
	}
	in, err := s.signInOf(r.Context(), c, begun)
	if err != nil {
		s.refuse(w, r, c.Subject, err)
		return
	}
	v, err := s.viewerOf(r.Context(), signedIn{Account: in.Account, Position: in.Position, Assurance: in.Assurance, Proven: in.Proven, Started: s.Now()})
	if err == nil {
		err = s.strongEnough(r.Context(), v)
	}
	if err != nil {
		s.refuse(w, r, c.Subject, err)
		return
	}
	rule := "the provider vouches for the account"
	if begun.Again != "" {
		rule = "the provider vouches for the account once more"
	}
	if err := s.record(r.Context(), "sign-in", v, true, rule, "GET "+callbackPath); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.begin(w, r, in); err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, s.startCookie(), "", -1)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, begun.Return, http.StatusSeeOther)
}

// resume finds the sign-in that this browser began, once.
func (s *Service) resume(r *http.Request) (begun started, err error) {
	q := r.URL.Query()
	state, browser := q.Get("state"), cookie(r, s.startCookie())
	notOurs := unauthenticated("this sign-in was not begun in this browser, or took too long")
	if state == "" || browser == "" {
		return begun, notOurs
	}
	body, ok, err := s.DB.Ticket(r.Context(), ticketStart, digest(state))
	if err != nil {
		return begun, err
	}
	if !ok || json.Unmarshal(body, &begun) != nil || subtle.ConstantTimeCompare([]byte(begun.Browser), []byte(digest(browser))) != 1 {
		return begun, notOurs
	}
	err = s.take(r.Context(), ticketStart, digest(state))
	if kmcr.KindOf(err) == kmcr.NotFound {
		return begun, notOurs
	}
	if err != nil {
		return begun, err
	}
	if issuer := q.Get("iss"); issuer != "" && issuer != s.Issuer {
		return begun, unauthenticated("the answer came from another sign-in service")
	}
	if q.Get("error") != "" {
		return begun, unauthenticated("the sign-in service did not sign you in")
	}
	return begun, nil
}

// signInOf finds whose sign-in it is: an account of the register, or, where the provider states a role on our list, one that is
// made of what it states. A role that the provider states goes before that of the register.
func (s *Service) signInOf(ctx context.Context, c said, begun started) (in signedIn, err error) {
	p, stated, err := s.positionOf(ctx, c)
	if err != nil {
		return in, err
	}
	a, err := s.accountOf(ctx, c.Subject)
	if err != nil && stated && kmcr.KindOf(err) == kmcr.Unauthenticated && a.Name == "" {
		a = Account{Name: c.Subject, Person: c.Name, Role: p.Role, Organisation: p.Organisation, Team: p.Team, Shows: "Signs in with a role that the provider states."}
		err = s.EnsureAccount(ctx, a)
		s.accounts.forget(a.Name)
	}
	if err != nil {
		return in, err
	}
	in = signedIn{Account: a.Name, Assurance: c.assurance()}
	if stated {
		in.Position = &p
	}
	if c.AuthTime > 0 {
		in.Proven = time.Unix(int64(c.AuthTime), 0).UTC()
	}
	if begun.Again != "" && (begun.Again != a.Name || in.Proven.Before(begun.At.Add(-clocksDiffer))) {
		return in, unauthenticated("the sign-in service did not ask once more who you are, or somebody else answered")
	}
	return in, nil
}

// strongEnough holds a sign-in against the least assurance that its organisation asks for.
func (s *Service) strongEnough(ctx context.Context, v kmcr.Viewer) error {
	var o kmcr.Organisation
	if _, err := s.DB.Get(ctx, store.KindOrganisation, string(v.Organisation), &o); err != nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the register of organisations cannot be read now", Remedy: "Try again in a minute.", Err: err}
	}
	if v.Assurance < o.Assurance {
		return unauthenticated(fmt.Sprintf("your organisation asks for a stronger sign-in than this one: level %d, and this is level %d; use your smartcard, security key or authenticator app", o.Assurance, v.Assurance))
	}
	return nil
}

// identify exchanges the code and proves the ID token: signature, issuer, audience, expiry, nonce.
func (s *Service) identify(r *http.Request, begun started) (c said, err error) {
	known, config, err := s.provider.discover(r.Context())
	if err != nil {
		return c, err
	}
	refused := unauthenticated("the sign-in service's answer cannot be trusted")
	ctx := oidc.ClientContext(r.Context(), web)
	tokens, err := config.Exchange(ctx, r.URL.Query().Get("code"), oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		s.Log.Warn("a sign-in code was not exchanged", "reason", oauthReason(err))
		return c, refused
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := known.VerifierContext(ctx, &oidc.Config{ClientID: s.ClientID, Now: s.Now}).Verify(ctx, raw)
	if err != nil {
		s.Log.Warn("an ID token was refused", "reason", err.Error())
		return c, refused
	}
	if id.Subject == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(begun.Nonce)) != 1 {
		return c, refused
	}
	if err := id.Claims(&c); err != nil || c.AuthorizedParty != "" && c.AuthorizedParty != s.ClientID {
		return c, refused
	}
	return c, ask(ctx, known, tokens, &c)
}

// oauthReason is the provider's own code for what went wrong, which names nobody.
func oauthReason(err error) string {
	if e, ok := err.(*oauth2.RetrieveError); ok && e.ErrorCode != "" {
		return e.ErrorCode
	}
	return "no answer that can be read"
}

// assuranceOf reads the level of a sign-in from its acr (NHS CIS2: AAL2_OR_AAL3_ANY, AAL3_ANY; others say aal2); 1 where none is said.
func assuranceOf(acr string) int {
	acr = strings.ToUpper(acr)
	switch {
	case strings.Contains(acr, "AAL2"):
		return 2
	case strings.Contains(acr, "AAL3"):
		return 3
	case acr == "2", acr == "3": // ISO/IEC 29115, as Keycloak numbers them
		return int(acr[0] - '0')
	}
	return 1
}

// refuse audits a sign-in that came to nothing, and says so.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, subject string, why error) {
	if kmcr.KindOf(why) == kmcr.Unauthenticated {
		v := kmcr.Viewer{Account: subject}
		if err := s.record(r.Context(), "sign-in", v, false, why.Error(), "GET "+callbackPath); err != nil {
			why = err
		}
	}
	s.setCookie(w, s.startCookie(), "", -1)
	s.fail(w, r, why)
}
