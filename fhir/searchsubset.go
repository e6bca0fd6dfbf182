package fhir

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// summaryTable is made by searchgen from the published R4 structure definitions.
//
//go:embed searchsummary.tsv
var summaryTable string

// summaryElements are the top elements of a type that its summary has, and
// those that are never left out: they must be there, or change the meaning of
// others. A choice ends in [x].
type summaryElements struct{ summary, always []string }

var summaries = sync.OnceValue(func() map[string]summaryElements {
	all := map[string]summaryElements{}
	for line := range strings.Lines(summaryTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all[f[0]] = summaryElements{strings.Fields(f[1]), strings.Fields(f[2])}
	}
	return all
})

// SearchTypes lists the resource types of R4, in order.
func SearchTypes() []string {
	var out []string
	for t := range summaries() {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// IsResourceType tells whether R4 has such a type.
func IsResourceType(s string) bool {
	_, ok := summaries()[s]
	return ok
}

// subsetTag marks what is not whole (R4, 3.1.1.5.8).
const subsetTag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`

// Subset cuts a kept body down to what _elements or _summary asks for, and
// marks its meta. Where the whole is asked for it returns what it was given.
func (q *Query) Subset(resourceType string, body, meta []byte) (b, m []byte) {
	keep := q.keeps(resourceType)
	if keep == nil {
		return body, meta
	}
	v := Trusted(body).Root()
	out := append(make([]byte, 0, len(body)), typePrefix...)
	out = append(append(out, resourceType...), '"')
	v.Members(func(name string, member Value) {
		if name == "id" || name == "meta" || name != "resourceType" && keep(strings.TrimPrefix(name, "_")) {
			out = append(appendString(append(out, ','), name), ':')
			out = append(out, member.Raw()...)
		}
	})
	return append(out, '}'), markSubset(meta)
}

// keeps tells which top elements are asked for; nil means all.
func (q *Query) keeps(resourceType string) func(name string) bool {
	e := summaries()[resourceType]
	switch {
	case q.Summary == "true":
		return func(name string) bool { return named(e.summary, name) || named(e.always, name) }
	case q.Summary == "text":
		return func(name string) bool { return name == "text" || named(e.always, name) }
	case q.Summary == "data":
		return func(name string) bool { return name != "text" }
	case len(q.Elements) > 0 && q.Summary != "false":
		return func(name string) bool { return named(q.Elements, name) || named(e.always, name) }
	}
	return nil
}

// named tells whether an element is on a list: itself, or the choice it is of.
func named(list []string, name string) bool {
	for _, l := range list {
		choice, isChoice := strings.CutSuffix(l, "[x]")
		if l == name || isChoice && typeWord(strings.TrimPrefix(name, choice)) != "" && strings.HasPrefix(name, choice) {
			return true
		}
		if rest, ok := strings.CutPrefix(name, l); ok && !isChoice && isTypeName(rest) {
			return true // _elements=value asks for value[x]
		}
	}
	return false
}

// isTypeName tells whether s may be what a choice adds to its name.
func isTypeName(s string) bool {
	switch s {
	case "Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "SampledData", "Time", "DateTime", "Period",
		"Date", "Age", "Reference", "Timing", "Instant", "Money", "Attachment", "Uri", "Canonical", "Duration":
		return true
	}
	return false
}

// markSubset adds the tag to a meta as sent.
func markSubset(meta []byte) []byte {
	out := append(make([]byte, 0, len(meta)+len(subsetTag)+12), '{')
	tagged := false
	Trusted(meta).Root().Members(func(name string, member Value) {
		out = append(appendString(appendComma(out, 1), name), ':')
		raw := member.Raw()
		if name == "tag" && member.Len() > 0 && member.IsArray() {
			tagged = true
			out = append(append(append(out, raw[:len(raw)-1]...), ','), subsetTag...)
			raw = []byte("]")
		}
		out = append(out, raw...)
	})
	if !tagged {
		out = append(append(append(appendComma(out, 1), `"tag":[`...), subsetTag...), ']')
	}
	return append(out, '}')
}
