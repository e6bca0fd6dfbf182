package fhir

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// r4Table holds the base R4 structures and required value sets, as fhir/gen
// derived them from the definitions of HL7 FHIR 4.0.1.
//
//go:embed r4.txt.gz
var r4Table []byte

// structure says what an object of one type may hold.
type structure struct {
	name     string
	resource bool
	elements []element
	members  map[string]*member // by JSON name
	required uint64             // bits of the elements that must be there
	choices  uint64             // bits of the elements [x]
	value    uint64             // in Extension, the bit of value[x]
	nested   uint64             // in Extension, the bit of extension
}

// element is one element of a structure, in the order of the definition.
type element struct {
	name    string // without [x]
	choice  bool
	array   bool
	members []*member
}

// member is one JSON member that carries an element: for an element [x] there
// is one for each type.
type member struct {
	name     string // valueQuantity
	typeName string // Quantity
	element  int    // of its structure
	choice   bool
	array    bool
	kind     primitiveKind
	sub      *structure // of a complex type; nil for a primitive and for any resource
	resource bool       // any resource
	codes    *valueSet  // of a required binding that can be listed
	targets  []string   // resource types that a Reference may point to; nil for any
}

// valueSet is the codes of a value set, all and by system.
type valueSet struct {
	name    string
	all     map[string]struct{}
	systems map[string]map[string]struct{}
}

// listed says which codes there are, where they are few.
func (s *valueSet) listed() string {
	if len(s.all) > 20 {
		return "a code of the R4 value set " + s.name
	}
	return "one of " + strings.Join(slices.Sorted(maps.Keys(s.all)), ", ")
}

// tables are what r4Table says.
type tables struct {
	structures map[string]*structure
	sets       map[string]*valueSet
}

// r4 reads the table, once.
var r4 = sync.OnceValue(func() *tables {
	packed, err := gzip.NewReader(bytes.NewReader(r4Table))
	if err != nil {
		panic("fhir: the table of structures is damaged: " + err.Error())
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		panic("fhir: the table of structures is damaged: " + err.Error())
	}
	return readTables(string(text))
})

// readTables reads the lines that fhir/gen writes, in two passes: all names
// first, since types refer to each other.
func readTables(text string) *tables {
	t := &tables{structures: map[string]*structure{}, sets: map[string]*valueSet{}}
	for line := range strings.Lines(text) {
		switch field := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); field[0] {
		case "T":
			t.structures[field[2]] = &structure{name: field[2], resource: field[1] == "r", members: map[string]*member{}}
		case "V":
			t.addCodes(field[1], field[2], field[3:])
		}
	}
	var current *structure
	for line := range strings.Lines(text) {
		switch field := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); field[0] {
		case "T":
			current = t.structures[field[2]]
		case "E":
			t.addElement(current, field)
		}
	}
	return t
}

func (t *tables) addCodes(name, system string, codes []string) {
	set := t.sets[name]
	if set == nil {
		set = &valueSet{name: name, all: map[string]struct{}{}, systems: map[string]map[string]struct{}{}}
		t.sets[name] = set
	}
	set.systems[system] = make(map[string]struct{}, len(codes))
	for _, code := range codes {
		set.systems[system][code] = struct{}{}
		set.all[code] = struct{}{}
	}
}

// addElement reads one line: E name min max binding type….
func (t *tables) addElement(s *structure, field []string) {
	at := len(s.elements)
	bit := uint64(1) << at
	e := element{array: field[3] != "1"}
	e.name, e.choice = strings.CutSuffix(field[1], "[x]")
	if atLeast, _ := strconv.Atoi(field[2]); atLeast > 0 {
		s.required |= bit
	}
	if e.choice {
		s.choices |= bit
	}
	for _, said := range field[5:] {
		m := t.member(s, e, at, said)
		m.codes = t.sets[field[4]]
		s.members[m.name] = m
		e.members = append(e.members, m)
	}
	if s.name == "Extension" {
		switch e.name {
		case "value":
			s.value = bit
		case "extension":
			s.nested = bit
		}
	}
	s.elements = append(s.elements, e)
}

// member makes the member of e that carries the type said: a name, and after
// a colon what a Reference may point to.
func (t *tables) member(s *structure, e element, at int, said string) *member {
	typeName, targets, limited := strings.Cut(said, ":")
	m := &member{name: e.name, typeName: typeName, element: at, choice: e.choice, array: e.array}
	if e.choice {
		m.name += strings.ToUpper(typeName[:1]) + typeName[1:]
	}
	if limited {
		m.targets = strings.Split(targets, ",")
	}
	if s.resource && e.name == "id" {
		m.typeName = "id"
	}
	m.kind = primitiveKinds[m.typeName]
	m.resource = typeName == "Resource" || t.structures[typeName] != nil && t.structures[typeName].resource
	if m.kind == notPrimitive && !m.resource {
		m.sub = t.structures[typeName]
		if m.sub == nil {
			panic("fhir: the table of structures has no type " + typeName)
		}
	}
	return m
}

// resourceStructure returns the structure of a resource type, nil for an
// unknown one.
func resourceStructure(resourceType []byte) *structure {
	if s := r4().structures[string(resourceType)]; s != nil && s.resource {
		return s
	}
	return nil
}

// KnownType tells whether R4 has this resource type.
func KnownType(resourceType string) bool { return resourceStructure([]byte(resourceType)) != nil }

// Types returns the names of the R4 resource types, sorted.
func Types() []string {
	var names []string
	for name, s := range r4().structures {
		if s.resource {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Element is what R4 says of one member of an object, for those who bring
// what was sent into its form.
type Element struct {
	Type      string // "CodeableConcept", "string", "Observation.component"
	Array     bool   // it may repeat, and is then always an array
	Primitive bool
	Resource  bool // any resource
}

// ElementOf tells what R4 says of the member name (valueQuantity) of an object
// of a type (a resource type, data type or, as Element.Type gives it, an inner
// one); ok is false where R4 has no such member.
func ElementOf(typeName, name string) (e Element, ok bool) {
	s := r4().structures[typeName]
	if s == nil {
		return Element{}, false
	}
	m := s.members[name]
	if m == nil {
		return Element{}, false
	}
	e = Element{Type: m.typeName, Array: m.array, Primitive: m.kind != notPrimitive, Resource: m.resource}
	if m.sub != nil {
		e.Type = m.sub.name
	}
	return e, true
}
