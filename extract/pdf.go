package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Limits of a PDF: a small file cannot fill the memory.
const (
	mostStreams  = 4096
	mostInflated = 64 << 20 // bytes of all streams, unpacked
)

// PDF gives the words that the pages of a PDF show (ISO 32000-1, 9.4): those of
// text operators in its content streams, read by the ToUnicode tables of its
// fonts where it has them. It is a reading for search and for a first look, not
// a rendering: the order is that of the file. An encrypted file, or one of
// pictures alone, gives none.
func PDF(data []byte) string {
	if !bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 1024)], "\x00\t\r\n "), []byte("%PDF-")) || bytes.Contains(data, []byte("/Encrypt")) {
		return ""
	}
	p := pdf{table: map[string]string{}}
	streams := p.streams(data)
	for _, s := range streams {
		if bytes.Contains(s, []byte("beginbfchar")) || bytes.Contains(s, []byte("beginbfrange")) {
			p.toUnicode(s)
		}
	}
	for _, s := range streams {
		if bytes.Contains(s, []byte("BT")) && !bytes.Contains(s, []byte("begincmap")) {
			p.text(s)
		}
		if p.out.Len() > mostWords {
			break
		}
	}
	return p.out.String()
}

type pdf struct {
	out   strings.Builder
	table map[string]string // codes of two bytes, and what they stand for, of all fonts
	left  int
	y     float64 // of the line, where the stream says it
}

// streams finds and unpacks the streams that are not pictures.
func (p *pdf) streams(data []byte) (out [][]byte) {
	p.left = mostInflated
	for at, n := 0, 0; n < mostStreams; n++ {
		i := bytes.Index(data[at:], []byte("stream"))
		if i < 0 {
			return out
		}
		begin := at + i + len("stream")
		head := data[max(at+i-512, 0) : at+i]
		if k := bytes.LastIndex(head, []byte("obj")); k >= 0 {
			head = head[k:]
		}
		begin += len(data[begin:]) - len(bytes.TrimLeft(data[begin:min(begin+2, len(data))], "\r\n")) - (len(data) - min(begin+2, len(data)))
		end := bytes.Index(data[begin:], []byte("endstream"))
		if end < 0 {
			return out
		}
		if body := p.unpack(head, data[begin:begin+end]); body != nil {
			out = append(out, body)
		}
		at = begin + end + len("endstream")
	}
	return out
}

func (p *pdf) unpack(head, body []byte) []byte {
	switch {
	case bytes.Contains(head, []byte("/Image")) || bytes.Contains(head, []byte("/DCTDecode")) || bytes.Contains(head, []byte("/FontFile")) || bytes.Contains(head, []byte("/Length1")):
		return nil
	case bytes.Contains(head, []byte("/FlateDecode")):
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil
		}
		content, _ := io.ReadAll(io.LimitReader(z, int64(p.left))) // what can be read of a damaged one is read
		p.left -= len(content)
		return content
	case bytes.Contains(head, []byte("/Filter")):
		return nil
	}
	return body
}

// toUnicode reads a table of what codes stand for.
func (p *pdf) toUnicode(s []byte) {
	var hexes []string
	mode := ""
	for _, t := range tokens(s) {
		switch {
		case t.kind == 'w' && (t.text == "beginbfchar" || t.text == "beginbfrange"):
			mode, hexes = t.text, nil
		case t.kind == 'w' && strings.HasPrefix(t.text, "endbf"):
			mode = ""
		case mode != "" && t.kind == 's':
			hexes = append(hexes, t.text)
			if mode == "beginbfchar" && len(hexes) == 2 {
				p.table[hexes[0]] = utf16Text(hexes[1])
				hexes = nil
			}
			if mode == "beginbfrange" && len(hexes) == 3 {
				p.span(hexes[0], hexes[1], hexes[2])
				hexes = nil
			}
		}
	}
}

// span notes a run of codes.
func (p *pdf) span(from, to, stands string) {
	if len(from) != len(to) || len(from) == 0 || len(from) > 2 || len(stands) < 2 {
		return
	}
	number := func(s string) int {
		n := 0
		for i := range len(s) {
			n = n<<8 | int(s[i])
		}
		return n
	}
	first, last, base := number(from), number(to), number(stands[len(stands)-2:])
	for n := first; n <= last && n-first < 1<<16; n++ {
		code := string([]byte{byte(n >> 8), byte(n)})[2-len(from):]
		p.table[code] = utf16Text(stands[:len(stands)-2]) + string(rune(base+n-first))
	}
}

func utf16Text(s string) string {
	var units []uint16
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}

