package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"kmcr"
	"kmcr/disclose"
	"kmcr/fhirapi"
	"kmcr/signin"
	"kmcr/web"
)

type serveCommand struct {
	HTTP   string   `name:"http" default:"127.0.0.1:8080" env:"KMCR_HTTP" help:"Address of pages and FHIR API."`
	MLLP   string   `name:"mllp" default:"127.0.0.1:2575" env:"KMCR_MLLP" help:"Address of the HL7 v2 listener."`
	MLLPS  string   `name:"mllps" env:"KMCR_MLLPS" help:"Address of the HL7 v2 listener over TLS, where senders are known by their client certificates; empty for none."`
	Cert   string   `name:"mllps-certificate" env:"KMCR_MLLPS_CERTIFICATE" help:"Its certificate, PEM."`
	Key    string   `name:"mllps-key" env:"KMCR_MLLPS_KEY" help:"Its key, PEM."`
	Admin  string   `default:"127.0.0.1:9080" env:"KMCR_ADMIN" help:"Address of /livez, /readyz and /metrics."`
	Base   string   `env:"KMCR_BASE" help:"How browsers address this service, when it stands behind a proxy (https://…)."`
	Proxy  []string `name:"proxy" env:"KMCR_PROXIES" help:"Address, or network (10.0.0.0/24), of a proxy before the pages that says in X-Forwarded-For who asks. May be given several times."`
	Demo   bool     `env:"KMCR_DEMO" help:"Provision the demonstration if it is not there yet."`
	People int      `default:"1000" env:"KMCR_DEMO_PEOPLE" help:"Size of the synthetic population."`

	Issuer       string   `env:"KMCR_OIDC_ISSUER" help:"The OpenID provider, where it is not the demonstration's own."`
	ClientID     string   `env:"KMCR_OIDC_CLIENT_ID" help:"Our client id with it."`
	ClientSecret string   `env:"KMCR_OIDC_CLIENT_SECRET" help:"Our client secret with it."`
	ACR          string   `name:"acr" env:"KMCR_OIDC_ACR" help:"Assurance to ask the provider for at sign-in (acr_values), such as AAL2_OR_AAL3_ANY."`
	StepUpACR    string   `name:"step-up-acr" env:"KMCR_OIDC_STEP_UP_ACR" help:"Assurance to ask for before an emergency opening, an export or an un-merge, such as AAL3_ANY."`
	Scopes       []string `env:"KMCR_OIDC_SCOPES" help:"Scopes to ask for besides openid and profile."`

	Live string `enum:"auto,yes,no" default:"auto" env:"KMCR_LIVE" help:"Whether people are looked after by this record, so that what a sender marks as training or debugging (MSH-11 T or D) is parked: yes, no, or auto: yes where an OpenID provider is named."`

	National  national  `embed:""`
	Practices practices `embed:""`
	Telling   telling   `embed:""`
}

// live tells whether people are looked after by this record. Whoever names an identity provider of their own means it.
func (c *serveCommand) live() bool {
	return !c.Demo && (c.Live == "yes" || c.Live == "auto" && c.Issuer != "")
}

// Run serves until a signal, then drains: nothing new is accepted, what has begun is finished.
func (c *serveCommand) Run(ctx context.Context, settings *Settings, s streams) error {
	thrifty()
	log := slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{ReplaceAttr: inUTC}))
	h, err := settings.openLogging(ctx, log)
	if err != nil {
		return err
	}
	defer h.close()
	var open listeners
	defer open.close()
	pages, mllp, admin := open.listen(c.HTTP), open.listen(c.MLLP), open.listen(c.Admin)
	if open.err != nil {
		return fmt.Errorf("cannot listen: %w", open.err)
	}
	secure, err := c.listenTLS(&open)
	if err != nil {
		return err
	}
	base := c.Base
	if base == "" {
		base = "http://" + pages.Addr().String()
	}
	if h.told, err = c.Telling.tell(h, base); err != nil {
		return err
	}
	if err := h.takeIn(ctx); err != nil {
		return err
	}
	h.in.InUse = c.live()
	if err := writeBase(settings.Data, base); err != nil {
		return err
	}
	proxies, err := networks(c.Proxy)
	if err != nil {
		return err
	}
	who, err := signin.New(ctx, signin.Config{Proxies: proxies, DB: h.db, Keys: h.keys, Log: log, Base: base, Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, ACR: c.ACR, StepUpACR: c.StepUpACR, Scopes: c.Scopes, Demo: c.Demo, Data: settings.Data})
	if err != nil {
		return err
	}
	meter := newMeter(h)
	handler, err := c.handler(h, who, meter, base)
	if err != nil {
		return err
	}

	var serving sync.WaitGroup
	failed := make(chan error, 3)
	start := func(name string, f func() error) {
		serving.Go(func() {
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
				failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	ready := &gate{}
	httpServer := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	adminServer := &http.Server{Handler: adminHandler(h, meter, ready), ReadHeaderTimeout: 10 * time.Second}
	mllpContext, stopMLLP := context.WithCancel(ctx)
	defer stopMLLP()
	ask, err := c.Practices.asker(mllpContext, h)
	if err != nil {
		return err
	}
	if ask != nil {
		h.out.WhenOpened(ask.opened)
		defer ask.close()
	}
	start("pages", func() error { return httpServer.Serve(pages) })
	start("admin", func() error { return adminServer.Serve(admin) })
	logContext, stopLog := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLog()
	start("audit log", func() error { h.keepLog(logContext); return nil })
	start("mllp", func() error { return h.in.ServeMLLP(mllpContext, mllp) })

	if secure != nil {
		start("mllps", func() error { return h.in.ServeMLLP(mllpContext, secure) })
	}

	if c.Demo {
		d := demonstration{house: h, who: who, base: base, mllp: mllp.Addr().String(), people: c.People, progress: s.err}
		if err := d.provision(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("the demonstration could not be provisioned: %w", err)
		}
	}
	tracer, err := c.National.tracer(ctx, h.in)
	if err != nil {
		return err
	}
	if tracer != nil {
		serving.Go(func() { tracer.Run(mllpContext) })
	}
	start("drop folders", func() error { return h.in.Drop(filepath.Join(settings.Data, "drop")).Watch(mllpContext) })
	ready.open()
	also := ""
	if secure != nil {
		also = " mllps=" + secure.Addr().String()
	}
	fmt.Fprintf(s.out, "kmcr ready http=%s mllp=%s admin=http://%s%s\n", base, mllp.Addr(), admin.Addr(), also)

	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	ready.shut()
	stopMLLP()
	h.told.Hush()
	drain, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if e := httpServer.Shutdown(drain); e != nil {
		httpServer.Close()
	}
	adminServer.Close()
	stopLog()
	serving.Wait()
	return err
}

// listenTLS opens the listener for senders with certificates; nil where none is asked for.
func (c *serveCommand) listenTLS(open *listeners) (net.Listener, error) {
	if c.MLLPS == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, exit{exitUsage, fmt.Errorf("the certificate of the HL7 v2 listener cannot be read (--mllps-certificate, --mllps-key): %w", err)}
	}
	plain := open.listen(c.MLLPS)
	if open.err != nil {
		return nil, fmt.Errorf("cannot listen: %w", open.err)
	}
	return tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}), nil
}

