package translate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kmcr"
	"kmcr/hl7"
)

// odd are values that systems do send where others are meant.
var odd = []string{"", `""`, "^", "~", "&", "^^^", "~~", "20260230", "2026", "202601021015+0100", "20991231", "00000000", "99999999", "-5", "1e9", "0.10", "<5", ">=10^mg", "3^4^5", "Y", "N", "U", "unknown",
	"Zoë O\u2019Neil", "\\F\\\\S\\\\T\\", "\\.br\\", "\\X0D0A\\", "<b>x</b>", "+44 (0)1233 496111", "9990000018", "999 000 0018^^^NHS^NH", "1^2^3&4&5^6", "  x  ", strings.Repeat("long ", 60), "10^20^30~40^50^60", "\x00", "\ufeff", "A\u202eB", "=cmd|' /C calc'!A0", "text\ttab", "12:30", "110", "I", "R07.4^Chest pain^I10~123^x^SCT"}

// mutated changes a message as other systems' messages differ: values where others stood, fields swapped, segments gone, twice or elsewhere.
func mutated(rng *rand.Rand, raw []byte) []byte {
	segments := strings.Split(strings.Trim(string(bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\r")), []byte("\n"), []byte("\r"))), "\r"), "\r")
	for range 1 + rng.IntN(6) {
		if len(segments) < 2 {
			break
		}
		n := 1 + rng.IntN(len(segments)-1)
		fields := strings.Split(segments[n], "|")
		switch rng.IntN(8) {
		case 0:
			segments = append(segments[:n], segments[n+1:]...)
			continue
		case 1:
			segments = append(segments, segments[n])
			continue
		case 2:
			m := 1 + rng.IntN(len(segments)-1)
			segments[n], segments[m] = segments[m], segments[n]
			continue
		case 3:
			for len(fields) < 5+rng.IntN(40) {
				fields = append(fields, "")
			}
			fields[len(fields)-1] = odd[rng.IntN(len(odd))]
		case 4:
			if len(fields) > 2 {
				a, b := 1+rng.IntN(len(fields)-1), 1+rng.IntN(len(fields)-1)
				fields[a], fields[b] = fields[b], fields[a]
			}
		case 5:
			if len(fields) > 1 {
				at := 1 + rng.IntN(len(fields)-1)
				parts := strings.Split(fields[at], "^")
				parts[rng.IntN(len(parts))] = odd[rng.IntN(len(odd))]
				fields[at] = strings.Join(parts, "^")
			}
		default:
			if len(fields) > 1 {
				fields[1+rng.IntN(len(fields)-1)] = odd[rng.IntN(len(odd))]
			}
		}
		segments[n] = strings.Join(fields, "|")
	}
	return []byte(strings.Join(segments, "\r") + "\r")
}

// Every published message, changed in some thousands of ways, is refused with a reason that helps or read into what is well formed and
// valid. KMCR_MUTATIONS changes how many ways each; a failure names its seed.
func TestMutatedMessagesAreReadOrRefused(t *testing.T) {
	ways := 8
	if n, err := strconv.Atoi(os.Getenv("KMCR_MUTATIONS")); err == nil {
		ways = n
	}
	n, read := uint64(0), 0
	realMessages(t, func(path string, raw []byte) {
		for range ways {
			n++
			message := mutated(rand.New(rand.NewPCG(n, 7)), raw)
			m, err := hl7.Parse(message, "")
			if err != nil {
				continue
			}
			var out Reading
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%s, seed %d: panics: %v\n%s", path, n, p, bytes.ReplaceAll(message, []byte("\r"), []byte("\n")))
					}
				}()
				out, err = HL7(m, hospital)
			}()
			if err != nil {
				var e *kmcr.Error
				if !errors.As(err, &e) || e.Kind == kmcr.Fault || e.Message == "" || e.Remedy == "" {
					t.Errorf("%s, seed %d: %v", path, n, err)
				}
				continue
			}
			read++
			checkReading(t, fmt.Sprintf("%s, seed %d", path, n), out)
		}
	})
	t.Logf("%d of %d were read", read, n)
}

// oddCells stand in the cells of returns and the elements of a census.
var oddCells = append(odd, "05/03/1941", "5-Mar-41", "31/02/2026", "1941-03-05T00:00:00", "01/01/1900", "999 000 0018", "9999999999", "NULL", "n/a", "#REF!", "£123.45", "1,234", "12.5", "Male", "2", "Other ethnic group", "Long Term Support: Community", "1;2;3", "0", "true")

