package pds

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
)

// Outcome is the kind of an answer.
type Outcome string

// The outcomes.
const (
	Found      Outcome = "found"
	Superseded Outcome = "superseded"  // the number asked about has been replaced; the answer has the number in force
	NotFound   Outcome = "not-found"   // nobody has the number, or nobody is like that
	Invalid    Outcome = "invalidated" // the record of the number was a mistake (INVALIDATED_RESOURCE)
	Several    Outcome = "several"     // more than one person is like that
)

// Answer is what the service says of one person.
type Answer struct {
	Outcome Outcome
	Number  kmcr.NHSNumber // in force
	// Restricted: where the person is must not be found out (meta.security R or V). The service has left address,
	// telephone, practice and contacts out.
	Restricted bool
	// Patient is the FHIR R4 Patient as answered; where the number asked about was replaced, that number is added as an
	// identifier of use "old". Nil but for Found and Superseded.
	Patient []byte
}

// The system of NHS numbers (FHIR UK Core) and the code system of how confidential a resource is.
const (
	nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
)

// MaxAnswer is how many bytes of an answer are read.
const MaxAnswer = 1 << 20

// read understands the answer to a question about a number.
func read(status int, header http.Header, body []byte, asked kmcr.NHSNumber) (Answer, error) {
	if status != http.StatusOK {
		return readError(status, header, body)
	}
	return readPatient(body, asked)
}

// readSearch understands the answer to a search: one person, none, or more than may be told.
func readSearch(status int, header http.Header, body []byte) (Answer, error) {
	if status != http.StatusOK {
		return readError(status, header, body)
	}
	r, err := fhir.Parse(body)
	if err != nil {
		return Answer{}, unusable("the national service answered what is not FHIR", err)
	}
	switch {
	case r.Type() == "OperationOutcome": // TOO_MANY_MATCHES comes with 200
		return readError(http.StatusOK, header, body)
	case r.Type() != "Bundle":
		return Answer{}, unusable("the national service answered a search with another resource than a Bundle", nil)
	}
	entries := r.Root().Get("entry").Items()
	switch len(entries) {
	case 0:
		return Answer{Outcome: NotFound}, nil
	case 1:
		return readPatient(entries[0].Get("resource").Raw(), "")
	}
	return Answer{Outcome: Several}, nil
}

// readPatient takes a Patient whose id and NHS number agree.
func readPatient(body []byte, asked kmcr.NHSNumber) (Answer, error) {
	r, err := fhir.Parse(body)
	if err != nil {
		return Answer{}, unusable("the national service answered what is not FHIR", err)
	}
	number, err := kmcr.ParseNHSNumber(r.ID())
	if r.Type() != "Patient" || err != nil {
		return Answer{}, unusable("the national service answered something else than a person with a number", err)
	}
	a := Answer{Outcome: Found, Number: number, Patient: r.Bytes()}
	named := false
	for _, i := range r.Root().Get("identifier").Items() {
		if i.Get("system").Text() == nhsNumberSystem && i.Get("value").Text() == string(number) {
			named = true
		}
	}
	if !named {
		return Answer{}, unusable("the national service answered a person whose number is not the record's", nil)
	}
	for _, s := range r.Root().Path("meta.security") {
		if code := s.Get("code").Text(); s.Get("system").Text() == confidentiality && (code == "R" || code == "V") {
			a.Restricted = true
		}
	}
	if asked != "" && asked != number {
		a.Outcome = Superseded
		a.Patient, err = withOld(a.Patient, asked)
	}
	return a, err
}

// withOld adds the number that was asked about as one of earlier times.
func withOld(patient []byte, old kmcr.NHSNumber) ([]byte, error) {
	var p map[string]json.RawMessage
	var identifiers []json.RawMessage
	if err := json.Unmarshal(patient, &p); err != nil {
		return nil, unusable("the national service answered what is not FHIR", err)
	}
	if err := json.Unmarshal(p["identifier"], &identifiers); err != nil {
		return nil, unusable("the national service answered what is not FHIR", err)
	}
	added, err := json.Marshal(map[string]string{"use": "old", "system": nhsNumberSystem, "value": string(old)})
	if err != nil {
		return nil, err
	}
	if p["identifier"], err = json.Marshal(append(identifiers, added)); err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// readError understands an OperationOutcome of the service by its error code (Spine-ErrorOrWarningCode).
func readError(status int, header http.Header, body []byte) (Answer, error) {
	code := ""
	if r, err := fhir.Parse(body); err == nil && r.Type() == "OperationOutcome" {
		for _, issue := range r.Root().Get("issue").Items() {
			for _, c := range issue.Get("details").Get("coding").Items() {
				if code == "" {
					code = c.Get("code").Text()
				}
			}
		}
	}
	switch {
	case code == "INVALIDATED_RESOURCE":
		return Answer{Outcome: Invalid}, nil
	case code == "RESOURCE_NOT_FOUND", code == "INVALID_RESOURCE_ID":
		return Answer{Outcome: NotFound}, nil
	case code == "TOO_MANY_MATCHES":
		return Answer{Outcome: Several}, nil
	case status == http.StatusTooManyRequests, status >= 500, status == http.StatusRequestTimeout:
		return Answer{}, &Busy{After: retryAfter(header), Status: status}
	case status == http.StatusNotFound && code == "": // a gateway's page or nothing: it says nothing of anybody
		return Answer{}, &Busy{After: retryAfter(header), Status: status}
	}
	kind := kmcr.Invalid // this question
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		kind = kmcr.Unavailable // any
	}
	return Answer{}, &kmcr.Error{Kind: kind, Message: "the national demographics service refused the question (" + strconv.Itoa(status) + " " + plain(code) + ")",
		Remedy: "Check the client id, key and key id that it was told, and what this client may ask."}
}

// Busy says that the service cannot answer now.
type Busy struct {
	After  time.Duration // how long it asks to wait; 0 where it does not say
	Status int           // of HTTP; 0 where it did not answer at all
	Err    error
}

// Error implements error.
func (b *Busy) Error() string {
	if b.Status == 0 {
		return "the national demographics service does not answer"
	}
	return "the national demographics service is busy (" + strconv.Itoa(b.Status) + ")"
}

// Unwrap gives what went wrong underneath.
func (b *Busy) Unwrap() error { return b.Err }

// longest is the longest wait that is believed.
const longest = time.Hour

func retryAfter(h http.Header) time.Duration {
	s, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After")))
	if err != nil || s < 0 {
		return 0
	}
	return min(time.Duration(s)*time.Second, longest)
}

// plain keeps of a code what codes are made of, for it is shown.
func plain(code string) string {
	if len(code) > 64 {
		return ""
	}
	for _, r := range code {
		if r != '_' && (r < 'A' || r > 'Z') {
			return ""
		}
	}
	return code
}

func unusable(what string, err error) error {
	return &kmcr.Error{Kind: kmcr.Invalid, Message: what, Remedy: "Nothing was taken over. Tell the service desk of the national service if it stays so.", Err: err}
}
