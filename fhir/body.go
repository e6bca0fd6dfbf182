package fhir

import (
	"bytes"
	"strings"
)

// Reference is a literal reference inside a resource: where it stands in
// Bytes (the JSON string with its quotes) and what it says.
type Reference struct {
	Start, End int
	Value      string
}

// References lists every Reference.reference (and, in a Bundle, none of
// fullUrl), in order of position, those of contained resources included. An
// Attachment.url that names a Bundle entry (urn:uuid:, urn:oid:) or a Binary
// (Binary/…) is a reference too (R4, 3.1.0.11.2); Expression.reference and
// other URIs of definitions are none.
func (r *Resource) References() []Reference {
	var found []Reference
	d := r.root.doc
	if d == nil {
		return nil
	}
	root := &d.nodes[r.root.node]
	for i := r.root.node; i < root.next; i++ {
		if d.isReference(i) {
			n := &d.nodes[i]
			found = append(found, Reference{Start: int(n.start - root.start), End: int(n.end - root.start), Value: Value{d, i}.Text()})
		}
	}
	return found
}

// isReference tells whether node i is a literal reference.
func (d *document) isReference(i int32) bool {
	n := &d.nodes[i]
	switch n.start - n.key {
	case uint32(len(`"reference":`)):
		return string(d.data[n.key+1:n.start-2]) == "reference" && d.data[n.start] == '"' && !d.besideDefinition(i)
	case uint32(len(`"url":`)):
		return string(d.data[n.key+1:n.start-2]) == "url" && d.data[n.start] == '"' && namesEntry(d.data[n.start+1:n.end-1]) && !d.isExtension(i)
	}
	return false
}

func namesEntry(url []byte) bool {
	return bytes.HasPrefix(url, []byte("urn:uuid:")) || bytes.HasPrefix(url, []byte("urn:oid:")) || bytes.HasPrefix(url, []byte("Binary/"))
}

// besideDefinition tells whether member i, a reference, is not a literal
// reference but the URI of a definition: Expression.reference (which stands
// beside a language or an expression), Immunization.education.reference and
// DetectedIssue.reference.
func (d *document) besideDefinition(i int32) bool {
	object := d.parent(i)
	for _, name := range [...]string{"language", "expression", "documentType", "publicationDate", "presentationDate", "resourceType"} {
		if object.Get(name).Exists() {
			return true
		}
	}
	return false
}

// isExtension tells whether member i, a url, stands in something other than an
// Attachment: an extension has nothing but url and its content, a definition
// has a resourceType or a status.
func (d *document) isExtension(i int32) bool {
	object := d.parent(i)
	value, _ := object.Choice("value")
	return value.Exists() || object.Get("extension").Exists() || object.Get("resourceType").Exists() || object.Get("method").Exists()
}

// parent is the object or array that holds node i.
func (d *document) parent(i int32) Value {
	for p := i - 1; p >= 0; p-- {
		if d.nodes[p].next > i {
			return Value{d, p}
		}
	}
	return Value{}
}

// typePrefix is how every kept body begins.
const typePrefix = `{"resourceType":"`

// Body prepares a resource for keeping: the JSON with its id and meta taken
// out and references replaced by resolve (which returns "" to leave one as it
// is; those to contained resources, #…, are not asked for). It always begins
// with {"resourceType":"T". Meta is the meta element as sent, nil where there
// was none.
func (r *Resource) Body(resolve func(reference string) string) (body, meta []byte) {
	d := r.root.doc
	if d == nil {
		return nil, nil
	}
	root := &d.nodes[r.root.node]
	out := make([]byte, 0, int(root.end-root.start)+64)
	out = append(out, typePrefix...)
	out = append(out, r.root.Get("resourceType").insideOrNone()...)
	out = append(out, '"')
	for i := r.root.node + 1; i < root.next; i = d.nodes[i].next {
		switch n := &d.nodes[i]; string(d.name(n)) {
		case "resourceType", "id":
		case "meta":
			meta = d.data[n.start:n.end]
		default:
			out = append(out, ',')
			out = d.appendMember(out, i, resolve)
		}
	}
	out = append(out, '}')
	body = out[:len(out):len(out)]
	if meta != nil {
		out = append(out, meta...)
		meta = out[len(body):len(out):len(out)]
	}
	return body, meta
}

func (v Value) insideOrNone() []byte {
	if v.kind() != '"' {
		return nil
	}
	return v.inside()
}

// appendMember writes member i with its name, its references replaced.
func (d *document) appendMember(out []byte, i int32, resolve func(string) string) []byte {
	n := &d.nodes[i]
	from := n.key
	if resolve != nil {
		for j := i; j < n.next; j++ {
			if !d.isReference(j) || d.data[d.nodes[j].start+1] == '#' {
				continue
			}
			if to := resolve(Value{d, j}.Text()); to != "" {
				out = append(out, d.data[from:d.nodes[j].start]...)
				out = appendString(out, to)
				from = d.nodes[j].end
			}
		}
	}
	return append(out, d.data[from:n.end]...)
}

// Render writes a kept body for a reader: id, and meta (that which was sent,
// with versionId, lastUpdated and source set), put back after resourceType.
// Of versionID, lastUpdated and source an empty one leaves what was sent; an
// empty id is left out. It appends to dst.
func Render(dst, body, meta []byte, id, versionID, lastUpdated, source string) []byte {
	if !bytes.HasPrefix(body, []byte(typePrefix)) {
		return append(dst, body...)
	}
	end := stringEnd(body, len(typePrefix)-1)
	dst = append(dst, body[:end]...)
	if id != "" {
		dst = append(dst, `,"id":`...)
		dst = appendString(dst, id)
	}
	dst = appendMeta(dst, meta, versionID, lastUpdated, source)
	return append(dst, body[end:]...)
}

// appendMeta writes ,"meta":{…} or, where it would be empty, nothing.
func appendMeta(dst, meta []byte, versionID, lastUpdated, source string) []byte {
	before := len(dst)
	dst = append(dst, `,"meta":{`...)
	first := len(dst)
	for _, m := range [...]struct{ name, value string }{{"versionId", versionID}, {"lastUpdated", lastUpdated}, {"source", source}} {
		if m.value != "" {
			dst = append(appendComma(dst, first), '"')
			dst = append(append(dst, m.name...), `":`...)
			dst = appendString(dst, m.value)
		}
	}
	for i := 1; i < len(meta) && meta[i] == '"'; i++ {
		valueAt := stringEnd(meta, i) + 1
		end := skip(meta, valueAt)
		name := strings.TrimPrefix(string(meta[i+1:valueAt-2]), "_")
		if !(name == "versionId" && versionID != "" || name == "lastUpdated" && lastUpdated != "" || name == "source" && source != "") {
			dst = append(appendComma(dst, first), meta[i:end]...)
		}
		i = end
	}
	if len(dst) == first {
		return dst[:before]
	}
	return append(dst, '}')
}

// appendComma writes a comma unless dst ends where the list begins.
func appendComma(dst []byte, first int) []byte {
	if len(dst) == first {
		return dst
	}
	return append(dst, ',')
}
