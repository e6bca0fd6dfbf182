package ingest

import (
	"net/http"
	"strconv"
	"time"

	"kmcr"
	"kmcr/fhir"
)

// answer is what FHIR REST says of a request that was done.
func (a *attempt) answer() Answer {
	switch a.request.kind {
	case "":
	case "transaction":
		return Answer{Status: http.StatusOK, Body: a.answerTransaction()}
	default:
		return Answer{Status: http.StatusOK, Body: fhir.Outcome(fhir.Issue{Severity: "information", Code: "informational",
			Diagnostics: "All that the " + a.request.kind + " states is kept: " + strconv.Itoa(len(a.request.entries)) + " resources."})}
	}
	t := &a.tasks[0]
	if t.method == "DELETE" {
		return Answer{Status: http.StatusNoContent, ETag: etag(t.version())}
	}
	if t.isHeld() {
		return Answer{Status: http.StatusAccepted, Location: t.location(), ETag: etag(t.version()), LastModified: t.recorded(),
			Body: fhir.Outcome(fhir.Issue{Severity: "warning", Code: "incomplete", Diagnostics: notYetShown})}
	}
	return Answer{Status: t.outcome, Location: t.location(), ETag: etag(t.version()), LastModified: t.recorded(), Body: t.render(a.c.Code)}
}

// location is where the contributor finds what it sent: under its own id
// where it PUT it, else under ours.
func (t *task) location() string {
	return t.kind + "/" + t.name() + "/_history/" + strconv.Itoa(t.version())
}

func (t *task) name() string {
	if t.own {
		return t.entry.id
	}
	return t.id.String()
}

func etag(version int) string { return `W/"` + strconv.Itoa(version) + `"` }

// instant is the form of a FHIR instant.
const instant = "2006-01-02T15:04:05.000Z"

func (t *task) render(c kmcr.ContributorCode) []byte {
	st := t.said
	if st == nil {
		st = t.head
	}
	body := st.Body
	if t.body != nil {
		body = t.body
	}
	dst := make([]byte, 0, len(body)+len(st.Meta)+200)
	return fhir.Render(dst, body, st.Meta, t.name(), strconv.Itoa(t.version()), t.recorded().UTC().Format(instant), "urn:kmcr:contributor:"+string(c))
}

// answerTransaction says for each entry, in order, what became of it.
func (a *attempt) answerTransaction() []byte {
	b := make([]byte, 0, 64+len(a.request.entries)*190)
	b = append(b, `{"resourceType":"Bundle","type":"transaction-response"`...)
	stamps := stamps{}
	for i := range a.request.entries {
		t := &a.tasks[i]
		if i == 0 {
			b = append(b, `,"entry":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, `{"response":{"status":"`...)
		b = append(b, statusLine(t)...)
		b = append(b, '"')
		if t.method != "DELETE" {
			b = append(b, `,"location":"`...)
			b = append(b, t.location()...)
			b = append(b, '"')
		}
		b = append(b, `,"etag":"W/\"`...)
		b = strconv.AppendInt(b, int64(t.version()), 10)
		b = append(b, `\"","lastModified":"`...)
		b = append(b, stamps.of(t.recorded())...)
		b = append(b, `"}}`...)
	}
	if len(a.request.entries) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

func statusLine(t *task) string {
	switch {
	case t.method == "DELETE":
		return "204 No Content"
	case t.isHeld():
		return "202 Accepted"
	case t.outcome == created:
		return "201 Created"
	}
	return "200 OK"
}

// stamps writes instants, of which one after another are mostly the same.
type stamps struct {
	last time.Time
	text string
}

func (s *stamps) of(t time.Time) string {
	if s.text == "" || !t.Equal(s.last) {
		s.last, s.text = t, t.UTC().Format(instant)
	}
	return s.text
}

// batchAnswer puts the answers of the entries of a batch together.
func batchAnswer(answers []Answer) Answer {
	b := []byte(`{"resourceType":"Bundle","type":"batch-response"`)
	for i, a := range answers {
		if i == 0 {
			b = append(b, `,"entry":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, `{"response":{"status":"`+strconv.Itoa(a.Status)+" "+http.StatusText(a.Status)+`"`...)
		if a.Location != "" {
			b = append(b, `,"location":"`+a.Location+`"`...)
		}
		if a.ETag != "" {
			b = append(b, `,"etag":`+strconv.Quote(a.ETag)...)
		}
		if !a.LastModified.IsZero() {
			b = append(b, `,"lastModified":"`+a.LastModified.UTC().Format(instant)+`"`...)
		}
		if failed := a.Status >= 400 || a.Status == http.StatusAccepted; failed && len(a.Body) > 0 {
			b = append(b, `,"outcome":`...)
			b = append(b, a.Body...)
		}
		b = append(b, "}}"...)
	}
	if len(answers) > 0 {
		b = append(b, ']')
	}
	return Answer{Status: http.StatusOK, Body: append(b, '}')}
}
