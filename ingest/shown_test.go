package ingest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"kmcr"
	"kmcr/compose"
	"kmcr/store"
)

// Every statement that came of published messages and files stands in the record of its person, or is listed there as not shown with the reason.
func TestEveryStatementOfAStreamIsShownOrExplained(t *testing.T) {
	h := build(t)
	for folder, contributor := range map[string]kmcr.ContributorCode{
		"hl7v2/nhs-itk-adt": "hospital", "hl7v2/fhir-converter": "hospital", "hl7v2/edge-cases": "hospital", "hl7v2/simulated-hospital": "simulator", "hl7v2/wales-pathology-oru": "community",
		"gp-connect-stu3": "practice", "social-care/adult-client-level-data": "council", "transfer-of-care-documents": "community", "nhs-api-r4": "gp", "uk-core-r4/examples": "gp",
	} {
		if _, err := os.Stat(shared + folder); err != nil {
			t.Skipf("SKIPPED, NOT TESTED: the sample data %s is not beside this project", folder)
		}
		h.must(filepath.WalkDir(shared+folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if _, err := h.in.Import(h.ctx(), contributor, d.Name(), data, nil); kmcr.KindOf(err) == kmcr.Fault {
				t.Errorf("%s: %v", d.Name(), err)
			}
			return nil
		}))
	}
	h.quiet()
	persons := map[kmcr.PersonID][]kmcr.PatientID{}
	h.must(h.db.EachPatient(h.ctx(), func(p *store.Patient) error {
		if !p.Register && p.Person != 0 {
			persons[p.Person] = append(persons[p.Person], p.ID)
		}
		return nil
	}))
	statements := 0
	for _, patients := range persons {
		compartments, err := h.db.Compartments(h.ctx(), patients...)
		h.must(err)
		var all []*kmcr.Statement
		for _, c := range compartments {
			all = append(all, c.Current()...)
		}
		statements += len(all)
		r := compose.Compose(compose.Input{Statements: all, Now: h.in.Now()})
		stands := map[string]bool{}
		standing(reflect.ValueOf(*r), stands)
		for _, s := range all {
			if !stands[s.ID.String()] {
				t.Errorf("a %s of %s is neither shown nor explained: %.150s", s.Type, s.Contributor, s.Body)
			}
		}
	}
	if len(persons) < 100 || statements < 2000 {
		t.Errorf("only %d statements of %d persons came of it", statements, len(persons))
	}
	t.Logf("%d statements of %d persons", statements, len(persons))
}

// standing collects the statements from which something in v comes.
func standing(v reflect.Value, into map[string]bool) {
	switch v.Kind() {
	case reflect.Struct:
		if p, ok := v.Interface().(compose.Provenance); ok {
			into[p.Statement] = true
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				standing(v.Field(i), into)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			standing(v.Index(i), into)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			standing(v.Elem(), into)
		}
	}
}
