package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type concept struct {
	Code    string
	Concept []concept
}

type include struct {
	System   string
	Concept  []concept
	Filter   []struct{ Property string }
	ValueSet []string
}

type expanded struct {
	System, Code string
	Abstract     bool
	Contains     []expanded
}

type terminology struct {
	ResourceType, URL, Content string
	Concept                    []concept // of a CodeSystem
	Compose                    struct{ Include, Exclude []include }
	Expansion                  struct{ Contains []expanded }
}

// valueSets lists the codes of those value sets that a required binding uses
// and that can be listed from the definitions held.
type valueSets struct {
	codeSystems, sets, expansions map[string]*terminology
	listed                        map[string]map[string][]string // by value set and system
	unlisted                      map[string]bool
}

func readValueSets(dir string) (*valueSets, error) {
	s := &valueSets{
		codeSystems: map[string]*terminology{}, sets: map[string]*terminology{}, expansions: map[string]*terminology{},
		listed: map[string]map[string][]string{}, unlisted: map[string]bool{},
	}
	for _, name := range []string{"valuesets", "v3-codesystems", "v2-tables"} {
		var bundle struct {
			Entry []struct{ Resource *terminology }
		}
		if err := readJSON(filepath.Join(dir, name+".json.gz"), &bundle); err != nil {
			return nil, err
		}
		for _, e := range bundle.Entry {
			if e.Resource.ResourceType == "CodeSystem" {
				s.codeSystems[e.Resource.URL] = e.Resource
			} else {
				s.sets[e.Resource.URL] = e.Resource
			}
		}
	}
	return s, s.readExpansions(filepath.Join(dir, "valueset-expansions.ndjson.gz"))
}

func (s *valueSets) readExpansions(path string) error {
	r, err := open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		t := new(terminology)
		if err := json.Unmarshal(lines.Bytes(), t); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s.expansions[t.URL] = t
	}
	return lines.Err()
}

// use returns the name of the value set that e must be from, "" where there
// is none or it cannot be listed.
func (s *valueSets) use(e elementDefinition) string {
	if e.Binding.Strength != "required" {
		return ""
	}
	url, _, _ := strings.Cut(e.Binding.ValueSet, "|")
	if _, done := s.listed[url]; !done && !s.unlisted[url] {
		if codes, ok := s.list(url); ok && len(codes) > 0 {
			s.listed[url] = codes
		} else {
			s.unlisted[url] = true
			fmt.Fprintln(os.Stderr, "not listed, so not checked:", url)
		}
	}
	if s.unlisted[url] {
		return ""
	}
	return url[strings.LastIndexByte(url, '/')+1:]
}

// list gives the codes of a value set by system.
func (s *valueSets) list(url string) (map[string][]string, bool) {
	set := s.sets[url]
	if set == nil || slices.ContainsFunc(set.Compose.Include, endless) {
		return nil, false
	}
	if e := s.expansions[url]; e != nil && len(e.Expansion.Contains) > 0 {
		codes := map[string][]string{}
		addExpanded(codes, e.Expansion.Contains)
		return codes, true
	}
	if len(set.Compose.Exclude) > 0 {
		return nil, false
	}
	codes := map[string][]string{}
	for _, in := range set.Compose.Include {
		if !s.include(codes, in) {
			return nil, false
		}
	}
	return codes, true
}

// endless tells whether in takes in a whole system that has no end (units of
// measure are a grammar): an expansion of it is a choice.
func endless(in include) bool {
	return in.System == "http://unitsofmeasure.org" && len(in.Concept) == 0
}

func (s *valueSets) include(codes map[string][]string, in include) bool {
	for _, url := range in.ValueSet {
		more, ok := s.list(url)
		if !ok {
			return false
		}
		for system, list := range more {
			codes[system] = append(codes[system], list...)
		}
	}
	switch system := s.codeSystems[in.System]; {
	case in.System == "":
	case len(in.Filter) > 0:
		return false
	case len(in.Concept) > 0:
		addConcepts(codes, in.System, in.Concept)
	case system == nil || system.Content != "complete":
		return false
	default:
		addConcepts(codes, in.System, system.Concept)
	}
	return true
}

func addConcepts(codes map[string][]string, system string, concepts []concept) {
	for _, c := range concepts {
		codes[system] = append(codes[system], c.Code)
		addConcepts(codes, system, c.Concept)
	}
}

func addExpanded(codes map[string][]string, contains []expanded) {
	for _, c := range contains {
		if c.Code != "" && !c.Abstract {
			codes[c.System] = append(codes[c.System], c.Code)
		}
		addExpanded(codes, c.Contains)
	}
}

// String writes one line for each value set and system:
//
//	V <value set> <system> <code> …
func (s *valueSets) String() string {
	var lines []string
	for url, systems := range s.listed {
		for system, codes := range systems {
			slices.Sort(codes)
			lines = append(lines, strings.Join(append([]string{"V", url[strings.LastIndexByte(url, '/')+1:], system}, slices.Compact(codes)...), "\t"))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
