package fhir

import (
	"bytes"
	"strconv"
	"strings"
)

// maxIssues is how many findings Validate lists; one more says that there are
// more.
const maxIssues = 100

// Validate checks a resource, and those inside it, against the base R4
// structure definitions: known type and elements, cardinality, JSON types,
// primitive formats, choice types, required bindings that are held locally,
// reference form. It returns no issue of severity error for a valid one; a
// reference that leads nowhere, or to another type than R4 has there, is a
// warning.
// Diagnostics never repeat what was sent.
func Validate(r *Resource) []Issue {
	if r.root.doc == nil {
		return []Issue{{Severity: "error", Code: "structure", Diagnostics: "there is no resource here"}}
	}
	c := checker{doc: r.root.doc, tables: r4(), home: -1}
	c.resource(r.root.node)
	return c.issues
}

// checker is one walk of Validate over the index.
type checker struct {
	doc    *document
	tables *tables
	issues []Issue
	home   int32 // the resource that # references are resolved in; -1 outside any
	root   string
	path   [2 * maxDepth]step
	depth  int
}

// step is one element on the way to the place that is being looked at.
type step struct {
	member *member
	index  int // in the array, -1 outside any
}

func (c *checker) push(m *member) {
	c.path[c.depth] = step{m, -1}
	c.depth++
}

func (c *checker) pop() { c.depth-- }

// expression writes the place as FHIRPath.
func (c *checker) expression() string {
	out := []byte(c.root)
	for _, s := range c.path[:c.depth] {
		out = append(append(out, '.'), s.member.name...)
		if s.member.choice {
			out = out[:len(out)-len(s.member.typeName)]
			out = append(append(append(out, ".ofType("...), s.member.typeName...), ')')
		}
		if s.index >= 0 {
			out = append(strconv.AppendInt(append(out, '['), int64(s.index), 10), ']')
		}
	}
	return string(out)
}

func (c *checker) issue(code, diagnostics string) {
	c.add(Issue{"error", code, c.expression(), diagnostics})
}

// issueIn is for something inside the place.
func (c *checker) issueIn(inside, code, diagnostics string) {
	c.add(Issue{"error", code, c.expression() + "." + inside, diagnostics})
}

func (c *checker) add(issue Issue) {
	switch {
	case len(c.issues) < maxIssues:
		c.issues = append(c.issues, issue)
	case len(c.issues) == maxIssues:
		c.issues = append(c.issues, Issue{"error", "too-costly", "", "there are more findings than these " + strconv.Itoa(maxIssues)})
	}
}

// resource checks node i, which is to be a resource.
func (c *checker) resource(i int32) {
	v := Value{c.doc, i}
	resourceType := v.Get("resourceType")
	var s *structure
	if resourceType.IsString() {
		s = resourceStructure(resourceType.inside())
	}
	if c.root == "" {
		c.root = "Resource"
		if s != nil {
			c.root = s.name
		}
	}
	switch {
	case !resourceType.Exists():
		c.issue("required", "resourceType is missing: every resource says its type")
	case s == nil:
		c.issue("not-supported", "resourceType is not the name of an R4 resource")
	default:
		c.inHome(i, s)
	}
}

// inHome checks the resource at i, which is its own home for # references
// unless it is contained in another.
func (c *checker) inHome(i int32, s *structure) {
	contained := c.depth > 0 && c.path[c.depth-1].member.name == "contained"
	if contained {
		if Value(Value{c.doc, i}).Get("contained").Exists() {
			c.issueIn("contained", "invariant", "a contained resource may not contain others (dom-2)")
		}
		c.object(i, s)
		return
	}
	before := c.home
	c.home = i
	c.object(i, s)
	c.home = before
}

// object checks the object at node i against s.
func (c *checker) object(i int32, s *structure) {
	d := c.doc
	end := d.nodes[i].next
	if end == i+1 {
		c.issue("structure", "an object may not be empty: leave the element out instead")
		return
	}
	var seen, beside uint64 // bits of elements that are there, and of those that have a _name
	for j := i + 1; j < end; j = d.nodes[j].next {
		name := d.name(&d.nodes[j])
		if len(name) > 1 && name[0] == '_' {
			if m := s.members[string(name[1:])]; m != nil && m.kind != notPrimitive {
				c.once(&beside, m)
				c.companion(j, m)
				continue
			}
		}
		m := s.members[string(name)]
		if m != nil {
			c.once(&seen, m)
			c.member(j, i, m)
		} else if !(s.resource && string(name) == "resourceType") {
			c.unknown(name, s)
		}
	}
	if missing := s.required &^ (seen | beside); missing != 0 {
		c.missing(s, missing)
	}
	if seen&beside&s.choices != 0 {
		c.sameTypes(i, s)
	}
	if s.value != 0 && (seen|beside)&s.value != 0 == (seen&s.nested != 0) {
		c.issue("invariant", "an extension has either a value or extensions inside it, not both and not neither (ext-1)")
	}
}

