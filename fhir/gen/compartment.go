package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// subjects are the elements that say whom a resource is about, before those
// that say who took part.
var subjects = []string{"patient", "subject", "beneficiary", "candidate", "individual"}

// compartment writes, for each resource type that the patient compartment
// may hold, the elements by which it belongs, the subject first.
func compartment(dir string) ([]byte, error) {
	var definition struct {
		Resource []struct {
			Code  string
			Param []string
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "compartments", "CompartmentDefinition-patient.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &definition); err != nil {
		return nil, err
	}
	expressions, err := searchExpressions(dir)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	out.WriteString("# The R4 patient compartment: resource type and the elements by which it belongs to a patient, the subject first.\n")
	out.WriteString("# Derived by fhir/gen from CompartmentDefinition patient and the search parameters of HL7 FHIR 4.0.1 (CC0).\n")
	for _, r := range definition.Resource {
		var paths []string
		for _, param := range r.Param {
			found := elementsOf(r.Code, expressions[r.Code+" "+param])
			if len(found) == 0 {
				return nil, fmt.Errorf("%s: no element for the parameter %s", r.Code, param)
			}
			paths = append(paths, found...)
		}
		slices.SortStableFunc(paths, func(a, b string) int { return rank(a) - rank(b) })
		paths = slices.Compact(paths)
		if len(paths) > 0 {
			fmt.Fprintf(&out, "%s\t%s\n", r.Code, strings.Join(paths, " "))
		}
	}
	return []byte(out.String()), nil
}

func rank(path string) int {
	if i := slices.Index(subjects, path); i >= 0 {
		return i
	}
	return len(subjects)
}

// elementsOf takes from a search expression the element paths of one type.
func elementsOf(resourceType, expression string) []string {
	var paths []string
	for _, part := range strings.Split(expression, "|") {
		path, ours := strings.CutPrefix(strings.TrimSpace(part), resourceType+".")
		if !ours {
			continue
		}
		path = strings.TrimSuffix(path, ".where(resolve() is Patient)")
		if !strings.ContainsAny(path, "( ") {
			paths = append(paths, path)
		}
	}
	return paths
}

// searchExpressions gives the expression of each "Type code".
func searchExpressions(dir string) (map[string]string, error) {
	var bundle struct {
		Entry []struct {
			Resource struct {
				Code, Expression string
				Base             []string
			}
		}
	}
	if err := readJSON(filepath.Join(dir, "search-parameters.json.gz"), &bundle); err != nil {
		return nil, err
	}
	expressions := map[string]string{}
	for _, e := range bundle.Entry {
		for _, base := range e.Resource.Base {
			expressions[base+" "+e.Resource.Code] = e.Resource.Expression
		}
	}
	return expressions, nil
}