// inUTC has log lines of hosts in different zones stand in one order (ASVS 16.2.2).
func inUTC(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}

// networks reads addresses and networks; an address is the network of itself.
func networks(texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if at, e := netip.ParseAddr(text); e == nil {
			network, err = netip.PrefixFrom(at, at.BitLen()), nil
		}
		if err != nil {
			return nil, exit{exitUsage, fmt.Errorf("--proxy %q is no address and no network: give 127.0.0.1 or 10.0.0.0/24", text)}
		}
		out = append(out, network)
	}
	return out, nil
}

// thrifty lets garbage stand until memory is near what the service should need, for collecting it is
// a fourth of the cost of opening a record. The operator's own GOGC and GOMEMLIMIT have the last word.
func thrifty() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(192 << 20)
	}
}

// handler is everything that is served on the pages' address.
func (c *serveCommand) handler(h *house, who *signin.Service, meter *meter, base string) (http.Handler, error) {
	mux := http.NewServeMux()
	who.Mount(mux)
	pages := web.Config{Disclose: h.out, Ingest: h.in, Notify: h.told, Viewer: who.Viewer, Launched: launched(who), Log: h.log, Demo: c.Demo, Parked: h.out.Parked, ShowParked: h.out.ShowParked,
		Organisation: func(o kmcr.ODS) string { return h.out.OrganisationName(context.Background(), o) }}
	if err := web.Mount(mux, pages); err != nil {
		return nil, err
	}
	if err := fhirapi.Mount(mux, fhirapi.Config{Disclose: h.out, Ingest: h.in, Notify: h.told, Viewer: who.Viewer, Log: h.log, Base: base + "/fhir/R4", PageKey: h.keys.Derive("fhir-pages")}); err != nil {
		return nil, err
	}
	// The FHIR API takes bearer tokens only and so cannot be driven by another site's page; everything else is protected.
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("/fhir/")
	protection.AddInsecureBypassPattern("/oauth/")
	protection.AddInsecureBypassPattern("POST /launch") // comes from another site by its nature, and is proven by its signature
	return meter.measure(mux, oneEnd(protection.Handler(mux))), nil
}

// oneEnd ends the connection behind a body that came in chunks. Where a length stood beside the chunks, a proxy before us may have
// gone by the length; what it took for the rest of this body must not be answered as a request of somebody else (RFC 9112, 6.1).
func oneEnd(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// launched hands the launches that sign-in has proven to the pages.
func launched(who *signin.Service) func(context.Context, kmcr.Viewer, string) (disclose.Launched, error) {
	return func(ctx context.Context, v kmcr.Viewer, id string) (disclose.Launched, error) {
		l, err := who.Launched(ctx, v, id)
		return disclose.Launched{System: l.System, Query: disclose.Query{NHSNumber: l.NHSNumber, Family: l.Family, Given: l.Given, Born: l.Born}}, err
	}
}

// listeners opens several and remembers the first failure.
type listeners struct {
	all []net.Listener
	err error
}

func (l *listeners) listen(address string) net.Listener {
	n, err := net.Listen("tcp", address)
	if err != nil {
		l.err = errors.Join(l.err, err)
		return nil
	}
	l.all = append(l.all, n)
	return n
}

func (l *listeners) close() {
	for _, n := range l.all {
		n.Close()
	}
}

// stdoutIsTerminal tells whether progress may be drawn.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
