package fhir

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
)

// KeptApart is the extension that stands, in a kept body, beside the data of an
// attachment or Binary that is kept outside the body because of its size.
const KeptApart = "urn:kmcr:kept-apart"

// File is what Apart took out of a body: the base64 text as it stood there.
type File struct {
	Hash [32]byte // SHA-256 of Text
	Text []byte
}

// Apart takes long data (at least least bytes of base64) out of a kept body
// (compact JSON), so that whoever reads the record does not read it too. In its
// place stand its hash, and what words says of it, for searching. Whole puts it
// back. The body itself is returned where nothing is that long.
func Apart(body []byte, least int, words func(contentType string, data []byte) string) (stub []byte, files []File) {
	if len(body) < least {
		return body, nil
	}
	d := Trusted(body).root.doc
	if d == nil {
		return body, nil
	}
	from := uint32(0)
	for i := int32(0); int(i) < len(d.nodes); i++ {
		n := &d.nodes[i]
		if int(n.end-n.start) < least || d.data[n.start] != '"' || n.start-n.key != uint32(len(`"data":`)) || string(d.data[n.key:n.start]) != `"data":` {
			continue
		}
		text := d.data[n.start+1 : n.end-1]
		f := File{sha256.Sum256(text), bytes.Clone(text)}
		said := ""
		if data, err := base64.StdEncoding.AppendDecode(nil, f.Text); err == nil && words != nil {
			said = words(d.parent(i).Get("contentType").Text(), data)
		}
		stub = append(append(stub, d.data[from:n.key]...), `"_data":{"extension":[{"url":"`+KeptApart+`","extension":[{"url":"hash","valueString":"`...)
		stub = append(hex.AppendEncode(stub, f.Hash[:]), `"},{"url":"size","valueInteger":`...)
		stub = append(strconv.AppendInt(stub, int64(len(text)*3/4), 10), '}')
		if said != "" {
			stub = append(appendString(append(stub, `,{"url":"text","valueString":`...), said), '}')
		}
		stub = append(stub, `]}]}`...)
		files, from = append(files, f), n.end
	}
	if files == nil {
		return body, nil
	}
	return append(stub, d.data[from:]...), files
}

// Whole puts back what Apart took out; file finds it by its hash. A body of
// which nothing was taken out is returned as it is.
func Whole(stub []byte, file func(hash [32]byte) ([]byte, error)) ([]byte, error) {
	if !bytes.Contains(stub, []byte(KeptApart)) {
		return stub, nil
	}
	d := Trusted(stub).root.doc
	if d == nil {
		return stub, nil
	}
	var out []byte
	from := uint32(0)
	for i := int32(0); int(i) < len(d.nodes); i++ {
		n := &d.nodes[i]
		if n.start-n.key != uint32(len(`"_data":`)) || string(d.data[n.key:n.start]) != `"_data":` {
			continue
		}
		hash, ok := apartHash(Value{d, i})
		if !ok {
			continue
		}
		text, err := file(hash)
		if err != nil {
			return nil, err
		}
		out = append(append(out, d.data[from:n.key]...), `"data":"`...)
		out = append(append(out, text...), '"')
		from = n.end
	}
	if out == nil {
		return stub, nil
	}
	return append(out, d.data[from:]...), nil
}

func apartHash(beside Value) (hash [32]byte, ok bool) {
	for _, x := range beside.Get("extension").Items() {
		if !x.Get("url").Is(KeptApart) {
			continue
		}
		for _, part := range x.Get("extension").Items() {
			if part.Get("url").Is("hash") {
				b, err := hex.DecodeString(part.Get("valueString").Text())
				return [32]byte(append(b, make([]byte, 32)...)[:32]), err == nil && len(b) == 32
			}
		}
	}
	return hash, false
}

// DataSize is about how many bytes the data of an attachment or Binary has, kept apart or not.
func DataSize(attachment Value) int {
	for _, x := range attachment.Path("_data.extension.extension") {
		if x.Get("url").Is("size") {
			n, _ := strconv.Atoi(x.Get("valueInteger").Text())
			return n
		}
	}
	data := attachment.Get("data")
	if !data.IsString() {
		return 0
	}
	return len(data.inside()) * 3 / 4
}

// ApartWords is what was said of data that is kept apart, for searching: "" of any other value.
func ApartWords(attachment Value) string {
	for _, x := range attachment.Path("_data.extension.extension") {
		if x.Get("url").Is("text") {
			return x.Get("valueString").Text()
		}
	}
	return ""
}
