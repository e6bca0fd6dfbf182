package fhir_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"kmcr/fhir"
)

// structural finds, among the words of the HL7 Java validator, the findings
// that base R4 structures alone give.
var structural = regexp.MustCompile(`from http://hl7.org/fhir/StructureDefinition/[A-Z]\w+\||Unrecognized property|Undefined element|Invalid Resource id|is not a valid Base64|^Error parsing|was referenced, but not declared|required from this value set`)

// ours lists cases that we refuse and the Java validator, as it was asked,
// did not.
var ours = map[string]string{
	"contained-resource-bad-id-ignore": "asked to pass over the id of a contained resource",
}

// The cases of the HL7 validator: what it finds in base R4 structures, we
// find; and where it finds nothing at all, we find nothing.
func TestValidatorCases(t *testing.T) {
	const dir = shared + "fhir-conformance-cases/validator/"
	manifest, err := os.ReadFile(dir + "manifest-subset.json")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: the validator cases are not held here, so they are not tested")
	}
	var cases struct {
		Cases []struct {
			Name, File string
			Java       any // the file of the outcome, or the outcome itself
		} `json:"test-cases"`
	}
	if err := json.Unmarshal(manifest, &cases); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, c := range cases.Cases {
		file, _ := c.Java.(string)
		outcome, err := os.ReadFile(dir + "outcomes/" + file)
		if file == "" || err != nil {
			continue
		}
		data, err := os.ReadFile(dir + c.File)
		if err != nil {
			t.Fatal(err)
		}
		compared++
		any, inStructure := javaErrors(t, outcome)
		got := fhir.HasErrors(judge(c.File, data))
		switch {
		case inStructure != "" && !got:
			t.Errorf("%s: we find nothing; the Java validator: %s", c.Name, inStructure)
		case !any && got && ours[c.Name] == "":
			t.Errorf("%s: the Java validator finds nothing; we: %v", c.Name, judge(c.File, data))
		}
	}
	t.Logf("%d cases compared", compared)
}

// judge reads and checks a file as a new arrival is.
func judge(name string, data []byte) []fhir.Issue {
	var err error
	if strings.HasSuffix(name, ".xml") {
		if data, err = fhir.FromXML(data); err != nil {
			return []fhir.Issue{fhir.IssueOf(err)}
		}
	}
	r, err := fhir.Parse(data)
	if err != nil {
		return []fhir.Issue{fhir.IssueOf(err)}
	}
	return fhir.Validate(r)
}

func javaErrors(t *testing.T, outcome []byte) (any bool, inStructure string) {
	t.Helper()
	var o struct {
		Issue []struct {
			Severity string
			Details  struct{ Text string }
		}
	}
	if err := json.Unmarshal(outcome, &o); err != nil {
		t.Fatal(err)
	}
	for _, i := range o.Issue {
		if i.Severity == "error" || i.Severity == "fatal" {
			any = true
			if structural.MatchString(i.Details.Text) {
				inStructure = i.Details.Text
			}
		}
	}
	return any, inStructure
}
