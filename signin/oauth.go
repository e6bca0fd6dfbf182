package signin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kmcr"
	"kmcr/store"
)

const (
	tokenPath      = "/oauth/token"
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLasts = 5 * time.Minute // the most that an assertion may live (SMART Backend Services)
	clocksDiffer   = 30 * time.Second
)

// assertionAlgorithms are those by which a client may prove itself. None, and those with a shared secret, are not among them.
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.RS384, jose.ES384, jose.RS256, jose.ES256}

// oauthError is a refusal in the words of RFC 6749, 5.2.
type oauthError struct {
	status      int
	code, words string
}

// Error returns the code and the words.
func (e *oauthError) Error() string { return e.code + ": " + e.words }

func badRequest(code, words string) error { return &oauthError{http.StatusBadRequest, code, words} }
func badClient(words string) error {
	return &oauthError{http.StatusUnauthorized, "invalid_client", words}
}

// oauthToken answers POST /oauth/token: client_credentials with private_key_jwt (RFC 7523; SMART Backend Services).
func (s *Service) oauthToken(w http.ResponseWriter, r *http.Request) {
	token, scope, client, err := s.grant(w, r)
	v := kmcr.Viewer{Account: client.Code, Contributor: client.Contributor}
	rule := "the client proved itself by its key"
	if err != nil {
		rule = err.Error()
	}
	if failed := s.record(r.Context(), "token", v, err == nil, rule, "POST "+tokenPath); failed != nil {
		err = failed
	}
	if refused, ok := err.(*oauthError); ok {
		answerJSON(w, refused.status, map[string]string{"error": refused.code, "error_description": refused.words})
		return
	}
	if err != nil {
		s.Log.Error("a token could not be given", "error", err)
		answerJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		return
	}
	answerToken(w, token, scope)
}

func (s *Service) grant(w http.ResponseWriter, r *http.Request) (token, scope string, c Client, err error) {
	form, err := readForm(w, r)
	if err != nil {
		return "", "", c, err
	}
	if form.Get("grant_type") != "client_credentials" {
		return "", "", c, badRequest("unsupported_grant_type", "only client_credentials is given here")
	}
	if form.Get("client_assertion_type") != assertionType || form.Has("client_secret") {
		return "", "", c, badClient("a client proves itself by private_key_jwt")
	}
	if c, err = s.proveClient(r.Context(), form.Get("client_assertion")); err != nil {
		return "", "", c, err
	}
	if id := form.Get("client_id"); id != "" && id != c.Code {
		return "", "", c, badClient("client_id is another client's")
	}
	if scope, err = grantedScope(form.Get("scope")); err != nil {
		return "", "", c, err
	}
	token, err = s.issue(claims{Subject: c.Code, Client: c.Code, Scope: scope})
	return token, scope, c, err
}

// readForm reads a form of a body, of which nothing may stand twice.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return nil, badRequest("invalid_request", "the form cannot be read")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest("invalid_request", name+" stands more than once")
		}
	}
	return r.PostForm, nil
}

// assertion is what a client says of itself.
type assertion struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	ID        string          `json:"jti"`
	Expires   float64         `json:"exp"`
	Issued    float64         `json:"iat"`
	NotBefore float64         `json:"nbf"`
}

// proveClient checks an assertion: made by a registered client with its key,
// for us, not for long, and never used before.
func (s *Service) proveClient(ctx context.Context, token string) (Client, error) {
	if len(token) > tokenMost {
		return Client{}, badClient("the assertion is too long")
	}
	signed, err := jose.ParseSignedCompact(token, assertionAlgorithms)
	if err != nil {
		return Client{}, badClient("the assertion is no JWT signed with RS384, ES384, RS256 or ES256")
	}
	var said assertion
	if json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &said) != nil {
		return Client{}, badClient("the assertion's claims cannot be read")
	}
	c, err := s.client(ctx, said.Issuer)
	if kmcr.KindOf(err) == kmcr.Unauthenticated {
		return Client{}, badClient("there is no such client")
	}
	if err != nil {
		return Client{}, err
	}
	if !verifies(signed, c.JWKS) {
		return Client{}, badClient("the assertion is not signed with a key of this client")
	}
	if err := s.judge(said, s.Base+tokenPath); err != nil {
		return Client{}, err
	}
	expires := time.Unix(int64(said.Expires), 0)
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.PutTicket(ticketJTI, c.Code+"|"+digest(said.ID), nil, expires.Add(2*clocksDiffer), true)
	})
	if kmcr.KindOf(err) == kmcr.Conflict {
		return Client{}, badClient("the assertion has been used before")
	}
	return c, err
}

// verifies tells whether one of the client's keys made the signature: that of its kid, or any where it names none.
func verifies(signed *jose.JSONWebSignature, jwks []byte) bool {
	var set jose.JSONWebKeySet
	if json.Unmarshal(jwks, &set) != nil || len(signed.Signatures) != 1 {
		return false
	}
	kid := signed.Signatures[0].Protected.KeyID
	for _, key := range set.Keys {
		if kid != "" && key.KeyID != "" && key.KeyID != kid || !key.IsPublic() {
			continue
		}
		if _, err := signed.Verify(key.Key); err == nil {
			return true
		}
	}
	return false
}

