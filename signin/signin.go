package signin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"kmcr"
	"kmcr/store"
)

// Service turns a credential into a Viewer: a sign-in cookie from an OpenID
// Connect code flow, or a bearer token.
type Service struct{}

// Account is somebody who may sign in.
type Account struct {
	Name         string    `json:"name"`   // "social-worker"
	Person       string    `json:"person"` // "Grace Okafor"
	Role         kmcr.Role `json:"role"`
	Organisation kmcr.ODS  `json:"organisation"`
	Team         string    `json:"team,omitempty"`
	Shows        string    `json:"shows"` // one line: what the account is there to show
	Disabled     bool      `json:"disabled,omitempty"`
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
	Demo                           bool
	Data                           string        // where demonstration clients' private keys are kept
	Idle, Absolute                 time.Duration // 0: 15 minutes, 12 hours
}

// New makes the service.
func New(ctx context.Context, c Config) (*Service, error) { panic("not built") }

// Mount adds /signin, /signin/callback, /signout, /demo-idp/…, /oauth/token, /.well-known/smart-configuration, /.well-known/jwks.json.
func (s *Service) Mount(mux *http.ServeMux) { panic("not built") }

// Viewer establishes who is asking from the cookie or the bearer token; a kmcr.Unauthenticated error otherwise.
func (s *Service) Viewer(r *http.Request) (kmcr.Viewer, error) { panic("not built") }

// Token makes a bearer token for a client or (demonstration only) an account, valid for an hour.
func (s *Service) Token(ctx context.Context, client, account string) (string, error) {
	panic("not built")
}
