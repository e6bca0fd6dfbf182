package fhir

import (
	_ "embed"
	"slices"
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
	Kind  string // token, date, string, reference, quantity, number, uri, composite
	paths []searchPath
	parts []SearchParam // of a composite
}

// searchPath is where a parameter's values stand.
type searchPath struct {
	steps  []searchStep
	target string // only references to this type
	exists bool   // the value is whether the element is there
}

// searchStep goes from an element to those of its members called name; choice
// is for name[x], filter for where(filter='equal').
type searchStep struct {
	name          string
	choice        bool
	filter, equal string
}

// searchParams are all parameters, by type and name.
var searchParams = sync.OnceValue(func() map[string]map[string]SearchParam {
	all := map[string]map[string]SearchParam{}
	for line := range strings.Lines(searchTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		p := SearchParam{Name: f[1], Kind: f[2], paths: searchPaths(f[3])}
		if len(f) > 4 {
			for part := range strings.SplitSeq(f[4], ";") {
				kind, at, _ := strings.Cut(part, " ")
				p.parts = append(p.parts, SearchParam{Name: p.Name, Kind: kind, paths: searchPaths(at)})
			}
		}
		if all[f[0]] == nil {
			all[f[0]] = map[string]SearchParam{}
		}
		all[f[0]][p.Name] = p
	}
	return all
})

// metaParams are the parameters of all types that look at meta.
var metaParams = sync.OnceValue(func() map[string]SearchParam {
	return map[string]SearchParam{
		"_tag":      {Name: "_tag", Kind: "token", paths: searchPaths("tag")},
		"_security": {Name: "_security", Kind: "token", paths: searchPaths("security")},
		"_profile":  {Name: "_profile", Kind: "uri", paths: searchPaths("profile")},
	}
})

// SearchParams lists the parameters of a type, in order of name; those of all
// types (_id, _lastUpdated, _source, _tag, _security, _profile) are not among
// them.
func SearchParams(resourceType string) []SearchParam {
	var out []SearchParam
	for _, p := range searchParams()[resourceType] {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b SearchParam) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// searchPaths reads the form that searchgen writes.
func searchPaths(s string) []searchPath {
	var out []searchPath
	for path := range strings.SplitSeq(s, "|") {
		var p searchPath
		path, p.target, _ = strings.Cut(path, "?")
		path, p.exists = strings.CutSuffix(path, "!")
		if path != "$" {
			for step := range strings.SplitSeq(path, ".") {
				p.steps = append(p.steps, readSearchStep(step))
			}
		}
		out = append(out, p)
	}
	return out
}

func readSearchStep(s string) searchStep {
	var st searchStep
	st.name, st.choice = strings.CutSuffix(s, "[x]")
	if name, filter, ok := strings.Cut(st.name, "{"); ok {
		st.name = name
		st.filter, st.equal, _ = strings.Cut(strings.TrimSuffix(filter, "}"), "=")
	}
	return st
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
	m := v.Get(st.name)
	if st.choice {
		m, _ = v.Choice(st.name)
	}
	for _, item := range m.Items() {
		if st.filter == "" || item.Get(st.filter).Is(st.equal) {
			out = p.follow(out, item, steps[1:])
		}
	}
	return out
}

// splitReference takes type and id out of "Type/id", an absolute address of
// one, or a versioned one.
func splitReference(ref string) (resourceType, id string) {
	ref, _, _ = strings.Cut(ref, "/_history/")
	before, id, ok := cutLast(ref, "/")
	if !ok {
		return "", ref
	}
	return before[strings.LastIndexByte(before, '/')+1:], id
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