// Rows of returns, tables and a census with other values in them are read into what is well formed and valid, or refused with the reason.
func TestMutatedReturnsAreReadOrRefused(t *testing.T) {
	ways := 40
	if n, err := strconv.Atoi(os.Getenv("KMCR_MUTATIONS")); err == nil {
		ways = n
	}
	files, _ := filepath.Glob("../../shared/data/social-care/*/*.xml")
	tables, _ := filepath.Glob("../../shared/data/social-care/looked-after-children-903/*.csv")
	type sample struct {
		format  kmcr.Format
		c       kmcr.Contributor
		content string
	}
	samples := []sample{
		{kmcr.FormatCLD, council, cldHeader + "\n" + cldRow(map[string]string{"Event Reference": "E7"}) + cldRow(map[string]string{"Event Type": "Assessment", "Assessment Type": "Long Term Assessment"}) + cldRow(map[string]string{"Event Type": "Request", "Event Outcome": "Progress to assessment"}) + cldRow(map[string]string{"Event Type": "Review", "Review Reason": "Planned"})},
		{kmcr.FormatCase, council, caseHeader + "2026-11-01,worker,W1,P1,9990000018,Fox,Ada,05/03/1941,F,TN23 1AA,01/02/2026,,Grace Okafor,Social worker,01233 496111,Ashford older people,01233 496112,01233 496113,,,,,,,,,,,,2026-12-01\n" +
			"2026-11-01,package,K1,P1,9990000018,Fox,Ada,05/03/1941,F,TN23 1AA,01/02/2026,,,,,,,,Homecare,Four calls a day,Ashford Homecare,01233 496120,14,Mon Tue Wed,08:00,08:45,2,Washing and dressing,Home support,\n"},
	}
	for _, path := range append(files, tables...) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content[:min(len(content), 6000)])
		if strings.HasSuffix(path, ".xml") {
			if len(content) > 200_000 {
				continue // the smaller ones are of the same kinds
			}
			text = string(content)
		} else {
			text = text[:strings.LastIndexByte(text, '\n')+1]
		}
		samples = append(samples, sample{Recognise([]byte(text)), children, text})
	}
	n, read := uint64(0), 0
	for _, s := range samples {
		for range ways {
			n++
			rng := rand.New(rand.NewPCG(n, 13))
			content := mutatedCells(rng, s.content)
			where := fmt.Sprintf("%s, seed %d", s.format, n)
			file, err := OpenRecords(s.format, strings.NewReader(content))
			for err == nil {
				var record Record
				if record, err = file.Next(); err != nil {
					break
				}
				r, refused := ReadRecord(file.Format(), record.Raw, s.c)
				if refused != nil {
					helps(t, where, refused)
					continue
				}
				read++
				checkStatements(t, where, r)
			}
			if err != io.EOF {
				helps(t, where, err)
			}
		}
	}
	t.Logf("%d records of %d files were read", read, n)
}

// mutatedCells puts odd values into a table's cells or a census's elements.
func mutatedCells(rng *rand.Rand, content string) string {
	if strings.HasPrefix(strings.TrimSpace(content), "<") || strings.Contains(content[:min(200, len(content))], "<?xml") {
		values := regexp.MustCompile(`>[^<>]+</`).FindAllStringIndex(content, -1)
		for range 1 + rng.IntN(8) {
			at := values[rng.IntN(len(values))]
			if at[1] > len(content) || content[at[0]] != '>' { // moved by another change
				continue
			}
			cell := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\x00", "").Replace(oddCells[rng.IntN(len(oddCells))])
			if pad := at[1] - at[0] - 3 - len(cell); pad >= 0 { // of the same length, so that the places hold
				content = content[:at[0]+1] + cell + strings.Repeat(" ", pad) + content[at[1]-2:]
			}
		}
		return content
	}
	lines := strings.Split(strings.TrimRight(content, "\n"), "\n")
	for range 1 + rng.IntN(8) {
		if len(lines) < 2 {
			break
		}
		n := 1 + rng.IntN(len(lines)-1)
		cells := strings.Split(lines[n], ",")
		cells[rng.IntN(len(cells))] = `"` + strings.ReplaceAll(oddCells[rng.IntN(len(oddCells))], `"`, `""`) + `"`
		lines[n] = strings.Join(cells, ",")
	}
	return strings.Join(lines, "\n") + "\n"
}

// helps checks that a refusal says what, and what to do.
func helps(t *testing.T, where string, err error) {
	t.Helper()
	var e *kmcr.Error
	if !errors.As(err, &e) || e.Kind == kmcr.Fault || e.Message == "" || e.Remedy == "" {
		t.Errorf("%s: %v", where, err)
	}
}
