package web

import (
	"context"
	"net/http"
	"strings"

	"kmcr"
	"kmcr/disclose"
)

// Patterns lists the address patterns that the pages answer, as http.ServeMux writes them: method and path.
func Patterns() []string {
	all := &listing{}
	(&site{}).routes(all)
	return all.patterns
}

// router is where pages are mounted.
type router interface {
	Handle(pattern string, h http.Handler)
	HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request))
}

// listing is a router that only writes down.
type listing struct{ patterns []string }

func (l *listing) Handle(pattern string, _ http.Handler) { l.patterns = append(l.patterns, pattern) }
func (l *listing) HandleFunc(pattern string, _ func(http.ResponseWriter, *http.Request)) {
	l.patterns = append(l.patterns, pattern)
}

// routes is every address that the pages answer.
func (s *site) routes(mux router) {
	mux.Handle("GET /static/{name}", s.assets)

	s.open(mux, "GET /{$}", s.home)
	s.open(mux, "GET /about", s.about)
	s.open(mux, "/", s.missing)

	s.signedIn(mux, "GET /people/search", s.searchForm)
	s.signedIn(mux, "POST /people/search", s.search)
	for _, p := range recordPages {
		s.signedIn(mux, "GET "+p.route(), s.record(p))
	}
	s.signedIn(mux, "POST /people/{ref}/find", s.find)
	s.signedIn(mux, "GET /people/{ref}/results/{test}", s.test)
	s.signedIn(mux, "GET /people/{ref}/documents/{id}", s.document)
	s.signedIn(mux, "GET /people/{ref}/documents/{id}/content", s.documentContent)
	s.signedIn(mux, "GET /people/{ref}/access", s.access)
	s.signedIn(mux, "GET /people/{ref}/access/pdf", s.accessPDF)
	s.signedIn(mux, "POST /people/{ref}/door", s.door)
	s.signedIn(mux, "GET /people/{ref}/others", s.othersForm)
	s.signedIn(mux, "POST /people/{ref}/others", s.others)
	s.signedIn(mux, "GET /people/{ref}/copy", s.copyForm)
	s.signedIn(mux, "POST /people/{ref}/copy", s.copy)
	s.signedIn(mux, "GET /people/{ref}/break-glass", s.breakGlassForm)
	s.signedIn(mux, "POST /people/{ref}/break-glass", s.breakGlass)

	s.signedIn(mux, "GET /people/{ref}/household", s.household)
	s.signedIn(mux, "GET /people/{ref}/involved", s.involvedForm)
	s.signedIn(mux, "POST /people/{ref}/involved", s.involved)
	s.signedIn(mux, "POST /people/{ref}/involved/{id}/end", s.endInvolved)
	s.signedIn(mux, "GET /people/{ref}/objections", s.objections)
	s.signedIn(mux, "POST /people/{ref}/objections", s.object)
	s.signedIn(mux, "POST /people/{ref}/objections/{id}/end", s.endObjection)

	s.signedIn(mux, "GET /people/{ref}/report/{id}", s.reportForm)
	s.signedIn(mux, "POST /people/{ref}/report/{id}", s.report)
	s.signedIn(mux, "GET /corrections", s.corrections)
	s.signedIn(mux, "POST /corrections/{id}/{n}", s.answerCorrection)
	s.signedIn(mux, "GET /authority", s.authority)
	s.signedIn(mux, "POST /authority/{fact}", s.setAuthority)
	s.signedIn(mux, "GET /policies", s.policies)
	s.signedIn(mux, "POST /policies", s.proposePolicy)
	s.signedIn(mux, "POST /policies/{id}/approve", s.decidePolicy(true))
	s.signedIn(mux, "POST /policies/{id}/refuse", s.decidePolicy(false))
	s.signedIn(mux, "GET /launch/{id}", s.launched)
	s.signedIn(mux, "GET /caseload", s.caseload)
	s.signedIn(mux, "GET /caseload/{ref}", s.caseOf)
	s.signedIn(mux, "POST /caseload/{ref}/acknowledged", s.acknowledge)
	s.signedIn(mux, "POST /caseload/{ref}/assigned", s.assign)
	s.signedIn(mux, "POST /caseload/{ref}/notes", s.note)
	s.signedIn(mux, "GET /alerts", s.alerts)
	s.signedIn(mux, "GET /use", s.use)
	s.signedIn(mux, "GET /alerts/stream", s.alertStream)
	s.signedIn(mux, "GET /alerts/{id}", s.alert)
	s.signedIn(mux, "POST /alerts/{id}/acknowledge", s.acknowledgeAlert)
	s.signedIn(mux, "POST /alerts/{id}/ask", s.askProvider)
	s.signedIn(mux, "GET /deliveries", s.deliveries)
	s.signedIn(mux, "POST /deliveries/{subscription}/{n}/again", s.deliverAgain)
	s.signedIn(mux, "GET /subscriptions", s.subscriptions)
	s.signedIn(mux, "POST /subscriptions", s.subscribe)
	s.signedIn(mux, "POST /subscriptions/wanted", s.want)
	s.signedIn(mux, "POST /subscriptions/{id}/delete", s.unsubscribe)
	s.signedIn(mux, "GET /privacy", s.privacy)
	s.signedIn(mux, "POST /privacy/concerns", s.settleConcern)
	s.signedIn(mux, "GET /matches", s.matches)
	s.signedIn(mux, "POST /matches/{id}", s.decideMatch)
	s.signedIn(mux, "GET /matches/report", s.linkRates)
	s.signedIn(mux, "GET /matches/people/{ref}", s.entries)
	s.signedIn(mux, "POST /matches/people/{ref}", s.changeEntries)
	s.signedIn(mux, "GET /feeds", s.feeds)
	s.signedIn(mux, "GET /feeds/messages/{id}", s.message)
	s.signedIn(mux, "POST /feeds/messages/{id}", s.revealMessage)
	s.signedIn(mux, "GET /feeds/{contributor}", s.feed)
	s.signedIn(mux, "POST /feeds/{contributor}", s.changeFeed)
	s.signedIn(mux, "GET /feeds/parked/{id}", s.parked)
	s.signedIn(mux, "POST /feeds/parked/{id}/preview", s.previewParked)
	s.signedIn(mux, "POST /feeds/parked/{id}/correct", s.correctParked)
	s.signedIn(mux, "POST /feeds/parked/{id}/replay", s.replayParked)
	s.signedIn(mux, "POST /feeds/parked/{id}/discard", s.discardParked)
}

