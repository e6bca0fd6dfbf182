package pds_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"kmcr"
	"kmcr/pds"
)

const published = "../../shared/data/nhs-api-r4/demographics/"

// payload reads a published answer; without the data the test is left out, and says so.
func payload(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(published, name))
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: the published payloads of the demographics service are not here: %v", err)
	}
	return b
}

// service answers every question in one way.
func service(t testing.TB, answer http.HandlerFunc) *pds.Client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	c, err := pds.New(pds.Config{Base: s.URL + "/personal-demographics/FHIR/R4/"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func says(status int, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-ID") == "" || r.Header.Get("Accept") != "application/fhir+json" {
			status = http.StatusBadRequest
		}
		w.Header().Set("Content-Type", "application/fhir+json")
		w.WriteHeader(status)
		w.Write(body)
	}
}

func TestPublishedAnswers(t *testing.T) {
	for _, c := range []struct {
		says       string
		asked      kmcr.NHSNumber
		status     int
		file       string
		want       pds.Outcome
		number     kmcr.NHSNumber
		restricted bool
	}{
		{"somebody", "9000000009", 200, "patientResponses/patient_9000000009.json", pds.Found, "9000000009", false},
		{"somebody with next to no facts", "9000000033", 200, "patientResponses/patient_9000000033.json", pds.Found, "9000000033", false},
		{"somebody whose whereabouts must not be found", "9000000025", 200, "patientResponses/patient_9000000025.json", pds.Found, "9000000025", true},
		{"a number that was replaced", "9000000017", 200, "patientResponses/patient_9000000009.json", pds.Superseded, "9000000009", false},
		{"a number that nobody has", "9111231130", 404, "errorResponses/RESOURCE_NOT_FOUND.json", pds.NotFound, "", false},
		{"a number whose record was a mistake", "9000000009", 404, "errorResponses/INVALIDATED_RESOURCE.json", pds.Invalid, "", false},
		{"no number at all", "9000000009", 400, "errorResponses/INVALID_RESOURCE_ID.json", pds.NotFound, "", false},
	} {
		t.Run(c.says, func(t *testing.T) {
			a, err := service(t, says(c.status, payload(t, c.file))).Lookup(t.Context(), c.asked)
			if err != nil {
				t.Fatal(err)
			}
			if a.Outcome != c.want || a.Number != c.number || a.Restricted != c.restricted {
				t.Errorf("it is read as %s %s (restricted %v)", a.Outcome, a.Number, a.Restricted)
			}
			if old := strings.Contains(string(a.Patient), `"use":"old"`); old != (c.want == pds.Superseded) {
				t.Errorf("the replaced number stands with it: %v", old)
			}
		})
	}
}

func TestPublishedSearches(t *testing.T) {
	q := pds.Query{Family: "Smith", Given: "Jane", Born: "2010-10-22", Sex: "female", Postcode: "LS1 6AE"}
	for _, c := range []struct {
		says string
		body []byte
		want pds.Outcome
	}{
		{"one", payload(t, "mocks/PatientSearch.json"), pds.Found},
		{"one who must not be found", payload(t, "mocks/Sensitive_PatientSearch.json"), pds.Found},
		{"none", []byte(`{"resourceType":"Bundle","type":"searchset","total":0}`), pds.NotFound},
		{"several", []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"multiple-matches","details":{"coding":[{"code":"TOO_MANY_MATCHES"}]}}]}`), pds.Several},
	} {
		t.Run(c.says, func(t *testing.T) {
			var asked atomic.Value
			client := service(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Store(r.URL.Query().Get("birthdate") + " " + r.URL.Query().Get("address-postalcode"))
				says(200, c.body)(w, r)
			})
			a, err := client.Search(t.Context(), q)
			if err != nil || a.Outcome != c.want || asked.Load() != "eq2010-10-22 LS1 6AE" {
				t.Errorf("it is read as %v (%v); asked with %v", a.Outcome, err, asked.Load())
			}
		})
	}
	if a, err := service(t, says(500, nil)).Search(t.Context(), pds.Query{Family: "Smith"}); err != nil || a.Outcome != pds.NotFound {
		t.Errorf("with too little known nothing is asked: %v %v", a.Outcome, err)
	}
}

// What comes from outside is not believed: each of these is an error, and none of them tells whom was asked about.
func TestAnswersThatAreNotTaken(t *testing.T) {
	const asked = "9000000009"
	for says, h := range map[string]http.HandlerFunc{
		"not FHIR":                says(200, []byte(`<html>`)),
		"another resource":        says(200, []byte(`{"resourceType":"Observation","id":"9000000009","status":"final"}`)),
		"an id that is no number": says(200, []byte(`{"resourceType":"Patient","id":"abc"}`)),
		"a number that is not the record's": says(200, []byte(
			`{"resourceType":"Patient","id":"9000000009","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000017"}]}`)),
		"without a number":   says(200, []byte(`{"resourceType":"Patient","id":"9000000009"}`)),
		"more than it may":   says(200, []byte(`{"resourceType":"Patient","id":"`+strings.Repeat("9", pds.MaxAnswer)+`"}`)),
		"may not be asked":   says(403, []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"forbidden","details":{"coding":[{"code":"ACCESS_DENIED"}]}}]}`)),
		"is asked too often": says(429, nil),
		"is broken":          says(503, nil),
		"sends us elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/"+asked, http.StatusFound)
		},
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			w.Write([]byte("{"))
		},
		"does not answer":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"deep beyond reading": says(200, []byte(strings.Repeat(`{"a":`, 10000))),
	} {
		t.Run(says, func(t *testing.T) {
			_, err := service(t, h).Lookup(t.Context(), asked)
			if err == nil {
				t.Fatal("it is taken")
			}
			if strings.Contains(err.Error(), asked) || strings.Contains(fmt.Sprintf("%+v", errors.Unwrap(err)), asked) {
				t.Errorf("the error tells who was asked about: %v", err)
			}
		})
	}
}

