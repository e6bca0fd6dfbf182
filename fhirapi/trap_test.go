package fhirapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"kmcr/access"
)

// whole is an objection to all sharing.
var whole = access.Objection{}

// takenBack is one that is no longer in force.
func takenBack(now time.Time) access.Objection { return access.Objection{Until: now.Add(-time.Second)} }

// trapServer is a server that nobody should ask anything.
func trapServer(t *testing.T, asked chan<- string) string {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	t.Cleanup(s.Close)
	return s.URL
}
