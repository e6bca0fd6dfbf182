package fhirapi

import (
	"strconv"

	"kmcr"
	"kmcr/fhir"
)

// bundle writes a Bundle by appending: nothing of it is ever held twice.
type bundle struct {
	out     []byte
	links   int
	entries int
	total   int
	kind    string
}

func newBundle(kind string, total int) *bundle { return newBundleSize(kind, total, 1<<14) }

func newBundleSize(kind string, total, size int) *bundle {
	b := &bundle{out: make([]byte, 0, size), total: total, kind: kind}
	b.out = append(b.out, `{"resourceType":"Bundle","type":"`...)
	b.out = append(b.out, kind...)
	b.out = append(b.out, '"')
	if total >= 0 {
		b.out = append(b.out, `,"total":`...)
		b.out = strconv.AppendInt(b.out, int64(total), 10)
	}
	return b
}

// link adds a link; all links come before the first entry.
func (b *bundle) link(relation, url string) {
	if b.links == 0 {
		b.out = append(b.out, `,"link":[`...)
	} else {
		b.out = append(b.out, ',')
	}
	b.links++
	b.out = append(b.out, `{"relation":"`...)
	b.out = append(b.out, relation...)
	b.out = append(b.out, `","url":`...)
	b.out = appendString(b.out, url)
	b.out = append(b.out, '}')
}

func (b *bundle) entry(url string) {
	if b.entries == 0 {
		if b.links > 0 {
			b.out = append(b.out, ']')
		}
		b.out = append(b.out, `,"entry":[`...)
	} else {
		b.out = append(b.out, ',')
	}
	b.entries++
	b.out = append(b.out, '{')
	if url != "" {
		b.out = append(b.out, `"fullUrl":"`...)
		b.out = append(b.out, url...)
		b.out = append(b.out, `",`...)
	}
}

func (b *bundle) mode(mode string) {
	b.out = append(b.out, `,"search":{"mode":"`...)
	b.out = append(b.out, mode...)
	b.out = append(b.out, `"}}`...)
}

// resource adds one that is JSON already.
func (b *bundle) resource(url string, body []byte, mode string) {
	b.entry(url)
	b.out = append(append(b.out, `"resource":`...), body...)
	b.mode(mode)
}

// statement adds a statement as the view renders it.
func (b *bundle) statement(base string, v *view, s *kmcr.Statement, mode string) {
	id := s.ID.String()
	b.entry(base + "/" + s.Type + "/" + id)
	b.out = append(b.out, `"resource":`...)
	b.out = v.render(b.out, s, id)
	b.mode(mode)
}

// version adds one version of a history; a deletion has no resource.
func (b *bundle) version(base string, s *kmcr.Statement, id string) {
	b.entry(base + "/" + s.Type + "/" + id)
	method := "PUT"
	if s.Version == 1 {
		method = "POST"
	}
	if s.Deleted {
		method = "DELETE"
	} else {
		b.out = append(b.out, `"resource":`...)
		b.out = (&view{}).render(b.out, s, id)
		b.out = append(b.out, ',')
	}
	b.out = append(b.out, `"request":{"method":"`+method+`","url":"`+s.Type+"/"+id+`"},"response":{"status":"200","etag":"W/\"`...)
	b.out = strconv.AppendInt(b.out, int64(s.Version), 10)
	b.out = append(b.out, `\"","lastModified":"`...)
	b.out = append(b.out, lastUpdated(s)...)
	b.out = append(b.out, `"}}`...)
}

// withheld says that something is withheld, never what or how much.
func (b *bundle) withheld(n int) {
	if n > 0 {
		b.resource("", fhir.Outcome(fhir.Issue{Severity: "information", Code: "suppressed", Diagnostics: "Something in this record is withheld from this reader."}), "outcome")
	}
}

// ignored names the parameters that were passed over at the client's wish.
func (b *bundle) ignored(names []string) {
	for _, n := range names {
		b.resource("", fhir.Outcome(fhir.Issue{Severity: "warning", Code: "not-supported", Expression: "http." + n, Diagnostics: "This parameter is not supported and was ignored."}), "outcome")
	}
}

func (b *bundle) end() []byte {
	if b.entries > 0 {
		return append(b.out, `]}`...)
	}
	if b.links > 0 {
		b.out = append(b.out, ']')
	}
	return append(b.out, '}')
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
