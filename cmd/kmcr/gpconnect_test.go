package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"kmcr"
	"kmcr/disclose"
	"kmcr/store"
)

// a practice's system that does not answer holds nobody up; when it answers, what it says is taken in; nobody asks twice.
func TestAPracticeIsAskedInItsOwnTime(t *testing.T) {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	dir := t.TempDir()
	h, err := (&Settings{Database: "sqlite:" + filepath.Join(dir, "k.db"), Data: dir}).open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := h.takeIn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Write(ctx, func(tx *store.Tx) error {
		return tx.Put(store.KindContributor, "gp-g82001", kmcr.Contributor{Code: "gp-g82001", Organisation: "G82001", Format: kmcr.FormatGPC})
	}); err != nil {
		t.Fatal(err)
	}
	answer := make(chan struct{})
	asked := 0
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		select {
		case <-answer:
		case <-r.Context().Done():
		}
		io.WriteString(w, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],"name":[{"family":"Sample"}],"birthDate":"1950-01-01"}},`+
			`{"resource":{"resourceType":"Condition","id":"c","clinicalStatus":"active","code":{"text":"x"},"subject":{"reference":"Patient/1"}}}]}`)
	}))
	defer system.Close()
	file := filepath.Join(dir, "practices.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, `[{"ods":"G82001","base":%q,"asid":"2","contributor":"gp-g82001"}]`, system.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := (&practices{File: file, ASID: "1", Issuer: "https://kmcr.example", ODS: "QKS"}).asker(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	seen := disclose.Seen{Viewer: kmcr.Viewer{Account: "gp"}, NHS: "9990000018", Practice: "G82001"}
	a.opened(seen) // returns although nobody has answered
	a.opened(seen)
	a.opened(disclose.Seen{NHS: "9990000018", Practice: "X99999"})
	close(answer)
	a.close()
	if asked != 1 {
		t.Errorf("the practice was asked %d times", asked)
	}
	p, err := h.db.PatientByKey(ctx, "gp-g82001", "Patient/1")
	if err != nil || p == nil {
		t.Fatalf("what the practice said was not taken in: %v", err)
	}
}
