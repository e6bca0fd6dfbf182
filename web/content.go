package web

import (
	"encoding/base64"
	"strings"

	"kmcr"

	"github.com/go-json-experiment/json"
)

// content is one thing that a document holds.
type content struct {
	Title, MediaType, URL string
	Data                  []byte
}

// attachment is a FHIR Attachment.
type attachment struct {
	ContentType string `json:"contentType"`
	Data        string `json:"data"`
	URL         string `json:"url"`
	Title       string `json:"title"`
}

// narrated is anything with a narrative, and sections in it.
type narrated struct {
	Title string `json:"title"`
	Text  struct {
		Div string `json:"div"`
	} `json:"text"`
	Section []narrated `json:"section"`
}

// contentsOf reads the contents of a DocumentReference, DiagnosticReport,
// Media, Binary or Composition (R4); of any other resource, its narrative.
func contentsOf(body []byte) ([]content, error) {
	var r struct {
		ResourceType string `json:"resourceType"`
		Content      any    `json:"content"`
		ContentType  string `json:"contentType"`
		Data         string `json:"data"`
		narrated
		PresentedForm []attachment `json:"presentedForm"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, kmcr.Errorf(kmcr.Fault, "a kept statement is not JSON: %w", err)
	}
	var all []content
	switch r.ResourceType {
	case "DocumentReference":
		var d struct {
			Content []struct {
				Attachment attachment `json:"attachment"`
			} `json:"content"`
		}
		if err := json.Unmarshal(body, &d); err != nil {
			return nil, kmcr.Errorf(kmcr.Fault, "a kept document is not as it should be: %w", err)
		}
		for _, c := range d.Content {
			all = append(all, c.Attachment.open())
		}
	case "Media":
		var m struct {
			Content attachment `json:"content"`
		}
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, kmcr.Errorf(kmcr.Fault, "a kept picture is not as it should be: %w", err)
		}
		all = append(all, m.Content.open())
	case "Binary":
		all = append(all, attachment{ContentType: r.ContentType, Data: r.Data}.open())
	}
	for _, a := range r.PresentedForm {
		all = append(all, a.open())
	}
	if len(all) == 0 {
		all = r.narratives()
	}
	return all, nil
}

// narratives are the texts of a resource and its sections, in order.
func (n narrated) narratives() (all []content) {
	if n.Text.Div != "" {
		all = append(all, content{Title: n.Title, MediaType: "text/html; charset=utf-8", Data: []byte(n.Text.Div)})
	}
	for _, s := range n.Section {
		all = append(all, s.narratives()...)
	}
	return all
}

// open decodes an attachment; what is not base64 is left out, as if it had not been sent.
func (a attachment) open() content {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a.Data), ""))
	if err != nil {
		data = nil
	}
	return content{a.Title, a.ContentType, a.URL, data}
}
