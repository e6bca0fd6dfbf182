package web

import (
	"fmt"
	"mime"
	"strings"

	"kmcr"
	"kmcr/compose"
)

// documentView is one document, opened: its text where it can be shown as such, else how to fetch it.
type documentView struct {
	compose.Document
	ID       string
	Contents []opened
}

// opened is one content of a document as the page shows it.
type opened struct {
	N         int // which of the document's contents
	Title     string
	MediaType string
	Size      int
	Blocks    []block // inert text; none where the form cannot be shown as text
	Image     bool
	Note      string // why there is nothing to show
}

// document shows one document of a person. What it holds is turned into inert
// text or fetched as a file; nothing in it runs or loads.
func (s *site) document(q *ask) error {
	r, d, version, err := s.documentOf(q)
	if err != nil {
		return err
	}
	contents, err := s.contents(q, version)
	if err != nil {
		return err
	}
	v := documentView{Document: *d, ID: q.PathValue("id")}
	for i, c := range contents {
		v.Contents = append(v.Contents, openContent(i, c))
	}
	if q.wantsJSON() {
		return q.writeParts(r, member{"document", d}, member{"content", jsonContents(v.Contents)})
	}
	return s.show(q, "document", page{Title: d.Title, Record: r, Here: "documents", At: asked(q), Body: v})
}

// documentOf finds a document in the record of the person in the address, so that a document is never shown under another's name;
// version is that which stands in the record as it is asked for.
func (s *site) documentOf(q *ask) (r *compose.Record, d *compose.Document, version int, err error) {
	asking, err := documents.asking(q)
	if err != nil {
		return nil, nil, 0, err
	}
	if r, err = s.out.Ask(q.Context(), q.viewer, q.PathValue("ref"), q.where(), asking); err != nil {
		return nil, nil, 0, err
	}
	for i := range r.Documents.Items {
		for _, p := range r.Documents.Items[i].From {
			if p.Statement == q.PathValue("id") {
				return r, &r.Documents.Items[i], p.Version, nil
			}
		}
	}
	return nil, nil, 0, &kmcr.Error{Kind: kmcr.NotFound, Message: "this record holds no such document, or you may not see it", Remedy: "Open the documents of this person and choose one."}
}

// contents reads what a document holds: its attachments, those kept apart in a Binary, or its narrative.
func (s *site) contents(q *ask, version int) ([]content, error) {
	id, ok := kmcr.ParseStatementID(q.PathValue("id"))
	if !ok {
		return nil, &kmcr.Error{Kind: kmcr.NotFound, Message: "there is no such document"}
	}
	st, err := s.out.Statement(q.Context(), q.viewer, id, version, q.where())
	if err != nil {
		return nil, err
	}
	all, err := contentsOf(st.Body)
	if err != nil {
		return nil, err
	}
	for i, c := range all {
		ref, ok := strings.CutPrefix(c.URL, "Binary/")
		if !ok || len(c.Data) > 0 {
			continue
		}
		if all[i], err = s.binary(q, ref, c); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// binary opens a content that is kept apart.
func (s *site) binary(q *ask, ref string, c content) (content, error) {
	id, ok := kmcr.ParseStatementID(ref)
	if !ok {
		return c, nil
	}
	st, err := s.out.Statement(q.Context(), q.viewer, id, 0, q.where())
	switch kmcr.KindOf(err) {
	case "":
	case kmcr.NotFound, kmcr.Gone, kmcr.Refused:
		return c, nil // shown as not held
	default:
		return c, err
	}
	kept, err := contentsOf(st.Body)
	if err != nil || len(kept) == 0 {
		return c, err
	}
	kept[0].Title = c.Title
	return kept[0], nil
}

// openContent turns a content into what a page can show.
func openContent(n int, c content) opened {
	o := opened{N: n, Title: c.Title, MediaType: c.MediaType, Size: len(c.Data), Image: image(c.MediaType)}
	switch {
	case len(c.Data) == 0 && c.URL != "":
		o.Note = "The source keeps this elsewhere and sent only where it lies."
	case len(c.Data) == 0:
		o.Note = "The source sent no content with this document."
	default:
		o.Blocks = inert(c.MediaType, c.Data)
	}
	return o
}

// documentContent serves one content as a file: never in the page's own
// place, never as anything but the few types we know, sandboxed if it is opened all the same.
func (s *site) documentContent(q *ask) error {
	_, _, version, err := s.documentOf(q)
	if err != nil {
		return err
	}
	contents, err := s.contents(q, version)
	if err != nil {
		return err
	}
	var n int
	if w := q.URL.Query().Get("n"); w != "" {
		if _, err := fmt.Sscanf(w, "%d", &n); err != nil {
			n = -1
		}
	}
	if n < 0 || n >= len(contents) || len(contents[n].Data) == 0 {
		return &kmcr.Error{Kind: kmcr.NotFound, Message: "this document holds no such content"}
	}
	c := contents[n]
	mediaType, extension := fileType(c.MediaType)
	h := q.w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "document" + extension}))
	return q.write(0, mediaType, c.Data)
}

// fileTypes are the types that a file is served as, with the end of its name; any other is bytes.
var fileTypes = map[string]string{
	"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif",
	"text/plain": ".txt", "application/rtf": ".rtf", "text/rtf": ".rtf", "image/tiff": ".tif", "application/xml": ".xml", "text/xml": ".xml",
	"application/msword": ".doc", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx", "audio/basic": ".au",
}

func fileType(mediaType string) (served, extension string) {
	t, _, _ := mime.ParseMediaType(mediaType)
	if e, ok := fileTypes[t]; ok {
		return t, e
	}
	return "application/octet-stream", ".bin"
}

// image tells whether a type can be shown in the page as a picture.
func image(mediaType string) bool {
	t, _, _ := mime.ParseMediaType(mediaType)
	return t == "image/png" || t == "image/jpeg" || t == "image/gif"
}

// jsonContent is a content for a reader of JSON.
type jsonContent struct {
	Title       string `json:"title,omitempty"`
	ContentType string `json:"contentType"`
	Size        int    `json:"size"`
	Text        string `json:"text,omitempty"`
	Note        string `json:"note,omitempty"`
}

func jsonContents(all []opened) []jsonContent {
	out := []jsonContent{}
	for _, o := range all {
		out = append(out, jsonContent{o.Title, o.MediaType, o.Size, plainText(o.Blocks), o.Note})
	}
	return out
}

// kilobytes writes a size for people.
func kilobytes(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d KB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