// judge checks what an assertion that is proven says.
func (s *Service) judge(a assertion, endpoint string) error {
	now := s.Now()
	at := func(seconds float64) time.Time { return time.Unix(int64(seconds), 0) }
	switch {
	case a.Issuer != a.Subject:
		return badClient("iss and sub must both be the client's code")
	case !s.isFor(a.Audience, endpoint):
		return badClient("aud must be " + endpoint)
	case a.ID == "" || len(a.ID) > 256:
		return badClient("jti must be there, at most 256 characters")
	case a.Expires <= 0 || !now.Before(at(a.Expires)):
		return badClient("the assertion has expired, or says not when it does")
	case at(a.Expires).After(now.Add(assertionLasts + clocksDiffer)):
		return badClient("the assertion may live for 5 minutes at most")
	case a.NotBefore != 0 && at(a.NotBefore).After(now.Add(clocksDiffer)), a.Issued != 0 && at(a.Issued).After(now.Add(clocksDiffer)):
		return badClient("the assertion is from the future")
	}
	return nil
}

// isFor tells whether an audience, one or several, names the endpoint of ours that is asked, or us.
func (s *Service) isFor(audience json.RawMessage, endpoint string) bool {
	var one string
	if json.Unmarshal(audience, &one) == nil {
		return one == endpoint || one == s.Base && endpoint == s.Base+tokenPath
	}
	var several []string
	if json.Unmarshal(audience, &several) != nil {
		return false
	}
	for _, a := range several {
		if a == endpoint || a == s.Base && endpoint == s.Base+tokenPath {
			return true
		}
	}
	return false
}

var scopeForm = regexp.MustCompile(`^system/(\*|[A-Z][A-Za-z]{2,40})\.(c?r?u?d?s?|read|write|\*)$`)

// grantedScope is what was asked for, as far as it is of a form that we know (SMART 2: system/*.rs); everything where nothing was.
func grantedScope(asked string) (string, error) {
	if strings.TrimSpace(asked) == "" {
		return everything, nil
	}
	var granted []string
	for _, one := range strings.Fields(asked) {
		if scopeForm.MatchString(one) && !strings.HasSuffix(one, ".") {
			granted = append(granted, one)
		}
	}
	if len(granted) == 0 {
		return "", badRequest("invalid_scope", "scopes are of the form system/*.cruds or system/Observation.rs")
	}
	return strings.Join(granted, " "), nil
}

// covers tells whether a scope allows a request. Paths that are not the FHIR API's ask for reading.
func covers(scope, method, path string) bool {
	kind, letter := needs(method, path)
	for _, one := range strings.Fields(scope) {
		name, letters, ok := strings.Cut(strings.TrimPrefix(one, "system/"), ".")
		if !ok || name != "*" && name != kind {
			continue
		}
		switch letters {
		case "*":
			letters = "cruds"
		case "read":
			letters = "rs"
		case "write":
			letters = "cud"
		}
		if strings.Contains(letters, letter) {
			return true
		}
	}
	return false
}

// needs says what a request asks for: the type ("*" for all) and the letter of the SMART scope.
func needs(method, path string) (kind, letter string) {
	kind = "*"
	rest, fhir := strings.CutPrefix(path, "/fhir/R4")
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' })
	if fhir && len(parts) > 0 && parts[0][0] >= 'A' && parts[0][0] <= 'Z' {
		kind = parts[0]
	}
	last := ""
	if len(parts) > 0 {
		last = parts[len(parts)-1]
	}
	switch {
	case method == http.MethodGet && fhir && len(parts) == 1 && kind != "*", last == "_search":
		return kind, "s"
	case method == http.MethodGet, method == http.MethodHead:
		return kind, "r"
	case method == http.MethodPut, method == http.MethodPatch:
		return kind, "u"
	case method == http.MethodDelete:
		return kind, "d"
	}
	return kind, "c"
}

func answerToken(w http.ResponseWriter, token, scope string) {
	answer := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(tokenLasts / time.Second)}
	if scope != "" {
		answer["scope"] = scope
	}
	answerJSON(w, http.StatusOK, answer)
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func oauthStatus(err error) int {
	if kmcr.KindOf(err) == kmcr.Unauthenticated {
		return http.StatusUnauthorized
	}
	return http.StatusServiceUnavailable
}

// smartConfiguration says what a client needs to know (SMART App Launch 2.2.0, 8); only what is there.
func (s *Service) smartConfiguration(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.Base,
		"jwks_uri":                              s.Base + "/.well-known/jwks.json",
		"token_endpoint":                        s.Base + tokenPath,
		"grant_types_supported":                 []string{"client_credentials"},
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": assertionAlgorithms,
		"scopes_supported":                 []string{"system/*.rs", "system/*.cruds"},
		"code_challenge_methods_supported": []string{"S256"},
		"capabilities":                     []string{"client-confidential-asymmetric", "permission-v2"},
		"launch_uri":                       s.Base + "/smart/launch",
		"redirect_uris":                    []string{s.Base + smartCallback},
	})
}

// jwks publishes the key by which our tokens are proven.
func (s *Service) jwks(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.tokens.public}})
}
