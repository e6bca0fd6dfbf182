package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"kmcr"
	"kmcr/match"
)

// labelled is one record of a file in which somebody has said who is who.
type labelled struct {
	person string
	id     match.Identity
}

// headings are the names under which the columns of such files are known, by ours; where a file has several of one, the first of them
// that says something counts. A heading is read without case, spaces, hyphens and underscores.
var headings = map[string][]string{
	"person_id":     {"personid", "person", "cluster", "clusterid", "entity", "entityid", "entid", "trueid", "truth", "label", "masterid", "uniqueid"},
	"record_id":     {"recid", "recordid", "id"},
	"nhs_number":    {"nhsnumber", "nhsno", "nhs"},
	"nhs_status":    {"nhsstatus", "nhsnumberstatus", "nhsnumberverificationstatus"},
	"given":         {"given", "givenname", "givennames", "firstname", "forename", "forenames", "fname", "fnamec1", "vorname"},
	"middle":        {"middle", "middlename", "middlenames", "fnamec2", "secondname"},
	"family":        {"family", "familyname", "surname", "lastname", "lname", "lnamec1", "nachname"},
	"family_second": {"lnamec2", "secondsurname", "maidenname", "birthname"},
	"born":          {"born", "birthdate", "dateofbirth", "dob", "birthday"},
	"born_year":     {"by", "birthyear", "yearofbirth", "yob"},
	"born_month":    {"bm", "birthmonth", "monthofbirth", "mob"},
	"born_day":      {"bd", "dayofbirth"},
	"sex":           {"sex", "gender"},
	"postcode":      {"postcode", "postalcode", "zip", "zipcode", "plz"},
	"number":        {"streetnumber", "housenumber", "streetno"},
	"address":       {"address", "address1", "addressline1", "line", "line1", "street", "streetname", "streetaddress"},
	"address_2":     {"address2", "addressline2", "line2"},
	"town":          {"town", "city", "suburb", "locality", "place"},
	"telephone":     {"telephone", "phone", "phonenumber", "telephonenumber", "mobile", "tel"},
	"practice":      {"practice", "gppractice", "practicecode"},
	"local_number":  {"socsecid", "ssn", "socialsecuritynumber", "localnumber", "localid", "insurancenumber"},
}

// columnOf leads from a heading to our name of the column.
var columnOf = func() map[string]string {
	of := map[string]string{}
	for ours, names := range headings {
		of[plainHeading(ours)] = ours
		for _, n := range names {
			of[n] = ours
		}
	}
	return of
}()

func plainHeading(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "", ".", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// labelledFiles reads files of the same people one after another: FEBRL's fourth set is two.
func labelledFiles(names []string) (all []labelled, err error) {
	for _, name := range names {
		records, err := labelledFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

func labelledFile(name string) ([]labelled, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLabelled(f)
}

// readLabelled reads a CSV with a heading line, whatever parts its columns (comma, semicolon, tab, bar) and ends its lines. Who is who
// is said by a column of its own or by FEBRL's record ids. Errors: kmcr.Invalid where that is not said, or nothing is there.
func readLabelled(in io.Reader) ([]labelled, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(inUTF8(text), []byte("\ufeff"))
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	rows, err := rowsOf(text)
	if err != nil {
		return nil, err
	}
	column := map[string][]int{}
	for i, name := range rows[0] {
		if ours := columnOf[plainHeading(name)]; ours != "" {
			column[ours] = append(column[ours], i)
		}
	}
	for ours, at := range column {
		rank := func(i int) int { return slices.Index(headings[ours], plainHeading(rows[0][i])) }
		slices.SortStableFunc(at, func(i, j int) int { return rank(i) - rank(j) })
	}
	file := labelledRows{column: column, rows: rows[1:]}
	if len(column["person_id"]) == 0 && !file.febrl() {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "nothing says who is who: the heading line names no person_id, and the record ids are not like rec-12-org and rec-12-dup-0", Where: "line 1",
			Remedy: "Give FEBRL's columns, or record_id, person_id, nhs_number, given, family, born, sex, postcode, address, town, telephone, practice."}
	}
	if len(column["family"])+len(column["given"]) == 0 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "no column holds names", Where: "line 1", Remedy: "Name the columns given and family (or first_name and surname)."}
	}
	return file.read(), nil
}

