package translate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"kmcr"
	"kmcr/hl7"
)

// Limits of a file of rows.
const (
	maxLine     = 1 << 20 // bytes of one line
	maxColumns  = 1000
	maxRowLines = 20 // lines that one row may have, within quotation marks
	markUTF8    = "\xef\xbb\xbf"
)

// layout is a table that is known: its columns and how a row of it is read.
type layout struct {
	format kmcr.Format
	name   string // for people
	// required are the columns by which it is known, and without which a row cannot be given to a person and an event.
	required []string
	known    []string
	// lane are the columns by which rows about one person are kept in order.
	lane []string
	// said is the column with the day of which an extract tells, and ends the prefixes of keys of what ends when a later one does not tell of it.
	said string
	ends []string
	read func(Row, kmcr.Contributor) (Reading, error)
}

// Table reads a file of rows, one after the other.
type Table struct {
	layout    *layout
	lines     *bufio.Reader
	pending   []lineRead // given back after a row that did not end
	line      int        // number of the last line read, from 1
	header    string     // as in the file
	separator byte
	columns   map[string]int // by plain name
	width     int            // columns of the header
	// Unknown lists columns that the specification does not have; each row notes them as unmapped.
	Unknown []string
}

// lineRead is what reading one line gave.
type lineRead struct {
	text string
	err  error
}

// Row is one row of a file: one event of one person.
type Row struct {
	Line    int // of the file, from 1
	layout  *layout
	header  string
	text    string
	columns map[string]int
	cells   []string
	width   int      // columns of the header
	extra   []string // columns that the specification does not have
}

// NewTable reads the header of a file of a format, "" for any that is known.
// Column names are matched without regard to case, spaces, underscores and
// punctuation, in any order. The error is a *kmcr.Error that names every
// required column that is not there.
func NewTable(format kmcr.Format, r io.Reader) (*Table, error) {
	c := &Table{lines: bufio.NewReaderSize(r, 64<<10)}
	for strings.TrimSpace(c.header) == "" {
		line, err := c.readLine()
		if err == io.EOF {
			return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "line 1", Message: "the file is empty", Remedy: "Send a file whose first line holds the column names."}
		}
		if err != nil {
			return nil, err
		}
		c.header = line
	}
	c.separator = separatorOf(c.header)
	names, open := splitCells(c.header, c.separator)
	if open || len(names) > maxColumns {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Where: "line " + strconv.Itoa(c.line), Message: "the line of column names is not readable", Remedy: "Send a comma separated file with one line of column names."}
	}
	if err := c.matchColumns(format, names); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Table) matchColumns(format kmcr.Format, names []string) error {
	c.columns, c.width = map[string]int{}, len(names)
	var twice []string
	for i, n := range names {
		name := plainName(n)
		if name == "" {
			continue
		}
		if _, there := c.columns[name]; there {
			twice = append(twice, strings.TrimSpace(n))
		}
		c.columns[name] = i
	}
	where := "line " + strconv.Itoa(c.line)
	l, missing := layoutOf(format, c.columns)
	switch {
	case l == nil:
		return &kmcr.Error{Kind: kmcr.Unsupported, Where: where, Message: "the column names are those of no table that is known", Remedy: "Send the columns of a table of the integration guide."}
	case len(missing) > 0:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: "columns are missing: " + strings.Join(missing, ", "), Remedy: "Send the columns of " + l.name + "."}
	case len(twice) > 0:
		return &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: "columns stand twice: " + strings.Join(twice, ", "), Remedy: "Send each column once."}
	}
	c.layout = l
	known := map[string]bool{}
	for _, n := range l.known {
		known[plainName(n)] = true
	}
	for _, n := range names {
		if name := plainName(n); name != "" && !known[name] {
			c.Unknown = append(c.Unknown, strings.TrimSpace(n))
		}
	}
	return nil
}

// layoutOf finds the table of a format ("" any) that has columns: of those of
// which all required ones are there the one that requires most, else the one
// of which the fewest are missing; nil where not even half are there.
func layoutOf(format kmcr.Format, columns map[string]int) (found *layout, missing []string) {
	for i := range layouts {
		l := &layouts[i]
		if format != "" && l.format != format {
			continue
		}
		var absent []string
		for _, n := range l.required {
			if _, there := columns[plainName(n)]; !there {
				absent = append(absent, n)
			}
		}
		only := format != "" && len(layoutsOf(format)) == 1
		switch {
		case 2*len(absent) > len(l.required) && !only:
		case found == nil, len(absent) < len(missing), len(absent) == len(missing) && len(l.required) > len(found.required):
			found, missing = l, absent
		}
	}
	return found, missing
}

func layoutsOf(format kmcr.Format) (some []*layout) {
	for i := range layouts {
		if layouts[i].format == format {
			some = append(some, &layouts[i])
		}
	}
	return some
}

// plainName is a column name without anything but letters and digits.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}