// ask is one request being answered, and who makes it.
type ask struct {
	*http.Request
	w       http.ResponseWriter
	viewer  kmcr.Viewer
	known   bool // somebody has signed in
	pattern string
	cleared func() error // waits until what the answer shows is audited
}

// handler is one page: it answers, or returns why it cannot.
type handler func(*ask) error

// open mounts a page that anybody may read.
func (s *site) open(mux router, pattern string, h handler) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		q := &ask{Request: r, w: w, pattern: pattern}
		if v, err := s.Viewer(r); err == nil {
			q.viewer, q.known = v, true
		}
		s.serve(q, h)
	})
}

// signedIn mounts a page for somebody who has signed in.
func (s *site) signedIn(mux router, pattern string, h handler) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		q := &ask{Request: r, w: w, pattern: pattern}
		s.serve(q, func(q *ask) error {
			v, err := s.Viewer(r)
			if err != nil {
				return err
			}
			q.viewer, q.known = v, true
			return h(q)
		})
	})
}

// serve runs a handler: headers first, then no write from another site, then
// the page, and one place for whatever went wrong.
func (s *site) serve(q *ask, h handler) {
	secure(q.w.Header())
	var under context.Context
	under, q.cleared = disclose.Behind(q.Context())
	q.Request = q.WithContext(under)
	defer func() {
		if p := recover(); p != nil {
			s.fail(q, kmcr.Errorf(kmcr.Fault, "page panicked: %v", p))
		}
	}()
	if err := s.origin.Check(q.Request); err != nil {
		s.fail(q, &kmcr.Error{Kind: kmcr.Refused, Message: "this was sent from another site", Remedy: "Open the page here and send it again.", Err: err})
		return
	}
	if q.Body != nil {
		q.Body = http.MaxBytesReader(q.w, q.Body, maxForm)
	}
	if err := h(q); err != nil {
		s.fail(q, err)
	}
}

// maxForm is the most that a form or its JSON may hold, in bytes.
const maxForm = 64 << 10

// where names the route for the audit, without its method and never with what stands in it.
func (q *ask) where() string {
	if _, path, ok := strings.Cut(q.pattern, " "); ok {
		return path
	}
	return q.pattern
}
