package fhir_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"kmcr/fhir"
)

func TestLongDataIsKeptApartAndPutBack(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("letter "), 100))
	body := `{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"contentType":"text/plain","data":"` + long + `","title":"a"}},{"attachment":{"contentType":"text/plain","data":"aGk="}}],"description":"data"}`
	stub, files := fhir.Apart([]byte(body), 200, func(kind string, data []byte) string { return kind + " " + string(data[:6]) })
	if len(files) != 1 || string(files[0].Text) != long || bytes.Contains(stub, []byte(long)) {
		t.Fatalf("%d files; %s", len(files), stub)
	}
	r := fhir.Trusted(stub)
	if got := fhir.ApartWords(r.Root().First("content.attachment")); got != "text/plain letter" {
		t.Errorf("it says %q", got)
	}
	for _, i := range fhir.Validate(r) {
		t.Errorf("the stub is not R4: %s %s", i.Expression, i.Diagnostics)
	}
	whole, err := fhir.Whole(stub, func(h [32]byte) ([]byte, error) { return files[0].Text, nil })
	if err != nil || string(whole) != body {
		t.Errorf("%v\n%s\n%s", err, whole, body)
	}
	if same, none := fhir.Apart([]byte(body), 1<<20, nil); none != nil || string(same) != body {
		t.Error("what is short was taken apart")
	}
	if same, err := fhir.Whole([]byte(body), nil); err != nil || string(same) != body {
		t.Error("what is whole was changed")
	}
}

func TestWhatAContributorSendsAsOurMarkIsNoWayToOtherFiles(t *testing.T) {
	asked := false
	forged := `{"resourceType":"Binary","contentType":"text/plain","_data":{"extension":[{"url":"` + fhir.KeptApart + `","extension":[{"url":"hash","valueString":"` + strings.Repeat("ab", 32) + `"}]}]}}`
	if _, err := fhir.Whole([]byte(forged), func([32]byte) ([]byte, error) { asked = true; return nil, nil }); err != nil || !asked {
		t.Error("the store is to say what it holds of this patient")
	}
}
