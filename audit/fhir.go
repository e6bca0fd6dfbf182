package audit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmcr"
)

// FHIR writes the entry as an R4 AuditEvent (IHE BALP PatientRead and its
// siblings): the asker with role and organisation, this service as the
// source, the person by opaque reference, and each statement that was shown
// by its logical id and version. It has no line breaks.
func FHIR(e *Entry) []byte {
	event := auditEvent{
		ResourceType: "AuditEvent",
		ID:           strings.ReplaceAll(e.ID, "/", "-"),
		Type:         eventType(e.Action),
		Subtype:      []coding{subtype(e.Action)},
		Action:       Act(e.Action),
		Recorded:     e.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		Outcome:      "0",
		OutcomeDesc:  e.Rule,
		Agent:        agents(e),
		Source:       source{Observer: display{"Kent and Medway Care Record"}, Type: []coding{{System: securitySource, Code: "4", Display: "Application Server"}}},
		Entity:       entities(e),
	}
	if p := profile(e); p != "" {
		event.Meta = &meta{[]string{p}}
	}
	if !e.Allowed {
		event.Outcome = "4"
	}
	if c, ok := purposes[e.Purpose]; ok {
		event.Purpose = []concept{{Coding: []coding{c}}}
	}
	if e.At.IsZero() {
		event.Recorded = time.Unix(0, 0).UTC().Format(time.RFC3339)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(event) // strings and slices of strings only: it cannot fail
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

const (
	typeSystem     = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	restSystem     = "http://hl7.org/fhir/restful-interaction"
	dicom          = "http://dicom.nema.org/resources/ontology/DCM"
	participation  = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	actReason      = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	entityType     = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	entityRole     = "http://terminology.hl7.org/CodeSystem/object-role"
	securitySource = "http://terminology.hl7.org/CodeSystem/security-source-type"
	odsSystem      = "https://fhir.nhs.uk/Id/ods-organization-code"
	accountSystem  = "urn:kmcr:account"
	roleSystem     = "urn:kmcr:role"
	actionSystem   = "urn:kmcr:audit-action"
)

// purposes are the codes of v3 ActReason for the purposes of a look.
var purposes = map[kmcr.Purpose]coding{
	kmcr.DirectCare:     {System: actReason, Code: "TREAT", Display: "treatment"},
	kmcr.BreakGlass:     {System: actReason, Code: "BTG", Display: "break the glass"},
	kmcr.Administration: {System: actReason, Code: "HSYSADMIN", Display: "health system administration"},
}

type auditEvent struct {
	ResourceType string    `json:"resourceType"`
	ID           string    `json:"id,omitempty"`
	Meta         *meta     `json:"meta,omitempty"`
	Type         coding    `json:"type"`
	Subtype      []coding  `json:"subtype"`
	Action       string    `json:"action"`
	Recorded     string    `json:"recorded"`
	Outcome      string    `json:"outcome"`
	OutcomeDesc  string    `json:"outcomeDesc,omitempty"`
	Purpose      []concept `json:"purposeOfEvent,omitempty"`
	Agent        []agent   `json:"agent"`
	Source       source    `json:"source"`
	Entity       []entity  `json:"entity,omitempty"`
}

type meta struct {
	Profile []string `json:"profile"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type concept struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

type display struct {
	Display string `json:"display"`
}

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type reference struct {
	Reference  string      `json:"reference,omitempty"`
	Identifier *identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

type agent struct {
	Type      concept    `json:"type"`
	Role      []concept  `json:"role,omitempty"`
	Who       *reference `json:"who,omitempty"`
	Name      string     `json:"name,omitempty"`
	Requestor bool       `json:"requestor"`
}

type source struct {
	Observer display  `json:"observer"`
	Type     []coding `json:"type"`
}

type entity struct {
	What   *reference `json:"what,omitempty"`
	Type   coding     `json:"type"`
	Role   *coding    `json:"role,omitempty"`
	Query  []byte     `json:"query,omitempty"`
	Detail []detail   `json:"detail,omitempty"`
}

type detail struct {
	Type  string `json:"type"`
	Value string `json:"valueString"`
}

// eventType is "rest" for what is done to a record, and what DICOM says for sign-ins.
func eventType(action string) coding {
	if strings.HasPrefix(action, "sign") {
		return coding{System: dicom, Code: "110114", Display: "User Authentication"}
	}
	return coding{System: typeSystem, Code: "rest", Display: "Restful Operation"}
}

// subtype is the FHIR interaction that the action is, or the action under its own name.
func subtype(action string) coding {
	switch action {
	case "read", "search", "create", "update", "delete":
		if action == "search" {
			return coding{System: restSystem, Code: "search-type", Display: "search"}
		}
		return coding{System: restSystem, Code: action, Display: action}
	}
	return coding{System: actionSystem, Code: action, Display: action}
}

// Act is the AuditEvent action: create, read, update, delete or execute.
func Act(action string) string {
	switch action {
	case "read", "print", "export", "history", "looks", "work-list", "explain":
		return "R"
	case "ingest", "create":
		return "C"
	case "update", "merge", "unmerge", "link", "unlink", "decide-match":
		return "U"
	case "delete", "erase", "discard", "destroy":
		return "D"
	}
	return "E"
}

// profile is the IHE BALP profile that the entry fits; "" where it says more or less than one.
func profile(e *Entry) string {
	const balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
	switch {
	case e.Viewer.Organisation == "":
		return "" // nobody to name as the client
	case e.Action == "read" && e.Person != 0 && len(e.Shown) == 1:
		return balp + "PatientRead"
	case e.Action == "search":
		return balp + "Query"
	}
	return ""
}

// agents are the asker, the asker's organisation and this service, which answers.
func agents(e *Entry) []agent {
	v := e.Viewer
	asker := agent{Type: concept{Coding: []coding{{System: participation, Code: "IRCP", Display: "information recipient"}}}, Name: v.Name, Requestor: true}
	if v.Account != "" {
		asker.Who = &reference{Identifier: &identifier{accountSystem, v.Account}, Display: v.Name}
	}
	if v.Role != "" {
		asker.Role = []concept{{Coding: []coding{{System: roleSystem, Code: string(v.Role)}}}}
	}
	all := []agent{asker}
	if v.Organisation != "" {
		all = append(all, agent{Type: concept{Coding: []coding{{System: dicom, Code: "110153", Display: "Source Role ID"}}},
			Who: &reference{Identifier: &identifier{odsSystem, string(v.Organisation)}, Display: v.Team}})
	}
	return append(all, agent{Type: concept{Coding: []coding{{System: dicom, Code: "110152", Display: "Destination Role ID"}}}, Who: &reference{Display: "Kent and Medway Care Record"}})
}

// entities are the person, what was asked, and each statement that was shown.
func entities(e *Entry) []entity {
	var all []entity
	if e.Person != 0 {
		all = append(all, entity{What: &reference{Reference: "Patient/" + string(e.Person.Ref())},
			Type: coding{System: entityType, Code: "1", Display: "Person"}, Role: &coding{System: entityRole, Code: "1", Display: "Patient"}})
	}
	if e.Action == "search" && e.Where != "" {
		all = append(all, entity{Type: coding{System: entityType, Code: "2", Display: "System Object"}, Role: &coding{System: entityRole, Code: "24", Display: "Query"}, Query: []byte(e.Where)})
	}
	if d := circumstances(e); len(d) > 0 {
		all = append(all, entity{Type: coding{System: entityType, Code: "4", Display: "Other"}, Detail: d})
	}
	for _, s := range e.Shown {
		all = append(all, entity{
			What:   &reference{Identifier: &identifier{"urn:ietf:rfc:3986", "urn:uuid:" + s.ID.String()}},
			Type:   coding{System: entityType, Code: "2", Display: "System Object"},
			Role:   &coding{System: entityRole, Code: "4", Display: "Domain Resource"},
			Detail: []detail{{"version", strconv.Itoa(s.Version)}},
		})
	}
	return all
}

// circumstances are what an entry says besides: where, why, how much was withheld, and its details.
func circumstances(e *Entry) []detail {
	var d []detail
	add := func(name, value string) {
		if value != "" {
			d = append(d, detail{name, value})
		}
	}
	add("where", e.Where)
	add("reason", e.Reason)
	if e.Withheld > 0 {
		add("withheld", strconv.Itoa(e.Withheld))
	}
	if e.Patient != 0 {
		add("patient", strconv.FormatInt(int64(e.Patient), 10))
	}
	names := make([]string, 0, len(e.Detail))
	for k := range e.Detail {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		add(k, e.Detail[k])
	}
	return d
}