// once marks the element of m as there; twice means two types of one choice.
func (c *checker) once(seen *uint64, m *member) {
	bit := uint64(1) << m.element
	if *seen&bit != 0 {
		c.issueIn(strings.TrimSuffix(m.name, upperFirst(m.typeName)), "structure", "is there with two types: only one of a choice may be")
	}
	*seen |= bit
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (c *checker) unknown(name []byte, s *structure) {
	shown := printable(name)
	if shown == string(name) {
		c.issueIn(shown, "structure", "R4 has no such element in "+s.name)
	} else {
		c.issue("structure", "there is a member whose name is not that of an element of "+s.name)
	}
}

func (c *checker) missing(s *structure, missing uint64) {
	for at, e := range s.elements {
		if missing&(1<<at) != 0 {
			c.issueIn(e.name, "required", "is missing: "+s.name+" must have it")
		}
	}
}

// sameTypes finds a choice whose value and _value say different types.
func (c *checker) sameTypes(i int32, s *structure) {
	v := Value{c.doc, i}
	v.Members(func(name string, _ Value) {
		if m := s.members[strings.TrimPrefix(name, "_")]; m != nil && m.choice && name[0] == '_' && !v.Get(m.name).Exists() {
			for _, other := range s.elements[m.element].members {
				if v.Get(other.name).Exists() {
					c.issueIn(s.elements[m.element].name, "structure", "is there with two types: only one of a choice may be")
				}
			}
		}
	})
}

// member checks the value at node j, of the object at node i, that carries m.
func (c *checker) member(j, i int32, m *member) {
	d := c.doc
	n := &d.nodes[j]
	c.push(m)
	defer c.pop()
	switch isArray := d.data[n.start] == '['; {
	case isArray != m.array:
		if isArray {
			c.issue("structure", "may be there only once, and is an array")
		} else {
			c.issue("structure", "may repeat, so it must be an array, even of one")
		}
	case !isArray:
		c.one(j, m)
	case n.next == j+1:
		c.issue("structure", "an array may not be empty: leave the element out instead")
	default:
		at := &c.path[c.depth-1].index
		for k := j + 1; k < n.next; k = d.nodes[k].next {
			*at++
			if d.data[d.nodes[k].start] == 'n' && m.kind != notPrimitive {
				c.null(i, m, *at)
				continue
			}
			c.one(k, m)
		}
	}
}

// null checks a null in an array of primitives: only where _name has
// something at the same place.
func (c *checker) null(i int32, m *member, at int) {
	items := Value{c.doc, i}.Get("_" + m.name).Items()
	if at >= len(items) || !items[at].IsObject() {
		c.issue("structure", "null stands for nothing: there is no extension at this place in _"+m.name)
	}
}

// one checks a single value.
func (c *checker) one(j int32, m *member) {
	first := c.doc.data[c.doc.nodes[j].start]
	switch {
	case m.kind != notPrimitive:
		c.primitive(j, m)
	case first != '{':
		c.issue("structure", "must be a JSON object, of type "+m.typeName)
	case m.resource:
		c.resource(j)
	default:
		c.object(j, m.sub)
		if m.codes != nil {
			c.concept(j, m)
		}
		if m.typeName == "Reference" {
			c.reference(j, m)
		}
	}
}

// companion checks the member _name of a primitive: its id and extensions.
func (c *checker) companion(j int32, m *member) {
	c.push(m)
	defer c.pop()
	d := c.doc
	n := &d.nodes[j]
	switch first := d.data[n.start]; {
	case !m.array && first == '{':
		c.object(j, c.tables.structures["Element"])
	case !m.array || first != '[' || n.next == j+1:
		c.issue("structure", "_"+m.name+" holds the id and extensions of "+m.name+" and has the same form")
	default:
		at := &c.path[c.depth-1].index
		for k := j + 1; k < n.next; k = d.nodes[k].next {
			*at++
			switch d.data[d.nodes[k].start] {
			case '{':
				c.object(k, c.tables.structures["Element"])
			case 'n':
			default:
				c.issue("structure", "_"+m.name+" holds objects and null")
			}
		}
	}
}

func (c *checker) primitive(j int32, m *member) {
	n := &c.doc.nodes[j]
	raw := c.doc.data[n.start:n.end]
	if !m.kind.fits(raw[0]) {
		c.issue("structure", "must be "+m.kind.jsonKind())
		return
	}
	if raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
		if bytes.IndexByte(raw, '\\') >= 0 {
			raw = []byte(unescape(raw))
		}
	}
	if m.kind == kindXHTML {
		if wrong := wrongXHTML(raw); wrong != "" {
			c.issue("value", wrong)
		}
		return
	}
	if wrong := m.kind.wrong(raw); wrong != "" {
		c.issue("value", wrong)
		return
	}
	if m.codes != nil {
		if _, ok := m.codes.all[string(raw)]; !ok {
			c.issue("code-invalid", "must be "+m.codes.listed())
		}
	}
}

