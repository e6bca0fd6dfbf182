package fhir

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ukCoreTable holds what the UK Core profiles ask beyond R4, as
// fhir/ukcoregen derived it from the published profiles (Apache-2.0, HL7 UK).
//
//go:embed ukcore.tsv
var ukCoreTable string

const ukCoreProfiles = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-"

// profile is what one profile asks beyond its base.
type profile struct {
	url, of, base string
	rules         []profileRule
}

// profileRule is one line of the table: M least, X most, F fixed value, B binding, S slice of identifiers.
type profileRule struct {
	kind   byte
	path   []string
	value  string
	strong bool                // a required binding
	set    map[string]struct{} // system|code
}

var profiles = sync.OnceValue(func() map[string]*profile {
	all := map[string]*profile{}
	var p *profile
	for line := range strings.Lines(ukCoreTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch f[0] {
		case "P":
			p = &profile{url: f[1], of: f[2], base: f[3]}
			all[f[1]] = p
		case "M", "X", "F":
			p.rules = append(p.rules, profileRule{kind: f[0][0], path: strings.Split(f[1], "."), value: f[2]})
		case "B":
			r := profileRule{kind: 'B', path: strings.Split(f[1], "."), strong: f[2] == "required", value: f[3], set: map[string]struct{}{}}
			for _, code := range strings.Fields(f[4]) {
				r.set[code] = struct{}{}
			}
			p.rules = append(p.rules, r)
		case "S":
			p.rules = append(p.rules, profileRule{kind: 'S', path: strings.Fields(f[3]), value: f[2]})
		}
	}
	return all
})

// ValidateProfiles checks a resource, and those in a Bundle, against the UK
// Core profiles that it says it follows (meta.profile); one that names none that
// is held, against that of its type, of which every finding is a warning: cardinality, fixed
// values, bindings whose codes are held here, identifiers, and the invariants
// of UK Core. An error is something that the profile asks; a warning is a code
// outside an extensible binding, or an invariant that only advises. A profile
// that is not held is passed over. Diagnostics never repeat what was sent.
func ValidateProfiles(r *Resource) []Issue {
	var c profileChecker
	c.resource(r.Root(), r.Type())
	return c.issues
}

// KnownProfile tells whether a profile is held.
func KnownProfile(url string) bool {
	url, _, _ = strings.Cut(url, "|")
	return profiles()[url] != nil
}

type profileChecker struct {
	issues []Issue
	mild   bool // the profile is not one that the resource names
}

func (c *profileChecker) add(severity, code, expression, diagnostics string) {
	if c.mild {
		severity = "warning"
	}
	if len(c.issues) < maxIssues {
		c.issues = append(c.issues, Issue{severity, code, expression, diagnostics})
	}
}

func (c *profileChecker) resource(v Value, expression string) {
	kind := v.Get("resourceType").Text()
	var done []string
	for _, claimed := range v.Path("meta.profile") {
		url, _, _ := strings.Cut(claimed.Text(), "|")
		done = c.follow(v, kind, url, expression, done)
	}
	if len(done) == 0 {
		c.mild = true
		c.follow(v, kind, ukCoreProfiles+kind, expression, nil)
		c.mild = false
	}
	if kind == "Bundle" {
		for n, e := range v.Get("entry").Items() {
			c.resource(e.Get("resource"), expression+".entry["+strconv.Itoa(n)+"].resource")
		}
	}
}

// follow checks against a profile and those that it is built on, each once.
func (c *profileChecker) follow(v Value, kind, url, expression string, done []string) []string {
	for p := profiles()[url]; p != nil && p.of == kind && !slices.Contains(done, p.url); p = profiles()[p.base] {
		done = append(done, p.url)
		name := strings.TrimPrefix(p.url, "https://fhir.hl7.org.uk/StructureDefinition/")
		for _, rule := range p.rules {
			c.rule(v, expression, name, rule)
		}
		for _, i := range ukCoreInvariants[name] {
			if !i.holds(v) {
				c.add(i.severity, "invariant", expression, i.says+" ("+i.key+", "+name+")")
			}
		}
	}
	return done
}

