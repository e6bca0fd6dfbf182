package fhirapi

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhir"
	"kmcr/ingest"
	"kmcr/notify"
)

// Config is what the API needs.
type Config struct {
	Disclose *disclose.Service
	Ingest   *ingest.Service
	Notify   *notify.Service // nil: there are no subscriptions
	Viewer   func(*http.Request) (kmcr.Viewer, error)
	Log      *slog.Logger
	Now      func() time.Time
	Base     string // "http://127.0.0.1:8080/fhir/R4"
	MaxBody  int64  // decompressed bytes; 0: 72 MiB
	// PageKey seals paging links, 32 bytes, the same on every node; nil: one of this process.
	PageKey []byte
}

const root = "/fhir/R4"

// Mount adds /fhir/R4/… to mux.
func Mount(mux *http.ServeMux, c Config) error {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxBody == 0 {
		c.MaxBody = 72 << 20
	}
	if c.PageKey == nil {
		c.PageKey = make([]byte, 32)
		if _, err := rand.Read(c.PageKey); err != nil {
			return err
		}
	}
	pages, err := newPages(c.PageKey)
	if err != nil {
		return err
	}
	a := &api{Config: c, pages: pages, routes: routes()}
	mux.Handle(root, a)
	mux.Handle(root+"/", a)
	return nil
}

type api struct {
	Config
	pages  *pages
	routes []route
}

// request is one request, its path read and its asker known.
type request struct {
	*http.Request
	viewer kmcr.Viewer
	path   []string // after the base
	xml    bool     // the answer is XML
	where  string   // the route, without identifiers
}

// handler answers a request or fails with an error that becomes an OperationOutcome.
type handler func(a *api, w http.ResponseWriter, r *request) error

// route is one interaction; the CapabilityStatement is made from this table.
type route struct {
	method, shape string // shape: "", "T", "T/_search", "T/id", "T/id/_history", "T/id/_history/v", "Patient/id/$everything", "Patient/id/$summary", "metadata"
	interaction   string // R4 type- or system-restful-interaction code, "" where there is none
	handle        handler
}

// routes lists every interaction.
func routes() []route {
	return append([]route{
		{"GET", "metadata", "", (*api).metadata},
		{"POST", "", "transaction", (*api).write},
		{"GET", "T", "search-type", (*api).search},
		{"POST", "T/_search", "search-type", (*api).search},
		{"POST", "T", "create", (*api).write},
		{"PUT", "T", "update", (*api).write},
		{"DELETE", "T", "delete", (*api).write},
		{"GET", "T/id", "read", (*api).read},
		{"PUT", "T/id", "update", (*api).write},
		{"DELETE", "T/id", "delete", (*api).write},
		{"GET", "T/id/_history", "history-instance", (*api).history},
		{"GET", "T/id/_history/v", "vread", (*api).read},
		{"GET", "Patient/id/$everything", "", (*api).everything},
		{"POST", "Patient/id/$everything", "", (*api).everything},
		{"GET", "Patient/id/$summary", "", (*api).summary},
	}, append(subscriptionRoutes, correctionRoutes...)...)
}

// Patterns lists the interactions that the API answers: method and path, {type}, {id} and {version} standing for themselves.
func Patterns() []string {
	named := map[string]string{"T": "{type}", "id": "{id}", "v": "{version}"}
	var all []string
	for _, r := range routes() {
		parts := strings.Split(r.shape, "/")
		for n, part := range parts {
			if name, ok := named[part]; ok {
				parts[n] = name
			}
		}
		all = append(all, r.method+" "+root+"/"+strings.Join(parts, "/"))
	}
	return all
}

// ServeHTTP finds the route, establishes who asks, and answers.
func (a *api) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := &request{Request: hr}
	defer func() {
		if p := recover(); p != nil {
			a.Log.Error("a FHIR request failed in a way that is a defect", "where", r.where, "panic", p, "stack", string(debug.Stack()))
			a.fail(w, r, kmcr.Errorf(kmcr.Fault, "something went wrong here"))
		}
	}()
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	if rest := strings.Trim(strings.TrimPrefix(hr.URL.Path, root), "/"); rest != "" {
		r.path = strings.Split(rest, "/")
	}
	if err := a.serve(w, r); err != nil {
		a.fail(w, r, err)
	}
}

func (a *api) serve(w http.ResponseWriter, r *request) error {
	var err error
	if r.xml, err = wantsXML(r.Request); err != nil {
		return err
	}
	shape, err := r.shape()
	if err != nil {
		return err
	}
	r.where = "fhir " + shape
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	for _, route := range a.routes {
		if route.shape != shape {
			continue
		}
		if route.method != method {
			allowed = append(allowed, route.method)
			continue
		}
		r.where = "fhir " + route.method + " " + strings.Replace(shape, "T", "{type}", 1)
		if shape != "metadata" {
			if r.viewer, err = a.Viewer(r.Request); err != nil {
				return err
			}
		}
		return route.handle(a, w, r)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return statusError{http.StatusMethodNotAllowed, &kmcr.Error{Kind: kmcr.Unsupported, Message: "this is not done by " + r.Method + " here", Remedy: "The Allow header lists what is."}}
}

// shape is the form of the path, with the type and ids taken out; an unknown type or form is NotFound.
func (r *request) shape() (string, error) {
	p := r.path
	switch {
	case len(p) == 0:
		return "", nil
	case len(p) == 1 && p[0] == "metadata":
		return "metadata", nil
	case !fhir.KnownType(p[0]):
		return "", &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such resource type in FHIR R4", Remedy: "GET metadata lists the types."}
	case p[0] == "Subscription" && subscriptionShape(p) != "":
		return subscriptionShape(p), nil
	case len(p) == 2 && p[0] == "Task" && (p[1] == "$corrections" || p[1] == "$answer-correction"):
		return "Task/" + p[1], nil
	case len(p) == 1:
		return "T", nil
	case len(p) == 2 && p[1] == "_search":
		return "T/_search", nil
	case len(p) == 3 && p[0] == "Patient" && p[2] == "$everything":
		return "Patient/id/$everything", nil
	case len(p) == 3 && p[0] == "Patient" && p[2] == "$summary":
		return "Patient/id/$summary", nil
	case strings.HasPrefix(p[len(p)-1], "$"):
		return "", &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such operation here", Remedy: "GET metadata lists the operations."}
	case len(p) == 2:
		return "T/id", nil
	case len(p) == 3 && p[2] == "_history":
		return "T/id/_history", nil
	case len(p) == 4 && p[2] == "_history":
		return "T/id/_history/v", nil
	}
	return "", &kmcr.Error{Kind: kmcr.NotFound, Message: "there is nothing at this address", Remedy: "GET metadata lists what there is."}
}