// separatorOf is the comma, or the semicolon, tab or bar where the header has more of it.
func separatorOf(header string) byte {
	best := byte(',')
	for _, c := range []byte{';', '\t', '|'} {
		if strings.Count(header, string(rune(c))) > strings.Count(header, string(rune(best))) {
			best = c
		}
	}
	return best
}

// Next returns the next row, io.EOF after the last. Any other error is a
// *kmcr.Error about one row, with its line in Where: the rows after it can still be read.
func (c *Table) Next() (Row, error) {
	for {
		text, err := c.readLine()
		if err != nil {
			return Row{}, err
		}
		if strings.Trim(text, " \t\""+string(rune(c.separator))) == "" {
			continue
		}
		return c.row(text)
	}
}

// row reads the row that begins with a line, and the lines that its quotation marks hold together.
func (c *Table) row(text string) (Row, error) {
	first := c.line
	cells, open := splitCells(text, c.separator)
	whole := text
	var more []lineRead
	for open && len(more) < maxRowLines {
		next, err := c.readLine()
		if err == io.EOF {
			break
		}
		more = append(more, lineRead{next, err})
		if err != nil {
			break
		}
		whole += "\n" + next
		cells, open = splitCells(whole, c.separator)
	}
	where := "line " + strconv.Itoa(first)
	if open {
		c.giveBack(more)
		return Row{}, &kmcr.Error{Kind: kmcr.Invalid, Where: where, Message: "a quotation mark in the row is not closed", Remedy: "Close it, or write two where one is meant."}
	}
	if len(cells) > maxColumns {
		return Row{}, &kmcr.Error{Kind: kmcr.TooLarge, Where: where, Message: "the row has too many columns", Remedy: "Send the columns of the specification."}
	}
	return Row{Line: first, layout: c.layout, header: c.header, text: whole, columns: c.columns, cells: cells, width: c.width, extra: c.Unknown}, nil
}

// giveBack lets lines be read again.
func (c *Table) giveBack(lines []lineRead) {
	c.pending = append(slices.Clone(lines), c.pending...)
	c.line -= len(lines)
}

// readLine returns the next line without its end, as UTF-8.
func (c *Table) readLine() (string, error) {
	c.line++
	if len(c.pending) > 0 {
		line := c.pending[0]
		c.pending = c.pending[1:]
		return line.text, line.err
	}
	var line []byte
	long := false
	for {
		part, err := c.lines.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (err != io.EOF || len(line) == 0 && !long) {
			c.line--
			return "", err
		}
		break
	}
	where := "line " + strconv.Itoa(c.line)
	if long {
		return "", &kmcr.Error{Kind: kmcr.TooLarge, Where: where, Message: "the line is too long", Remedy: "Send one event in each line."}
	}
	if c.line == 1 {
		line = bytes.TrimPrefix(line, []byte(markUTF8))
		if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) || bytes.IndexByte(line, 0) >= 0 {
			return "", &kmcr.Error{Kind: kmcr.Unsupported, Where: where, Message: "the file is not in UTF-8 or windows-1252", Remedy: "Save it as CSV UTF-8."}
		}
	}
	text, err := hl7.Decode(bytes.TrimRight(line, "\r\n"), "")
	return text, err
}

// splitCells cuts a line by RFC 4180; open tells that a quotation mark is not closed.
func splitCells(line string, separator byte) (cells []string, open bool) {
	for {
		var cell string
		rest := strings.TrimLeft(line, " ")
		if strings.HasPrefix(rest, `"`) {
			var b strings.Builder
			rest = rest[1:]
			for {
				i := strings.IndexByte(rest, '"')
				if i < 0 {
					return cells, true
				}
				b.WriteString(rest[:i])
				rest = rest[i+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			i := strings.IndexByte(rest, separator)
			if i < 0 {
				return append(cells, b.String()+rest), false
			}
			cell, line = b.String()+rest[:i], rest[i+1:]
		} else {
			i := strings.IndexByte(line, separator)
			if i < 0 {
				return append(cells, line), false
			}
			cell, line = line[:i], line[i+1:]
		}
		cells = append(cells, strings.TrimSpace(cell))
	}
}

// Lane names whom the row is about, so that rows about one person are kept in order.
func (r Row) Lane() string {
	var parts []string
	for _, column := range r.layout.lane {
		parts = append(parts, r.Get(column))
	}
	return strings.Join(parts, "|")
}

// Reading turns the row into statements. The error is a *kmcr.Error of kind
// Invalid where the row does not say whom it is about.
func (r Row) Reading(c kmcr.Contributor) (Reading, error) { return r.layout.read(r, c) }

// CSV is a file of this row alone, with its line of column names: what is kept
// of it, and can be read again.
func (r Row) CSV() []byte { return []byte(r.header + "\r\n" + r.text + "\r\n") }

// Get is the cell of a column, "" where there is none. The value is as sent:
// one that a spreadsheet would take for a formula is text here.
func (r Row) Get(column string) string {
	i, ok := r.columns[plainName(column)]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}
