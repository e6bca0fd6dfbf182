package signin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kmcr"
	"kmcr/store"
)

var onScreen = map[string]string{"nhs_number": "9990000018", "family": "Sample", "given": "Ada", "born": "1943-03-05"}

// launchWith posts a launch token as a program does.
func (h *house) launchWith(token string) (status int, answer map[string]string) {
	h.t.Helper()
	r, err := http.PostForm(h.server.URL+"/launch", url.Values{"token": {token}})
	body := h.do(r, err)
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		h.t.Fatalf("%.300s: %v", body, err)
	}
	return r.StatusCode, answer
}

// A system that cannot do SMART signs a token: for one person, for us, for minutes, once.
func TestSignedLaunchToken(t *testing.T) {
	h := open(t, nil)
	key := h.client("practice")
	token := func(change ...any) string {
		return h.assert(key, jose.ES384, append([]any{"aud", h.Base + "/launch", "sub", nil, "patient", onScreen}, change...)...)
	}
	status, answer := h.launchWith(token())
	_, id, found := strings.Cut(answer["location"], "/launch/")
	if status != http.StatusOK || !found {
		t.Fatalf("%d %v", status, answer)
	}
	for _, telling := range onScreen {
		if strings.Contains(answer["location"], telling) {
			t.Errorf("the address tells %q", telling)
		}
	}
	gp := kmcr.Viewer{Account: "gp"}
	l, err := h.Launched(t.Context(), gp, id)
	if err != nil || l.NHSNumber != "9990000018" || l.Family != "Sample" || l.Born != "1943-03-05" || l.System != "practice" {
		t.Errorf("%+v %v", l, err)
	}
	if _, err := h.Launched(t.Context(), gp, id); kmcr.KindOf(err) != kmcr.NotFound {
		t.Errorf("taken twice: %v", err)
	}
	once := token()
	h.launchWith(once)
	stranger, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forged := key
	forged.Key = stranger
	altered := token()
	parts := strings.Split(altered, ".")
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(body), "9990000018", "9990000026", 1)))
	for name, bad := range map[string]string{
		"used before":               once,
		"for the token endpoint":    h.assert(key, jose.ES384, "patient", onScreen),
		"expired":                   token("exp", h.Now().Add(-time.Second).Unix()),
		"for an hour":               token("exp", h.Now().Add(time.Hour).Unix()),
		"without a jti":             token("jti", nil),
		"of nobody":                 token("patient", nil),
		"with an NHS number alone":  token("patient", map[string]string{"nhs_number": "9990000018"}),
		"of a client that is not":   token("iss", "nobody"),
		"signed by somebody else":   h.assert(forged, jose.ES384, "aud", h.Base+"/launch", "patient", onScreen),
		"of somebody else, altered": strings.Join(parts, "."),
		"not a token":               "hello",
	} {
		if status, answer := h.launchWith(bad); status < 400 || status >= 500 || answer["location"] != "" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	_, answer = h.launchWith(token("account", "social-worker"))
	_, id, _ = strings.Cut(answer["location"], "/launch/")
	if _, err := h.Launched(t.Context(), gp, id); kmcr.KindOf(err) != kmcr.NotFound {
		t.Errorf("taken by somebody else: %v", err)
	}
	if _, err := h.Launched(t.Context(), kmcr.Viewer{Account: "social-worker"}, id); err != nil {
		t.Errorf("by whom it is for: %v", err)
	}
	_, answer = h.launchWith(token())
	_, id, _ = strings.Cut(answer["location"], "/launch/")
	h.later(launchLasts + time.Second)
	if _, err := h.Launched(t.Context(), gp, id); kmcr.KindOf(err) != kmcr.NotFound {
		t.Errorf("taken too late: %v", err)
	}
	refused := 0
	for _, e := range h.audited("launch") {
		if !e.Allowed {
			refused++
		}
	}
	if refused != 11 {
		t.Errorf("%d refusals are audited", refused)
	}
}

// ehr is an EHR with SMART App Launch 2.2, as the specification has it.
func ehr(t *testing.T, context map[string]any) *httptest.Server {
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	challenges := map[string]string{}
	mux.HandleFunc("GET /fhir/.well-known/smart-configuration", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 200, map[string]any{"authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
			"code_challenge_methods_supported": []string{"S256"}, "capabilities": []string{"launch-ehr", "context-ehr-patient", "client-public", "permission-v2"}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("aud") != s.URL+"/fhir" || q.Get("launch") != "xyz" || q.Get("scope") != "launch openid fhirUser patient/Patient.rs" || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "kmcr" {
			http.Error(w, "not as SMART App Launch has it: "+r.URL.RawQuery, 400)
			return
		}
		challenges["c1"] = q.Get("code_challenge")
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"c1"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != "c1" || base64.RawURLEncoding.EncodeToString(sum[:]) != challenges["c1"] {
			answerJSON(w, 400, map[string]string{"error": "invalid_grant"})
			return
		}
		answer := map[string]any{"access_token": "t1", "token_type": "Bearer", "expires_in": 300, "scope": "launch patient/Patient.rs"}
		for k, v := range context {
			answer[k] = v
		}
		answerJSON(w, 200, answer)
	})
	mux.HandleFunc("GET /fhir/Patient/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t1" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		answerJSON(w, 200, map[string]any{"resourceType": "Patient", "id": r.PathValue("id"), "birthDate": "1943-03-05",
			"identifier": []any{map[string]string{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "999 000 0018"}}, "name": []any{map[string]any{"use": "official", "family": "Sample", "given": []string{"Ada"}}}})
	})
	return s
}

func TestSMARTLaunchFromAnEHR(t *testing.T) {
	h := open(t, nil)
	there := ehr(t, map[string]any{"patient": "p-1"})
	nobody := ehr(t, nil)
	begin := func(b *http.Client, iss string) (*http.Response, string) {
		r, err := b.Get(h.server.URL + "/smart/launch?" + url.Values{"iss": {iss}, "launch": {"xyz"}}.Encode())
		return r, h.do(r, err)
	}
	if r, page := begin(h.browser(), there.URL+"/fhir"); r.StatusCode != 400 || !strings.Contains(page, "not one that may open") {
		t.Errorf("an EHR that nobody has listed: %d %.300s", r.StatusCode, page)
	}
	for _, s := range []*httptest.Server{there, nobody} {
		if err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Put(store.KindEHR, s.URL+"/fhir", EHR{Name: "Practice system", ClientID: "kmcr"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	b := h.browser()
	r, _ := begin(b, there.URL+"/fhir/")
	_, id, found := strings.Cut(r.Request.URL.Path, "/launch/")
	if !found {
		t.Fatalf("ends at %s", r.Request.URL)
	}
	l, err := h.Launched(t.Context(), kmcr.Viewer{Account: "gp"}, id)
	if err != nil || l.NHSNumber != "9990000018" || l.Family != "Sample" || l.Given != "Ada" || l.Born != "1943-03-05" || l.System != there.URL+"/fhir" {
		t.Errorf("%+v %v", l, err)
	}
	if r, _ := begin(h.browser(), nobody.URL+"/fhir"); r.StatusCode != 400 {
		t.Errorf("without a patient in the launch context: %d", r.StatusCode)
	}
	other, err := h.browser().Get(h.server.URL + "/smart/callback?code=c1&state=made-up")
	h.do(other, err)
	if other.StatusCode != 400 {
		t.Errorf("a callback that nobody began: %d", other.StatusCode)
	}
}
