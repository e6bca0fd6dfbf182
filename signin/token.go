package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kmcr"
	"kmcr/store"
)

const (
	tokenType  = "at+jwt" // RFC 9068
	tokenLasts = time.Hour
	tokenMost  = 8 << 10 // bytes
	// ourselves is the client_id of tokens that stand for an account.
	ourselves = "kmcr"
	// everything is the scope of a token that no narrower one was asked for.
	everything = "system/*.cruds"
)

// tokenKey signs and proves our bearer tokens.
type tokenKey struct{ signingKey }

func newTokenKey(derive func(string) []byte) (tokenKey, error) {
	k, err := newSigningKey(derive, "signin access token")
	return tokenKey{k}, err
}

// claims are what our bearer tokens say (RFC 9068).
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Client    string `json:"client_id"`
	ID        string `json:"jti"`
	Issued    int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	Scope     string `json:"scope,omitempty"`
	// SignIn is the digest of the sign-in by which an account's token lives.
	SignIn string `json:"sid,omitempty"`
}

// audience is the API for which our tokens are.
func (s *Service) audience() string { return s.Base + "/fhir/R4" }

// issue makes a token for an hour.
func (s *Service) issue(c claims) (string, error) {
	now := s.Now()
	c.Issuer, c.Audience, c.ID = s.Base, s.audience(), rand.Text()
	c.Issued, c.NotBefore, c.Expires = now.Unix(), now.Unix(), now.Add(tokenLasts).Unix()
	b, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return s.tokens.sign(tokenType, b)
}

// proven remembers what tokens say whose signature was found to be ours, for proving it again costs more than finding who is involved.
// Everything that may change is asked again each time: times, sign-in, account, client.
type proven struct {
	mu   sync.Mutex
	says map[[sha256.Size]byte]claims
}

// mostProven is how many are remembered.
const mostProven = 4096

func (p *proven) recall(token string) (c claims, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, known = p.says[sha256.Sum256([]byte(token))]
	return c, known
}

func (p *proven) remember(token string, c claims) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.says == nil || len(p.says) >= mostProven {
		p.says = map[[sha256.Size]byte]claims{}
	}
	p.says[sha256.Sum256([]byte(token))] = c
}

// prove checks a token's signature, kind, issuer, audience and times.
func (s *Service) prove(token string) (c claims, err error) {
	refused := unauthenticated("the bearer token is not valid")
	if len(token) == 0 || len(token) > tokenMost {
		return c, refused
	}
	c, known := s.proven.recall(token)
	if !known {
		if c, err = s.signed(token); err != nil {
			return claims{}, refused
		}
		s.proven.remember(token, c)
	}
	now := s.Now().Unix()
	if c.Issuer != s.Base || c.Audience != s.audience() || c.Subject == "" || now >= c.Expires || c.Expires == 0 || now < c.NotBefore {
		return claims{}, refused
	}
	return c, nil
}

// signed reads a token that we have signed.
func (s *Service) signed(token string) (c claims, err error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(signed.Signatures) != 1 {
		return c, errNotOurs
	}
	head := signed.Signatures[0].Protected
	if typ, _ := head.ExtraHeaders[jose.HeaderType].(string); typ != tokenType || head.KeyID != s.tokens.public.KeyID {
		return c, errNotOurs
	}
	payload, err := signed.Verify(s.tokens.public.Key)
	if err != nil {
		return c, errNotOurs
	}
	return c, json.Unmarshal(payload, &c)
}

var errNotOurs = errors.New("the token is not one of ours")

func (s *Service) viewerByToken(r *http.Request, token string) (kmcr.Viewer, error) {
	c, err := s.prove(token)
	if err != nil {
		return kmcr.Viewer{}, err
	}
	if c.Client == ourselves {
		return s.viewerOfAccount(r.Context(), c)
	}
	v, err := s.viewerOfClient(r.Context(), c)
	if err == nil && !covers(c.Scope, r.Method, r.URL.Path) {
		err = &kmcr.Error{Kind: kmcr.Refused, Message: "the scope of this token does not cover this request", Remedy: "Ask for a token with a scope that does."}
	}
	if err != nil {
		return kmcr.Viewer{}, err
	}
	return v, nil
}

