package extract

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// mostWords is how many bytes of words a file gives at most.
const mostWords = 256 << 10

// Words gives the words of a file by its media type, white space as single
// spaces; "" for a type that is not read, or a file that cannot be.
func Words(mediaType string, data []byte) string {
	t, params, _ := mime.ParseMediaType(mediaType)
	var text string
	switch t {
	case "text/plain", "text/markdown", "text/csv":
		text = Text(data, params["charset"])
	case "text/html", "application/xhtml+xml":
		text = HTML(Text(data, params["charset"]))
	case "application/rtf", "text/rtf", "text/richtext":
		text = RTF(data)
	case "application/pdf":
		text = PDF(data)
	}
	return bounded(text)
}

func bounded(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, " ")), " ")
	if len(text) > mostWords {
		text = strings.ToValidUTF8(text[:mostWords], "")
	}
	return text
}

// Text decodes a text: UTF-16 where its charset or its mark says so, UTF-8 where it is that, else Windows-1252, of which Latin-1 is
// a part.
func Text(data []byte, charset string) string {
	charset = strings.ToLower(charset)
	if strings.HasPrefix(charset, "utf-16") || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		order := unicode.BigEndian
		if charset == "utf-16le" {
			order = unicode.LittleEndian
		}
		if s, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(data); err == nil {
			return strings.TrimPrefix(string(s), "\ufeff")
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if latin := charset == "iso-8859-1" || charset == "windows-1252"; !latin && utf8.Valid(data) {
		return string(data)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "\ufffd")
	}
	return string(s)
}

// HTML gives the words of HTML, without those of scripts and styles.
func HTML(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	silent := 0
	for b.Len() < mostWords {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if silent == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			if name, _ := z.TagName(); unsaid(name) {
				silent++
			}
			b.WriteByte(' ')
		case html.EndTagToken:
			if name, _ := z.TagName(); unsaid(name) && silent > 0 {
				silent--
			}
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func unsaid(name []byte) bool {
	a := atom.Lookup(name)
	return a == atom.Script || a == atom.Style
}
