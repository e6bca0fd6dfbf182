package fhir

import (
	_ "embed"
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// searchTable is made by searchgen from the published R4 search parameters.
//
//go:embed search.tsv
var searchTable string

// SearchParam is one search parameter of a type (R4, SearchParameter).
type SearchParam struct {
	Name  string
	Kind  string // token, date, string, reference, quantity, number, uri
	paths []searchPath
}

// searchPath is where a parameter's values stand.
type searchPath struct {
	steps  []searchStep
	target string // only references to this type
	exists bool   // the value is whether the element is there
}

type searchStep struct {
	name          string
	choice        bool
	filter, equal string
}

var searchParams = sync.OnceValue(func() map[string]map[string]SearchParam {
	all := map[string]map[string]SearchParam{}
	for _, line := range strings.Split(strings.TrimSpace(searchTable), "\n") {
		f := strings.Split(line, "\t")
		p := SearchParam{Name: f[1], Kind: f[2]}
		for _, path := range strings.Split(f[3], "|") {
			p.paths = append(p.paths, parseSearchPath(path))
		}
		if all[f[0]] == nil {
			all[f[0]] = map[string]SearchParam{}
		}
		all[f[0]][p.Name] = p
	}
	return all
})

func parseSearchPath(path string) searchPath {
	var p searchPath
	path, p.target, _ = strings.Cut(path, "?")
	path, p.exists = strings.CutSuffix(path, "!")
	for _, s := range strings.Split(path, ".") {
		var st searchStep
		st.name, st.choice = strings.CutSuffix(s, "[x]")
		if name, filter, ok := strings.Cut(st.name, "{"); ok {
			st.name = name
			st.filter, st.equal, _ = strings.Cut(strings.TrimSuffix(filter, "}"), "=")
		}
		p.steps = append(p.steps, st)
	}
	return p
}

// SearchParams lists the parameters of a type, in order of name; those of all types (_id, _lastUpdated) are not among them.
func SearchParams(resourceType string) []SearchParam {
	var out []SearchParam
	for _, p := range searchParams()[resourceType] {
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// values are the elements that a parameter looks at.
func (p SearchParam) values(root Value) []Value {
	var out []Value
	for _, path := range p.paths {
		out = path.follow(out, root, path.steps)
	}
	return out
}

func (p searchPath) follow(out []Value, v Value, steps []searchStep) []Value {
	if len(steps) == 0 {
		if p.target != "" {
			t, _ := splitReference(v.Get("reference").Text())
			if t != "" && t != p.target {
				return out
			}
		}
		return append(out, v)
	}
	st := steps[0]
	var found []Value
	if st.choice {
		v.Members(func(name string, m Value) {
			if rest, ok := strings.CutPrefix(name, st.name); ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
				found = append(found, m)
			}
		})
	} else if m := v.Get(st.name); m.Exists() {
		found = m.Items()
	}
	for _, m := range found {
		if st.filter != "" && m.Get(st.filter).Text() != st.equal {
			continue
		}
		out = p.follow(out, m, steps[1:])
	}
	return out
}

// splitReference takes Type and id out of "Type/id", an absolute address of one, or a versioned one.
func splitReference(ref string) (resourceType, id string) {
	ref, _, _ = strings.Cut(ref, "/_history/")
	i := strings.LastIndexByte(ref, '/')
	if i < 0 {
		return "", ref
	}
	id = ref[i+1:]
	ref = ref[:i]
	return ref[strings.LastIndexByte(ref, '/')+1:], id
}

// Query is a parsed search of one type in one person's compartment.
type Query struct {
	Type       string
	Count      int // entries a page
	Summary    string
	Elements   []string
	Total      string
	Include    []Include // _include
	RevInclude []Include // _revinclude
	Ignored    []string  // parameters that were not understood and passed over, under lenient handling
	Applied    url.Values
	criteria   []criterion
	sorts      []sortKey
}

// Include is one _include or _revinclude: Type:parameter[:Target].
type Include struct{ Source, Param, Target string }

type sortKey struct {
	param SearchParam
	desc  bool
}

// criterion is one parameter: any of its values must match.
type criterion struct {
	name, modifier string
	param          SearchParam
	values         []searchValue
}

// MaxCount is the most entries on a page.
const MaxCount = 1000

// ParseQuery reads search parameters. skip names parameters that the caller has dealt with (patient, subject). An unknown parameter
// is an issue of severity error, unless lenient: then it is listed in Ignored. A value that cannot be read is always an error.
func ParseQuery(resourceType string, q url.Values, lenient bool, skip ...string) (*Query, []Issue) {
	out := &Query{Type: resourceType, Count: 100, Applied: url.Values{}}
	var issues []Issue
	bad := func(name, format string, args ...any) {
		issues = append(issues, Issue{Severity: "error", Code: "invalid", Expression: "http." + name, Diagnostics: fmt.Sprintf(format, args...)})
	}
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		base, _, _ := strings.Cut(name, ":")
		if contains(skip, base) {
			continue
		}
		for _, value := range q[name] {
			known, err := out.parameter(name, value)
			switch {
			case !known && lenient:
				out.Ignored = append(out.Ignored, name)
			case !known:
				issues = append(issues, Issue{Severity: "error", Code: "not-supported", Expression: "http." + name, Diagnostics: fmt.Sprintf("%s has no search parameter %q here; leave it out, or send Prefer: handling=lenient to have it ignored", resourceType, base)})
			case err != nil:
				bad(name, "%s: %v", name, err)
			default:
				out.Applied.Add(name, value)
			}
		}
	}
	return out, issues
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// parameter reads one name and value; known is false for a name that is none of this type's.
func (q *Query) parameter(name, value string) (known bool, err error) {
	base, modifier, _ := strings.Cut(name, ":")
	switch base {
	case "_count":
		n, e := strconv.Atoi(value)
		if e != nil || n < 0 {
			return true, fmt.Errorf("a count is a whole number from 0 to %d", MaxCount)
		}
		q.Count = min(n, MaxCount)
		return true, nil
	case "_summary":
		if !contains([]string{"true", "false", "count", "data", "text"}, value) {
			return true, fmt.Errorf("is true, false, count, data or text")
		}
		q.Summary = value
		return true, nil
	case "_elements":
		q.Elements = append(q.Elements, strings.Split(value, ",")...)
		return true, nil
	case "_total":
		if !contains([]string{"none", "estimate", "accurate"}, value) {
			return true, fmt.Errorf("is none, estimate or accurate")
		}
		q.Total = value
		return true, nil
	case "_format", "_pretty":
		return true, nil
	case "_sort":
		return true, q.sortBy(value)
	case "_include", "_revinclude":
		return true, q.include(base, value)
	case "_id":
		if modifier != "" {
			return false, nil
		}
		q.criteria = append(q.criteria, criterion{name: "_id", values: splitValues(value, SearchParam{Kind: "uri"})})
		return true, nil
	case "_lastUpdated":
		c := criterion{name: "_lastUpdated", param: SearchParam{Kind: "date"}}
		if c.values, err = parseValues(value, c.param, modifier); err == nil {
			q.criteria = append(q.criteria, c)
		}
		return true, err
	}
	p, ok := searchParams()[q.Type][base]
	if !ok {
		return false, nil
	}
	c := criterion{name: base, modifier: modifier, param: p}
	if err := checkModifier(p, modifier); err != nil {
		return true, err
	}
	if c.values, err = parseValues(value, p, modifier); err != nil {
		return true, err
	}
	q.criteria = append(q.criteria, c)
	return true, nil
}

func checkModifier(p SearchParam, modifier string) error {
	if modifier == "" || modifier == "missing" {
		return nil
	}
	allowed := map[string][]string{"token": {"not", "text", "of-type"}, "string": {"exact", "contains"}, "uri": {"below", "above"}, "reference": {"identifier"}}[p.Kind]
	if contains(allowed, modifier) {
		return nil
	}
	if p.Kind == "reference" && modifier[0] >= 'A' && modifier[0] <= 'Z' && !strings.Contains(modifier, ".") {
		return nil // subject:Patient=…
	}
	return fmt.Errorf("the modifier :%s is not supported on a %s parameter", modifier, p.Kind)
}

func (q *Query) sortBy(value string) error {
	for _, name := range strings.Split(value, ",") {
		k := sortKey{}
		name, k.desc = strings.CutPrefix(name, "-")
		switch name {
		case "_lastUpdated", "_id":
			k.param = SearchParam{Name: name, Kind: "special"}
		default:
			p, ok := searchParams()[q.Type][name]
			if !ok {
				return fmt.Errorf("%s cannot be sorted by %q", q.Type, name)
			}
			k.param = p
		}
		q.sorts = append(q.sorts, k)
	}
	return nil
}

func (q *Query) include(kind, value string) error {
	parts := strings.Split(value, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return fmt.Errorf("is Type:parameter or Type:parameter:Target")
	}
	p, ok := searchParams()[parts[0]][parts[1]]
	if !ok || p.Kind != "reference" {
		return fmt.Errorf("%s has no reference parameter %q", parts[0], parts[1])
	}
	i := Include{Source: parts[0], Param: parts[1]}
	if len(parts) == 3 {
		i.Target = parts[2]
	}
	if kind == "_include" {
		q.Include = append(q.Include, i)
	} else {
		q.RevInclude = append(q.RevInclude, i)
	}
	return nil
}

// Candidate is one resource of the compartment, as search sees it.
type Candidate struct {
	Type, ID    string
	LastUpdated string // instant
	Root        Value
}

// Match tells whether a resource of the query's type meets every criterion.
func (q *Query) Match(c Candidate) bool {
	if c.Type != q.Type {
		return false
	}
	for i := range q.criteria {
		if !q.criteria[i].match(c) {
			return false
		}
	}
	return true
}

func (c *criterion) match(k Candidate) bool {
	switch c.name {
	case "_id":
		for _, v := range c.values {
			if v.text == k.ID {
				return true
			}
		}
		return false
	case "_lastUpdated":
		return c.anyDate(dateRange(k.LastUpdated))
	}
	found := c.param.values(k.Root)
	if c.modifier == "missing" {
		return (len(found) == 0) == (c.values[0].text == "true")
	}
	if len(c.param.paths) == 1 && c.param.paths[0].exists {
		return c.existence(found)
	}
	hit := false
	for _, v := range found {
		for i := range c.values {
			if c.one(v, &c.values[i]) {
				hit = true
			}
		}
	}
	if c.modifier == "not" {
		return !hit
	}
	return hit
}

// existence is for parameters that ask whether an element is there (Patient.deceased).
func (c *criterion) existence(found []Value) bool {
	there := false
	for _, v := range found {
		there = there || v.Text() != "false"
	}
	for _, v := range c.values {
		if (v.text == "true") == there {
			return true
		}
	}
	return false
}

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

// Sort orders matches as _sort asked; what it does not order keeps its place.
func (q *Query) Sort(list []Candidate) {
	if len(q.sorts) == 0 {
		return
	}
	sort.SliceStable(list, func(i, j int) bool {
		for _, k := range q.sorts {
			a, b := k.key(list[i]), k.key(list[j])
			if a == b {
				continue
			}
			if a == "" || b == "" {
				return b == "" // what has no value comes last either way
			}
			return (a < b) != k.desc
		}
		return false
	})
}

// key is the value to order by, in a form that text order fits.
func (k sortKey) key(c Candidate) string {
	switch k.param.Name {
	case "_lastUpdated":
		return c.LastUpdated
	case "_id":
		return c.ID
	}
	best := ""
	for _, v := range k.param.values(c.Root) {
		if s := k.text(v); s != "" && (best == "" || (s < best) != k.desc) {
			best = s
		}
	}
	return best
}

func (k sortKey) text(v Value) string {
	switch k.param.Kind {
	case "date":
		low, _, ok := dateBounds(v)
		if !ok {
			return ""
		}
		return low.UTC().Format("2006-01-02T15:04:05.000000000")
	case "quantity", "number":
		f, err := strconv.ParseFloat(firstNonEmpty(v.Get("value").Text(), v.Text()), 64)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%030.9f", f+1e18)
	case "token":
		if codes := tokenCodes(v); len(codes) > 0 {
			return codes[0].code
		}
		return v.Text()
	case "reference":
		return v.Get("reference").Text()
	}
	if texts := stringValues(v); len(texts) > 0 {
		return fold(texts[0])
	}
	return ""
}

func firstNonEmpty(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// Types lists the resource types of R4 that have search parameters of their own, in order.
func Types() []string {
	var out []string
	for t := range searchParams() {
		out = append(out, t)
	}
	sort.Strings(out)
	return out
}

// KnownType tells whether R4 has a resource of this type.
func KnownType(resourceType string) bool {
	_, ok := searchParams()[resourceType]
	return ok || resourceType == "Binary" || resourceType == "Parameters" || resourceType == "OperationOutcome"
}
