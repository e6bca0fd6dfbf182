package web

import (
	"bytes"
	"html"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"kmcr"
	"kmcr/compose"

	"github.com/klauspost/compress/gzip"
)

// secure sets what every page is sent with. The pages hold no script but the file that puts alerts into an open page.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept, Accept-Encoding, Authorization, Cookie")
}

// page is what a template is executed with: the frame's facts and the page's own Body.
type page struct {
	Title  string // of the window and of the page's one h1
	Body   any
	Record *compose.Record // nil outside a person's record
	Here   string          // stem of the page within the record, or path of a work list
	At     string          // what addresses within a record that is not shown as of now carry on
	Viewer *kmcr.Viewer    // nil when nobody has signed in
	Demo   bool
	Status int   // 0: 200
	Since  int64 // on pages into which alerts are put as they come: after which event
}

// show answers with the page of the stem's template.
func (s *site) show(q *ask, stem string, p page) error {
	p.Demo = s.Demo
	if q.known {
		p.Viewer = &q.viewer
		p.Since = s.since(p.Here, q.viewer)
	}
	var b bytes.Buffer
	if err := s.drawn.draw(&b, stem, &p); err != nil {
		return kmcr.Errorf(kmcr.Fault, "template %s: %w", stem, err)
	}
	return q.write(p.Status, "text/html; charset=utf-8", carryOn(b.Bytes(), p.At))
}

// withinPeople are the addresses on a page that lead to a person's record.
var withinPeople = regexp.MustCompile(`(?:href|src)="/people/[^"#]+`)

// carryOn lets every way from a page that does not show the record as of now lead to the same instant, so that nobody takes what is
// now for what was. An address that names its own instant keeps it: "?at=" is now.
func carryOn(page []byte, at string) []byte {
	if at == "" {
		return page
	}
	first, further := []byte(html.EscapeString(at)), []byte("&amp;"+html.EscapeString(strings.TrimPrefix(at, "?")))
	return withinPeople.ReplaceAllFunc(page, func(address []byte) []byte {
		switch {
		case bytes.Contains(address, []byte("?at=")):
			return address
		case bytes.IndexByte(address, '?') >= 0:
			return slices.Concat(address, further)
		}
		return slices.Concat(address, first)
	})
}

// livePages are those into which alerts are put as they come.
var livePages = map[string]bool{"/": true, "/caseload": true, "/alerts": true}

// since is the event after which alerts are put into a page; 0 for a page into which none are.
func (s *site) since(here string, v kmcr.Viewer) int64 {
	if s.Notify == nil || !livePages[here] || !slices.Contains(navigation(v.Role), place{"/alerts", "Alerts"}) {
		return 0
	}
	return s.Notify.Since()
}

// write sends a whole answer, compressed where that helps and is wanted. JSON
// goes as it is: its readers are programs nearby, for whom time is dearer than bytes.
func (q *ask) write(status int, mediaType string, body []byte) error {
	h := q.w.Header()
	h.Set("Content-Type", mediaType)
	if strings.HasPrefix(mediaType, "text/html") && len(body) > 1400 && strings.Contains(q.Header.Get("Accept-Encoding"), "gzip") {
		body = compressed(body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if status == 0 {
		status = http.StatusOK
	}
	if err := q.cleared(); err != nil {
		h.Del("Content-Encoding")
		return err
	}
	q.w.WriteHeader(status)
	if q.Method != http.MethodHead {
		_, _ = q.w.Write(body) // the reader has gone: nobody to tell
	}
	return nil
}

var compressors = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return w
}}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	_, _ = w.Write(body) // a bytes.Buffer takes all
	_ = w.Close()
	return b.Bytes()
}

// wantsJSON tells whether the asker prefers JSON to a page: it says so, or says nothing and sent JSON.
func (q *ask) wantsJSON() bool {
	accept := q.Header.Get("Accept")
	j, h := quality(accept, "application/json"), quality(accept, "text/html")
	return j > 0 && j >= h || j == 0 && h == 0 && q.sentJSON()
}

// wantsPage tells whether the asker is a browser: it names HTML.
func (q *ask) wantsPage() bool {
	return strings.Contains(q.Header.Get("Accept"), "text/html") && !q.wantsJSON()
}

func (q *ask) sentJSON() bool {
	t, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type"))
	return t == "application/json"
}

// quality is the weight that an Accept header gives a media type by its own name (RFC 9110, 12.5.1); a wildcard is no preference.
func quality(accept, mediaType string) float64 {
	for part := range strings.SplitSeq(accept, ",") {
		t, params, err := mime.ParseMediaType(part)
		if err != nil || t != mediaType {
			continue
		}
		if v, err := strconv.ParseFloat(params["q"], 64); err == nil {
			return v
		}
		return 1
	}
	return 0
}

// see sends the reader on after something was done, so that reloading does not do it twice.
func (q *ask) see(path string) error {
	if err := q.cleared(); err != nil {
		return err
	}
	q.w.Header().Set("Location", path)
	q.w.WriteHeader(http.StatusSeeOther)
	return nil
}
