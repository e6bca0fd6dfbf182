package fhirapi

import (
	"log/slog"
	"net/http"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/ingest"
)

// Config is what the API needs.
type Config struct {
	Disclose *disclose.Service
	Ingest   *ingest.Service
	Viewer   func(*http.Request) (kmcr.Viewer, error)
	Log      *slog.Logger
	Now      func() time.Time
	Base     string // "http://127.0.0.1:8080/fhir/R4"
	MaxBody  int64  // decompressed bytes; 0: 64 MiB
}

// Mount adds /fhir/R4/… to mux.
func Mount(mux *http.ServeMux, c Config) error { panic("not built") }
