package extract

import (
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// RTF reads the words of an RTF document (Microsoft RTF 1.9): its text
// with a line for each paragraph, cell and row. Pictures, objects, fonts,
// styles, fields' instructions and everything marked as ignorable are left out.
func RTF(data []byte) string {
	r := rtfReader{in: data, fallback: 1}
	r.run()
	return r.out.String()
}

// rtfReader walks an RTF document.
type rtfReader struct {
	in       []byte
	at       int
	out      strings.Builder
	silent   int   // depth at which a silent group began; 0: none
	depth    int   // of groups
	fallback int   // characters that stand in for each \u (\ucN)
	skip     int   // of those, how many are still to be passed over
	saved    []int // fallback of the groups around this one
}

// rtfSilent are the destinations whose content is not words of the document.
var rtfSilent = map[string]bool{
	"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "fldinst": true, "generator": true,
	"header": true, "footer": true, "listtable": true, "listoverridetable": true, "rsidtbl": true, "themedata": true, "datastore": true,
	"latentstyles": true, "xmlnstbl": true, "filetbl": true, "objdata": true, "bkmkstart": true, "bkmkend": true,
}

// rtfWords are the control words that stand for characters.
var rtfWords = map[string]string{
	"par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "cell": "\t", "tab": "\t", "emdash": "—", "endash": "–",
	"bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ",
}

func (r *rtfReader) run() {
	for r.at < len(r.in) {
		c := r.in[r.at]
		r.at++
		switch c {
		case '{':
			r.depth++
			r.saved = append(r.saved, r.fallback)
		case '}':
			r.close()
		case '\\':
			r.control()
		case '\r', '\n':
		default:
			r.char(c)
		}
	}
}

func (r *rtfReader) close() {
	if r.silent == r.depth {
		r.silent = 0
	}
	if r.depth > 0 {
		r.depth--
		r.fallback = r.saved[len(r.saved)-1]
		r.saved = r.saved[:len(r.saved)-1]
	}
	r.skip = 0
}

// put writes words, unless they are in a silent group.
func (r *rtfReader) put(s string) {
	if r.silent == 0 {
		r.out.WriteString(s)
	}
}

// char is one byte of text, in Windows-1252.
func (r *rtfReader) char(c byte) {
	if r.skip > 0 {
		r.skip--
		return
	}
	r.put(string(charmap.Windows1252.DecodeByte(c)))
}

func (r *rtfReader) control() {
	if r.at >= len(r.in) {
		return
	}
	c := r.in[r.at]
	if !letter(c) {
		r.at++
		r.symbol(c)
		return
	}
	from := r.at
	for r.at < len(r.in) && letter(r.in[r.at]) {
		r.at++
	}
	word := string(r.in[from:r.at])
	from = r.at
	for r.at < len(r.in) && (digit(r.in[r.at]) || r.at == from && r.in[r.at] == '-') {
		r.at++
	}
	n, err := strconv.Atoi(string(r.in[from:r.at]))
	if r.at < len(r.in) && r.in[r.at] == ' ' {
		r.at++
	}
	r.word(word, n, err == nil)
}

// symbol is a control of one character that is not a letter.
func (r *rtfReader) symbol(c byte) {
	switch c {
	case '\\', '{', '}':
		r.char(c)
	case '~':
		r.put("\u00a0")
	case '_':
		r.put("\u2011")
	case '\r', '\n':
		r.put("\n")
	case '*':
		r.hush()
	case '\'':
		if r.at+2 > len(r.in) {
			r.at = len(r.in)
			return
		}
		b, err := strconv.ParseUint(string(r.in[r.at:r.at+2]), 16, 8)
		r.at += 2
		if err == nil {
			r.char(byte(b))
		}
	}
}

// hush makes the rest of this group silent.
func (r *rtfReader) hush() {
	if r.silent == 0 && r.depth > 0 {
		r.silent = r.depth
	}
}

func (r *rtfReader) word(word string, n int, numbered bool) {
	switch {
	case rtfSilent[word]:
		r.hush()
	case word == "u" && numbered:
		if n < 0 {
			n += 1 << 16
		}
		r.put(string(rune(n)))
		r.skip = r.fallback
	case word == "uc" && numbered:
		r.fallback = min(max(n, 0), 8)
	case word == "bin" && numbered:
		r.at = min(r.at+max(n, 0), len(r.in))
	default:
		r.put(rtfWords[word])
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
