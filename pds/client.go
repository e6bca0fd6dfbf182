package pds

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"kmcr"
)

// Config is where the service is and who asks. Nothing but the two addresses is ever called, and no redirect is followed.
type Config struct {
	Base     string // …/personal-demographics/FHIR/R4
	TokenURL string // …/oauth2/token; "": no sign-in (a sandbox)
	ClientID string // the API key that the service gave
	KeyID    string
	Key      any // *rsa.PrivateKey
	HTTP     *http.Client
	Now      func() time.Time
}

// Client asks the service. It may be used by several at a time.
type Client struct {
	c     Config
	mu    sync.Mutex
	token string
	until time.Time
}

// patience is how long an answer may take.
const patience = 10 * time.Second

// New checks the settings.
func New(c Config) (*Client, error) {
	for name, address := range map[string]string{"base": c.Base, "token": c.TokenURL} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost") {
			return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the " + name + " address of the national demographics service is no https address", Remedy: "Give it as https://host/path.", Err: err}
		}
	}
	if c.Base == "" || c.TokenURL != "" && (c.ClientID == "" || c.Key == nil) {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the national demographics service is not fully described", Remedy: "Give its address, and with a token address also the client id and the key."}
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: patience}
	}
	client := *c.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &client
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Base = strings.TrimSuffix(c.Base, "/")
	return &Client{c: c}, nil
}

// Lookup asks whose a number is. A *Busy is to be asked again later.
func (c *Client) Lookup(ctx context.Context, number kmcr.NHSNumber) (Answer, error) {
	status, header, body, err := c.get(ctx, "/Patient/"+string(number))
	if err != nil {
		return Answer{}, err
	}
	return read(status, header, body, number)
}

// Query describes somebody whose number is looked for. Family, Born and Sex are required.
type Query struct {
	Family, Given string
	Born          string // YYYY-MM-DD
	Sex           string // male, female, other or unknown
	Postcode      string
}

// Whole tells whether enough is known to ask.
func (q Query) Whole() bool { return q.Family != "" && len(q.Born) == 10 && q.Sex != "" }

// Search asks for the number of somebody; only a single match is told.
func (c *Client) Search(ctx context.Context, q Query) (Answer, error) {
	if !q.Whole() {
		return Answer{Outcome: NotFound}, nil
	}
	v := url.Values{"family": {q.Family}, "birthdate": {"eq" + q.Born}, "gender": {q.Sex}, "_max-results": {"2"}}
	if q.Given != "" {
		v.Set("given", q.Given)
	}
	if q.Postcode != "" {
		v.Set("address-postalcode", q.Postcode)
	}
	status, header, body, err := c.get(ctx, "/Patient?"+v.Encode())
	if err != nil {
		return Answer{}, err
	}
	return readSearch(status, header, body)
}

// get asks once, with a token that is asked for first where there is none in force. What went wrong never holds the address,
// for the number stands in it.
func (c *Client) get(ctx context.Context, path string) (int, http.Header, []byte, error) {
	token, err := c.signIn(ctx)
	if err != nil {
		return 0, nil, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.c.Base+path, nil)
	if err != nil {
		return 0, nil, nil, &Busy{}
	}
	r.Header.Set("Accept", "application/fhir+json")
	r.Header.Set("X-Request-ID", newUUID())
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	status, header, body, err := c.do(r)
	if status == http.StatusUnauthorized {
		c.forget(token)
	}
	return status, header, body, err
}

func (c *Client) do(r *http.Request) (int, http.Header, []byte, error) {
	resp, err := c.c.HTTP.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, nil, nil, &Busy{Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return 0, nil, nil, &Busy{Err: err}
	}
	if len(body) > MaxAnswer {
		return 0, nil, nil, unusable("the national service answered more than it may", nil)
	}
	return resp.StatusCode, resp.Header, body, nil
}

// signIn exchanges a signed assertion for a token (RFC 7523; the platform asks for RS512).
func (c *Client) signIn(ctx context.Context) (string, error) {
	if c.c.TokenURL == "" {
		return "", nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.c.Now()
	if c.token != "" && now.Before(c.until) {
		return c.token, nil
	}
	assertion, err := c.assertion(now)
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.c.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &Busy{Err: err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, header, body, err := c.do(r)
	if err != nil {
		return "", err
	}
	if status == http.StatusTooManyRequests || status >= 500 {
		return "", &Busy{After: retryAfter(header), Status: status}
	}
	var answer struct {
		Token   string          `json:"access_token"`
		Seconds json.RawMessage `json:"expires_in"` // a number, or the same in quotes
	}
	if err := json.Unmarshal(body, &answer); status != http.StatusOK || err != nil || answer.Token == "" {
		return "", &kmcr.Error{Kind: kmcr.Unavailable, Message: fmt.Sprintf("the national service did not let us sign in (%d)", status), Remedy: "Check the client id, key and key id that it was told.", Err: err}
	}
	lasts, err := json.Number(strings.Trim(string(answer.Seconds), `"`)).Int64()
	if err != nil || lasts <= 0 {
		lasts = 60
	}
	c.token, c.until = answer.Token, now.Add(time.Duration(lasts)*time.Second-10*time.Second)
	return c.token, nil
}

func (c *Client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}

func (c *Client) assertion(now time.Time) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS512, Key: jose.JSONWebKey{Key: c.c.Key, KeyID: c.c.KeyID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", &kmcr.Error{Kind: kmcr.Invalid, Message: "the key for the national service cannot sign", Remedy: "Give an RSA key of 4096 bits as PEM.", Err: err}
	}
	return jwt.Signed(signer).Claims(jwt.Claims{Issuer: c.c.ClientID, Subject: c.c.ClientID, Audience: jwt.Audience{c.c.TokenURL}, ID: newUUID(), Expiry: jwt.NewNumericDate(now.Add(4 * time.Minute))}).Serialize()
}

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
