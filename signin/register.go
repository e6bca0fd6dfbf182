package signin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
)

// registerAge is how long what a register says may be used again: a disabled account is refused after that at the latest.
const registerAge = 500 * time.Millisecond

// cache holds register entries for registerAge. Its clock is the machine's, whatever the service's is.
type cache[T any] struct {
	mu      sync.Mutex
	entries map[string]cached[T]
}

type cached[T any] struct {
	value T
	found bool
	read  time.Time
}

func (c *cache[T]) get(ctx context.Context, db *store.DB, kind, key string) (T, bool, error) {
	c.mu.Lock()
	e, ok := c.entries[key]
	c.mu.Unlock()
	if ok && time.Since(e.read) < registerAge {
		return e.value, e.found, nil
	}
	e = cached[T]{read: time.Now()}
	var err error
	if e.found, err = db.Get(ctx, kind, key, &e.value); err != nil {
		return e.value, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) > 10_000 { // names that nobody has must not fill it
		c.entries = map[string]cached[T]{}
	}
	c.entries[key] = e
	return e.value, e.found, nil
}

// forget has the register be read again for a key.
func (c *cache[T]) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}

// account finds an account that may sign in.
func (s *Service) account(ctx context.Context, name string) (Account, error) {
	a, found, err := s.accounts.get(ctx, s.DB, store.KindAccount, name)
	switch {
	case err != nil:
		return a, &kmcr.Error{Kind: kmcr.Unavailable, Message: "the register of accounts cannot be read now", Remedy: "Try again in a minute.", Err: err}
	case !found || a.Name != name:
		return Account{}, unauthenticated("there is no such account")
	case a.Disabled:
		return a, unauthenticated("this account has been disabled")
	}
	return a, nil
}

// accountOf finds the account of a subject of the provider.
func (s *Service) accountOf(ctx context.Context, subject string) (Account, error) {
	a, err := s.account(ctx, subject)
	if err == nil && a.Subject == "" {
		return a, nil
	}
	if err != nil && kmcr.KindOf(err) != kmcr.Unauthenticated {
		return Account{}, err
	}
	all, listed := s.allAccounts(ctx)
	if listed != nil {
		return Account{}, listed
	}
	for _, a := range all {
		if a.Subject == subject && subject != "" {
			return s.account(ctx, a.Name)
		}
	}
	if err == nil {
		err = unauthenticated("there is no such account")
	}
	return a, err
}

// allAccounts lists the register, in order of name.
func (s *Service) allAccounts(ctx context.Context) ([]Account, error) {
	var all []Account
	err := s.DB.List(ctx, store.KindAccount, func(_ string, body []byte) error {
		var a Account
		if err := json.Unmarshal(body, &a); err != nil {
			return err
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

var clientCode = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// EnsureClient makes an API client for a contributor where there is none: a
// key pair, of which the public half is kept in the register and the private
// half in Data/clients/CODE.jwk (mode 0600), for its owner to take away.
func (s *Service) EnsureClient(ctx context.Context, code string, contributor kmcr.ContributorCode) error {
	if !clientCode.MatchString(code) {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "a client's code has lower-case letters, digits and hyphens only, at most 64"}
	}
	if found, err := s.DB.Get(ctx, store.KindClient, code, &Client{}); err != nil || found {
		return err
	}
	public, err := s.clientKey(code)
	if err != nil {
		return err
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	if err != nil {
		return err
	}
	c := Client{Code: code, Contributor: contributor, JWKS: set}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindClient, code, c); err != nil {
			return err
		}
		return tx.Audit(s.administration("client added", map[string]string{"client": code}))
	})
}

// clientKey makes a client's key, or takes the one that lies there already, and returns the public half.
func (s *Service) clientKey(code string) (jose.JSONWebKey, error) {
	path := filepath.Join(s.Data, "clients", code+".jwk")
	if b, err := os.ReadFile(path); err == nil {
		var key jose.JSONWebKey
		err := json.Unmarshal(b, &key)
		return key.Public(), err
	}
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	key := jose.JSONWebKey{Key: private, Algorithm: string(jose.ES384), Use: "sig"}
	if key.KeyID, err = thumbprint(key); err != nil {
		return jose.JSONWebKey{}, err
	}
	b, err := json.Marshal(key)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return jose.JSONWebKey{}, err
	}
	return key.Public(), os.WriteFile(path, append(b, '\n'), 0o600)
}

// EnsureAccount adds an account, or changes the one of its name.
func (s *Service) EnsureAccount(ctx context.Context, a Account) error {
	var old Account
	found, err := s.DB.Get(ctx, store.KindAccount, a.Name, &old)
	a.Disabled, a.Ended = a.Disabled || found && old.Disabled, old.Ended // what an administrator did stands
	if err != nil || found && old == a {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Put(store.KindAccount, a.Name, a); err != nil {
			return err
		}
		return tx.Audit(s.administration("account kept", map[string]string{"account": a.Name, "role": string(a.Role)}))
	})
}

func (s *Service) administration(what string, detail map[string]string) *audit.Entry {
	return &audit.Entry{
		At: s.Now(), Action: "administer", Viewer: kmcr.Viewer{Account: "kmcr", Name: "this service"}, Purpose: kmcr.Administration,
		Allowed: true, Rule: what, Where: "sign-in", Detail: detail,
	}
}
