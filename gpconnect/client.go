package gpconnect

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kmcr"
	"kmcr/fhir"
)

// Interaction is the Spine interaction of the operation.
const Interaction = "urn:nhs:names:services:gpconnect:fhir:operation:gpc.getstructuredrecord-1"

// Practice is one practice's system.
type Practice struct {
	ODS         kmcr.ODS             `json:"ods"`
	Base        string               `json:"base"` // FHIR base of its system, as the proxy reaches it: https://…/STU3/1/gpconnect/structured/fhir
	ASID        string               `json:"asid"` // of its system (Ssp-To)
	Contributor kmcr.ContributorCode `json:"contributor"`
}

// Config is who asks, and through what.
type Config struct {
	Proxy        string // address of the Spine Secure Proxy, put before a practice's; "" to ask it directly
	ASID         string // of this system (Ssp-From)
	Issuer       string // address of this system (iss)
	Organisation kmcr.Organisation
	HTTP         *http.Client
	Now          func() time.Time
}

// Client asks practices' systems. It may be used by several at a time.
type Client struct{ c Config }

const (
	// patience is how long a practice's system may take.
	patience = 20 * time.Second
	// mostAnswer is how many bytes its answer may have.
	mostAnswer = 72 << 20
	// validity is how long a token is good (the specification: five minutes).
	validity = 5 * time.Minute
)

// New checks the settings.
func New(c Config) (*Client, error) {
	if c.ASID == "" || c.Issuer == "" || c.Organisation.ODS == "" {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "who asks practices' systems is not fully described", Remedy: "Give the ASID, the address and the organisation of this service."}
	}
	if c.Proxy != "" && !safe(c.Proxy) {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the address of the Spine Secure Proxy is no https address", Remedy: "Give it as https://host."}
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: patience}
	}
	client := *c.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &client
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Client{c}, nil
}

func safe(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost")
}

