package gpconnect_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/fhir"
	"kmcr/gpconnect"
)

const number = kmcr.NHSNumber("9990000018")

var viewer = kmcr.Viewer{Account: "dr.bell", Name: "Bell"}

// ask sets up a practice's system that answers as f does, and asks it.
func ask(t *testing.T, f http.HandlerFunc) ([]byte, error) {
	t.Helper()
	system := httptest.NewServer(f)
	t.Cleanup(system.Close)
	c, err := gpconnect.New(gpconnect.Config{ASID: "200000000001", Issuer: "https://kmcr.example", Organisation: kmcr.Organisation{ODS: "QKS", Name: "Kent and Medway"},
		Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return c.Record(ctx, gpconnect.Practice{ODS: "G82001", Base: system.URL + "/STU3/1/gpconnect/structured/fhir", ASID: "200000000002"}, viewer, number)
}

func record(n string) string {
	return `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + n + `"}]}}]}`
}

func TestTheQuestionIsAsTheSpecificationHasIt(t *testing.T) {
	body, err := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/STU3/1/gpconnect/structured/fhir/Patient/$gpc.getstructuredrecord" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		for name, want := range map[string]string{"Ssp-From": "200000000001", "Ssp-To": "200000000002", "Ssp-InteractionID": gpconnect.Interaction, "Accept": "application/fhir+json", "Content-Type": "application/fhir+json"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if len(r.Header.Get("Ssp-TraceID")) != 36 {
			t.Errorf("Ssp-TraceID: %q", r.Header.Get("Ssp-TraceID"))
		}
		parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
		if len(parts) != 3 || parts[2] != "" {
			t.Fatalf("the token has %d parts", len(parts))
		}
		head, _ := base64.RawURLEncoding.DecodeString(parts[0])
		payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
		var said map[string]any
		if string(head) != `{"alg":"none","typ":"JWT"}` || json.Unmarshal(payload, &said) != nil {
			t.Fatalf("%s %s", head, payload)
		}
		if said["iss"] != "https://kmcr.example" || said["sub"] != "dr.bell" || said["reason_for_request"] != "directcare" || said["requested_scope"] != "patient/*.read" || said["exp"].(float64)-said["iat"].(float64) != 300 || !strings.HasSuffix(said["aud"].(string), "/structured/fhir") {
			t.Errorf("the token says %s", payload)
		}
		sent, _ := io.ReadAll(r.Body)
		q, err := fhir.Parse(sent)
		if err != nil || q.Root().First("parameter.valueIdentifier.value").Text() != string(number) || strings.Contains(r.URL.String(), string(number)) {
			t.Errorf("%v: %s", err, sent)
		}
		io.WriteString(w, record(string(number)))
	})
	if err != nil || string(body) != record(string(number)) {
		t.Errorf("%v %s", err, body)
	}
}

func TestWhatAPracticesSystemMayAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   kmcr.Kind
	}{
		"a record of another number": {200, record("9990000026"), kmcr.Conflict},
		"no record":                  {200, `{"resourceType":"Patient"}`, kmcr.Invalid},
		"no JSON":                    {200, `<html>`, kmcr.Invalid},
		"an answer without words":    {503, ``, kmcr.Unavailable},
		"another address":            {302, ``, kmcr.Invalid},
		"not allowed":                {403, ``, kmcr.Refused},
	} {
		_, err := ask(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		if kmcr.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), string(number)) {
			t.Errorf("%s: the error holds the number", name)
		}
	}
}

// the published forms of refusal.
func TestPublishedRefusals(t *testing.T) {
	want := map[string]kmcr.Kind{"BadRequest": kmcr.Invalid, "InternalServerError": kmcr.Unavailable, "InvalidDemographic": kmcr.Invalid, "InvalidNHSNumber": kmcr.Invalid, "InvalidParameter": kmcr.Invalid,
		"InvalidResource": kmcr.Invalid, "NoRelationship": kmcr.Refused, "PatientNotFound": kmcr.NotFound}
	for name, kind := range want {
		data, err := os.ReadFile(filepath.Join("../../shared/data/gp-connect-stu3/edge-cases/operationOutcome" + name + ".json"))
		if err != nil {
			t.Skip("SKIPPED, NOT TESTED: the sample data is not beside this project")
		}
		_, err = ask(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(422)
			w.Write(data)
		})
		if kmcr.KindOf(err) != kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADeadSystemIsUnavailable(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	_, err := ask(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-never:
		case <-r.Context().Done():
		}
	})
	if kmcr.KindOf(err) != kmcr.Unavailable {
		t.Errorf("got %v", err)
	}
}
