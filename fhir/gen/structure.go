package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

type structureDefinition struct {
	ResourceType, Name, Kind, Derivation string
	Abstract                             bool
	Snapshot                             struct{ Element []elementDefinition }
}

type elementDefinition struct {
	Path             string
	Min              int
	Max              string
	ContentReference string
	Type             []typeReference
	Binding          struct{ Strength, ValueSet string }
}

type typeReference struct {
	Code          string
	TargetProfile []string
}

// structures writes one line for each type (T) and each element of it (E),
// in the order of the definition:
//
//	T <r resource, c complex type> <name>
//	E <name> <min> <max> <value set of a required binding> <type[:targets,…]> …
//
// The elements inside a backbone element stand under a type of their own,
// called by its path. An element that refers to the content of another has
// that one's path as its type.
func structures(dir string, sets *valueSets) (string, error) {
	var out strings.Builder
	for _, name := range []string{"profiles-types", "profiles-resources"} {
		var bundle struct {
			Entry []struct{ Resource structureDefinition }
		}
		if err := readJSON(filepath.Join(dir, name+".json.gz"), &bundle); err != nil {
			return "", err
		}
		for _, e := range bundle.Entry {
			d := e.Resource
			if d.ResourceType != "StructureDefinition" || d.Derivation == "constraint" || d.Kind == "primitive-type" || d.Kind == "resource" && d.Abstract {
				continue
			}
			if err := structure(&out, d, sets); err != nil {
				return "", err
			}
		}
	}
	return out.String(), nil
}

func structure(out *strings.Builder, d structureDefinition, sets *valueSets) error {
	kind := "c"
	if d.Kind == "resource" {
		kind = "r"
	}
	elements := d.Snapshot.Element
	for _, parent := range elements {
		var inside []elementDefinition
		for _, e := range elements {
			if rest, ok := strings.CutPrefix(e.Path, parent.Path+"."); ok && !strings.Contains(rest, ".") && e.Max != "0" {
				inside = append(inside, e)
			}
		}
		if len(inside) == 0 {
			continue
		}
		if len(inside) > 64 {
			return fmt.Errorf("%s has %d elements; the checks hold 64", parent.Path, len(inside))
		}
		fmt.Fprintf(out, "T\t%s\t%s\n", kind, parent.Path)
		kind = "c"
		for _, e := range inside {
			fmt.Fprintf(out, "E\t%s\t%d\t%s\t%s\t%s\n", e.Path[strings.LastIndexByte(e.Path, '.')+1:], e.Min, e.Max,
				sets.use(e), strings.Join(typesOf(e, elements), "\t"))
		}
	}
	return nil
}

// typesOf says what an element may hold.
func typesOf(e elementDefinition, all []elementDefinition) []string {
	if e.ContentReference != "" {
		return []string{strings.TrimPrefix(e.ContentReference, "#")}
	}
	for _, other := range all {
		if strings.HasPrefix(other.Path, e.Path+".") {
			return []string{e.Path}
		}
	}
	var types []string
	for _, t := range e.Type {
		types = append(types, typeOf(e, t))
	}
	return types
}

func typeOf(e elementDefinition, t typeReference) string {
	switch {
	case !strings.HasPrefix(t.Code, "http://hl7.org/fhirpath/"):
	case e.Path == "Extension.url":
		return "uri"
	default:
		return "string"
	}
	if t.Code != "Reference" {
		return t.Code
	}
	var targets []string
	for _, profile := range t.TargetProfile {
		target := profile[strings.LastIndexByte(profile, '/')+1:]
		if target == "Resource" {
			return t.Code
		}
		targets = append(targets, target)
	}
	if len(targets) == 0 {
		return t.Code
	}
	return t.Code + ":" + strings.Join(targets, ",")
}