// text writes what a content stream shows.
func (p *pdf) text(s []byte) {
	var args []token
	for _, t := range tokens(s) {
		if t.kind != 'w' {
			args = append(args, t)
			continue
		}
		switch t.text {
		case "Tj", "'", `"`:
			if t.text != "Tj" {
				p.out.WriteByte('\n')
			}
			if n := len(args); n > 0 && args[n-1].kind == 's' {
				p.show(args[n-1].text)
			}
		case "TJ":
			for _, a := range args {
				if a.kind == 's' {
					p.show(a.text)
				} else if n, err := strconv.ParseFloat(a.text, 64); err == nil && n < -180 { // a gap as wide as a space
					p.out.WriteByte(' ')
				}
			}
		case "Td", "TD":
			p.move(args, false)
		case "Tm":
			p.move(args, true)
		case "T*":
			p.out.WriteByte('\n')
		}
		args = args[:0]
		if p.out.Len() > mostWords {
			return
		}
	}
}

// move begins a new line where the next words stand higher or lower. Along the
// line it writes nothing: letters are often placed one by one, and a space is then a letter too.
func (p *pdf) move(args []token, to bool) {
	if len(args) < 2 {
		return
	}
	y, err := strconv.ParseFloat(args[len(args)-1].text, 64)
	if err != nil {
		return
	}
	if to && y == p.y || !to && y == 0 {
		return
	}
	if to {
		p.y = y
	}
	p.out.WriteByte('\n')
}

// show writes a string: by the tables where they have its codes, else as Latin letters.
func (p *pdf) show(s string) {
	if len(p.table) > 0 && len(s)%2 == 0 {
		var b strings.Builder
		known := len(s) > 0
		for i := 0; i+1 < len(s) && known; i += 2 {
			var w string
			w, known = p.table[s[i:i+2]]
			b.WriteString(w)
		}
		if known {
			p.out.WriteString(b.String())
			return
		}
	}
	for i := range len(s) {
		switch w, known := p.table[s[i:i+1]]; {
		case known:
			p.out.WriteString(w)
		case s[i] >= ' ' && s[i] < 0x7f:
			p.out.WriteByte(s[i])
		case s[i] >= 0xa0:
			p.out.WriteRune(rune(s[i]))
		}
	}
}

// token is a word ('w'), number ('n') or string ('s') of a content stream.
type token struct {
	kind byte
	text string
}

// mostTokens bounds what is read of one stream.
const mostTokens = 2_000_000

// tokens reads a content stream; brackets, dictionaries and comments are passed over.
func tokens(s []byte) (out []token) {
	for i := 0; i < len(s) && len(out) < mostTokens; {
		switch c := s[i]; {
		case c == '%':
			for i < len(s) && s[i] != '\n' && s[i] != '\r' {
				i++
			}
		case c == '(':
			text, n := literal(s[i:])
			out = append(out, token{'s', text})
			i += n
		case c == '<' && i+1 < len(s) && s[i+1] != '<':
			end := bytes.IndexByte(s[i:], '>')
			if end < 0 {
				return out
			}
			out = append(out, token{'s', unhex(s[i+1 : i+end])})
			i += end + 1
		case isRegular(c):
			j := i
			for j < len(s) && isRegular(s[j]) {
				j++
			}
			kind := byte('w')
			if c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c == '/' {
				kind = 'n'
			}
			if c != '/' {
				out = append(out, token{kind, string(s[i:j])})
			}
			i = j
		default:
			i++
		}
	}
	return out
}

func isRegular(c byte) bool {
	return c > ' ' && c < 0x7f && !bytes.ContainsRune([]byte("()<>[]{}%"), rune(c))
}

func unhex(s []byte) string {
	digits := bytes.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, s)
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	b, err := hex.DecodeString(string(digits))
	if err != nil {
		return ""
	}
	return string(b)
}

// literal reads a string in round brackets and tells how long it was.
func literal(s []byte) (text string, n int) {
	var b []byte
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			switch e := s[i]; {
			case e >= '0' && e <= '7':
				v, k := 0, 0
				for k < 3 && i+k < len(s) && s[i+k] >= '0' && s[i+k] <= '7' {
					v = v*8 + int(s[i+k]-'0')
					k++
				}
				b = append(b, byte(v))
				i += k - 1
			case e == 'n' || e == 'r' || e == 't':
				b = append(b, ' ')
			case e == '\r' || e == '\n':
			default:
				b = append(b, e)
			}
		case c == '(':
			if depth++; depth > 1 {
				b = append(b, c)
			}
		case c == ')':
			if depth--; depth == 0 {
				return string(b), i + 1
			}
			b = append(b, c)
		default:
			b = append(b, c)
		}
	}
	return string(b), len(s)
}
