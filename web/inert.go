package web

import (
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"kmcr/extract"
)

// block is a piece of inert text: words, and what kind of words. It holds no mark-up.
type block struct {
	Kind string // "heading", "paragraph", "item", "lines" (white space kept) or "table"
	Text string
	Rows [][]string // of a table
}

// inert turns a document into inert text. Nothing of what it could do is left:
// no script, style, picture, form or address. A form that is not text gives none.
func inert(mediaType string, data []byte) []block {
	t, params, _ := mime.ParseMediaType(mediaType)
	switch t {
	case "text/plain", "text/markdown", "text/csv", "":
		if t == "" && !utf8.Valid(data) {
			return nil
		}
		return []block{{Kind: "lines", Text: extract.Text(data, params["charset"])}}
	case "application/rtf", "text/rtf", "text/richtext":
		return paragraphs(extract.RTF(data))
	case "text/html", "application/xhtml+xml":
		return htmlBlocks(extract.Text(data, params["charset"]))
	case "application/pdf":
		return paragraphs(extract.PDF(data))
	}
	return nil
}

// paragraphs makes a block of each line that holds words.
func paragraphs(text string) (all []block) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, block{Kind: "paragraph", Text: line})
		}
	}
	return all
}

// plainText writes blocks as text.
func plainText(all []block) string {
	var b strings.Builder
	for i, k := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(k.Text)
		for j, row := range k.Rows {
			if j > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(strings.Join(row, "\t"))
		}
	}
	return b.String()
}

// silent are the elements whose content is not words for a reader.
var silent = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Head: true, atom.Noscript: true, atom.Template: true, atom.Iframe: true, atom.Object: true,
	atom.Embed: true, atom.Svg: true, atom.Math: true, atom.Select: true, atom.Textarea: true, atom.Button: true,
}

// kinds are the elements that begin a block, and of which kind.
var kinds = map[atom.Atom]string{
	atom.H1: "heading", atom.H2: "heading", atom.H3: "heading", atom.H4: "heading", atom.H5: "heading", atom.H6: "heading",
	atom.P: "paragraph", atom.Div: "paragraph", atom.Section: "paragraph", atom.Article: "paragraph", atom.Blockquote: "paragraph",
	atom.Ul: "paragraph", atom.Ol: "paragraph", atom.Dl: "paragraph", atom.Dt: "heading", atom.Dd: "paragraph", atom.Br: "paragraph", atom.Hr: "paragraph",
	atom.Header: "paragraph", atom.Footer: "paragraph", atom.Li: "item", atom.Pre: "lines", atom.Tr: "paragraph", atom.Caption: "heading",
}

// htmlBlocks reads HTML for its words alone.
func htmlBlocks(s string) []block {
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		return nil
	}
	var r wordReader
	r.read(root, "paragraph")
	r.end("paragraph")
	return r.blocks
}

// wordReader gathers the words of HTML into blocks.
type wordReader struct {
	blocks []block
	words  strings.Builder
}

// end closes the block that is being gathered.
func (r *wordReader) end(kind string) {
	text := r.words.String()
	r.words.Reset()
	if kind != "lines" {
		text = strings.Join(strings.Fields(text), " ")
	}
	if strings.TrimSpace(text) != "" {
		r.blocks = append(r.blocks, block{Kind: kind, Text: text})
	}
}

func (r *wordReader) read(n *html.Node, kind string) {
	switch {
	case n.Type == html.TextNode:
		r.words.WriteString(n.Data)
		return
	case n.Type == html.ElementNode && silent[n.DataAtom]:
		return
	case n.Type == html.ElementNode && n.DataAtom == atom.Table:
		r.end(kind)
		if rows := tableRows(n); len(rows) > 0 {
			r.blocks = append(r.blocks, block{Kind: "table", Rows: rows})
		}
		return
	}
	own, begins := kinds[n.DataAtom]
	if n.Type == html.ElementNode && begins {
		r.end(kind)
		if n.DataAtom != atom.Br {
			kind = own
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.read(c, kind)
	}
	if n.Type == html.ElementNode && begins {
		r.end(kind)
	}
}

// tableRows reads the words of a table, cell by cell; a table inside a cell becomes words of the cell.
func tableRows(table *html.Node) (rows [][]string) {
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case c.DataAtom == atom.Tr:
				if row := rowCells(c); len(row) > 0 {
					rows = append(rows, row)
				}
			case c.DataAtom == atom.Td, c.DataAtom == atom.Th:
			default:
				walk(c)
			}
		}
	}
	walk(table)
	return rows
}

func rowCells(tr *html.Node) (row []string) {
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			var r wordReader
			r.read(&html.Node{Type: html.ElementNode, DataAtom: atom.Div, FirstChild: c.FirstChild}, "paragraph")
			r.end("paragraph")
			row = append(row, plainText(r.blocks))
		}
	}
	return row
}