// inUTF8 is a text in UTF-8 that was written in it, in UTF-16 with its mark, or in Latin-1.
func inUTF8(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case utf8.Valid(text):
		return text
	default:
		runes := make([]rune, len(text))
		for i, b := range text {
			runes[i] = rune(b)
		}
		return []byte(string(runes))
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// rowsOf parts text into rows: the heading line and at least one record.
func rowsOf(text []byte) ([][]string, error) {
	heading, _, _ := bytes.Cut(text, []byte("\n"))
	rows := csv.NewReader(bytes.NewReader(text))
	for _, comma := range ";\t|" {
		if bytes.ContainsRune(heading, comma) && bytes.Count(heading, []byte(string(comma))) > bytes.Count(heading, []byte(string(rows.Comma))) {
			rows.Comma = comma
		}
	}
	rows.TrimLeadingSpace = rows.Comma != '\t'
	rows.FieldsPerRecord = -1
	all, err := rows.ReadAll()
	if err != nil {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the file is no CSV", Where: err.Error(), Remedy: "Mend that line; a quotation mark inside a quotation is written twice."}
	}
	if len(all) < 2 {
		return nil, &kmcr.Error{Kind: kmcr.Invalid, Message: "the file holds no record under its heading line", Remedy: "Give a CSV with a heading line and a line for each record."}
	}
	return all, nil
}

// labelledRows are the records of one file.
type labelledRows struct {
	column map[string][]int
	rows   [][]string
}

// febrlID is a record id of FEBRL's: the person is its number.
var febrlID = regexp.MustCompile(`^rec-(\d+)-(org|dup)`)

// febrl tells whether the record ids say who is who.
func (f labelledRows) febrl() bool {
	for _, at := range f.column["record_id"] {
		return slices.ContainsFunc(f.rows, func(row []string) bool { return at < len(row) && febrlID.MatchString(strings.TrimSpace(row[at])) })
	}
	return false
}

func (f labelledRows) read() []labelled {
	out := make([]labelled, 0, len(f.rows))
	dates := dateOrder(f)
	for i, row := range f.rows {
		get := func(name string) string {
			for _, at := range f.column[name] {
				if at < len(row) && !missing(name, strings.TrimSpace(row[at])) {
					return strings.TrimSpace(row[at])
				}
			}
			return ""
		}
		one := labelled{person: get("person_id"), id: identityIn(get, dates)}
		if found := febrlID.FindStringSubmatch(get("record_id")); one.person == "" && found != nil {
			one.person = found[1]
		}
		if one.person == "" { // whoever is not said to be somebody is somebody else
			one.person = fmt.Sprint("\x00", i)
		}
		out = append(out, one)
	}
	return out
}

// missing tells whether a cell of one of our columns is empty, or holds what programs write where nothing is known. Na is a name.
func missing(column, cell string) bool {
	switch cell {
	case "", "NULL", "NaN", "N/A", `\N`:
		return true
	case "NA":
		return column != "given" && column != "family"
	}
	return false
}

// identityIn is who a record is about. A number of another register is evidence beside the others and no key: nobody is found or
// linked by it alone.
func identityIn(get func(string) string, dates []string) match.Identity {
	id := match.Identity{Names: []match.Name{{Family: get("family"), Given: strings.TrimSpace(get("given") + " " + get("middle"))}}, Sex: sexWord(get("sex")), NHSStatus: get("nhs_status")}
	if second := get("family_second"); second != "" {
		id.Names = append(id.Names, match.Name{Family: second, Given: get("given")})
	}
	if id.Born = dateIn(get("born"), dates); id.Born == "" && get("born_year") != "" {
		id.Born = dateIn(get("born_year")+"-"+twoDigits(get("born_month"))+"-"+twoDigits(get("born_day")), dates)
	}
	if n, err := kmcr.ParseNHSNumber(get("nhs_number")); err == nil {
		id.NHS = n
	}
	id.Postcodes, id.Telephones = some(get("postcode")), some(get("telephone"))
	id.Lines = some(strings.TrimSpace(get("number") + " " + get("address")))
	id.Localities = append(some(get("town")), some(get("address_2"))...)
	if n := get("local_number"); n != "" {
		id.Locals = []string{"local|" + n}
	}
	id.Practice = kmcr.ODS(get("practice"))
	return id
}

// some lists a text unless it is empty.
func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func twoDigits(s string) string {
	if n, err := strconv.Atoi(s); err == nil {
		return fmt.Sprintf("%02d", n)
	}
	return s
}

// sexWord reads the codes in use: words, letters, and 1 and 2 (NHS Data Dictionary, PERSON STATED GENDER CODE).
func sexWord(s string) string {
	switch strings.ToLower(s) {
	case "m", "male", "1", "man", "boy":
		return "male"
	case "f", "female", "2", "w", "woman", "girl":
		return "female"
	}
	return ""
}

// The forms of dates: day first as in Britain, or month first where a file has dates that are none otherwise.
var (
	dayFirst   = []string{"2/1/2006", "2-1-2006", "2.1.2006", "2 Jan 2006", "2-Jan-2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006"}
	monthFirst = append([]string{"1/2/2006", "1-2-2006", "1.2.2006"}, dayFirst[3:]...)
)

// dateOrder tells in which order the file writes day and month.
func dateOrder(f labelledRows) []string {
	fits := map[bool]int{}
	for _, row := range f.rows {
		for _, at := range f.column["born"] {
			if at < len(row) {
				fits[true] += min(1, len(parsedDate(strings.TrimSpace(row[at]), dayFirst)))
				fits[false] += min(1, len(parsedDate(strings.TrimSpace(row[at]), monthFirst)))
			}
		}
	}
	if fits[false] > fits[true] {
		return monthFirst
	}
	return dayFirst
}

func parsedDate(s string, forms []string) string {
	for _, form := range forms {
		if t, err := time.Parse(form, s); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return ""
}

// dateIn is a date as YYYY-MM-DD, however it was written; what is no date is left as it is, and carries no weight.
func dateIn(s string, forms []string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if date, _, ok := strings.Cut(s, "T"); ok && len(date) == 10 {
		s = date
	}
	if date, _, ok := strings.Cut(s, " "); ok && len(date) == 10 && strings.Contains(s, ":") {
		s = date
	}
	if len(s) == 10 && (s[4] == '/' || s[4] == '.') {
		s = strings.NewReplacer("/", "-", ".", "-").Replace(s)
	}
	if len(s) == 8 && digits == s {
		return s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	if date := parsedDate(s, forms); date != "" {
		return date
	}
	return s
}
