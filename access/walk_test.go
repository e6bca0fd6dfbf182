package access

import (
	"bytes"
	"encoding/json"
	"testing"
)

func compact(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestMember(t *testing.T) {
	body := []byte(`{"a":"x\\","b":{"c":[1,{"d":"}]"}],"e":"\"f\":"},"f":true,"g":[],"h":-1.50}`)
	for name, want := range map[string]string{"a": `"x\\"`, "b": `{"c":[1,{"d":"}]"}],"e":"\"f\":"}`, "f": `true`, "g": `[]`, "h": `-1.50`, "i": ``} {
		if got := string(member(body, name)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	n := 0
	items([]byte(`[1,"a,b",[2,3],{"x":[]}]`), func([]byte) { n++ })
	if n != 4 {
		t.Errorf("%d items", n)
	}
}

// FuzzMember compares the walk with the standard decoder, and must never fail on anything.
func FuzzMember(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[{"c":"\\\""}]}`, `{`, `{"a"`, `{"a":`, `{"a":"`, `{"a":1,`, `[`, `[1,`, `"\"`, `{"":{}}`, `{"a":1}}`, `\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want map[string]json.RawMessage
		proven := json.Unmarshal(b, &want) == nil
		if proven {
			b = compact(t, b)
		}
		seen := 0
		members(b, func(name, value []byte) bool {
			seen++
			items(value, func([]byte) {})
			if proven && !json.Valid(value) {
				t.Errorf("%q is no value", value)
			}
			return true
		})
		if proven && seen < len(want) {
			t.Errorf("%d members, want %d of %q", seen, len(want), b)
		}
		Classify("Observation", b, b)
	})
}
