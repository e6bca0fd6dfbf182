package translate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"kmcr"
)

// Limits of an XML message, so that a small one cannot fill the memory.
const (
	maxXMLDepth    = 200
	maxXMLElements = 2_000_000
	maxXMLBytes    = 128 << 20
)

// xmlNode is one XML element as it was read. Content is words and elements in order.
type xmlNode struct {
	space, name string
	attrs       []xml.Attr
	content     []xmlPart
	from, to    int64 // where it stands in the document
}

// xmlPart is an element, or words where element is nil.
type xmlPart struct {
	element *xmlNode
	words   string
}

// readXML reads a document. A DOCTYPE or other declaration is refused, and so
// is any entity but the five of XML: nothing is ever fetched or expanded.
func readXML(data []byte) (*xmlNode, error) {
	if len(data) > maxXMLBytes {
		return nil, xmlTooLarge("the document is too long")
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.CharsetReader = charsets
	var root *xmlNode
	var open []*xmlNode
	count := 0
	for {
		before := d.InputOffset()
		token, err := d.Token()
		switch {
		case err == io.EOF && root != nil && len(open) == 0:
			return root, nil
		case err != nil:
			return nil, badXML(d, "the XML is not well formed")
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, badXML(d, "a DOCTYPE or other declaration is not accepted")
		case xml.ProcInst:
			if t.Target != "xml" && t.Target != "xml-stylesheet" {
				return nil, badXML(d, "a processing instruction is not accepted")
			}
		case xml.StartElement:
			if count++; count > maxXMLElements || len(open) >= maxXMLDepth {
				return nil, xmlTooLarge("the elements are too many or nested too deep")
			}
			e := &xmlNode{space: t.Name.Space, name: t.Name.Local, attrs: t.Copy().Attr, from: before}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.content = append(parent.content, xmlPart{element: e})
			case root != nil:
				return nil, badXML(d, "there is more after the end of the document")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open[len(open)-1].to = d.InputOffset()
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				e := open[len(open)-1]
				if n := len(e.content); n > 0 && e.content[n-1].element == nil {
					e.content[n-1].words += string(t)
				} else {
					e.content = append(e.content, xmlPart{words: string(t)})
				}
			}
		}
	}
}

// charsets reads the encodings that senders declare besides UTF-8.
func charsets(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii":
		return in, nil
	case "iso-8859-1", "windows-1252", "latin1":
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	}
	return nil, errors.New("the encoding is not UTF-8, ISO-8859-1 or windows-1252")
}

func badXML(d *xml.Decoder, message string) error {
	line, column := d.InputPos()
	return &kmcr.Error{Kind: kmcr.Invalid, Where: fmt.Sprintf("line %d column %d", line, column), Message: message, Remedy: "Send well-formed XML without declarations."}
}

func xmlTooLarge(message string) error {
	return &kmcr.Error{Kind: kmcr.TooLarge, Message: message, Remedy: "Send it in parts."}
}

// attr is the value of an attribute; "" where it is not there.
func (e *xmlNode) attr(name string) string {
	if e == nil {
		return ""
	}
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all are the children of a name.
func (e *xmlNode) all(name string) []*xmlNode {
	if e == nil {
		return nil
	}
	var out []*xmlNode
	for _, p := range e.content {
		if p.element != nil && p.element.name == name {
			out = append(out, p.element)
		}
	}
	return out
}

// at is the first element on a path of names; nil where there is none.
func (e *xmlNode) at(path ...string) *xmlNode {
	for _, name := range path {
		found := e.all(name)
		if len(found) == 0 {
			return nil
		}
		e = found[0]
	}
	return e
}

// words are all the words inside, in order.
func (e *xmlNode) words() string {
	var b strings.Builder
	e.write(&b)
	return strings.Join(strings.Fields(b.String()), " ")
}

func (e *xmlNode) write(b *strings.Builder) {
	if e == nil {
		return
	}
	for _, p := range e.content {
		if p.element == nil {
			b.WriteString(p.words)
			continue
		}
		b.WriteByte(' ')
		p.element.write(b)
		b.WriteByte(' ')
	}
}

// find calls f for each element of a name, at any depth, in order; it does not look inside those.
func (e *xmlNode) find(name string, f func(*xmlNode)) {
	for _, p := range e.content {
		switch {
		case p.element == nil:
		case p.element.name == name:
			f(p.element)
		default:
			p.element.find(name, f)
		}
	}
}
