package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kmcr"
	"kmcr/fhir"
)

func TestParseAcceptsAndCompacts(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an empty object", `{}`, `{}`},
		{"white space of every kind", " {\t\"a\" :\r\n [ 1 , 2 ] , \"b\": { } , \"c\":[ ]}\n", `{"a":[1,2],"b":{},"c":[]}`},
		{"long indents", "{\n" + strings.Repeat(" ", 37) + "\"a\":" + strings.Repeat(" ", 41) + "1}", `{"a":1}`},
		{"a byte-order mark", "\uFEFF{\"a\":1}", `{"a":1}`},
		{"white space inside strings", `{"a":" b  c "}`, `{"a":" b  c "}`},
		{"numbers in the form sent", `{"a":[0,-0,-0.0,1.50,1E2,1e-2,10.00e+3,123456789012345678901234567890.10]}`, `{"a":[0,-0,-0.0,1.50,1E2,1e-2,10.00e+3,123456789012345678901234567890.10]}`},
		{"a zero with a great exponent", `{"a":0e999}`, `{"a":0e999}`},
		{"literals", `{"a":[true,false,null]}`, `{"a":[true,false,null]}`},
		{"escapes in the form sent", `{"a":"\u00e9\n\/\"\\\ud83d\ude00"}`, `{"a":"\u00e9\n\/\"\\\ud83d\ude00"}`},
		{"UTF-8", `{"a":"Zoë 😀 ‡"}`, `{"a":"Zoë 😀 ‡"}`},
		{"a name with needless escapes", `{"\u0061":1}`, `{"a":1}`},
		{"a name with needed escapes", `{"\u0022\u000a":1}`, `{"\"\n":1}`},
		{"names that differ in case or are like each other", `{"a":1,"A":2,"aa":3,"ab":4,"":5}`, `{"a":1,"A":2,"aa":3,"ab":4,"":5}`},
		{"the same name in different objects", `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}`, `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}`},
		{"the greatest depth", nested(64), nested(64)},
		{"strings of every length to 40", `{"a":[` + strings.Join(lengths(40), " , ") + `]}`, `{"a":[` + strings.Join(lengths(40), ",") + `]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := fhir.Parse([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(r.Bytes()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func nested(depth int) string {
	return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
}

func lengths(n int) []string {
	var all []string
	for i := range n {
		all = append(all, `"`+strings.Repeat("x", i)+`"`, `"`+strings.Repeat("é", i)+`\n"`)
	}
	return all
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%d":%d,`, i, i)
	}
	return b.String()
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, where, says string }{
		{"nothing", ``, "line 1 column 1", "nothing here"},
		{"white space alone", " \n ", "line 2 column 2", "nothing here"},
		{"an array", `[{}]`, "line 1 column 1", "is a JSON object"},
		{"a string", `"a"`, "line 1 column 1", "is a JSON object"},
		{"an end too early", `{"a":`, "line 1 column 6", "ends too early"},
		{"an open object", `{"a":1`, "line 1 column 7", "ends too early"},
		{"an open string", `{"a":"b}`, "line 1 column 6", "does not end"},
		{"an open string with a long tail", `{"a":"bcdefghijklmnop}`, "line 1 column 6", "does not end"},
		{"a string that ends in a backslash", `{"a":"b\`, "line 1 column 8", "escape"},
		{"trailing data", `{"a":1} x`, "line 1 column 9", "more after the end"},
		{"two resources", "{}\n{}", "line 2 column 1", "more after the end"},
		{"a trailing comma in an object", `{"a":1,}`, "line 1 column 8", "member name"},
		{"a trailing comma in an array", `{"a":[1,]}`, "line 1 column 9", "expected a value"},
		{"a missing comma", `{"a":1 "b":2}`, "line 1 column 8", "comma"},
		{"a missing colon", `{"a" 1}`, "line 1 column 6", "colon"},
		{"a name without quotes", `{a:1}`, "line 1 column 2", "member name"},
		{"single quotes", `{'a':1}`, "line 1 column 2", "member name"},
		{"a comment", `{/* */"a":1}`, "line 1 column 2", "member name"},
		{"a wrong literal", `{"a":tru}`, "line 1 column 6", "expected a value"},
		{"NaN", `{"a":NaN}`, "line 1 column 6", "expected a value"},
		{"a wrong bracket", `{"a":[1}}`, "line 1 column 8", "comma or ]"},
		{"a duplicate member", `{"resourceType":"Patient","birthDate":"1950-01-01","birthDate":"1951-01-01"}`, "line 1 column 52", "birthDate stands twice"},
		{"a duplicate member by escape", `{"ab":1,"\u0061b":2}`, "line 1 column 9", "ab stands twice"},
		{"a duplicate among many", `{` + members(500) + `"m7":1}`, "", "m7 stands twice"},
		{"a duplicate that may be private is not repeated", `{"999 000 0000":1,"999 000 0000":2}`, "", "no FHIR form"},
		{"a leading zero", `{"a":01}`, "line 1 column 6", "begins with 0"},
		{"a plus", `{"a":+1}`, "line 1 column 6", "expected a value"},
		{"a bare minus", `{"a":-}`, "line 1 column 6", "minus"},
		{"a bare point", `{"a":1.}`, "line 1 column 6", "decimal point"},
		{"a point first", `{"a":.5}`, "line 1 column 6", "expected a value"},
		{"a bare exponent", `{"a":1e}`, "line 1 column 6", "exponent"},
		{"hexadecimal", `{"a":0x10}`, "line 1 column 7", "comma"},
		{"a huge number", `{"a":1e999}`, "line 1 column 6", "too large"},
		{"a tiny number", `{"a":1e-999}`, "line 1 column 6", "too small"},
		{"a very long number", `{"a":` + strings.Repeat("9", 200) + `}`, "line 1 column 6", "too long"},
		{"a control character", "{\"a\":\"b\x01\"}", "line 1 column 8", "control character"},
		{"a line break in a string", "{\"a\":\"b\nc\"}", "line 1 column 8", "control character"},
		{"an unknown escape", `{"a":"\x41"}`, "line 1 column 7", "escape"},
		{"a short unicode escape", `{"a":"\u12"}`, "line 1 column 7", "hexadecimal"},
		{"a high surrogate alone", `{"a":"\ud83d"}`, "line 1 column 7", "surrogate"},
		{"a high surrogate before something else", `{"a":"\ud83d\u0041"}`, "line 1 column 7", "surrogate"},
		{"a low surrogate alone", `{"a":"x\ude00"}`, "line 1 column 8", "surrogate"},
		{"a surrogate as raw bytes", "{\"a\":\"\xed\xa0\xbd\"}", "line 1 column 7", "UTF-8"},
		{"Latin-1", "{\n \"a\":\"Zo\xeb\"}", "line 2 column 9", "UTF-8"},
		{"an overlong form", "{\"a\":\"\xc0\xaf\"}", "line 1 column 7", "UTF-8"},
		{"a name that is not UTF-8", "{\"\xff\":1}", "line 1 column 3", "UTF-8"},
		{"a form feed as white space", "{\f}", "line 1 column 2", "member name"},
		{"a zero byte", "{}\x00", "line 1 column 3", "more after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fhir.Parse([]byte(c.in))
			var e *kmcr.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Kind != kmcr.Invalid || c.where != "" && e.Where != c.where || !strings.Contains(e.Message, c.says) || e.Remedy == "" {
				t.Errorf("got %s at %q: %q, remedy %q", e.Kind, e.Where, e.Message, e.Remedy)
			}
		})
	}
}

func TestParseRefusesWhatIsTooMuch(t *testing.T) {
	for name, in := range map[string]string{
		"too deep":                nested(65),
		"far too deep":            strings.Repeat(`{"a":`, 10_000),
		"too many values":         `{"a":[` + strings.Repeat("1,", 2_000_000) + `1]}`,
		"too deep in objects too": strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65),
	} {
		if _, err := fhir.Parse([]byte(in)); kmcr.KindOf(err) != kmcr.TooLarge {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What Parse makes of the real data is what the standard library makes of it.
func TestParseAgreesWithTheStandardLibrary(t *testing.T) {
	for _, f := range realJSON(t) {
		var want bytes.Buffer
		wantErr := json.Compact(&want, f.data)
		if strings.Contains(f.name, "fhir-conformance") && wantErr != nil {
			continue
		}
		r, err := fhir.Parse(f.data)
		if err != nil {
			if !strings.Contains(f.name, "fhir-conformance") {
				t.Errorf("%s: %v", f.name, err)
			}
			continue
		}
		if !bytes.Equal(r.Bytes(), bytes.TrimPrefix(want.Bytes(), []byte("\uFEFF"))) {
			t.Errorf("%s: compacted differently", f.name)
		}
		if !reflect.DeepEqual(fhir.Trusted(r.Bytes()), r) {
			t.Errorf("%s: Trusted and Parse index differently", f.name)
		}
	}
}

func realJSON(t testing.TB) []file {
	var all []file
	for _, set := range []string{"fhir-r4-examples", "nhs-api-r4", "gp-connect-stu3/structured-full-record", "fhir-conformance-cases"} {
		all = append(all, files(t, set, ".json")...)
	}
	synthea := files(t, "synthea-r4", ".json.gz")
	return append(all, synthea[:8]...)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":[1,{"b":"\u00e9\n"},null,true]}`, `{"a":1e999}`, `{"\u0061":1,"a":2}`, "\uFEFF{\"é\":\"\\ud83d\\ude00\"}",
		`{"resourceType":"Patient","id":"1","meta":{"versionId":"1"},"name":[{"family":"Doe"}]}`, `{"a":"`, nested(65), "{" + members(40) + `"m1":0}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := fhir.Parse(data)
		if err != nil {
			if e := new(kmcr.Error); !errors.As(err, &e) || e.Where == "" && e.Kind == kmcr.Invalid {
				t.Fatalf("an error without place: %v", err)
			}
			return
		}
		if !json.Valid(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
			t.Fatal("accepted what is not JSON")
		}
		again, err := fhir.Parse(r.Bytes())
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("what was compacted parses differently: %v", err)
		}
		if !reflect.DeepEqual(fhir.Trusted(r.Bytes()), r) {
			t.Fatal("Trusted indexes differently")
		}
		body, meta := r.Body(nil)
		if _, err := fhir.Parse(fhir.Render(nil, body, meta, "x", "1", "", "s")); err != nil && r.Root().Get("meta").IsObject() {
			t.Fatalf("rendered badly: %v", err)
		}
		for _, issue := range fhir.Validate(r) {
			if _, err := fhir.Parse(fhir.Outcome(issue)); err != nil {
				t.Fatalf("an outcome that is not JSON: %v", err)
			}
		}
	})
}
