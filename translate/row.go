package translate

import (
	"strconv"
	"strings"
	"time"

	"kmcr"
	"kmcr/hl7"
)

// newRowReader begins the reading of a row.
func newRowReader(r Row, c kmcr.Contributor) *rowReader {
	return &rowReader{origin: origin{c}, row: r, used: map[string]bool{}}
}

// rowReader makes the reading of one row.
type rowReader struct {
	origin
	row  Row
	at   time.Time // when it was so: the end of the reporting period, the day of the extract
	out  Reading
	used map[string]bool
}

// get is a cell; the column counts as read.
func (x *rowReader) get(column string) string {
	x.used[plainName(column)] = true
	return x.row.Get(column)
}

func (x *rowReader) where(column string) string {
	return "line " + strconv.Itoa(x.row.Line) + ", " + column
}

func (x *rowReader) state(key string, d *doc) {
	x.out.Statements = append(x.out.Statements, Statement{Key: key, Resource: d.bytes(), At: x.at})
}

// dayLayouts are the ways in which councils write dates, the day first.
var dayLayouts = []string{"2006-01-02", "02/01/2006", "2/1/2006", "02-01-2006", "02.01.2006", "20060102", "02-Jan-2006", "02 Jan 2006", "2 January 2006", "2006/01/02"}

// readDay reads a date, passing over a time of day after it; "" where it is none.
func readDay(s string) (day string, at time.Time) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "T"); i == 10 {
		s = s[:i]
	}
	for _, clock := range []string{" 00:00:00.000", " 00:00:00", " 00:00", " 0:00"} {
		s = strings.TrimSuffix(s, clock)
	}
	for _, layout := range dayLayouts {
		if t, err := time.ParseInLocation(layout, s, hl7.London()); err == nil && t.Year() >= 1000 {
			return t.Format("2006-01-02"), t
		}
	}
	return "", time.Time{}
}

// day reads a date column; a value that is no date is flagged and kept where it is used.
func (x *rowReader) day(column string) (day string, at time.Time) {
	sent := x.get(column)
	day, at = readDay(sent)
	switch {
	case sent != "" && day == "":
		x.out.Flags = appendOnce(x.out.Flags, column+": not a date")
	case day != "" && !believable(at):
		x.out.Flags = appendOnce(x.out.Flags, column+": a date that is not believable")
	}
	return day, at
}

// detail writes a fact of the row that FHIR has no element for, as an extension named urn:kmcr:cld:NAME (of Client Level Data) or urn:kmcr:TABLE:NAME.
func (x *rowReader) detail(d *doc, name, value string) {
	if value != "" {
		table, _, _ := strings.Cut(string(x.row.layout.format), "-")
		d.extension("urn:kmcr:"+table+":"+name, func() { d.text("valueString", value) })
	}
}

// details writes columns as extensions.
func (x *rowReader) details(d *doc, columns ...string) {
	for _, column := range columns {
		x.detail(d, strings.Trim(strings.ReplaceAll(strings.ToLower(strings.NewReplacer(":", "", "(", "", ")", "", ".", "", "_", " ").Replace(column)), " ", "-"), "-"), x.get(column))
	}
}

// join joins words that are there.
func join(separator string, words ...string) string {
	return strings.Join(nonEmpty(words), separator)
}

// rest notes the columns that are in no statement.
func (x *rowReader) rest() {
	for _, column := range x.row.layout.known {
		if !x.used[plainName(column)] && x.row.Get(column) != "" {
			x.out.Unmapped = append(x.out.Unmapped, column+": has no place in a statement of this event; kept in the row as received")
		}
	}
	for _, column := range x.row.extra {
		if x.row.Get(column) != "" {
			x.out.Unmapped = append(x.out.Unmapped, column+": not a column of the specification; kept in the row as received")
		}
	}
	if len(x.row.cells) > x.row.width {
		x.out.Unmapped = append(x.out.Unmapped, "the row has more cells than the file has columns")
	}
}
