package translate

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
	"kmcr/hl7"
)

// what is in no statement is listed by its field; what is, is not.
func TestEveryFieldOfAMessageIsStatedOrListed(t *testing.T) {
	const message = "MSH|^~\\&|PAS|RVV|KMCR|QKS|20260102101500||ADT^A01|C1|P|2.4\r" +
		"EVN|A01|20260102101500||01|OP7^Clerk^Carla\r" +
		"PID|1||A123^^^RVV^PI~9990000018^^^NHS^NH||Fox^Ada^^^^^L||19410305|F|||12 High Street^^Ashford^^TN23 1AA^GBR^H||01233 496000^PRN^PH||||||||||||||||||||||||||TRIBE\r" +
		"PV1|1|I|Ash^1^2^RVV01|21|||C1234567^Patel^Asha|||||||||VIP7|||V100||||||||||||||||||||||PENDING\r" +
		"DG1|1||I10^Hypertension^I10|||A|||||||||||20260101\r" +
		"NTE|1|L|Comes with a friend\r" +
		"ZU1|1|local"
	m, err := hl7.Parse([]byte(message), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Account(m, hospital)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		says, place string
		listed      bool
	}{
		{"who typed it in is in no statement", "EVN-5", true},
		{"why it happened is in no statement", "EVN-4", true},
		{"the tribe of a citizen is in no statement", "PID-39", true},
		{"a VIP is not marked", "PV1-16", true},
		{"the state of the account is in no statement", "PV1-41", true},
		{"a local segment is kept whole", "ZU1", true},
		{"a name is stated, and its use in other words", "PID-5", false},
		{"a number is stated, and its authority as its system", "PID-3", false},
		{"so is the telephone", "PID-13", false},
		{"sex is stated in FHIR's words", "PID-8", false},
		{"the ward is stated", "PV1-3", false},
		{"the diagnosis is stated", "DG1-3", false},
		{"the note is stated", "NTE-3", false},
	} {
		if listed(got.Unmapped, c.place) != c.listed {
			t.Errorf("%s: %s in %s", c.says, c.place, got.Unmapped)
		}
	}
}

// a random sample of values of every published message, record and resource is
// found in a statement, or its place in the list of what was not mapped.
func TestASampleOfAllPublishedValuesIsStatedOrListed(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 2026))
	looked := map[string]int{}
	look := func(family, file, place, value string, by sayings, unmapped []string, also ...string) {
		looked[family]++
		if !by.says(value) && !listed(unmapped, place) && !slices.ContainsFunc(also, func(a string) bool { return by.values[a] }) {
			t.Errorf("%s: %s is in no statement, and not listed in %q", file, place, unmapped)
		}
	}
	realMessages(t, func(path string, raw []byte) {
		m, err := hl7.Parse(raw, "")
		if err != nil {
			return
		}
		r, err := Account(m, hospital)
		if err != nil {
			return
		}
		by := toldBy(r)
		for range 12 {
			all := m.Segments("")
			s := all[random.IntN(len(all))]
			n := 1 + random.IntN(max(1, s.Fields()))
			for _, f := range s.Repetitions(n) {
				value, place := f.Get(1, 1), fmt.Sprintf("%s-%d", s.Name(), n)
				meant := strings.Contains(understood[place], " 1 ") || strings.Contains(structural[s.Name()], fmt.Sprintf(" %d ", n)) || has("MSH SFT UAC FHS BHS BTS FTS DSC", s.Name()) || f.IsNull() || isAttachment(s)
				if !meant {
					look("HL7 v2", path, place, value, by, r.Unmapped)
				}
			}
		}
	})
	for _, file := range publishedFiles("social-care/looked-after-children-903/*", "social-care/children-in-need-census/*") {
		content, _ := os.ReadFile(file)
		format := Recognise(content[:min(len(content), 4096)])
		records, err := OpenRecords(format, strings.NewReader(string(content)))
		if err != nil || format == kmcr.FormatCIN {
			continue
		}
		for range 300 {
			record, err := records.Next()
			if err != nil || record.Raw[0] == '<' {
				break
			}
			r, err := ReadRecord(format, record.Raw, children)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			table, _ := NewTable(format, strings.NewReader(string(record.Raw)))
			row, _ := table.Next()
			names, _ := splitCells(row.header, table.separator)
			name := names[random.IntN(len(names))]
			day, _ := readDay(row.Get(name))
			look("tables", file, name, row.Get(name), toldBy(r), r.Unmapped, day)
		}
	}
	for _, file := range publishedFiles("gp-connect-stu3/*/*", "gp-connect-stu3/*/*/*", "transfer-of-care-documents/*/*") {
		content, _ := os.ReadFile(file)
		r, err := fhir.Parse(content)
		if err != nil || !IsSTU3(r) || r.Type() == "CapabilityStatement" {
			continue
		}
		c, err := STU3(r)
		if err != nil {
			continue
		}
		by := newSayings()
		by.resource(c.Body)
		leaves(r.Root(), "", func(place string, v fhir.Value) {
			if random.IntN(20) > 0 || !v.IsString() || strings.HasSuffix(place, ".url") || strings.HasSuffix(place, ".system") || has("Observation.related.type", place) || strings.HasSuffix(place, ".resourceType") {
				return // addresses of definitions get the address that R4 or UK Core has
			}
			look("FHIR STU3", file, place, v.Text(), by, c.Unmapped)
		})
	}
	t.Logf("looked at %v", looked)
	if looked["HL7 v2"] < 2000 || looked["tables"] < 1000 || looked["FHIR STU3"] < 2000 {
		t.Errorf("only %v were looked at", looked)
	}
}

func publishedFiles(patterns ...string) (files []string) {
	for _, p := range patterns {
		found, _ := filepath.Glob("../../shared/data/" + p)
		files = append(files, found...)
	}
	return files
}

// listed tells whether a place, or what it stands in, is among what was not mapped.
func listed(unmapped []string, place string) bool {
	for _, u := range unmapped {
		places, _, _ := strings.Cut(u, ": ")
		for p := range strings.SplitSeq(places, ", ") {
			if p == place || strings.HasPrefix(p, place+".") || strings.HasPrefix(place, p+".") || strings.HasPrefix(place, p+"-") {
				return true
			}
		}
	}
	return false
}

// leaves calls f for every value that holds no other, with its place by element.
func leaves(v fhir.Value, place string, f func(string, fhir.Value)) {
	switch {
	case v.IsObject():
		if kind := v.Get("resourceType").Text(); kind != "" {
			place = kind
		}
		v.Members(func(name string, m fhir.Value) { leaves(m, place+"."+name, f) })
	case v.IsArray():
		for _, i := range v.Items() {
			leaves(i, place, f)
		}
	default:
		f(place, v)
	}
}