func (c *profileChecker) rule(v Value, expression, name string, r profileRule) {
	if r.kind == 'S' {
		for n, i := range v.Get("identifier").Items() {
			for _, child := range r.path {
				if i.Get("system").Is(r.value) && !i.Get(child).Exists() && !i.Get("_"+child).Exists() {
					c.add("error", "required", expression+".identifier["+strconv.Itoa(n)+"]."+child, "is missing: "+name+" must have it where the system is "+r.value)
				}
			}
		}
		return
	}
	last := r.path[len(r.path)-1]
	at := expression + "." + strings.ReplaceAll(strings.Join(r.path, "."), "[x]", "")
	for _, parent := range within(v, r.path[:len(r.path)-1]) {
		found := step1(parent, last)
		switch n := count(found); r.kind {
		case 'M':
			if least, _ := strconv.Atoi(r.value); n < least && !(n == 0 && step1(parent, "_"+last).Exists()) {
				c.add("error", "required", at, "is missing: "+name+" must have it")
			}
		case 'X':
			if most, _ := strconv.Atoi(r.value); n > most {
				c.add("error", "structure", at, "is there more often than "+name+" has it")
			}
		case 'F':
			for _, x := range found.Items() {
				if !x.Is(r.value) {
					c.add("error", "value", at, "is not as "+name+" fixes it: "+r.value)
				}
			}
		case 'B':
			c.binding(found, at, name, r)
		}
	}
}

func (c *profileChecker) binding(found Value, at, name string, r profileRule) {
	for _, x := range found.Items() {
		known, said := false, false
		for _, coding := range append(x.Get("coding").Items(), x) {
			if code := coding.Get("code").Text(); code != "" {
				said = true
				_, is := r.set[coding.Get("system").Text()+"|"+code]
				known = known || is
			}
		}
		if said && !known {
			severity := "warning"
			if r.strong {
				severity = "error"
			}
			c.add(severity, "code-invalid", at, "has no code of "+r.value+", which "+name+" binds it to")
		}
	}
}

// within are the values at a path of names, of every parent there is.
func within(v Value, path []string) []Value {
	all := []Value{v}
	for _, name := range path {
		var next []Value
		for _, p := range all {
			next = append(next, step1(p, name).Items()...)
		}
		all = next
	}
	return all
}

// step1 is the member of a name, of a choice (value[x]) whichever is there.
func step1(v Value, name string) Value {
	if stem, choice := strings.CutSuffix(name, "[x]"); choice {
		found, _ := v.Choice(strings.TrimPrefix(stem, "_"))
		return found
	}
	return v.Get(name)
}

func count(v Value) int {
	if !v.Exists() {
		return 0
	}
	return v.Len()
}

// invariant is a rule of a profile over several elements.
type invariant struct {
	key, severity, says string
	holds               func(Value) bool
}

// ukCoreInvariants are the invariants of UK Core, by profile.
var ukCoreInvariants = map[string][]invariant{
	"UKCore-Observation-VitalSigns": {{"ukcore-obs-vs-001", "error", "a vital sign has a LOINC code", func(v Value) bool {
		return slices.ContainsFunc(v.Path("code.coding.system"), func(s Value) bool { return s.Is("http://loinc.org") })
	}}},
	"UKCore-BodyStructure": {{"ukcore-bodstr-001", "warning", "a body structure has a location, a description or an image", func(v Value) bool {
		return v.Get("location").Exists() || v.Get("description").Exists() || v.Get("image").Exists()
	}}},
	"UKCore-Observation-Lab": {{"ukcore-obs-lab-001", "warning", "a laboratory result has a value, a reason why there is none, or a note", func(v Value) bool {
		value, _ := v.Choice("value")
		return value.Exists() || v.Get("dataAbsentReason").Exists() || v.Get("note").Exists()
	}}},
	"UKCore-Observation-Group-Lab": {{"ukcore-obs-grplab-001", "warning", "a group of laboratory results has no value of its own", func(v Value) bool {
		value, _ := v.Choice("value")
		return !value.Exists()
	}}},
	"UKCore-DiagnosticReport-Lab": {{"ukcore-diag-lab-001", "warning", "a laboratory report that gives results says when it was issued", func(v Value) bool {
		return v.Get("issued").Exists() || !slices.Contains([]string{"partial", "preliminary", "final", "amended", "corrected", "appended"}, v.Get("status").Text())
	}}},
	"UKCore-Immunization": {{"ukcore-imm-001", "error", "a vaccination that was not done says why", func(v Value) bool {
		return !v.Get("status").Is("not-done") || v.Get("statusReason").Exists()
	}}},
}
