package translate

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmcr/hl7"
)

// absent is what is kept in the ledger where a whole extract tells no more of a patient what an earlier one told.
type absent struct {
	Patient  string    `json:"absent"`
	Prefixes []string  `json:"prefixes"`
	At       time.Time `json:"at"`
}

// AbsentRecord is the Raw of a record that ends, for the patient with a key,
// what an extract of at does not tell any more.
func AbsentRecord(patient string, prefixes []string, at time.Time) []byte {
	b, _ := json.Marshal(absent{patient, prefixes, at}) // strings and a time always are JSON
	return b
}

func readAbsent(raw []byte) (Reading, bool) {
	var a absent
	if !strings.HasPrefix(string(raw), `{"absent":`) || json.Unmarshal(raw, &a) != nil || a.Patient == "" {
		return Reading{}, false
	}
	return Reading{Patients: []Claims{{Key: a.Patient, Mention: true, Known: true}}, Absences: []Absence{{0, a.Prefixes, a.At}}, Event: "social-care"}, true
}

// standing are the statuses in which something has not ended, and ended what it becomes.
var standing, ended = map[string][]string{
	"EpisodeOfCare": {"active", "onhold", "planned", "waitlist"}, "CareTeam": {"active", "proposed", "suspended"}, "CarePlan": {"active", "draft", "on-hold"}, "Flag": {"active"},
}, map[string]string{"EpisodeOfCare": "finished", "CareTeam": "inactive", "CarePlan": "completed", "Flag": "inactive"}

// EndedByAbsence is a statement that stands open (its resource type and FHIR
// JSON) as it is when an extract no longer tells of it: ended, on the day of
// which it was last told, with an extension that says how that is known.
// ok is false for one that does not stand open, or is of a kind that does not end.
func EndedByAbsence(resourceType string, body []byte, lastTold, at time.Time) (out []byte, ok bool) {
	var r map[string]json.RawMessage
	var status string
	if json.Unmarshal(body, &r) != nil || json.Unmarshal(r["status"], &status) != nil || !slices.Contains(standing[resourceType], status) {
		return nil, false
	}
	var period struct {
		Start string `json:"start,omitempty"`
		End   string `json:"end,omitempty"`
	}
	if p, there := r["period"]; there && json.Unmarshal(p, &period) != nil {
		return nil, false
	}
	if period.End = lastTold.In(hl7.London()).Format(time.DateOnly); period.Start > period.End {
		period.End = period.Start
	}
	var extensions []json.RawMessage
	if e, there := r["extension"]; there && json.Unmarshal(e, &extensions) != nil {
		return nil, false
	}
	said, _ := json.Marshal(map[string]string{"url": "urn:kmcr:ended-by-absence", "valueDate": at.In(hl7.London()).Format(time.DateOnly)})
	r["extension"], _ = json.Marshal(append(extensions, said))
	r["period"], _ = json.Marshal(period)
	r["status"], _ = json.Marshal(ended[resourceType])
	delete(r, "resourceType")
	rest, err := json.Marshal(r)
	if err != nil {
		return nil, false
	}
	return append([]byte(`{"resourceType":"`+resourceType+`",`), rest[1:]...), true
}

// closing is what is kept where it is doubted whether an extract is whole.
type closing struct {
	Whole   []string  `json:"whole"`
	At      time.Time `json:"at"`
	Records int       `json:"records"`
}

// ClosingRecord is the Raw of the question whether an extract of at is whole.
func ClosingRecord(prefixes []string, at time.Time, records int) []byte {
	b, _ := json.Marshal(closing{prefixes, at, records}) // strings, a time and a number always are JSON
	return b
}

// ReadClosing reads what ClosingRecord wrote; ok is false for anything else.
func ReadClosing(raw []byte) (prefixes []string, at time.Time, records int, ok bool) {
	var c closing
	if !strings.HasPrefix(string(raw), `{"whole":`) || json.Unmarshal(raw, &c) != nil {
		return nil, time.Time{}, 0, false
	}
	return c.Whole, c.At, c.Records, true
}