// viewerOfAccount: a token of an account lives as long as its sign-in; one without is for the demonstration alone.
func (s *Service) viewerOfAccount(ctx context.Context, c claims) (kmcr.Viewer, error) {
	switch {
	case c.SignIn != "":
		in, err := s.inForce(ctx, c.SignIn)
		if err != nil {
			return kmcr.Viewer{}, err
		}
		if in.Account != c.Subject {
			return kmcr.Viewer{}, unauthenticated("the bearer token is not valid")
		}
		return s.viewerOf(ctx, in)
	case !s.Demo:
		return kmcr.Viewer{}, unauthenticated("such a token is for the demonstration alone")
	}
	a, err := s.account(ctx, c.Subject)
	if err != nil {
		return kmcr.Viewer{}, err
	}
	return a.viewer(2, s.Now()), nil // an operator with the keys vouches for who it is
}

func (s *Service) viewerOfClient(ctx context.Context, c claims) (kmcr.Viewer, error) {
	if c.Client != c.Subject {
		return kmcr.Viewer{}, unauthenticated("the bearer token is not valid")
	}
	found, err := s.client(ctx, c.Client)
	if err != nil {
		return kmcr.Viewer{}, err
	}
	v := kmcr.Viewer{Account: found.Code, Name: found.Code, Contributor: found.Contributor, Assurance: 2}
	if by, known, err := s.systems.get(ctx, s.DB, store.KindContributor, string(found.Contributor)); err != nil {
		return kmcr.Viewer{}, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the register of contributors cannot be read now", Err: err}
	} else if known {
		v.Organisation, v.Name = by.Organisation, by.Name
	}
	if v.Contributor == "" {
		return kmcr.Viewer{}, unauthenticated("this client is no contributor's")
	}
	return v, nil
}

func (s *Service) client(ctx context.Context, code string) (Client, error) {
	c, found, err := s.clients.get(ctx, s.DB, store.KindClient, code)
	if err != nil {
		return c, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the register of clients cannot be read now", Remedy: "Try again in a minute.", Err: err}
	}
	if !found || c.Code != code {
		return c, unauthenticated("there is no such client")
	}
	return c, nil
}

// Token makes a bearer token for a client or (demonstration only) an account, valid for an hour.
func (s *Service) Token(ctx context.Context, client, account string) (string, error) {
	var v kmcr.Viewer
	c := claims{Subject: client, Client: client, Scope: everything}
	if account != "" {
		if !s.Demo {
			return "", &kmcr.Error{Kind: kmcr.Refused, Message: "a token for an account is for the demonstration alone", Remedy: "Start the service with --demo, or sign in."}
		}
		a, err := s.account(ctx, account)
		if err != nil {
			return "", notThere(err, account, "user")
		}
		v, c = a.viewer(2, s.Now()), claims{Subject: a.Name, Client: ourselves}
	} else {
		found, err := s.client(ctx, client)
		if err != nil {
			return "", notThere(err, client, "contributor")
		}
		v = kmcr.Viewer{Account: found.Code, Contributor: found.Contributor}
	}
	if err := s.record(ctx, "token", v, true, "by an operator with the keys of this service", "kmcr token"); err != nil {
		return "", err
	}
	return s.issue(c)
}

// notThere says at the command line which name is not in the register.
func notThere(err error, name, command string) error {
	if kmcr.KindOf(err) != kmcr.Unauthenticated {
		return err
	}
	return &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no " + name + " in the register, or it is disabled", Remedy: "kmcr " + command + " add makes one.", Err: err}
}

// tokenForSignIn gives whoever is signed in a bearer token that ends with the sign-in.
func (s *Service) tokenForSignIn(w http.ResponseWriter, r *http.Request) {
	v, err := s.viewerByCookie(r)
	if err == nil {
		err = s.record(r.Context(), "token", v, true, "for somebody who is signed in", "POST /signin/token")
	}
	if err != nil {
		answerJSON(w, oauthStatus(err), map[string]string{"error": "access_denied", "error_description": err.Error()})
		return
	}
	token, err := s.issue(claims{Subject: v.Account, Client: ourselves, SignIn: digest(cookie(r, s.cookieName()))})
	if err != nil {
		answerJSON(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	answerToken(w, token, "")
}
