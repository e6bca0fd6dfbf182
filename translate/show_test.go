package translate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"kmcr/hl7"
	"os"
	"testing"
)

func TestShow(t *testing.T) {
	p := os.Getenv("SHOW")
	if p == "" {
		t.Skip()
	}
	raw, _ := os.ReadFile(p)
	for i, one := range hl7.SplitBatch(raw) {
		if i > 0 {
			break
		}
		m, err := hl7.Parse(one, "")
		if err != nil {
			t.Fatal(err)
		}
		out, err := HL7(m, hospital)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.Statements {
			var b bytes.Buffer
			json.Indent(&b, s.Resource, "", " ")
			fmt.Println(s.Key, s.At, s.Fold, s.Deleted)
			fmt.Println(b.String())
			if s.Fold != "" {
				f, err := Fold(s.Fold, [][]byte{s.Resource})
				fmt.Println("FOLD", err)
				b.Reset()
				json.Indent(&b, f.Resource, "", " ")
				fmt.Println(b.String())
			}
		}
		fmt.Printf("%+v\n%v\n%v\n%v\n%v %v\n", out.Patients, out.Unmapped, out.Flags, out.Merges, out.Retire, out.Event)
	}
}
