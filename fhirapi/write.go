package fhirapi

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/ingest"
)

// write hands one interaction of a contributor's client to ingest and answers with what came of it.
func (a *api) write(w http.ResponseWriter, r *request) error {
	if r.viewer.Contributor == "" {
		if err := a.Disclose.Refused(r.Context(), r.viewer, "write", r.where, "Only a contributor's own system states what is in its record."); err != nil {
			return err
		}
		return &kmcr.Error{Kind: kmcr.Refused, Message: "professionals read the record; what is in it is sent by contributors' systems", Remedy: "Ask the organisation that holds the record at source to correct it there."}
	}
	in := ingest.Interaction{Contributor: r.viewer.Contributor, Method: r.Method, IfMatch: r.Header.Get("If-Match"), IfNoneExist: r.Header.Get("If-None-Exist")}
	if len(r.path) > 0 {
		in.Type = r.path[0]
	}
	if len(r.path) > 1 {
		in.ID = r.path[1]
	}
	if len(r.path) == 1 && r.Method != http.MethodPost {
		if in.Query = r.URL.RawQuery; in.Query == "" {
			return &kmcr.Error{Kind: kmcr.Invalid, Message: "a " + r.Method + " names what it is about: {Type}/{id}, or {Type}?identifier=…"}
		}
	}
	if r.Method != http.MethodDelete {
		var err error
		if in.Body, err = a.body(w, r); err != nil {
			return err
		}
	}
	answer, err := a.Ingest.FHIR(r.Context(), in)
	if err != nil {
		return &kmcr.Error{Kind: kmcr.Unavailable, Message: "this could not be made durable and has not been taken in", Remedy: "Send it again.", Err: err}
	}
	a.answer(w, r, answer)
	return nil
}

// answer writes what ingest said, as Prefer asks.
func (a *api) answer(w http.ResponseWriter, r *request, answer ingest.Answer) {
	h := w.Header()
	if answer.Location != "" {
		h.Set("Location", a.Base+"/"+answer.Location)
	}
	if answer.ETag != "" {
		h.Set("ETag", answer.ETag)
	}
	if !answer.LastModified.IsZero() {
		h.Set("Last-Modified", answer.LastModified.UTC().Format(http.TimeFormat))
	}
	body := answer.Body
	if done := answer.Status == http.StatusOK || answer.Status == http.StatusCreated; done && len(r.path) > 0 {
		switch prefer := r.Header.Get("Prefer"); {
		case strings.Contains(prefer, "return=minimal"):
			body = nil
		case strings.Contains(prefer, "return=OperationOutcome"):
			body = fhir.Outcome()
		}
	}
	a.reply(w, r, answer.Status, body)
}

// body reads a request's resource: unpacked, limited by its unpacked size, XML turned into JSON.
func (a *api) body(w http.ResponseWriter, r *request) ([]byte, error) {
	var in io.Reader = http.MaxBytesReader(w, r.Body, a.MaxBody)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the body is not gzip, as its Content-Encoding says"}
		}
		in = z
	default:
		return nil, statusError{http.StatusUnsupportedMediaType, &kmcr.Error{Kind: kmcr.Unsupported, Message: "bodies are sent plain or gzip"}}
	}
	body, err := readAll(io.LimitReader(in, a.MaxBody+1), r.ContentLength)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) || int64(len(body)) > a.MaxBody {
		return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "the body is over the limit when unpacked", Remedy: "Send it in smaller Bundles."}
	}
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the body could not be read to its end", Err: err}
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err == nil && charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, statusError{http.StatusUnsupportedMediaType, &kmcr.Error{Kind: kmcr.Unsupported, Message: "FHIR is sent as UTF-8"}}
	}
	switch kind {
	case "application/fhir+json", "application/json", "text/json":
		return body, nil
	case "application/fhir+xml", "application/xml", "text/xml":
		return fhir.FromXML(body)
	}
	return nil, statusError{http.StatusUnsupportedMediaType, &kmcr.Error{Kind: kmcr.Unsupported, Message: "FHIR is sent as application/fhir+json or application/fhir+xml"}}
}

// readAll reads with one allocation where the size is known and believable; it never allocates ahead for more than 8 MiB on a sender's word.
func readAll(in io.Reader, size int64) ([]byte, error) {
	if size <= 0 || size > 8<<20 {
		return io.ReadAll(in)
	}
	buf := make([]byte, 0, size+512)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
