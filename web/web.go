package web

import (
	"log/slog"
	"net/http"

	"kmcr"
	"kmcr/disclose"
	"kmcr/ingest"
)

// Config is what the pages need.
type Config struct {
	Disclose *disclose.Service
	Ingest   *ingest.Service
	Viewer   func(*http.Request) (kmcr.Viewer, error) // signin.Service.Viewer, handed over by cmd/kmcr
	Log      *slog.Logger
	Demo     bool
}

// Mount adds the pages to mux.
func Mount(mux *http.ServeMux, c Config) error { panic("not built") }
