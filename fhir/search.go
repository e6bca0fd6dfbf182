package fhir

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query is a parsed search of one type in one person's compartment.
type Query struct {
	Type       string
	Count      int      // entries a page
	Summary    string   // "", "true", "false", "count", "data", "text"
	Elements   []string // _elements
	Total      string   // "", "none", "estimate", "accurate"
	Include    []Include
	RevInclude []Include
	Ignored    []string   // parameters that were not understood and passed over, under lenient handling
	Applied    url.Values // those that were understood
	criteria   []criterion
	sorts      []sortKey
}

// Include is one _include or _revinclude: Type:parameter[:Target].
type Include struct{ Source, Param, Target string }

// criterion is one parameter: any of its values must match.
type criterion struct {
	param    SearchParam
	modifier string
	values   []searchValue
}

// Candidate is one resource of the compartment, as search sees it: Root
// without id and meta, Meta as it was sent or nil.
type Candidate struct {
	Type, ID    string
	LastUpdated time.Time
	Source      string // meta.source as shown
	Root        Value
	Meta        []byte
}

// The number of entries on a page when none is asked for, and the most.
const (
	DefaultCount = 100
	MaxCount     = 1000
)

var (
	errUnknown  = errors.New("no such parameter")
	errModifier = errors.New("no modifier is supported on this parameter")
)

// ParseQuery reads search parameters. skip names parameters that the caller
// has dealt with (patient, subject). An unknown parameter is an issue of
// severity error, unless lenient: then it is listed in Ignored; but one that
// says whose it is is never passed over. A value that cannot be read is always
// an error.
func ParseQuery(resourceType string, q url.Values, lenient bool, skip ...string) (*Query, []Issue) {
	out := &Query{Type: resourceType, Count: DefaultCount, Applied: url.Values{}}
	var issues []Issue
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		base, _, _ := strings.Cut(name, ":")
		if slices.Contains(skip, base) {
			continue
		}
		for _, value := range q[name] {
			err := out.parameter(name, value)
			switch {
			case err == nil:
				out.Applied.Add(name, value)
			case err == errUnknown && lenient && !saysWhose(resourceType, name):
				out.Ignored = append(out.Ignored, name)
			case err == errUnknown:
				issues = append(issues, Issue{Severity: "error", Code: "not-supported", Expression: "http." + name,
					Diagnostics: fmt.Sprintf("%s cannot be searched by %q here. Leave it out, or send Prefer: handling=lenient to have it passed over", resourceType, name)})
			default:
				issues = append(issues, Issue{Severity: "error", Code: "invalid", Expression: "http." + name, Diagnostics: name + ": " + err.Error()})
			}
		}
	}
	slices.Sort(out.Ignored)
	out.Ignored = slices.Compact(out.Ignored)
	return out, issues
}

// saysWhose tells whether a parameter narrows a search to a person, so that
// passing it over would answer about others.
func saysWhose(resourceType, name string) bool {
	base := name[:strings.IndexAny(name+":", ":.")]
	return resourceType == "Patient" || base == "patient" || base == "subject" || base == "_has" || base == "_id"
}

// parameter reads one name and value; errUnknown for a name that is none of
// this type's.
func (q *Query) parameter(name, value string) error {
	base, modifier, _ := strings.Cut(name, ":")
	if read := resultParams[base]; read != nil {
		if modifier != "" {
			return errModifier
		}
		return read(q, value)
	}
	p, ok := q.param(base)
	if !ok {
		return errUnknown
	}
	if err := checkModifier(p, modifier); err != nil {
		return err
	}
	values, err := parseValues(value, p, modifier)
	if err != nil {
		return err
	}
	q.criteria = append(q.criteria, criterion{p, modifier, values})
	return nil
}

// param finds a parameter of the type or of all types.
func (q *Query) param(name string) (SearchParam, bool) {
	switch name {
	case "_id", "_source":
		return SearchParam{Name: name, Kind: "uri"}, true
	case "_lastUpdated":
		return SearchParam{Name: name, Kind: "date"}, true
	}
	if p, ok := metaParams()[name]; ok {
		return p, true
	}
	p, ok := searchParams()[q.Type][name]
	return p, ok
}

