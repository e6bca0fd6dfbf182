package ingest

import (
	"bytes"
	"strings"

	"kmcr"
)

// An interaction that is parked is kept as it would stand on the wire: a
// request line, the headers that matter, an empty line, the body. People read
// it, and it is taken up again from it.

func (in *Interaction) envelope() []byte {
	var b bytes.Buffer
	b.Grow(len(in.Body) + 200)
	b.WriteString(in.Method + " /" + in.Type)
	if in.ID != "" {
		b.WriteString("/" + in.ID)
	}
	if in.Query != "" {
		b.WriteString("?" + in.Query)
	}
	b.WriteByte('\n')
	for _, h := range [][2]string{{"If-Match", in.IfMatch}, {"If-None-Exist", in.IfNoneExist}} {
		if h[1] != "" {
			b.WriteString(h[0] + ": " + strings.NewReplacer("\n", " ", "\r", " ").Replace(h[1]) + "\n")
		}
	}
	b.WriteByte('\n')
	if in.original != nil {
		b.Write(in.original)
	} else {
		b.Write(in.Body)
	}
	return b.Bytes()
}

func openEnvelope(c kmcr.Contributor, raw []byte) (Interaction, error) {
	in := Interaction{Contributor: c.Code}
	head, body, ok := bytes.Cut(raw, []byte("\n\n"))
	line, headers, _ := strings.Cut(string(head), "\n")
	method, target, ok2 := strings.Cut(line, " /")
	if !ok || !ok2 {
		return in, &kmcr.Error{Kind: kmcr.Invalid, Message: "what was kept of the interaction cannot be read"}
	}
	in.Method, in.Body = method, body
	path, query, _ := strings.Cut(target, "?")
	in.Query = query
	in.Type, in.ID, _ = strings.Cut(path, "/")
	for h := range strings.SplitSeq(headers, "\n") {
		name, value, _ := strings.Cut(h, ": ")
		switch name {
		case "If-Match":
			in.IfMatch = value
		case "If-None-Exist":
			in.IfNoneExist = value
		}
	}
	in.filed = true // whoever sent it has been answered
	if !isXML(body) {
		return in, nil
	}
	made, err := bring(body, c.Format)
	if err != nil {
		return in, err
	}
	in.Body = made.body
	if made.converted != nil {
		in.original, in.unmapped = body, made.converted.Unmapped
	}
	return in, nil
}
