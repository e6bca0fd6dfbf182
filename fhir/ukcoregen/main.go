// Command ukcoregen derives fhir/ukcore.tsv from the published FHIR UK Core
// profiles (Apache-2.0, HL7 UK): what each profile asks beyond R4, as facts.
//
//	go run ./fhir/ukcoregen ../shared/data/uk-core-r4 > fhir/ukcore.tsv
//
// Slices but those of identifiers, must-support and preferred bindings are left
// out; invariants are written by hand in fhir/ukcore.go.
package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

type value struct {
	V string `xml:"value,attr"`
}

type definition struct {
	URL      value `xml:"url"`
	Name     value `xml:"name"`
	Type     value `xml:"type"`
	Base     value `xml:"baseDefinition"`
	Elements []struct {
		ID      string `xml:"id,attr"`
		Min     value  `xml:"min"`
		Max     value  `xml:"max"`
		Code    value  `xml:"fixedCode"`
		URI     value  `xml:"fixedUri"`
		String  value  `xml:"fixedString"`
		Binding struct {
			Strength value `xml:"strength"`
			Set      value `xml:"valueSet"`
		} `xml:"binding"`
	} `xml:"differential>element"`
}

type codes struct {
	URL      value `xml:"url"`
	Concepts []struct {
		Code value `xml:"code"`
	} `xml:"concept"`
	Include []struct {
		System   value `xml:"system"`
		Concepts []struct {
			Code value `xml:"code"`
		} `xml:"concept"`
		Filter []value `xml:"filter>property"`
		Sets   []value `xml:"valueSet"`
	} `xml:"compose>include"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: ukcoregen FOLDER")
		os.Exit(2)
	}
	systems := map[string]codes{}
	each(filepath.Join(os.Args[1], "codesystems"), func(b []byte) {
		var c codes
		must(xml.Unmarshal(b, &c))
		systems[c.URL.V] = c
	})
	sets := map[string][]string{}
	each(filepath.Join(os.Args[1], "valuesets"), func(b []byte) {
		var c codes
		must(xml.Unmarshal(b, &c))
		sets[c.URL.V] = listed(c, systems)
	})
	fmt.Println("# What FHIR UK Core profiles ask beyond R4. Derived by fhir/ukcoregen from the published profiles (Apache-2.0, HL7 UK).")
	each(filepath.Join(os.Args[1], "structuredefinitions"), func(b []byte) {
		var d definition
		must(xml.Unmarshal(b, &d))
		if d.Type.V != "Extension" {
			write(d, sets)
		}
	})
}

// listed gives the codes of a value set, none where it cannot be listed from what is published beside it.
func listed(c codes, systems map[string]codes) (out []string) {
	for _, i := range c.Include {
		if len(i.Filter) > 0 || len(i.Sets) > 0 {
			return nil
		}
		concepts := i.Concepts
		if len(concepts) == 0 {
			concepts = systems[i.System.V].Concepts
		}
		if len(concepts) == 0 {
			return nil
		}
		for _, x := range concepts {
			out = append(out, i.System.V+"|"+x.Code.V)
		}
	}
	return out
}

func write(d definition, sets map[string][]string) {
	fmt.Printf("P\t%s\t%s\t%s\n", d.URL.V, d.Type.V, d.Base.V)
	slices := map[string][2]string{} // path of a slice, its system and the children it must have
	for _, e := range d.Elements {
		path, _ := strings.CutPrefix(e.ID, d.Type.V+".")
		if name, child, inside := strings.Cut(path, "."); inside && strings.HasPrefix(name, "identifier:") {
			s := slices[name]
			if child == "system" && e.URI.V != "" {
				s[0] = e.URI.V
			}
			if e.Min.V == "1" && child != "system" {
				s[1] += " " + child
			}
			slices[name] = s
			continue
		}
		if strings.Contains(path, ":") || path == e.ID {
			continue
		}
		if e.Min.V != "" && e.Min.V != "0" {
			fmt.Printf("M\t%s\t%s\n", path, e.Min.V)
		}
		if e.Max.V != "" && e.Max.V != "*" {
			fmt.Printf("X\t%s\t%s\n", path, e.Max.V)
		}
		if f := e.Code.V + e.URI.V + e.String.V; f != "" {
			fmt.Printf("F\t%s\t%s\n", path, f)
		}
		if all := sets[e.Binding.Set.V]; len(all) > 0 && (e.Binding.Strength.V == "required" || e.Binding.Strength.V == "extensible") {
			fmt.Printf("B\t%s\t%s\t%s\t%s\n", path, e.Binding.Strength.V, e.Binding.Set.V[strings.LastIndexByte(e.Binding.Set.V, '/')+1:], strings.Join(all, " "))
		}
	}
	names := make([]string, 0, len(slices))
	for n := range slices {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		if s := slices[n]; s[0] != "" && s[1] != "" {
			fmt.Printf("S\tidentifier\t%s\t%s\n", s[0], strings.TrimSpace(s[1]))
		}
	}
}

func each(folder string, f func([]byte)) {
	names, err := filepath.Glob(filepath.Join(folder, "*.xml"))
	must(err)
	sort.Strings(names)
	for _, n := range names {
		b, err := os.ReadFile(n)
		must(err)
		f(b)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
