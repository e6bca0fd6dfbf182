package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"kmcr"
	"kmcr/fhir"
	"kmcr/hl7"
	"kmcr/translate"
)

// Finding is one thing that Check says of a file: what would be read from a
// message, or what is wrong with it, where, and what to do.
type Finding struct {
	Message                       int // number of the message in the file, from 1
	Reads, Where, Problem, Remedy string
}

// Check says what would be read from a file of a format and what is wrong with it, keeping nothing.
func Check(format kmcr.Format, name string, data []byte) []Finding {
	if seen := translate.Recognise(data[:min(len(data), beginning)]); seen != "" {
		format = seen
	}
	switch {
	case format == kmcr.FormatHL7v2:
		return checkHL7(data)
	case format == kmcr.FormatFHIR || format == kmcr.FormatGPC:
		return checkFHIR(name, data, format)
	case translate.IsRecords(format):
		return checkRecords(format, data)
	}
	return []Finding{problem(1, kmcr.Errorf(kmcr.Unsupported, "files of format %s are not read yet", format))}
}

func problem(n int, err error) Finding {
	f := Finding{Message: n, Problem: err.Error(), Where: "message"}
	var e *kmcr.Error
	if errors.As(err, &e) {
		f.Problem, f.Remedy = e.Message, e.Remedy
		if e.Where != "" {
			f.Where = e.Where
		}
	}
	return f
}

func checkHL7(data []byte) []Finding {
	var out []Finding
	for i, raw := range hl7.SplitBatch(data) {
		m, err := hl7.Parse(raw, "")
		if err != nil {
			out = append(out, problem(i+1, err))
			continue
		}
		r, err := translate.HL7(m, kmcr.Contributor{Code: "check", Format: kmcr.FormatHL7v2})
		if err != nil {
			out = append(out, problem(i+1, err))
			continue
		}
		out = append(out, reading(i+1, m.Type()+"^"+m.Event(), r))
	}
	return out
}

// reading says what a message states, by kind of resource, and what of it is not read.
func reading(n int, what string, r translate.Reading) Finding {
	count := map[string]int{}
	for _, s := range r.Statements {
		kind := "statement"
		if resource, err := fhir.Parse(s.Resource); err == nil {
			kind = resource.Type()
		}
		count[kind]++
	}
	kinds := make([]string, 0, len(count))
	for kind, n := range count {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, kind))
	}
	sort.Strings(kinds)
	words := fmt.Sprintf("%s about %d patient(s): %s", what, len(r.Patients), strings.Join(kinds, ", "))
	if len(r.Unmapped) > 0 {
		words += "; kept but not read: " + strings.Join(r.Unmapped, ", ")
	}
	return Finding{Message: n, Reads: words}
}

func checkFHIR(name string, data []byte, format kmcr.Format) []Finding {
	messages := [][]byte{data}
	if strings.HasSuffix(name, ".ndjson") {
		messages = bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	}
	var out []Finding
	for i, m := range messages {
		out = append(out, checkResource(i+1, bytes.TrimSpace(m), format)...)
	}
	return out
}

func checkResource(n int, m []byte, format kmcr.Format) []Finding {
	made, err := bring(m, format)
	if err != nil {
		return []Finding{problem(n, err)}
	}
	sent, err := fhir.Parse(made.body)
	if err != nil {
		return []Finding{problem(n, err)}
	}
	r, converted, err := inR4(sent, format)
	if err != nil {
		return []Finding{problem(n, err)}
	}
	if made.converted != nil {
		converted = made.converted
	}
	var out []Finding
	for _, issue := range fhir.Validate(r) {
		if issue.Severity == "error" || issue.Severity == "fatal" {
			out = append(out, Finding{Message: n, Where: issue.Expression, Problem: issue.Diagnostics, Remedy: "Mend it at this place; see the R4 definition of the element."})
		}
	}
	advice := []string{}
	for _, issue := range fhir.ValidateProfiles(r) {
		if issue.Severity == "error" {
			out = append(out, Finding{Message: n, Where: issue.Expression, Problem: issue.Diagnostics, Remedy: "Mend it, or do not name the profile; see FHIR UK Core."})
		} else {
			advice = append(advice, issue.Expression+" "+issue.Diagnostics)
		}
	}
	if len(out) > 0 {
		return out
	}
	words := fmt.Sprintf("a %s with %d entries", r.Type(), len(r.Root().Get("entry").Items()))
	if converted != nil {
		words += ", brought into FHIR R4"
		if len(converted.Unmapped) > 0 {
			words += "; in no statement: " + strings.Join(converted.Unmapped, "; ")
		}
	}
	if len(advice) > 0 {
		words += "; UK Core advises: " + strings.Join(advice, "; ")
	}
	return []Finding{{Message: n, Reads: words}}
}

func checkRecords(format kmcr.Format, data []byte) []Finding {
	file, err := translate.OpenRecords(format, bytes.NewReader(data))
	if err != nil {
		return []Finding{problem(1, err)}
	}
	var out []Finding
	for n := 1; ; n++ {
		record, err := file.Next()
		if err != nil {
			if err == io.EOF {
				return out
			}
			if out = append(out, problem(n, err)); !goesOn(err) {
				return out
			}
			continue
		}
		r, err := translate.ReadRecord(file.Format(), record.Raw, kmcr.Contributor{Code: "check", Format: file.Format(), Organisation: "check"})
		if err != nil {
			out = append(out, problem(n, err))
			continue
		}
		out = append(out, reading(n, "a record", r))
	}
}
