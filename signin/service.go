package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// Service turns a credential into a Viewer: a sign-in cookie from an OpenID
// Connect code flow, or a bearer token.
type Service struct {
	attempts kmcr.Rate
	Config
	provider provider // whom we sign in with
	demo     *demoProvider
	tokens   tokenKey
	proven   proven
	accounts cache[Account]
	clients  cache[Client]
	systems  cache[kmcr.Contributor]
}

// Account is somebody who may sign in.
type Account struct {
	Name         string    `json:"name"`   // "social-worker"; the stable identity, by which the audit and relationships name the account
	Person       string    `json:"person"` // "Grace Okafor"
	Role         kmcr.Role `json:"role"`
	Organisation kmcr.ODS  `json:"organisation"`
	Team         string    `json:"team,omitempty"`
	Shows        string    `json:"shows"` // one line: what the account is there to show
	Disabled     bool      `json:"disabled,omitempty"`
	// Ended is when an administrator last signed the account out everywhere: sign-ins from before that are over.
	Ended time.Time `json:"ended,omitzero"`
	// Subject is who it is at the OpenID provider ("sub"); "" where that is Name.
	Subject string `json:"subject,omitempty"`
}

// Client is an API client: a contributor's, known by its public key.
type Client struct {
	Code        string               `json:"code"`
	Contributor kmcr.ContributorCode `json:"contributor,omitempty"`
	// JWKS is the client's public keys; in the demonstration the private key lies beside the data (var/clients/CODE.jwk).
	JWKS []byte `json:"jwks"`
}

// Config is what the service needs.
type Config struct {
	DB   *store.DB
	Keys *store.Keys
	Log  *slog.Logger
	Now  func() time.Time
	Base string // "http://127.0.0.1:8080", as the browser sees us
	// Issuer, ClientID, ClientSecret of the OpenID provider; with Demo the provider is in this process at Base + "/demo-idp".
	Issuer, ClientID, ClientSecret string
	// ACR is the assurance asked for at sign-in (acr_values), StepUpACR that of a step-up; "" asks for none in particular.
	ACR, StepUpACR string
	// Scopes are asked for besides openid and profile; those by which NHS CIS2 tells roles are asked for where the provider has them.
	Scopes         []string
	Demo           bool
	Data           string        // where demonstration clients' private keys are kept
	Idle, Absolute time.Duration // 0: 15 minutes, 12 hours
	// Proxies are the addresses of proxies of ours before the pages, whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
}

// New makes the service. It asks nobody anything: the provider is looked up at the first sign-in.
func New(ctx context.Context, c Config) (*Service, error) {
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") || base.Path != "" {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the base address is not one", Remedy: "Give it as http://host:port or https://host, without a path."}
	}
	s := &Service{Config: c, attempts: kmcr.Rate{Burst: attemptsAtOnce, Every: attemptsEvery}}
	s.defaults()
	if s.tokens, err = newTokenKey(c.Keys.Derive); err != nil {
		return nil, err
	}
	if s.Demo && s.Issuer == "" {
		if s.demo, err = newDemoProvider(s); err != nil {
			return nil, err
		}
		s.Issuer, s.ClientID, s.ClientSecret = s.demo.issuer, s.demo.clientID, s.demo.clientSecret
	}
	s.provider = provider{scopes: s.Scopes, issuer: s.Issuer, clientID: s.ClientID, clientSecret: s.ClientSecret, redirect: s.Base + callbackPath}
	return s, nil
}

func (s *Service) defaults() {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Idle == 0 {
		s.Idle = 15 * time.Minute
	}
	if s.Absolute == 0 {
		s.Absolute = 12 * time.Hour
	}
}

// Mount adds /launch, /smart/launch, /smart/callback, /signin, /signin/callback, /signin/token, /signout, /demo-idp/…, /oauth/token, /.well-known/smart-configuration,
// /.well-known/jwks.json.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /signin", s.page)
	mux.HandleFunc("POST /signin", s.seldom(s.start))
	mux.HandleFunc("GET "+callbackPath, s.seldom(s.callback))
	mux.HandleFunc("POST /signin/token", s.seldom(s.tokenForSignIn))
	mux.HandleFunc("POST /signout", s.signOut)
	mux.HandleFunc("POST "+launchPath, s.seldom(s.launch))
	mux.HandleFunc("GET /smart/launch", s.seldom(s.smartLaunch))
	mux.HandleFunc("GET "+smartCallback, s.seldom(s.smartBack))
	mux.HandleFunc("POST "+tokenPath, s.seldom(s.oauthToken))
	mux.HandleFunc("GET /.well-known/smart-configuration", s.smartConfiguration)
	mux.HandleFunc("GET /.well-known/jwks.json", s.jwks)
	if s.demo != nil {
		s.demo.mount(mux)
	}
}

// Viewer establishes who is asking from the cookie or the bearer token; a kmcr.Unauthenticated error otherwise. A token whose
// scope does not cover the request is kmcr.Refused.
func (s *Service) Viewer(r *http.Request) (kmcr.Viewer, error) {
	authorization := r.Header.Values("Authorization")
	if len(authorization) == 0 {
		return s.viewerByCookie(r)
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	if len(authorization) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return kmcr.Viewer{}, unauthenticated("this kind of credential is not taken here")
	}
	return s.viewerByToken(r, strings.TrimSpace(token))
}

func unauthenticated(message string) error {
	return &kmcr.Error{Kind: kmcr.Unauthenticated, Message: message, Remedy: "Sign in, or ask for a new token."}
}

// viewer is an account as the rest of the service knows it.
func (a Account) viewer(assurance int, proven time.Time) kmcr.Viewer {
	return kmcr.Viewer{Account: a.Name, Name: a.Person, Role: a.Role, Organisation: a.Organisation, Team: a.Team, Assurance: assurance, Proven: proven}
}

// record audits an act of signing in or out, and logs a refusal. It fails when it cannot be written: then nothing is granted.
func (s *Service) record(ctx context.Context, action string, v kmcr.Viewer, allowed bool, rule, where string) error {
	e := &audit.Entry{At: s.Now(), Action: action, Viewer: v, Purpose: kmcr.Administration, Allowed: allowed, Rule: rule, Where: where}
	if err := s.DB.AuditNow(context.WithoutCancel(ctx), e); err != nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the audit log cannot be written now, so nobody is signed in", Remedy: "Try again in a minute.", Err: err}
	}
	return nil
}

// digest is how a secret that we gave out is kept: it cannot be turned back.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
