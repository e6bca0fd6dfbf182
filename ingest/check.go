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
// message, or what is wrong with it, where, by which rule, and what to do.
type Finding struct {
	File    string // the file, or the one in an archive
	Message int    // number of the message in the file, from 1
	// Reads is what would be read; "" where there is a problem.
	Reads string
	// NotRead is what is kept and in no statement, with why; Doubts are what looks wrong and does not keep the message out.
	NotRead, Doubts []string
	// Where, Rule, Problem and Remedy say what keeps the message out: the place, the rule of its format that it breaks, and how to mend it.
	Where, Rule, Problem, Remedy string
}

// rules are what messages of a format are held against.
var rules = map[kmcr.Format]string{
	kmcr.FormatHL7v2: "HL7 v2: message structure, and who the patient is (PID-3)",
	kmcr.FormatFHIR:  "FHIR R4 (4.0.1): the definition of the element",
	kmcr.FormatGPC:   "FHIR STU3 (3.0.1), GP Connect Access Record Structured",
	kmcr.FormatCLD:   "adult social care Client Level Data, Release 1 or 2",
	kmcr.FormatCase:  "the case extract (case-extract.schema.json)",
	kmcr.FormatCIN:   "Children in Need census",
	kmcr.Format903:   "SSDA903",
	kmcr.FormatMHSDS: "Mental Health Services Data Set",
}

// rule is what messages of a format are held against.
func rule(format kmcr.Format) string {
	if r := rules[format]; r != "" {
		return r
	}
	return "a format of the integration guide"
}

// Check says what would be read from a file of a format ("" where it shows by what is in it) and what is wrong with it, keeping nothing.
func Check(format kmcr.Format, name string, data []byte) []Finding {
	var out []Finding
	err := unpack(name, bytes.NewReader(data), int64(len(data)), func(p packed) error {
		r, err := p.open()
		if err != nil {
			return err
		}
		defer r.Close()
		content, err := readWhole(r)
		if err != nil {
			return err
		}
		for _, f := range checkFile(format, p.name, content) {
			f.File = p.name
			out = append(out, f)
		}
		return nil
	})
	if err != nil {
		out = append(out, problem(1, format, err))
	}
	return out
}

func checkFile(format kmcr.Format, name string, data []byte) []Finding {
	if seen := translate.Recognise(data[:min(len(data), beginning)]); seen != "" && (format != kmcr.FormatGPC || seen != kmcr.FormatFHIR) {
		format = seen
	}
	switch {
	case format == kmcr.FormatHL7v2:
		return checkHL7(data)
	case translate.IsRecords(format):
		return checkRecords(format, data)
	case format == kmcr.FormatFHIR || format == kmcr.FormatGPC || isXML(data):
		return checkFHIR(format, name, data)
	}
	if translate.LooksLikeTable(data) {
		return checkRecords("", data)
	}
	return []Finding{problem(1, format, &kmcr.Error{Kind: kmcr.Unsupported, Message: "the file does not show of which format it is", Remedy: "Name it with --format; the integration guide lists the formats."})}
}

func problem(n int, format kmcr.Format, err error) Finding {
	f := Finding{Message: n, Problem: err.Error(), Where: "message", Rule: rule(format)}
	var e *kmcr.Error
	if errors.As(err, &e) {
		f.Problem, f.Remedy = e.Message, e.Remedy
		if e.Where != "" {
			f.Where = e.Where
		}
	}
	var p *parking
	if errors.As(err, &p) {
		f.Problem, f.Remedy = p.detail, "It would be parked: "+p.reason+"."
	}
	return f
}

func checkHL7(data []byte) []Finding {
	var out []Finding
	for i, raw := range hl7.SplitBatch(data) {
		m, err := hl7.Parse(raw, "")
		if err != nil {
			out = append(out, problem(i+1, kmcr.FormatHL7v2, err))
			continue
		}
		r, err := translate.Account(m, kmcr.Contributor{Code: "check", Format: kmcr.FormatHL7v2})
		if err != nil {
			out = append(out, problem(i+1, kmcr.FormatHL7v2, err))
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
	return Finding{Message: n, Reads: words, NotRead: r.Unmapped, Doubts: r.Flags}
}

func checkFHIR(format kmcr.Format, name string, data []byte) []Finding {
	messages := []piece{{data, 1}}
	if isNDJSON(name, data) {
		messages = lines(data)
	}
	var out []Finding
	for _, m := range messages {
		out = append(out, checkResource(m.line, format, bytes.TrimSpace(m.content))...)
	}
	return out
}

func checkResource(n int, format kmcr.Format, m []byte) []Finding {
	sent, err := bring(m, format)
	if err != nil {
		return []Finding{problem(n, format, err)}
	}
	r, err := fhir.Parse(sent.body)
	if err != nil {
		return []Finding{problem(n, kmcr.FormatFHIR, err)}
	}
	var notRead []string
	if sent.converted != nil {
		notRead = sent.converted.Unmapped
	}
	r, converted, err := inR4(r, format)
	if err != nil {
		return []Finding{problem(n, kmcr.FormatGPC, err)}
	}
	if converted != nil {
		notRead = append(notRead, converted.Unmapped...)
	}
	var out []Finding
	f := Finding{Message: n, NotRead: notRead}
	for _, issue := range fhir.Validate(r) {
		if issue.Severity == "error" || issue.Severity == "fatal" {
			out = append(out, Finding{Message: n, Where: issue.Expression, Rule: rules[kmcr.FormatFHIR] + ", " + issue.Code, Problem: issue.Diagnostics, Remedy: "Mend it at this place."})
		} else {
			f.Doubts = append(f.Doubts, issue.Expression+": "+issue.Diagnostics)
		}
	}
	for _, issue := range fhir.ValidateProfiles(r) {
		if issue.Severity == "error" {
			out = append(out, Finding{Message: n, Where: issue.Expression, Rule: "FHIR UK Core, " + issue.Code, Problem: issue.Diagnostics, Remedy: "Mend it, or do not name the profile."})
		} else {
			f.Doubts = append(f.Doubts, issue.Expression+": "+issue.Diagnostics)
		}
	}
	if len(out) == 0 {
		f.Reads = fmt.Sprintf("a %s with %d entries", r.Type(), len(r.Root().Get("entry").Items()))
		out = append(out, f)
	}
	return out
}

func checkRecords(format kmcr.Format, data []byte) []Finding {
	file, err := translate.OpenRecords(format, bytes.NewReader(data))
	if err != nil {
		return []Finding{problem(1, format, err)}
	}
	var out []Finding
	for n := 1; ; n++ {
		record, err := file.Next()
		if err != nil {
			if err == io.EOF {
				return out
			}
			if out = append(out, problem(n, format, err)); !goesOn(err) {
				return out
			}
			continue
		}
		r, err := translate.ReadRecord(file.Format(), record.Raw, kmcr.Contributor{Code: "check", Format: file.Format(), Organisation: "check"})
		if err != nil {
			out = append(out, problem(n, format, err))
			continue
		}
		out = append(out, reading(n, "a record", r))
	}
}