// Record asks for the whole structured record of a number, on behalf of a
// viewer. Errors: kmcr.NotFound where the practice does not know the patient,
// kmcr.Refused where it does not share the record, kmcr.Invalid where it holds
// the question to be wrong, kmcr.Unavailable where it cannot be asked now.
// None holds the number or anything of the answer.
func (c *Client) Record(ctx context.Context, p Practice, v kmcr.Viewer, number kmcr.NHSNumber) ([]byte, error) {
	if !safe(p.Base) {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the address of the practice's system is no https address"}
	}
	address := strings.TrimSuffix(p.Base, "/") + "/Patient/$gpc.getstructuredrecord"
	if c.c.Proxy != "" {
		address = strings.TrimSuffix(c.c.Proxy, "/") + "/" + address
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(question(number)))
	if err != nil {
		return nil, unavailable(err)
	}
	token, err := c.token(p, v)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Ssp-TraceID": uuid(), "Ssp-From": c.c.ASID, "Ssp-To": p.ASID, "Ssp-InteractionID": Interaction,
		"Authorization": "Bearer " + token, "Accept": "application/fhir+json", "Content-Type": "application/fhir+json", "Cache-Control": "no-store"} {
		r.Header.Set(name, value)
	}
	answer, err := c.c.HTTP.Do(r)
	if err != nil {
		return nil, unavailable(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	switch {
	case err != nil:
		return nil, unavailable(err)
	case len(body) > mostAnswer:
		return nil, &kmcr.Error{Kind: kmcr.TooLarge, Message: "the practice's system answered with more than can be taken"}
	case answer.StatusCode != http.StatusOK:
		return nil, refusalOf(answer.StatusCode, body)
	}
	return body, isOf(body, number)
}

// question asks for every part of the record, resolved allergies and issues of prescriptions too.
func question(number kmcr.NHSNumber) []byte {
	b := []byte(`{"resourceType":"Parameters","parameter":[{"name":"patientNHSNumber","valueIdentifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + string(number) + `"}},` +
		`{"name":"includeAllergies","part":[{"name":"includeResolvedAllergies","valueBoolean":true}]},{"name":"includeMedication","part":[{"name":"includePrescriptionIssues","valueBoolean":true}]}`)
	for _, part := range []string{"includeProblems", "includeImmunisations", "includeUncategorisedData", "includeConsultations", "includeInvestigations", "includeReferrals"} {
		b = append(b, `,{"name":"`+part+`"}`...)
	}
	return append(b, `,{"name":"includeDiaryEntries"}]}`...)
}

// token is the JSON Web Token of the specification: it is not signed
// (algorithm none), for the proxy vouches for who asks; it says who asks for
// whom, and why.
func (c *Client) token(p Practice, v kmcr.Viewer) (string, error) {
	now := c.c.Now()
	device := map[string]any{"resourceType": "Device", "identifier": []any{map[string]string{"system": c.c.Issuer + "/device", "value": c.c.ASID}}, "model": "Kent and Medway Care Record", "version": "1"}
	organisation := map[string]any{"resourceType": "Organization", "identifier": []any{map[string]string{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": string(c.c.Organisation.ODS)}}, "name": c.c.Organisation.Name}
	practitioner := map[string]any{"resourceType": "Practitioner", "id": v.Account, "name": []any{map[string]any{"family": orElse(v.Name, v.Account)}}, "identifier": []any{
		map[string]string{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "UNK"}, map[string]string{"system": "https://fhir.nhs.uk/Id/sds-role-profile-id", "value": "UNK"}, map[string]string{"system": c.c.Issuer + "/account", "value": v.Account}}}
	payload, err := json.Marshal(map[string]any{"iss": c.c.Issuer, "sub": v.Account, "aud": p.Base, "iat": now.Unix(), "exp": now.Add(validity).Unix(), "reason_for_request": "directcare",
		"requested_scope": "patient/*.read", "requesting_device": device, "requesting_organization": organisation, "requesting_practitioner": practitioner})
	if err != nil {
		return "", kmcr.Errorf(kmcr.Fault, "a token cannot be written: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(payload) + ".", nil
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// refusals are the error codes of GP Connect (Spine error or warning code) and what they mean here.
var refusals = map[string]*kmcr.Error{
	"PATIENT_NOT_FOUND":            {Kind: kmcr.NotFound, Message: "the practice does not know this patient"},
	"NO_RECORD_FOUND":              {Kind: kmcr.NotFound, Message: "the practice has no record of this patient"},
	"NO_RELATIONSHIP":              {Kind: kmcr.Refused, Message: "the practice shares no record of this patient"},
	"NO_PATIENT_CONSENT":           {Kind: kmcr.Refused, Message: "the patient does not want the practice to share the record"},
	"NO_ORGANISATIONAL_CONSENT":    {Kind: kmcr.Refused, Message: "the practice does not share records with this organisation"},
	"ACCESS_DENIED":                {Kind: kmcr.Refused, Message: "the practice's system refuses to answer this service"},
	"INVALID_NHS_NUMBER":           {Kind: kmcr.Invalid, Message: "the practice's system does not take the number for an NHS number"},
	"INVALID_PATIENT_DEMOGRAPHICS": {Kind: kmcr.Invalid, Message: "the practice holds this patient's details to be in doubt"},
	"INVALID_PARAMETER":            {Kind: kmcr.Invalid, Message: "the practice's system does not understand a part of the question"},
	"INVALID_RESOURCE":             {Kind: kmcr.Invalid, Message: "the practice's system does not understand the question"},
	"BAD_REQUEST":                  {Kind: kmcr.Invalid, Message: "the practice's system does not understand the question"},
	"INTERNAL_SERVER_ERROR":        {Kind: kmcr.Unavailable, Message: "the practice's system failed"},
}

// refusalOf reads an OperationOutcome; where it says no code that is known, the status decides.
func refusalOf(status int, body []byte) error {
	if r, err := fhir.Parse(body); err == nil && r.Type() == "OperationOutcome" {
		for _, code := range r.Root().Path("issue.details.coding.code") {
			if known := refusals[code.Text()]; known != nil {
				e := *known
				return &e
			}
		}
	}
	e := &kmcr.Error{Kind: kmcr.Unavailable, Message: "the practice's system cannot be asked now"}
	switch {
	case status == http.StatusNotFound:
		e = &kmcr.Error{Kind: kmcr.NotFound, Message: "the practice does not know this patient"}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e = &kmcr.Error{Kind: kmcr.Refused, Message: "the practice's system refuses to answer this service"}
	case status >= 300 && status < 500:
		e = &kmcr.Error{Kind: kmcr.Invalid, Message: "the practice's system does not understand the question"}
	}
	return e
}

func unavailable(err error) error {
	return &kmcr.Error{Kind: kmcr.Unavailable, Message: "the practice's system cannot be asked now", Remedy: "What it said before is shown, with when that was.", Err: withoutAddress(err)}
}

// withoutAddress leaves the address out of an error of net/http.
func withoutAddress(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// isOf holds an answer against the question: a Bundle with one Patient, of the number that was asked for.
func isOf(body []byte, number kmcr.NHSNumber) error {
	r, err := fhir.Parse(body)
	if err != nil || r.Type() != "Bundle" {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the practice's system answered with something other than a record"}
	}
	patients, same := 0, false
	for _, e := range r.Root().Get("entry").Items() {
		v := e.Get("resource")
		if !v.Get("resourceType").Is("Patient") {
			continue
		}
		patients++
		for _, i := range v.Get("identifier").Items() {
			same = same || strings.HasSuffix(i.Get("system").Text(), "nhs-number") && i.Get("value").Is(string(number))
		}
	}
	if patients != 1 || !same {
		return &kmcr.Error{Kind: kmcr.Conflict, Message: "the practice's system answered with a record that is not of the number that was asked for"}
	}
	return nil
}
