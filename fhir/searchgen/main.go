// Command searchgen makes fhir/search.tsv from the published R4 search
// parameters and structure definitions (HL7 FHIR 4.0.1): one line for each
// type and parameter, with its kind and where in the resource its values
// stand. Run it with the folder of the definitions and redirect its output.
package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

type bundle struct {
	Entry []struct{ Resource json.RawMessage }
}

type structure struct {
	Snapshot struct{ Element []struct{ Path string } }
}

type parameter struct {
	ResourceType, Code, Type, Expression string
	Base                                 []string
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: searchgen FOLDER-OF-DEFINITIONS > fhir/search.tsv")
		os.Exit(2)
	}
	choices := map[string]bool{}
	for _, e := range read("profiles-resources.json.gz").Entry {
		var sd structure
		if json.Unmarshal(e.Resource, &sd) != nil {
			continue // an operation or another thing that has no elements
		}
		for _, el := range sd.Snapshot.Element {
			if p, ok := strings.CutSuffix(el.Path, "[x]"); ok {
				choices[p] = true
			}
		}
	}
	var lines []string
	for _, e := range read("search-parameters.json.gz").Entry {
		var r parameter
		if json.Unmarshal(e.Resource, &r) != nil || r.ResourceType != "SearchParameter" || r.Expression == "" || r.Type == "special" || r.Type == "composite" {
			continue
		}
		for _, base := range r.Base {
			if base == "Resource" || base == "DomainResource" {
				continue
			}
			var paths []string
			for _, part := range strings.Split(r.Expression, " | ") {
				if p, ok := path(base, strings.TrimSpace(part), choices); ok {
					paths = append(paths, p)
				}
			}
			if len(paths) > 0 {
				lines = append(lines, strings.Join([]string{base, r.Code, r.Type, strings.Join(paths, "|")}, "\t"))
			}
		}
	}
	sort.Strings(lines)
	for _, l := range lines {
		fmt.Println(l)
	}
}

var (
	cast     = regexp.MustCompile(`^\((\w+(?:\.\w+)*) as (\w+)\)(.*)$`)
	asCall   = regexp.MustCompile(`^(.*)\.as\((\w+)\)$`)
	resolves = regexp.MustCompile(`^(.*)\.where\(resolve\(\) is (\w+)\)$`)
	equals   = regexp.MustCompile(`\.where\((\w+)='([^']*)'\)`)
)

// path turns one term of an expression into our form: members by dots,
// member[x] for a choice of types, member{name=value} for a filter, ?Type for
// references to one type, exists for "is there".
func path(base, expression string, choices map[string]bool) (string, bool) {
	target := ""
	if m := resolves.FindStringSubmatch(strings.Trim(expression, "()")); m != nil && strings.HasPrefix(m[1], base+".") {
		expression, target = m[1], "?"+m[2]
	} else if m := resolves.FindStringSubmatch(expression); m != nil {
		expression, target = m[1], "?"+m[2]
	}
	if strings.Contains(expression, ".exists() and ") {
		return strings.TrimPrefix(strings.SplitN(expression, ".exists()", 2)[0], base+".") + "[x]!", strings.HasPrefix(expression, base+".")
	}
	if m := cast.FindStringSubmatch(expression); m != nil {
		expression = m[1] + title(m[2]) + m[3]
	} else if m := asCall.FindStringSubmatch(expression); m != nil {
		expression = m[1] + title(m[2])
	}
	expression = equals.ReplaceAllString(expression, "{$1=$2}")
	expression = strings.ReplaceAll(strings.ReplaceAll(expression, "[0]", ""), "entry.resource", "entry.resource")
	rest, ok := strings.CutPrefix(expression, base+".")
	if !ok || strings.ContainsAny(rest, "() ") {
		return "", false
	}
	if choices[base+"."+rest] {
		rest += "[x]"
	}
	return rest + target, true
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func read(name string) bundle {
	f, err := os.Open(filepath.Join(os.Args[1], name))
	if err == nil {
		defer f.Close()
		z, e := gzip.NewReader(f)
		if err = e; err == nil {
			var b bundle
			if err = json.NewDecoder(z).Decode(&b); err == nil {
				return b
			}
		}
	}
	fmt.Fprintln(os.Stderr, "searchgen:", err)
	os.Exit(1)
	return bundle{}
}