// concept checks a CodeableConcept that must have a code of a value set.
func (c *checker) concept(j int32, m *member) {
	found := false
	Value{c.doc, j}.Get("coding").Each("", func(coding Value) bool {
		_, found = m.codes.systems[coding.Get("system").Text()][coding.Get("code").Text()]
		return !found
	})
	if !found {
		c.issue("code-invalid", "must have a coding that is "+m.codes.listed()+", with its system")
	}
}

// reference checks the literal reference of the Reference at node j.
func (c *checker) reference(j int32, m *member) {
	v := Value{c.doc, j}.Get("reference")
	if !v.IsString() {
		return
	}
	reference := v.inside()
	if bytes.IndexByte(reference, '\\') >= 0 {
		reference = []byte(unescape(reference))
	}
	switch {
	case len(reference) == 0: // said already, of the empty string
	case reference[0] == '#':
		if len(reference) > 1 && !c.contains(reference[1:]) {
			c.issueIn("reference", "not-found", "points to a contained resource that is not there")
		}
	default:
		if wrong := wrongURL(reference); wrong != "" {
			c.issueIn("reference", "value", wrong)
		} else if odd := oddReference(reference, m.targets); odd != "" {
			c.add(Issue{"warning", "value", c.expression() + ".reference", odd})
		}
	}
}

// wrongURL says what is wrong with a reference that is not internal.
func wrongURL(reference []byte) string {
	if !isURI(reference) {
		return "holds white space"
	}
	name, _, relative := bytes.Cut(reference, []byte("/"))
	name, _, query := bytes.Cut(name, []byte("?"))
	if (relative || query) && typeWord(string(name)) != "" && resourceStructure(name) == nil {
		return "names a type that R4 does not have"
	}
	return ""
}

// oddReference finds what is well formed but leads nowhere, or not to what R4
// expects. It is not refused: what is said beside the reference is still
// worth keeping, and published examples do it.
func oddReference(reference []byte, targets []string) string {
	switch {
	case bytes.HasPrefix(reference, []byte("urn:uuid:")):
		return say(isUUID(reference), "is not a UUID, such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520")
	case bytes.HasPrefix(reference, []byte("urn:oid:")):
		return say(isOID(reference), "is not an OID, such as urn:oid:1.2.3")
	}
	name, rest, relative := bytes.Cut(reference, []byte("/"))
	name, _, query := bytes.Cut(name, []byte("?"))
	if bytes.IndexByte(name, ':') >= 0 {
		return ""
	}
	id, _, _ := bytes.Cut(rest, []byte("#"))
	if !query && !(relative && isVersionedID(id)) {
		return "is neither Type/id, nor #id, nor an absolute URL"
	}
	for _, target := range targets {
		if target == string(name) {
			return ""
		}
	}
	return say(len(targets) == 0, "points to a type that R4 does not have here: it may be "+strings.Join(targets, ", "))
}

// isVersionedID accepts id and id/_history/version.
func isVersionedID(b []byte) bool {
	id, version, versioned := bytes.Cut(b, []byte("/_history/"))
	return isID(id) && (!versioned || isID(version))
}

// contains tells whether the resource that is home contains one of this id.
func (c *checker) contains(id []byte) bool {
	found := false
	if c.home >= 0 {
		Value{c.doc, c.home}.Get("contained").Each("id", func(v Value) bool {
			found = v.Is(string(id))
			return !found
		})
	}
	return found
}