func TestABusyServiceSaysWhenToComeBack(t *testing.T) {
	_, err := service(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}).Lookup(t.Context(), "9000000009")
	var busy *pds.Busy
	if !errors.As(err, &busy) || busy.After != 7*time.Second {
		t.Errorf("got %v", err)
	}
}

// The client proves who it is with a key that never leaves it, once for as long as a token is in force.
func TestSignedAccess(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var signIns atomic.Int64
	now := time.Now()
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	defer s.Close()
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		signed, err := jwt.ParseSigned(r.PostFormValue("client_assertion"), []jose.SignatureAlgorithm{jose.RS512})
		var c jwt.Claims
		if err == nil {
			err = signed.Claims(&key.PublicKey, &c)
		}
		if err == nil {
			err = c.ValidateWithLeeway(jwt.Expected{Issuer: "our-key", Subject: "our-key", AnyAudience: jwt.Audience{s.URL + "/oauth2/token"}, Time: now}, 0)
		}
		if err != nil || signed.Headers[0].KeyID != "2026-1" || c.ID == "" || r.PostFormValue("grant_type") != "client_credentials" {
			t.Errorf("the assertion is not in order: %v", err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":"599","token_type":"Bearer"}`, signIns.Add(1))
	})
	mux.HandleFunc("GET /R4/Patient/{number}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", signIns.Load()) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"resourceType":"Patient","id":%q,"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%[1]q}]}`, r.PathValue("number"))
	})
	c, err := pds.New(pds.Config{Base: s.URL + "/R4", TokenURL: s.URL + "/oauth2/token", ClientID: "our-key", KeyID: "2026-1", Key: key, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for i, after := range []time.Duration{0, time.Minute, 9 * time.Minute, 2 * time.Minute} {
		now = now.Add(after)
		if a, err := c.Lookup(t.Context(), "9000000009"); err != nil || a.Outcome != pds.Found {
			t.Errorf("question %d: %v %v", i, a.Outcome, err)
		}
	}
	if signIns.Load() != 2 {
		t.Errorf("signed in %d times for twelve minutes of a token that lasts ten", signIns.Load())
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for says, c := range map[string]pds.Config{
		"no address":              {},
		"not over TLS":            {Base: "http://api.example/R4"},
		"no address at all":       {Base: "api"},
		"a sign-in without a key": {Base: "https://api.example/R4", TokenURL: "https://api.example/token", ClientID: "x"},
	} {
		if _, err := pds.New(c); err == nil {
			t.Errorf("%s: accepted", says)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	files, _ := filepath.Glob(published + "*/*.json")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(200, b)
		}
	}
	f.Add(404, []byte(`{"resourceType":"OperationOutcome","issue":[{}]}`))
	f.Add(200, []byte(`{"resourceType":"Patient","id":"9000000009","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"}]}`))
	var status atomic.Int64
	var body atomic.Pointer[[]byte]
	c := service(f, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		w.Write(*body.Load())
	})
	f.Fuzz(func(t *testing.T, s int, b []byte) {
		if s < 200 || s > 599 || s == 204 || s == 304 {
			return
		}
		status.Store(int64(s))
		body.Store(&b)
		a, err := c.Lookup(t.Context(), "9000000017")
		if err == nil && (a.Outcome == pds.Found || a.Outcome == pds.Superseded) != (a.Patient != nil) {
			t.Errorf("%s with a Patient: %v", a.Outcome, a.Patient != nil)
		}
		if _, err := c.Search(t.Context(), pds.Query{Family: "Smith", Born: "2010-10-22", Sex: "female"}); err != nil && strings.Contains(err.Error(), "Smith") {
			t.Errorf("the error names somebody: %v", err)
		}
	})
}
