package translate

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"kmcr"
)

// Record is one part of a file that is a message of its own: a row of a table, a child of a census.
type Record struct {
	Line int    // of the file, from 1; for XML the number of the record
	Lane string // names whom it is about
	// Raw is kept, and can be read again by itself (ReadRecord).
	Raw []byte
	// Said is the day of which the file tells, where it is an extract in which absence means ended; zero otherwise.
	Said time.Time
}

// Records are the records of a file, one after the other; io.EOF after the
// last. Any other error is a *kmcr.Error: about one record where Where names
// its line, and the records after it can still be read.
type Records interface {
	Next() (Record, error)
	// Format is that of the file, as it was found to be.
	Format() kmcr.Format
	// Ends are the prefixes of keys of what ends when a later extract does not tell of it; none for a file of another kind.
	Ends() []string
}

// recordFormats are the formats of which a file is many records.
var recordFormats = []kmcr.Format{kmcr.FormatCLD, kmcr.FormatCase, kmcr.Format903, kmcr.FormatMHSDS, kmcr.FormatCIN}

// IsRecords tells whether files of a format are read as records.
func IsRecords(f kmcr.Format) bool {
	for _, one := range recordFormats {
		if one == f {
			return true
		}
	}
	return false
}

// OpenRecords begins to read a file of a format; "" is any table that is known.
func OpenRecords(format kmcr.Format, r io.Reader) (Records, error) {
	if format == kmcr.FormatCIN {
		return openCensus(r, "Child", format)
	}
	beginning := make([]byte, 512)
	n, err := io.ReadFull(r, beginning)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	beginning = beginning[:n]
	r = io.MultiReader(bytes.NewReader(beginning), r)
	if format == kmcr.Format903 && bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(beginning, []byte(markUTF8))), []byte("<")) {
		return openCensus(r, "CHILD", format)
	}
	table, err := NewTable(format, r)
	if err != nil {
		return nil, err
	}
	return tableRecords{table}, nil
}

// ReadRecord reads the Raw of a record again.
func ReadRecord(format kmcr.Format, raw []byte, c kmcr.Contributor) (Reading, error) {
	if a, ok := readAbsent(raw); ok {
		return a, nil
	}
	if bytes.HasPrefix(raw, []byte("<")) {
		return readCensus(format, raw, c)
	}
	table, err := NewTable(format, bytes.NewReader(raw))
	if err != nil {
		return Reading{}, err
	}
	row, err := table.Next()
	if err != nil {
		return Reading{}, err
	}
	return row.Reading(c)
}

// tableRecords are the rows of a table.
type tableRecords struct{ *Table }

// Next is the next row.
func (t tableRecords) Next() (Record, error) {
	row, err := t.Table.Next()
	if err != nil {
		return Record{}, err
	}
	rec := Record{Line: row.Line, Lane: row.Lane(), Raw: row.CSV()}
	if row.layout.said != "" {
		_, rec.Said = readDay(row.Get(row.layout.said))
	}
	return rec, nil
}

// Format is that of the table.
func (t tableRecords) Format() kmcr.Format { return t.layout.format }

// Ends are the prefixes of keys of what ends by absence.
func (t tableRecords) Ends() []string {
	return slices.DeleteFunc(slices.Clone(t.layout.ends), func(prefix string) bool {
		column, needs := contactLines[prefix]
		_, there := t.columns[plainName(column)]
		return needs && !there
	})
}

// contactLines are the columns of the case extract that tell how somebody is reached, by the prefix of the keys of what they state:
// an extract without the column says nothing of it.
var contactLines = map[string]string{"Case|provider|": "Provider Telephone", "Case|duty|": "Duty Telephone"}

// GoesWith gives the key of what a contact line belongs to, with which it ends; "" for anything else.
func GoesWith(key string) string {
	for line, of := range map[string]string{"Case|provider|": "Case|package|", "Case|duty|": "Case|worker|"} {
		if id, ok := strings.CutPrefix(key, line); ok {
			return of + id
		}
	}
	return ""
}

// Recognise tells the format of a file by how it begins (some 4 KiB are
// enough); "" where it is none that is known.
func Recognise(beginning []byte) kmcr.Format {
	text := bytes.TrimLeft(bytes.TrimPrefix(beginning, []byte(markUTF8)), " \t\r\n\v")
	switch {
	case len(text) == 0:
		return ""
	case hasAny(text, "MSH", "FHS", "BHS"):
		return kmcr.FormatHL7v2
	case text[0] == '<':
		return recogniseXML(string(text))
	case text[0] == '{', text[0] == '[':
		if bytes.Contains(text, []byte(`"resourceType"`)) {
			return kmcr.FormatFHIR
		}
		return ""
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	names, open := splitCells(strings.TrimRight(string(line), "\r"), separatorOf(string(line)))
	if open || len(names) < 2 {
		return ""
	}
	columns := map[string]int{}
	for i, n := range names {
		columns[plainName(n)] = i
	}
	if l, missing := layoutOf("", columns); l != nil && len(missing) == 0 {
		return l.format
	}
	return ""
}

// LooksLikeTable tells whether a file begins like a table: with a line of several names.
func LooksLikeTable(beginning []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(beginning, []byte(markUTF8)), " \t\r\n\v")
	line, _, more := bytes.Cut(text, []byte("\n"))
	if !more || len(line) == 0 || bytes.ContainsAny(line, "<{[\x00") {
		return false
	}
	names, open := splitCells(string(line), separatorOf(string(line)))
	return !open && len(names) > 2
}

func hasAny(text []byte, beginnings ...string) bool {
	for _, b := range beginnings {
		if bytes.HasPrefix(text, []byte(b)) {
			return true
		}
	}
	return false
}

// recogniseXML goes by the root element.
func recogniseXML(text string) kmcr.Format {
	switch {
	case strings.Contains(text, "SSDA903"):
		return kmcr.Format903
	case strings.Contains(text, "<Message") && (strings.Contains(text, "<Collection>CIN<") || strings.Contains(text, "<ChildIdentifiers") || strings.Contains(text, "<LAchildID")):
		return kmcr.FormatCIN
	case strings.Contains(text, `"http://hl7.org/fhir"`), strings.Contains(text, `'http://hl7.org/fhir'`):
		return kmcr.FormatFHIR
	case strings.Contains(text, "<ClinicalDocument"), strings.Contains(text, "urn:hl7-org:v3"), strings.Contains(text, "DistributionEnvelope"):
		return kmcr.FormatFHIR // CDA, alone or in its envelopes: it is brought into FHIR when it comes in
	}
	return ""
}
