package disclose

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"kmcr"
	"kmcr/compose"
)

// Difference is one fact on which contributors differ, as a FHIR R4 DetectedIssue (compact JSON), with its id and the references
// ("Type/id") that it implicates.
type Difference struct {
	ID         string
	Body       []byte
	Implicated []string
}

// detectedIssue is the FHIR R4 DetectedIssue, as far as a difference needs it.
type detectedIssue struct {
	ResourceType string      `json:"resourceType"`
	ID           string      `json:"id"`
	Meta         meta        `json:"meta"`
	Status       string      `json:"status"`
	Code         text        `json:"code"`
	Patient      literal     `json:"patient"`
	Identified   string      `json:"identifiedDateTime"`
	Implicated   []literal   `json:"implicated,omitempty"`
	Detail       string      `json:"detail"`
	Mitigation   []mitigated `json:"mitigation,omitempty"`
}

type text struct {
	Text string `json:"text"`
}

type literal struct {
	Reference string `json:"reference"`
}

type mitigated struct {
	Action text `json:"action"`
}

// Differences lists the facts on which contributors differ, among what a look may show. They leave only after Shown, like all else.
func (s *Service) Differences(ctx context.Context, l *Look) ([]Difference, error) {
	in, err := s.input(ctx, l.opening, standing{now: l.compartments, then: l.compartments}, Asking{})
	if err != nil {
		return nil, err
	}
	r := compose.Compose(in)
	out := make([]Difference, 0, len(r.Conflicts))
	for _, c := range r.Conflicts {
		issue := issueOf(l.Ref, c, in.Now)
		b, err := json.Marshal(issue)
		if err != nil {
			return nil, kmcr.Errorf(kmcr.Fault, "DetectedIssue: %w", err)
		}
		d := Difference{ID: c.ID, Body: b}
		for _, i := range issue.Implicated {
			d.Implicated = append(d.Implicated, i.Reference)
		}
		out = append(out, d)
	}
	return out, nil
}

func issueOf(ref kmcr.Ref, c compose.Conflict, now time.Time) detectedIssue {
	d := detectedIssue{
		ResourceType: "DetectedIssue", ID: c.ID, Meta: meta{Source: "urn:kmcr:record"}, Status: "preliminary",
		Code: text{"Sources differ: " + c.Fact}, Patient: literal{"Patient/" + string(ref)}, Identified: now.UTC().Format("2006-01-02T15:04:05Z"),
		Mitigation: []mitigated{{text{c.Reason}}},
	}
	var says []string
	for _, v := range c.Values {
		says = append(says, v.From.Source+": "+v.Value)
		if v.From.Statement != "" {
			d.Implicated = append(d.Implicated, literal{v.From.Type + "/" + v.From.Statement})
		}
	}
	d.Detail = strings.Join(says, "; ")
	return d
}