// CommonParams lists the parameters of all types, in order of name.
func CommonParams() []SearchParam {
	var out []SearchParam
	for _, name := range []string{"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"} {
		p, _ := new(Query).param(name)
		if name == "_id" {
			p.Kind = "token"
		}
		out = append(out, p)
	}
	return out
}

// resultParams are the parameters that say how to answer, not what matches.
var resultParams = map[string]func(*Query, string) error{
	"_count":      (*Query).readCount,
	"_summary":    func(q *Query, v string) error { return oneOf(&q.Summary, v, "true", "false", "count", "data", "text") },
	"_total":      func(q *Query, v string) error { return oneOf(&q.Total, v, "none", "estimate", "accurate") },
	"_elements":   (*Query).readElements,
	"_sort":       (*Query).sortBy,
	"_include":    func(q *Query, v string) error { return readInclude(&q.Include, v) },
	"_revinclude": func(q *Query, v string) error { return readInclude(&q.RevInclude, v) },
	"_format":     func(*Query, string) error { return nil },
	"_pretty":     func(*Query, string) error { return nil },
}

func (q *Query) readCount(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return fmt.Errorf("a count is a whole number from 0; more than %d is taken as %d", MaxCount, MaxCount)
	}
	q.Count = min(n, MaxCount)
	if n == 0 && q.Summary == "" {
		q.Summary = "count"
	}
	return nil
}

func (q *Query) readElements(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if name == "" || strings.ContainsAny(name, " .:[]") {
			return errors.New("lists names of top elements, separated by commas")
		}
		q.Elements = append(q.Elements, name)
	}
	return nil
}

func oneOf(to *string, value string, allowed ...string) error {
	if !slices.Contains(allowed, value) {
		return fmt.Errorf("is one of %s", strings.Join(allowed, ", "))
	}
	*to = value
	return nil
}

func readInclude(to *[]Include, value string) error {
	parts := strings.Split(value, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return errors.New("is Type:parameter or Type:parameter:Target")
	}
	p, ok := searchParams()[parts[0]][parts[1]]
	if !ok || p.Kind != "reference" {
		return fmt.Errorf("there is no such reference parameter: %q", value)
	}
	i := Include{Source: parts[0], Param: parts[1]}
	if len(parts) == 3 {
		i.Target = parts[2]
	}
	*to = append(*to, i)
	return nil
}

// modifiers are those that each kind of parameter takes besides :missing.
var modifiers = map[string][]string{
	"token":     {"not", "text", "of-type"},
	"string":    {"exact", "contains"},
	"uri":       {"below", "above"},
	"reference": {"identifier"},
}

func checkModifier(p SearchParam, modifier string) error {
	switch {
	case modifier == "":
		return nil
	case p.Name[0] == '_' && metaParams()[p.Name].Name == "":
		return errModifier
	case modifier == "missing" || slices.Contains(modifiers[p.Kind], modifier):
		return nil
	case p.Kind == "reference" && typeWord(modifier) != "":
		return nil // subject:Patient=…
	}
	return fmt.Errorf("the modifier :%s is not supported on a %s parameter", modifier, p.Kind)
}

// Same lets a reference parameter that asks for one reference find others as
// well: those by which the contributors' statements name the same thing.
func (q *Query) Same(asked string, meant []string) {
	for i := range q.criteria {
		c := &q.criteria[i]
		if c.param.Kind != "reference" || c.modifier == "identifier" || c.modifier == "missing" {
			continue
		}
		for _, v := range c.values {
			if v.text != asked {
				continue
			}
			for _, m := range meant {
				c.values = append(c.values, searchValue{text: m})
			}
		}
	}
}

// Selective tells whether the query has any criterion at all.
func (q *Query) Selective() bool { return len(q.criteria) > 0 }

// References lists the references that an include's parameter finds in a resource.
func (i Include) References(root Value) []string {
	p, ok := searchParams()[i.Source][i.Param]
	if !ok {
		return nil
	}
	var out []string
	for _, v := range p.values(root) {
		ref := v.Get("reference").Text()
		if t, _ := splitReference(ref); ref != "" && (i.Target == "" || t == i.Target) {
			out = append(out, ref)
		}
	}
	return out
}
