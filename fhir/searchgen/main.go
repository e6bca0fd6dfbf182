// Command searchgen makes the search tables of room fhir from the published
// R4 search parameters and structure definitions (HL7 FHIR 4.0.1, CC0):
//
//	go run ./fhir/searchgen ../shared/data/fhir-r4-definitions fhir
//
// search.tsv has one line for each type and parameter: its kind, where in the
// resource its values stand, and for a composite its components.
// searchsummary.tsv has one line for each type: the elements of its summary,
// and those that are never left out. Run again, it writes the same bytes.
package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type bundle struct {
	Entry []struct{ Resource json.RawMessage }
}

type structure struct {
	ResourceType, Kind, Type, Derivation string
	Abstract                             bool
	Snapshot                             struct{ Element []element }
}

type element struct {
	Path                  string
	Min                   int
	IsSummary, IsModifier bool
}

type parameter struct {
	ResourceType, URL, Code, Type, Expression string
	Base                                      []string
	Component                                 []struct{ Definition, Expression string }
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: searchgen FOLDER-OF-DEFINITIONS FOLDER-TO-WRITE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "searchgen:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	resources, err := structures(from)
	if err != nil {
		return err
	}
	parameters, err := parameters(from)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(to, "search.tsv"), table(parameters, choices(resources))); err != nil {
		return err
	}
	return write(filepath.Join(to, "searchsummary.tsv"), summaries(resources))
}

// structures reads the definitions of the resource types.
func structures(from string) ([]structure, error) {
	var out []structure
	b, err := read(filepath.Join(from, "profiles-resources.json.gz"))
	for _, e := range b.Entry {
		var sd structure
		if json.Unmarshal(e.Resource, &sd) == nil && sd.ResourceType == "StructureDefinition" && sd.Kind == "resource" && sd.Derivation != "constraint" && !sd.Abstract {
			out = append(out, sd)
		}
	}
	return out, err
}

func parameters(from string) ([]parameter, error) {
	var out []parameter
	b, err := read(filepath.Join(from, "search-parameters.json.gz"))
	for _, e := range b.Entry {
		var p parameter
		if json.Unmarshal(e.Resource, &p) == nil && p.ResourceType == "SearchParameter" && p.Expression != "" && p.Type != "special" {
			out = append(out, p)
		}
	}
	return out, err
}

// choices are the paths of elements that may be of several types.
func choices(resources []structure) map[string]bool {
	out := map[string]bool{}
	for _, sd := range resources {
		for _, e := range sd.Snapshot.Element {
			if p, ok := strings.CutSuffix(e.Path, "[x]"); ok {
				out[p] = true
			}
		}
	}
	return out
}

// table writes the parameters of each type.
func table(parameters []parameter, choices map[string]bool) []string {
	kinds := map[string]string{}
	for _, p := range parameters {
		kinds[p.URL] = p.Type
	}
	var lines []string
	for _, p := range parameters {
		for _, base := range p.Base {
			if base == "Resource" || base == "DomainResource" {
				continue // the same for all types: known to the room itself
			}
			line := []string{base, p.Code, p.Type, paths(base, p.Expression, choices)}
			if p.Type == "composite" {
				line = append(line, components(p, kinds, choices))
			}
			if !slices.Contains(line, "") {
				lines = append(lines, strings.Join(line, "\t"))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// components writes what a composite is of: kind and path, one after the
// other; "" where one cannot be said in our form.
func components(p parameter, kinds map[string]string, choices map[string]bool) string {
	var out []string
	for _, c := range p.Component {
		kind := kinds[c.Definition]
		at := paths("", c.Expression, nil)
		if kind == "" || at == "" || kind == "reference" && c.Expression == "code" { // R4 has the two of DocumentReference.relatesTo the wrong way round
			return ""
		}
		if choices[p.Expression+"."+at] {
			at += "[x]"
		}
		out = append(out, kind+" "+at)
	}
	return strings.Join(out, ";")
}

// paths turns an expression into our form, its terms separated by |; "" where
// none concerns the type.
func paths(base, expression string, choices map[string]bool) string {
	var out []string
	for _, part := range strings.Split(expression, " | ") {
		if p, ok := path(base, strings.TrimSpace(part), choices); ok {
			out = append(out, p)
		}
	}
	return strings.Join(out, "|")
}

var (
	cast     = regexp.MustCompile(`^\((\w+(?:\.\w+)*) as (\w+)\)(.*)$`)
	asCall   = regexp.MustCompile(`^(.*)\.as\((\w+)\)$`)
	resolves = regexp.MustCompile(`^(.*)\.where\(resolve\(\) is (\w+)\)$`)
	equals   = regexp.MustCompile(`\.where\((\w+)='([^']*)'\)`)
)

// path turns one term of an expression into our form: members by dots,
// member[x] for a choice of types, member{name=value} for a filter, ?Type for
// references to one type, ! for "is there", $ for the whole.
func path(base, expression string, choices map[string]bool) (string, bool) {
	if expression == base {
		return "$", true
	}
	target := ""
	if m := resolves.FindStringSubmatch(expression); m != nil {
		expression, target = m[1], "?"+m[2]
	}
	prefix := base + "."
	if base == "" {
		prefix = ""
	}
	if before, _, ok := strings.Cut(expression, ".exists() and "); ok {
		return strings.TrimPrefix(before, prefix) + "[x]!", strings.HasPrefix(expression, prefix)
	}
	if m := cast.FindStringSubmatch(expression); m != nil {
		expression = m[1] + title(m[2]) + m[3]
	} else if m := asCall.FindStringSubmatch(expression); m != nil {
		expression = m[1] + title(m[2])
	}
	expression = equals.ReplaceAllString(expression, "{$1=$2}")
	expression = strings.ReplaceAll(expression, "[0]", "")
	rest, ok := strings.CutPrefix(expression, prefix)
	if !ok || strings.ContainsAny(rest, "() %") {
		return "", false
	}
	if choices[base+"."+rest] {
		rest += "[x]"
	}
	return rest + target, true
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// summaries writes, for each type, the top elements of its summary, and those
// that must be there or change the meaning of the others.
func summaries(resources []structure) []string {
	var lines []string
	for _, sd := range resources {
		var summary, always []string
		for _, e := range sd.Snapshot.Element {
			name, ok := strings.CutPrefix(e.Path, sd.Type+".")
			if !ok || strings.Contains(name, ".") || name == "id" || name == "meta" {
				continue
			}
			if e.IsSummary {
				summary = append(summary, name)
			}
			if e.Min > 0 || e.IsModifier {
				always = append(always, name)
			}
		}
		lines = append(lines, sd.Type+"\t"+strings.Join(summary, " ")+"\t"+strings.Join(always, " "))
	}
	slices.Sort(lines)
	return lines
}

func write(path string, lines []string) error {
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

func read(path string) (bundle, error) {
	var b bundle
	f, err := os.Open(path)
	if err != nil {
		return b, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return b, fmt.Errorf("%s: %w", path, err)
	}
	return b, json.NewDecoder(z).Decode(&b)
}
